/*
 * The one public header of the dataplane: verbs, and the records that cross the border.
 *
 * A record is a fixed-size struct in host byte order with explicit padding; a message is one header
 * record followed by arrays of records. `firmware/wire/datapath.ts` is the other half of this file; both
 * carry CW_ABI and the sizes below, and refuse each other when they differ. Addresses are 16 bytes,
 * IPv4 in its v4-mapped form (RFC 4291 §2.5.5.2). Names are ASCII, at most CW_NAME - 1 bytes, zero-filled.
 */
#ifndef CAUSEWAY_DP_H
#define CAUSEWAY_DP_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "causeway_explain.h"
#include "causeway_flows.h"
#include "causeway_program.h"
#include "causeway_queues.h"
#include "causeway_traversal.h"

#define CW_ABI 10u

/* The verbs of cw_call(), also those of the datapath's unix socket. */
enum cw_verb {
	CW_VERB_DESCRIBE = 1, /* - -> struct cw_info, then drop names, each ended by a zero */
	CW_VERB_LOAD = 2,     /* struct cw_program_head and its arrays -> - | the field at fault */
	CW_VERB_INSTALL = 3,  /* struct cw_keypair_install -> - */
	CW_VERB_RETIRE = 4,   /* u32 local indices -> - */
	CW_VERB_SEND = 5,     /* struct cw_control_send, items -> - */
	CW_VERB_KEYPAIRS = 6, /* - -> struct cw_keypair_state[] */
	CW_VERB_COUNTERS = 7, /* - -> struct cw_counters_head and its arrays */
	CW_VERB_COOKIES = 8,  /* key 32, present secret 32, secret before 32 -> -; good for 250 s */
	CW_VERB_EXPLAIN = 9,  /* struct cw_explain -> struct cw_explanation and its arrays */
	CW_VERB_CHANNEL = 10, /* struct cw_channel -> -; -ENOENT: a peer, -EEXIST: a number, -ENOSPC: a device has them all */
	CW_VERB_CHANNEL_CLOSE = 11, /* struct cw_channel_end -> -; both directions, without an event. -ENOENT */
	CW_VERB_RELAY = 12,   /* struct cw_relay_send, datagram -> -; -ENOENT: the relay, -ENOTCONN: no session, or no way, to it */
	CW_VERB_TRY = 13,     /* struct cw_try, struct cw_way_try[] -> -; -ENOENT: the peer */
	CW_VERB_SPRAY = 14,   /* struct cw_spray -> -; -ENOENT: the peer */
	CW_VERB_CHANNELS = 15, /* u32: from this place on, 0 at first -> struct cw_channels_head, struct cw_channel_counters[] */
	CW_VERB_QUEUES = 16, /* u32: the same -> struct cw_queues_head, then uplinks, peers and segments: causeway_queues.h */
	CW_VERB_FLOWS = 17, /* struct cw_flows_ask -> struct cw_flows_head, struct cw_flow_record[] */
};

#define CW_SIZES 44

struct cw_info {
	uint32_t abi;
	uint32_t pid;
	uint8_t boot_id[16];
	uint32_t has_aes;
	uint32_t drop_count;
	uint64_t hugepage_bytes;
	char aead[CW_NAME];
	/* Sizes of the records below, in their order, so that the other half can refuse; then zeros. */
	uint32_t sizes[CW_SIZES];
};

#define CW_SUITE_CHACHA20_POLY1305 1
#define CW_SUITE_AES_256_GCM 2

struct cw_direction_keys {
	uint8_t key[32];
	uint8_t iv[12];
	uint8_t time[4];
};

struct cw_keypair_install {
	char peer[CW_NAME];
	uint32_t local_index;
	uint32_t remote_index;
	uint8_t suite;
	uint8_t is_initiator;
	uint8_t is_rekey;
	/* By which way the raw handshake went; a rekey has none of its own, and what is here then is not looked at. */
	uint8_t uplink;
	uint16_t local_port;
	uint16_t remote_port;
	uint8_t remote_address[16];
	struct cw_direction_keys seal;
	struct cw_direction_keys open;
	uint8_t chain[32];
	uint8_t h[32];
	uint32_t lifetime_ms;
	uint32_t zero;
};

struct cw_control_send {
	char peer[CW_NAME];
	uint32_t local_index;
	uint32_t length; /* of the items that follow */
};

#define CW_CONTROL_BYTES_MAX 1200

#define CW_KEYPAIR_PREVIOUS 1
#define CW_KEYPAIR_CURRENT 2
#define CW_KEYPAIR_NEXT 3

