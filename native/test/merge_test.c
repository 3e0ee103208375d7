/*
 * Merging for the LAN: what the kernel is handed, cut again, is what was opened, packet by packet
 * and byte by byte, in each flow's order; and what belongs together does leave as one train.
 */
#include "merge_packets.h"

static void joins_what_is_in_order(void)
{
	for (uint32_t i = 0; i < 10; i++)
		plain(0, 0xfffffff0 + 1000 * i, 1000);
	expect(1);
	/* A short one is the last of its train. */
	plain(0, 1000, 1000), plain(0, 2000, 500), plain(0, 2500, 500), plain(0, 3000, 500);
	expect(2);
	/* A longer one than the first begins a train. */
	plain(0, 1000, 500), plain(0, 1500, 501);
	expect(2);
	plain(0, 1, 1);
	expect(1);
}

static void keeps_apart_what_differs(void)
{
	plain(0, 1000, 100), plain(0, 1200, 100); /* a gap */
	expect(2);
	plain(0, 1100, 100), plain(0, 1000, 100), plain(0, 1200, 100); /* out of order */
	expect(3);
	plain(0, 1000, 100), plain(0, 1000, 100); /* sent twice */
	expect(2);
	plain(0, 1000, 100);
	put_segment(&sent, &(struct segment){ 0, 1100, 100, 8, 0x10 }); /* another ACK */
	expect(2);
	plain(0, 1000, 100), pushed(0, 1100, 100), plain(0, 1200, 100), plain(0, 1300, 100);
	expect(2);
	pushed(0, 1000, 100), plain(0, 1100, 100);
	expect(2);
	for (uint32_t flags = 0; flags < 256; flags++) {
		if (flags == 0x10 || flags == 0x18)
			continue;
		plain(0, 1000, 100);
		put_segment(&sent, &(struct segment){ 0, 1100, 100, 7, (uint8_t)flags });
		plain(0, 1200, 100);
		expect(3);
	}
	plain(0, 1000, 100), plain(0, 1100, 0), plain(0, 1100, 100); /* a bare ACK between */
	expect(3);
}

/* One byte of the second of two packets changed, its checksums made right again: two frames. */
static void keeps_apart_by_field(void)
{
	/* IP: TOS, TTL; TCP: window, urgent pointer, an option. Not the id: see is_equal(). */
	static const uint32_t fields[] = { 1, 8, 20 + 14, 20 + 15, 20 + 18, 20 + 19, 20 + 27 };

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		plain(0, 1000, 100);
		uint8_t *ip = plain(0, 1100, 100);
		ip[fields[i]] ^= 1;
		packet_finish(ip, 152);
		expect(2);
	}
	/* Without DF the id says something. */
	for (uint32_t which = 0; which < 2; which++) {
		uint8_t *first = plain(0, 1000, 100), *second = plain(0, 1100, 100);
		uint8_t *ip = which == 0 ? first : second;
		ip[6] = 0;
		packet_finish(ip, 152);
		expect(2);
	}
	/* A header without the options, 12 bytes shorter. */
	plain(0, 1000, 112);
	plain(0, 1112, 100)[20 + 12] = 0x50;
	packet_finish(sent.bytes[1], 152);
	expect(2);
	plain(0, 1000, 100), packet_put16(plain(0, 1100, 100) + 4, 0x1234);
	packet_finish_ip(sent.bytes[1]);
	expect(1);
}

/* What is damaged must reach the host as it is, for only the host's own check may find it. */
static void hands_on_bad_checksums(void)
{
	for (uint32_t bad = 0; bad < 3; bad++) {
		plain(0, 1000, 100), plain(0, 1100, 100), plain(0, 1200, 100);
		sent.bytes[bad][20 + 32 + check_below(100)] ^= 0x20;
		expect(bad == 1 ? 3 : 2);
		plain(0, 1000, 100), plain(0, 1100, 100), plain(0, 1200, 100);
		packet_put16(sent.bytes[bad] + 20 + 16, 0);
		expect(bad == 1 ? 3 : 2);
	}
}

static void serves_eight_flows_and_a_ninth(void)
{
	for (uint32_t round = 0; round < 4; round++) {
		for (uint32_t flow = 0; flow < CW_MERGE_FLOWS; flow++)
			plain(flow, 1000 + 100 * round, 100);
	}
	expect(CW_MERGE_FLOWS);
	for (uint32_t round = 0; round < 4; round++) {
		for (uint32_t flow = 0; flow <= CW_MERGE_FLOWS; flow++)
			plain(flow, 1000 + 100 * round, 100);
	}
	/* Each takes the place of the next: nothing is joined, nothing is lost. */
	expect(4 * (CW_MERGE_FLOWS + 1));
	plain(0, 1000, 100), plain(8, 1000, 100), plain(0, 1100, 100);
	expect(2);
}

static void begins_a_new_train_when_one_is_full(void)
{
	uint32_t one = 14 + 20 + 32 + 1400;

	for (uint32_t i = 0; i < 140; i++)
		plain(0, 1000 + 1400 * i, 1400);
	uint32_t fit = (CW_TRAIN_BYTES_MAX - one) / 1400 + 1;
	expect((140 + fit - 1) / fit);
	CHECK(largest_frame > CW_TRAIN_BYTES_MAX - 1400 && largest_frame <= CW_TRAIN_BYTES_MAX);
}

