/*
 * When the paths of a peer are asked, and what their silence means to each other: the looks of path.h. Which of them carries
 * what is path.c's.
 */
#include "table/path-due.h"

#define AWAKE_US 3000000u      /* after the last data */
#define FILL_EARLY_US 5000u
#define UNCONFIRMED_US 250000u
#define ALARM_GAP_US 16000u
#define ALARM_LATER_GAP_US 250000u
#define ALARM_PROBES 10u
#define ALARM_PATHS 4u
#define ALARM_DEAR_US 40000u   /* most alarms are over by then */
#define LOOK_MOST_US 1000000u
#define LOOK_AWAKE_US CW_FILL_US /* what left meanwhile is followed in time */

/* A look that is overdue stays so: how late it comes tells how long the worker was away. */
static void hasten(struct cw_paths *paths, uint64_t now_us)
{
	paths->due_us = cw_sooner(paths->due_us, now_us);
}

void cw_paths_wake(struct cw_paths *paths, uint64_t now_us)
{
	paths->data_us = now_us;
	paths->is_awake = true;
	hasten(paths, now_us);
}

/* By the silent paths themselves too: they may be so one way only. */
static void tell_silence(struct cw_paths *paths, struct cw_path_tasks *tasks, uint64_t now_us)
{
	bool is_urgent = false;

	for (uint32_t slot = 0; slot < paths->slots; slot++) {
		struct cw_path *path = paths->list[slot];
		if (path == NULL)
			continue;
		if (now_us >= cw_path_tell_due_us(paths, path, now_us)) {
			path->told_us = now_us;
			tasks->silent |= (uint16_t)(1u << slot);
			is_urgent = is_urgent || cw_path_is_fresh(path, now_us);
		}
		paths->due_us = cw_sooner(paths->due_us, cw_path_tell_due_us(paths, path, now_us));
	}
	for (uint32_t slot = 0; tasks->silent != 0 && slot < paths->slots; slot++) {
		const struct cw_path *path = paths->list[slot];
		if (path == NULL || cw_path_is_cut(path) || !cw_path_may_carry(path))
			continue;
		bool is_heard = path->live.state != CW_PATH_DOWN && (is_urgent || slot == paths->best);
		if (is_heard || (is_urgent && tasks->silent & 1u << slot))
			tasks->silence |= (uint16_t)(1u << slot);
	}
}

/*
 * Within how long after what was heard last two more packets leave the far end, so that one may be lost; 0: nothing is expected.
 * After data come two fills, then one each CW_KEEP_US.
 */
static uint32_t expected_us(const struct cw_path *path, uint64_t now_us)
{
	uint64_t since_data = path->rx_us == 0 ? CW_FILLED_US : path->live.heard_us - path->rx_us;

	if (cw_path_data_us(path) == 0 || now_us - cw_path_data_us(path) >= cw_path_active_us(path))
		return 0;
	if (since_data < CW_FILL_US - FILL_EARLY_US)
		return 2 * CW_FILL_US - (uint32_t)since_data;
	if (since_data < CW_FILLED_US)
		return 2 * CW_FILL_US + CW_KEEP_US - (uint32_t)since_data;
	return 2 * CW_KEEP_US;
}

static void judge(struct cw_path *path, struct cw_path_tasks *tasks, uint64_t now_us)
{
	struct cw_liveness *live = &path->live;

	if (now_us < cw_liveness_verdict_us(live))
		return;
	/* Where other things are heard, the other direction is cut. */
	bool is_heard = live->heard_us > live->suspect_us;
	cw_liveness_fail(live, is_heard ? CW_PATH_UNANSWERED : CW_PATH_SILENT, now_us);
	tasks->failed |= (uint16_t)(1u << path->slot);
}

static void look_at(struct cw_paths *paths, struct cw_path *path, struct cw_path_tasks *tasks, uint64_t now_us)
{
	struct cw_liveness *live = &path->live;

	cw_liveness_expect(live, expected_us(path, now_us), now_us);
	cw_liveness_suspect(live, now_us);
	if (live->suspect_us == 0)
		return;
	for (uint32_t slot = 0; slot < paths->slots; slot++) {
		if (paths->list[slot] != NULL && paths->list[slot] != path)
			cw_liveness_note_other(live, &paths->list[slot]->live);
	}
	judge(path, tasks, now_us);
}

