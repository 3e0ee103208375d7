/* One path by itself: what ends its silence, what makes it certain, and when it is trusted again. Time is moved by hand. */
#include "check.h"
#include "table/liveness.h"

#define MS 1000u
#define SECOND (1000 * MS)
#define RTT_US (40 * MS)

static uint64_t now_us = 1000000000;
static struct cw_liveness live, other;

/* Asks, and has the answer `rtt_us` later. */
static void exchange(struct cw_liveness *of, uint64_t rtt_us)
{
	uint32_t id = cw_liveness_ask(of, now_us);

	now_us += rtt_us;
	CHECK(cw_liveness_answer(of, id, 0, now_us));
}

/* Two paths that have been asked for a while. */
static void begin(void)
{
	now_us += 3600ull * SECOND;
	cw_liveness_begin(&live, now_us);
	cw_liveness_begin(&other, now_us);
	for (uint32_t i = 0; i < 60; i++) {
		exchange(&live, RTT_US);
		exchange(&other, RTT_US);
	}
	CHECK(live.state == CW_PATH_UP && live.rtt_us == RTT_US && live.rtt_var_us < 10);
}

static void look(void)
{
	cw_liveness_suspect(&live, now_us);
}

static void pass(uint64_t us)
{
	now_us += us;
	look();
}

/* All probes of a burst, each after its gap. */
static void send_burst(void)
{
	for (uint32_t i = 0; i < CW_BURST_PROBES; i++) {
		cw_liveness_ask(&live, now_us);
		pass(CW_BURST_GAP_US);
	}
}

/* Active, and silent until it is suspected. */
static void fall_silent(uint32_t within_us)
{
	begin();
	cw_liveness_hear(&live, now_us);
	cw_liveness_expect(&live, within_us, now_us);
	pass(cw_liveness_suspicion_us(&live) - 1);
	CHECK(live.suspect_us == 0);
	pass(1);
	CHECK(live.suspect_us == now_us);
}

static void is_trusted_once_it_answers(void)
{
	cw_liveness_begin(&live, now_us);
	CHECK(live.state == CW_PATH_NEW && live.why == CW_PATH_UNTRIED);
	cw_liveness_hear(&live, now_us);
	CHECK(live.state == CW_PATH_NEW);
	exchange(&live, RTT_US);
	CHECK(live.state == CW_PATH_UP && live.why == CW_PATH_WELL && live.hold_us == 0);
	cw_liveness_begin(&live, now_us);
	cw_liveness_prove(&live, now_us);
	CHECK(live.state == CW_PATH_UP && live.heard_us == now_us);
}

/* RFC 6298 §2: the first is taken as it is, of later ones an eighth. */
static void measures_round_trips(void)
{
	cw_liveness_begin(&live, now_us);
	CHECK(cw_liveness_patience_us(&live) == 300 * MS);
	uint32_t id = cw_liveness_ask(&live, now_us);
	now_us += 48 * MS;
	CHECK(!cw_liveness_answer(&live, id + 1, 0, now_us) && live.rtt_us == UINT32_MAX);
	CHECK(cw_liveness_answer(&live, id, 8 * MS, now_us) && live.rtt_us == 40 * MS && live.rtt_var_us == 20 * MS);
	CHECK(!cw_liveness_answer(&live, id, 8 * MS, now_us));
	exchange(&live, 80 * MS);
	CHECK(live.rtt_us == 45 * MS && live.rtt_var_us == 25 * MS);
	CHECK(cw_liveness_patience_us(&live) == 45 * MS + 4 * 25 * MS + 10 * MS);
	/* What was asked too long ago is forgotten. */
	uint32_t old = cw_liveness_ask(&live, now_us);
	for (uint32_t i = 1; i < CW_PROBES_KEPT; i++)
		cw_liveness_ask(&live, now_us);
	CHECK(cw_liveness_answer(&live, old, 0, now_us));
	old = cw_liveness_ask(&live, now_us);
	for (uint32_t i = 0; i < CW_PROBES_KEPT; i++)
		cw_liveness_ask(&live, now_us);
	CHECK(!cw_liveness_answer(&live, old, 0, now_us));
}

/* While data flows the silence that counts is shorter; where the round trip is short, there is time to wait for more. */
static void is_suspected_where_something_is_expected(void)
{
	fall_silent(2 * CW_KEEP_US);
	CHECK(live.suspect_us - live.heard_us == 120 * MS);
	fall_silent(2 * CW_FILL_US);
	CHECK(live.suspect_us - live.heard_us == 80 * MS);
	live.rtt_us = 400 * MS;
	CHECK(cw_liveness_suspicion_us(&live) == 50 * MS);
	begin();
	pass(10 * SECOND);
	CHECK(live.suspect_us == 0);
}

static void whatever_is_heard_ends_suspicion(void)
{
	fall_silent(2 * CW_KEEP_US);
	send_burst();
	CHECK(live.suspect_us != 0 && live.burst == CW_BURST_PROBES);
	cw_liveness_hear(&live, now_us);
	look();
	CHECK(live.suspect_us == 0 && cw_liveness_verdict_us(&live) == UINT64_MAX);
	/* The next suspicion has a burst of its own. */
	pass(SECOND);
	CHECK(live.suspect_us == now_us && live.burst == 0);
}

