/*
 * What may go where: between segments nothing, within one everything, but for the rules of the program. Decided once for
 * a packet or a train, by its addresses and ports, where it was routed. Denials are counted, and some are told.
 */
#ifndef CW_POLICY_H
#define CW_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#include "causeway_dp.h"
#include "drop.h"

struct cw_hop;
struct cw_peer;
struct cw_worker;
struct rte_mbuf;

/*
 * From a LAN of `segment`, routed to `hop` of that segment. False: denied, told, and the reason is in `reason`.
 * What is none of the overlay's is not asked about: breakout, neighbours, the box itself.
 */
bool cw_policy_from_lan(struct cw_worker *worker, uint32_t segment, const struct cw_hop *hop,
			const struct rte_mbuf *m, enum cw_drop *reason);

/*
 * From the kernel, by the twin of `segment` into the overlay. On success `segment` is the one that the packet is from, which
 * its VNI says: what was let through from another segment stays that segment's to the far end, which decides for itself.
 */
bool cw_policy_from_box(struct cw_worker *worker, uint32_t *segment, const struct rte_mbuf *m,
			enum cw_drop *reason);

/*
 * Opened from `peer` in `segment` and sound, `hop` is what the segment makes of it. `is_for_kernel`: let through into
 * another segment, so the kernel forwards it.
 */
bool cw_policy_from_peer(struct cw_worker *worker, uint32_t segment, const struct cw_hop *hop,
			 const struct cw_peer *peer, const uint8_t *l3, uint32_t length,
			 bool *is_for_kernel, enum cw_drop *reason);

/* The same of a packet that is only asked about: nothing is told or counted. `is_from_box`: the kernel has routed it. */
struct cw_policy_verdict {
	int to;             /* segment; -1: not known */
	uint32_t rule;      /* that decided; UINT32_MAX: none */
	enum cw_drop reason; /* where it is denied */
};
bool cw_policy_explain(const struct cw_worker *worker, uint32_t segment, bool is_from_box, const struct cw_hop *hop,
		       const uint8_t *l3, uint32_t length, struct cw_policy_verdict *verdict);

/* `segment` -1: nothing is written. */
void cw_policy_name_segment(const struct cw_worker *worker, int segment, char to[CW_NAME]);

/* An authenticated peer sent what is not its own: in a VNI it may not use (`segment` -1: unknown here), or from afar. */
void cw_policy_deny_peer(struct cw_worker *worker, const struct cw_peer *peer, int segment,
			 enum cw_drop reason, const uint8_t *l3, uint32_t length);

#endif
