/*
 * How long the NAT before an uplink remembers what was sent, so that a path at rest is asked no more often than it takes. A probe
 * proves nothing of it, for it renews what it asks about. Therefore a mapping of its own is watched: from another port a frame goes
 * the way of some path at rest, then one that asks to be called back (control item 0x11) after so many seconds, in which nothing
 * passes by it. What comes then, and nothing before, shows that so long a silence is remembered; what does not come shows nothing,
 * and is asked again in an hour, as is what is known. It counts for paths that were used like it, until one of them fails at rest or
 * the uplink was away. Each end does so for the NATs before it, with whatever peer lets in another port.
 */
#ifndef CW_GRAPH_KEEP_H
#define CW_GRAPH_KEEP_H

#include "table/path.h"

struct cw_keypair;
struct cw_peer;
struct cw_worker;

#define CW_KEEP_STEPS 3
#define CW_LATE_CALL_US 4000000u /* nobody waits for it any longer */

/* Of an uplink and family. The worker's; all zeros at first. */
struct cw_keep {
	uint8_t proven; /* steps */
	uint8_t step;   /* that is asked about; 0: none */
	uint8_t phase;  /* 0: nothing is watched now */
	uint8_t attempts;
	uint32_t id;
	uint32_t arrived; /* datagrams, of whomever, at the port that is watched: since it was asked */
	struct cw_peer *peer;
	struct cw_peer *prover;    /* with whom a step was proven last, */
	uint64_t proven_us;        /* and when */
	struct cw_way way;         /* that is watched; its local port is one of those of sprays */
	struct cw_address source;  /* of the uplink: another is behind another NAT */
	uint64_t asked_us;
	uint64_t next_us;          /* when there is something to do again */
};

/* Calls back who asked for it, if it is time. */
void cw_keep_call(struct cw_worker *worker, struct cw_peer *peer, struct cw_keypair *current);

/* By which way, once uplinks have other numbers. */
void cw_keep_move_call(struct cw_peer *peer, const uint8_t uplinks[CW_UPLINKS_MAX]);

/* At each look at the peer's paths: says how long they may be silent, calls back who asked for it, begins to watch. */
void cw_keep_look(struct cw_worker *worker, struct cw_peer *peer, struct cw_keypair *current);

/*
 * The next of the ports that sprays have and no path; 0: the uplink has none. What was watched at the one `before` is long forgotten
 * when it is that one's turn again.
 */
uint16_t cw_keep_port(const struct cw_worker *worker, const struct cw_path *path, uint16_t before);

/* The far end sees the path from elsewhere, though this end sends as it did: a NAT has forgotten it. */
void cw_keep_note_move(struct cw_worker *worker, const struct cw_peer *peer, const struct cw_path *path);

/* Goes on with what is watched, whatever became of the peer. */
void cw_keep_tick(struct cw_worker *worker);

/* A spray is about to leave by all those ports. */
void cw_keep_stop(struct cw_worker *worker);

/* A datagram came to a spray port: if that is watched, its mapping was used. */
void cw_keep_note(struct cw_worker *worker, uint8_t uplink, uint16_t port);

/*
 * Whether a control frame that came by worker->arrival is of a watched mapping, this end's or the other's: nobody is to learn a path
 * of that, whose probes would renew it, nor of an answer that is too late.
 */
bool cw_keep_is_aside(struct cw_worker *worker, const struct cw_peer *peer, const uint8_t *items, uint32_t length);

/*
 * The far end wants to be called back: after seconds u16, zero u16, id u32. One such call waits for a peer at a time, as long as the
 * datapath runs. False: it is to be answered at once, as a probe.
 */
bool cw_keep_call_later(struct cw_worker *worker, struct cw_peer *peer, const uint8_t *value);

/* The answer to `id` came by worker->arrival. False: that was none of these. */
bool cw_keep_hear(struct cw_worker *worker, struct cw_peer *peer, uint32_t id);

/* Uplinks have other numbers, as cw_way_move() has them. */
void cw_keep_move(struct cw_worker *worker, const uint8_t uplinks[CW_UPLINKS_MAX]);

/* The peer has no paths any more. */
void cw_keep_forget(struct cw_worker *worker, struct cw_peer *peer);

#endif