/* The burst, and the least silence: a way may grow by 150 ms, and of the two packets that follow one may be lost. */
static void is_certain_when_all_of_a_burst_is_unanswered(void)
{
	fall_silent(2 * CW_KEEP_US);
	exchange(&other, RTT_US);
	cw_liveness_note_other(&live, &other);
	for (uint32_t i = 0; i < CW_BURST_PROBES; i++) {
		CHECK(cw_liveness_verdict_us(&live) == UINT64_MAX);
		cw_liveness_ask(&live, now_us);
	}
	/* 50 ms before the least silence is over the far end lived. */
	now_us = live.heard_us + (150 + 170 - 50) * MS - RTT_US;
	exchange(&other, RTT_US);
	cw_liveness_note_other(&live, &other);
	CHECK(cw_liveness_verdict_us(&live) == live.heard_us + (150 + 170) * MS);
	/* Sent late, it is waited for. */
	live.burst_us = now_us + SECOND;
	CHECK(cw_liveness_verdict_us(&live) - live.burst_us < RTT_US + 10 * MS);
}

static void without_proof_nothing_is_certain_for_five_seconds(void)
{
	fall_silent(2 * CW_KEEP_US);
	send_burst();
	CHECK(cw_liveness_verdict_us(&live) == live.suspect_us + 5 * SECOND);
	/* Asked before the suspicion, it proves nothing, however late the answer. */
	fall_silent(2 * CW_KEEP_US);
	uint32_t id = cw_liveness_ask(&other, live.suspect_us - 1);
	CHECK(cw_liveness_answer(&other, id, 0, now_us));
	cw_liveness_note_other(&live, &other);
	CHECK(live.proof_us == 0);
}

static void proof_is_of_late(void)
{
	fall_silent(2 * CW_KEEP_US);
	send_burst();
	exchange(&other, RTT_US);
	cw_liveness_note_other(&live, &other);
	CHECK(live.proof_us == 0);
	now_us += 100 * MS;
	exchange(&other, RTT_US);
	cw_liveness_note_other(&live, &other);
	CHECK(live.proof_us == now_us + 20 * MS);
}

/* What it had to say lies in its queues, and comes by this path later than by the other. */
static void a_far_end_that_was_away_is_waited_for(void)
{
	fall_silent(2 * CW_KEEP_US);
	send_burst();
	uint32_t late = cw_liveness_ask(&other, now_us);
	now_us += 300 * MS;
	uint32_t swift = cw_liveness_ask(&other, now_us);
	now_us += RTT_US;
	CHECK(cw_liveness_answer(&other, swift, 0, now_us));
	cw_liveness_note_other(&live, &other);
	CHECK(live.proof_us == now_us + 20 * MS);
	CHECK(cw_liveness_answer(&other, late, 0, now_us + 1));
	cw_liveness_note_other(&live, &other);
	CHECK(live.proof_us == now_us + 1 + cw_liveness_patience_us(&live));
	CHECK(cw_liveness_verdict_us(&live) == live.proof_us);
}

/* Nobody listened meanwhile. */
static void silence_while_the_own_worker_is_away_is_none(void)
{
	begin();
	cw_liveness_hear(&live, now_us);
	cw_liveness_expect(&live, 2 * CW_KEEP_US, now_us);
	cw_liveness_ask(&live, now_us);
	pass(50 * MS);
	now_us += 400 * MS;
	cw_liveness_excuse(&live, 400 * MS, now_us);
	look();
	CHECK(live.suspect_us == 0 && now_us - live.heard_us == 50 * MS && now_us - live.asked_us == 50 * MS);
	/* It makes suspicion later, and not undone, or a busy worker would never come to a verdict. */
	pass(200 * MS);
	CHECK(live.suspect_us == now_us);
	send_burst();
	uint64_t heard_us = live.heard_us, suspect_us = live.suspect_us, burst_us = live.burst_us;
	now_us += 30 * MS;
	cw_liveness_excuse(&live, 30 * MS, now_us);
	look();
	CHECK(live.heard_us == heard_us + 30 * MS && live.suspect_us == suspect_us + 30 * MS);
	CHECK(live.burst_us == burst_us + 30 * MS && live.burst == CW_BURST_PROBES);
	cw_liveness_excuse(&live, 5 * SECOND, now_us);
	look();
	CHECK(live.suspect_us == 0 && live.heard_us == now_us);
}

