/*
 * Whose a flow is: the program's comparisons in order, of which the first that fits says policy and application. Pure; asked
 * once for a flow, not for a packet.
 */
#ifndef CW_MATCH_H
#define CW_MATCH_H

#include "causeway_dp.h"
#include "table/acl.h"

#define CW_NO_MATCH UINT16_MAX

/* What a flow says of itself beside its addresses and ports. */
struct cw_marks {
	uint16_t segment;
	uint8_t dscp;
	const char *server; /* in lower case; NULL: it has none, or has not said it yet */
};

/*
 * Index of the match that decides, CW_NO_MATCH where none fits: the flow is the first policy's then. `may_change`: a server
 * name that is still to come could make it another.
 */
uint16_t cw_match_find(const struct cw_match_program *matches, uint32_t count, const struct cw_flow *flow,
		       const struct cw_marks *marks, bool *may_change);

/* Whether it could fit a packet that does not show its ports, nor its protocol unless it is a later fragment. */
bool cw_match_may_fit(const struct cw_match_program *match, const struct cw_flow *flow, const struct cw_marks *marks);

#endif
