/* See fuzz_bench.h. */
#include "fuzz_bench.h"

#include <sanitizer/asan_interface.h>
#include <stdlib.h>

#include "graph/graph.h"
#include "graph/seal.h"
#include "table/session.h"

static struct cw_bench bench;
static bool is_open;
static struct rte_mbuf *poisoned;
static uint8_t *poison_from;
static size_t poison_room;

void cw_fuzz_needs(bool is_true, const char *claim, const char *file, int line)
{
	if (is_true)
		return;
	fprintf(stderr, "%s:%d: not so: %s\n", file, line, claim);
	abort();
}

struct cw_bench *cw_fuzz_bench(void)
{
	if (!is_open)
		cw_bench_open(&bench);
	is_open = true;
	return &bench;
}

struct rte_mbuf *cw_fuzz_mbuf(const uint8_t *frame, uint32_t length, uint16_t l2_len)
{
	poisoned = cw_bench_mbuf(cw_fuzz_bench(), frame, length, l2_len);
	/* A reference of our own: poisoned memory must not be given out again meanwhile. */
	rte_mbuf_refcnt_update(poisoned, 1);
	poison_from = rte_pktmbuf_mtod_offset(poisoned, uint8_t *, length);
	poison_room = rte_pktmbuf_tailroom(poisoned);
	ASAN_POISON_MEMORY_REGION(poison_from, poison_room);
	return poisoned;
}

static uint32_t spares(void)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < CW_BENCH_LINKS; i++)
		count += (bench.links[i]->spare_small != NULL) +
			 (bench.links[i]->spare_large != NULL);
	return count;
}

void cw_fuzz_settle(void)
{
	const struct cw_pools *pools = &bench.engine->pools;
	uint8_t event[CW_EVENT_BYTES_MAX];

	cw_bench_flush(&bench);
	bench.worker->now_us += 10000000;
	cw_tx_pending(bench.worker);
	cw_seal_expire(bench.worker, bench.other);
	cw_reassembly_expire(&bench.worker->reassembly, bench.worker->now_us);
	if (poisoned != NULL) {
		ASAN_UNPOISON_MEMORY_REGION(poison_from, poison_room);
		FUZZ_NEEDS(rte_mbuf_refcnt_read(poisoned) == 1);
		rte_pktmbuf_free(poisoned);
		poisoned = NULL;
	}
	while (cw_next_event(bench.engine, event, sizeof(event)) > 0)
		;
	for (uint32_t i = 0; i < CW_BENCH_LINKS; i++)
		cw_bench_drain(&bench, i);
	/*
	 * A few packets under each key are enough: no input may depend on how many came before it.
	 */
	if (bench.keypair != NULL)
		bench.keypair->sealed = 0;
	uint32_t in_use = rte_mempool_in_use_count(pools->small);
	in_use += rte_mempool_in_use_count(pools->large);
	FUZZ_NEEDS(in_use == spares());
}
