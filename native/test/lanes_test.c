/*
 * Lanes by class: what a network that serves classes apart makes of the order of packets costs none of them, each counter is of its own
 * lane, and figures of a path are of all its lanes, of which some rest. How many lanes a key has, and what becomes of classes
 * where there are no more. Two graphs, each on a bench; time is moved by hand.
 */
#include "check.h"
#include "graph/control.h"
#include "graph/graph.h"
#include "graph/path-lanes.h"
#include "graph/path.h"
#include "graph/seal.h"
#include "graph_bench.h"
#include "packet.h"
#include "table/view.h"

#define HEADERS 42
#define INNER 128
#define DATAGRAM (CW_SEALED_OVERHEAD + INNER)
#define MANY 10000
#define LANES 8 /* by class */
#define TICK_US 100000
#define RECEIVER 0x0a020006u

static struct cw_bench here, there;
static const struct cw_vnet_hdr plain;
/* Of a class each, in the order of lanes; the second has one of CS7, which is a call's too. */
static const uint8_t dscps[LANES] = { 0, 46, 34, 8 };
static uint8_t under_way[MANY][HEADERS + DATAGRAM];
static uint32_t count_under_way;

/* There, what is far for `here` is in the LAN, and the host's LAN is at the peer. */
static void turn_around(void)
{
	struct cw_view *view = there.worker->view;
	uint32_t far = 0, router = 0;

	for (uint32_t i = 0; i < view->hop_count; i++) {
		const struct cw_hop *hop = &view->hops[i];
		if (hop->kind == CW_HOP_OVERLAY && hop->peers[0] == 0)
			far = i;
		if (hop->kind == CW_HOP_LINK && hop->port == CW_BENCH_LAN_PORT && !cw_address_is_none(hop->gateway) &&
		    cw_address_is_v4(hop->gateway))
			router = i;
	}
	const struct cw_fib_route routes[] = { { 0x0a010000, 24, far }, { 0x0a020000, 16, router } };
	cw_fib_free(view->segment_fib[0]);
	view->segment_fib[0] = cw_fib_new(routes, 2);
}

static void send_one(uint8_t dscp)
{
	static uint8_t frame[14 + INNER];

	cw_bench_ether(&here, CW_BENCH_LAN, frame);
	packet_ip(frame + 14, 20, PACKET_UDP, CW_BENCH_HOST, RECEIVER);
	frame[15] = (uint8_t)(dscp << 2);
	packet_put16(frame + 34, 1000 + dscp);
	packet_put16(frame + 36, 2000);
	packet_finish(frame + 14, INNER);
	cw_bench_give(&here, CW_BENCH_LAN, &plain, frame, sizeof(frame));
}

/* All datagrams that left, as frames of their own. */
static void take_datagrams(void)
{
	static uint8_t frame[CW_BENCH_FRAME_MAX];
	struct cw_vnet_hdr vnet;
	uint32_t length;

	cw_bench_flush(&here);
	while ((length = cw_bench_take(&here, CW_BENCH_UPLINK, &vnet, frame)) > 0) {
		uint32_t step = vnet.gso_type == 0 ? length - HEADERS : vnet.gso_size;
		for (uint32_t at = HEADERS; at < length; at += step) {
			if (frame[at] != CW_TYPE_DATA || step != DATAGRAM || count_under_way == MANY)
				continue;
			memcpy(under_way[count_under_way], frame, HEADERS);
			memcpy(under_way[count_under_way++] + HEADERS, frame + at, DATAGRAM);
		}
	}
}

static void bring(uint8_t *frame, uint32_t length)
{
	cw_bench_ether(&there, CW_BENCH_UPLINK, frame);
	packet_put16(frame + 12, 0x0800);
	packet_put32(frame + 14 + 12, CW_BENCH_FAR_WAN);
	packet_put32(frame + 14 + 16, CW_BENCH_WAN);
	packet_put16(frame + 14 + 20, CW_BENCH_PORT + 1);
	packet_put16(frame + 14 + 22, CW_BENCH_PORT);
	packet_finish(frame + 14, length - 14);
	cw_bench_give(&there, CW_BENCH_UPLINK, &plain, frame, length);
	cw_bench_flush(&there);
}

static uint8_t class_at(uint32_t i)
{
	return under_way[i][HEADERS + 3] >> CW_CLASS_SHIFT;
}

