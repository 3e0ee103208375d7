/*
 * An uplink whose rate is known, in the whole graph: what leaves keeps to it, a call overtakes what waits, trains are cut where the rate
 * says and arrive whole, what the kernel sends shares, what waits too long is marked or counted, and another program loses nothing.
 */
#include <arpa/inet.h>

#include "graph/ip4.h"
#include "graph/qos.h"
#include "seal_packets.h"

/* Needs the bench of the header above. */
#include "kernel_frames.h"
#include "qos_bench.h"

#define RATE_BPS 10000000u
#define OUTER (14 + 28 + CW_SEALED_OVERHEAD)
#define EF 46
#define LE 1

/* A packet of the host's to `port`, of a class and with an ECN field. */
static void give_packet(uint32_t length, uint16_t port, uint8_t dscp, uint8_t ecn)
{
	make_packet(PACKET_UDP, 20, length, CW_BENCH_FAR);
	sent[1] = (uint8_t)(dscp << 2 | ecn);
	packet_finish_ip(sent);
	packet_put16(sent + 20, port);
	packet_put16(sent + 22, port);
	packet_finish(sent, length);
	give(NULL, length);
}

/* Until nothing more is heard: whether what arrives is sound, and for whom. @return bytes on the link */
static uint32_t hear_all(uint32_t *count, uint16_t *first_port)
{
	uint32_t bytes = 0, length;
	uint8_t *got;

	*count = 0;
	while ((length = hear(&got)) > 0) {
		CHECK(packet_is_right(got, length));
		if ((*count)++ == 0)
			*first_port = (uint16_t)packet_u16(got + 22);
		bytes += length + OUTER;
	}
	return bytes;
}

static void keeps_to_its_rate(void)
{
	uint32_t count, all = 0, bytes = 0;
	uint16_t port;

	shape(RATE_BPS);
	for (uint32_t i = 0; i < 100; i++)
		give_packet(1000, (uint16_t)(100 + i), 0, CW_ECN_ECT0);
	CHECK(hear_all(&count, &port) == 0);
	for (uint32_t ms = 0; ms < 70; ms++) {
		pass_us(1000);
		bytes += hear_all(&count, &port);
		all += count;
		CHECK(bytes <= (uint64_t)RATE_BPS / 8000 * (ms + 1) + 1000 + OUTER);
	}
	CHECK(bytes + 1000 + OUTER >= RATE_BPS / 8000 * 70);
	for (uint32_t ms = 0; ms < 40; ms++) {
		pass_us(1000);
		hear_all(&count, &port);
		all += count;
	}
	CHECK(all == 100 && cw_qos_due_us(bench.worker) == UINT64_MAX);
	CHECK(cw_bench_drops(&bench)[0] == 0);
	shape(0);
}

/* What a late worker gave the modem all at once stands there for two seconds, not as long as the link is full. */
static void what_left_late_does_not_stand_for_ever(void)
{
	const int64_t ms_bytes = RATE_BPS / 8000;
	int64_t standing = 0, most = 0;
	uint32_t count;
	uint16_t port;

	shape(RATE_BPS);
	for (uint32_t ms = 0; ms < 2500; ms++) {
		uint32_t passed = ms == 300 ? 4 : 1;
		give_packet(1000, (uint16_t)(100 + ms % 8), 0, CW_ECN_ECT0);
		give_packet(1000, (uint16_t)(100 + ms % 8), 0, CW_ECN_ECT0);
		pass_us(passed * 1000);
		standing = RTE_MAX(0, standing - passed * ms_bytes) + hear_all(&count, &port);
		most = RTE_MAX(most, standing);
	}
	CHECK(most >= 3 * ms_bytes && standing <= 1000 + OUTER + ms_bytes);
	shape(0);
	hear_all(&count, &port);
	cw_bench_drops(&bench);
}

