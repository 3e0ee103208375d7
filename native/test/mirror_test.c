/*
 * The mirror as it is, with a kernel of its own in a namespace: routes and addresses that change are told from neighbours
 * that do, what is of other links is left out, and what asks for neighbours costs no look at the NICs.
 */
#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "check.h"
#include "device.h"
#include "engine.h"
#include "table/mirror.h"
#include "table/view.h"
#include "worker.h"

#define ASKED 200

/* In the place of port/port.c's. */
bool cw_test_port_look(struct cw_port *port) __asm__("__wrap_cw_port_look");

/* Around table/rtnetlink.c's. */
int cw_test_dump(int fd, struct cw_mirror_state *state) __asm__("__wrap_cw_rtnetlink_dump");
int cw_real_dump(int fd, struct cw_mirror_state *state) __asm__("__real_cw_rtnetlink_dump");

static struct cw_pools pools;
static struct cw_engine engine;
static struct cw_program program;
static struct cw_nic nic = { .link = { .watch_fd = -1 } };
static struct cw_port port = { .nic = &nic };
static uint32_t looks;
static uint32_t awaited; /* by comes() */
static uint32_t dumps; /* of everything; under the control lock */
static uint64_t dump_costs_us; /* of a CPU */
static uint64_t dump_waits_us; /* while others have it */
static int looked_fd; /* eventfd: one for each look */

bool cw_test_port_look(struct cw_port *at)
{
	uint64_t one = 1;

	__atomic_add_fetch(&looks, 1, __ATOMIC_SEQ_CST);
	NEEDS(at == &port && write(looked_fd, &one, sizeof(one)) > 0);
	return false;
}

int cw_test_dump(int fd, struct cw_mirror_state *state)
{
	uint64_t until_us = cw_now_us() + dump_costs_us;

	dumps++;
	while (cw_now_us() < until_us)
		;
	usleep(dump_waits_us);
	return cw_real_dump(fd, state);
}

static bool look_within(int ms)
{
	struct pollfd fd = { .fd = looked_fd, .events = POLLIN };
	uint64_t count;

	return poll(&fd, 1, ms) == 1 && read(looked_fd, &count, sizeof(count)) > 0;
}

static uint64_t serial_now(void)
{
	pthread_mutex_lock(&engine.control);
	NEEDS(cw_mirror_refresh(engine.mirror, NULL) == 0);
	uint64_t serial = cw_mirror_state(engine.mirror)->routes_serial;
	pthread_mutex_unlock(&engine.control);
	return serial;
}

static uint32_t neighbours_now(void)
{
	return cw_mirror_state(engine.mirror)->neighbour_count;
}

static void tells_routes_from_neighbours(void)
{
	uint64_t serial = serial_now();
	uint32_t neighbours = neighbours_now();

	CHECK(serial_now() == serial);
	device_run("ip neigh add 10.0.0.2 lladdr 02:00:00:00:00:02 dev one nud permanent");
	CHECK(serial_now() == serial && neighbours_now() == neighbours + 1);
	device_run("ip neigh replace 10.0.0.2 lladdr 02:00:00:00:00:03 dev one nud permanent");
	CHECK(serial_now() == serial);
	device_run("ip route add 10.2.0.0/16 via 10.0.0.2");
	CHECK(serial_now() == serial + 1);
	device_run("ip route replace 10.2.0.0/16 via 10.0.0.3");
	CHECK(serial_now() == serial + 2 && serial_now() == serial + 2);
	device_run("ip addr add fd00::1/64 dev one nodad");
	CHECK(serial_now() > serial + 2);
}

/* What is of other links is nobody's here: it takes no room and makes no news, but that links are others. */
static void keeps_only_what_is_of_twins(void)
{
	uint64_t serial = serial_now(), digest = cw_mirror_state(engine.mirror)->links_digest;
	uint32_t neighbours = neighbours_now(), addresses = cw_mirror_state(engine.mirror)->address_count;

	device_run("ip link add three type bridge");
	device_run("for i in $(seq 0 1029); do echo addr add 10.6.$((i / 250)).$((i % 250))/22 dev two; done | ip -batch -");
	device_run("ip neigh add 10.6.1.1 lladdr 02:00:00:00:00:04 dev two nud permanent");
	device_run("ip route add 10.7.0.0/16 via 10.6.1.1");
	CHECK(serial_now() == serial && neighbours_now() == neighbours);
	const struct cw_mirror_state *state = cw_mirror_state(engine.mirror);
	CHECK(state->links_digest != digest && state->link_count == 1 && state->address_count == addresses);
	CHECK(state->overflow.addresses == 0 && addresses > 0);
	device_run("ip addr flush dev two");
}

