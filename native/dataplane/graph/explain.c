/* See explain.h. */
#include "graph/explain.h"

#include <netinet/in.h>
#include <string.h>

#include "graph/graph.h"
#include "graph/l3.h"
#include "graph/l4.h"
#include "graph/outer.h"
#include "graph/policy.h"
#include "graph/seal.h"
#include "graph/steer.h"
#include "table/flow.h"
#include "table/neighbour.h"
#include "table/view.h"
#include "worker.h"

#define FLOW_FULL_US 5000000u
#define NO_ANSWER_US 500000u /* neighbours answer in a millisecond or not at all */
#define SAMPLE_BYTES 128

/* The question, and what was found so far. */
struct flow_question {
	const struct cw_explain *ask;
	uint8_t l3[SAMPLE_BYTES];
	uint32_t length;
	struct cw_flow flow;
	int segment; /* whence; -1: of none */
	int to;
	struct cw_peer *peer; /* that it comes from, or goes to */
	struct cw_explained *out;
};

/* What stands in the way first is what counts. */
static void drop_for(struct cw_explained *out, enum cw_drop reason)
{
	if (out->head.reason == CW_NO_REASON)
		out->head.reason = (uint16_t)reason;
}

/* A first packet of the flow, as small as one is. Returns its length; 0: the two addresses are not of one family. */
static uint32_t make_packet(const struct cw_explain *ask, uint8_t *l3)
{
	struct cw_address source = cw_address_of(ask->source), destination = cw_address_of(ask->destination);
	uint32_t l4_len = ask->protocol == IPPROTO_TCP ? sizeof(struct cw_tcp) : sizeof(struct cw_udp);
	uint32_t l3_len = cw_address_is_v4(source) ? sizeof(struct cw_ip4) : sizeof(struct cw_ip6);
	const uint16_t ports[2] = { rte_cpu_to_be_16(ask->source_port), rte_cpu_to_be_16(ask->destination_port) };

	if (cw_address_is_v4(source) != cw_address_is_v4(destination))
		return 0;
	memset(l3, 0, SAMPLE_BYTES);
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
static void explain_source(struct cw_worker *worker, struct flow_question *q)
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
	q->peer = view->program->peers[back->peer];
	uint64_t segments = atomic_load_explicit(&q->peer->segments, memory_order_relaxed);
	if (other != q->segment)
		drop_for(q->out, segments & 1ull << q->segment ? CW_DROP_INNER_SOURCE : CW_DROP_INNER_SEGMENT);
}

static void explain_acl(struct cw_worker *worker, struct flow_question *q, const struct cw_hop *hop)
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
		drop_for(q->out, verdict.reason);
}

/* The next hop on a link: what waits for it without an answer is lost in the end. */
static void explain_next_hop(struct cw_worker *worker, uint8_t port, struct cw_address next, bool is_known,
			     struct cw_explained *out)
{
	uint64_t since_us = is_known ? 0 : cw_tx_waiting_since(worker, port, next);

	memcpy(out->head.port, worker->view->program->port_programs[port].twin, CW_IFNAME);
	memcpy(out->head.next_hop, &next, sizeof(out->head.next_hop));
	out->head.is_neighbour_known = is_known;
	if (since_us == 0)
		return;
	out->head.waiting_ms = (uint32_t)((worker->now_us - since_us) / 1000);
	if (worker->now_us - since_us >= NO_ANSWER_US)
		drop_for(out, CW_DROP_NEIGHBOUR);
}

static void explain_link(struct cw_worker *worker, const struct cw_hop *hop, struct cw_address destination,
			 struct cw_explained *out)
{
	struct cw_address next = cw_next_hop(hop, destination);
	const struct cw_port *port = worker->view->program->ports[hop->port];

	if (!atomic_load_explicit(&port->is_up, memory_order_relaxed))
		drop_for(out, CW_DROP_TX_DOWN);
	explain_next_hop(worker, hop->port, next, cw_neighbour_find(worker->view->neighbours, hop->port, next) != NULL, out);
}

/* Why a datagram of the path would not leave the box: as cw_outer_send() has it, and as cw_path_look() looks at uplinks. */
static uint8_t obstacle_of(const struct cw_worker *worker, const struct cw_path *path,
			   const struct cw_departure *departure)
{
	if (departure->uplink == NULL)
		return CW_OBSTACLE_NO_PORT;
	if (!atomic_load_explicit(&departure->uplink->is_up, memory_order_relaxed))
		return CW_OBSTACLE_NO_CARRIER;
	if (!departure->has_source)
		return CW_OBSTACLE_NO_ADDRESS;
	if (departure->neighbour != NULL)
		return CW_OBSTACLE_NONE;
	const struct cw_hop *hop = cw_hop_out(worker->view, departure->uplink_index, path->way.remote);
	return hop->kind == CW_HOP_LINK ? CW_OBSTACLE_NO_NEIGHBOUR : CW_OBSTACLE_NO_ROUTE;
}

