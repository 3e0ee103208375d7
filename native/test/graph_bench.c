/* See graph_bench.h. */
#include "graph_bench.h"

#include <rte_eal.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "graph/relay.h"
#include "packet.h"
#include "table/mirror.h"
#include "table/session.h"
#include "table/view.h"

#define CHECK_OR_STOP(claim) bench_needs((claim), #claim, __LINE__)
#define SMALL_BUFFERS 1023
#define LARGE_BUFFERS 127
#define EVENTS 64
#define SOCKET_BYTES (8 << 20)
static void bench_needs(bool is_true, const char *claim, int line)
{
	if (is_true)
		return;
	fprintf(stderr, "graph_bench.c:%d: not so: %s\n", line, claim);
	abort();
}

/* In the place of table/mirror.c: knows what it is given, notes what it is asked. */
struct cw_mirror {
	struct cw_bench *bench;
};

void cw_mirror_resolve(struct cw_mirror *mirror, uint8_t port, struct cw_address address)
{
	(void)port, (void)address;
	mirror->bench->asked++;
}

int cw_mirror_watch(struct cw_mirror *mirror, int fd)
{
	(void)mirror, (void)fd;
	return 0;
}

void cw_mirror_wake(struct cw_mirror *mirror)
{
	(void)mirror;
}

int cw_mirror_start(struct cw_engine *engine)
{
	(void)engine;
	return 0;
}

void cw_mirror_stop(struct cw_engine *engine)
{
	(void)engine;
}

const struct cw_mirror_state *cw_mirror_state(const struct cw_mirror *mirror)
{
	return mirror->bench->kernel;
}

int cw_mirror_refresh(struct cw_mirror *mirror, const struct cw_program *next)
{
	(void)mirror, (void)next;
	return 0;
}

static void ignore(void *arg)
{
	(void)arg;
}

/* Of this process. */
static uint32_t benches_open, benches_ever;

static void start_eal(void)
{
	static const char *const made[] = { "/dpdk/rte", "/dpdk", "" };
	char cpu[16], folder[] = "/tmp/cw-bench-XXXXXX", path[sizeof(folder) + 16];
	const char *argv[] = { "bench", "--no-huge", "--no-pci", "--no-telemetry", "--no-shconf",
			       "--log-level=error", "-m", "64", "--lcores", cpu };

	if (benches_open++ > 0)
		return;
	/* One core, the one we are on: the worker of a bench is the calling thread. */
	snprintf(cpu, sizeof(cpu), "0@%d", sched_getcpu());
	CHECK_OR_STOP(mkdtemp(folder) != NULL && setenv("RUNTIME_DIRECTORY", folder, 1) == 0);
	CHECK_OR_STOP(rte_eal_init(sizeof(argv) / sizeof(argv[0]), (char **)(uintptr_t)argv) >= 0);
	/*
	 * Without shared configuration these stay empty: they go at once, whatever becomes of the
	 * test.
	 */
	for (uint32_t i = 0; i < sizeof(made) / sizeof(made[0]); i++) {
		snprintf(path, sizeof(path), "%s%s", folder, made[i]);
		CHECK_OR_STOP(rmdir(path) == 0);
	}
}

/* DPDK's things have names, which no other has. */
static const char *name_of(const char *what)
{
	static char name[32];

	snprintf(name, sizeof(name), "%s%u", what, benches_ever);
	return name;
}

