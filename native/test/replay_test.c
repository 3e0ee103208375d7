/*
 * Replay windows against an oracle that forgets nothing: over random steps with reordering, replays,
 * jumps and growth, up to the last counter there is.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "check.h"
#include "table/replay.h"

#define LANES 3
#define SEEN_BYTES (1ull << 29) /* a bit for every counter; only what is touched takes memory */

/*
 * One lane as the oracle sees it: the rule of the width and of growth, and every counter ever
 * accepted.
 */
struct oracle {
	uint8_t *seen;
	uint32_t width;
	uint32_t floor;
	uint32_t highest;
	uint64_t mark_us;
	uint64_t accepted;
};

static bool oracle_is_fresh(const struct oracle *o, uint32_t counter)
{
	if (counter == 0 || counter <= o->floor || o->seen[counter / 8] >> counter % 8 & 1)
		return false;
	return counter > o->highest || o->highest - counter < o->width;
}

static void oracle_accept(struct oracle *o, uint32_t counter, uint64_t now_us)
{
	if (o->width == 0) {
		o->width = 1024;
		o->mark_us = now_us;
	}
	o->seen[counter / 8] |= (uint8_t)(1 << counter % 8);
	o->highest = counter > o->highest ? counter : o->highest;
	o->accepted++;
	if (now_us - o->mark_us < 100000)
		return;
	uint64_t pps = o->accepted * 1000000 / (now_us - o->mark_us);
	uint64_t rest = o->accepted * 1000000 % (now_us - o->mark_us);
	uint64_t limit = o->width == 1024 ? 256000 : 2000000;
	o->accepted = 0;
	o->mark_us = now_us;
	if (o->width == 65536 || pps < limit || (pps == limit && rest == 0))
		return;
	uint32_t floor = o->highest > o->width ? o->highest - o->width : 0;
	o->floor = floor > o->floor ? floor : o->floor;
	o->width *= 8;
}

