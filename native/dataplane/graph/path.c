/* See path.h. */
#include "graph/path.h"

#include <string.h>

#include "graph/control.h"
#include "graph/mtu-probe.h"
#include "graph/outer.h"
#include "graph/path-event.h"
#include "graph/path-lanes.h"
#include "graph/seal.h"
#include "mix.h"
#include "port/port.h"
#include "table/session.h"
#include "worker.h"

#define LATE_US 20000u
#define SILENT_US 5000000u
#define LEARNED_KEPT_US 120000000u /* a way that nobody named and that is down is forgotten */
#define REST_US 1000000u
/* The far end keeps a lane for each number that it heard under a key, and has room for so many and one of none. */
#define NUMBERS_A_KEY (CW_REPLAY_LANES_MAX - 1)
#define LEARNED_NUMBERS_A_KEY 100u /* so that strangers leave what is named its own */
#define NAMED_AGAIN_US 1000000u
#define LEARNED_PER_SECOND 1
#define LEARNED_BURST 8

void cw_path_due(struct cw_worker *worker, struct cw_peer *peer)
{
	/* A look that is overdue stays so: how late it comes tells how long the worker was away. */
	if (peer->paths.due_us > worker->now_us)
		peer->paths.due_us = worker->now_us;
	worker->paths.due_us[peer->place] = worker->now_us;
	worker->paths.next_us = worker->now_us;
}

/* What its uplink costs, as the running program says. */
static void note_uplink(struct cw_worker *worker, struct cw_path *path)
{
	const struct cw_program *program = worker->view->program;

	for (uint32_t i = 0; i < program->port_count; i++) {
		const struct cw_port_program *port = &program->port_programs[i];
		if (port->role != CW_ROLE_UPLINK || port->uplink != path->way.uplink)
			continue;
		path->own_flags = (port->is_metered ? CW_PATH_METERED : 0) | (port->is_backup ? CW_PATH_BACKUP : 0);
		path->is_private = port->network == CW_NETWORK_PRIVATE;
		path->risk = port->risk;
		path->up_bps = port->up_bps;
	}
	path->flags = path->own_flags | path->remote_flags;
}

static struct cw_path *add(struct cw_worker *worker, struct cw_peer *peer, const struct cw_way *way)
{
	struct cw_path_pool *pool = &worker->paths;
	struct cw_path *path = &pool->memory[pool->free[pool->free_count - 1]];
	if (!cw_paths_add(&peer->paths, path, way, worker->now_us))
		return NULL;
	pool->free_count--;
	peer->numbers_given++;
	/* Nobody sees it but by the ids of probes, which begin elsewhere for each path. */
	path->live.secret = worker->path_secret = cw_mix64(worker->path_secret + CW_MIX_STEP + worker->now_us + cw_now_us());
	note_uplink(worker, path);
	cw_path_due(worker, peer);
	return path;
}

static void give_back_path(struct cw_worker *worker, struct cw_peer *peer, struct cw_path *path)
{
	struct cw_path_pool *pool = &worker->paths;

	/* What is being filled leaves by it first. */
	cw_seal_flush(worker);
	cw_paths_remove(&peer->paths, path);
	pool->free[pool->free_count++] = (uint16_t)(path - pool->memory);
}

void cw_path_clear(struct cw_worker *worker, struct cw_peer *peer)
{
	for (uint32_t slot = 0; slot < CW_PATHS_MAX; slot++) {
		if (peer->paths.list[slot] != NULL)
			give_back_path(worker, peer, peer->paths.list[slot]);
	}
	peer->unplaced_count = 0;
}

/* Makes room by the learned path that was heard last longest ago and is not alive. */
static bool make_path_room(struct cw_worker *worker, struct cw_peer *peer)
{
	struct cw_path *oldest = NULL;

	for (uint32_t slot = 0; slot < CW_PATHS_MAX; slot++) {
		struct cw_path *path = peer->paths.list[slot];
		if (path == NULL || path->is_configured || path->live.state == CW_PATH_UP)
			continue;
		if (oldest == NULL || path->live.heard_us < oldest->live.heard_us)
			oldest = path;
	}
	if (oldest == NULL)
		return false;
	give_back_path(worker, peer, oldest);
	return true;
}

/* NULL: there is no room, or `numbers` are given under this key, which no room helps. */
static struct cw_path *find_or_add(struct cw_worker *worker, struct cw_peer *peer, const struct cw_way *way,
				   uint32_t numbers)
{
	struct cw_path *path = cw_paths_find(&peer->paths, way);

	if (path != NULL || peer->numbers_given >= numbers)
		return path;
	bool is_full = peer->paths.count == CW_PATHS_MAX || worker->paths.free_count == 0;
	return is_full && !make_path_room(worker, peer) ? NULL : add(worker, peer, way);
}