static void make_engine(struct cw_engine *engine)
{
	struct cw_event_slot *slots = calloc(EVENTS, sizeof(slots[0]));
	size_t size = rte_rcu_qsbr_get_memsize(1);

	engine->wake = ignore;
	engine->worker_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	engine->pools.small = rte_pktmbuf_pool_create(name_of("small"), SMALL_BUFFERS, 32, CW_BUFFER_PRIVATE,
						      CW_SMALL_DATA + RTE_PKTMBUF_HEADROOM,
						      SOCKET_ID_ANY);
	engine->pools.large =
		rte_pktmbuf_pool_create(name_of("large"), LARGE_BUFFERS, 0, CW_BUFFER_PRIVATE, UINT16_MAX, SOCKET_ID_ANY);
	engine->events = rte_ring_create(name_of("events"), EVENTS, SOCKET_ID_ANY, 0);
	engine->free_events = rte_ring_create(name_of("free_events"), EVENTS, SOCKET_ID_ANY, 0);
	engine->garbage = rte_ring_create(name_of("garbage"), EVENTS, SOCKET_ID_ANY, 0);
	engine->replay_pool = cw_replay_pool_new(1 << 20);
	engine->past = calloc(CW_PAST_KEYPAIRS, sizeof(engine->past[0]));
	CHECK_OR_STOP(slots != NULL && engine->pools.small != NULL && engine->pools.large != NULL);
	CHECK_OR_STOP(engine->events != NULL && engine->free_events != NULL);
	CHECK_OR_STOP(engine->garbage != NULL && engine->replay_pool != NULL);
	CHECK_OR_STOP(engine->past != NULL);
	CHECK_OR_STOP(posix_memalign((void **)&engine->qsbr, 64, size) == 0);
	CHECK_OR_STOP(rte_rcu_qsbr_init(engine->qsbr, 1) == 0);
	benches_ever++;
	engine->event_slots = slots;
	for (uint32_t i = 0; i < EVENTS - 1; i++)
		rte_ring_enqueue(engine->free_events, &slots[i]);
	snprintf(engine->aead_backend, sizeof(engine->aead_backend), "auto");
	CHECK_OR_STOP(cw_keypair_reindex(engine, NULL, NULL) == 0);
}

static void open_link(struct cw_bench *bench, enum cw_bench_link which, struct cw_link *link,
		      enum cw_link_kind kind)
{
	int pair[2], room = SOCKET_BYTES;

	bench->links[which] = link;
	*link = (struct cw_link){ .kind = kind,
				  .watch_fd = -1,
				  .can_send_udp_trains = true,
				  .drops = bench->worker->drops };
	CHECK_OR_STOP(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, pair) == 0);
	for (int i = 0; i < 2; i++)
		CHECK_OR_STOP(setsockopt(pair[i], SOL_SOCKET, SO_SNDBUFFORCE, &room,
					 sizeof(room)) == 0 ||
			      setsockopt(pair[i], SOL_SOCKET, SO_SNDBUF, &room, sizeof(room)) == 0);
	link->fd = link->tx_fd = pair[0];
	bench->ends[which] = pair[1];
}

static struct cw_port *make_port(uint8_t number)
{
	struct cw_port *port = calloc(1, sizeof(*port));

	CHECK_OR_STOP(port != NULL);
	port->nic = calloc(1, sizeof(*port->nic));
	CHECK_OR_STOP(port->nic != NULL);
	port->id = number;
	port->mtu = CW_BENCH_MTU;
	port->is_up = true;
	memcpy(port->mac, (const uint8_t[]){ 2, 0, 0, 0, 0, number }, 6);
	return port;
}

static struct cw_peer *make_peer(struct cw_worker *worker, const char *name, uint8_t key)
{
	struct cw_peer *peer = calloc(1, sizeof(*peer));

	CHECK_OR_STOP(peer != NULL);
	snprintf(peer->name, sizeof(peer->name), "%s", name);
	memset(peer->identity + CW_KEY_AT, key, CW_IDENTITY - CW_KEY_AT);
	peer->is_listed = true;
	peer->place = worker->peer_count;
	cw_paths_begin(&peer->paths);
	worker->peers[worker->peer_count++] = peer;
	return peer;
}

void cw_bench_name_key(struct cw_bench *bench, struct cw_peer *peer, uint8_t byte)
{
	memset(peer->identity + CW_KEY_AT, byte, CW_IDENTITY - CW_KEY_AT);
	cw_peer_keys_sort(bench->worker->view->program);
}

