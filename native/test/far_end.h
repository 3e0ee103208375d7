/*
 * The far end of paths, for tests of what is believed of it: frames that come from any of its ports, answers to what is asked at
 * the port where it is, and how much left for which. What it sends is always of its path 0. Time is moved by hand, 5 ms at once.
 * A test program includes this once.
 */
#ifndef FAR_END_H
#define FAR_END_H

#include "graph/path.h"
#include "seal_packets.h"
#include "table/session.h"

#define SECOND 1000000u
#define STEP_US 5000u
#define PORTS 65536
#define ITEM_PROBE 0x01
#define ITEM_ANSWER 0x02
#define ITEM_MTU_PROBE 0x08
#define ITEM_MTU_ACK 0x09
#define ITEM_SILENT 0x0f

static uint16_t home_port = CW_BENCH_PORT + 1; /* it is there */
static bool is_mute;
static uint32_t next_control = 1, next_data = 1;
/* That left: since they were counted, but for the ids. */
static uint32_t data_to[PORTS], control_to[PORTS];
static uint32_t words_of_silence;
static uint32_t probe_id[PORTS]; /* of the last one to that port */

static inline void count_anew(void)
{
	memset(data_to, 0, sizeof(data_to));
	memset(control_to, 0, sizeof(control_to));
	words_of_silence = 0;
}

/* A control frame, authentic, by way of that port. */
static inline void from_port(uint16_t port, const uint8_t *items, uint32_t length)
{
	uint8_t datagram[2048];
	uint32_t size = cw_bench_seal(&bench, CW_TYPE_CONTROL, next_control++, items, length, datagram);

	bench.worker->arrival.remote_port = port;
	cw_open(bench.worker, datagram, size, 0);
}

static inline void ask_from(uint16_t port)
{
	static const uint8_t probe[8] = { ITEM_PROBE, 0, 0, 4, 1, 2, 3, 4 };

	from_port(port, probe, sizeof(probe));
}

static inline void answer_from(uint16_t port, uint32_t id)
{
	uint8_t answer[16] = { ITEM_ANSWER, 0, 0, 12 };

	packet_put32(answer + 4, id);
	from_port(port, answer, sizeof(answer));
}

/* That nothing is heard by path `number` of this end. */
static inline void tell_silence_from(uint16_t port, uint8_t number)
{
	const uint8_t word[8] = { ITEM_SILENT, 0, 0, 4, number };

	from_port(port, word, sizeof(word));
}

static inline void data_in(void)
{
	uint8_t plain[GENEVE + 128] = { 0, 0, 8, 0, 0, 0, CW_BENCH_VNI, 0 }, datagram[256];

	packet_ip(plain + GENEVE, 20, PACKET_UDP, CW_BENCH_FAR, CW_BENCH_HOST);
	packet_finish(plain + GENEVE, 128);
	cw_open(bench.worker, datagram, cw_bench_seal(&bench, CW_TYPE_DATA, next_data++, plain, sizeof(plain), datagram), 0);
}

static inline void data_out(void)
{
	make_packet(PACKET_UDP, 20, 128, CW_BENCH_FAR);
	packet_put16(sent + 20, 1000);
	packet_put16(sent + 22, 2000);
	give(NULL, 128);
}

static inline struct cw_path *path_of(uint16_t port)
{
	struct cw_way way = bench.keypair->way;

	way.remote_port = port;
	return cw_paths_find(&bench.far->paths, &way);
}

static inline void take_control(uint16_t port, const uint8_t *items, uint32_t length)
{
	bool is_answered = port == home_port && !is_mute;

	control_to[port]++;
	for (uint32_t at = 0; at + 4 <= length; at += 4 + packet_u16(items + at + 2)) {
		words_of_silence += items[at] == ITEM_SILENT;
		if (items[at] == ITEM_PROBE) {
			probe_id[port] = packet_u32(items + at + 4);
			if (is_answered)
				answer_from(port, probe_id[port]);
		}
		if (items[at] == ITEM_MTU_PROBE && is_answered) {
			uint8_t ack[12] = { ITEM_MTU_ACK, 0, 0, 8 };
			memcpy(ack + 4, items + at + 4, 8);
			from_port(port, ack, sizeof(ack));
		}
	}
}

/* All that left comes to where it was sent. */
static inline void serve(void)
{
	static uint8_t plain[CW_BENCH_FRAME_MAX];
	uint32_t length;
	uint8_t type;

	cw_bench_flush(&bench);
	while ((length = cw_bench_hear(&bench, &type, plain)) > 0) {
		uint16_t port = (uint16_t)packet_u16(bench.frame + 14 + 22);
		if (type == CW_TYPE_DATA)
			data_to[port]++;
		else
			take_control(port, plain, length);
	}
	cw_bench_drain(&bench, CW_BENCH_LAN);
}

/* `has_data`: fifty packets a second each way, and what the far end asks by the way. */
static inline void pass(uint64_t us, bool has_data)
{
	static uint32_t steps;

	for (uint64_t until_us = bench.worker->now_us + us; bench.worker->now_us < until_us; steps++) {
		bench.worker->now_us += STEP_US;
		if (has_data && steps % 4 == 0) {
			data_out();
			if (!is_mute)
				data_in();
		}
		if (has_data && !is_mute && steps % 16 == 0)
			ask_from(home_port);
		cw_path_look(bench.worker);
		serve();
	}
}

/* How many events of that kind there were; takes all. */
static inline uint32_t events(uint16_t kind)
{
	uint8_t bytes[CW_EVENT_BYTES_MAX];
	struct cw_event head;
	uint32_t count = 0;

	while (cw_next_event(bench.engine, bytes, sizeof(bytes)) != 0) {
		memcpy(&head, bytes, sizeof(head));
		count += head.kind == kind;
	}
	return count;
}

#endif
