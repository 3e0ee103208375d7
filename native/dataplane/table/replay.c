/* See replay.h. */
#include "table/replay.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define SIZES 3
#define RATE_US 100000
#define PERIOD_S 10

/* Bits of a window of each size, and the packets in RATE_US above which the next size is due. */
static const uint32_t size_bits[SIZES] = { 1024, 8192, 65536 };
static const uint32_t grow_above[SIZES - 1] = { 25600, 200000 };

struct cw_replay_window {
	struct cw_replay_window *next_free;
	uint32_t highest; /* 0: nothing yet */
	uint32_t floor;   /* counters up to here count as seen */
	uint32_t counted; /* packets since `counted_us` */
	uint8_t size;
	uint8_t block; /* the size that its memory has room for */
	uint64_t counted_us;
	struct cw_lane lane;
	uint64_t words[]; /* a power of two of them */
};

/* The lock is for lanes that appear or grow and keys that go, not for packets of known lanes. */
struct cw_replay_pool {
	pthread_mutex_t lock;
	uint8_t *memory;
	uint32_t bytes;
	uint32_t used;
	struct cw_replay_window *free[SIZES];
};

struct cw_replay_pool *cw_replay_pool_new(uint32_t bytes)
{
	struct cw_replay_pool *pool = calloc(1, sizeof(*pool));

	if (pool == NULL)
		return NULL;
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (memory == MAP_FAILED) {
		free(pool);
		return NULL;
	}
	pthread_mutex_init(&pool->lock, NULL);
	pool->memory = memory;
	pool->bytes = bytes;
	return pool;
}

void cw_replay_pool_free(struct cw_replay_pool *pool)
{
	if (pool == NULL)
		return;
	munmap(pool->memory, pool->bytes);
	pthread_mutex_destroy(&pool->lock);
	free(pool);
}

static uint32_t word_count(uint8_t size)
{
	/* A word more than the window is wide, as RFC 6479 has it; then the next power of two. */
	return size_bits[size] / 64 * 2;
}

static uint32_t byte_count(uint8_t size)
{
	return (uint32_t)sizeof(struct cw_replay_window) + word_count(size) * 8;
}

/* With the lock held. Where nothing fits, an idle larger block serves a narrow window too. */
static struct cw_replay_window *find_block(struct cw_replay_pool *pool, uint8_t size,
					  uint8_t *block)
{
	uint32_t bytes = byte_count(size);

	*block = size;
	if (pool->free[size] == NULL && bytes <= pool->bytes - pool->used) {
		pool->used += bytes;
		return (struct cw_replay_window *)(pool->memory + pool->used - bytes);
	}
	for (; *block < SIZES; (*block)++) {
		struct cw_replay_window *window = pool->free[*block];
		if (window != NULL) {
			pool->free[*block] = window->next_free;
			return window;
		}
	}
	return NULL;
}

static struct cw_replay_window *take_window(struct cw_replay_pool *pool, uint8_t size)
{
	uint8_t block;

	pthread_mutex_lock(&pool->lock);
	struct cw_replay_window *window = find_block(pool, size, &block);
	pthread_mutex_unlock(&pool->lock);
	if (window != NULL) {
		memset(window, 0, byte_count(size));
		window->size = size;
		window->block = block;
	}
	return window;
}

static void give_back(struct cw_replay_pool *pool, struct cw_replay_window *window)
{
	pthread_mutex_lock(&pool->lock);
	window->next_free = pool->free[window->block];
	pool->free[window->block] = window;
	pthread_mutex_unlock(&pool->lock);
}

static struct cw_replay_window *const *find(const struct cw_replay_lanes *lanes, uint16_t lane)
{
	for (uint32_t i = 0; i < lanes->count; i++) {
		if (lanes->lane[i] == lane)
			return &lanes->window[i];
	}
	return NULL;
}

static uint64_t *word_of(struct cw_replay_window *window, uint32_t counter)
{
	return &window->words[counter / 64 & (word_count(window->size) - 1)];
}

static bool is_fresh(struct cw_replay_window *window, uint32_t counter)
{
	/* 0 is never valid, and the floor never below it. */
	if (counter <= window->floor)
		return false;
	if (counter > window->highest)
		return true;
	if (window->highest - counter >= size_bits[window->size])
		return false;
	return !(*word_of(window, counter) >> counter % 64 & 1);
}

bool cw_replay_check(const struct cw_replay_lanes *lanes, uint16_t lane, uint32_t counter)
{
	struct cw_replay_window *const *window = find(lanes, lane);

	return window == NULL ? counter != 0 : is_fresh(*window, counter);
}

