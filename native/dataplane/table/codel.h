/*
 * CoDel (RFC 8289) for one queue: whether the packet at its head is to be lost or marked, by how long those before it have waited.
 * Pure: the caller says what time it is, and takes the packet.
 */
#ifndef CW_CODEL_H
#define CW_CODEL_H

#include <stdbool.h>
#include <stdint.h>

#define CW_CODEL_INTERVAL_NS 100000000ull /* RFC 8289 §4.2: a round trip of most */
#define CW_CODEL_TARGET_NS 5000000ull     /* §4.3 */

/* A zeroed one is of a queue that has not been looked at. */
struct cw_codel {
	uint64_t above_ns; /* when the wait will have been above the target for an interval; 0: it is not above it */
	uint64_t next_ns;  /* of the next loss, while it loses */
	uint32_t count;    /* losses since it began to lose */
	uint32_t before;   /* those when it began last */
	bool is_losing;
};

/*
 * Once for each packet that leaves, or is lost, at `now_ns`.
 * @param wait_ns how long the packet at the head has waited
 * @param target_ns the wait that is good: CW_CODEL_TARGET_NS, or the time of some packets where that is longer
 * @param is_last no more than one packet's worth is queued: then nothing is lost (RFC 8289 §5.4)
 */
bool cw_codel_loses(struct cw_codel *codel, uint64_t now_ns, uint64_t wait_ns, uint64_t target_ns, bool is_last);

#endif
