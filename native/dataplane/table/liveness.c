/* See liveness.h. */
#include "table/liveness.h"

#include <string.h>

#include "mix.h"

#define RTT_UNKNOWN UINT32_MAX
#define PATIENCE_UNKNOWN_US 300000u
#define PATIENCE_LEAST_US 20000u
#define PATIENCE_MOST_US 1000000u
#define STEP_US 150000u   /* a way that grows by so much at once still lives */
#define JITTER_US 10000u
#define SHORT_US 80000u   /* where the round trip is shorter, what it is shorter by is waited for in addition */
#define SUSPICION_LEAST_US 50000u
#define SUSPICION_FLOW_US 80000u
#define SUSPICION_MOST_US 120000u
#define REST_US 1500000u  /* more patience with what carries nothing: there is no haste */
#define SWIFT_US 15000u   /* an answer that takes longer than others by more than that was kept waiting */
#define PROOF_US 20000u   /* the least that is waited after an answer by another path */
#define RECENT_US 50000u
#define UNPROVEN_US 5000000u   /* after so long it is down whoever is to blame */
#define UNANSWERED_US 1500000u /* so long may probes of an active path be lost while other things come by it */
#define ANSWERS_BACK 3
#define HOLD_US 30000000ull
#define FORGET_US 600000000ull

void cw_liveness_begin(struct cw_liveness *live, uint64_t now_us)
{
	memset(live, 0, sizeof(*live));
	live->state = CW_PATH_NEW;
	live->why = CW_PATH_UNTRIED;
	live->rtt_us = RTT_UNKNOWN;
	live->changed_us = now_us;
}

static void set_state(struct cw_liveness *live, enum cw_path_state state, enum cw_path_why why, uint64_t now_us)
{
	if (live->state != state)
		live->changed_us = now_us;
	live->state = state;
	live->why = why;
	live->answers = 0;
	live->suspect_us = 0;
}

/*
 * Twice as long each time that it fails once it is trusted again, so that a link that comes and goes is left alone; ten good
 * minutes and that is forgotten.
 */
static void count_failure(struct cw_liveness *live, uint64_t now_us)
{
	if (now_us < live->hold_us)
		return;
	live->failures = now_us - live->hold_us > FORGET_US ? 1 : live->failures + 1;
}

static uint64_t hold_for(uint32_t failures)
{
	uint32_t doublings = failures > 5 ? 4 : failures > 0 ? failures - 1 : 0;

	return HOLD_US << doublings;
}

static void bring_up(struct cw_liveness *live, uint64_t now_us)
{
	if (live->state == CW_PATH_DOWN)
		live->hold_us = now_us + hold_for(live->failures);
	live->was_up = true;
	set_state(live, CW_PATH_UP, CW_PATH_WELL, now_us);
}

void cw_liveness_fail(struct cw_liveness *live, enum cw_path_why why, uint64_t now_us)
{
	if (live->state == CW_PATH_UP)
		count_failure(live, now_us);
	if (live->state == CW_PATH_DOWN) {
		live->why = why;
		live->answers = 0;
		return;
	}
	set_state(live, CW_PATH_DOWN, why, now_us);
}

/* 26 bits that nobody can foresee, and the place in six. */
static uint32_t next_id(struct cw_liveness *live)
{
	uint64_t value = cw_mix64(live->secret + ++live->probes * CW_MIX_STEP);

	return (uint32_t)(value >> 32) / CW_PROBES_KEPT * CW_PROBES_KEPT + live->probes % CW_PROBES_KEPT;
}

void cw_liveness_renew(struct cw_liveness *live, uint64_t now_us)
{
	uint64_t secret = live->secret;

	cw_liveness_begin(live, now_us);
	live->secret = secret;
}

uint32_t cw_liveness_ask(struct cw_liveness *live, uint64_t now_us)
{
	uint32_t id = next_id(live);

	live->sent_id[id % CW_PROBES_KEPT] = id;
	live->sent_us[id % CW_PROBES_KEPT] = now_us;
	live->probe_us = now_us;
	if (live->asked_us == 0)
		live->asked_us = now_us;
	if (live->suspect_us != 0 && live->burst < CW_BURST_PROBES) {
		live->burst++;
		live->burst_us = now_us;
	}
	return id;
}

void cw_liveness_unsent(struct cw_liveness *live, uint32_t id, uint64_t now_us)
{
	live->sent_us[id % CW_PROBES_KEPT] = 0;
	live->probes--;
	live->probe_us = 0;
	if (live->asked_us == now_us)
		live->asked_us = 0;
	if (live->suspect_us != 0 && live->burst > 0 && live->burst_us == now_us)
		live->burst--;
}

