/* See path_world.h. */
#include "path_world.h"

#include <assert.h>
#include <string.h>

#define FRAME_EMPTY 60 /* IPv4, UDP, header and tag */
#define ITEM_PROBE 8
#define ITEM_REPLY 16
#define ITEM_INTRODUCTION 12
#define ITEM_SILENT 8
#define INTRODUCED_EVERY 16
#define TURN_US 50     /* the least time between two looks */
#define LATE_US 20000u /* as graph/path.c has it */

static const struct cw_policy_program policy = { .loss_ppm = CW_NONE,
						 .latency_us = CW_NONE,
						 .jitter_us = CW_NONE,
						 .metered = CW_METERED_LAST,
						 .kinds = 3 };

static bool is_before(const struct frame *a, const struct frame *b)
{
	return a->at_us != b->at_us ? a->at_us < b->at_us : a->order < b->order;
}

static void push(struct world *world, struct frame frame)
{
	uint32_t at = world->event_count++;

	assert(world->event_count <= EVENTS_MAX);
	while (at > 0 && is_before(&frame, &world->events[(at - 1) / 2])) {
		world->events[at] = world->events[(at - 1) / 2];
		at = (at - 1) / 2;
	}
	world->events[at] = frame;
}

static struct frame pop(struct world *world)
{
	struct frame first = world->events[0], last = world->events[--world->event_count];
	uint32_t at = 0;

	for (uint32_t child = 1; child < world->event_count; child = 2 * at + 1) {
		if (child + 1 < world->event_count &&
		    is_before(&world->events[child + 1], &world->events[child]))
			child++;
		if (!is_before(&world->events[child], &last))
			break;
		world->events[at] = world->events[child];
		at = child;
	}
	world->events[at] = last;
	return first;
}

void cw_world_begin(struct world *world, uint64_t seed, uint32_t links, enum plant plant)
{
	memset(world, 0, sizeof(*world));
	world->seed = seed;
	world->links = links;
	world->plant = plant;
	world->now_us = 1000 * SECOND;
	for (uint32_t e = 0; e < ENDS; e++) {
		struct end *end = &world->end[e];
		cw_paths_begin(&end->paths);
		end->data.from_us = LINK_NEVER;
		end->choice.best = CW_PATH_NONE;
		end->moves[end->move_count++] = (struct move){ 0, CW_PATH_NONE };
		for (uint32_t i = 0; i < links; i++) {
			struct cw_way way = { .uplink = (uint8_t)i, .remote = { { i, e } } };
			cw_sim_link_begin(&world->link[i][e], cw_sim_link_draw(seed, i * ENDS + e));
			cw_paths_add(&end->paths, &end->path[i], &way, world->now_us);
			cw_paths_number(&end->paths, &end->path[i]);
			end->path[i].is_configured = true;
			end->path[i].live.secret = seed * 2 + e + 1;
			end->path[i].remote_uplink = (uint8_t)i;
			end->link_of[end->path[i].slot] = (uint8_t)i;
		}
		/* No two ends do all at the same time. */
		end->paths.due_us += cw_sim_link_draw(seed, ~(uint64_t)e) % SECOND;
	}
}

static bool is_unplugged(const struct world *world, uint32_t e, uint32_t link)
{
	const struct end *end = &world->end[e];

	return world->now_us >= end->unplug_us[link] && world->now_us < end->plugged_us[link];
}

static void send(struct world *world, uint32_t from, uint32_t link, struct frame frame, uint32_t items)
{
	uint64_t number = world->sent++;

	world->end[from].bytes += FRAME_EMPTY + items;
	world->end[from].path[link].left_us = world->now_us;
	frame.at_us = cw_sim_link_carry(&world->link[link][from], number, world->now_us);
	frame.order = number;
	frame.to = (uint8_t)!from;
	frame.link = (uint8_t)link;
	if (frame.at_us != LINK_NEVER && !is_unplugged(world, from, link))
		push(world, frame);
}

void cw_world_mesh(struct world *world)
{
	for (uint32_t e = 0; e < ENDS; e++) {
		for (uint32_t i = 0; i < world->links; i++) {
			struct cw_path *path = &world->end[e].path[i];
			path->way.uplink = path->leaves_by = (uint8_t)(e == 0 ? i / 2 : i % 2);
			path->remote_uplink = (uint8_t)(e == 0 ? i % 2 : i / 2);
			path->way.remote.words[0] = path->remote_uplink;
		}
	}
}

