/* See qos-ingress.h. */
#include "graph/qos-ingress.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "graph/graph.h"
#include "graph/l3.h"
#include "graph/l4.h"
#include "graph/qos-parts.h"
#include "table/acl.h"

#define DHCP4_CLIENT_PORT 68
#define DHCP6_CLIENT_PORT 546

/* All is of one class: of what strangers mark nothing is believed. */
struct cw_ingress {
	struct cw_qos *qos;
	uint64_t port_id;
	struct cw_qos_stream stream;
	struct cw_bucket link;
};

static uint64_t ingress_bps_of(const struct cw_port_program *p)
{
	return p->role == CW_ROLE_UPLINK ? p->down_bps / 100 * p->internet_percent : 0;
}

/* Of the link alone, or what gives the link its address. */
static bool is_needed_by_link(const uint8_t *l3, uint32_t length)
{
	struct cw_flow flow;

	if (!cw_l3_may_cross(l3))
		return true;
	if ((cw_l3_is_ip6(l3) ? cw_ip6(l3)->next_header : cw_ip4(l3)->protocol) == IPPROTO_TCP)
		return false;
	if (cw_l4_read(l3, length, &flow) && flow.protocol == IPPROTO_UDP && flow.has_ports)
		return flow.destination_port == DHCP4_CLIENT_PORT || flow.destination_port == DHCP6_CLIENT_PORT;
	return cw_qos_is_nd(l3, length);
}

void cw_ingress_note(struct cw_worker *worker, struct cw_port *port, const struct rte_mbuf *m)
{
	uint32_t headers = m->l2_len + m->l3_len + m->l4_len;

	cw_qos_charge_beside(port->ingress->qos, cw_qos_now_ns(worker), m->pkt_len + (cw_link_segments(m) - 1) * headers);
}

bool cw_ingress_wait(struct cw_worker *worker, struct cw_port *port, struct rte_mbuf *m)
{
	struct cw_ingress *ingress = port->ingress;
	struct cw_queued *queued = cw_queue_place_of(m);
	uint32_t length;
	uint8_t *l3 = cw_qos_packet_of(m, &length);

	if (queued == NULL || l3 == NULL ||
	    (is_needed_by_link(l3, length) &&
	     cw_bucket_take_some(&ingress->link, worker->now_us, CW_QOS_PASSING_RATE, CW_QOS_PASSING_BURST, m->pkt_len))) {
		cw_ingress_note(worker, port, m);
		return false;
	}
	queued->item = (struct cw_qos_item){
		.piece = m->pkt_len, .last = m->pkt_len, .pieces = 1, .is_ect = (cw_l3_class(l3) & CW_ECN_MASK) != 0
	};
	queued->m = m;
	queued->vni = 0;
	queued->peer = CW_QOS_BREAKOUT;
	/* One whose headers are those of a tunnel inside cannot be cut, and leaves as one piece. */
	queued->is_train = (m->ol_flags & RTE_MBUF_F_RX_LRO) != 0 && cw_adopt_header(m, l3);
	if (queued->is_train) {
		cw_cut_begin(&queued->cut, m);
		cw_qos_measure(&queued->item, &queued->cut, m->l2_len);
	}
	cw_qos_keep(worker, ingress->qos, &ingress->stream, cw_qos_hash(worker, l3, length), queued, CW_DROP_INGRESS_FULL);
	return true;
}

/* Up the twin of the port `to`. */
static void send_up(struct cw_worker *worker, const struct cw_queued *queued, struct rte_mbuf *m, void *to)
{
	struct cw_port *port = to;

	(void)queued;
	cw_pass(worker, &port->twin, m);
}

static bool give_twin(struct cw_worker *worker, struct cw_queued *queued, const struct cw_qos_grant *grant, void *to)
{
	return cw_qos_hand_out(worker, queued, grant, send_up, to);
}

void cw_ingress_serve(struct cw_worker *worker)
{
	const struct cw_program *program = worker->view->program;

	for (uint32_t i = 0; i < program->port_count && worker->ingress[0] != NULL; i++) {
		struct cw_port *port = program->ports[i];
		if (port->ingress != NULL)
			cw_qos_let_go(worker, port->ingress->qos, CW_DROP_INGRESS_DELAY, give_twin, port);
	}
}

