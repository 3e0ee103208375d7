/*
 * Ways to a peer that the gateway names for a while, since one of them may lead through the NATs at both ends: sealed probes are
 * what opens these (RFC 8445 §6.1, without its roles: whatever is answered is a path). They carry nothing until then, and what
 * nobody answered by the end is forgotten. Both ends try at about the same time, hence the first probes follow close.
 */
#ifndef CW_GRAPH_PATH_TRY_H
#define CW_GRAPH_PATH_TRY_H

#include <stdint.h>

struct cw_peer;
struct cw_way;
struct cw_worker;

/* They replace those that were tried before, of which stays what lives. 0, or -ENOTCONN: there is no session to probe under. */
int cw_path_try(struct cw_worker *worker, struct cw_peer *peer, const struct cw_way *ways, uint32_t count, uint32_t for_ms);

/* Forgets what nobody answered in its time, but for relayed ways: those are named until others are. */
void cw_path_end_tries(struct cw_worker *worker, struct cw_peer *peer);

#endif
