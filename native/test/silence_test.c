/*
 * What is told of silent paths, to the far end and to the gateway, and how long: not of numbers that have another meaning by now, and
 * not for ever. And what is not held against a path: that its uplink had no address yet.
 */
#include "far_end.h"
#include "graph/control.h"

#define NOBODY 7777
#define HOUR (3600ull * SECOND)

/* The program names the far end's address, and that one; 0: no other. */
static void name(uint16_t other_port)
{
	struct cw_way ways[2] = { bench.keypair->way, bench.keypair->way };

	ways[1].remote_port = other_port;
	cw_path_name(bench.worker, bench.far, ways, other_port == 0 ? 1 : 2);
}

/* A NAT before the far end gives its path another port: that is the same path there, and alive. */
static void what_another_way_has_replaced_is_told_no_longer(void)
{
	name(0);
	pass(5 * SECOND, true);
	CHECK(words_of_silence == 0 && path_of(CW_BENCH_PORT + 1)->remote_number == 0);
	home_port = 40000;
	pass(20 * SECOND, true);
	CHECK(path_of(CW_BENCH_PORT + 1)->live.state == CW_PATH_DOWN && path_of(home_port)->live.state == CW_PATH_UP);
	CHECK(path_of(CW_BENCH_PORT + 1)->remote_number == CW_PATH_NONE && path_of(home_port)->remote_number == 0);
	count_anew();
	pass(120 * SECOND, true);
	CHECK(words_of_silence == 0 && path_of(home_port)->live.state == CW_PATH_UP);
	home_port = CW_BENCH_PORT + 1;
	pass(300 * SECOND, true);
	CHECK(path_of(home_port)->live.state == CW_PATH_UP && path_of(40000) == NULL);
}

/* By the numbers of an earlier session other paths may be meant. */
static void numbers_are_of_a_session(void)
{
	struct cw_path *other;

	name(NOBODY);
	other = path_of(NOBODY);
	cw_liveness_prove(&other->live, bench.worker->now_us);
	cw_paths_pair(&bench.far->paths, other, 9, bench.worker->now_us);
	cw_liveness_fail(&other->live, CW_PATH_SILENT, bench.worker->now_us + 1);
	count_anew();
	pass(SECOND / 2, true);
	CHECK(words_of_silence > 0);
	/* A new session, by the way that lives. */
	cw_path_enter(bench.worker, bench.far, &path_of(home_port)->way, true);
	cw_path_begin_session(bench.worker, bench.far);
	CHECK(other->remote_number == CW_PATH_NONE && path_of(home_port)->remote_number == CW_PATH_NONE);
	CHECK(bench.far->paths.slot_of[9] == CW_PATH_NONE);
	count_anew();
	pass(10 * SECOND, true);
	CHECK(words_of_silence == 0 && path_of(home_port)->remote_number == 0);
	name(0);
	pass(300 * SECOND, true);
	CHECK(path_of(NOBODY) == NULL);
}

/* While the peer answers by one path, what another one leaves unanswered is no silence of the peer. */
static void at_rest_a_path_that_nobody_answers_by_is_no_silence(void)
{
	name(NOBODY);
	events(0);
	for (uint32_t seconds = 0; seconds < 120; seconds++)
		pass(SECOND, false);
	CHECK(path_of(NOBODY)->live.state != CW_PATH_UP && path_of(home_port)->live.state == CW_PATH_UP);
	CHECK(control_to[NOBODY] > 0 && events(CW_EVENT_SILENT) == 0);
}

static void at_rest_a_dead_path_is_no_silence_either(void)
{
	struct cw_path *other = path_of(NOBODY);
	uint32_t told = 0;

	cw_liveness_prove(&other->live, bench.worker->now_us);
	cw_liveness_fail(&other->live, CW_PATH_SILENT, bench.worker->now_us + 1);
	count_anew();
	for (uint64_t us = 0; us < HOUR / 2; us += SECOND) {
		pass(SECOND, false);
		told += events(CW_EVENT_SILENT);
	}
	/* It is asked all the same, each half minute. */
	CHECK(told == 0 && control_to[NOBODY] >= 50 && control_to[NOBODY] <= 70 && other->live.state == CW_PATH_DOWN);
	/* The peer itself falls silent: each five seconds that is told, until the key ends. */
	is_mute = true;
	for (uint32_t seconds = 0; seconds < 60; seconds++) {
		pass(SECOND, false);
		told += events(CW_EVENT_SILENT);
	}
	CHECK(told >= 3 && told <= 12);
	is_mute = false;
	pass(60 * SECOND, true);
	CHECK(path_of(home_port)->live.state == CW_PATH_UP && events(CW_EVENT_SILENT) <= 1);
}

