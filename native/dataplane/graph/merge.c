/* See merge.h. */
#include "graph/merge.h"

#include <netinet/in.h>
#include <string.h>

#include "graph/graph.h"
#include "graph/join.h"
#include "graph/l3.h"
#include "graph/qos-segment.h"
#include "graph/seal.h"
#include "worker.h"

#define ETHER sizeof(struct cw_ether)

static uint8_t *flow_l3(const struct cw_merge_flow *flow)
{
	return rte_pktmbuf_mtod_offset(flow->m, uint8_t *, ETHER);
}

static struct cw_tcp *flow_tcp(const struct cw_merge_flow *flow)
{
	return rte_pktmbuf_mtod_offset(flow->m, struct cw_tcp *, ETHER + flow->m->l3_len);
}

static void send_on(struct cw_worker *worker, const struct cw_onward *onward, struct rte_mbuf *m)
{
	struct cw_limit *limit = onward->peer != NULL ? NULL : worker->view->program->ports[onward->port]->limit;

	if (onward->peer != NULL)
		cw_seal(worker, onward->peer, onward->vni, m);
	else if (limit == NULL || !cw_limit_wait_lan(worker, limit, m))
		cw_tx_link(worker, onward->port, onward->next_hop, m);
}

static bool is_same_way(const struct cw_onward *one, const struct cw_onward *other)
{
	return one->peer == other->peer && one->vni == other->vni && one->port == other->port &&
	       cw_address_equal(one->next_hop, other->next_hop);
}

static void flush_flow(struct cw_worker *worker, struct cw_merge_flow *flow)
{
	struct rte_mbuf *m = flow->m;

	if (flow->count > 1) {
		uint8_t *l3 = flow_l3(flow);
		struct cw_tcp *tcp = flow_tcp(flow);
		uint32_t length = m->pkt_len - ETHER;
		m->ol_flags |= RTE_MBUF_F_TX_TCP_SEG | RTE_MBUF_F_TX_TCP_CKSUM;
		m->l4_len = (tcp->data_offset >> 4) * 4;
		m->tso_segsz = flow->segment;
		cw_join_finish(l3, m->l3_len, length);
	}
	flow->m = NULL;
	worker->merge.open_count--;
	send_on(worker, &flow->onward, m);
}

void cw_merge_flush(struct cw_worker *worker)
{
	struct cw_merge *merge = &worker->merge;

	for (uint32_t i = 0; i < CW_MERGE_FLOWS && merge->open_count > 0; i++) {
		if (merge->flows[i].m != NULL)
			flush_flow(worker, &merge->flows[i]);
	}
}

/* Ports, version and addresses; ports first, for they differ most and lie at hand. */
static bool is_same_flow(const struct cw_merge_flow *flow, const uint8_t *l3, uint32_t l3_len,
			 uint32_t ports)
{
	if (flow->ports != ports || flow->m->l3_len != l3_len)
		return false;
	return cw_join_same_addresses(flow_l3(flow), l3, l3_len);
}

static bool can_append(const struct cw_merge_flow *flow, const uint8_t *l3, uint32_t headers,
		       uint32_t payload)
{
	const struct cw_tcp *head = flow_tcp(flow);
	const struct cw_tcp *tcp = (const struct cw_tcp *)(l3 + flow->m->l3_len);

	return !flow->is_closed && rte_be_to_cpu_32(tcp->sequence) == flow->next_sequence &&
	       payload <= flow->segment && cw_join_same_l3(flow_l3(flow), l3) &&
	       cw_join_same_tcp(head, tcp, headers - flow->m->l3_len) &&
	       flow->m->pkt_len + payload <= CW_TRAIN_BYTES_MAX;
}

