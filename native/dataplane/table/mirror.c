/* The mirror's thread: waits for notifications, dumps, publishes, asks the kernel to probe. See mirror.h. */
#include "table/mirror.h"

#include <errno.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "engine.h"
#include "table/rtnetlink.h"
#include "table/session.h"
#include "table/view.h"
#include "worker.h"

#define REQUESTS_MAX 256
#define SETTLE_US 5000u       /* changes come in groups: one dump for all of them */
#define SETTLE_MOST_US 500000u /* no change waits longer, however slow this machine is */
#define LOOK_MS 1000
#define LINKS_APART_US 200000
#define REFRESH_S 10     /* well below the kernel's default of 30 s until an entry is stale */

struct request {
	struct cw_address address;
	uint64_t port;
};

struct cw_mirror {
	struct cw_engine *engine;
	struct cw_mirror_state *state;
	struct cw_mirror_state *spare; /* the next dump goes here */
	pthread_t thread;
	int watch_fd;
	int dump_fd;
	int use_fd; /* errors about neighbours that cannot be probed must not look like changes */
	bool is_stale; /* the last dump failed: the view is older than it should be */
	/* How long the next change waits for others: of neighbours alone, and of anything. */
	uint64_t settle_neighbours_us, settle_all_us;
	int nics_fd; /* epoll over the watches in the namespaces of the NICs */
	uint64_t links_digest; /* as the gateway was told last */
	bool has_news;         /* of links; told when LINKS_APART_US have passed */
	uint64_t told_us;
	uint64_t looked_us; /* at the NICs */
	int wake_fd;
	int asked_fd; /* a request waits, and nothing else */
	struct rte_ring *requests; /* worker -> mirror: struct request */
};

const struct cw_mirror_state *cw_mirror_state(const struct cw_mirror *mirror)
{
	return mirror->state;
}

static void signal_by(int event_fd)
{
	uint64_t one = 1;

	if (write(event_fd, &one, sizeof(one)) < 0 && errno != EAGAIN)
		abort(); /* an eventfd of our own cannot fail otherwise */
}

void cw_mirror_wake(struct cw_mirror *mirror)
{
	signal_by(mirror->wake_fd);
}

void cw_mirror_resolve(struct cw_mirror *mirror, uint8_t port, struct cw_address address)
{
	struct request request = { .address = address, .port = port };

	/* A full ring is no loss: the packet waits, and the worker asks again with the next one. */
	if (rte_ring_enqueue_elem(mirror->requests, &request, sizeof(request)) == 0)
		signal_by(mirror->asked_fd);
}

static int twin_ifindex(const struct cw_mirror *mirror, uint8_t port)
{
	const struct cw_program *program = mirror->engine->program;

	if (program == NULL || port >= program->port_count)
		return 0;
	for (uint32_t i = 0; i < mirror->state->link_count; i++) {
		if (strcmp(mirror->state->links[i].name, program->port_programs[port].twin) == 0)
			return mirror->state->links[i].ifindex;
	}
	return 0;
}

static void serve_requests(struct cw_mirror *mirror)
{
	struct request request;

	while (rte_ring_dequeue_elem(mirror->requests, &request, sizeof(request)) == 0) {
		int ifindex = twin_ifindex(mirror, (uint8_t)request.port);
		if (ifindex != 0)
			cw_rtnetlink_use(mirror->use_fd, ifindex, request.address);
	}
}

/* The kernel confirms only what it sends itself: entries that only we use must be probed before they go stale. */
static void refresh_neighbours(struct cw_mirror *mirror)
{
	struct cw_view *view = atomic_load(&mirror->engine->view);
	const struct cw_mirror_state *state = mirror->state;

	for (uint32_t i = 0; view != NULL && i < state->neighbour_count; i++) {
		const struct cw_mirror_neighbour *known = &state->neighbours[i];
		if (!known->is_stale)
			continue;
		for (uint8_t port = 0; port < view->program->port_count; port++) {
			if (twin_ifindex(mirror, port) != known->ifindex)
				continue;
			struct cw_neighbour *used =
				cw_neighbour_find(view->neighbours, port, known->address);
			if (used != NULL && atomic_exchange(&used->is_used, 0) != 0)
				cw_rtnetlink_use(mirror->use_fd, known->ifindex, known->address);
		}
	}
}

int cw_mirror_watch(struct cw_mirror *mirror, int fd)
{
	struct epoll_event event = { .events = EPOLLIN };

	return fd < 0 || epoll_ctl(mirror->nics_fd, EPOLL_CTL_ADD, fd, &event) == 0 ? 0 : -errno;
}

static void look_at_nics(struct cw_mirror *mirror)
{
	const struct cw_program *program = mirror->engine->program;

	mirror->looked_us = cw_now_us();
	for (uint32_t i = 0; program != NULL && i < program->port_count; i++) {
		struct cw_port *port = program->ports[i];
		if (port->nic->link.watch_fd >= 0)
			cw_rtnetlink_drain(port->nic->link.watch_fd);
		mirror->has_news |= cw_port_look(port);
	}
}

