/*
 * What a hub relays waits for its uplink too, as it came: it is sealed for the other end when it leaves, so that the counters of a
 * lane leave in order, whatever overtakes what. Its stream is that of the peer who gets it and of the class that its lane says,
 * one flow for each direction of a channel; who sent it hears of a full link by a mark that the far end finds outside (RFC 6040).
 * See qos.h, relay.h.
 */
#include <string.h>

#include "graph/graph.h"
#include "graph/l3.h"
#include "graph/outer.h"
#include "graph/qos-parts.h"
#include "graph/relay.h"
#include "mix.h"
#include "table/session.h"

/* Bytes, of a channel's direction: probes, reports, handshakes are fewer. What is more waits with calls. */
#define CONTROL_RATE 8192u

/* The buffer in which it came alone, if it can wait in that, or a copy; NULL: there is none. */
static struct rte_mbuf *buffer_to_wait_in(struct cw_worker *worker, const struct cw_relay_onward *onward, struct rte_mbuf **whole)
{
	const struct cw_pools *pools = &worker->engine->pools;
	uint32_t size = onward->length + CW_RELAY_OVERHEAD;
	struct rte_mbuf *m = *whole;

	if (m != NULL && cw_relay_has_room(m, onward->slot) && cw_queue_place_of(m) != NULL) {
		*whole = NULL;
		m->data_off = (uint16_t)(onward->slot - (const uint8_t *)m->buf_addr);
	} else {
		m = rte_pktmbuf_alloc(size <= CW_SMALL_DATA ? pools->small : pools->large);
		if (m == NULL)
			return NULL;
		memcpy(rte_pktmbuf_mtod_offset(m, uint8_t *, CW_RELAY_HEADER), onward->slot + CW_RELAY_HEADER, onward->length);
	}
	m->data_len = m->pkt_len = (uint16_t)(CW_RELAY_HEADER + onward->length);
	return m;
}

static uint32_t bytes_of(const struct cw_worker *worker, struct cw_path *by, const struct cw_relay_onward *onward)
{
	return cw_outer_departure(worker, by)->length + CW_RELAY_OVERHEAD + onward->length;
}

/* Takes `m`, in which it came or was copied. */
static void wait_in(struct cw_worker *worker, struct cw_uplink_qos *uplink, struct cw_channel_side *to, struct cw_path *by,
		    const struct cw_relay_onward *onward, struct rte_mbuf *m)
{
	struct cw_queued *queued = cw_queue_place_of(m);
	uint32_t bytes = bytes_of(worker, by, onward);

	queued->item = (struct cw_qos_item){ .piece = bytes, .last = bytes, .pieces = 1, .is_ect = onward->ecn != 0 };
	queued->m = m;
	queued->vni = 0;
	queued->peer = (uint16_t)to->peer->place;
	queued->path = CW_QOS_RELAYED;
	queued->is_train = false;
	queued->relayed.channel = to->number;
	queued->relayed.lane_class = onward->class;
	queued->relayed.ecn = onward->ecn;
	uint32_t hash = (uint32_t)cw_mix64(to->number);
	if (cw_qos_queue(worker, uplink, by, cw_qos_gate_bps(to->peer, by, by), cw_class_of_lane(onward->class), hash, queued))
		return;
	cw_relay_lose(worker, to, CW_DROP_NO_BUFFER);
	rte_pktmbuf_free(m);
}

bool cw_qos_wait_relayed(struct cw_worker *worker, struct cw_channel_side *to, struct cw_path *by, const struct cw_relay_onward *onward,
			 struct rte_mbuf **whole)
{
	struct cw_channel_side *from = cw_channel_other(&worker->channels, to);
	struct cw_uplink_qos *uplink = cw_qos_uplink_of(worker, by);

	if (uplink == NULL || !cw_qos_is_for(uplink, to->peer))
		return false;
	if (!cw_relay_is_data(onward) &&
	    cw_bucket_take_some(&from->control, worker->now_us, CONTROL_RATE, CW_QOS_PASSING_BURST, bytes_of(worker, by, onward)))
		return false;
	struct rte_mbuf *m = buffer_to_wait_in(worker, onward, whole);
	if (m == NULL)
		cw_relay_lose(worker, to, CW_DROP_NO_BUFFER);
	else
		wait_in(worker, uplink, to, by, onward, m);
	return true;
}

/* NULL: its channel has ended meanwhile. */
static struct cw_channel_side *end_of_queued(const struct cw_worker *worker, const struct cw_queued *queued)
{
	return cw_channel_find(&worker->channels, &worker->peers[queued->peer]->channels, queued->relayed.channel);
}

void cw_qos_note_relayed(struct cw_worker *worker, const struct cw_queued *queued, enum cw_drop reason)
{
	struct cw_channel_side *to = end_of_queued(worker, queued);

	if (to != NULL)
		cw_note(worker, reason, 0, cw_channel_other(&worker->channels, to)->peer, NULL, 0);
}

bool cw_qos_send_relayed(struct cw_worker *worker, const struct cw_uplink_qos *uplink, struct cw_queued *queued, bool is_marked)
{
	struct cw_channel_side *to = end_of_queued(worker, queued);
	const struct cw_relay_onward onward = { .slot = rte_pktmbuf_mtod(queued->m, uint8_t *),
						.length = queued->m->data_len - CW_RELAY_HEADER,
						.class = queued->relayed.lane_class,
						.ecn = is_marked ? CW_ECN_CE : queued->relayed.ecn };

	if (to == NULL) {
		cw_count_drop(worker, CW_DROP_RELAY_CHANNEL);
		return true;
	}
	struct cw_path *by = cw_relay_way_on(worker, to, &onward);
	if (by == NULL)
		return true;
	/* By another uplink than it waited for: it waits for that one as well. */
	struct cw_uplink_qos *now = cw_qos_uplink_of(worker, by);
	if (now == NULL || now == uplink || !cw_qos_is_for(now, to->peer))
		return cw_relay_send_on(worker, to, by, &onward, queued->m);
	wait_in(worker, now, to, by, &onward, queued->m);
	return false;
}
