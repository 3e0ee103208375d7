/*
 * From the LAN into the overlay: what the far end opens is what the host sent, a hop later, whether
 * it came as one packet or as a train, fitted or had to be cut; what cannot go is answered or
 * counted; what is not ours is the kernel's.
 */
#include "seal_packets.h"

/*
 * RFC 791 §3.2: cut where it may be, reassembled it is the same, also if it was a fragment before.
 */
static void cuts_what_may_be_cut(void)
{
	static uint8_t whole[CW_BENCH_FRAME_MAX];
	uint8_t *got;

	for (uint32_t i = 0; i < 600; i++) {
		uint32_t header = 20 + 4 * check_below(11), length, pieces = 0, covered = 0;
		uint32_t total = CW_BENCH_INNER_MTU + 1 + check_below(i % 10 == 0 ? 60000 : 3000);
		uint32_t first = check_below(2) ? 8 * check_below(500) : 0;
		bool has_more = check_below(2) != 0;
		if (has_more)
			total = header + ((total - header) & ~7u) + 8;
		make_packet(PACKET_UDP, header, total, CW_BENCH_FAR);
		packet_put16(sent + 6, (has_more ? 0x2000 : 0) | first / 8);
		packet_finish_ip(sent);
		give(NULL, total);
		while ((length = hear(&got)) > 0) {
			uint32_t at = (packet_u16(got + 6) & 0x1fff) * 8 - first;
			bool is_last = at + length - header == total - header;
			CHECK(((got[6] & 0x20) != 0) == (!is_last || has_more));
			CHECK(packet_u16(got + 2) == length);
			CHECK(packet_sum(0, got, header) == 0xffff);
			CHECK(got[8] == 63 && memcmp(got + 4, sent + 4, 2) == 0);
			CHECK(memcmp(got + 9, sent + 9, 1) == 0 &&
			      memcmp(got + 12, sent + 12, header - 12) == 0);
			if (!CHECK(header + at + length - header <= sizeof(whole)))
				return;
			memcpy(whole + at, got + header, length - header);
			covered += length - header;
			pieces++;
		}
		uint32_t most = (CW_BENCH_INNER_MTU - header) & ~7u;
		CHECK(pieces == (total - header + most - 1) / most && covered == total - header);
		CHECK(memcmp(whole, sent + header, total - header) == 0);
		CHECK(cw_bench_drops(&bench)[0] == 0);
	}
}

/* One ICMP answer, as RFC 1191 §4 has it, to the host; its quote is of the packet. */
static void expect_too_big(uint32_t length)
{
	static uint8_t back[CW_BENCH_FRAME_MAX];
	struct cw_vnet_hdr vnet;
	uint32_t size = cw_bench_take(&bench, CW_BENCH_LAN, &vnet, back);
	uint32_t quote = length < 548 ? length : 548;
	uint8_t *ip = back + 14, *icmp = ip + 20;

	if (!CHECK(size == 14 + 28 + quote))
		return;
	CHECK(packet_sum(0, ip, 20) == 0xffff && packet_sum(0, icmp, 8 + quote) == 0xffff);
	CHECK(packet_u32(ip + 12) == CW_BENCH_BOX && packet_u32(ip + 16) == CW_BENCH_HOST);
	CHECK(ip[9] == IPPROTO_ICMP && icmp[0] == 3 && icmp[1] == 4);
	CHECK(packet_u16(icmp + 6) == CW_BENCH_INNER_MTU);
	CHECK(memcmp(icmp + 28, sent + 20, quote - 20) == 0);
}