static bool can_tell(const struct cw_mirror *mirror)
{
	return mirror->has_news && cw_now_us() - mirror->told_us >= LINKS_APART_US;
}

/* Whoever changes a link changes several: the gateway is told once, and soon again if it goes on. */
static void tell_links(struct cw_mirror *mirror)
{
	mirror->has_news |= mirror->links_digest != mirror->state->links_digest;
	mirror->links_digest = mirror->state->links_digest;
	if (!can_tell(mirror) || !cw_event_push_links(mirror->engine))
		return;
	mirror->has_news = false;
	mirror->told_us = cw_now_us();
}

static bool is_same(const struct cw_mirror_state *a, const struct cw_mirror_state *b)
{
	return a->link_count == b->link_count && a->address_count == b->address_count &&
	       a->route_count == b->route_count &&
	       memcmp(a->links, b->links, a->link_count * sizeof(a->links[0])) == 0 &&
	       memcmp(a->addresses, b->addresses, a->address_count * sizeof(a->addresses[0])) == 0 &&
	       memcmp(a->routes, b->routes, a->route_count * sizeof(a->routes[0])) == 0;
}

static void name_link(struct cw_mirror_state *state, const char *name)
{
	for (uint32_t i = 0; i < state->link_count; i++) {
		if (strcmp(state->links[i].name, name) == 0)
			return;
	}
	struct cw_mirror_link *link = &state->links[state->link_count++];
	*link = (struct cw_mirror_link){ 0 };
	snprintf(link->name, sizeof(link->name), "%s", name);
}

static void name_links(struct cw_mirror_state *state, const struct cw_program *program)
{
	for (uint32_t i = 0; program != NULL && i < program->port_count; i++)
		name_link(state, program->port_programs[i].twin);
	for (uint32_t i = 0; program != NULL && i < program->segment_count; i++)
		name_link(state, program->segment_programs[i].twin);
}

int cw_mirror_refresh(struct cw_mirror *mirror, const struct cw_program *next)
{
	struct cw_mirror_state *before = mirror->state, *now = mirror->spare;

	now->link_count = 0;
	name_links(now, mirror->engine->program);
	name_links(now, next);
	int rc = cw_rtnetlink_dump(mirror->dump_fd, now);
	if (rc != 0)
		return rc;
	now->routes_serial = before->routes_serial + !is_same(before, now);
	mirror->state = now;
	mirror->spare = before;
	return 0;
}

/* They change all the time, and few of them: however many routes there are, those stay where they are. */
static int refresh_only_neighbours(struct cw_mirror *mirror)
{
	struct cw_mirror_state *state = mirror->state, *now = mirror->spare;

	now->link_count = state->link_count;
	memcpy(now->links, state->links, state->link_count * sizeof(state->links[0]));
	int rc = cw_rtnetlink_dump_neighbours(mirror->dump_fd, now);
	if (rc != 0)
		return rc;
	state->neighbour_count = now->neighbour_count;
	state->overflow.neighbours = now->overflow.neighbours;
	memcpy(state->neighbours, now->neighbours, now->neighbour_count * sizeof(now->neighbours[0]));
	return 0;
}

/* Of this thread: what others took from it meanwhile costs nobody more. */
static uint64_t cpu_us(void)
{
	struct timespec spent;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &spent);
	return (uint64_t)spent.tv_sec * 1000000 + (uint64_t)spent.tv_nsec / 1000;
}

/* However fast the kernel changes, dumps take a tenth of a CPU, as long as one takes less than 50 ms. */
static void update(struct cw_mirror *mirror, bool only_neighbours)
{
	struct cw_engine *engine = mirror->engine;
	uint64_t *settle_us = only_neighbours ? &mirror->settle_neighbours_us : &mirror->settle_all_us;
	uint64_t started_us = cpu_us();

	pthread_mutex_lock(&engine->control);
	int rc = only_neighbours ? refresh_only_neighbours(mirror) : cw_mirror_refresh(mirror, NULL);
	if (rc == 0 && engine->program != NULL)
		rc = cw_view_publish(engine);
	mirror->is_stale = rc != 0;
	pthread_mutex_unlock(&engine->control);
	uint64_t wanted_us = (cpu_us() - started_us) * 10;
	*settle_us = RTE_MIN(RTE_MAX(wanted_us, SETTLE_US), SETTLE_MOST_US);
}

/* Changes of a group come in; who asks for a neighbour waits for none of them. */
static void settle(struct cw_mirror *mirror, uint64_t us)
{
	struct pollfd asked = { .fd = mirror->asked_fd, .events = POLLIN };
	uint64_t until_us = cw_now_us() + us, ignored;

	for (uint64_t now = cw_now_us(); now < until_us; now = cw_now_us()) {
		if (poll(&asked, 1, (int)((until_us - now + 999) / 1000)) <= 0)
			continue;
		(void)!read(mirror->asked_fd, &ignored, sizeof(ignored));
		pthread_mutex_lock(&mirror->engine->control);
		serve_requests(mirror);
		pthread_mutex_unlock(&mirror->engine->control);
	}
}

