/* What the files of graph/qos.h share; nobody else includes it. */
#ifndef CW_GRAPH_QOS_PARTS_H
#define CW_GRAPH_QOS_PARTS_H

#include <rte_mbuf.h>

#include "bucket.h"
#include "graph/qos.h"
#include "graph/train.h"
#include "table/qos.h"
#include "worker.h"

#define CW_QOS_BREAKOUT CW_PEER_NAMES_MAX /* whose frames are for nobody here */

/* What one peer has waiting by one uplink. */
struct cw_qos_peer {
	struct cw_qos_gate gate;
	struct cw_qos_stream streams[CW_QOS_CLASSES];
};

struct cw_uplink_qos {
	struct cw_qos *qos;
	uint64_t port_id;
	struct cw_bucket own; /* frames that pass what waits */
	struct cw_qos_peer *peers[CW_PEER_NAMES_MAX + 1]; /* by place; NULL: it never had anything waiting */
};

/* In the private part of a buffer that waits (CW_BUFFER_PRIVATE): of what is no train the first cache line alone. */
struct cw_queued {
	struct cw_qos_item item; /* first: see table/qos.h */
	struct rte_mbuf *m;
	uint32_t vni;
	uint16_t peer; /* its place, or CW_QOS_BREAKOUT */
	uint8_t path;  /* its slot */
	bool is_train;
	uint32_t length; /* of a packet that is no train and is cut nowhere; 0: cw_cut_begin() is to look at it */
	struct cw_cut cut __attribute__((aligned(RTE_CACHE_LINE_SIZE))); /* of a train: what has not left yet */
};

static_assert(sizeof(struct cw_queued) <= CW_BUFFER_PRIVATE, "what waits says so in its own buffer");

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

/* Pieces at the head of what waits are lost, and were counted by the scheduler; the cut has still to move on. */
void cw_qos_lose_queued(struct cw_worker *worker, const struct cw_queued *queued, uint16_t pieces, enum cw_drop reason);

#endif
