/*
 * Which paths flows of a policy take: by preference, price and kind, by limits and how long they are kept, one by one or
 * spread. Paths are filled in by hand; time is a number.
 */
#include <string.h>

#include "check.h"
#include "table/choice.h"

#define SECOND 1000000ull
#define START (1000 * SECOND)

static struct cw_path memory[CW_PATHS_MAX];
static struct cw_paths paths;
static struct cw_policy_program policy;
static struct cw_choice choice;
static uint8_t verdicts[CW_PATHS_MAX];
static uint64_t now_us;

static void begin(uint32_t count)
{
	now_us = START;
	cw_paths_begin(&paths);
	for (uint32_t i = 0; i < count; i++) {
		struct cw_way way = { .uplink = (uint8_t)i, .remote_port = 1, .remote = cw_address_of_v4(i + 1) };
		cw_paths_add(&paths, &memory[i], &way, now_us);
		cw_paths_number(&paths, &memory[i]);
		cw_liveness_prove(&memory[i].live, now_us);
		memory[i].live.rtt_us = memory[i].live.rtt_last_us = memory[i].live.rtt_before_us = 40000;
	}
	policy = (struct cw_policy_program){ .name = "calls",
					     .loss_ppm = CW_NONE,
					     .latency_us = CW_NONE,
					     .jitter_us = CW_NONE,
					     .metered = CW_METERED_LAST,
					     .kinds = 3 };
	choice = (struct cw_choice){ 0 };
}

static void set_loss(uint32_t slot, uint32_t ppm)
{
	memory[slot].out = (struct cw_quality){ .packets = 1000, .lost = ppm / 1000, .loss_ppm = ppm, .told_us = now_us };
}

/* Looks once more after `us`; where flows go now. */
static uint8_t after(uint64_t us)
{
	now_us += us;
	for (uint32_t i = 0; i < CW_PATHS_MAX; i++)
		memory[i].out.told_us = now_us;
	cw_choice_watch(&paths, &policy, 1, now_us);
	cw_paths_choose(&paths, now_us);
	cw_choice_make(&choice, &paths, &policy, 0, now_us);
	cw_choice_explain(&choice, &paths, &policy, 0, now_us, verdicts);
	return choice.best;
}

static void takes_the_preferred(void)
{
	begin(3);
	CHECK(after(0) == 0 && verdicts[0] == CW_VERDICT_CHOSEN && verdicts[1] == CW_VERDICT_LESS);
	policy.prefer_count = 2;
	policy.prefer[0] = 2;
	policy.prefer[1] = 1;
	CHECK(after(0) == 2 && verdicts[0] == CW_VERDICT_LESS && verdicts[3] == CW_VERDICTS);
	cw_liveness_fail(&memory[2].live, CW_PATH_SILENT, now_us);
	CHECK(after(0) == 1 && verdicts[2] == CW_VERDICT_DOWN);
}

static void what_costs_is_last_or_never(void)
{
	begin(3);
	memory[0].flags = CW_PATH_METERED;
	memory[1].flags = CW_PATH_BACKUP;
	CHECK(after(0) == 2 && verdicts[0] == CW_VERDICT_LAST && verdicts[1] == CW_VERDICT_LAST);
	cw_liveness_fail(&memory[2].live, CW_PATH_SILENT, now_us);
	CHECK(after(0) == 0);
	policy.metered = CW_METERED_NEVER;
	CHECK(after(0) == 1 && verdicts[0] == CW_VERDICT_METERED);
	cw_liveness_fail(&memory[1].live, CW_PATH_SILENT, now_us);
	/* Nothing lives that may be taken: that which may be, for it could be back. */
	CHECK(after(0) != 0);
	policy.metered = CW_METERED_OK;
	CHECK(after(0) == 0);
}

static void keeps_to_its_kind_of_network(void)
{
	begin(2);
	memory[0].is_private = true;
	policy.kinds = 1;
	CHECK(after(0) == 1 && verdicts[0] == CW_VERDICT_KIND);
	policy.kinds = 2;
	CHECK(after(0) == 0 && verdicts[1] == CW_VERDICT_KIND);
	memory[0].is_private = false;
	CHECK(after(0) == CW_PATH_NONE);
}

