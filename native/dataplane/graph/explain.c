/* See explain.h. */
#include "graph/explain.h"

#include <netinet/in.h>
#include <string.h>

#include "graph/explain-parts.h"
#include "graph/l3.h"
#include "graph/l4.h"
#include "graph/next-peer.h"
#include "graph/policy.h"
#include "table/neighbour.h"
#include "table/view.h"
#include "worker.h"

/* A first packet of the flow, as small as one is. Returns its length; 0: the two addresses are not of one family. */
static uint32_t make_packet(const struct cw_explain *ask, uint8_t *l3)
{
	struct cw_address source = cw_address_of(ask->source), destination = cw_address_of(ask->destination);
	uint32_t l4_len = ask->protocol == IPPROTO_TCP ? sizeof(struct cw_tcp) : sizeof(struct cw_udp);
	uint32_t l3_len = cw_address_is_v4(source) ? sizeof(struct cw_ip4) : sizeof(struct cw_ip6);
	const uint16_t ports[2] = { rte_cpu_to_be_16(ask->source_port), rte_cpu_to_be_16(ask->destination_port) };

	if (cw_address_is_v4(source) != cw_address_is_v4(destination))
		return 0;
	memset(l3, 0, CW_SAMPLE_BYTES);
	if (cw_address_is_v4(source)) {
		*cw_ip4(l3) = (struct cw_ip4){ .version_ihl = 0x45,
					       .tos = (uint8_t)(ask->dscp << 2),
					       .total_length = rte_cpu_to_be_16((uint16_t)(l3_len + l4_len)),
					       .ttl = 64,
					       .protocol = ask->protocol,
					       .source = cw_address_v4(source),
					       .destination = cw_address_v4(destination) };
	} else {
		*cw_ip6(l3) = (struct cw_ip6){ .class_flow = { 0x60 },
					       .payload_length = rte_cpu_to_be_16((uint16_t)l4_len),
					       .next_header = ask->protocol,
					       .hop_limit = 64 };
		cw_ip6_set_class(cw_ip6(l3), (uint8_t)(ask->dscp << 2));
		memcpy(cw_ip6(l3)->source, ask->source, 16);
		memcpy(cw_ip6(l3)->destination, ask->destination, 16);
	}
	memcpy(l3 + l3_len, ports, sizeof(ports));
	if (ask->protocol == IPPROTO_TCP)
		((struct cw_tcp *)(l3 + l3_len))->data_offset = sizeof(struct cw_tcp) / 4 << 4;
	return l3_len + l4_len;
}

static int find_segment(const struct cw_worker *worker, const struct cw_explain *ask)
{
	const struct cw_program *program = worker->view->program;

	for (uint32_t s = 0; ask->segment[0] != 0 && s < program->segment_count; s++) {
		if (strncmp(program->segment_programs[s].name, ask->segment, CW_NAME) == 0)
			return (int)s;
	}
	uint32_t value = ask->segment[0] != 0 ? 0 : cw_all_find(worker->view, cw_address_of(ask->source));
	return value == 0 ? -1 : (int)CW_ALL_SEGMENT(value);
}

/* Who its source is to its segment; what a peer may not send is refused as cw_open() does. */
static void explain_source(struct cw_worker *worker, struct cw_question *q)
{
	const struct cw_view *view = worker->view;
	const struct cw_hop *back = cw_hop_back(view, (uint32_t)q->segment, q->l3);
	uint32_t value = cw_all_find(view, cw_packet_source(q->l3));
	int other = value == 0 ? q->segment : (int)CW_ALL_SEGMENT(value);

	q->out->head.from = CW_EXPLAIN_FROM_LAN;
	if (back->kind == CW_HOP_LOCAL || (value != 0 && CW_ALL_IS_LOCAL(value)))
		q->out->head.from = CW_EXPLAIN_FROM_BOX;
	if (back->kind != CW_HOP_OVERLAY && other != q->segment)
		back = cw_hop_back(view, (uint32_t)other, q->l3);
	if (back->kind != CW_HOP_OVERLAY)
		return;
	q->out->head.from = CW_EXPLAIN_FROM_PEER;
	q->peer = cw_next_peer(worker, back);
	uint64_t segments = atomic_load_explicit(&q->peer->segments, memory_order_relaxed);
	if (other != q->segment)
		cw_explain_drop(q->out, segments & 1ull << q->segment ? CW_DROP_INNER_SOURCE : CW_DROP_INNER_SEGMENT);
}

