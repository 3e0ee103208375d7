/*
 * How long data is away when a path is cut: the last packet by it to the first by another, where it is received. Of both
 * directions, or of one: then the end that hears nothing has to tell the other.
 */
#include <stdio.h>
#include <stdlib.h>

#include "path_sim.h"

#define HOLES_MAX 400000
#define P50_US (350 * MS)
#define P99_US (450 * MS)
#define MOST_US (600 * MS)
#define BUSY_MOST_US (800 * MS)
#define TURNS 12
#define STEADY 4 /* kinds of traffic: of what is sparse a hole says nothing */
#define P99_OF 200 /* of fewer it says nothing */

struct holes {
	uint64_t us[HOLES_MAX];
	uint32_t count;
	uint32_t stayed; /* ends whose data still left by the path */
};

enum cut { CUT_BOTH, CUT_ONE, CUT_CARRIER, CUT_TWO, CUT_UPLINK, CUT_UPLINK_ONE, CUTS };

static const char *const cut_names[CUTS] = { "both ways", "one way",	   "no carrier",
					      "two of three", "uplink", "uplink one way" };

static int by_value(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

	return a < b ? -1 : a > b;
}

/* Whether the cut is of link `i` too. Path 0 is the best; where two are cut, path 1 would be the next. */
static bool is_hit(enum cut kind, uint32_t i, uint32_t end)
{
	if (kind == CUT_TWO)
		return i < 2;
	if (kind >= CUT_UPLINK)
		return end == 0 ? i / 2 == 0 : i % 2 == 0;
	return i == 0;
}

/* `one`: the end whose uplink it is, and whose packets are lost where it is in one direction only, or the other's. */
static void cut(struct world *world, enum cut kind, uint32_t one, uint32_t from)
{
	bool is_one_way = kind == CUT_ONE || kind == CUT_UPLINK_ONE;

	for (uint32_t i = 0; i < world->links; i++) {
		for (uint32_t e = 0; e < ENDS; e++) {
			if (!is_hit(kind, i, one) || (is_one_way && e != from))
				continue;
			world->link[i][e].cut_us = world->now_us;
			world->link[i][e].mended_us = LINK_NEVER;
		}
	}
	if (kind != CUT_CARRIER)
		return;
	world->end[one].unplug_us[0] = world->now_us;
	world->end[one].plugged_us[0] = LINK_NEVER;
}

static void try(struct world *world, const struct weather *weather, const struct traffic *traffic, enum cut kind,
		struct holes *holes)
{
	uint32_t one = cw_sim_below(ENDS);
	uint32_t from = cw_sim_below(ENDS);
	uint32_t any = 2 + cw_sim_below(3);
	bool is_one_way = kind == CUT_ONE || kind == CUT_UPLINK_ONE;

	cw_sim_begin(world, weather, kind == CUT_TWO ? 3 : kind >= CUT_UPLINK ? 4 : any);
	if (kind >= CUT_UPLINK)
		cw_world_mesh(world);
	cw_world_run(world, world->now_us + 3 * SECOND);
	cw_sim_send(world, traffic, false);
	cw_world_run(world, world->now_us + 3 * SECOND + cw_sim_below(2 * SECOND));
	uint64_t cut_us = world->now_us;
	cut(world, kind, one, from);
	cw_world_run(world, cut_us + 3 * SECOND);
	for (uint32_t e = 0; e < ENDS; e++) {
		holes->stayed += is_hit(kind, cw_world_best(world, e), one);
		if (traffic->of[e] == NULL || (is_one_way && e != from))
			continue;
		holes->us[holes->count++] = cw_world_hole(world, e, cut_us - SECOND / 2, cut_us + 5 * SECOND / 2);
	}
}

/* Whether the limits are kept. */
static bool judge(struct holes *holes, const struct weather *weather, enum cut kind)
{
	qsort(holes->us, holes->count, sizeof(holes->us[0]), by_value);
	uint64_t p50 = holes->us[holes->count / 2], p99 = holes->us[(uint64_t)holes->count * 99 / 100];
	uint64_t most = holes->us[holes->count - 1];
	bool is_few = holes->count < P99_OF;
	bool is_kept = p50 <= P50_US && (is_few || p99 <= P99_US) && most <= MOST_US && holes->stayed == 0;

	printf("%2u ms, %u %% lost, cut %-14s: p50 %3.0f, p99 %3.0f, at most %3.0f ms of %u%s\n", weather->delay_ms,
	       weather->loss_percent, cut_names[kind], (double)p50 / MS, (double)p99 / MS,
	       most == LINK_NEVER ? -1 : (double)most / MS, holes->count, is_kept ? "" : "  <- too long");
	return is_kept;
}

