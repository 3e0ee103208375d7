/*
 * What comes from the Internet by an uplink whose rate inwards is known, in the whole graph: it waits and keeps to its part, what is the
 * overlay's never waits and takes from that part all but the least share, what the link needs passes, trains come up in pieces.
 */
#include "check.h"
#include "graph/ip4.h"
#include "graph/qos.h"
#include "graph/train.h"
#include "overlay_traffic.h"
#include "packet.h"

#define DOWN_BPS 10000000u
#define STRANGER 0x08080808
#define MS_BYTES (DOWN_BPS / 8000) /* of a millisecond */

static uint8_t *const frame = cw_test_frame;
static uint8_t *const packet = cw_test_frame + 14;
static uint8_t got[CW_BENCH_FRAME_MAX];
static struct cw_vnet_hdr got_vnet;
static const struct cw_vnet_hdr none;

static void shape(uint64_t bps, uint8_t percent)
{
	bench.worker->view->program->port_programs[CW_BENCH_UPLINK_PORT].down_bps = bps;
	bench.worker->view->program->port_programs[CW_BENCH_UPLINK_PORT].internet_percent = percent;
	cw_bench_changed(&bench);
	cw_qos_renew(bench.worker);
}

static void pass_us(uint32_t us)
{
	bench.worker->now_us += us;
	cw_qos_serve(bench.worker);
}

/* A packet of a stranger's for the box, which has no such port, or for a host behind its NAT; `frame` has it. */
static void make(uint8_t protocol, uint32_t length, uint16_t from, uint16_t to, uint8_t ecn)
{
	cw_bench_ether(&bench, CW_BENCH_UPLINK, frame);
	packet_ip(packet, 20, protocol, STRANGER, CW_BENCH_WAN);
	packet[1] = ecn;
	check_fill(packet + 20, length - 20);
	packet_put16(packet + 20, from);
	packet_put16(packet + 22, to);
	if (protocol == PACKET_TCP) {
		packet[32] = 0x50;
		packet[33] = 0x10;
	}
	packet_finish(packet, length);
}

static void give(uint32_t length, const struct cw_vnet_hdr *vnet)
{
	cw_test_give_frame(vnet == NULL ? &none : vnet, 14 + length);
}

static void give_udp(uint32_t length, uint16_t from, uint8_t ecn)
{
	make(PACKET_UDP, length, from, 40000, ecn);
	give(length, NULL);
}

static uint32_t come_up(void)
{
	return cw_bench_take(&bench, CW_BENCH_UPLINK_TWIN, &got_vnet, got);
}

/* Until nothing more does. @return bytes of the frames */
static uint32_t all_come_up(uint32_t *count)
{
	uint32_t bytes = 0, size;

	*count = 0;
	while ((size = come_up()) > 0) {
		CHECK(packet_is_right(got + 14, size - 14));
		bytes += size;
		++*count;
	}
	return bytes;
}

static bool nothing_lost(void)
{
	return cw_bench_drops(&bench)[0] == 0;
}

static void downloads_keep_to_their_part(void)
{
	uint32_t count, all = 0, bytes = 0;

	shape(DOWN_BPS, 50);
	for (uint32_t i = 0; i < 60; i++)
		give_udp(986, (uint16_t)(100 + i), CW_ECN_ECT0);
	CHECK(all_come_up(&count) == 0 && cw_qos_due_us(bench.worker) <= bench.worker->now_us);
	for (uint32_t ms = 0; ms < 60; ms++) {
		pass_us(1000);
		bytes += all_come_up(&count);
		all += count;
		CHECK(bytes <= MS_BYTES / 2 * (ms + 1) + 1000);
	}
	CHECK(bytes + 1000 >= MS_BYTES / 2 * 60);
	for (uint32_t ms = 0; ms < 60; ms++) {
		CHECK(cw_qos_due_us(bench.worker) == UINT64_MAX || cw_qos_due_us(bench.worker) <= bench.worker->now_us + 2000);
		pass_us(1000);
		all_come_up(&count);
		all += count;
	}
	CHECK(all == 60 && cw_qos_due_us(bench.worker) == UINT64_MAX && nothing_lost());
	shape(0, 50);
}

