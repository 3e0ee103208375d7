/*
 * Peers, sessions and keypairs. A keypair is what one handshake yields; a session is a raw handshake and the
 * chain of rekeys after it. The paths are the peer's. `previous` only opens, `current` seals and opens, `next` only opens.
 * wire.md: "Keys", "Rekey without loss", "Limits".
 */
#ifndef CW_SESSION_H
#define CW_SESSION_H

#include <rte_mbuf.h>

#include "bucket.h"
#include "crypto/aead.h"
#include "engine.h"
#include "table/channel.h"
#include "table/choice.h"
#include "table/path.h"
#include "table/tx-lanes.h"

#define CW_KEYPAIR_PACKETS_REKEY (1u << 28)
#define CW_KEYPAIR_PACKETS_MAX (1u << 30)
#define CW_PEER_WAITING_MAX 128

/* Shared by the keypairs of one chain; freed with the last of them. */
struct cw_session {
	uint32_t index;    /* receiver index of its first keypair: no other session has it for 180 s and more */
	uint16_t piece_id; /* of the inner packet that was sent in pieces last */
	uint32_t keypairs;
};

struct cw_keypair {
	struct cw_aead_key seal_key;
	struct cw_aead_key open_key;
	uint8_t seal_iv[12];
	uint8_t open_iv[12];
	uint32_t seal_time;
	uint32_t local_index;
	uint32_t remote_index;
	struct cw_peer *peer;
	struct cw_session *session;
	struct cw_tx_lanes tx;
	struct cw_tx_lanes relay_tx; /* of what is relayed */
	struct cw_way way;                      /* of the handshake that its session began with */
	struct cw_replay_lanes data_lanes;
	struct cw_replay_lanes control_lanes;
	struct cw_replay_lanes relay_lanes[2]; /* of data, and of control */
	uint32_t report_lane; /* of the data lanes: where the next report begins */
	uint64_t installed_us;
	uint64_t expires_us;
	uint32_t sealed; /* packets, over all lanes */
	_Atomic uint8_t state; /* CW_KEYPAIR_*; 0 once erased */
	bool is_initiator;
	bool is_rekey;
	atomic_bool is_confirmed;
	bool was_used_reported;
	uint8_t chain[32];
	uint8_t h[32];
};

/*
 * Written by the worker only, once it knows the place, but for what is said to be the control side's. The place lasts until
 * the engine closes, and is another peer's once no program lists it.
 */
struct cw_peer {
	char name[CW_NAME];
	uint8_t identity[CW_IDENTITY];
	_Atomic(struct cw_keypair *) previous;
	_Atomic(struct cw_keypair *) current;
	_Atomic(struct cw_keypair *) next;
	struct cw_paths paths;
	struct cw_choice choices[CW_POLICIES_MAX]; /* by policy */
	uint32_t place; /* among the worker's peers */
	uint64_t silent_reported_us;
	uint64_t report_us;
	uint32_t numbers_given; /* to paths, since the present key */
	struct cw_way unplaced[CW_PATHS_MAX]; /* named by the program, and there was no room for it */
	uint32_t unplaced_count;
	uint64_t placed_us; /* was tried last */
	/* The far end wants to be called back by a way that it watches (graph/keep.h). */
	struct {
		uint64_t due_us; /* 0: it does not */
		uint32_t after_s;
		uint32_t id; /* as on the wire */
		struct cw_way way;
	} call;
	struct cw_bucket learn_bucket;
	struct cw_bucket path_bucket; /* changes of its paths that are told */
	struct rte_mbuf *waiting[CW_PEER_WAITING_MAX];
	uint16_t waiting_count;
	uint64_t waiting_since_us;
	uint64_t wanted_us;
	uint64_t heard_us;
	uint64_t rx_packets, rx_bytes, tx_packets, tx_bytes;
	_Atomic uint64_t limit_bps; /* control side, of the running program: what each uplink sends it at most; 0: no limit */
	uint64_t relayed_packets, relayed_bytes; /* that came from it and went on to others */
	uint64_t limited_packets, limited_bytes; /* that were not, for the rate of their channel */
	struct cw_channel_list channels;         /* that it has with this box as a relay */
	bool can_forward;       /* as of the last look at its paths: it is reached without a relay, */
	uint32_t relay_session; /* and the session with it, by its index; 0: there was none */
	uint32_t relayed_paths; /* of others, whose relay it is */
	bool is_listed;          /* control side: in the running program, or in the one that is being loaded */
	_Atomic uint64_t segments; /* control side: of the running program, a bit each: those in which it has prefixes */
	atomic_bool is_hub;        /* control side, of the running program */
	/* Whether it would carry, as of the last look at its paths; since when; and when it was lost last, 0: never. */
	bool is_reached;
	uint64_t reached_us;
	uint64_t lost_us;
};

