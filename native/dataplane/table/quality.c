/* See quality.h. */
#include "table/quality.h"

#define WINDOW_US 1000000u
#define FAST_US 300000u
#define FAST_PACKETS 100u
#define WINDOW_MOST_US 30000000u
#define MILLION 1000000ull

static const struct cw_quality_sample *sample(const struct cw_quality *quality, uint32_t back)
{
	return &quality->samples[(quality->taken - 1 - back) % CW_QUALITY_SAMPLES];
}

static uint32_t ppm(uint32_t part, uint32_t whole)
{
	return whole == 0 ? 0 : (uint32_t)(part * MILLION / whole);
}

/* Over the last 300 ms: what is suddenly bad is seen sooner, if there are packets enough to see it by. */
static void reckon_fast(struct cw_quality *quality)
{
	const struct cw_quality_sample *now = sample(quality, 0);

	quality->loss_fast_ppm = 0;
	for (uint32_t back = 1; back < CW_QUALITY_SAMPLES && back < quality->taken; back++) {
		const struct cw_quality_sample *then = sample(quality, back);
		uint32_t sent = now->sent - then->sent, received = now->received - then->received;
		if (now->at_us - then->at_us > WINDOW_US)
			return;
		if (now->at_us - then->at_us < FAST_US || sent < FAST_PACKETS)
			continue;
		quality->loss_fast_ppm = ppm(sent > received ? sent - received : 0, sent);
		return;
	}
}

/* Goes back until the window is long enough and holds enough. */
static void reckon(struct cw_quality *quality)
{
	uint32_t kept = quality->taken < CW_QUALITY_SAMPLES ? quality->taken : CW_QUALITY_SAMPLES;
	const struct cw_quality_sample *now = sample(quality, 0);

	for (uint32_t back = 1; back < kept; back++) {
		const struct cw_quality_sample *then = sample(quality, back);
		uint64_t age = now->at_us - then->at_us;
		uint32_t sent = now->sent - then->sent, received = now->received - then->received;
		if (age > WINDOW_MOST_US && back > 1) {
			quality->packets = 0;
			return;
		}
		if (age < WINDOW_US || (sent < CW_QUALITY_PACKETS && back + 1 < kept))
			continue;
		quality->packets = sent;
		quality->window_us = (uint32_t)age;
		quality->lost = sent > received ? sent - received : 0;
		/* What was under way at the first moment may have come since. */
		quality->loss_ppm = ppm(sent > received ? sent - received : 0, sent);
		quality->late_ppm = ppm(now->late - then->late, received);
		return;
	}
}

static void smooth(struct cw_quality *quality, uint32_t above_us)
{
	quality->jitter_us = quality->jitter_us == 0 ? above_us :
						       (uint32_t)(((uint64_t)quality->jitter_us * 3 + above_us) / 4);
}

void cw_quality_take(struct cw_quality *quality, uint32_t key, uint32_t highest, uint32_t received, uint32_t late,
		     uint32_t above_us, uint64_t now_us)
{
	bool is_new = key != quality->key;
	struct cw_quality_sample next = quality->taken == 0 ? (struct cw_quality_sample){ 0 } : *sample(quality, 0);

	/* One that was overtaken on its way says nothing new. */
	if (!is_new && (highest < quality->highest || received < quality->received))
		return;
	next.at_us = now_us;
	next.sent += highest - (is_new ? 0 : quality->highest);
	next.received += received - (is_new ? 0 : quality->received);
	next.late += late - (is_new ? 0 : quality->late);
	quality->key = key;
	quality->highest = highest;
	quality->received = received;
	quality->late = late;
	quality->samples[quality->taken++ % CW_QUALITY_SAMPLES] = next;
	quality->told_us = now_us;
	if (above_us != UINT32_MAX)
		smooth(quality, above_us);
	reckon(quality);
	reckon_fast(quality);
}

void cw_quality_hear(struct cw_quality_lanes *lanes, uint32_t key, uint8_t class, uint32_t highest, uint32_t received,
		     uint32_t late, uint32_t above_us)
{
	struct cw_quality_sum *sum = &lanes->sum;

	if (lanes->key != key)
		*lanes = (struct cw_quality_lanes){ .key = key };
	if (highest < lanes->lanes[class].highest || received < lanes->lanes[class].received || late < lanes->lanes[class].late)
		return;
	uint32_t more = received - lanes->lanes[class].received;
	sum->highest += highest - lanes->lanes[class].highest;
	sum->received += more;
	sum->late += late - lanes->lanes[class].late;
	lanes->lanes[class].highest = highest;
	lanes->lanes[class].received = received;
	lanes->lanes[class].late = late;
	if (above_us == UINT32_MAX)
		return;
	sum->above_sum += (uint64_t)above_us * more;
	sum->above_count += more;
}

static uint32_t bucket_of(uint32_t rtt_us)
{
	uint32_t value = rtt_us < 64 ? 64 : rtt_us;
	uint32_t octave = 31 - (uint32_t)__builtin_clz(value);
	uint32_t bucket = (octave - 6) * 4 + (value >> (octave - 2) & 3);

	return bucket < CW_RTT_BUCKETS ? bucket : CW_RTT_BUCKETS - 1;
}

void cw_rtt_count(struct cw_rtt_histogram *histogram, uint32_t rtt_us)
{
	uint16_t *bucket = &histogram->buckets[bucket_of(rtt_us)];

	if (*bucket == UINT16_MAX) {
		for (uint32_t i = 0; i < CW_RTT_BUCKETS; i++)
			histogram->buckets[i] /= 2;
	}
	(*bucket)++;
}

uint32_t cw_rtt_quantile(const struct cw_rtt_histogram *histogram, uint32_t permille)
{
	uint32_t total = 0, below = 0;

	for (uint32_t i = 0; i < CW_RTT_BUCKETS; i++)
		total += histogram->buckets[i];
	for (uint32_t i = 0; i < CW_RTT_BUCKETS; i++) {
		below += histogram->buckets[i];
		if (total != 0 && (uint64_t)below * 1000 >= (uint64_t)total * permille)
			return (64u << i / 4) + (16u << i / 4) * (i % 4 + 1);
	}
	return UINT32_MAX;
}
