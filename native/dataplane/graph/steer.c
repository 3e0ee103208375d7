/* See steer.h. */
#include "graph/steer.h"

#include <netinet/in.h>

#include "graph/l3.h"
#include "graph/l4.h"
#include "graph/marks.h"
#include "graph/server-name.h"
#include "table/flow.h"
#include "table/fragments.h"
#include "table/view.h"
#include "worker.h"

#define NO_PEER UINT16_MAX /* it is on its way to the kernel */
#define SWEEPS_A_PASS 20u /* ticks in which the whole table is met once: two seconds */

struct packet {
	const uint8_t *l3;
	uint32_t length; /* that lie here: of a train, all */
	uint32_t segment_bytes;
	uint8_t dscp;
};

/* Says only in which of four steps a flow comes back. */
static uint32_t hash_of(const struct cw_flow_key *key)
{
	uint64_t mixed = (key->source.words[1] ^ key->destination.words[1] ^
			  ((uint64_t)key->source_port << 16 | key->destination_port)) *
			 0x9e3779b97f4a7c15ull;

	return (uint32_t)(mixed >> 32);
}

bool cw_steer_is_due(const struct cw_worker *worker, const struct cw_peer *peer)
{
	return peer->paths.count > 1 || worker->view->program->is_steered;
}

const struct cw_choice *cw_steer_choice(struct cw_worker *worker, struct cw_peer *peer, uint16_t number)
{
	struct cw_choice *choice = &peer->choices[number];

	if (choice->version != peer->paths.version || choice->since_us == 0)
		cw_choice_make(choice, &peer->paths, &worker->view->program->policies[number], number, worker->now_us);
	return choice;
}

static uint16_t policy_of(const struct cw_program *program, uint16_t match)
{
	return match == CW_NO_MATCH ? 0 : program->matches[match].policy;
}

bool cw_steer_recall(const struct cw_program *program, const struct cw_flow_entry *entry, uint16_t *match, uint16_t *policy)
{
	*match = entry->match;
	*policy = entry->policy;
	if (entry->epoch == program->steering_epoch)
		return true;
	if (entry->epoch + 1 != program->steering_epoch || entry->recognition != CW_RECOGNITION_NAMED ||
	    entry->match == CW_NO_MATCH)
		return false;
	*match = program->matches_now[entry->match];
	*policy = policy_of(program, *match);
	return *match != CW_NO_MATCH;
}

/* Whether it is sent by whom the flow was begun to, as far as a packet shows: of two ports the lesser one is a server's. */
static bool may_answer(const struct cw_flow *flow, uint8_t flags)
{
	if (flags & CW_TCP_SYN)
		return (flags & CW_TCP_ACK) != 0;
	return !flow->has_ports || flow->source_port <= flow->destination_port;
}

uint16_t cw_steer_classing(const struct cw_program *program, const struct cw_flow *flow, const struct cw_marks *marks, uint8_t flags,
			   uint16_t match)
{
	struct cw_flow asked = *flow;
	bool may_change;

	if (!program->has_classes || !may_answer(flow, flags))
		return policy_of(program, match);
	asked.source = flow->destination;
	asked.destination = flow->source;
	asked.source_port = flow->destination_port;
	asked.destination_port = flow->source_port;
	uint16_t other = cw_match_find(program->matches, program->match_count, &asked, marks, &may_change);
	return policy_of(program, RTE_MIN(match, other));
}

/* Of a flow that is new, or begins again, or was decided about by another program. */
static void decide(struct cw_worker *worker, struct cw_flow_entry *entry, const struct cw_flow *flow, uint8_t dscp, uint8_t flags)
{
	const struct cw_program *program = worker->view->program;
	struct cw_marks marks = { .segment = entry->key.segment, .dscp = dscp };
	bool may_change;

	entry->match = cw_match_find(program->matches, program->match_count, flow, &marks, &may_change);
	entry->policy = policy_of(program, entry->match);
	entry->classing = (uint8_t)cw_steer_classing(program, flow, &marks, flags, entry->match);
	entry->looked = 0;
	entry->is_closed = false;
	entry->recognition = may_change ? CW_RECOGNITION_NOT_YET : CW_RECOGNITION_NONE;
}

