/* See keep.h. */
#include "graph/keep.h"

#include <string.h>

#include "graph/control.h"
#include "graph/outer.h"
#include "graph/path.h"
#include "graph/seal.h"
#include "mix.h"
#include "overlay-port.h"
#include "table/path-due.h"
#include "table/session.h"
#include "table/view.h"
#include "worker.h"

#define SECOND_US 1000000ull
#define STREAM_US (3 * SECOND_US) /* netfilter remembers for longer what was used twice, two seconds apart */
#define MARGIN_S 3                /* so much longer than is relied on */
#define EARLY_CALL_US 100000u
#define AGAIN_US (3600 * SECOND_US)
#define ATTEMPTS 2 /* for one may be lost */
#define PROVEN_FOR_US (3 * AGAIN_US) /* where nobody could be asked again */

/* What is relied on, by steps that are proven; before that path-due.c says. */
static const uint16_t kept_s[CW_KEEP_STEPS + 1] = { 0, 30, 60, 110 };

enum phase { PHASE_NONE, PHASE_OPENED, PHASE_ANSWERED, PHASE_SILENT };

static uint32_t silence_s(const struct cw_keep *keep)
{
	return kept_s[keep->step] + MARGIN_S;
}

/* Nothing is known, and nothing is watched. */
static void begin_anew(struct cw_keep *keep, struct cw_address source)
{
	*keep = (struct cw_keep){ .source = source, .way = { .local_port = keep->way.local_port } };
}

/* Its uplink's; NULL: it has none. What was found out of another address is over. */
static struct cw_keep *keep_of(struct cw_worker *worker, struct cw_path *path)
{
	enum cw_family family = cw_address_family(path->way.remote);
	const struct cw_departure *departure;

	if (path->way.uplink >= CW_UPLINKS_MAX)
		return NULL;
	departure = cw_outer_departure(worker, path);
	if (departure->uplink == NULL || !departure->has_source)
		return NULL;
	struct cw_keep *keep = &worker->keeps[path->way.uplink][family];
	struct cw_address source = worker->view->port_address[departure->uplink_index][family];
	if (!cw_address_equal(keep->source, source))
		begin_anew(keep, source);
	return keep;
}

/* |  0x11  |  0  |  length 8  | after, seconds | 0 | id |. False: it could not leave. */
static bool ask(struct cw_worker *worker, struct cw_keypair *current, struct cw_keep *keep, uint32_t after_s)
{
	uint32_t id = (uint32_t)(cw_mix64(worker->path_secret + worker->now_us) >> 32);
	const uint8_t item[12] = { CW_ITEM_CALL_BACK, 0, 0, 8, after_s >> 8 & 0xff, after_s & 0xff, 0, 0,
				   id >> 24, id >> 16 & 0xff, id >> 8 & 0xff, id & 0xff };

	if (cw_seal_control(worker, current, cw_path_stray(worker, &keep->way), item, sizeof(item)) != 0)
		return false;
	cw_seal_flush(worker);
	keep->id = id;
	keep->asked_us = worker->now_us;
	keep->arrived = 0;
	return true;
}

static void begin_watch(struct cw_worker *worker, struct cw_peer *peer, struct cw_keypair *current, struct cw_path *path,
			struct cw_keep *keep)
{
	uint16_t port = cw_keep_port(worker, path, keep->way.local_port);

	if (port == 0)
		return;
	keep->way = path->way;
	keep->way.local_port = port;
	keep->next_us = worker->now_us + SECOND_US;
	if (!ask(worker, current, keep, 0))
		return;
	if (keep->step == 0)
		keep->step = keep->proven > 0 ? keep->proven : 1;
	keep->peer = peer;
	keep->phase = PHASE_OPENED;
	keep->next_us = worker->now_us + STREAM_US;
	/* Unless somebody answers, who lets in nobody but whom he has sent to. */
	path->unwatched_us = worker->now_us;
}

static void end_watch(struct cw_keep *keep, uint64_t next_us)
{
	keep->phase = PHASE_NONE;
	keep->peer = NULL;
	keep->next_us = next_us;
}