/* RFC 6298 §2: gains of 1/8 and 1/4. */
static void measure(struct cw_liveness *live, uint32_t rtt)
{
	live->rtt_before_us = live->rtt_us == RTT_UNKNOWN ? rtt : live->rtt_last_us;
	live->rtt_last_us = rtt;
	if (live->rtt_us == RTT_UNKNOWN) {
		live->rtt_us = rtt;
		live->rtt_var_us = rtt / 2;
		return;
	}
	uint32_t off = live->rtt_us > rtt ? live->rtt_us - rtt : rtt - live->rtt_us;
	live->rtt_var_us = (uint32_t)(((uint64_t)live->rtt_var_us * 3 + off) / 4);
	live->rtt_us = (uint32_t)(((uint64_t)live->rtt_us * 7 + rtt) / 8);
}

bool cw_liveness_answer(struct cw_liveness *live, uint32_t id, uint32_t held_us, uint64_t now_us)
{
	uint64_t *sent = &live->sent_us[id % CW_PROBES_KEPT];

	if (*sent == 0 || live->sent_id[id % CW_PROBES_KEPT] != id)
		return false;
	uint64_t elapsed = now_us - *sent;
	if (live->rtt_us != RTT_UNKNOWN && elapsed > live->rtt_us + SWIFT_US)
		live->away_us = now_us;
	live->lived_us = *sent > live->lived_us ? *sent : live->lived_us;
	measure(live, (uint32_t)(elapsed > held_us ? elapsed - held_us : 0));
	*sent = 0;
	live->answered++;
	live->answered_us = now_us;
	live->asked_us = 0;
	cw_liveness_hear(live, now_us);
	if (live->state == CW_PATH_NEW || (live->state == CW_PATH_DOWN && ++live->answers >= ANSWERS_BACK))
		bring_up(live, now_us);
	return true;
}

void cw_liveness_prove(struct cw_liveness *live, uint64_t now_us)
{
	cw_liveness_hear(live, now_us);
	live->asked_us = 0;
	if (live->state != CW_PATH_UP)
		bring_up(live, now_us);
}

void cw_liveness_expect(struct cw_liveness *live, uint32_t within_us, uint64_t now_us)
{
	if (within_us == 0)
		live->expect_us = 0;
	else if (live->expect_us == 0)
		live->expect_us = now_us;
	live->within_us = within_us;
}

static uint64_t shift(uint64_t at_us, uint64_t late_us, uint64_t now_us)
{
	return at_us == 0 ? 0 : at_us + late_us < now_us ? at_us + late_us : now_us;
}

void cw_liveness_excuse(struct cw_liveness *live, uint64_t late_us, uint64_t now_us)
{
	if (live->state != CW_PATH_UP)
		return;
	live->heard_us = shift(live->heard_us, late_us, now_us);
	live->asked_us = shift(live->asked_us, late_us, now_us);
	live->expect_us = shift(live->expect_us, late_us, now_us);
	/* Answers that came meanwhile are not all read yet. */
	live->suspect_us = shift(live->suspect_us, late_us, now_us);
	live->burst_us = shift(live->burst_us, late_us, now_us);
}

uint32_t cw_liveness_patience_us(const struct cw_liveness *live)
{
	if (live->rtt_us == RTT_UNKNOWN)
		return PATIENCE_UNKNOWN_US;
	uint64_t us = (uint64_t)live->rtt_us + 4ull * live->rtt_var_us + 10000;
	return us < PATIENCE_LEAST_US ? PATIENCE_LEAST_US : us > PATIENCE_MOST_US ? PATIENCE_MOST_US : (uint32_t)us;
}

uint32_t cw_liveness_settled(const struct cw_liveness *live, uint64_t now_us)
{
	uint32_t patience = cw_liveness_patience_us(live);
	uint32_t open = 0;

	for (uint32_t i = 0; i < CW_PROBES_KEPT; i++)
		open += live->sent_us[i] != 0 && now_us - live->sent_us[i] < patience;
	return live->probes - open;
}

static uint64_t quiet_since(const struct cw_liveness *live)
{
	return live->heard_us > live->expect_us ? live->heard_us : live->expect_us;
}

