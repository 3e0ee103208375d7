/*
 * The parts of a running dataplane and who may touch them.
 *
 *   control side   cw_call() and the mirror thread, one at a time under `control`
 *   worker         the only one on the packet path; owns links, sessions and counters
 *   between them   `view` and `index`: immutable once published, freed after RCU quiescence
 *                  `commands`, `events`, `requests`, `garbage`: bounded rings
 */
#ifndef CW_ENGINE_H
#define CW_ENGINE_H

#include <pthread.h>
#include <rte_mempool.h>
#include <rte_rcu_qsbr.h>
#include <rte_ring.h>
#include <semaphore.h>
#include <stdatomic.h>

#include "causeway_dp.h"
#include "drop.h"
#include "overlay-port.h"
#include "peer-key.h"
#include "port/port.h"
#include "table/address.h"
#include "table/replay.h"

/* At 4,096 peers and a rekey in two minutes: the last eight minutes, over twice a key's life. */
#define CW_PAST_KEYPAIRS 16384
#define CW_PAST_BYTES 16

struct cw_aead;
struct cw_mac1;
struct cw_mirror;
struct cw_worker;

/* A segment's L3 twin, open. Outlives programs that name the same twin. */
struct cw_segment {
	char twin_name[CW_IFNAME];
	struct cw_link twin;
};

/* What the last load() said, checked. Immutable. */
struct cw_program {
	uint64_t generation;
	uint32_t mac1_key_count;
	uint32_t port_count;
	uint32_t segment_count;
	uint32_t peer_count;
	uint32_t route_count;
	uint32_t acl_count;
	uint32_t policy_count; /* the first is the default's: there is always one */
	uint32_t match_count;
	uint32_t steering_epoch; /* grows when the same could fit another policy, by number, than before */
	uint8_t uplinks[CW_UPLINKS_MAX]; /* number in the program before -> number of the uplink of that name here; 0xff: none */
	uint8_t policies_then[CW_POLICIES_MAX]; /* number here -> in the program before, of that name and limits; 0xff: none */
	uint16_t matches_now[CW_MATCHES_MAX]; /* number in the program before -> here, by server and policy; 0xffff: none */
	bool denies_breakout; /* some policy does */
	bool is_transit; /* what one peer sends for another goes on */
	bool has_classes; /* some policy says one */
	bool is_steered; /* a policy could say something of a peer with one path too */
	uint8_t mac1_keys[CW_MAC1_KEYS_MAX][32];
	struct cw_port_program port_programs[CW_PORTS_MAX];
	struct cw_segment_program segment_programs[CW_SEGMENTS_MAX];
	struct cw_port *ports[CW_PORTS_MAX];
	struct cw_segment *segments[CW_SEGMENTS_MAX];
	struct cw_peer *peers[CW_PEERS_MAX];
	bool is_hub[CW_PEERS_MAX]; /* by the peer's number */
	uint64_t peer_limits_bps[CW_PEERS_MAX]; /* what each uplink sends it at most; 0: no limit */
	struct cw_key_place by_key[CW_PEERS_MAX];
	struct cw_acl_program acl[CW_ACL_MAX];
	struct cw_policy_program policies[CW_POLICIES_MAX];
	struct cw_match_program matches[CW_MATCHES_MAX];
	struct cw_route_program routes[];
};

/* NULL: the program has no uplink of that number. */
static inline const struct cw_port_program *cw_uplink_program(const struct cw_program *program, uint8_t uplink)
{
	return cw_uplink_among(program->port_programs, program->port_count, uplink);
}

enum cw_hop_kind {
	CW_HOP_NONE,
	CW_HOP_OVERLAY, /* by one of the peers: graph/next-peer.h */
	CW_HOP_LINK,    /* out of the port, to `gateway` or the destination itself */
	CW_HOP_LOCAL,   /* an address of this box */
};

struct cw_hop {
	uint8_t kind;
	uint8_t port;
	uint8_t peer_count;
	uint16_t peers[CW_RANKS]; /* that have the prefix, numbers of the program, the preferred one first */
	struct cw_address gateway; /* of either family; none: the destination is on the link */
};

struct cw_acl;
struct cw_fib;
struct cw_fib6;
struct cw_neighbours;

#define CW_PORT_ADDRESSES_MAX 16

