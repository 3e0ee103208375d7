/*
 * A relay whose uplink is full: what it relays waits by class as its lanes say, a call overtakes what is in no hurry, each lane leaves in
 * order, what keeps sessions alive does not wait, who sends too much is marked or counted, and what a channel had waiting goes
 * with it.
 */
#include <errno.h>

#include "command.h"
#include "graph/ip4.h"
#include "graph/qos-count.h"
#include "graph/qos.h"
#include "graph/seal.h"
#include "relay_ends.h"

/* Needs the bench of the header above. */
#include "second_uplink.h"

#define RATE_BPS 10000000u
#define FAR_CHANNEL 5
#define OTHER_CHANNEL 9
#define VOICE (1 << CW_CLASS_SHIFT)
#define NORMAL 0
#define BULK (3 << CW_CLASS_SHIFT)
#define CONTROL CW_CLASS_CONTROL
#define OUTER_BYTES (42 + CW_RELAY_OVERHEAD)

/* One of `far` that the class has, by its lane; its number within the class is in it. */
static void relay_one(uint8_t class, uint8_t ecn, uint32_t length, uint32_t number)
{
	struct cw_vnet_hdr vnet = { 0 };
	struct datagram inner = inner_of(class == CONTROL ? 0xD2 : 0xD1, length), d;

	inner.bytes[3] = class;
	packet_put32(inner.bytes + 16, number);
	d = relay_seal_lane(&far, FAR_CHANNEL, class, &inner);
	cw_test_make_frame(d.bytes, d.length);
	OUTER[1] = ecn;
	packet_finish(OUTER, HEADERS - 14 + d.length);
	cw_test_give_frame(&vnet, HEADERS + d.length);
}

/* What `other` has heard. */
struct heard {
	uint32_t count[256];  /* by the second byte of lanes */
	uint32_t last[256];   /* number, and */
	uint32_t counter[256];
	uint32_t marked, bytes, all;
	int first;  /* lane of the first; -1: nothing was */
};

static struct heard heard;

static void hear_anew(void)
{
	heard = (struct heard){ .first = -1 };
}

/* Until nothing more is heard: whether each is authentic, for the right end, and in the order of its lane. */
static void hear_all(void)
{
	static uint8_t frame[CW_BENCH_FRAME_MAX];
	struct datagram d, inner;
	struct cw_vnet_hdr vnet;
	uint32_t length, channel;

	while ((length = cw_bench_take(&bench, CW_BENCH_UPLINK, &vnet, frame)) > 42) {
		uint32_t step = vnet.gso_type == 0 ? length - 42 : vnet.gso_size;
		for (uint32_t at = 42; at < length; at += step) {
			d.length = length - at < step ? length - at : step;
			memcpy(d.bytes, frame + at, d.length);
			if (d.bytes[0] != CW_TYPE_RELAYED)
				continue;
			uint8_t lane = d.bytes[3];
			CHECK(relay_open(&other, &d, &channel, &inner) && channel == OTHER_CHANNEL && lane == inner.bytes[3]);
			CHECK(packet_u32(d.bytes + 12) > heard.counter[lane] && packet_u32(inner.bytes + 16) > heard.last[lane]);
			heard.counter[lane] = packet_u32(d.bytes + 12);
			heard.last[lane] = packet_u32(inner.bytes + 16);
			heard.first = heard.first < 0 ? lane : heard.first;
			heard.count[lane]++;
			heard.all++;
			heard.bytes += 42 + d.length;
			heard.marked += (frame[15] & CW_ECN_MASK) == CW_ECN_CE;
		}
	}
}

static void join(void)
{
	CHECK(join_channel(FAR_CHANNEL, OTHER_CHANNEL, 1000000000) == 0);
	hear_anew();
}

static void leave(void)
{
	shape(0);
	hear_all();
	cw_relay_close(bench.worker, bench.far, FAR_CHANNEL);
	cw_bench_drops(&bench);
}

static void keeps_to_the_rate_and_loses_nothing(void)
{
	join();
	shape(RATE_BPS);
	for (uint32_t i = 1; i <= 100; i++)
		relay_one(NORMAL, CW_ECN_ECT0, 1000, i);
	hear_all();
	CHECK(heard.all == 0);
	for (uint32_t ms = 1; ms <= 70; ms++) {
		pass_us(1000);
		hear_all();
		CHECK(heard.bytes <= (uint64_t)RATE_BPS / 8000 * ms + 1000 + OUTER_BYTES);
	}
	CHECK(heard.bytes + 1000 + OUTER_BYTES >= RATE_BPS / 8000 * 70);
	for (uint32_t ms = 0; ms < 40; ms++)
		pass_us(1000);
	hear_all();
	CHECK(heard.all == 100 && cw_qos_due_us(bench.worker) == UINT64_MAX && cw_bench_drops(&bench)[0] == 0);
	CHECK(bench.far->relayed_packets == 100 && bench.far->relayed_bytes == 100 * 1000);
	leave();
}

