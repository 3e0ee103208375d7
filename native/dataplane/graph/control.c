/*
 * Control frames: probes and what answers them live here and need no gateway process; the rest of the items goes up
 * as events. wire.md, table of items.
 */
#include <string.h>

#include "graph/graph.h"
#include "graph/seal.h"
#include "worker.h"

#define ITEM_HEADER 4
#define ITEMS_MAX 16
#define PROBE_US 1000000
#define PROBE_UNCONFIRMED_US 250000
#define SILENT_US 5000000

enum item {
	ITEM_PADDING = 0x00,
	ITEM_PROBE = 0x01,
	ITEM_PROBE_REPLY = 0x02,
	ITEM_PATH_REPORT = 0x03,
	ITEM_PATH_ADD = 0x04,
	ITEM_PATH_REMOVE = 0x05,
	ITEM_PATH_CHALLENGE = 0x06,
	ITEM_PATH_RESPONSE = 0x07,
	ITEM_MTU_PROBE = 0x08,
	ITEM_MTU_ACK = 0x09,
	ITEM_HANDSHAKE_PART = 0x0a,
	ITEM_RELAY_CLOSE = 0x0e,
};

/* Exact length of a value; ANY: checked by who reads it. */
#define ANY 0xffff
static const uint16_t value_lengths[ITEM_RELAY_CLOSE + 1] = {
	ANY, 4, 12, ANY, 8, 4, 8, 8, 8, 8, ANY, 4, 32, 40, 4,
};

struct answer {
	uint8_t items[CW_CONTROL_BYTES_MAX];
	uint32_t length;
};

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
	return type == ITEM_PATH_ADD || type == ITEM_PATH_REMOVE ||
	       (type >= ITEM_HANDSHAKE_PART && type <= ITEM_RELAY_CLOSE);
}

/* RFC 6298 §2: SRTT with a gain of 1/8. */
static void take_reply(struct cw_worker *worker, struct cw_peer *peer, const uint8_t *value)
{
	struct cw_probe *probe = &peer->probe;
	uint32_t id, held;

	memcpy(&id, value, sizeof(id));
	memcpy(&held, value + 8, sizeof(held));
	id = rte_be_to_cpu_32(id);
	uint64_t *sent_us = &probe->sent_us[id % CW_PROBES_IN_FLIGHT];
	if (probe->id - id >= CW_PROBES_IN_FLIGHT || *sent_us == 0)
		return;
	uint64_t elapsed = worker->now_us - *sent_us;
	uint64_t held_us = rte_be_to_cpu_32(held);
	uint32_t rtt = (uint32_t)(elapsed > held_us ? elapsed - held_us : 0);
	uint32_t smooth = atomic_load_explicit(&peer->rtt_us, memory_order_relaxed);
	if (smooth != CW_NONE)
		rtt = (uint32_t)(((uint64_t)smooth * 7 + rtt) / 8);
	atomic_store_explicit(&peer->rtt_us, rtt, memory_order_relaxed);
	*sent_us = 0;
	probe->unanswered_since_us = 0;
}

static void take_item(struct cw_worker *worker, struct cw_peer *peer, uint8_t type,
		      const uint8_t *value, struct answer *answer)
{
	uint8_t reply[12] = { 0 };

	switch (type) {
	case ITEM_PROBE: {
		/* In the clock of the key that seals the answer. */
		const struct cw_keypair *current =
			atomic_load_explicit(&peer->current, memory_order_relaxed);
		uint32_t time = current == NULL ? 0 : current->seal_time;
		uint32_t received = rte_cpu_to_be_32((uint32_t)worker->now_us + time);
		memcpy(reply, value, 4);
		memcpy(reply + 4, &received, sizeof(received));
		put_item(answer, ITEM_PROBE_REPLY, reply, 12);
		return;
	}
	case ITEM_PROBE_REPLY:
		take_reply(worker, peer, value);
		return;
	case ITEM_PATH_CHALLENGE:
		put_item(answer, ITEM_PATH_RESPONSE, value, 8);
		return;
	case ITEM_MTU_PROBE:
		put_item(answer, ITEM_MTU_ACK, value, 8);
		return;
	default:
		return;
	}
}

/*
 * Whether all items have room and a right length, and what is for the gateway fits an event, which is as much as a
 * gateway may send: if not, the frame is dropped whole.
 */
static bool is_well_formed(const uint8_t *items, uint32_t length)
{
	uint32_t for_gateway = 0;
	uint32_t count = 0;
	uint32_t at = 0;

	while (at + ITEM_HEADER <= length) {
		uint8_t type = items[at];
		uint16_t size = (uint16_t)(items[at + 2] << 8 | items[at + 3]);
		bool is_known = type <= ITEM_RELAY_CLOSE && value_lengths[type] != ANY;
		bool is_report = type == ITEM_PATH_REPORT;
		if (++count > ITEMS_MAX || at + ITEM_HEADER + size > length ||
		    (is_known && size != value_lengths[type]) ||
		    (is_report && (size < 28 || (size - 4) % 24 != 0)))
			return false;
		at += ITEM_HEADER + size;
		if (is_for_gateway(type))
			for_gateway += ITEM_HEADER + size;
	}
	return at == length && for_gateway <= CW_CONTROL_BYTES_MAX;
}

void cw_control(struct cw_worker *worker, struct cw_keypair *keypair, const uint8_t *items,
		uint32_t length)
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
			take_item(worker, keypair->peer, type, items + at + ITEM_HEADER, &answer);
		at += ITEM_HEADER + size;
	}
	if (up.length > 0)
		cw_event_push(worker, CW_EVENT_CONTROL, keypair->peer->name, keypair->local_index,
			      up.items, (uint16_t)up.length);
	struct cw_keypair *current =
		atomic_load_explicit(&keypair->peer->current, memory_order_relaxed);
	if (answer.length > 0 && current != NULL)
		cw_seal_control(worker, current, answer.items, answer.length);
}

static void send_probe(struct cw_worker *worker, struct cw_keypair *current)
{
	struct cw_probe *probe = &current->peer->probe;
	struct answer frame = { .length = 0 };
	uint32_t id = rte_cpu_to_be_32(++probe->id);

	put_item(&frame, ITEM_PROBE, &id, sizeof(id));
	if (cw_seal_control(worker, current, frame.items, frame.length) != 0)
		return;
	probe->sent_us[probe->id % CW_PROBES_IN_FLIGHT] = worker->now_us;
	if (probe->unanswered_since_us == 0)
		probe->unanswered_since_us = worker->now_us;
}

void cw_control_tick(struct cw_worker *worker, struct cw_peer *peer)
{
	struct cw_keypair *current = atomic_load_explicit(&peer->current, memory_order_relaxed);
	struct cw_probe *probe = &peer->probe;
	uint64_t now = worker->now_us;

	if (current == NULL) {
		probe->unanswered_since_us = 0;
		return;
	}
	if (now >= probe->next_us) {
		bool is_confirmed = atomic_load(&current->is_confirmed);
		probe->next_us = now + (is_confirmed ? PROBE_US : PROBE_UNCONFIRMED_US);
		send_probe(worker, current);
	}
	bool is_silent = probe->unanswered_since_us != 0 &&
			 now - probe->unanswered_since_us >= SILENT_US;
	if (is_silent && now - probe->silent_reported_us >= SILENT_US) {
		probe->silent_reported_us = now;
		cw_event_push(worker, CW_EVENT_SILENT, peer->name, current->local_index, NULL, 0);
	}
}
