/* See path-place.h. */
#include "graph/path-place.h"

#include <string.h>

#include "graph/keep.h"
#include "graph/path.h"
#include "graph/relay-path.h"
#include "graph/seal.h"
#include "mix.h"
#include "table/session.h"
#include "worker.h"

/* The far end keeps a lane for each number that it heard under a key, and has room for so many and one of none. */
#define NUMBERS_A_KEY CW_TX_NUMBERS_MAX
#define LEARNED_A_RELAY 2u
#define LEARNED_AN_ADDRESS 4u /* a NAT that is restarted has the next port */
#define LEARNED_QUIET_US 130000000u /* what is at rest is heard more often */
#define RELAY_BYTES 12 /* of a relayed address: all but the channel */
#define LEARNED_NUMBERS_A_KEY 100u /* so that strangers leave what is named its own */

void cw_path_note_uplink(struct cw_worker *worker, struct cw_path *path)
{
	const struct cw_program *program = worker->view->program;

	path->leaves_by = cw_path_is_relayed(path) ? path->leaves_by : path->way.uplink;
	if (cw_path_is_relayed(path))
		cw_relay_path_note(worker, path);
	for (uint32_t i = 0; i < program->port_count; i++) {
		const struct cw_port_program *port = &program->port_programs[i];
		if (port->role != CW_ROLE_UPLINK || port->uplink != path->way.uplink)
			continue;
		path->own_flags = (port->is_metered ? CW_PATH_METERED : 0) | (port->is_backup ? CW_PATH_BACKUP : 0);
		path->is_private = port->network == CW_NETWORK_PRIVATE;
		path->risk = port->risk;
		path->up_bps = port->up_bps;
		path->down_bps = port->down_bps;
	}
	path->flags = cw_path_flags(path->own_flags, path->remote_flags);
}

static struct cw_path *add(struct cw_worker *worker, struct cw_peer *peer, const struct cw_way *way)
{
	struct cw_path_pool *pool = &worker->paths;
	struct cw_path *path = &pool->memory[pool->free[pool->free_count - 1]];
	if (!cw_paths_add(&peer->paths, path, way, worker->now_us))
		return NULL;
	pool->free_count--;
	/* Nobody sees it but by the ids of probes, which begin elsewhere for each path. */
	path->live.secret = worker->path_secret = cw_mix64(worker->path_secret + CW_MIX_STEP + worker->now_us + cw_now_us());
	if (cw_path_is_relayed(path))
		cw_relay_path_join(worker, path);
	cw_path_note_uplink(worker, path);
	cw_path_due(worker, peer);
	return path;
}

void cw_path_give_back(struct cw_worker *worker, struct cw_peer *peer, struct cw_path *path)
{
	struct cw_path_pool *pool = &worker->paths;

	/* What is being filled leaves by it first. */
	cw_seal_flush(worker);
	cw_relay_path_count(path, NULL);
	cw_paths_remove(&peer->paths, path);
	pool->free[pool->free_count++] = (uint16_t)(path - pool->memory);
}

void cw_path_clear(struct cw_worker *worker, struct cw_peer *peer)
{
	for (uint32_t slot = 0; slot < CW_PATHS_MAX; slot++) {
		if (peer->paths.list[slot] != NULL)
			cw_path_give_back(worker, peer, peer->paths.list[slot]);
	}
	peer->unplaced_count = 0;
	cw_keep_forget(worker, peer);
	cw_spray_forget(&worker->spraying, peer);
}

/*
 * Makes room by the path that nobody named, that is not alive and was heard last longest ago: of those that are tried, as long as
 * that goes on, the last, and only if there is no other. For a try one that was only learned goes though it lives, the last in
 * rank: whoever sends by many ways keeps the peers from none that is better.
 */
