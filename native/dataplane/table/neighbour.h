/*
 * Address of either family -> MAC on a port, as the kernel knows it on the port's twin. Immutable once published, but for the mark
 * that an entry is in use: from it the mirror has the kernel probe an entry again before it goes stale.
 */
#ifndef CW_NEIGHBOUR_H
#define CW_NEIGHBOUR_H

#include <stdatomic.h>
#include <stdint.h>

#include "table/address.h"

#define CW_NEIGHBOURS_MAX 8192

struct cw_neighbour {
	struct cw_address address; /* none: empty slot */
	uint8_t port;
	uint8_t mac[6];
	atomic_uchar is_used;
};

struct cw_neighbours {
	uint32_t mask;
	uint32_t count;
	struct cw_neighbour slots[];
};

/* Copies `entries`; NULL when there is no memory. */
struct cw_neighbours *cw_neighbours_new(const struct cw_neighbour *entries, uint32_t count);

/* NULL: unknown, ask the kernel. */
struct cw_neighbour *cw_neighbour_find(struct cw_neighbours *table, uint8_t port,
				       struct cw_address address);

#endif
