/* See control.h. */
#include "graph/control.h"

#include <errno.h>
#include <string.h>

#include "graph/keep.h"
#include "graph/mtu-probe.h"
#include "graph/path-report.h"
#include "graph/path.h"
#include "graph/seal.h"
#include "worker.h"

#define ITEM_HEADER 4
#define ITEMS_MAX 16
#define SILENT_MAX (ITEMS_MAX - 2)
#define REPORT_LANES_MAX 40
#define INTRODUCED_EVERY 16 /* probes: a path names itself again, should the far end have forgotten */

enum item {
	ITEM_PADDING = 0x00,
	ITEM_PROBE = 0x01,
	ITEM_PROBE_REPLY = CW_ITEM_PROBE_REPLY,
	ITEM_PATH_REPORT = 0x03,
	ITEM_PATH_ADD = 0x04,
	ITEM_PATH_REMOVE = 0x05,
	ITEM_PATH_CHALLENGE = 0x06,
	ITEM_PATH_RESPONSE = 0x07,
	ITEM_MTU_PROBE = 0x08,
	ITEM_MTU_ACK = 0x09,
	ITEM_HANDSHAKE_PART = 0x0a,
	ITEM_RELAY_CLOSE = 0x0e,
	ITEM_PATH_SILENT = 0x0f,
	ITEM_CANDIDATES = 0x10,
	ITEM_CALL_BACK = CW_ITEM_CALL_BACK, /* after seconds u16 (0: now), zero u16, id u32: answered as a probe is */
	ITEM_SPEED_OPEN = 0x12,
	ITEM_SPEED_CLOSE = 0x14,
};

/* Exact length of a value; ANY: checked by who reads it. */
#define ANY 0xffff
static const uint16_t value_lengths[ITEM_SPEED_CLOSE + 1] = {
	ANY, 4, 12, ANY, 8, 4, 8, 8, 8, 8, ANY, 4, 32, 40, 4, 4, ANY, 8, 28, 24, 4,
};

struct answer {
	uint8_t items[CW_CONTROL_BYTES_MAX];
	uint32_t length;
};

/* In which an uplink's rate is told, 24 bits of it. */
#define DOWN_UNIT_BPS 8000u

/* Of a site's uplinks, or relayed: path, own uplink, your uplink, relayed, what my uplink takes u24, flags u8. */
static bool is_uplink_possible(const uint8_t *path_add)
{
	return path_add[3] == 0 ? path_add[1] < CW_UPLINKS_MAX : path_add[1] == CW_UPLINK_RELAY;
}

static void put_item(struct answer *to, uint8_t type, const void *value, uint16_t length)
{
	uint8_t *at = to->items + to->length;

	if (to->length + ITEM_HEADER + length > sizeof(to->items))
		return;
	at[0] = type;
	at[1] = 0;
	at[2] = length >> 8;
	at[3] = length & 0xff;
	memcpy(at + ITEM_HEADER, value, length);
	to->length += ITEM_HEADER + length;
}

static bool is_for_gateway(uint8_t type)
{
	return (type >= ITEM_HANDSHAKE_PART && type <= ITEM_RELAY_CLOSE) || type == ITEM_CANDIDATES ||
	       (type >= ITEM_SPEED_OPEN && type <= ITEM_SPEED_CLOSE);
}

static void take_reply(struct cw_worker *worker, struct cw_peer *peer, struct cw_path *path, const uint8_t *value)
{
	uint32_t id, held;

	memcpy(&id, value, sizeof(id));
	memcpy(&held, value + 8, sizeof(held));
	if (cw_keep_hear(worker, peer, rte_be_to_cpu_32(id)))
		return;
	if (!cw_paths_answer(&peer->paths, path, rte_be_to_cpu_32(id), rte_be_to_cpu_32(held), worker->now_us))
		return;
	cw_rtt_count(&path->rtts, path->live.rtt_last_us);
	cw_path_note_answer(worker, peer, path);
	if (peer->paths.due_us <= worker->now_us)
		cw_path_due(worker, peer);
}

static void take_introduction(struct cw_path *path, const uint8_t *value)
{
	path->remote_uplink = value[1];
	path->remote_flags = value[7] & (CW_PATH_METERED | CW_PATH_BACKUP | CW_PATH_NAMED);
	path->flags = cw_path_flags(path->own_flags, path->remote_flags);
	path->remote_down_bps = (uint64_t)(value[4] << 16 | value[5] << 8 | value[6]) * DOWN_UNIT_BPS;
}

/*
 * Path silent: a number of ours, by which the far end hears nothing; zero 3. By a way that was only heard from it may have been
 * held back, and be true no longer.
 */
