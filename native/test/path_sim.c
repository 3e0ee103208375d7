/*
 * What table/path.c, path-watch.c and liveness.c promise, held against a simulation (path_world.h): how long data is away when
 * a path is cut, that nothing else makes a path fail, and what an idle peer costs. Prints figures.
 *
 *   path_sim [--seed N] [--trials N] [--hours N] [--plant no-proof|burst]
 *
 * The same seed is the same run. A planted fault must turn it red. Cuts are path_sim_cut.c's.
 */
#include <string.h>

#include "check.h"
#include "path_sim.h"

#define HOUR (3600 * SECOND)
#define DAY (24 * HOUR)

static struct world world;
static uint32_t trials = 6, hours = 50;
static enum plant planted = PLANT_NONE;

static const struct data constant = { .gap_us = 20 * MS };
static const struct data dense = { .gap_us = 1 * MS };
static const struct data sparse = { .gap_us = 400 * MS };
static const struct data rare = { .gap_us = 20 * MS, .on_us = 20 * MS, .period_us = 7 * SECOND };
static const struct data on_off = { .gap_us = 20 * MS, .on_us = 700 * MS, .period_us = 1300 * MS };

const struct traffic cw_sim_traffic[TRAFFICS] = {
	{ "50/s", { &constant, &constant } },	   { "1000/s", { &dense, &dense } },
	{ "50/s one way", { &constant, NULL } },   { "on/off", { &on_off, &on_off } },
	{ "2.5/s", { &sparse, &sparse } },	   { "each 7 s one way", { &rare, NULL } },
};

uint32_t cw_sim_below(uint32_t below)
{
	return check_below(below);
}

void cw_sim_begin(struct world *w, const struct weather *weather, uint32_t links)
{
	cw_world_begin(w, check_random(), links, planted);
	for (uint32_t i = 0; i < links; i++) {
		for (uint32_t e = 0; e < ENDS; e++) {
			struct link *link = &w->link[i][e];
			link->delay_us = weather->delay_ms * MS;
			link->jitter_us = link->delay_us / 20;
			link->loss_ppm = weather->loss_percent * 10000;
			if (weather->is_uneven)
				link->delay_us += check_below((uint32_t)link->delay_us * 2 / 3) - link->delay_us / 3;
		}
	}
}

void cw_sim_send(struct world *w, const struct traffic *traffic, bool is_spread)
{
	for (uint32_t e = 0; e < ENDS; e++) {
		if (traffic->of[e] == NULL)
			continue;
		struct data data = *traffic->of[e];
		data.from_us = w->now_us + check_below(SECOND);
		data.until_us = LINK_NEVER;
		data.is_spread = is_spread;
		cw_world_send_data(w, e, &data);
	}
}

uint32_t cw_sim_failed(const struct world *w)
{
	return w->end[0].failed + w->end[1].failed;
}

uint32_t cw_sim_moves(const struct world *w)
{
	uint32_t first = w->end[0].move_count, second = w->end[1].move_count;

	return first > second ? first : second;
}

/* Paths are up, data has flown for a while. */
static void settle(const struct weather *weather, uint32_t links, const struct traffic *traffic)
{
	cw_sim_begin(&world, weather, links);
	cw_world_run(&world, world.now_us + 3 * SECOND);
	if (traffic != NULL)
		cw_sim_send(&world, traffic, false);
	cw_world_run(&world, world.now_us + 3 * SECOND + check_below(SECOND));
}

/* Both paths carry data, and of each direction of each one packet in twenty is lost. */
static void chance_fails_no_path(void)
{
	static const struct weather weather = { .delay_ms = 20, .loss_percent = 5 };
	uint64_t all_us = 0, suspicions = 0;
	uint32_t failed = 0;

	while (all_us < hours * HOUR) {
		cw_sim_begin(&world, &weather, 2);
		world.link[1][0].delay_us = world.link[1][1].delay_us = 15 * MS;
		cw_sim_send(&world, &cw_sim_traffic[0], true);
		uint64_t began_us = world.now_us;
		for (uint32_t i = 0; i < 1000; i++) {
			cw_world_run(&world, world.now_us + 3 * SECOND / 2);
			all_us += cw_world_skip(&world, 3);
		}
		all_us += world.now_us - began_us;
		suspicions += world.end[0].suspicions + world.end[1].suspicions;
		failed += cw_sim_failed(&world);
	}
	printf("%5" PRIu64 " h, 5 %% lost each way, 50/s both ways: %" PRIu64 " suspicions, %u failed\n", all_us / HOUR,
	       suspicions, failed);
	CHECK(failed == 0 && suspicions > 0);
}

