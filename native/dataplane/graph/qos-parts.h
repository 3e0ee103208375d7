/* What the files of graph/qos.h share; nobody else includes it. */
#ifndef CW_GRAPH_QOS_PARTS_H
#define CW_GRAPH_QOS_PARTS_H

#include <rte_mbuf.h>
#include <stdlib.h>
#include <string.h>

#include "bucket.h"
#include "graph/qos.h"
#include "graph/train.h"
#include "table/qos.h"
#include "table/session.h"
#include "worker.h"

#define CW_QOS_BREAKOUT CW_PEER_NAMES_MAX /* whose frames are for nobody here */
#define CW_QOS_RELAYED CW_PATH_NONE       /* for the other end of a channel, and sealed by who sent it */

#define CW_QOS_RELAYED_ENDS 0x100 /* with the slot of a path by a relay, in place of a far uplink's number */

/* What one peer has waiting by one uplink, for one of its own: each has what that takes. */
struct cw_qos_peer {
	struct cw_qos_peer *next; /* for another one */
	uint16_t end;
	struct cw_qos_gate gate;
	struct cw_qos_stream streams[CW_QOS_CLASSES];
};

/*
 * Bytes of what passes without waiting, a second and at once: a burst of DHCP, ND and handshakes, and the largest probe of an MTU. What is
 * more waits as others do.
 */
#define CW_QOS_PASSING_RATE 16384u
#define CW_QOS_PASSING_BURST 16384u

struct cw_uplink_qos {
	struct cw_qos *qos;
	uint64_t port_id;
	bool is_endless; /* its rate is not known: only what is for peers that have a limit waits */
	struct cw_bucket own; /* frames that pass what waits */
	struct cw_qos_peer *peers[CW_PEER_NAMES_MAX + 1]; /* by place: lists; NULL: it never had anything waiting */
};

/* In the private part of a buffer that waits (CW_BUFFER_PRIVATE): of what is no train the first cache line alone. */
struct cw_queued {
	struct cw_qos_item item; /* first: see table/qos.h */
	struct rte_mbuf *m;
	uint32_t vni;  /* 0: of no segment that is known */
	uint16_t peer; /* its place, or CW_QOS_BREAKOUT */
	uint8_t path;  /* its slot, or CW_QOS_RELAYED */
	bool is_train;
	union {
		uint32_t length; /* of a packet that is no train and is cut nowhere; 0: cw_cut_begin() is to look at it */
		struct {
			uint32_t channel;   /* the number of the end to which it goes */
			uint8_t lane_class; /* table/tx-lanes.h */
			uint8_t ecn;
		} relayed;
		struct {
			uint64_t port_id; /* of a LAN's frame */
			uint8_t way;      /* see qos-segment.c */
		} limited; /* what waits for its segment's limit */
	};
	struct cw_cut cut __attribute__((aligned(64))); /* of a train: what has not left yet; some ARM64 have lines of 128 */
};

static_assert(sizeof(struct cw_queued) <= CW_BUFFER_PRIVATE, "what waits says so in its own buffer");

/* Whether what is for the peer waits by the uplink. */
static inline bool cw_qos_is_for(const struct cw_uplink_qos *uplink, const struct cw_peer *peer)
{
	return !uplink->is_endless || atomic_load_explicit(&peer->limit_bps, memory_order_relaxed) != 0;
}

/* For what has streams, which have cache lines of their own: zeroed; NULL: no memory. */
static inline void *cw_qos_lines_new(size_t size)
{
	void *lines = aligned_alloc(_Alignof(struct cw_qos_stream), size);

	return lines == NULL ? NULL : memset(lines, 0, size);
}

static inline uint64_t cw_qos_now_ns(const struct cw_worker *worker)
{
	return worker->now_us * 1000;
}

static inline bool cw_is_relayed(const struct cw_queued *queued)
{
	return queued->peer != CW_QOS_BREAKOUT && queued->path == CW_QOS_RELAYED;
}

/* The path by which what is sent by `path` leaves here: itself, or that of its relay; NULL: none. */
struct cw_path *cw_qos_leaves_by(struct cw_worker *worker, struct cw_path *path);

/* Of the uplink by which the datagrams of a path that is not relayed leave; NULL: they do not wait. */
struct cw_uplink_qos *cw_qos_uplink_of(const struct cw_worker *worker, struct cw_path *by);

/*
 * What is sent to the peer by the path at most, which leaves `by` another, if it is relayed, or itself: the link of a relay carries it,
 * too. 0: no limit.
 */
uint64_t cw_qos_gate_bps(const struct cw_peer *peer, const struct cw_path *path, const struct cw_path *by);

/*
 * It waits from now on, of `queued` all is said but its item's time; where there is no room, somebody's is lost.
 * @param path NULL: to the Internet @param gate_bps 0: none @param hash of the flow @return false: there is no memory for its stream, and it is still the caller's
 */