/* Two next hops, or two ports, are two frames: so the mirror is asked about each. */
static void keeps_apart_next_hops(void)
{
	static const struct {
		uint8_t port;
		uint32_t next_hop;
	} to[3] = { { CW_BENCH_LAN_PORT, 1 },
		    { CW_BENCH_LAN_PORT, 2 },
		    { CW_BENCH_UPLINK_PORT, 2 } };

	for (uint32_t i = 0; i < 3; i++) {
		plain(0, 1000 + 100 * i, 100);
		struct cw_onward onward = { .port = to[i].port, .next_hop = cw_bench_v4(to[i].next_hop) };
		cw_merge_add(bench.worker, &onward, sent.bytes[i], sent.length[i]);
	}
	collect();
	CHECK(came.count == 0 && bench.asked == 3 && bench.worker->pending_count == 3);
	/* Nobody answers for them. */
	bench.worker->now_us += 3000000;
	cw_tx_pending(bench.worker);
	CHECK(strcmp(cw_bench_drops(&bench), "neighbour 3") == 0);
	CHECK(bench.worker->pending_count == 0);
	sent.count = 0;
}

/* Whatever else there is: other protocols, fragments, options, headers that lie. */
static void put_stranger(uint32_t flow)
{
	uint32_t length = 52 + check_below(100);
	uint8_t *ip = put_segment(&sent, &(struct segment){ flow, 5, length - 52, 7, 0x10 });

	switch (check_below(5)) {
	case 0:
		ip[9] = PACKET_UDP;
		packet_finish(ip, length);
		break;
	case 1:
		ip[6] = check_below(2) ? 0x20 : 0;
		ip[7] = (uint8_t)check_below(4);
		break;
	case 2:
		memmove(ip + 24, ip + 20, length - 24);
		memset(ip + 20, 1, 4);
		ip[0] = 0x46;
		packet_finish(ip, length);
		break;
	case 3: /* data offset: too small, or behind the end */
		ip[32] = check_below(2) ? 0x40 : 0xf0;
		break;
	default: /* no room for a TCP header */
		length = 20 + check_below(20);
		memset(ip + length, 0, 64);
		sent.length[sent.count - 1] = length;
		packet_put16(ip + 2, length);
		break;
	}
	packet_finish_ip(ip);
}

/* Flows whose packets come in order but for accidents, any of which a merge must see. */
static void gives_back_random_traffic(void)
{
	uint32_t merged = 0;

	for (uint32_t round = 0; round < 400; round++) {
		uint32_t next[FLOWS], flows = 1 + check_below(FLOWS), accidents = check_below(8);
		for (uint32_t i = 0; i < FLOWS; i++)
			next[i] = (uint32_t)check_random();
		for (uint32_t i = 0, n = check_below(200); i < n; i++) {
			bool is_accident = check_below(16) < accidents;
			struct segment s = { check_below(flows), 0, 400, 7, 0x10 };
			s.sequence = next[s.flow] + (is_accident && check_below(3) == 0 ? 100 : 0);
			s.payload = is_accident && check_below(3) == 0 ? check_below(1400) : 400;
			s.acknowledgement += is_accident && check_below(3) == 0;
			if (is_accident && check_below(3) == 0)
				s.flags = (uint8_t)check_random();
			uint8_t *ip = put_segment(&sent, &s);
			next[s.flow] = s.sequence + s.payload;
			if (is_accident && check_below(3) == 0)
				ip[check_below(20 + 20 + s.payload) | 20] ^= 1;
			if (is_accident && check_below(3) == 0)
				put_stranger(FLOWS + check_below(3));
		}
		uint32_t packets = sent.count;
		run();
		check_all_came();
		merged += packets - frames_out;
		sent.count = 0;
	}
	CHECK(merged > 4000);
}

/* Without memory a packet is a counted drop; without large buffers nothing is joined, and nothing lost. */
static void lives_without_buffers(struct rte_mempool *pool, uint32_t come)
{
	struct cw_onward host = { .port = CW_BENCH_LAN_PORT, .next_hop = cw_bench_v4(CW_BENCH_HOST) };
	static struct rte_mbuf *taken[4096];
	uint32_t count = 0;

	while ((taken[count] = rte_pktmbuf_alloc(pool)) != NULL)
		count++;
	plain(0, 1000, 1400);
	plain(0, 2400, 1400);
	for (uint32_t i = 0; i < sent.count; i++)
		cw_merge_add(bench.worker, &host, sent.bytes[i], sent.length[i]);
	collect();
	CHECK(strcmp(cw_bench_drops(&bench), come > 0 ? "" : "no_buffer 2") == 0);
	CHECK(frames_out == come && came.count == come);
	rte_pktmbuf_free_bulk(taken, count);
	sent.count = 0;
}

int main(int argc, char **argv)
{
	check_begin(argc, argv);
	cw_bench_open(&bench);
	joins_what_is_in_order();
	keeps_apart_what_differs();
	keeps_apart_by_field();
	hands_on_bad_checksums();
	serves_eight_flows_and_a_ninth();
	begins_a_new_train_when_one_is_full();
	keeps_apart_next_hops();
	gives_back_random_traffic();
	lives_without_buffers(bench.engine->pools.small, 0);
	lives_without_buffers(bench.engine->pools.large, 2);
	cw_bench_close(&bench);
	return check_result();
}
