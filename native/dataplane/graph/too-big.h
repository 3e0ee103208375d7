/*
 * Makes the answer to a packet that is too big for the next link: "fragmentation needed" (RFC 792, RFC 1191 §4, RFC 1812
 * §4.3.2) or "packet too big" (RFC 4443 §3.2). Whether and how often to send it is icmp.c's.
 */
#ifndef CW_TOO_BIG_H
#define CW_TOO_BIG_H

#include <stdint.h>

/* RFC 1812 §4.3.2.3: at most 576 bytes. RFC 4443 §3.2: at most the least MTU. */
#define CW_TOO_BIG_MAX 1280

/*
 * Writes the answer about the `length` bytes of a sound packet into `answer`, which has CW_TOO_BIG_MAX bytes; its size, or
 * 0 where none may be sent: about ICMP errors, later fragments of ICMP, or to what is no single host. `from` is an
 * address of the packet's family, in network order.
 */
uint32_t cw_too_big(uint8_t *answer, const uint8_t *from, const uint8_t *packet, uint32_t length,
		    uint32_t mtu);

#endif
