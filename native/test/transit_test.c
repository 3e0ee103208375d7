/* Packets from one peer to another: which go on, what is done to them on the way, and that none goes back. */
#include "transit_world.h"

static void forwards_what_the_program_says(void)
{
	uint8_t sent[100];

	bench.worker->view->program->is_transit = false;
	IS(from_far(CW_BENCH_FAR, CW_BENCH_OTHER), "transit 1");
	bench.worker->view->program->is_transit = true;
	IS(from_far(CW_BENCH_FAR, CW_BENCH_OTHER), "other ");
	memcpy(sent, plain + GENEVE, 100);
	sent[is_v6 ? 7 : 8]--;
	if (!is_v6)
		packet_finish_ip(sent);
	CHECK(memcmp(got + GENEVE, sent, 100) == 0);
	CHECK(packet_u32(got + 4) == CW_BENCH_VNI << 8);
	/* Its own LAN is none of this. */
	IS(from_far(CW_BENCH_FAR, CW_BENCH_HOST), "lan ");
}

/* The kernel tells the sender, by its own route into the segment's twin. */
static void leaves_an_expired_packet_to_the_kernel(void)
{
	for (uint8_t hops = 0; hops < 3; hops++) {
		cw_test_make(plain + GENEVE, CW_BENCH_FAR, CW_BENCH_OTHER);
		plain[GENEVE + (is_v6 ? 7 : 8)] = hops;
		if (!is_v6)
			packet_finish_ip(plain + GENEVE);
		open_from_far(100);
		IS(became(), hops < 2 ? "twin " : "other ");
	}
}

static void sends_nothing_back(void)
{
	struct cw_hop *hop = hop_other();

	IS(from_far(CW_BENCH_FAR, CW_BENCH_FAR + 1), "transit_back 1");
	/* Nor where another one could carry, but is out of the question. */
	set_hubs(true, false, true);
	*hop = (struct cw_hop){ .kind = CW_HOP_OVERLAY, .peer_count = 2, .peers = { FAR, THIRD } };
	IS(from_far(CW_BENCH_FAR, CW_BENCH_OTHER), "transit_back 1");
	set_hubs(false, false, false);
	IS(from_far(CW_BENCH_FAR, CW_BENCH_OTHER), "third ");
	*hop = (struct cw_hop){ .kind = CW_HOP_OVERLAY, .peer_count = 1, .peers = { OTHER } };
}

static void asks_the_rules(void)
{
	struct cw_acl_program deny = cw_test_rule("shut", CW_ACL_DENY, 0, 0);

	cw_test_use_rules(&deny, 1);
	IS(from_far(CW_BENCH_FAR, CW_BENCH_OTHER), "acl 1");
	deny.action = CW_ACL_ALLOW;
	cw_test_use_rules(&deny, 1);
	IS(from_far(CW_BENCH_FAR, CW_BENCH_OTHER), "other ");
	cw_test_use_rules(NULL, 0);
}

/* A packet that may not be cut; its sender is told by the box, or as if by the far end where the box has no address. */
static void tells_who_sends_too_much(void)
{
	struct cw_address *own = bench.worker->view->segment_address[0];
	const struct cw_address before[2] = { own[0], own[1] };

	for (uint32_t is_nameless = 0; is_nameless < 2; is_nameless++) {
		uint8_t *l3 = plain + GENEVE;
		bench.worker->now_us += SECOND;
		memset(l3, 0, 1440);
		(is_v6 ? packet_ip6 : packet_ip)(l3, is_v6 ? 40 : 20, PACKET_UDP, CW_BENCH_FAR, CW_BENCH_OTHER);
		if (!is_v6)
			packet_put16(l3 + 6, 0x4000);
		packet_finish(l3, 1440);
		if (is_nameless)
			own[0] = own[1] = (struct cw_address){ 0 };
		open_from_far(1440);
		IS(became(), "far too_big 1");
		const uint8_t *answer = got + GENEVE;
		uint32_t from = packet_u32(answer + (is_v6 ? 20 : 12));
		CHECK(from == (is_nameless ? CW_BENCH_OTHER : CW_BENCH_BOX));
		CHECK(answer[is_v6 ? 40 : 20] == (is_v6 ? 2 : 3));
		own[0] = before[0];
		own[1] = before[1];
	}
}

