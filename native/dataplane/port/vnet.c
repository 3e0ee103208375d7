/* See vnet.h. */
#include "port/vnet.h"

#include <rte_mbuf.h>
#include <string.h>

#define CSUM_OFFSET_TCP 16
#define CSUM_OFFSET_UDP 6
#define TCP_CWR 0x80

static_assert(sizeof(struct cw_vnet_hdr) == 10, "virtio_net_hdr");

static bool read_checksum(const struct cw_vnet_hdr *vnet, struct rte_mbuf *m, uint16_t l2_len)
{
	if (vnet->csum_start < l2_len || vnet->csum_start - l2_len > 511 ||
	    vnet->csum_start + vnet->csum_offset + 2u > m->pkt_len)
		return false;
	m->ol_flags |= RTE_MBUF_F_RX_L4_CKSUM_NONE;
	m->l3_len = vnet->csum_start - l2_len;
	if (vnet->csum_offset == CSUM_OFFSET_TCP)
		m->packet_type = RTE_PTYPE_L4_TCP;
	else if (vnet->csum_offset == CSUM_OFFSET_UDP)
		m->packet_type = RTE_PTYPE_L4_UDP;
	else
		return false;
	return true;
}

bool cw_vnet_to_mbuf(const struct cw_vnet_hdr *vnet, struct rte_mbuf *m, uint16_t l2_len)
{
	m->l2_len = l2_len;
	m->packet_type = 0;
	if (vnet->flags & CW_VNET_NEEDS_CSUM) {
		if (!read_checksum(vnet, m, l2_len))
			return false;
	} else if (vnet->flags & CW_VNET_DATA_VALID) {
		m->ol_flags |= RTE_MBUF_F_RX_L4_CKSUM_GOOD;
	}
	if (vnet->gso_type == 0)
		return true;

	bool is_tcp = m->packet_type == RTE_PTYPE_L4_TCP;
	uint32_t l4 = vnet->csum_start;
	switch (vnet->gso_type & ~CW_VNET_GSO_ECN) {
	case CW_VNET_GSO_TCPV4:
	case CW_VNET_GSO_TCPV6:
		if (!is_tcp || l4 + 20 > m->pkt_len)
			return false;
		m->l4_len = (*rte_pktmbuf_mtod_offset(m, uint8_t *, l4 + 12) >> 4) * 4;
		break;
	case CW_VNET_GSO_UDP_L4:
		if (is_tcp || m->packet_type == 0 || l4 + 8 > m->pkt_len)
			return false;
		m->l4_len = 8;
		break;
	default:
		return false;
	}
	/* Without a payload it would be cut into nothing. */
	if (vnet->gso_size == 0 || m->l4_len < (is_tcp ? 20 : 8) || l4 + m->l4_len >= m->pkt_len)
		return false;
	m->ol_flags |= RTE_MBUF_F_RX_LRO;
	m->tso_segsz = vnet->gso_size;
	return true;
}

void cw_vnet_forward(struct rte_mbuf *m)
{
	uint64_t rx = m->ol_flags;
	bool is_tcp = m->packet_type == RTE_PTYPE_L4_TCP;

	m->ol_flags = rx & RTE_MBUF_F_RX_L4_CKSUM_GOOD;
	if ((rx & RTE_MBUF_F_RX_L4_CKSUM_MASK) == RTE_MBUF_F_RX_L4_CKSUM_NONE)
		m->ol_flags = is_tcp ? RTE_MBUF_F_TX_TCP_CKSUM : RTE_MBUF_F_TX_UDP_CKSUM;
	if (rx & RTE_MBUF_F_RX_LRO)
		m->ol_flags |= is_tcp ? RTE_MBUF_F_TX_TCP_SEG : RTE_MBUF_F_TX_UDP_SEG;
	if (rx & RTE_MBUF_F_RX_VLAN_STRIPPED)
		m->ol_flags |= RTE_MBUF_F_TX_VLAN;
}

static uint8_t gso_type(const struct rte_mbuf *m)
{
	if (m->ol_flags & RTE_MBUF_F_TX_UDP_SEG)
		return CW_VNET_GSO_UDP_L4;
	const uint8_t *ip = rte_pktmbuf_mtod_offset(m, const uint8_t *, m->l2_len);
	const uint8_t *tcp = ip + m->l3_len;
	uint8_t type = ip[0] >> 4 == 6 ? CW_VNET_GSO_TCPV6 : CW_VNET_GSO_TCPV4;
	return tcp[13] & TCP_CWR ? type | CW_VNET_GSO_ECN : type;
}

void cw_vnet_from_mbuf(const struct rte_mbuf *m, struct cw_vnet_hdr *vnet)
{
	uint64_t l4 = m->ol_flags & RTE_MBUF_F_TX_L4_MASK;
	bool is_train = (m->ol_flags & (RTE_MBUF_F_TX_TCP_SEG | RTE_MBUF_F_TX_UDP_SEG)) != 0;

	memset(vnet, 0, sizeof(*vnet));
	if (l4 == RTE_MBUF_F_TX_TCP_CKSUM || l4 == RTE_MBUF_F_TX_UDP_CKSUM || is_train) {
		bool is_tcp = l4 == RTE_MBUF_F_TX_TCP_CKSUM || m->ol_flags & RTE_MBUF_F_TX_TCP_SEG;
		vnet->flags = CW_VNET_NEEDS_CSUM;
		vnet->csum_start = m->l2_len + m->l3_len;
		vnet->csum_offset = is_tcp ? CSUM_OFFSET_TCP : CSUM_OFFSET_UDP;
	} else if (m->ol_flags & RTE_MBUF_F_RX_L4_CKSUM_GOOD) {
		vnet->flags = CW_VNET_DATA_VALID;
	}
	if (is_train) {
		vnet->gso_type = gso_type(m);
		vnet->gso_size = m->tso_segsz;
		vnet->hdr_len = m->l2_len + m->l3_len + m->l4_len;
	}
}