/* A segment that came alone lies in a small buffer: the second one moves it into a large one. */
static bool make_room(struct cw_worker *worker, struct cw_merge_flow *flow, uint32_t payload)
{
	struct rte_mbuf *small = flow->m;

	if (payload <= rte_pktmbuf_tailroom(small))
		return true;
	struct rte_mbuf *m = rte_pktmbuf_alloc(worker->engine->pools.large);
	if (m == NULL)
		return false;
	memcpy(rte_pktmbuf_mtod(m, void *), rte_pktmbuf_mtod(small, void *), small->data_len);
	m->data_len = m->pkt_len = small->data_len;
	m->l2_len = small->l2_len;
	m->l3_len = small->l3_len;
	rte_pktmbuf_free(small);
	flow->m = m;
	return true;
}

static void append(struct cw_merge_flow *flow, const struct cw_tcp *tcp, const uint8_t *data,
		   uint32_t payload)
{
	struct cw_tcp *head = flow_tcp(flow);

	memcpy(rte_pktmbuf_mtod_offset(flow->m, uint8_t *, flow->m->pkt_len), data, payload);
	flow->m->pkt_len += payload;
	flow->m->data_len += payload;
	flow->next_sequence += payload;
	flow->count++;
	flow->is_closed = payload < flow->segment || tcp->flags & CW_TCP_PSH;
	head->flags |= tcp->flags & CW_TCP_PSH;
}

static void start_flow(struct cw_worker *worker, const struct cw_onward *onward, const uint8_t *packet, uint32_t length,
		       uint32_t l3_len, uint32_t payload)
{
	const struct cw_tcp *tcp = (const struct cw_tcp *)(packet + l3_len);
	struct cw_merge *merge = &worker->merge;
	uint32_t next_sequence = rte_be_to_cpu_32(tcp->sequence) + payload;
	bool is_closed = (tcp->flags & CW_TCP_PSH) != 0;
	struct rte_mbuf *m = cw_new_packet(worker, packet, length);

	if (m == NULL)
		return;
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
		.onward = *onward,
		.ports = cw_join_ports(tcp),
		.next_sequence = next_sequence,
		.segment = (uint16_t)payload,
		.count = 1,
		.is_closed = is_closed,
	};
}

static void send_alone(struct cw_worker *worker, const struct cw_onward *onward, const uint8_t *packet, uint32_t length)
{
	struct rte_mbuf *m = cw_new_packet(worker, packet, length);

	if (m != NULL)
		send_on(worker, onward, m);
}

void cw_merge_add(struct cw_worker *worker, const struct cw_onward *onward, const uint8_t *packet, uint32_t length)
{
	uint32_t l3_len = cw_join_l3_len(packet);
	const struct cw_tcp *tcp = (const struct cw_tcp *)(packet + l3_len);

	if (l3_len == 0 || length < l3_len + sizeof(*tcp)) {
		send_alone(worker, onward, packet, length);
		return;
	}
	uint32_t ports = cw_join_ports(tcp);
	uint32_t headers = l3_len + (tcp->data_offset >> 4) * 4u;
	uint32_t payload = headers <= length ? length - headers : 0;
	bool can_join = headers >= l3_len + sizeof(*tcp) && cw_join_is_plain(packet, tcp, payload) &&
			cw_join_is_right(packet, tcp, length - l3_len);
	for (uint32_t i = 0; i < CW_MERGE_FLOWS; i++) {
		struct cw_merge_flow *flow = &worker->merge.flows[i];
		if (flow->m == NULL || !is_same_flow(flow, packet, l3_len, ports))
			continue;
		if (can_join && is_same_way(&flow->onward, onward) &&
		    can_append(flow, packet, headers, payload) &&
		    make_room(worker, flow, payload)) {
			append(flow, tcp, packet + headers, payload);
			return;
		}
		/* In order: what was kept goes first. */
		flush_flow(worker, flow);
		break;
	}
	if (can_join)
		start_flow(worker, onward, packet, length, l3_len, payload);
	else
		send_alone(worker, onward, packet, length);
}