static void take_silence(struct cw_worker *worker, struct cw_peer *peer, const struct cw_path *by, const uint8_t *value)
{
	if (!cw_path_may_carry(by) || value[0] == CW_PATH_NONE)
		return;
	for (uint32_t slot = 0; slot < CW_PATHS_MAX; slot++) {
		struct cw_path *path = peer->paths.list[slot];
		if (path != NULL && path->number == value[0]) {
			cw_paths_deaf(&peer->paths, path, worker->now_us);
			cw_path_due(worker, peer);
		}
	}
}

static void answer_probe(struct cw_worker *worker, struct cw_peer *peer, const uint8_t *value, struct answer *answer)
{
	/* In the clock of the key that seals the answer. */
	const struct cw_keypair *current = atomic_load_explicit(&peer->current, memory_order_relaxed);
	uint32_t time = current == NULL ? 0 : current->seal_time;
	uint32_t received = rte_cpu_to_be_32((uint32_t)worker->now_us + time);
	uint8_t reply[12] = { 0 };

	memcpy(reply, value, 4);
	memcpy(reply + 4, &received, sizeof(received));
	put_item(answer, ITEM_PROBE_REPLY, reply, 12);
}

static void take_item(struct cw_worker *worker, const struct cw_keypair *keypair, struct cw_path *path, uint8_t type,
		      const uint8_t *value, uint16_t length, struct answer *answer)
{
	struct cw_peer *peer = keypair->peer;

	switch (type) {
	case ITEM_PROBE:
		answer_probe(worker, peer, value, answer);
		return;
	case ITEM_PROBE_REPLY:
		take_reply(worker, peer, path, value);
		return;
	case ITEM_PATH_ADD:
		if (cw_keypair_is_of_session(keypair))
			take_introduction(path, value);
		return;
	case ITEM_PATH_REPORT:
		cw_path_report_take(worker, peer, value, length);
		return;
	case ITEM_PATH_SILENT:
		take_silence(worker, peer, path, value);
		return;
	case ITEM_PATH_CHALLENGE:
		put_item(answer, ITEM_PATH_RESPONSE, value, 8);
		return;
	case ITEM_CALL_BACK:
		if (!cw_keep_call_later(worker, peer, value))
			answer_probe(worker, peer, value + 4, answer);
		return;
	case ITEM_MTU_PROBE:
		put_item(answer, ITEM_MTU_ACK, value, 8);
		return;
	case ITEM_MTU_ACK:
		cw_mtu_hear(worker, peer, path, value);
		return;
	default:
		return;
	}
}

/*
 * Whether all items have room and a right length, no path is of an uplink that no site can have, and what is for the gateway fits
 * an event, which is as much as a gateway may send: if not, the frame is dropped whole.
 */
static bool is_well_formed(const uint8_t *items, uint32_t length)
{
	uint32_t for_gateway = 0;
	uint32_t count = 0;
	uint32_t at = 0;

	while (at + ITEM_HEADER <= length) {
		uint8_t type = items[at];
		uint16_t size = (uint16_t)(items[at + 2] << 8 | items[at + 3]);
		bool is_known = type <= ITEM_SPEED_CLOSE && value_lengths[type] != ANY;
		bool is_report = type == ITEM_PATH_REPORT;
		bool is_introduction = type == ITEM_PATH_ADD;
		bool is_candidates = type == ITEM_CANDIDATES;
		if (++count > ITEMS_MAX || at + ITEM_HEADER + size > length ||
		    (is_known && size != value_lengths[type]) ||
		    (is_report && (size < 28 || (size - 4) % 24 != 0)) ||
		    (is_candidates && (size < 4 || (size - 4) % 24 != 0)) ||
		    (is_introduction && !is_uplink_possible(items + at + ITEM_HEADER)))
			return false;
		at += ITEM_HEADER + size;
		if (is_for_gateway(type))
			for_gateway += ITEM_HEADER + size;
	}
	return at == length && for_gateway <= CW_CONTROL_BYTES_MAX;
}

void cw_control(struct cw_worker *worker, struct cw_keypair *keypair, struct cw_path *path,
		const uint8_t *items, uint32_t length)
{
	struct answer answer = { .length = 0 };
	struct answer up = { .length = 0 };

	if (!is_well_formed(items, length)) {
		cw_count_drop(worker, CW_DROP_CONTROL_MALFORMED);
		return;
	}
	for (uint32_t at = 0; at < length;) {
		uint8_t type = items[at];
		uint16_t size = (uint16_t)(items[at + 2] << 8 | items[at + 3]);
		if (is_for_gateway(type))
			put_item(&up, type, items + at + ITEM_HEADER, size);
		else
			take_item(worker, keypair, path, type, items + at + ITEM_HEADER, size, &answer);
		at += ITEM_HEADER + size;
	}
	if (up.length > 0)
		cw_event_push(worker, CW_EVENT_CONTROL, keypair->peer->name, keypair->local_index,
			      up.items, (uint16_t)up.length);
	struct cw_keypair *current =
		atomic_load_explicit(&keypair->peer->current, memory_order_relaxed);
	if (answer.length > 0 && current != NULL)
		cw_seal_control(worker, current, path, answer.items, answer.length);
}