static bool make_path_room(struct cw_worker *worker, struct cw_peer *peer, bool is_for_try)
{
	struct cw_path *oldest = NULL, *tried = NULL, *last = NULL;
	uint64_t rank, most = 0;

	for (uint32_t slot = 0; slot < CW_PATHS_MAX; slot++) {
		struct cw_path *path = peer->paths.list[slot];
		if (path == NULL || cw_path_is_named(path))
			continue;
		if (path->live.state == CW_PATH_UP) {
			rank = cw_path_rank(&peer->paths, path, worker->now_us);
			if (path->is_tried || slot == peer->paths.best || rank < most)
				continue;
			most = rank;
			last = path;
		} else if (path->try_until_us != 0) {
			tried = path;
		} else if (oldest == NULL || path->live.heard_us < oldest->live.heard_us) {
			oldest = path;
		}
	}
	if (oldest == NULL)
		oldest = is_for_try ? last : tried;
	if (oldest == NULL)
		return false;
	cw_path_give_back(worker, peer, oldest);
	return true;
}

static struct cw_path *place_way(struct cw_worker *worker, struct cw_peer *peer, const struct cw_way *way, bool is_for_try)
{
	struct cw_path *path = cw_paths_find(&peer->paths, way);

	if (path != NULL)
		return path;
	/* Its own relay nobody is. */
	if (way->uplink == CW_UPLINK_RELAY && cw_relay_of(worker->view->program, way->remote) == peer)
		return NULL;
	bool is_full = peer->paths.count == CW_PATHS_MAX || worker->paths.free_count == 0;
	return is_full && !make_path_room(worker, peer, is_for_try) ? NULL : add(worker, peer, way);
}

struct cw_path *cw_path_place(struct cw_worker *worker, struct cw_peer *peer, const struct cw_way *way)
{
	return place_way(worker, peer, way, false);
}

struct cw_path *cw_path_place_try(struct cw_worker *worker, struct cw_peer *peer, const struct cw_way *way)
{
	return place_way(worker, peer, way, true);
}

/* By one relay, or to one address by one uplink. */
static bool is_of_kind(const struct cw_path *path, const struct cw_way *way)
{
	bool is_relayed = way->uplink == CW_UPLINK_RELAY;

	if (path->way.uplink != way->uplink)
		return false;
	return is_relayed ? memcmp(cw_address_bytes(&path->way.remote), cw_address_bytes(&way->remote), RELAY_BYTES) == 0 :
			    cw_address_equal(path->way.remote, way->remote);
}

struct cw_path *cw_path_learn(struct cw_worker *worker, struct cw_peer *peer, const struct cw_way *way)
{
	uint32_t count = 0, most = way->uplink == CW_UPLINK_RELAY ? LEARNED_A_RELAY : LEARNED_AN_ADDRESS;
	struct cw_path *oldest = NULL;

	for (uint32_t slot = 0; slot < CW_PATHS_MAX; slot++) {
		struct cw_path *path = peer->paths.list[slot];
		if (path == NULL || cw_path_is_named(path) || path->is_tried || !is_of_kind(path, way))
			continue;
		count++;
		bool is_over = path->live.state != CW_PATH_UP || worker->now_us - path->live.heard_us > LEARNED_QUIET_US;
		if (is_over && slot != peer->paths.best && (oldest == NULL || path->live.heard_us < oldest->live.heard_us))
			oldest = path;
	}
	if (count >= most && oldest == NULL)
		return NULL;
	if (count >= most)
		cw_path_give_back(worker, peer, oldest);
	return place_way(worker, peer, way, false);
}

/* What is given under this key, and what classes took instead (table/tx-lanes.h). */
static uint32_t numbers_used(const struct cw_peer *peer)
{
	const struct cw_keypair *current = atomic_load_explicit(&peer->current, memory_order_relaxed);
	uint32_t by_classes = current == NULL ? 0 : RTE_MAX(cw_tx_numbers_taken(&current->tx), cw_tx_numbers_taken(&current->relay_tx));

	return peer->numbers_given + by_classes;
}

/* False: so many are given under this key. */
static bool give_number(struct cw_peer *peer, struct cw_path *path, uint32_t most)
{
	if (path->number != CW_PATH_NONE)
		return true;
	if (numbers_used(peer) >= most)
		return false;
	peer->numbers_given++;
	cw_paths_number(&peer->paths, path);
	return true;
}