void cw_path_enter(struct cw_worker *worker, struct cw_peer *peer, const struct cw_way *way, bool is_proven)
{
	struct cw_path *path = find_or_add(worker, peer, way, NUMBERS_A_KEY);

	if (path == NULL)
		cw_count_drop(worker, CW_DROP_PATH_FULL);
	else if (is_proven)
		cw_liveness_prove(&path->live, worker->now_us);
	cw_paths_choose(&peer->paths, worker->now_us);
}

void cw_path_confirm(struct cw_worker *worker, struct cw_peer *peer, const struct cw_way *way)
{
	struct cw_path *path = cw_paths_find(&peer->paths, way);

	/* Message 2 went there, and what needed it came from there. */
	if (path == NULL || cw_paths_find(&peer->paths, &worker->arrival) != path)
		return;
	cw_liveness_prove(&path->live, worker->now_us);
	cw_paths_choose(&peer->paths, worker->now_us);
}

static bool is_named(const struct cw_path *path, const struct cw_way *ways, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		if (cw_way_equal(&path->way, &ways[i]))
			return true;
	}
	return false;
}

void cw_path_unname(struct cw_worker *worker, struct cw_peer *peer, const struct cw_way *ways, uint32_t count)
{
	for (uint32_t slot = 0; slot < CW_PATHS_MAX; slot++) {
		struct cw_path *path = peer->paths.list[slot];
		if (path != NULL && path->is_configured && !is_named(path, ways, count))
			give_back_path(worker, peer, path);
	}
	peer->unplaced_count = 0;
	cw_paths_choose(&peer->paths, worker->now_us);
}

