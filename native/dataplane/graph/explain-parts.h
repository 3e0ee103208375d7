/*
 * What the two halves of `explain` share: the question with what was found so far. explain.c says whence and whither a flow
 * goes, explain-peer.c by which path, if it is a peer's.
 */
#ifndef CW_EXPLAIN_PARTS_H
#define CW_EXPLAIN_PARTS_H

#include <stdbool.h>

#include "graph/explain.h"
#include "table/acl.h"

#define CW_SAMPLE_BYTES 128

struct cw_question {
	const struct cw_explain *ask;
	uint8_t l3[CW_SAMPLE_BYTES]; /* a first packet of the flow */
	uint32_t length;
	struct cw_flow flow;
	int segment; /* whence; -1: of none */
	int to;
	struct cw_peer *peer; /* that it comes from, or goes to */
	struct cw_explained *out;
};

/* What stands in the way first is what counts. */
static inline void cw_explain_drop(struct cw_explained *out, enum cw_drop reason)
{
	if (out->head.reason == CW_NO_REASON)
		out->head.reason = (uint16_t)reason;
}

/* The next hop on a link: what waits for it without an answer is lost in the end. */
void cw_explain_next_hop(struct cw_worker *worker, uint8_t port, struct cw_address next, bool is_known,
			 struct cw_explained *out);

/* Whose policy `flow` from `segment` is, which goes to the kernel; its number. `is_away`: it leaves to the Internet, and is classed. */
uint16_t cw_explain_policy(struct cw_worker *worker, struct cw_question *q, const struct cw_flow *flow, uint16_t segment, bool is_away);

/* To the question's peer, as cw_seal() does; or from it: then `flow` is its answers, which are steered here. */
void cw_explain_peer(struct cw_worker *worker, struct cw_question *q, const struct cw_flow *flow, uint16_t segment,
		     bool is_answer);

#endif
