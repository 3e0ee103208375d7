/* See liveness.h. */
#include "table/liveness.h"

#include <string.h>

#define RTT_UNKNOWN UINT32_MAX
#define PATIENCE_UNKNOWN_US 300000u
#define PATIENCE_LEAST_US 20000u
#define PATIENCE_MOST_US 1000000u
#define SILENCE_LEAST_US 210000u /* a way that grows by 200 ms at once is still alive */
#define REST_US 200000u          /* more patience with what carries nothing: there is no haste */
#define UNANSWERED_US 1500000u   /* so long may probes of an active path be lost while other things come by it */
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
	live->burst = 0;
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

uint32_t cw_liveness_ask(struct cw_liveness *live, uint64_t now_us)
{
	live->probe_id++;
	live->sent_us[live->probe_id % CW_PROBES_KEPT] = now_us;
	live->probe_us = now_us;
	if (live->asked_us == 0)
		live->asked_us = now_us;
	if (live->suspect_us != 0 && live->burst < UINT8_MAX)
		live->burst++;
	return live->probe_id;
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

	if (live->probe_id - id >= CW_PROBES_KEPT || *sent == 0)
		return false;
	uint64_t elapsed = now_us - *sent;
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

void cw_liveness_expect(struct cw_liveness *live, bool is_active, uint64_t now_us)
{
	if (!is_active)
		live->expect_us = 0;
	else if (live->expect_us == 0)
		live->expect_us = now_us;
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
	return live->probe_id - open;
}

static uint64_t quiet_since(const struct cw_liveness *live)
{
	return live->heard_us > live->expect_us ? live->heard_us : live->expect_us;
}

void cw_liveness_suspect(struct cw_liveness *live, uint64_t now_us)
{
	bool is_silent = live->expect_us != 0 && now_us - quiet_since(live) >= CW_SUSPECT_US;
	bool is_late = live->asked_us != 0 && live->expect_us == 0 &&
		       now_us - live->asked_us >= cw_liveness_patience_us(live);
	bool is_unanswered = live->asked_us != 0 && now_us - live->asked_us >= UNANSWERED_US;
	bool is_suspect = live->state == CW_PATH_UP && (is_silent || is_late || is_unanswered);

	if (is_suspect && live->suspect_us == 0) {
		live->suspect_us = now_us;
		live->burst = 0;
	} else if (!is_suspect) {
		live->suspect_us = 0;
	}
}

uint64_t cw_liveness_verdict_us(const struct cw_liveness *live, uint64_t proof_us)
{
	if (live->suspect_us == 0 || live->burst < CW_BURST_PROBES)
		return UINT64_MAX;
	uint32_t patience = cw_liveness_patience_us(live);
	uint64_t at = live->suspect_us + CW_BURST_PROBES * CW_BURST_GAP_US + patience;
	if (live->expect_us == 0)
		return at + REST_US;
	bool is_heard = live->asked_us != 0 && live->suspect_us - live->asked_us >= UNANSWERED_US;
	uint64_t least = is_heard ? 0 : quiet_since(live) + SILENCE_LEAST_US;
	/* What lay in the far end's queues while it was busy elsewhere comes by all paths, by each after its time. */
	uint64_t proven = proof_us + patience;
	if (proof_us < live->suspect_us)
		return UINT64_MAX;
	at = at > least ? at : least;
	return at > proven ? at : proven;
}
