/* The data of path_world.h: nothing is carried, it is known of each packet when it is due and what becomes of it. */
#include "path_world.h"

#define DATA_NUMBERS (UINT64_C(1) << 40) /* so that no frame has one of them */
#define BACK_MOST 600   /* packets in which the last one that came is looked for */
#define FIRST_MOST 50   /* and those of which the first that comes is */
#define AHEAD 40        /* packets until the run that is skipped to */

static uint64_t number(const struct world *world, uint64_t k)
{
	return DATA_NUMBERS + world->skipped + k;
}

static bool is_on(const struct data *data, uint64_t at_us)
{
	return data->period_us == 0 || (at_us - data->from_us) % data->period_us < data->on_us;
}

/* When what is due at `at_us` leaves. */
static uint64_t leaves_us(const struct end *end, uint64_t at_us)
{
	return at_us >= end->stall_us && at_us < end->stalled_us ? end->stalled_us : at_us;
}

/* The last packet of a stream that is due before `until_us`, from packet `k` downwards; false: none is. */
static bool last_due(const struct data *data, const struct stream *stream, uint64_t until_us, uint64_t *k)
{
	uint64_t end_us = stream->until_us < until_us ? stream->until_us : until_us;
	uint64_t begin_us = stream->from_us > data->from_us ? stream->from_us : data->from_us;

	if (data->until_us < end_us)
		end_us = data->until_us;
	if (end_us <= begin_us)
		return false;
	uint64_t last = (end_us - 1 - data->from_us) / data->gap_us;
	if (last < *k)
		*k = last;
	if (!is_on(data, data->from_us + *k * data->gap_us)) {
		uint64_t into_us = *k * data->gap_us % data->period_us - data->on_us;
		uint64_t back = into_us / data->gap_us + 1;
		if (*k < back)
			return false;
		*k -= back;
	}
	return data->from_us + *k * data->gap_us >= begin_us;
}

/* When the last packet of a stream came that has come by now; 0: none since `since_us`. */
static uint64_t came_us(const struct world *world, uint32_t from, uint32_t link, const struct stream *stream,
			uint64_t since_us)
{
	const struct end *end = &world->end[from];
	const struct link *way = &world->link[link][from];
	uint64_t k = UINT64_MAX - 1;

	if (world->now_us < way->delay_us)
		return 0;
	for (uint32_t i = 0; i < BACK_MOST; i++) {
		if (!last_due(&end->data, stream, world->now_us - way->delay_us + 1, &k))
			return 0;
		uint64_t due_us = end->data.from_us + k * end->data.gap_us;
		if (due_us + SECOND < since_us)
			return 0;
		uint64_t at_us = cw_sim_link_carry(way, number(world, k), leaves_us(end, due_us));
		if (at_us <= world->now_us)
			return at_us;
		if (k-- == 0)
			return 0;
	}
	return 0;
}

/* What the lanes of data would tell at this moment: of both directions. */
void cw_world_reckon(struct world *world, uint32_t e)
{
	struct end *end = &world->end[e], *far = &world->end[!e];

	for (uint32_t i = 0; i < world->links; i++) {
		struct cw_path *path = &end->path[i];
		for (uint32_t s = 0; s < 2; s++) {
			uint64_t k = UINT64_MAX - 1;
			if (end->stream[i][s].from_us != 0 &&
			    last_due(&end->data, &end->stream[i][s], world->now_us + 1, &k)) {
				uint64_t at = leaves_us(end, end->data.from_us + k * end->data.gap_us);
				path->tx_us = at > path->tx_us ? at : path->tx_us;
			}
			if (far->stream[i][s].from_us == 0)
				continue;
			uint64_t at = came_us(world, !e, i, &far->stream[i][s], path->rx_us);
			/* What waited is heard when it is taken. */
			if (at >= end->stall_us && at < end->stalled_us)
				at = end->stalled_us;
			if (at == 0)
				continue;
			cw_liveness_hear(&path->live, at);
			path->rx_us = at > path->rx_us ? at : path->rx_us;
		}
	}
}

