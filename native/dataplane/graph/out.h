/*
 * The buffer in which sealed datagrams leave. Datagrams of one size to one path share a large one where the uplink's link
 * can cut it; where it cannot, and for a datagram that comes alone, a small one or the packet's own does.
 */
#ifndef CW_OUT_H
#define CW_OUT_H

#include <stdbool.h>
#include <stdint.h>

#include "graph/outer.h"

struct cw_path;
struct cw_worker;
struct rte_mbuf;

/* The buffer that is being filled: all of one path and TOS. */
struct cw_out {
	struct rte_mbuf *m; /* NULL: none */
	struct cw_path *path;
	struct cw_outer_load load;
	bool is_closed; /* nothing more goes in: a shorter one came, or the link cannot cut */
};

/* Whether a datagram of `size` goes into the buffer that is being filled. */
bool cw_out_can_join(const struct cw_out *out, const struct cw_path *path, uint8_t tos,
		     uint32_t size);

/*
 * Begins a buffer, `m`, with a datagram of `size`, CW_OUTER_ROOM behind the start of its data: its place. What was being
 * filled must have left (cw_seal_flush).
 */
uint8_t *cw_out_begin(struct cw_worker *worker, struct cw_path *path, uint8_t tos,
		      uint32_t size, struct rte_mbuf *m);

/* A place for one more datagram of `size`, of which more follow if `is_train`. NULL: no buffer left. */
uint8_t *cw_out_slot(struct cw_worker *worker, struct cw_path *path, uint8_t tos,
		     uint32_t size, bool is_train);

#endif
