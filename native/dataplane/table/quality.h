/*
 * How good a path is, each direction by itself: loss and order from the counters that every data packet has, delay above the
 * least from its send time (RFC 7680, RFC 4737, RFC 3393), what is delivered. Outward it is what the far end reports, inward what is
 * counted here; where no data flows, probes say what they can. And how round trips are distributed. Pure.
 */
#ifndef CW_QUALITY_H
#define CW_QUALITY_H

#include <stdbool.h>
#include <stdint.h>

#define CW_REPORT_US 100000u
#define CW_QUALITY_SAMPLES 32u
#define CW_QUALITY_LANES 4u /* classes of data */
#define CW_QUALITY_PACKETS 20u /* fewer than that say nothing of loss */
#define CW_RTT_BUCKETS 64u     /* four to an octave, from 64 µs to 4.2 s */

/* Sums over all keys, at a moment. */
struct cw_quality_sample {
	uint64_t at_us;
	uint32_t sent;
	uint32_t received;
	uint32_t late;
};

/* One direction. Counts of a key begin at 0, those of the direction go on. */
struct cw_quality {
	struct cw_quality_sample samples[CW_QUALITY_SAMPLES];
	uint32_t taken; /* samples, ever */
	uint32_t key;   /* whose counts the last ones were */
	uint32_t highest, received, late;
	uint32_t loss_ppm; /* over the last second, or as many seconds as it takes for CW_QUALITY_PACKETS; at most 30 */
	uint32_t loss_fast_ppm; /* over the last 300 ms, if that is enough packets to tell */
	uint32_t lost;          /* how many packets either is of: a few say nothing */
	uint32_t late_ppm;
	uint32_t window_us; /* over which */
	uint32_t packets;   /* that this is of; below CW_QUALITY_PACKETS it is not told */
	uint32_t jitter_us; /* mean delay above the least, smoothed */
	uint64_t told_us;
};

/* Counts of the direction under `key` at this moment; `above_us`: mean delay above the least since the last ones, UINT32_MAX: none. */
void cw_quality_take(struct cw_quality *quality, uint32_t key, uint32_t highest, uint32_t received, uint32_t late,
		     uint32_t above_us, uint64_t now_us);

/* Counts of all lanes of the direction together: its classes go by lanes of their own. */
struct cw_quality_sum {
	uint32_t highest, received, late;
	uint64_t above_sum; /* delay above the least of its own lane, of `above_count` packets since it was taken last */
	uint32_t above_count;
};

static inline uint32_t cw_quality_above_us(const struct cw_quality_sum *sum)
{
	return sum->above_count == 0 ? UINT32_MAX : (uint32_t)(sum->above_sum / sum->above_count);
}

/* What a far end has told of the lanes of one path under one key, by class; it tells of those alone that brought something since. */
struct cw_quality_lanes {
	uint32_t key;
	struct {
		uint32_t highest, received, late;
	} lanes[CW_QUALITY_LANES];
	struct cw_quality_sum sum;
};

/* Counts of a lane since the key began. One that was overtaken on its way says nothing new. */
void cw_quality_hear(struct cw_quality_lanes *lanes, uint32_t key, uint8_t class, uint32_t highest, uint32_t received,
		     uint32_t late, uint32_t above_us);

/* Whether `loss_ppm` says how it is now. */
static inline bool cw_quality_is_fresh(const struct cw_quality *quality, uint64_t now_us)
{
	return quality->packets >= CW_QUALITY_PACKETS && now_us - quality->told_us < 2000000;
}

/* Old counts fade: a bucket that is full halves them all. */
struct cw_rtt_histogram {
	uint16_t buckets[CW_RTT_BUCKETS];
};

void cw_rtt_count(struct cw_rtt_histogram *histogram, uint32_t rtt_us);

/* The round trip that `permille` of them do not exceed, to the next bucket; UINT32_MAX: none was counted. */
uint32_t cw_rtt_quantile(const struct cw_rtt_histogram *histogram, uint32_t permille);

#endif