struct cw_keypair_state {
	char peer[CW_NAME];
	uint32_t local_index;
	uint32_t remote_index;
	uint8_t state;
	uint8_t is_initiator;
	uint8_t is_rekey;
	uint8_t is_confirmed;
	uint8_t uplink;
	uint8_t zero;
	uint16_t remote_port;
	uint32_t age_ms;
	uint32_t zero2;
	uint8_t remote_address[16];
	uint8_t chain[32];
	uint8_t h[32];
};

/* How much of what the kernel has of the program's interfaces is left out, since no table has room for it. */
struct cw_overflow {
	uint32_t addresses;
	uint32_t routes;
	uint32_t neighbours;
	uint32_t zero;
};

struct cw_counters_head {
	uint64_t generation;
	uint64_t uptime_ms;
	uint32_t drop_count; /* u64 each, in the order of the names of DESCRIBE */
	uint32_t port_count;
	uint32_t peer_count;
	uint32_t keypair_count; /* installed and not yet erased */
	/* Buffers of the two pools that are not free: at rest a constant. */
	uint32_t small_in_use;
	uint32_t large_in_use;
	struct cw_overflow overflow; /* as of the last dump; all zeros: nothing is left out */
	uint32_t path_count; /* of all peers, after them */
	uint32_t flow_places;    /* of the table of flows */
	uint32_t flows_in_use;   /* idle ones among them */
	uint32_t zero;
	uint64_t flows_refused;  /* for which there was no place: they are steered packet by packet */
};

struct cw_port_counters {
	char twin[CW_IFNAME];
	uint64_t rx_packets;
	uint64_t rx_bytes;
	uint64_t rx_buffers;
	uint64_t tx_packets;
	uint64_t tx_bytes;
	uint64_t tx_buffers;
	uint32_t is_up;
	uint32_t is_gone; /* its NIC or twin vanished, and may be back: only a load opens it anew */
	uint32_t downs;   /* so often its carrier went, which may be back before anybody looks */
	uint32_t zero;
};

struct cw_peer_counters {
	char name[CW_NAME];
	uint64_t rx_packets;
	uint64_t rx_bytes;
	uint64_t tx_packets;
	uint64_t tx_bytes;
	uint32_t rtt_us;        /* CW_NONE before the first reply */
	uint32_t last_heard_ms; /* CW_NONE without a session */
	uint32_t local_index;   /* of `current`; 0 without */
	uint16_t remote_port;
	uint16_t zero;
	uint8_t remote_address[16];
	uint64_t relayed_packets; /* that came from it and were forwarded to others; bytes of UDP payload */
	uint64_t relayed_bytes;
	uint64_t limited_packets; /* that were not, since their channel's rate was used up */
	uint64_t limited_bytes;
};

#define CW_STATE_METERED 1
#define CW_STATE_BACKUP 2
#define CW_STATE_BEST 4 /* what nothing else is said of goes by it */
#define CW_STATE_LEARNED 8 /* not named by the program: the peer was heard by it, or it was tried */
#define CW_STATE_RELAYED 16
#define CW_STATE_TRIED 32 /* named by TRY */

/* One path of a peer. `out` is as the far end reports, `in` as counted here. */
struct cw_path_counters {
	uint8_t remote_address[16];
	uint64_t tx_packets, tx_bytes; /* inner */
	uint64_t rx_packets, rx_bytes;
	uint64_t delivered_bps;        /* inner bits a second that arrived of late */
	uint32_t state_ms;             /* since when it is so */
	uint32_t heard_ms;             /* CW_NONE: never */
	uint32_t rtt_us;               /* smoothed; these four CW_NONE before the first answer */
	uint32_t rtt_p50_us, rtt_p95_us, rtt_p99_us;
	uint32_t loss_out_ppm, loss_in_ppm; /* CW_NONE: too little was sent of late */
	uint32_t late_out_ppm, late_in_ppm;
	uint32_t jitter_out_us, jitter_in_us;
	uint32_t failures; /* once it was trusted, of late */
	uint32_t downs;    /* how often it went down since there is this path */
	uint16_t limit;    /* largest inner packet that goes by it whole */
	uint16_t peer;     /* index into those before */
	uint16_t remote_port;
	uint8_t number; /* ours (255: none yet), and the far end's; 255: unknown */
	uint8_t remote_number;
	uint8_t uplink;
	uint8_t remote_uplink; /* 255: unknown */
	uint8_t state;         /* 0 untried, 1 up, 2 down */
	uint8_t why;           /* 0 well, 1 untried, 2 silent, 3 unanswered, 4 deaf there, 5 no uplink, 6 no relay */
	uint8_t flags;
	uint8_t zero;
	uint16_t local_port; /* ours; 0: a relayed one has none */
};

