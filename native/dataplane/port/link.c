/* Receiving and sending on NICs and twins: plain recvmsg and write, one buffer a call. See link.h. */
#include "port/link.h"

#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <poll.h>
#include <rte_mbuf.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "drop.h"
#include "graph/train.h"
#include "port/pmd.h"
#include "port/vnet.h"

#define ETHER_HEADER 14
#define FULL_QUEUE_WAITS 5 /* of 1 ms each */

static bool fill_spares(struct cw_link *link, const struct cw_pools *pools)
{
	if (link->spare_small == NULL)
		link->spare_small = rte_pktmbuf_alloc(pools->small);
	if (link->spare_large == NULL)
		link->spare_large = rte_pktmbuf_alloc(pools->large);
	return link->spare_small != NULL && link->spare_large != NULL;
}

/* A VLAN tag that the kernel took off the frame, from AUXDATA: without it a tagged frame looks untagged. */
static void read_auxdata(struct msghdr *message, struct rte_mbuf *m)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c != NULL; c = CMSG_NXTHDR(message, c)) {
		if (c->cmsg_level != SOL_PACKET || c->cmsg_type != PACKET_AUXDATA)
			continue;
		struct tpacket_auxdata aux;
		memcpy(&aux, CMSG_DATA(c), sizeof(aux));
		if (aux.tp_status & TP_STATUS_VLAN_VALID) {
			m->ol_flags |= RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED;
			m->vlan_tci = aux.tp_vlan_tci;
		}
		/* A service tag (802.1ad) is none of a port's: said so by the flag of a stack of two. */
		if (aux.tp_status & TP_STATUS_VLAN_TPID_VALID && aux.tp_vlan_tpid != ETHERTYPE_VLAN)
			m->ol_flags |= RTE_MBUF_F_RX_QINQ;
	}
}

uint16_t cw_link_l2_length(const struct rte_mbuf *m)
{
	const uint8_t *frame = rte_pktmbuf_mtod(m, const uint8_t *);
	uint16_t length = ETHER_HEADER;
	for (int tags = 0; tags < 2 && m->data_len >= length + 4; tags++) {
		uint32_t type = frame[length - 2] << 8 | frame[length - 1];
		if (type != 0x8100 && type != 0x88a8)
			break;
		length += 4;
	}
	return length;
}

/*
 * One read goes into [vnet header][small buffer][rest of a large buffer]: a small frame is where it belongs
 * without a copy, and a train costs a copy of its first 2 KB.
 */
static struct rte_mbuf *receive(struct cw_link *link, bool *is_empty)
{
	struct rte_mbuf *small = link->spare_small;
	struct rte_mbuf *large = link->spare_large;
	struct cw_vnet_hdr vnet;
	struct iovec parts[3] = {
		{ &vnet, sizeof(vnet) },
		{ rte_pktmbuf_mtod(small, void *), CW_SMALL_DATA },
		{ rte_pktmbuf_mtod_offset(large, void *, CW_SMALL_DATA),
		  rte_pktmbuf_tailroom(large) - CW_SMALL_DATA },
	};
	char control[CMSG_SPACE(sizeof(struct tpacket_auxdata))];
	struct msghdr message = { .msg_iov = parts,
				  .msg_iovlen = 3,
				  .msg_control = control,
				  .msg_controllen = sizeof(control) };
	bool is_nic = link->kind == CW_LINK_NIC;
	ssize_t n = is_nic ? recvmsg(link->fd, &message, MSG_DONTWAIT) : readv(link->fd, parts, 3);

	*is_empty = n < 0 && errno == EAGAIN;
	if (n < 0 && errno == EINVAL)
		link->drops[CW_DROP_RX_OFFLOAD]++; /* a train that virtio has no word for */
	if (n <= (ssize_t)sizeof(vnet))
		return NULL;
	if (is_nic && message.msg_flags & MSG_TRUNC) {
		link->drops[CW_DROP_RX_TRUNCATED]++;
		return NULL;
	}
	uint16_t length = (uint16_t)(n - sizeof(vnet));
	struct rte_mbuf *m = length <= CW_SMALL_DATA ? small : large;
	if (m == large) {
		memcpy(rte_pktmbuf_mtod(large, void *), parts[1].iov_base, CW_SMALL_DATA);
		link->spare_large = NULL;
	} else {
		link->spare_small = NULL;
	}
	m->data_len = length;
	m->pkt_len = length;
	if (is_nic)
		read_auxdata(&message, m);
	if (!cw_vnet_to_mbuf(&vnet, m, link->kind == CW_LINK_TUN ? 0 : cw_link_l2_length(m))) {
		link->drops[CW_DROP_RX_OFFLOAD]++;
		rte_pktmbuf_free(m);
		return NULL;
	}
	return m;
}

