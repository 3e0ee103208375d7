/*
 * The part of causeway_dp.h that finds ways through NATs: channels of a relay, the handshakes that cross one, ways to be
 * tried, and sprays.
 *
 * A relayed way is written as an address, here as everywhere: uplink CW_UPLINK_RELAY, ports 0, and of 100::/64 (RFC 6666) the
 * one that says relay and channel. Such an address is never routed and never on a link.
 *
 *    0                4                8               12
 *   +----------------+----------------+----------------+----------------+
 *   | 01 00 00 00    | zero           | relay          | channel (u32)  |    relay: the first 4 bytes of its static key
 *   +----------------+----------------+----------------+----------------+
 */
#ifndef CAUSEWAY_TRAVERSAL_H
#define CAUSEWAY_TRAVERSAL_H

#include <assert.h>
#include <stdint.h>

#include "causeway_program.h"

#define CW_UPLINK_RELAY 0xfe
#define CW_CHANNELS_MAX 64 /* of a device, at one relay */
#define CW_RELAY_BYTES_MAX 160
#define CW_TRY_MAX 16
#define CW_SPRAY_MAX 1024

/* A relay's: what `peer` sends by its channel goes to `to`, by that one's; and the other way round. */
struct cw_channel {
	char peer[CW_NAME];
	char to[CW_NAME];
	uint32_t channel;
	uint32_t to_channel;
	uint64_t rate_bps; /* of each direction, UDP payload that is forwarded */
};

struct cw_channel_end {
	char peer[CW_NAME];
	uint32_t channel;
	uint32_t zero;
};

/* Channels that are open, a part of them: as many as there is room for in an answer. */
struct cw_channels_head {
	uint32_t count;
	uint32_t next; /* place to ask from for more; 0: there are none */
};

/* What came from one end: datagrams that were forwarded, and such as the rate kept back; bytes of UDP payload. */
struct cw_channel_way {
	uint64_t packets;
	uint64_t bytes;
	uint64_t limited_packets;
	uint64_t limited_bytes;
};

struct cw_channel_counters {
	struct cw_channel channel;
	uint32_t age_ms;
	uint32_t unused_ms;
	struct cw_channel_way from_peer;
	struct cw_channel_way from_to;
};

/* A handshake datagram (0xD4–0xD7) that goes by a channel of a relay; it follows. */
struct cw_relay_send {
	char relay[CW_NAME];
	uint32_t channel;
	uint32_t length;
};

/* Ways to a peer that the program does not name. They replace those that were tried before; none of them ends that. */
struct cw_try {
	char peer[CW_NAME];
	uint32_t count;
	uint32_t for_ms; /* what nobody has answered by then is forgotten */
	/* then: struct cw_way_try[count] */
};

struct cw_way_try {
	uint8_t remote_address[16];
	uint16_t remote_port;
	uint16_t local_port; /* 0: the overlay's */
	uint8_t uplink;      /* CW_UPLINK_RELAY: a relayed way, for which `for_ms` is no limit */
	uint8_t zero[3];
};

/* Probes to many ports, or from many: one of them may meet a mapping. One at a time on a box, none of 0 probes. */
struct cw_spray {
	char peer[CW_NAME];
	uint8_t remote_address[16];
	uint16_t remote_port; /* the first predicted, or the one and only */
	uint16_t near;        /* so many from there on come first, then any at random */
	uint16_t probes;      /* in all */
	uint16_t gap_ms10;    /* tenths of a millisecond between two */
	uint8_t uplink;
	uint8_t many_local; /* from each of the spray ports, all to remote_port */
	uint8_t zero[6];
};

/* What came by a channel, or which has ended. */
struct cw_relayed {
	uint32_t channel;
	uint32_t zero;
};

static_assert(sizeof(struct cw_channel) == 80, "border record");
static_assert(sizeof(struct cw_channel_end) == 40, "border record");
static_assert(sizeof(struct cw_channels_head) == 8, "border record");
static_assert(sizeof(struct cw_channel_counters) == 152, "border record");
static_assert(sizeof(struct cw_relay_send) == 40, "border record");
static_assert(sizeof(struct cw_try) == 40, "border record");
static_assert(sizeof(struct cw_way_try) == 24, "border record");
static_assert(sizeof(struct cw_spray) == 64, "border record");
static_assert(sizeof(struct cw_relayed) == 8, "border record");

#endif
