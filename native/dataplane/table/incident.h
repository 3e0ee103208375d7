/*
 * What befell packets of late: reason, flow and peer, with a count and two times. For who asks about a flow; counters say how
 * much is dropped, this says of what. Fixed in size: what is oldest in its set goes for what is new. The worker's.
 */
#ifndef CW_INCIDENT_H
#define CW_INCIDENT_H

#include "table/flow.h"

#define CW_INCIDENT_SETS 64u
#define CW_INCIDENT_WAYS 4u
#define CW_INCIDENT_NO_PEER UINT16_MAX
#define CW_INCIDENT_KEPT_US 10000000u

struct cw_incident {
	struct cw_flow_key key; /* all zeros: of no flow that could be read */
	uint64_t first_us;
	uint64_t last_us; /* 0: free */
	uint32_t count;
	uint16_t reason;
	uint16_t peer; /* its place; CW_INCIDENT_NO_PEER */
};

struct cw_incidents {
	struct cw_incident list[CW_INCIDENT_SETS * CW_INCIDENT_WAYS];
};

/* `key` may be NULL. */
void cw_incident_note(struct cw_incidents *incidents, uint16_t reason, const struct cw_flow_key *key, uint16_t peer,
		      uint64_t now_us);

#endif