/* It is opened at once, and what waits goes on waiting for as long as it took, 5 ms here. */
static void what_is_sealed_never_waits(void)
{
	uint32_t count;

	shape(DOWN_BPS, 100);
	for (uint32_t i = 0; i < 50; i++)
		give_udp(1486, (uint16_t)(100 + i % 3), CW_ECN_ECT0);
	for (uint32_t i = 0; i < 5; i++) {
		struct datagram d = cw_test_sealed(1110);
		cw_test_receive(&d);
		CHECK(cw_bench_drain(&bench, CW_BENCH_LAN) == 1);
	}
	for (uint32_t ms = 0; ms < 5; ms++)
		pass_us(1000);
	CHECK(all_come_up(&count) <= 1500);
	pass_us(2000);
	CHECK(all_come_up(&count) > 0);
	shape(0, 100);
	all_come_up(&count);
	CHECK(nothing_lost());
}

/* What they get in two seconds, in percent of the rate, while the overlay sends `bytes` each millisecond, and they as much as goes. */
static uint32_t share_beside(uint32_t bytes)
{
	uint32_t count, got_bytes = 0, waiting = 0;

	shape(DOWN_BPS, 100);
	for (uint32_t ms = 0; ms < 2000; ms++) {
		struct datagram d = cw_test_sealed(bytes - 110);
		cw_test_receive(&d);
		CHECK(cw_bench_drain(&bench, CW_BENCH_LAN) == 1);
		for (; waiting < 8; waiting++)
			give_udp(986, (uint16_t)(100 + waiting), CW_ECN_ECT0);
		pass_us(1000);
		got_bytes += all_come_up(&count);
		waiting -= count;
		/* What it owes the link stays within what a burst is. */
		CHECK(cw_qos_due_us(bench.worker) <= bench.worker->now_us + 17000);
	}
	shape(0, 100);
	all_come_up(&count);
	CHECK(nothing_lost());
	return got_bytes / (20 * MS_BYTES);
}

static void downloads_have_the_rest_and_the_least_share(void)
{
	uint32_t half = share_beside(MS_BYTES / 2), least = share_beside(MS_BYTES + 100);

	CHECK(half >= 48 && half <= 52);
	CHECK(least >= 4 && least <= 6);
}

static void passes(const char *what, uint32_t length)
{
	give(length, NULL);
	uint32_t size = come_up();
	if (!CHECK(size == 14 + length && memcmp(got, frame, size) == 0))
		fprintf(stderr, "  %s\n", what);
}

/* Of 64 bytes; `type` of ICMPv6. */
static void make6(uint8_t protocol, const uint8_t source[16], const uint8_t destination[16], uint8_t type, uint8_t hops)
{
	cw_bench_ether(&bench, CW_BENCH_UPLINK, frame);
	packet_put16(frame + 12, 0x86dd);
	packet_ip6(packet, 40, protocol, STRANGER, CW_BENCH_WAN);
	memcpy(packet + 8, source, 16);
	memcpy(packet + 24, destination, 16);
	memset(packet + 40, 0, 24);
	packet[7] = hops;
	packet[40] = type;
	packet_finish(packet, 64);
}

static void what_the_link_needs_passes(void)
{
	static const uint8_t router[16] = { 0xfe, 0x80, [15] = 1 }, group[16] = { 0xff, 2, [15] = 1 };
	static const uint8_t global[16] = { 0x20, 1, 0xd, 0xb8, [15] = 2 };
	shape(DOWN_BPS, 100);
	bench.worker->now_us += 10000000;
	for (uint32_t i = 0; i < 40; i++)
		give_udp(986, 7, CW_ECN_ECT0);
	CHECK(come_up() == 0);

	make(PACKET_UDP, 300, 67, 68, 0);
	passes("DHCP", 300);
	packet_put16(frame + 12, 0x0806);
	passes("ARP", 300);
	make6(58, router, group, 134, 255);
	passes("a router's advertisement", 64);
	make6(58, global, global, 135, 255);
	passes("a neighbour's solicitation by its own address", 64);
	make6(PACKET_UDP, router, global, 0, 64);
	packet_put16(packet + 40, 547);
	packet_put16(packet + 42, 546);
	packet_finish(packet, 64);
	passes("DHCPv6", 64);
	/* Neither does it need an echo, or what comes from behind a router, nor a flood of what it does. */
	make6(58, global, global, 135, 254);
	give(64, NULL);
	make6(58, global, global, 128, 255);
	give(64, NULL);
	CHECK(come_up() == 0);
	for (uint32_t length = 300; length <= 1400; length += 1100) {
		bench.worker->now_us += 1000000;
		make(PACKET_UDP, length, 67, 68, 0);
		for (uint32_t i = 0; i < 100; i++)
			give(length, NULL);
		uint32_t passed = cw_bench_drain(&bench, CW_BENCH_UPLINK_TWIN);
		CHECK(passed * (length + 14) > 16384 - 1414 && passed * (length + 14) <= 16384);
		for (uint32_t ms = 0; ms < 200; ms++)
			pass_us(1000);
		CHECK(cw_bench_drain(&bench, CW_BENCH_UPLINK_TWIN) + passed == (length == 300 ? 142 : 100));
	}
	CHECK(nothing_lost());
	shape(0, 100);
}

