/*
 * How good the paths of a peer are as seen from here (table/quality.h): by what comes on the lanes of its keypairs, and by how many of
 * our probes are answered. What the far end reports is control.c's.
 */
#ifndef CW_GRAPH_PATH_LANES_H
#define CW_GRAPH_PATH_LANES_H

struct cw_paths;
struct cw_peer;
struct cw_worker;

/* What came on the data lanes since the last look counts for the paths that they are of. */
void cw_path_read_lanes(struct cw_worker *worker, struct cw_peer *peer);

/* Probes tell of a path that carries nothing: of both directions at once. */
void cw_path_rate_probes(struct cw_worker *worker, struct cw_paths *paths);

#endif
