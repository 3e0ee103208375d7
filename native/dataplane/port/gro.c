/* See gro.h. */
#include "port/gro.h"

#include <rte_mbuf.h>
#include <string.h>

#include "graph/join.h"

#define FLOWS 8

struct flow {
	uint16_t at; /* in the burst */
	uint16_t segment;
	uint32_t l3_len;
	uint32_t headers; /* L3 and TCP */
	uint32_t ports;
	uint32_t next_sequence;
	uint32_t count;
	bool is_closed; /* a short or pushed segment came: it is the last */
	bool is_checked; /* its first segment's checksum is right, or it is closed */
};

/* A frame as a segment. */
struct segment {
	const uint8_t *l3;
	const struct cw_tcp *tcp;
	uint32_t l3_len, headers, payload;
	bool can_join;
};

/* False: no TCP that could belong to a flow here. */
static bool read_segment(const struct rte_mbuf *m, struct segment *s)
{
	const uint8_t *frame = rte_pktmbuf_mtod(m, const uint8_t *);
	uint32_t type = frame[m->l2_len - 2] << 8 | frame[m->l2_len - 1];
	uint32_t room = m->data_len > m->l2_len ? m->data_len - m->l2_len : 0;

	s->l3 = frame + m->l2_len;
	if ((type != CW_ETHER_IP4 && type != CW_ETHER_IP6) || !cw_l3_is_sound(s->l3, room) ||
	    cw_l3_is_ip6(s->l3) != (type == CW_ETHER_IP6))
		return false;
	s->l3_len = cw_join_l3_len(s->l3);
	uint32_t total = cw_l3_total(s->l3);
	if (s->l3_len == 0 || total < s->l3_len + sizeof(*s->tcp))
		return false;
	s->tcp = (const struct cw_tcp *)(s->l3 + s->l3_len);
	s->headers = s->l3_len + (s->tcp->data_offset >> 4) * 4u;
	s->payload = s->headers < total ? total - s->headers : 0;
	s->can_join = s->headers >= s->l3_len + sizeof(*s->tcp) &&
		      cw_join_is_plain(s->l3, s->tcp, s->payload);
	return true;
}

static bool is_of(const struct flow *flow, const struct rte_mbuf *head, const struct segment *s)
{
	return flow->ports == cw_join_ports(s->tcp) && flow->l3_len == s->l3_len &&
	       cw_join_same_addresses(rte_pktmbuf_mtod_offset(head, const uint8_t *, head->l2_len),
				      s->l3, s->l3_len);
}

static bool is_next(const struct flow *flow, const struct rte_mbuf *head, const struct rte_mbuf *m,
		    const struct segment *s)
{
	const uint8_t *have = rte_pktmbuf_mtod_offset(head, const uint8_t *, head->l2_len);

	return s->can_join && !flow->is_closed && s->headers == flow->headers &&
	       rte_be_to_cpu_32(s->tcp->sequence) == flow->next_sequence &&
	       s->payload <= flow->segment && head->l2_len == m->l2_len &&
	       (head->ol_flags & RTE_MBUF_F_RX_VLAN) == (m->ol_flags & RTE_MBUF_F_RX_VLAN) &&
	       (!(m->ol_flags & RTE_MBUF_F_RX_VLAN) || head->vlan_tci == m->vlan_tci) &&
	       memcmp(rte_pktmbuf_mtod(head, void *), rte_pktmbuf_mtod(m, void *), m->l2_len) == 0 &&
	       cw_join_same_l3(have, s->l3) &&
	       cw_join_same_tcp((const struct cw_tcp *)(have + s->l3_len), s->tcp,
				s->headers - s->l3_len) &&
	       head->pkt_len + s->payload <= CW_TRAIN_BYTES_MAX;
}

/* The first segment moves to where there is room for the others. */
static bool make_room(const struct cw_pools *pools, struct flow *flow, struct rte_mbuf **frames)
{
	struct rte_mbuf *small = frames[flow->at];
	struct rte_mbuf *m = flow->count > 1 ? small : rte_pktmbuf_alloc(pools->large);

	if (flow->count > 1 || m == NULL)
		return m != NULL;
	uint32_t length = small->l2_len + flow->headers + flow->segment;
	memcpy(rte_pktmbuf_mtod(m, void *), rte_pktmbuf_mtod(small, void *), length);
	m->data_len = (uint16_t)length;
	m->pkt_len = length;
	m->ol_flags = small->ol_flags;
	m->vlan_tci = small->vlan_tci;
	m->l2_len = small->l2_len;
	rte_pktmbuf_free(small);
	frames[flow->at] = m;
	return true;
}