static void probes_that_go_nowhere_are_noticed_though_things_are_heard(void)
{
	begin();
	cw_liveness_expect(&live, 2 * CW_KEEP_US, now_us);
	uint64_t asked_us = now_us;
	while (live.suspect_us == 0 && now_us < asked_us + 3 * SECOND) {
		cw_liveness_ask(&live, now_us);
		cw_liveness_hear(&live, now_us);
		pass(10 * MS);
	}
	CHECK(live.suspect_us == asked_us + 3 * SECOND / 2);
	send_burst();
	cw_liveness_hear(&live, now_us);
	look();
	CHECK(live.suspect_us != 0);
	now_us += 200 * MS;
	exchange(&other, RTT_US);
	cw_liveness_note_other(&live, &other);
	CHECK(cw_liveness_verdict_us(&live) == live.proof_us);
	exchange(&live, RTT_US);
	look();
	CHECK(live.suspect_us == 0);
}

static void at_rest_there_is_no_haste(void)
{
	begin();
	pass(27 * SECOND);
	uint64_t asked_us = now_us;
	cw_liveness_ask(&live, now_us);
	pass(cw_liveness_patience_us(&live) - 1);
	CHECK(live.suspect_us == 0);
	pass(1);
	CHECK(live.suspect_us == now_us);
	send_burst();
	exchange(&other, RTT_US);
	cw_liveness_note_other(&live, &other);
	CHECK(cw_liveness_verdict_us(&live) == asked_us + SECOND + SECOND / 2);
	/* Something is heard, but no answer: that does not end it. */
	cw_liveness_hear(&live, now_us);
	look();
	CHECK(live.suspect_us != 0);
	exchange(&live, RTT_US);
	look();
	CHECK(live.suspect_us == 0);
}

static void three_answers_bring_it_back(void)
{
	begin();
	cw_liveness_fail(&live, CW_PATH_SILENT, now_us);
	CHECK(live.state == CW_PATH_DOWN && live.why == CW_PATH_SILENT && live.changed_us == now_us);
	exchange(&live, RTT_US);
	exchange(&live, RTT_US);
	CHECK(live.state == CW_PATH_DOWN);
	/* Down once more, for another reason: they count anew, the time does not. */
	uint64_t changed_us = live.changed_us;
	cw_liveness_fail(&live, CW_PATH_DEAF, now_us);
	CHECK(live.why == CW_PATH_DEAF && live.changed_us == changed_us);
	exchange(&live, RTT_US);
	exchange(&live, RTT_US);
	CHECK(live.state == CW_PATH_DOWN);
	exchange(&live, RTT_US);
	CHECK(live.state == CW_PATH_UP && live.why == CW_PATH_WELL);
	CHECK(live.hold_us == now_us + 30 * SECOND);
	cw_liveness_fail(&live, CW_PATH_SILENT, now_us);
	cw_liveness_prove(&live, now_us);
	CHECK(live.state == CW_PATH_UP);
}

/* Fails `after_us` after it was trusted again, and comes back; how long it is left alone for that. */
static uint64_t hold_after(uint64_t after_us)
{
	now_us = live.hold_us + after_us;
	cw_liveness_fail(&live, CW_PATH_SILENT, now_us);
	for (uint32_t i = 0; i < 3; i++)
		exchange(&live, RTT_US);
	return live.hold_us - now_us;
}

static void what_fails_again_and_again_is_left_alone_for_longer(void)
{
	static const uint32_t holds[] = { 30, 60, 120, 240, 480, 480 };

	begin();
	live.hold_us = now_us;
	for (uint32_t i = 0; i < sizeof(holds) / sizeof(holds[0]); i++)
		CHECK(hold_after(60 * SECOND) == (uint64_t)holds[i] * SECOND);
	/* Who fails before he is trusted has not failed again. */
	now_us += SECOND;
	cw_liveness_fail(&live, CW_PATH_SILENT, now_us);
	CHECK(live.failures == 6);
	for (uint32_t i = 0; i < 3; i++)
		exchange(&live, RTT_US);
	CHECK(hold_after(600ull * SECOND + 1) == 30 * SECOND);
	CHECK(hold_after(600ull * SECOND) == 60 * SECOND);
}

static void probes_whose_answers_are_due_are_counted(void)
{
	begin();
	uint32_t before = cw_liveness_settled(&live, now_us);
	cw_liveness_ask(&live, now_us);
	CHECK(cw_liveness_settled(&live, now_us) == before);
	now_us += cw_liveness_patience_us(&live);
	CHECK(cw_liveness_settled(&live, now_us) == before + 1);
	exchange(&live, RTT_US);
	CHECK(cw_liveness_settled(&live, now_us) == before + 2 && live.answered == before + 1);
}

int main(int argc, char **argv)
{
	check_begin(argc, argv);
	is_trusted_once_it_answers();
	measures_round_trips();
	is_suspected_where_something_is_expected();
	whatever_is_heard_ends_suspicion();
	is_certain_when_all_of_a_burst_is_unanswered();
	without_proof_nothing_is_certain_for_five_seconds();
	proof_is_of_late();
	a_far_end_that_was_away_is_waited_for();
	silence_while_the_own_worker_is_away_is_none();
	probes_that_go_nowhere_are_noticed_though_things_are_heard();
	at_rest_there_is_no_haste();
	three_answers_bring_it_back();
	what_fails_again_and_again_is_left_alone_for_longer();
	probes_whose_answers_are_due_are_counted();
	return check_result();
}
