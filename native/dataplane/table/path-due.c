/* See path-due.h. */
#include "table/path-due.h"

#define KEEPS_MORE_US 500000u  /* than what is expected, for clocks and delays differ */
#define STANDBY_US 1000000u
#define STANDBY_DEAR_US 10000000u
#define KEPT_S 15u
#define KEPT_METERED_S 25u      /* many NATs forget after 30 s (RFC 4787 asks for 2 minutes), some after 20 */
#define KEPT_SPREAD_US 1000000u /* less, so that one end is the first to ask, */
#define KEPT_OTHER_US 2000000u  /* and the other, which waits so much longer, leaves it to that */
#define DOWN_US 500000u
#define DOWN_DEAR_US 5000000u
#define DOWN_ASLEEP_US 30000000u /* who reads that it is down, and mended it, is told so soon */
#define DOWN_ASLEEP_DEAR_US 300000000u
#define RETURNING_US 100000u   /* it was down and answered once, or is watched */
#define UNTRIED_US 250000u
#define UNTRIED_MOST_US 8000000u
#define UNTRIED_HEARD_US 1000000u /* the far end gets through */
#define UNTRIED_FOR_US 20000000u /* at rest nothing is asked any longer */
#define UNPROVEN_PROBES 3
#define TRY_GAP_US 50000u      /* the first, each is twice as long as the one before */
#define TRY_DOUBLINGS 10
#define DOUBT_GAP_US 16000u    /* once the burst is sent */
#define DOUBT_LATER_US 500000u
#define DOUBT_LATER_GAP_US 100000u
#define DOUBT_REST_US 2000000u /* at rest all of it takes longer */
#define DOUBT_REST_GAP_US 250000u
#define SILENCE_GAP_US 20000u
#define SILENCE_SOON_US 80000u
#define SILENCE_AGAIN_US 500000u
#define SILENCE_MOST_US 30000000u

static uint64_t doubt_gap_us(const struct cw_liveness *live, uint64_t now_us)
{
	uint64_t age = now_us - live->suspect_us;

	if (live->expect_us == 0)
		return age < DOUBT_REST_US ? DOUBT_LATER_GAP_US : DOUBT_REST_GAP_US;
	if (live->burst < CW_BURST_PROBES)
		return CW_BURST_GAP_US;
	return age < DOUBT_LATER_US ? DOUBT_GAP_US : DOUBT_LATER_GAP_US;
}

/* Once the far end gets through, its next probe may have opened what ours have not. */
static uint64_t try_gap_us(const struct cw_path *path)
{
	uint32_t sent = path->live.probes - path->try_probes;

	if (sent == 0 || path->live.heard_us > path->live.probe_us)
		return TRY_GAP_US;
	return (uint64_t)TRY_GAP_US << (sent - 1 < TRY_DOUBLINGS ? sent - 1 : TRY_DOUBLINGS);
}

/* How long after the last probe of a path that does not live the next one is due; UINT64_MAX: none is. */
static uint64_t trial_gap_us(const struct cw_paths *paths, const struct cw_path *path, bool is_kept, uint64_t now_us)
{
	const struct cw_liveness *live = &path->live;
	uint64_t age = now_us - live->changed_us;

	if (now_us < path->try_until_us && live->answers == 0)
		return try_gap_us(path);
	if (live->state == CW_PATH_NEW) {
		bool is_heard = live->heard_us != 0 && now_us - live->heard_us < UNTRIED_HEARD_US;
		uint64_t step = is_heard ? UNTRIED_US : cw_later(UNTRIED_US, cw_sooner(age / 2, UNTRIED_MOST_US));
		/* Three times what came from there, and no more. */
		if (!cw_path_is_named(path) && live->probes >= UNPROVEN_PROBES && live->heard_us <= live->probe_us)
			return UINT64_MAX;
		return paths->is_awake || age < UNTRIED_FOR_US ? step : UINT64_MAX;
	}
	if (live->answers > 0)
		return RETURNING_US;
	if (!paths->is_awake && !is_kept)
		return cw_path_is_dear(path) ? DOWN_ASLEEP_DEAR_US : DOWN_ASLEEP_US;
	return cw_path_is_dear(path) ? DOWN_DEAR_US : DOWN_US;
}

