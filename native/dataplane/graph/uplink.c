/*
 * What a frame from an uplink is: a datagram for the overlay port, or the kernel's. IPv6 with extension headers and
 * fragments of either family are the kernel's, for an overlay datagram has none. See graph.h.
 */
#include <netinet/in.h>
#include <string.h>

#include "graph/graph.h"
#include "graph/l3.h"
#include "graph/overlay.h"
#include "worker.h"

static bool is_own(const struct cw_own *own, struct cw_address address)
{
	for (uint32_t i = 0; i < own->count; i++) {
		if (cw_address_equal(own->list[i], address))
			return true;
	}
	return false;
}

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

/*
 * Offloads that speak of another header than this one are of something inside, and make it the kernel's. So does an
 * address that is not the port's own, a link-local one included.
 */
static bool is_overlay(const struct cw_view *view, uint32_t index, struct rte_mbuf *m)
{
	const struct cw_ether *ether = rte_pktmbuf_mtod(m, const struct cw_ether *);
	const uint8_t *l3 = (const uint8_t *)(ether + 1);
	bool is_partial = (m->ol_flags & RTE_MBUF_F_RX_L4_CKSUM_MASK) == RTE_MBUF_F_RX_L4_CKSUM_NONE;

	if (m->data_len < sizeof(*ether) + sizeof(struct cw_ip4) + sizeof(struct cw_udp) ||
	    memcmp(ether->to, view->program->ports[index]->mac, 6) != 0 ||
	    !cw_l3_is_sound(l3, m->data_len - sizeof(*ether)))
		return false;
	uint32_t at = udp_offset(l3, ether->type);
	const struct cw_udp *udp = (const struct cw_udp *)(l3 + at);
	if (at == 0 || m->data_len < sizeof(*ether) + at + sizeof(*udp) ||
	    udp->destination != rte_cpu_to_be_16(view->program->port_programs[index].overlay_port) ||
	    !is_own(&view->own[index], cw_packet_destination(l3)))
		return false;
	if (is_partial && (m->l3_len != at || m->packet_type != RTE_PTYPE_L4_UDP))
		return false;
	m->l3_len = at;
	return true;
}

void cw_classify_uplink(struct cw_worker *worker, uint32_t index, struct rte_mbuf *m)
{
	if (is_overlay(worker->view, index, m))
		cw_overlay(worker, index, m);
	else
		cw_pass(worker, &worker->view->program->ports[index]->twin, m);
}
