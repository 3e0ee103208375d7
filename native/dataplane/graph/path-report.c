/* See path-report.h. */
#include "graph/path-report.h"

#include <string.h>

#include "graph/path.h"
#include "graph/seal.h"
#include "table/session.h"
#include "worker.h"

#define DELIVERED_US 1000000 /* after a pause the rate begins anew */

static uint32_t word(const uint8_t *at)
{
	uint32_t value;

	memcpy(&value, at, sizeof(value));
	return rte_be_to_cpu_32(value);
}

/* What arrived since the report before, by the size that packets had meanwhile. */
static void note_delivered(struct cw_path *path, uint32_t received, uint64_t now_us)
{
	uint64_t packets = path->tx_packets - path->delivered_tx_packets;
	uint64_t bytes = path->tx_bytes - path->delivered_tx_bytes;
	uint64_t elapsed_us = now_us - path->delivered_us;

	if (path->delivered_us != 0 && packets > 0 && elapsed_us > 0) {
		uint64_t bps = received * bytes / packets * 8000000 / elapsed_us;
		path->delivered_bps = elapsed_us > DELIVERED_US ? bps : (path->delivered_bps * 7 + bps) / 8;
	}
	path->delivered_us = now_us;
	path->delivered_tx_packets = path->tx_packets;
	path->delivered_tx_bytes = path->tx_bytes;
}

/* Once for all lanes that a report has of the path: figures are of moments, of which each is one. */
static void take_sum(struct cw_path *path, uint32_t key, uint64_t now_us)
{
	struct cw_quality_sum *sum = &path->out_lanes.sum;
	bool is_same = path->out.key == key && sum->received > path->out.received;

	note_delivered(path, is_same ? sum->received - path->out.received : 0, now_us);
	cw_quality_take(&path->out, key, sum->highest, sum->received, sum->late, cw_quality_above_us(sum), now_us);
	sum->above_sum = 0;
	sum->above_count = 0;
}

/*
 * Path report: receiver index, which is one of ours to seal with; then of each lane of ours: lane u16, zero 2, highest,
 * received, late, least delay, mean above it. What was reported last of a lane counts on, and the sum of its lanes is a path's.
 */
void cw_path_report_take(struct cw_worker *worker, struct cw_peer *peer, const uint8_t *value, uint16_t length)
{
	const struct cw_keypair *current = atomic_load_explicit(&peer->current, memory_order_relaxed);
	uint32_t index = word(value), told = 0;

	if (current == NULL || current->remote_index != index)
		return;
	for (uint32_t at = 4; at + CW_REPORT_LANE <= length; at += CW_REPORT_LANE) {
		const uint8_t *lane = value + at;
		uint16_t number = (uint16_t)(lane[0] << 8 | lane[1]);
		/* More than was sent nobody can have received. */
		if (word(lane + 4) > cw_tx_sent(&current->tx, number) || word(lane + 8) > word(lane + 4))
			continue;
		for (uint32_t slot = 0; slot < CW_PATHS_MAX; slot++) {
			struct cw_path *path = peer->paths.list[slot];
			if (path == NULL || path->number != lane[0])
				continue;
			cw_quality_hear(&path->out_lanes, index, lane[1] >> CW_CLASS_SHIFT, word(lane + 4), word(lane + 8),
					word(lane + 12), word(lane + 20));
			told |= 1u << slot;
		}
	}
	for (uint32_t slot = 0; slot < CW_PATHS_MAX; slot++) {
		if ((told & 1u << slot) != 0)
			take_sum(peer->paths.list[slot], index, worker->now_us);
	}
	/* It may show that flows should leave. */
	cw_path_due(worker, peer);
}