/* What was longer than is known is left for an hour; what was known is so no longer. */
static void fail(struct cw_keep *keep, uint64_t now_us)
{
	bool is_known = keep->step <= keep->proven;

	end_watch(keep, now_us + SECOND_US);
	if (++keep->attempts < ATTEMPTS)
		return;
	keep->attempts = 0;
	keep->proven = is_known ? keep->step - 1 : keep->proven;
	keep->step = is_known ? keep->proven : 0;
	if (keep->step == 0)
		keep->next_us = now_us + AGAIN_US;
}

/* Something else came by it, which may have renewed it: that shows nothing. */
static void give_up(struct cw_keep *keep, uint64_t now_us)
{
	end_watch(keep, now_us + SECOND_US);
	if (++keep->attempts < ATTEMPTS)
		return;
	keep->attempts = 0;
	keep->step = 0;
	keep->next_us = now_us + AGAIN_US;
}

static void succeed(struct cw_keep *keep, uint64_t now_us)
{
	bool is_last = keep->step == CW_KEEP_STEPS;

	keep->proven = keep->step > keep->proven ? keep->step : keep->proven;
	keep->proven_us = now_us;
	keep->prover = keep->peer;
	keep->step = is_last ? 0 : keep->step + 1;
	keep->attempts = 0;
	end_watch(keep, now_us + (is_last ? AGAIN_US : SECOND_US));
}

/* What was relied on does not hold, or is not known to: from the start, but not at once. */
static void lose_proof(struct cw_keep *keep, uint64_t now_us)
{
	keep->proven = keep->step = keep->attempts = 0;
	end_watch(keep, now_us + AGAIN_US);
}

/* Whether the peer lives where it is asked: if not, that nobody calls back says nothing. */
static bool is_there(const struct cw_keep *keep)
{
	const struct cw_paths *paths = &keep->peer->paths;

	for (uint32_t slot = 0; slot < paths->slots; slot++) {
		const struct cw_path *path = paths->list[slot];
		if (path != NULL && path->live.state == CW_PATH_UP && path->way.uplink == keep->way.uplink &&
		    path->way.remote_port == keep->way.remote_port && cw_address_equal(path->way.remote, keep->way.remote))
			return true;
	}
	return false;
}

static void go_on(struct cw_worker *worker, struct cw_keep *keep)
{
	struct cw_keypair *current = atomic_load_explicit(&keep->peer->current, memory_order_relaxed);
	const struct cw_port_program *port = cw_uplink_program(worker->view->program, keep->way.uplink);

	if (current == NULL || port == NULL || !cw_is_spray_port(port, keep->way.local_port)) {
		end_watch(keep, worker->now_us + SECOND_US);
		return;
	}
	if (worker->now_us < keep->next_us)
		return;
	if (keep->phase == PHASE_ANSWERED) {
		keep->next_us = worker->now_us + SECOND_US;
		if (!ask(worker, current, keep, silence_s(keep)))
			return;
		keep->phase = PHASE_SILENT;
		keep->next_us = worker->now_us + silence_s(keep) * SECOND_US + CW_LATE_CALL_US;
	} else if (keep->phase == PHASE_OPENED || !is_there(keep)) {
		end_watch(keep, worker->now_us + SECOND_US);
	} else if (keep->arrived > 0) {
		give_up(keep, worker->now_us);
	} else {
		fail(keep, worker->now_us);
	}
}

/* The far end is to hear at once where this one is now, not when silence ends. */
static void note_source(struct cw_worker *worker, struct cw_peer *peer, struct cw_path *path, struct cw_address source)
{
	if (cw_address_equal(path->source, source))
		return;
	if (!cw_address_is_none(path->source)) {
		path->live.probe_us = 0;
		cw_path_due(worker, peer);
	}
	path->source = source;
}

/*
 * A relay's own sessions keep NATs open; who knows this end by its configuration needs none to be. The others' mappings are of the
 * kind that was watched only once they too were used both ways for a while: before that they may last for less.
 */