static uint32_t age_ms(uint64_t at_us, uint64_t now_us)
{
	return at_us == 0 ? CW_NONE : at_us > now_us ? 0 : (uint32_t)((now_us - at_us) / 1000);
}

static uint32_t left_ms(uint64_t until_us, uint64_t now_us)
{
	return until_us > now_us ? (uint32_t)((until_us - now_us) / 1000) : 0;
}

static struct cw_explained_path explain_path(struct cw_worker *worker, struct cw_path *path, uint16_t policy, uint8_t verdict)
{
	struct cw_measure measure = cw_choice_measure(path, worker->now_us);
	const struct cw_departure *departure = cw_outer_departure(worker, path);
	uint64_t now_us = worker->now_us;
	struct cw_explained_path record = {
		.remote_port = path->way.remote_port,
		.limit = (uint16_t)cw_seal_limit(worker, path),
		.number = path->number,
		.uplink = path->way.uplink,
		.remote_uplink = path->remote_uplink,
		.verdict = verdict,
		.state = path->live.state,
		.why = path->live.why,
		.obstacle = obstacle_of(worker, path, departure),
		.flags = ((path->flags & CW_PATH_METERED) ? CW_STATE_METERED : 0) |
			 ((path->flags & CW_PATH_BACKUP) ? CW_STATE_BACKUP : 0),
		.loss_ppm = measure.loss_ppm,
		.latency_us = measure.latency_us,
		.jitter_us = measure.jitter_us,
		.state_ms = age_ms(path->live.changed_us, now_us),
		.heard_ms = age_ms(path->live.heard_us, now_us),
		.suspect_ms = age_ms(path->live.suspect_us, now_us),
		.hold_ms = left_ms(path->live.hold_us, now_us),
		.clean_ms = left_ms(cw_choice_clean_us(path, policy), now_us),
	};

	memcpy(record.remote_address, &path->way.remote, sizeof(record.remote_address));
	return record;
}

static uint8_t number_at(const struct cw_peer *peer, uint8_t slot)
{
	return slot >= CW_PATHS_MAX || peer->paths.list[slot] == NULL ? CW_PATH_NONE : peer->paths.list[slot]->number;
}

/* What would happen to a sealed packet of the path that was chosen. */
static void explain_departure(struct cw_worker *worker, struct cw_path *path, struct cw_explained *out)
{
	const struct cw_departure *departure = cw_outer_departure(worker, path);
	uint8_t obstacle = obstacle_of(worker, path, departure);

	out->head.limit = (uint16_t)cw_seal_limit(worker, path);
	if (obstacle == CW_OBSTACLE_NO_CARRIER)
		drop_for(out, CW_DROP_TX_DOWN);
	else if (obstacle != CW_OBSTACLE_NONE && obstacle != CW_OBSTACLE_NO_NEIGHBOUR)
		drop_for(out, CW_DROP_NO_UPLINK_ROUTE);
	if (departure->uplink == NULL)
		return;
	const struct cw_hop *hop = cw_hop_out(worker->view, departure->uplink_index, path->way.remote);
	if (hop->kind == CW_HOP_LINK)
		explain_next_hop(worker, hop->port, cw_next_hop(hop, path->way.remote), departure->neighbour != NULL, out);
}

static uint8_t state_of_flow(const struct cw_worker *worker, const struct cw_flow_entry *entry)
{
	if (entry != NULL)
		return CW_EXPLAIN_FLOW_KNOWN;
	bool is_full = worker->flow_refused_us != 0 && worker->now_us - worker->flow_refused_us < FLOW_FULL_US;
	return is_full ? CW_EXPLAIN_FLOW_NO_ROOM : CW_EXPLAIN_FLOW_NEW;
}

static void explain_paths(struct cw_worker *worker, struct cw_peer *peer, uint16_t policy, const struct cw_flow_entry *entry,
			  struct cw_explained *out)
{
	const struct cw_policy_program *program = &worker->view->program->policies[policy];
	struct cw_choice choice = peer->choices[policy];
	struct cw_explanation *head = &out->head;
	uint8_t verdicts[CW_PATHS_MAX];

	/* As cw_steer_choice() makes it, but asking makes nobody's choice anew. */
	if (choice.version != peer->paths.version || choice.since_us == 0)
		cw_choice_make(&choice, &peer->paths, program, policy, worker->now_us);
	cw_choice_explain(&choice, &peer->paths, program, policy, worker->now_us, verdicts);
	for (uint32_t slot = 0; slot < CW_PATHS_MAX; slot++) {
		if (peer->paths.list[slot] != NULL)
			out->paths[head->path_count++] = explain_path(worker, peer->paths.list[slot], policy, verdicts[slot]);
	}
	bool is_due = cw_steer_is_due(worker, peer);
	uint8_t next = is_due ? cw_steer_peek(worker, peer, &choice, entry, program->is_spread) : peer->paths.best;
	head->flow = is_due ? state_of_flow(worker, entry) : CW_EXPLAIN_FLOW_NO_NEED;
	head->best = number_at(peer, is_due ? choice.best : peer->paths.best);
	head->path = number_at(peer, next);
	if (entry != NULL && entry->peer == peer->place)
		head->pinned = number_at(peer, entry->path);
	if (entry != NULL)
		head->flow_idle_ms = cw_flow_idle_ms(entry, worker->now_us);
}

