/*
 * Puts inner packets together again that crossed a small path in pieces (wire.md: Geneve option 0x82). Bounded in time,
 * memory and per session; what contradicts itself is lost whole and counted. Pieces come authenticated and only once,
 * but in any order. Knows nothing of what is in the packets.
 */
#ifndef CW_REASSEMBLY_H
#define CW_REASSEMBLY_H

#include <stdbool.h>
#include <stdint.h>

#define CW_REASSEMBLY_SLOTS 64
#define CW_REASSEMBLY_PER_SESSION 16
#define CW_REASSEMBLY_PIECES 4
#define CW_REASSEMBLY_BYTES 1280
#define CW_REASSEMBLY_US 1000000

struct cw_piece {
	uint32_t session; /* which; not 0 */
	uint32_t vni;
	uint16_t id;
	uint16_t offset; /* bytes */
	uint32_t length;
	bool has_more;
	bool is_ip6;
	uint8_t ecn; /* outside */
	const uint8_t *data;
};

/* A packet of which some pieces are here. */
struct cw_partial {
	uint32_t session; /* 0: free */
	uint32_t vni;
	uint64_t since_us;
	uint16_t id;
	uint16_t bytes; /* that are here */
	uint16_t total; /* 0: the last piece is not here */
	uint8_t count;
	uint8_t ecn;
	bool is_ip6;
	bool is_spoilt; /* lost: kept so that the rest of it is recognised */
	uint16_t at[CW_REASSEMBLY_PIECES];
	uint16_t end[CW_REASSEMBLY_PIECES];
};

struct cw_reassembly {
	uint64_t *drops; /* by enum cw_drop; a unit is a piece */
	uint32_t used;
	struct cw_partial partials[CW_REASSEMBLY_SLOTS];
	uint8_t data[CW_REASSEMBLY_SLOTS][CW_REASSEMBLY_BYTES];
};

/* A packet that is complete; lies in the table until the next call. */
struct cw_whole {
	uint8_t *data;
	uint32_t length;
	uint8_t ecn; /* of all its pieces together: RFC 3168 §5.3 */
};

/* True: `piece` was the last that was missing. False: others are, or it was dropped and counted. Copies. */
bool cw_reassembly_add(struct cw_reassembly *table, const struct cw_piece *piece, uint64_t now_us,
		       struct cw_whole *whole);

/* Gives up on what is older than CW_REASSEMBLY_US; called every tick. */
void cw_reassembly_expire(struct cw_reassembly *table, uint64_t now_us);

#endif
