/* See merge.h. */
#include "graph/merge.h"

#include <netinet/in.h>
#include <string.h>

#include "graph/graph.h"
#include "graph/ip4.h"
#include "worker.h"

#define ETHER sizeof(struct cw_ether)

static struct cw_ip4 *flow_ip(const struct cw_merge_flow *flow)
{
	return rte_pktmbuf_mtod_offset(flow->m, struct cw_ip4 *, ETHER);
}

static void flush_flow(struct cw_worker *worker, struct cw_merge_flow *flow)
{
	struct rte_mbuf *m = flow->m;

	if (flow->count > 1) {
		struct cw_ip4 *ip = flow_ip(flow);
		struct cw_tcp *tcp = (struct cw_tcp *)(ip + 1);
		uint32_t length = m->pkt_len - ETHER;
		ip->total_length = rte_cpu_to_be_16(length);
		cw_ip4_set_checksum(ip);
		m->ol_flags |= RTE_MBUF_F_TX_TCP_SEG | RTE_MBUF_F_TX_TCP_CKSUM;
		m->l4_len = (tcp->data_offset >> 4) * 4;
		m->tso_segsz = flow->segment;
		uint32_t l4_len = length - sizeof(*ip);
		tcp->checksum = (uint16_t)~cw_csum_fold(cw_ip4_pseudo(ip, l4_len));
	}
	flow->m = NULL;
	worker->merge.open_count--;
	cw_tx_link(worker, flow->port, flow->next_hop, m);
}

void cw_merge_flush(struct cw_worker *worker)
{
	struct cw_merge *merge = &worker->merge;

	for (uint32_t i = 0; i < CW_MERGE_FLOWS && merge->open_count > 0; i++) {
		if (merge->flows[i].m != NULL)
			flush_flow(worker, &merge->flows[i]);
	}
}

/* A plain data segment: nothing in it that a train could not say of all its segments. */
static bool is_plain(const struct cw_ip4 *ip, const struct cw_tcp *tcp, uint32_t payload)
{
	return payload > 0 && (tcp->flags & ~CW_TCP_PSH) == CW_TCP_ACK && tcp->urgent == 0 &&
	       ip->fragment == rte_cpu_to_be_16(CW_IP4_DF);
}

static bool has_good_checksum(const struct cw_ip4 *ip, const struct cw_tcp *tcp, uint32_t l4_len)
{
	return cw_csum_fold(cw_csum_add(cw_ip4_pseudo(ip, l4_len), tcp, l4_len)) == 0;
}

static bool is_same_flow(const struct cw_merge_flow *flow, const struct cw_ip4 *ip,
			 const struct cw_tcp *tcp)
{
	const struct cw_ip4 *have = flow_ip(flow);

	return have->source == ip->source && have->destination == ip->destination &&
	       memcmp(have + 1, tcp, 4) == 0;
}

static bool can_append(const struct cw_merge_flow *flow, const struct cw_ip4 *ip,
		       const struct cw_tcp *tcp, uint32_t headers, uint32_t payload)
{
	const struct cw_ip4 *have = flow_ip(flow);
	const struct cw_tcp *head = (const struct cw_tcp *)(have + 1);

	return !flow->is_closed && rte_be_to_cpu_32(tcp->sequence) == flow->next_sequence &&
	       payload <= flow->segment && have->tos == ip->tos && have->ttl == ip->ttl &&
	       head->acknowledgement == tcp->acknowledgement && head->window == tcp->window &&
	       head->data_offset == tcp->data_offset &&
	       memcmp(head + 1, tcp + 1, headers - sizeof(*ip) - sizeof(*tcp)) == 0 &&
	       flow->m->pkt_len + payload <= CW_TRAIN_BYTES_MAX;
}