/* What is under way arrives, one class after the other, less every `loss`th of the class `of`. @return packets that the LAN gets */
static uint32_t arrive(uint8_t of, uint32_t loss)
{
	static const uint8_t order[4] = { 1, 2, 0, 3 };
	uint32_t got = 0, met = 0;

	for (uint32_t class = 0; class < 4; class++) {
		for (uint32_t i = 0; i < count_under_way; i++) {
			if (class_at(i) != order[class] || (loss != 0 && class_at(i) == of && ++met % loss == 0))
				continue;
			bring(under_way[i], HEADERS + DATAGRAM);
			got += cw_bench_drain(&there, CW_BENCH_LAN);
		}
	}
	count_under_way = 0;
	return got;
}

/* As many as fit a window several times over, and all of a class overtake all of the next one. */
static void no_class_costs_another_a_packet(void)
{
	uint32_t counters[LANES] = { 0 }, got;

	for (uint32_t i = 0; i < MANY; i++) {
		send_one(dscps[check_below(4)]);
		if (i % 50 == 49)
			take_datagrams();
	}
	take_datagrams();
	CHECK(count_under_way == MANY);
	for (uint32_t i = 0; i < MANY; i++) {
		const uint8_t *sealed = under_way[i] + HEADERS;
		CHECK(packet_u32(sealed + 12) == ++counters[class_at(i)] && (sealed[3] & 0x1f) == 0);
	}
	for (uint32_t class = 0; class < 4; class++)
		CHECK(counters[class] > MANY / 5);
	got = arrive(0, 0);
	if (!CHECK(got == MANY))
		fprintf(stderr, "  %u of %u\n", got, MANY);
	const char *drops = cw_bench_drops(&there);
	if (!CHECK(drops[0] == 0))
		fprintf(stderr, "  %s\n", drops);
	CHECK(there.keypair->data_lanes.count == 4);
}

/* A control frame of one end's, all of it that left. */
static void carry_control(struct cw_bench *from, struct cw_bench *to)
{
	static uint8_t frame[CW_BENCH_FRAME_MAX];
	struct cw_vnet_hdr vnet;
	uint32_t length;

	cw_bench_flush(from);
	while ((length = cw_bench_take(from, CW_BENCH_UPLINK, &vnet, frame)) > 0) {
		if (frame[HEADERS] != CW_TYPE_CONTROL || vnet.gso_type != 0)
			continue;
		cw_bench_ether(to, CW_BENCH_UPLINK, frame);
		packet_put32(frame + 14 + 12, CW_BENCH_FAR_WAN);
		packet_put32(frame + 14 + 16, CW_BENCH_WAN);
		packet_put16(frame + 14 + 20, CW_BENCH_PORT + 1);
		packet_put16(frame + 14 + 22, CW_BENCH_PORT);
		packet_finish(frame + 14, length - 14);
		cw_bench_give(to, CW_BENCH_UPLINK, &plain, frame, length);
	}
}

/* 100 ms with `each` of every class that has a bit; then both ends know what came. */
static void tick(uint32_t classes, uint32_t each, uint8_t of, uint32_t loss)
{
	for (uint32_t i = 0; i < each; i++) {
		for (uint32_t class = 0; class < 4; class++) {
			if ((classes & 1u << class) != 0)
				send_one(dscps[class]);
		}
	}
	take_datagrams();
	here.worker->now_us += TICK_US;
	there.worker->now_us += TICK_US;
	arrive(of, loss);
	cw_path_read_lanes(there.worker, there.far);
	cw_control_report(there.worker, there.keypair);
	carry_control(&there, &here);
}

static bool is_near(uint32_t ppm, uint32_t wanted)
{
	return ppm + wanted / 10 >= wanted && ppm <= wanted + wanted / 10;
}

