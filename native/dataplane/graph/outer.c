/* See outer.h. */
#include "graph/outer.h"

#include <netinet/in.h>
#include <string.h>

#include "graph/graph.h"
#include "graph/ip4.h"
#include "graph/ip6.h"
#include "worker.h"

#define HOPS 64 /* TTL or hop limit */

const struct cw_port *cw_outer_port(const struct cw_worker *worker, const struct cw_path *path,
				    uint32_t *index)
{
	const struct cw_program *program = worker->view->program;

	for (uint32_t i = 0; i < program->port_count; i++) {
		const struct cw_port_program *port = &program->port_programs[i];
		if (port->role == CW_ROLE_UPLINK && port->uplink == path->uplink) {
			*index = i;
			return program->ports[i];
		}
	}
	return NULL;
}

uint32_t cw_outer_overhead(const struct cw_path *path)
{
	return cw_address_is_v4(path->remote) ? CW_OUTER_IP4_UDP : CW_OUTER_IP6_UDP;
}

static void put_ip4(struct cw_ip4 *ip, const struct cw_path *path, struct cw_address source,
		    uint8_t tos, uint32_t udp_len)
{
	*ip = (struct cw_ip4){ .version_ihl = 0x45,
			       .tos = tos,
			       .total_length = rte_cpu_to_be_16(sizeof(*ip) + udp_len),
			       .fragment = rte_cpu_to_be_16(CW_IP4_DF),
			       .ttl = HOPS,
			       .protocol = IPPROTO_UDP,
			       .source = cw_address_v4(source),
			       .destination = cw_address_v4(path->remote) };
	cw_ip4_set_checksum(ip);
}

/* The flow label is the session's, so that routers keep it on one path (RFC 6437, RFC 6438). */
static void put_ip6(struct cw_ip6 *ip, const struct cw_path *path, struct cw_address source,
		    uint8_t tos, uint32_t udp_len)
{
	uint32_t first = rte_cpu_to_be_32(6u << 28 | (uint32_t)tos << 20 | path->flow_label);

	*ip = (struct cw_ip6){ .payload_length = rte_cpu_to_be_16(udp_len),
			       .next_header = IPPROTO_UDP,
			       .hop_limit = HOPS };
	memcpy(ip->class_flow, &first, sizeof(first));
	memcpy(ip->source, &source, sizeof(ip->source));
	memcpy(ip->destination, &path->remote, sizeof(ip->destination));
}

void cw_outer_send(struct cw_worker *worker, const struct cw_path *path, const struct cw_outer_load *load,
		   struct rte_mbuf *m)
{
	bool is_v4 = cw_address_is_v4(path->remote);
	uint32_t index = 0;
	uint32_t udp_len = sizeof(struct cw_udp) + load->bytes;
	struct cw_address source;

	m->data_len = m->pkt_len = CW_OUTER_ROOM + load->bytes;
	if (!is_v4)
		rte_pktmbuf_prepend(m, CW_OUTER_IP6_UDP - CW_OUTER_IP4_UDP);
	m->l2_len = sizeof(struct cw_ether);
	m->l3_len = is_v4 ? sizeof(struct cw_ip4) : sizeof(struct cw_ip6);
	m->l4_len = sizeof(struct cw_udp);
	if (load->count > 1) {
		m->ol_flags |= RTE_MBUF_F_TX_UDP_SEG;
		m->tso_segsz = load->datagram;
	}
	if (cw_outer_port(worker, path, &index) == NULL) {
		cw_drop(worker, m, CW_DROP_NO_UPLINK_ROUTE);
		return;
	}
	source = worker->view->port_address[index][is_v4 ? CW_V4 : CW_V6];
	/* An uplink without an address of this family reaches nobody, and a link-local one no further than its link. */
	if (cw_address_is_none(source) || cw_address_is_link_local(source)) {
		cw_drop(worker, m, CW_DROP_NO_UPLINK_ROUTE);
		return;
	}
	uint8_t *l3 = rte_pktmbuf_mtod_offset(m, uint8_t *, sizeof(struct cw_ether));
	struct cw_udp *udp = (struct cw_udp *)(l3 + m->l3_len);
	*udp = (struct cw_udp){ .source = rte_cpu_to_be_16(path->local_port),
				.destination = rte_cpu_to_be_16(path->remote_port),
				.length = rte_cpu_to_be_16(udp_len) };
	if (is_v4)
		put_ip4(cw_ip4(l3), path, source, load->tos, udp_len);
	else
		put_ip6(cw_ip6(l3), path, source, load->tos, udp_len);
	/*
	 * The link finishes checksums, those of a train's pieces included: it wants the pseudo header's sum. A single
	 * datagram over IPv4 goes without (RFC 768): the tag covers more than it would.
	 */
	if (load->count > 1 || !is_v4) {
		uint64_t sum = is_v4 ? cw_ip4_pseudo(cw_ip4(l3), udp_len) :
				       cw_ip6_pseudo(cw_ip6(l3), IPPROTO_UDP, udp_len);
		m->ol_flags |= RTE_MBUF_F_TX_UDP_CKSUM;
		udp->checksum = (uint16_t)~cw_csum_fold(sum);
	}
	cw_tx_route(worker, index, path->remote, m);
}
