/*
 * What a path carries, on the wire and for packets: probes of their full size and what is in them, how they bring about the
 * size that hosts are told of, that TCP is held to, and into which the rest is cut. When they leave is pmtu_test.c's. The far
 * end answers what fits the path that the test has in mind.
 */
#include "graph/control.h"
#include "graph/mtu-probe.h"
#include "graph/path.h"
#include "seal_packets.h"
#include "table/session.h"

#define STEP_US 5000u
#define SECOND 1000000u
#define IP4_UDP 28
#define OVERHEAD (IP4_UDP + CW_SEALED_OVERHEAD)
#define PATHS 2

static struct cw_path *paths[PATHS];
static uint32_t path_mtu[PATHS]; /* what gets through */
static uint32_t mtu_probes[PATHS];

static uint32_t path_of(const uint8_t *datagram)
{
	for (uint32_t i = 0; i < PATHS; i++) {
		if (paths[i] != NULL && paths[i]->number == datagram[2])
			return i;
	}
	CHECK(false);
	return 0;
}

/* wire.md: the probe's id and size, and as many zeros as make the datagram that large. */
static void check_mtu_probe(const uint8_t *items, uint32_t length)
{
	const uint8_t *outer = bench.frame + 14;
	uint32_t size = packet_u16(items + 8);

	CHECK(packet_u32(items) == 0x08000008 && packet_u16(items + 10) == 0);
	CHECK(size == length + CW_SEALED_HEADER + CW_TAG);
	CHECK(packet_u16(items + 12) == 0 && packet_u16(items + 14) == length - 16);
	for (uint32_t i = 16; i < length; i++)
		CHECK(items[i] == 0);
	/* Whole, by itself, and no router may cut it. */
	CHECK(bench.length == 14 + IP4_UDP + size && packet_u16(outer + 2) == IP4_UDP + size);
	CHECK(packet_u16(outer + 6) == 0x4000 && packet_sum(0, outer, 20) == 0xffff);
}

static void answer(struct cw_path *path, uint8_t *items, uint32_t length)
{
	uint8_t reply[16] = { 0x02, 0, 0, 12 };

	if (items[0] == 0x08) {
		items[0] = 0x09;
		cw_control(bench.worker, bench.keypair, path, items, 12);
	} else if (items[0] == 0x01 && length >= 8) {
		memcpy(reply + 4, items + 4, 4);
		cw_control(bench.worker, bench.keypair, path, reply, sizeof(reply));
	}
}

/* Lets 5 ms pass, in which what fits is answered. */
static void tick(void)
{
	uint8_t type = 0;
	uint32_t length;

	bench.worker->now_us += STEP_US;
	cw_path_look(bench.worker);
	cw_bench_flush(&bench);
	while ((length = cw_bench_hear(&bench, &type, heard)) > 0) {
		uint32_t which = path_of(bench.frame + 14 + IP4_UDP);
		if (type != CW_TYPE_CONTROL)
			continue;
		if (heard[0] == 0x08) {
			check_mtu_probe(heard, length);
			mtu_probes[which]++;
		}
		if (packet_u16(bench.frame + 16) > path_mtu[which])
			continue;
		answer(paths[which], heard, length);
	}
}

static void run(double seconds)
{
	for (uint32_t steps = 0; steps < (uint32_t)(seconds * (SECOND / STEP_US)); steps++)
		tick();
}

/* A small packet of the host, so that the path is active. */
static void use(void)
{
	uint8_t *got;

	make_packet(PACKET_UDP, 20, 100, CW_BENCH_FAR);
	give(NULL, 100);
	CHECK(hear(&got) == 100);
}

static void run_with_data(double seconds)
{
	for (uint32_t i = 0; i < (uint32_t)(seconds * 10); i++) {
		use();
		run(0.1);
	}
}

static uint32_t limit(uint32_t which)
{
	return cw_seal_limit(bench.worker, paths[which]);
}