static uint16_t silence_of(const struct cw_path *path, const struct cw_keep *keep)
{
	const struct cw_liveness *live = &path->live;

	if (cw_path_is_relayed(path))
		return CW_RELAYED_KEPT_S;
	if ((path->remote_flags & CW_PATH_NAMED) != 0)
		return kept_s[CW_KEEP_STEPS];
	bool is_alike = live->state == CW_PATH_UP && live->answered_us >= live->changed_us + STREAM_US;
	return keep == NULL || !is_alike ? 0 : kept_s[keep->proven];
}

/* A path at rest went down by which less was asked than at first, or its uplink was away: the NAT may be another, or no witness. */
static void doubt(struct cw_worker *worker, const struct cw_paths *paths, const struct cw_path *path, struct cw_keep *keep)
{
	bool was_proven = path->kept_s != 0 && (path->remote_flags & CW_PATH_NAMED) == 0;

	if (path->live.why == CW_PATH_NO_UPLINK)
		begin_anew(keep, keep->source);
	else if (path->live.state == CW_PATH_DOWN && was_proven && keep->proven > 0 && !paths->is_awake)
		lose_proof(keep, worker->now_us);
}

static bool may_watch(const struct cw_worker *worker, const struct cw_paths *paths, const struct cw_path *path,
		      const struct cw_keep *keep)
{
	uint64_t now_us = worker->now_us;
	bool is_at_rest = !paths->is_awake && path->slot == paths->best && path->live.state == CW_PATH_UP;
	bool may_answer = path->unwatched_us == 0 || now_us - path->unwatched_us >= AGAIN_US;

	/* All ports are the spray's as long as one goes on. */
	return worker->spraying.peer == NULL && is_at_rest && may_answer && keep->phase == PHASE_NONE && now_us >= keep->next_us;
}

void cw_keep_look(struct cw_worker *worker, struct cw_peer *peer, struct cw_keypair *current)
{
	struct cw_paths *paths = &peer->paths;

	cw_keep_call(worker, peer, current);
	for (uint32_t slot = 0; slot < paths->slots; slot++) {
		struct cw_path *path = paths->list[slot];
		if (path == NULL)
			continue;
		if (path->way.uplink < CW_UPLINKS_MAX)
			doubt(worker, paths, path, &worker->keeps[path->way.uplink][cw_address_family(path->way.remote)]);
		struct cw_keep *keep = keep_of(worker, path);
		path->kept_s = silence_of(path, keep);
		if (keep != NULL)
			note_source(worker, peer, path, keep->source);
		if (keep != NULL && may_watch(worker, paths, path, keep))
			begin_watch(worker, peer, current, path, keep);
	}
}

void cw_keep_note_move(struct cw_worker *worker, const struct cw_peer *peer, const struct cw_path *path)
{
	bool was_relied_on = path->kept_s != 0 && (path->remote_flags & CW_PATH_NAMED) == 0 && !peer->paths.is_awake;

	if (path->way.uplink >= CW_UPLINKS_MAX || !was_relied_on)
		return;
	struct cw_keep *keep = &worker->keeps[path->way.uplink][cw_address_family(path->way.remote)];
	if (keep->proven > 0)
		lose_proof(keep, worker->now_us);
}

void cw_keep_tick(struct cw_worker *worker)
{
	for (uint32_t i = 0; i < CW_UPLINKS_MAX * CW_FAMILIES; i++) {
		struct cw_keep *keep = &worker->keeps[i / CW_FAMILIES][i % CW_FAMILIES];
		if (keep->phase != PHASE_NONE)
			go_on(worker, keep);
		if (keep->proven > 0 && worker->now_us - keep->proven_us >= PROVEN_FOR_US)
			lose_proof(keep, worker->now_us);
	}
}

void cw_keep_stop(struct cw_worker *worker)
{
	for (uint32_t i = 0; i < CW_UPLINKS_MAX * CW_FAMILIES; i++) {
		struct cw_keep *keep = &worker->keeps[i / CW_FAMILIES][i % CW_FAMILIES];
		if (keep->phase != PHASE_NONE)
			end_watch(keep, worker->now_us + SECOND_US);
	}
}

