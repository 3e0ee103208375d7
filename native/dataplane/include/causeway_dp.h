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

#define CW_ABI 4u

#define CW_NAME 32
#define CW_IFNAME 16
#define CW_IDENTITY 48
#define CW_DEVICE 64
#define CW_SERVER 64

#define CW_NONE UINT32_MAX

/* Hard limits of one program. */
#define CW_PORTS_MAX 32
#define CW_SEGMENTS_MAX 64
#define CW_PEERS_MAX 1024
#define CW_ROUTES_MAX 65536
#define CW_ACL_MAX 1024
#define CW_POLICIES_MAX 32
#define CW_MATCHES_MAX 1024
#define CW_UPLINKS_MAX 8
#define CW_QUEUES_MAX 16
#define CW_MAC1_KEYS_MAX 32

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
};

#define CW_SIZES 24

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

struct cw_program_head {
	uint64_t generation;
	uint32_t mac1_key_count;
	uint32_t port_count;
	uint32_t segment_count;
	uint32_t peer_count;
	uint32_t route_count;
	uint32_t acl_count;
	uint32_t policy_count; /* at least one: the first is the default's */
	uint32_t match_count;
	/* then: mac1 keys (32 bytes each), ports, segments, peers, routes, ACL rules, policies, matches */
};

#define CW_ROLE_UPLINK 1
#define CW_ROLE_LAN 2

#define CW_KIND_NETDEV 0 /* a NIC that the kernel drives, by its name */
#define CW_KIND_PMD 1    /* a device of DPDK's, by its bus address or `net_…,key=value` */

#define CW_NETWORK_INTERNET 1
#define CW_NETWORK_PRIVATE 2

struct cw_port_program {
	char twin[CW_IFNAME];
	char nic[CW_DEVICE];
	char nic_netns[CW_NAME * 2]; /* netdev only */
	uint8_t role;
	uint8_t uplink;
	uint16_t segment; /* index into the segments; LANs only */
	uint16_t overlay_port;
	uint16_t vlan;  /* 1–4094, IEEE 802.1Q: this port has the NIC's frames of that tag; 0: the untagged ones */
	uint8_t kind;
	uint8_t queues; /* pmd only: receive queues, 0 for one */
	uint16_t mtu;   /* this port's share of a NIC's: the smaller of the two counts; 0: the NIC's */
	uint32_t table;
	/* The rest is of uplinks only. */
	uint64_t up_bps;    /* what the link carries outwards, bits a second; 0: unknown */
	uint8_t network;    /* of which kind what is behind it is */
	uint8_t is_metered; /* traffic costs */
	uint8_t is_backup;  /* for when no path over another uplink is usable */
	uint8_t risk;       /* uplinks of one number fail together; 0: with none */
	uint32_t zero;
};

struct cw_segment_program {
	char name[CW_NAME];
	char twin[CW_IFNAME];
	uint32_t vni;
	uint32_t zero;
};

/* A name with another identity is another peer: sessions of the one before end with the load. */
struct cw_peer_program {
	char name[CW_NAME];
	uint8_t identity[CW_IDENTITY]; /* tenant 16, static key 32; compared, not read */
};

struct cw_route_program {
	uint8_t address[16];
	uint16_t segment;
	uint16_t peer;
	uint8_t prefix_len; /* of the 128 bits: an IPv4 /24 is 120 */
	uint8_t zero[3];
};

#define CW_ACL_ALLOW 1
#define CW_ACL_DENY 2

/*
 * Rules are tried in order, the first that fits decides; without one a packet may pass inside a segment and not between
 * two. An allowing rule also fits the way back: source and destination changed over. A fragment other than the first, which
 * has no ports, fits an allowing rule by addresses and protocol, and no denying one that asks for ports.
 */
