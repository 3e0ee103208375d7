/*
 * Relayed ways among a peer's paths: by which path of the relay they leave now, what that costs, and when they are cut. A relay's
 * own paths are never relayed. What is sent and received by them is relay.h's.
 */
#ifndef CW_GRAPH_RELAY_PATH_H
#define CW_GRAPH_RELAY_PATH_H

#include <stdbool.h>
#include <stdint.h>

#include "table/path.h"

struct cw_peer;
struct cw_program;
struct cw_worker;

/* The relay and the channel that the address says; the relay is NULL where no peer of the program is it. */
struct cw_peer *cw_relay_of(const struct cw_program *program, struct cw_address address);
uint32_t cw_relay_channel(struct cw_address address);

/* That way. */
struct cw_way cw_relay_way(const struct cw_peer *relay, uint32_t channel);

/*
 * The path by which `peer` gets what is relayed: as the flows of the default policy have it, and of `pinned` as a flow of that
 * hash has. NULL: no session, or no direct path that lives.
 */
struct cw_path *cw_relay_by(struct cw_worker *worker, struct cw_peer *peer, uint8_t *pinned, uint32_t hash);

/* The same for a relayed path; and as it would be, where nothing may change. */
struct cw_path *cw_relay_path_by(struct cw_worker *worker, struct cw_path *path);
struct cw_path *cw_relay_path_peek(const struct cw_worker *worker, struct cw_path *path);

/* Whether data of others may leave by it: the default policy does not forbid it. */
bool cw_relay_may_take(const struct cw_worker *worker, const struct cw_path *by);

/* Largest datagram that goes by that path, the relay's 32 bytes included. */
uint32_t cw_relay_payload(const struct cw_worker *worker, struct cw_path *by);

/* Its channel is of the session that there is with the relay now. */
void cw_relay_path_join(struct cw_worker *worker, struct cw_path *path);

/* It is among those of `relay` from now on; NULL: of none, as is to be before it goes. */
void cw_relay_path_count(struct cw_path *path, struct cw_peer *relay);

/* Costs and kind are those of the path by which it leaves, and its relay counts it. */
void cw_relay_path_note(struct cw_worker *worker, struct cw_path *path);

/* The relay has the session that the channel is of, and a path that lives. */
bool cw_relay_path_is_usable(const struct cw_worker *worker, struct cw_path *path);

/* As cw_seal_limit(), by the path by which it leaves; and what a search for more begins with. */
uint32_t cw_relay_path_limit(const struct cw_worker *worker, struct cw_path *path);
void cw_relay_path_fit(struct cw_worker *worker, struct cw_path *path);

/* `peer` was looked at: where it is a relay that has come or gone, the paths by it are looked at too. */
void cw_relay_look(struct cw_worker *worker, struct cw_peer *peer);

#endif
