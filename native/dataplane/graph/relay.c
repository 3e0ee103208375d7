/* Receiving what is relayed: as a relay it goes on, as an end it is opened. See relay.h. */
#include "graph/relay.h"

#include <string.h>

#include "graph/authentic.h"
#include "graph/graph.h"
#include "graph/handshake.h"
#include "graph/ip4.h"
#include "graph/outer.h"
#include "graph/overlay.h"
#include "graph/path.h"
#include "graph/qos.h"
#include "graph/relay-path.h"
#include "graph/seal.h"
#include "table/session.h"
#include "worker.h"

#define RELAYED_PER_SECOND 200
#define RELAYED_BURST 64

/* What is in one that is authentic. */
struct relayed {
	struct cw_keypair *keypair; /* of who sent it */
	uint32_t channel;
	uint8_t *slot; /* its header; the datagram is CW_RELAY_HEADER behind */
	uint32_t length; /* of the datagram */
	uint8_t class; /* of its lane; of what says that it is control and is data, normal */
	uint8_t ecn;
};

/* Its text is empty: all but the tag is in clear. False: dropped and counted. */
static bool authenticate_relayed(struct cw_worker *worker, uint8_t *d, uint32_t length, struct relayed *out)
{
	struct cw_sealed sealed = { .bytes = d, .length = length, .covered = length - CW_TAG };

	if (length <= CW_RELAY_OVERHEAD || d[1] != 0) {
		cw_count_drop(worker, CW_DROP_SEALED_LENGTH);
		return false;
	}
	struct cw_keypair *keypair = cw_authenticate(worker, CW_TYPE_RELAYED, &sealed);
	*out = (struct relayed){ .keypair = keypair,
				 .channel = rte_be_to_cpu_32(sealed.words[1]),
				 .slot = d,
				 .length = length - CW_RELAY_OVERHEAD,
				 .class = d[3] >> CW_CLASS_SHIFT };
	if (out->class == CW_LANE_CONTROL && d[CW_RELAY_HEADER] == CW_TYPE_DATA)
		out->class = CW_LANE_NORMAL;
	return keypair != NULL;
}

/* Counted, and noted as of who sent it. */
static void lose(struct cw_worker *worker, const struct relayed *relayed, enum cw_drop reason)
{
	cw_count_drop(worker, reason);
	cw_note(worker, reason, 0, relayed->keypair->peer, NULL, 0);
}

/* Its sender lives; what it has of data is so for the paths to it. */
static void note_sender(struct cw_worker *worker, const struct relayed *relayed)
{
	struct cw_keypair *keypair = relayed->keypair;
	struct cw_peer *peer = keypair->peer;

	peer->heard_us = worker->now_us;
	if (!atomic_load_explicit(&keypair->is_confirmed, memory_order_relaxed)) {
		cw_overlay_note_arrival(worker);
		cw_keypair_confirm(worker, keypair);
	}
	if (relayed->class != CW_LANE_CONTROL && !peer->paths.is_awake) {
		cw_paths_wake(&peer->paths, worker->now_us);
		cw_path_due(worker, peer);
	}
}

bool cw_relay_has_room(const struct rte_mbuf *m, const uint8_t *slot)
{
	return rte_mbuf_refcnt_read(m) == 1 && slot >= (const uint8_t *)m->buf_addr + sizeof(struct cw_ether) + CW_OUTER_IP6_UDP;
}

/* The buffer in which it lies alone becomes the one that leaves. False: it does not, and nothing has happened. */
static bool reuse_buffer(struct cw_worker *worker, struct cw_path *by, uint8_t tos, const struct cw_relay_onward *onward, struct rte_mbuf *m)
{
	uint32_t size = onward->length + CW_RELAY_OVERHEAD;

	if (m == NULL || !cw_relay_has_room(m, onward->slot) || cw_out_can_join(&worker->out, by, tos, size))
		return false;
	cw_seal_flush(worker);
	m->data_off = (uint16_t)(onward->slot - (const uint8_t *)m->buf_addr - CW_OUTER_ROOM);
	m->ol_flags = 0;
	m->packet_type = 0;
	m->tx_offload = 0;
	cw_out_begin(worker, by, tos, size, m);
	return true;
}

