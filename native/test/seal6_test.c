/*
 * IPv6 from the LAN into the overlay: what the far end opens is what the host sent, a hop later, as
 * one packet, as a train or in pieces; what is too big for that is answered; what stays on its link
 * is the kernel's.
 */
#include "seal_packets.h"

#define ICMP6 58

/* One answer, as RFC 4443 §3.2 has it, to the host. */
static void expect_too_big(uint32_t length, uint32_t mtu)
{
	static uint8_t back[CW_BENCH_FRAME_MAX];
	struct cw_vnet_hdr vnet;
	uint32_t size = cw_bench_take(&bench, CW_BENCH_LAN, &vnet, back);
	uint32_t quote = length < 1232 ? length : 1232;
	uint8_t *ip = back + 14;

	if (!CHECK(size == 14 + 48 + quote && packet_is_right(ip, size - 14)))
		return;
	CHECK(packet_u16(back + 12) == 0x86dd && ip[6] == ICMP6 && packet_u16(ip + 40) == 0x0200);
	CHECK(packet_u32(ip + 20) == CW_BENCH_BOX && packet_u32(ip + 36) == CW_BENCH_HOST);
	CHECK(packet_u32(ip + 44) == mtu && memcmp(ip + 48 + 8, sent + 8, quote - 8) == 0);
}

static void answers_what_is_too_big(void)
{
	uint8_t *got;

	make_packet(PACKET_UDP, 40, CW_BENCH_INNER_MTU, CW_BENCH_FAR);
	give(NULL, CW_BENCH_INNER_MTU);
	CHECK(hear(&got) == CW_BENCH_INNER_MTU && nothing_left_by(CW_BENCH_LAN));
	for (uint32_t length = CW_BENCH_INNER_MTU + 1; length < 1500; length += 22) {
		make_packet(PACKET_UDP, 40, length, CW_BENCH_FAR);
		give(NULL, length);
		CHECK(hear(&got) == 0 && strcmp(cw_bench_drops(&bench), "too_big 1") == 0);
		expect_too_big(length, CW_BENCH_INNER_MTU);
	}
	/* A train whose pieces are too big is answered once, and each piece is counted. */
	make_packet(PACKET_TCP, 40, 60 + 5 * 1440, CW_BENCH_FAR);
	give(&(struct cw_vnet_hdr){ CW_VNET_NEEDS_CSUM, CW_VNET_GSO_TCPV6, 74, 1440, 54, 16 },
	     60 + 5 * 1440);
	CHECK(hear(&got) == 0 && strcmp(cw_bench_drops(&bench), "too_big 5") == 0);
	expect_too_big(60 + 5 * 1440, CW_BENCH_INNER_MTU);
	/* About an error nobody is told. */
	make_packet(ICMP6, 40, 1500, CW_BENCH_FAR);
	sent[40] = 1;
	give(NULL, 1500);
	CHECK(hear(&got) == 0 && strcmp(cw_bench_drops(&bench), "too_big 1") == 0);
	CHECK(nothing_left_by(CW_BENCH_LAN));
}

/* The pieces of one packet, as wire.md has them; bytes that they cover. Slow, and on its own. */
static uint32_t hear_pieces(uint8_t *whole, uint32_t *count, uint32_t *id)
{
	uint32_t covered = 0, length;
	uint8_t type = 0;

	for (*count = 0; (length = cw_bench_hear(&bench, &type, heard)) > 0; ++*count) {
		static const uint8_t start[] = { 2,    0x40, 0x86, 0xdd, 0, 0, CW_BENCH_VNI, 0,
						 0xff, 0xca, 0x82, 1 };
		uint32_t word = packet_u16(heard + 14), offset = word >> 3, bytes = length - 16;
		CHECK(memcmp(heard, start, sizeof(start)) == 0 && (word & 3) == 0);
		CHECK(length <= GENEVE + inner_mtu && offset * 8 == covered);
		*id = packet_u16(heard + 12);
		memcpy(whole + covered, heard + 16, bytes);
		covered += bytes;
		/* All but the last are followed by more. */
		if ((word & 4) == 0) {
			++*count;
			return covered;
		}
		CHECK(bytes % 8 == 0);
	}
	return covered;
}

/* Up to 1280 bytes cross any path, whole or in at most four pieces; above that the host hears 1280. */
static void crosses_small_paths_in_pieces(void)
{
	static const uint16_t mtus[] = { 1500, 1347, 1348, 1280, 1000, 644, 577, 68 };
	static uint8_t whole[CW_BENCH_FRAME_MAX];
	uint32_t count, id, last_id = bench.keypair->session->piece_id;

	for (size_t i = 0; i < sizeof(mtus) / sizeof(mtus[0]); i++) {
		bench.ports[1]->mtu = mtus[i];
		inner_mtu = (mtus[i] < 576 ? 576 : mtus[i]) - 68;
		uint32_t most = inner_mtu > 1280 ? inner_mtu : 1280;
		for (uint32_t length = inner_mtu + 1; length <= 1280; length += 1 + check_below(30)) {
			make_packet(PACKET_UDP, 40, length, CW_BENCH_FAR);
			sent[0] = 0x60;
			sent[1] = (uint8_t)((sent[1] & 0xf) | 0x20);
			packet_finish(sent, length);
			give(NULL, length);
			sent[7]--;
			CHECK(hear_pieces(whole, &count, &id) == length);
			CHECK(memcmp(whole, sent, length) == 0 && bench.frame[15] == 2);
			CHECK(count >= 2 && count <= 4 && id == (++last_id & 0xffff));
			CHECK(cw_bench_drops(&bench)[0] == 0 && nothing_left_by(CW_BENCH_LAN));
		}
		bench.worker->now_us += 1000000;
		make_packet(PACKET_UDP, 40, most + 1, CW_BENCH_FAR);
		give(NULL, most + 1);
		expect_too_big(most + 1, most);
		CHECK(strcmp(cw_bench_drops(&bench), "too_big 1") == 0);
	}
	/* Of a train each packet that does not fit goes in pieces of its own; the short last one fits. */
	bench.ports[1]->mtu = 1280;
	inner_mtu = 1212;
	make_packet(PACKET_TCP, 40, 60 + 3 * 1220 + 500, CW_BENCH_FAR);
	give(&(struct cw_vnet_hdr){ CW_VNET_NEEDS_CSUM, CW_VNET_GSO_TCPV6, 74, 1220, 54, 16 },
	     60 + 3 * 1220 + 500);
	for (uint32_t i = 0; i < 3; i++) {
		CHECK(hear_pieces(whole, &count, &id) == 1280 && count == 2);
		CHECK(packet_is_right(whole, 1280));
		CHECK(memcmp(whole + 60, sent + 60 + i * 1220, 1220) == 0);
	}
	uint8_t *got;
	CHECK(hear(&got) == 560 && packet_is_right(got, 560) && hear(&got) == 0);
	bench.ports[1]->mtu = CW_BENCH_MTU;
	inner_mtu = CW_BENCH_INNER_MTU;
}

