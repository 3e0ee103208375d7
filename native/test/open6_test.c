/*
 * What becomes of an opened IPv6 packet, and of one that comes in pieces: Geneve, source, ECN, hop
 * limit and destination, each right and wrong, sealed by the far end and read where it must come out.
 */
#include "open_packets.h"

#define OPTION 8

static void checks_the_inner_packet(void)
{
	struct plain p = good();

	expect_on_lan(&p, 0, 0, "good");
	p.length += 30;
	expect_on_lan(&p, 0, 0, "padding");
	for (uint32_t length = GENEVE; length < GENEVE + 148; length++)
		DROPS("inner_malformed", p.length = length);
	DROPS("inner_malformed", packet_put16(p.bytes + 2, 0x0800));
	DROPS("inner_malformed", ip_of(&p)[0] = 0x45, packet_finish_ip(ip_of(&p)));
	DROPS("inner_malformed", ip_of(&p)[0] = 0x75);
	DROPS("inner_malformed", packet_put16(ip_of(&p) + 4, 109));
	DROPS("geneve", packet_put16(p.bytes + 2, 0x86de));
	DROPS("inner_segment", p.bytes[6]++);
	/* From a peer comes only what its own prefixes hold, and nothing of a link. */
	DROPS("inner_source", packet_put32(ip_of(&p) + 20, CW_BENCH_OTHER));
	DROPS("inner_source", packet_put32(ip_of(&p) + 20, CW_BENCH_HOST));
	DROPS("inner_source", packet_put16(ip_of(&p) + 8, 0x2001));
	DROPS("link_scope", packet_put16(ip_of(&p) + 8, 0xfe80));
	DROPS("link_scope", packet_put16(ip_of(&p) + 24, 0xfe80));
	DROPS("link_scope", packet_put16(ip_of(&p) + 24, 0xff02));
	DROPS("link_scope", memset(ip_of(&p) + 8, 0, 16));
	DROPS("no_route", packet_put16(ip_of(&p) + 24, 0x2001));
	DROPS("transit", packet_put32(ip_of(&p) + 36, CW_BENCH_OTHER));
}

static void routes_what_is_allowed(void)
{
	struct plain p = plain_packet(0, 10, CW_BENCH_FAR, CW_BENCH_BOX);

	/* The box's own address: up the segment's twin, hop limit as it came. */
	open_plain(&p, 0);
	CHECK(came_out(CW_BENCH_SEGMENT, 0) == 58 && memcmp(frame, ip_of(&p), 58) == 0);
	for (uint8_t hops = 0; hops < 2; hops++) {
		p = good();
		ip_of(&p)[7] = hops;
		open_plain(&p, 0);
		CHECK(came_out(CW_BENCH_SEGMENT, 0) == 148 && frame[7] == hops);
	}
	p = plain_packet(0, 10, CW_BENCH_FAR, 0x0a090001);
	open_plain(&p, 0);
	CHECK(came_out(CW_BENCH_LAN, 14) == 58 && frame[5] == 19);
	/* What does not fit the LAN is the kernel's to answer, for nobody may cut it. */
	bench.ports[0]->mtu = 147;
	p = good();
	open_plain(&p, 0);
	CHECK(came_out(CW_BENCH_SEGMENT, 0) == 148 && memcmp(frame, ip_of(&p), 148) == 0);
	CHECK(cw_bench_drops(&bench)[0] == 0);
	bench.ports[0]->mtu = CW_BENCH_MTU;
}

/* `bytes` of a packet from `at` on, as wire.md has a piece. */
static struct plain piece_of(struct plain *whole, uint16_t id, uint32_t at, uint32_t bytes)
{
	struct plain p = { .length = GENEVE + OPTION + bytes };
	uint32_t total = whole->length - GENEVE;

	memcpy(p.bytes, whole->bytes, GENEVE);
	p.bytes[0] = OPTION / 4;
	p.bytes[1] = 0x40;
	packet_put32(p.bytes + 8, 0xffca8201);
	packet_put16(p.bytes + 12, id);
	packet_put16(p.bytes + 14, at | (at + bytes < total ? 4 : 0));
	memcpy(p.bytes + GENEVE + OPTION, ip_of(whole) + at, bytes);
	return p;
}

