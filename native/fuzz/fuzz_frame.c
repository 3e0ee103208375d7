/*
 * Fuzzes what the kernel hands over: any offload header over any frame, on each link. Input: link
 * 0–4 in the low bits, 8: make the IPv4 checksum right, 16: the uplink carries 1280 bytes, 32: it has a rate, each way, 64: the
 * segment has a limit u8 |
 * struct cw_vnet_hdr, little-endian | frame. What is sealed of it must open.
 */
#include <string.h>

#include "fuzz_bench.h"
#include "graph/graph.h"
#include "graph/qos.h"
#include "packet.h"

#define HEAD 11
#define FRAME_MAX 65000
#define FINISH 8
#define SMALL_PATH 16
#define SHAPED 32
#define LIMITED 64
#define SHAPED_BPS 100000000ull
#define SMALL_MTU 1280
#define OVERHEAD 68

static uint16_t little(const uint8_t *at)
{
	return (uint16_t)(at[0] | at[1] << 8);
}

static void serve(struct cw_bench *bench, enum cw_bench_link link, struct rte_mbuf *m)
{
	switch (link) {
	case CW_BENCH_LAN:
		cw_receive(bench->worker, bench->ports[CW_BENCH_LAN_PORT]->nic, m);
		break;
	case CW_BENCH_UPLINK:
		cw_receive(bench->worker, bench->ports[CW_BENCH_UPLINK_PORT]->nic, m);
		break;
	case CW_BENCH_SEGMENT:
		cw_classify_segment(bench->worker, 0, m);
		break;
	case CW_BENCH_LAN_TWIN:
		cw_pass_out(bench->worker, bench->ports[CW_BENCH_LAN_PORT], m);
		break;
	default:
		cw_pass_out(bench->worker, bench->ports[CW_BENCH_UPLINK_PORT], m);
		break;
	}
}

/* Schedulers stay, and are in use for some inputs: made anew for each they would cost more than the rest. */
static void shape(struct cw_bench *bench, bool is_shaped, bool is_limited)
{
	static struct cw_ingress *ingress;
	static struct cw_limit *limit;
	struct cw_worker *worker = bench->worker;
	struct cw_program *program = worker->view->program;
	struct cw_port *uplink = bench->ports[CW_BENCH_UPLINK_PORT];

	if (worker->qos[0] == NULL) {
		program->port_programs[CW_BENCH_UPLINK_PORT].up_bps = SHAPED_BPS;
		program->port_programs[CW_BENCH_UPLINK_PORT].down_bps = SHAPED_BPS;
		program->segment_programs[0].up_bps = program->segment_programs[0].down_bps = SHAPED_BPS;
		cw_qos_renew(worker);
		ingress = uplink->ingress;
		limit = worker->limits[0];
	}
	uplink->qos = is_shaped ? worker->qos[0] : NULL;
	uplink->ingress = is_shaped ? ingress : NULL;
	worker->limits[0] = bench->ports[CW_BENCH_LAN_PORT]->limit = is_limited ? limit : NULL;
	worker->limit_count = is_limited;
}

/* Until nothing waits any more, which must be within a second. */
static void let_go(struct cw_bench *bench)
{
	uint32_t turns = 0;

	for (; cw_qos_due_us(bench->worker) != UINT64_MAX && turns < 1000; turns++) {
		bench->worker->now_us += 1000;
		cw_qos_serve(bench->worker);
	}
	FUZZ_NEEDS(turns < 1000);
}

static void check_packet(const uint8_t *ip, uint32_t length)
{
	FUZZ_NEEDS(length >= 20 && packet_is_sound(ip, length));
	FUZZ_NEEDS(packet_u32(ip + (packet_is6(ip) ? 36 : 16)) >> 16 == 0x0a02);
}

/* Whatever is sealed is sound and for the peer, and fits its path; pieces of it come one after the other. */
static void check_sealed(struct cw_bench *bench, uint32_t inner_mtu)
{
	static uint8_t plain[CW_BENCH_FRAME_MAX], whole[CW_BENCH_FRAME_MAX];
	uint32_t length, covered = 0;
	uint8_t type;

	while ((length = cw_bench_hear(bench, &type, plain)) > 0) {
		bool is_piece = plain[0] != 0;
		FUZZ_NEEDS(type == 0xD1 && length >= 28 - 20 * is_piece && length <= 8 + inner_mtu);
		FUZZ_NEEDS(packet_u16(plain + 2) == (packet_is6(plain + 8) || is_piece ? 0x86dd : 0x0800));
		if (!is_piece) {
			FUZZ_NEEDS(covered == 0);
			check_packet(plain + 8, length - 8);
			continue;
		}
		uint32_t word = packet_u16(plain + 14);
		FUZZ_NEEDS(length > 16 && word >> 3 == covered / 8 && covered + length - 16 <= 1280);
		memcpy(whole + covered, plain + 16, length - 16);
		covered += length - 16;
		if ((word & 4) == 0) {
			check_packet(whole, covered);
			covered = 0;
		}
	}
	FUZZ_NEEDS(covered == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cw_bench *bench = cw_fuzz_bench();
	static uint8_t frame[FRAME_MAX];

	if (size < HEAD + 14 || size > HEAD + FRAME_MAX)
		return 0;
	uint32_t length = (uint32_t)(size - HEAD);
	enum cw_bench_link link = (data[0] & 7) % CW_BENCH_LINKS;
	struct cw_vnet_hdr vnet = { data[1],	      data[2],	       little(data + 3),
				    little(data + 5), little(data + 7), little(data + 9) };
	uint16_t l2 = link == CW_BENCH_SEGMENT ? 0 : 14;
	memcpy(frame, data + HEAD, length);
	if (l2 > 0)
		cw_bench_ether(bench, link, frame);
	if (length > l2 && packet_is6(frame + l2) && l2 > 0)
		packet_put16(frame + 12, 0x86dd);
	if (data[0] & FINISH && length >= l2 + 60u && !packet_is6(frame + l2) &&
	    packet_header_len(frame + l2) >= 20)
		packet_finish_ip(frame + l2);
	bench->ports[1]->mtu = data[0] & SMALL_PATH ? SMALL_MTU : CW_BENCH_MTU;
	struct rte_mbuf *m = cw_fuzz_mbuf(frame, length, l2);
	if (cw_vnet_to_mbuf(&vnet, m, l2)) {
		shape(bench, (data[0] & SHAPED) != 0, (data[0] & LIMITED) != 0);
		serve(bench, link, m);
		cw_bench_flush(bench);
		let_go(bench);
		/* From the uplink's twin frames go out as they are. */
		if (link != CW_BENCH_UPLINK_TWIN)
			check_sealed(bench, bench->ports[1]->mtu - OVERHEAD);
	} else {
		rte_pktmbuf_free(m);
	}
	cw_fuzz_settle();
	return 0;
}