struct cw_keypair *cw_bench_install(struct cw_bench *bench, const struct cw_keypair_install *install)
{
	struct cw_keypair *keypair = NULL;
	const char *why = "";

	CHECK_OR_STOP(cw_keypair_new(bench->engine, install, &keypair, &why) == 0);
	CHECK_OR_STOP(cw_keypair_reindex(bench->engine, keypair, NULL) == 0);
	bench->worker->index = atomic_load(&bench->engine->index);
	cw_keypair_enter(bench->worker, keypair);
	return keypair;
}

struct cw_keypair *cw_bench_join(struct cw_bench *bench, uint64_t rate_bps)
{
	struct cw_peer *const peers[2] = { bench->far, bench->other };
	const struct cw_channel channel = { "far", "other", CW_BENCH_CHANNEL, CW_BENCH_OTHER_CHANNEL, rate_bps };
	struct cw_keypair_install install = { .peer = "other",
					      .local_index = 0x33333333,
					      .remote_index = 0x44444444,
					      .suite = CW_SUITE_AES_256_GCM,
					      .is_initiator = 1,
					      .local_port = CW_BENCH_PORT,
					      .remote_port = CW_BENCH_PORT + 1,
					      .remote_address = { [10] = 0xff, 0xff },
					      .h = { 7 },
					      .lifetime_ms = 180000 };

	packet_put32(install.remote_address + 12, CW_BENCH_OTHER_WAN);
	memset(&install.seal, 0x6e, sizeof(install.seal));
	memset(&install.open, 0x1b, sizeof(install.open));
	struct cw_keypair *keypair = cw_bench_install(bench, &install);
	CHECK_OR_STOP(cw_relay_open(bench->worker, peers, &channel) == 0);
	return keypair;
}

static void free_keypairs(struct cw_bench *bench)
{
	struct cw_keypair_index *index = atomic_load(&bench->engine->index);

	for (uint32_t i = 0; i <= index->mask; i++) {
		if (index->slots[i] != NULL)
			cw_keypair_free(bench->engine, index->slots[i]);
	}
	free(index);
}

static void make_keypair(struct cw_bench *bench, bool is_far)
{
	struct cw_keypair_install install = { .peer = "far",
					      .local_index = is_far ? 0x22222222 : 0x11111111,
					      .remote_index = is_far ? 0x11111111 : 0x22222222,
					      .suite = CW_SUITE_AES_256_GCM,
					      .is_initiator = 1,
					      .local_port = CW_BENCH_PORT,
					      .remote_port = CW_BENCH_PORT + 1,
					      .h = { 1 },
					      .lifetime_ms = 180000 };
	struct cw_aead *aead = bench->worker->aead;
	int rc;

	memset(install.remote_address + 10, 0xff, 2);
	packet_put32(install.remote_address + 12, CW_BENCH_FAR_WAN);
	memset(is_far ? &install.open : &install.seal, 0x5e, sizeof(install.seal));
	memset(is_far ? &install.seal : &install.open, 0x0b, sizeof(install.open));
	bench->keypair = cw_bench_install(bench, &install);
	atomic_store(&bench->keypair->is_confirmed, true);
	bench->worker->arrival = cw_bench_path(bench)->way;
	rc = cw_aead_key_init(&bench->far_open, aead, install.suite, install.seal.key);
	CHECK_OR_STOP(rc == 0);
	rc = cw_aead_key_init(&bench->far_seal, aead, install.suite, install.open.key);
	CHECK_OR_STOP(rc == 0);
}

struct cw_path *cw_bench_path(struct cw_bench *bench)
{
	return bench->far->paths.list[0];
}

void cw_bench_outer6(struct cw_bench *bench, bool is_v6)
{
	struct cw_path *path = cw_bench_path(bench);

	cw_bench_flush(bench);
	path->way.remote = is_v6 ? cw_bench_v6(CW_BENCH_FAR_WAN) : cw_bench_v4(CW_BENCH_FAR_WAN);
	path->departure.serial = 0;
	bench->worker->arrival = path->way;
}