/* What the host is told about a packet of `length` bytes that may not be cut; 0: it crossed whole. */
static uint32_t told(uint32_t length)
{
	static uint8_t back[CW_BENCH_FRAME_MAX];
	struct cw_vnet_hdr vnet;
	uint8_t *got;

	is6 = false;
	make_packet(PACKET_UDP, 20, length, CW_BENCH_FAR);
	give(NULL, length);
	uint32_t crossed = hear(&got);
	uint32_t size = cw_bench_take(&bench, CW_BENCH_LAN, &vnet, back);
	CHECK((crossed == length && size == 0) || (crossed == 0 && size > 42 && back[14 + 20] == 3));
	CHECK(strcmp(cw_bench_drops(&bench), crossed == 0 ? "too_big 1" : "") == 0);
	return crossed == 0 ? packet_u16(back + 14 + 26) : 0;
}

/* Said before anything was sent, and by one probe made sure of; at rest that is all. */
static void begins_with_what_the_uplink_has(void)
{
	paths[0] = cw_bench_path(&bench);
	path_mtu[0] = CW_BENCH_MTU;
	tick();
	CHECK(paths[0]->limit == CW_BENCH_INNER_MTU && mtu_probes[0] == 1);
	run(20);
	CHECK(mtu_probes[0] == 1 && limit(0) == CW_BENCH_INNER_MTU);
	CHECK(told(CW_BENCH_INNER_MTU) == 0 && told(CW_BENCH_INNER_MTU + 1) == CW_BENCH_INNER_MTU);
}

/* A smaller path is found while data flows; hosts hear of it, and what is smaller crosses. */
static void finds_what_the_path_has(void)
{
	static const uint32_t mtus[] = { 1280, 1124, 1500, 576, 1400 };

	for (size_t i = 0; i < sizeof(mtus) / sizeof(mtus[0]); i++) {
		path_mtu[0] = mtus[i];
		run_with_data(9);
		uint32_t right = mtus[i] - OVERHEAD, found = limit(0);
		CHECK(found <= right && found + CW_PMTU_STEP > right && paths[0]->limit == found);
		bench.worker->now_us += SECOND;
		CHECK(told(found) == 0 && told(found + 1) == found && told(1500) == found);
	}
}

/* To the box itself it is said as if by the far end: it takes nothing over IPv4 that has its own address as source. */
static void tells_the_box(void)
{
	static const struct cw_vnet_hdr none;
	static uint8_t back[CW_BENCH_FRAME_MAX];
	struct cw_vnet_hdr vnet;
	uint8_t *got;

	packet_ip(sent, 20, PACKET_UDP, CW_BENCH_BOX, CW_BENCH_FAR);
	packet_finish(sent, 1400);
	cw_bench_give(&bench, CW_BENCH_SEGMENT, &none, sent, 1400);
	cw_bench_flush(&bench);
	uint32_t size = cw_bench_take(&bench, CW_BENCH_SEGMENT, &vnet, back);
	CHECK(hear(&got) == 0 && strcmp(cw_bench_drops(&bench), "too_big 1") == 0);
	CHECK(size == 576 && packet_u32(back + 12) == CW_BENCH_FAR && packet_u32(back + 16) == CW_BENCH_BOX);
	CHECK(back[20] == 3 && back[21] == 4 && packet_u16(back + 26) == limit(0));
	CHECK(packet_sum(0, back, 20) == 0xffff && packet_sum(0, back + 20, size - 20) == 0xffff);
}

/* IPv6 hosts are told of no less than 1280: so much crosses, in pieces that fit. */
static void cuts_ip6_to_what_the_path_has(void)
{
	uint8_t type = 0;
	uint32_t count = 0, length, covered = 0;

	path_mtu[0] = 1124;
	run_with_data(9);
	tells_the_box();
	is6 = true;
	make_packet(PACKET_UDP, 40, 1280, CW_BENCH_FAR);
	give(NULL, 1280);
	while ((length = cw_bench_hear(&bench, &type, heard)) > 0) {
		CHECK(length + CW_SEALED_HEADER + CW_TAG + IP4_UDP <= 1124 && packet_u16(heard + 2) == 0x86dd);
		covered += length - CW_GENEVE_HEADER - CW_PIECE_OPTION;
		count++;
	}
	CHECK(count == 2 && covered == 1280 && cw_bench_drops(&bench)[0] == 0);
	is6 = false;
}

/* The MSS that a SYN announces once it has crossed. */
static uint32_t mss_sent(void)
{
	uint8_t *got, *tcp = sent + 20;

	make_packet(PACKET_TCP, 20, 44, CW_BENCH_FAR);
	tcp[12] = 0x60;
	tcp[13] = 0x02;
	memcpy(tcp + 20, (const uint8_t[]){ 2, 4, 0x05, 0xb4 }, 4);
	packet_finish(sent, 44);
	give(NULL, 44);
	CHECK(hear(&got) == 44 && packet_is_right(got, 44));
	return packet_u16(got + 20 + 22);
}

