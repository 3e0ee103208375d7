/* See keep.h. */
#include "graph/keep.h"

#include <string.h>

#include "graph/control.h"
#include "graph/outer.h"
#include "graph/path.h"
#include "graph/seal.h"
#include "mix.h"
#include "overlay-port.h"
#include "table/session.h"
#include "table/view.h"
#include "worker.h"

#define SECOND_US 1000000ull
#define STREAM_US (3 * SECOND_US) /* netfilter remembers for longer what was used twice, two seconds apart */
#define MARGIN_S 3                /* so much longer than is relied on */
#define LATE_CALL_US (4 * SECOND_US)
#define EARLY_CALL_US 100000u
#define AGAIN_US (3600 * SECOND_US)
#define ATTEMPTS 2 /* for one may be lost */
#define AFTER_MOST_S 120

/* What is relied on, by steps that are proven; before that path-due.c says. */
static const uint16_t kept_s[CW_KEEP_STEPS + 1] = { 0, 30, 60, 110 };

enum phase { PHASE_NONE, PHASE_OPENED, PHASE_ANSWERED, PHASE_SILENT };

static uint32_t silence_s(const struct cw_keep *keep)
{
	return kept_s[keep->step] + MARGIN_S;
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
		*keep = (struct cw_keep){ .source = source, .way = { .local_port = keep->way.local_port } };
	return keep;
}

/* |  0x11  |  0  |  length 8  | after, seconds | 0 | id | */
static void ask(struct cw_worker *worker, struct cw_keypair *current, struct cw_keep *keep, uint32_t after_s)
{
	uint32_t id = (uint32_t)(cw_mix64(worker->path_secret + worker->now_us) >> 32);
	const uint8_t item[12] = { CW_ITEM_CALL_BACK, 0, 0, 8, after_s >> 8 & 0xff, after_s & 0xff, 0, 0,
				   id >> 24, id >> 16 & 0xff, id >> 8 & 0xff, id & 0xff };

	keep->id = id;
	keep->asked_us = worker->now_us;
	cw_seal_control(worker, current, cw_path_stray(worker, &keep->way), item, sizeof(item));
	cw_seal_flush(worker);
}

/* The next of the ports that sprays have; 0: the uplink has none. What was watched at one before is long forgotten then. */
static uint16_t next_port(const struct cw_program *program, const struct cw_path *path, uint16_t before)
{
	const struct cw_port_program *port = &program->port_programs[path->departure.uplink_index];

	if (port->spray_port == 0)
		return 0;
	uint32_t last = (uint32_t)(path->live.secret % CW_SPRAY_PORTS);
	if (cw_is_spray_port(port, before))
		last = (uint32_t)(before - port->spray_port);
	return (uint16_t)(port->spray_port + (last + 1) % CW_SPRAY_PORTS);
}

static void begin_watch(struct cw_worker *worker, struct cw_peer *peer, struct cw_keypair *current, struct cw_path *path,
			struct cw_keep *keep)
{
	uint16_t port = next_port(worker->view->program, path, keep->way.local_port);