enum cw_event_kind {
	CW_EVENT_CONFIRMED = 1,
	CW_EVENT_CONTROL = 2,
	CW_EVENT_SILENT = 3,
	CW_EVENT_WANTED = 4,
	CW_EVENT_USED = 5,
	CW_EVENT_ERASED = 6,
	CW_EVENT_DENIED = 7, /* struct cw_denial follows; `peer` is empty for a packet from a LAN or the box */
	CW_EVENT_LINKS = 8,  /* a NIC or a link of the kernel came, went or changed */
	CW_EVENT_PATH = 9,   /* struct cw_path_event follows */
	CW_EVENT_RELAYED = 10, /* struct cw_relayed follows, and a handshake that came by that channel of the relay `peer` */
	CW_EVENT_CHANNEL_ENDED = 11, /* struct cw_relayed follows; `peer`'s: unused for 300 s, or the session of an end is over */
};

struct cw_event {
	uint16_t kind;
	uint16_t length; /* of the items that follow; 0 but for CONTROL, DENIED, PATH, RELAYED and CHANNEL_ENDED */
	uint32_t local_index;
	char peer[CW_NAME];
};

/* A packet that policy kept out: by ACL, or by what its peer may send. Some a second; `suppressed` were not told before it. */
struct cw_denial {
	uint8_t source[16];
	uint8_t destination[16];
	uint16_t source_port; /* ports are 0 where the protocol or the fragment has none */
	uint16_t destination_port;
	uint8_t protocol;
	uint8_t zero;
	uint16_t reason; /* enum cw_drop: index into the names of DESCRIBE */
	uint32_t suppressed;
	char segment[CW_NAME]; /* whence; '' for a VNI that is unknown here */
	char to_segment[CW_NAME];
	char rule[CW_NAME]; /* '' for the default */
};

/*
 * A path of `peer` went up or down, or is the best now. Some a second: what has no place in that is told later, if it is still
 * so.
 */
struct cw_path_event {
	uint8_t remote_address[16];
	uint16_t remote_port;
	uint8_t number;
	uint8_t uplink;
	uint8_t remote_uplink; /* 255: unknown */
	uint8_t state;         /* these two as in struct cw_path_counters */
	uint8_t why;
	uint8_t is_best; /* this alone is new */
};

static_assert(sizeof(struct cw_info) == 248, "border record");
static_assert(sizeof(struct cw_path_counters) == 128, "border record");
static_assert(sizeof(struct cw_keypair_install) == 232, "border record");
static_assert(sizeof(struct cw_control_send) == 40, "border record");
static_assert(sizeof(struct cw_keypair_state) == 136, "border record");
static_assert(sizeof(struct cw_overflow) == 16, "border record");
static_assert(sizeof(struct cw_counters_head) == 80, "border record");
static_assert(sizeof(struct cw_port_counters) == 80, "border record");
static_assert(sizeof(struct cw_peer_counters) == 128, "border record");
static_assert(sizeof(struct cw_event) == 40, "border record");
static_assert(sizeof(struct cw_denial) == 140, "border record");
static_assert(sizeof(struct cw_path_event) == 24, "border record");

struct cw_engine;

struct cw_options {
	uint32_t memory_mb;      /* of packet memory: 128–4,096 */
	uint32_t flows;          /* that have a place of their own: 16–4,194,304, 0 for 131,072; 68 bytes each */
	uint32_t own_cpu;        /* 1 + the CPU that the worker has to itself; 0: it shares those of the process */
	uint32_t no_hugepages;   /* ordinary pages: about 3 times slower */
	const char *aead;        /* "auto", "ipsec-mb" or "openssl" */
	void (*wake)(void *arg); /* called by any thread when events wait; must not block */
	void *wake_arg;
};

/*
 * Starts EAL and the worker on threads of their own: the caller's affinity and signals stay as they are.
 * One engine a process. Returns 0 or a negative errno, with a reason in `why` (zero-ended).
 */
int cw_engine_open(const struct cw_options *options, struct cw_engine **engine, char *why, size_t why_len);

/*
 * Runs one verb. Copies in, copies out; keeps no pointer. Returns the number of bytes in `out` or a
 * negative errno; then `out` holds a zero-ended text that names the field or reason. -EMSGSIZE: `out` is
 * too small. Callable from one thread at a time.
 */
int cw_call(struct cw_engine *engine, uint32_t verb, const void *in, size_t in_len, void *out,
	    size_t out_len);

/* Takes one event (record and items) off the ring; 0 when none waits. `out_len` ≥ CW_EVENT_BYTES_MAX. */
int cw_next_event(struct cw_engine *engine, void *out, size_t out_len);
#define CW_EVENT_BYTES_MAX (sizeof(struct cw_event) + CW_CONTROL_BYTES_MAX)

/* Joins all threads and erases all keys. Idempotent through the caller setting its pointer to NULL. */
void cw_engine_close(struct cw_engine *engine);

#endif