static void append(struct cw_merge_flow *flow, const struct cw_tcp *tcp, const uint8_t *data,
		   uint32_t payload)
{
	struct cw_tcp *head = (struct cw_tcp *)(flow_ip(flow) + 1);

	memcpy(rte_pktmbuf_mtod_offset(flow->m, uint8_t *, flow->m->pkt_len), data, payload);
	flow->m->pkt_len += payload;
	flow->m->data_len += payload;
	flow->next_sequence += payload;
	flow->count++;
	flow->is_closed = payload < flow->segment || tcp->flags & CW_TCP_PSH;
	head->flags |= tcp->flags & CW_TCP_PSH;
}

static void start_flow(struct cw_worker *worker, uint8_t port, struct cw_address next_hop,
		       const uint8_t *packet, uint32_t length, uint32_t payload)
{
	const struct cw_tcp *tcp = (const struct cw_tcp *)(packet + sizeof(struct cw_ip4));
	struct cw_merge *merge = &worker->merge;
	struct rte_mbuf *m = rte_pktmbuf_alloc(worker->engine->pools.large);

	if (m == NULL) {
		worker->drops[CW_DROP_NO_BUFFER]++;
		return;
	}
	m->l2_len = ETHER;
	m->l3_len = sizeof(struct cw_ip4);
	m->data_len = m->pkt_len = ETHER + length;
	memcpy(rte_pktmbuf_mtod_offset(m, void *, ETHER), packet, length);

	struct cw_merge_flow *flow = NULL;
	for (uint32_t i = 0; i < CW_MERGE_FLOWS && flow == NULL; i++) {
		if (merge->flows[i].m == NULL)
			flow = &merge->flows[i];
	}
	if (flow == NULL) {
		flow = &merge->flows[merge->oldest++ % CW_MERGE_FLOWS];
		flush_flow(worker, flow);
	}
	merge->open_count++;
	*flow = (struct cw_merge_flow){
		.m = m,
		.next_hop = next_hop,
		.next_sequence = rte_be_to_cpu_32(tcp->sequence) + payload,
		.segment = (uint16_t)payload,
		.count = 1,
		.port = port,
		.is_closed = (tcp->flags & CW_TCP_PSH) != 0,
	};
}

static void send_alone(struct cw_worker *worker, uint8_t port, struct cw_address next_hop,
		       const uint8_t *packet, uint32_t length)
{
	struct rte_mbuf *m = cw_new_packet(worker, packet, length);

	if (m != NULL)
		cw_tx_link(worker, port, next_hop, m);
}

void cw_merge_add(struct cw_worker *worker, uint8_t port, struct cw_address next_hop,
		  const uint8_t *packet, uint32_t length)
{
	const struct cw_ip4 *ip = cw_ip4(packet);
	const struct cw_tcp *tcp = (const struct cw_tcp *)(ip + 1);
	uint32_t headers = sizeof(*ip) + sizeof(*tcp);

	if (ip->protocol != IPPROTO_TCP || ip->version_ihl != 0x45 || length < headers ||
	    cw_ip4_is_fragment(ip)) {
		send_alone(worker, port, next_hop, packet, length);
		return;
	}
	headers = sizeof(*ip) + (tcp->data_offset >> 4) * 4u;
	uint32_t payload = headers <= length ? length - headers : 0;
	bool can_join = headers >= sizeof(*ip) + sizeof(*tcp) && is_plain(ip, tcp, payload) &&
			has_good_checksum(ip, tcp, length - sizeof(*ip));
	for (uint32_t i = 0; i < CW_MERGE_FLOWS; i++) {
		struct cw_merge_flow *flow = &worker->merge.flows[i];
		if (flow->m == NULL || !is_same_flow(flow, ip, tcp))
			continue;
		if (can_join && flow->port == port && cw_address_equal(flow->next_hop, next_hop) &&
		    can_append(flow, ip, tcp, headers, payload)) {
			append(flow, tcp, packet + headers, payload);
			return;
		}
		/* In order: what was kept goes first. */
		flush_flow(worker, flow);
		break;
	}
	if (can_join)
		start_flow(worker, port, next_hop, packet, length, payload);
	else
		send_alone(worker, port, next_hop, packet, length);
}
