/*
 * What is believed of ways that authentic frames came by, which anybody on the path may have sent on from elsewhere: nothing, until
 * a probe is answered by them. They carry no data, get little else, and what comes by them decides about no path.
 */
#include "far_end.h"
#include "graph/steer.h"

#define STRANGER 6666

/* The far end is at home, and data goes both ways. */
static void begin(void)
{
	is_mute = false;
	pass(45 * SECOND, true);
	CHECK(path_of(home_port)->live.state == CW_PATH_UP);
	CHECK(cw_bench_path(&bench) == path_of(home_port) && bench.far->paths.best == 0);
	bench.worker->now_us += 200 * SECOND;
	pass(3 * SECOND, true);
	CHECK(path_of(STRANGER) == NULL);
	events(0);
	count_anew();
}

static bool is_unproven(uint16_t port)
{
	const struct cw_path *path = path_of(port);

	return path != NULL && path->live.state == CW_PATH_NEW && !path->live.was_up && !cw_path_may_carry(path);
}

/* One frame is held back and sent on from elsewhere; then all is cut. */
static void what_was_only_heard_from_carries_nothing(bool is_spread)
{
	bench.worker->view->program->policies[0].is_spread = is_spread;
	begin();
	is_mute = true;
	ask_from(STRANGER);
	CHECK(is_unproven(STRANGER));
	count_anew();
	pass(30 * SECOND, true);
	CHECK(is_unproven(STRANGER) && path_of(home_port)->live.state == CW_PATH_DOWN);
	CHECK(data_to[STRANGER] == 0 && data_to[home_port] == 30 * 50);
	/* The answer, and three probes. */
	CHECK(control_to[STRANGER] > 0 && control_to[STRANGER] <= 4);
	bench.worker->view->program->policies[0].is_spread = 0;
}

/* From ever other ports: no more than is answered to whoever asks, and three probes to the few that are learned. */
static void many_such_ways_get_little(void)
{
	uint32_t control = 0;

	begin();
	for (uint32_t i = 0; i < 500; i++) {
		ask_from((uint16_t)(30000 + i));
		pass(4 * STEP_US, false);
	}
	pass(10 * SECOND, true);
	for (uint32_t i = 0; i < 500; i++) {
		control += control_to[30000 + i];
		CHECK(data_to[30000 + i] == 0 && control_to[30000 + i] <= 4);
	}
	CHECK(control >= 500 && control <= 500 + 3 * (8 + 10));
	CHECK(bench.far->paths.best == 0 && data_to[home_port] > 0);
}

/* All that can be known without seeing what is sent there. */
static void guess(uint32_t round)
{
	for (uint32_t i = 1; i <= 16; i++) {
		answer_from(STRANGER, i);
		answer_from(STRANGER, round + i);
		answer_from(STRANGER, probe_id[home_port] - 8 + i);
		answer_from(STRANGER, probe_id[STRANGER] + i);
		answer_from(STRANGER, probe_id[STRANGER] + 64 * i);
		answer_from(STRANGER, probe_id[STRANGER] - i);
	}
}

static void an_answer_that_is_guessed_proves_nothing(void)
{
	begin();
	ask_from(STRANGER);
	/* Ids of another path's probes are known to who hears that. */
	for (uint32_t round = 0; round < 200; round++) {
		pass(4 * STEP_US, true);
		answer_from(STRANGER, probe_id[home_port]);
		guess(round);
		CHECK(is_unproven(STRANGER));
	}
	is_mute = true;
	for (uint32_t round = 0; round < 500; round++) {
		pass(4 * STEP_US, true);
		guess(200 + round);
	}
	CHECK(probe_id[STRANGER] != 0 && is_unproven(STRANGER) && data_to[STRANGER] == 0);
}

