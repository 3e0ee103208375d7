/* See steer.h. */
#include "graph/steer.h"

#include "graph/l3.h"
#include "graph/l4.h"
#include "table/flow.h"
#include "table/view.h"
#include "worker.h"

#define SWEEPS_A_PASS 20 /* ticks in which the whole table is met once: two seconds */

/* The peer's paths, and how many flows are on them, are counted anew in every pass through the table. */
struct sweep {
	struct cw_worker *worker;
};

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

static uint16_t find_match(const struct cw_program *program, const struct cw_flow *flow, uint16_t segment,
			   const uint8_t *l3)
{
	struct cw_marks marks = { .segment = segment, .dscp = cw_l3_class(l3) >> 2 };
	bool may_change;

	return cw_match_find(program->matches, program->match_count, flow, &marks, &may_change);
}

static uint16_t policy_of(const struct cw_program *program, uint16_t match)
{
	return match == CW_NO_MATCH ? 0 : program->matches[match].policy;
}

static void decide(struct cw_worker *worker, struct cw_peer *peer, struct cw_flow_entry *entry,
		   const struct cw_flow *flow, const uint8_t *l3)
{
	const struct cw_program *program = worker->view->program;

	entry->match = find_match(program, flow, entry->key.segment, l3);
	entry->policy = policy_of(program, entry->match);
	entry->epoch = (uint32_t)program->generation;
	entry->peer = (uint16_t)peer->place;
}

static void place(struct cw_peer *peer, struct cw_flow_entry *entry, const struct cw_choice *choice, bool is_spread)
{
	uint8_t before = entry->path;

	if (before < CW_PATHS_MAX && peer->paths.list[before] != NULL && peer->paths.list[before]->flows > 0)
		peer->paths.list[before]->flows--;
	entry->path = cw_choice_place(choice, &peer->paths, is_spread);
	if (entry->path != CW_PATH_NONE)
		peer->paths.list[entry->path]->flows++;
}

static struct cw_path *path_at(const struct cw_peer *peer, uint8_t slot)
{
	return slot == CW_PATH_NONE ? NULL : peer->paths.list[slot];
}

struct cw_path *cw_steer(struct cw_worker *worker, struct cw_peer *peer, uint16_t segment, const uint8_t *l3,
			 uint32_t length)
{
	const struct cw_program *program = worker->view->program;
	struct cw_flow flow;

	/* What cannot be read has addresses and a protocol all the same. */
	cw_l4_read(l3, length, &flow);
	struct cw_flow_key key = cw_flow_key_of(&flow, segment);
	struct cw_flow_entry *entry = cw_flow_find(worker->flows, &key, worker->now_us);
	if (entry == NULL)
		entry = cw_flow_add(worker->flows, &key, worker->now_us);
	/* The table is full: the packet goes where its policy goes, and may overtake others of its flow when that moves. */
	if (entry == NULL)
		return path_at(peer, cw_steer_choice(worker, peer, policy_of(program, find_match(program, &flow, segment, l3)))->best);
	if (entry->epoch != (uint32_t)program->generation || entry->peer != peer->place) {
		decide(worker, peer, entry, &flow, l3);
		entry->path = entry->peer == peer->place ? entry->path : CW_FLOW_NO_PATH;
	}
	const struct cw_choice *choice = cw_steer_choice(worker, peer, entry->policy);
	bool is_spread = program->policies[entry->policy].is_spread;
	uint32_t hash = (uint32_t)(key.source_port ^ key.destination_port ^ key.source.words[1] ^ key.destination.words[1]);
	bool is_gone = path_at(peer, entry->path) == NULL;
	if (is_gone || cw_choice_moves(choice, entry->path, is_spread, hash, worker->now_us))
		place(peer, entry, choice, is_spread);
	return path_at(peer, entry->path);
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
	if (cw_flows_in_use(worker->flows) == 0)
		return;
	if (cw_flows_sweep(worker->flows, cw_flows_count(worker->flows) / SWEEPS_A_PASS, worker->now_us, count_flow, worker))
		end_pass(worker);
}
