/*
 * What the tests of merging share: TCP segments that are given to it, and what left for the LAN, cut again as the kernel
 * would. Frames are read at the socket of the LAN.
 */
#ifndef CW_MERGE_PACKETS_H
#define CW_MERGE_PACKETS_H

#include "check.h"
#include "graph/graph.h"
#include "graph/train.h"
#include "graph_bench.h"
#include "packet.h"

#define PACKETS_MAX 600
#define PACKET_MAX 1500
#define FLOWS 12

struct packets {
	uint32_t count;
	uint32_t length[PACKETS_MAX];
	uint8_t bytes[PACKETS_MAX][PACKET_MAX];
};

static struct cw_bench bench;
static struct packets sent, came;
static uint32_t frames_out, largest_frame;
static bool is6; /* of which family put_segment() makes them */

/* A TCP data segment of flow `flow`, checksums done. */
struct segment {
	uint32_t flow, sequence, payload;
	uint32_t acknowledgement;
	uint8_t flags;
};

static inline uint8_t *put_segment(struct packets *to, const struct segment *s)
{
	uint32_t l3 = is6 ? 40 : 20, length = l3 + 32 + s->payload;
	uint8_t *ip = to->bytes[to->count], *tcp = ip + l3;

	if (is6) {
		packet_ip6(ip, l3, PACKET_TCP, CW_BENCH_FAR, CW_BENCH_HOST + s->flow % 5);
		packet_put32(ip, 0x6b812345);
	} else {
		packet_ip(ip, l3, PACKET_TCP, CW_BENCH_FAR, CW_BENCH_HOST + s->flow % 5);
		packet_put16(ip + 4, s->sequence);
	}
	memset(tcp, 0, 32);
	packet_put16(tcp, 1000 + s->flow);
	packet_put16(tcp + 2, 80);
	packet_put32(tcp + 4, s->sequence);
	packet_put32(tcp + 8, s->acknowledgement);
	tcp[12] = 0x80;
	tcp[13] = s->flags;
	packet_put16(tcp + 14, 501);
	memcpy(tcp + 20, (const uint8_t[]){ 1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2 }, 12);
	for (uint32_t i = 0; i < s->payload; i++)
		tcp[32 + i] = (uint8_t)(s->sequence + i * 3);
	packet_finish(ip, length);
	to->length[to->count++] = length;
	return ip;
}

/* One frame off the LAN as the kernel would cut it. */
static inline void cut_frame(const struct cw_vnet_hdr *vnet, const uint8_t *frame, uint32_t length)
{
	struct rte_mbuf *m = cw_bench_mbuf(&bench, frame, length, 14);
	struct cw_cut cut;

	CHECK(packet_u16(frame + 12) == (packet_is6(frame + 14) ? 0x86dd : 0x0800));
	CHECK(cw_vnet_to_mbuf(vnet, m, 14));
	m->l3_len = packet_is6(frame + 14) ? 40 : (frame[14] & 15) * 4u & 0x1ff;
	cw_cut_begin(&cut, m);
	while (came.count < PACKETS_MAX && cw_cut_size(&cut) <= PACKET_MAX) {
		memset(came.bytes[came.count], 0, 64);
		uint32_t bytes = cw_cut_next(&cut, came.bytes[came.count]);
		if (bytes == 0)
			break;
		came.length[came.count++] = bytes;
	}
	CHECK(cw_cut_peek(&cut) == 0);
	rte_pktmbuf_free(m);
}

/* Reads all that left for the LAN into `came`. */
static inline void collect(void)
{
	static uint8_t frame[CW_BENCH_FRAME_MAX];
	struct cw_vnet_hdr vnet;
	uint32_t length;

	came.count = frames_out = largest_frame = 0;
	cw_merge_flush(bench.worker);
	while ((length = cw_bench_take(&bench, CW_BENCH_LAN, &vnet, frame)) > 0) {
		cut_frame(&vnet, frame, length);
		frames_out++;
		largest_frame = length > largest_frame ? length : largest_frame;
	}
	CHECK(bench.worker->merge.open_count == 0);
}

static inline void run(void)
{
	for (uint32_t i = 0; i < sent.count; i++) {
		struct cw_onward onward = { .port = CW_BENCH_LAN_PORT, .next_hop = cw_packet_destination(sent.bytes[i]) };
		cw_merge_add(bench.worker, &onward, sent.bytes[i], sent.length[i]);
	}
	collect();
	CHECK(cw_bench_drops(&bench)[0] == 0);
}

/* Of one flow: same addresses, protocol and, but for fragments, ports. */
static inline bool is_one_flow(const uint8_t *a, const uint8_t *b)
{
	if (packet_is6(a) || packet_is6(b))
		return a[0] >> 4 == b[0] >> 4 && memcmp(a + 8, b + 8, 32) == 0 && a[6] == b[6] &&
		       memcmp(a + 40, b + 40, 4) == 0;
	return memcmp(a + 12, b + 12, 8) == 0 && a[9] == b[9] &&
	       memcmp(a + packet_header_len(a), b + packet_header_len(b), 4) == 0;
}

/*
 * Equal but for the id, which says nothing where DF is set (RFC 6864 §4.1) and which a train has
 * one of; the header's checksum covers it.
 */
static inline bool is_equal(const uint8_t *a, const uint8_t *b, uint32_t length)
{
	if (packet_is6(a))
		return memcmp(a, b, length) == 0;
	return memcmp(a, b, 4) == 0 && memcmp(a + 6, b + 6, 4) == 0 &&
	       memcmp(a + 12, b + 12, length - 12) == 0 &&
	       packet_sum(0, b, packet_header_len(b)) == 0xffff;
}

/* Each packet that was sent is the next one of its flow that came. */
static inline void check_all_came(void)
{
	static bool is_taken[PACKETS_MAX];

	memset(is_taken, 0, sizeof(is_taken));
	CHECK(came.count == sent.count);
	for (uint32_t i = 0; i < sent.count; i++) {
		uint32_t next = 0;
		while (next < came.count &&
		       (is_taken[next] || !is_one_flow(sent.bytes[i], came.bytes[next])))
			next++;
		if (!CHECK(next < came.count && came.length[next] == sent.length[i] &&
			   is_equal(sent.bytes[i], came.bytes[next], sent.length[i]))) {
			fprintf(stderr, "  packet %u\n", i);
			return;
		}
		is_taken[next] = true;
	}
}

static inline void expect(uint32_t frames)
{
	run();
	check_all_came();
	if (!CHECK(frames_out == frames))
		fprintf(stderr, "  %u frames instead of %u\n", frames_out, frames);
	sent.count = 0;
}

static inline uint8_t *plain(uint32_t flow, uint32_t sequence, uint32_t payload)
{
	return put_segment(&sent, &(struct segment){ flow, sequence, payload, 7, 0x10 });
}

static inline uint8_t *pushed(uint32_t flow, uint32_t sequence, uint32_t payload)
{
	return put_segment(&sent, &(struct segment){ flow, sequence, payload, 7, 0x18 });
}

#endif
