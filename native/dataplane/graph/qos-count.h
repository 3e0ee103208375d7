/* What has become of what waited, for uplinks and for limits, as the border tells it (causeway_queues.h). Counted by table/qos.h. */
#ifndef CW_GRAPH_QOS_COUNT_H
#define CW_GRAPH_QOS_COUNT_H

#include <stdbool.h>
#include <stdint.h>

#include "causeway_queues.h"

/* Peers and segments told: the worker does nothing else meanwhile. */
#define CW_QUEUES_AT_ONCE 128
#define CW_QUEUE_SEGMENTS_AT_ONCE 16

struct cw_worker;

struct cw_queues_page {
	uint32_t first;
	struct cw_queues_head head;
	struct cw_queue_uplink uplinks[CW_UPLINKS_MAX];
	struct cw_queue_peer peers[CW_QUEUES_AT_ONCE];
	struct cw_queue_segment segments[CW_QUEUE_SEGMENTS_AT_ONCE];
};

/* The worker, by command. */
void cw_qos_tell(const struct cw_worker *worker, struct cw_queues_page *page);

/*
 * The place among the worker's peers is to be another's, of whom nothing is counted yet. False: packets for the one that had it still
 * wait, which nobody else shall get.
 */
bool cw_qos_leave_place(struct cw_worker *worker, uint32_t place);

#endif
