/* What leaves an uplink once it has waited. See qos.h. */
#include <string.h>

#include "graph/graph.h"
#include "graph/l3.h"
#include "graph/qos-parts.h"
#include "graph/seal.h"
#include "graph/steer.h"
#include "port/vnet.h"
#include "table/view.h"

/* The pieces at the head of what waits are passed over. */
static void skip_pieces(struct cw_worker *worker, struct cw_queued *queued, uint16_t pieces)
{
	for (uint16_t i = 0; i < pieces && queued->is_train; i++)
		cw_cut_next(&queued->cut, worker->scratch);
}

/* The path by which it was to leave, or where its flow goes now if that leads nowhere any more; NULL: nowhere. */
static struct cw_path *queue_path_of(struct cw_worker *worker, struct cw_peer *peer, const struct cw_queued *queued)
{
	struct cw_path *path = cw_paths_at(&peer->paths, queued->path);

	if (path != NULL && path->live.state == CW_PATH_UP && cw_path_may_carry(path))
		return path;
	if (cw_steer_is_due(worker, peer))
		return cw_steer(worker, peer, (uint16_t)cw_segment_by_vni(worker->view->program, queued->vni), queued->m);
	return cw_paths_at(&peer->paths, peer->paths.best);
}

/* @return whether the buffer is still the caller's */
static bool send_data(struct cw_worker *worker, struct cw_queued *queued, const struct cw_qos_grant *grant)
{
	struct cw_peer *peer = worker->peers[queued->peer];
	struct cw_keypair *keypair = atomic_load_explicit(&peer->current, memory_order_relaxed);
	struct cw_path *path = keypair == NULL ? NULL : queue_path_of(worker, peer, queued);

	if (path == NULL) {
		skip_pieces(worker, queued, grant->pieces);
		worker->drops[CW_DROP_NO_SESSION] += grant->pieces;
		return true;
	}
	struct cw_cut whole = { .l3 = rte_pktmbuf_mtod_offset(queued->m, const uint8_t *, queued->m->l2_len), .end = queued->length };
	if (!queued->is_train && queued->length == 0)
		cw_cut_begin(&whole, queued->m);
	struct cw_cut *cut = queued->is_train ? &queued->cut : &whole;
	return cw_seal_some(worker, peer, queued->vni, path, queued->m, cut, grant->pieces, grant->is_marked);
}

/* One piece of a frame in a buffer of its own, as it came. */
static void send_piece(struct cw_worker *worker, struct cw_port *port, struct cw_queued *queued)
{
	uint32_t size = queued->m->l2_len + cw_cut_peek(&queued->cut);
	struct rte_mbuf *m = rte_pktmbuf_alloc(size <= CW_SMALL_DATA ? worker->engine->pools.small : worker->engine->pools.large);

	if (m == NULL) {
		skip_pieces(worker, queued, 1);
		cw_count_drop(worker, CW_DROP_NO_BUFFER);
		return;
	}
	uint8_t *start = rte_pktmbuf_mtod(m, uint8_t *);
	memcpy(start, rte_pktmbuf_mtod(queued->m, uint8_t *), queued->m->l2_len);
	cw_cut_next(&queued->cut, start + queued->m->l2_len);
	m->data_len = m->pkt_len = size;
	cw_port_tx(port, m);
}

/* @return as above */
static bool send_frame_pieces(struct cw_worker *worker, struct cw_port *port, struct cw_queued *queued, const struct cw_qos_grant *grant)
{
	uint8_t *l3 = rte_pktmbuf_mtod_offset(queued->m, uint8_t *, queued->m->l2_len);
	uint8_t ecn = cw_l3_class(l3) & CW_ECN_MASK;

	if (grant->is_marked)
		cw_l3_set_ecn(l3, CW_ECN_CE);
	bool is_whole = grant->is_last && (!queued->is_train || queued->cut.index == 0);
	if (is_whole && (grant->pieces == 1 || !grant->is_marked)) {
		cw_vnet_forward(queued->m);
		cw_port_tx(port, queued->m);
		return false;
	}
	for (uint16_t i = 0; i < grant->pieces; i++) {
		send_piece(worker, port, queued);
		if (i == 0 && grant->is_marked)
			cw_l3_set_ecn(l3, ecn);
	}
	return true;
}

static void serve_uplink(struct cw_worker *worker, struct cw_port *port)
{
	struct cw_qos_grant grant;

	while (cw_qos_next(port->qos->qos, cw_qos_now_ns(worker), &grant)) {
		struct cw_queued *queued = (struct cw_queued *)grant.item;
		bool is_ours = true;
		if (grant.is_last)
			cw_qos_forget_queued(worker, queued);
		if (grant.lost > 0) {
			skip_pieces(worker, queued, grant.lost);
			cw_qos_lose_queued(worker, queued, grant.lost, CW_DROP_QUEUE_DELAY);
		}
		if (grant.pieces > 0 && queued->peer == CW_QOS_BREAKOUT)
			is_ours = send_frame_pieces(worker, port, queued, &grant);
		else if (grant.pieces > 0 && cw_is_relayed(queued))
			is_ours = cw_qos_send_relayed(worker, queued, grant.is_marked);
		else if (grant.pieces > 0)
			is_ours = send_data(worker, queued, &grant);
		if (grant.is_last && is_ours)
			rte_pktmbuf_free(queued->m);
	}
}

void cw_qos_serve(struct cw_worker *worker)
{
	const struct cw_program *program = worker->view->program;

	/* What has not waited leaves first, and is told of. */
	cw_seal_flush(worker);
	worker->is_serving_qos = true;
	for (uint32_t i = 0; i < program->port_count; i++) {
		if (program->ports[i]->qos != NULL)
			serve_uplink(worker, program->ports[i]);
	}
	cw_seal_flush(worker);
	worker->is_serving_qos = false;
}
