/*
 * Sealing: Geneve inside AEAD, written straight into the slot from which it leaves. Datagrams of one size to one path
 * make one linear UDP-GSO buffer. wire.md "Sealed data and control"; RFC 8926, RFC 6040.
 *
 *   outer Ethernet, IP, UDP | header 16 | Geneve 8 | inner packet | tag 16 | header 16 | …
 */
#ifndef CW_SEAL_H
#define CW_SEAL_H

#include <stdbool.h>
#include <stdint.h>

#include "graph/out.h"
#include "table/tx-lanes.h"

struct cw_cut;
struct cw_keypair;
struct cw_path;
struct cw_peer;
struct cw_worker;
struct rte_mbuf;

#define CW_SEALED_HEADER 16
#define CW_GENEVE_HEADER 8
#define CW_TAG 16
#define CW_GENEVE_CRITICAL 0x40
/*
 * The option of a piece, in 8-byte units of offset: |     class 0xFFCA      | type 0x82 | length 1 | then
 * |              id               |         offset          |M| 0 |
 */
#define CW_OPTION_CLASS 0xffca
#define CW_OPTION_PIECE 0x82
#define CW_PIECE_OPTION 8 /* bytes of it */
#define CW_PIECE_MORE 0x04
#define CW_SEALED_OVERHEAD (CW_SEALED_HEADER + CW_GENEVE_HEADER + CW_TAG)
#define CW_CONTROL_LEAST (CW_SEALED_HEADER + 4 + CW_TAG) /* one item's head */
#define CW_OUTER_LEAST 576 /* RFC 791 §3.2: smaller than that no path is */
#define CW_TYPE_DATA 0xD1
#define CW_TYPE_CONTROL 0xD2
#define CW_TYPE_HANDSHAKE 0xD4 /* to 0xD7 */
#define CW_TYPE_RELAYED 0xD8
#define CW_CLASS_SHIFT 5 /* in a lane's second byte, of whose other bits the writer is made: table/tx-lanes.h */
#define CW_CLASS (CW_LANE_CONTROL << CW_CLASS_SHIFT)
#define CW_CLASS_CONTROL (CW_LANE_CONTROL << CW_CLASS_SHIFT) /* others are of data, which wakes the paths that carry it */
#define CW_TOS_CONTROL 0xc0   /* CS6, RFC 4594 §3.1 */

/* Inner packets up to this size go by the path unfragmented. */
uint32_t cw_seal_limit(const struct cw_worker *worker, struct cw_path *path);

/* The size to which the segments of a peer's connections are held: what all of its paths take that live. */
uint32_t cw_seal_peer_limit(const struct cw_worker *worker, const struct cw_peer *peer);

/* Seals an inner IP packet or train for a peer; waits in the peer's queue without a keypair. */
void cw_seal(struct cw_worker *worker, struct cw_peer *peer, uint32_t vni, struct rte_mbuf *m);

/*
 * Seals the next `most` pieces of what `cut` has of `m`, the first of them marked (CE), by the lane of its class on `path`;
 * the peer has a keypair.
 * @return whether `m` is still the caller's: one that needs no copy leaves in its own buffer
 */
bool cw_seal_some(struct cw_worker *worker, struct cw_peer *peer, uint32_t vni, struct cw_path *path, struct rte_mbuf *m,
		  struct cw_cut *cut, uint32_t most, bool is_marked);

/* Seals a control frame of encoded items; -ENOBUFS or -EKEYEXPIRED. */
int cw_seal_control(struct cw_worker *worker, struct cw_keypair *keypair, struct cw_path *path,
		    const void *items, uint32_t length);

/* Data of the peer leaves by the path, or what counts as that. */
void cw_seal_note_data(struct cw_worker *worker, struct cw_peer *peer, struct cw_path *path);

/* Sends what is being filled. At the end of every burst. */
void cw_seal_flush(struct cw_worker *worker);

/* Keeps a packet until its peer has a session, or drops it where too many wait. */
void cw_seal_later(struct cw_worker *worker, struct cw_peer *peer, uint32_t vni, struct rte_mbuf *m);

/* Seals what waited for the peer's first keypair. */
void cw_seal_waiting(struct cw_worker *worker, struct cw_peer *peer);

/* Gives up on what has waited too long; called every tick. */
void cw_seal_expire(struct cw_worker *worker, struct cw_peer *peer);

/* nonce = iv XOR (type u8 ‖ 0 u8 ‖ lane u16 ‖ 0 u32 ‖ counter u32) */
void cw_seal_nonce(uint8_t nonce[12], const uint8_t iv[12], uint8_t type, uint16_t lane,
		   uint32_t counter);

#endif
