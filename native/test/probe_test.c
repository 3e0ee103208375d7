/*
 * Probes: when they leave, what their replies tell of the round trip, and how long silence lasts
 * before it is told. Time is moved by hand.
 */
#include "check.h"
#include "graph/graph.h"
#include "graph/seal.h"
#include "graph_bench.h"
#include "packet.h"

#define SECOND 1000000u

static struct cw_bench bench;

/* The kind of the next event, 0 for none. */
static uint16_t event(void)
{
	uint8_t bytes[CW_EVENT_BYTES_MAX];
	struct cw_event head;

	if (cw_next_event(bench.engine, bytes, sizeof(bytes)) == 0)
		return 0;
	memcpy(&head, bytes, sizeof(head));
	CHECK(head.length == 0 && strcmp(head.peer, "far") == 0);
	return head.kind;
}

/* Lets 100 ms pass; the id of the probe that left, 0 for none. */
static uint32_t tick(void)
{
	uint8_t probe[CW_BENCH_MTU], type = 0;

	bench.worker->now_us += CW_TICK_US;
	cw_control_tick(bench.worker, bench.far);
	cw_bench_flush(&bench);
	uint32_t length = cw_bench_hear(&bench, &type, probe);
	if (length == 0)
		return 0;
	CHECK(type == CW_TYPE_CONTROL && length == 8 && packet_u32(probe) == 0x01000004);
	return packet_u32(probe + 4);
}

static void reply_to(uint32_t id, uint32_t held_us)
{
	uint8_t item[16] = { 0x02, 0, 0, 12 };

	packet_put32(item + 4, id);
	packet_put32(item + 12, held_us);
	cw_control(bench.worker, bench.keypair, item, sizeof(item));
}

static void measures_round_trips(void)
{
	uint32_t id = 0;

	while (id == 0)
		id = tick();
	CHECK(atomic_load(&bench.far->rtt_us) == CW_NONE);
	bench.worker->now_us += 8000;
	reply_to(id + 1, 0); /* of another probe */
	CHECK(atomic_load(&bench.far->rtt_us) == CW_NONE);
	reply_to(id, 3000);
	CHECK(atomic_load(&bench.far->rtt_us) == 5000);
	reply_to(id, 0); /* once */
	CHECK(atomic_load(&bench.far->rtt_us) == 5000);
	/*
	 * A second later the next one; SRTT goes on by an eighth. Held for longer than it took: a
	 * lie.
	 */
	for (uint32_t ticks = 0; ticks < 9; ticks++)
		CHECK(tick() == 0);
	CHECK(tick() == id + 1);
	bench.worker->now_us += 13000;
	reply_to(id + 1, 0);
	CHECK(atomic_load(&bench.far->rtt_us) == 6000);
	while (tick() == 0)
		;
	bench.worker->now_us += 1000;
	reply_to(id + 2, 0xffffffff);
	CHECK(atomic_load(&bench.far->rtt_us) == 5250);
	/* A late reply counts too, up to fifteen probes later: (7 · 5,250 + 15 s) / 8. */
	for (uint32_t probes = 0; probes <= CW_PROBES_IN_FLIGHT; probes++) {
		while (tick() == 0)
			;
	}
	reply_to(id + 3, 0);
	CHECK(atomic_load(&bench.far->rtt_us) == 5250);
	reply_to(id + 4, 0);
	CHECK(atomic_load(&bench.far->rtt_us) == (7 * 5250 + 15 * SECOND) / 8);
	while (event() != 0)
		;
}

/* Five seconds without an answer are told once, and again after each five more. */
static void tells_of_silence(void)
{
	uint32_t probes = 0, told = 0, first = 0;

	for (uint32_t ticks = 0; ticks < 160; ticks++) {
		probes += tick() != 0;
		bool is_told = event() == CW_EVENT_SILENT;
		told += is_told;
		if (is_told && first == 0)
			first = ticks;
	}
	CHECK(probes == 16 && told == 3 && first >= 50 && first < 60);
	reply_to(bench.far->probe.id, 0);
	for (uint32_t ticks = 0; ticks < 50; ticks++) {
		uint32_t id = tick();
		if (id != 0)
			reply_to(id, 0);
		CHECK(event() == 0);
	}
	/* Unconfirmed, a keypair is probed four times a second. */
	atomic_store(&bench.keypair->is_confirmed, false);
	probes = 0;
	while (tick() == 0)
		;
	for (uint32_t ticks = 0; ticks < 30; ticks++)
		probes += tick() != 0;
	CHECK(probes == 10);
	atomic_store(&bench.keypair->is_confirmed, true);
}

/* Without a keypair there is nothing to probe with, and no silence to tell of. */
static void rests_without_a_keypair(void)
{
	atomic_store(&bench.far->current, NULL);
	for (uint32_t ticks = 0; ticks < 100; ticks++)
		CHECK(tick() == 0 && event() == 0);
	atomic_store(&bench.far->current, bench.keypair);
	CHECK(tick() != 0 && event() == 0);
}

int main(int argc, char **argv)
{
	check_begin(argc, argv);
	cw_bench_open(&bench);
	measures_round_trips();
	tells_of_silence();
	rests_without_a_keypair();
	cw_bench_close(&bench);
	return check_result();
}