/* Something has changed, or could not be read when it had. */
static void follow(struct cw_mirror *mirror)
{
	bool only_neighbours = cw_rtnetlink_drain(mirror->watch_fd) && !mirror->is_stale;

	settle(mirror, only_neighbours ? mirror->settle_neighbours_us : mirror->settle_all_us);
	if (!cw_rtnetlink_drain(mirror->watch_fd) && only_neighbours) {
		only_neighbours = false;
		if (mirror->settle_all_us > mirror->settle_neighbours_us)
			settle(mirror, mirror->settle_all_us - mirror->settle_neighbours_us);
		cw_rtnetlink_drain(mirror->watch_fd);
	}
	cw_rtnetlink_drain(mirror->use_fd);
	update(mirror, only_neighbours);
}

static void *run(void *arg)
{
	struct cw_mirror *mirror = arg;
	struct cw_engine *engine = mirror->engine;
	struct pollfd fds[4] = { { .fd = mirror->watch_fd, .events = POLLIN },
				 { .fd = mirror->wake_fd, .events = POLLIN },
				 { .fd = mirror->nics_fd, .events = POLLIN },
				 { .fd = mirror->asked_fd, .events = POLLIN } };
	time_t refreshed = time(NULL);
	uint64_t ignored;

	while (!atomic_load(&engine->is_stopping)) {
		poll(fds, 4, mirror->has_news ? LINKS_APART_US / 1000 : LOOK_MS);
		/* Cleared before what they tell of is done; EAGAIN: it told of nothing. */
		bool is_woken = read(mirror->wake_fd, &ignored, sizeof(ignored)) > 0;
		(void)!read(mirror->asked_fd, &ignored, sizeof(ignored));
		if (fds[0].revents & POLLIN || mirror->is_stale)
			follow(mirror);
		pthread_mutex_lock(&engine->control);
		serve_requests(mirror);
		cw_keypair_collect(engine);
		/* Packets to unknown hosts are cheap to send, and a look takes several system calls a port. */
		if (is_woken || fds[2].revents != 0 || cw_now_us() - mirror->looked_us >= LOOK_MS * 1000)
			look_at_nics(mirror);
		tell_links(mirror);
		if (time(NULL) - refreshed >= REFRESH_S) {
			refresh_neighbours(mirror);
			refreshed = time(NULL);
		}
		pthread_mutex_unlock(&engine->control);
	}
	return NULL;
}

int cw_mirror_start(struct cw_engine *engine)
{
	struct cw_mirror *mirror = calloc(1, sizeof(*mirror));

	if (mirror == NULL)
		return -ENOMEM;
	mirror->engine = engine;
	engine->mirror = mirror;
	mirror->state = calloc(1, sizeof(*mirror->state));
	mirror->spare = calloc(1, sizeof(*mirror->spare));
	mirror->requests = rte_ring_create_elem("cw_requests", sizeof(struct request), REQUESTS_MAX,
						SOCKET_ID_ANY, 0);
	mirror->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	mirror->asked_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	mirror->settle_neighbours_us = mirror->settle_all_us = SETTLE_US;
	mirror->nics_fd = epoll_create1(EPOLL_CLOEXEC);
	mirror->dump_fd = cw_rtnetlink_open(0);
	mirror->use_fd = cw_rtnetlink_open(0);
	mirror->watch_fd =
		cw_rtnetlink_open(RTMGRP_LINK | RTMGRP_NEIGH | RTMGRP_IPV4_IFADDR | RTMGRP_IPV4_ROUTE |
				  RTMGRP_IPV6_IFADDR | RTMGRP_IPV6_ROUTE);
	if (mirror->state == NULL || mirror->spare == NULL || mirror->requests == NULL || mirror->wake_fd < 0 ||
	    mirror->asked_fd < 0 || mirror->nics_fd < 0)
		return -ENOMEM;
	if (mirror->dump_fd < 0 || mirror->use_fd < 0 || mirror->watch_fd < 0)
		return -EPROTO;
	int rc = cw_mirror_refresh(mirror, NULL);
	mirror->links_digest = mirror->state->links_digest;
	return rc != 0 ? rc : -pthread_create(&mirror->thread, NULL, run, mirror);
}

void cw_mirror_stop(struct cw_engine *engine)
{
	struct cw_mirror *mirror = engine->mirror;

	if (mirror == NULL)
		return;
	if (mirror->thread != 0) {
		cw_mirror_wake(mirror);
		pthread_join(mirror->thread, NULL);
	}
	if (mirror->watch_fd > 0)
		close(mirror->watch_fd);
	if (mirror->dump_fd > 0)
		close(mirror->dump_fd);
	if (mirror->use_fd > 0)
		close(mirror->use_fd);
	if (mirror->wake_fd > 0)
		close(mirror->wake_fd);
	if (mirror->asked_fd > 0)
		close(mirror->asked_fd);
	if (mirror->nics_fd > 0)
		close(mirror->nics_fd);
	rte_ring_free(mirror->requests);
	free(mirror->state);
	free(mirror->spare);
	free(mirror);
	engine->mirror = NULL;
}
