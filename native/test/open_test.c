/*
 * What becomes of an opened packet: Geneve, segment, source, ECN, TTL and destination, each right
 * and wrong, sealed by the far end and read where it must come out. Tags, indices and replay are
 * for test/unit/native.
 */
#include "open_packets.h"

static void reads_geneve(void)
{
	for (uint32_t options = 0; options <= 16; options += 4) {
		struct plain p = plain_packet(options, 50, CW_BENCH_FAR, CW_BENCH_HOST);
		/* One that fills the rest, of a class and type unknown here. */
		if (options > 0)
			packet_put32(p.bytes + GENEVE, 0x12347f00 | (options / 4 - 1));
		expect_on_lan(&p, 0, 0, "options");
		for (uint32_t words = options / 4; options > 0 && words < 32; words++) {
			p.bytes[GENEVE + 3] = (uint8_t)words;
			expect_drop(&p, 0, "geneve", "option behind the header's end");
		}
		if (options > 0) {
			p.bytes[GENEVE + 3] = (uint8_t)(options / 4 - 1);
			p.bytes[GENEVE + 2] |= 0x80;
			expect_drop(&p, 0, "geneve", "unknown critical option");
		}
	}
	struct plain p = plain_packet(20, 50, CW_BENCH_FAR, CW_BENCH_HOST);
	expect_drop(&p, 0, "geneve", "more options than may be");
	DROPS("geneve", p.bytes[0] = 0x40);
	DROPS("geneve", p.bytes[0] = 0xc0);
	DROPS("geneve", p.bytes[1] = 0x80);
	DROPS("geneve", p.bytes[1] = 0x40);
	DROPS("inner_malformed", packet_put16(p.bytes + 2, 0x86dd));
	DROPS("geneve", packet_put16(p.bytes + 2, 0x6558));
	DROPS("geneve", p.bytes[0] = 4, p.length = 20);
	DROPS("inner_segment", p.bytes[6]++);
	DROPS("inner_segment", p.bytes[4] = 1);
	p = good();
	p.bytes[1] = 0x3f; /* reserved bits are not read */
	p.bytes[7] = 0xff;
	expect_on_lan(&p, 0, 0, "reserved bits");
}

static void checks_the_inner_packet(void)
{
	for (uint32_t length = GENEVE; length < GENEVE + 128; length++)
		DROPS("inner_malformed", p.length = length);
	DROPS("inner_malformed", ip_of(&p)[0] = 0x65, packet_finish_ip(ip_of(&p)));
	DROPS("inner_malformed", ip_of(&p)[0] = 0x44, packet_finish_ip(ip_of(&p)));
	DROPS("inner_malformed", ip_of(&p)[10] ^= 1);
	DROPS("inner_malformed", packet_put16(ip_of(&p) + 2, 19), packet_finish_ip(ip_of(&p)));
	/* What follows the packet is padding and goes no further. */
	struct plain p = good();
	p.length += 30;
	expect_on_lan(&p, 0, 0, "padding");
}

/* From a peer comes only what its own prefixes hold. */
static void checks_the_source(void)
{
	static const uint32_t foreign[] = {
		CW_BENCH_OTHER, CW_BENCH_HOST, CW_BENCH_BOX, 0x0a090001, 0x08080808, 0x0a01ffff,
	};
	static const uint32_t of_a_link[] = { 0, 0x7f000001, 0xa9fe0101, 0xe0000001, 0xffffffff };

	for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++) {
		struct plain p = plain_packet(0, 10, foreign[i], CW_BENCH_HOST);
		expect_drop(&p, 0, "inner_source", "source");
	}
	for (size_t i = 0; i < sizeof(of_a_link) / sizeof(of_a_link[0]); i++) {
		struct plain p = plain_packet(0, 10, of_a_link[i], CW_BENCH_HOST);
		expect_drop(&p, 0, "link_scope", "of a link");
	}
	struct plain p = plain_packet(0, 10, 0x0a02ffff, CW_BENCH_HOST);
	expect_on_lan(&p, 0, 0, "last of the prefix");
}

