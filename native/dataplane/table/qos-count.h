/*
 * What became of what waited for an uplink, counted where it leaves or is lost: nothing is counted when it comes, for what came is what
 * left, what was lost and what waits still. A train is as many packets as it has pieces. See qos.h.
 */
#ifndef CW_QOS_COUNT_H
#define CW_QOS_COUNT_H

#include <stdbool.h>
#include <stdint.h>

#include "causeway_queues.h"

#define CW_QOS_WAIT_LEAST_LOG2 8 /* 256 us: shorter waits are alike */

/* Of a class to one peer. With what waits beside it, see struct cw_qos_stream, as much as a cache line holds. */
struct cw_qos_count {
	uint64_t packets, bytes; /* that left, by what they are on the link */
	uint64_t wait_us;        /* that these have waited, all together */
	uint64_t lost_delay, lost_full, lost_bytes;
	uint64_t marked; /* of those that left */
};

/* Of a class by the uplink, whoever it was for: outlives peers. */
struct cw_qos_class_count {
	struct cw_qos_count sum;
	uint64_t waits[CW_QUEUE_WAITS]; /* packets that left, by how long they waited: causeway_queues.h */
};

/* Two parts in each doubling: below 256 us, 384, 512, 768, ... */
static inline uint32_t cw_qos_wait_part(uint64_t wait_us)
{
	if (wait_us < 1u << CW_QOS_WAIT_LEAST_LOG2)
		return 0;
	uint32_t log2 = 63 - (uint32_t)__builtin_clzll(wait_us);
	uint32_t part = 1 + 2 * (log2 - CW_QOS_WAIT_LEAST_LOG2) + (uint32_t)(wait_us >> (log2 - 1) & 1);
	return part < CW_QUEUE_WAITS ? part : CW_QUEUE_WAITS - 1;
}

static inline void cw_qos_count_one(struct cw_qos_count *count, uint32_t packets, uint32_t bytes, uint64_t wait_us, bool is_marked)
{
	count->packets += packets;
	count->bytes += bytes;
	count->wait_us += wait_us * packets;
	count->marked += is_marked;
}

/* They leave, and came `wait_ns` ago. */
static inline void cw_qos_count_sent(struct cw_qos_class_count *class, struct cw_qos_count *stream, uint32_t packets, uint32_t bytes,
				     uint64_t wait_ns, bool is_marked)
{
	uint64_t wait_us = wait_ns / 1000;

	cw_qos_count_one(&class->sum, packets, bytes, wait_us, is_marked);
	cw_qos_count_one(stream, packets, bytes, wait_us, is_marked);
	class->waits[cw_qos_wait_part(wait_us)] += packets;
}

/* @param is_late they waited too long; else there was no room for them */
static inline void cw_qos_count_lost(struct cw_qos_class_count *class, struct cw_qos_count *stream, uint32_t packets, uint32_t bytes,
				     bool is_late)
{
	*(is_late ? &class->sum.lost_delay : &class->sum.lost_full) += packets;
	*(is_late ? &stream->lost_delay : &stream->lost_full) += packets;
	class->sum.lost_bytes += bytes;
	stream->lost_bytes += bytes;
}

#endif