static void leaves_the_rest_to_the_kernel(void)
{
	PASSES("multicast MAC", memcpy(frame, (const uint8_t[]){ 0x33, 0x33, 0, 0, 0, 1 }, 6));
	PASSES("no hop left", sent[7] = 1);
	PASSES("to the box", packet_put32(sent + 36, CW_BENCH_BOX));
	PASSES("to the Internet", packet_put16(sent + 24, 0x2001));
	PASSES("to a link-local address", packet_put16(sent + 24, 0xfe80));
	PASSES("to a group", packet_put16(sent + 24, 0xff05));
	PASSES("from a link-local address", packet_put16(sent + 8, 0xfe80));
	PASSES("length", packet_put16(sent + 4, 61));
	PASSES("version 4", sent[0] = 0x45);
	PASSES("EtherType of IPv4", packet_put16(frame + 12, 0x0800));
}

/* A checksum that is not that of the first TCP header there is: finished here, but for trains. */
static void knows_tunnels_of_the_hosts(void)
{
	uint8_t *got, *inner = sent + 40, back[2];
	struct cw_vnet_hdr vnet = { CW_VNET_NEEDS_CSUM, 0, 0, 0, 14 + 60, 16 };

	make_packet(IPPROTO_IPIP, 40, 220, CW_BENCH_FAR);
	packet_ip(inner, 20, PACKET_TCP, 0xc0a80001, 0xc0a80002);
	inner[32] = 0x50;
	packet_finish(inner, 180);
	memcpy(back, inner + 36, 2);
	const uint8_t rest[4] = { 0, PACKET_TCP, 0, 160 };
	packet_put16(inner + 36, packet_sum(packet_sum(0, inner + 12, 8), rest, 4));
	give(&vnet, 220);
	CHECK(hear(&got) == 220 && memcmp(got + 40 + 36, back, 2) == 0);
	CHECK(packet_is_right(got + 40, 180) && cw_bench_drops(&bench)[0] == 0);
	vnet.gso_type = CW_VNET_GSO_TCPV4;
	vnet.gso_size = 50;
	vnet.hdr_len = 14 + 80;
	give(&vnet, 220);
	expect_at_twin("train in a tunnel", 220);
	/* With a routing header the pseudo header has another destination than the packet (RFC 8200 §8.1). */
	vnet = (struct cw_vnet_hdr){ CW_VNET_NEEDS_CSUM, 0, 0, 0, 14 + 48, 16 };
	make_packet(PACKET_TCP, 48, 148, CW_BENCH_FAR);
	sent[6] = IPPROTO_ROUTING;
	sent[43] = 1;
	packet_put16(sent + 48 + 16, 0x1234);
	uint32_t sum = packet_sum(0, sent + 48, 100);
	give(&vnet, 148);
	CHECK(hear(&got) == 148 && packet_u16(got + 64) == (~sum & 0xffff));
}

/* Of the box itself: chatter between neighbours has none on a segment's twin. */
static void takes_what_the_box_sends(void)
{
	static const struct cw_vnet_hdr none;
	uint8_t *got;

	make_packet(PACKET_UDP, 40, 100, CW_BENCH_FAR);
	cw_bench_give(&bench, CW_BENCH_SEGMENT, &none, sent, 100);
	cw_bench_flush(&bench);
	CHECK(hear(&got) == 100 && memcmp(got, sent, 100) == 0);
	packet_put16(sent + 24, 0xff02);
	cw_bench_give(&bench, CW_BENCH_SEGMENT, &none, sent, 100);
	CHECK(strcmp(cw_bench_drops(&bench), "link_scope 1") == 0);
	packet_put16(sent + 24, 0x2001);
	cw_bench_give(&bench, CW_BENCH_SEGMENT, &none, sent, 100);
	CHECK(strcmp(cw_bench_drops(&bench), "no_route 1") == 0);
	cw_bench_flush(&bench);
	CHECK(hear(&got) == 0);
}

int main(int argc, char **argv)
{
	check_begin(argc, argv);
	cw_bench_open(&bench);
	is6 = true;
	seals_single_packets();
	seals_trains();
	answers_what_is_too_big();
	crosses_small_paths_in_pieces();
	clamps_the_mss();
	leaves_the_rest_to_the_kernel();
	knows_tunnels_of_the_hosts();
	takes_what_the_box_sends();
	cw_bench_close(&bench);
	return check_result();
}
