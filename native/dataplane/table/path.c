/* See path.h. */
#include "table/path.h"

#include <string.h>

#define AWAKE_US 3000000u      /* after the last data */
#define ACTIVE_US 2000000u     /* so long after it something is expected by a path */
#define KEEPS_US 3000000u      /* and so long it is sent, which is longer: clocks and delays differ */
#define STANDBY_US 1000000u
#define STANDBY_METERED_US 10000000u
#define KEPT_US 27000000u      /* many NATs forget after 30 s (RFC 4787 asks for 2 minutes) */
#define DOWN_US 500000u
#define DOWN_METERED_US 5000000u
#define RETURNING_US 100000u   /* it was down and answered once */
#define UNTRIED_US 250000u
#define UNTRIED_MOST_US 8000000u
#define UNTRIED_FOR_US 20000000u /* at rest nothing is asked any longer */
#define UNCONFIRMED_US 250000u
#define ALARM_GAP_US 16000u
#define ALARM_PROBES 10u
#define ALARM_PATHS 4u
#define SILENCE_GAP_US 20000u
#define SILENCE_AGAIN_US 500000u
#define LEARNED_US 60000000u
#define LOOK_MOST_US 1000000u
#define LOOK_AWAKE_US 100000u

void cw_paths_begin(struct cw_paths *paths)
{
	memset(paths, 0, sizeof(*paths));
	paths->best = paths->told_best = CW_PATH_NONE;
	cw_paths_forget_numbers(paths);
}

void cw_paths_forget_numbers(struct cw_paths *paths)
{
	memset(paths->slot_of, CW_PATH_NONE, sizeof(paths->slot_of));
}

static bool is_way(const struct cw_way *a, const struct cw_way *b)
{
	return a->uplink == b->uplink && a->local_port == b->local_port && a->remote_port == b->remote_port &&
	       cw_address_equal(a->remote, b->remote);
}

