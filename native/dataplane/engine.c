/* Starting and stopping: EAL on a thread of its own, which then is the worker; rings, pools, RCU. See engine.h. */
#include "engine.h"

#include <errno.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <unistd.h>

#include "crypto/aead.h"
#include "program.h"
#include "table/flow.h"
#include "table/mirror.h"
#include "table/session.h"
#include "table/view.h"
#include "worker.h"

#define SMALL_BUFFERS 8192u /* for each LEAST_MEMORY_MB, 19 MB of them: queues of devices hold some */
#define SMALL_BUFFERS_MOST 65536u
#define LEAST_MEMORY_MB 128
#define LARGE_BUFFERS 1023
#define LARGE_DATA_ROOM UINT16_MAX
#define EVENTS 512
#define COMMANDS 16
#define GARBAGE 16384 /* four keypairs for each of CW_PEER_NAMES_MAX */

struct start {
	const struct cw_options *options;
	struct cw_engine *engine;
	char *why;
	size_t why_len;
	int result;
	sem_t started;
};

/* One EAL a process, for it cannot be started twice. */
static struct cw_engine *the_engine;
static pthread_t the_thread;

void cw_engine_wake_worker(struct cw_engine *engine)
{
	uint64_t one = 1;

	if (write(engine->worker_fd, &one, sizeof(one)) < 0 && errno != EAGAIN)
		abort(); /* an eventfd of our own cannot fail otherwise */
}

void cw_engine_command_done(struct cw_engine *engine)
{
	sem_post(&engine->done);
}

void cw_engine_command_wait(struct cw_engine *engine)
{
	while (sem_wait(&engine->done) != 0 && errno == EINTR)
		;
}

void cw_engine_quiesce(struct cw_engine *engine)
{
	uint64_t token = rte_rcu_qsbr_start(engine->qsbr);

	/* The library's own wait spins, and this box may have no core to spare. */
	while (rte_rcu_qsbr_check(engine->qsbr, token, false) == 0)
		usleep(50);
}

static bool push(struct cw_engine *engine, const struct cw_event *event, const void *items)
{
	void *taken;

	if (rte_ring_dequeue(engine->free_events, &taken) != 0)
		return false;
	struct cw_event_slot *slot = taken;
	slot->event = *event;
	if (event->length > 0)
		memcpy(slot->items, items, event->length);
	rte_ring_enqueue(engine->events, slot);
	engine->wake(engine->wake_arg);
	return true;
}

bool cw_event_push(struct cw_worker *worker, enum cw_event_kind kind, const char *peer,
		   uint32_t local_index, const void *items, uint16_t length)
{
	struct cw_event event = { .kind = kind, .length = length, .local_index = local_index };

	memcpy(event.peer, peer, CW_NAME);
	if (push(worker->engine, &event, items))
		return true;
	cw_count_drop(worker, CW_DROP_EVENT_FULL);
	return false;
}

bool cw_event_has_room(const struct cw_engine *engine)
{
	return rte_ring_count(engine->events) < rte_ring_get_capacity(engine->events) / 8;
}

bool cw_event_push_links(struct cw_engine *engine)
{
	return push(engine, &(struct cw_event){ .kind = CW_EVENT_LINKS }, NULL);
}

int cw_next_event(struct cw_engine *engine, void *out, size_t out_len)
{
	void *taken;

	if (out_len < CW_EVENT_BYTES_MAX || rte_ring_dequeue(engine->events, &taken) != 0)
		return 0;
	const struct cw_event_slot *slot = taken;
	int length = (int)(sizeof(slot->event) + slot->event.length);
	memcpy(out, slot, (size_t)length);
	rte_ring_enqueue(engine->free_events, taken);
	return length;
}

/* Its own CPU, or any that the process may use. One that is not there, or not for us, is like none. */
static void cpu_list(char *text, size_t size, uint32_t own_cpu)
{
	cpu_set_t set;
	size_t used = 0;

	CPU_ZERO(&set);
	sched_getaffinity(0, sizeof(set), &set);
	if (own_cpu > 0 && own_cpu <= CPU_SETSIZE && CPU_ISSET(own_cpu - 1, &set)) {
		snprintf(text, size, "0@(%u)", own_cpu - 1);
		return;
	}
	used += (size_t)snprintf(text, size, "0@(");
	for (int cpu = 0; cpu < CPU_SETSIZE && used + 8 < size; cpu++) {
		if (CPU_ISSET(cpu, &set))
			used += (size_t)snprintf(text + used, size - used, "%s%d",
						 text[used - 1] == '(' ? "" : ",", cpu);
	}
	snprintf(text + used, size - used, ")");
}