struct cw_acl_program {
	char name[CW_NAME];
	uint8_t source[16];
	uint8_t destination[16];
	uint8_t source_len; /* of the 128 bits; 0 is any address of either family */
	uint8_t destination_len;
	uint16_t from_segment;
	uint16_t to_segment;
	uint8_t protocol; /* IP protocol number; 0: any */
	uint8_t action;
	uint16_t source_port_first, source_port_last; /* 0 and 65535: any, also packets without ports */
	uint16_t destination_port_first, destination_port_last;
};

#define CW_METERED_NEVER 1
#define CW_METERED_LAST 2 /* where no path over another uplink is usable */
#define CW_METERED_OK 3

/*
 * How flows of a kind are steered. A path fits that keeps the limits, over an uplink (and to one, if the peer tells) of the
 * kinds and the price that are allowed; of those that fit, the one of the most preferred uplink is taken.
 */
struct cw_policy_program {
	char name[CW_NAME];
	uint32_t loss_ppm;   /* limits; CW_NONE: none */
	uint32_t latency_us; /* one way: half the round trip */
	uint32_t jitter_us;
	uint8_t metered;
	uint8_t kinds;              /* bits 1 << CW_NETWORK_… - 1: 1 internet, 2 private */
	uint8_t is_strict;          /* no path fits: drop. Else the least bad of them is taken */
	uint8_t is_spread;          /* flows are spread over all good paths, by what these carry */
	uint8_t is_breakout_denied; /* its flows do not leave to the Internet here */
	uint8_t prefer_count;
	uint8_t prefer[CW_UPLINKS_MAX]; /* uplink numbers, best first; also of uplinks whose port is absent */
	uint8_t zero[6];
};

#define CW_SEGMENT_ANY UINT16_MAX
#define CW_DSCP_ANY UINT8_MAX

/* In order: the first that fits a flow says its policy and its application. A flow that none fits is the first policy's. */
struct cw_match_program {
	char application[CW_NAME]; /* '': it says none */
	char server[CW_SERVER];    /* TLS or QUIC server name, in lower case; `*.example.com`: any below; '': any or none */
	uint8_t source[16];
	uint8_t destination[16];
	uint16_t policy;
	uint16_t segment; /* of the sender; CW_SEGMENT_ANY */
	uint16_t source_port_first, source_port_last; /* 0 and 65535: any, also packets without ports */
	uint16_t destination_port_first, destination_port_last;
	uint8_t source_len; /* of the 128 bits; 0 is any address of either family */
	uint8_t destination_len;
	uint8_t protocol; /* IP protocol number; 0: any */
	uint8_t dscp;     /* of the flow's first packet, RFC 2474; CW_DSCP_ANY */
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
};

struct cw_event {
	uint16_t kind;
	uint16_t length; /* of the items that follow; 0 but for CONTROL and DENIED */
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

static_assert(sizeof(struct cw_info) == 168, "border record");
static_assert(sizeof(struct cw_program_head) == 40, "border record");
static_assert(sizeof(struct cw_port_program) == 176, "border record");
static_assert(sizeof(struct cw_segment_program) == 56, "border record");
static_assert(sizeof(struct cw_peer_program) == 80, "border record");
static_assert(sizeof(struct cw_route_program) == 24, "border record");
static_assert(sizeof(struct cw_acl_program) == 80, "border record");
static_assert(sizeof(struct cw_policy_program) == 64, "border record");
static_assert(sizeof(struct cw_match_program) == 144, "border record");
static_assert(sizeof(struct cw_keypair_install) == 232, "border record");
static_assert(sizeof(struct cw_control_send) == 40, "border record");
static_assert(sizeof(struct cw_keypair_state) == 136, "border record");
static_assert(sizeof(struct cw_overflow) == 16, "border record");
static_assert(sizeof(struct cw_counters_head) == 56, "border record");
static_assert(sizeof(struct cw_port_counters) == 72, "border record");
static_assert(sizeof(struct cw_peer_counters) == 96, "border record");
static_assert(sizeof(struct cw_event) == 40, "border record");
static_assert(sizeof(struct cw_denial) == 140, "border record");

struct cw_engine;

struct cw_options {
	uint32_t memory_mb;      /* of packet memory: 128–4,096 */
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