bool cw_qos_queue(struct cw_worker *worker, struct cw_uplink_qos *uplink, const struct cw_path *path, uint64_t gate_bps, uint8_t class,
		  uint32_t hash, struct cw_queued *queued);

/* qos-relay.c. It waited for `uplink`. @return whether the buffer is still the caller's */
bool cw_qos_send_relayed(struct cw_worker *worker, const struct cw_uplink_qos *uplink, struct cw_queued *queued, bool is_marked);
void cw_qos_note_relayed(struct cw_worker *worker, const struct cw_queued *queued, enum cw_drop reason);

/* Pieces at the head of what waits are lost, and were counted by the scheduler; the cut has still to move on. */
void cw_qos_lose_queued(struct cw_worker *worker, const struct cw_queued *queued, uint16_t pieces, enum cw_drop reason);

/* The pieces at the head of what waits are passed over. */
static inline void cw_qos_skip_pieces(struct cw_worker *worker, struct cw_queued *queued, uint16_t pieces)
{
	for (uint16_t i = 0; i < pieces && queued->is_train; i++)
		cw_cut_next(&queued->cut, worker->scratch);
}

/* Its place for what waits; NULL: it has none. */
static inline struct cw_queued *cw_queue_place_of(struct rte_mbuf *m)
{
	return rte_pktmbuf_priv_size(m->pool) < sizeof(struct cw_queued) ? NULL : rte_mbuf_to_priv(m);
}

/* qos-queued.c: what is the same of all that waits, for whatever. */

/* So that a rate that is gone keeps nothing back. */
#define CW_QOS_UNSHAPED_BPS 1000000000000000ull

/*
 * How many may wait in one of the program's schedulers, and in large buffers: in all of them half of either pool, for the rest is for
 * what arrives. Where segments have limits, half of that half is for all of these, so that nobody there costs an uplink its packets.
 */
void cw_qos_give_room(const struct cw_worker *worker, struct cw_qos_shape *shape, bool is_limit);

/* Whether some peer has one, which is each uplink's. */
bool cw_qos_has_limits(const struct cw_program *program);

/* Flows of one hash share a queue: addresses and ports, where they can be read. */
uint32_t cw_qos_hash(const struct cw_worker *worker, const uint8_t *l3, uint32_t length);

/* Whether it is RFC 4861's. @param l3 sound as far as its header says */
bool cw_qos_is_nd(const uint8_t *l3, uint32_t length);

/* The packet in a frame of Ethernet, sound as far as its header says; NULL: it is none of IP's. */
uint8_t *cw_qos_packet_of(struct rte_mbuf *m, uint32_t *length);

/* Sizes of what the cut will yield, each with so many bytes more. */
void cw_qos_measure(struct cw_qos_item *item, const struct cw_cut *cut, uint32_t more);

/* It waits from now on, or is lost for `full`, or others are; `queued` has all but its item's time. */
void cw_qos_keep(struct cw_worker *worker, struct cw_qos *qos, struct cw_qos_stream *stream, uint32_t hash, struct cw_queued *queued,
		 enum cw_drop full);

/* Takes a packet, or a piece of what waited as a buffer of its own; its flags and lengths are as of one that was received. */
typedef void cw_qos_send(struct cw_worker *worker, const struct cw_queued *queued, struct rte_mbuf *m, void *to);

/* Gives out what was granted, whole where all of it was. @return whether the buffer is still the caller's */
bool cw_qos_hand_out(struct cw_worker *worker, struct cw_queued *queued, const struct cw_qos_grant *grant, cw_qos_send *send,
		     void *to);

/* Does with what waited what was granted. @return whether the buffer is still the caller's */
typedef bool cw_qos_give(struct cw_worker *worker, struct cw_queued *queued, const struct cw_qos_grant *grant, void *to);

/* All that may leave now; what is lost for having waited too long is counted as `late`. Inline: no packet pays for a call by pointer. */
static inline void cw_qos_let_go(struct cw_worker *worker, struct cw_qos *qos, enum cw_drop late, cw_qos_give *give, void *to)
{
	struct cw_qos_grant grant;

	while (cw_qos_next(qos, cw_qos_now_ns(worker), &grant)) {
		struct cw_queued *queued = (struct cw_queued *)grant.item;
		bool is_ours = true;
		if (grant.lost > 0) {
			cw_qos_skip_pieces(worker, queued, grant.lost);
			cw_qos_lose_queued(worker, queued, grant.lost, late);
		}
		if (grant.pieces > 0)
			is_ours = give(worker, queued, &grant, to);
		if (grant.is_last && is_ours)
			rte_pktmbuf_free(queued->m);
	}
}

/* All that waits is lost, for what it waits for is gone. */
void cw_qos_lose_all(struct cw_worker *worker, struct cw_qos *qos);

#endif