/* In pieces where a millisecond of the rate is less, whole where it is not. */
static void trains_come_in_pieces(void)
{
	const struct cw_vnet_hdr vnet = { CW_VNET_NEEDS_CSUM, CW_VNET_GSO_TCPV4, 54, 1000, 34, 16 };
	static const uint64_t rates[] = { 10000000, 40000000, 1000000000 };

	for (uint32_t i = 0; i < 3; i++) {
		uint32_t at = 40, frames = 0, size;
		shape(rates[i], 100);
		make(PACKET_TCP, 40 + 20500, 443, 40000, CW_ECN_ECT0);
		give(40 + 20500, &vnet);
		for (uint32_t ms = 0; ms < 40; ms++) {
			while ((size = come_up()) > 0) {
				bool is_whole = size > 1054;
				CHECK(is_whole ? memcmp(got, frame, size) == 0 : packet_is_right(got + 14, size - 14));
				CHECK(memcmp(got, frame, 14) == 0 && memcmp(got + 54, packet + at, size - 54) == 0);
				CHECK(is_whole == (got_vnet.gso_type != 0));
				at += size - 54;
				frames += is_whole ? 21 : 1;
			}
			CHECK(frames * 1054ull <= RTE_MAX(rates[i] / 8000, 1514u) + rates[i] / 8000 * ms);
			pass_us(1000);
		}
		CHECK(frames == 21 && at == 40 + 20500 && nothing_lost());
		shape(0, 100);
	}
}

/* Headers of something inside: it waits as one, and comes up as it came. */
static void a_tunnels_train_is_not_cut(void)
{
	const struct cw_vnet_hdr vnet = { CW_VNET_NEEDS_CSUM, CW_VNET_GSO_TCPV4, 78, 1000, 58, 16 };
	uint32_t length = 64 + 5000, size = 0;

	shape(DOWN_BPS, 100);
	give_udp(986, 7, 0);
	make(PACKET_UDP, length, 7, 7, 0);
	packet[9] = 47;
	packet_finish_ip(packet);
	memset(packet + 44, 0, 20);
	packet[56] = 0x50;
	give(length, &vnet);
	CHECK(come_up() == 0);
	pass_us(1000);
	CHECK(come_up() == 1000);
	for (uint32_t ms = 0; ms < 10 && size == 0; ms++) {
		pass_us(1000);
		size = come_up();
	}
	CHECK(size == 14 + length && memcmp(got, frame, size) == 0 && got_vnet.gso_size == 1000);
	CHECK(nothing_lost());
	shape(0, 100);
}

