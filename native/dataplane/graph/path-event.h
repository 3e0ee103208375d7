/*
 * What the gateway is told of paths as it happens: which went up or down, and which one a peer's flows take where no policy
 * says more. What was measured of them is the counters' (call-state.c).
 */
#ifndef CW_GRAPH_PATH_EVENT_H
#define CW_GRAPH_PATH_EVENT_H

struct cw_peer;
struct cw_worker;

/* After each look at the paths of `peer`. */
void cw_path_tell(struct cw_worker *worker, struct cw_peer *peer);

#endif
