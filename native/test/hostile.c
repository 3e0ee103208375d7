/*
 * Hostile packets, as many as asked for and from a seed, through the real graph: none may come out anywhere, and each
 * must be counted once, under its reason. Prints what came of it as JSON, and ends with 0 if that is so.
 *   hostile COUNT SEED [FAULT]
 * FAULT shows that the report would say so: `genuine` lets some through unchanged, `prefix` gives the peer what others have,
 * `unsent` counts some that were never sent, `crash` ends in the middle by a signal, `buffer` loses a buffer.
 */
#include <stdlib.h>
#include <time.h>

#include "check.h"
#include "graph/graph.h"
#include "hostile_kinds.h"
#include "packet.h"
#include "table/view.h"

#define HEADERS 42
#define BATCH 64
#define FAULT_EVERY 1009

struct tally {
	uint64_t sent;
	uint64_t right; /* counted once, under a reason of its kind */
};

static struct cw_bench bench;

static void receive(struct cw_bench *b, const struct hostile *h)
{
	uint8_t frame[HEADERS + HOSTILE_MAX];

	cw_bench_ether(b, CW_BENCH_UPLINK, frame);
	packet_ip(frame + 14, 20, PACKET_UDP,
		  h->is_from_far ? CW_BENCH_FAR_WAN : 0x0b000000 + cw_hostile_below(1 << 24),
		  CW_BENCH_WAN);
	frame[15] = h->outer_tos;
	packet_put16(frame + 16, 28 + h->length);
	packet_finish_ip(frame + 14);
	packet_put16(frame + 34, CW_BENCH_PORT);
	packet_put16(frame + 36, CW_BENCH_PORT);
	packet_put16(frame + 38, 8 + h->length);
	packet_put16(frame + 40, 0);
	memcpy(frame + HEADERS, h->bytes, h->length);
	cw_receive(b->worker, b->ports[CW_BENCH_UPLINK_PORT]->nic,
		   cw_bench_mbuf(b, frame, HEADERS + h->length, 14));
}

static uint64_t drain(void)
{
	uint64_t frames = 0;
	uint8_t event[CW_EVENT_BYTES_MAX];

	cw_bench_flush(&bench);
	for (uint32_t i = 0; i < CW_BENCH_LINKS; i++)
		frames += cw_bench_drain(&bench, i);
	while (cw_next_event(bench.engine, event, sizeof(event)) > 0)
		;
	return frames;
}

static uint64_t sum_of_drops(void)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < CW_DROP_COUNT; i++)
		sum += bench.worker->drops[i];
	return sum;
}

/* Counted, once, and as it must be; `before` is what was counted so far. */
static bool is_right(const struct hostile *h, const uint64_t *before, uint64_t sum_before)
{
	if (sum_of_drops() != sum_before + 1)
		return false;
	for (uint32_t i = 0; i < h->reason_count; i++) {
		if (bench.worker->drops[h->reasons[i]] == before[h->reasons[i]] + 1)
			return true;
	}
	return false;
}

/* The peer may send from wherever other peers may. */
static void give_prefixes(void)
{
	struct cw_view *view = bench.worker->view;
	uint16_t far = view->program->peers[0] == bench.far ? 0 : 1;

	for (uint32_t i = 0; i < view->hop_count; i++) {
		if (view->hops[i].kind == CW_HOP_OVERLAY)
			view->hops[i].peers[0] = far;
	}
}

/* What a graph that breaks at this packet would do. */
static void break_as(const char *fault)
{
	static const uint8_t frame[HEADERS];

	if (strcmp(fault, "crash") == 0)
		abort();
	if (strcmp(fault, "buffer") == 0)
		cw_bench_mbuf(&bench, frame, sizeof(frame), 14);
}

static void take_genuine(struct cw_bench *b, const struct hostile *h)
{
	receive(b, h);
}

static void report(const struct tally *tallies, uint64_t delivered, uint64_t counted, double ms)
{
	uint64_t sent = 0;

	printf("{\"event\":\"hostile\",\"delivered\":%llu,\"counted\":%llu,\"ms\":%.0f,\"kinds\":{",
	       (unsigned long long)delivered, (unsigned long long)counted, ms);
	for (uint32_t k = 0; k < hostile_kind_count; k++) {
		printf("%s\"%s\":[%llu,%llu]", k > 0 ? "," : "", hostile_kinds[k].name,
		       (unsigned long long)tallies[k].sent, (unsigned long long)tallies[k].right);
		sent += tallies[k].sent;
	}
	printf("},\"sent\":%llu,\"reasons\":{", (unsigned long long)sent);
	bool is_first = true;
	for (uint32_t i = 0; i < CW_DROP_COUNT; i++) {
		if (bench.worker->drops[i] == 0)
			continue;
		printf("%s\"%s\":%llu", is_first ? "" : ",", cw_drop_names[i],
		       (unsigned long long)bench.worker->drops[i]);
		is_first = false;
	}
	printf("}}\n");
}

int main(int argc, char **argv)
{
	static struct tally tallies[64];
	static uint64_t before[CW_DROP_COUNT];
	struct timespec start, end;
	uint64_t delivered = 0;

	if (argc < 3)
		return 2;
	uint64_t count = strtoull(argv[1], NULL, 10);
	const char *fault = argc > 3 ? argv[3] : "";
	cw_hostile_seed(strtoull(argv[2], NULL, 10));
	cw_bench_open(&bench);
	cw_hostile_record(&bench, take_genuine);
	/* The way in is open: what is genuine comes out. */
	CHECK(drain() > 0 && sum_of_drops() == 0);
	if (strcmp(fault, "prefix") == 0)
		give_prefixes();
	clock_gettime(CLOCK_MONOTONIC, &start);
	for (uint64_t i = 0; i < count; i++) {
		uint32_t kind = cw_hostile_below(hostile_kind_count);
		struct hostile h = { .outer_tos = 0 };
		bool is_faulty = i % FAULT_EVERY == FAULT_EVERY - 1;
		hostile_kinds[kind].make(&bench, &h);
		if (is_faulty && strcmp(fault, "genuine") == 0)
			cw_hostile_genuine(&bench, &h);
		if (i == FAULT_EVERY)
			break_as(fault);
		memcpy(before, bench.worker->drops, sizeof(before));
		uint64_t sum = sum_of_drops();
		if (!is_faulty || strcmp(fault, "unsent") != 0)
			receive(&bench, &h);
		tallies[kind].sent++;
		tallies[kind].right += is_right(&h, before, sum);
		bench.worker->now_us += 5;
		if (i % BATCH == BATCH - 1)
			delivered += drain();
	}
	delivered += drain();
	clock_gettime(CLOCK_MONOTONIC, &end);
	/* What a fault is planted for, who planted it reads from the report. */
	if (fault[0] == 0) {
		CHECK(delivered == 0 && sum_of_drops() == count);
		for (uint32_t k = 0; k < hostile_kind_count; k++)
			CHECK(tallies[k].right == tallies[k].sent);
	}
	report(tallies, delivered, sum_of_drops(),
	       (double)(end.tv_sec - start.tv_sec) * 1e3 + (double)(end.tv_nsec - start.tv_nsec) / 1e6);
	memset(bench.worker->drops, 0, sizeof(bench.worker->drops));
	cw_bench_close(&bench);
	return check_result();
}