uint8_t cw_world_best(const struct world *world, uint32_t end)
{
	const struct end *e = &world->end[end];

	return e->choice.best == CW_PATH_NONE ? CW_PATH_NONE : e->link_of[e->choice.best];
}

static void begin_stream(struct end *end, uint32_t link, uint64_t now_us)
{
	struct stream *stream = end->stream[link];

	stream[1] = stream[0];
	stream[0] = (struct stream){ now_us, LINK_NEVER };
}

/* Data leaves by another path from now on. */
static void note_best(struct world *world, uint32_t e)
{
	struct end *end = &world->end[e];
	uint8_t before = end->moves[end->move_count - 1].link;

	if (end->choice.version != end->paths.version)
		cw_choice_make(&end->choice, &end->paths, &policy, 0, world->now_us);
	uint8_t best = cw_world_best(world, e);

	if (best == before)
		return;
	end->move_count += end->move_count < MOVES_MAX;
	end->moves[end->move_count - 1] = (struct move){ world->now_us, best };
	if (end->data.is_spread)
		return;
	if (before != CW_PATH_NONE)
		end->stream[before][0].until_us = world->now_us;
	if (best != CW_PATH_NONE)
		begin_stream(end, best, world->now_us);
}

static void plant(struct world *world, struct end *end, struct cw_path_tasks *tasks)
{
	for (uint32_t i = 0; i < world->links; i++) {
		struct cw_liveness *live = &end->path[i].live;
		if (live->suspect_us == 0)
			continue;
		if (world->plant == PLANT_NO_PROOF)
			live->proof_us = live->suspect_us;
		if (world->plant != PLANT_BURST || live->burst < 3)
			continue;
		live->burst = CW_BURST_PROBES;
		tasks->probe &= (uint16_t)~(1u << end->path[i].slot);
	}
}

static void send_task(struct world *world, uint32_t e, uint32_t link, bool has_probe, uint16_t silent)
{
	struct cw_path *path = &world->end[e].path[link];
	struct frame frame = { .has_probe = has_probe };
	uint32_t items = 0;

	for (uint32_t slot = 0; slot < CW_PATHS_MAX; slot++) {
		if ((silent & 1u << slot) == 0)
			continue;
		frame.silent |= (uint16_t)(1u << world->end[e].link_of[slot]);
		items += ITEM_SILENT;
	}
	if (has_probe) {
		frame.probe = cw_liveness_ask(&path->live, world->now_us);
		items += ITEM_PROBE;
		if (path->live.state == CW_PATH_NEW || path->live.probes % INTRODUCED_EVERY == 1)
			items += ITEM_INTRODUCTION;
	}
	if (items > 0)
		send(world, e, link, frame, items);
}

/* As graph/path.c does. */
static void check_uplinks(struct world *world, uint32_t e)
{
	for (uint32_t i = 0; i < world->links; i++) {
		struct cw_liveness *live = &world->end[e].path[i].live;
		bool is_usable = !is_unplugged(world, e, i), is_cut = live->why == CW_PATH_NO_UPLINK;
		if (!is_usable && !is_cut)
			cw_liveness_fail(live, CW_PATH_NO_UPLINK, world->now_us);
		else if (is_usable && is_cut)
			cw_path_return(&world->end[e].path[i], world->now_us);
	}
}

static void look(struct world *world, uint32_t e)
{
	struct end *end = &world->end[e];
	uint64_t due = end->paths.due_us, now = world->now_us;

	cw_world_reckon(world, e);
	check_uplinks(world, e);
	uint64_t late = due != 0 && now > due && now - due > LATE_US ? now - due : 0;
	cw_choice_watch(&end->paths, &policy, 1, now);
	struct cw_path_tasks tasks = cw_paths_look(&end->paths, true, late, now);
	plant(world, end, &tasks);
	end->failed += (uint32_t)__builtin_popcount(tasks.failed);
	for (uint32_t i = 0; i < world->links; i++) {
		uint16_t bit = (uint16_t)(1u << end->path[i].slot);
		end->suspicions += end->path[i].live.suspect_us == now;
		if (((tasks.probe | tasks.silence) & bit) != 0)
			send_task(world, e, i, (tasks.probe & bit) != 0, (tasks.silence & bit) != 0 ? tasks.silent : 0);
	}
	note_best(world, e);
	if (end->paths.due_us < now + TURN_US)
		end->paths.due_us = now + TURN_US;
}

