/*
 * What a packet of either family says of itself behind its IP header: protocol and ports, as rules, policies and the table of
 * flows ask for them. `l3` is sound, and `length` bytes of it lie here.
 */
#ifndef CW_L4_H
#define CW_L4_H

#include <stdbool.h>
#include <stdint.h>

struct cw_flow;

/* Where L4 begins, of which protocol; `is_later` for a fragment that has none of its header. False: not to be read. */
bool cw_l4_find(const uint8_t *l3, uint32_t length, uint32_t *at, uint8_t *protocol, bool *is_later);

/* Whether the packet is a fragment; `id`, in network order, is that of all fragments of one packet. */
bool cw_l4_is_fragment(const uint8_t *l3, uint32_t length, uint32_t *id);

/*
 * False: what follows the IP header is not known, or has not the ports that its protocol says, so no rule can be asked;
 * addresses and protocol are there.
 */
bool cw_l4_read(const uint8_t *l3, uint32_t length, struct cw_flow *flow);

#endif