/* What the client says to the server of its name, in the first packets: then the flow may be another policy's. */
static void recognise(struct cw_worker *worker, struct cw_flow_entry *entry, const struct cw_flow *flow,
		      const struct packet *packet)
{
	const struct cw_program *program = worker->view->program;
	struct cw_first_packet first = { .key = &entry->key,
					 .l4 = packet->l3 + flow->l4,
					 .length = packet->length - flow->l4,
					 .segment_bytes = packet->segment_bytes,
					 .first_byte = entry->is_first_known ? &entry->first_byte : NULL };
	char name[CW_HOST_NAME_BYTES] = "";
	bool may_change;

	if (flow->l4 == 0)
		return;
	entry->recognition = (uint8_t)cw_server_name_read(worker->server_names, &first, &entry->looked, worker->now_us, name);
	if (entry->recognition != CW_RECOGNITION_NAMED)
		return;
	struct cw_marks marks = { .segment = entry->key.segment, .dscp = packet->dscp, .server = name };
	entry->match = cw_match_find(program->matches, program->match_count, flow, &marks, &may_change);
	entry->policy = policy_of(program, entry->match);
	entry->classing = (uint8_t)entry->policy;
}

/* Whether the flow leaves the path that it is on, if it is on one. */
static bool is_to_be_placed(const struct cw_worker *worker, const struct cw_peer *peer, const struct cw_choice *choice,
			    const struct cw_flow_entry *entry, bool is_spread)
{
	return cw_paths_at(&peer->paths, entry->path) == NULL ||
	       cw_choice_moves(choice, entry->path, is_spread, hash_of(&entry->key), worker->now_us);
}

uint8_t cw_steer_peek(const struct cw_worker *worker, const struct cw_peer *peer, const struct cw_choice *choice,
		      const struct cw_flow_entry *entry, bool is_spread)
{
	if (entry == NULL || entry->peer != peer->place || is_to_be_placed(worker, peer, choice, entry, is_spread))
		return cw_choice_place(choice, &peer->paths, is_spread);
	return entry->path;
}

static void place(struct cw_peer *peer, struct cw_flow_entry *entry, const struct cw_choice *choice, bool is_spread)
{
	struct cw_path *before = cw_paths_at(&peer->paths, entry->path);

	if (before != NULL && before->flows > 0)
		before->flows--;
	entry->path = cw_choice_place(choice, &peer->paths, is_spread);
	struct cw_path *after = cw_paths_at(&peer->paths, entry->path);
	if (after != NULL)
		after->flows++;
}

/* NULL: it has none. */
static const struct cw_tcp *tcp_of(const struct cw_flow *flow, const struct packet *packet)
{
	if (flow->protocol != IPPROTO_TCP || flow->l4 == 0 || packet->length < flow->l4 + sizeof(struct cw_tcp))
		return NULL;
	return (const struct cw_tcp *)(packet->l3 + flow->l4);
}

static struct packet read_packet(const struct rte_mbuf *m)
{
	const uint8_t *l3 = rte_pktmbuf_mtod_offset(m, const uint8_t *, m->l2_len);

	/* What pads a frame is no packet. */
	bool is_train = (m->ol_flags & RTE_MBUF_F_RX_LRO) != 0;
	return (struct packet){ .l3 = l3,
				.length = is_train ? (uint32_t)m->data_len - m->l2_len : cw_l3_total(l3),
				.segment_bytes = is_train ? m->tso_segsz : 0,
				.dscp = cw_l3_class(l3) >> 2 };
}

/* Of whose policy a packet is, and what class that says, its number and 1; 0: none. */
struct verdict {
	uint16_t policy;
	uint8_t class;
};

/* Where there is no room in the table each packet is asked about: a flow may then overtake itself when its path changes. */
static struct verdict judge_alone(const struct cw_program *program, uint16_t segment, const struct cw_flow *flow,
				  const struct packet *packet)
{
	struct cw_marks marks = { .segment = segment, .dscp = packet->dscp };
	const struct cw_tcp *tcp = tcp_of(flow, packet);
	bool may_change;
	uint16_t match = cw_match_find(program->matches, program->match_count, flow, &marks, &may_change);
	uint16_t classing = cw_steer_classing(program, flow, &marks, tcp == NULL ? 0 : tcp->flags, match);

	return (struct verdict){ policy_of(program, match), program->policies[classing].class };
}

