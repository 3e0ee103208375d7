/* See next-peer.h. */
#include "graph/next-peer.h"

#include "table/session.h"
#include "table/view.h"
#include "worker.h"

/* Every rank, as a bit. */
#define ALL ((1u << CW_RANKS) - 1)

static bool has_way(const struct cw_peer *peer)
{
	const struct cw_path *best = cw_paths_at(&peer->paths, peer->paths.best);

	return atomic_load_explicit(&peer->current, memory_order_relaxed) != NULL && best != NULL &&
	       best->live.state == CW_PATH_UP;
}

/* What ends at once is seen at once; silence, and that it is over, at the next look. */
bool cw_peer_is_reached(const struct cw_peer *peer)
{
	return peer->is_reached && has_way(peer);
}

void cw_next_peer_note(struct cw_peer *peer, uint64_t now_us)
{
	bool is_reached = has_way(peer) && !peer->paths.is_silent;

	if (is_reached && !peer->is_reached)
		peer->reached_us = now_us;
	if (!is_reached && peer->is_reached)
		peer->lost_us = now_us;
	peer->is_reached = is_reached;
}

uint64_t cw_peer_hold_us(const struct cw_peer *peer, uint64_t now_us)
{
	uint64_t until_us = peer->reached_us + CW_HUB_HOLD_US;

	return peer->lost_us == 0 || !peer->is_reached || now_us >= until_us ? 0 : until_us - now_us;
}

static struct cw_peer *peer_at(const struct cw_worker *worker, const struct cw_hop *hop, uint32_t rank)
{
	return worker->view->program->peers[hop->peers[rank]];
}

/* Whether one behind it has carried since before it was lost. */
static bool has_steady(const struct cw_worker *worker, const struct cw_hop *hop, uint32_t rank, uint32_t may)
{
	const struct cw_peer *lost = peer_at(worker, hop, rank);

	for (uint32_t i = rank + 1; i < hop->peer_count; i++) {
		const struct cw_peer *other = peer_at(worker, hop, i);
		if ((may & 1u << i) != 0 && cw_peer_is_reached(other) && other->reached_us <= lost->lost_us)
			return true;
	}
	return false;
}

/* Of those whose bit is set in `may`; NULL: there are none. */
static struct cw_peer *choose(const struct cw_worker *worker, const struct cw_hop *hop, uint32_t may)
{
	struct cw_peer *first = NULL;

	for (uint32_t i = 0; i < hop->peer_count; i++) {
		struct cw_peer *peer = peer_at(worker, hop, i);
		if ((may & 1u << i) == 0)
			continue;
		first = first == NULL ? peer : first;
		if (!cw_peer_is_reached(peer))
			continue;
		bool is_held = worker->view->program->is_hub[hop->peers[i]] && cw_peer_hold_us(peer, worker->now_us) > 0;
		if (!is_held || !has_steady(worker, hop, i, may))
			return peer;
	}
	return first;
}

struct cw_peer *cw_next_peer(const struct cw_worker *worker, const struct cw_hop *hop)
{
	return hop->peer_count == 1 ? peer_at(worker, hop, 0) : choose(worker, hop, ALL);
}

struct cw_peer *cw_next_peer_of(const struct cw_worker *worker, const struct cw_hop *hop, const struct cw_peer *from,
				enum cw_drop *reason)
{
	const struct cw_program *program = worker->view->program;
	bool is_from_hub = atomic_load_explicit(&from->is_hub, memory_order_relaxed);
	uint32_t may = 0, back = 0;

	*reason = CW_DROP_TRANSIT;
	if (!program->is_transit)
		return NULL;
	for (uint32_t i = 0; i < hop->peer_count; i++) {
		if (peer_at(worker, hop, i) == from)
			back |= 1u << i;
		else if (!is_from_hub || !program->is_hub[hop->peers[i]])
			may |= 1u << i;
	}
	struct cw_peer *peer = choose(worker, hop, may);
	if (peer == NULL)
		*reason = back != 0 ? CW_DROP_TRANSIT_BACK : CW_DROP_TRANSIT_HUB;
	return peer;
}

struct cw_peer *cw_next_peer_across(const struct cw_worker *worker, const struct cw_hop *hop, const struct cw_hop *back)
{
	uint32_t may = 0;

	for (uint32_t i = 0; i < hop->peer_count; i++) {
		if (!cw_hop_has_peer(worker->view, back, peer_at(worker, hop, i)))
			may |= 1u << i;
	}
	return choose(worker, hop, may);
}

bool cw_hop_has_peer(const struct cw_view *view, const struct cw_hop *hop, const struct cw_peer *peer)
{
	for (uint32_t i = 0; i < hop->peer_count; i++) {
		if (view->program->peers[hop->peers[i]] == peer)
			return true;
	}
	return false;
}