/* Who gets probes at one port cannot answer for another, to which they are to go. */
static void ids_of_one_way_say_nothing_of_another(void)
{
	uint32_t count = 0, ids[16];

	begin();
	ask_from(STRANGER);
	ask_from(STRANGER + 1);
	for (uint32_t i = 0; i < 200; i++) {
		pass(STEP_US, true);
		if (count < 16 && probe_id[STRANGER + 1] != (count == 0 ? 0 : ids[count - 1]))
			ids[count++] = probe_id[STRANGER + 1];
	}
	CHECK(count == 3 && control_to[STRANGER] == 4);
	for (uint32_t i = 0; i < count; i++)
		answer_from(STRANGER, ids[i]);
	CHECK(is_unproven(STRANGER));
}

/* Somebody is there after all: an address of the far end's that nobody knew. */
static void an_answer_proves(void)
{
	begin();
	ask_from(STRANGER);
	pass(SECOND, true);
	answer_from(STRANGER, probe_id[STRANGER]);
	CHECK(path_of(STRANGER)->live.state == CW_PATH_UP);
	tell_silence_from(STRANGER, cw_bench_path(&bench)->number);
	CHECK(path_of(home_port)->live.state == CW_PATH_DOWN && path_of(home_port)->live.why == CW_PATH_DEAF);
	is_mute = true;
	pass(SECOND / 10, true);
	CHECK(data_to[STRANGER] > 0);
}

/* It was true once, when the frame was held back. */
static void word_of_silence_counts_by_a_proven_way_only(void)
{
	begin();
	ask_from(STRANGER);
	CHECK(is_unproven(STRANGER));
	tell_silence_from(STRANGER, cw_bench_path(&bench)->number);
	tell_silence_from(STRANGER + 1, cw_bench_path(&bench)->number);
	CHECK(path_of(home_port)->live.state == CW_PATH_UP);
	/* Nor where no place is left for such a way. */
	for (uint16_t port = 30000; port < 30050; port++)
		tell_silence_from(port, cw_bench_path(&bench)->number);
	CHECK(path_of(30049) == NULL && path_of(home_port)->live.state == CW_PATH_UP && events(CW_EVENT_SILENT) == 0);
	tell_silence_from(home_port, cw_bench_path(&bench)->number);
	CHECK(path_of(home_port)->live.state == CW_PATH_DOWN);
}

/* A hole among the slots, paths that are dead, and none of those left that are free. */
static void where_none_lives_packets_find_what_is_configured(void)
{
	struct cw_paths *paths = &bench.far->paths;
	uint32_t free_count = bench.worker->paths.free_count;

	bench.worker->view->program->policies[0].is_spread = 1;
	begin();
	is_mute = true;
	ask_from(6001);
	bench.worker->now_us += 1000;
	ask_from(6002);
	cw_path_name(bench.worker, bench.far, &cw_bench_path(&bench)->way, 1);
	CHECK(paths->list[1] == path_of(6001) && paths->list[2] == path_of(6002));
	cw_paths_remove(paths, paths->list[1]);
	cw_liveness_begin(&paths->list[0]->live, bench.worker->now_us);
	cw_liveness_fail(&paths->list[2]->live, CW_PATH_SILENT, bench.worker->now_us);
	pass(2 * SECOND, false);
	CHECK(cw_steer_choice(bench.worker, bench.far, 0)->best == 0);
	bench.worker->paths.free_count = 0;
	ask_from(6003);
	count_anew();
	data_out();
	serve();
	CHECK(data_to[home_port] == 1 && data_to[6001] + data_to[6002] + data_to[6003] == 0);
	bench.worker->paths.free_count = free_count - 2;
	bench.worker->view->program->policies[0].is_spread = 0;
}

int main(int argc, char **argv)
{
	check_begin(argc, argv);
	cw_bench_open(&bench);
	what_was_only_heard_from_carries_nothing(false);
	what_was_only_heard_from_carries_nothing(true);
	many_such_ways_get_little();
	an_answer_that_is_guessed_proves_nothing();
	ids_of_one_way_say_nothing_of_another();
	word_of_silence_counts_by_a_proven_way_only();
	an_answer_proves();
	where_none_lives_packets_find_what_is_configured();
	events(0);
	cw_bench_close(&bench);
	return check_result();
}
