/*
 * What the tests of relaying share: both peers of the bench have a session with it, and each seals and opens for itself what is
 * relayed (0xD8), by wire.md alone. A test program includes this once.
 */
#ifndef RELAY_ENDS_H
#define RELAY_ENDS_H

#include <stdio.h>

#include "check.h"
#include "graph/graph.h"
#include "graph/handshake.h"
#include "graph/path.h"
#include "graph/relay-path.h"
#include "graph/relay.h"
#include "overlay_traffic.h"
#include "packet.h"
#include "table/session.h"

#define RATE 80000000u

/* A peer as it is at its own place. */
struct end {
	struct cw_peer **peer;
	uint32_t address;
	uint16_t port;
	uint32_t local_index, remote_index; /* the bench's for it, and its own */
	uint8_t seal, open;                 /* of what the bench's keys are made */
	struct cw_aead_key seal_key, open_key;
	uint32_t counter;
};

static struct end far = { .peer = &bench.far,
			  .address = CW_BENCH_FAR_WAN,
			  .port = CW_BENCH_PORT + 1,
			  .local_index = 0x11111111,
			  .remote_index = 0x22222222,
			  .seal = 0x5e,
			  .open = 0x0b };
static struct end other = { .peer = &bench.other,
			    .address = CW_BENCH_OTHER_WAN,
			    .port = CW_BENCH_PORT + 1,
			    .local_index = 0x33333333,
			    .remote_index = 0x44444444,
			    .seal = 0x6e,
			    .open = 0x1b };

static inline struct cw_keypair_install install_of(const struct end *end, uint8_t h)
{
	struct cw_keypair_install install = { .local_index = end->local_index,
					      .remote_index = end->remote_index,
					      .suite = CW_SUITE_AES_256_GCM,
					      .is_initiator = 1,
					      .local_port = CW_BENCH_PORT,
					      .remote_port = end->port,
					      .h = { h },
					      .lifetime_ms = 180000 };

	memcpy(install.peer, (*end->peer)->name, CW_NAME);
	memset(install.remote_address + 10, 0xff, 2);
	packet_put32(install.remote_address + 12, end->address);
	memset(&install.seal, end->seal, sizeof(install.seal));
	memset(&install.open, end->open, sizeof(install.open));
	return install;
}

static inline void make_keys(struct end *end)
{
	struct cw_keypair_install install = install_of(end, 0);

	CHECK(cw_aead_key_init(&end->open_key, bench.worker->aead, CW_SUITE_AES_256_GCM, install.seal.key) == 0);
	CHECK(cw_aead_key_init(&end->seal_key, bench.worker->aead, CW_SUITE_AES_256_GCM, install.open.key) == 0);
}

/* The bench, with a session with either peer; their static keys begin with 0xfa… and 0x07…. */
static inline void open_ends(void)
{
	cw_bench_open(&bench);
	struct cw_keypair_install install = install_of(&other, 7);
	atomic_store(&cw_bench_install(&bench, &install)->is_confirmed, true);
	make_keys(&far);
	make_keys(&other);
	cw_bench_look(&bench, 1000);
}

static inline void relay_nonce(uint8_t nonce[12], uint8_t iv, const uint8_t *d)
{
	memset(nonce, iv, 12);
	nonce[0] ^= d[0];
	nonce[2] ^= d[2];
	nonce[3] ^= d[3];
	for (uint32_t i = 0; i < 4; i++)
		nonce[8 + i] ^= d[12 + i];
}

/* As the end seals it. */
static inline struct datagram relay_seal_lane(struct end *end, uint32_t channel, uint16_t lane, const struct datagram *inner)
{
	struct datagram d = { .length = inner->length + 32 };
	uint8_t nonce[12];

	d.bytes[0] = 0xD8;
	packet_put16(d.bytes + 2, lane);
	packet_put32(d.bytes + 4, end->local_index);
	packet_put32(d.bytes + 8, channel);
	packet_put32(d.bytes + 12, ++end->counter);
	memcpy(d.bytes + 16, inner->bytes, inner->length);
	relay_nonce(nonce, end->open, d.bytes);
	CHECK(cw_aead_seal(bench.worker->aead, &end->seal_key, nonce, d.bytes, 16 + inner->length,
			   d.bytes + 16 + inner->length, 0) == 0);
	return d;
}