static int start_eal(const struct cw_options *options)
{
	char memory[16], cpus[1024];
	const char *argv[16] = { "causeway", "--no-telemetry", "--log-level=lib.*:error",
				 "--log-level=error" };
	int argc = 4;

	/* The bus is there for devices that a program names, and takes none by itself: this address no machine has. */
	if (access("/sys/bus/pci/devices", F_OK) == 0) {
		argv[argc++] = "-a";
		argv[argc++] = "ffff:ff:1f.7";
	} else {
		argv[argc++] = "--no-pci";
	}

	cpu_list(cpus, sizeof(cpus), options->own_cpu);
	snprintf(memory, sizeof(memory), "%u", options->memory_mb);
	argv[argc++] = "--lcores";
	argv[argc++] = cpus;
	argv[argc++] = "-m";
	argv[argc++] = memory;
	if (options->no_hugepages) {
		argv[argc++] = "--no-huge";
		argv[argc++] = "--no-shconf";
	} else {
		argv[argc++] = "--in-memory";
	}
	return rte_eal_init(argc, (char **)(uintptr_t)argv) < 0 ? -rte_errno : 0;
}

static int make_rings(struct cw_engine *engine)
{
	unsigned int one_reader = RING_F_SC_DEQ;

	engine->commands = rte_ring_create("cw_commands", COMMANDS, SOCKET_ID_ANY, one_reader);
	engine->events = rte_ring_create("cw_events", EVENTS, SOCKET_ID_ANY, one_reader);
	/* Worker and mirror both take from it. */
	engine->free_events = rte_ring_create("cw_free_events", EVENTS, SOCKET_ID_ANY, 0);
	engine->garbage = rte_ring_create("cw_garbage", GARBAGE, SOCKET_ID_ANY, one_reader);
	engine->event_slots = calloc(EVENTS, sizeof(engine->event_slots[0]));
	engine->past = calloc(CW_PAST_KEYPAIRS, sizeof(engine->past[0]));
	if (engine->commands == NULL || engine->events == NULL || engine->free_events == NULL ||
	    engine->garbage == NULL || engine->event_slots == NULL || engine->past == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < EVENTS - 1; i++)
		rte_ring_enqueue(engine->free_events, &engine->event_slots[i]);
	return 0;
}

static int make_pools(struct cw_engine *engine, uint32_t memory_mb)
{
	uint16_t room = CW_SMALL_DATA + RTE_PKTMBUF_HEADROOM;
	uint32_t small = SMALL_BUFFERS * (memory_mb / LEAST_MEMORY_MB);

	/* One less than a power of two: what a pool's ring holds without waste. */
	small = rte_align32prevpow2(RTE_MIN(small, SMALL_BUFFERS_MOST)) - 1;
	engine->pools.small =
		rte_pktmbuf_pool_create("cw_small", small, 256, CW_BUFFER_PRIVATE, room, SOCKET_ID_ANY);
	engine->pools.large = rte_pktmbuf_pool_create("cw_large", LARGE_BUFFERS, 32, CW_BUFFER_PRIVATE,
						      LARGE_DATA_ROOM, SOCKET_ID_ANY);
	return engine->pools.small == NULL || engine->pools.large == NULL ? -ENOMEM : 0;
}

static int make_rcu(struct cw_engine *engine)
{
	size_t size = rte_rcu_qsbr_get_memsize(1);

	if (posix_memalign((void **)&engine->qsbr, 64, size) != 0)
		return -ENOMEM;
	return rte_rcu_qsbr_init(engine->qsbr, 1) == 0 ? 0 : -EINVAL;
}

