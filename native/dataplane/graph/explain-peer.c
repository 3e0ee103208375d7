/* By which path a flow goes to its peer, and why not by the others. See explain.h and explain-parts.h. */
#include <stdio.h>
#include <string.h>

#include "graph/explain-parts.h"
#include "graph/graph.h"
#include "graph/outer.h"
#include "graph/qos.h"
#include "graph/relay-path.h"
#include "graph/seal.h"
#include "graph/steer.h"
#include "table/flow.h"
#include "table/view.h"
#include "worker.h"

#define FLOW_FULL_US 5000000u
#define NO_ANSWER_US 500000u /* neighbours answer in a millisecond or not at all */

void cw_explain_next_hop(struct cw_worker *worker, uint8_t port, struct cw_address next, bool is_known,
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
		cw_explain_drop(out, CW_DROP_NEIGHBOUR);
}

/* Why a datagram of the path would not leave the box: as cw_outer_send() has it, and as cw_path_look() looks at uplinks. */
static uint8_t obstacle_of(struct cw_worker *worker, struct cw_path *path)
{
	const struct cw_departure *departure = cw_outer_departure(worker, path);

	if (cw_path_is_relayed(path)) {
		struct cw_path *by = cw_relay_path_is_usable(worker, path) ? cw_relay_path_peek(worker, path) : NULL;
		return by == NULL ? CW_OBSTACLE_NO_RELAY : obstacle_of(worker, by);
	}
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

static uint32_t left_ms(uint64_t until_us, uint64_t now_us)
{
	return until_us > now_us ? (uint32_t)((until_us - now_us) / 1000) : 0;
}

static struct cw_explained_path explain_path(struct cw_worker *worker, struct cw_path *path, uint16_t policy, uint8_t verdict)
{
	struct cw_measure measure = cw_choice_measure(path, worker->now_us);
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
		.obstacle = obstacle_of(worker, path),
		.flags = ((path->flags & CW_PATH_METERED) ? CW_STATE_METERED : 0) |
			 ((path->flags & CW_PATH_BACKUP) ? CW_STATE_BACKUP : 0) |
			 (path->live.hold_us != 0 && path->live.hold_us == path->kin_hold_us ? CW_EXPLAIN_KIN_DOWN : 0) |
			 ((path->kin_breach & 1u << policy) != 0 ? CW_EXPLAIN_KIN_BREACH : 0),
		.loss_ppm = measure.loss_ppm,
		.latency_us = measure.latency_us,
		.jitter_us = measure.jitter_us,
		.state_ms = cw_age_ms(path->live.changed_us, now_us),
		.heard_ms = cw_age_ms(path->live.heard_us, now_us),
		.suspect_ms = cw_age_ms(path->live.suspect_us, now_us),
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
	struct cw_path *by = cw_path_is_relayed(path) ? cw_relay_path_peek(worker, path) : path;
	uint8_t obstacle = obstacle_of(worker, path);

	out->head.limit = (uint16_t)cw_seal_limit(worker, path);
	if (obstacle == CW_OBSTACLE_NO_CARRIER)
		cw_explain_drop(out, CW_DROP_TX_DOWN);
	else if (obstacle == CW_OBSTACLE_NO_RELAY)
		cw_explain_drop(out, CW_DROP_RELAY_PEER);
	else if (obstacle != CW_OBSTACLE_NONE && obstacle != CW_OBSTACLE_NO_NEIGHBOUR)
		cw_explain_drop(out, CW_DROP_NO_UPLINK_ROUTE);
	const struct cw_departure *departure = by == NULL ? NULL : cw_outer_departure(worker, by);
	if (departure == NULL || departure->uplink == NULL)
		return;
	const struct cw_hop *hop = cw_hop_out(worker->view, departure->uplink_index, by->way.remote);
	if (hop->kind == CW_HOP_LINK)
		cw_explain_next_hop(worker, hop->port, cw_next_hop(hop, by->way.remote), departure->neighbour != NULL, out);
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

/* What a flow is to a policy for whatever it is: of the comparisons behind, the first that fits and says. */
static const char *application_of(const struct cw_program *program, uint32_t match, const struct cw_flow *flow,
				  const struct cw_marks *marks)
{
	bool may_change;

	while (match < program->match_count && program->matches[match].application[0] == 0) {
		uint16_t next = cw_match_find(&program->matches[match + 1], program->match_count - match - 1, flow, marks,
					      &may_change);
		match = next == CW_NO_MATCH ? program->match_count : match + 1 + next;
	}
	return match < program->match_count ? program->matches[match].application : "";
}

/* @param is_classed a policy says the class of its packets, if it says one; else their marks do */
static uint16_t policy_of_flow(struct cw_worker *worker, struct cw_question *q, const struct cw_flow *flow, uint16_t segment,
			       const struct cw_flow_entry *entry, bool is_classed)
{
	const struct cw_program *program = worker->view->program;
	struct cw_marks marks = { .segment = segment, .dscp = q->ask->dscp, .server = q->ask->server };
	bool may_change;

	uint16_t match = cw_match_find(program->matches, program->match_count, flow, &marks, &may_change);
	uint16_t policy = match == CW_NO_MATCH ? 0 : program->matches[match].policy;
	uint16_t classing = q->ask->server[0] != 0 ? policy : cw_steer_classing(program, flow, &marks, 0, match);
	uint16_t match_then, policy_then;
	if (entry != NULL && q->ask->server[0] == 0 && cw_steer_recall(program, entry, &match_then, &policy_then)) {
		match = match_then;
		policy = policy_then;
		classing = entry->epoch == program->steering_epoch ? entry->classing : policy;
	}
	memcpy(q->out->head.policy, program->policies[policy].name, CW_NAME);
	uint8_t class = is_classed ? program->policies[classing].class : 0;
	q->out->head.class = class != 0 ? class - 1 : cw_qos_class_of_dscp(q->ask->dscp);
	if (match != CW_NO_MATCH)
		snprintf(q->out->head.application, CW_NAME, "%s", application_of(program, match, flow, &marks));
	return policy;
}

uint16_t cw_explain_policy(struct cw_worker *worker, struct cw_question *q, const struct cw_flow *flow, uint16_t segment, bool is_away)
{
	return policy_of_flow(worker, q, flow, segment, entry_of(worker, flow, segment), is_away);
}

void cw_explain_peer(struct cw_worker *worker, struct cw_question *q, const struct cw_flow *flow, uint16_t segment,
		     bool is_answer)
{
	struct cw_peer *peer = q->peer;
	const struct cw_flow_entry *entry = entry_of(worker, flow, segment);
	uint16_t policy = policy_of_flow(worker, q, flow, segment, entry, true);

	q->out->head.has_session = atomic_load_explicit(&peer->current, memory_order_relaxed) != NULL;
	explain_paths(worker, peer, policy, entry, q->out);
	if (!q->out->head.has_session || peer->paths.best == CW_PATH_NONE)
		cw_explain_drop(q->out, CW_DROP_NO_SESSION);
	if (peer->waiting_count > 0)
		q->out->head.waiting_ms = cw_age_ms(peer->waiting_since_us, worker->now_us);
	if (is_answer)
		return;
	if (q->out->head.path == CW_PATH_NONE)
		cw_explain_drop(q->out, CW_DROP_POLICY);
	for (uint32_t slot = 0; slot < CW_PATHS_MAX; slot++) {
		struct cw_path *path = peer->paths.list[slot];
		if (path != NULL && path->number == q->out->head.path)
			explain_departure(worker, path, q->out);
	}
}

