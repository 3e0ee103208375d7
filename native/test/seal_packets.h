/*
 * What the tests of sealing share, of the family that `is6` says: frames of a host, what the far end opens, what goes up
 * the twin; and what is the same in both.
 */
#ifndef SEAL_PACKETS_H
#define SEAL_PACKETS_H

#include "check.h"
#include "graph/graph.h"
#include "graph/marks.h"
#include "graph/qos.h"
#include "graph/seal.h"
#include "graph_bench.h"
#include "packet.h"

#define GENEVE 8
#define IP_MAX 65000

static struct cw_bench bench;
static bool is6;
static uint8_t frame[CW_BENCH_FRAME_MAX];
static uint8_t heard[CW_BENCH_FRAME_MAX];
static uint32_t inner_mtu = CW_BENCH_INNER_MTU;

static uint8_t *const sent = frame + 14;

/* A frame of the host with a packet of `length` bytes; random payload, checksums done. */
static inline void make_packet(uint8_t protocol, uint32_t header, uint32_t length, uint32_t destination)
{
	cw_bench_ether(&bench, CW_BENCH_LAN, frame);
	packet_put16(frame + 12, is6 ? 0x86dd : 0x0800);
	(is6 ? packet_ip6 : packet_ip)(sent, header, protocol, CW_BENCH_HOST, destination);
	check_fill(sent + header, length - header);
	if (is6)
		packet_put32(sent, 6u << 28 | check_below(1 << 28));
	else
		packet_put16(sent + 4, (uint32_t)check_random());
	if (protocol == PACKET_TCP) {
		sent[header + 12] = 0x50;
		sent[header + 13] = 0x10;
	}
	packet_finish(sent, length);
}

static inline void set_hops(uint8_t *ip, uint8_t hops)
{
	ip[is6 ? 7 : 8] = hops;
	if (!is6)
		packet_finish_ip(ip);
}

static inline void give(const struct cw_vnet_hdr *vnet, uint32_t length)
{
	static const struct cw_vnet_hdr none;

	cw_bench_give(&bench, CW_BENCH_LAN, vnet == NULL ? &none : vnet, frame, 14 + length);
	cw_bench_flush(&bench);
}

/* The inner packet of the next datagram: its length, 0 for none. Geneve before it says segment and protocol. */
static inline uint32_t hear(uint8_t **packet)
{
	const uint8_t geneve[GENEVE] = { 0, 0, is6 ? 0x86 : 8, is6 ? 0xdd : 0, 0, 0, CW_BENCH_VNI, 0 };
	uint8_t type = 0;
	uint32_t length = cw_bench_hear(&bench, &type, heard);

	if (length == 0)
		return 0;
	CHECK(type == CW_TYPE_DATA && memcmp(heard, geneve, GENEVE) == 0);
	CHECK(length <= GENEVE + inner_mtu);
	*packet = heard + GENEVE;
	return length - GENEVE;
}

static inline bool nothing_left_by(enum cw_bench_link link)
{
	return cw_bench_drain(&bench, link) == 0;
}

static inline void expect_at_twin(const char *what, uint32_t length)
{
	static uint8_t up[CW_BENCH_FRAME_MAX];
	struct cw_vnet_hdr vnet;
	uint32_t size = cw_bench_take(&bench, CW_BENCH_LAN_TWIN, &vnet, up);
	bool is_same = size == 14 + length && memcmp(up, frame, size) == 0;

	if (!CHECK(is_same && cw_bench_drops(&bench)[0] == 0 && nothing_left_by(CW_BENCH_UPLINK)))
		fprintf(stderr, "  %s\n", what);
}

#define PASSES(what, ...)                                                \
	do {                                                             \
		make_packet(PACKET_UDP, is6 ? 40 : 20, 100, CW_BENCH_FAR); \
		__VA_ARGS__;                                             \
		give(NULL, 100);                                         \
		expect_at_twin(what, 100);                               \
	} while (0)

