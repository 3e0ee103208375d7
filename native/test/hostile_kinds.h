/* The kinds of hostile datagrams: what each is made of, and the reason under which it must be dropped. */
#ifndef HOSTILE_KINDS_H
#define HOSTILE_KINDS_H

#include <stdbool.h>
#include <stdint.h>

#include "graph_bench.h"

#define HOSTILE_MAX 512
/* Most reasons that one datagram may be dropped for. */
#define HOSTILE_REASONS 4

struct hostile {
	uint32_t length;
	uint8_t bytes[HOSTILE_MAX];
	uint8_t outer_tos;
	/* Of the outer address; a stranger's otherwise. */
	bool is_from_far;
	enum cw_drop reasons[HOSTILE_REASONS];
	uint32_t reason_count;
};

struct hostile_kind {
	const char *name;
	void (*make)(struct cw_bench *bench, struct hostile *h);
};

extern const struct hostile_kind hostile_kinds[];
extern const uint32_t hostile_kind_count;

/* Genuine datagrams that were delivered: what is replayed. `take` has each of them opened once. */
void cw_hostile_record(struct cw_bench *bench, void (*take)(struct cw_bench *, const struct hostile *));

/* One that would be delivered, and was not seen before. */
void cw_hostile_genuine(struct cw_bench *bench, struct hostile *h);

/* Of kinds that have a file of their own. */
void cw_hostile_relayed(struct cw_bench *bench, struct hostile *h);

/* Evenly spread, the same for a seed. */
void cw_hostile_seed(uint64_t seed);
uint32_t cw_hostile_below(uint32_t limit);

#endif