struct cw_path *cw_paths_find(const struct cw_paths *paths, const struct cw_way *way)
{
	for (uint32_t slot = 0; slot < CW_PATHS_MAX; slot++) {
		if (paths->list[slot] != NULL && is_way(&paths->list[slot]->way, way))
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
static uint32_t flow_label(const struct cw_way *way, uint8_t number)
{
	uint64_t mixed = (way->remote.words[0] ^ way->remote.words[1] ^ way->remote_port ^ (uint64_t)number << 40) *
			 0x9e3779b97f4a7c15ull;

	return mixed >> 44 == 0 ? 1 : (uint32_t)(mixed >> 44);
}

bool cw_paths_add(struct cw_paths *paths, struct cw_path *path, const struct cw_way *way, uint64_t now_us)
{
	uint32_t slot = 0;

	while (slot < CW_PATHS_MAX && paths->list[slot] != NULL)
		slot++;
	if (slot == CW_PATHS_MAX)
		return false;
	/* At most 16 of 255 are in use: the next free one is near. */
	while (paths->next_number == CW_PATH_NONE || has_number(paths, paths->next_number))
		paths->next_number++;
	memset(path, 0, sizeof(*path));
	path->slot = (uint8_t)slot;
	path->number = paths->next_number++;
	path->way = *way;
	path->flow_label = flow_label(way, path->number);
	path->remote_number = CW_PATH_NONE;
	path->remote_uplink = CW_PATH_NONE;
	cw_liveness_begin(&path->live, now_us);
	paths->list[slot] = path;
	paths->count++;
	paths->due_us = now_us;
	return true;
}

void cw_paths_remove(struct cw_paths *paths, struct cw_path *path)
{
	paths->list[path->slot] = NULL;
	paths->count--;
	for (uint32_t number = 0; number < sizeof(paths->slot_of); number++) {
		if (paths->slot_of[number] == path->slot)
			paths->slot_of[number] = CW_PATH_NONE;
	}
	if (paths->best == path->slot)
		paths->best = CW_PATH_NONE;
}

void cw_paths_pair(struct cw_paths *paths, struct cw_path *path, uint8_t number)
{
	paths->slot_of[number] = path->slot;
}

void cw_paths_wake(struct cw_paths *paths, uint64_t now_us)
{
	paths->data_us = now_us;
	paths->is_awake = true;
	paths->due_us = now_us;
}

static uint64_t later(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static uint64_t sooner(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t data_us(const struct cw_path *path)
{
	return later(path->tx_us, path->rx_us);
}

static bool is_dear(const struct cw_path *path)
{
	return (path->flags & (CW_PATH_METERED | CW_PATH_BACKUP)) != 0;
}

/* Whether its uplink can send at all: outside this file's knowledge, it is said by `why`. */
static bool is_cut(const struct cw_path *path)
{
	return path->live.state == CW_PATH_DOWN && path->live.why == CW_PATH_NO_UPLINK;
}

/* How long after the last probe the next one is due; UINT64_MAX: none is. */
static uint64_t interval_us(const struct cw_paths *paths, const struct cw_path *path, bool is_kept, uint64_t now_us)
{
	const struct cw_liveness *live = &path->live;
	uint64_t age = now_us - live->changed_us;

	if (live->suspect_us != 0)
		return live->burst < CW_BURST_PROBES ? CW_BURST_GAP_US : 2 * ALARM_GAP_US;
	if (live->state == CW_PATH_NEW) {
		uint64_t step = age / 2 < UNTRIED_US ? UNTRIED_US : sooner(age / 2, UNTRIED_MOST_US);
		return paths->is_awake || age < UNTRIED_FOR_US ? step : UINT64_MAX;
	}
	if (live->state == CW_PATH_DOWN) {
		if (live->answers > 0)
			return RETURNING_US;
		if (!paths->is_awake && !is_kept)
			return UINT64_MAX;
		return is_dear(path) ? DOWN_METERED_US : DOWN_US;
	}
	if (paths->is_awake && now_us - data_us(path) < KEEPS_US)
		return CW_KEEP_US;
	/* Whether flows may come back is told by its probes alone. */
	if (paths->is_awake && !is_dear(path) && (now_us < live->hold_us || now_us < path->trial_us))
		return RETURNING_US;
	if (paths->is_awake)
		return is_dear(path) ? STANDBY_METERED_US : STANDBY_US;
	return is_kept ? KEPT_US : UINT64_MAX;
}

/* Those that were found down by silence are told of by every other path, and by themselves: they may be so one way only. */
static void tell_silence(struct cw_paths *paths, struct cw_path_tasks *tasks, uint64_t now_us)
{
	for (uint32_t slot = 0; slot < CW_PATHS_MAX; slot++) {
		struct cw_path *path = paths->list[slot];
		if (path == NULL || path->live.state != CW_PATH_DOWN || path->live.why != CW_PATH_SILENT ||
		    path->live.heard_us > path->live.changed_us)
			continue;
		uint64_t age = now_us - path->live.changed_us;
		uint64_t gap = age < 4 * SILENCE_GAP_US ? SILENCE_GAP_US : SILENCE_AGAIN_US;
		if (path->told_us > path->live.changed_us && now_us - path->told_us < gap)
			continue;
		if (age > SILENCE_AGAIN_US && !paths->is_awake)
			continue;
		path->told_us = now_us;
		tasks->silent |= 1u << slot;
	}
	for (uint32_t slot = 0; tasks->silent != 0 && slot < CW_PATHS_MAX; slot++) {
		const struct cw_path *path = paths->list[slot];
		if (path != NULL && !is_cut(path) && (path->live.state == CW_PATH_UP || tasks->silent & 1u << slot))
			tasks->silence |= 1u << slot;
	}
}

/* When another path was last answered, which proves that the far end itself is there. */
static uint64_t proof_us(const struct cw_paths *paths, const struct cw_path *of)
{
	uint64_t proof = 0;

	for (uint32_t slot = 0; slot < CW_PATHS_MAX; slot++) {
		const struct cw_path *path = paths->list[slot];
		if (path == NULL || path == of || path->live.answered_us < of->live.suspect_us)
			continue;
		proof = proof == 0 ? path->live.answered_us : sooner(proof, path->live.answered_us);
	}
	return proof;
}

static void judge(struct cw_paths *paths, struct cw_path *path, struct cw_path_tasks *tasks, uint64_t now_us)
{
	struct cw_liveness *live = &path->live;
	uint64_t at = cw_liveness_verdict_us(live, proof_us(paths, path));

	if (now_us < at)
		return;
	/* What is heard of late goes nowhere: the other direction is cut. */
	bool is_heard = now_us - live->heard_us < CW_SUSPECT_US;
	cw_liveness_fail(live, is_heard ? CW_PATH_UNANSWERED : CW_PATH_SILENT, now_us);
	tasks->changed |= 1u << path->slot;
}

static void look_at(struct cw_paths *paths, struct cw_path *path, uint64_t late_us, struct cw_path_tasks *tasks,
		    uint64_t now_us)
{
	struct cw_liveness *live = &path->live;

	/* Nobody listened: what would have been heard may have been lost in a queue. */
	if (late_us > 0) {
		live->heard_us = later(live->heard_us, sooner(live->heard_us + late_us, now_us));
		if (live->asked_us != 0)
			live->asked_us = sooner(live->asked_us + late_us, now_us);
		live->suspect_us = 0;
	}
	cw_liveness_expect(live, now_us - data_us(path) < ACTIVE_US, now_us);
	cw_liveness_suspect(live, now_us);
	if (live->suspect_us != 0)
		judge(paths, path, tasks, now_us);
}

/* One at rest that lives, the best that is cheap; where none does, all are tried. */
static uint8_t choose_kept(const struct cw_paths *paths)
{
	const struct cw_path *best = paths->best == CW_PATH_NONE ? NULL : paths->list[paths->best];

	return best != NULL && best->live.state == CW_PATH_UP ? paths->best : CW_PATH_NONE;
}

static void ask(struct cw_paths *paths, bool is_confirmed, struct cw_path_tasks *tasks, uint64_t now_us)
{
	uint8_t kept = choose_kept(paths);
	uint32_t alarmed = 0;

	for (uint32_t slot = 0; slot < CW_PATHS_MAX; slot++) {
		struct cw_path *path = paths->list[slot];
		if (path == NULL || is_cut(path))
			continue;
		uint64_t gap = interval_us(paths, path, kept == CW_PATH_NONE || kept == slot, now_us);
		bool is_alternative = paths->alarm_us != 0 && path->live.suspect_us == 0 && path->alarm < ALARM_PROBES &&
				      path->live.state != CW_PATH_NEW && alarmed < ALARM_PATHS;
		if (is_alternative) {
			alarmed++;
			gap = sooner(gap, ALARM_GAP_US);
		}
		if (!is_confirmed && slot == paths->best)
			gap = sooner(gap, UNCONFIRMED_US);
		if (gap == UINT64_MAX)
			continue;
		uint64_t due = path->live.probe_us == 0 ? now_us : path->live.probe_us + gap;
		if (now_us >= due) {
			tasks->probe |= 1u << slot;
			path->alarm += is_alternative;
			due = now_us + gap;
		}
		paths->due_us = sooner(paths->due_us, due);
	}
}

static void note_due(struct cw_paths *paths)
{
	for (uint32_t slot = 0; slot < CW_PATHS_MAX; slot++) {
		const struct cw_path *path = paths->list[slot];
		if (path == NULL)
			continue;
		const struct cw_liveness *live = &path->live;
		if (live->suspect_us != 0) {
			uint64_t at = cw_liveness_verdict_us(live, proof_us(paths, path));
			paths->due_us = sooner(paths->due_us, at);
		} else if (live->state == CW_PATH_UP && live->expect_us != 0) {
			paths->due_us = sooner(paths->due_us, later(live->heard_us, live->expect_us) + CW_SUSPECT_US);
		} else if (live->state == CW_PATH_UP && live->asked_us != 0) {
			paths->due_us = sooner(paths->due_us, live->asked_us + cw_liveness_patience_us(live));
		}
	}
}

static void note_alarm(struct cw_paths *paths, uint64_t now_us)
{
	bool is_suspect = false;

	for (uint32_t slot = 0; slot < CW_PATHS_MAX; slot++)
		is_suspect = is_suspect || (paths->list[slot] != NULL && paths->list[slot]->live.suspect_us != 0);
	if (!is_suspect) {
		paths->alarm_us = 0;
	} else if (paths->alarm_us == 0) {
		paths->alarm_us = now_us;
		for (uint32_t slot = 0; slot < CW_PATHS_MAX; slot++) {
			if (paths->list[slot] != NULL)
				paths->list[slot]->alarm = 0;
		}
	}
}

struct cw_path_tasks cw_paths_look(struct cw_paths *paths, bool is_confirmed, uint64_t late_us, uint64_t now_us)
{
	struct cw_path_tasks tasks = { 0 };

	for (uint32_t slot = 0; slot < CW_PATHS_MAX; slot++) {
		if (paths->list[slot] != NULL)
			paths->data_us = later(paths->data_us, data_us(paths->list[slot]));
	}
	paths->is_awake = paths->data_us != 0 && now_us - paths->data_us < AWAKE_US;
	paths->due_us = now_us + (paths->is_awake ? LOOK_AWAKE_US : LOOK_MOST_US);
	for (uint32_t slot = 0; slot < CW_PATHS_MAX; slot++) {
		if (paths->list[slot] != NULL)
			look_at(paths, paths->list[slot], late_us, &tasks, now_us);
	}
	note_alarm(paths, now_us);
	cw_paths_choose(paths, now_us);
	ask(paths, is_confirmed, &tasks, now_us);
	tell_silence(paths, &tasks, now_us);
	note_due(paths);
	return tasks;
}

void cw_paths_deaf(struct cw_paths *paths, struct cw_path *path, uint64_t now_us)
{
	cw_liveness_fail(&path->live, CW_PATH_DEAF, now_us);
	cw_paths_choose(paths, now_us);
	paths->due_us = now_us;
}

/* Smaller is better. Of those that live: not just back, cheap, as the configuration lists them. Of the dead: heard last. */
static uint64_t rank(const struct cw_path *path, uint64_t now_us)
{
	const struct cw_liveness *live = &path->live;
	uint64_t state = live->state == CW_PATH_UP ? 0 : live->state == CW_PATH_NEW ? 2 : is_cut(path) ? 4 : 3;

	if (state > 0)
		return state << 60 | (UINT64_MAX - live->heard_us) >> 5;
	return (uint64_t)(now_us < live->hold_us) << 59 | (uint64_t)((path->flags & CW_PATH_BACKUP) != 0) << 58 |
	       (uint64_t)((path->flags & CW_PATH_METERED) != 0) << 57 | (uint64_t)path->way.uplink << 48 |
	       (uint64_t)path->remote_uplink << 40 | path->slot;
}

void cw_paths_choose(struct cw_paths *paths, uint64_t now_us)
{
	uint64_t least = UINT64_MAX;

	paths->version++;
	paths->best = CW_PATH_NONE;
	for (uint32_t slot = 0; slot < CW_PATHS_MAX; slot++) {
		uint64_t at = paths->list[slot] == NULL ? UINT64_MAX : rank(paths->list[slot], now_us);
		if (at >= least)
			continue;
		least = at;
		paths->best = (uint8_t)slot;
	}
}
