/*
 * What several sources say of prefixes, made into the FIBs of both families: of one prefix the more specific knowledge
 * wins, which is that of the first source, then the lower metric. What the overlay has several times may be shared.
 */
#ifndef CW_PREFIXES_H
#define CW_PREFIXES_H

#include <stdbool.h>
#include <stdint.h>

#include "causeway_program.h"
#include "table/address.h"
#include "table/fib.h"
#include "table/fib6.h"

enum cw_source { CW_SOURCE_LOCAL, CW_SOURCE_KERNEL, CW_SOURCE_OVERLAY };

struct cw_prefixes {
	struct cw_candidate *candidates;
	struct cw_fib_route *routes;
	struct cw_fib6_route *routes6;
	uint32_t count;
	/*
	 * Of a prefix that the overlay has by several metrics: the next hop that stands for theirs, of which there are 2 to
	 * CW_RANKS, the lowest metric's first. NULL: that one alone counts.
	 */
	uint32_t (*share)(void *context, const uint32_t *next_hops, uint32_t count);
	void *context;
};

/* Room for `most`. False: no memory; cw_prefixes_close() in both cases. */
bool cw_prefixes_open(struct cw_prefixes *prefixes, uint32_t most);
void cw_prefixes_close(struct cw_prefixes *prefixes);

/* `len` is of the 128 bits. */
void cw_prefixes_add(struct cw_prefixes *prefixes, struct cw_address prefix, uint8_t len, enum cw_source source,
		     uint32_t metric, uint32_t next_hop);

/* Both tables from what was added, which is used up. False: no memory, and either may be NULL. */
bool cw_prefixes_make(struct cw_prefixes *prefixes, struct cw_fib **fib, struct cw_fib6 **fib6);

#endif