void cw_world_announce(struct world *world, uint32_t from, void (*arrives)(struct world *, struct frame))
{
	const struct end *end = &world->end[from];
	uint64_t first = (world->now_us - end->data.from_us) / end->data.gap_us;

	for (uint32_t i = 0; i < world->links; i++) {
		if (!end->data.is_spread && i != cw_world_best(world, from))
			continue;
		for (uint64_t k = first; k < first + FIRST_MOST; k++) {
			uint64_t due_us = end->data.from_us + k * end->data.gap_us;
			uint64_t at = cw_sim_link_carry(&world->link[i][from], number(world, k), leaves_us(end, due_us));
			if (at == LINK_NEVER || !is_on(&end->data, due_us) || due_us >= end->data.until_us)
				continue;
			arrives(world, (struct frame){ .at_us = at, .to = (uint8_t)!from, .link = (uint8_t)i, .is_data = true });
			break;
		}
	}
}

static uint8_t link_at(const struct end *end, uint64_t at_us)
{
	uint32_t last = end->move_count - 1;

	while (last > 0 && end->moves[last].at_us > at_us)
		last--;
	return end->moves[last].link;
}

/* How much of a time the data of an end was off. */
static uint64_t off_us(const struct data *data, uint64_t from_us, uint64_t until_us)
{
	uint64_t off = 0;

	for (uint64_t at = from_us; data->period_us != 0 && at < until_us; at += MS)
		off += is_on(data, at) ? 0 : MS;
	return off;
}

uint64_t cw_world_hole(const struct world *world, uint32_t from, uint64_t since_us, uint64_t until_us)
{
	const struct end *end = &world->end[from];
	const struct data *data = &end->data;
	uint64_t longest = 0, begin_us = 0, lost_us = 0; /* nothing came since; what was lost first since */

	for (uint64_t k = (since_us - data->from_us) / data->gap_us; data->from_us + k * data->gap_us < until_us; k++) {
		uint64_t due_us = data->from_us + k * data->gap_us, sent_us = leaves_us(end, due_us);
		uint8_t link = link_at(end, sent_us);
		if (!is_on(data, due_us) || link == CW_PATH_NONE)
			continue;
		const struct link *way = &world->link[link][from];
		uint64_t at_us = cw_sim_link_carry(way, number(world, k), sent_us);
		if (at_us == LINK_NEVER) {
			uint64_t expected_us = due_us + way->delay_us - data->gap_us;
			if (lost_us == 0 && expected_us > begin_us)
				begin_us = expected_us;
			lost_us = lost_us == 0 ? due_us : lost_us;
			continue;
		}
		uint64_t off = lost_us == 0 ? 0 : off_us(data, lost_us, due_us);
		if (lost_us != 0 && at_us > begin_us + off && at_us - begin_us - off > longest)
			longest = at_us - begin_us - off;
		begin_us = at_us > begin_us ? at_us : begin_us;
		lost_us = 0;
	}
	bool is_open = lost_us != 0 && until_us - lost_us > SECOND / 2 + off_us(data, lost_us, until_us);
	return is_open ? LINK_NEVER : longest;
}

/* Where `run` packets in a row that are lost begin, from packet `k` on. */
static uint64_t next_run(const struct world *world, const struct link *way, uint64_t k, uint32_t run)
{
	uint32_t lost = 0;

	while (lost < run) {
		if (cw_sim_link_carry(way, number(world, k + run - 1 - lost), world->now_us) == LINK_NEVER) {
			lost++;
		} else {
			k += run - lost;
			lost = 0;
		}
	}
	return k;
}

uint64_t cw_world_skip(struct world *world, uint32_t run)
{
	uint64_t nearest = UINT64_MAX;

	for (uint32_t e = 0; e < ENDS; e++) {
		const struct data *data = &world->end[e].data;
		uint64_t k = (world->now_us - data->from_us) / data->gap_us + AHEAD;
		for (uint32_t i = 0; i < world->links; i++) {
			uint64_t more = next_run(world, &world->link[i][e], k, run) - k;
			nearest = more < nearest ? more : nearest;
		}
	}
	world->skipped += nearest;
	return nearest * world->end[0].data.gap_us;
}
