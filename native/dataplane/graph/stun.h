/*
 * STUN (RFC 8489) at the overlay's ports, on its way to the gateway: questions have a rate, and answers are let through if the
 * gateway asked for them. What a message says is the gateway's to read.
 */
#ifndef CW_STUN_H
#define CW_STUN_H

#include <stdbool.h>
#include <stdint.h>

#include "bucket.h"

struct cw_worker;

/* Far more questions than the gateway asks in that time; it asks again, and gives up, earlier. */
#define CW_STUN_ASKED_US 2000000u
#define CW_STUN_ASKED_SLOTS 512
#define CW_STUN_ASKED_WAYS 4
/* As often as a question is sent, and the network doubles what it carries. */
#define CW_STUN_ANSWERS 4

/* A question that left, by what nobody can guess who has not seen it. */
struct cw_stun_asked {
	uint64_t until_us;
	uint8_t transaction[12];
	uint8_t left; /* so many answers are let through */
};

struct cw_stun {
	struct cw_bucket questions;
	struct cw_stun_asked asked[CW_STUN_ASKED_SLOTS][CW_STUN_ASKED_WAYS];
};

/* Whether it is a STUN message of that length: so many bytes, and the cookie. */
bool cw_is_stun(const uint8_t *datagram, uint32_t length);

/* A datagram of the kernel's that leaves from an overlay port: if it is a question, its answers may come. */
void cw_stun_note(struct cw_worker *worker, const uint8_t *datagram, uint32_t length);

/* Whether the gateway is to see a STUN message that came. If not, it is counted. */
bool cw_stun_is_due(struct cw_worker *worker, const uint8_t *datagram);

#endif
