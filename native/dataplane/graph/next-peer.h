/*
 * Which of the peers that have a prefix a packet goes to: the first, in the order of the configuration, that is reached. Who has
 * it itself comes first, hubs that carry for it follow. Decided by the liveness of their paths alone: nobody waits for the gateway.
 *
 *  - A peer is reached when it has a session and a path that is up, and is not silent by all of them (path.h, `is_silent`).
 *  - A hub that was lost and is back is trusted after CW_HUB_HOLD_US, if one behind it has been reached ever since before: flows
 *    stay there meanwhile. Who has the prefix itself is trusted at once.
 *  - None is reached: the first, for which packets wait, or by which they are lost, as with one peer.
 *
 * In transit, from one peer to another, they never go back, and not from hub to hub: so within a segment a packet meets two hubs at
 * most, and no loop can be.
 */
#ifndef CW_NEXT_PEER_H
#define CW_NEXT_PEER_H

#include <stdbool.h>
#include <stdint.h>

#include "drop.h"

#define CW_HUB_HOLD_US 30000000ull

struct cw_hop;
struct cw_peer;
struct cw_view;
struct cw_worker;

/* `hop` is CW_HOP_OVERLAY everywhere here. */
struct cw_peer *cw_next_peer(const struct cw_worker *worker, const struct cw_hop *hop);

/* For what was opened from `from`. NULL: to nobody, and `reason` says why. */
struct cw_peer *cw_next_peer_of(const struct cw_worker *worker, const struct cw_hop *hop, const struct cw_peer *from,
				enum cw_drop *reason);

/*
 * For what the kernel has routed from one segment to another, `back` is whence: it may have come from any of those peers. NULL: to
 * nobody, for it could go round in circles.
 */
struct cw_peer *cw_next_peer_across(const struct cw_worker *worker, const struct cw_hop *hop, const struct cw_hop *back);

/* Whether `peer` is one of the hop's: whether it may send from there. */
bool cw_hop_has_peer(const struct cw_view *view, const struct cw_hop *hop, const struct cw_peer *peer);

/* Notes at a look at the peer's paths whether it is reached. */
void cw_next_peer_note(struct cw_peer *peer, uint64_t now_us);

bool cw_peer_is_reached(const struct cw_peer *peer);

/* How long a hub that is reached is not trusted yet, if another one can carry; 0: it is trusted. */
uint64_t cw_peer_hold_us(const struct cw_peer *peer, uint64_t now_us);

#endif
