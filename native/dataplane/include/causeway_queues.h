/*
 * The part of causeway_dp.h that tells of what waits: what QUEUES takes and gives. By class of each uplink since its port was opened,
 * whatever its rate was meanwhile; by class of each peer by an uplink, of what comes from the Internet by one, and by class of each
 * direction of a segment since there is something that keeps it to a rate.
 */
#ifndef CAUSEWAY_QUEUES_H
#define CAUSEWAY_QUEUES_H

#include <assert.h>
#include <stdint.h>

#include "causeway_program.h"

/*
 * How long packets waited, in microseconds: part 0 is below 256, then two parts in each doubling (below 384, 512, 768, ...), and the
 * last is 1,048,576 and above.
 */
#define CW_QUEUE_WAITS 26

/* All but what waits only grows. What came is what left, what was lost and what waits. A train counts each of its packets. */
struct cw_queue_counters {
	uint64_t packets; /* that left; bytes on the link, of a segment those of IP */
	uint64_t bytes;
	uint64_t wait_us; /* that these have waited, all together */
	uint64_t lost_delay; /* packets: they waited too long */
	uint64_t lost_full;  /* there was no room */
	uint64_t lost_bytes;
	uint64_t marked; /* of those that left, instead of being lost */
	uint32_t waiting_packets;
	uint32_t waiting_bytes;
};

struct cw_queue_class {
	struct cw_queue_counters sum;
	uint64_t waits[CW_QUEUE_WAITS]; /* packets that left, by how long they had waited */
};

struct cw_queue_uplink {
	char twin[CW_IFNAME];
	uint64_t bps; /* that it is kept to; 0: nothing waits for it now */
	struct cw_queue_class classes[CW_CLASSES];
	uint64_t ingress_bps; /* that what comes from the Internet is kept to; 0: it does not wait, and there is nothing to tell */
	struct cw_queue_class ingress; /* it has no classes */
};

/* Only those of which something ever waited, and that the program lists. */
struct cw_queue_peer {
	char twin[CW_IFNAME]; /* of the uplink */
	char name[CW_NAME];   /* '': what the kernel sends, by the Internet breakout above all */
	struct cw_queue_counters classes[CW_CLASSES];
};

/* One direction; all zeros where it has no limit. */
struct cw_queue_limit {
	uint64_t bps;
	struct cw_queue_class classes[CW_CLASSES];
};

/* Only those that have a limit. */
struct cw_queue_segment {
	char name[CW_NAME];
	struct cw_queue_limit up, down;
};

/* A part of what there is: uplinks with the first, peers and then segments as many as there is room for in an answer. */
struct cw_queues_head {
	uint32_t uplink_count;
	uint32_t peer_count;
	uint32_t next; /* place to ask from for more; 0: there are none */
	uint32_t segment_count;
	/* then: struct cw_queue_uplink[], struct cw_queue_peer[], struct cw_queue_segment[] */
};

static_assert(sizeof(struct cw_queue_counters) == 64, "border record");
static_assert(sizeof(struct cw_queue_class) == 272, "border record");
static_assert(sizeof(struct cw_queue_uplink) == 1392, "border record");
static_assert(sizeof(struct cw_queue_peer) == 304, "border record");
static_assert(sizeof(struct cw_queue_segment) == 2224, "border record");
static_assert(sizeof(struct cw_queues_head) == 16, "border record");

#endif