void cw_path_note_answer(struct cw_worker *worker, struct cw_peer *peer, struct cw_path *path)
{
	if (path->number != CW_PATH_NONE || !path->live.was_up)
		return;
	/* What was asked before anybody could answer says nothing of how good it is. */
	path->asked = (struct cw_quality){ 0 };
	if (!give_number(peer, path, LEARNED_NUMBERS_A_KEY))
		cw_count_drop(worker, CW_DROP_PATH_FULL);
}

static void prove(struct cw_worker *worker, struct cw_peer *peer, struct cw_path *path)
{
	cw_liveness_prove(&path->live, worker->now_us);
	cw_path_note_answer(worker, peer, path);
}

void cw_path_enter(struct cw_worker *worker, struct cw_peer *peer, const struct cw_way *way, bool is_proven)
{
	struct cw_path *path = cw_path_place(worker, peer, way);

	if (path == NULL)
		cw_count_drop(worker, CW_DROP_PATH_FULL);
	if (path != NULL && cw_path_is_relayed(path))
		cw_relay_path_join(worker, path);
	if (path != NULL && is_proven)
		prove(worker, peer, path);
	cw_paths_choose(&peer->paths, worker->now_us);
}

void cw_path_confirm(struct cw_worker *worker, struct cw_peer *peer, const struct cw_way *way)
{
	struct cw_path *path = cw_paths_find(&peer->paths, way);

	/* Message 2 went there, and what needed it came from there. */
	if (path == NULL || cw_paths_find(&peer->paths, &worker->arrival) != path)
		return;
	prove(worker, peer, path);
	cw_paths_choose(&peer->paths, worker->now_us);
}

void cw_path_unname(struct cw_worker *worker, struct cw_peer *peer, const struct cw_way *ways, uint32_t count)
{
	for (uint32_t slot = 0; slot < CW_PATHS_MAX; slot++) {
		struct cw_path *path = peer->paths.list[slot];
		if (path != NULL && path->is_configured && !cw_path_is_among(path, ways, count))
			cw_path_give_back(worker, peer, path);
	}
	peer->unplaced_count = 0;
	cw_paths_choose(&peer->paths, worker->now_us);
}

static bool give_place(struct cw_worker *worker, struct cw_peer *peer, const struct cw_way *way)
{
	struct cw_path *path = cw_paths_find(&peer->paths, way);
	bool has_number = path != NULL && path->number != CW_PATH_NONE;

	if (!has_number && numbers_used(peer) >= NUMBERS_A_KEY)
		return false;
	path = cw_path_place(worker, peer, way);
	if (path == NULL)
		return false;
	give_number(peer, path, NUMBERS_A_KEY);
	cw_path_note_uplink(worker, path);
	path->is_configured = true;
	return true;
}

void cw_path_name(struct cw_worker *worker, struct cw_peer *peer, const struct cw_way *ways, uint32_t count)
{
	cw_path_unname(worker, peer, ways, count);
	for (uint32_t i = 0; i < count; i++) {
		if (give_place(worker, peer, &ways[i]))
			continue;
		cw_count_drop(worker, CW_DROP_PATH_FULL);
		peer->unplaced[peer->unplaced_count++] = ways[i];
	}
	peer->placed_us = worker->now_us;
	cw_paths_choose(&peer->paths, worker->now_us);
	cw_path_due(worker, peer);
}

void cw_path_begin_key(struct cw_worker *worker, struct cw_peer *peer)
{
	peer->numbers_given = 0;
	for (uint32_t slot = 0; slot < CW_PATHS_MAX; slot++) {
		const struct cw_path *path = peer->paths.list[slot];
		peer->numbers_given += path != NULL && path->number != CW_PATH_NONE;
	}
	cw_path_name_again(worker, peer);
	for (uint32_t slot = 0; slot < CW_PATHS_MAX; slot++) {
		if (peer->paths.list[slot] != NULL)
			cw_path_note_answer(worker, peer, peer->paths.list[slot]);
	}
}

void cw_path_name_again(struct cw_worker *worker, struct cw_peer *peer)
{
	uint32_t left = 0;

	for (uint32_t i = 0; i < peer->unplaced_count; i++) {
		if (!give_place(worker, peer, &peer->unplaced[i]))
			peer->unplaced[left++] = peer->unplaced[i];
	}
	peer->unplaced_count = left;
	peer->placed_us = worker->now_us;
}