/* One cut after the other, before anything is trusted again: of the path in use, at either of its uplinks, each way or both. */
static uint64_t try_in_turns(struct world *world, uint32_t loss_percent)
{
	struct weather weather = { .delay_ms = 20, .loss_percent = loss_percent };
	uint64_t longest = 0;

	cw_sim_begin(world, &weather, 4);
	cw_world_mesh(world);
	cw_world_run(world, world->now_us + 3 * SECOND);
	cw_sim_send(world, &cw_sim_traffic[1], false);
	cw_world_run(world, world->now_us + 3 * SECOND);
	for (uint32_t n = 0; n < TURNS; n++) {
		uint32_t from = cw_sim_below(ENDS), best = cw_world_best(world, from);
		bool is_first = cw_sim_below(2) == 0, is_one_way = cw_sim_below(2) == 0;
		cw_world_run(world, world->now_us + 2 * SECOND + cw_sim_below(SECOND));
		for (uint32_t i = 0; i < 4; i++) {
			if (is_first ? i / 2 != best / 2 : i % 2 != best % 2)
				continue;
			for (uint32_t e = 0; e < ENDS; e++) {
				bool is_hit = e == from || !is_one_way;
				world->link[i][e].cut_us = is_hit ? world->now_us : LINK_NEVER;
				world->link[i][e].mended_us = world->now_us + SECOND;
			}
		}
		uint64_t cut_us = world->now_us;
		cw_world_run(world, cut_us + 2 * SECOND);
		for (uint32_t e = 0; e < ENDS; e++) {
			uint64_t us = cw_world_hole(world, e, cut_us - SECOND / 2, cut_us + 3 * SECOND / 2);
			longest = us > longest ? us : longest;
		}
	}
	return longest;
}

/* Both ends' workers are away a third of the time, for up to 50 ms each. */
static void run_busy(struct world *world, uint64_t for_us)
{
	for (uint64_t until_us = world->now_us + for_us; world->now_us < until_us;) {
		for (uint32_t e = 0; e < ENDS; e++) {
			uint64_t at_us = world->now_us + cw_sim_below(30 * MS);
			cw_world_stall(world, e, at_us, cw_sim_below(50 * MS));
		}
		cw_world_run(world, world->now_us + 80 * MS);
	}
}

static uint64_t try_busy(struct world *world, uint32_t loss_percent)
{
	struct weather weather = { .delay_ms = 20, .loss_percent = loss_percent };

	cw_sim_begin(world, &weather, 2);
	cw_world_run(world, world->now_us + 3 * SECOND);
	cw_sim_send(world, &cw_sim_traffic[0], false);
	run_busy(world, 20 * SECOND);
	if (cw_sim_failed(world) > 0)
		return LINK_NEVER;
	uint64_t cut_us = world->now_us;
	cut(world, CUT_BOTH, 0, 0);
	run_busy(world, 2 * SECOND);
	return cw_world_hole(world, 0, cut_us - SECOND / 2, cut_us + 3 * SECOND / 2);
}

static bool judge_longest(const char *what, uint64_t (*try_it)(struct world *, uint32_t), struct world *world,
			  uint32_t trials, uint64_t most_us)
{
	uint64_t longest = 0;

	for (uint32_t n = 0; n < trials; n++) {
		uint64_t us = try_it(world, n % 6);
		longest = us > longest ? us : longest;
	}
	bool is_kept = longest <= most_us;
	printf("%s: at most %.0f ms%s\n", what, longest == LINK_NEVER ? -1 : (double)longest / MS,
	       is_kept ? "" : "  <- too long");
	return is_kept;
}

uint32_t cw_sim_cuts(struct world *world, uint32_t trials)
{
	static const uint32_t delays_ms[] = { 5, 20, 60 }, losses_percent[] = { 0, 2, 5 };
	static struct holes holes;
	uint32_t failed = 0;

	for (uint32_t cell = 0; cell < 9 * CUTS; cell++) {
		struct weather weather = { delays_ms[cell / CUTS / 3], losses_percent[cell / CUTS % 3], false };
		holes.count = holes.stayed = 0;
		for (uint32_t n = 0; n < trials * (STEADY) && holes.count + ENDS <= HOLES_MAX; n++)
			try(world, &weather, &cw_sim_traffic[n % (STEADY)], cell % CUTS, &holes);
		failed += !judge(&holes, &weather, cell % CUTS);
	}
	failed += !judge_longest("uplinks cut one after the other", try_in_turns, world, trials * 2, MOST_US);
	failed += !judge_longest("cut while both ends are busy", try_busy, world, trials * 6,
				 BUSY_MOST_US);
	return failed;
}