static void leaves_at_once_and_comes_back_clean(void)
{
	begin(2);
	policy.loss_ppm = 10000;
	set_loss(0, 9000);
	CHECK(after(0) == 0);
	set_loss(0, 50000);
	CHECK(after(SECOND / 10) == 1 && verdicts[0] == CW_VERDICT_LOSS);
	set_loss(0, 0);
	for (uint32_t seconds = 1; seconds < 30; seconds++)
		CHECK(after(SECOND) == 1 && verdicts[0] == CW_VERDICT_RETURNING);
	CHECK(after(SECOND) == 0);
	/* A breach on the way back begins it anew. */
	set_loss(0, 50000);
	after(SECOND);
	set_loss(0, 0);
	after(20 * SECOND);
	set_loss(0, 50000);
	after(SECOND);
	set_loss(0, 0);
	CHECK(after(29 * SECOND) == 1 && after(SECOND) == 0);
}

/* Two uplinks here, two addresses there: what shares nothing with the bad one is taken, though it costs. */
static void siblings_are_not_tried_in_turn(void)
{
	begin(4);
	for (uint32_t i = 0; i < 4; i++) {
		memory[i].way.uplink = memory[i].leaves_by = (uint8_t)(i / 2);
		memory[i].way.remote = cw_address_of_v4(i % 2 + 1);
		memory[i].out = (struct cw_quality){ 0 };
	}
	memory[2].flags = memory[3].flags = CW_PATH_METERED;
	policy.loss_ppm = 10000;
	CHECK(after(0) == 0);
	set_loss(0, 50000);
	CHECK(after(0) == 3 && verdicts[1] == CW_VERDICT_RETURNING && verdicts[2] == CW_VERDICT_RETURNING);
	set_loss(0, 0);
	CHECK(after(29 * SECOND) == 3);
	/* One that carries data is known by that, whatever its siblings are like. */
	set_loss(0, 50000);
	set_loss(1, 0);
	after(0);
	CHECK(after(30 * SECOND) == 1);
}

/* A link that comes and goes takes its other paths with it, of which nobody knows yet. */
static void siblings_of_the_dead_have_to_wait_too(void)
{
	begin(4);
	for (uint32_t i = 0; i < 4; i++) {
		memory[i].way.uplink = memory[i].leaves_by = (uint8_t)(i / 2);
		memory[i].way.remote = cw_address_of_v4(i % 2 + 1);
	}
	memory[2].flags = memory[3].flags = CW_PATH_METERED;
	memory[0].live.expect_us = now_us;
	CHECK(after(0) == 0);
	cw_liveness_fail(&memory[0].live, CW_PATH_SILENT, now_us);
	CHECK(after(SECOND / 10) == 3 && verdicts[1] == CW_VERDICT_DOUBTFUL);
	CHECK(after(29 * SECOND) == 3 && verdicts[1] == CW_VERDICT_RETURNING && after(2 * SECOND) == 1);
}

static void a_few_lost_packets_are_no_breach(void)
{
	begin(2);
	policy.loss_ppm = 10000;
	memory[0].out = (struct cw_quality){ .packets = 50, .lost = 2, .loss_ppm = 40000, .told_us = now_us };
	CHECK(after(0) == 0);
	memory[0].out.lost = 3;
	CHECK(after(0) == 1);
}

static void delay_is_half_the_round_trip(void)
{
	begin(2);
	policy.latency_us = 100000;
	memory[0].live.rtt_last_us = 340000;
	CHECK(after(0) == 0); /* one late answer is no way that has grown */
	memory[0].live.rtt_before_us = 340000;
	CHECK(after(0) == 1 && verdicts[0] == CW_VERDICT_LATENCY);
	memory[0].live.rtt_last_us = 40000;
	policy.jitter_us = 30000;
	memory[1].out = (struct cw_quality){ .packets = 1000, .told_us = now_us, .jitter_us = 31000 };
	after(0);
	CHECK(verdicts[1] == CW_VERDICT_JITTER);
}

static void takes_the_least_bad_unless_strict(void)
{
	begin(3);
	policy.loss_ppm = 10000;
	set_loss(0, 90000);
	set_loss(1, 20000);
	set_loss(2, 50000);
	CHECK(after(0) == 1);
	policy.is_strict = 1;
	CHECK(after(0) == CW_PATH_NONE);
	set_loss(2, 0);
	/* It fits again; not for long enough, but better than nothing. */
	CHECK(after(SECOND) == 2);
	cw_liveness_fail(&memory[2].live, CW_PATH_SILENT, now_us);
	CHECK(after(0) == CW_PATH_NONE);
}

