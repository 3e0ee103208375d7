/* Receiving and sending on a device of DPDK's. See pmd.h. */
#include "port/pmd.h"

#include <errno.h>
#include <rte_ethdev.h>
#include <string.h>

#include "drop.h"
#include "graph/csum.h"
#include "graph/l3.h"
#include "graph/train.h"
#include "port/gro.h"

#define ETHER_HEADER 14
#define TAG_BYTES 4
#define BATCH 32
#define FULL_QUEUE_PAUSES 2000 /* some 100 µs: a device empties its queue in less, or is stuck */

/* All segments in one buffer of ours; NULL: counted. Takes `m`. */
static struct rte_mbuf *make_linear(struct cw_link *link, struct rte_mbuf *m)
{
	struct rte_mbuf *whole = rte_pktmbuf_alloc(
		m->pkt_len <= CW_SMALL_DATA ? link->pools->small : link->pools->large);

	if (whole == NULL || m->pkt_len > rte_pktmbuf_tailroom(whole)) {
		link->drops[whole == NULL ? CW_DROP_NO_BUFFER : CW_DROP_RX_TRUNCATED]++;
		rte_pktmbuf_free(whole);
		rte_pktmbuf_free(m);
		return NULL;
	}
	const void *at = rte_pktmbuf_read(m, 0, m->pkt_len, rte_pktmbuf_mtod(whole, void *));
	if (at != rte_pktmbuf_mtod(whole, void *))
		memcpy(rte_pktmbuf_mtod(whole, void *), at, m->pkt_len);
	whole->data_len = (uint16_t)m->pkt_len;
	whole->pkt_len = m->pkt_len;
	whole->ol_flags = m->ol_flags;
	whole->vlan_tci = m->vlan_tci;
	rte_pktmbuf_free(m);
	return whole;
}

/*
 * Of what the device says of the frame only a tag that it took off counts. Checksums are looked at by whoever needs
 * them: devices differ in what they call good.
 */
static struct rte_mbuf *adopt(struct cw_link *link, struct rte_mbuf *m)
{
	if (m->nb_segs > 1 || link->own_pool != NULL)
		m = make_linear(link, m);
	if (m == NULL)
		return NULL;
	if (m->data_len < ETHER_HEADER) {
		link->drops[CW_DROP_RX_MALFORMED]++;
		rte_pktmbuf_free(m);
		return NULL;
	}
	m->ol_flags &= RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED;
	m->packet_type = 0;
	m->tx_offload = 0;
	m->l2_len = cw_link_l2_length(m);
	return m;
}

uint16_t cw_pmd_rx(struct cw_link *link, struct rte_mbuf **frames, uint16_t n)
{
	struct rte_mbuf *burst[BATCH];
	uint16_t count = 0;

	/* Each queue gets its turn to be first, so that a full one cannot starve the others. */
	for (uint16_t i = 0; i < link->queues && count < n; i++) {
		uint16_t queue = (uint16_t)(link->next_queue + i) % link->queues;
		uint16_t room = n - count < BATCH ? n - count : BATCH;
		uint16_t got = rte_eth_rx_burst(link->device, queue, burst, room);
		for (uint16_t k = 0; k < got; k++) {
			struct rte_mbuf *m = adopt(link, burst[k]);
			if (m == NULL)
				continue;
			link->rx_packets++;
			link->rx_bytes += m->pkt_len;
			frames[count++] = m;
		}
	}
	link->next_queue = (uint16_t)(link->next_queue + 1) % link->queues;
	if (count > 1)
		count = cw_gro(link->pools, frames, count);
	link->rx_buffers += count;
	return count;
}

static void refuse(struct cw_link *link, struct rte_mbuf *m, enum cw_drop reason)
{
	link->drops[reason] += cw_link_segments(m);
	rte_pktmbuf_free(m);
}

/* Hands over all, or counts what the device does not take. */
static void send_batch(struct cw_link *link, struct rte_mbuf **batch, uint16_t n)
{
	uint32_t bytes[BATCH] = { 0 };
	uint16_t sent = 0;

	for (uint16_t i = 0; i < n; i++)
		bytes[i] = batch[i]->pkt_len;
	for (uint32_t pauses = 0; sent < n;) {
		uint16_t took = rte_eth_tx_burst(link->device, 0, batch + sent, n - sent);
		sent += took;
		if (took == 0 && (link->is_stuck || pauses++ == FULL_QUEUE_PAUSES))
			break;
		if (took == 0)
			rte_pause();
	}
	link->is_stuck = sent < n;
	for (uint16_t i = 0; i < sent; i++)
		link->tx_bytes += bytes[i];
	link->tx_packets += sent;
	link->tx_buffers += sent;
	if (sent == n)
		return;
	bool is_down = atomic_load_explicit(&link->is_down, memory_order_relaxed);
	while (sent < n)
		refuse(link, batch[sent++], is_down ? CW_DROP_TX_DOWN : CW_DROP_TX_FULL);
}

/* A buffer of its own for `length` bytes: NULL, and counted, when there is none. */
static struct rte_mbuf *new_frame(struct cw_link *link, uint32_t length)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(length <= CW_SMALL_DATA ? link->pools->small :
									 link->pools->large);

	if (m == NULL) {
		link->drops[CW_DROP_NO_BUFFER]++;
		return NULL;
	}
	m->data_len = (uint16_t)length;
	m->pkt_len = length;
	return m;
}