static void introduce(const struct cw_path *path, struct answer *frame)
{
	bool is_relayed = path->way.uplink == CW_UPLINK_RELAY;
	uint64_t down = RTE_MIN(path->down_bps / DOWN_UNIT_BPS, UINT64_C(0xffffff));
	const uint8_t value[8] = { path->number, path->way.uplink, path->remote_uplink, is_relayed, down >> 16, down >> 8 & 0xff, down & 0xff,
				   path->own_flags | (path->is_configured ? CW_PATH_NAMED : 0) };

	put_item(frame, ITEM_PATH_ADD, value, sizeof(value));
}

static void put_silent(const struct cw_paths *paths, uint16_t silent, struct answer *frame)
{
	uint32_t count = 0;

	/* With a probe and an introduction they are as many items as a frame may hold. */
	for (uint32_t slot = 0; slot < CW_PATHS_MAX && count < SILENT_MAX; slot++) {
		if ((silent & 1u << slot) == 0 || paths->list[slot]->remote_number == CW_PATH_NONE)
			continue;
		count++;
		const uint8_t value[4] = { paths->list[slot]->remote_number };
		put_item(frame, ITEM_PATH_SILENT, value, sizeof(value));
	}
}

bool cw_control_send(struct cw_worker *worker, struct cw_keypair *current, struct cw_path *path,
		     bool has_probe, uint16_t silent)
{
	struct answer frame = { .length = 0 };
	uint32_t probe = 0;

	put_silent(&current->peer->paths, silent, &frame);
	if (has_probe) {
		probe = cw_liveness_ask(&path->live, worker->now_us);
		uint32_t id = rte_cpu_to_be_32(probe);
		put_item(&frame, ITEM_PROBE, &id, sizeof(id));
		if (cw_path_is_stranger(path) || path->live.probes % INTRODUCED_EVERY == 1)
			introduce(path, &frame);
	}
	if (frame.length == 0 || cw_seal_control(worker, current, path, frame.items, frame.length) != -ENOBUFS)
		return true;
	if (has_probe) {
		cw_liveness_unsent(&path->live, probe, worker->now_us);
		path->alarm -= path->alarm > 0;
	}
	return false;
}

void cw_control_pad(uint8_t *items, uint32_t length, uint32_t id, uint16_t size)
{
	uint32_t padding = length - 2 * ITEM_HEADER - 8;
	uint32_t id_be = rte_cpu_to_be_32(id);
	const uint8_t head[ITEM_HEADER] = { ITEM_MTU_PROBE, 0, 0, 8 };

	memset(items, 0, length);
	memcpy(items, head, sizeof(head));
	memcpy(items + ITEM_HEADER, &id_be, sizeof(id_be));
	items[8] = size >> 8;
	items[9] = size & 0xff;
	items[12] = ITEM_PADDING;
	items[14] = padding >> 8 & 0xff;
	items[15] = padding & 0xff;
}

static void put_lane(uint8_t *at, uint16_t number, uint32_t highest, struct cw_lane *lane)
{
	uint32_t words[5] = { highest, lane->received, lane->late, (uint32_t)lane->transit_least,
			      cw_lane_above_us(lane) };

	at[0] = number >> 8;
	at[1] = number & 0xff;
	at[2] = at[3] = 0;
	for (uint32_t i = 0; i < 5; i++) {
		uint32_t value = rte_cpu_to_be_32(words[i]);
		memcpy(at + 4 + 4 * i, &value, sizeof(value));
	}
	lane->told = lane->received;
	lane->above_sum = 0;
	lane->above_count = 0;
}

bool cw_control_report(struct cw_worker *worker, struct cw_keypair *current)
{
	struct cw_peer *peer = current->peer;
	uint8_t value[4 + REPORT_LANES_MAX * CW_REPORT_LANE];
	uint32_t index = rte_cpu_to_be_32(current->local_index);
	struct answer frame = { .length = 0 };
	uint16_t length = 4;

	if (peer->paths.best == CW_PATH_NONE)
		return false;
	memcpy(value, &index, sizeof(index));
	/* Where there are more than a report holds, the next one goes on with the rest. */
	uint32_t count = current->data_lanes.count, first = current->report_lane;
	for (uint32_t n = 0; n < count && length < sizeof(value); n++) {
		uint32_t highest, i = (first + n) % count;
		struct cw_lane *lane = cw_replay_lane(&current->data_lanes, i, &highest);
		if (lane->received == lane->told)
			continue;
		put_lane(value + length, current->data_lanes.lane[i], highest, lane);
		length += CW_REPORT_LANE;
		current->report_lane = i + 1;
	}
	if (length == 4)
		return false;
	put_item(&frame, ITEM_PATH_REPORT, value, length);
	cw_seal_control(worker, current, peer->paths.list[peer->paths.best], frame.items, frame.length);
	return true;
}