uint16_t cw_link_rx(struct cw_link *link, const struct cw_pools *pools, struct rte_mbuf **frames,
		    uint16_t n)
{
	uint16_t count = 0;

	if (link->kind == CW_LINK_PMD)
		return cw_pmd_rx(link, frames, n);
	for (uint16_t tries = 0; tries < n; tries++) {
		/* Without a buffer the frame stays in the kernel's queue, whose overflow is counted. */
		if (!fill_spares(link, pools))
			break;
		bool is_empty;
		struct rte_mbuf *m = receive(link, &is_empty);
		if (is_empty)
			break;
		if (m == NULL)
			continue;
		link->rx_buffers++;
		link->rx_packets += cw_link_segments(m);
		link->rx_bytes += m->pkt_len;
		frames[count++] = m;
	}
	return count;
}

static int write_frame(struct cw_link *link, struct rte_mbuf *m)
{
	struct cw_vnet_hdr vnet;
	uint8_t tag[4] = { 0x81, 0x00, m->vlan_tci >> 8, m->vlan_tci & 0xff };
	uint8_t *data = rte_pktmbuf_mtod(m, uint8_t *);
	bool has_tag = (m->ol_flags & RTE_MBUF_F_TX_VLAN) != 0;

	cw_vnet_from_mbuf(m, &vnet);
	if (has_tag && vnet.flags & CW_VNET_NEEDS_CSUM)
		vnet.csum_start += sizeof(tag);
	if (has_tag && vnet.gso_type != 0)
		vnet.hdr_len += sizeof(tag);
	struct iovec tagged[4] = { { &vnet, sizeof(vnet) },
				   { data, 12 },
				   { tag, sizeof(tag) },
				   { data + 12, m->data_len - 12u } };
	struct iovec plain[2] = { { &vnet, sizeof(vnet) }, { data, m->data_len } };

	for (int waits = 0;; waits++) {
		ssize_t n = has_tag ? writev(link->tx_fd, tagged, 4) : writev(link->tx_fd, plain, 2);
		if (n >= 0)
			return 0;
		if (errno == EINTR)
			continue;
		/* ENOBUFS is a full qdisc, which poll() does not see; and a stuck NIC must not stall the others. */
		if (errno != EAGAIN || link->is_stuck || waits == FULL_QUEUE_WAITS)
			return -errno;
		struct pollfd full = { .fd = link->tx_fd, .events = POLLOUT };
		poll(&full, 1, 1);
	}
}

static enum cw_drop drop_of(int rc)
{
	switch (rc) {
	case -EAGAIN:
	case -ENOBUFS:
		return CW_DROP_TX_FULL;
	case -ENETDOWN:
	case -ENXIO:
	case -EIO:
	case -ENODEV:
		return CW_DROP_TX_DOWN;
	default:
		return CW_DROP_TX_REFUSED;
	}
}

/* Sends the segments of a UDP train one by one, where the kernel cannot cut it. */
static int write_pieces(struct cw_link *link, struct rte_mbuf *m)
{
	struct rte_mbuf *piece = link->spare_large;
	struct cw_cut cut;
	int rc = 0;

	if (piece == NULL)
		return -EOPNOTSUPP;
	piece->ol_flags = m->ol_flags & RTE_MBUF_F_TX_VLAN;
	piece->vlan_tci = m->vlan_tci;
	cw_cut_begin(&cut, m);
	while (rc == 0) {
		uint32_t length = cw_cut_next(&cut, rte_pktmbuf_mtod_offset(piece, uint8_t *, m->l2_len));
		if (length == 0)
			break;
		memcpy(rte_pktmbuf_mtod(piece, void *), rte_pktmbuf_mtod(m, void *), m->l2_len);
		piece->data_len = piece->pkt_len = m->l2_len + length;
		rc = write_frame(link, piece);
	}
	piece->ol_flags = 0;
	return rc;
}

void cw_link_tx(struct cw_link *link, struct rte_mbuf **frames, uint16_t n)
{
	for (uint16_t i = 0; i < n; i++) {
		struct rte_mbuf *m = frames[i];
		if (link->kind == CW_LINK_PMD) {
			cw_pmd_tx(link, m);
			continue;
		}
		bool is_udp_train = (m->ol_flags & RTE_MBUF_F_TX_UDP_SEG) != 0;
		uint32_t segments = cw_link_segments(m);
		int rc = is_udp_train && !link->can_send_udp_trains ? -EINVAL : write_frame(link, m);
		if (rc == -EINVAL && is_udp_train) {
			link->can_send_udp_trains = false;
			rc = write_pieces(link, m);
		}
		link->is_stuck = rc == -EAGAIN;
		if (rc == 0) {
			link->tx_buffers++;
			link->tx_packets += segments;
			link->tx_bytes += m->pkt_len;
		} else {
			link->drops[drop_of(rc)] += segments;
		}
		rte_pktmbuf_free(m);
	}
}

void cw_link_count_overflow(struct cw_link *link)
{
	struct tpacket_stats stats;
	socklen_t length = sizeof(stats);

	if (link->kind == CW_LINK_PMD)
		cw_pmd_count_overflow(link);
	if (link->kind == CW_LINK_NIC &&
	    getsockopt(link->fd, SOL_PACKET, PACKET_STATISTICS, &stats, &length) == 0)
		link->drops[CW_DROP_RX_OVERFLOW] += stats.tp_drops;
}
