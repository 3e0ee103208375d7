/* See explain.h. */
#include "graph/explain.h"

#include <netinet/in.h>
#include <string.h>

#include "graph/l3.h"
#include "graph/l4.h"
#include "graph/outer.h"
#include "graph/policy.h"
#include "graph/seal.h"
#include "graph/steer.h"
#include "table/flow.h"
#include "table/incident.h"
#include "table/neighbour.h"
#include "table/view.h"
#include "worker.h"

#define FLOW_FULL_US 5000000u
#define SAMPLE_BYTES 128

void cw_note(struct cw_worker *worker, enum cw_drop reason, uint16_t segment, const struct cw_peer *peer,
	     const uint8_t *l3, uint32_t length)
{
	uint16_t place = peer == NULL ? CW_INCIDENT_NO_PEER : (uint16_t)peer->place;
	struct cw_flow flow;

	if (l3 == NULL || !cw_l3_is_sound(l3, length)) {
		cw_incident_note(&worker->incidents, (uint16_t)reason, NULL, place, worker->now_us);
		return;
	}
	cw_l4_read(l3, length, &flow);
	struct cw_flow_key key = cw_flow_key_of(&flow, segment);
	cw_incident_note(&worker->incidents, (uint16_t)reason, &key, place, worker->now_us);
}

