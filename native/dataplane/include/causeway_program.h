/*
 * The part of causeway_dp.h that is a program: what LOAD takes, a head and its arrays. A program replaces the one before it,
 * all or nothing.
 */
#ifndef CAUSEWAY_PROGRAM_H
#define CAUSEWAY_PROGRAM_H

#include <assert.h>
#include <stdint.h>

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
#define CW_PROGRAM_PATHS_MAX 8192
#define CW_PEER_PATHS_MAX 16
#define CW_MAC1_KEYS_MAX 32
#define CW_OVERLAY_PORTS_MAX 4
#define CW_SPRAY_PORTS 256
#define CW_RANKS 4

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
	uint32_t path_count;
	uint8_t is_transit; /* what one peer sends for another goes on: not from hub to hub, nor back */
	uint8_t zero[3];
	/* then: mac1 keys (32 bytes each), ports, segments, peers, routes, ACL rules, policies, matches, paths */
};

#define CW_ROLE_UPLINK 1
#define CW_ROLE_LAN 2

#define CW_KIND_NETDEV 0 /* a NIC that the kernel drives, by its name */
#define CW_KIND_PMD 1    /* a device of DPDK's, by its bus address or `net_…,key=value` */

#define CW_NETWORK_INTERNET 1
#define CW_NETWORK_PRIVATE 2

/* Classes of traffic: voice, business, normal, bulk. */
#define CW_CLASSES 4

/* How sealed packets are marked outside, RFC 2983. */
#define CW_MARKS_CLASS 1 /* by their class */
#define CW_MARKS_COPY 2  /* as what is inside */
#define CW_MARKS_NONE 3  /* not at all; and marks of what the kernel sends are cleared */

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
	uint64_t up_bps;    /* what the link carries outwards, bits a second: nothing more is sent by it; 0: unknown */
	uint64_t down_bps;  /* and inwards: peers are told, and send no more */
	uint8_t network;    /* of which kind what is behind it is */
	uint8_t is_metered; /* traffic costs */
	uint8_t is_backup;  /* for when no path over another uplink is usable */
	uint8_t risk;       /* uplinks of one number fail together; 0: with none */
	uint16_t overlay_ports[CW_OVERLAY_PORTS_MAX]; /* the overlay's too, besides overlay_port; zeros behind */
	uint16_t spray_port; /* the first of CW_SPRAY_PORTS from which sprays leave; 0: none */
	uint8_t marks;       /* CW_MARKS_… */
	uint8_t internet_percent; /* of down_bps, that what comes from the Internet takes at most: 1–100 */
	uint16_t weights[CW_CLASSES]; /* of what strict classes leave: 1–100 */
	uint8_t cap_percents[CW_CLASSES]; /* of up_bps, up to which a class goes before all others; 0: it is not strict */
	uint8_t zero[4];
};

struct cw_segment_program {
	char name[CW_NAME];
	char twin[CW_IFNAME];
	uint32_t vni;
	uint32_t zero;
	uint64_t up_bps;   /* what leaves the site by all uplinks together, bits a second; 0: no limit */
	uint64_t down_bps; /* what its LANs are given */
};

/*
 * A name with another identity is another peer: sessions of the one before end with the load. No two keys begin with the same
 * four bytes.
 */
struct cw_peer_program {
	char name[CW_NAME];
	uint8_t identity[CW_IDENTITY]; /* tenant 16, static key 32; compared, not read */
	uint8_t is_hub;
	uint8_t zero[7];
	uint64_t limit_bps; /* the most that is sent to it by each uplink; 0: no limit */
};

/* Of a prefix that several peers have in a segment the one of the lowest rank that is reached carries. */
struct cw_route_program {
	uint8_t address[16];
	uint16_t segment;
	uint16_t peer;
	uint8_t prefix_len; /* of the 128 bits: an IPv4 /24 is 120 */
	uint8_t rank;       /* below CW_RANKS; of two of one rank the first peer counts */
	uint8_t zero[2];
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
	uint8_t class;              /* that its packets are, its number and 1; 0: what their marks say */
	uint8_t zero[5];
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

/* A pair of an uplink here and an address of the peer that is worth trying; at most CW_PEER_PATHS_MAX of a peer. */
struct cw_path_program {
	uint8_t remote_address[16];
	uint16_t peer;
	uint16_t remote_port;
	uint8_t uplink;
	uint8_t zero[3];
};

static_assert(sizeof(struct cw_program_head) == 48, "border record");
static_assert(sizeof(struct cw_path_program) == 24, "border record");
static_assert(sizeof(struct cw_port_program) == 208, "border record");
static_assert(sizeof(struct cw_segment_program) == 72, "border record");
static_assert(sizeof(struct cw_peer_program) == 96, "border record");
static_assert(sizeof(struct cw_route_program) == 24, "border record");
static_assert(sizeof(struct cw_acl_program) == 80, "border record");
static_assert(sizeof(struct cw_policy_program) == 64, "border record");
static_assert(sizeof(struct cw_match_program) == 144, "border record");

#endif
