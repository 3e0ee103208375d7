/*
 * Fuzzes relayed datagrams of who has a session: a hostile end of the box as a relay, and a hostile relay of the box as an end.
 * Input: any number of datagrams: 0: by the channel, else by that one u8 | class and writer of the lane u8 | length u16 | what is
 * inside, of which there may be less. Each is sealed as the peer would.
 */
#include <string.h>

#include "fuzz_bench.h"
#include "graph/graph.h"
#include "graph/handshake.h"
#include "graph/path.h"
#include "graph/relay.h"
#include "packet.h"
#include "table/session.h"

#define HEAD 4
#define HEADERS (14 + 20 + 8)
#define INSIDE_MAX 2000
#define RATE (1u << 31)

static struct cw_bench *bench;
static struct cw_keypair *other;
static uint32_t counter;

/* What came may have ended the channel. */
static void join(void)
{
	struct cw_peer *const peers[2] = { bench->far, bench->other };
	const struct cw_channel channel = { "far", "other", CW_BENCH_CHANNEL, CW_BENCH_OTHER_CHANNEL, RATE };

	if (bench->far->channels.count == 0)
		FUZZ_NEEDS(cw_relay_open(bench->worker, peers, &channel) == 0);
}

/* As `far` seals it, into the frame that brings it. */
static uint32_t wrap(uint8_t *frame, const uint8_t *head, const uint8_t *inside, uint32_t length)
{
	uint8_t *d = frame + HEADERS, nonce[12];
	uint32_t channel = head[0] == 0 ? CW_BENCH_CHANNEL : head[0];

	cw_bench_ether(bench, CW_BENCH_UPLINK, frame);
	packet_ip(frame + 14, 20, PACKET_UDP, CW_BENCH_FAR_WAN, CW_BENCH_WAN);
	packet_put16(frame + 34, CW_BENCH_PORT + 1);
	packet_put16(frame + 36, CW_BENCH_PORT);
	memset(d, 0, 16);
	d[0] = CW_TYPE_RELAYED;
	d[3] = head[1];
	packet_put32(d + 4, 0x11111111);
	packet_put32(d + 8, channel);
	packet_put32(d + 12, ++counter);
	memcpy(d + 16, inside, length);
	memset(nonce, 0x0b, sizeof(nonce));
	for (uint32_t i = 0; i < 4; i++)
		nonce[i] ^= d[i];
	for (uint32_t i = 0; i < 4; i++)
		nonce[8 + i] ^= d[12 + i];
	FUZZ_NEEDS(cw_aead_seal(bench->worker->aead, &bench->far_seal, nonce, d, 16 + length, d + 16 + length, 0) == 0);
	packet_put16(frame + 16, 28 + 32 + length);
	packet_put16(frame + 38, 8 + 32 + length);
	packet_finish_ip(frame + 14);
	return HEADERS + 32 + length;
}

/* One went in: at most one comes out, to the other end and as it was, or back to where it came from, no larger. */
static void check_sent(const uint8_t *head, const uint8_t *inside, uint32_t length)
{
	static uint8_t frame[CW_BENCH_FRAME_MAX];
	struct cw_vnet_hdr vnet;
	uint32_t sent, count = 0;

	while ((sent = cw_bench_take(bench, CW_BENCH_UPLINK, &vnet, frame)) > 0) {
		bool is_forwarded = packet_u32(frame + 30) == CW_BENCH_OTHER_WAN;
		FUZZ_NEEDS(++count == 1 && sent <= HEADERS + 32 + length && frame[HEADERS] == CW_TYPE_RELAYED);
		FUZZ_NEEDS(is_forwarded == (head[0] == 0));
		if (!is_forwarded)
			continue;
		FUZZ_NEEDS(sent == HEADERS + 32 + length && memcmp(frame + HEADERS + 16, inside, length) == 0);
		FUZZ_NEEDS(inside[0] >= 0xD1 && inside[0] <= 0xD7 && packet_u32(frame + HEADERS + 8) == CW_BENCH_OTHER_CHANNEL);
	}
}

/* Only handshakes go up, and whole ones. */
static void check_events(void)
{
	uint8_t event[CW_EVENT_BYTES_MAX];
	struct cw_event head;

	while (cw_next_event(bench->engine, event, sizeof(event)) > 0) {
		memcpy(&head, event, sizeof(head));
		if (head.kind == CW_EVENT_RELAYED)
			FUZZ_NEEDS(head.length <= 8 + CW_RELAY_BYTES_MAX && event[sizeof(head) + 8] >= 0xD4 &&
				   event[sizeof(head) + 8] <= 0xD7);
	}
}

static void feed(const uint8_t *head, const uint8_t *inside, uint32_t length)
{
	static uint8_t frame[HEADERS + 32 + INSIDE_MAX];
	uint32_t bytes = wrap(frame, head, inside, length);

	cw_classify_uplink(bench->worker, CW_BENCH_UPLINK_PORT, cw_fuzz_mbuf(frame, bytes, 14));
	cw_bench_flush(bench);
	check_sent(head, inside, length);
	check_events();
	FUZZ_NEEDS(cw_bench_drain(bench, CW_BENCH_LAN) == 0 && cw_bench_drain(bench, CW_BENCH_SEGMENT) == 0);
	cw_fuzz_settle();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *at = data, *end = data + size;

	if (bench == NULL) {
		bench = cw_fuzz_bench();
		other = cw_bench_join(bench, RATE);
	}
	join();
	while (at + HEAD <= end) {
		uint32_t said = packet_u16(at + 2), left = (uint32_t)(end - at) - HEAD;
		uint32_t length = said < left ? said : left;
		if (length > 0 && length <= INSIDE_MAX)
			feed(at, at + HEAD, length);
		at += HEAD + length;
	}
	other->sealed = 0;
	return 0;
}
