/* The paths of a peer: what happens when one is silent, and which is taken. How this goes under loss is path_sim.c's. */
#include "path_bench.h"

static void a_way_has_one_path_and_sixteen_is_the_most(void)
{
	struct cw_way way = { .uplink = 1, .local_port = 2, .remote_port = 3, .remote = { { 4, 5 } } };

	begin(0);
	for (uint16_t i = 0; i < CW_PATHS_MAX; i++) {
		way.remote_port = i;
		CHECK(cw_paths_find(&paths, &way) == NULL && cw_paths_add(&paths, &list[i], &way, now_us));
		CHECK(cw_paths_find(&paths, &way) == &list[i] && list[i].slot == i && list[i].flow_label != 0);
	}
	way.remote_port = 99;
	CHECK(!cw_paths_add(&paths, &list[CW_PATHS_MAX], &way, now_us));
	cw_paths_pair(&paths, &list[3], 200, 0);
	paths.best = 3;
	cw_paths_remove(&paths, &list[3]);
	CHECK(paths.slot_of[200] == CW_PATH_NONE && paths.best == CW_PATH_NONE && paths.count == CW_PATHS_MAX - 1);
	CHECK(cw_paths_add(&paths, &list[CW_PATHS_MAX], &way, now_us) && list[CW_PATHS_MAX].slot == 3);
	for (uint32_t i = 0; i < CW_PATHS_MAX; i++) {
		if (i != 3)
			cw_paths_remove(&paths, &list[i]);
	}
	cw_paths_remove(&paths, &list[CW_PATHS_MAX]);
	CHECK(paths.count == 0 && paths.slots == 0);
}

static void a_number_is_not_given_to_two_paths(void)
{
	uint32_t since[256] = { 0 };

	begin(2);
	for (uint32_t i = 0; i < 2000; i++) {
		uint8_t slot = (uint8_t)(2 + i % 2);
		struct cw_way way = { .uplink = (uint8_t)(10 + i % 2) };
		CHECK(cw_paths_add(&paths, &list[slot], &way, now_us) && list[slot].number == CW_PATH_NONE);
		cw_paths_number(&paths, &list[slot]);
		uint8_t number = list[slot].number;
		/* Nor to another soon after: 0 and 1 are taken, 255 is none. */
		CHECK(number != 0 && number != 1 && number != CW_PATH_NONE);
		CHECK(since[number] == 0 || i + 1 - since[number] > 200);
		since[number] = i + 1;
		cw_paths_remove(&paths, &list[slot]);
	}
}

static void a_silent_path_is_left(void)
{
	flow(3);
	cut(0);
	uint64_t took_us = until_state(0, CW_PATH_DOWN, 5 * SECOND);
	/* 150 ms, two fills, some for jitter, and what the round trip is shorter than 80 ms. */
	CHECK(took_us >= 265 * MS && took_us <= 275 * MS);
	CHECK(list[0].live.why == CW_PATH_SILENT && paths.best == 1 && !paths.is_alarm);
	CHECK(probes[0] >= CW_BURST_PROBES && probes[0] < 30);
	/* Meanwhile the others were asked. */
	CHECK(probes[1] >= 8 && probes[2] >= 8);
	/* And now they tell the far end, as does the path itself, which may be silent in one direction only. */
	CHECK(tells[0] == 1 && tells[1] == 1 && tells[2] == 1);
	pass(100 * MS);
	CHECK(tells[0] == 4 && tells[1] == 4 && tells[2] == 4);
	count_anew();
	pass(100 * SECOND);
	CHECK(tells[0] == 0 && tells[2] == 0 && tells[1] >= 5 && tells[1] <= 15);
	/* It brings something, though no answer yet: nothing is told any more. */
	cw_liveness_hear(&list[0].live, now_us);
	count_anew();
	pass(100 * SECOND);
	CHECK(told == 0);
}

static void what_the_far_end_does_not_hear_is_left_at_once(void)
{
	flow(2);
	cw_paths_deaf(&paths, &list[0], now_us);
	CHECK(paths.best == 1 && list[0].live.why == CW_PATH_DEAF && paths.due_us <= now_us);
	pass(10 * SECOND);
	CHECK(told == 0);
}

static void what_has_no_uplink_is_left_at_once_and_told(void)
{
	flow(2);
	cut(0);
	cw_liveness_fail(&list[0].live, CW_PATH_NO_UPLINK, now_us);
	look(0);
	CHECK(paths.best == 1 && tells[0] == 0 && tells[1] == 1);
	count_anew();
	pass(10 * SECOND);
	CHECK(probes[0] == 0);
	/* It is back: asked at once, trusted after three answers. */
	cw_liveness_fail(&list[0].live, CW_PATH_UNTRIED, now_us);
	rtt_us[0] = 20 * MS;
	CHECK(until_state(0, CW_PATH_UP, SECOND) < 300 * MS);
}

