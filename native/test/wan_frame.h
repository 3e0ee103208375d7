/* What the emulated WAN has to know of a frame: how long its IP packet is, and how a router says that it is too long. Pure. */
#ifndef CW_WAN_FRAME_H
#define CW_WAN_FRAME_H

#include <stdint.h>

#define CW_WAN_ANSWER_MAX 1298 /* Ethernet, a tag, and IPv6's smallest MTU: RFC 4443 §2.4 */

/* Length of the IP packet in a frame, with a VLAN tag or without; 0 for what is no IP. */
uint32_t cw_wan_ip_bytes(const uint8_t *frame, uint32_t length);

/*
 * ICMP's "fragmentation needed" (RFC 1191) or "packet too big" (RFC 4443) for a frame that does not fit, as if its
 * destination had said it, for the emulator has no address. `answer` has room for CW_WAN_ANSWER_MAX.
 * @returns its length; 0 for what gets no answer: without DF, to many, a later fragment, an ICMP error, no IP
 */
uint32_t cw_wan_too_big(const uint8_t *frame, uint32_t length, uint32_t mtu_bytes, uint8_t *answer);

#endif