/* TCP is held to what all paths take that live, so that no move strands it; a packet is told what its own takes. */
static void holds_tcp_to_the_least(void)
{
	struct cw_way way = paths[0]->way;

	path_mtu[0] = CW_BENCH_MTU;
	run_with_data(9);
	CHECK(mss_sent() == CW_BENCH_INNER_MTU - 40);
	way.remote_port++;
	cw_path_enter(bench.worker, bench.far, &way, true);
	paths[1] = bench.far->paths.list[1];
	path_mtu[1] = 1280;
	paths[1]->flags = CW_PATH_BACKUP;
	run_with_data(3);
	CHECK(bench.far->paths.best == 0 && limit(1) == 1280 - OVERHEAD && limit(0) == CW_BENCH_INNER_MTU);
	CHECK(cw_seal_peer_limit(bench.worker, bench.far) == 1280 - OVERHEAD);
	CHECK(mss_sent() == 1280 - OVERHEAD - 40 && told(CW_BENCH_INNER_MTU) == 0);
	/* The other one carries nothing: asked once, no more. */
	uint32_t probes = mtu_probes[1];
	run_with_data(10);
	CHECK(mtu_probes[1] == probes);
	/* What is down counts no longer. */
	path_mtu[1] = 0;
	run_with_data(15);
	CHECK(paths[1]->live.state == CW_PATH_DOWN && mss_sent() == CW_BENCH_INNER_MTU - 40);
}

/* Without a keypair nothing is sent; the uplink's own MTU counts at once. */
static void follows_the_uplink(void)
{
	atomic_store(&bench.far->current, NULL);
	bench.ports[1]->mtu = 1400;
	run(2);
	CHECK(paths[0]->limit == 1400 - OVERHEAD && limit(0) == 1400 - OVERHEAD);
	atomic_store(&bench.far->current, bench.keypair);
	bench.ports[1]->mtu = 9000;
	path_mtu[0] = 4000;
	run_with_data(6);
	CHECK(limit(0) == 4000 - OVERHEAD && told(3000) == 0 && told(4000) == 4000 - OVERHEAD);
	bench.ports[1]->mtu = CW_BENCH_MTU;
	CHECK(limit(0) == CW_BENCH_INNER_MTU);
}

/* Where buffers are used up no probe leaves: none of it is lost for its size. */
static void what_could_not_leave_is_not_lost(void)
{
	static struct rte_mbuf *taken[4096];
	struct rte_mempool *pools[2] = { bench.engine->pools.small, bench.engine->pools.large };
	uint32_t count = 0, size;

	path_mtu[0] = CW_BENCH_MTU;
	run_with_data(9);
	size = paths[0]->pmtu.size;
	for (uint32_t i = 0; i < 2; i++) {
		while (count < 4096 && (taken[count] = rte_pktmbuf_alloc(pools[i])) != NULL)
			count++;
	}
	for (uint32_t i = 0; i < 100; i++) {
		paths[0]->pmtu.check_us = 0;
		paths[0]->tx_us = bench.worker->now_us;
		cw_mtu_probe(bench.worker, bench.far, bench.keypair, 0);
		CHECK(paths[0]->pmtu.sent_us == 0 && paths[0]->pmtu.lost == 0 && paths[0]->pmtu.size == size);
		bench.worker->now_us += SECOND / 10;
	}
	rte_pktmbuf_free_bulk(taken, count);
	uint32_t probes = mtu_probes[0];
	run_with_data(1);
	CHECK(mtu_probes[0] > probes && paths[0]->pmtu.size == size);
}

int main(int argc, char **argv)
{
	check_begin(argc, argv);
	cw_bench_open(&bench);
	inner_mtu = CW_BENCH_FRAME_MAX;
	begins_with_what_the_uplink_has();
	finds_what_the_path_has();
	cuts_ip6_to_what_the_path_has();
	holds_tcp_to_the_least();
	follows_the_uplink();
	what_could_not_leave_is_not_lost();
	cw_bench_close(&bench);
	return check_result();
}
