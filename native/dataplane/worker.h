/*
 * The worker: one run-to-completion loop over the links that have something to say, and everything it owns. Nodes of
 * the graph are functions of (worker, what they look at, packet); each consumes the packet it is given.
 */
#ifndef CW_WORKER_H
#define CW_WORKER_H

#include "engine.h"
#include "bucket.h"
#include "graph/keep.h"
#include "graph/merge.h"
#include "graph/path.h"
#include "graph/reassembly.h"
#include "graph/seal.h"
#include "graph/spray.h"
#include "graph/stun.h"
#include "table/fragments.h"
#include "table/incident.h"
#include "table/session.h"
#include "wait.h"

#define CW_BURST 32
#define CW_TICK_US 100000
#define CW_PENDING_MAX 64
#define CW_PENDING_PACKETS 16
/* One port's share of either. However many ports are scanned, one slot and so many packets in it are its own. */
#define CW_PENDING_PORT_MAX 16
#define CW_PENDING_PORT_PACKETS 64
#define CW_PENDING_OWN_PACKETS 4
/* Of all packets that wait, for a neighbour or a session: half of the large buffers stay for those that move. */
#define CW_WORKER_PENDING_MAX 256
#define CW_WORKER_WAITING_MAX 256

/* Packets that wait until the kernel has resolved a next hop. */
struct cw_pending {
	uint64_t port_id; /* 0: free */
	struct cw_address address;
	bool is_own; /* its port's, and as many of its packets as are the port's own */
	uint16_t count;
	uint64_t since_us;
	uint64_t asked_us;
	struct rte_mbuf *packets[CW_PENDING_PACKETS];
};

struct cw_command;

struct cw_worker {
	struct cw_engine *engine;
	struct cw_aead *aead;
	struct cw_mac1 *mac1;
	struct cw_handshakes *handshakes;
	int epoll_fd;
	uint64_t now_us; /* CLOCK_BOOTTIME, read once a round */
	uint64_t ticked_us;
	uint32_t ticks;
	struct cw_wait wait;

	/* As of this round. */
	struct cw_view *view;
	uint64_t view_serial;
	struct cw_keypair_index *index;

	/* NICs that tell nothing of their frames: looked at in every round. */
	struct cw_nic *polled[CW_PORTS_MAX];
	uint32_t polled_count;

	/* The buffer that holds nothing but the datagram being opened: cw_new_packet() takes it, and leaves NULL. */
	struct rte_mbuf *whole;
	struct cw_out out;
	struct cw_uplink_qos *qos[CW_UPLINKS_MAX]; /* of the uplinks that have one, in no order; NULL behind them */
	struct cw_ingress *ingress[CW_UPLINKS_MAX]; /* likewise, by which what comes from the Internet waits */
	struct cw_limit *limits[CW_SEGMENTS_MAX];  /* of the program's segments; NULL: it has none */
	uint32_t limit_count;
	bool is_serving_qos;                       /* what leaves has waited */
	struct cw_merge merge;
	struct cw_reassembly reassembly;
	struct cw_pending pending[CW_PENDING_MAX];
	uint32_t pending_count;         /* slots in use */
	uint32_t waiting_count;         /* packets that wait for a session, of all peers */
	struct cw_bucket ask_buckets[CW_PORTS_MAX];
	struct cw_bucket too_big_buckets[CW_SEGMENTS_MAX];
	struct cw_bucket relayed_bucket; /* handshakes that are told */
	struct cw_bucket denial_bucket;
	struct cw_bucket path_bucket;
	uint32_t denials_suppressed; /* since the last one that was told */
	uint8_t scratch[65536];

	uint64_t drops[CW_DROP_COUNT];

	struct cw_flows *flows;
	struct cw_fragments fragments;
	struct cw_server_names *server_names;
	uint64_t generation; /* of the view's program */
	bool is_swept_empty; /* the last pass through it found nothing */
	uint64_t flow_refused_us; /* when there was no room for a flow last; 0: never */
	struct cw_incidents incidents;
	struct cw_path_pool paths;
	struct cw_spraying spraying;
	struct cw_stun stun;
	struct cw_channels channels; /* of this box as a relay */
	struct cw_keep keeps[CW_UPLINKS_MAX][CW_FAMILIES];
	uint64_t flow_secret[2];    /* of hashes by which flows are told apart while they wait; random at start */
	uint64_t path_secret;       /* from which those of paths are made; random at start */
	const struct rte_mbuf *arrived; /* what brought the datagram that is being opened, by port `arrived_by`; */
	uint32_t arrived_by;
	struct cw_way arrival;      /* and its way, once that was asked: cw_overlay_note_arrival() */
	bool is_arrival_over;       /* of a relayed one: its channel is of a session with the relay that is not the present one */
	struct cw_path stray_path;  /* see cw_path_hear() */
	struct cw_peer *peers[CW_PEER_NAMES_MAX];
	_Atomic uint32_t peer_count;
};

/* Opens the worker's own things; run by the thread that EAL took. 0 or a negative errno. */
int cw_worker_open(struct cw_engine *engine, struct cw_worker **worker);
void cw_worker_run(struct cw_worker *worker);
void cw_worker_close(struct cw_worker *worker);

/* Control side: watch a link, or forget it (before its port is closed). */
int cw_worker_watch(struct cw_worker *worker, struct cw_link *link);
void cw_worker_forget(struct cw_worker *worker, struct cw_link *link);

/* Control side, control lock held: runs a command and waits for its result. */
int cw_worker_do(struct cw_worker *worker, struct cw_command *command);

/* What is lost lies in a buffer that holds more, and which goes on. */
static inline void cw_count_drop(struct cw_worker *worker, enum cw_drop reason)
{
	worker->drops[reason]++;
}

static inline void cw_drop(struct cw_worker *worker, struct rte_mbuf *m, enum cw_drop reason)
{
	worker->drops[reason] += cw_link_segments(m);
	rte_pktmbuf_free(m);
}

uint64_t cw_now_us(void);

/* CW_NONE: never. Who reads the worker's times while that goes on may be behind them. */
static inline uint32_t cw_age_ms(uint64_t at_us, uint64_t now_us)
{
	return at_us == 0 ? CW_NONE : at_us > now_us ? 0 : (uint32_t)((now_us - at_us) / 1000);
}

#endif
