/*
 * Rules between two prefixes of segments, spelt out for every pair of segments in both directions, so that a packet
 * meets only the rules of its pair. Immutable once built, with the view. The first that fits decides.
 */
#ifndef CW_ACL_H
#define CW_ACL_H

#include <stdbool.h>
#include <stdint.h>

#include "table/address.h"

struct cw_acl;
struct cw_acl_program;

/*
 * What a packet says of itself. A fragment other than the first (`is_later`) has not the ports that its protocol says: it
 * goes with the first, so rules that allow some ports fit it, and rules that deny some do not.
 */
struct cw_flow {
	struct cw_address source;
	struct cw_address destination;
	uint16_t source_port; /* host order */
	uint16_t destination_port;
	uint8_t protocol;
	bool has_ports;
	bool is_later;
	uint16_t l4; /* where the header with the ports begins, from the IP header on; without ports 0 */
};

/* Copies what it needs of `rules`, checked by cw_program_check(); NULL when there is no memory. */
struct cw_acl *cw_acl_new(const struct cw_acl_program *rules, uint32_t count, uint32_t segment_count);

void cw_acl_free(struct cw_acl *acl);

/* Whether any rule, or the way back of one, is from one segment to the other. */
bool cw_acl_has_rules(const struct cw_acl *acl, uint32_t from, uint32_t to);

/*
 * The index of the program's rule that decides about `flow` from one segment to the other, CW_ACL_NO_RULE where none
 * fits; `is_allowed` is what it says. A rule that allows also fits the way back.
 */
#define CW_ACL_NO_RULE UINT32_MAX
uint32_t cw_acl_find(const struct cw_acl *acl, uint32_t from, uint32_t to, const struct cw_flow *flow,
		     bool *is_allowed);

#endif
