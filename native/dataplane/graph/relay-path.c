/* See relay-path.h. */
#include "graph/relay-path.h"

#include <string.h>

#include "graph/outer.h"
#include "graph/path.h"
#include "graph/relay.h"
#include "graph/seal.h"
#include "graph/steer.h"
#include "peer-key.h"
#include "port/port.h"
#include "table/session.h"
#include "worker.h"

uint32_t cw_relay_channel(struct cw_address address)
{
	uint32_t channel;

	memcpy(&channel, cw_address_bytes(&address) + 12, sizeof(channel));
	return rte_be_to_cpu_32(channel);
}

struct cw_peer *cw_relay_of(const struct cw_program *program, struct cw_address address)
{
	return cw_address_is_relayed(address) ? cw_peer_by_key(program, cw_address_bytes(&address) + 8) : NULL;
}

struct cw_way cw_relay_way(const struct cw_peer *relay, uint32_t channel)
{
	uint32_t number = rte_cpu_to_be_32(channel);
	uint8_t address[16] = { 0x01 };

	memcpy(address + 8, relay->identity + CW_KEY_AT, CW_KEY_PREFIX);
	memcpy(address + 12, &number, sizeof(number));
	return (struct cw_way){ .uplink = CW_UPLINK_RELAY, .remote = cw_address_of(address) };
}

/* Data may leave by it to the relay itself, or to the other end. */
static bool can_bring(const struct cw_path *path)
{
	return path != NULL && path->live.state == CW_PATH_UP && cw_path_may_carry(path) && !cw_path_is_relayed(path);
}

bool cw_relay_may_take(const struct cw_worker *worker, const struct cw_path *by)
{
	return cw_choice_forbids(by, &worker->view->program->policies[0]) == CW_VERDICT_CHOSEN;
}

/* The policy would rather have none, or a relayed one: of those that live the best, and rather none that it forbids. */
static uint8_t next_best(const struct cw_worker *worker, const struct cw_paths *paths)
{
	uint8_t found = CW_PATH_NONE;

	for (uint32_t slot = 0; slot < paths->slots; slot++) {
		const struct cw_path *path = paths->list[slot];
		if (!can_bring(path))
			continue;
		bool may_take = cw_relay_may_take(worker, path);
		if (may_take && slot == paths->best)
			return (uint8_t)slot;
		if (found == CW_PATH_NONE || (may_take && !cw_relay_may_take(worker, paths->list[found])))
			found = (uint8_t)slot;
	}
	return found;
}

/* The slot by which that peer gets what was by `pinned`; CW_PATH_NONE: none. Changes nothing. */
static uint8_t slot_by(const struct cw_worker *worker, const struct cw_peer *peer, const struct cw_choice *choice, uint8_t pinned,
		       uint32_t hash)
{
	const struct cw_paths *paths = &peer->paths;

	if (atomic_load_explicit(&peer->current, memory_order_relaxed) == NULL)
		return CW_PATH_NONE;
	if (can_bring(cw_paths_at(paths, pinned)) && !cw_choice_moves(choice, pinned, false, hash, worker->now_us))
		return pinned;
	return can_bring(cw_paths_at(paths, choice->best)) ? choice->best : next_best(worker, paths);
}

struct cw_path *cw_relay_by(struct cw_worker *worker, struct cw_peer *peer, uint8_t *pinned, uint32_t hash)
{
	*pinned = slot_by(worker, peer, cw_steer_choice(worker, peer, 0), *pinned, hash);
	return cw_paths_at(&peer->paths, *pinned);
}

static bool is_alive(const struct cw_peer *relay)
{
	bool has_path = false;

	for (uint32_t slot = 0; slot < relay->paths.slots; slot++)
		has_path = has_path || can_bring(relay->paths.list[slot]);
	return has_path && atomic_load_explicit(&relay->current, memory_order_relaxed) != NULL;
}

static uint32_t session_of(const struct cw_peer *relay)
{
	const struct cw_keypair *current = atomic_load_explicit(&relay->current, memory_order_relaxed);

	return current == NULL ? 0 : current->session->index;
}

void cw_relay_path_join(struct cw_worker *worker, struct cw_path *path)
{
	const struct cw_peer *relay = cw_outer_departure(worker, path)->relay;

	path->relay_session = relay == NULL ? 0 : session_of(relay);
}