static void explain_acl(struct cw_worker *worker, struct cw_question *q, const struct cw_hop *hop)
{
	struct cw_explanation *head = &q->out->head;
	struct cw_policy_verdict verdict;
	bool may_pass = cw_policy_explain(worker, (uint32_t)q->segment, head->from == CW_EXPLAIN_FROM_BOX, hop, q->l3,
					  q->length, &verdict);

	q->to = verdict.to;
	cw_policy_name_segment(worker, verdict.to, head->to_segment);
	if (verdict.rule != UINT32_MAX)
		memcpy(head->rule, worker->view->program->acl[verdict.rule].name, CW_NAME);
	if (!may_pass)
		cw_explain_drop(q->out, verdict.reason);
}

static void explain_link(struct cw_worker *worker, const struct cw_hop *hop, struct cw_address destination,
			 struct cw_explained *out)
{
	struct cw_address next = cw_next_hop(hop, destination);
	const struct cw_port *port = worker->view->program->ports[hop->port];

	if (!atomic_load_explicit(&port->is_up, memory_order_relaxed))
		cw_explain_drop(out, CW_DROP_TX_DOWN);
	cw_explain_next_hop(worker, hop->port, next, cw_neighbour_find(worker->view->neighbours, hop->port, next) != NULL, out);
}

static uint8_t state_of_peer(const struct cw_worker *worker, const struct cw_hop *hop, uint32_t rank, const struct cw_peer *from,
			     const struct cw_peer *chosen)
{
	const struct cw_program *program = worker->view->program;
	const struct cw_peer *peer = program->peers[hop->peers[rank]];
	bool is_between_hubs = from != NULL && atomic_load(&from->is_hub) && program->is_hub[hop->peers[rank]];

	if (peer == from || is_between_hubs)
		return CW_EXPLAIN_PEER_BARRED;
	if (atomic_load_explicit(&peer->current, memory_order_relaxed) == NULL)
		return CW_EXPLAIN_PEER_NO_SESSION;
	if (!cw_peer_is_reached(peer))
		return peer->paths.is_silent ? CW_EXPLAIN_PEER_SILENT : CW_EXPLAIN_PEER_DOWN;
	if (peer == chosen)
		return CW_EXPLAIN_PEER_CARRIES;
	bool is_held = program->is_hub[hop->peers[rank]] && cw_peer_hold_us(peer, worker->now_us) > 0;
	return is_held ? CW_EXPLAIN_PEER_HELD : CW_EXPLAIN_PEER_SPARE;
}

/* Of several that have the destination: how each stands. `from`: it is in transit, from that one. */
static void explain_peers(const struct cw_worker *worker, struct cw_question *q, const struct cw_hop *hop,
			  const struct cw_peer *from)
{
	for (uint32_t i = 0; hop->peer_count > 1 && i < hop->peer_count; i++) {
		const struct cw_peer *peer = worker->view->program->peers[hop->peers[i]];
		struct cw_explained_peer *record = &q->out->peers[q->out->head.peer_count++];
		*record = (struct cw_explained_peer){
			.state = state_of_peer(worker, hop, i, from, q->peer),
			.is_hub = worker->view->program->is_hub[hop->peers[i]],
			.hold_ms = (uint32_t)(cw_peer_hold_us(peer, worker->now_us) / 1000),
		};
		memcpy(record->name, peer->name, CW_NAME);
	}
}

/* From one peer to another, as cw_route_in() does. False: it goes nowhere. */
static bool explain_transit(struct cw_worker *worker, struct cw_question *q, const struct cw_hop *hop)
{
	const struct cw_peer *from = q->peer;
	enum cw_drop reason;
	struct cw_peer *to = cw_next_peer_of(worker, hop, from, &reason);

	if (to == NULL) {
		cw_explain_drop(q->out, reason);
		return false;
	}
	q->out->head.from = CW_EXPLAIN_FROM_TRANSIT;
	memcpy(q->out->head.from_peer, from->name, CW_NAME);
	q->peer = to;
	explain_peers(worker, q, hop, from);
	cw_explain_peer(worker, q, &q->flow, (uint16_t)q->segment, false);
	return true;
}

