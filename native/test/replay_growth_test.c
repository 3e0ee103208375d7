/*
 * When a replay window grows, what it then forgives, and how far the pool of windows goes. That it
 * never forgives a replay is for replay_test.c.
 */
#include <errno.h>

#include "check.h"
#include "table/replay.h"

/* Sends every counter but each hundredth for `ms` at `pps`; returns the one after the last. */
static uint32_t stream(struct cw_replay_lanes *lanes, struct cw_replay_pool *pool, uint32_t counter,
		       uint32_t pps, uint32_t ms, uint64_t *now_us)
{
	uint64_t start_us = *now_us, sent = 0;

	for (uint64_t end = (uint64_t)pps * ms / 1000; sent < end; counter++) {
		if (counter % 100 == 0)
			continue;
		sent++;
		*now_us = start_us + sent * 1000000 / pps;
		CHECK(cw_replay_accept(lanes, pool, 5, counter, *now_us, NULL) == 0);
	}
	return counter;
}

/* The newest skipped counter that is at least `back` old. */
static uint32_t skipped(uint32_t next, uint32_t back)
{
	return (next - 1 - back) / 100 * 100;
}

static void grows_above_the_rates_and_not_before(void)
{
	static const struct {
		uint32_t pps;
		uint32_t width;
	} rates[] = { { 100000, 1024 },  { 255000, 1024 },    { 257000, 8192 },
		      { 1990000, 8192 }, { 2010000, 65536 }, { 9000000, 65536 } };

	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		struct cw_replay_pool *pool = cw_replay_pool_new(1u << 20);
		struct cw_replay_lanes lanes = { 0 };
		uint64_t now_us = 0;
		uint32_t next = stream(&lanes, pool, 1, rates[i].pps, 600, &now_us);

		CHECK(cw_replay_check(&lanes, 5, skipped(next, rates[i].width - 101)));
		CHECK(!cw_replay_check(&lanes, 5, skipped(next, rates[i].width)));
		/* Accepted once, from as far back as that. */
		uint32_t late = skipped(next, rates[i].width - 101);
		CHECK(cw_replay_accept(&lanes, pool, 5, late, now_us, NULL) == 0);
		CHECK(cw_replay_accept(&lanes, pool, 5, late, now_us, NULL) == -EALREADY);
		cw_replay_release(&lanes, pool);
		cw_replay_pool_free(pool);
	}
}

/*
 * 30,000 packets at once after a long silence are no rate; so is a burst inside of a slow second.
 */
static void a_burst_after_a_pause_is_no_rate(void)
{
	struct cw_replay_pool *pool = cw_replay_pool_new(1u << 20);
	struct cw_replay_lanes lanes = { 0 };
	uint64_t now_us = 0;
	uint32_t next = 1;

	for (int i = 0; i < 5; i++) {
		next = stream(&lanes, pool, next, 30000000, 1, &now_us);
		now_us += 10000000;
	}
	CHECK(cw_replay_check(&lanes, 5, skipped(next, 900)));
	CHECK(!cw_replay_check(&lanes, 5, skipped(next, 1024)));
	cw_replay_release(&lanes, pool);
	cw_replay_pool_free(pool);
}

/*
 * At 300 kpps the window grows with the packet that ends the first 100 ms, counter 30,304. Of what
 * was skipped, it had seen the last 1,024 counters then: 29,281 and later.
 */
static void what_a_grown_window_did_not_see_counts_as_seen(void)
{
	struct cw_replay_pool *pool = cw_replay_pool_new(1u << 20);
	struct cw_replay_lanes lanes = { 0 };
	uint64_t now_us = 0;
	uint32_t next = stream(&lanes, pool, 1, 300000, 104, &now_us);

	CHECK(next > 31500 && next < 31600);
	CHECK(cw_replay_check(&lanes, 5, 30300));
	CHECK(cw_replay_check(&lanes, 5, 29300));
	CHECK(!cw_replay_check(&lanes, 5, 29200));
	CHECK(!cw_replay_check(&lanes, 5, 24000));
	CHECK(!cw_replay_check(&lanes, 5, 100));
	cw_replay_release(&lanes, pool);
	cw_replay_pool_free(pool);
}

