/*
 * What flows take when their path goes down: not another that went with it and is only not known to be down yet, though it
 * would be preferred. Doubt decides nothing else: no path is left for it.
 */
#include "check.h"
#include "table/choice.h"

#define RTT_US 40000u
#define ASKED_US 80000u /* ago: an answer is late */

static uint64_t now_us = 1000000000;
static struct cw_path list[3];
static struct cw_paths paths;
static const struct cw_policy_program policy = { .loss_ppm = CW_NONE,
						 .latency_us = CW_NONE,
						 .jitter_us = CW_NONE,
						 .metered = CW_METERED_LAST,
						 .kinds = 3 };

/* Three that live: by uplink 0, by uplink 0 to another address, by uplink 1. */
static void begin(void)
{
	cw_paths_begin(&paths);
	for (uint32_t i = 0; i < 3; i++) {
		struct cw_way way = { .uplink = i / 2, .remote_port = (uint16_t)(i + 1) };
		CHECK(cw_paths_add(&paths, &list[i], &way, now_us));
		cw_liveness_prove(&list[i].live, now_us);
		list[i].live.rtt_us = RTT_US;
	}
}

static uint8_t best(struct cw_choice *choice)
{
	paths.version++;
	cw_choice_make(choice, &paths, &policy, 0, now_us);
	return choice->best;
}

static void the_sibling_of_what_failed_is_not_taken(void)
{
	struct cw_choice choice = { 0 };

	begin();
	CHECK(best(&choice) == 0);
	list[1].live.asked_us = now_us - ASKED_US;
	cw_liveness_fail(&list[0].live, CW_PATH_SILENT, now_us);
	CHECK(best(&choice) == 2);
	CHECK((choice.usable & 1u << 1) == 0);
	list[1].live.asked_us = 0;
	CHECK(best(&choice) == 1);
}

static void where_there_is_no_other_it_is_taken(void)
{
	struct cw_choice choice = { 0 };

	begin();
	CHECK(best(&choice) == 0);
	list[1].live.asked_us = now_us - ASKED_US;
	cw_liveness_fail(&list[0].live, CW_PATH_SILENT, now_us);
	cw_liveness_fail(&list[2].live, CW_PATH_SILENT, now_us);
	CHECK(best(&choice) == 1);
}

static void an_answer_that_is_not_due_yet_is_no_doubt(void)
{
	struct cw_choice choice = { 0 };

	begin();
	list[1].live.asked_us = now_us - RTT_US;
	cw_liveness_fail(&list[0].live, CW_PATH_SILENT, now_us);
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
	the_sibling_of_what_failed_is_not_taken();
	where_there_is_no_other_it_is_taken();
	an_answer_that_is_not_due_yet_is_no_doubt();
	no_path_is_left_for_doubt();
	return check_result();
}
