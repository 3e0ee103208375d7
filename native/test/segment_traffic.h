/*
 * Traffic of a segment that may be limited, on the bench of policy_traffic.h: what its LAN sends, what the kernel and another site send it,
 * and what comes out. A test program includes this once.
 */
#ifndef SEGMENT_TRAFFIC_H
#define SEGMENT_TRAFFIC_H

#include "check.h"
#include "graph/graph.h"
#include "graph/ip4.h"
#include "graph/qos.h"
#include "graph/seal.h"
#include "packet.h"
#include "policy_traffic.h"
#include "table/view.h"
#include "worker.h"

#define UP_BPS 5000000u
#define DOWN_BPS 8000000u
#define UP_MS (UP_BPS / 8000) /* bytes of a millisecond */
#define DOWN_MS (DOWN_BPS / 8000)
#define EF 46
#define HOST2 (CW_BENCH_HOST + 1)

static const struct cw_vnet_hdr none;
static uint8_t got[CW_BENCH_FRAME_MAX];
static struct cw_vnet_hdr got_vnet;
static uint8_t *const packet = frame + 14;
static uint32_t counter = 100; /* the first ones are those of policy_traffic.c */

static inline void limit(uint64_t up_bps, uint64_t down_bps)
{
	struct cw_segment_program *p = &bench.worker->view->program->segment_programs[0];

	p->up_bps = up_bps;
	p->down_bps = down_bps;
	cw_bench_changed(&bench);
	cw_qos_renew(bench.worker);
	cw_bench_flush(&bench);
}

static inline void pass_us(uint32_t us)
{
	bench.worker->now_us += us;
	cw_qos_serve(bench.worker);
}

static inline void make(uint8_t protocol, uint32_t source, uint32_t destination, uint32_t length, uint16_t port, uint8_t class)
{
	cw_bench_ether(&bench, CW_BENCH_LAN, frame);
	packet_ip(packet, 20, protocol, source, destination);
	packet[1] = class;
	check_fill(packet + 20, length - 20);
	packet_put16(packet + 20, port);
	packet_put16(packet + 22, 443);
	if (protocol == PACKET_TCP) {
		packet[32] = 0x50;
		packet[33] = 0x10;
		packet_put16(packet + 38, 0);
	}
	packet_finish(packet, length);
}

static inline void from_lan(uint32_t destination, uint32_t length, uint16_t port, uint8_t class)
{
	make(PACKET_UDP, CW_BENCH_HOST, destination, length, port, class);
	cw_bench_give(&bench, CW_BENCH_LAN, &none, frame, 14 + length);
	cw_bench_flush(&bench);
}

/* The kernel sends it into the LAN, from wherever it is. */
static inline void from_kernel(uint32_t source, uint32_t length, uint16_t port, uint8_t class)
{
	make(PACKET_UDP, source, CW_BENCH_HOST, length, port, class);
	cw_bench_give(&bench, CW_BENCH_LAN_TWIN, &none, frame, 14 + length);
}

static inline void from_far(uint32_t length, uint16_t port, uint8_t class)
{
	static uint8_t plain[2048], datagram[2100];

	make(PACKET_UDP, CW_BENCH_FAR, CW_BENCH_HOST, length, port, class);
	memset(plain, 0, 8);
	packet_put16(plain + 2, 0x0800);
	packet_put32(plain + 4, CW_BENCH_VNI << 8);
	memcpy(plain + 8, packet, length);
	uint32_t size = cw_bench_seal(&bench, CW_TYPE_DATA, counter++, plain, 8 + length, datagram);
	cw_open(bench.worker, datagram, size, 0);
	cw_bench_flush(&bench);
}

/* IP bytes of all that is sealed for `far`. */
static inline uint32_t hear_all(uint32_t *count)
{
	uint32_t bytes = 0, length;
	uint8_t type;

	*count = 0;
	while ((length = cw_bench_hear(&bench, &type, got)) > 0) {
		CHECK(type == CW_TYPE_DATA && packet_is_right(got + 8, length - 8));
		bytes += length - 8;
		++*count;
	}
	return bytes;
}

/* And of all that goes by another link. */
static inline uint32_t take_all(enum cw_bench_link link, uint32_t *count)
{
	uint32_t bytes = 0, size;

	*count = 0;
	while ((size = cw_bench_take(&bench, link, &got_vnet, got)) > 0) {
		CHECK(packet_is_right(got + 14, size - 14));
		bytes += size - 14;
		++*count;
	}
	return bytes;
}

static inline bool nothing_lost(void)
{
	return cw_bench_drops(&bench)[0] == 0;
}

#endif
