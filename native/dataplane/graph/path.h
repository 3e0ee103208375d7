/*
 * The worker's side of a peer's paths (table/path.h): which there are, what is heard by them, and what a look at them finds to
 * send. Nothing here waits for the gateway: with that stopped, paths are watched, left and taken up again all the same.
 */
#ifndef CW_GRAPH_PATH_H
#define CW_GRAPH_PATH_H

#include "table/path.h"

struct cw_keypair;
struct cw_peer;
struct cw_worker;

/* Of all peers. */
#define CW_PATHS_TOTAL 8192
#define CW_PEER_NAMES_MAX 4096

/* Free paths, the worker's: no memory is asked for once it runs. */
struct cw_path_pool {
	struct cw_path *memory;
	uint16_t free[CW_PATHS_TOTAL];
	uint32_t free_count;
	uint64_t due_us[CW_PEER_NAMES_MAX]; /* by the peer's place: when to look at its paths again */
	uint64_t next_us;      /* the soonest of them */
};

int cw_path_pool_open(struct cw_path_pool *pool);
void cw_path_pool_close(struct cw_path_pool *pool);

/* A handshake went by this way; `is_proven`: in both directions. */
void cw_path_enter(struct cw_worker *worker, struct cw_peer *peer, const struct cw_way *way, bool is_proven);

/* The first authentic packet under a handshake's key came, maybe by its way: that is proven in both directions then. */
void cw_path_confirm(struct cw_worker *worker, struct cw_peer *peer, const struct cw_way *way);

/* A keypair of another session is about to be `current`: numbers, uplinks and costs of the far end's may be others there. */
void cw_path_begin_session(struct cw_worker *worker, struct cw_peer *peer);

/*
 * The program names these: what it named before and does not name now goes, learned ones stay while they live. For which there is
 * no room now are taken up once there is: at the next key, or after a while.
 */
void cw_path_name(struct cw_worker *worker, struct cw_peer *peer, const struct cw_way *ways, uint32_t count);

/* The first half of that: what goes makes room, for other peers too. */
void cw_path_unname(struct cw_worker *worker, struct cw_peer *peer, const struct cw_way *ways, uint32_t count);

/* A key is `current` that gives numbers out anew: who waited for one, or for room, may have it. */
void cw_path_begin_key(struct cw_worker *worker, struct cw_peer *peer);

/* A probe by `path` was answered: it may carry data from the first time on, and has a number then. */
void cw_path_note_answer(struct cw_worker *worker, struct cw_peer *peer, struct cw_path *path);

/* Those for which there was no room. */
void cw_path_name_again(struct cw_worker *worker, struct cw_peer *peer);

/* All of a peer's paths, which is no peer any more. */
void cw_path_clear(struct cw_worker *worker, struct cw_peer *peer);

/*
 * An authentic control frame came by worker->arrival, on the far end's path `number`. The path that answers go by: where the
 * way is new and there is no room for it, one that is none of the peer's and good until the next call.
 */
struct cw_path *cw_path_hear(struct cw_worker *worker, struct cw_keypair *keypair, uint8_t number);

/* What is sent by a way that is no path, or none of the peer's: good until the next call, and nothing of it lasts. */
struct cw_path *cw_path_stray(struct cw_worker *worker, const struct cw_way *way);

/* The paths of `peer` want to be looked at now. */
void cw_path_due(struct cw_worker *worker, struct cw_peer *peer);

/*
 * Another view: its uplinks cost what they cost now. Of another program, else NULL: `uplinks`, whose numbers they have now, as
 * cw_paths_move() has them, the paths of those that are gone go; `policies_then`, as cw_choice_renumber() has them.
 */
void cw_path_renew(struct cw_worker *worker, struct cw_peer *peer, const uint8_t *uplinks, const uint8_t *policies_then);

/* Looks at those that are due. */
void cw_path_look(struct cw_worker *worker);

#endif