static uint16_t held[CW_PATHS_TOTAL];
static uint32_t held_count;

void cw_bench_hold_paths(struct cw_bench *bench)
{
	struct cw_path_pool *pool = &bench->worker->paths;

	memcpy(held + held_count, pool->free, pool->free_count * sizeof(held[0]));
	held_count += pool->free_count;
	pool->free_count = 0;
}

void cw_bench_release_paths(struct cw_bench *bench)
{
	struct cw_path_pool *pool = &bench->worker->paths;

	memcpy(pool->free + pool->free_count, held, held_count * sizeof(held[0]));
	pool->free_count += held_count;
	held_count = 0;
}

void cw_bench_changed(struct cw_bench *bench)
{
	bench->worker->view->serial++;
}

static void open_bench(struct cw_bench *bench, bool is_far)
{
	memset(bench, 0, sizeof(*bench));
	start_eal();
	bench->engine = calloc(1, sizeof(*bench->engine));
	CHECK_OR_STOP(bench->engine != NULL);
	make_engine(bench->engine);
	bench->engine->mirror = malloc(sizeof(struct cw_mirror));
	CHECK_OR_STOP(bench->engine->mirror != NULL);
	bench->engine->mirror->bench = bench;
	CHECK_OR_STOP(cw_worker_open(bench->engine, &bench->worker) == 0);
	bench->engine->worker = bench->worker;
	bench->ports[0] = make_port(1);
	bench->ports[1] = make_port(2);
	bench->segment = calloc(1, sizeof(*bench->segment));
	CHECK_OR_STOP(bench->segment != NULL);
	open_link(bench, CW_BENCH_LAN, &bench->ports[0]->nic->link, CW_LINK_NIC);
	open_link(bench, CW_BENCH_LAN_TWIN, &bench->ports[0]->twin, CW_LINK_TAP);
	open_link(bench, CW_BENCH_UPLINK, &bench->ports[1]->nic->link, CW_LINK_NIC);
	open_link(bench, CW_BENCH_UPLINK_TWIN, &bench->ports[1]->twin, CW_LINK_TAP);
	open_link(bench, CW_BENCH_SEGMENT, &bench->segment->twin, CW_LINK_TUN);
	bench->far = make_peer(bench->worker, "far", 0xfa);
	bench->other = make_peer(bench->worker, "other", 0x07);
	bench->worker->view = cw_bench_view(bench);
	make_keypair(bench, is_far);
}

void cw_bench_open(struct cw_bench *bench)
{
	open_bench(bench, false);
}

void cw_bench_open_far(struct cw_bench *bench)
{
	open_bench(bench, true);
}

void cw_bench_close(struct cw_bench *bench)
{
	struct cw_engine *engine = bench->engine;
	struct cw_worker *worker = bench->worker;
	struct cw_view *view = worker->view;
	struct cw_program *program = view->program;

	cw_bench_flush(bench);
	free_keypairs(bench);
	for (uint32_t i = 0; i < CW_BENCH_LINKS; i++) {
		/* Closes the descriptor and gives back the spare buffers. */
		cw_link_close(bench->links[i]);
		close(bench->ends[i]);
	}
	for (uint32_t i = 0; i < 2; i++) {
		free(bench->ports[i]->nic);
		free(bench->ports[i]);
	}
	free(bench->segment);
	cw_view_free(view);
	free(program);
	cw_aead_key_wipe(&bench->far_open);
	cw_aead_key_wipe(&bench->far_seal);
	cw_worker_close(worker);
	CHECK_OR_STOP(rte_mempool_in_use_count(engine->pools.small) == 0);
	CHECK_OR_STOP(rte_mempool_in_use_count(engine->pools.large) == 0);
	cw_replay_pool_free(engine->replay_pool);
	close(engine->worker_fd);
	free(engine->mirror);
	free(engine->past);
	free(engine->event_slots);
	free(engine->qsbr);
	free(engine);
	if (--benches_open == 0)
		rte_eal_cleanup();
}
