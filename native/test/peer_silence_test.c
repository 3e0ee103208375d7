/*
 * When nobody is heard by any of a peer's paths, which is no verdict on one of them, since nobody can say whose fault it is: but who
 * has another hub goes on by that. As fast as a path is left, and not where only a path failed.
 */
#include "path_bench.h"

static uint64_t until_silent(uint64_t most_us)
{
	uint64_t since_us = now_us;

	while (!paths.is_silent && now_us - since_us < most_us)
		pass(STEP_US);
	return now_us - since_us;
}

static void cut_all(uint32_t count)
{
	for (uint8_t slot = 0; slot < count; slot++)
		cut(slot);
}

static void a_peer_is_silent_once_all_of_its_paths_are(void)
{
	for (uint32_t count = 1; count <= 4; count++) {
		flow(count);
		cut_all(count);
		uint64_t us = until_silent(2 * SECOND);
		if (!CHECK(us >= 150 * MS && us < 350 * MS))
			fprintf(stderr, "  %u paths: %.1f ms\n", count, (double)us / MS);
		/* No path has a verdict: as long as nobody answers, nobody knows. */
		CHECK(list[0].live.state == CW_PATH_UP);
	}
}

static void data_that_begins_finds_out_as_fast(void)
{
	rest(2);
	cut_all(2);
	pass(20 * SECOND);
	rest(2);
	cut_all(2);
	has_tx[0] = true;
	cw_paths_wake(&paths, now_us);
	uint64_t us = until_silent(2 * SECOND);
	if (!CHECK(us >= 150 * MS && us < 500 * MS))
		fprintf(stderr, "  %.1f ms\n", (double)us / MS);
}

static void a_peer_with_a_path_that_answers_is_not_silent(void)
{
	/* Slow or not: its answer has its time. */
	for (uint64_t rtt = 10 * MS; rtt <= 600 * MS; rtt += 118 * MS) {
		rest(2);
		rtt_us[1] = rtt;
		pass(20 * SECOND);
		has_tx[0] = has_rx[0] = true;
		pass(5 * SECOND);
		cut(0);
		if (!CHECK(until_silent(3 * SECOND) == 3 * SECOND))
			fprintf(stderr, "  round trip of %.0f ms\n", (double)rtt / MS);
		CHECK(list[0].live.state == CW_PATH_DOWN && list[1].live.state == CW_PATH_UP);
	}
}

static void it_is_over_with_the_first_answer(void)
{
	flow(2);
	cut_all(2);
	until_silent(2 * SECOND);
	CHECK(paths.is_silent);
	pass(300 * MS);
	CHECK(paths.is_silent);
	rtt_us[1] = 20 * MS;
	pass(400 * MS);
	CHECK(!paths.is_silent);
}

/* Nothing of it is asked any more, but what was found out lasts until somebody is heard: the paths are down by then. */
static void it_lasts_until_somebody_is_heard(void)
{
	flow(1);
	cut(0);
	until_silent(2 * SECOND);
	has_tx[0] = false;
	for (uint32_t i = 0; i < 100; i++) {
		pass(100 * MS);
		CHECK(paths.is_silent || list[0].live.state == CW_PATH_DOWN);
	}
	CHECK(list[0].live.state == CW_PATH_DOWN);
}

static void time_that_the_worker_is_away_is_no_silence(void)
{
	flow(1);
	now_us += SECOND;
	look(SECOND - 25 * MS);
	CHECK(!paths.is_silent);
	pass(40 * MS);
	CHECK(!paths.is_silent && list[0].live.state == CW_PATH_UP);
}

int main(int argc, char **argv)
{
	check_begin(argc, argv);
	a_peer_is_silent_once_all_of_its_paths_are();
	data_that_begins_finds_out_as_fast();
	a_peer_with_a_path_that_answers_is_not_silent();
	it_is_over_with_the_first_answer();
	it_lasts_until_somebody_is_heard();
	time_that_the_worker_is_away_is_no_silence();
	return check_result();
}
