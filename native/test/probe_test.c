/*
 * Probes on the wire: when they leave, what their replies tell of the round trip, and how long silence lasts before it is
 * told. When paths are suspected, left and taken up again is path_test.c's, what they carry mtu_probe_test.c's. Time is moved
 * by hand.
 */
#include "check.h"
#include "graph/control.h"
#include "graph/path.h"
#include "graph/seal.h"
#include "graph_bench.h"
#include "packet.h"

#define SECOND 1000000u

static struct cw_bench bench;

/* The kind of the next event, 0 for none. What is told of paths is path_event_test.c's. */
static uint16_t event(void)
{
	uint8_t bytes[CW_EVENT_BYTES_MAX];
	struct cw_event head = { .kind = CW_EVENT_PATH };

	while (head.kind == CW_EVENT_PATH) {
		if (cw_next_event(bench.engine, bytes, sizeof(bytes)) == 0)
			return 0;
		memcpy(&head, bytes, sizeof(head));
	}
	CHECK(head.length == 0 && strcmp(head.peer, "far") == 0);
	return head.kind;
}

#define STEP_US 5000u
#define STEPS(seconds) ((uint32_t)((seconds) * (SECOND / STEP_US)))

/* The items of the next frame that left, but for probes of the MTU, which are answered at once; 0 bytes: none did. */
static uint32_t hear(uint8_t *items, uint8_t *type)
{
	uint32_t length = cw_bench_hear(&bench, type, items);

	if (length == 0 || items[0] != 0x08)
		return length;
	items[0] = 0x09;
	cw_control(bench.worker, bench.keypair, cw_bench_path(&bench), items, 12);
	return cw_bench_hear(&bench, type, items);
}

/* Lets 5 ms pass; the id of the probe that left, 0 for none. */
static uint32_t tick(void)
{
	uint8_t probe[CW_BENCH_MTU], type = 0;

	bench.worker->now_us += STEP_US;
	cw_path_look(bench.worker);
	cw_bench_flush(&bench);
	uint32_t length = hear(probe, &type);
	if (length == 0)
		return 0;
	/* A path says now and then which it is: add, number 0, uplink 0 to an unknown one. */
	bool is_introduced = length == 20 && packet_u32(probe + 8) == 0x04000008 && packet_u32(probe + 12) == 0x0000ff00;
	CHECK(type == CW_TYPE_CONTROL && packet_u32(probe) == 0x01000004 && (length == 8 || is_introduced));
	return packet_u32(probe + 4);
}

static uint32_t next_probe(uint32_t most)
{
	for (uint32_t steps = 0; steps < most; steps++) {
		uint32_t id = tick();
		if (id != 0)
			return id;
	}
	return 0;
}

static void reply_to(uint32_t id, uint32_t held_us)
{
	uint8_t item[16] = { 0x02, 0, 0, 12 };

	packet_put32(item + 4, id);
	packet_put32(item + 12, held_us);
	cw_control(bench.worker, bench.keypair, cw_bench_path(&bench), item, sizeof(item));
}

static uint32_t rtt(void)
{
	return cw_bench_path(&bench)->live.rtt_us;
}

/* At rest a path is asked every 14 to 15 s, which keeps NATs open. */
static void measures_round_trips(void)
{
	uint32_t id = next_probe(2);

	CHECK(id != 0 && rtt() == CW_NONE);
	bench.worker->now_us += 8000;
	reply_to(id + 1, 0); /* of another probe */
	CHECK(rtt() == CW_NONE);
	reply_to(id, 3000);
	CHECK(rtt() == 5000);
	reply_to(id, 0); /* once */
	CHECK(rtt() == 5000);
	for (uint32_t steps = 0; steps < STEPS(13.9); steps++)
		CHECK(tick() == 0);
	CHECK((id = next_probe(STEPS(1.2))) != 0);
	bench.worker->now_us += 13000;
	reply_to(id, 0);
	CHECK(rtt() == 6000);
	/* Held for longer than it took: a lie. */
	CHECK((id = next_probe(STEPS(28))) != 0);
	bench.worker->now_us += 1000;
	reply_to(id, 0xffffffff);
	CHECK(rtt() == 5250 && event() == 0);
}

/* Five seconds without an answer are told once, and again after each five more. */
static void tells_of_silence(void)
{
	uint32_t probes = 0, told = 0, first = 0;

	CHECK(next_probe(STEPS(28)) != 0);
	for (uint32_t steps = 0; steps < STEPS(16); steps++) {
		probes += tick() != 0;
		bool is_told = event() == CW_EVENT_SILENT;
		told += is_told;
		if (is_told && first == 0)
			first = steps;
	}
	CHECK(told == 3 && first >= STEPS(4.8) && first < STEPS(6));
	/* Ten a second for two seconds, four until it is certain, then two. */
	CHECK(probes > 30 && probes < 70 && cw_bench_path(&bench)->live.state == CW_PATH_DOWN);
	for (uint32_t steps = 0; steps < STEPS(5); steps++) {
		uint32_t id = tick();
		if (id != 0)
			reply_to(id, 0);
		CHECK(event() == 0);
	}
	CHECK(cw_bench_path(&bench)->live.state == CW_PATH_UP);
	/* Unconfirmed, a keypair is probed four times a second. */
	atomic_store(&bench.keypair->is_confirmed, false);
	probes = 0;
	next_probe(STEPS(28));
	for (uint32_t steps = 0; steps < STEPS(3); steps++) {
		uint32_t id = tick();
		probes += id != 0;
		if (id != 0)
			reply_to(id, 0);
	}
	CHECK(probes == 12);
	atomic_store(&bench.keypair->is_confirmed, true);
}

/* Without a keypair there is nothing to probe with, and no silence to tell of. */
static void rests_without_a_keypair(void)
{
	atomic_store(&bench.far->current, NULL);
	for (uint32_t steps = 0; steps < STEPS(30); steps++)
		CHECK(tick() == 0 && event() == 0);
	atomic_store(&bench.far->current, bench.keypair);
	CHECK(next_probe(STEPS(1.2)) != 0 && event() == 0);
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