static bool has_neighbour(const struct cw_mirror_state *state)
{
	for (uint32_t i = 0; i < state->neighbour_count; i++) {
		if (cw_address_equal(state->neighbours[i].address, cw_address_of_v4(htonl(awaited))))
			return true;
	}
	return false;
}

static bool has_route(const struct cw_mirror_state *state)
{
	for (uint32_t i = 0; i < state->route_count; i++) {
		if (cw_address_equal(state->routes[i].prefix, cw_address_of_v4(htonl(awaited))))
			return true;
	}
	return false;
}

/* Until the mirror has by itself what is awaited: every change is a new view, of which the worker is told. */
static bool comes(bool (*has)(const struct cw_mirror_state *state), uint32_t what, uint32_t *dumps_by_then)
{
	struct pollfd fd = { .fd = engine.worker_fd, .events = POLLIN };
	bool is_there;

	awaited = what;
	do {
		uint64_t count;
		(void)!read(engine.worker_fd, &count, sizeof(count));
		pthread_mutex_lock(&engine.control);
		is_there = has(cw_mirror_state(engine.mirror));
		*dumps_by_then = dumps;
		pthread_mutex_unlock(&engine.control);
	} while (!is_there && poll(&fd, 1, 5000) == 1);
	return is_there;
}

static void neighbours_cost_no_dump_of_routes(void)
{
	uint32_t first, second, third;

	/* With this one comes whatever else was told before it. */
	device_run("ip neigh add 10.0.9.1 lladdr 02:00:00:00:00:09 dev one nud permanent");
	CHECK(comes(has_neighbour, 0x0a000901, &first));
	uint32_t routes = cw_mirror_state(engine.mirror)->route_count;
	device_run("ip neigh add 10.0.9.2 lladdr 02:00:00:00:00:09 dev one nud permanent");
	CHECK(comes(has_neighbour, 0x0a000902, &second) && second == first);
	CHECK(has_neighbour(cw_mirror_state(engine.mirror)));
	CHECK(routes > 0 && cw_mirror_state(engine.mirror)->route_count == routes);
	/* Together with anything else they cost one. */
	device_run("ip route add 10.8.0.0/16 via 10.0.9.2; ip neigh del 10.0.9.1 dev one");
	CHECK(comes(has_route, 0x0a080000, &third) && third > second);
}

static uint32_t things; /* that a change was made of, each another */

static void change_routes(void)
{
	char command[64];

	snprintf(command, sizeof(command), "ip route add 10.10.%u.0/24 via 10.0.9.2", ++things);
	device_run(command);
}

/* A dump of everything that takes so long; the dumps until then. */
static uint32_t dump_of(uint64_t costs_us, uint64_t waits_us)
{
	uint32_t by_then;

	dump_costs_us = costs_us;
	dump_waits_us = waits_us;
	change_routes();
	CHECK(comes(has_route, 0x0a0a0000 + (things << 8), &by_then));
	dump_costs_us = dump_waits_us = 0;
	return by_then;
}

/* The next change of routes is 400 ms away. */
static void who_asks_waits_for_no_dump_that_is_put_off(void)
{
	const struct rte_ring *requests = rte_ring_lookup("cw_requests");
	bool is_served_before = false;
	uint32_t ignored;

	NEEDS(requests != NULL);
	for (uint32_t i = 0; i < 5 && !is_served_before; i++) {
		uint32_t before = dump_of(40000, 0);
		change_routes();
		cw_mirror_resolve(engine.mirror, 0, cw_address_of_v4(htonl(0x0a000063)));
		while (!rte_ring_empty(requests))
			sched_yield();
		pthread_mutex_lock(&engine.control);
		is_served_before = dumps == before;
		pthread_mutex_unlock(&engine.control);
		CHECK(comes(has_route, 0x0a0a0000 + (things << 8), &ignored));
	}
	CHECK(is_served_before);
}

/* Neither what a dump of everything costs nor what others do meanwhile. Of five times one: this machine may be busy. */
static void a_change_waits_for_nobody_elses_work(void)
{
	uint64_t neighbour_us = UINT64_MAX, route_us = UINT64_MAX, began_us;
	uint32_t ignored;
	char command[96];

	for (uint32_t i = 0; i < 5 && (neighbour_us > 200000 || route_us > 200000); i++) {
		dump_of(40000, 0);
		snprintf(command, sizeof(command), "ip neigh add 10.0.10.%u lladdr 02:00:00:00:00:09 dev one nud permanent", ++things);
		device_run(command);
		began_us = cw_now_us();
		CHECK(comes(has_neighbour, 0x0a000a00 + things, &ignored));
		neighbour_us = RTE_MIN(neighbour_us, cw_now_us() - began_us);
		dump_of(0, 40000);
		change_routes();
		began_us = cw_now_us();
		CHECK(comes(has_route, 0x0a0a0000 + (things << 8), &ignored));
		route_us = RTE_MIN(route_us, cw_now_us() - began_us);
	}
	CHECK(neighbour_us <= 200000 && route_us <= 200000);
}