static void set_rtt(uint32_t slot, uint32_t rtt_us)
{
	memory[slot].live.rtt_us = memory[slot].live.rtt_last_us = memory[slot].live.rtt_before_us = rtt_us;
}

/* Of two that are as bad now the one is a little better, now the other. */
static void what_is_bad_is_not_left_for_a_little_less(void)
{
	begin(2);
	policy.latency_us = 50000;
	uint8_t best = after(0), slot = best;
	for (uint32_t i = 0; i < 400; i++) {
		set_rtt(0, 120000 + 1000 * (i / 4 % 2));
		set_rtt(1, 121000 - 1000 * (i / 4 % 2));
		CHECK(after(SECOND / 40) == best && !cw_choice_moves(&choice, slot, false, 3, now_us));
	}
	/* For much less it is, and back. */
	set_rtt(1, 300000);
	set_rtt(0, 200000);
	CHECK(after(SECOND) == 0);
	set_rtt(0, 300000);
	set_rtt(1, 110000);
	CHECK(after(SECOND) == 1 && after(60 * SECOND) == 1);
	set_rtt(1, 200000);
	set_rtt(0, 110000);
	CHECK(after(SECOND) == 0);
}

/* The former best is taken again, by flows one after the other, and for good. */
static void the_former_best_is_taken_again(void)
{
	begin(2);
	CHECK(after(0) == 0);
	for (uint32_t i = 0; i < 3; i++) {
		cw_liveness_fail(&memory[0].live, CW_PATH_SILENT, now_us);
		CHECK(after(SECOND) == 1);
		cw_liveness_prove(&memory[0].live, now_us);
		CHECK(after(29 * SECOND) == 1);
		/* Twice as long each time that it failed. */
		CHECK(after(SECOND + (30 * SECOND << i)) == 0 && choice.since_us == now_us);
		for (uint32_t k = 0; k < 40; k++)
			CHECK(after(SECOND) == 0);
	}
}

/* What stands by comes last among those that are not trusted yet, though it is listed first. */
static void a_backup_is_last_among_the_doubtful_too(void)
{
	begin(3);
	for (uint32_t i = 0; i < 3; i++)
		memory[i].way.remote = cw_address_of_v4(7);
	memory[0].flags = CW_PATH_BACKUP;
	CHECK(after(0) == 1);
	cw_liveness_fail(&memory[1].live, CW_PATH_NO_UPLINK, now_us);
	CHECK(after(1000) == 2);
	/* Both are answered. */
	memory[0].live.answered_us = memory[2].live.answered_us = now_us;
	CHECK(after(1000) == 2 && verdicts[0] == CW_VERDICT_RETURNING);
}

static void a_link_that_was_down_has_to_wait(void)
{
	begin(2);
	after(0);
	cw_liveness_fail(&memory[0].live, CW_PATH_SILENT, now_us);
	CHECK(after(SECOND) == 1);
	cw_liveness_prove(&memory[0].live, now_us);
	CHECK(after(29 * SECOND) == 1 && verdicts[0] == CW_VERDICT_RETURNING);
	CHECK(after(SECOND) == 0);
}

/* A backup that shares the far end's link with what went down, and so is not trusted either. */
static void what_carries_is_not_left_for_what_is_to_be_trusted_later(void)
{
	begin(2);
	memory[1].way.remote = memory[0].way.remote;
	memory[1].flags = CW_PATH_BACKUP | CW_PATH_METERED;
	memory[0].live.expect_us = now_us;
	CHECK(after(0) == 0);
	cw_liveness_fail(&memory[0].live, CW_PATH_SILENT, now_us);
	CHECK(after(SECOND / 10) == 1 && verdicts[0] == CW_VERDICT_DOWN);
	for (uint32_t seconds = 0; seconds < 10; seconds++)
		CHECK(after(SECOND) == 1);
	cw_liveness_prove(&memory[0].live, now_us);
	for (uint32_t seconds = 1; seconds < 30; seconds++)
		CHECK(after(SECOND) == 1 && verdicts[0] == CW_VERDICT_RETURNING);
	CHECK(after(SECOND) == 0);
	/* Where both were down, that which is better in kind has some time to be back, too; then it is kept. */
	cw_liveness_fail(&memory[0].live, CW_PATH_SILENT, now_us);
	cw_liveness_fail(&memory[1].live, CW_PATH_SILENT, now_us);
	after(SECOND);
	cw_liveness_prove(&memory[1].live, now_us);
	CHECK(after(SECOND / 2) == 1);
	cw_liveness_prove(&memory[0].live, now_us);
	CHECK(after(SECOND / 10) == 0);
	memory[1].live.hold_us = now_us + 10 * SECOND;
	for (uint32_t seconds = 0; seconds < 60; seconds++)
		CHECK(after(SECOND) == 0);
}

