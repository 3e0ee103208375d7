/* Builds the immutable view that packets are looked up in, from the program and the mirrored kernel state. */
#ifndef CW_VIEW_H
#define CW_VIEW_H

#include <rte_byteorder.h>

#include "engine.h"
#include "table/address.h"
#include "table/fib.h"
#include "table/fib6.h"

/* -1: of no segment here. */
static inline int cw_segment_by_vni(const struct cw_program *program, uint32_t vni)
{
	for (uint32_t s = 0; s < program->segment_count; s++) {
		if (program->segment_programs[s].vni == vni)
			return (int)s;
	}
	return -1;
}

/* Whither a packet goes that came from `segment`; `l3` is a sound IPv4 or IPv6 header. */
static inline const struct cw_hop *cw_hop_to(const struct cw_view *view, uint32_t segment,
					     const uint8_t *l3)
{
	uint32_t v4;

	if (l3[0] >> 4 == 6)
		return &view->hops[cw_fib6_lookup(view->segment_fib6[segment], l3 + 24)];
	memcpy(&v4, l3 + 16, sizeof(v4));
	return &view->hops[cw_fib_lookup(view->segment_fib[segment], rte_be_to_cpu_32(v4))];
}

/* Whither an answer to it would go: what its source is to the segment. */
static inline const struct cw_hop *cw_hop_back(const struct cw_view *view, uint32_t segment,
					       const uint8_t *l3)
{
	uint32_t v4;

	if (l3[0] >> 4 == 6)
		return &view->hops[cw_fib6_lookup(view->segment_fib6[segment], l3 + 8)];
	memcpy(&v4, l3 + 12, sizeof(v4));
	return &view->hops[cw_fib_lookup(view->segment_fib[segment], rte_be_to_cpu_32(v4))];
}

/* By the routes of an uplink. */
static inline const struct cw_hop *cw_hop_out(const struct cw_view *view, uint32_t port,
					      struct cw_address destination)
{
	if (!cw_address_is_v4(destination))
		return &view->hops[cw_fib6_lookup(view->uplink_fib6[port],
						  cw_address_bytes(&destination))];
	return &view->hops[cw_fib_lookup(view->uplink_fib[port],
					 rte_be_to_cpu_32(cw_address_v4(destination)))];
}

/* What the FIB of all segments says of an address; 0: it belongs to none. */
#define CW_ALL_VALUE(segment, is_local) (1 + 2 * (segment) + (is_local))
#define CW_ALL_SEGMENT(value) (((value) - 1) / 2)
#define CW_ALL_IS_LOCAL(value) (((value) - 1) % 2 != 0) /* this box's own */

static inline uint32_t cw_all_find(const struct cw_view *view, struct cw_address address)
{
	if (!cw_address_is_v4(address))
		return cw_fib6_lookup(view->all_fib6, cw_address_bytes(&address));
	return cw_fib_lookup(view->all_fib, rte_be_to_cpu_32(cw_address_v4(address)));
}

/* Whom a CW_HOP_LINK hands a packet to `destination`. */
static inline struct cw_address cw_next_hop(const struct cw_hop *hop, struct cw_address destination)
{
	return cw_address_is_none(hop->gateway) ? destination : hop->gateway;
}

/* Control lock held: builds, publishes, waits for quiescence, frees the one before. 0, -ENOMEM or -EINVAL. */
int cw_view_publish(struct cw_engine *engine);

void cw_view_free(struct cw_view *view);

#endif