/* A path that carries data makes haste. What one at rest misses may have been lost: the others are left alone until it is not. */
static bool is_alarming(const struct cw_liveness *live)
{
	return live->suspect_us != 0 && (live->expect_us != 0 || live->burst == CW_BURST_PROBES);
}

static void note_alarm(struct cw_paths *paths, uint64_t now_us)
{
	bool is_alarm = false;

	for (uint32_t slot = 0; slot < paths->slots; slot++)
		is_alarm = is_alarm || (paths->list[slot] != NULL && is_alarming(&paths->list[slot]->live));
	bool is_new = is_alarm && !paths->is_alarm;
	paths->is_alarm = is_alarm;
	if (!is_new)
		return;
	paths->alarm_us = now_us;
	for (uint32_t slot = 0; slot < paths->slots; slot++) {
		if (paths->list[slot] != NULL)
			paths->list[slot]->alarm = 0;
	}
}

/* Which paths would be taken instead, the best first, and are asked whether they live: a bit each. Where none lives, others. */
static uint16_t choose_alternatives(const struct cw_paths *paths, uint64_t now_us)
{
	uint16_t chosen = 0;
	bool has_living = false;

	if (!paths->is_alarm)
		return 0;
	for (uint32_t count = 0; count < ALARM_PATHS; count++) {
		uint64_t least = UINT64_MAX;
		uint32_t next = CW_PATHS_MAX;
		for (uint32_t slot = 0; slot < paths->slots; slot++) {
			const struct cw_path *path = paths->list[slot];
			if (path == NULL || (path->live.suspect_us != 0 && path->live.expect_us != 0) ||
			    cw_path_is_cut(path) || (chosen & 1u << slot) != 0 || cw_path_rank(paths, path, now_us) >= least)
				continue;
			least = cw_path_rank(paths, path, now_us);
			next = slot;
		}
		bool is_living = next < CW_PATHS_MAX && paths->list[next]->live.state == CW_PATH_UP;
		if (next == CW_PATHS_MAX || (has_living && !is_living))
			break;
		has_living = is_living;
		chosen |= (uint16_t)(1u << next);
	}
	return chosen;
}

/* Of the paths at a look. */
struct asking {
	uint16_t alternatives;
	bool is_any_kept;   /* at rest one that lives is kept; where none does, all are tried */
	bool is_confirmed;
};

static uint64_t due_us(const struct cw_paths *paths, const struct cw_path *path, const struct asking *asking,
		       uint64_t probe_us, uint64_t now_us)
{
	bool is_best = path->slot == paths->best;
	uint64_t due = cw_path_probe_due_us(paths, path, is_best || asking->is_any_kept, probe_us, now_us);

	if ((asking->alternatives & 1u << path->slot) != 0) {
		uint64_t next = probe_us + (path->alarm < ALARM_PROBES ? ALARM_GAP_US : ALARM_LATER_GAP_US);
		due = cw_sooner(due, cw_path_is_dear(path) ? cw_later(next, paths->alarm_us + ALARM_DEAR_US) : next);
	}
	if (!asking->is_confirmed && is_best)
		due = cw_sooner(due, probe_us + UNCONFIRMED_US);
	return due;
}

/* In a new session the far end is told of what sleeps too, but for what would cost money: that it hears of with the first data. */
static bool is_to_be_told(const struct cw_path *path)
{
	return path->live.state == CW_PATH_UP && path->live.probe_us == 0 && (path->flags & CW_PATH_METERED) == 0;
}

static void ask(struct cw_paths *paths, bool is_confirmed, struct cw_path_tasks *tasks, uint64_t now_us)
{
	const struct cw_path *best = paths->best == CW_PATH_NONE ? NULL : paths->list[paths->best];
	struct asking asking = { .alternatives = choose_alternatives(paths, now_us),
				 .is_any_kept = best == NULL || best->live.state != CW_PATH_UP,
				 .is_confirmed = is_confirmed };

	for (uint32_t slot = 0; slot < paths->slots; slot++) {
		struct cw_path *path = paths->list[slot];
		if (path == NULL || cw_path_is_cut(path))
			continue;
		uint64_t due = due_us(paths, path, &asking, path->live.probe_us, now_us);
		if (due == UINT64_MAX && !is_to_be_told(path))
			continue;
		if (now_us >= due || path->live.probe_us == 0) {
			tasks->probe |= (uint16_t)(1u << slot);
			path->alarm += (asking.alternatives & 1u << slot) != 0 && path->alarm < ALARM_PROBES;
			due = due_us(paths, path, &asking, now_us, now_us);
		}
		paths->due_us = cw_sooner(paths->due_us, due);
	}
}