/*
 * The flow's entry, with policy and name as far as they are known by this packet; NULL: there is no room for it. `place` is the
 * peer's, or NO_PEER.
 */
static struct cw_flow_entry *find_entry(struct cw_worker *worker, uint16_t place, uint16_t segment,
					const struct packet *packet, const struct cw_flow *flow)
{
	const struct cw_program *program = worker->view->program;
	struct cw_flow_key key = cw_flow_key_of(flow, segment);
	struct cw_flow_entry *entry = cw_flow_find(worker->flows, &key, worker->now_us);
	const struct cw_tcp *tcp = tcp_of(flow, packet);
	uint8_t flags = tcp == NULL ? 0 : tcp->flags;

	if (entry == NULL)
		entry = cw_flow_add(worker->flows, &key, worker->now_us);
	if (entry == NULL) {
		worker->flow_refused_us = worker->now_us;
		return NULL;
	}
	if (entry->peer != place)
		entry->path = CW_FLOW_NO_PATH;
	entry->peer = place;
	if (flags & CW_TCP_SYN || !cw_steer_recall(program, entry, &entry->match, &entry->policy))
		decide(worker, entry, flow, packet->dscp, flags);
	else if (entry->epoch != program->steering_epoch)
		entry->classing = (uint8_t)entry->policy;
	entry->epoch = program->steering_epoch;
	if (flags & CW_TCP_SYN) {
		entry->first_byte = rte_be_to_cpu_32(tcp->sequence) + 1;
		entry->is_first_known = true;
	}
	entry->is_closed = entry->is_closed || (flags & (CW_TCP_FIN | CW_TCP_RST)) != 0;
	if (entry->recognition == CW_RECOGNITION_NOT_YET)
		recognise(worker, entry, flow, packet);
	return entry;
}

static void say_class(struct rte_mbuf *m, uint8_t class)
{
	if (class != 0)
		cw_class_set(m, class - 1);
}

/* Later fragments do not say their ports: they are of the class of the first, if that came before them. */
static uint8_t class_of_piece(struct cw_worker *worker, uint16_t segment, const struct packet *packet, const struct cw_flow *flow,
			      struct verdict verdict)
{
	uint32_t epoch = worker->view->program->steering_epoch, id;

	if (!cw_l4_is_fragment(packet->l3, packet->length, &id))
		return verdict.class;
	struct cw_flow_key key = cw_fragments_key(flow, segment, id);
	if (!flow->is_later && flow->has_ports)
		cw_fragments_note(&worker->fragments, &key, verdict.policy, verdict.class, epoch, worker->now_us);
	const struct cw_fragments_entry *first =
		flow->is_later ? cw_fragments_find(&worker->fragments, &key, epoch, worker->now_us) : NULL;
	return first == NULL ? verdict.class : first->class;
}

struct cw_path *cw_steer(struct cw_worker *worker, struct cw_peer *peer, uint16_t segment, struct rte_mbuf *m)
{
	const struct cw_program *program = worker->view->program;
	struct packet packet = read_packet(m);
	struct cw_flow flow;

	/* What cannot be read has addresses and a protocol all the same. */
	cw_l4_read(packet.l3, packet.length, &flow);
	struct cw_flow_entry *entry = find_entry(worker, (uint16_t)peer->place, segment, &packet, &flow);
	struct verdict verdict = entry == NULL ? judge_alone(program, segment, &flow, &packet) :
		(struct verdict){ entry->policy, program->policies[entry->classing].class };
	if (program->has_classes)
		say_class(m, class_of_piece(worker, segment, &packet, &flow, verdict));
	const struct cw_choice *choice = cw_steer_choice(worker, peer, verdict.policy);
	if (entry == NULL)
		return cw_paths_at(&peer->paths, choice->best);
	bool is_spread = program->policies[entry->policy].is_spread;
	if (is_to_be_placed(worker, peer, choice, entry, is_spread))
		place(peer, entry, choice, is_spread);
	return cw_paths_at(&peer->paths, entry->path);
}

