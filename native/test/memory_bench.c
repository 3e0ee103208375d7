/*
 * `memory_bench [ROUNDS] [slow-graph|slow-shaped|lost-packet]`: the whole graph on one core beside the bare AEAD (AES-256-GCM, one
 * packet a call) and a bare Geneve+GCM loop, in turns, as JSON. Judges no speed; ends with 1 when a packet is lost or
 * wrong. See memory_bench.h.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "memory_bench.h"

#define ROUNDS_MAX 101
#define BATCHES 4
#define KINDS 10

static const uint32_t sizes[] = { 64, 354, 1420 };

#define SIZES (sizeof(sizes) / sizeof(sizes[0]))

/* A track that is compared with another names it. */
static const struct kind {
	const char *name;
	double (*run)(struct memory *memory, uint32_t size);
	int base;
} kinds[KINDS] = {
	{ "sealBare", cw_memory_seal_bare, -1 },  { "openBare", cw_memory_open_bare, -1 },
	{ "sealLoop", cw_memory_seal_loop, 0 },   { "openLoop", cw_memory_open_loop, 1 },
	{ "sealGraph", cw_memory_seal_graph, 0 }, { "openGraph", cw_memory_open_graph, 1 },
	{ "sealGraph6", cw_memory_seal_graph6, 0 }, { "openGraph6", cw_memory_open_graph6, 1 },
	{ "relayGraph", cw_memory_relay_graph, 0 }, { "sealShaped", cw_memory_seal_shaped, 4 },
};

static double ns[SIZES][KINDS][ROUNDS_MAX];

static int by_value(const void *left, const void *right)
{
	double a = *(const double *)left, b = *(const double *)right;

	return a < b ? -1 : a > b;
}

static double median(double *values, int count)
{
	qsort(values, (size_t)count, sizeof(values[0]), by_value);
	return values[count / 2];
}

/*
 * The first batch of each track is not counted: others have just pushed out of the caches what it alone uses, which on a busy box nobody
 * does. To what is sealed by a scheduler that is 15 to 45 ns a packet, to the same without one nothing, for other tracks use its tables too.
 */
static void run_round(struct memory *memory, int round)
{
	for (uint32_t s = 0; s < SIZES; s++) {
		for (int k = 0; k < KINDS; k++) {
			kinds[k].run(memory, sizes[s]);
			for (int batch = 0; batch < BATCHES; batch++)
				ns[s][k][round] += kinds[k].run(memory, sizes[s]) / MEMORY_BATCH / BATCHES;
		}
	}
}

/* Ratios are paired: of one round, and then the median of the rounds. */
static double ratio(uint32_t s, int k, int rounds)
{
	double ratios[ROUNDS_MAX];

	for (int round = 0; round < rounds; round++)
		ratios[round] = ns[s][kinds[k].base][round] / ns[s][k][round];
	return median(ratios, rounds);
}

static void print_size(uint32_t s, int rounds)
{
	double ratios[KINDS] = { 0 };

	for (int k = 0; k < KINDS; k++) {
		if (kinds[k].base >= 0)
			ratios[k] = ratio(s, k, rounds);
	}
	printf("%s\n  {\"bytes\":%u", s == 0 ? "" : ",", sizes[s]);
	for (int k = 0; k < KINDS; k++) {
		printf(",\"%s\":{\"mpps\":%.3f", kinds[k].name, 1e3 / median(ns[s][k], rounds));
		if (kinds[k].base >= 0)
			printf(",\"%s\":%.3f", kinds[kinds[k].base].base < 0 ? "toBare" : "toGraph", ratios[k]);
		printf("}");
	}
	printf("}");
}

int main(int argc, char **argv)
{
	static struct memory memory;
	const char *fault = argc > 2 ? argv[2] : "";
	int rounds = argc > 1 ? atoi(argv[1]) : 15;
	enum memory_plant plant = strcmp(fault, "slow-graph") == 0  ? PLANT_SLOW_GRAPH :
				  strcmp(fault, "slow-shaped") == 0 ? PLANT_SLOW_SHAPED :
				  strcmp(fault, "lost-packet") == 0 ? PLANT_LOST_PACKET :
								      PLANT_NOTHING;

	if (rounds < 1 || rounds > ROUNDS_MAX) {
		fprintf(stderr, "rounds: 1 to %d\n", ROUNDS_MAX);
		return 2;
	}
	cw_memory_open(&memory, plant);
	for (uint32_t s = 0; s < SIZES; s++) {
		cw_memory_compare(&memory, sizes[s], false);
		cw_memory_compare(&memory, sizes[s], true);
	}
	cw_memory_join(&memory);
	for (int round = 0; round < rounds; round++)
		run_round(&memory, round);
	uint64_t in = (uint64_t)SIZES * MEMORY_BATCH * /* of two families, each way, those that are relayed, and shaped */
		      (2 * MEMORY_COMPARED + 6 * (1 + BATCHES) * (uint64_t)rounds);
	printf("{\"aead\":\"%s\",\"rounds\":%d,\"in\":%llu,\"out\":%llu,\"compared\":%llu,\"wrong\":%llu,"
	       "\"drops\":\"%s\",\"qosBytes\":%llu,\"sizes\":[",
	       cw_aead_backend_name(memory.bench.worker->aead), rounds, (unsigned long long)in,
	       (unsigned long long)memory.out, (unsigned long long)memory.looked_at,
	       (unsigned long long)(memory.wrong + memory.astray), cw_bench_drops(&memory.bench),
	       (unsigned long long)cw_memory_qos_bytes());
	for (uint32_t s = 0; s < SIZES; s++)
		print_size(s, rounds);
	printf("\n]}\n");
	bool is_whole = memory.out == in && memory.wrong + memory.astray == 0;
	cw_memory_close(&memory);
	return is_whole ? 0 : 1;
}