void cw_keep_note(struct cw_worker *worker, uint8_t uplink, uint16_t port)
{
	for (uint32_t family = 0; uplink < CW_UPLINKS_MAX && family < CW_FAMILIES; family++) {
		struct cw_keep *keep = &worker->keeps[uplink][family];
		keep->arrived += keep->phase != PHASE_NONE && keep->way.local_port == port;
	}
}

/* What is watched by worker->arrival; NULL: nothing. */
static struct cw_keep *watched_by(struct cw_worker *worker, const struct cw_peer *peer)
{
	const struct cw_way *arrival = &worker->arrival;

	if (arrival->uplink >= CW_UPLINKS_MAX)
		return NULL;
	struct cw_keep *keep = &worker->keeps[arrival->uplink][cw_address_family(arrival->remote)];
	bool is_watched = keep->phase != PHASE_NONE && keep->peer == peer && cw_way_equal(&keep->way, arrival);
	return is_watched ? keep : NULL;
}

/* An answer at a port from which nothing is asked any more: of a watch, or a spray, that is over. */
static bool is_late(const struct cw_worker *worker, const struct cw_peer *peer)
{
	const struct cw_port_program *port = cw_uplink_program(worker->view->program, worker->arrival.uplink);

	return port != NULL && cw_is_spray_port(port, worker->arrival.local_port) && worker->spraying.peer == NULL &&
	       cw_paths_find(&peer->paths, &worker->arrival) == NULL;
}

bool cw_keep_is_aside(struct cw_worker *worker, const struct cw_peer *peer, const uint8_t *items, uint32_t length)
{
	uint8_t first = length > 0 ? items[0] : 0;

	return first == CW_ITEM_CALL_BACK || watched_by(worker, peer) != NULL ||
	       (first == CW_ITEM_PROBE_REPLY && is_late(worker, peer));
}

/* The far end lets in another port: by the path that is meant more may be watched. */
static void note_watchable(struct cw_paths *paths, const struct cw_keep *keep)
{
	for (uint32_t slot = 0; slot < paths->slots; slot++) {
		struct cw_path *path = paths->list[slot];
		if (path != NULL && path->way.uplink == keep->way.uplink && path->way.remote_port == keep->way.remote_port &&
		    cw_address_equal(path->way.remote, keep->way.remote))
			path->unwatched_us = 0;
	}
}

bool cw_keep_hear(struct cw_worker *worker, struct cw_peer *peer, uint32_t id)
{
	struct cw_keep *keep = watched_by(worker, peer);

	if (keep == NULL)
		return false;
	if (keep->id != id)
		return true;
	uint64_t silent_us = worker->now_us + EARLY_CALL_US - keep->asked_us;
	note_watchable(&peer->paths, keep);
	if (keep->phase == PHASE_OPENED)
		keep->phase = PHASE_ANSWERED;
	else if (keep->phase == PHASE_SILENT && silent_us >= silence_s(keep) * SECOND_US && keep->arrived == 1)
		succeed(keep, worker->now_us);
	return true;
}

void cw_keep_move(struct cw_worker *worker, const uint8_t uplinks[CW_UPLINKS_MAX])
{
	struct cw_keep before[CW_UPLINKS_MAX][CW_FAMILIES];

	memcpy(before, worker->keeps, sizeof(before));
	memset(worker->keeps, 0, sizeof(worker->keeps));
	for (uint32_t i = 0; i < CW_UPLINKS_MAX; i++) {
		for (uint32_t family = 0; uplinks[i] < CW_UPLINKS_MAX && family < CW_FAMILIES; family++) {
			struct cw_keep *keep = &worker->keeps[uplinks[i]][family];
			*keep = before[i][family];
			keep->way.uplink = uplinks[i];
		}
	}
}

void cw_keep_forget(struct cw_worker *worker, struct cw_peer *peer)
{
	peer->call.due_us = 0;
	for (uint32_t i = 0; i < CW_UPLINKS_MAX; i++) {
		for (uint32_t family = 0; family < CW_FAMILIES; family++) {
			struct cw_keep *keep = &worker->keeps[i][family];
			if (keep->peer == peer)
				end_watch(keep, worker->now_us);
			/* A peer's word that no other can be asked for any more. */
			if (keep->prover == peer)
				begin_anew(keep, keep->source);
		}
	}
}