/* Ethernet of `m`, the port's tag in it; bytes. */
static uint32_t put_l2(const struct rte_mbuf *m, uint8_t *to)
{
	const uint8_t *from = rte_pktmbuf_mtod(m, const uint8_t *);

	if (!(m->ol_flags & RTE_MBUF_F_TX_VLAN)) {
		memcpy(to, from, m->l2_len);
		return m->l2_len;
	}
	memcpy(to, from, 12);
	memcpy(to + 12, (const uint8_t[]){ 0x81, 0, m->vlan_tci >> 8, m->vlan_tci & 0xff }, TAG_BYTES);
	memcpy(to + 12 + TAG_BYTES, from + 12, m->l2_len - 12u);
	return m->l2_len + TAG_BYTES;
}

/* Whether the train's header is the packet's own, so that its pieces can be made. */
static bool can_cut(const struct rte_mbuf *m, const struct cw_cut *cut)
{
	uint8_t protocol = m->ol_flags & RTE_MBUF_F_TX_UDP_SEG ? IPPROTO_UDP : IPPROTO_TCP;
	bool is_whole = cw_l3_is_ip6(cut->l3) ? m->l3_len >= sizeof(struct cw_ip6) :
						cw_ip4_header_len(cw_ip4(cut->l3)) == m->l3_len;

	return is_whole && cut->protocol == protocol && cut->segment > 0 &&
	       cut->headers_len < cut->end;
}

static void send_train(struct cw_link *link, struct rte_mbuf *m)
{
	struct rte_mbuf *batch[BATCH];
	struct cw_cut cut;
	uint16_t n = 0;

	cw_cut_begin(&cut, m);
	if (!can_cut(m, &cut) || cw_cut_size(&cut) > link->mtu) {
		refuse(link, m, CW_DROP_TX_REFUSED);
		return;
	}
	uint32_t l2 = m->l2_len + (m->ol_flags & RTE_MBUF_F_TX_VLAN ? TAG_BYTES : 0);
	for (uint32_t length; (length = cw_cut_peek(&cut)) > 0;) {
		struct rte_mbuf *piece = new_frame(link, l2 + length);
		if (piece == NULL) {
			/* Each segment that is lost was counted; the next may find a buffer that was sent by now. */
			cut.offset += length - cut.headers_len;
			cut.index++;
			continue;
		}
		uint8_t *to = rte_pktmbuf_mtod(piece, uint8_t *);
		cw_cut_next(&cut, to + put_l2(m, to));
		batch[n++] = piece;
		if (n == BATCH) {
			send_batch(link, batch, n);
			n = 0;
		}
	}
	if (n > 0)
		send_batch(link, batch, n);
	rte_pktmbuf_free(m);
}

/* Checksums that the device finishes, of a packet's own L4 header; all others are finished here. */
static uint64_t offload_of(const struct cw_link *link, struct rte_mbuf *m)
{
	uint64_t l4 = m->ol_flags & RTE_MBUF_F_TX_L4_MASK;
	const uint8_t *l3 = rte_pktmbuf_mtod_offset(m, const uint8_t *, m->l2_len);

	if (l4 != RTE_MBUF_F_TX_TCP_CKSUM && l4 != RTE_MBUF_F_TX_UDP_CKSUM)
		return 0;
	if (link->can_finish_checksums && l3[0] >> 4 == 4 &&
	    cw_ip4_header_len(cw_ip4(l3)) == m->l3_len)
		return l4 | RTE_MBUF_F_TX_IPV4;
	if (link->can_finish_checksums && l3[0] >> 4 == 6 && m->l3_len == sizeof(struct cw_ip6))
		return l4 | RTE_MBUF_F_TX_IPV6;
	cw_csum_finish(rte_pktmbuf_mtod(m, uint8_t *), m->l2_len + m->l3_len, m->data_len,
		       l4 == RTE_MBUF_F_TX_TCP_CKSUM);
	return 0;
}

static void send_one(struct cw_link *link, struct rte_mbuf *m)
{
	uint64_t offload = offload_of(link, m);
	uint32_t length = m->pkt_len + (m->ol_flags & RTE_MBUF_F_TX_VLAN ? TAG_BYTES : 0);

	if (m->pkt_len > (uint32_t)m->l2_len + link->mtu) {
		refuse(link, m, CW_DROP_TX_REFUSED);
		return;
	}
	/* The device keeps a buffer until it has sent it: the few large ones must not wait there for small frames. */
	if (m->ol_flags & RTE_MBUF_F_TX_VLAN || (m->pool == link->pools->large && length <= CW_SMALL_DATA)) {
		struct rte_mbuf *copy = new_frame(link, length);
		if (copy != NULL) {
			uint8_t *to = rte_pktmbuf_mtod(copy, uint8_t *);
			uint32_t l2 = put_l2(m, to);
			memcpy(to + l2, rte_pktmbuf_mtod_offset(m, const void *, m->l2_len),
			       m->pkt_len - m->l2_len);
			copy->tx_offload = m->tx_offload;
			copy->l2_len = l2 & 0x7f;
		}
		rte_pktmbuf_free(m);
		m = copy;
	}
	if (m == NULL)
		return;
	m->ol_flags = offload;
	send_batch(link, &m, 1);
}

void cw_pmd_tx(struct cw_link *link, struct rte_mbuf *m)
{
	if (m->ol_flags & (RTE_MBUF_F_TX_TCP_SEG | RTE_MBUF_F_TX_UDP_SEG))
		send_train(link, m);
	else
		send_one(link, m);
}

void cw_pmd_count_overflow(struct cw_link *link)
{
	struct rte_eth_stats stats;

	if (rte_eth_stats_get(link->device, &stats) != 0)
		return;
	link->drops[CW_DROP_RX_OVERFLOW] += stats.imissed - link->missed;
	link->drops[CW_DROP_NO_BUFFER] += stats.rx_nombuf - link->no_buffer;
	link->missed = stats.imissed;
	link->no_buffer = stats.rx_nombuf;
}