static void a_call_overtakes(void)
{
	uint32_t count;
	uint16_t port = 0;

	shape(RATE_BPS);
	for (uint32_t i = 0; i < 50; i++)
		give_packet(1400, 7, LE, CW_ECN_ECT0);
	pass_us(1);
	give_packet(200, 9, EF, 0);
	hear_all(&count, &port);
	pass_us(1300);
	hear_all(&count, &port);
	CHECK(count == 1 && port == 9);
	pass_us(1000000);
	shape(0);
	hear_all(&count, &port);
	CHECK(cw_bench_drops(&bench)[0] == 0);
}

/* Little by little it leaves, and is what it was. */
static void trains_are_cut_where_the_rate_says(void)
{
	for (uint32_t i = 0; i < 30; i++) {
		uint32_t segment = 100 + check_below(CW_BENCH_INNER_MTU - 140), pieces = 2 + check_below(30);
		uint32_t payload = segment * (pieces - 1) + 1 + check_below(segment), at = 40, left = 0, count = 0, length;
		uint8_t *got;
		if (payload > IP_MAX - 40)
			continue;
		make_packet(PACKET_TCP, 20, 40 + payload, CW_BENCH_FAR);
		/* On a slow link some wait too long, and are to be marked, not lost. */
		sent[1] = CW_ECN_ECT0;
		packet_finish(sent, 40 + payload);
		shape(1000000 + check_below(200000000));
		give(&(struct cw_vnet_hdr){ CW_VNET_NEEDS_CSUM, CW_VNET_GSO_TCPV4, 54, (uint16_t)segment, 34, 16 }, 40 + payload);
		for (uint32_t turn = 0; turn < 1000 && at < 40 + payload; turn++) {
			uint32_t before = count;
			pass_us(500);
			while ((length = hear(&got)) > 0) {
				CHECK(packet_is_right(got, length));
				CHECK(memcmp(got + 40, sent + at, length - 40) == 0);
				at += length - 40;
				count++;
			}
			left += count > before;
		}
		CHECK(count == pieces && at == 40 + payload && left >= 1);
		CHECK(cw_bench_drops(&bench)[0] == 0);
		shape(0);
	}
}

static void marks_what_has_waited_too_long(void)
{
	for (uint32_t is_ect = 0; is_ect < 2; is_ect++) {
		uint32_t marked = 0, all = 0, length, given = 0;
		uint8_t *got;
		shape(1000000);
		for (uint32_t ms = 0; ms < 600; ms++) {
			if (ms % 5 == 0) {
				give_packet(900, 7, 0, is_ect ? CW_ECN_ECT0 : 0);
				given++;
			}
			pass_us(1000);
			while ((length = hear(&got)) > 0) {
				bool is_ce = (got[1] & CW_ECN_MASK) == CW_ECN_CE;
				CHECK(packet_is_right(got, length) && packet_sum(0, got, 20) == 0xffff);
				/* Outside as inside: RFC 6040 §4.1. */
				CHECK(is_ce == ((bench.frame[15] & CW_ECN_MASK) == CW_ECN_CE));
				marked += is_ce;
				all++;
			}
		}
		CHECK(is_ect ? marked > 0 : marked == 0);
		const char *drops = cw_bench_drops(&bench);
		CHECK(is_ect ? drops[0] == 0 : strncmp(drops, "queue_delay ", 12) == 0);
		shape(0);
		while (hear(&got) > 0)
			all++;
		CHECK(is_ect ? all == given : all < given);
	}
}

static void who_floods_is_counted(void)
{
	uint32_t count;
	uint16_t port;

	shape(RATE_BPS);
	for (uint32_t i = 0; i < 400; i++)
		give_packet(1400, 7, 0, 0);
	CHECK(strncmp(cw_bench_drops(&bench), "queue_full ", 11) == 0);
	shape(0);
	hear_all(&count, &port);
	CHECK(count > 50 && cw_bench_drops(&bench)[0] == 0);
	/* The uplink is another one: what waits for the former is lost, and counted too. */
	shape(RATE_BPS);
	give_packet(1400, 7, 0, 0);
	bench.ports[1]->id += 10;
	shape(RATE_BPS);
	CHECK(strcmp(cw_bench_drops(&bench), "tx_down 1") == 0);
	shape(0);
}