/* Of a kind that is relayed, and as large as those of it are. */
static bool may_cross(const uint8_t *datagram, uint32_t length)
{
	uint8_t kind = datagram[0];

	if (kind < CW_TYPE_DATA || kind >= CW_TYPE_RELAYED)
		return false;
	if (kind >= CW_TYPE_HANDSHAKE)
		return length == cw_handshake_size(kind);
	return length >= (kind == CW_TYPE_CONTROL ? CW_CONTROL_LEAST : CW_SEALED_OVERHEAD);
}

static void note_limited(const struct relayed *relayed, struct cw_channel_side *from)
{
	struct cw_peer *sender = relayed->keypair->peer;

	sender->limited_packets++;
	sender->limited_bytes += relayed->length;
	from->came.limited_packets++;
	from->came.limited_bytes += relayed->length;
}

void cw_relay_lose(struct cw_worker *worker, struct cw_channel_side *to, enum cw_drop reason)
{
	cw_count_drop(worker, reason);
	cw_note(worker, reason, 0, cw_channel_other(&worker->channels, to)->peer, NULL, 0);
}

struct cw_path *cw_relay_way_on(struct cw_worker *worker, struct cw_channel_side *to, const struct cw_relay_onward *onward)
{
	struct cw_path *by = cw_relay_by(worker, to->peer, &to->slot, to->number);

	if (by == NULL || (cw_relay_is_data(onward) && !cw_relay_may_take(worker, by))) {
		cw_relay_lose(worker, to, CW_DROP_RELAY_PEER);
		return NULL;
	}
	if (onward->length + CW_RELAY_OVERHEAD > cw_relay_payload(worker, by)) {
		cw_relay_lose(worker, to, CW_DROP_RELAY_SIZE);
		return NULL;
	}
	return by;
}

bool cw_relay_send_on(struct cw_worker *worker, struct cw_channel_side *to, struct cw_path *by, const struct cw_relay_onward *onward,
		      struct rte_mbuf *m)
{
	struct cw_channel_side *from = cw_channel_other(&worker->channels, to);
	uint8_t tos = cw_relay_is_data(onward) ? cw_marks_outer(worker, by, onward->ecn, cw_class_of_lane(onward->class)) :
						 onward->ecn | CW_TOS_CONTROL;
	bool is_own = reuse_buffer(worker, by, tos, onward, m);
	uint8_t *slot = is_own ? onward->slot : cw_out_slot(worker, by, tos, onward->length + CW_RELAY_OVERHEAD, false);

	if (slot == NULL) {
		cw_relay_lose(worker, to, CW_DROP_NO_BUFFER);
		return true;
	}
	if (!is_own)
		memcpy(slot + CW_RELAY_HEADER, onward->slot + CW_RELAY_HEADER, onward->length);
	if (cw_relay_is_data(onward))
		cw_seal_note_data(worker, to->peer, by);
	struct cw_keypair *current = atomic_load_explicit(&to->peer->current, memory_order_relaxed);
	if (!cw_relay_seal(worker, current, by, onward->class, to->number, slot, onward->length))
		return !is_own;
	from->peer->relayed_packets++;
	from->peer->relayed_bytes += onward->length;
	from->came.packets++;
	from->came.bytes += onward->length;
	return !is_own;
}