static void spreads_by_what_links_carry(void)
{
	uint32_t count[3] = { 0 };

	begin(3);
	memory[0].up_bps = 50000000;
	memory[1].up_bps = 100000000;
	memory[2].up_bps = 50000000;
	memory[2].flags = CW_PATH_BACKUP;
	policy.is_spread = 1;
	after(0);
	for (uint32_t i = 0; i < 300; i++) {
		uint8_t slot = cw_choice_place(&choice, &paths, true);
		memory[slot].flows++;
		count[slot]++;
	}
	CHECK(count[0] >= 98 && count[0] <= 102 && count[2] == 0);
	CHECK(!cw_choice_moves(&choice, 1, true, 0, now_us) && cw_choice_moves(&choice, 2, true, 0, now_us));
}

static void comes_back_in_steps_and_flees_at_once(void)
{
	begin(2);
	cw_liveness_fail(&memory[0].live, CW_PATH_SILENT, now_us);
	after(SECOND);
	for (uint32_t hash = 0; hash < 4; hash++)
		CHECK(cw_choice_moves(&choice, 0, false, hash, now_us) && !cw_choice_moves(&choice, 1, false, hash, now_us));
	cw_liveness_prove(&memory[0].live, now_us);
	CHECK(after(30 * SECOND) == 0);
	for (uint32_t hash = 0; hash < 4; hash++) {
		for (uint32_t step = 0; step < 4; step++)
			CHECK(cw_choice_moves(&choice, 1, false, hash, now_us + step * CW_STEP_US) == (step >= hash));
	}
}

/* Policies have other numbers: what is known of one goes with it, and of a new one nothing. */
static void what_is_known_goes_with_its_policy(void)
{
	struct cw_choice choices[CW_POLICIES_MAX] = { 0 };
	uint8_t then[CW_POLICIES_MAX];

	begin(2);
	for (uint32_t n = 0; n < 3; n++) {
		choices[n].since_us = n + 1;
		memory[1].breach_us[n] = now_us - n;
	}
	memory[1].kin_breach = 1u << 2;
	memset(then, CW_PATH_NONE, sizeof(then));
	then[0] = 0;
	then[1] = 2;
	cw_choice_renumber(choices, &paths, then);
	CHECK(choices[0].since_us == 1 && choices[1].since_us == 3 && choices[2].since_us == 0);
	CHECK(memory[1].breach_us[0] == now_us && memory[1].breach_us[1] == now_us - 2 && memory[1].breach_us[2] == 0);
	CHECK(memory[1].kin_breach == 1u << 1 && cw_choice_clean_us(&memory[1], 2) == 0);
}

int main(int argc, char **argv)
{
	check_begin(argc, argv);
	takes_the_preferred();
	what_costs_is_last_or_never();
	keeps_to_its_kind_of_network();
	leaves_at_once_and_comes_back_clean();
	siblings_are_not_tried_in_turn();
	siblings_of_the_dead_have_to_wait_too();
	a_few_lost_packets_are_no_breach();
	delay_is_half_the_round_trip();
	takes_the_least_bad_unless_strict();
	what_is_bad_is_not_left_for_a_little_less();
	the_former_best_is_taken_again();
	a_backup_is_last_among_the_doubtful_too();
	a_link_that_was_down_has_to_wait();
	what_carries_is_not_left_for_what_is_to_be_trusted_later();
	spreads_by_what_links_carry();
	comes_back_in_steps_and_flees_at_once();
	what_is_known_goes_with_its_policy();
	return check_result();
}