/* Whether a policy that forbids breakout could be that of what does not show whose it is. */
static bool may_be_denied(const struct cw_program *program, uint16_t segment, const struct cw_flow *flow, uint8_t dscp)
{
	struct cw_marks marks = { .segment = segment, .dscp = dscp };
	bool is_denied = program->policies[0].is_breakout_denied;

	for (uint32_t i = 0; i < program->match_count && !is_denied; i++)
		is_denied = program->policies[program->matches[i].policy].is_breakout_denied &&
			    cw_match_may_fit(&program->matches[i], flow, &marks);
	return is_denied;
}

/* Without a first fragment, or where headers hide what is behind them, what could be denied is. */
static bool may_hidden_break_out(struct cw_worker *worker, uint16_t segment, const struct cw_flow *flow,
				 const struct cw_flow_key *fragments, uint8_t dscp, uint8_t *class)
{
	const struct cw_program *program = worker->view->program;
	const struct cw_fragments_entry *first = fragments == NULL ? NULL :
		cw_fragments_find(&worker->fragments, fragments, program->steering_epoch, worker->now_us);

	if (first != NULL) {
		*class = first->class;
		return !program->policies[first->policy].is_breakout_denied;
	}
	return !may_be_denied(program, segment, flow, dscp);
}

bool cw_steer_may_break_out(struct cw_worker *worker, uint16_t segment, const struct rte_mbuf *m, uint8_t *class)
{
	const struct cw_program *program = worker->view->program;
	struct cw_flow flow;
	uint32_t id;

	*class = 0;
	if (!program->denies_breakout && !program->has_classes)
		return true;
	struct packet packet = read_packet(m);
	bool is_read = cw_l4_read(packet.l3, packet.length, &flow);
	bool is_fragment = cw_l4_is_fragment(packet.l3, packet.length, &id);
	struct cw_flow_key fragments = cw_fragments_key(&flow, segment, is_fragment ? id : 0);
	if (!is_read || flow.is_later)
		return may_hidden_break_out(worker, segment, &flow, is_fragment ? &fragments : NULL, packet.dscp, class);
	const struct cw_flow_entry *entry = find_entry(worker, NO_PEER, segment, &packet, &flow);
	struct verdict verdict = entry == NULL ? judge_alone(program, segment, &flow, &packet) :
		(struct verdict){ entry->policy, program->policies[entry->classing].class };
	if (is_fragment && flow.has_ports)
		cw_fragments_note(&worker->fragments, &fragments, verdict.policy, verdict.class, program->steering_epoch, worker->now_us);
	*class = verdict.class;
	return !program->policies[verdict.policy].is_breakout_denied;
}

static bool count_flow(struct cw_flow_entry *entry, void *context)
{
	struct cw_worker *worker = context;

	if (entry->peer >= atomic_load(&worker->peer_count) || entry->path >= CW_PATHS_MAX)
		return true;
	struct cw_path *path = worker->peers[entry->peer]->paths.list[entry->path];
	if (path != NULL)
		path->flows_counted++;
	return true;
}

/* What was counted in the pass that ended is how many there are. */
static void end_pass(struct cw_worker *worker)
{
	for (uint32_t i = 0; i < atomic_load(&worker->peer_count); i++) {
		for (uint32_t slot = 0; slot < CW_PATHS_MAX; slot++) {
			struct cw_path *path = worker->peers[i]->paths.list[slot];
			if (path == NULL)
				continue;
			path->flows = path->flows_counted;
			path->flows_counted = 0;
		}
	}
}

void cw_steer_tick(struct cw_worker *worker)
{
	/* One pass more than there are flows for: what was counted last is over. */
	bool is_empty = cw_flows_in_use(worker->flows) == 0;
	if (is_empty && worker->is_swept_empty)
		return;
	uint32_t budget = (cw_flows_count(worker->flows) + SWEEPS_A_PASS - 1) / SWEEPS_A_PASS;
	if (cw_flows_sweep(worker->flows, budget, worker->now_us, count_flow, worker)) {
		end_pass(worker);
		worker->is_swept_empty = is_empty;
	}
}