static void take_data(struct world *world, uint32_t e, uint32_t link)
{
	struct end *end = &world->end[e];
	bool is_own = link == CW_PATH_NONE;

	if (!is_own)
		end->path[link].rx_us = world->now_us;
	if (!end->paths.is_awake)
		cw_paths_wake(&end->paths, world->now_us);
	if (!is_own)
		return;
	cw_world_announce(world, e, push);
	uint64_t next = world->now_us + end->data.period_us;
	if (end->data.period_us != 0 && next < end->data.until_us)
		push(world, (struct frame){ .at_us = next, .to = (uint8_t)e, .link = CW_PATH_NONE, .is_data = true });
}

static void take(struct world *world, const struct frame *frame)
{
	struct end *end = &world->end[frame->to];

	if (frame->is_data) {
		take_data(world, frame->to, frame->link);
		return;
	}
	struct cw_path *path = &end->path[frame->link];
	cw_liveness_hear(&path->live, world->now_us);
	if (frame->has_probe)
		send(world, frame->to, frame->link, (struct frame){ .reply = frame->probe }, ITEM_REPLY);
	if (frame->reply != 0)
		cw_paths_answer(&end->paths, path, frame->reply, 0, world->now_us);
	for (uint32_t i = 0; i < world->links; i++) {
		if ((frame->silent & 1u << i) == 0)
			continue;
		end->failed += end->path[i].live.state == CW_PATH_UP;
		cw_paths_deaf(&end->paths, &end->path[i], world->now_us);
		note_best(world, frame->to);
	}
}

static bool is_away(const struct end *end, uint64_t now_us)
{
	return now_us >= end->stall_us && now_us < end->stalled_us;
}

static void deliver(struct world *world, struct frame frame)
{
	struct end *end = &world->end[frame.to];

	if (!frame.is_data && is_unplugged(world, frame.to, frame.link))
		return;
	if (!is_away(end, world->now_us)) {
		take(world, &frame);
	} else if (end->queued < QUEUE_MAX) {
		end->queue[end->queued++] = frame;
	}
}

static void look_if_due(struct world *world, uint32_t e)
{
	struct end *end = &world->end[e];

	if (is_away(end, world->now_us))
		return;
	for (uint32_t i = 0; i < end->queued; i++)
		take(world, &end->queue[i]);
	end->queued = 0;
	if (end->paths.due_us <= world->now_us)
		look(world, e);
}

static uint64_t look_us(const struct end *end)
{
	uint64_t due = end->paths.due_us;

	return is_away(end, due) || (end->queued > 0 && due > end->stalled_us) ? end->stalled_us : due;
}

void cw_world_run(struct world *world, uint64_t until_us)
{
	for (;;) {
		uint64_t first = look_us(&world->end[0]), second = look_us(&world->end[1]);
		uint64_t next = first < second ? first : second;
		if (world->event_count > 0 && world->events[0].at_us < next)
			next = world->events[0].at_us;
		if (next > until_us)
			break;
		world->now_us = next > world->now_us ? next : world->now_us;
		while (world->event_count > 0 && world->events[0].at_us <= world->now_us)
			deliver(world, pop(world));
		look_if_due(world, 0);
		look_if_due(world, 1);
	}
	world->now_us = until_us;
}

void cw_world_send_data(struct world *world, uint32_t from, const struct data *data)
{
	struct end *end = &world->end[from];

	end->data = *data;
	for (uint32_t i = 0; data->is_spread && i < world->links; i++)
		begin_stream(end, i, data->from_us);
	push(world, (struct frame){ .at_us = data->from_us, .to = (uint8_t)from, .link = CW_PATH_NONE, .is_data = true });
}

void cw_world_stall(struct world *world, uint32_t end, uint64_t at_us, uint64_t for_us)
{
	world->end[end].stall_us = at_us;
	world->end[end].stalled_us = at_us + for_us;
}