/* Asked in an alarm as often as chance does not explain, and its answers should have come. */
static bool is_dumb(const struct cw_path *path, uint64_t now_us)
{
	const struct cw_liveness *live = &path->live;

	return path->alarm >= CW_DUMB_PROBES && live->asked_us != 0 &&
	       now_us - live->asked_us >= cw_liveness_patience_us(live);
}

/*
 * Nobody can say whether the far end is away, or all ways to it: for who has another hub that is one. A path that carries data is
 * silent as a verdict on it has that, but for the proof; and then no other one lives.
 */
static void note_silence(struct cw_paths *paths, uint64_t now_us)
{
	bool is_any_silent = false, is_any_well = false;

	for (uint32_t slot = 0; slot < paths->slots; slot++) {
		const struct cw_path *path = paths->list[slot];
		if (path == NULL || path->live.state != CW_PATH_UP || !cw_path_may_carry(path))
			continue;
		uint64_t at_us = cw_liveness_silent_us(&path->live);
		is_any_silent = is_any_silent || now_us >= at_us;
		is_any_well = is_any_well || (now_us < at_us && !is_dumb(path, now_us));
		paths->due_us = cw_sooner(paths->due_us, now_us < at_us ? at_us : UINT64_MAX);
	}
	paths->is_silent = is_any_silent && !is_any_well;
}

static void note_due(struct cw_paths *paths)
{
	for (uint32_t slot = 0; slot < paths->slots; slot++) {
		const struct cw_path *path = paths->list[slot];
		if (path == NULL || path->live.state != CW_PATH_UP)
			continue;
		const struct cw_liveness *live = &path->live;
		uint64_t due = UINT64_MAX;
		if (live->suspect_us != 0)
			due = cw_liveness_verdict_us(live);
		else if (live->expect_us != 0)
			due = cw_later(live->heard_us, live->expect_us) + cw_liveness_suspicion_us(live);
		else if (live->asked_us != 0)
			due = live->asked_us + cw_liveness_patience_us(live);
		paths->due_us = cw_sooner(paths->due_us, due);
	}
}

struct cw_path_tasks cw_paths_look(struct cw_paths *paths, bool is_confirmed, uint64_t late_us, uint64_t now_us)
{
	struct cw_path_tasks tasks = { 0 };

	for (uint32_t slot = 0; slot < paths->slots; slot++) {
		if (paths->list[slot] == NULL)
			continue;
		paths->data_us = cw_later(paths->data_us, cw_path_data_us(paths->list[slot]));
		if (late_us > 0)
			cw_liveness_excuse(&paths->list[slot]->live, late_us, now_us);
	}
	paths->is_awake = paths->data_us != 0 && now_us - paths->data_us < AWAKE_US;
	paths->due_us = now_us + (paths->is_awake ? LOOK_AWAKE_US : LOOK_MOST_US);
	for (uint32_t slot = 0; slot < paths->slots; slot++) {
		if (paths->list[slot] != NULL)
			look_at(paths, paths->list[slot], &tasks, now_us);
	}
	note_alarm(paths, now_us);
	cw_paths_choose(paths, now_us);
	ask(paths, is_confirmed, &tasks, now_us);
	tell_silence(paths, &tasks, now_us);
	note_silence(paths, now_us);
	note_due(paths);
	return tasks;
}

bool cw_paths_answer(struct cw_paths *paths, struct cw_path *path, uint32_t id, uint32_t held_us, uint64_t now_us)
{
	bool is_waited = path->live.state != CW_PATH_UP || path->live.suspect_us != 0 || paths->is_alarm;

	if (!cw_liveness_answer(&path->live, id, held_us, now_us))
		return false;
	paths->asked_us = 0;
	path->alarm = 0;
	if (is_waited)
		hasten(paths, now_us);
	return true;
}

void cw_paths_deaf(struct cw_paths *paths, struct cw_path *path, uint64_t now_us)
{
	cw_liveness_fail(&path->live, CW_PATH_DEAF, now_us);
	cw_paths_choose(paths, now_us);
	hasten(paths, now_us);
}
