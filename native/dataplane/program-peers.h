/* The peers of programs: which place each has among the worker's, and the paths that a program names of them. Control side. */
#ifndef CW_PROGRAM_PEERS_H
#define CW_PROGRAM_PEERS_H

#include <stdint.h>

struct cw_peer;
struct cw_peer_program;
struct cw_program;
struct cw_program_parts;
struct cw_worker;

/* NULL: no place is left. */
struct cw_peer *cw_program_take_peer(struct cw_worker *worker, const struct cw_peer_program *p);

/* Peers that are not in `program`, which runs now (NULL: none does), lose their keypairs and paths. */
void cw_program_list_peers(struct cw_worker *worker, const struct cw_program *program);

/*
 * Of all of the program's peers, which are `peers`: what it does not name goes first, so that what comes has room, whosever
 * that was.
 */
void cw_program_name_paths(struct cw_worker *worker, const struct cw_program_parts *parts, struct cw_peer *const *peers);

#endif