static void the_far_end_itself_may_be_away(void)
{
	flow(3);
	for (uint8_t slot = 0; slot < 3; slot++)
		cut(slot);
	pass(4 * SECOND);
	CHECK(list[0].live.state == CW_PATH_UP && list[0].live.suspect_us != 0 && paths.is_alarm && told == 0);
	/* After five seconds it does not matter why. */
	pass(2 * SECOND);
	CHECK(list[0].live.state == CW_PATH_DOWN);
}

static void silence_is_none_while_the_worker_is_away(void)
{
	flow(2);
	pass(10 * MS);
	now_us += 400 * MS;
	look(now_us - paths.due_us);
	CHECK(list[0].live.suspect_us == 0 && !paths.is_alarm);
	/* What lay in the queue comes first, and does not hide how late the look is. */
	now_us += 400 * MS;
	uint64_t due_us = paths.due_us;
	cw_paths_wake(&paths, now_us);
	cw_paths_deaf(&paths, &list[1], now_us);
	CHECK(paths.due_us == due_us);
}

/* What fails may take others with it that nobody has asked lately. */
static void of_the_alternatives_one_that_answers_is_taken(void)
{
	flow(3);
	cut(0);
	cut(1);
	until_state(0, CW_PATH_DOWN, 5 * SECOND);
	CHECK(paths.best == 2 && list[1].live.state == CW_PATH_UP);
	CHECK(cw_path_doubt(&paths, &list[1], now_us) == 2 && cw_path_has_answered(&paths, &list[2], now_us));
	for (uint32_t i = 0; i < 30; i++) {
		pass(100 * MS);
		CHECK(paths.best == 2);
	}
	CHECK(list[1].live.state == CW_PATH_DOWN);
}

static void the_better_path_is_taken_again_when_it_is_trusted(void)
{
	flow(2);
	cut(0);
	until_state(0, CW_PATH_DOWN, 5 * SECOND);
	has_tx[0] = false;
	has_tx[1] = has_rx[1] = true;
	pass(5 * SECOND);
	rtt_us[0] = 20 * MS;
	CHECK(until_state(0, CW_PATH_UP, 2 * SECOND) < 900 * MS);
	pass(29 * SECOND);
	CHECK(paths.best == 1);
	pass(SECOND + 100 * MS);
	CHECK(paths.best == 0);
}

static void paths_are_ranked(void)
{
	rest(5);
	list[0].flags = CW_PATH_BACKUP;
	list[1].flags = CW_PATH_METERED;
	list[2].live.hold_us = now_us + SECOND;
	cw_paths_choose(&paths, now_us);
	CHECK(paths.best == 3);
	cw_liveness_fail(&list[3].live, CW_PATH_DEAF, now_us);
	cw_paths_choose(&paths, now_us);
	CHECK(paths.best == 4);
	cw_liveness_fail(&list[4].live, CW_PATH_DEAF, now_us);
	cw_paths_choose(&paths, now_us);
	CHECK(paths.best == 1);
	cw_liveness_fail(&list[1].live, CW_PATH_NO_UPLINK, now_us);
	cw_paths_choose(&paths, now_us);
	CHECK(paths.best == 0);
	cw_liveness_fail(&list[0].live, CW_PATH_DEAF, now_us);
	cw_paths_choose(&paths, now_us);
	CHECK(paths.best == 2);
	cw_liveness_fail(&list[2].live, CW_PATH_DEAF, now_us);
	/* None lives: by which something came last, if it can be sent by. */
	cw_liveness_hear(&list[1].live, now_us + 2);
	cw_liveness_hear(&list[4].live, now_us + 1);
	cw_paths_choose(&paths, now_us);
	CHECK(paths.best == 4);
}

int main(int argc, char **argv)
{
	check_begin(argc, argv);
	a_way_has_one_path_and_sixteen_is_the_most();
	a_number_is_not_given_to_two_paths();
	a_silent_path_is_left();
	what_the_far_end_does_not_hear_is_left_at_once();
	what_has_no_uplink_is_left_at_once_and_told();
	the_far_end_itself_may_be_away();
	silence_is_none_while_the_worker_is_away();
	of_the_alternatives_one_that_answers_is_taken();
	the_better_path_is_taken_again_when_it_is_trusted();
	paths_are_ranked();
	return check_result();
}
