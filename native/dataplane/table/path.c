/* See path.h. */
#include "table/path.h"

#include <string.h>

#define RETURN_US 2000000u
#define ANSWERED_US 100000u /* and a round trip: in an alarm it is asked often enough for that */

void cw_paths_begin(struct cw_paths *paths)
{
	memset(paths, 0, sizeof(*paths));
	paths->best = paths->told_best = CW_PATH_NONE;
	cw_paths_begin_session(paths, 0);
}

void cw_paths_begin_session(struct cw_paths *paths, uint64_t now_us)
{
	memset(paths->slot_of, CW_PATH_NONE, sizeof(paths->slot_of));
	for (uint32_t slot = 0; slot < CW_PATHS_MAX; slot++) {
		struct cw_path *path = paths->list[slot];
		if (path == NULL)
			continue;
		path->remote_number = CW_PATH_NONE;
		path->remote_uplink = CW_UPLINK_NONE;
		path->remote_flags = 0;
		path->flags = path->own_flags;
		path->session_us = now_us;
		/* The far end knows no more of it: the next probe is due, which tells. */
		if (path->live.state == CW_PATH_UP)
			path->live.probe_us = 0;
	}
}

bool cw_way_equal(const struct cw_way *a, const struct cw_way *b)
{
	return a->uplink == b->uplink && a->local_port == b->local_port && a->remote_port == b->remote_port &&
	       cw_address_equal(a->remote, b->remote);
}

struct cw_path *cw_paths_find(const struct cw_paths *paths, const struct cw_way *way)
{
	for (uint32_t slot = 0; slot < CW_PATHS_MAX; slot++) {
		if (paths->list[slot] != NULL && cw_way_equal(&paths->list[slot]->way, way))
			return paths->list[slot];
	}
	return NULL;
}

static bool has_number(const struct cw_paths *paths, uint8_t number)
{
	for (uint32_t slot = 0; slot < CW_PATHS_MAX; slot++) {
		if (paths->list[slot] != NULL && paths->list[slot]->number == number)
			return true;
	}
	return false;
}

/* Any value that looks random and is not zero, which would say that there is none (RFC 6437 §3). */
static uint32_t flow_label(const struct cw_way *way)
{
	uint64_t here = (uint64_t)way->local_port << 24 | (uint64_t)way->uplink << 40;
	uint64_t mixed = (way->remote.words[0] ^ way->remote.words[1] ^ way->remote_port ^ here) * 0x9e3779b97f4a7c15ull;

	return mixed >> 44 == 0 ? 1 : (uint32_t)(mixed >> 44);
}

void cw_path_begin(struct cw_path *path, const struct cw_way *way, uint64_t now_us)
{
	memset(path, 0, sizeof(*path));
	path->slot = CW_PATHS_MAX;
	path->number = CW_PATH_NONE;
	path->way = *way;
	path->leaves_by = way->uplink;
	path->relay_slot = CW_PATH_NONE;
	path->flow_label = flow_label(way);
	path->remote_number = CW_PATH_NONE;
	path->remote_uplink = CW_UPLINK_NONE;
	path->session_us = now_us;
	cw_liveness_begin(&path->live, now_us);
}

bool cw_paths_add(struct cw_paths *paths, struct cw_path *path, const struct cw_way *way, uint64_t now_us)
{
	uint32_t slot = 0;

	while (slot < CW_PATHS_MAX && paths->list[slot] != NULL)
		slot++;
	if (slot == CW_PATHS_MAX)
		return false;
	cw_path_begin(path, way, now_us);
	path->slot = (uint8_t)slot;
	paths->list[slot] = path;
	paths->count++;
	paths->slots = slot < paths->slots ? paths->slots : (uint8_t)(slot + 1);
	paths->version++;
	/* A look that is overdue stays so: it tells how long nobody looked. */
	if (paths->due_us == 0 || paths->due_us > now_us)
		paths->due_us = now_us;
	return true;
}

void cw_paths_number(struct cw_paths *paths, struct cw_path *path)
{
	/* At most 16 of 255 are in use: the next free one is near. */
	while (paths->next_number == CW_PATH_NONE || has_number(paths, paths->next_number))
		paths->next_number++;
	path->number = paths->next_number++;
	path->live.probe_us = 0;
}

void cw_path_return(struct cw_path *path, uint64_t now_us)
{
	cw_liveness_fail(&path->live, CW_PATH_UNTRIED, now_us);
	path->try_until_us = now_us + RETURN_US;
	path->try_probes = path->live.probes;
	path->live.probe_us = 0;
}