static void oracle_reset(struct oracle *o)
{
	uint8_t *seen = o->seen;

	if (seen != NULL)
		munmap(seen, SEEN_BYTES);
	seen = mmap(NULL, SEEN_BYTES, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (seen == MAP_FAILED) {
		perror("mmap");
		exit(1);
	}
	*o = (struct oracle){ .seen = seen };
}

/* A counter that tries what is hard: the edges of the window, what is old, what is far ahead. */
static uint32_t pick(const struct oracle *o)
{
	uint32_t width = o->width == 0 ? 1024 : o->width;
	uint32_t dice = check_below(1000);

	if (dice < 700)
		return o->highest + 1;
	if (dice < 800)
		return o->highest - check_below(width);
	if (dice < 880)
		return o->highest - check_below(80);
	if (dice < 900)
		return o->highest - width + check_below(5) - 2;
	if (dice < 920)
		return o->floor + check_below(5) - 2;
	if (dice < 940)
		return o->highest - check_below(4 * width);
	if (dice < 996)
		return o->highest + check_below(200);
	if (dice < 998)
		return o->highest + check_below(2 * width);
	return dice == 998 ? 0 : (uint32_t)check_random();
}

/* All that the widest window could hold, and a little on both sides. */
static bool is_same_all_over(const struct cw_replay_lanes *lanes, uint16_t lane,
			     const struct oracle *o)
{
	uint32_t first = o->highest > 65600 ? o->highest - 65600 : 0;
	uint32_t last = o->highest < UINT32_MAX - 70 ? o->highest + 70 : UINT32_MAX;
	bool is_same = true;

	for (uint64_t c = first; is_same && c <= last; c++)
		is_same = cw_replay_check(lanes, lane, (uint32_t)c) ==
			  oracle_is_fresh(o, (uint32_t)c);
	return is_same;
}

struct walk {
	uint32_t steps;
	uint32_t start;      /* counter of the first packet of each lane */
	uint32_t packets_ms; /* mean rate of all lanes together */
	uint32_t lead_lane;  /* gets most of the packets */
};

/* True if lane, window and oracle never differed. */
static bool follow(const struct walk *walk, struct cw_replay_pool *pool,
		   struct cw_replay_lanes *lanes, struct oracle *oracles, uint64_t *now_us)
{
	for (uint32_t step = 0; step < walk->steps; step++) {
		uint32_t l = check_below(50) == 0 ? check_below(LANES) : walk->lead_lane;
		struct oracle *o = &oracles[l];
		uint16_t lane = (uint16_t)(l * 0x1234);
		uint32_t counter = o->highest == 0 ? walk->start : pick(o);
		/*
		 * A jump to anywhere would end a walk that is to reach the last counter step by
		 * step.
		 */
		if (counter > o->highest && counter - o->highest > 1u << 20 && o->highest != 0)
			counter = o->highest + (check_below(100) == 0 ? 1u << 20 : 1);
		*now_us += check_below(1000000) < 1000000000 / walk->packets_ms % 1000000;
		*now_us += 1000 / walk->packets_ms;
		bool is_fresh = oracle_is_fresh(o, counter);
		bool is_same = cw_replay_check(lanes, lane, counter) == is_fresh;
		/* Every fiftieth is a forgery that the tag gives away: looked up, never marked. */
		if (is_same && check_below(50) != 0) {
			int rc = cw_replay_accept(lanes, pool, lane, counter, *now_us, NULL);
			is_same = rc == (is_fresh ? 0 : -EALREADY);
			uint32_t width = o->width;
			if (is_fresh)
				oracle_accept(o, counter, *now_us);
			if (o->width != width)
				is_same &= is_same_all_over(lanes, lane, o);
		}
		if (!CHECK(is_same)) {
			fprintf(stderr, "  step %u, lane %u, counter %u of %u, %u bits above %u\n",
				step, l, counter, o->highest, o->width, o->floor);
			return false;
		}
	}
	return true;
}

static void agrees_with_the_oracle(void)
{
	static const struct walk walks[] = {
		{ 400000, 1, 100, 0 },              /* slow: stays at 1,024 */
		{ 900000, 1, 900, 1 },              /* grows once */
		{ 2500000, 7, 5000, 2 },            /* grows twice */
		{ 900000, 0x7fffff00, 900, 0 },     /* where a signed comparison would err */
		{ 900000, 0xffff0000, 900, 1 },     /* to the last counter and against it */
		{ 3000000, 0xffd00000, 5000, 2 },
	};
	struct oracle oracles[LANES] = { 0 };
	uint32_t widest = 0;
	bool has_reached_the_end = false;

	for (size_t w = 0; w < sizeof(walks) / sizeof(walks[0]); w++) {
		struct cw_replay_pool *pool = cw_replay_pool_new(1u << 20);
		struct cw_replay_lanes lanes = { 0 };
		uint64_t now_us = 12345;

		for (int l = 0; l < LANES; l++)
			oracle_reset(&oracles[l]);
		CHECK(follow(&walks[w], pool, &lanes, oracles, &now_us));
		for (int l = 0; l < LANES; l++) {
			widest = oracles[l].width > widest ? oracles[l].width : widest;
			has_reached_the_end |= oracles[l].highest == UINT32_MAX;
		}
		if (w == 0)
			CHECK(widest == 1024);
		if (w == 1)
			CHECK(widest == 8192);
		cw_replay_release(&lanes, pool);
		cw_replay_pool_free(pool);
	}
	CHECK(widest == 65536 && has_reached_the_end);
	for (int l = 0; l < LANES; l++)
		munmap(oracles[l].seen, SEEN_BYTES);
}

/* After a jump of any size the ring holds no bit of its last turn. */
static void a_jump_leaves_nothing_stale(void)
{
	struct cw_replay_pool *pool = cw_replay_pool_new(1u << 20);
	struct oracle o = { 0 };

	oracle_reset(&o);
	for (uint32_t jump = 1; jump < 4200; jump += jump < 200 || jump > 900 ? 1 : 17) {
		struct cw_replay_lanes lanes = { 0 };
		memset(o.seen, 0, 10000 / 8);
		o = (struct oracle){ .seen = o.seen };
		for (uint32_t c = 1; c <= 4000; c++) {
			CHECK(cw_replay_accept(&lanes, pool, 0, c, 0, NULL) == 0);
			oracle_accept(&o, c, 0);
		}
		CHECK(cw_replay_accept(&lanes, pool, 0, 4000 + jump, 0, NULL) == 0);
		oracle_accept(&o, 4000 + jump, 0);
		if (!CHECK(is_same_all_over(&lanes, 0, &o)))
			fprintf(stderr, "  after a jump of %u\n", jump);
		cw_replay_release(&lanes, pool);
	}
	munmap(o.seen, SEEN_BYTES);
	cw_replay_pool_free(pool);
}

static void lanes_are_apart_and_at_most_so_many(void)
{
	struct cw_replay_pool *pool = cw_replay_pool_new(1u << 20);
	struct cw_replay_lanes lanes = { 0 }, others = { 0 };

	CHECK(cw_replay_accept(&lanes, pool, 0, 0, 0, NULL) == -EALREADY && lanes.count == 0);
	CHECK(!cw_replay_check(&lanes, 0, 0) && cw_replay_check(&lanes, 0, UINT32_MAX));
	for (uint32_t lane = 0; lane < CW_REPLAY_LANES_MAX; lane++) {
		uint16_t name = (uint16_t)(lane * 257);
		CHECK(cw_replay_accept(&lanes, pool, name, lane + 1, 0, NULL) == 0);
		CHECK(cw_replay_accept(&lanes, pool, name, lane + 1, 0, NULL) == -EALREADY);
	}
	CHECK(cw_replay_accept(&lanes, pool, 0xfffe, 1, 0, NULL) == -ENOSPC);
	CHECK(cw_replay_accept(&others, pool, 0xfffe, 1, 0, NULL) == 0);
	for (uint32_t lane = 1; lane < CW_REPLAY_LANES_MAX; lane++) {
		CHECK(!cw_replay_check(&lanes, (uint16_t)(lane * 257), lane + 1));
		CHECK(cw_replay_check(&lanes, (uint16_t)(lane * 257), lane));
	}
	cw_replay_release(&lanes, pool);
	CHECK(lanes.count == 0);
	cw_replay_release(&others, pool);
	cw_replay_pool_free(pool);
}

int main(int argc, char **argv)
{
	check_begin(argc, argv);
	agrees_with_the_oracle();
	a_jump_leaves_nothing_stale();
	lanes_are_apart_and_at_most_so_many();
	return check_result();
}