static void append(struct flow *flow, struct rte_mbuf *head, const struct segment *s)
{
	struct cw_tcp *tcp =
		rte_pktmbuf_mtod_offset(head, struct cw_tcp *, head->l2_len + flow->l3_len);

	memcpy(rte_pktmbuf_mtod_offset(head, uint8_t *, head->pkt_len), s->l3 + s->headers, s->payload);
	head->pkt_len += s->payload;
	head->data_len += (uint16_t)s->payload;
	tcp->flags |= s->tcp->flags & CW_TCP_PSH;
	flow->next_sequence += s->payload;
	flow->count++;
	flow->is_closed = s->payload < flow->segment || s->tcp->flags & CW_TCP_PSH;
}

/* From here on it is what the kernel hands over: a train with a partial checksum. */
static void finish(const struct flow *flow, struct rte_mbuf *m)
{
	uint8_t *l3 = rte_pktmbuf_mtod_offset(m, uint8_t *, m->l2_len);

	cw_join_finish(l3, flow->l3_len, m->pkt_len - m->l2_len);
	m->ol_flags |= RTE_MBUF_F_RX_LRO | RTE_MBUF_F_RX_L4_CKSUM_NONE;
	m->packet_type = RTE_PTYPE_L4_TCP;
	m->l3_len = flow->l3_len & 0x1ff;
	m->l4_len = (flow->headers - flow->l3_len) & 0xff;
	m->tso_segsz = flow->segment;
}

/* Checksums are looked at where two segments are to be joined, and not before: the one that is alone goes on as it came. */
static bool are_right(struct flow *flow, const struct rte_mbuf *head, const struct segment *s)
{
	const uint8_t *l3 = rte_pktmbuf_mtod_offset(head, const uint8_t *, head->l2_len);
	uint32_t tcp_len = flow->headers - flow->l3_len; /* of both */

	if (!flow->is_checked) {
		const struct cw_tcp *tcp = (const struct cw_tcp *)(l3 + flow->l3_len);
		flow->is_closed = !cw_join_is_right(l3, tcp, tcp_len + flow->segment);
		flow->is_checked = true;
	}
	return !flow->is_closed && cw_join_is_right(s->l3, s->tcp, tcp_len + s->payload);
}

/* Whether the frame went into a train. */
static bool join(const struct cw_pools *pools, struct flow *flows, uint16_t *flow_count,
		 struct rte_mbuf **frames, struct rte_mbuf *m, uint16_t at)
{
	struct segment s;
	struct flow *flow = NULL;

	if (!read_segment(m, &s))
		return false;
	for (uint16_t i = 0; i < *flow_count && flow == NULL; i++) {
		if (is_of(&flows[i], frames[flows[i].at], &s))
			flow = &flows[i];
	}
	if (flow != NULL && is_next(flow, frames[flow->at], m, &s) &&
	    are_right(flow, frames[flow->at], &s) && make_room(pools, flow, frames)) {
		append(flow, frames[flow->at], &s);
		rte_pktmbuf_free(m);
		return true;
	}
	/* In order: what comes later must not overtake this one. */
	if (flow != NULL && flow->count > 1)
		finish(flow, frames[flow->at]);
	if (flow == NULL && *flow_count < FLOWS)
		flow = &flows[(*flow_count)++];
	if (flow != NULL)
		*flow = (struct flow){ .at = at,
				       .segment = (uint16_t)s.payload,
				       .l3_len = s.l3_len,
				       .headers = s.headers,
				       .ports = cw_join_ports(s.tcp),
				       .next_sequence = rte_be_to_cpu_32(s.tcp->sequence) + s.payload,
				       .count = 1,
				       .is_closed = !s.can_join || s.tcp->flags & CW_TCP_PSH };
	return false;
}

uint16_t cw_gro(const struct cw_pools *pools, struct rte_mbuf **frames, uint16_t n)
{
	struct flow flows[FLOWS];
	uint16_t flow_count = 0, kept = 0;

	for (uint16_t i = 0; i < n; i++) {
		struct rte_mbuf *m = frames[i];
		if (!join(pools, flows, &flow_count, frames, m, kept))
			frames[kept++] = m;
	}
	for (uint16_t i = 0; i < flow_count; i++) {
		if (flows[i].count > 1)
			finish(&flows[i], frames[flows[i].at]);
	}
	return kept;
}
