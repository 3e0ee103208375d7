/*
 * A relay's channels: which number of one device leads to which of another, how fast, and when it was used last. Pure: time is an
 * argument. What crosses them is graph/relay.c's. wire.md, "Relay".
 */
#ifndef CW_CHANNEL_H
#define CW_CHANNEL_H

#include <stdbool.h>
#include <stdint.h>

#include "bucket.h"
#include "causeway_dp.h"

#define CW_CHANNEL_UNUSED_US 300000000u
/* Of all devices: 64 of each of 1,024, and each leads to another one. */
#define CW_CHANNEL_PAIRS_MAX 32768
#define CW_CHANNEL_NONE UINT32_MAX

struct cw_peer;

/* The numbers of one device, which is the peer that has the list. All zeros: it has none. */
struct cw_channel_list {
	uint32_t count;
	uint32_t number[CW_CHANNELS_MAX];
	uint32_t end[CW_CHANNELS_MAX]; /* which end of which pair: twice its place, and one more for the second */
};

/* A device's end: what comes by it goes to the other one. */
struct cw_channel_side {
	struct cw_peer *peer;
	struct cw_channel_list *list; /* its */
	uint64_t tokens; /* millionths of a byte that it may send now: nothing of what is earned falls away */
	uint64_t filled_us;
	uint32_t number;
	uint8_t slot; /* of the path by which it gets what comes */
	struct cw_channel_way came; /* from it */
	struct cw_bucket control; /* of its control what waits nowhere */
};

enum cw_channel_state { CW_CHANNEL_FREE, CW_CHANNEL_OPEN, CW_CHANNEL_ENDED };

struct cw_channel_pair {
	struct cw_channel_side sides[2];
	uint64_t opened_us;
	uint64_t used_us;
	uint64_t rate_bps; /* as it was asked for, and is told */
	uint32_t rate;     /* bytes a second, of each direction */
	uint8_t state;     /* enum cw_channel_state */
	uint8_t untold;    /* bit per side: that it has ended is not told there yet */
};

/* The worker's. */
struct cw_channels {
	struct cw_channel_pair *pairs;
	uint32_t count;  /* from here on none was ever open */
	uint32_t in_use; /* that are not free */
};

int cw_channels_open(struct cw_channels *channels);
void cw_channels_close(struct cw_channels *channels);

/* Joins two ends, of which peer, list and number are given. 0, -EEXIST: a number is taken, -ENOSPC. */
int cw_channel_join(struct cw_channels *channels, const struct cw_channel_side sides[2], uint64_t rate_bps, uint64_t now_us);

/* NULL: the device has no channel of that number. */
struct cw_channel_side *cw_channel_find(const struct cw_channels *channels, const struct cw_channel_list *list,
					uint32_t number);

/* The pair that the side is of, and the other side of it. */
struct cw_channel_pair *cw_channel_pair_of(const struct cw_channels *channels, const struct cw_channel_side *side);
struct cw_channel_side *cw_channel_other(const struct cw_channels *channels, const struct cw_channel_side *side);

/* Whether `bytes`, of IP where they leave, may cross from that side now; then the channel is in use. */
bool cw_channel_take(const struct cw_channels *channels, struct cw_channel_side *side, uint32_t bytes, uint64_t now_us);

/* Both numbers are free again; the pair is once the sides of `untold` are told. */
void cw_channel_end(struct cw_channels *channels, struct cw_channel_pair *pair, uint8_t untold);
void cw_channel_told(struct cw_channels *channels, struct cw_channel_pair *pair, uint8_t sides);

#endif