static void routes_what_is_allowed(void)
{
	struct plain p = plain_packet(0, 10, CW_BENCH_FAR, CW_BENCH_BOX);

	/* The box's own address: up the segment's twin, TTL as it came. */
	open_plain(&p, 0);
	CHECK(came_out(CW_BENCH_SEGMENT, 0) == 38 && memcmp(frame, ip_of(&p), 38) == 0);
	/* No hop left: the kernel answers, not we. */
	for (uint8_t ttl = 0; ttl < 2; ttl++) {
		p = good();
		ip_of(&p)[8] = ttl;
		packet_finish_ip(ip_of(&p));
		open_plain(&p, 0);
		CHECK(came_out(CW_BENCH_SEGMENT, 0) == 128 && frame[8] == ttl);
	}
	/* By a router of the LAN, to its MAC. */
	p = plain_packet(0, 10, CW_BENCH_FAR, 0x0a090001);
	open_plain(&p, 0);
	CHECK(came_out(CW_BENCH_LAN, 14) == 38 && frame[5] == 19);
	CHECK(memcmp(frame + 6, bench.ports[0]->mac, 6) == 0);
	CHECK(cw_bench_drops(&bench)[0] == 0);
	p = plain_packet(0, 10, CW_BENCH_FAR, CW_BENCH_OTHER);
	expect_drop(&p, 0, "transit", "to another peer");
	p = plain_packet(0, 10, CW_BENCH_FAR, CW_BENCH_FAR + 1);
	expect_drop(&p, 0, "transit", "back to where it came from");
	p = plain_packet(0, 10, CW_BENCH_FAR, 0x08080808);
	expect_drop(&p, 0, "no_route", "to nowhere");
}

/* What does not fit the LAN the kernel gets: it cuts it, or says that it may not be cut. Nothing is lost. */
static void leaves_to_the_kernel_what_the_lan_cannot_carry(void)
{
	bench.ports[0]->mtu = 127;
	struct plain p = good();
	for (uint32_t may_be_cut = 0; may_be_cut < 2; may_be_cut++) {
		ip_of(&p)[6] = may_be_cut ? 0 : 0x40;
		packet_finish_ip(ip_of(&p));
		open_plain(&p, 0);
		CHECK(came_out(CW_BENCH_SEGMENT, 0) == 128 && memcmp(frame, ip_of(&p), 128) == 0);
		CHECK(cw_bench_drops(&bench)[0] == 0);
	}
	bench.ports[0]->mtu = 128;
	expect_on_lan(&p, 0, 0, "just fits");
	bench.ports[0]->mtu = CW_BENCH_MTU;
}

static void counts_what_it_delivers(void)
{
	uint64_t packets = bench.far->rx_packets, bytes = bench.far->rx_bytes;
	struct plain p = good();

	bench.worker->now_us += 5;
	open_plain(&p, 0);
	CHECK(came_out(CW_BENCH_LAN, 14) == 128);
	CHECK(bench.far->rx_packets == packets + 1 && bench.far->rx_bytes == bytes + 128);
	CHECK(bench.far->heard_us == bench.worker->now_us);
}

/*
 * Sound headers and random bytes between them: never anything but a packet that is right, or a
 * named drop.
 */
static void survives_random_plaintext(void)
{
	uint32_t delivered = 0;

	for (uint32_t i = 0; i < 30000; i++) {
		struct plain p = plain_packet(4 * check_below(5), check_below(100), CW_BENCH_FAR,
					      check_below(2) ? CW_BENCH_HOST : CW_BENCH_BOX);
		for (uint32_t n = check_below(4); n > 0; n--)
			p.bytes[check_below(p.length)] = (uint8_t)check_random();
		if (check_below(2) && (p.bytes[0] & 0x3f) * 4u + GENEVE + 20 < p.length)
			packet_finish_ip(ip_of(&p));
		p.length = check_below(4) ? p.length : 8 + check_below(p.length - 7);
		open_plain(&p, (uint8_t)check_below(4));
		uint32_t frames = 0;
		for (uint32_t link = 0; link < CW_BENCH_LINKS; link++)
			frames += cw_bench_drain(&bench, link);
		bool is_named = cw_bench_drops(&bench)[0] != 0;
		/*
		 * A next hop that is not known waits, and is counted when it has waited too long.
		 */
		bench.worker->now_us += 4000000;
		cw_tx_pending(bench.worker);
		is_named = cw_bench_drops(&bench)[0] != 0 || is_named;
		delivered += frames;
		if (!CHECK(frames + is_named == 1))
			break;
	}
	CHECK(delivered > 5000);
}

int main(int argc, char **argv)
{
	check_begin(argc, argv);
	cw_bench_open(&bench);
	reads_geneve();
	checks_the_inner_packet();
	checks_the_source();
	follows_rfc_6040();
	routes_what_is_allowed();
	leaves_to_the_kernel_what_the_lan_cannot_carry();
	clamps_the_far_ends_mss();
	counts_what_it_delivers();
	survives_random_plaintext();
	cw_bench_close(&bench);
	return check_result();
}
