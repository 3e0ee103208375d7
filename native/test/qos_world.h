/*
 * The scheduler of an uplink (table/qos.h) on a clock of the test's own: sources that send, a worker who wakes when it asked to, or late, and
 * an account of what became of it all.
 */
#ifndef QOS_WORLD_H
#define QOS_WORLD_H

#include <string.h>

#include "check.h"
#include "table/qos.h"

#define MS 1000000ull
#define SECOND (1000 * MS)
#define SOURCES 64
#define ITEMS 4096
#define VOICE 0
#define BUSINESS 1
#define NORMAL 2
#define BULK 3

/* Somebody who sends: `gap_ns` apart, or, if that is 0, as much as keeps `ahead` bytes waiting. */
struct source {
	struct cw_qos_stream *stream;
	uint32_t hash;
	uint32_t bytes;
	uint16_t pieces;
	bool is_ect;
	uint64_t gap_ns, next_ns;
	uint32_t ahead;
	/* What came of it. */
	uint32_t waiting;
	uint64_t sent_bytes, sent, lost, marked;
	uint64_t delay_sum_ns, delay_most_ns;
	uint64_t last_number;
};

struct parcel {
	struct cw_qos_item item;
	struct source *source;
	uint64_t number;
};

static struct cw_qos *qos;
static uint64_t now_ns;
static uint64_t late_ns; /* a worker wakes so much later than it asked to */
static struct source sources[SOURCES];
static uint32_t source_count;
static uint64_t added, number, least_window_bytes, most_window_bytes, window_bytes, window_end_ns, window_ns;

static const struct cw_qos_shape shape_10m = {
	.bps = 10000000,
	.items = ITEMS,
	.classes = { { .weight = 50, .cap_percent = 50 }, { .weight = 50 }, { .weight = 30 }, { .weight = 20 } },
};

static inline void begin(const struct cw_qos_shape *shape)
{
	qos = cw_qos_new(shape);
	now_ns = SECOND;
	late_ns = 0;
	source_count = 0;
	added = number = window_bytes = 0;
	window_ns = 0;
}

static inline struct source *add_source(struct source source)
{
	source.next_ns = now_ns;
	sources[source_count] = source;
	return &sources[source_count++];
}

static inline void settle(const struct cw_qos_grant *grant)
{
	struct parcel *parcel = (struct parcel *)grant->item;
	struct source *source = parcel->source;
	uint32_t pieces = grant->lost + grant->pieces;
	uint64_t wait_ns = now_ns - grant->item->at_ns;

	source->lost += grant->lost;
	source->sent += grant->pieces;
	source->marked += grant->is_marked;
	source->sent_bytes += (uint64_t)grant->pieces * source->bytes;
	window_bytes += (uint64_t)grant->pieces * source->bytes;
	source->waiting -= pieces * source->bytes;
	if (grant->pieces > 0) {
		source->delay_sum_ns += wait_ns * grant->pieces;
		source->delay_most_ns = wait_ns > source->delay_most_ns ? wait_ns : source->delay_most_ns;
		/* In order within a flow. */
		CHECK(parcel->number >= source->last_number);
		source->last_number = parcel->number;
	}
	if (grant->is_last)
		free(parcel);
}

static inline void send_one(struct source *source)
{
	struct parcel *parcel = calloc(1, sizeof(*parcel));
	struct cw_qos_grant grant;

	parcel->source = source;
	parcel->number = ++number;
	parcel->item = (struct cw_qos_item){ .at_ns = now_ns,
					     .piece = source->bytes,
					     .last = source->bytes,
					     .pieces = source->pieces == 0 ? 1 : source->pieces,
					     .is_ect = source->is_ect };
	source->waiting += parcel->item.pieces * source->bytes;
	added += parcel->item.pieces;
	cw_qos_add(qos, source->stream, source->hash, &parcel->item);
	while (cw_qos_shed(qos, &grant))
		settle(&grant);
}

static inline void refill(void)
{
	for (uint32_t i = 0; i < source_count; i++) {
		struct source *source = &sources[i];
		while (source->gap_ns != 0 && source->next_ns <= now_ns) {
			send_one(source);
			source->next_ns += source->gap_ns;
		}
		/* Where there is no room for it, it gives up for now. */
		for (uint32_t n = 0; source->gap_ns == 0 && source->waiting < source->ahead && n < 20; n++)
			send_one(source);
	}
}

static inline uint64_t next_event(void)
{
	uint64_t next = cw_qos_due_ns(qos);

	if (next != UINT64_MAX)
		next += late_ns;
	for (uint32_t i = 0; i < source_count; i++) {
		if (sources[i].gap_ns != 0 && sources[i].next_ns < next)
			next = sources[i].next_ns;
	}
	return next;
}

static inline void close_window(void)
{
	if (window_ns == 0 || now_ns < window_end_ns)
		return;
	if (window_bytes < least_window_bytes)
		least_window_bytes = window_bytes;
	if (window_bytes > most_window_bytes)
		most_window_bytes = window_bytes;
	window_bytes = 0;
	window_end_ns += window_ns;
}

static inline void run(uint64_t for_ns)
{
	uint64_t until = now_ns + for_ns;
	struct cw_qos_grant grant;

	refill();
	while (now_ns < until) {
		uint64_t due = cw_qos_due_ns(qos);
		uint64_t next = next_event();
		now_ns = next > until ? until : next > now_ns ? next : now_ns;
		close_window();
		/* A late worker does not wake for what sources do. */
		while (late_ns == 0 || due == UINT64_MAX || now_ns >= due + late_ns) {
			if (!cw_qos_next(qos, now_ns, &grant))
				break;
			settle(&grant);
			refill();
		}
		refill();
	}
}

/* All who sent anything got it through, lost it, or have it waiting. */
static inline void end(void)
{
	uint64_t met = 0;
	uint32_t left = 0;
	struct cw_qos_grant grant;

	for (uint32_t i = 0; i < source_count; i++) {
		met += sources[i].sent + sources[i].lost;
		left += sources[i].waiting;
	}
	CHECK(left == cw_qos_waiting_bytes(qos));
	while (cw_qos_empty(qos, &grant)) {
		met += grant.lost;
		free(grant.item);
	}
	CHECK(met == added);
	CHECK(cw_qos_waiting_bytes(qos) == 0 && cw_qos_waiting_items(qos) == 0);
	cw_qos_free(qos);
}

static inline bool is_within(uint64_t figure, uint64_t wanted, double share)
{
	return (double)figure >= (double)wanted * (1 - share) && (double)figure <= (double)wanted * (1 + share);
}

#endif