/* What is the box's own on a port: all but link-local addresses. */
struct cw_own {
	uint32_t count;
	struct cw_address list[CW_PORT_ADDRESSES_MAX];
};

static inline bool cw_is_own(const struct cw_own *own, struct cw_address address)
{
	for (uint32_t i = 0; i < own->count; i++) {
		if (cw_address_equal(own->list[i], address))
			return true;
	}
	return false;
}

/* Everything that a packet is looked up in: the program joined with the kernel's routes. Immutable. */
struct cw_view {
	uint64_t serial; /* grows with every view */
	struct cw_program *program;
	uint64_t routes_serial; /* of the mirror, when all but the neighbours was built: later views take it over */
	struct cw_fib *segment_fib[CW_SEGMENTS_MAX];
	struct cw_fib6 *segment_fib6[CW_SEGMENTS_MAX];
	struct cw_fib *uplink_fib[CW_PORTS_MAX];
	struct cw_fib6 *uplink_fib6[CW_PORTS_MAX];
	/* Of all segments together, defaults apart: an address says its segment, CW_ALL_SEGMENT(). */
	struct cw_fib *all_fib;
	struct cw_fib6 *all_fib6;
	bool has_default[CW_SEGMENTS_MAX]; /* its FIB has a route for everything */
	struct cw_acl *acl; /* NULL: there are no rules */
	struct cw_neighbours *neighbours;
	struct cw_own own[CW_PORTS_MAX];
	uint32_t own_left_out; /* addresses of ports that have more than CW_PORT_ADDRESSES_MAX */
	/* What the box says things from: the first address of each family, link-local only where there is no other. */
	struct cw_address port_address[CW_PORTS_MAX][CW_FAMILIES];
	struct cw_address segment_address[CW_SEGMENTS_MAX][CW_FAMILIES];
	uint32_t hop_count;
	struct cw_hop *hops; /* a FIB's value is an index into these; 0 is CW_HOP_NONE */
};

struct cw_engine {
	struct cw_pools pools;
	struct cw_replay_pool *replay_pool;
	struct rte_rcu_qsbr *qsbr;
	_Atomic(struct cw_view *) view;
	_Atomic(struct cw_keypair_index *) index;

	pthread_mutex_t control;
	struct cw_program *program;
	struct cw_mirror *mirror;
	struct cw_worker *worker;

	struct rte_ring *commands; /* control -> worker: struct cw_command */
	struct rte_ring *events;   /* worker -> JS: struct cw_event_slot */
	struct rte_ring *free_events;
	struct cw_event_slot *event_slots;
	struct rte_ring *garbage; /* worker -> mirror: struct cw_keypair to erase and free */

	void (*wake)(void *arg);
	void *wake_arg;
	sem_t done;    /* posted for every command */
	int worker_fd; /* eventfd: a command waits, or the view changed */
	atomic_bool is_stopping;
	/* Transcripts of the keypairs installed last: none goes in twice, whatever became of it. */
	uint8_t (*past)[CW_PAST_BYTES];
	uint32_t past_at;
	uint8_t boot_id[16];
	char aead_backend[CW_NAME];
	bool has_own_cpu; /* the worker is bound to it */
	uint64_t hugepage_bytes;
	uint32_t flows; /* places in the table of flows; 0: as many as usual */
	uint64_t started_us;
};

struct cw_event_slot {
	struct cw_event event;
	uint8_t items[CW_CONTROL_BYTES_MAX];
};

/* Worker's side of the event ring: copies, wakes JS; a full ring is a counted drop, and false. */
bool cw_event_push(struct cw_worker *worker, enum cw_event_kind kind, const char *peer,
		   uint32_t local_index, const void *items, uint16_t length);

/* The mirror's side, which nobody waits for. False: the ring is full, try again later. */
/* For what can wait and comes in crowds: no more than an eighth of the ring is taken, and what cannot has the rest. */
bool cw_event_has_room(const struct cw_engine *engine);

bool cw_event_push_links(struct cw_engine *engine);

void cw_engine_wake_worker(struct cw_engine *engine);

/* The two ends of cw_worker_do(). */
void cw_engine_command_done(struct cw_engine *engine);
void cw_engine_command_wait(struct cw_engine *engine);

/* Waits until the worker has let go of everything that was published before this call. */
void cw_engine_quiesce(struct cw_engine *engine);


#endif