const struct cw_qos *cw_ingress_qos(const struct cw_ingress *ingress)
{
	return ingress->qos;
}

uint64_t cw_ingress_due_ns(const struct cw_worker *worker)
{
	uint64_t due_ns = UINT64_MAX;

	for (uint32_t i = 0; i < CW_UPLINKS_MAX && worker->ingress[i] != NULL; i++)
		due_ns = RTE_MIN(due_ns, cw_qos_due_ns(worker->ingress[i]->qos));
	return due_ns;
}

static struct cw_qos_shape ingress_shape_of(const struct cw_worker *worker, uint64_t bps)
{
	struct cw_qos_shape shape = { .bps = RTE_MAX(bps, CW_QOS_LEAST_BPS), .is_inwards = true };

	cw_qos_give_room(worker, &shape, false);
	for (uint32_t i = 0; i < CW_QOS_CLASSES; i++)
		shape.classes[i].weight = 1;
	return shape;
}

static void end_ingress(struct cw_worker *worker, struct cw_ingress *ingress)
{
	cw_qos_lose_all(worker, ingress->qos);
	cw_qos_free(ingress->qos);
	free(ingress);
}

static struct cw_ingress *begin_ingress(uint64_t port_id, const struct cw_qos_shape *shape)
{
	struct cw_ingress *ingress = cw_qos_lines_new(sizeof(*ingress));

	if (ingress == NULL)
		return NULL;
	ingress->port_id = port_id;
	ingress->qos = cw_qos_new(shape);
	if (ingress->qos == NULL) {
		free(ingress);
		return NULL;
	}
	return ingress;
}

/* That of the port, of those that were there; NULL: it has none. */
static struct cw_ingress *take_ingress(struct cw_ingress *before[CW_UPLINKS_MAX], const struct cw_port *port)
{
	for (uint32_t i = 0; i < CW_UPLINKS_MAX; i++) {
		struct cw_ingress *ingress = before[i];
		if (ingress == NULL || ingress->port_id != port->id)
			continue;
		before[i] = NULL;
		return ingress;
	}
	return NULL;
}

/* Without a rate, what waits goes up at once; without memory for it nothing waits. @return what the port has from now on */
static struct cw_ingress *renew_ingress(struct cw_worker *worker, struct cw_port *port, struct cw_ingress *ingress, uint64_t bps)
{
	struct cw_qos_shape shape = ingress_shape_of(worker, bps == 0 ? CW_QOS_UNSHAPED_BPS : bps);

	if (ingress == NULL)
		return bps == 0 ? NULL : begin_ingress(port->id, &shape);
	cw_qos_set(ingress->qos, &shape, cw_qos_now_ns(worker));
	if (bps != 0)
		return ingress;
	cw_qos_let_go(worker, ingress->qos, CW_DROP_INGRESS_DELAY, give_twin, port);
	end_ingress(worker, ingress);
	return NULL;
}

void cw_ingress_renew(struct cw_worker *worker)
{
	const struct cw_program *program = worker->view->program;
	struct cw_ingress *before[CW_UPLINKS_MAX];
	uint32_t count = 0;

	memcpy(before, worker->ingress, sizeof(before));
	memset(worker->ingress, 0, sizeof(worker->ingress));
	for (uint32_t i = 0; i < program->port_count; i++) {
		struct cw_port *port = program->ports[i];
		port->ingress = renew_ingress(worker, port, take_ingress(before, port), ingress_bps_of(&program->port_programs[i]));
		if (port->ingress != NULL)
			worker->ingress[count++] = port->ingress;
	}
	for (uint32_t i = 0; i < CW_UPLINKS_MAX; i++) {
		if (before[i] != NULL)
			end_ingress(worker, before[i]);
	}
}

void cw_ingress_close(struct cw_worker *worker)
{
	for (uint32_t i = 0; i < CW_UPLINKS_MAX && worker->ingress[i] != NULL; i++)
		end_ingress(worker, worker->ingress[i]);
}