/* Whether it is of the chain that its peer's `current` is of: what is said under one before may be over. */
static inline bool cw_keypair_is_of_session(const struct cw_keypair *keypair)
{
	const struct cw_keypair *current = atomic_load_explicit(&keypair->peer->current, memory_order_relaxed);

	return current != NULL && current->session == keypair->session;
}

/* Receiver index -> keypair. Immutable once published; rebuilt whenever a keypair comes or goes. */
struct cw_keypair_index {
	uint32_t mask;
	uint32_t count;
	struct cw_keypair *slots[];
};

static inline struct cw_keypair *cw_keypair_find(const struct cw_keypair_index *index, uint32_t local)
{
	for (uint32_t i = local & index->mask;; i = (i + 1) & index->mask) {
		struct cw_keypair *keypair = index->slots[i];
		if (keypair == NULL || keypair->local_index == local)
			return keypair;
	}
}

/* Control side: a peer that a program lists; NULL: there is none of that name, which need not be ended. */
struct cw_peer *cw_peer_find(const struct cw_worker *worker, const char name[CW_NAME]);

/* Control side. A new keypair, keys expanded; -EINVAL, -EEXIST, -ENOENT, -ENOMEM with `why` naming the field. */
int cw_keypair_new(struct cw_engine *engine, const struct cw_keypair_install *install,
		   struct cw_keypair **keypair, const char **why);

/* Control side: the index with `add` put in and `remove` left out (either may be NULL), then quiescence. */
int cw_keypair_reindex(struct cw_engine *engine, struct cw_keypair *add, struct cw_keypair *remove);

/* Control side, after cw_keypair_reindex() took it out: wipes the keys, frees. */
void cw_keypair_free(struct cw_engine *engine, struct cw_keypair *keypair);

/* Control side: erases and frees the keypairs that the worker has let go of. */
void cw_keypair_collect(struct cw_engine *engine);

/* Worker: puts a new keypair into its peer's places. */
void cw_keypair_enter(struct cw_worker *worker, struct cw_keypair *keypair);

/* Worker: the first authenticated packet under a keypair came. */
void cw_keypair_confirm(struct cw_worker *worker, struct cw_keypair *keypair);

/* Worker: out of its peer's places and on the way to be erased. */
void cw_keypair_leave(struct cw_worker *worker, struct cw_keypair *keypair);

/* Worker: the peer's uplinks have other numbers, as cw_way_move() has them. */
void cw_keypairs_move(struct cw_peer *peer, const uint8_t uplinks[CW_UPLINKS_MAX]);

/*
 * Worker, or the control side with a place that the worker does not know yet: the place is the peer `p` from now on. -EBUSY:
 * packets of the one before, which has no keypair any more, still wait in it. Nor may any wait for an uplink.
 */
int cw_peer_begin(struct cw_peer *peer, const struct cw_peer_program *p);

/* Worker, every 100 ms: lifetimes and packet limits of one peer. */
void cw_session_tick(struct cw_worker *worker, struct cw_peer *peer);

#endif
