/*
 * Classes of packets, and how they show outside: the class of a packet is its policy's, or what its mark says (DSCP, RFC 2474), and lies
 * with it in its buffer; the mark of a sealed datagram is what the uplink wants (RFC 2983). Nothing here is believed of what arrives.
 */
#ifndef CW_MARKS_H
#define CW_MARKS_H

#include <rte_mbuf.h>
#include <stdbool.h>
#include <stdint.h>

#include "graph/departure.h"

struct cw_path;
struct cw_port;
struct cw_worker;

/* By DSCP. */
extern const uint8_t cw_dscp_class[64];

/* What a class is marked with: EF, AF21, none, LE. RFC 4594, RFC 8622. */
extern const uint8_t cw_class_dscp[CW_CLASSES];

/* The class of a packet or train from cw_seal() on, or of a frame of the kernel's once that was looked at. */
static inline void cw_class_set(struct rte_mbuf *m, uint8_t class)
{
	m->hash.sched.traffic_class = class;
}

static inline uint8_t cw_class_of(const struct rte_mbuf *m)
{
	return m->hash.sched.traffic_class;
}

/* @param marks CW_MARKS_… */
struct cw_marking cw_marking_of(uint8_t marks);

/* Of what leaves by `path`. `inner`: that of what is inside. */
uint8_t cw_marks_outer(const struct cw_worker *worker, struct cw_path *path, uint8_t inner, uint8_t class);

/* An uplink that shows no marks shows none of the kernel's either: clears that of a frame which leaves by it. */
void cw_marks_clear(struct rte_mbuf *m);

#endif
