/* See relay-path.h. */
#include "graph/relay-path.h"

#include <string.h>

#include "graph/outer.h"
#include "graph/path.h"
#include "graph/relay.h"
#include "graph/seal.h"
#include "graph/steer.h"
#include "port/port.h"
#include "table/session.h"
#include "worker.h"

#define KEY_AT 16 /* of the identity: the static key, behind the tenant */
#define KEY_BYTES 4

uint32_t cw_relay_channel(struct cw_address address)
{
	uint32_t channel;

	memcpy(&channel, cw_address_bytes(&address) + 12, sizeof(channel));
	return rte_be_to_cpu_32(channel);
}

struct cw_peer *cw_relay_of(const struct cw_program *program, struct cw_address address)
{
	for (uint32_t i = 0; cw_address_is_relayed(address) && i < program->peer_count; i++) {
		if (memcmp(program->peers[i]->identity + KEY_AT, cw_address_bytes(&address) + 8, KEY_BYTES) == 0)
			return program->peers[i];
	}
	return NULL;
}

struct cw_way cw_relay_way(const struct cw_peer *relay, uint32_t channel)
{
	uint32_t number = rte_cpu_to_be_32(channel);
	uint8_t address[16] = { 0x01 };

	memcpy(address + 8, relay->identity + KEY_AT, KEY_BYTES);
	memcpy(address + 12, &number, sizeof(number));
	return (struct cw_way){ .uplink = CW_UPLINK_RELAY, .remote = cw_address_of(address) };
}

static bool is_direct(const struct cw_path *path)
{
	return path != NULL && path->live.state == CW_PATH_UP && !cw_path_is_relayed(path);
}

struct cw_path *cw_relay_by(struct cw_worker *worker, struct cw_peer *peer, uint8_t *pinned, uint32_t hash)
{
	struct cw_paths *paths = &peer->paths;

	if (atomic_load_explicit(&peer->current, memory_order_relaxed) == NULL)
		return NULL;
	const struct cw_choice *choice = cw_steer_choice(worker, peer, 0);
	if (cw_paths_at(paths, *pinned) == NULL || cw_choice_moves(choice, *pinned, false, hash, worker->now_us))
		*pinned = choice->best;
	struct cw_path *path = cw_paths_at(paths, *pinned);
	if (is_direct(path))
		return path;
	/* The policy would rather have none, or a relayed one. */
	path = cw_paths_at(paths, paths->best);
	if (is_direct(path))
		return path;
	for (uint32_t slot = 0; slot < paths->slots; slot++) {
		if (is_direct(paths->list[slot]))
			return paths->list[slot];
	}
	return NULL;
}

static bool is_alive(const struct cw_peer *relay)
{
	bool has_path = false;

	for (uint32_t slot = 0; slot < relay->paths.slots; slot++)
		has_path = has_path || is_direct(relay->paths.list[slot]);
	return has_path && atomic_load_explicit(&relay->current, memory_order_relaxed) != NULL;
}

static uint32_t session_of(const struct cw_peer *relay)
{
	const struct cw_keypair *current = atomic_load_explicit(&relay->current, memory_order_relaxed);

	return current == NULL ? 0 : current->session->index;
}

void cw_relay_path_join(struct cw_worker *worker, struct cw_path *path)
{
	const struct cw_peer *relay = cw_relay_of(worker->view->program, path->way.remote);

	path->relay_session = relay == NULL ? 0 : session_of(relay);
}

struct cw_path *cw_relay_path_by(struct cw_worker *worker, struct cw_path *path)
{
	struct cw_peer *relay = cw_outer_departure(worker, path)->relay;

	return relay == NULL ? NULL : cw_relay_by(worker, relay, &path->relay_slot, path->flow_label);
}

void cw_relay_path_note(struct cw_worker *worker, struct cw_path *path)
{
	const struct cw_path *by = cw_relay_path_by(worker, path);

	if (by == NULL)
		return;
	path->leaves_by = by->way.uplink;
	path->own_flags = by->flags;
	path->is_private = by->is_private;
	path->risk = by->risk;
	path->up_bps = by->up_bps;
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
	struct cw_peer *relay = cw_outer_departure(worker, path)->relay;
	uint32_t most = CW_OUTER_LEAST - CW_OUTER_IP6_UDP, found = path->pmtu.size == 0 ? UINT16_MAX : path->pmtu.size;
	struct cw_path *by = relay == NULL ? NULL : cw_paths_at(&relay->paths, path->relay_slot);

	if (by != NULL && !cw_path_is_relayed(by))
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
	bool is_relay = is_alive(peer);
	uint32_t session = session_of(peer);

	if (is_relay == peer->is_relay && session == peer->relay_session)
		return;
	peer->is_relay = is_relay;
	peer->relay_session = session;
	for (uint32_t i = 0; i < atomic_load(&worker->peer_count); i++) {
		struct cw_paths *paths = &worker->peers[i]->paths;
		for (uint32_t slot = 0; slot < paths->slots; slot++) {
			struct cw_path *path = paths->list[slot];
			if (path != NULL && cw_path_is_relayed(path) && cw_outer_departure(worker, path)->relay == peer)
				cw_path_due(worker, worker->peers[i]);
		}
	}
}
