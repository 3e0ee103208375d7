/* See mss.h. */
#include "graph/mss.h"

#include <netinet/in.h>
#include <string.h>

#include "graph/l3.h"

#define OPTION_END 0
#define OPTION_NOP 1
#define OPTION_MSS 2
#define OPTION_MSS_LENGTH 4

/* The MSS value's place, or NULL. Every step goes forward: no option can make a loop. */
static uint8_t *find_mss(uint8_t *options, uint32_t length)
{
	uint32_t at = 0;

	while (at < length && options[at] != OPTION_END) {
		if (options[at] == OPTION_NOP) {
			at++;
			continue;
		}
		if (at + 2 > length || options[at + 1] < 2 || at + options[at + 1] > length)
			return NULL;
		if (options[at] == OPTION_MSS)
			return options[at + 1] == OPTION_MSS_LENGTH ? &options[at + 2] : NULL;
		at += options[at + 1];
	}
	return NULL;
}

/* A word at an odd offset of the TCP header counts with its bytes swapped (RFC 1071 §2). */
static void update_checksum(struct cw_tcp *tcp, const uint8_t *place, uint16_t before,
			    uint16_t after)
{
	uint16_t checksum = tcp->checksum;

	if ((place - (const uint8_t *)tcp) % 2 != 0) {
		before = __builtin_bswap16(before);
		after = __builtin_bswap16(after);
	}
	tcp->checksum = cw_csum_update(checksum, before, after);
}

/* Offset of the TCP header and bytes of the smallest headers before a payload; 0: there is none to look at. */
static uint32_t find_tcp(const uint8_t *packet, uint32_t length, uint32_t *headers)
{
	const struct cw_ip4 *ip = cw_ip4(packet);
	struct cw_ip6_end end;

	if (cw_l3_is_ip6(packet)) {
		*headers = sizeof(struct cw_ip6) + sizeof(struct cw_tcp);
		return cw_ip6_walk(packet, length, &end) && end.protocol == IPPROTO_TCP &&
				       end.fragment == 0 ?
			       end.l4 :
			       0;
	}
	*headers = sizeof(struct cw_ip4) + sizeof(struct cw_tcp);
	return ip->protocol == IPPROTO_TCP && !(ip->fragment & rte_cpu_to_be_16(CW_IP4_OFFSET)) ?
		       cw_ip4_header_len(ip) :
		       0;
}

void cw_mss_clamp(uint8_t *packet, uint32_t length, uint32_t mtu, bool is_partial)
{
	uint32_t headers;
	uint32_t l3_len = find_tcp(packet, length, &headers);
	struct cw_tcp *tcp = (struct cw_tcp *)(packet + l3_len);

	if (l3_len == 0 || length < l3_len + sizeof(*tcp) || !(tcp->flags & CW_TCP_SYN))
		return;
	uint32_t tcp_len = (tcp->data_offset >> 4) * 4u;
	if (tcp_len < sizeof(*tcp) || l3_len + tcp_len > length || mtu <= headers)
		return;
	uint32_t most = mtu - headers;
	uint8_t *place = find_mss((uint8_t *)(tcp + 1), tcp_len - sizeof(*tcp));
	if (place == NULL || (uint32_t)(place[0] << 8 | place[1]) <= most)
		return;
	uint16_t before, after = rte_cpu_to_be_16((uint16_t)most);
	memcpy(&before, place, sizeof(before));
	memcpy(place, &after, sizeof(after));
	if (!is_partial)
		update_checksum(tcp, place, before, after);
}
