/*
 * Why traffic is where it is: what would become of a packet now, decided by the code that packets meet, and what became of
 * some of late. include/causeway_explain.h says what is asked and answered.
 */
#ifndef CW_EXPLAIN_NODE_H
#define CW_EXPLAIN_NODE_H

#include <stdint.h>

#include "causeway_dp.h"
#include "drop.h"

struct cw_flow;
struct cw_peer;
struct cw_worker;
struct rte_mbuf;

struct cw_explained {
	struct cw_explanation head;
	struct cw_explained_peer peers[CW_RANKS];
	struct cw_explained_path paths[CW_PEER_PATHS_MAX];
	struct cw_incident_record incidents[CW_EXPLAINED_INCIDENTS_MAX];
};

/* The worker, by command. Changes nothing but what is remembered of lookups. */
void cw_explain(struct cw_worker *worker, const struct cw_explain *ask, struct cw_explained *out);

/*
 * The part of it that tells what befell packets of the flow and its answers, of `peer` (may be NULL), and what could be said
 * of nobody: one record for each reason and kind.
 */
void cw_explain_incidents(const struct cw_worker *worker, const struct cw_explain *ask, const struct cw_flow *flow,
			  const struct cw_peer *peer, struct cw_explained *out);

/*
 * A packet was dropped for `reason`, and is counted by who calls. `l3` of which `length` bytes lie here, from `segment`: NULL
 * where there is none to read; `peer`, which it is from or for, may be NULL.
 */
void cw_note(struct cw_worker *worker, enum cw_drop reason, uint16_t segment, const struct cw_peer *peer,
	     const uint8_t *l3, uint32_t length);

/* Notes and drops `m`, whose IP header is at its l2_len. `segment` -1: not known. */
void cw_lose(struct cw_worker *worker, enum cw_drop reason, int segment, const struct cw_peer *peer, struct rte_mbuf *m);

#endif