	if (port == 0)
		return;
	if (keep->step == 0)
		keep->step = keep->proven > 0 ? keep->proven : 1;
	keep->peer = peer;
	keep->way = path->way;
	keep->way.local_port = port;
	ask(worker, current, keep, 0);
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

static void succeed(struct cw_keep *keep, uint64_t now_us)
{
	bool is_last = keep->step == CW_KEEP_STEPS;

	keep->proven = keep->step > keep->proven ? keep->step : keep->proven;
	keep->step = is_last ? 0 : keep->step + 1;
	keep->attempts = 0;
	end_watch(keep, now_us + (is_last ? AGAIN_US : SECOND_US));
}

static void go_on(struct cw_worker *worker, struct cw_keypair *current, struct cw_keep *keep)
{
	if (worker->now_us < keep->next_us)
		return;
	if (keep->phase == PHASE_OPENED) {
		end_watch(keep, worker->now_us + SECOND_US);
	} else if (keep->phase == PHASE_ANSWERED) {
		ask(worker, current, keep, silence_s(keep));
		keep->phase = PHASE_SILENT;
		keep->next_us = worker->now_us + silence_s(keep) * SECOND_US + LATE_CALL_US;
	} else {
		fail(keep, worker->now_us);
	}
}

static void call_back(struct cw_worker *worker, struct cw_peer *peer, struct cw_keypair *current)
{
	uint32_t held = rte_cpu_to_be_32(peer->call.after_s * 1000000u);
	uint8_t item[16] = { CW_ITEM_PROBE_REPLY, 0, 0, 12 };

	memcpy(item + 4, &peer->call.id, 4);
	memcpy(item + 12, &held, 4);
	peer->call.due_us = 0;
	cw_seal_control(worker, current, cw_path_stray(worker, &peer->call.way), item, sizeof(item));
	cw_seal_flush(worker);
}

/* A relay's own sessions keep NATs open; who knows this end by its configuration needs none to be. */
static uint16_t silence_of(const struct cw_path *path, const struct cw_keep *keep)
{
	if (path->way.uplink == CW_UPLINK_RELAY || (path->remote_flags & CW_PATH_NAMED) != 0)
		return kept_s[CW_KEEP_STEPS];
	return keep == NULL ? 0 : kept_s[keep->proven];
}

static bool may_watch(const struct cw_paths *paths, const struct cw_path *path, const struct cw_keep *keep, uint64_t now_us)
{
	bool is_at_rest = !paths->is_awake && path->slot == paths->best && path->live.state == CW_PATH_UP;
	bool may_answer = path->unwatched_us == 0 || now_us - path->unwatched_us >= AGAIN_US;

	return is_at_rest && may_answer && keep->phase == PHASE_NONE && now_us >= keep->next_us;
}

void cw_keep_look(struct cw_worker *worker, struct cw_peer *peer, struct cw_keypair *current)
{
	struct cw_paths *paths = &peer->paths;

	if (peer->call.due_us != 0 && worker->now_us >= peer->call.due_us)
		call_back(worker, peer, current);
	for (uint32_t slot = 0; slot < paths->slots; slot++) {
		struct cw_path *path = paths->list[slot];
		if (path == NULL)
			continue;
		struct cw_keep *keep = keep_of(worker, path);
		path->kept_s = silence_of(path, keep);
		if (keep == NULL)
			continue;
		if (keep->phase != PHASE_NONE && keep->peer == peer)
			go_on(worker, current, keep);
		else if (may_watch(paths, path, keep, worker->now_us))
			begin_watch(worker, peer, current, path, keep);
	}
}

/* What is watched by worker->arrival; NULL: nothing. */
static struct cw_keep *watched_by(const struct cw_worker *worker, const struct cw_peer *peer)
{
	const struct cw_way *arrival = &worker->arrival;

	if (arrival->uplink >= CW_UPLINKS_MAX)
		return NULL;
	const struct cw_keep *keep = &worker->keeps[arrival->uplink][cw_address_family(arrival->remote)];
	bool is_watched = keep->phase != PHASE_NONE && keep->peer == peer && cw_way_equal(&keep->way, arrival);
	return is_watched ? (struct cw_keep *)(uintptr_t)keep : NULL;
}

bool cw_keep_is_aside(const struct cw_worker *worker, const struct cw_peer *peer, const uint8_t *items, uint32_t length)
{
	return (length > 0 && items[0] == CW_ITEM_CALL_BACK) || watched_by(worker, peer) != NULL;
}

bool cw_keep_call_later(struct cw_worker *worker, struct cw_peer *peer, const uint8_t *value)
{
	uint32_t after_s = (uint32_t)value[0] << 8 | value[1];

	if (after_s == 0)
		return false;
	if (after_s > AFTER_MOST_S)
		return true;
	peer->call.due_us = worker->now_us + after_s * SECOND_US;
	peer->call.after_s = after_s;
	peer->call.way = worker->arrival;
	memcpy(&peer->call.id, value + 4, sizeof(peer->call.id));
	return true;
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
	else if (keep->phase == PHASE_SILENT && silent_us >= silence_s(keep) * SECOND_US)
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
		}
	}
}
