/* The table of flows, told part by part (causeway_flows.h). Changes nothing: who asks is no packet. */
#ifndef CW_GRAPH_FLOW_LIST_H
#define CW_GRAPH_FLOW_LIST_H

#include <stdint.h>

#include "causeway_flows.h"

#define CW_FLOWS_AT_ONCE 128       /* told, and places looked at for that: the worker does nothing else meanwhile */
#define CW_FLOW_PLACES_AT_ONCE 4096

struct cw_worker;

struct cw_flows_page {
	struct cw_flows_ask ask;
	struct cw_flows_head head;
	struct cw_flow_record flows[CW_FLOWS_AT_ONCE];
};

/* The worker, by command. */
void cw_flow_list(const struct cw_worker *worker, struct cw_flows_page *page);

#endif
