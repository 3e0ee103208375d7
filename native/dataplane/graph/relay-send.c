/* Sending by a relay, and as one: what is sealed already is sealed once more for it. See relay.h. */
#include <errno.h>
#include <string.h>

#include "graph/outer.h"
#include "graph/path.h"
#include "graph/relay-path.h"
#include "graph/relay.h"
#include "graph/seal.h"
#include "table/session.h"
#include "worker.h"

#define OUTER_IP6_MORE (CW_OUTER_IP6_UDP - CW_OUTER_IP4_UDP) /* before CW_OUTER_ROOM */

bool cw_relay_seal(struct cw_worker *worker, struct cw_keypair *keypair, const struct cw_path *by, uint8_t class,
		   uint32_t channel, uint8_t *slot, uint32_t length)
{
	uint32_t aad = CW_RELAY_HEADER + length;
	uint8_t nonce[12];

	if (keypair->sealed >= CW_KEYPAIR_PACKETS_MAX) {
		memset(slot, 0, aad + CW_TAG);
		cw_count_drop(worker, CW_DROP_KEY_EXHAUSTED);
		return false;
	}
	uint32_t counter = ++*cw_tx_counter(&keypair->relay_tx, by->number, &class, keypair->peer->numbers_given);
	uint16_t lane = (uint16_t)(by->number << 8 | class << CW_CLASS_SHIFT);
	uint32_t words[3] = { rte_cpu_to_be_32(keypair->remote_index), rte_cpu_to_be_32(channel), rte_cpu_to_be_32(counter) };
	keypair->sealed++;
	slot[0] = CW_TYPE_RELAYED;
	slot[1] = 0;
	slot[2] = lane >> 8;
	slot[3] = lane & 0xff;
	memcpy(slot + 4, words, sizeof(words));
	cw_seal_nonce(nonce, keypair->seal_iv, CW_TYPE_RELAYED, lane, counter);
	if (cw_aead_seal(worker->aead, &keypair->seal_key, nonce, slot, aad, slot + aad, 0) == 0)
		return true;
	memset(slot, 0, aad + CW_TAG);
	cw_count_drop(worker, CW_DROP_SEAL);
	return false;
}

/* Of a datagram that is relayed: that of its own lane, if it has one. */
static uint8_t class_of(const uint8_t *datagram)
{
	return datagram[0] == CW_TYPE_DATA || datagram[0] == CW_TYPE_CONTROL ? datagram[3] >> CW_CLASS_SHIFT : CW_LANE_CONTROL;
}

/* By which way, for whom, and under which number. */
struct relaying {
	struct cw_keypair *keypair;
	struct cw_path *by;
	uint32_t channel;
	const struct cw_outer_load *load;
};

/* Its own buffer, if there is room on both sides of the datagram. */
static bool wrap_in_place(struct cw_worker *worker, const struct relaying *relaying, struct rte_mbuf *m)
{
	uint32_t length = relaying->load->bytes;

	if (relaying->load->count != 1 || rte_mbuf_refcnt_read(m) != 1 || m->data_off < CW_RELAY_HEADER + OUTER_IP6_MORE ||
	    m->data_off + CW_OUTER_ROOM + length + CW_TAG > m->buf_len)
		return false;
	m->data_off -= CW_RELAY_HEADER;
	uint8_t *slot = rte_pktmbuf_mtod_offset(m, uint8_t *, CW_OUTER_ROOM);
	const struct cw_outer_load load = { .datagram = length + CW_RELAY_OVERHEAD,
					    .bytes = length + CW_RELAY_OVERHEAD,
					    .count = 1,
					    .tos = relaying->load->tos };
	if (cw_relay_seal(worker, relaying->keypair, relaying->by, class_of(slot + CW_RELAY_HEADER), relaying->channel, slot,
			  length))
		cw_outer_send(worker, relaying->by, &load, m);
	else
		rte_pktmbuf_free(m);
	return true;
}

/* How many of `left` datagrams go into one buffer, once each is larger. */
static uint32_t share(const struct relaying *relaying, const struct cw_worker *worker, uint32_t left)
{
	const struct cw_port *uplink = cw_outer_departure(worker, relaying->by)->uplink;
	uint32_t most = CW_TRAIN_BYTES_MAX / (relaying->load->datagram + CW_RELAY_OVERHEAD);

	if (uplink == NULL || !uplink->nic->link.can_send_udp_trains)
		return 1;
	return RTE_MIN(left, most);
}