/* Where little or nothing flows in a direction, every packet counts: nothing is skipped. */
static void try_quiet(const char *what, uint32_t loss_percent, uint32_t burst_percent, uint32_t t)
{
	struct weather weather = { .delay_ms = 20, .loss_percent = loss_percent };
	uint64_t for_us = hours * HOUR / 50;

	cw_sim_begin(&world, &weather, 2);
	for (uint32_t i = 0; i < 2 * ENDS; i++) {
		world.link[i / ENDS][i % ENDS].burst_ppm = burst_percent * 10000;
		world.link[i / ENDS][i % ENDS].burst_more_ppm = LINK_PPM / 2;
	}
	cw_sim_send(&world, &cw_sim_traffic[t], true);
	cw_world_run(&world, world.now_us + for_us);
	printf("%5.1f h, %s, %s: %u suspicions, %u failed, %.1f kB/s an end\n", (double)for_us / HOUR, what,
	       cw_sim_traffic[t].name, world.end[0].suspicions + world.end[1].suspicions, cw_sim_failed(&world),
	       (double)world.end[0].bytes / ((double)for_us / SECOND) / 1000);
	CHECK(cw_sim_failed(&world) == 0);
}

static void chance_fails_no_quiet_path(void)
{
	for (uint32_t t = 2; t < TRAFFICS; t++) {
		try_quiet("5 % lost each way", 5, 0, t);
		try_quiet("20 % lost each way", 20, 0, t);
		try_quiet("2 % lost each way and a burst of up to 150 ms each second", 2, 1, t);
	}
}

static const struct weather weathers[] = { { 5, 0, false },  { 20, 0, false }, { 60, 0, false }, { 5, 2, false },
					   { 20, 2, false }, { 60, 2, false }, { 5, 5, false },	 { 20, 5, false },
					   { 60, 5, false }, { 20, 5, true },  { 60, 2, true } };
#define WEATHERS (sizeof(weathers) / sizeof(weathers[0]))

/* A way that is 150 ms longer at once, each way, and two seconds later shorter again. */
static void a_longer_way_is_no_cut(void)
{
	uint32_t failed[3] = { 0 }, tried[3] = { 0 };

	for (uint32_t n = 0; n < trials * WEATHERS * TRAFFICS; n++) {
		const struct weather *weather = &weathers[n % WEATHERS];
		settle(weather, 2, &cw_sim_traffic[n / WEATHERS % TRAFFICS]);
		for (uint32_t e = 0; e < ENDS; e++) {
			struct link *link = &world.link[0][e];
			link->step_us = world.now_us;
			link->stepped_us = world.now_us + 2 * SECOND;
			link->step_more_us = 150 * MS;
		}
		cw_world_run(&world, world.now_us + 4 * SECOND);
		uint32_t column = (weather->loss_percent + 1) / 2;
		tried[column > 2 ? 2 : column]++;
		failed[column > 2 ? 2 : column] += cw_sim_failed(&world) > 0;
	}
	printf("delay steps of 150 ms: %u of %u failed without loss, %u of %u with 2 %%, %u of %u with 5 %%\n", failed[0],
	       tried[0], failed[1], tried[1], failed[2], tried[2]);
	/* Of what is on its way then, two in a row may be lost. */
	CHECK(failed[0] == 0 && failed[1] <= 1 + tried[1] / 500 && failed[2] <= 1 + tried[2] / 200);
}

static void an_end_that_is_away_is_no_cut(void)
{
	uint32_t failed = 0, tried = 0;

	for (uint32_t n = 0; n < trials * WEATHERS * (TRAFFICS + 1); n++) {
		uint32_t t = n / WEATHERS % (TRAFFICS + 1);
		settle(&weathers[n % WEATHERS], 2, t == TRAFFICS ? NULL : &cw_sim_traffic[t]);
		for (uint32_t i = 0; i < 4; i++) {
			uint32_t end = check_below(ENDS);
			cw_world_stall(&world, end, world.now_us + 1, (1 + check_below(400)) * MS);
			cw_world_run(&world, world.now_us + 2 * SECOND + check_below(SECOND));
			tried++;
		}
		failed += cw_sim_failed(&world);
	}
	printf("ends that are away for up to 400 ms: %u of %u times a path failed\n", failed, tried);
	CHECK(failed == 0);
}

