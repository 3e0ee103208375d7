/* Schedulers of uplinks, as these come and go. See qos.h. */
#include <stdlib.h>
#include <string.h>

#include "graph/qos-ingress.h"
#include "graph/qos-parts.h"
#include "graph/qos-segment.h"
#include "table/view.h"

/*
 * Of the rate, that is not used: what left late and all at once stands in the modem, and would stand there as long as the link is full,
 * before every call; so does what comes of clocks that differ.
 */
#define DRAIN_PART 512u

uint64_t cw_qos_due_us(const struct cw_worker *worker)
{
	uint64_t due_ns = UINT64_MAX;

	for (uint32_t i = 0; i < CW_UPLINKS_MAX; i++) {
		uint64_t own_ns = worker->qos[i] == NULL ? UINT64_MAX : cw_qos_due_ns(worker->qos[i]->qos);
		due_ns = own_ns < due_ns ? own_ns : due_ns;
	}
	due_ns = RTE_MIN(due_ns, RTE_MIN(cw_limits_due_ns(worker), cw_ingress_due_ns(worker)));
	return due_ns == UINT64_MAX ? UINT64_MAX : (due_ns + 999) / 1000;
}

static void end_uplink(struct cw_worker *worker, struct cw_uplink_qos *uplink)
{
	cw_qos_lose_all(worker, uplink->qos);
	for (uint32_t i = 0; i <= CW_PEER_NAMES_MAX; i++) {
		for (struct cw_qos_peer *peer = uplink->peers[i], *next; peer != NULL; peer = next) {
			next = peer->next;
			free(peer);
		}
	}
	cw_qos_free(uplink->qos);
	free(uplink);
}

static struct cw_uplink_qos *begin_uplink(const struct cw_port *port, const struct cw_qos_shape *shape)
{
	struct cw_uplink_qos *uplink = calloc(1, sizeof(*uplink));

	if (uplink == NULL)
		return NULL;
	uplink->port_id = port->id;
	uplink->qos = cw_qos_new(shape);
	if (uplink->qos == NULL) {
		free(uplink);
		return NULL;
	}
	cw_qos_count_from(uplink->qos, port->queued);
	return uplink;
}

/* That of the port, of those that were there; NULL: it has none. */
static struct cw_uplink_qos *take_uplink(struct cw_uplink_qos *before[CW_UPLINKS_MAX], const struct cw_port *port)
{
	for (uint32_t i = 0; i < CW_UPLINKS_MAX; i++) {
		struct cw_uplink_qos *uplink = before[i];
		if (uplink == NULL || uplink->port_id != port->id)
			continue;
		before[i] = NULL;
		return uplink;
	}
	return NULL;
}

bool cw_qos_has_limits(const struct cw_program *program)
{
	for (uint32_t i = 0; i < program->peer_count; i++) {
		if (program->peer_limits_bps[i] != 0)
			return true;
	}
	return false;
}

/* 0: nothing waits for it. */
static uint64_t rate_of(const struct cw_program *program, const struct cw_port_program *p)
{
	if (p->role != CW_ROLE_UPLINK)
		return 0;
	return p->up_bps == 0 && cw_qos_has_limits(program) ? CW_QOS_UNSHAPED_BPS : p->up_bps;
}

static struct cw_qos_shape shape_of(const struct cw_worker *worker, const struct cw_port_program *p, uint64_t bps)
{
	struct cw_qos_shape shape = { .bps = RTE_MAX(bps - bps / DRAIN_PART, CW_QOS_LEAST_BPS) };

	cw_qos_give_room(worker, &shape, false);
	for (uint32_t i = 0; i < CW_QOS_CLASSES; i++)
		shape.classes[i] = (struct cw_qos_class_shape){ .weight = p->weights[i], .cap_percent = p->cap_percents[i] };
	return shape;
}

/* Of all, or of those peers that have no limit: what waits for them leaves at once. */
static void open_gates(struct cw_worker *worker, struct cw_uplink_qos *uplink, bool is_all)
{
	for (uint32_t i = 0; i < CW_PEER_NAMES_MAX; i++) {
		for (struct cw_qos_peer *peer = uplink->peers[i]; peer != NULL; peer = peer->next) {
			if (is_all || atomic_load_explicit(&worker->peers[i]->limit_bps, memory_order_relaxed) == 0)
				cw_qos_set_gate(uplink->qos, &peer->gate, 0);
		}
	}
}

/* Its rate is not known any more: what waits leaves at once. */
static void let_all_go(struct cw_worker *worker, struct cw_port *port, const struct cw_port_program *p, struct cw_uplink_qos *uplink)
{
	struct cw_qos_shape shape = shape_of(worker, p, CW_QOS_UNSHAPED_BPS);

	cw_qos_set(uplink->qos, &shape, cw_qos_now_ns(worker));
	open_gates(worker, uplink, true);
	port->qos = uplink;
	cw_qos_serve(worker);
	port->qos = NULL;
	cw_qos_lose_all(worker, uplink->qos);
	for (uint32_t i = 0; i < CW_QOS_CLASSES; i++)
		port->queued[i] = *cw_qos_counted(uplink->qos, i);
	end_uplink(worker, uplink);
}

/* Without memory for it an uplink has no scheduler, and all leaves at once. */
static void renew_port(struct cw_worker *worker, struct cw_uplink_qos *before[CW_UPLINKS_MAX], struct cw_port *port,
		       const struct cw_port_program *p)
{
	struct cw_uplink_qos *uplink = take_uplink(before, port);
	uint64_t rate = rate_of(worker->view->program, p);
	struct cw_qos_shape shape = shape_of(worker, p, rate);

	port->is_bleached = p->role == CW_ROLE_UPLINK && p->marks == CW_MARKS_NONE;
	if (rate == 0) {
		if (uplink != NULL)
			let_all_go(worker, port, p, uplink);
		port->qos = NULL;
		return;
	}
	if (uplink != NULL)
		cw_qos_set(uplink->qos, &shape, cw_qos_now_ns(worker));
	else
		uplink = begin_uplink(port, &shape);
	if (uplink != NULL)
		uplink->is_endless = p->up_bps == 0;
	if (uplink != NULL && uplink->is_endless)
		open_gates(worker, uplink, false);
	port->qos = uplink;
}

void cw_qos_renew(struct cw_worker *worker)
{
	const struct cw_program *program = worker->view->program;
	struct cw_uplink_qos *before[CW_UPLINKS_MAX];
	uint32_t count = 0;

	memcpy(before, worker->qos, sizeof(before));
	memset(worker->qos, 0, sizeof(worker->qos));
	for (uint32_t i = 0; i < program->port_count; i++) {
		renew_port(worker, before, program->ports[i], &program->port_programs[i]);
		if (program->ports[i]->qos != NULL)
			worker->qos[count++] = program->ports[i]->qos;
	}
	for (uint32_t i = 0; i < CW_UPLINKS_MAX; i++) {
		if (before[i] != NULL)
			end_uplink(worker, before[i]);
	}
	cw_limits_renew(worker);
	cw_ingress_renew(worker);
}

void cw_qos_close(struct cw_worker *worker)
{
	for (uint32_t i = 0; i < CW_UPLINKS_MAX; i++) {
		if (worker->qos[i] != NULL)
			end_uplink(worker, worker->qos[i]);
	}
	cw_limits_close(worker);
	cw_ingress_close(worker);
}
