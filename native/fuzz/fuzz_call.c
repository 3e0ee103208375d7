/*
 * Fuzzes the verbs of the border, with a worker that does what they say. Input: any number of calls: verb u8 | room for
 * the answer u16 | length u16 | bytes, of which there may be less. A program would open links: fuzz_program_check.c
 * has those.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz_bench.h"
#include "packet.h"
#include "table/mirror.h"
#include "table/session.h"

#define HEAD 5
#define COMMANDS 16

static struct cw_bench *bench;
static struct cw_mirror_state kernel;

/* All keypairs are gone, as if none had ever been installed. The worker is this thread. */
static void forget_keypairs(void)
{
	struct cw_engine *engine = bench->engine;
	struct cw_keypair_index *index = atomic_load(&engine->index);

	for (uint32_t i = 0; i <= index->mask; i++) {
		if (index->slots[i] != NULL)
			cw_keypair_leave(bench->worker, index->slots[i]);
	}
	cw_keypair_collect(engine);
	FUZZ_NEEDS(atomic_load(&engine->index)->count == 0);
	memset(engine->past, 0, CW_PAST_KEYPAIRS * sizeof(engine->past[0]));
	engine->past_at = 0;
}

/* The bench with what the control side needs of an engine. */
static void open_bench(void)
{
	bench = cw_fuzz_bench();
	bench->kernel = &kernel;
	struct cw_engine *engine = bench->engine;

	engine->commands = rte_ring_create("commands", COMMANDS, SOCKET_ID_ANY, 0);
	FUZZ_NEEDS(engine->commands != NULL && sem_init(&engine->done, 0, 0) == 0 &&
		   pthread_mutex_init(&engine->control, NULL) == 0);
	engine->program = bench->worker->view->program;
	atomic_store(&engine->view, bench->worker->view);
	bench->kernel = &kernel;
	bench->keypair = NULL;
	forget_keypairs();
}

static void *work(void *worker)
{
	cw_worker_run(worker);
	return NULL;
}

static int call(uint32_t verb, const uint8_t *bytes, size_t length, size_t room)
{
	uint8_t *in = malloc(length == 0 ? 1 : length), *out = malloc(room == 0 ? 1 : room);
	uint8_t event[CW_EVENT_BYTES_MAX];

	memcpy(in, bytes, length);
	memset(out, 0xff, room);
	int rc = cw_call(bench->engine, verb, in, length, out, room);
	FUZZ_NEEDS(rc <= 0 || (size_t)rc <= room);
	FUZZ_NEEDS(rc >= 0 || room == 0 || out[0] == 0 || out[0] == '/');
	FUZZ_NEEDS(rc >= 0 || room == 0 || memchr(out, 0, room) != NULL);
	while (cw_next_event(bench->engine, event, sizeof(event)) > 0)
		;
	free(in);
	free(out);
	return rc;
}

/* How many items were sent. */
static uint32_t run_calls(const uint8_t *at, const uint8_t *end)
{
	uint32_t sent = 0;

	while (at + HEAD <= end) {
		size_t said = packet_u16(at + 3), left = (size_t)(end - at) - HEAD;
		size_t length = said < left ? said : left;
		if (at[0] != CW_VERB_LOAD && call(at[0], at + HEAD, length, packet_u16(at + 1)) == 0)
			sent += at[0] == CW_VERB_SEND;
		at += HEAD + length;
	}
	return sent;
}

static uint64_t dropped(void)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < CW_DROP_COUNT; i++)
		sum += bench->worker->drops[i];
	return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	pthread_t thread;

	if (bench == NULL)
		open_bench();
	struct cw_engine *engine = bench->engine;
	uint64_t before = dropped();
	atomic_store(&engine->is_stopping, false);
	FUZZ_NEEDS(pthread_create(&thread, NULL, work, bench->worker) == 0);
	uint32_t sent = run_calls(data, data + size);
	atomic_store(&engine->is_stopping, true);
	cw_engine_wake_worker(engine);
	pthread_join(thread, NULL);
	uint32_t left = cw_bench_drain(bench, CW_BENCH_UPLINK);
	cw_fuzz_settle();
	/* Probes may have left beside them. */
	FUZZ_NEEDS(left + dropped() - before >= sent);
	forget_keypairs();
	return 0;
}