/* Whatever waits: no longer than what is under way takes, and a packet of its own. */
static void a_relayed_call_overtakes(void)
{
	uint32_t worst = 0, sent = 0;

	join();
	shape(RATE_BPS);
	for (uint32_t i = 1; i <= 1000; i++) {
		relay_one(BULK, CW_ECN_ECT0, 1300, 2 * i);
		relay_one(NORMAL, CW_ECN_ECT0, 1300, 2 * i);
		if (i % 10 == 0)
			relay_one(VOICE, 0, 200, ++sent);
		uint32_t before = heard.count[VOICE], waited = 0;
		for (; waited < 2000; waited += 100) {
			pass_us(100);
			hear_all();
			if (i % 10 == 0 && heard.count[VOICE] > before && waited > worst)
				worst = waited;
			before = heard.count[VOICE];
		}
		CHECK(heard.count[VOICE] == sent);
	}
	if (!CHECK(worst <= 1400))
		fprintf(stderr, "  a call waited %u us\n", worst);
	/* What is in no hurry came too, by its weight: 20 of 50. */
	uint32_t bulk = heard.count[BULK] * 1000 / (heard.count[BULK] + heard.count[NORMAL]);
	if (!CHECK(heard.count[VOICE] == 100 && bulk >= 350 && bulk <= 450))
		fprintf(stderr, "  %u of 1000 are bulk\n", bulk);
	leave();
}

/* A train of the far end's is of many, and each waits for itself. */
static void what_came_in_trains_waits_too(void)
{
	static uint8_t train[8 * DATAGRAM_MAX];
	uint32_t length = 0, step = 0;

	join();
	shape(RATE_BPS);
	for (uint32_t i = 1; i <= 8; i++) {
		struct datagram inner = inner_of(0xD1, 1000), d;
		inner.bytes[3] = NORMAL;
		packet_put32(inner.bytes + 16, i);
		d = relay_seal_lane(&far, FAR_CHANNEL, NORMAL, &inner);
		memcpy(train + length, d.bytes, d.length);
		length += d.length;
		step = d.length;
	}
	cw_test_receive_to(train, length, step, CW_BENCH_PORT);
	hear_all();
	CHECK(heard.all == 0);
	for (uint32_t ms = 0; ms < 10; ms++) {
		pass_us(1000);
		hear_all();
	}
	CHECK(heard.all == 8 && cw_bench_drops(&bench)[0] == 0);
	leave();
}

/* What sessions need, at once; who sends more of it than that waits with calls. */
static void control_does_not_wait_but_for_floods(void)
{
	for (uint32_t size = 100; size <= 1300; size += 1200) {
		join();
		shape(RATE_BPS);
		bench.worker->now_us += 4000000;
		for (uint32_t i = 1; i <= 60; i++)
			relay_one(BULK, CW_ECN_ECT0, 1300, i);
		/* So many bytes, whatever the packets: an MTU's probes are large. */
		for (uint32_t i = 1; i <= 110; i++)
			relay_one(CONTROL, 0, size, i);
		hear_all();
		CHECK(heard.all == heard.count[CONTROL] && heard.all * (size + OUTER_BYTES) > 16384 - 1400 && heard.bytes <= 16384);
		shape(0);
		hear_all();
		CHECK(heard.count[CONTROL] == 110 && heard.count[BULK] == 60 && cw_bench_drops(&bench)[0] == 0);
		leave();
	}
	/* Data that says it is control is data. */
	join();
	shape(RATE_BPS);
	struct datagram inner = inner_of(0xD1, 1000), d = relay_seal_lane(&far, FAR_CHANNEL, CONTROL, &inner);
	for (uint32_t i = 0; i < 3; i++) {
		d = relay_seal_lane(&far, FAR_CHANNEL, CONTROL, &inner);
		receive_from(&far, &d);
	}
	CHECK(cw_bench_drain(&bench, CW_BENCH_UPLINK) == 0);
	pass_us(5000);
	CHECK(cw_bench_drain(&bench, CW_BENCH_UPLINK) > 0);
	leave();
}

/* Outside, where the end to which it goes finds it; or else it is lost. */
static void who_waits_too_long_is_marked(void)
{
	for (uint32_t is_ect = 0; is_ect < 2; is_ect++) {
		uint32_t given = 0;
		join();
		shape(1000000);
		for (uint32_t ms = 0; ms < 600; ms++) {
			if (ms % 5 == 0)
				relay_one(NORMAL, is_ect ? CW_ECN_ECT0 : 0, 900, ++given);
			pass_us(1000);
			hear_all();
		}
		CHECK((heard.marked > 0) == is_ect);
		const char *drops = cw_bench_drops(&bench);
		CHECK(is_ect ? drops[0] == 0 : strncmp(drops, "queue_delay ", 12) == 0);
		shape(0);
		hear_all();
		CHECK((heard.all == given) == is_ect);
		leave();
	}
}