void cw_relay_path_count(struct cw_path *path, struct cw_peer *relay)
{
	if (path->counted_by == relay)
		return;
	if (path->counted_by != NULL)
		path->counted_by->relayed_paths--;
	if (relay != NULL)
		relay->relayed_paths++;
	path->counted_by = relay;
}

struct cw_path *cw_relay_path_by(struct cw_worker *worker, struct cw_path *path)
{
	struct cw_peer *relay = cw_outer_departure(worker, path)->relay;

	return relay == NULL ? NULL : cw_relay_by(worker, relay, &path->relay_slot, path->flow_label);
}

struct cw_path *cw_relay_path_peek(const struct cw_worker *worker, struct cw_path *path)
{
	const struct cw_peer *relay = cw_outer_departure(worker, path)->relay;

	if (relay == NULL)
		return NULL;
	struct cw_choice choice = relay->choices[0];
	if (choice.version != relay->paths.version || choice.since_us == 0)
		cw_choice_make(&choice, &relay->paths, &worker->view->program->policies[0], 0, worker->now_us);
	return cw_paths_at(&relay->paths, slot_by(worker, relay, &choice, path->relay_slot, path->flow_label));
}

void cw_relay_path_note(struct cw_worker *worker, struct cw_path *path)
{
	const struct cw_path *by = cw_relay_path_by(worker, path);

	cw_relay_path_count(path, cw_outer_departure(worker, path)->relay);
	if (by == NULL)
		return;
	path->leaves_by = by->way.uplink;
	path->own_flags = by->flags;
	path->is_private = by->is_private;
	path->risk = by->risk;
	path->up_bps = by->up_bps;
	path->down_bps = by->down_bps;
}

bool cw_relay_path_is_usable(const struct cw_worker *worker, struct cw_path *path)
{
	const struct cw_peer *relay = cw_outer_departure(worker, path)->relay;

	return relay != NULL && path->relay_session != 0 && path->relay_session == session_of(relay) && is_alive(relay);
}

uint32_t cw_relay_payload(const struct cw_worker *worker, struct cw_path *by)
{
	return cw_seal_limit(worker, by) + CW_SEALED_OVERHEAD;
}

uint32_t cw_relay_path_limit(const struct cw_worker *worker, struct cw_path *path)
{
	uint32_t most = CW_OUTER_LEAST - CW_OUTER_IP6_UDP, found = path->pmtu.size == 0 ? UINT16_MAX : path->pmtu.size;
	struct cw_path *by = cw_relay_path_peek(worker, path);

	if (by != NULL)
		most = cw_relay_payload(worker, by);
	path->limit = RTE_MIN(most - CW_RELAY_OVERHEAD, found) - CW_SEALED_OVERHEAD;
	return path->limit;
}

void cw_relay_path_fit(struct cw_worker *worker, struct cw_path *path)
{
	struct cw_path *by = cw_relay_path_by(worker, path);

	if (by == NULL)
		return;
	const struct cw_departure *departure = cw_outer_departure(worker, by);
	if (departure->uplink == NULL)
		return;
	uint32_t mtu = atomic_load_explicit(&departure->uplink->mtu, memory_order_relaxed);
	cw_pmtu_fit(&path->pmtu, RTE_MIN(mtu, (uint32_t)CW_TRAIN_BYTES_MAX),
		    departure->length - sizeof(struct cw_ether) + CW_RELAY_OVERHEAD);
}

void cw_relay_look(struct cw_worker *worker, struct cw_peer *peer)
{
	bool can_forward = is_alive(peer);
	uint32_t session = session_of(peer), left = peer->relayed_paths;

	if (can_forward == peer->can_forward && session == peer->relay_session)
		return;
	peer->can_forward = can_forward;
	peer->relay_session = session;
	for (uint32_t i = 0; left > 0 && i < atomic_load(&worker->peer_count); i++) {
		const struct cw_paths *paths = &worker->peers[i]->paths;
		uint32_t found = 0;
		for (uint32_t slot = 0; slot < paths->slots; slot++)
			found += paths->list[slot] != NULL && paths->list[slot]->counted_by == peer;
		if (found > 0)
			cw_path_due(worker, worker->peers[i]);
		left -= found;
	}
}
