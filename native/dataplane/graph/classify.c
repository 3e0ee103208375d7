/* What a received frame is: ours to seal, ours to open, or the kernel's. See graph.h. */
#include <netinet/in.h>
#include <string.h>

#include "graph/explain.h"
#include "graph/graph.h"
#include "graph/l3.h"
#include "graph/marks.h"
#include "graph/next-peer.h"
#include "graph/policy.h"
#include "graph/qos-segment.h"
#include "graph/qos.h"
#include "graph/steer.h"
#include "port/vnet.h"
#include "table/view.h"
#include "worker.h"

void cw_pass(struct cw_worker *worker, struct cw_link *twin, struct rte_mbuf *m)
{
	(void)worker;
	cw_vnet_forward(m);
	cw_link_tx(twin, &m, 1);
}

void cw_pass_out(struct cw_worker *worker, struct cw_port *port, struct rte_mbuf *m)
{
	if ((port->limit != NULL && cw_limit_wait_frame(worker, port, m)) || cw_qos_wait_frame(worker, port, m))
		return;
	if (port->is_bleached)
		cw_marks_clear(m);
	cw_vnet_forward(m);
	cw_qos_note(worker, port, m);
	cw_port_tx(port, m);
}

/* Whether a partial checksum is that of the L4 header right behind `l3`; `header` is how far L3 reaches in any case. */
static bool is_offload_own(const struct rte_mbuf *m, const uint8_t *l3, uint32_t *header)
{
	bool is_tcp = m->packet_type == RTE_PTYPE_L4_TCP;
	uint32_t least = is_tcp ? sizeof(struct cw_tcp) : sizeof(struct cw_udp);
	uint8_t wanted = is_tcp ? IPPROTO_TCP : IPPROTO_UDP;
	uint32_t total = cw_l3_total(l3);
	struct cw_ip6_end end;

	if (cw_l3_is_ip6(l3)) {
		if (!cw_ip6_walk(l3, total, &end))
			return false;
		*header = end.l4;
		return m->l3_len == end.l4 && end.protocol == wanted && !end.is_fragment &&
		       !end.has_routing && total >= end.l4 + least;
	}
	return m->l3_len == *header && cw_ip4(l3)->protocol == wanted &&
	       !cw_ip4_is_fragment(cw_ip4(l3)) && total >= *header + least;
}

/*
 * Makes the offload's lengths those of this header. They may speak of a header further inside (tunnels of a LAN host,
 * GRO of a NIC that looks into them): a checksum is then finished here, and a train is not ours to cut: false.
 */
bool cw_adopt_header(struct rte_mbuf *m, const uint8_t *l3)
{
	uint32_t header = cw_l3_is_ip6(l3) ? sizeof(struct cw_ip6) : cw_ip4_header_len(cw_ip4(l3));

	if ((m->ol_flags & RTE_MBUF_F_RX_L4_CKSUM_MASK) == RTE_MBUF_F_RX_L4_CKSUM_NONE) {
		if (is_offload_own(m, l3, &header))
			return true;
		/* A checksum inside of this header is nonsense: finishing it would damage the header. */
		if (m->ol_flags & RTE_MBUF_F_RX_LRO || m->l3_len < header)
			return false;
		cw_csum_finish(rte_pktmbuf_mtod(m, uint8_t *), m->l2_len + m->l3_len, m->l2_len + cw_l3_total(l3),
			       m->packet_type == RTE_PTYPE_L4_TCP);
		m->ol_flags &= ~RTE_MBUF_F_RX_L4_CKSUM_MASK;
	}
	m->l3_len = header & 0x1ff;
	return true;
}

/* Whether the frame is an untagged IP packet to this MAC with a sound header. */
static bool is_ip_for(const struct cw_port *port, const struct rte_mbuf *m)
{
	const struct cw_ether *ether = rte_pktmbuf_mtod(m, const struct cw_ether *);
	const uint8_t *l3 = (const uint8_t *)(ether + 1);

	if (m->data_len < sizeof(*ether) + sizeof(struct cw_ip4) ||
	    m->ol_flags & RTE_MBUF_F_RX_VLAN_STRIPPED || memcmp(ether->to, port->mac, 6) != 0)
		return false;
	if (ether->type != rte_cpu_to_be_16(cw_l3_is_ip6(l3) ? CW_ETHER_IP6 : CW_ETHER_IP4))
		return false;
	return cw_l3_is_sound(l3, m->data_len - sizeof(*ether));
}