static void what_the_kernel_sends_waits_too(void)
{
	static uint8_t got[CW_BENCH_FRAME_MAX];
	struct cw_vnet_hdr vnet;
	uint32_t bytes = 0, size;

	shape(RATE_BPS);
	for (uint32_t i = 0; i < 40; i++)
		give_kernel(0x0800, 4000, 0, 1000, NULL);
	/* But for what the link itself needs: the overlay's own, and what is not IP. */
	CHECK(cw_bench_drain(&bench, CW_BENCH_UPLINK) == 0);
	size = give_kernel(0x0806, 0, 0, 60, NULL);
	CHECK(cw_bench_take(&bench, CW_BENCH_UPLINK, &vnet, got) == size && memcmp(got, frame, size) == 0);
	size = give_kernel(0x0800, CW_BENCH_PORT, 0, 100, NULL);
	CHECK(cw_bench_take(&bench, CW_BENCH_UPLINK, &vnet, got) == size && memcmp(got, frame, size) == 0);
	give_kernel(0x0800, 4001, EF, 200, NULL);
	pass_us(400);
	CHECK(cw_bench_take(&bench, CW_BENCH_UPLINK, &vnet, got) == 214 && memcmp(got, frame, 214) == 0);
	for (uint32_t ms = 0; ms < 20; ms++) {
		pass_us(1000);
		while ((size = cw_bench_take(&bench, CW_BENCH_UPLINK, &vnet, got)) > 0)
			bytes += size;
	}
	CHECK(bytes >= 20 * RATE_BPS / 8000 - 2000 && bytes <= 20 * RATE_BPS / 8000 + 2000);
	shape(0);
	cw_bench_drain(&bench, CW_BENCH_UPLINK);
	CHECK(cw_bench_drops(&bench)[0] == 0);
}

static void the_kernels_trains_are_cut_too(void)
{
	static uint8_t got[CW_BENCH_FRAME_MAX];
	struct cw_vnet_hdr vnet, train = { CW_VNET_NEEDS_CSUM, CW_VNET_GSO_TCPV4, 54, 1000, 34, 16 };
	uint32_t at = 40, size, frames = 0;

	shape(RATE_BPS);
	give_kernel(0x0800, 4000, 0, 40 + 20500, &train);
	for (uint32_t ms = 0; ms < 40; ms++) {
		pass_us(1000);
		while ((size = cw_bench_take(&bench, CW_BENCH_UPLINK, &vnet, got)) > 0) {
			CHECK(size <= 14 + 1040 && memcmp(got, frame, 14) == 0 && packet_is_right(got + 14, size - 14));
			CHECK(memcmp(got + 54, sent + at, size - 54) == 0);
			at += size - 54;
			frames++;
		}
	}
	CHECK(frames == 21 && at == 40 + 20500);
	/* A link that takes it in a millisecond gets it whole. */
	shape(1000000000);
	size = give_kernel(0x0800, 4000, 0, 40 + 20500, &train);
	pass_us(1000);
	CHECK(cw_bench_take(&bench, CW_BENCH_UPLINK, &vnet, got) == size && memcmp(got, frame, size) == 0);
	shape(0);
	CHECK(cw_bench_drops(&bench)[0] == 0);
}