static int open_parts(struct cw_engine *engine, const struct cw_options *options, const char **part)
{
	struct cw_worker *worker = NULL;
	int rc;

	*part = "event file";
	engine->worker_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	rc = engine->worker_fd < 0 ? -errno : 0;
	*part = "EAL";
	rc = rc != 0 ? rc : start_eal(options);
	*part = "rings";
	rc = rc != 0 ? rc : make_rings(engine);
	if (rc == 0) {
		*part = "packet memory";
		rc = make_pools(engine, options->memory_mb);
	}
	if (rc == 0) {
		*part = "RCU";
		rc = make_rcu(engine);
	}
	if (rc == 0) {
		*part = "replay windows";
		engine->replay_pool = cw_replay_pool_new(CW_REPLAY_POOL_BYTES);
		rc = engine->replay_pool == NULL ? -ENOMEM : cw_keypair_reindex(engine, NULL, NULL);
	}
	if (rc == 0) {
		*part = "AEAD";
		rc = cw_worker_open(engine, &worker);
		engine->worker = worker;
	}
	if (rc == 0) {
		*part = "rtnetlink";
		rc = cw_mirror_start(engine);
	}
	return rc;
}

static void *run(void *arg)
{
	struct start *start = arg;
	struct cw_engine *engine = start->engine;
	const char *part = "";

	start->result = open_parts(engine, start->options, &part);
	if (start->result != 0)
		snprintf(start->why, start->why_len, "%s: %s", part, strerror(-start->result));
	bool has_started = start->result == 0;
	sem_post(&start->started);
	if (has_started)
		cw_worker_run(engine->worker);
	return NULL;
}

int cw_engine_open(const struct cw_options *options, struct cw_engine **out, char *why, size_t why_len)
{
	struct start start = { .options = options, .why = why, .why_len = why_len };
	sigset_t all, before;

	if (the_engine != NULL) {
		snprintf(why, why_len, "an engine runs already in this process");
		return -EBUSY;
	}
	if (options->memory_mb < LEAST_MEMORY_MB || options->memory_mb > 4096) {
		snprintf(why, why_len, "memoryMb: 128 to 4096");
		return -EINVAL;
	}
	if (options->flows != 0 && (options->flows < 16 || options->flows > CW_FLOWS_MAX)) {
		snprintf(why, why_len, "flows: 16 to %u", CW_FLOWS_MAX);
		return -EINVAL;
	}
	struct cw_engine *engine = calloc(1, sizeof(*engine));
	if (engine == NULL)
		return -ENOMEM;
	start.engine = the_engine = engine;
	engine->wake = options->wake;
	engine->wake_arg = options->wake_arg;
	engine->hugepage_bytes = options->no_hugepages ? 0 : (uint64_t)options->memory_mb << 20;
	engine->has_own_cpu = options->own_cpu > 0;
	engine->flows = options->flows;
	engine->started_us = cw_now_us();
	snprintf(engine->aead_backend, sizeof(engine->aead_backend), "%s", options->aead);
	pthread_mutex_init(&engine->control, NULL);
	sem_init(&engine->done, 0, 0);
	sem_init(&start.started, 0, 0);
	if (getrandom(engine->boot_id, sizeof(engine->boot_id), 0) != sizeof(engine->boot_id))
		return -EIO;

	/* Signals are the caller's business: the threads that start here inherit a full mask. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int rc = -pthread_create(&the_thread, NULL, run, &start);
	if (rc == 0) {
		while (sem_wait(&start.started) != 0 && errno == EINTR)
			;
		rc = start.result;
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (rc == 0)
		*out = engine;
	return rc;
}

void cw_engine_close(struct cw_engine *engine)
{
	if (engine == NULL || atomic_exchange(&engine->is_stopping, true))
		return;
	cw_engine_wake_worker(engine);
	pthread_join(the_thread, NULL);
	cw_mirror_stop(engine);
	cw_program_close(engine);
	struct cw_keypair_index *index = atomic_load(&engine->index);
	for (uint32_t i = 0; i <= index->mask; i++) {
		if (index->slots[i] != NULL)
			cw_keypair_free(engine, index->slots[i]);
	}
	free(index);
	cw_worker_close(engine->worker);
	cw_replay_pool_free(engine->replay_pool);
	free(engine->qsbr);
	free(engine->event_slots);
	free(engine->past);
	rte_eal_cleanup();
	close(engine->worker_fd);
	free(engine);
	the_engine = NULL;
}