static void flaps_move_data_twice(void)
{
	uint32_t most = 0;

	for (uint32_t n = 0; n < trials * 3; n++) {
		settle(&weathers[n % WEATHERS], 2, &cw_sim_traffic[n / WEATHERS % 4]);
		uint32_t before = cw_sim_moves(&world);
		for (uint32_t e = 0; e < ENDS; e++) {
			struct link *link = &world.link[0][e];
			link->flap_us = world.now_us;
			link->flapped_us = world.now_us + 20 * SECOND;
			link->flap_period_us = 2 * SECOND;
		}
		cw_world_run(&world, world.now_us + 70 * SECOND);
		most = cw_sim_moves(&world) - before > most ? cw_sim_moves(&world) - before : most;
		CHECK(cw_world_best(&world, 0) == 0 && cw_world_best(&world, 1) == 0);
	}
	printf("ten flaps of 2 s: %u moves at most\n", most);
	CHECK(most <= 2);
}

static void the_better_path_is_taken_again(void)
{
	uint64_t least = LINK_NEVER, most = 0;

	for (uint32_t n = 0; n < trials * 3; n++) {
		settle(&weathers[n % WEATHERS], 2, &cw_sim_traffic[n / WEATHERS % TRAFFICS]);
		uint64_t mended_us = world.now_us + 5 * SECOND;
		uint32_t which = check_below(3);
		for (uint32_t e = 0; e < ENDS; e++) {
			if (which == 1 - e)
				continue;
			world.link[0][e].cut_us = world.now_us;
			world.link[0][e].mended_us = mended_us;
		}
		cw_world_run(&world, mended_us);
		CHECK(cw_world_best(&world, 0) == 1 && cw_world_best(&world, 1) == 1);
		cw_world_run(&world, mended_us + 60 * SECOND);
		for (uint32_t e = 0; e < ENDS; e++) {
			const struct end *end = &world.end[e];
			uint64_t after = end->moves[end->move_count - 1].at_us - mended_us;
			CHECK(cw_world_best(&world, e) == 0);
			least = after < least ? after : least;
			most = after > most ? after : most;
		}
	}
	printf("back on the better path: %.1f to %.1f s after the fault\n", (double)least / SECOND, (double)most / SECOND);
	CHECK(least >= 30 * SECOND && most <= 45 * SECOND);
}

/* Of both ends, so all that an uplink carries, up and down; before it is proven that NATs wait longer, and then. */
static void an_idle_peer_costs_next_to_nothing(void)
{
	static const struct {
		uint32_t loss_percent;
		uint16_t kept_s;
		double most;
	} kinds[] = { { 0, 0, 900e3 }, { 5, 0, 950e3 }, { 0, 110, 150e3 }, { 5, 110, 200e3 } };

	for (uint32_t n = 0; n < sizeof(kinds) / sizeof(kinds[0]); n++) {
		struct weather weather = { .delay_ms = 20, .loss_percent = kinds[n].loss_percent };
		cw_sim_begin(&world, &weather, 4);
		for (uint32_t i = 0; i < 2 * 4; i++)
			world.end[i / 4].path[i % 4].kept_s = kinds[n].kept_s;
		cw_world_run(&world, world.now_us + DAY);
		double bytes = (double)(world.end[0].bytes + world.end[1].bytes);
		printf("an idle peer with 4 paths kept for %3u s, %u %% lost: %.3f MB a day, up and down, %u failed\n",
		       kinds[n].kept_s, kinds[n].loss_percent, bytes / 1e6, cw_sim_failed(&world));
		CHECK(bytes <= kinds[n].most && cw_sim_failed(&world) == 0);
	}
}

static void read_arguments(int argc, char **argv)
{
	static const char *const plants[PLANTS] = { "none", "no-proof", "burst" };

	for (int i = 1; i + 1 < argc; i += 2) {
		uint64_t number = strtoull(argv[i + 1], NULL, 0);
		if (strcmp(argv[i], "--seed") == 0)
			check_seed = number;
		else if (strcmp(argv[i], "--trials") == 0)
			trials = (uint32_t)number;
		else if (strcmp(argv[i], "--hours") == 0)
			hours = (uint32_t)number;
		for (uint32_t p = 0; p < PLANTS && strcmp(argv[i], "--plant") == 0; p++)
			planted = strcmp(argv[i + 1], plants[p]) == 0 ? p : planted;
	}
	check_state = check_seed;
	printf("seed 0x%" PRIx64 ", %u trials, %u hours, planted: %s\n", check_seed, trials, hours, plants[planted]);
}

int main(int argc, char **argv)
{
	read_arguments(argc, argv);
	CHECK(cw_sim_cuts(&world, trials) == 0);
	a_longer_way_is_no_cut();
	an_end_that_is_away_is_no_cut();
	flaps_move_data_twice();
	the_better_path_is_taken_again();
	an_idle_peer_costs_next_to_nothing();
	chance_fails_no_path();
	chance_fails_no_quiet_path();
	return check_result();
}