static void mark(struct cw_replay_window *window, uint32_t counter)
{
	if (counter > window->highest) {
		uint32_t words = word_count(window->size);
		uint32_t passed = counter / 64 - window->highest / 64;
		if (passed > words)
			passed = words;
		for (uint32_t i = 0; i < passed; i++)
			window->words[(counter / 64 - i) & (words - 1)] = 0;
		window->highest = counter;
	} else {
		window->lane.late++;
	}
	window->lane.received++;
	*word_of(window, counter) |= 1ull << counter % 64;
}

/* A wider window in place of one that the rate has outgrown. Without room the narrow stays. */
static struct cw_replay_window *grow(struct cw_replay_pool *pool, struct cw_replay_window *narrow)
{
	struct cw_replay_window *wide = take_window(pool, narrow->size + 1);

	if (wide == NULL)
		return narrow;
	uint32_t highest = narrow->highest, width = size_bits[narrow->size];
	uint32_t floor = highest >= width ? highest - width : 0;
	wide->floor = floor > narrow->floor ? floor : narrow->floor;
	wide->highest = highest;
	wide->counted_us = narrow->counted_us;
	wide->lane = narrow->lane;
	/* Bits up to the floor come along in the first word: nobody asks for them. */
	for (uint32_t word = floor / 64; word <= highest / 64; word++)
		*word_of(wide, word * 64) = *word_of(narrow, word * 64);
	give_back(pool, narrow);
	return wide;
}

/* Looks at the mean over RATE_US or more: a packet after a pause ends an interval of any length. */
static bool is_outgrown(struct cw_replay_window *window, uint64_t now_us)
{
	uint64_t elapsed_us = now_us - window->counted_us;

	window->counted++;
	if (elapsed_us < RATE_US)
		return false;
	bool is_fast = window->size < SIZES - 1 &&
		       (uint64_t)window->counted * RATE_US > grow_above[window->size] * elapsed_us;
	window->counted = 0;
	window->counted_us = now_us;
	return is_fast;
}

int cw_replay_accept(struct cw_replay_lanes *lanes, struct cw_replay_pool *pool, uint16_t lane,
		     uint32_t counter, uint64_t now_us, struct cw_lane **heard)
{
	struct cw_replay_window **place = (struct cw_replay_window **)find(lanes, lane);

	if (counter == 0)
		return -EALREADY;
	if (place == NULL) {
		struct cw_replay_window *window =
			lanes->count == CW_REPLAY_LANES_MAX ? NULL : take_window(pool, 0);
		if (window == NULL)
			return -ENOSPC;
		window->counted_us = now_us;
		lanes->lane[lanes->count] = lane;
		place = &lanes->window[lanes->count++];
		*place = window;
	}
	if (!is_fresh(*place, counter))
		return -EALREADY;
	mark(*place, counter);
	(*place)->lane.heard_us = now_us;
	if (is_outgrown(*place, now_us))
		*place = grow(pool, *place);
	if (heard != NULL)
		*heard = &(*place)->lane;
	return 0;
}

struct cw_lane *cw_replay_lane(const struct cw_replay_lanes *lanes, uint32_t i, uint32_t *highest)
{
	*highest = lanes->window[i]->highest;
	return &lanes->window[i]->lane;
}

void cw_lane_measure(struct cw_lane *lane, uint32_t transit, uint32_t bytes)
{
	if (lane->bytes == 0)
		lane->transit_base = transit;
	int32_t above = (int32_t)(transit - lane->transit_base);
	uint32_t period_s = (uint32_t)(lane->heard_us / (PERIOD_S * 1000000u));

	lane->bytes += bytes;
	if (period_s != lane->period_s) {
		/* Nothing heard for a whole period: what was least before says nothing any more. */
		lane->transit_least = period_s - lane->period_s == 1 ? lane->transit_lately : above;
		lane->transit_lately = above;
		lane->period_s = period_s;
	}
	if (above < lane->transit_lately)
		lane->transit_lately = above;
	if (above < lane->transit_least)
		lane->transit_least = above;
	lane->above_sum += (uint32_t)(above - lane->transit_least);
	lane->above_count++;
}

void cw_replay_release(struct cw_replay_lanes *lanes, struct cw_replay_pool *pool)
{
	for (uint32_t i = 0; i < lanes->count; i++)
		give_back(pool, lanes->window[i]);
	lanes->count = 0;
}