static void answers_what_may_not_be_cut(void)
{
	uint8_t *got;

	make_packet(PACKET_UDP, 20, CW_BENCH_INNER_MTU, CW_BENCH_FAR);
	give(NULL, CW_BENCH_INNER_MTU);
	CHECK(hear(&got) == CW_BENCH_INNER_MTU && nothing_left_by(CW_BENCH_LAN));
	for (uint32_t length = CW_BENCH_INNER_MTU + 1; length < 1500; length += 22) {
		make_packet(PACKET_UDP, 20, length, CW_BENCH_FAR);
		give(NULL, length);
		CHECK(hear(&got) == 0 && strcmp(cw_bench_drops(&bench), "too_big 1") == 0);
		expect_too_big(length);
	}
	/* A train whose pieces are too big is answered once, and each piece is counted. */
	make_packet(PACKET_TCP, 20, 40 + 5 * 1460, CW_BENCH_FAR);
	give(&(struct cw_vnet_hdr){ CW_VNET_NEEDS_CSUM, CW_VNET_GSO_TCPV4, 54, 1460, 34, 16 },
	     40 + 5 * 1460);
	CHECK(hear(&got) == 0 && strcmp(cw_bench_drops(&bench), "too_big 5") == 0);
	expect_too_big(40 + 5 * 1460);
	CHECK(nothing_left_by(CW_BENCH_LAN));
}

/* RFC 1812 §4.3.2.7: about these nobody is told; the drop is counted all the same. */
static void answers_no_errors_and_no_strangers(void)
{
	static const uint32_t sources[] = { 0, 0x7f000001, 0xe0000001, 0xffffffff };

	for (uint32_t i = 0; i < 4 + 3; i++) {
		make_packet(IPPROTO_ICMP, 20, 1500, CW_BENCH_FAR);
		if (i < 4)
			packet_put32(sent + 12, sources[i]);
		sent[20] = i == 4 ? 3 : i == 5 ? 11 : 8;
		if (i == 6)
			packet_put16(sent + 6, 0x4001);
		packet_finish_ip(sent);
		give(NULL, 1500);
		CHECK(nothing_left_by(CW_BENCH_LAN));
		/* What has an address of the link is the kernel's before anybody asks for its size. */
		CHECK(cw_bench_drain(&bench, CW_BENCH_LAN_TWIN) == (i < 4 ? 1 : 0));
		CHECK(strcmp(cw_bench_drops(&bench), i < 4 ? "" : "too_big 1") == 0);
	}
	/* 50 at once, then 100 a second. */
	bench.worker->now_us += 10000000;
	make_packet(PACKET_UDP, 20, 1500, CW_BENCH_FAR);
	for (uint32_t i = 0; i < 200; i++) {
		sent[8] = 64;
		packet_finish_ip(sent);
		give(NULL, 1500);
	}
	CHECK(cw_bench_drain(&bench, CW_BENCH_LAN) == 50);
	bench.worker->now_us += 100000;
	for (uint32_t i = 0; i < 20; i++)
		give(NULL, 1500);
	CHECK(cw_bench_drain(&bench, CW_BENCH_LAN) == 10);
	CHECK(strcmp(cw_bench_drops(&bench), "too_big 220") == 0);
}

static void leaves_the_rest_to_the_kernel(void)
{
	PASSES("ARP", packet_put16(frame + 12, 0x0806));
	PASSES("another MAC", frame[5] ^= 1);
	PASSES("broadcast", memset(frame, 0xff, 6));
	PASSES("no hop left", sent[8] = 1, packet_finish_ip(sent));
	PASSES("to the box", packet_put32(sent + 16, CW_BENCH_BOX), packet_finish_ip(sent));
	PASSES("to the Internet", packet_put32(sent + 16, 0x08080808), packet_finish_ip(sent));
	PASSES("checksum", sent[10] ^= 1);
	PASSES("length", packet_put16(sent + 2, 101), packet_finish_ip(sent));
	PASSES("version", sent[0] = 0x65);
}

/*
 * A checksum or a train of a packet within a packet: the first is finished here, the second is not
 * ours to cut.
 */
