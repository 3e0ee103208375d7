/*
 * Sprays: where one end's NAT gives every destination another port, and the other's lets in only whom it has sent to, that end
 * makes many mappings to the one port that the other has, and the other end sends to many ports: by the birthday paradox two of
 * them meet (256 and 1,024: 49 times of 50). What is sent are sealed probes under the number of none, a few a second, by ways that
 * are no paths; what comes back is learned as a path is, and ends it. One at a time on a box.
 */
#ifndef CW_GRAPH_SPRAY_H
#define CW_GRAPH_SPRAY_H

#include "bucket.h"
#include "table/path.h"

struct cw_peer;
struct cw_spray;
struct cw_worker;

#define CW_SPRAY_NEVER UINT64_MAX

/* The worker's. */
struct cw_spraying {
	struct cw_peer *peer; /* NULL: nothing is sprayed, nor expected */
	struct cw_way way;    /* by which the probe left that was the last */
	bool is_many_local;
	uint16_t first_port, near;
	uint32_t probes, sent;
	uint64_t gap_us;
	uint64_t due_us;   /* the next probe; CW_SPRAY_NEVER: there is none */
	uint64_t until_us; /* so long somebody may call by it */
	uint64_t random;
	struct cw_bucket calls; /* ways that are learned of it */
	uint64_t tried[1024]; /* a bit for each port of the far end's that was */
};

void cw_spray_open(struct cw_spraying *spraying);

/* Takes the place of the one that runs; of 0 probes: ends that. 0, or -ENOTCONN: there is no session to probe under. */
int cw_spray_begin(struct cw_worker *worker, struct cw_peer *peer, const struct cw_spray *spray);

/* Sends the probe that is due. */
void cw_spray_look(struct cw_worker *worker);

/* Uplinks have other numbers, as cw_way_move() has them. */
void cw_spray_move(struct cw_spraying *spraying, const uint8_t uplinks[CW_UPLINKS_MAX]);

/* The peer has no paths any more. */
void cw_spray_forget(struct cw_spraying *spraying, const struct cw_peer *peer);

/* Whether what came from `peer` by worker->arrival is what is waited for: of that more is learned in a second than of strangers. */
bool cw_spray_is_answered(struct cw_worker *worker, const struct cw_peer *peer);

#endif
