/*
 * The part of causeway_dp.h that tells of the flows that have a place in the table: what FLOWS takes and gives. Flows towards a peer have
 * one where there is something to decide (several paths, or policies), those that break out where there are policies.
 */
#ifndef CAUSEWAY_FLOWS_H
#define CAUSEWAY_FLOWS_H

#include <assert.h>
#include <stdint.h>

#include "causeway_program.h"

struct cw_flows_ask {
	uint32_t first;   /* place of the table to tell from; 0 at first */
	uint32_t idle_ms; /* those alone that had a packet within so long */
};

#define CW_FLOW_RECORD_CLOSED 1   /* TCP said that it is over */
#define CW_FLOW_RECORD_BREAKOUT 2 /* towards the kernel, and by it to the Internet */
#define CW_FLOW_RECORD_STALE 4    /* decided by a program that runs no more: its policy is not told */

struct cw_flow_record {
	uint8_t source[16];
	uint8_t destination[16];
	char segment[CW_NAME];
	char peer[CW_NAME];   /* '': none */
	char policy[CW_NAME]; /* '': stale */
	uint32_t idle_ms;
	uint16_t source_port; /* host order; 0 where there are none */
	uint16_t destination_port;
	uint8_t protocol;
	uint8_t packets; /* so many, or more where it is 255 */
	uint8_t class;   /* that its policy says, its number and 1; 0: none */
	uint8_t path;    /* its number on the wire; 255: none */
	uint8_t uplink;  /* 255: none */
	uint8_t flags;
	uint16_t zero;
};

struct cw_flows_head {
	uint32_t count;
	uint32_t next; /* place to ask from for more; 0: there are none */
	/* then: struct cw_flow_record[] */
};

static_assert(sizeof(struct cw_flow_record) == 144, "border record");
static_assert(sizeof(struct cw_flows_head) == 8, "border record");

#endif
