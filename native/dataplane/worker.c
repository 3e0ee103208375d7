/* The worker's loop, its timers and commands. See worker.h. */
#include "worker.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "command.h"
#include "crypto/aead.h"
#include "crypto/mac1.h"
#include "graph/graph.h"
#include "graph/handshake.h"
#include "graph/qos.h"
#include "graph/relay.h"
#include "graph/server-name.h"
#include "graph/steer.h"
#include "port/pmd.h"
#include "table/flow.h"

#define READY_MAX 64
#define SECOND_TICKS 10

const char *const cw_drop_names[CW_DROP_COUNT] = {
#define X(constant, name) name,
	CW_DROPS(X)
#undef X
};

uint64_t cw_now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

int cw_worker_open(struct cw_engine *engine, struct cw_worker **out)
{
	struct cw_worker *worker = calloc(1, sizeof(*worker));
	struct epoll_event wake = { .events = EPOLLIN };
	int rc;

	if (worker == NULL)
		return -ENOMEM;
	*out = worker;
	worker->engine = engine;
	worker->reassembly.drops = worker->drops;
	worker->now_us = cw_now_us();
	if (getrandom(&worker->path_secret, sizeof(worker->path_secret), 0) != sizeof(worker->path_secret))
		return -EIO;
	if (getrandom(worker->flow_secret, sizeof(worker->flow_secret), 0) != sizeof(worker->flow_secret))
		return -EIO;
	cw_wait_open(&worker->wait, engine->has_own_cpu);
	cw_spray_open(&worker->spraying);
	worker->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (worker->epoll_fd < 0)
		return -errno;
	if (epoll_ctl(worker->epoll_fd, EPOLL_CTL_ADD, engine->worker_fd, &wake) != 0)
		return -errno;
	rc = cw_aead_open_context(&worker->aead, engine->aead_backend);
	if (rc == 0)
		rc = cw_mac1_open(&worker->mac1);
	if (rc == 0)
		rc = cw_handshakes_open(&worker->handshakes);
	if (rc == 0)
		rc = cw_path_pool_open(&worker->paths);
	if (rc == 0)
		rc = cw_channels_open(&worker->channels);
	if (rc == 0)
		rc = cw_server_names_open(&worker->server_names);
	worker->flows = cw_flows_new(engine->flows == 0 ? CW_FLOWS_DEFAULT : engine->flows);
	if (rc == 0 && worker->flows == NULL)
		rc = -ENOMEM;
	return rc;
}

void cw_worker_close(struct cw_worker *worker)
{
	if (worker == NULL)
		return;
	for (uint32_t i = 0; i < CW_PENDING_MAX; i++) {
		if (worker->pending[i].port_id != 0)
			rte_pktmbuf_free_bulk(worker->pending[i].packets, worker->pending[i].count);
	}
	for (uint32_t i = 0; i < worker->peer_count; i++) {
		rte_pktmbuf_free_bulk(worker->peers[i]->waiting, worker->peers[i]->waiting_count);
		free(worker->peers[i]);
	}
	cw_qos_close(worker);
	cw_path_pool_close(&worker->paths);
	cw_channels_close(&worker->channels);
	cw_flows_free(worker->flows);
	cw_server_names_close(worker->server_names);
	cw_wait_close(&worker->wait);
	cw_aead_close_context(worker->aead);
	cw_handshakes_close(worker->handshakes);
	cw_mac1_close(worker->mac1);
	if (worker->epoll_fd > 0)
		close(worker->epoll_fd);
	free(worker);
}

/* What epoll hands back is only compared: the worker looks the link up in its view, which it may have left. */
int cw_worker_watch(struct cw_worker *worker, struct cw_link *link)
{
	struct epoll_event event = { .events = EPOLLIN, .data = { .ptr = link } };

	link->drops = worker->drops;
	if (cw_link_needs_polling(link))
		return cw_pmd_watch(link, worker->epoll_fd);
	return epoll_ctl(worker->epoll_fd, EPOLL_CTL_ADD, link->fd, &event) == 0 ? 0 : -errno;
}

void cw_worker_forget(struct cw_worker *worker, struct cw_link *link)
{
	if (cw_link_needs_polling(link))
		cw_pmd_forget(link, worker->epoll_fd);
	else
		epoll_ctl(worker->epoll_fd, EPOLL_CTL_DEL, link->fd, NULL);
}

