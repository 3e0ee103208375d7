/* See match.h. */
#include "table/match.h"

#include <netinet/in.h>
#include <string.h>

#include "graph/host-name.h"

static bool is_inside(const uint8_t prefix[16], uint8_t length, struct cw_address address)
{
	const uint8_t *bytes = cw_address_bytes(&address);
	uint32_t whole = length / 8, rest = length % 8;

	return memcmp(prefix, bytes, whole) == 0 &&
	       (rest == 0 || ((prefix[whole] ^ bytes[whole]) & (uint8_t)(0xff << (8 - rest))) == 0);
}

static bool fits_ports(const struct cw_match_program *match, const struct cw_flow *flow)
{
	bool is_any = match->source_port_first == 0 && match->source_port_last == UINT16_MAX &&
		      match->destination_port_first == 0 && match->destination_port_last == UINT16_MAX;

	if (is_any)
		return true;
	return flow->has_ports && flow->source_port >= match->source_port_first &&
	       flow->source_port <= match->source_port_last &&
	       flow->destination_port >= match->destination_port_first &&
	       flow->destination_port <= match->destination_port_last;
}

static bool fits_protocol(uint8_t wanted, uint8_t protocol)
{
	return wanted == 0 || wanted == protocol || (wanted == IPPROTO_ICMP && protocol == IPPROTO_ICMPV6);
}

static bool fits_but_for_server(const struct cw_match_program *match, const struct cw_flow *flow,
				const struct cw_marks *marks)
{
	return (match->segment == CW_SEGMENT_ANY || match->segment == marks->segment) &&
	       (match->dscp == CW_DSCP_ANY || match->dscp == marks->dscp) &&
	       fits_protocol(match->protocol, flow->protocol) && fits_ports(match, flow) &&
	       is_inside(match->source, match->source_len, flow->source) &&
	       is_inside(match->destination, match->destination_len, flow->destination);
}

bool cw_match_may_fit(const struct cw_match_program *match, const struct cw_flow *flow, const struct cw_marks *marks)
{
	return (match->segment == CW_SEGMENT_ANY || match->segment == marks->segment) &&
	       (match->dscp == CW_DSCP_ANY || match->dscp == marks->dscp) &&
	       (!flow->is_later || fits_protocol(match->protocol, flow->protocol)) &&
	       is_inside(match->source, match->source_len, flow->source) &&
	       is_inside(match->destination, match->destination_len, flow->destination);
}

uint16_t cw_match_find(const struct cw_match_program *matches, uint32_t count, const struct cw_flow *flow,
		       const struct cw_marks *marks, bool *may_change)
{
	*may_change = false;
	for (uint32_t i = 0; i < count; i++) {
		const struct cw_match_program *match = &matches[i];
		if (!fits_but_for_server(match, flow, marks))
			continue;
		if (match->server[0] == 0)
			return (uint16_t)i;
		if (marks->server == NULL)
			*may_change = true;
		else if (cw_server_name_fits(match->server, marks->server))
			return (uint16_t)i;
	}
	return CW_NO_MATCH;
}