/* By when one of a burst's answers should have come: that all of them are as late as a single one may be does not happen. */
static uint32_t burst_patience_us(const struct cw_liveness *live)
{
	if (live->rtt_us == RTT_UNKNOWN)
		return PATIENCE_UNKNOWN_US;
	uint64_t us = (uint64_t)live->rtt_us + 2ull * live->rtt_var_us + 8000;
	return us > PATIENCE_MOST_US ? PATIENCE_MOST_US : (uint32_t)us;
}

static bool is_flowing(const struct cw_liveness *live)
{
	return live->within_us < 2 * CW_KEEP_US;
}

/* The least silence of an active path that counts: the way has grown, and a packet was lost besides. */
static uint32_t least_silence_us(const struct cw_liveness *live)
{
	uint32_t more = live->rtt_us < SHORT_US ? SHORT_US - live->rtt_us : 0;

	return STEP_US + live->within_us + (is_flowing(live) ? JITTER_US + more : 0);
}

/* So that the burst is answered when the least silence is over. */
uint32_t cw_liveness_suspicion_us(const struct cw_liveness *live)
{
	uint32_t least = least_silence_us(live);
	uint32_t burst = CW_BURST_PROBES * CW_BURST_GAP_US + burst_patience_us(live);
	uint32_t most = is_flowing(live) ? SUSPICION_FLOW_US : SUSPICION_MOST_US;

	if (least < burst + SUSPICION_LEAST_US)
		return SUSPICION_LEAST_US;
	return least - burst < most ? least - burst : most;
}

/* It is not silent: probes are not answered, though other things are heard. */
static bool is_one_way(const struct cw_liveness *live)
{
	return live->asked_us != 0 && live->asked_us + UNANSWERED_US <= live->suspect_us;
}

void cw_liveness_suspect(struct cw_liveness *live, uint64_t now_us)
{
	uint64_t waited = live->asked_us == 0 ? 0 : now_us - live->asked_us;
	bool is_active = live->expect_us != 0;
	bool is_silent = is_active && now_us - quiet_since(live) >= cw_liveness_suspicion_us(live);
	bool is_late = live->asked_us != 0 && !is_active && waited >= cw_liveness_patience_us(live);
	bool is_suspect = live->state == CW_PATH_UP && (is_silent || is_late || waited >= UNANSWERED_US);

	if (is_suspect && live->suspect_us == 0) {
		live->suspect_us = now_us;
		live->burst = 0;
		live->proof_us = 0;
		live->is_excused = false;
	} else if (!is_suspect) {
		live->suspect_us = 0;
	}
}

/*
 * So late, or later, must an answer by another path have been asked for: it shows that the far end lived for all but the last
 * round trip of the silence, which therefore is the path's.
 */
static uint64_t proof_from_us(const struct cw_liveness *live, const struct cw_liveness *other)
{
	uint64_t certain = quiet_since(live) + least_silence_us(live) - other->rtt_us - RECENT_US;
	bool is_silent = live->expect_us != 0 && !is_one_way(live);

	return is_silent && certain > live->suspect_us ? certain : live->suspect_us;
}

void cw_liveness_note_other(struct cw_liveness *live, const struct cw_liveness *other)
{
	if (live->suspect_us == 0 || live->is_excused || other->lived_us < proof_from_us(live, other))
		return;
	if (other->away_us >= live->suspect_us) {
		/* What lay in the far end's queues comes by all paths now, by each after its time. */
		live->proof_us = other->away_us + cw_liveness_patience_us(live);
		live->is_excused = true;
	} else if (live->proof_us == 0) {
		/* What left together with that answer may be here somewhat later; and answers after it may say that it was away. */
		uint64_t more = live->rtt_us == RTT_UNKNOWN || live->rtt_us / 3 < PROOF_US ? PROOF_US : live->rtt_us / 3;
		live->proof_us = other->answered_us + more;
	}
}

uint64_t cw_liveness_silent_us(const struct cw_liveness *live)
{
	if (live->suspect_us == 0 || live->burst < CW_BURST_PROBES)
		return UINT64_MAX;
	uint64_t at = live->burst_us + burst_patience_us(live);
	uint64_t least = quiet_since(live) + least_silence_us(live);
	if (is_one_way(live))
		least = 0;
	if (live->expect_us == 0)
		least = live->asked_us + REST_US;
	return at > least ? at : least;
}

uint64_t cw_liveness_verdict_us(const struct cw_liveness *live)
{
	uint64_t at = cw_liveness_silent_us(live);
	uint64_t proven = live->proof_us != 0 ? live->proof_us : live->suspect_us + UNPROVEN_US;

	return at > proven ? at : proven;
}
