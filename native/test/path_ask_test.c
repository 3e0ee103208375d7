/* When the paths of a peer are asked: at rest, with data, before anybody answers, and in an alarm. */
#include "path_bench.h"
#include "table/path-due.h"

static void at_rest_one_path_is_kept_and_the_others_sleep(void)
{
	rest(4);
	pass(270 * SECOND);
	CHECK(probes[0] >= 18 && probes[0] <= 20 && probes[1] + probes[2] + probes[3] == 0);
	/* The far end asks: then this one need not, unless that ends. */
	cw_liveness_hear(&list[0].live, now_us);
	list[0].left_us = now_us;
	uint64_t heard_us = now_us;
	count_anew();
	pass(16 * SECOND);
	CHECK(probes[0] == 0);
	pass(2 * SECOND);
	CHECK(probes[0] == 1 && probe_us[0] - heard_us < 17 * SECOND + SECOND / 10);
	/* A lost answer, and it is asked again soon. */
	pass(13 * SECOND);
	cut(0);
	count_anew();
	pass(4 * SECOND);
	CHECK(probes[0] > 1 && probes[0] <= 12 && list[0].live.state == CW_PATH_DOWN && paths.best == 1);
	/* Asked twice a minute, or once in five where that costs money, it is found again. */
	list[0].flags = CW_PATH_METERED;
	count_anew();
	pass(280 * SECOND);
	CHECK(probes[0] == 0);
	list[0].flags = 0;
	count_anew();
	pass(280 * SECOND);
	CHECK(probes[0] >= 9 && probes[0] <= 10 && list[0].live.state == CW_PATH_DOWN);
	rtt_us[0] = 20 * MS;
	pass(31 * SECOND);
	CHECK(list[0].live.state == CW_PATH_UP);
}

static void what_nobody_has_answered_by_is_tried_ever_less_often(void)
{
	begin(2);
	rtt_us[1] = 0;
	pass(SECOND);
	CHECK(probes[1] >= 3 && probes[1] <= 5 && paths.best == 0);
	count_anew();
	pass(20 * SECOND);
	CHECK(probes[1] >= 4 && probes[1] <= 8);
	count_anew();
	pass(60 * SECOND);
	CHECK(probes[1] == 0);
	has_tx[0] = has_rx[0] = true;
	cw_paths_wake(&paths, now_us);
	pass(80 * SECOND);
	CHECK(probes[1] >= 9 && probes[1] <= 12);
	/* The far end gets through. */
	cw_liveness_hear(&list[1].live, now_us);
	count_anew();
	pass(SECOND);
	CHECK(probes[1] >= 3 && probes[1] <= 5 && list[1].live.state == CW_PATH_NEW);
}

/* Who sends on what he heard gets no more than three times as much, and no data: he has answered nothing. */
static void what_was_only_heard_from_carries_nothing(void)
{
	begin(2);
	rtt_us[1] = 0;
	list[1].is_configured = false;
	pass(60 * SECOND);
	CHECK(probes[1] == 3 && paths.best == 0);
	for (uint32_t i = 0; i < 10; i++) {
		cw_liveness_hear(&list[1].live, now_us);
		pass(2 * SECOND);
	}
	CHECK(probes[1] <= 3 + 10);
	/* Nor where all others are gone. */
	cw_liveness_fail(&list[0].live, CW_PATH_SILENT, now_us);
	rtt_us[0] = 0;
	pass(SECOND);
	CHECK(paths.best == 0);
}

/* Nothing less often than the far end counts on. */
static void an_active_path_brings_something_all_the_time(void)
{
	flow(1);
	pass(17 * SECOND);
	CHECK(probes[0] == 200);
	/* Once data is over, two fill the first moments. */
	has_tx[0] = false;
	uint64_t last_us = list[0].tx_us;
	pass(26 * MS);
	CHECK(probe_us[0] - last_us <= 25 * MS);
	pass(25 * MS);
	CHECK(probe_us[0] - last_us > 25 * MS && probe_us[0] - last_us <= 51 * MS);
	pass(2 * SECOND - 51 * MS);
	count_anew();
	pass(850 * MS);
	CHECK(probes[0] == 10);
	/* It is no longer once nothing comes either. */
	has_rx[0] = false;
	pass(4 * SECOND);
	CHECK(!paths.is_awake);
	count_anew();
	pass(10 * SECOND);
	CHECK(probes[0] == 0);
}

/* Longer than the far end expects it to. */
static void where_it_costs_money_a_path_is_active_for_a_shorter_time(void)
{
	flow(1);
	has_tx[0] = has_rx[0] = false;
	pass(2400 * MS);
	CHECK(probes[0] >= 28 && list[0].live.expect_us == 0);
	flow(1);
	list[0].flags = CW_PATH_METERED;
	has_tx[0] = has_rx[0] = false;
	pass(490 * MS);
	CHECK(list[0].live.expect_us != 0);
	pass(510 * MS);
	CHECK(probes[0] >= 11 && list[0].live.expect_us == 0);
	count_anew();
	pass(5 * SECOND);
	CHECK(probes[0] == 0);
}

