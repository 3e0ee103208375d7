/*
 * What flows take when their path goes down: not another that went with it and is only not known to be down yet, though it
 * would be preferred. Doubt decides nothing else: no path is left for it.
 */
#include "check.h"
#include "table/choice.h"

#define RTT_US 40000u
#define SILENT_US 300000u
#define ASKED_US 80000u /* ago: an answer is late */

static uint64_t now_us = 1000000000;
static struct cw_path list[4];
static struct cw_paths paths;
static const struct cw_policy_program policy = { .loss_ppm = CW_NONE,
						 .latency_us = CW_NONE,
						 .jitter_us = CW_NONE,
						 .metered = CW_METERED_LAST,
						 .kinds = 3 };

/* Two uplinks at each end, and the paths between them, by number: 0–0, 0–1, 1–0, 1–1. */
static void begin(void)
{
	cw_paths_begin(&paths);
	for (uint32_t i = 0; i < 4; i++) {
		struct cw_way way = { .uplink = (uint8_t)(i / 2), .remote_port = 1, .remote = cw_address_of_v4(i % 2 + 1) };
		CHECK(cw_paths_add(&paths, &list[i], &way, now_us));
		cw_paths_number(&paths, &list[i]);
		cw_liveness_prove(&list[i].live, now_us);
		list[i].live.rtt_us = RTT_US;
		list[i].remote_uplink = (uint8_t)(i % 2);
		list[i].live.answered_us = now_us - 500000;
	}
}

static uint8_t best(struct cw_choice *choice)
{
	paths.version++;
	cw_choice_make(choice, &paths, &policy, 0, now_us);
	return choice->best;
}

/* Nothing is heard by it since a while, and that is certain now. */
static void fail(uint32_t slot)
{
	list[slot].live.heard_us = now_us - SILENT_US;
	cw_liveness_fail(&list[slot].live, CW_PATH_SILENT, now_us);
}

static void what_shares_no_link_with_what_failed_is_taken(void)
{
	struct cw_choice choice = { 0 };

	begin();
	CHECK(best(&choice) == 0);
	fail(0);
	CHECK(best(&choice) == 3);
	CHECK((choice.usable & 0x7) == 0);
}

static void what_was_answered_since_is_taken(void)
{
	struct cw_choice choice = { 0 };

	begin();
	list[2].live.answered_us = now_us - SILENT_US / 2;
	CHECK(best(&choice) == 0);
	fail(0);
	CHECK(best(&choice) == 2);
	begin();
	choice = (struct cw_choice){ 0 };
	CHECK(best(&choice) == 0);
	/* The far end says so: here all is heard as before. */
	list[0].live.heard_us = now_us;
	cw_liveness_fail(&list[0].live, CW_PATH_DEAF, now_us);
	CHECK(best(&choice) == 3);
	now_us += RTT_US;
	list[0].live.heard_us = list[1].live.answered_us = now_us;
	CHECK(best(&choice) == 1);
}

static void what_carried_something_a_second_ago_is_kin_too(void)
{
	struct cw_choice choice = { 0 };

	begin();
	CHECK(best(&choice) == 0);
	list[1].live.expect_us = now_us - 1000000;
	list[1].tx_us = list[1].rx_us = now_us - 1000000;
	fail(0);
	CHECK(best(&choice) == 3);
	/* What carries flows of others right now keeps them, and is left by its own verdict. */
	list[1].tx_us = now_us;
	choice.best = 0;
	CHECK(best(&choice) == 1);
}

/* Flows come back to the best one by one: until they have, it is no better known than others. */
static void the_best_may_have_gone_with_what_carries(void)
{
	struct cw_choice choice = { 0 };

	begin();
	CHECK(best(&choice) == 0);
	list[1].tx_us = list[1].rx_us = now_us;
	fail(1);
	CHECK(best(&choice) == 2);
	list[0].tx_us = now_us;
	CHECK(best(&choice) == 0);
}

static void an_answer_that_is_late_is_doubt_too(void)
{
	struct cw_choice choice = { 0 };

	begin();
	CHECK(best(&choice) == 0);
	list[3].live.asked_us = now_us - ASKED_US;
	list[2].live.answered_us = now_us - SILENT_US / 2;
	list[1].risk = list[2].risk = 7;
	fail(0);
	CHECK(best(&choice) == 2);
	list[2].live.asked_us = now_us - ASKED_US;
	list[3].live.asked_us = now_us - RTT_US; /* is not due yet */
	choice.best = 0;
	CHECK(best(&choice) == 3);
}

static void what_fails_together_is_kin(void)
{
	struct cw_choice choice = { 0 };

	begin();
	CHECK(best(&choice) == 0);
	list[0].risk = list[3].risk = 7;
	fail(0);
	CHECK(best(&choice) == 1);
}

static void where_there_is_no_other_it_is_taken(void)
{
	struct cw_choice choice = { 0 };

	begin();
	CHECK(best(&choice) == 0);
	fail(0);
	fail(3);
	CHECK(best(&choice) == 1);
}

static void doubt_does_not_last(void)
{
	struct cw_choice choice = { 0 };

	begin();
	CHECK(best(&choice) == 0);
	fail(0);
	CHECK(best(&choice) == 3);
	now_us += 3000000;
	CHECK(best(&choice) == 1);
}

static void no_path_is_left_for_doubt(void)
{
	struct cw_choice choice = { 0 };

	begin();
	CHECK(best(&choice) == 0);
	list[0].live.asked_us = now_us - ASKED_US;
	CHECK(best(&choice) == 0);
}

int main(int argc, char **argv)
{
	check_begin(argc, argv);
	what_shares_no_link_with_what_failed_is_taken();
	what_was_answered_since_is_taken();
	what_carried_something_a_second_ago_is_kin_too();
	the_best_may_have_gone_with_what_carries();
	an_answer_that_is_late_is_doubt_too();
	what_fails_together_is_kin();
	where_there_is_no_other_it_is_taken();
	doubt_does_not_last();
	no_path_is_left_for_doubt();
	return check_result();
}