/* Segments of one connection that came in one burst leave as one train, each of them as it was. */
static void keeps_trains_together(void)
{
	const uint32_t headers = (is_v6 ? 40 : 20) + 20, length = headers + 1000, count = 40;
	uint8_t *l3 = plain + GENEVE;
	uint64_t before = peers[OTHER]->tx_packets;

	for (uint32_t i = 0; i < count; i++) {
		memset(l3, 0, length);
		(is_v6 ? packet_ip6 : packet_ip)(l3, headers - 20, PACKET_TCP, CW_BENCH_FAR, CW_BENCH_OTHER);
		packet_put16(l3 + headers - 20, 1000);
		packet_put16(l3 + headers - 18, 80);
		packet_put32(l3 + headers - 16, 1 + i * 1000);
		l3[headers - 8] = 0x50;
		l3[headers - 7] = 0x10;
		memset(l3 + headers, (int)i, 1000);
		packet_finish(l3, length);
		open_from_far(length);
	}
	CHECK(bench.worker->merge.open_count == 1);
	cw_merge_flush(bench.worker);
	cw_seal_flush(bench.worker);
	uint8_t type;
	uint32_t i = 0, bytes;
	for (; (bytes = cw_bench_hear(&bench, &type, got)) > 0; i++) {
		uint8_t *packet = got + GENEVE;
		CHECK(bytes == GENEVE + length && packet_is_right(packet, length) && packet[is_v6 ? 7 : 8] == 63);
		CHECK(packet_u32(packet + headers - 16) == 1 + i * 1000 && packet[headers] == i && packet[length - 1] == i);
		CHECK(packet_u32(bench.frame + 14 + 16) == CW_BENCH_OTHER_WAN && bench.length > 30 * length);
	}
	CHECK(i == count && peers[OTHER]->tx_packets == before + count);
	IS(became(), "");
}

/* What the kernel routes from one segment to another may have come from any that have its source. */
static void sends_nothing_round_by_the_kernel(void)
{
	struct cw_hop *hop = hop_other();

	IS(cw_test_from_box(0, CW_BENCH_FAR, CW_BENCH_OTHER), "sealed ");
	*hop = (struct cw_hop){ .kind = CW_HOP_OVERLAY, .peer_count = 2, .peers = { FAR, OTHER } };
	cw_test_make(frame, CW_BENCH_FAR, CW_BENCH_OTHER);
	cw_classify_segment(bench.worker, 0, cw_bench_mbuf(&bench, frame, 100, 0));
	IS(became(), "other ");
	hop->peer_count = 1;
	IS(cw_test_from_box(0, CW_BENCH_FAR, CW_BENCH_OTHER), "transit_back 1");
	IS(cw_test_from_box(0, CW_BENCH_BOX, CW_BENCH_OTHER), "sealed ");
	*hop = (struct cw_hop){ .kind = CW_HOP_OVERLAY, .peer_count = 1, .peers = { OTHER } };
}

static void all_of_one_family(void)
{
	forwards_what_the_program_says();
	leaves_an_expired_packet_to_the_kernel();
	sends_nothing_back();
	asks_the_rules();
	tells_who_sends_too_much();
	keeps_trains_together();
	sends_nothing_round_by_the_kernel();
}

int main(int argc, char **argv)
{
	check_begin(argc, argv);
	open_world();
	all_of_one_family();
	is_v6 = true;
	all_of_one_family();
	cw_bench_close(&bench);
	return check_result();
}