static void those_that_carry_nothing_are_asked_now_and_then(void)
{
	flow(5);
	list[1].flags = CW_PATH_METERED;
	list[2].flags = CW_PATH_BACKUP;
	list[3].live.hold_us = now_us + 1000ull * SECOND;
	cw_liveness_fail(&list[4].live, CW_PATH_DEAF, now_us);
	rtt_us[4] = 0;
	pass(SECOND);
	count_anew();
	pass(20 * SECOND);
	CHECK(probes[1] == 2 && probes[2] == 2);
	/* Just back, and watched: whether it is good is told by its probes. */
	CHECK(probes[3] >= 199 && probes[3] <= 201);
	CHECK(probes[4] >= 39 && probes[4] <= 41);
	list[3].live.hold_us = 0;
	list[4].flags = CW_PATH_METERED;
	pass(SECOND);
	count_anew();
	pass(20 * SECOND);
	CHECK(probes[3] >= 19 && probes[3] <= 21 && probes[4] == 4);
}

/* What costs money is asked less often from the start, all when it is proven that NATs wait longer. */
static void a_path_is_kept_as_seldom_as_may_be(void)
{
	static const uint16_t kept_s[] = { 30, 60, 110 };

	rest(1);
	list[0].flags = CW_PATH_METERED;
	pass(100 * SECOND);
	CHECK(probes[0] == 4);
	for (uint32_t i = 0; i < 6; i++) {
		list[0].flags = i % 2 == 0 ? CW_PATH_METERED : 0;
		list[0].kept_s = kept_s[i / 2];
		count_anew();
		pass(2ull * kept_s[i / 2] * SECOND);
		CHECK(probes[0] == 2 && list[0].live.state == CW_PATH_UP);
	}
}

/* What was heard counts from another time where the worker was away; what left does not. */
static void what_left_by_a_path_itself_tells_when_it_is_asked_again(void)
{
	rest(1);
	struct cw_path *path = &list[0];
	path->live.probe_us = path->live.answered_us = path->left_us = now_us - 20ull * SECOND;
	path->live.heard_us = now_us;
	paths.is_awake = false;
	CHECK(cw_path_probe_due_us(&paths, path, true, path->live.probe_us, now_us) <= now_us);
	path->left_us = now_us - 5ull * SECOND;
	uint64_t due = cw_path_probe_due_us(&paths, path, true, path->live.probe_us, now_us);
	CHECK(due > now_us + 10ull * SECOND && due <= now_us + 12ull * SECOND);
}

/* Which is theirs, and what they cost: the far end knows nothing of what sleeps. What costs money is not asked for that. */
static void a_new_session_asks_those_that_sleep_once(void)
{
	rest(4);
	list[3].flags = list[3].own_flags = CW_PATH_METERED;
	cw_paths_begin_session(&paths, now_us);
	paths.due_us = now_us;
	pass(MS);
	CHECK(probes[0] == 1 && probes[1] == 1 && probes[2] == 1 && probes[3] == 0);
	count_anew();
	pass(13 * SECOND);
	CHECK(probes[0] + probes[1] + probes[2] + probes[3] == 0);
	cw_paths_wake(&paths, now_us);
	pass(2 * MS);
	CHECK(probes[3] == 1);
}

/* Four times a second until the far end is known to have the key. */
static void an_unconfirmed_key_is_probed(void)
{
	rest(2);
	is_confirmed = false;
	pass(10 * SECOND);
	CHECK(probes[0] >= 39 && probes[0] <= 41 && probes[1] == 0);
	is_confirmed = true;
}

static void an_alarm_asks_the_best_alternatives_first(void)
{
	flow(PATHS);
	list[1].flags = CW_PATH_METERED;
	cut(0);
	pass(110 * MS);
	CHECK(paths.is_alarm && probes[2] > 0 && probes[3] > 0 && probes[4] > 0 && probes[5] > 0);
	/* More than four are not asked. */
	CHECK(probes[1] == 0);
	flow(2);
	list[1].flags = CW_PATH_METERED;
	cut(0);
	pass(110 * MS);
	CHECK(paths.is_alarm && probes[1] == 0);
	pass(40 * MS);
	CHECK(probes[1] > 0);
	/* And where nobody lives, those that do not. */
	flow(3);
	cw_liveness_fail(&list[1].live, CW_PATH_DEAF, now_us);
	cw_liveness_fail(&list[2].live, CW_PATH_DEAF, now_us);
	rtt_us[1] = rtt_us[2] = 0;
	pass(SECOND);
	count_anew();
	cut(0);
	pass(SECOND);
	CHECK(probes[1] >= 10 && probes[2] >= 10);
}

int main(int argc, char **argv)
{
	check_begin(argc, argv);
	at_rest_one_path_is_kept_and_the_others_sleep();
	a_path_is_kept_as_seldom_as_may_be();
	what_left_by_a_path_itself_tells_when_it_is_asked_again();
	what_nobody_has_answered_by_is_tried_ever_less_often();
	what_was_only_heard_from_carries_nothing();
	an_active_path_brings_something_all_the_time();
	where_it_costs_money_a_path_is_active_for_a_shorter_time();
	those_that_carry_nothing_are_asked_now_and_then();
	a_new_session_asks_those_that_sleep_once();
	an_unconfirmed_key_is_probed();
	an_alarm_asks_the_best_alternatives_first();
	return check_result();
}