static void who_sends_too_much_hears_of_it(void)
{
	for (uint32_t is_ect = 0; is_ect < 2; is_ect++) {
		uint32_t marked = 0, all = 0, size, given = 0;
		shape(1000000, 100);
		for (uint32_t ms = 0; ms < 600; ms++) {
			if (ms % 5 == 0) {
				give_udp(900, 7, is_ect ? CW_ECN_ECT0 : 0);
				given++;
			}
			pass_us(1000);
			while ((size = come_up()) > 0) {
				CHECK(packet_is_right(got + 14, size - 14));
				marked += (got[15] & CW_ECN_MASK) == CW_ECN_CE;
				all++;
			}
		}
		CHECK(is_ect ? marked > 0 : marked == 0);
		/* What is lost here has crossed the link, too. */
		CHECK((all + bench.worker->drops[CW_DROP_INGRESS_DELAY]) * 914 <= 600 * 125 + 2 * 914);
		const char *drops = cw_bench_drops(&bench);
		CHECK(is_ect ? drops[0] == 0 : strncmp(drops, "ingress_delay ", 14) == 0);
		shape(0, 100);
		while (come_up() > 0)
			all++;
		CHECK(is_ect ? all == given : all < given);
		cw_bench_drops(&bench);
	}
}

static void who_floods_is_counted(void)
{
	shape(DOWN_BPS, 100);
	for (uint32_t i = 0; i < 800; i++)
		give_udp(1486, 7, 0);
	CHECK(strncmp(cw_bench_drops(&bench), "ingress_full ", 13) == 0);
	/* Who is quiet is not harmed by it. */
	give_udp(100, 8, 0);
	pass_us(3000);
	uint32_t size;
	while ((size = come_up()) > 0 && size != 114)
		;
	CHECK(size == 114);
	shape(0, 100);
	cw_bench_drain(&bench, CW_BENCH_UPLINK_TWIN);
	cw_bench_drops(&bench);
}

static void another_program_loses_nothing(void)
{
	uint32_t count, all = 0;

	shape(DOWN_BPS, 100);
	for (uint32_t i = 0; i < 60; i++) {
		give_udp(986, (uint16_t)(100 + i), CW_ECN_ECT0);
		if (i % 10 == 9)
			shape(DOWN_BPS / (i % 4 + 1), (uint8_t)(50 + i % 50));
		pass_us(500);
		all_come_up(&count);
		all += count;
	}
	CHECK(all < 60);
	shape(0, 100);
	all_come_up(&count);
	CHECK(all + count == 60 && nothing_lost() && bench.ports[1]->ingress == NULL);
	give_udp(986, 7, 0);
	CHECK(come_up() == 1000);
	/* The uplink is another one: what waits for the former is lost, and counted. */
	shape(DOWN_BPS, 100);
	give_udp(986, 7, 0);
	bench.ports[1]->id += 10;
	shape(DOWN_BPS, 100);
	CHECK(strcmp(cw_bench_drops(&bench), "tx_down 1") == 0);
	shape(0, 100);
}

/* Of either kind no more wait than half. */
static void half_of_the_buffers_are_for_others(void)
{
	const struct cw_vnet_hdr vnet = { CW_VNET_NEEDS_CSUM, CW_VNET_GSO_TCPV4, 54, 1000, 34, 16 };
	struct cw_pools *pools = &bench.engine->pools;
	uint32_t before = rte_mempool_in_use_count(pools->large);

	shape(10000000000, 100);
	for (uint32_t i = 0; i < 2 * pools->large->size; i++) {
		make(PACKET_TCP, 40 + 3000, (uint16_t)(i % 5), 40000, 0);
		give(40 + 3000, &vnet);
	}
	CHECK(rte_mempool_in_use_count(pools->large) - before <= pools->large->size / 2);
	for (uint32_t i = 0; i < 2 * pools->small->size; i++)
		give_udp(100, (uint16_t)i, 0);
	CHECK(rte_mempool_in_use_count(pools->small) <= pools->small->size / 2 + CW_BENCH_LINKS);
	CHECK(strncmp(cw_bench_drops(&bench), "ingress_full ", 13) == 0);
	/* The bench is closed with some still waiting: no buffer may be lost. */
}

int main(int argc, char **argv)
{
	check_begin(argc, argv);
	cw_bench_open(&bench);
	downloads_keep_to_their_part();
	what_is_sealed_never_waits();
	downloads_have_the_rest_and_the_least_share();
	what_the_link_needs_passes();
	trains_come_in_pieces();
	a_tunnels_train_is_not_cut();
	who_sends_too_much_hears_of_it();
	who_floods_is_counted();
	another_program_loses_nothing();
	half_of_the_buffers_are_for_others();
	cw_bench_close(&bench);
	return check_result();
}
