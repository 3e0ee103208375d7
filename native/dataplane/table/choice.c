/* See choice.h. */
#include "table/choice.h"

#include <string.h>

#define LATE_US 10000u
#define MEASURED_US 4000000u
#define JUST_NOW_US 500000u
#define SETTLED_US 1000000u /* by then whatever came back together with it is back */
#define FOLLOWED_US 2000000u /* a choice that is older knows not what happened since */
#define BEREAVED_US 3000000u /* by then it was asked itself */
#define CARRIES_US 100000u
#define BEREAVED_LAST (UINT64_C(1) << 63)
#define DOUBTFUL_LAST (UINT64_C(1) << 62) /* metered or a backup */

/* Smaller is better. Those of one tier differ by preference only. */
enum tier {
	TIER_FITS,
	TIER_FITS_RELAYED,
	TIER_METERED,
	TIER_METERED_RELAYED,
	TIER_BACKUP,
	TIER_BACKUP_RELAYED,
	TIER_RETURNING,
	TIER_RETURNING_LAST,
	TIER_DOUBTFUL, /* what fails takes others with it, and this may be one */
	TIER_BREACH,
	TIER_BREACH_LAST, /* and metered or a backup */
	TIER_DEAD,
	TIER_NEVER,
};

static uint32_t more(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

/* Of data where there is some, else of probes, which cross both directions. */
static uint32_t loss_ppm(const struct cw_path *path, uint64_t now_us)
{
	if (cw_quality_is_fresh(&path->out, now_us))
		return path->out.lost < 3 ? 0 : more(path->out.loss_ppm, path->out.loss_fast_ppm);
	if (cw_quality_is_fresh(&path->asked, now_us))
		return path->asked.lost < 3 ? 0 : path->asked.loss_ppm / 2;
	return CW_NONE;
}

struct cw_measure cw_choice_measure(const struct cw_path *path, uint64_t now_us)
{
	const struct cw_liveness *live = &path->live;
	uint32_t rtt = live->rtt_last_us < live->rtt_before_us ? live->rtt_last_us : live->rtt_before_us;

	return (struct cw_measure){
		.loss_ppm = loss_ppm(path, now_us),
		.latency_us = live->rtt_us == UINT32_MAX ? CW_NONE : rtt / 2,
		.jitter_us = cw_quality_is_fresh(&path->out, now_us) ? path->out.jitter_us : CW_NONE,
	};
}

static bool is_above(uint32_t value, uint32_t limit)
{
	return value != CW_NONE && limit != CW_NONE && value > limit;
}

/* CW_VERDICT_CHOSEN: none. */
static enum cw_verdict breach(const struct cw_measure *measure, const struct cw_policy_program *policy)
{
	if (is_above(measure->loss_ppm, policy->loss_ppm))
		return CW_VERDICT_LOSS;
	if (is_above(measure->latency_us, policy->latency_us))
		return CW_VERDICT_LATENCY;
	if (is_above(measure->jitter_us, policy->jitter_us))
		return CW_VERDICT_JITTER;
	return CW_VERDICT_CHOSEN;
}

/* Whether the two share a link at either end, or fail together. What is relayed meets much that the others do not. */
static bool is_kin(const struct cw_path *a, const struct cw_path *b)
{
	bool is_known = a->remote_uplink != CW_UPLINK_NONE && a->remote_uplink != CW_UPLINK_RELAY;
	bool is_one_end = is_known && a->remote_uplink == b->remote_uplink;

	if (cw_path_is_relayed(a) != cw_path_is_relayed(b))
		return false;
	return a->leaves_by == b->leaves_by || (a->risk != 0 && a->risk == b->risk) || is_one_end ||
	       cw_address_equal(a->way.remote, b->way.remote);
}

/* Whether it is known how it is just now. */
static bool is_measured(const struct cw_path *path, uint64_t now_us)
{
	return cw_quality_is_fresh(&path->out, now_us) ||
	       (cw_quality_is_fresh(&path->asked, now_us) && path->asked.window_us < MEASURED_US);
}

/*
 * Flows that leave a path shall not learn one by one that its kin are as bad: of what has an end in common with it, and is
 * not measured now, the same is thought until it has been watched.
 */
static void doubt_kin(struct cw_paths *paths, const struct cw_path *of, uint32_t policy, uint64_t now_us)
{
	for (uint32_t slot = 0; slot < CW_PATHS_MAX; slot++) {
		struct cw_path *path = paths->list[slot];
		if (path == NULL || path == of || !is_kin(path, of) || is_measured(path, now_us))
			continue;
		path->breach_us[policy] = now_us;
		path->kin_breach |= 1u << policy;
		path->trial_us = now_us + CW_CLEAN_US;
	}
}

/* The same of a path that went down: what has an end in common with it is trusted again when it has lived for as long. */
static void hold_kin(struct cw_paths *paths, const struct cw_path *of, uint64_t now_us)
{
	for (uint32_t slot = 0; slot < CW_PATHS_MAX; slot++) {
		struct cw_path *path = paths->list[slot];
		if (path == NULL || path == of || path->live.expect_us != 0 || !is_kin(path, of))
			continue;
		if (path->live.hold_us < now_us + CW_CLEAN_US)
			path->live.hold_us = path->kin_hold_us = now_us + CW_CLEAN_US;
	}
}

void cw_choice_watch(struct cw_paths *paths, const struct cw_policy_program *policies, uint32_t count, uint64_t now_us)
{
	for (uint32_t slot = 0; slot < CW_PATHS_MAX; slot++) {
		struct cw_path *path = paths->list[slot];
		if (path == NULL)
			continue;
		if (path->live.state == CW_PATH_DOWN && now_us - path->live.changed_us < JUST_NOW_US)
			hold_kin(paths, path, now_us);
		if (path->live.state != CW_PATH_UP)
			continue;
		struct cw_measure measure = cw_choice_measure(path, now_us);
		path->is_breaching = false;
		for (uint32_t i = 0; i < count; i++) {
			if (breach(&measure, &policies[i]) == CW_VERDICT_CHOSEN)
				continue;
			path->breach_us[i] = now_us;
			path->kin_breach &= ~(1u << i);
			path->is_breaching = true;
			doubt_kin(paths, path, i, now_us);
		}
		if (path->is_breaching)
			path->trial_us = now_us + CW_CLEAN_US;
	}
}

static bool is_last(const struct cw_path *path, const struct cw_policy_program *policy)
{
	return (path->flags & CW_PATH_BACKUP) != 0 ||
	       ((path->flags & CW_PATH_METERED) != 0 && policy->metered == CW_METERED_LAST);
}

/* Whether a path's kin went down a moment ago, and it was not answered since that fell silent. */
static bool is_bereaved(const struct cw_paths *paths, const struct cw_path *path, uint64_t now_us)
{
	for (uint32_t slot = 0; slot < CW_PATHS_MAX; slot++) {
		const struct cw_path *other = paths->list[slot];
		if (other == NULL || other == path || other->live.state != CW_PATH_DOWN ||
		    now_us - other->live.changed_us >= BEREAVED_US || !is_kin(path, other))
			continue;
		const struct cw_liveness *live = &other->live;
		uint64_t since_us = live->heard_us < live->changed_us ? live->heard_us : live->changed_us;
		if (path->live.answered_us <= since_us)
			return true;
	}
	return false;
}

/*
 * Of a path that carries nothing. One that does is left when it is certain that it is down, not before (liveness.h). What carried
 * something a second ago is asked often: it is not late for long, but may be bereaved as well.
 */
static bool is_doubtful(const struct cw_paths *paths, const struct cw_path *path, bool is_best, uint64_t now_us)
{
	const struct cw_liveness *live = &path->live;
	uint64_t patience_us = (uint64_t)live->rtt_us + LATE_US;
	bool is_late = live->asked_us != 0 && now_us - live->asked_us > patience_us;

	/* What is asked often, in an alarm, and answers may well miss one of the answers. */
	if (is_late && !is_best && live->expect_us == 0 && !cw_path_has_answered(paths, path, now_us))
		return true;
	return now_us - path->tx_us >= CARRIES_US && is_bereaved(paths, path, now_us);
}

uint64_t cw_choice_clean_us(const struct cw_path *path, uint32_t number)
{
	return path->breach_us[number] == 0 ? 0 : path->breach_us[number] + CW_CLEAN_US;
}

/*
 * Flows shall not come to what was bad a moment ago. Those that are by it already, since nothing better lived, need not leave it
 * meanwhile for what is worse in kind: they would be back soon.
 */
static bool is_settled(const struct cw_choice *choice, const struct cw_path *path, uint64_t now_us)
{
	return path->slot == choice->best && now_us - choice->made_us < FOLLOWED_US &&
	       now_us - choice->since_us >= SETTLED_US && now_us - path->live.changed_us >= SETTLED_US;
}

static enum tier tier_of(const struct cw_choice *before, const struct cw_path *path, const struct cw_policy_program *policy,
			 uint32_t number, uint64_t now_us, enum cw_verdict *verdict)
{
	*verdict = cw_choice_forbids(path, policy);
	if (*verdict != CW_VERDICT_CHOSEN)
		return TIER_NEVER;
	*verdict = CW_VERDICT_DOWN;
	if (!cw_path_may_carry(path))
		return TIER_NEVER;
	if (path->live.state != CW_PATH_UP)
		return TIER_DEAD;
	struct cw_measure measure = cw_choice_measure(path, now_us);
	*verdict = breach(&measure, policy);
	if (*verdict != CW_VERDICT_CHOSEN)
		return is_last(path, policy) ? TIER_BREACH_LAST : TIER_BREACH;
	*verdict = CW_VERDICT_RETURNING;
	bool is_returning = now_us < path->live.hold_us || now_us < cw_choice_clean_us(path, number);
	if (is_returning && !is_settled(before, path, now_us))
		return is_last(path, policy) ? TIER_RETURNING_LAST : TIER_RETURNING;
	bool is_relayed = cw_path_is_relayed(path);
	*verdict = is_relayed || is_last(path, policy) ? CW_VERDICT_LAST : CW_VERDICT_LESS;
	if (!is_last(path, policy))
		return is_relayed ? TIER_FITS_RELAYED : TIER_FITS;
	if ((path->flags & CW_PATH_BACKUP) != 0)
		return is_relayed ? TIER_BACKUP_RELAYED : TIER_BACKUP;
	return is_relayed ? TIER_METERED_RELAYED : TIER_METERED;
}

static uint32_t preference(const struct cw_path *path, const struct cw_policy_program *policy)
{
	for (uint32_t i = 0; i < policy->prefer_count; i++) {
		if (policy->prefer[i] == path->leaves_by)
			return i;
	}
	return CW_UPLINKS_MAX + path->leaves_by;
}

void cw_choice_renumber(struct cw_choice choices[CW_POLICIES_MAX], struct cw_paths *paths,
			const uint8_t then[CW_POLICIES_MAX])
{
	struct cw_choice before[CW_POLICIES_MAX];

	memcpy(before, choices, sizeof(before));
	for (uint32_t n = 0; n < CW_POLICIES_MAX; n++)
		choices[n] = then[n] == CW_PATH_NONE ? (struct cw_choice){ 0 } : before[then[n]];
	for (uint32_t slot = 0; slot < CW_PATHS_MAX; slot++) {
		struct cw_path *path = paths->list[slot];
		if (path == NULL)
			continue;
		const struct cw_path was = *path;
		path->kin_breach = 0;
		for (uint32_t n = 0; n < CW_POLICIES_MAX; n++) {
			bool is_known = then[n] != CW_PATH_NONE;
			path->breach_us[n] = is_known ? was.breach_us[then[n]] : 0;
			path->kin_breach |= is_known ? (was.kin_breach >> then[n] & 1) << n : 0;
		}
	}
}

/* How far beyond its limits, in thousandths of them. */
static uint32_t excess(const struct cw_measure *measure, const struct cw_policy_program *policy)
{
	uint64_t sum = 0;

	if (is_above(measure->loss_ppm, policy->loss_ppm))
		sum += (uint64_t)measure->loss_ppm * 1000 / (policy->loss_ppm + 1);
	if (is_above(measure->latency_us, policy->latency_us))
		sum += (uint64_t)measure->latency_us * 1000 / (policy->latency_us + 1);
	if (is_above(measure->jitter_us, policy->jitter_us))
		sum += (uint64_t)measure->jitter_us * 1000 / (policy->jitter_us + 1);
	return sum > 0xffffff ? 0xffffff : (uint32_t)sum;
}

/* Smaller is better, within a tier. */
static uint64_t rank(const struct cw_path *path, const struct cw_policy_program *policy, enum tier tier, uint64_t now_us)
{
	struct cw_measure measure = cw_choice_measure(path, now_us);
	uint64_t by_preference = (uint64_t)cw_path_is_relayed(path) << 28 | (uint64_t)preference(path, policy) << 16 |
				 (uint64_t)path->remote_uplink << 8 | path->slot;

	if (tier == TIER_BREACH || tier == TIER_BREACH_LAST)
		return (uint64_t)excess(&measure, policy) << 32 | by_preference;
	if (tier == TIER_DEAD)
		return UINT64_MAX - path->live.heard_us;
	return by_preference;
}

/* Of what is bad in the same way nothing is left for a little less. */
static bool is_kept(const struct cw_paths *paths, const struct cw_policy_program *policy, uint8_t before,
		    const uint8_t *tiers, uint8_t least, uint8_t best, uint64_t now_us)
{
	if (best >= CW_PATHS_MAX || before >= CW_PATHS_MAX || paths->list[before] == NULL || tiers[before] != least ||
	    (least != TIER_BREACH && least != TIER_BREACH_LAST))
		return false;
	struct cw_measure old = cw_choice_measure(paths->list[before], now_us);
	struct cw_measure new = cw_choice_measure(paths->list[best], now_us);
	return (uint64_t)excess(&new, policy) * 5 > (uint64_t)excess(&old, policy) * 4;
}

void cw_choice_make(struct cw_choice *choice, const struct cw_paths *paths, const struct cw_policy_program *policy,
		    uint32_t number, uint64_t now_us)
{
	const struct cw_choice old = *choice;
	uint8_t before = old.best, least = TIER_NEVER;
	uint8_t tiers[CW_PATHS_MAX];
	uint64_t least_rank = 0;

	*choice = (struct cw_choice){
		.version = paths->version, .best = CW_PATH_NONE, .since_us = old.since_us, .made_us = now_us
	};
	for (uint32_t slot = 0; slot < CW_PATHS_MAX; slot++) {
		const struct cw_path *path = paths->list[slot];
		enum cw_verdict verdict;
		tiers[slot] = TIER_NEVER;
		if (path == NULL)
			continue;
		enum tier tier = tier_of(&old, path, policy, number, now_us, &verdict);
		if (tier < TIER_DOUBTFUL && is_doubtful(paths, path, slot == before, now_us))
			tier = TIER_DOUBTFUL;
		tiers[slot] = tier;
		if (tier == TIER_NEVER || (policy->is_strict && tier >= TIER_BREACH))
			continue;
		uint64_t at = rank(path, policy, tier, now_us);
		/* An answer that is late may just have been lost. */
		if (tier == TIER_DOUBTFUL && is_bereaved(paths, path, now_us))
			at |= BEREAVED_LAST;
		if (tier == TIER_DOUBTFUL && is_last(path, policy))
			at |= DOUBTFUL_LAST;
		if (tier < least || (tier == least && at < least_rank)) {
			least = tier;
			least_rank = at;
			choice->best = (uint8_t)slot;
		}
	}
	if (is_kept(paths, policy, before, tiers, least, choice->best, now_us))
		choice->best = before;
	choice->tier = least;
	for (uint32_t slot = 0; choice->best != CW_PATH_NONE && slot < CW_PATHS_MAX; slot++) {
		if (tiers[slot] == least)
			choice->equals |= 1u << slot;
		/* A path that is not worse in kind than the best, or as good but for what it costs, keeps its flows. */
		if (tiers[slot] <= least || (tiers[slot] <= TIER_RETURNING_LAST && least < TIER_BREACH))
			choice->usable |= 1u << slot;
	}
	if (choice->best != before || choice->since_us == 0)
		choice->since_us = now_us;
}

void cw_choice_explain(const struct cw_choice *choice, const struct cw_paths *paths,
		       const struct cw_policy_program *policy, uint32_t number, uint64_t now_us,
		       uint8_t verdicts[CW_PATHS_MAX])
{
	for (uint32_t slot = 0; slot < CW_PATHS_MAX; slot++) {
		const struct cw_path *path = paths->list[slot];
		enum cw_verdict verdict = CW_VERDICTS;
		if (path != NULL && tier_of(choice, path, policy, number, now_us, &verdict) < TIER_DOUBTFUL &&
		    is_doubtful(paths, path, slot == choice->best, now_us))
			verdict = CW_VERDICT_DOUBTFUL;
		bool is_taken = slot == choice->best || (policy->is_spread && choice->equals & 1u << slot);
		verdicts[slot] = is_taken ? CW_VERDICT_CHOSEN : verdict;
	}
}

/* Without a rate of its own an uplink counts as one that carries as much as any. */
static uint64_t weight_of(const struct cw_path *path)
{
	return path->up_bps == 0 ? 1 : path->up_bps / 1000 + 1;
}

uint8_t cw_choice_place(const struct cw_choice *choice, const struct cw_paths *paths, bool is_spread)
{
	uint8_t best = choice->best;

	if (!is_spread || best == CW_PATH_NONE)
		return best;
	for (uint32_t slot = 0; slot < CW_PATHS_MAX; slot++) {
		const struct cw_path *path = paths->list[slot], *other = paths->list[best];
		if (path == NULL || other == NULL || (choice->equals & 1u << slot) == 0)
			continue;
		if ((path->flows + 1) * weight_of(other) < (other->flows + 1) * weight_of(path))
			best = (uint8_t)slot;
	}
	return best;
}

bool cw_choice_moves(const struct cw_choice *choice, uint8_t slot, bool is_spread, uint32_t hash, uint64_t now_us)
{
	if (slot == choice->best || (is_spread && (choice->equals & 1u << slot) != 0))
		return false;
	if (slot >= CW_PATHS_MAX || (choice->usable & 1u << slot) == 0)
		return true;
	return now_us - choice->since_us >= (uint64_t)(hash & 3) * CW_STEP_US;
}