static bool give_place(struct cw_worker *worker, struct cw_peer *peer, const struct cw_way *way)
{
	struct cw_path *path = find_or_add(worker, peer, way, NUMBERS_A_KEY);

	if (path == NULL)
		return false;
	note_uplink(worker, path);
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

/* For answers by ways of no path: nothing of it lasts. */
static struct cw_path *stray(struct cw_worker *worker)
{
	struct cw_path *path = &worker->stray_path;

	cw_seal_flush(worker);
	memset(path, 0, sizeof(*path));
	path->slot = CW_PATHS_MAX;
	path->number = CW_PATH_NONE;
	path->way = worker->arrival;
	path->flow_label = 1;
	return path;
}

/* A way that was not known is learned, but not many a second: somebody may be sending on what he heard. */
static struct cw_path *find_or_learn(struct cw_worker *worker, struct cw_peer *peer)
{
	struct cw_path *path = cw_paths_find(&peer->paths, &worker->arrival);

	if (path != NULL || !cw_bucket_take(&peer->learn_bucket, worker->now_us, LEARNED_PER_SECOND, LEARNED_BURST))
		return path;
	path = find_or_add(worker, peer, &worker->arrival, LEARNED_NUMBERS_A_KEY);
	if (path == NULL)
		cw_count_drop(worker, CW_DROP_PATH_FULL);
	return path;
}

struct cw_path *cw_path_hear(struct cw_worker *worker, struct cw_keypair *keypair, uint8_t number)
{
	struct cw_peer *peer = keypair->peer;
	struct cw_path *path = find_or_learn(worker, peer);

	if (path == NULL)
		return stray(worker);
	cw_liveness_hear(&path->live, worker->now_us);
	if (number != CW_PATH_NONE && cw_keypair_is_of_session(keypair))
		cw_paths_pair(&peer->paths, path, number);
	return path;
}

void cw_path_begin_session(struct cw_worker *worker, struct cw_peer *peer)
{
	cw_path_read_lanes(worker, peer);
	cw_paths_begin_session(&peer->paths, worker->now_us);
	cw_paths_choose(&peer->paths, worker->now_us);
}

/* Its probes are counted anew, and so are their answers. */
static void renew(struct cw_path *path, uint64_t now_us)
{
	cw_liveness_renew(&path->live, now_us);
	path->asked = (struct cw_quality){ 0 };
}

/* Carrier, addresses and the program say at once what probes would find out later. */
static void check_uplinks(struct cw_worker *worker, struct cw_paths *paths)
{
	for (uint32_t slot = 0; slot < CW_PATHS_MAX; slot++) {
		struct cw_path *path = paths->list[slot];
		if (path == NULL)
			continue;
		const struct cw_departure *departure = cw_outer_departure(worker, path);
		bool is_usable = departure->uplink != NULL && departure->has_source &&
				 atomic_load_explicit(&departure->uplink->is_up, memory_order_relaxed);
		bool is_cut = path->live.why == CW_PATH_NO_UPLINK;
		if (!is_usable && !is_cut)
			cw_liveness_fail(&path->live, CW_PATH_NO_UPLINK, worker->now_us);
		else if (is_usable && is_cut && !path->live.was_up)
			renew(path, worker->now_us);
		else if (is_usable && is_cut)
			cw_liveness_fail(&path->live, CW_PATH_UNTRIED, worker->now_us);
	}
}

static void forget_learned(struct cw_worker *worker, struct cw_peer *peer)
{
	for (uint32_t slot = 0; slot < CW_PATHS_MAX; slot++) {
		struct cw_path *path = peer->paths.list[slot];
		if (path == NULL || path->is_configured || path->live.state == CW_PATH_UP || peer->paths.count == 1)
			continue;
		if (worker->now_us - path->live.changed_us > LEARNED_KEPT_US)
			give_back_path(worker, peer, path);
	}
}

static void send_tasks(struct cw_worker *worker, struct cw_keypair *current, const struct cw_path_tasks *tasks)
{
	struct cw_paths *paths = &current->peer->paths;
	bool is_any_up = false;

	for (uint32_t slot = 0; slot < CW_PATHS_MAX; slot++)
		is_any_up = is_any_up || (paths->list[slot] != NULL && paths->list[slot]->live.state == CW_PATH_UP);
	for (uint32_t slot = 0; slot < CW_PATHS_MAX; slot++) {
		struct cw_path *path = paths->list[slot];
		uint16_t bit = (uint16_t)(1u << slot);
		if (path == NULL || ((tasks->probe | tasks->silence) & bit) == 0)
			continue;
		if (!cw_control_send(worker, current, path, (tasks->probe & bit) != 0,
				     (tasks->silence & bit) != 0 ? tasks->silent : 0))
			continue;
		/* What a path that does not live leaves unanswered says nothing of the peer, while another lives. */
		bool counts = !is_any_up || path->live.state == CW_PATH_UP;
		if ((tasks->probe & bit) != 0 && counts && paths->asked_us == 0)
			paths->asked_us = worker->now_us;
	}
}

static void tell_silence(struct cw_worker *worker, struct cw_peer *peer, const struct cw_keypair *current)
{
	uint64_t asked_us = peer->paths.asked_us, now = worker->now_us;

	if (asked_us == 0 || now - asked_us < SILENT_US || now - peer->silent_reported_us < SILENT_US)
		return;
	peer->silent_reported_us = now;
	cw_event_push(worker, CW_EVENT_SILENT, peer->name, current->local_index, NULL, 0);
}

static void look(struct cw_worker *worker, struct cw_peer *peer)
{
	struct cw_keypair *current = atomic_load_explicit(&peer->current, memory_order_relaxed);
	uint64_t now = worker->now_us, due = peer->paths.due_us;

	if (current == NULL) {
		peer->paths.asked_us = 0;
		peer->paths.due_us = now + REST_US;
		cw_mtu_probe(worker, peer, NULL, 0);
		return;
	}
	cw_path_read_lanes(worker, peer);
	cw_path_rate_probes(worker, &peer->paths);
	check_uplinks(worker, &peer->paths);
	forget_learned(worker, peer);
	if (peer->unplaced_count > 0 && now - peer->placed_us >= NAMED_AGAIN_US)
		cw_path_name_again(worker, peer);
	uint64_t late = due != 0 && now - due > LATE_US ? now - due : 0;
	cw_choice_watch(&peer->paths, worker->view->program->policies, worker->view->program->policy_count, now);
	struct cw_path_tasks tasks = cw_paths_look(&peer->paths, atomic_load(&current->is_confirmed), late, now);
	cw_path_tell(worker, peer);
	send_tasks(worker, current, &tasks);
	cw_mtu_probe(worker, peer, current, late);
	if (now - peer->report_us >= CW_REPORT_US * 3 / 4 && cw_control_report(worker, current))
		peer->report_us = now;
	tell_silence(worker, peer, current);
	if (peer->waiting_count > 0 && peer->paths.best != CW_PATH_NONE)
		cw_seal_waiting(worker, peer);
}

void cw_path_renew(struct cw_worker *worker, struct cw_peer *peer, const uint8_t *uplinks, const uint8_t *policies_then)
{
	if (uplinks != NULL) {
		cw_paths_move(&peer->paths, uplinks);
		cw_keypairs_move(peer, uplinks);
		peer->unplaced_count = 0;
	}
	for (uint32_t slot = 0; slot < CW_PATHS_MAX; slot++) {
		struct cw_path *path = peer->paths.list[slot];
		if (path == NULL)
			continue;
		if (path->way.uplink == CW_UPLINK_NONE) {
			give_back_path(worker, peer, path);
			continue;
		}
		note_uplink(worker, path);
	}
	if (policies_then != NULL)
		cw_choice_renumber(peer->choices, &peer->paths, policies_then);
	if (uplinks != NULL)
		cw_paths_choose(&peer->paths, worker->now_us);
	peer->paths.version++;
	cw_path_due(worker, peer);
}

void cw_path_look(struct cw_worker *worker)
{
	struct cw_path_pool *pool = &worker->paths;
	uint32_t count = atomic_load(&worker->peer_count);
	uint64_t next = UINT64_MAX;

	for (uint32_t i = 0; i < count; i++) {
		if (pool->due_us[i] <= worker->now_us) {
			look(worker, worker->peers[i]);
			pool->due_us[i] = worker->peers[i]->paths.due_us;
		}
		next = pool->due_us[i] < next ? pool->due_us[i] : next;
	}
	pool->next_us = next;
}