static void finish(struct cw_worker *worker)
{
	/* Trains in transit are sealed as they go. */
	cw_merge_flush(worker);
	cw_seal_flush(worker);
}

static void serve_nic(struct cw_worker *worker, struct cw_nic *nic)
{
	struct rte_mbuf *frames[CW_BURST];
	uint16_t n = cw_link_rx(&nic->link, &worker->engine->pools, frames, CW_BURST);

	cw_wait_heard(&worker->wait, frames, n);
	cw_receive_burst(worker, nic, frames, n);
	finish(worker);
}

static void list_polled(struct cw_worker *worker)
{
	const struct cw_program *program = worker->view->program;

	worker->polled_count = 0;
	worker->wait.is_armed = false;
	for (uint32_t i = 0; i < program->port_count; i++) {
		struct cw_nic *nic = program->ports[i]->nic;
		bool is_new = cw_link_needs_polling(&nic->link);
		for (uint32_t k = 0; k < worker->polled_count; k++)
			is_new = is_new && worker->polled[k] != nic;
		if (is_new)
			worker->polled[worker->polled_count++] = nic;
	}
}

static void serve_polled(struct cw_worker *worker)
{
	for (uint32_t i = 0; i < worker->polled_count; i++)
		serve_nic(worker, worker->polled[i]);
}

static void serve_twin(struct cw_worker *worker, struct cw_port *port)
{
	struct rte_mbuf *frames[CW_BURST];
	uint16_t n = cw_link_rx(&port->twin, &worker->engine->pools, frames, CW_BURST);

	cw_wait_heard(&worker->wait, frames, n);
	for (uint16_t i = 0; i < n; i++) {
		cw_handshake_note(worker, port, frames[i]);
		cw_pass_out(worker, port, frames[i]);
	}
}

static void serve_segment(struct cw_worker *worker, uint32_t index)
{
	struct cw_segment *segment = worker->view->program->segments[index];
	struct rte_mbuf *frames[CW_BURST];
	uint16_t n = cw_link_rx(&segment->twin, &worker->engine->pools, frames, CW_BURST);

	cw_wait_heard(&worker->wait, frames, n);
	for (uint16_t i = 0; i < n; i++)
		cw_classify_segment(worker, index, frames[i]);
	finish(worker);
}

static void lose_twin(struct cw_worker *worker, struct cw_link *twin)
{
	atomic_store(&twin->is_gone, true);
	cw_worker_forget(worker, twin);
}

/*
 * `link` may have left the program since epoll named it: it is compared, never followed. With an error but nothing to
 * read, reading takes the error off a NIC's socket; a twin that was deleted would report it for ever.
 */
static void serve_link(struct cw_worker *worker, const struct cw_link *link, bool can_read)
{
	const struct cw_program *program = worker->view->program;

	for (uint32_t i = 0; i < program->port_count; i++) {
		struct cw_port *port = program->ports[i];
		if (link == &port->nic->link) {
			/* Once: the frames of the other ports on this NIC come with it. */
			serve_nic(worker, port->nic);
			return;
		}
		if (link == &port->twin && can_read)
			serve_twin(worker, port);
		else if (link == &port->twin)
			lose_twin(worker, &port->twin);
	}
	for (uint32_t i = 0; i < program->segment_count; i++) {
		struct cw_link *twin = &program->segments[i]->twin;
		if (link == twin && can_read)
			serve_segment(worker, i);
		else if (link == twin)
			lose_twin(worker, twin);
	}
}

static void run_commands(struct cw_worker *worker)
{
	void *command;
	uint64_t ignored;

	if (read(worker->engine->worker_fd, &ignored, sizeof(ignored)) < 0)
		return;
	while (rte_ring_dequeue(worker->engine->commands, &command) == 0) {
		cw_command_run(worker, command);
		finish(worker);
		cw_engine_command_done(worker->engine);
	}
}

int cw_worker_do(struct cw_worker *worker, struct cw_command *command)
{
	if (rte_ring_enqueue(worker->engine->commands, command) != 0)
		return -EBUSY;
	cw_engine_wake_worker(worker->engine);
	cw_engine_command_wait(worker->engine);
	return command->result;
}