/* Some datagrams from `at` on in a buffer of their own; bytes of them that were read. */
static uint32_t wrap_some(struct cw_worker *worker, const struct relaying *relaying, const uint8_t *at, uint32_t bytes)
{
	uint32_t step = relaying->load->datagram, count = share(relaying, worker, (bytes + step - 1) / step), done = 0;
	bool is_small = count == 1 && CW_OUTER_ROOM + step + CW_RELAY_OVERHEAD <= CW_SMALL_DATA;
	struct rte_mbuf *m = rte_pktmbuf_alloc(is_small ? worker->engine->pools.small : worker->engine->pools.large);
	struct cw_outer_load load = { .datagram = step + CW_RELAY_OVERHEAD, .tos = relaying->load->tos };

	for (uint32_t i = 0; i < count; i++) {
		uint32_t length = RTE_MIN(step, bytes - done);
		if (m == NULL) {
			cw_count_drop(worker, CW_DROP_NO_BUFFER);
			done += length;
			continue;
		}
		uint8_t *slot = rte_pktmbuf_mtod_offset(m, uint8_t *, CW_OUTER_ROOM + load.bytes);
		memcpy(slot + CW_RELAY_HEADER, at + done, length);
		done += length;
		if (!cw_relay_seal(worker, relaying->keypair, relaying->by, class_of(slot + CW_RELAY_HEADER), relaying->channel,
				   slot, length))
			continue;
		load.bytes += length + CW_RELAY_OVERHEAD;
		load.count++;
	}
	if (load.count > 0)
		cw_outer_send(worker, relaying->by, &load, m);
	else
		rte_pktmbuf_free(m);
	return done;
}

void cw_relay_send(struct cw_worker *worker, struct cw_path *path, const struct cw_outer_load *load, struct rte_mbuf *m)
{
	struct cw_peer *relay = cw_outer_departure(worker, path)->relay;
	struct relaying relaying = { .channel = cw_relay_channel(path->way.remote), .load = load };
	enum cw_drop reason = CW_DROP_RELAY_PEER;

	if (relay != NULL && cw_relay_path_is_usable(worker, path)) {
		relaying.by = cw_relay_by(worker, relay, &path->relay_slot, path->flow_label);
		relaying.keypair = atomic_load_explicit(&relay->current, memory_order_relaxed);
	}
	if (relaying.by != NULL && load->datagram + CW_RELAY_OVERHEAD > cw_relay_payload(worker, relaying.by)) {
		relaying.by = NULL;
		reason = CW_DROP_RELAY_SIZE;
	}
	if (relaying.by == NULL) {
		worker->drops[reason] += load->count;
		rte_pktmbuf_free(m);
		return;
	}
	/* What is in one buffer is of one kind: it has one TOS. */
	if (class_of(rte_pktmbuf_mtod_offset(m, const uint8_t *, CW_OUTER_ROOM)) != CW_LANE_CONTROL)
		cw_seal_note_data(worker, relay, relaying.by);
	if (wrap_in_place(worker, &relaying, m))
		return;
	const uint8_t *at = rte_pktmbuf_mtod_offset(m, const uint8_t *, CW_OUTER_ROOM);
	for (uint32_t done = 0; done < load->bytes;)
		done += wrap_some(worker, &relaying, at + done, load->bytes - done);
	rte_pktmbuf_free(m);
}

int cw_relay_tell(struct cw_worker *worker, struct cw_peer *relay, uint32_t channel, const uint8_t *datagram, uint32_t length)
{
	uint8_t pinned = CW_PATH_NONE;
	struct cw_path *by = cw_relay_by(worker, relay, &pinned, 0);

	if (by == NULL)
		return -ENOTCONN;
	uint8_t *slot = cw_out_slot(worker, by, CW_TOS_CONTROL, length + CW_RELAY_OVERHEAD, false);
	if (slot == NULL)
		return -ENOBUFS;
	memcpy(slot + CW_RELAY_HEADER, datagram, length);
	struct cw_keypair *current = atomic_load_explicit(&relay->current, memory_order_relaxed);
	return cw_relay_seal(worker, current, by, class_of(datagram), channel, slot, length) ? 0 : -EIO;
}