static void asking_is_no_reason_to_look(void)
{
	/* Whatever woke it before is done when it has looked again. */
	cw_mirror_wake(engine.mirror);
	CHECK(look_within(5000));
	uint32_t before = __atomic_load_n(&looks, __ATOMIC_SEQ_CST);
	uint64_t began_us = cw_now_us();
	const struct rte_ring *requests = rte_ring_lookup("cw_requests");
	NEEDS(requests != NULL);
	/* Each by itself, so that each wakes the mirror. */
	for (uint32_t i = 0; i < ASKED; i++) {
		cw_mirror_resolve(engine.mirror, 0, cw_address_of_v4(htonl(0x0a000064 + i)));
		while (!rte_ring_empty(requests))
			sched_yield();
	}
	uint32_t due = (uint32_t)((cw_now_us() - began_us) / 1000000) + 1;
	CHECK(__atomic_load_n(&looks, __ATOMIC_SEQ_CST) - before <= due + 1);
	/* And none of it keeps the looks away that are due, or asked for. */
	while (look_within(0))
		;
	for (uint32_t i = 0; i < ASKED && !look_within(10); i++)
		cw_mirror_resolve(engine.mirror, 0, cw_address_of_v4(htonl(0x0a000064 + i)));
	CHECK(__atomic_load_n(&looks, __ATOMIC_SEQ_CST) > before);
	cw_mirror_wake(engine.mirror);
	CHECK(look_within(5000));
}

/* What has no room is left out and counted, and what has some is there, as soon as there is room. */
static void counts_what_has_no_room(void)
{
	const struct cw_mirror_state *state;

	device_run("for i in $(seq 0 1029); do echo addr add 10.5.$((i / 250)).$((i % 250))/32 dev one; done | ip -batch -");
	serial_now();
	state = cw_mirror_state(engine.mirror);
	CHECK(state->address_count == CW_MIRROR_ADDRESSES_MAX && state->overflow.addresses >= 1030 - 1024);
	CHECK(state->overflow.routes == 0 && state->overflow.neighbours == 0);
	device_run("ip addr flush dev one");
	serial_now();
	CHECK(cw_mirror_state(engine.mirror)->overflow.addresses == 0);
}

static void ignore(void *arg)
{
	(void)arg;
}

/* Of an engine what the mirror needs. */
static void start(void)
{
	static struct cw_event_slot slots[8];

	looked_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	pthread_mutex_init(&engine.control, NULL);
	engine.wake = ignore;
	engine.worker_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	NEEDS(posix_memalign((void **)&engine.qsbr, 64, rte_rcu_qsbr_get_memsize(1)) == 0);
	NEEDS(rte_rcu_qsbr_init(engine.qsbr, 1) == 0);
	engine.garbage = rte_ring_create("garbage", 16, SOCKET_ID_ANY, 0);
	engine.events = rte_ring_create("events", 16, SOCKET_ID_ANY, 0);
	engine.free_events = rte_ring_create("free_events", 16, SOCKET_ID_ANY, 0);
	NEEDS(engine.garbage != NULL && engine.events != NULL && engine.free_events != NULL);
	for (uint32_t i = 0; i < 8; i++)
		rte_ring_enqueue(engine.free_events, &slots[i]);
	NEEDS(cw_mirror_start(&engine) == 0);
}

int main(int argc, char **argv)
{
	check_begin(argc, argv);
	NEEDS(unshare(CLONE_NEWNET) == 0);
	device_run("ip link set lo up && ip link add one address 02:00:00:00:00:01 type veth peer name two");
	device_run("sysctl -qw net.ipv6.conf.all.disable_ipv6=0 net.ipv6.conf.one.addr_gen_mode=1 "
		   "net.ipv6.conf.two.addr_gen_mode=1");
	device_run("ip addr add 10.0.0.1/16 dev one && ip link set one up && ip link set two up");
	device_start_eal(&pools);
	program.port_count = 1;
	program.ports[0] = &port;
	snprintf(program.port_programs[0].twin, sizeof(program.port_programs[0].twin), "one");
	engine.program = &program;
	start();
	tells_routes_from_neighbours();
	keeps_only_what_is_of_twins();
	neighbours_cost_no_dump_of_routes();
	who_asks_waits_for_no_dump_that_is_put_off();
	a_change_waits_for_nobody_elses_work();
	asking_is_no_reason_to_look();
	counts_what_has_no_room();
	atomic_store(&engine.is_stopping, true);
	cw_mirror_stop(&engine);
	cw_view_free(atomic_load(&engine.view));
	free(engine.qsbr);
	rte_ring_free(engine.garbage);
	rte_eal_cleanup();
	return check_result();
}
