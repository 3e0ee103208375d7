/* What the tests of the overlay port share: datagrams of each kind, received by a bench's uplink. */
#ifndef OVERLAY_TRAFFIC_H
#define OVERLAY_TRAFFIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "graph_bench.h"

#define HEADERS (14u + (is_over_v6 ? 40 : 20) + 8) /* Ethernet, IP, UDP */
#define DATAGRAM_MAX 1400

struct datagram {
	uint32_t length;
	uint8_t bytes[DATAGRAM_MAX];
};

extern struct cw_bench bench;
/* From where they come: CW_BENCH_FAR_WAN at first. */
extern uint32_t sender;
/* The family of the outer packets: IPv4 at first. */
extern bool is_over_v6;
/* The frame that was made last, and its IP header. */
extern uint8_t cw_test_frame[CW_BENCH_FRAME_MAX];
#define OUTER (cw_test_frame + 14)

/* The gateway sends it from the overlay port by the uplink's twin. */
void cw_test_leave(const struct datagram *d);

/* The gateway sends a handshake by the uplink's twin whose sender index is that at byte 4 of `answer`. */
void cw_test_ask(const struct datagram *answer, uint8_t type, uint32_t length);

/* A frame for the overlay port into `cw_test_frame`: payload, lengths and checksums done. */
void cw_test_make_frame(const uint8_t *payload, uint32_t length);

/* Gives `length` bytes of it to the uplink, and ends the burst. */
void cw_test_give_frame(const struct cw_vnet_hdr *vnet, uint32_t length);

/* One frame from the uplink: datagrams of `step` bytes each but the last; 0: one. */
void cw_test_receive_to(const uint8_t *payload, uint32_t length, uint32_t step, uint16_t port);
void cw_test_receive(const struct datagram *d);

/* A right packet up the uplink's twin with this payload, and no other. */
bool cw_test_went_up(const struct datagram *d);

/* An inner UDP packet from `far` with `bytes` of payload, sealed. */
struct datagram cw_test_sealed(uint32_t bytes);
struct datagram cw_test_random_datagram(uint8_t type, uint32_t length);

/* With a mac1 under `key`, which covers what is before it. */
struct datagram cw_test_handshake(uint8_t type, uint32_t length, uint32_t covered, uint8_t key);
/* A Binding request of another transaction each time. */
struct datagram cw_test_stun(uint32_t length);

/* Keyed BLAKE2s, 16 bytes, by OpenSSL's provider and not by the dataplane. */
void cw_test_mac(const uint8_t *key, size_t key_len, const uint8_t *data, size_t length, uint8_t *out);

#endif
