/* See path.h. */
#include "graph/path.h"

#include "graph/control.h"
#include "graph/keep.h"
#include "graph/mtu-probe.h"
#include "graph/next-peer.h"
#include "graph/outer.h"
#include "graph/path-event.h"
#include "graph/path-lanes.h"
#include "graph/path-place.h"
#include "graph/path-try.h"
#include "graph/relay-path.h"
#include "graph/seal.h"
#include "overlay-port.h"
#include "port/port.h"
#include "table/session.h"
#include "worker.h"

#define LATE_US 20000u
#define SILENT_US 5000000u
#define LEARNED_KEPT_US 120000000u /* a way that nobody named and that is down is forgotten */
#define REST_US 1000000u
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

struct cw_path *cw_path_stray(struct cw_worker *worker, const struct cw_way *way)
{
	struct cw_path *path = &worker->stray_path;

	cw_seal_flush(worker);
	cw_path_begin(path, way, worker->now_us);
	if (cw_path_is_relayed(path))
		cw_relay_path_join(worker, path);
	return path;
}

/* It came by a channel of a former session with the relay. */
static bool is_over(const struct cw_worker *worker)
{
	return worker->arrival.uplink == CW_UPLINK_RELAY && worker->is_arrival_over;
}

/*
 * A way that was not known is learned, but not many a second: somebody may be sending on what he heard. A channel that is over leads
 * nowhere.
 */
static struct cw_path *find_or_learn(struct cw_worker *worker, struct cw_peer *peer)
{
	struct cw_path *path = cw_paths_find(&peer->paths, &worker->arrival);

	bool is_called_for = path == NULL && cw_spray_is_answered(worker, peer);
	if (path == NULL && is_over(worker))
		return NULL;
	if (path != NULL || (!is_called_for && !cw_bucket_take(&peer->learn_bucket, worker->now_us, LEARNED_PER_SECOND, LEARNED_BURST)))
		return path;
	path = cw_path_learn(worker, peer, &worker->arrival);
	if (path == NULL)
		cw_count_drop(worker, CW_DROP_PATH_FULL);
	return path;
}

struct cw_path *cw_path_hear(struct cw_worker *worker, struct cw_keypair *keypair, uint8_t number)
{
	struct cw_peer *peer = keypair->peer;
	struct cw_path *path = find_or_learn(worker, peer);

	if (path == NULL)
		return cw_path_stray(worker, &worker->arrival);
	cw_liveness_hear(&path->live, worker->now_us);
	if (cw_path_is_relayed(path) && !is_over(worker))
		cw_relay_path_join(worker, path);
	if (number == CW_PATH_NONE || !cw_keypair_is_of_session(keypair))
		return path;
	if (path->remote_number != CW_PATH_NONE && path->remote_number != number)
		cw_keep_note_move(worker, peer, path);
	cw_paths_pair(&peer->paths, path, number, worker->now_us);
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
	path->try_probes = 0;
	path->asked = (struct cw_quality){ 0 };
}

static bool is_usable(struct cw_worker *worker, struct cw_path *path)
{
	const struct cw_departure *departure = cw_outer_departure(worker, path);

	if (cw_path_is_relayed(path)) {
		cw_path_note_uplink(worker, path);
		return cw_relay_path_is_usable(worker, path);
	}
	return departure->uplink != NULL && departure->has_source &&
	       atomic_load_explicit(&departure->uplink->is_up, memory_order_relaxed);
}

/* Carrier, addresses, the program and relays say at once what probes would find out later. */
static void check_uplinks(struct cw_worker *worker, struct cw_paths *paths)
{
	for (uint32_t slot = 0; slot < CW_PATHS_MAX; slot++) {
		struct cw_path *path = paths->list[slot];
		if (path == NULL)
			continue;
		bool can_send = is_usable(worker, path), is_cut = cw_liveness_is_cut(&path->live);
		enum cw_path_why why = cw_path_is_relayed(path) ? CW_PATH_NO_RELAY : CW_PATH_NO_UPLINK;
		if (!can_send && !is_cut)
			cw_liveness_fail(&path->live, why, worker->now_us);
		else if (can_send && is_cut && !path->live.was_up)
			renew(path, worker->now_us);
		else if (can_send && is_cut)
			cw_path_return(path, worker->now_us);
	}
}

static void forget_learned(struct cw_worker *worker, struct cw_peer *peer)
{
	for (uint32_t slot = 0; slot < CW_PATHS_MAX; slot++) {
		struct cw_path *path = peer->paths.list[slot];
		if (path == NULL || cw_path_is_named(path) || path->live.state == CW_PATH_UP || peer->paths.count == 1)
			continue;
		if (worker->now_us - path->live.changed_us > LEARNED_KEPT_US)
			cw_path_give_back(worker, peer, path);
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

	cw_path_end_tries(worker, peer);
	if (current == NULL) {
		cw_relay_look(worker, peer);
		cw_next_peer_note(peer, now);
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
	cw_next_peer_note(peer, now);
	cw_relay_look(worker, peer);
	cw_path_tell(worker, peer);
	send_tasks(worker, current, &tasks);
	cw_mtu_probe(worker, peer, current, late);
	cw_keep_look(worker, peer, current);
	if (now - peer->report_us >= CW_REPORT_US * 3 / 4 && cw_control_report(worker, current))
		peer->report_us = now;
	tell_silence(worker, peer, current);
	if (peer->waiting_count > 0 && peer->paths.best != CW_PATH_NONE)
		cw_seal_waiting(worker, peer);
}

/* What is named the program names anew; others stay with the port that they began with, as long as that is the overlay's. */
static bool has_port(const struct cw_program *program, const struct cw_path *path)
{
	if (path->is_configured || cw_path_is_relayed(path))
		return true;
	const struct cw_port_program *port = cw_uplink_program(program, path->way.uplink);
	uint16_t number = path->way.local_port;
	return port != NULL && (cw_is_overlay_port(port, number) || cw_is_spray_port(port, number));
}

void cw_path_renew(struct cw_worker *worker, struct cw_peer *peer, const uint8_t *uplinks, const uint8_t *policies_then)
{
	if (uplinks != NULL) {
		cw_paths_move(&peer->paths, uplinks);
		cw_keypairs_move(peer, uplinks);
		cw_keep_move_call(peer, uplinks);
		peer->unplaced_count = 0;
	}
	for (uint32_t slot = 0; slot < CW_PATHS_MAX; slot++) {
		struct cw_path *path = peer->paths.list[slot];
		if (path == NULL)
			continue;
		if (path->way.uplink == CW_UPLINK_NONE || (uplinks != NULL && !has_port(worker->view->program, path))) {
			cw_path_give_back(worker, peer, path);
			continue;
		}
		cw_path_note_uplink(worker, path);
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

	cw_keep_tick(worker);
	/* A look may find that another is due. */
	pool->next_us = UINT64_MAX;
	for (uint32_t i = 0; i < count; i++) {
		if (pool->due_us[i] <= worker->now_us) {
			look(worker, worker->peers[i]);
			pool->due_us[i] = worker->peers[i]->paths.due_us;
		}
		next = pool->due_us[i] < next ? pool->due_us[i] : next;
	}
	pool->next_us = next < pool->next_us ? next : pool->next_us;
}