/* Lanes that the pool has windows for; they are left in `keys`, CW_REPLAY_LANES_MAX to a key. */
static uint32_t exhaust(struct cw_replay_pool *pool, struct cw_replay_lanes *keys,
			uint32_t key_count)
{
	uint32_t most = key_count * CW_REPLAY_LANES_MAX;

	for (uint32_t count = 0; count < most; count++) {
		struct cw_replay_lanes *key = &keys[count / CW_REPLAY_LANES_MAX];
		if (cw_replay_accept(key, pool, (uint16_t)count, 9, 0, NULL) != 0)
			return count;
	}
	return most;
}

static void the_pool_is_a_limit_and_gets_its_windows_back(void)
{
	static struct cw_replay_lanes keys[8];
	struct cw_replay_pool *pool = cw_replay_pool_new(64 << 10);
	uint32_t first = exhaust(pool, keys, 8);

	/* A window is its bits, as many again to spare, and a small head. */
	CHECK(first >= (64 << 10) / (2 * 1024 / 8 + 128) && first <= (64 << 10) / (2 * 1024 / 8));
	/* Nothing was lost to those who were there, and a full pool does not grow a window. */
	CHECK(!cw_replay_check(&keys[0], 0, 9) && cw_replay_check(&keys[0], 0, 10));
	struct cw_replay_window *before = keys[0].window[0];
	for (uint32_t c = 10; c < 200000; c++)
		CHECK(cw_replay_accept(&keys[0], pool, 0, c, c, NULL) == 0);
	CHECK(keys[0].window[0] == before);
	for (int round = 0; round < 3; round++) {
		for (int k = 0; k < 8; k++)
			cw_replay_release(&keys[k], pool);
		CHECK(exhaust(pool, keys, 8) == first);
	}
	for (int k = 0; k < 8; k++)
		cw_replay_release(&keys[k], pool);
	/* A window that is given out again has forgotten its first life. */
	CHECK(exhaust(pool, keys, 1) == CW_REPLAY_LANES_MAX && cw_replay_check(&keys[0], 0, 8));
	cw_replay_release(&keys[0], pool);
	cw_replay_pool_free(pool);
}

/* Grown windows that lie idle may not starve new lanes. */
static void idle_wide_blocks_serve_narrow_windows(void)
{
	for (uint32_t bytes = 18 << 10; bytes < 24 << 10; bytes += 64) {
		struct cw_replay_pool *pool = cw_replay_pool_new(bytes);
		struct cw_replay_lanes lanes = { 0 };
		uint64_t now_us = 0;
		uint32_t next = stream(&lanes, pool, 1, 5000000, 250, &now_us);
		bool is_wide = cw_replay_check(&lanes, 5, skipped(next, 65000));

		cw_replay_release(&lanes, pool);
		/*
		 * The least pool that let a window grow twice: nothing is in it but the three
		 * blocks.
		 */
		if (is_wide)
			CHECK(exhaust(pool, &lanes, 1) == 3);
		cw_replay_release(&lanes, pool);
		/* And each of them is again what it was. */
		next = stream(&lanes, pool, 1, 5000000, 250, &now_us);
		CHECK(cw_replay_check(&lanes, 5, skipped(next, 65000)) == is_wide);
		cw_replay_release(&lanes, pool);
		cw_replay_pool_free(pool);
		if (is_wide)
			return;
	}
	CHECK(false);
}

int main(int argc, char **argv)
{
	check_begin(argc, argv);
	grows_above_the_rates_and_not_before();
	a_burst_after_a_pause_is_no_rate();
	what_a_grown_window_did_not_see_counts_as_seen();
	the_pool_is_a_limit_and_gets_its_windows_back();
	idle_wide_blocks_serve_narrow_windows();
	return check_result();
}