static void no_more_waits_than_there_is_room_for(void)
{
	struct rte_mempool *small = bench.worker->engine->pools.small;

	join();
	shape(RATE_BPS);
	for (uint32_t i = 1; i <= 1000; i++) {
		bench.worker->now_us += 12; /* which its channel needs */
		relay_one(NORMAL, 0, 1300, i);
	}
	CHECK(rte_mempool_in_use_count(small) <= small->size / 2 + 8);
	const char *drops = cw_bench_drops(&bench);
	if (!CHECK(strncmp(drops, "queue_full ", 11) == 0))
		fprintf(stderr, "  %s\n", drops);
	shape(0);
	hear_all();
	CHECK(heard.all > 50 && heard.all < 1000);
	leave();
}

/* The gate of who gets it is as for what the box itself sends there: its own link is slower. */
static void who_gets_it_gets_no_more_than_it_takes(void)
{
	join();
	bench.other->paths.list[bench.other->paths.best]->remote_down_bps = 2000000;
	shape(RATE_BPS);
	for (uint32_t i = 1; i <= 40; i++)
		relay_one(NORMAL, CW_ECN_ECT0, 1000, i);
	for (uint32_t ms = 0; ms < 100; ms++)
		pass_us(1000);
	hear_all();
	if (!CHECK(heard.bytes <= 2000000 / 80 + 3000 && heard.bytes + 4000 >= 1900000 / 80))
		fprintf(stderr, "  %u bytes\n", heard.bytes);
	bench.other->paths.list[bench.other->paths.best]->remote_down_bps = 0;
	leave();
}

/* Its path fails, and another uplink is slower: it waits for that one, and does not stand in its modem. */
static void waits_for_another_uplink_by_its_rate(void)
{
	open_second();
	name_second_path(bench.other);
	join();
	shape(10 * RATE_BPS);
	shape_second(RATE_BPS);
	for (uint32_t i = 1; i <= 60; i++)
		relay_one(NORMAL, CW_ECN_ECT0, 1000, i);
	be_up(bench.other, 0, false);
	for (uint32_t ms = 1; ms <= 30; ms++) {
		pass_us(1000);
		hear_all();
		if (!CHECK(heard.bytes <= (uint64_t)RATE_BPS / 8000 * ms + 1000 + OUTER_BYTES))
			break;
	}
	CHECK(heard.bytes + 4000 >= RATE_BPS / 8000 * 30);
	for (uint32_t ms = 0; ms < 40; ms++)
		pass_us(1000);
	hear_all();
	CHECK(heard.all == 60 && cw_bench_drops(&bench)[0] == 0);
	be_up(bench.other, 0, true);
	leave();
	close_second();
	cw_path_name(bench.worker, bench.other, &path_at(bench.other, 0)->way, 1);
}

static int begin_other(void)
{
	static const struct cw_peer_program somebody = { .name = "somebody" };
	struct cw_command command = { .kind = CW_COMMAND_PEER, .peer = bench.other, .begins = &somebody };

	cw_command_run(bench.worker, &command);
	return command.result;
}

/* The channel ends, or the path, or the session: what waits is counted, and nobody is hurt. */
static void what_it_waits_for_may_go(void)
{
	join();
	shape(RATE_BPS);
	for (uint32_t i = 1; i <= 20; i++)
		relay_one(NORMAL, 0, 1000, i);
	/* Nor is the place somebody else's meanwhile, to whom it would go. */
	CHECK(begin_other() == -EBUSY && strcmp(bench.other->name, "other") == 0);
	struct cw_path *by = bench.other->paths.list[bench.other->paths.best];
	by->live.state = CW_PATH_DOWN;
	pass_us(5000);
	CHECK(strncmp(cw_bench_drops(&bench), "relay_peer ", 11) == 0);
	by->live.state = CW_PATH_UP;
	CHECK(cw_relay_close(bench.worker, bench.far, FAR_CHANNEL) == 0);
	for (uint32_t ms = 0; ms < 20; ms++)
		pass_us(1000);
	CHECK(strncmp(cw_bench_drops(&bench), "relay_channel ", 14) == 0);
	hear_all();
	CHECK(heard.all == 0 && cw_qos_due_us(bench.worker) == UINT64_MAX && cw_qos_leave_place(bench.worker, bench.other->place));
	/* With some still waiting the bench is closed: no buffer may be lost. */
	join();
	for (uint32_t i = 1; i <= 20; i++)
		relay_one(NORMAL, 0, 1000, i);
}

int main(int argc, char **argv)
{
	check_begin(argc, argv);
	open_ends();
	cw_bench_drops(&bench);
	keeps_to_the_rate_and_loses_nothing();
	a_relayed_call_overtakes();
	what_came_in_trains_waits_too();
	control_does_not_wait_but_for_floods();
	who_waits_too_long_is_marked();
	no_more_waits_than_there_is_room_for();
	who_gets_it_gets_no_more_than_it_takes();
	waits_for_another_uplink_by_its_rate();
	what_it_waits_for_may_go();
	cw_bench_close(&bench);
	return check_result();
}