static void puts_pieces_together(void)
{
	uint64_t before = bench.far->rx_packets;

	for (uint32_t i = 0; i < 2000; i++) {
		struct plain whole = plain_packet(0, 16 + check_below(1217), CW_BENCH_FAR, CW_BENCH_HOST);
		uint32_t total = whole.length - GENEVE, most = 2 + check_below(3);
		uint32_t step = ((total + most - 1) / most + 7) & ~7u, count = (total + step - 1) / step;
		uint8_t inner = (uint8_t)check_below(4), outer = 0;
		packet_put32(ip_of(&whole), 6u << 28 | (uint32_t)inner << 20);
		uint32_t first = check_below(count);
		for (uint32_t n = 0; n < count; n++) {
			uint32_t at = (first + n) % count * step;
			struct plain p = piece_of(&whole, (uint16_t)i, at,
						  total - at < step ? total - at : step);
			uint8_t tos = check_below(10) == 0 ? CE : inner == CE ? 2 : inner;
			outer = tos == CE ? CE : outer == CE ? CE : tos;
			CHECK(came_out(CW_BENCH_LAN, 14) == 0);
			open_plain(&p, tos);
		}
		if (ecn_result[inner][outer] != 4)
			check_on_lan(ip_of(&whole), ecn_result[inner][outer], "pieces");
		else
			CHECK(strcmp(cw_bench_drops(&bench), "ecn 1") == 0);
	}
	CHECK(bench.far->rx_packets - before > 1000 && bench.worker->reassembly.used == 0);
}

/* The whole is checked as any packet; a piece alone is lost after a second. */
static void checks_what_came_in_pieces(void)
{
	struct plain whole = plain_packet(0, 100, CW_BENCH_OTHER, CW_BENCH_HOST);
	struct plain p = piece_of(&whole, 1, 0, 80);

	open_plain(&p, 0);
	CHECK(cw_bench_drops(&bench)[0] == 0);
	p = piece_of(&whole, 1, 80, 68);
	expect_drop(&p, 0, "inner_source", "stolen source in pieces");
	p = piece_of(&whole, 2, 0, 80);
	open_plain(&p, 0);
	bench.worker->now_us += 1000000;
	cw_reassembly_expire(&bench.worker->reassembly, bench.worker->now_us);
	CHECK(strcmp(cw_bench_drops(&bench), "reassembly_timeout 1") == 0);
	p = piece_of(&whole, 3, 0, 148);
	expect_drop(&p, 0, "reassembly_malformed", "all in one piece");
	p.length = GENEVE + OPTION;
	expect_drop(&p, 0, "reassembly_malformed", "nothing in it");
}

#define PIECE_DROPS(reason, ...)                                          \
	do {                                                              \
		struct plain whole = good();                              \
		struct plain p = piece_of(&whole, 9, 0, 80);              \
		__VA_ARGS__;                                              \
		expect_drop(&p, 0, reason, #__VA_ARGS__);                 \
	} while (0)

/* RFC 8926 §3.4, §3.5: C and the options tell the same; of two options of the kind none can be meant. */
static void reads_the_option(void)
{
	PIECE_DROPS("geneve", p.bytes[1] = 0);
	PIECE_DROPS("geneve", p.bytes[8] = 0xfe);
	PIECE_DROPS("geneve", p.bytes[9] = 0xcb);
	PIECE_DROPS("geneve", p.bytes[10] = 0x81);
	PIECE_DROPS("geneve", p.bytes[11] = 0);
	PIECE_DROPS("geneve", p.bytes[11] = 2);
	PIECE_DROPS("geneve", p.bytes[10] = 0x02); /* C without a critical option */
	PIECE_DROPS("geneve", p.bytes[0] = 4, memcpy(p.bytes + 16, p.bytes + 8, 8));
	PIECE_DROPS("geneve", p.bytes[0] = 1);
	PIECE_DROPS("inner_segment", p.bytes[6]++);
	DROPS("geneve", p.bytes[1] = 0x40);
	CHECK(bench.worker->reassembly.used == 0);
}

int main(int argc, char **argv)
{
	check_begin(argc, argv);
	cw_bench_open(&bench);
	is6 = true;
	checks_the_inner_packet();
	follows_rfc_6040();
	routes_what_is_allowed();
	clamps_the_far_ends_mss();
	puts_pieces_together();
	checks_what_came_in_pieces();
	reads_the_option();
	cw_bench_close(&bench);
	return check_result();
}
