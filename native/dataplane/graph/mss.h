/* Clamps the MSS that a TCP SYN announces to what the path carries. RFC 879, RFC 6691, RFC 8200 §8.3. */
#ifndef CW_MSS_H
#define CW_MSS_H

#include <stdbool.h>
#include <stdint.h>

#include "graph/l3.h"

/* Whether a packet may be one to clamp; most are told by their header's protocol alone. */
static inline bool cw_mss_is_due(const uint8_t *packet)
{
	return cw_l3_is_ip6(packet) ? cw_ip6(packet)->next_header != IPPROTO_UDP :
				      cw_ip4(packet)->protocol == IPPROTO_TCP;
}

/*
 * `packet` is a sound packet, of which `length` bytes lie here in one piece; a fragment other than
 * the first has no TCP header to look at. Anything but a SYN that announces more than `mtu` - 40
 * (IPv6: 60) stays as it is, broken options and an `mtu` that leaves no room included. `is_partial`: the
 * checksum is still to be done, and covers only the pseudo header so far.
 */
void cw_mss_clamp(uint8_t *packet, uint32_t length, uint32_t mtu, bool is_partial);

#endif
