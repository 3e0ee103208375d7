/* A peer that misuses relaying: channels that there are not, what is not relayed, a session of its own inside. See hostile_kinds.h. */
#include <stdlib.h>

#include "hostile_kinds.h"
#include "packet.h"

#define HEADER 16
#define TAG 16

static uint32_t next_counter = 1;

static void seal(struct cw_bench *bench, struct hostile *h, uint32_t inside)
{
	uint8_t nonce[12];

	memset(h->bytes, 0, HEADER);
	h->bytes[0] = 0xD8;
	packet_put32(h->bytes + 4, 0x11111111);
	packet_put32(h->bytes + 8, cw_hostile_below(UINT32_MAX));
	packet_put32(h->bytes + 12, next_counter++);
	memset(nonce, 0x0b, sizeof(nonce));
	nonce[0] ^= 0xD8;
	for (uint32_t i = 0; i < 4; i++)
		nonce[8 + i] ^= h->bytes[12 + i];
	if (cw_aead_seal(bench->worker->aead, &bench->far_seal, nonce, h->bytes, HEADER + inside, h->bytes + HEADER + inside,
			 0) != 0)
		abort();
	h->length = HEADER + inside + TAG;
	h->is_from_far = true;
}

void cw_hostile_relayed(struct cw_bench *bench, struct hostile *h)
{
	uint32_t inside = 40 + cw_hostile_below(300);
	uint8_t *d = h->bytes + HEADER;
	enum cw_drop reason = CW_DROP_RELAY_CHANNEL;

	for (uint32_t i = 0; i < inside; i++)
		d[i] = (uint8_t)cw_hostile_below(256);
	d[0] = (uint8_t)(0xD1 + cw_hostile_below(2));
	packet_put32(d + 4, cw_hostile_below(4) == 0 ? 0x11111111 : 0x40000000 + cw_hostile_below(1 << 20));
	switch (cw_hostile_below(4)) {
	case 0:
		d[0] = (uint8_t)(0xD8 + cw_hostile_below(0x100 - 0xD8));
		reason = CW_DROP_RELAY_TYPE;
		break;
	case 1:
		d[0] = (uint8_t)(0xD4 + cw_hostile_below(4));
		inside += inside == 40 || inside == 64 || inside == 100 || inside == 160;
		reason = CW_DROP_HANDSHAKE_SIZE;
		break;
	default:
		break;
	}
	seal(bench, h, inside);
	if (cw_hostile_below(4) == 0) {
		h->bytes[HEADER + cw_hostile_below(inside + TAG)] ^= 1u << cw_hostile_below(8);
		reason = CW_DROP_SEALED_TAG;
	}
	h->reasons[h->reason_count++] = reason;
}
