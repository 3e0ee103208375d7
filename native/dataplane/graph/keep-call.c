/* The far end's part of keep.h: it watches a mapping, and is called by it once. */
#include "graph/keep.h"

#include <string.h>

#include "graph/control.h"
#include "graph/path.h"
#include "graph/seal.h"
#include "table/session.h"
#include "worker.h"

#define AFTER_MOST_S 120

bool cw_keep_call_later(struct cw_worker *worker, struct cw_peer *peer, const uint8_t *value)
{
	uint32_t after_s = (uint32_t)value[0] << 8 | value[1];

	if (after_s == 0)
		return false;
	if (after_s > AFTER_MOST_S)
		return true;
	peer->call.due_us = worker->now_us + after_s * UINT64_C(1000000);
	peer->call.after_s = after_s;
	peer->call.way = worker->arrival;
	memcpy(&peer->call.id, value + 4, sizeof(peer->call.id));
	return true;
}

void cw_keep_call(struct cw_worker *worker, struct cw_peer *peer, struct cw_keypair *current)
{
	uint32_t held = rte_cpu_to_be_32(peer->call.after_s * 1000000u);
	uint8_t item[16] = { CW_ITEM_PROBE_REPLY, 0, 0, 12 };

	if (peer->call.due_us == 0 || worker->now_us < peer->call.due_us)
		return;
	memcpy(item + 4, &peer->call.id, 4);
	memcpy(item + 12, &held, 4);
	int rc = cw_seal_control(worker, current, cw_path_stray(worker, &peer->call.way), item, sizeof(item));
	cw_seal_flush(worker);
	/* Where there was no room it leaves at the next look, as long as somebody waits. */
	if (rc == 0 || worker->now_us - peer->call.due_us >= CW_LATE_CALL_US)
		peer->call.due_us = 0;
}

void cw_keep_move_call(struct cw_peer *peer, const uint8_t uplinks[CW_UPLINKS_MAX])
{
	cw_way_move(&peer->call.way, uplinks);
	if (peer->call.way.uplink == CW_UPLINK_NONE)
		peer->call.due_us = 0;
}
