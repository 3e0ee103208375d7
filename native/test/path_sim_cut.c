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
#define STEADY 4 /* kinds of traffic: of what is sparse a hole says nothing */
#define P99_OF 200 /* of fewer it says nothing */

struct holes {
	uint64_t us[HOLES_MAX];
	uint32_t count;
	uint32_t stayed; /* ends whose data still left by the path */
};

enum cut { CUT_BOTH, CUT_ONE, CUT_UPLINK, CUT_TWO, CUTS };

static const char *const cut_names[CUTS] = { "both ways", "one way", "no carrier", "two of three" };

static int by_value(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

	return a < b ? -1 : a > b;
}

/* Path 0, which is the best; where two are cut, path 1 too, which would be the next. */
static void cut(struct world *world, enum cut kind, uint32_t one)
{
	for (uint32_t i = 0; i < (kind == CUT_TWO ? 2 : 1); i++) {
		for (uint32_t e = 0; e < ENDS; e++) {
			if (kind == CUT_ONE && e != one)
				continue;
			world->link[i][e].cut_us = world->now_us;
			world->link[i][e].mended_us = LINK_NEVER;
		}
	}
	if (kind != CUT_UPLINK)
		return;
	world->end[one].unplug_us[0] = world->now_us;
	world->end[one].plugged_us[0] = LINK_NEVER;
}

static void try(struct world *world, const struct weather *weather, const struct traffic *traffic, enum cut kind,
		struct holes *holes)
{
	uint32_t one = cw_sim_below(ENDS), links = kind == CUT_TWO ? 3 : 2 + cw_sim_below(3);

	cw_sim_begin(world, weather, links);
	cw_world_run(world, world->now_us + 3 * SECOND);
	cw_sim_send(world, traffic, false);
	cw_world_run(world, world->now_us + 3 * SECOND + cw_sim_below(2 * SECOND));
	uint64_t cut_us = world->now_us;
	cut(world, kind, one);
	cw_world_run(world, cut_us + 3 * SECOND);
	for (uint32_t e = 0; e < ENDS; e++) {
		uint8_t best = cw_world_best(world, e);
		holes->stayed += best == 0 || (kind == CUT_TWO && best == 1);
		if (traffic->of[e] == NULL || (kind == CUT_ONE && e != one))
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

	printf("%2u ms, %u %% lost, cut %-12s: p50 %3.0f, p99 %3.0f, at most %3.0f ms of %u%s\n", weather->delay_ms,
	       weather->loss_percent, cut_names[kind], (double)p50 / MS, (double)p99 / MS,
	       most == LINK_NEVER ? -1 : (double)most / MS, holes->count, is_kept ? "" : "  <- too long");
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
	return failed;
}