/* What the flow itself said of its server is known to its entry; NULL: nobody asks for it, or it has none. */
static const struct cw_flow_entry *entry_of(const struct cw_worker *worker, const struct cw_flow *flow, uint16_t segment)
{
	struct cw_flow_key key = cw_flow_key_of(flow, segment);

	return cw_flow_peek(worker->flows, &key);
}

static uint16_t explain_policy(struct cw_worker *worker, struct flow_question *q, const struct cw_flow *flow, uint16_t segment,
			       const struct cw_flow_entry *entry)
{
	const struct cw_program *program = worker->view->program;
	struct cw_marks marks = { .segment = segment, .dscp = q->ask->dscp, .server = q->ask->server };
	bool may_change;

	uint16_t match = cw_match_find(program->matches, program->match_count, flow, &marks, &may_change);
	uint16_t policy = match == CW_NO_MATCH ? 0 : program->matches[match].policy;
	if (entry != NULL && q->ask->server[0] == 0 && entry->epoch == (uint32_t)program->generation) {
		match = entry->match;
		policy = entry->policy;
	}
	memcpy(q->out->head.policy, program->policies[policy].name, CW_NAME);
	if (match != CW_NO_MATCH)
		memcpy(q->out->head.application, program->matches[match].application, CW_NAME);
	return policy;
}

/* To the peer, as cw_seal() does; or from it: then it is the answers that are steered here. */
static void explain_peer(struct cw_worker *worker, struct flow_question *q, const struct cw_flow *flow, uint16_t segment,
			 bool is_answer)
{
	struct cw_peer *peer = q->peer;
	const struct cw_flow_entry *entry = entry_of(worker, flow, segment);
	uint16_t policy = explain_policy(worker, q, flow, segment, entry);

	q->out->head.has_session = atomic_load_explicit(&peer->current, memory_order_relaxed) != NULL;
	explain_paths(worker, peer, policy, entry, q->out);
	if (!q->out->head.has_session || peer->paths.best == CW_PATH_NONE)
		drop_for(q->out, CW_DROP_NO_SESSION);
	if (peer->waiting_count > 0)
		q->out->head.waiting_ms = age_ms(peer->waiting_since_us, worker->now_us);
	if (is_answer)
		return;
	if (q->out->head.path == CW_PATH_NONE)
		drop_for(q->out, CW_DROP_POLICY);
	for (uint32_t slot = 0; slot < CW_PATHS_MAX; slot++) {
		struct cw_path *path = peer->paths.list[slot];
		if (path != NULL && path->number == q->out->head.path)
			explain_departure(worker, path, q->out);
	}
}

/* From a LAN, or from the box by a segment's twin. What has no route here is the kernel's, which may have one. */
static void explain_outward(struct cw_worker *worker, struct flow_question *q, const struct cw_hop *hop)
{
	uint16_t segment = (uint16_t)q->segment;

	if (hop->kind == CW_HOP_OVERLAY) {
		q->peer = worker->view->program->peers[hop->peer];
		explain_peer(worker, q, &q->flow, segment, false);
		return;
	}
	if (hop->kind == CW_HOP_LINK)
		explain_link(worker, hop, cw_packet_destination(q->l3), q->out);
	else
		explain_policy(worker, q, &q->flow, segment, entry_of(worker, &q->flow, segment));
}

/* Opened from a peer, as cw_route_in() does. */
static void explain_inward(struct cw_worker *worker, struct flow_question *q, const struct cw_hop *hop)
{
	struct cw_flow answer = q->flow;

	if (hop->kind == CW_HOP_OVERLAY)
		drop_for(q->out, CW_DROP_TRANSIT);
	if (hop->kind == CW_HOP_NONE)
		drop_for(q->out, CW_DROP_NO_ROUTE);
	answer.source = q->flow.destination;
	answer.destination = q->flow.source;
	answer.source_port = q->flow.destination_port;
	answer.destination_port = q->flow.source_port;
	explain_peer(worker, q, &answer, (uint16_t)(q->to < 0 ? q->segment : q->to), true);
	if (hop->kind == CW_HOP_LINK)
		explain_link(worker, hop, cw_packet_destination(q->l3), q->out);
}

void cw_explain(struct cw_worker *worker, const struct cw_explain *ask, struct cw_explained *out)
{
	const struct cw_view *view = worker->view;
	struct cw_explanation *head = &out->head;
	struct flow_question q = { .ask = ask, .segment = find_segment(worker, ask), .to = -1, .out = out };

	memset(out, 0, sizeof(*out));
	head->reason = CW_NO_REASON;
	head->path = head->best = head->pinned = CW_PATH_NONE;
	head->waiting_ms = CW_NONE;
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