/* From a LAN, or from the box by a segment's twin. What has no route here is the kernel's, which may have one. */
static void explain_outward(struct cw_worker *worker, struct cw_question *q, const struct cw_hop *hop)
{
	uint16_t segment = (uint16_t)q->segment;

	if (hop->kind == CW_HOP_OVERLAY) {
		q->peer = cw_next_peer(worker, hop);
		explain_peers(worker, q, hop, NULL);
		cw_explain_peer(worker, q, &q->flow, segment, false);
		return;
	}
	if (hop->kind == CW_HOP_LINK) {
		explain_link(worker, hop, cw_packet_destination(q->l3), q->out);
		return;
	}
	bool is_away = hop->kind == CW_HOP_NONE && q->to < 0 && q->out->head.from == CW_EXPLAIN_FROM_LAN;
	uint16_t policy = cw_explain_policy(worker, q, &q->flow, segment, is_away);
	if (is_away && worker->view->program->policies[policy].is_breakout_denied)
		cw_explain_drop(q->out, CW_DROP_BREAKOUT);
}

/* Opened from a peer, as cw_route_in() does. */
static void explain_inward(struct cw_worker *worker, struct cw_question *q, const struct cw_hop *hop)
{
	struct cw_flow answer = q->flow;

	if (hop->kind == CW_HOP_OVERLAY && explain_transit(worker, q, hop))
		return;
	if (hop->kind == CW_HOP_NONE)
		cw_explain_drop(q->out, CW_DROP_NO_ROUTE);
	answer.source = q->flow.destination;
	answer.destination = q->flow.source;
	answer.source_port = q->flow.destination_port;
	answer.destination_port = q->flow.source_port;
	cw_explain_peer(worker, q, &answer, (uint16_t)(q->to < 0 ? q->segment : q->to), true);
	if (hop->kind == CW_HOP_LINK)
		explain_link(worker, hop, cw_packet_destination(q->l3), q->out);
}

void cw_explain(struct cw_worker *worker, const struct cw_explain *ask, struct cw_explained *out)
{
	const struct cw_view *view = worker->view;
	struct cw_explanation *head = &out->head;
	struct cw_question q = { .ask = ask, .segment = find_segment(worker, ask), .to = -1, .out = out };

	memset(out, 0, sizeof(*out));
	head->reason = CW_NO_REASON;
	head->path = head->best = head->pinned = CW_PATH_NONE;
	head->waiting_ms = CW_NONE;
	head->class = CW_EXPLAIN_CLASS_NONE;
	q.length = make_packet(ask, q.l3);
	cw_policy_name_segment(worker, q.segment, head->segment);
	if (q.length == 0)
		head->reason = CW_DROP_SEGMENT;
	if (q.length == 0)
		return;
	cw_l4_read(q.l3, q.length, &q.flow);
	if (q.segment < 0) {
		head->reason = CW_DROP_SEGMENT;
		cw_explain_incidents(worker, ask, &q.flow, NULL, out);
		return;
	}
	explain_source(worker, &q);
	const struct cw_hop *hop = cw_hop_to(view, (uint32_t)q.segment, q.l3);
	explain_acl(worker, &q, hop);
	/* What may cross goes up to the kernel, which hands it to the other segment. */
	bool is_sealed = head->from == CW_EXPLAIN_FROM_LAN && hop->kind == CW_HOP_OVERLAY;
	if (q.to >= 0 && q.to != q.segment && !is_sealed) {
		hop = cw_hop_to(view, (uint32_t)q.to, q.l3);
		head->is_by_kernel = 1;
	}
	if (hop->kind == CW_HOP_LINK && head->from != CW_EXPLAIN_FROM_PEER)
		head->is_by_kernel = 1;
	head->hop = hop->kind;
	if (head->from == CW_EXPLAIN_FROM_PEER)
		explain_inward(worker, &q, hop);
	else
		explain_outward(worker, &q, hop);
	if (q.peer != NULL)
		memcpy(head->peer, q.peer->name, CW_NAME);
	cw_explain_incidents(worker, ask, &q.flow, q.peer, out);
}
