/* What leaves an uplink once it has waited. See qos.h. */
#include "graph/graph.h"
#include "graph/qos-ingress.h"
#include "graph/qos-parts.h"
#include "graph/qos-segment.h"
#include "graph/seal.h"
#include "graph/steer.h"
#include "port/vnet.h"
#include "table/view.h"

/* The path by which it was to leave, or where its flow goes now if that leads nowhere any more; NULL: nowhere, for that `reason`. */
static struct cw_path *queue_path_of(struct cw_worker *worker, struct cw_peer *peer, const struct cw_queued *queued, enum cw_drop *reason)
{
	struct cw_path *path = cw_paths_at(&peer->paths, queued->path);

	*reason = CW_DROP_NO_SESSION;
	if (atomic_load_explicit(&peer->current, memory_order_relaxed) == NULL || peer->paths.best == CW_PATH_NONE)
		return NULL;
	if (path != NULL && path->live.state == CW_PATH_UP && cw_path_may_carry(path))
		return path;
	*reason = CW_DROP_POLICY;
	if (cw_steer_is_due(worker, peer))
		return cw_steer(worker, peer, (uint16_t)cw_segment_by_vni(worker->view->program, queued->vni), queued->m);
	return cw_paths_at(&peer->paths, peer->paths.best);
}

/* By the path `to`, whose uplink is another than the one it waited for. */
static void wait_there(struct cw_worker *worker, const struct cw_queued *queued, struct rte_mbuf *m, void *to)
{
	struct cw_peer *peer = worker->peers[queued->peer];
	uint32_t vni = queued->vni; /* which lies in the same buffer, and is written anew */
	struct cw_cut cut;

	cw_class_set(m, cw_class_of(queued->m));
	cw_cut_begin(&cut, m);
	if (!cw_qos_wait_data(worker, peer, vni, to, m, &cut) && cw_seal_some(worker, peer, vni, to, m, &cut, UINT32_MAX, false))
		rte_pktmbuf_free(m);
}

/* @param uplink for which it waited @return whether the buffer is still the caller's */
static bool send_data(struct cw_worker *worker, const struct cw_uplink_qos *uplink, struct cw_queued *queued,
		      const struct cw_qos_grant *grant)
{
	struct cw_peer *peer = worker->peers[queued->peer];
	enum cw_drop reason;
	struct cw_path *path = queue_path_of(worker, peer, queued, &reason);

	if (path == NULL) {
		cw_qos_skip_pieces(worker, queued, grant->pieces);
		cw_qos_lose_queued(worker, queued, grant->pieces, reason);
		return true;
	}
	/* At the pace of the one it would stand in the modem of the other: it waits there, too. */
	struct cw_path *by = cw_qos_leaves_by(worker, path);
	struct cw_uplink_qos *now = by == NULL ? NULL : cw_qos_uplink_of(worker, by);
	if (now != NULL && now != uplink)
		return cw_qos_hand_out(worker, queued, grant, wait_there, path);
	struct cw_cut whole = { .l3 = rte_pktmbuf_mtod_offset(queued->m, const uint8_t *, queued->m->l2_len), .end = queued->length };
	if (!queued->is_train && queued->length == 0)
		cw_cut_begin(&whole, queued->m);
	struct cw_cut *cut = queued->is_train ? &queued->cut : &whole;
	return cw_seal_some(worker, peer, queued->vni, path, queued->m, cut, grant->pieces, grant->is_marked);
}

/* Out of the port `to`, as the kernel sent it. */
static void send_waited_frame(struct cw_worker *worker, const struct cw_queued *queued, struct rte_mbuf *m, void *to)
{
	(void)worker, (void)queued;
	cw_vnet_forward(m);
	cw_port_tx(to, m);
}

/* By the uplink's port `to`. */
static bool give_uplink(struct cw_worker *worker, struct cw_queued *queued, const struct cw_qos_grant *grant, void *to)
{
	const struct cw_port *port = to;

	if (queued->peer == CW_QOS_BREAKOUT)
		return cw_qos_hand_out(worker, queued, grant, send_waited_frame, to);
	if (cw_is_relayed(queued))
		return cw_qos_send_relayed(worker, port->qos, queued, grant->is_marked);
	return send_data(worker, port->qos, queued, grant);
}

void cw_qos_serve(struct cw_worker *worker)
{
	const struct cw_program *program = worker->view->program;

	/* What has not waited leaves first, and is told of; what waited for its segment may have to wait for its uplink now. */
	cw_limits_serve(worker);
	cw_seal_flush(worker);
	worker->is_serving_qos = true;
	for (uint32_t i = 0; i < program->port_count; i++) {
		if (program->ports[i]->qos != NULL)
			cw_qos_let_go(worker, program->ports[i]->qos->qos, CW_DROP_QUEUE_DELAY, give_uplink, program->ports[i]);
	}
	cw_seal_flush(worker);
	worker->is_serving_qos = false;
	cw_ingress_serve(worker);
}