/* Whatever the rate has room for. */
static void half_of_the_large_buffers_wait_at_most(void)
{
	struct cw_vnet_hdr train = { CW_VNET_NEEDS_CSUM, CW_VNET_GSO_TCPV4, 54, 1000, 34, 16 };
	struct rte_mempool *large = bench.worker->engine->pools.large;
	uint32_t before = rte_mempool_in_use_count(large);

	shape(1000000000);
	for (uint32_t i = 0; i < 2 * large->size; i++)
		give_kernel(0x0800, (uint16_t)(4000 + i % 3), 0, 40 + 3000, &train);
	uint32_t waiting = rte_mempool_in_use_count(large) - before;
	CHECK(waiting > large->size / 4 && waiting <= large->size / 2);
	CHECK(strncmp(cw_bench_drops(&bench), "queue_full ", 11) == 0);
	shape(0);
	cw_bench_drain(&bench, CW_BENCH_UPLINK);
	/* Some ports keep one for what comes next. */
	CHECK(rte_mempool_in_use_count(large) <= before + CW_BENCH_LINKS);
	CHECK(cw_bench_drops(&bench)[0] == 0);
}

/* Trains of a stranger, which wait on their way in as long as there is room. */
static void flood_from_outside(void)
{
	const struct cw_vnet_hdr train = { CW_VNET_NEEDS_CSUM, CW_VNET_GSO_TCPV4, 54, 1000, 34, 16 };
	static uint8_t frame[14 + 40 + 3000];

	for (uint32_t i = 0; i < bench.worker->engine->pools.large->size; i++) {
		cw_bench_ether(&bench, CW_BENCH_UPLINK, frame);
		packet_ip(frame + 14, 20, PACKET_TCP, 0x08080808, CW_BENCH_WAN);
		packet_put16(frame + 34, (uint16_t)(i % 5));
		frame[46] = 0x50;
		packet_finish(frame + 14, 40 + 3000);
		cw_bench_give(&bench, CW_BENCH_UPLINK, &train, frame, sizeof(frame));
	}
}

static void a_flood_of_downloads_costs_uploads_nothing(void)
{
	struct cw_vnet_hdr train = { CW_VNET_NEEDS_CSUM, CW_VNET_GSO_TCPV4, 54, 1000, 34, 16 };
	struct cw_port_program *uplink = &bench.worker->view->program->port_programs[CW_BENCH_UPLINK_PORT];

	uplink->down_bps = 10000000000;
	uplink->internet_percent = 100;
	shape(1000000000);
	flood_from_outside();
	CHECK(strncmp(cw_bench_drops(&bench), "ingress_full ", 13) == 0);
	for (uint32_t i = 0; i < 20; i++)
		give_kernel(0x0800, (uint16_t)(4000 + i), 0, 40 + 3000, &train);
	CHECK(cw_bench_drops(&bench)[0] == 0);
	uplink->down_bps = 0;
	shape(0);
	cw_bench_drain(&bench, CW_BENCH_UPLINK);
	cw_bench_drain(&bench, CW_BENCH_UPLINK_TWIN);
	CHECK(cw_bench_drops(&bench)[0] == 0);
}

/* The session ends, or the path: what waits for it is counted, and nobody is hurt. */
static void what_it_waits_for_may_go(void)
{
	uint32_t count;
	uint16_t port;

	shape(RATE_BPS);
	for (uint32_t i = 0; i < 20; i++)
		give_packet(1000, (uint16_t)i, 0, 0);
	atomic_store(&bench.far->current, NULL);
	pass_us(1000);
	CHECK(strncmp(cw_bench_drops(&bench), "no_session ", 11) == 0);
	atomic_store(&bench.far->current, bench.keypair);
	pass_us(3000);
	hear_all(&count, &port);
	CHECK(count > 0);
	/* With some still waiting the bench is closed: no buffer may be lost. */
}

int main(int argc, char **argv)
{
	check_begin(argc, argv);
	cw_bench_open(&bench);
	keeps_to_its_rate();
	what_left_late_does_not_stand_for_ever();
	a_call_overtakes();
	trains_are_cut_where_the_rate_says();
	marks_what_has_waited_too_long();
	who_floods_is_counted();
	what_the_kernel_sends_waits_too();
	the_kernels_trains_are_cut_too();
	half_of_the_large_buffers_wait_at_most();
	a_flood_of_downloads_costs_uploads_nothing();
	what_it_waits_for_may_go();
	cw_bench_close(&bench);
	return check_result();
}