static void forward(struct cw_worker *worker, const struct relayed *relayed, struct cw_channel_side *from)
{
	struct cw_channel_side *to = cw_channel_other(&worker->channels, from);
	const struct cw_relay_onward onward = { relayed->slot, relayed->length, relayed->class, relayed->ecn };

	if (!may_cross(relayed->slot + CW_RELAY_HEADER, relayed->length)) {
		lose(worker, relayed, CW_DROP_RELAY_TYPE);
		return;
	}
	struct cw_path *by = cw_relay_way_on(worker, to, &onward);
	if (by == NULL)
		return;
	/* What it costs there, with all headers. */
	uint32_t headers = cw_outer_departure(worker, by)->length - (uint32_t)sizeof(struct cw_ether);
	if (!cw_channel_take(&worker->channels, from, relayed->length + CW_RELAY_OVERHEAD + headers, worker->now_us)) {
		note_limited(relayed, from);
		lose(worker, relayed, CW_DROP_RELAY_RATE);
		return;
	}
	bool is_taken = cw_qos_wait_relayed(worker, to, by, &onward, &worker->whole);
	if (!is_taken && !cw_relay_send_on(worker, to, by, &onward, worker->whole))
		worker->whole = NULL;
}

/* A session of this box, and with another than the relay. */
static bool is_ours(const struct cw_worker *worker, const struct relayed *relayed)
{
	uint32_t index;

	memcpy(&index, relayed->slot + CW_RELAY_HEADER + 4, sizeof(index));
	const struct cw_keypair *keypair = cw_keypair_find(worker->index, rte_be_to_cpu_32(index));
	return keypair != NULL && keypair->peer != relayed->keypair->peer;
}

static void tell_handshake(struct cw_worker *worker, const struct relayed *relayed)
{
	struct cw_relayed head = { .channel = relayed->channel };
	uint8_t event[sizeof(head) + CW_RELAY_BYTES_MAX];
	const uint8_t *datagram = relayed->slot + CW_RELAY_HEADER;

	if (!cw_handshake_is_due_relayed(worker, relayed->keypair->peer, relayed->channel, datagram, relayed->length))
		return;
	/* They come through the ring that all events share, not by a socket. */
	if (!cw_bucket_take(&worker->relayed_bucket, worker->now_us, RELAYED_PER_SECOND, RELAYED_BURST)) {
		cw_count_drop(worker, CW_DROP_HANDSHAKE_RATE);
		return;
	}
	memcpy(event, &head, sizeof(head));
	memcpy(event + sizeof(head), datagram, relayed->length);
	cw_event_push(worker, CW_EVENT_RELAYED, relayed->keypair->peer->name, 0, event,
		      (uint16_t)(sizeof(head) + relayed->length));
}

/* This box is the end: what is inside came by the relayed way. */
static void open_here(struct cw_worker *worker, const struct relayed *relayed)
{
	const struct rte_mbuf *arrived = worker->arrived;
	uint8_t *datagram = relayed->slot + CW_RELAY_HEADER;

	if (datagram[0] >= 0xD4 && datagram[0] <= 0xD7) {
		tell_handshake(worker, relayed);
		return;
	}
	if (datagram[0] != CW_TYPE_DATA && datagram[0] != CW_TYPE_CONTROL) {
		lose(worker, relayed, CW_DROP_RELAY_TYPE);
		return;
	}
	if (relayed->length < CW_SEALED_HEADER || !is_ours(worker, relayed)) {
		lose(worker, relayed, CW_DROP_RELAY_CHANNEL);
		return;
	}
	worker->arrived = NULL;
	worker->arrival = cw_relay_way(relayed->keypair->peer, relayed->channel);
	worker->is_arrival_over = !cw_keypair_is_of_session(relayed->keypair);
	cw_open(worker, datagram, relayed->length, relayed->ecn);
	worker->arrived = arrived;
}

void cw_relay(struct cw_worker *worker, uint8_t *datagram, uint32_t length, uint8_t outer_tos)
{
	struct relayed relayed;

	if (!authenticate_relayed(worker, datagram, length, &relayed))
		return;
	relayed.ecn = outer_tos & CW_ECN_MASK;
	note_sender(worker, &relayed);
	struct cw_peer *peer = relayed.keypair->peer;
	struct cw_channel_side *side = cw_channel_find(&worker->channels, &peer->channels, relayed.channel);
	if (side != NULL)
		forward(worker, &relayed, side);
	else
		open_here(worker, &relayed);
}