void cw_paths_remove(struct cw_paths *paths, struct cw_path *path)
{
	paths->list[path->slot] = NULL;
	paths->version++;
	paths->count--;
	while (paths->slots > 0 && paths->list[paths->slots - 1] == NULL)
		paths->slots--;
	for (uint32_t number = 0; number < sizeof(paths->slot_of); number++) {
		if (paths->slot_of[number] == path->slot)
			paths->slot_of[number] = CW_PATH_NONE;
	}
	if (paths->best == path->slot)
		paths->best = CW_PATH_NONE;
}

void cw_paths_pair(struct cw_paths *paths, struct cw_path *path, uint8_t number, uint64_t now_us)
{
	if (path->remote_number != CW_PATH_NONE && path->remote_number != number)
		path->session_us = now_us;
	/* The far end has given it to this one: whose it was here has another way now. */
	for (uint32_t slot = 0; slot < CW_PATHS_MAX; slot++) {
		if (paths->list[slot] != NULL && paths->list[slot]->remote_number == number)
			paths->list[slot]->remote_number = CW_PATH_NONE;
	}
	paths->slot_of[number] = path->slot;
	path->remote_number = number;
}

bool cw_path_is_among(const struct cw_path *path, const struct cw_way *ways, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		if (cw_way_equal(&path->way, &ways[i]))
			return true;
	}
	return false;
}

void cw_way_move(struct cw_way *way, const uint8_t uplinks[CW_UPLINKS_MAX])
{
	if (way->uplink != CW_UPLINK_RELAY)
		way->uplink = way->uplink < CW_UPLINKS_MAX ? uplinks[way->uplink] : CW_UPLINK_NONE;
}

void cw_paths_move(struct cw_paths *paths, const uint8_t uplinks[CW_UPLINKS_MAX])
{
	for (uint32_t slot = 0; slot < CW_PATHS_MAX; slot++) {
		struct cw_path *path = paths->list[slot];
		if (path == NULL)
			continue;
		cw_way_move(&path->way, uplinks);
		path->leaves_by = cw_path_is_relayed(path) ? path->leaves_by : path->way.uplink;
	}
}

bool cw_path_has_answered(const struct cw_paths *paths, const struct cw_path *path, uint64_t now_us)
{
	uint64_t recent_us = (uint64_t)path->live.rtt_us + ANSWERED_US;

	return path->live.lived_us >= paths->alarm_us && now_us - path->live.lived_us < recent_us;
}

uint8_t cw_path_doubt(const struct cw_paths *paths, const struct cw_path *path, uint64_t now_us)
{
	const struct cw_liveness *live = &path->live;
	bool is_dumb = path->alarm >= CW_DUMB_PROBES && live->asked_us != 0;

	if (cw_path_has_answered(paths, path, now_us) || (live->suspect_us == 0 && !is_dumb))
		return 0;
	return live->heard_us >= paths->alarm_us && now_us - live->heard_us < 5 * ANSWERED_US ? 1 : 2;
}

uint64_t cw_path_rank(const struct cw_paths *paths, const struct cw_path *path, uint64_t now_us)
{
	/* What was only heard from there may have been sent on by anybody. */
	if (!cw_path_may_carry(path))
		return UINT64_MAX;
	static const uint64_t states[] = { [CW_PATH_NEW] = 3, [CW_PATH_UP] = 0, [CW_PATH_DOWN] = 4 };
	const struct cw_liveness *live = &path->live;
	bool is_cut = cw_liveness_is_cut(live);
	uint64_t state = states[live->state] + is_cut;

	/* The best is left when it is certain. */
	if (live->state == CW_PATH_UP && path->slot != paths->best)
		state = cw_path_doubt(paths, path, now_us);
	if (live->state != CW_PATH_UP)
		return state << 60 | (UINT64_MAX - live->heard_us) >> 5;
	return state << 60 | (uint64_t)(now_us < live->hold_us) << 59 |
	       (uint64_t)((path->flags & CW_PATH_BACKUP) != 0) << 58 |
	       (uint64_t)((path->flags & CW_PATH_METERED) != 0) << 57 | (uint64_t)cw_path_is_relayed(path) << 56 |
	       (uint64_t)path->leaves_by << 48 |
	       (uint64_t)path->remote_uplink << 40 | path->slot;
}

void cw_paths_choose(struct cw_paths *paths, uint64_t now_us)
{
	uint64_t least = UINT64_MAX;
	uint8_t best = CW_PATH_NONE;

	paths->version++;
	for (uint32_t slot = 0; slot < paths->slots; slot++) {
		uint64_t at = paths->list[slot] == NULL ? UINT64_MAX : cw_path_rank(paths, paths->list[slot], now_us);
		if (at >= least)
			continue;
		least = at;
		best = (uint8_t)slot;
	}
	paths->best = best;
}
