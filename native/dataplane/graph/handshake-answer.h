/* What C answers to a handshake by itself, a cookie: the packet around it. When it does is handshake.h's. RFC 768, RFC 791, RFC 8200. */
#ifndef CW_HANDSHAKE_ANSWER_H
#define CW_HANDSHAKE_ANSWER_H

#include <stdint.h>

#include "crypto/cookie.h"

struct cw_worker;
struct rte_mbuf;

/* Back to where `m`, a packet to the overlay port `index`, came from, by the way it came. */
void cw_handshake_send_back(struct cw_worker *worker, uint32_t index, const struct rte_mbuf *m,
			    const uint8_t payload[CW_COOKIE_MESSAGE_BYTES]);

#endif
