/*
 * The part of causeway_dp.h that answers why traffic is where it is: what EXPLAIN takes and gives. The answer is made by the
 * code that decides about packets, of a packet that does not exist.
 */
#ifndef CAUSEWAY_EXPLAIN_H
#define CAUSEWAY_EXPLAIN_H

#include <assert.h>
#include <stdint.h>

#include "causeway_program.h"

/* A flow, as its packets say of themselves. */
struct cw_explain {
	char segment[CW_NAME]; /* '': that of the source's address */
	uint8_t source[16];
	uint8_t destination[16];
	uint16_t source_port;
	uint16_t destination_port;
	uint8_t protocol;
	uint8_t dscp;
	uint8_t zero[2];
	char server[CW_SERVER]; /* '': it says none */
};

#define CW_EXPLAIN_HOP_NONE 0
#define CW_EXPLAIN_HOP_PEER 1
#define CW_EXPLAIN_HOP_LINK 2
#define CW_EXPLAIN_HOP_BOX 3

#define CW_EXPLAIN_FLOW_NEW 0    /* none of its packets came of late */
#define CW_EXPLAIN_FLOW_KNOWN 1  /* it has a place in the table, and a path of its own */
#define CW_EXPLAIN_FLOW_NO_ROOM 2 /* the table has refused flows within the last seconds, and this is not in it */

#define CW_NO_REASON UINT16_MAX

struct cw_explanation {
	char segment[CW_NAME];    /* whence; '': the address belongs to none */
	char to_segment[CW_NAME]; /* whither; '': not known here */
	char rule[CW_NAME];       /* of the ACL; '': none fits, the default decides */
	char peer[CW_NAME];       /* it goes to, or comes from */
	char policy[CW_NAME];
	char application[CW_NAME];
	char port[CW_IFNAME]; /* the twin's name of a link */
	uint8_t next_hop[16]; /* on that link */
	uint16_t reason;      /* why a packet would be dropped now, as in the names of DESCRIBE; CW_NO_REASON: it would not */
	uint16_t limit;       /* largest packet that crosses the path whole; 0: there is none */
	uint8_t hop;
	uint8_t is_inward; /* opened from a peer, for this site */
	uint8_t has_session;
	uint8_t flow;
	uint8_t path;   /* number of the path a new flow takes; 255: none */
	uint8_t pinned; /* of the path that this flow is on; 255: none */
	uint8_t is_neighbour_known; /* of the link, or of the path's uplink */
	uint8_t zero;
	uint32_t flow_idle_ms; /* since its last packet */
	uint32_t path_count;
	uint32_t incident_count;
	/* then: struct cw_explained_path[], struct cw_incident_record[] */
};

struct cw_explained_path {
	uint8_t remote_address[16];
	uint16_t remote_port;
	uint16_t limit;
	uint8_t number;
	uint8_t uplink;
	uint8_t remote_uplink; /* 255: unknown */
	uint8_t verdict;       /* enum cw_verdict, in its order */
	uint8_t state;
	uint8_t why;
	uint8_t zero[2];
	uint32_t loss_ppm; /* as it is judged by; CW_NONE: unknown */
	uint32_t latency_us;
	uint32_t jitter_us;
};

/* What befell packets of the flow, or of its peer, within the last ten seconds. */
struct cw_incident_record {
	uint16_t reason;
	uint8_t is_of_flow; /* 0: of its peer, or of nobody in particular */
	uint8_t zero;
	uint32_t count;
	uint32_t first_ms; /* ago */
	uint32_t last_ms;
};

#define CW_EXPLAINED_INCIDENTS_MAX 16

static_assert(sizeof(struct cw_explain) == 136, "border record");
static_assert(sizeof(struct cw_explanation) == 248, "border record");
static_assert(sizeof(struct cw_explained_path) == 40, "border record");
static_assert(sizeof(struct cw_incident_record) == 16, "border record");

#endif