/* With a probe and an introduction they are as many items as a frame may hold: the rest is told by the next. */
static void of_however_many_paths_a_frame_can_be_read(void)
{
	static uint8_t items[CW_BENCH_FRAME_MAX];
	struct cw_way ways[CW_PATHS_MAX];
	uint16_t silent = 0;
	uint8_t type;

	for (uint32_t i = 0; i < CW_PATHS_MAX; i++) {
		ways[i] = bench.keypair->way;
		ways[i].remote_port = i == 0 ? home_port : (uint16_t)(20000 + i);
	}
	cw_path_name(bench.worker, bench.far, ways, CW_PATHS_MAX);
	CHECK(bench.far->paths.count == CW_PATHS_MAX);
	for (uint32_t slot = 0; slot < CW_PATHS_MAX; slot++) {
		bench.far->paths.list[slot]->remote_number = (uint8_t)slot;
		silent |= bench.far->paths.list[slot]->way.remote_port == home_port ? 0 : (uint16_t)(1u << slot);
	}
	struct cw_path *home = path_of(home_port);
	home->live.probes = 16;
	cw_control_send(bench.worker, bench.keypair, home, true, silent);
	cw_bench_flush(&bench);
	uint32_t length = cw_bench_hear(&bench, &type, items), count = 0;
	for (uint32_t at = 0; at + 4 <= length; at += 4 + packet_u16(items + at + 2))
		count++;
	CHECK(count == 16);
	cw_bench_drops(&bench);
	cw_control(bench.worker, bench.keypair, home, items, length);
	CHECK(cw_bench_drops(&bench)[0] == 0);
	name(0);
	pass(300 * SECOND, true);
}

/* At boot there is no lease yet: that is no failure, and the path is taken as soon as it is answered. */
static void what_waited_for_its_uplink_is_not_held(void)
{
	name(40001);
	pass(30 * SECOND, true);
	struct cw_liveness *live = &path_of(40001)->live;
	CHECK(live->state == CW_PATH_NEW && path_of(40001)->asked.highest > 5);
	bench.ports[CW_BENCH_UPLINK_PORT]->is_up = false;
	pass(3 * SECOND, false);
	CHECK(live->state == CW_PATH_DOWN && live->why == CW_PATH_NO_UPLINK);
	bench.ports[CW_BENCH_UPLINK_PORT]->is_up = true;
	home_port = 40001;
	pass(3 * SECOND, false);
	CHECK(live->state == CW_PATH_UP && live->failures == 0 && live->hold_us <= bench.worker->now_us);
	/* Its probes can be foreseen as little as before. */
	CHECK(live->secret != 0);
	/* Nor does it count what nobody had heard. */
	CHECK(path_of(40001)->asked.highest > 0 && path_of(40001)->asked.highest <= live->probes);
	/* The other one had lived. */
	CHECK(cw_bench_path(&bench)->live.was_up && cw_bench_path(&bench)->live.state == CW_PATH_DOWN);
}

/* Without buffers nothing is asked, and nobody is to blame that nothing is answered. */
static void what_could_not_leave_was_not_asked(void)
{
	struct rte_mempool *pool = bench.worker->engine->pools.small;
	struct cw_liveness *live = &path_of(home_port)->live;
	uint32_t count = 0;

	pass(5 * SECOND, false);
	uint32_t probes = live->probes, failures = live->failures;
	struct rte_mbuf **taken = calloc(pool->size, sizeof(taken[0]));
	while (count < pool->size && (taken[count] = rte_pktmbuf_alloc(pool)) != NULL)
		count++;
	pass(60 * SECOND, false);
	CHECK(live->state == CW_PATH_UP && live->failures == failures && events(CW_EVENT_SILENT) == 0);
	CHECK(live->probes == probes && live->asked_us == 0 && live->suspect_us == 0);
	while (count > 0)
		rte_pktmbuf_free(taken[--count]);
	free(taken);
	/* And then at once. */
	uint64_t since_us = bench.worker->now_us;
	pass(SECOND + STEP_US, false);
	CHECK(live->probes > probes && live->lived_us > since_us && live->state == CW_PATH_UP);
}

int main(int argc, char **argv)
{
	check_begin(argc, argv);
	cw_bench_open(&bench);
	what_another_way_has_replaced_is_told_no_longer();
	numbers_are_of_a_session();
	at_rest_a_path_that_nobody_answers_by_is_no_silence();
	at_rest_a_dead_path_is_no_silence_either();
	of_however_many_paths_a_frame_can_be_read();
	what_waited_for_its_uplink_is_not_held();
	what_could_not_leave_was_not_asked();
	events(0);
	cw_bench_close(&bench);
	return check_result();
}