static void count_overflows(struct cw_worker *worker)
{
	const struct cw_program *program = worker->view->program;

	for (uint32_t i = 0; i < program->port_count; i++)
		cw_link_count_overflow(&program->ports[i]->nic->link);
}

/* Handshakes of peers that are there have a budget of their own. */
static void know_paths(struct cw_worker *worker, const struct cw_peer *peer)
{
	if (atomic_load(&peer->current) == NULL)
		return;
	for (uint32_t slot = 0; slot < CW_PATHS_MAX; slot++) {
		const struct cw_path *path = peer->paths.list[slot];
		if (path != NULL && path->live.state == CW_PATH_UP)
			cw_handshakes_know(worker, cw_address_bytes(&path->way.remote));
	}
}

/* A new view: uplinks may have come or gone. */
static void look_at_all_paths(struct cw_worker *worker)
{
	const struct cw_program *program = worker->view->program;
	/* Of each program some view is seen: what loads it waits for the worker. */
	bool is_other = program->generation != worker->generation;

	worker->generation = program->generation;
	if (is_other)
		cw_spray_move(&worker->spraying, program->uplinks);
	if (is_other)
		cw_keep_move(worker, program->uplinks);
	for (uint32_t i = 0; i < atomic_load(&worker->peer_count); i++)
		cw_path_renew(worker, worker->peers[i], is_other ? program->uplinks : NULL, is_other ? program->policies_then : NULL);
}

static void tick(struct cw_worker *worker)
{
	cw_wait_look(&worker->wait);
	for (uint32_t i = 0; i < atomic_load(&worker->peer_count); i++) {
		cw_session_tick(worker, worker->peers[i]);
		know_paths(worker, worker->peers[i]);
	}
	if (worker->pending_count > 0)
		cw_tx_pending(worker);
	cw_steer_tick(worker);
	cw_reassembly_expire(&worker->reassembly, worker->now_us);
	if (++worker->ticks % SECOND_TICKS == 0) {
		count_overflows(worker);
		cw_relay_tick(worker);
	}
	finish(worker);
}

void cw_worker_run(struct cw_worker *worker)
{
	struct cw_engine *engine = worker->engine;
	struct epoll_event ready[READY_MAX];

	pthread_setname_np(pthread_self(), "cw-worker");
	rte_rcu_qsbr_thread_register(engine->qsbr, 0);
	rte_rcu_qsbr_thread_online(engine->qsbr, 0);
	while (!atomic_load_explicit(&engine->is_stopping, memory_order_relaxed)) {
		int n = cw_wait_for_work(worker, ready, READY_MAX);
		struct cw_view *view = atomic_load(&engine->view);
		bool is_new = view != NULL && view->serial != worker->view_serial;
		worker->now_us = cw_now_us();
		worker->view = view;
		worker->index = atomic_load(&engine->index);
		if (is_new) {
			worker->view_serial = view->serial;
			list_polled(worker);
			look_at_all_paths(worker);
			cw_qos_renew(worker);
			cw_tx_pending(worker);
		}
		/* Before any packet: a key that expired while the box was suspended must not seal one more. */
		if (worker->now_us - worker->ticked_us >= CW_TICK_US) {
			worker->ticked_us = worker->now_us;
			if (view != NULL)
				tick(worker);
		}
		for (int i = 0; i < n; i++) {
			if (ready[i].data.ptr == NULL)
				run_commands(worker);
			else if (view != NULL)
				serve_link(worker, ready[i].data.ptr,
					   (ready[i].events & EPOLLIN) != 0);
		}
		if (view != NULL)
			serve_polled(worker);
		if (view != NULL && worker->now_us >= worker->spraying.due_us)
			cw_spray_look(worker);
		/* After what came, which may show that a path lives. */
		if (view != NULL && worker->now_us >= worker->paths.next_us) {
			cw_path_look(worker);
			finish(worker);
		}
		if (view != NULL)
			cw_qos_serve(worker);
	}
	rte_rcu_qsbr_thread_offline(engine->qsbr, 0);
	rte_rcu_qsbr_thread_unregister(engine->qsbr, 0);
}