static void knows_tunnels_of_the_hosts(void)
{
	uint8_t *got, *inner = sent + 20, back[2];
	struct cw_vnet_hdr vnet = { CW_VNET_NEEDS_CSUM, 0, 0, 0, 14 + 40, 16 };

	make_packet(IPPROTO_IPIP, 20, 200, CW_BENCH_FAR);
	packet_ip(inner, 20, PACKET_TCP, 0xc0a80001, 0xc0a80002);
	inner[32] = 0x50;
	packet_finish(inner, 180);
	packet_finish_ip(sent);
	memcpy(back, inner + 36, 2);
	const uint8_t rest[4] = { 0, PACKET_TCP, 0, 160 };
	packet_put16(inner + 36, packet_sum(packet_sum(0, inner + 12, 8), rest, 4));
	give(&vnet, 200);
	CHECK(hear(&got) == 200 && memcmp(got + 20 + 36, back, 2) == 0);
	CHECK(packet_is_right(got + 20, 180) && cw_bench_drops(&bench)[0] == 0);

	vnet.gso_type = CW_VNET_GSO_TCPV4;
	vnet.gso_size = 50;
	vnet.hdr_len = 14 + 60;
	give(&vnet, 200);
	expect_at_twin("train in a tunnel", 200);
	/* Where the packet ends before its checksum would stand, nothing is written behind it. */
	make_packet(PACKET_TCP, 20, 100, CW_BENCH_FAR);
	packet_put16(sent + 2, 30);
	packet_finish_ip(sent);
	give(&(struct cw_vnet_hdr){ CW_VNET_NEEDS_CSUM, 0, 0, 0, 34, 16 }, 100);
	CHECK(hear(&got) == 30 && memcmp(got + 20, sent + 20, 10) == 0);
	CHECK(cw_bench_drops(&bench)[0] == 0);
}

/*
 * Without a session packets wait, a few seconds and not too many; the gateway is told once a
 * second.
 */
static void waits_for_a_session(void)
{
	uint8_t event[CW_EVENT_BYTES_MAX];
	struct cw_event head;

	while (cw_next_event(bench.engine, event, sizeof(event)) > 0)
		;
	bench.worker->now_us += 10000000;
	for (uint32_t i = 0; i < 200; i++) {
		make_packet(PACKET_UDP, 20, 100, CW_BENCH_OTHER);
		give(NULL, 100);
	}
	CHECK(cw_next_event(bench.engine, event, sizeof(event)) == sizeof(head));
	memcpy(&head, event, sizeof(head));
	CHECK(head.kind == CW_EVENT_WANTED && strcmp(head.peer, "other") == 0);
	CHECK(cw_next_event(bench.engine, event, sizeof(event)) == 0);
	CHECK(strcmp(cw_bench_drops(&bench), "no_session 72") == 0);
	CHECK(bench.other->waiting_count == 128 && bench.worker->waiting_count == 128);
	bench.worker->now_us += 4000000;
	cw_seal_expire(bench.worker, bench.other);
	CHECK(cw_bench_drops(&bench)[0] == 0);
	bench.worker->now_us += 1000000;
	cw_seal_expire(bench.worker, bench.other);
	CHECK(strcmp(cw_bench_drops(&bench), "no_session 128") == 0);
	CHECK(bench.other->waiting_count == 0 && bench.worker->waiting_count == 0);
}

/* A key's last packet is 2^30 (wire.md, Limits): each segment beyond it is refused and counted. */
static void stops_at_the_end_of_a_key(void)
{
	uint8_t *got;
	uint32_t before = bench.keypair->sealed;

	bench.keypair->sealed = CW_KEYPAIR_PACKETS_MAX - 2;
	make_packet(PACKET_TCP, 20, 40 + 500, CW_BENCH_FAR);
	give(&(struct cw_vnet_hdr){ CW_VNET_NEEDS_CSUM, CW_VNET_GSO_TCPV4, 54, 100, 34, 16 }, 540);
	CHECK(hear(&got) == 140 && hear(&got) == 140 && hear(&got) == 0);
	CHECK(strcmp(cw_bench_drops(&bench), "key_exhausted 3") == 0);
	CHECK(cw_seal_control(bench.worker, bench.keypair, cw_bench_path(&bench), "\0\0\0\0", 4) < 0);
	bench.keypair->sealed = before;
}

int main(int argc, char **argv)
{
	check_begin(argc, argv);
	cw_bench_open(&bench);
	seals_single_packets();
	seals_trains();
	cuts_what_may_be_cut();
	answers_what_may_not_be_cut();
	answers_no_errors_and_no_strangers();
	clamps_the_mss();
	leaves_the_rest_to_the_kernel();
	knows_tunnels_of_the_hosts();
	waits_for_a_session();
	stops_at_the_end_of_a_key();
	cw_bench_close(&bench);
	return check_result();
}
