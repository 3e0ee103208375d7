/* Packets for a peer without a session: they wait for it, few and not for long. See seal.h. */
#include <string.h>

#include "graph/explain.h"
#include "graph/graph.h"
#include "graph/seal.h"
#include "table/view.h"
#include "worker.h"

#define WAIT_US 5000000

void cw_seal_later(struct cw_worker *worker, struct cw_peer *peer, uint32_t vni, struct rte_mbuf *m)
{
	if (worker->now_us - peer->wanted_us >= 1000000) {
		peer->wanted_us = worker->now_us;
		cw_event_push(worker, CW_EVENT_WANTED, peer->name, 0, NULL, 0);
	}
	if (peer->waiting_count == CW_PEER_WAITING_MAX ||
	    worker->waiting_count == CW_WORKER_WAITING_MAX) {
		cw_lose(worker, CW_DROP_NO_SESSION, cw_segment_by_vni(worker->view->program, vni), peer, m);
		return;
	}
	if (peer->waiting_count == 0)
		peer->waiting_since_us = worker->now_us;
	m->hash.usr = vni;
	peer->waiting[peer->waiting_count++] = m;
	worker->waiting_count++;
}

void cw_seal_waiting(struct cw_worker *worker, struct cw_peer *peer)
{
	uint16_t count = peer->waiting_count;

	peer->waiting_count = 0;
	worker->waiting_count -= count;
	for (uint16_t i = 0; i < count; i++)
		cw_seal(worker, peer, peer->waiting[i]->hash.usr, peer->waiting[i]);
}

void cw_seal_expire(struct cw_worker *worker, struct cw_peer *peer)
{
	if (peer->waiting_count == 0 || worker->now_us - peer->waiting_since_us < WAIT_US)
		return;
	for (uint16_t i = 0; i < peer->waiting_count; i++)
		cw_lose(worker, CW_DROP_NO_SESSION, cw_segment_by_vni(worker->view->program, peer->waiting[i]->hash.usr), peer, peer->waiting[i]);
	worker->waiting_count -= peer->waiting_count;
	peer->waiting_count = 0;
}