static void to_overlay(struct cw_worker *worker, uint32_t segment, struct cw_peer *peer, struct rte_mbuf *m)
{
	struct cw_limit *limit = worker->limits[segment];

	if (limit == NULL || !cw_limit_wait_seal(worker, limit, peer, m))
		cw_seal(worker, peer, worker->view->program->segment_programs[segment].vni, m);
}

void cw_classify_lan(struct cw_worker *worker, uint32_t index, struct rte_mbuf *m)
{
	struct cw_port *port = worker->view->program->ports[index];
	uint32_t segment = worker->view->program->port_programs[index].segment;

	if (!is_ip_for(port, m)) {
		cw_pass(worker, &port->twin, m);
		return;
	}
	uint8_t *l3 = rte_pktmbuf_mtod_offset(m, uint8_t *, m->l2_len);
	if (!cw_l3_is_honest(l3)) {
		cw_drop(worker, m, CW_DROP_RX_MALFORMED);
		return;
	}
	/* ND, MLD and whatever else is between neighbours: no rule is asked, and no prefix, as short as it may be, has it. */
	if (!cw_l3_may_cross(l3)) {
		cw_pass(worker, &port->twin, m);
		return;
	}
	/* A train that is not ours to cut is the kernel's, which has the rules too, but knows of no policies. */
	bool is_ours = cw_adopt_header(m, l3);
	const struct cw_hop *hop = cw_hop_to(worker->view, segment, l3);
	enum cw_drop reason;
	if (is_ours && !cw_policy_from_lan(worker, segment, hop, m, &reason)) {
		cw_drop(worker, m, reason);
		return;
	}
	/* What is another segment's here does not leave to the Internet, but by the kernel into that. */
	uint8_t class = 0;
	bool is_away = hop->kind == CW_HOP_NONE && cw_all_find(worker->view, cw_packet_destination(l3)) == 0;
	if (is_away && !cw_steer_may_break_out(worker, (uint16_t)segment, m, &class)) {
		cw_lose(worker, CW_DROP_BREAKOUT, (int)segment, NULL, m);
		return;
	}
	/* So it is known again where the kernel sends it. */
	if (class != 0)
		cw_l3_set_dscp(l3, cw_class_dscp[class - 1]);
	if (is_away && port->limit != NULL && cw_limit_wait_breakout(worker, port, m, is_ours))
		return;
	/* The kernel answers an expired TTL: its own route to the prefix is the segment's twin. */
	if (!is_ours || hop->kind != CW_HOP_OVERLAY || cw_l3_hops_left(l3) <= 1) {
		cw_pass(worker, &port->twin, m);
		return;
	}
	cw_l3_decrement_hops(l3);
	to_overlay(worker, segment, cw_next_peer(worker, hop), m);
}

void cw_classify_segment(struct cw_worker *worker, uint32_t segment, struct rte_mbuf *m)
{
	const uint8_t *l3 = rte_pktmbuf_mtod(m, const uint8_t *);

	if (!cw_l3_is_sound(l3, m->data_len) || !cw_l3_is_honest(l3)) {
		cw_drop(worker, m, CW_DROP_RX_MALFORMED);
		return;
	}
	if (!cw_l3_may_cross(l3)) {
		/* Chatter of the kernel on its own interface: nobody is there to hear it. */
		cw_drop(worker, m, CW_DROP_LINK_SCOPE);
		return;
	}
	if (!cw_adopt_header(m, l3)) {
		cw_drop(worker, m, CW_DROP_RX_OFFLOAD);
		return;
	}
	const struct cw_hop *hop = cw_hop_to(worker->view, segment, l3);
	if (hop->kind != CW_HOP_OVERLAY) {
		cw_note(worker, CW_DROP_NO_ROUTE, (uint16_t)segment, NULL, l3, m->data_len);
		cw_drop(worker, m, CW_DROP_NO_ROUTE);
		return;
	}
	enum cw_drop reason;
	if (!cw_policy_from_box(worker, &segment, m, &reason)) {
		cw_drop(worker, m, reason);
		return;
	}
	/* Let through from another segment: whence that came, from the overlay too. */
	const struct cw_hop *back = cw_hop_back(worker->view, segment, l3);
	bool is_across = back->kind == CW_HOP_OVERLAY;
	struct cw_peer *peer = is_across ? cw_next_peer_across(worker, hop, back) : cw_next_peer(worker, hop);
	if (peer == NULL) {
		cw_lose(worker, CW_DROP_TRANSIT_BACK, (int)segment, NULL, m);
		return;
	}
	to_overlay(worker, segment, peer, m);
}
