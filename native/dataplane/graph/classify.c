/* What a received frame is: ours to seal, ours to open, or the kernel's. See graph.h. */
#include <netinet/in.h>
#include <string.h>

#include "graph/graph.h"
#include "graph/ip4.h"
#include "graph/overlay.h"
#include "port/vnet.h"
#include "table/fib.h"
#include "worker.h"

void cw_pass(struct cw_worker *worker, struct cw_link *link, struct rte_mbuf *m)
{
	(void)worker;
	cw_vnet_forward(m);
	cw_link_tx(link, &m, 1);
}

/* Whether the frame is an untagged IPv4 packet to this MAC with a sound header; sets l3_len. */
static bool is_ip4_for(const struct cw_port *port, struct rte_mbuf *m)
{
	const struct cw_ether *ether = rte_pktmbuf_mtod(m, const struct cw_ether *);

	if (m->data_len < sizeof(*ether) + sizeof(struct cw_ip4) ||
	    m->ol_flags & RTE_MBUF_F_RX_VLAN_STRIPPED ||
	    ether->type != rte_cpu_to_be_16(CW_ETHER_IP4) ||
	    memcmp(ether->to, port->mac, 6) != 0)
		return false;
	const uint8_t *l3 = (const uint8_t *)(ether + 1);
	if (!cw_ip4_is_sound(l3, m->data_len - sizeof(*ether)))
		return false;
	m->l3_len = cw_ip4_header_len(cw_ip4(l3));
	return true;
}

static void to_overlay(struct cw_worker *worker, uint32_t segment, const struct cw_hop *hop,
		       struct rte_mbuf *m)
{
	const struct cw_program *program = worker->view->program;

	cw_seal(worker, program->peers[hop->peer], program->segments[segment]->program.vni, m);
}

void cw_classify_lan(struct cw_worker *worker, uint32_t index, struct rte_mbuf *m)
{
	struct cw_port *port = worker->view->program->ports[index];
	uint32_t segment = port->program.segment;

	if (!is_ip4_for(port, m)) {
		cw_pass(worker, &port->twin, m);
		return;
	}
	struct cw_ip4 *ip = cw_ip4(rte_pktmbuf_mtod_offset(m, uint8_t *, m->l2_len));
	uint32_t value = cw_fib_lookup(worker->view->segment_fib[segment],
				       rte_be_to_cpu_32(ip->destination));
	const struct cw_hop *hop = &worker->view->hops[value];
	/* The kernel answers an expired TTL: its own route to the prefix is the segment's twin. */
	if (hop->kind != CW_HOP_OVERLAY || ip->ttl <= 1) {
		cw_pass(worker, &port->twin, m);
		return;
	}
	cw_ip4_decrement_ttl(ip);
	to_overlay(worker, segment, hop, m);
}

void cw_classify_segment(struct cw_worker *worker, uint32_t segment, struct rte_mbuf *m)
{
	const uint8_t *l3 = rte_pktmbuf_mtod(m, const uint8_t *);

	if (!cw_ip4_is_sound(l3, m->data_len)) {
		/* IPv6 chatter of the kernel on its own interface, and nothing else. */
		cw_drop(worker, m, CW_DROP_NO_ROUTE);
		return;
	}
	m->l3_len = cw_ip4_header_len(cw_ip4(l3));
	uint32_t value = cw_fib_lookup(worker->view->segment_fib[segment],
				       rte_be_to_cpu_32(cw_ip4(l3)->destination));
	const struct cw_hop *hop = &worker->view->hops[value];
	if (hop->kind != CW_HOP_OVERLAY) {
		cw_drop(worker, m, CW_DROP_NO_ROUTE);
		return;
	}
	to_overlay(worker, segment, hop, m);
}

void cw_classify_uplink(struct cw_worker *worker, uint32_t index, struct rte_mbuf *m)
{
	struct cw_port *port = worker->view->program->ports[index];

	if (is_ip4_for(port, m)) {
		const struct cw_ip4 *ip = cw_ip4(rte_pktmbuf_mtod_offset(m, uint8_t *, m->l2_len));
		const struct cw_udp *udp = (const struct cw_udp *)((const uint8_t *)ip + m->l3_len);
		if (ip->protocol == IPPROTO_UDP && !cw_ip4_is_fragment(ip) &&
		    m->data_len >= m->l2_len + m->l3_len + sizeof(*udp) &&
		    udp->destination == rte_cpu_to_be_16(port->program.overlay_port) &&
		    rte_be_to_cpu_32(ip->destination) == worker->view->port_address[index]) {
			cw_overlay(worker, index, m);
			return;
		}
	}
	cw_pass(worker, &port->twin, m);
}