/* Class and path 0. */
static inline struct datagram relay_seal(struct end *end, uint32_t channel, const struct datagram *inner)
{
	return relay_seal_lane(end, channel, 0, inner);
}

/* As the end opens it. False: it is not for this one, or not authentic. */
static inline bool relay_open(struct end *end, const struct datagram *d, uint32_t *channel, struct datagram *inner)
{
	struct datagram copy = *d;
	uint8_t nonce[12];

	if (d->length < 33 || d->bytes[0] != 0xD8 || d->bytes[1] != 0 || packet_u32(d->bytes + 4) != end->remote_index)
		return false;
	relay_nonce(nonce, end->seal, d->bytes);
	if (cw_aead_open(bench.worker->aead, &end->open_key, nonce, copy.bytes, d->length - 16, copy.bytes + d->length - 16,
			 16) != 0)
		return false;
	*channel = packet_u32(d->bytes + 8);
	inner->length = d->length - 32;
	memcpy(inner->bytes, d->bytes + 16, inner->length);
	return true;
}

/* By the uplink, as from the end. */
static inline void receive_from(const struct end *end, const struct datagram *d)
{
	sender = end->address;
	cw_test_receive(d);
	sender = CW_BENCH_FAR_WAN;
}

/* The next datagram that left by the uplink, and to which end; false: none. */
static inline bool take_sent(struct datagram *d, const struct end **to)
{
	static uint8_t frame[CW_BENCH_FRAME_MAX];
	struct cw_vnet_hdr vnet;
	uint32_t length = cw_bench_take(&bench, CW_BENCH_UPLINK, &vnet, frame);

	if (length <= 42)
		return false;
	CHECK(vnet.gso_type == 0);
	uint32_t address = packet_u32(frame + 14 + 16);
	*to = address == far.address ? &far : address == other.address ? &other : NULL;
	d->length = length - 42;
	memcpy(d->bytes, frame + 42, d->length);
	return true;
}

static inline int join_channel(uint32_t of_far, uint32_t of_other, uint64_t rate_bps)
{
	struct cw_peer *const peers[2] = { bench.far, bench.other };
	const struct cw_channel channel = { "far", "other", of_far, of_other, rate_bps };

	return cw_relay_open(bench.worker, peers, &channel);
}

/* How many events of that kind there are, each of which adds its channel to `sum`; takes all. */
static inline uint32_t count_events(uint16_t kind, uint32_t *sum)
{
	uint8_t bytes[CW_EVENT_BYTES_MAX];
	struct cw_event head;
	struct cw_relayed of;
	uint32_t count = 0;

	while (cw_next_event(bench.engine, bytes, sizeof(bytes)) != 0) {
		memcpy(&head, bytes, sizeof(head));
		if (head.kind != kind)
			continue;
		count++;
		memcpy(&of, bytes + sizeof(head), sizeof(of));
		*sum += of.channel;
	}
	return count;
}

/* Of handshakes the one size that they have. */
static inline struct datagram inner_of(uint8_t type, uint32_t length)
{
	bool is_handshake = type >= 0xD4 && type <= 0xD7;
	struct datagram inner = cw_test_random_datagram(type, is_handshake ? cw_handshake_size(type) : length);

	inner.bytes[1] = 0;
	return inner;
}

static inline void expect_nothing(const char *drops)
{
	const struct end *to;
	struct datagram d;

	CHECK(!take_sent(&d, &to));
	const char *counted = cw_bench_drops(&bench);
	if (!CHECK(strcmp(counted, drops) == 0))
		fprintf(stderr, "  '%s', wanted '%s'\n", counted, drops);
}

static inline void expect_forwarded(struct end *to, uint32_t channel, const struct datagram *inner)
{
	struct datagram d, opened = { 0 };
	const struct end *gets = NULL;
	uint32_t by = 0;

	if (!CHECK(take_sent(&d, &gets) && gets == to))
		return;
	CHECK(relay_open(to, &d, &by, &opened) && by == channel);
	CHECK(opened.length == inner->length && memcmp(opened.bytes, inner->bytes, inner->length) == 0);
	expect_nothing("");
}

#endif
