/* See channel.h. */
#include "table/channel.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/*
 * What may cross at once. A TCP that has lost a flight is silent for 200 ms and longer, then begins slowly: what is earned
 * meanwhile has to be there afterwards, or it comes to half of the rate. And several lanes send trains of 64 KiB.
 */
#define BURST_US 500000u
#define BURST_LEAST 262144u /* bytes */
#define PARTS 1000000u      /* of a byte, that a token is */

int cw_channels_open(struct cw_channels *channels)
{
	/* What is never used costs no memory. */
	channels->pairs = calloc(CW_CHANNEL_PAIRS_MAX, sizeof(channels->pairs[0]));
	return channels->pairs == NULL ? -ENOMEM : 0;
}

void cw_channels_close(struct cw_channels *channels)
{
	free(channels->pairs);
}

static uint32_t place_of(const struct cw_channel_list *list, uint32_t number)
{
	for (uint32_t i = 0; i < list->count; i++) {
		if (list->number[i] == number)
			return i;
	}
	return CW_CHANNEL_NONE;
}

static struct cw_channel_pair *free_pair(struct cw_channels *channels)
{
	if (channels->in_use == channels->count)
		return channels->count == CW_CHANNEL_PAIRS_MAX ? NULL : &channels->pairs[channels->count++];
	for (uint32_t i = 0; i < channels->count; i++) {
		if (channels->pairs[i].state == CW_CHANNEL_FREE)
			return &channels->pairs[i];
	}
	return NULL;
}

int cw_channel_join(struct cw_channels *channels, const struct cw_channel_side sides[2], uint64_t rate_bps, uint64_t now_us)
{
	for (uint32_t i = 0; i < 2; i++) {
		if (place_of(sides[i].list, sides[i].number) != CW_CHANNEL_NONE)
			return -EEXIST;
		if (sides[i].list->count == CW_CHANNELS_MAX)
			return -ENOSPC;
	}
	struct cw_channel_pair *pair = free_pair(channels);
	if (pair == NULL)
		return -ENOSPC;
	uint64_t rate = rate_bps / 8;
	*pair = (struct cw_channel_pair){ .opened_us = now_us,
					  .used_us = now_us,
					  .rate_bps = rate_bps,
					  .rate = rate > UINT32_MAX ? UINT32_MAX : (uint32_t)rate,
					  .state = CW_CHANNEL_OPEN };
	for (uint32_t i = 0; i < 2; i++) {
		struct cw_channel_list *list = sides[i].list;
		pair->sides[i] = (struct cw_channel_side){ .peer = sides[i].peer,
							   .list = list,
							   .number = sides[i].number,
							   .filled_us = now_us,
							   .tokens = (uint64_t)BURST_LEAST * PARTS,
							   .slot = UINT8_MAX };
		list->number[list->count] = sides[i].number;
		list->end[list->count++] = (uint32_t)(pair - channels->pairs) * 2 + i;
	}
	channels->in_use++;
	return 0;
}

struct cw_channel_side *cw_channel_find(const struct cw_channels *channels, const struct cw_channel_list *list,
					uint32_t number)
{
	uint32_t place = place_of(list, number);

	return place == CW_CHANNEL_NONE ? NULL : &channels->pairs[list->end[place] / 2].sides[list->end[place] & 1];
}

struct cw_channel_pair *cw_channel_pair_of(const struct cw_channels *channels, const struct cw_channel_side *side)
{
	size_t offset = (size_t)((const uint8_t *)side - (const uint8_t *)channels->pairs);

	return &channels->pairs[offset / sizeof(channels->pairs[0])];
}

struct cw_channel_side *cw_channel_other(const struct cw_channels *channels, const struct cw_channel_side *side)
{
	struct cw_channel_pair *pair = cw_channel_pair_of(channels, side);

	return side == &pair->sides[0] ? &pair->sides[1] : &pair->sides[0];
}

static void fill(struct cw_channel_side *side, uint32_t rate, uint64_t now_us)
{
	uint64_t burst = (uint64_t)rate * BURST_US / PARTS, elapsed_us = now_us - side->filled_us;

	if (burst < BURST_LEAST)
		burst = BURST_LEAST;
	/* A token is what a byte a second earns in a µs. However long ago: what was earned since fits. */
	uint64_t earned = (elapsed_us > CW_CHANNEL_UNUSED_US ? CW_CHANNEL_UNUSED_US : elapsed_us) * rate;
	side->tokens = side->tokens + earned > burst * PARTS ? burst * PARTS : side->tokens + earned;
	side->filled_us = now_us;
}

bool cw_channel_take(const struct cw_channels *channels, struct cw_channel_side *side, uint32_t bytes, uint64_t now_us)
{
	struct cw_channel_pair *pair = cw_channel_pair_of(channels, side);

	fill(side, pair->rate, now_us);
	if (side->tokens < (uint64_t)bytes * PARTS)
		return false;
	side->tokens -= (uint64_t)bytes * PARTS;
	pair->used_us = now_us;
	return true;
}

void cw_channel_end(struct cw_channels *channels, struct cw_channel_pair *pair, uint8_t untold)
{
	for (uint32_t i = 0; i < 2; i++) {
		struct cw_channel_list *list = pair->sides[i].list;
		uint32_t place = place_of(list, pair->sides[i].number), last = list->count - 1;
		list->number[place] = list->number[last];
		list->end[place] = list->end[last];
		list->count = last;
	}
	pair->state = CW_CHANNEL_ENDED;
	pair->untold = untold;
	cw_channel_told(channels, pair, 0);
}

void cw_channel_told(struct cw_channels *channels, struct cw_channel_pair *pair, uint8_t sides)
{
	pair->untold &= (uint8_t)~sides;
	if (pair->state != CW_CHANNEL_ENDED || pair->untold != 0)
		return;
	memset(pair, 0, sizeof(*pair));
	channels->in_use--;
}
