/*
 * A relay and two ends of it in one process, each a whole graph on a bench of its own, with cables between their uplinks that can be
 * cut one by one. Time is moved by hand, 5 ms at once, and a cable takes none.
 *
 *   A 10.1.0.0/24 ═══ hub ═══ B 10.3.0.0/16      two lines between each end and the hub: by its addresses 203.0.113.2 and .12
 *        └────── direct ──────┘                  and one between the ends, 203.0.113.3
 */
#ifndef RELAY_WORLD_H
#define RELAY_WORLD_H

#include "graph_bench.h"

#define STEP_US 5000u
#define SECOND 1000000u
#define CHANNEL_A 0x01020304u
#define CHANNEL_B 0x05060708u

enum place { A, B, HUB, PLACES };

struct relay_world {
	struct cw_bench at[PLACES];
	bool is_cut[PLACES][PLACES][2]; /* from, to, by which line */
	uint32_t most[PLACES][PLACES];  /* bytes of IP that the cable carries; 0: all */
	uint32_t carried[PLACES][PLACES];
	uint32_t sent, received;          /* packets from the LAN of A, and those that came to that of B */
	uint32_t late;                    /* of them, overtaken */
	uint32_t last;                    /* number of the one that came last */
	uint32_t packets_a_step;
	uint32_t packet_bytes;
};

/* Both ends have a session with the hub, and none with each other. */
void cw_relay_world_open(struct relay_world *world);
void cw_relay_world_close(struct relay_world *world);

/* A channel of the hub's between the two, and the session of the ends by it: A began it. */
void cw_relay_world_join(struct relay_world *world);

/* What `from` has of `to`. */
struct cw_peer *cw_relay_world_peer(struct relay_world *world, enum place from, enum place to);

/* The relayed path of an end to the other one; NULL: there is none. And the direct one, and those to the hub. */
struct cw_path *cw_relay_world_relayed(struct relay_world *world, enum place end);
struct cw_path *cw_relay_world_direct(struct relay_world *world, enum place end);
struct cw_path *cw_relay_world_line(struct relay_world *world, enum place end, uint32_t line);

/* A tries the direct way to B, as TRY has it. */
void cw_relay_world_try(struct relay_world *world);

/* A second line of `end` to the hub, at both of them. */
void cw_relay_world_second_line(struct relay_world *world, enum place end);

/* With `packets_a_step` packets from A to B in each. */
void cw_relay_world_pass(struct relay_world *world, uint64_t us);

/* How many events of that kind there were at that place; takes all. The last one's bytes. */
uint32_t cw_relay_world_events(struct relay_world *world, enum place at, uint16_t kind, uint8_t *bytes);

#endif