void cw_lose(struct cw_worker *worker, enum cw_drop reason, int segment, const struct cw_peer *peer, struct rte_mbuf *m)
{
	const uint8_t *l3 = rte_pktmbuf_mtod_offset(m, const uint8_t *, m->l2_len);

	cw_note(worker, reason, (uint16_t)segment, peer, l3, (uint32_t)m->data_len - m->l2_len);
	cw_drop(worker, m, reason);
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

static void explain_link(const struct cw_worker *worker, const struct cw_hop *hop, struct cw_address destination,
			 struct cw_explanation *head)
{
	struct cw_address next = cw_next_hop(hop, destination);

	memcpy(head->port, worker->view->program->port_programs[hop->port].twin, CW_IFNAME);
	memcpy(head->next_hop, &next, sizeof(head->next_hop));
	head->is_neighbour_known = cw_neighbour_find(worker->view->neighbours, hop->port, next) != NULL;
	if (!head->is_neighbour_known)
		head->reason = CW_DROP_NEIGHBOUR;
}

static void explain_flow(struct cw_worker *worker, const struct cw_peer *peer, const struct cw_flow_key *key,
			 struct cw_explanation *head)
{
	const struct cw_flow_entry *entry = cw_flow_peek(worker->flows, key);

	head->pinned = CW_PATH_NONE;
	if (entry == NULL) {
		bool is_full = worker->flow_refused_us != 0 && worker->now_us - worker->flow_refused_us < FLOW_FULL_US;
		head->flow = is_full ? CW_EXPLAIN_FLOW_NO_ROOM : CW_EXPLAIN_FLOW_NEW;
		return;
	}
	head->flow = CW_EXPLAIN_FLOW_KNOWN;
	head->flow_idle_ms = cw_flow_idle_ms(entry, worker->now_us);
	if (entry->peer == peer->place && entry->path < CW_PATHS_MAX && peer->paths.list[entry->path] != NULL)
		head->pinned = peer->paths.list[entry->path]->number;
}

static void explain_paths(struct cw_worker *worker, struct cw_peer *peer, uint16_t policy, struct cw_explained *out)
{
	const struct cw_policy_program *program = &worker->view->program->policies[policy];
	const struct cw_choice *choice = cw_steer_choice(worker, peer, policy);
	uint8_t verdicts[CW_PATHS_MAX];

	cw_choice_explain(choice, &peer->paths, program, policy, worker->now_us, verdicts);
	for (uint32_t slot = 0; slot < CW_PATHS_MAX; slot++) {
		struct cw_path *path = peer->paths.list[slot];
		if (path == NULL)
			continue;
		struct cw_measure measure = cw_choice_measure(path, worker->now_us);
		struct cw_explained_path *record = &out->paths[out->head.path_count++];
		*record = (struct cw_explained_path){ .remote_port = path->way.remote_port,
						      .limit = (uint16_t)cw_seal_limit(worker, path),
						      .number = path->number,
						      .uplink = path->way.uplink,
						      .remote_uplink = path->remote_uplink,
						      .verdict = verdicts[slot],
						      .state = path->live.state,
						      .why = path->live.why,
						      .loss_ppm = measure.loss_ppm,
						      .latency_us = measure.latency_us,
						      .jitter_us = measure.jitter_us };
		memcpy(record->remote_address, &path->way.remote, sizeof(record->remote_address));
	}
	struct cw_path *best = choice->best == CW_PATH_NONE ? NULL : peer->paths.list[choice->best];
	out->head.path = best == NULL ? CW_PATH_NONE : best->number;
	if (best == NULL) {
		out->head.reason = peer->paths.count == 0 ? CW_DROP_NO_SESSION : CW_DROP_POLICY;
		return;
	}
	const struct cw_departure *departure = cw_outer_departure(worker, best);
	out->head.limit = (uint16_t)cw_seal_limit(worker, best);
	out->head.is_neighbour_known = departure->neighbour != NULL;
	if (departure->uplink == NULL || !departure->has_source)
		out->head.reason = CW_DROP_NO_UPLINK_ROUTE;
	else if (departure->neighbour == NULL)
		out->head.reason = CW_DROP_NEIGHBOUR;
}

static void explain_peer(struct cw_worker *worker, struct cw_peer *peer, const struct cw_explain *ask, int segment,
			 const struct cw_flow *flow, struct cw_explained *out)
{
	const struct cw_program *program = worker->view->program;
	struct cw_marks marks = { .segment = (uint16_t)segment, .dscp = ask->dscp, .server = ask->server };
	struct cw_flow_key key = cw_flow_key_of(flow, (uint16_t)segment);
	bool may_change;

	uint16_t match = cw_match_find(program->matches, program->match_count, flow, &marks, &may_change);
	uint16_t policy = match == CW_NO_MATCH ? 0 : program->matches[match].policy;
	/* What the flow itself said of its server is known to its entry. */
	const struct cw_flow_entry *entry = cw_flow_peek(worker->flows, &key);
	if (entry != NULL && ask->server[0] == 0 && entry->epoch == (uint32_t)program->generation) {
		match = entry->match;
		policy = entry->policy;
	}
	memcpy(out->head.policy, program->policies[policy].name, CW_NAME);
	if (match != CW_NO_MATCH)
		memcpy(out->head.application, program->matches[match].application, CW_NAME);
	out->head.has_session = atomic_load_explicit(&peer->current, memory_order_relaxed) != NULL;
	explain_flow(worker, peer, &key, &out->head);
	explain_paths(worker, peer, policy, out);
	if (!out->head.has_session)
		out->head.reason = CW_DROP_NO_SESSION;
}

static struct cw_flow_key turned(const struct cw_flow_key *key)
{
	struct cw_flow_key back = *key;

	back.source = key->destination;
	back.destination = key->source;
	back.source_port = key->destination_port;
	back.destination_port = key->source_port;
	return back;
}

/* Of the flow in either direction, of its peer, and what could be said of nobody. */
static void explain_incidents(const struct cw_worker *worker, const struct cw_flow_key *key, const struct cw_peer *peer,
			      struct cw_explained *out)
{
	static const struct cw_flow_key none;
	struct cw_flow_key back = turned(key);

	for (uint32_t i = 0; i < CW_INCIDENT_SETS * CW_INCIDENT_WAYS; i++) {
		const struct cw_incident *at = &worker->incidents.list[i];
		if (at->last_us == 0 || worker->now_us - at->last_us > CW_INCIDENT_KEPT_US ||
		    out->head.incident_count == CW_EXPLAINED_INCIDENTS_MAX)
			continue;
		bool is_of_flow = cw_flow_key_equal(&at->key, key) || cw_flow_key_equal(&at->key, &back);
		bool is_of_none = cw_flow_key_equal(&at->key, &none);
		bool is_of_peer = peer != NULL && at->peer == peer->place;
		if (!is_of_flow && !(is_of_none && (is_of_peer || at->peer == CW_INCIDENT_NO_PEER)))
			continue;
		out->incidents[out->head.incident_count++] = (struct cw_incident_record){
			.reason = at->reason,
			.is_of_flow = is_of_flow,
			.count = at->count,
			.first_ms = (uint32_t)((worker->now_us - at->first_us) / 1000),
			.last_ms = (uint32_t)((worker->now_us - at->last_us) / 1000),
		};
	}
}

static void explain_acl(struct cw_worker *worker, int segment, const struct cw_hop *hop, const uint8_t *l3,
			uint32_t length, struct cw_explanation *head)
{
	struct cw_policy_verdict verdict;
	bool may_pass = cw_policy_explain(worker, (uint32_t)segment, hop, l3, length, &verdict);

	cw_policy_name_segment(worker, verdict.to, head->to_segment);
	if (verdict.rule != UINT32_MAX)
		memcpy(head->rule, worker->view->program->acl[verdict.rule].name, CW_NAME);
	if (!may_pass)
		head->reason = (uint16_t)verdict.reason;
}

void cw_explain(struct cw_worker *worker, const struct cw_explain *ask, struct cw_explained *out)
{
	const struct cw_view *view = worker->view;
	int segment = find_segment(worker, ask);
	uint8_t l3[SAMPLE_BYTES];
	struct cw_flow flow;

	memset(out, 0, sizeof(*out));
	out->head.reason = CW_NO_REASON;
	out->head.path = out->head.pinned = CW_PATH_NONE;
	uint32_t length = make_packet(ask, l3);
	cw_policy_name_segment(worker, segment, out->head.segment);
	if (segment < 0 || length == 0) {
		out->head.reason = CW_DROP_SEGMENT;
		return;
	}
	cw_l4_read(l3, length, &flow);
	struct cw_flow_key key = cw_flow_key_of(&flow, (uint16_t)segment);
	const struct cw_hop *hop = cw_hop_to(view, (uint32_t)segment, l3);
	const struct cw_hop *back = cw_hop_back(view, (uint32_t)segment, l3);
	out->head.is_inward = back->kind == CW_HOP_OVERLAY && hop->kind != CW_HOP_OVERLAY;
	out->head.hop = hop->kind;
	struct cw_peer *peer = hop->kind == CW_HOP_OVERLAY  ? view->program->peers[hop->peer] :
			       back->kind == CW_HOP_OVERLAY ? view->program->peers[back->peer] :
							      NULL;
	if (peer != NULL)
		memcpy(out->head.peer, peer->name, CW_NAME);
	if (hop->kind == CW_HOP_OVERLAY)
		explain_peer(worker, peer, ask, segment, &flow, out);
	else if (peer != NULL)
		out->head.has_session = atomic_load_explicit(&peer->current, memory_order_relaxed) != NULL;
	if (hop->kind == CW_HOP_LINK)
		explain_link(worker, hop, cw_packet_destination(l3), &out->head);
	/* What comes from a LAN and has no route here is the kernel's, which may have one. */
	if (hop->kind == CW_HOP_NONE && out->head.is_inward)
		out->head.reason = CW_DROP_NO_ROUTE;
	/* A denial comes before whatever else stands in its way. */
	explain_acl(worker, segment, hop, l3, length, &out->head);
	explain_incidents(worker, &key, peer, out);
}
