/*
 * A train: many segments of one flow in one linear buffer (RX_LRO with `tso_segsz`). Cutting it writes whole packets
 * of its family, final checksums included, to wherever the caller wants them: the slot in which they are sealed, or a
 * buffer for a link that cannot cut. RFC 791, RFC 8200, RFC 793 §3.1, RFC 768.
 */
#ifndef CW_TRAIN_H
#define CW_TRAIN_H

#include <stdbool.h>
#include <stdint.h>

struct rte_mbuf;

struct cw_cut {
	const uint8_t *l3;    /* headers of the train, then its payload */
	uint16_t l3_len;
	uint16_t headers_len; /* L3 and L4 */
	uint32_t segment;     /* payload bytes of each piece but the last */
	uint32_t offset;      /* of the next piece's payload, from l3 */
	uint32_t end;
	uint32_t index;
	uint8_t protocol;     /* of L4 */
	bool is_train;
	bool is_partial;      /* the L4 checksum is still to be done */
};

/*
 * `m` must be a well-formed packet with l2_len, l3_len (IPv6: extension headers included) and, for a train, l4_len set.
 * One with a routing header must have neither a train nor a partial checksum, whose pseudo header is not the packet's.
 */
void cw_cut_begin(struct cw_cut *cut, const struct rte_mbuf *m);

/* Largest packet, L3 header included, that this cut will yield. */
uint32_t cw_cut_size(const struct cw_cut *cut);

/* Bytes that the next call yields; 0 at the end. */
uint32_t cw_cut_peek(const struct cw_cut *cut);

/* Writes the next packet to `to`; returns its bytes, 0 at the end. */
uint32_t cw_cut_next(struct cw_cut *cut, uint8_t *to);

#endif
