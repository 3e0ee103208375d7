/*
 * What a frame from an uplink is: a datagram for a port of the overlay's, or the kernel's. An overlay datagram has no extension
 * headers and comes whole: what comes to such a port otherwise is nobody's. Ports of sprays may be those of connections that the
 * kernel has made up: only what is sealed for a keypair of ours is taken from there. See graph.h.
 */
#include <netinet/in.h>
#include <string.h>

#include "graph/graph.h"
#include "graph/l3.h"
#include "graph/overlay.h"
#include "graph/qos-ingress.h"
#include "graph/seal.h"
#include "overlay-port.h"
#include "table/session.h"
#include "worker.h"

/* Length of the IP header if a whole UDP packet of that family follows it and nothing else does; 0 if not. */
static uint32_t udp_offset(const uint8_t *l3, uint16_t ether_type)
{
	if (ether_type == rte_cpu_to_be_16(CW_ETHER_IP4) && !cw_l3_is_ip6(l3) &&
	    cw_ip4(l3)->protocol == IPPROTO_UDP && !cw_ip4_is_fragment(cw_ip4(l3)))
		return cw_ip4_header_len(cw_ip4(l3));
	if (ether_type == rte_cpu_to_be_16(CW_ETHER_IP6) && cw_l3_is_ip6(l3) &&
	    cw_ip6(l3)->next_header == IPPROTO_UDP)
		return sizeof(struct cw_ip6);
	return 0;
}

/* A train is of one sender, and to one port: its first datagram speaks for all. */
static bool is_sealed_for_us(const struct cw_worker *worker, const uint8_t *d, uint32_t length)
{
	uint32_t index;

	if (length < CW_SEALED_HEADER + CW_TAG || (d[0] != CW_TYPE_DATA && d[0] != CW_TYPE_CONTROL && d[0] != CW_TYPE_RELAYED))
		return false;
	memcpy(&index, d + 4, sizeof(index));
	return cw_keypair_find(worker->index, rte_be_to_cpu_32(index)) != NULL;
}

/* Almost all is to the first port, which is told by one comparison. `length`: of UDP's header and what follows. */
static bool is_for_overlay(struct cw_worker *worker, uint32_t index, const struct cw_udp *udp, uint32_t length)
{
	const struct cw_port_program *port = &worker->view->program->port_programs[index];
	uint16_t to = rte_be_to_cpu_16(udp->destination);

	if (cw_is_overlay_port(port, to))
		return true;
	if (!cw_is_spray_port(port, to))
		return false;
	cw_keep_note(worker, port->uplink, to);
	return is_sealed_for_us(worker, (const uint8_t *)(udp + 1), length - sizeof(*udp));
}

/*
 * Offloads that speak of another header than this one are of something inside, and make it the kernel's. So does an
 * address that is not the port's own, a link-local one included.
 */
static bool is_overlay(struct cw_worker *worker, uint32_t index, struct rte_mbuf *m)
{
	const struct cw_view *view = worker->view;
	const struct cw_ether *ether = rte_pktmbuf_mtod(m, const struct cw_ether *);
	const uint8_t *l3 = (const uint8_t *)(ether + 1);
	bool is_partial = (m->ol_flags & RTE_MBUF_F_RX_L4_CKSUM_MASK) == RTE_MBUF_F_RX_L4_CKSUM_NONE;

	if (m->data_len < sizeof(*ether) + sizeof(struct cw_ip4) + sizeof(struct cw_udp) ||
	    memcmp(ether->to, view->program->ports[index]->mac, 6) != 0 ||
	    !cw_l3_is_sound(l3, m->data_len - sizeof(*ether)) || !cw_l3_is_honest(l3))
		return false;
	uint32_t at = udp_offset(l3, ether->type);
	const struct cw_udp *udp = (const struct cw_udp *)(l3 + at);
	if (at == 0 || m->data_len < sizeof(*ether) + at + sizeof(*udp) ||
	    !is_for_overlay(worker, index, udp, m->data_len - sizeof(*ether) - at) ||
	    !cw_is_own(&view->own[index], cw_packet_destination(l3)))
		return false;
	if (is_partial && (m->l3_len != at || m->packet_type != RTE_PTYPE_L4_UDP))
		return false;
	m->l3_len = at;
	return true;
}

/* Whether UDP's header follows others, or begins a packet that comes in pieces; `at` is where. False for later pieces. */
static bool is_wrapped_udp(const uint8_t *l3, const struct cw_ip6_end *end, uint32_t *at)
{
	const struct cw_ip4 *ip = cw_ip4(l3);

	if (cw_l3_is_ip6(l3)) {
		*at = end->l4;
		return end->l4 > sizeof(struct cw_ip6) && end->protocol == IPPROTO_UDP &&
		       end->fragment == 0;
	}
	*at = cw_ip4_header_len(ip);
	return ip->protocol == IPPROTO_UDP && cw_ip4_is_fragment(ip) &&
	       !(ip->fragment & rte_cpu_to_be_16(CW_IP4_OFFSET));
}

/*
 * The kernel would put pieces together, look behind extension headers, and hand to the gateway's socket what nobody has
 * checked for size, mac1 and rate. Later pieces need not be looked at: without the first they get nowhere.
 */
static bool is_refused(const struct cw_view *view, uint32_t index, const struct rte_mbuf *m,
		       enum cw_drop *reason)
{
	const struct cw_ether *ether = rte_pktmbuf_mtod(m, const struct cw_ether *);
	const uint8_t *l3 = (const uint8_t *)(ether + 1);
	struct cw_ip6_end end = { 0 };
	uint32_t at;

	if (m->data_len < sizeof(*ether) + sizeof(struct cw_ip4) ||
	    ether->type != rte_cpu_to_be_16(cw_l3_is_ip6(l3) ? CW_ETHER_IP6 : CW_ETHER_IP4) ||
	    !cw_l3_is_sound(l3, m->data_len - sizeof(*ether)))
		return false;
	*reason = CW_DROP_RX_MALFORMED;
	if (!cw_l3_is_honest(l3))
		return true;
	if (!cw_is_own(&view->own[index], cw_packet_destination(l3)))
		return false;
	if (cw_l3_is_ip6(l3) && !cw_ip6_walk(l3, cw_l3_total(l3), &end))
		return true;
	if (!is_wrapped_udp(l3, &end, &at))
		return false;
	if (at + sizeof(struct cw_udp) > cw_l3_total(l3))
		return true;
	*reason = CW_DROP_OVERLAY_UNKNOWN;
	return cw_is_overlay_port(&view->program->port_programs[index],
				  rte_be_to_cpu_16(((const struct cw_udp *)(l3 + at))->destination));
}

void cw_classify_uplink(struct cw_worker *worker, uint32_t index, struct rte_mbuf *m)
{
	struct cw_port *port = worker->view->program->ports[index];
	enum cw_drop reason;

	if (is_overlay(worker, index, m)) {
		if (port->ingress != NULL)
			cw_ingress_note(worker, port, m);
		cw_overlay(worker, index, m);
	} else if (is_refused(worker->view, index, m, &reason)) {
		cw_drop(worker, m, reason);
	} else if (port->ingress == NULL || !cw_ingress_wait(worker, port, m)) {
		cw_pass(worker, &port->twin, m);
	}
}