static inline void seals_single_packets(void)
{
	uint8_t *got;

	for (uint32_t i = 0; i < 3000; i++) {
		uint32_t header = is6 ? 40 + 8 * check_below(8) : 20 + 4 * check_below(11);
		uint32_t length = header + 20 + check_below(CW_BENCH_INNER_MTU - header - 19);
		make_packet(check_below(2) ? PACKET_TCP : PACKET_UDP, header, length, CW_BENCH_FAR);
		if (!is6)
			sent[1] = (uint8_t)check_random();
		uint8_t hops = (uint8_t)(2 + check_below(254));
		set_hops(sent, hops);
		give(NULL, length);
		set_hops(sent, hops - 1);
		if (!CHECK(hear(&got) == length && memcmp(got, sent, length) == 0))
			break;
		/* Outside: the inner ECN and the class, and nothing else of the inner header. */
		uint8_t tos = (uint8_t)(is6 ? packet_u32(sent) >> 20 : sent[1]);
		CHECK(bench.frame[15] == (cw_class_dscp[cw_qos_class_of_dscp(tos >> 2)] << 2 | (tos & 3)) && bench.frame[14 + 8] == 64);
		CHECK(packet_sum(0, bench.frame + 14, 20) == 0xffff);
		CHECK(hear(&got) == 0 && cw_bench_drops(&bench)[0] == 0);
	}
}

/* A train's pieces, payloads one after the other, are the train; as few buffers as may be leave. */
static inline void seals_trains(void)
{
	uint8_t *got;

	for (uint32_t i = 0; i < 300; i++) {
		bool is_tcp = check_below(2) != 0;
		uint32_t l3 = is6 ? 40 + 8 * (check_below(3) == 0) : 20, headers = l3 + (is_tcp ? 20 : 8);
		uint32_t segment = 1 + check_below(CW_BENCH_INNER_MTU - headers);
		uint32_t pieces = 2 + check_below(IP_MAX / (segment + 100) > 100 ? 100 : 40);
		uint32_t payload = segment * (pieces - 1) + 1 + check_below(segment);
		if (payload > IP_MAX - headers)
			continue;
		struct cw_vnet_hdr vnet = { CW_VNET_NEEDS_CSUM,
					    !is_tcp ? CW_VNET_GSO_UDP_L4 :
					    is6	    ? CW_VNET_GSO_TCPV6 :
						      CW_VNET_GSO_TCPV4,
					    (uint16_t)(14 + headers), (uint16_t)segment,
					    (uint16_t)(14 + l3), is_tcp ? 16 : 6 };
		make_packet(is_tcp ? PACKET_TCP : PACKET_UDP, l3, headers + payload, CW_BENCH_FAR);
		give(&vnet, headers + payload);
		uint32_t at = headers, count = 0, length;
		while ((length = hear(&got)) > 0 && ++count <= pieces) {
			/* UDP_MAX_SEGMENTS of Linux before 6.9 */
			CHECK((bench.length - 42 + bench.step - 1) / bench.step <= 64);
			CHECK(packet_is_right(got, length) && got[is6 ? 7 : 8] == 63);
			CHECK(!is6 || memcmp(got, sent, 4) == 0);
			CHECK(memcmp(got + headers, sent + at, length - headers) == 0);
			at += length - headers;
		}
		CHECK(count == pieces && at == headers + payload && cw_bench_drops(&bench)[0] == 0);
	}
}

static inline void clamps_the_mss(void)
{
	const uint32_t l3 = is6 ? 40 : 20, addresses = is6 ? 8 : 12;

	for (uint32_t is_partial = 0; is_partial < 2; is_partial++) {
		const struct cw_vnet_hdr vnet = { CW_VNET_NEEDS_CSUM, 0, 0, 0, (uint16_t)(14 + l3), 16 };
		uint8_t *got, *tcp = sent + l3;
		make_packet(PACKET_TCP, l3, l3 + 24, CW_BENCH_FAR);
		tcp[12] = 0x60;
		tcp[13] = 0x02;
		memcpy(tcp + 20, (const uint8_t[]){ 2, 4, 0x05, 0xa0 }, 4);
		packet_finish(sent, l3 + 24);
		if (is_partial) { /* the pseudo header's sum, as the kernel leaves it */
			const uint8_t rest[4] = { 0, PACKET_TCP, 0, 24 };
			uint32_t sum = packet_sum(0, sent + addresses, l3 - addresses);
			packet_put16(tcp + 16, packet_sum(sum, rest, 4));
		}
		give(is_partial ? &vnet : NULL, l3 + 24);
		CHECK(hear(&got) == l3 + 24 && packet_is_right(got, l3 + 24));
		CHECK(packet_u16(got + l3 + 22) == CW_BENCH_INNER_MTU - l3 - 20);
	}
}

#endif
