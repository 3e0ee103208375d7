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
	uint16_t source_port; /* 0: it has none, or nobody knows */
	uint16_t destination_port;
	uint8_t protocol;
	uint8_t dscp;
	uint8_t is_any_protocol; /* it was not said: what befell packets of others between the two is told too */
	uint8_t zero;
	char server[CW_SERVER]; /* '': it says none */
};

/* Whence the flow's packets come. */
#define CW_EXPLAIN_FROM_NOBODY 0 /* its source's address is in no segment here */
#define CW_EXPLAIN_FROM_LAN 1
#define CW_EXPLAIN_FROM_BOX 2
#define CW_EXPLAIN_FROM_PEER 3
#define CW_EXPLAIN_FROM_TRANSIT 4 /* from one peer to another */

#define CW_EXPLAIN_HOP_NONE 0
#define CW_EXPLAIN_HOP_PEER 1
#define CW_EXPLAIN_HOP_LINK 2
#define CW_EXPLAIN_HOP_BOX 3

#define CW_EXPLAIN_FLOW_NEW 0     /* none of its packets came of late, or its ports are not known */
#define CW_EXPLAIN_FLOW_KNOWN 1   /* it has a place in the table, and a path of its own */
#define CW_EXPLAIN_FLOW_NO_ROOM 2 /* the table has refused flows within the last seconds, and this is not in it */
#define CW_EXPLAIN_FLOW_NO_NEED 3 /* there is nothing to choose: nobody asks the table */

#define CW_NO_REASON UINT16_MAX
#define CW_EXPLAIN_CLASS_NONE UINT8_MAX

struct cw_explanation {
	char segment[CW_NAME];    /* whence; '': the address belongs to none */
	char to_segment[CW_NAME]; /* whither; '': not known here */
	char rule[CW_NAME];       /* of the ACL; '': none fits, the default decides */
	char peer[CW_NAME];       /* it goes to, or comes from */
	char policy[CW_NAME];     /* of a flow from a peer: that of its answers */
	char application[CW_NAME];
	char port[CW_IFNAME]; /* the twin's name of the link by which it leaves; for a peer, of the path's uplink */
	uint8_t next_hop[16]; /* on that link */
	uint16_t reason;      /* why a packet would be dropped now, as in the names of DESCRIBE; CW_NO_REASON: it would not */
	uint16_t limit;       /* largest packet that crosses the path whole; 0: there is none */
	uint8_t hop;
	uint8_t from;
	uint8_t is_by_kernel; /* it forwards this flow here, once that is allowed: from one LAN or segment to another */
	uint8_t has_session;
	uint8_t flow;
	uint8_t path;   /* number of the path that its next packet takes (from a peer: its answers'); 255: none */
	uint8_t best;   /* that new flows of its policy take */
	uint8_t pinned; /* that this flow is on */
	uint8_t is_neighbour_known; /* that next hop */
	uint8_t class; /* of its packets (from a peer: its answers'), where an uplink is full; CW_EXPLAIN_CLASS_NONE: nobody asks */
	uint8_t zero[2];
	uint32_t flow_idle_ms; /* since its last packet */
	uint32_t waiting_ms;   /* packets have waited so long for the next hop, or for a session; CW_NONE: none waits */
	uint32_t path_count;
	uint32_t incident_count;
	uint32_t peer_count; /* 0: one peer alone has the destination, or none */
	uint32_t zero2;
	char from_peer[CW_NAME]; /* in transit: that it comes from */
	/* then: struct cw_explained_peer[], struct cw_explained_path[], struct cw_incident_record[] */
};

#define CW_EXPLAIN_PEER_CARRIES 0
#define CW_EXPLAIN_PEER_SPARE 1      /* reached, but one before it carries */
#define CW_EXPLAIN_PEER_HELD 2       /* reached again; one behind it carries until `hold_ms` are over */
#define CW_EXPLAIN_PEER_NO_SESSION 3
#define CW_EXPLAIN_PEER_DOWN 4       /* no path to it is up */
#define CW_EXPLAIN_PEER_SILENT 5     /* nothing is heard by any of its paths, and no probe is answered */
#define CW_EXPLAIN_PEER_BARRED 6     /* in transit: from there it came, or from another hub */

/* Of several peers that have the destination one, in their order. */
struct cw_explained_peer {
	char name[CW_NAME];
	uint8_t state;
	uint8_t is_hub;
	uint8_t zero[2];
	uint32_t hold_ms;
};

/* What stands in the way of a datagram on its way out of this box. */
#define CW_OBSTACLE_NONE 0
#define CW_OBSTACLE_NO_PORT 1 /* the uplink's NIC is absent */
#define CW_OBSTACLE_NO_ADDRESS 2
#define CW_OBSTACLE_NO_CARRIER 3
#define CW_OBSTACLE_NO_ROUTE 4
#define CW_OBSTACLE_NO_NEIGHBOUR 5 /* the next hop is not known */
#define CW_OBSTACLE_NO_RELAY 6 /* no session with the relay, or no path to it */

/* Not it, but a path with which it has an end in common, was down; or broke a limit of the policy. */
#define CW_EXPLAIN_KIN_DOWN 16
#define CW_EXPLAIN_KIN_BREACH 32

struct cw_explained_path {
	uint8_t remote_address[16];
	uint16_t remote_port;
	uint16_t limit;
	uint8_t number;
	uint8_t uplink;
	uint8_t remote_uplink; /* 255: unknown */
	uint8_t verdict;       /* enum cw_verdict, in its order */
	uint8_t state;         /* these two as in struct cw_path_counters */
	uint8_t why;
	uint8_t obstacle;
	uint8_t flags;     /* CW_STATE_METERED, CW_STATE_BACKUP: at either end; CW_EXPLAIN_KIN_… */
	uint32_t loss_ppm; /* as it is judged by; CW_NONE: unknown */
	uint32_t latency_us;
	uint32_t jitter_us;
	uint32_t state_ms;   /* since when it is so */
	uint32_t heard_ms;   /* CW_NONE: never */
	uint32_t suspect_ms; /* nothing is heard, and no probe is answered, since; CW_NONE: it is not suspected */
	uint32_t hold_ms;    /* until it is trusted again, since it was down; 0: it is */
	uint32_t clean_ms;   /* the same, since it broke a limit of the policy */
};

/* What befell packets within the last ten seconds. */
struct cw_incident_record {
	uint16_t reason;
	uint8_t is_of_flow; /* 0: of its peer, or of nobody in particular */
	uint8_t is_of_answers; /* of the flow's, on their way back */
	uint32_t count;
	uint32_t first_ms; /* ago */
	uint32_t last_ms;
};

#define CW_EXPLAINED_INCIDENTS_MAX 16

static_assert(sizeof(struct cw_explain) == 136, "border record");
static_assert(sizeof(struct cw_explanation) == 296, "border record");
static_assert(sizeof(struct cw_explained_peer) == 40, "border record");
static_assert(sizeof(struct cw_explained_path) == 60, "border record");
static_assert(sizeof(struct cw_incident_record) == 16, "border record");

#endif