static uint64_t add(uint64_t at_us, uint64_t gap_us)
{
	return gap_us == UINT64_MAX ? UINT64_MAX : at_us + gap_us;
}

static uint64_t kept_us(const struct cw_path *path)
{
	uint32_t least_s = (path->flags & CW_PATH_METERED) != 0 ? KEPT_METERED_S : KEPT_S;

	return (path->kept_s > least_s ? path->kept_s : least_s) * 1000000ull;
}

/*
 * What was heard last but is no answer is the far end's asking: NATs have seen both directions, whichever end asks. But from when on
 * theirs is counted, only what left tells.
 */
static uint64_t kept_due_us(const struct cw_path *path, uint64_t probe_us, uint64_t kept)
{
	const struct cw_liveness *live = &path->live;
	uint64_t spread = ((probe_us + live->secret) * 0x9e3779b97f4a7c15u >> 32) * KEPT_SPREAD_US >> 32;
	uint64_t due = probe_us + kept - spread;

	uint64_t left_us = cw_later(path->left_us, path->tx_us);
	return live->heard_us > live->answered_us ? cw_later(due, left_us + kept + KEPT_OTHER_US) : due;
}

uint64_t cw_path_probe_due_us(const struct cw_paths *paths, const struct cw_path *path, bool is_kept,
			       uint64_t probe_us, uint64_t now_us)
{
	const struct cw_liveness *live = &path->live;

	if (live->suspect_us != 0)
		return probe_us + doubt_gap_us(live, now_us);
	if (live->state != CW_PATH_UP)
		return add(probe_us, trial_gap_us(paths, path, is_kept, now_us));
	if (!paths->is_awake && !is_kept)
		return cw_path_is_relayed(path) ? kept_due_us(path, probe_us, CW_RELAYED_KEPT_S * 1000000ull) : UINT64_MAX;
	if (!paths->is_awake)
		return kept_due_us(path, probe_us, kept_us(path));
	/* Whether flows may come back is told by its probes alone. */
	bool is_idle = now_us - cw_path_data_us(path) >= cw_path_active_us(path) + KEEPS_MORE_US;
	if (is_idle && !cw_path_is_dear(path) && (now_us < live->hold_us || now_us < path->trial_us))
		return probe_us + RETURNING_US;
	if (is_idle)
		return probe_us + (cw_path_is_dear(path) ? STANDBY_DEAR_US : STANDBY_US);
	uint64_t sent = cw_later(probe_us, path->tx_us);
	bool is_filled = sent - path->tx_us >= CW_FILLED_US;
	return cw_sooner(probe_us + CW_KEEP_US, sent + (is_filled ? CW_KEEP_US : CW_FILL_US));
}

bool cw_path_is_fresh(const struct cw_path *path, uint64_t now_us)
{
	return now_us - path->live.changed_us < SILENCE_SOON_US;
}

uint64_t cw_path_tell_due_us(const struct cw_paths *paths, const struct cw_path *path, uint64_t now_us)
{
	const struct cw_liveness *live = &path->live;
	bool is_silent = live->why == CW_PATH_SILENT && live->heard_us <= live->changed_us;

	if (live->state != CW_PATH_DOWN || !(is_silent || cw_liveness_is_cut(live)))
		return UINT64_MAX;
	if (path->told_us < live->changed_us)
		return now_us;
	if (cw_path_is_fresh(path, now_us))
		return path->told_us + SILENCE_GAP_US;
	uint64_t gap = cw_later(SILENCE_AGAIN_US, cw_sooner((path->told_us - live->changed_us) / 2, SILENCE_MOST_US));
	return paths->is_awake ? path->told_us + gap : UINT64_MAX;
}
