/* See path-lanes.h. */
#include "graph/path-lanes.h"

#include "table/session.h"
#include "worker.h"

#define PROBES_RATED_US 500000u

/*
 * What a keypair's lanes, of all classes, say of the way in, once in CW_REPORT_US: reckoned here as the far end does of what it is
 * told. What still comes under `previous` says nothing once something came under the key that is `current`.
 */
static void rate_lanes(struct cw_worker *worker, struct cw_path *path, const struct cw_keypair *keypair, const struct cw_quality_sum *sum)
{
	const struct cw_keypair *current = atomic_load_explicit(&keypair->peer->current, memory_order_relaxed);
	bool is_over = keypair != current && current != NULL && path->in.key == current->local_index;
	bool is_known = path->in.key == keypair->local_index && sum->received == path->in.received;

	if (is_over || is_known || worker->now_us - path->in.told_us < CW_REPORT_US)
		return;
	cw_quality_take(&path->in, keypair->local_index, sum->highest, sum->received, sum->late, cw_quality_above_us(sum),
			worker->now_us);
}

static void sum_lane(struct cw_quality_sum *sum, const struct cw_lane *lane, uint32_t highest)
{
	sum->highest += highest;
	sum->received += lane->received;
	sum->late += lane->late;
	sum->above_sum += lane->above_sum;
	sum->above_count += lane->above_count;
}

/* Of a session before nobody knows which path a lane is of. */
static void read_lanes(struct cw_worker *worker, struct cw_peer *peer, const struct cw_keypair *keypair)
{
	struct cw_quality_sum sums[CW_PATHS_MAX] = { 0 };

	if (keypair == NULL || !cw_keypair_is_of_session(keypair) || keypair->data_lanes.count == 0)
		return;
	for (uint32_t i = 0; i < keypair->data_lanes.count; i++) {
		uint32_t highest;
		struct cw_lane *lane = cw_replay_lane(&keypair->data_lanes, i, &highest);
		uint8_t slot = peer->paths.slot_of[keypair->data_lanes.lane[i] >> 8];
		if (slot == CW_PATH_NONE)
			continue;
		struct cw_path *path = peer->paths.list[slot];
		cw_liveness_hear(&path->live, lane->heard_us);
		sum_lane(&sums[slot], lane, highest);
		path->rx_packets += lane->received - lane->counted;
		path->rx_bytes += lane->bytes - lane->counted_bytes;
		lane->counted = lane->received;
		lane->counted_bytes = lane->bytes;
		if (lane->heard_us > path->rx_us)
			path->rx_us = lane->heard_us;
	}
	for (uint32_t slot = 0; slot < peer->paths.slots; slot++) {
		if (sums[slot].received > 0)
			rate_lanes(worker, peer->paths.list[slot], keypair, &sums[slot]);
	}
}

/* Data that is relayed counts as that of the path that brings it; how good that is, lanes of data and probes tell. */
static void hear_lanes(struct cw_peer *peer, const struct cw_replay_lanes *lanes, bool is_data)
{
	for (uint32_t i = 0; i < lanes->count; i++) {
		uint32_t highest;
		const struct cw_lane *lane = cw_replay_lane(lanes, i, &highest);
		struct cw_path *path = cw_paths_at(&peer->paths, peer->paths.slot_of[lanes->lane[i] >> 8]);
		if (path == NULL)
			continue;
		cw_liveness_hear(&path->live, lane->heard_us);
		if (is_data && lane->heard_us > path->rx_us)
			path->rx_us = lane->heard_us;
	}
}

static void hear_relayed(struct cw_peer *peer, const struct cw_keypair *keypair)
{
	if (keypair == NULL || !cw_keypair_is_of_session(keypair))
		return;
	hear_lanes(peer, &keypair->relay_lanes[0], true);
	hear_lanes(peer, &keypair->relay_lanes[1], false);
}

void cw_path_read_lanes(struct cw_worker *worker, struct cw_peer *peer)
{
	read_lanes(worker, peer, atomic_load_explicit(&peer->current, memory_order_relaxed));
	read_lanes(worker, peer, atomic_load_explicit(&peer->previous, memory_order_relaxed));
	hear_relayed(peer, atomic_load_explicit(&peer->current, memory_order_relaxed));
	hear_relayed(peer, atomic_load_explicit(&peer->previous, memory_order_relaxed));
}

void cw_path_rate_probes(struct cw_worker *worker, struct cw_paths *paths)
{
	for (uint32_t slot = 0; slot < CW_PATHS_MAX; slot++) {
		struct cw_path *path = paths->list[slot];
		if (path == NULL || worker->now_us - path->asked.told_us < PROBES_RATED_US)
			continue;
		uint32_t asked = cw_liveness_settled(&path->live, worker->now_us);
		if (asked != path->asked.highest)
			cw_quality_take(&path->asked, path->number, asked, path->live.answered, 0, UINT32_MAX,
					worker->now_us);
	}
}
