/* What the files of graph/qos.h share; nobody else includes it. */
#ifndef CW_GRAPH_QOS_PARTS_H
#define CW_GRAPH_QOS_PARTS_H

#include <rte_mbuf.h>

#include "bucket.h"
#include "graph/qos.h"
#include "graph/train.h"
#include "table/qos.h"
#include "table/session.h"
#include "worker.h"

#define CW_QOS_BREAKOUT CW_PEER_NAMES_MAX /* whose frames are for nobody here */
#define CW_QOS_RELAYED CW_PATH_NONE       /* for the other end of a channel, and sealed by who sent it */

/* What one peer has waiting by one uplink. */
struct cw_qos_peer {
	struct cw_qos_gate gate;
	struct cw_qos_stream streams[CW_QOS_CLASSES];
};

struct cw_uplink_qos {
	struct cw_qos *qos;
	uint64_t port_id;
	bool is_endless; /* its rate is not known: only what is for peers that have a limit waits */
	struct cw_bucket own; /* frames that pass what waits */
	struct cw_qos_peer *peers[CW_PEER_NAMES_MAX + 1]; /* by place; NULL: it never had anything waiting */
};

/* In the private part of a buffer that waits (CW_BUFFER_PRIVATE): of what is no train the first cache line alone. */
struct cw_queued {
	struct cw_qos_item item; /* first: see table/qos.h */
	struct rte_mbuf *m;
	uint32_t vni;
	uint16_t peer; /* its place, or CW_QOS_BREAKOUT */
	uint8_t path;  /* its slot, or CW_QOS_RELAYED */
	bool is_train;
	uint8_t lane_class; /* of what is relayed: table/tx-lanes.h */
	uint8_t ecn;        /* the same */
	union {
		uint32_t channel; /* of what is relayed: the number of the end to which it goes */
		uint32_t length;  /* of a packet that is no train and is cut nowhere; 0: cw_cut_begin() is to look at it */
	};
	struct cw_cut cut __attribute__((aligned(RTE_CACHE_LINE_SIZE))); /* of a train: what has not left yet */
};

static_assert(sizeof(struct cw_queued) <= CW_BUFFER_PRIVATE, "what waits says so in its own buffer");

/* Whether what is for the peer waits by the uplink. */
static inline bool cw_qos_is_for(const struct cw_uplink_qos *uplink, const struct cw_peer *peer)
{
	return !uplink->is_endless || atomic_load_explicit(&peer->limit_bps, memory_order_relaxed) != 0;
}

static inline uint64_t cw_qos_now_ns(const struct cw_worker *worker)
{
	return worker->now_us * 1000;
}

static inline bool cw_is_large(const struct cw_worker *worker, const struct rte_mbuf *m)
{
	return m->pool == worker->engine->pools.large;
}

/* Nothing of it waits any more; before its buffer is given away. */
static inline void cw_qos_forget_queued(struct cw_worker *worker, const struct cw_queued *queued)
{
	worker->queued_large -= cw_is_large(worker, queued->m);
}

static inline bool cw_is_relayed(const struct cw_queued *queued)
{
	return queued->peer != CW_QOS_BREAKOUT && queued->path == CW_QOS_RELAYED;
}

/* Its place for what waits; NULL: it has none. */
static inline struct cw_queued *cw_queue_place_of(struct rte_mbuf *m)
{
	return rte_pktmbuf_priv_size(m->pool) < sizeof(struct cw_queued) ? NULL : rte_mbuf_to_priv(m);
}

/* What is sent to the peer by the path at most; 0: no limit. */
uint64_t cw_qos_gate_bps(const struct cw_peer *peer, const struct cw_path *path);

/*
 * It waits from now on, of `queued` all is said but its item's time; where there is no room, somebody's is lost.
 * @param gate_bps 0: none @param hash of the flow @return false: there is no memory for its stream, and it is still the caller's
 */
bool cw_qos_queue(struct cw_worker *worker, struct cw_uplink_qos *uplink, uint64_t gate_bps, uint8_t class, uint32_t hash,
		  struct cw_queued *queued);

/* qos-relay.c. @return whether the buffer is still the caller's */
bool cw_qos_send_relayed(struct cw_worker *worker, struct cw_queued *queued, bool is_marked);
void cw_qos_note_relayed(struct cw_worker *worker, const struct cw_queued *queued, enum cw_drop reason);

/* Pieces at the head of what waits are lost, and were counted by the scheduler; the cut has still to move on. */
void cw_qos_lose_queued(struct cw_worker *worker, const struct cw_queued *queued, uint16_t pieces, enum cw_drop reason);

#endif
