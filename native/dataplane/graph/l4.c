/* See l4.h. */
#include "graph/l4.h"

#include <netinet/in.h>

#include "graph/l3.h"
#include "table/acl.h"

bool cw_l4_find(const uint8_t *l3, uint32_t length, uint32_t *at, uint8_t *protocol, bool *is_later)
{
	struct cw_ip6_end end;

	if (!cw_l3_is_ip6(l3)) {
		const struct cw_ip4 *ip = cw_ip4(l3);
		*at = cw_ip4_header_len(ip);
		*protocol = ip->protocol;
		*is_later = (ip->fragment & rte_cpu_to_be_16(CW_IP4_OFFSET)) != 0;
		return true;
	}
	if (!cw_ip6_walk(l3, length, &end))
		return false;
	*at = end.l4;
	*protocol = end.protocol;
	*is_later = end.is_fragment && end.fragment != 0;
	return true;
}

bool cw_l4_is_fragment(const uint8_t *l3, uint32_t length, uint32_t *id)
{
	struct cw_ip6_end end;

	if (cw_l3_is_ip6(l3)) {
		bool is_read = cw_ip6_walk(l3, length, &end);
		*id = end.id;
		return is_read && end.is_fragment;
	}
	*id = cw_ip4(l3)->id;
	return cw_ip4_is_fragment(cw_ip4(l3));
}

static bool is_with_ports(uint8_t protocol)
{
	return protocol == IPPROTO_TCP || protocol == IPPROTO_UDP || protocol == IPPROTO_SCTP ||
	       protocol == IPPROTO_UDPLITE || protocol == IPPROTO_DCCP;
}

bool cw_l4_read(const uint8_t *l3, uint32_t length, struct cw_flow *flow)
{
	uint32_t at = 0;
	bool is_later = false;
	uint8_t protocol = cw_l3_is_ip6(l3) ? cw_ip6(l3)->next_header : cw_ip4(l3)->protocol;
	bool is_read = cw_l4_find(l3, length, &at, &protocol, &is_later);

	*flow = (struct cw_flow){ .source = cw_packet_source(l3),
				  .destination = cw_packet_destination(l3),
				  .protocol = protocol };
	if (!is_read || !is_with_ports(protocol))
		return is_read;
	flow->is_later = is_later;
	if (is_later)
		return true;
	if (at + 4 > length)
		return false;
	flow->has_ports = true;
	flow->l4 = (uint16_t)at;
	flow->source_port = (uint16_t)(l3[at] << 8 | l3[at + 1]);
	flow->destination_port = (uint16_t)(l3[at + 2] << 8 | l3[at + 3]);
	return true;
}
