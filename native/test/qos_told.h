/*
 * What the verb QUEUES tells, for tests that are linked with --wrap=cw_worker_do: after the header of a test that has a `bench`, whose
 * lock is to be initialized. A test program includes this once.
 */
#ifndef QOS_TOLD_H
#define QOS_TOLD_H

#include "check.h"
#include "command.h"
#include "graph/qos-count.h"

struct told {
	struct cw_queues_head head;
	struct cw_queue_uplink uplinks[CW_UPLINKS_MAX];
	struct cw_queue_peer peers[CW_QUEUES_AT_ONCE];
	struct cw_queue_segment segments[CW_QUEUE_SEGMENTS_AT_ONCE];
};

/* In the place of worker.c's: the worker is this thread. */
int cw_test_do(struct cw_worker *worker, struct cw_command *command) __asm__("__wrap_cw_worker_do");

int cw_test_do(struct cw_worker *worker, struct cw_command *command)
{
	cw_command_run(worker, command);
	return command->result;
}

static struct told told;

/* From the place `first` on. */
static inline const struct told *ask(uint32_t first)
{
	static _Alignas(8) uint8_t out[sizeof(told)];
	int length = cw_call(bench.engine, CW_VERB_QUEUES, &first, sizeof(first), out, sizeof(out));

	memset(&told, 0, sizeof(told));
	memcpy(&told.head, out, sizeof(told.head));
	size_t uplinks = told.head.uplink_count * sizeof(told.uplinks[0]), peers = told.head.peer_count * sizeof(told.peers[0]);
	size_t segments = told.head.segment_count * sizeof(told.segments[0]);
	if (!CHECK(length == (int)(sizeof(told.head) + uplinks + peers + segments)))
		return &told;
	memcpy(told.uplinks, out + sizeof(told.head), uplinks);
	memcpy(told.peers, out + sizeof(told.head) + uplinks, peers);
	memcpy(told.segments, out + sizeof(told.head) + uplinks + peers, segments);
	return &told;
}

static inline uint64_t came(const struct cw_queue_counters *of)
{
	return of->packets + of->lost_delay + of->lost_full + of->waiting_packets;
}

#endif
