/*
 * What was decided about packets that came in fragments, by their first ones: the later ones, which do not say whose they are,
 * go the same way. A small table, of a flood too: of a set the oldest goes, and what was forgotten nobody knows, which
 * is the caller's to bear.
 *
 * Decides nothing itself. Of one worker. Time is an argument that does not go back.
 */
#ifndef CW_FRAGMENTS_H
#define CW_FRAGMENTS_H

#include "table/flow.h"

#define CW_FRAGMENTS_WAYS 4
#define CW_FRAGMENTS_SETS 128
#define CW_FRAGMENTS_US 5000000u /* later ones follow at once, or are held up on the way to us */

struct cw_fragments_entry {
	struct cw_flow_key key;
	uint64_t since_us; /* 0: free */
	uint32_t epoch;    /* of steering, in which `policy` was decided */
	uint16_t policy;
	uint8_t class; /* that it says, its number and 1; 0: none */
};

/* All zeros: empty. */
struct cw_fragments {
	struct cw_fragments_entry list[CW_FRAGMENTS_SETS * CW_FRAGMENTS_WAYS];
};

/* Of the packet `id` from and to the addresses of `flow`: its id stands in the place of the ports, which later ones lack. */
static inline struct cw_flow_key cw_fragments_key(const struct cw_flow *flow, uint16_t segment, uint32_t id)
{
	struct cw_flow_key key = cw_flow_key_of(flow, segment);

	key.source_port = (uint16_t)(id >> 16);
	key.destination_port = (uint16_t)id;
	return key;
}

/* A first fragment came, and this was decided about it; what was known of another packet of that id is forgotten. */
void cw_fragments_note(struct cw_fragments *fragments, const struct cw_flow_key *key, uint16_t policy, uint8_t class,
		       uint32_t epoch, uint64_t now_us);

/* What was decided about the first; NULL: it is not known, or no more. */
const struct cw_fragments_entry *cw_fragments_find(const struct cw_fragments *fragments, const struct cw_flow_key *key,
						   uint32_t epoch, uint64_t now_us);

#endif