/* Both ends say the same of the path, whichever of its classes send. */
static void figures_are_of_the_path(void)
{
	const struct cw_quality *out = &cw_bench_path(&here)->out, *in = &cw_bench_path(&there)->in;

	/* The far end learns which path of its own that is. */
	CHECK(cw_control_send(here.worker, here.keypair, cw_bench_path(&here), true, 0));
	carry_control(&here, &there);
	carry_control(&there, &here);
	for (uint32_t i = 0; i < 12; i++)
		tick(15, 25, 0, 0);
	CHECK(out->loss_ppm == 0 && in->loss_ppm == 0 && out->late_ppm == 0);
	CHECK(out->packets >= 900 && out->packets <= 1300 && out->received == in->received);
	/* Some rest: they neither lose nor keep the others from being told of. */
	uint32_t taken = out->taken;
	for (uint32_t i = 0; i < 12; i++)
		tick(1 << 1, 50, 0, 0);
	CHECK(out->loss_ppm == 0 && in->loss_ppm == 0 && out->packets >= 450 && out->packets <= 650);
	CHECK(out->taken == taken + 12);
	/* One of four loses a fifth: a twentieth of the path. */
	for (uint32_t i = 0; i < 24; i++)
		tick(15, 25, 3, 5);
	if (!CHECK(is_near(out->loss_ppm, 50000) && is_near(in->loss_ppm, 50000)))
		fprintf(stderr, "  %u and %u ppm\n", out->loss_ppm, in->loss_ppm);
	/* And nothing of that is left a second after it has ended; what bulk lost is not told again by what others send. */
	for (uint32_t i = 0; i < 24; i++)
		tick(1 | 1 << 1, 25, 0, 0);
	CHECK(out->loss_ppm == 0 && in->loss_ppm == 0);
	CHECK(cw_bench_path(&here)->delivered_bps > 0 && cw_bench_drops(&there)[0] == 0);
}

/* With `given` numbers: how many lanes of data there are when each of 16 paths has sent all classes. */
static uint32_t lanes_with(uint32_t given, uint32_t *places)
{
	static struct cw_tx_lanes lanes;
	static bool seen[1 << 16];
	uint32_t count = 0;

	memset(&lanes, 0, sizeof(lanes));
	memset(seen, 0, sizeof(seen));
	for (uint32_t i = 0; i < 4000; i++) {
		uint8_t number = (uint8_t)(check_below(CW_TX_PLACES + 4) * 5), class = (uint8_t)check_below(7), before = class;
		uint32_t *counter = cw_tx_counter(&lanes, number, &class, given);
		uint16_t lane = (uint16_t)(number << 8 | class << CW_CLASS_SHIFT);
		++*counter;
		count += !seen[lane];
		seen[lane] = true;
		CHECK(cw_tx_sent(&lanes, lane) == *counter && (class == before || class == CW_LANE_NORMAL));
		/* A class goes by one lane as long as the key lives, so that nothing of a flow overtakes the rest of it. */
		class = before;
		CHECK(cw_tx_counter(&lanes, number, &class, given) == counter);
	}
	CHECK(cw_tx_sent(&lanes, 1) == 0 && cw_tx_sent(&lanes, 1 << 8 | 1 << CW_CLASS_SHIFT) == 0);
	*places = lanes.places;
	return count;
}

static void more_than_the_far_end_keeps_there_are_never(void)
{
	uint32_t places;

	CHECK(lanes_with(20, &places) == 20 + 3 * CW_TX_PLACES && places == CW_TX_PLACES);
	CHECK(lanes_with(100, &places) == 20 + 3 * 9 && places == 9);
	CHECK(lanes_with(126, &places) == 20 && places == 0);
	/* And the other way round: numbers are no more than classes have left. */
	struct cw_way way = cw_bench_path(&here)->way;
	uint32_t given = here.far->numbers_given;
	here.keypair->tx.places = CW_TX_PLACES;
	for (uint32_t left = 2; left-- > 0;) {
		struct cw_way ways[2] = { way, way };
		ways[1].remote_port = (uint16_t)(9000 + left);
		here.far->numbers_given = CW_TX_NUMBERS_MAX - 3 * CW_TX_PLACES - left;
		cw_path_name(here.worker, here.far, ways, 2);
		CHECK((here.worker->drops[CW_DROP_PATH_FULL] == 0) == (left == 1));
	}
	here.far->numbers_given = given;
}

int main(int argc, char **argv)
{
	check_begin(argc, argv);
	cw_bench_open(&here);
	cw_bench_open_far(&there);
	there.worker->now_us = here.worker->now_us;
	turn_around();
	no_class_costs_another_a_packet();
	figures_are_of_the_path();
	more_than_the_far_end_keeps_there_are_never();
	cw_bench_close(&here);
	cw_bench_close(&there);
	return check_result();
}
