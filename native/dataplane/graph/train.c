/* See train.h. */
#include "graph/train.h"

#include <netinet/in.h>
#include <rte_mbuf.h>
#include <string.h>

#include "graph/csum.h"
#include "graph/l3.h"

/* Of the L4 header: behind IPv6's extension headers, if there are any. */
static uint8_t protocol_of(const uint8_t *l3, uint16_t l3_len)
{
	struct cw_ip6_end end;

	if (!cw_l3_is_ip6(l3))
		return cw_ip4(l3)->protocol;
	if (l3_len == sizeof(struct cw_ip6))
		return cw_ip6(l3)->next_header;
	return cw_ip6_walk(l3, l3_len, &end) ? end.protocol : 0;
}

void cw_cut_begin(struct cw_cut *cut, const struct rte_mbuf *m)
{
	const uint8_t *l3 = rte_pktmbuf_mtod_offset(m, const uint8_t *, m->l2_len);
	uint64_t trains = RTE_MBUF_F_RX_LRO | RTE_MBUF_F_TX_TCP_SEG | RTE_MBUF_F_TX_UDP_SEG;
	uint64_t l4_rx = m->ol_flags & RTE_MBUF_F_RX_L4_CKSUM_MASK;
	uint64_t l4_tx = m->ol_flags & RTE_MBUF_F_TX_L4_MASK;

	*cut = (struct cw_cut){
		.l3 = l3,
		.l3_len = m->l3_len,
		.headers_len = m->l3_len + m->l4_len,
		.end = cw_l3_total(l3),
		.protocol = protocol_of(l3, m->l3_len),
		.is_train = (m->ol_flags & trains) != 0,
		.is_partial = l4_rx == RTE_MBUF_F_RX_L4_CKSUM_NONE ||
			      l4_tx == RTE_MBUF_F_TX_TCP_CKSUM || l4_tx == RTE_MBUF_F_TX_UDP_CKSUM,
	};
	if (cut->is_train) {
		/* A train's length field may be of the first segment or wrapped: the buffer tells. */
		cut->end = m->pkt_len - m->l2_len;
		cut->segment = m->tso_segsz;
		cut->offset = cut->headers_len < cut->end ? cut->headers_len : cut->end;
	}
}

uint32_t cw_cut_size(const struct cw_cut *cut)
{
	uint32_t whole = cut->end;
	uint32_t piece = cut->headers_len + cut->segment;

	return cut->is_train && piece < whole ? piece : whole;
}

uint32_t cw_cut_peek(const struct cw_cut *cut)
{
	uint32_t left = cut->end - cut->offset;

	if (left == 0)
		return 0;
	if (!cut->is_train)
		return left;
	return cut->headers_len + (left < cut->segment ? left : cut->segment);
}

static uint32_t copy_whole(struct cw_cut *cut, uint8_t *to)
{
	uint32_t length = cut->end;

	memcpy(to, cut->l3, length);
	if (cut->is_partial)
		cw_l3_finish_l4(to, cut->l3_len, cut->protocol, length - cut->l3_len);
	cut->offset = cut->end;
	return length;
}

static void fix_tcp(const struct cw_cut *cut, uint8_t *l4, bool is_last)
{
	struct cw_tcp *tcp = (struct cw_tcp *)l4;
	uint32_t sent = cut->index * cut->segment;

	tcp->sequence = rte_cpu_to_be_32(rte_be_to_cpu_32(tcp->sequence) + sent);
	if (!is_last)
		tcp->flags &= ~(CW_TCP_FIN | CW_TCP_PSH);
	if (cut->index > 0)
		tcp->flags &= ~CW_TCP_CWR;
}

uint32_t cw_cut_next(struct cw_cut *cut, uint8_t *to)
{
	uint32_t length = cw_cut_peek(cut);

	if (length == 0)
		return 0;
	if (!cut->is_train)
		return copy_whole(cut, to);

	uint32_t payload = length - cut->headers_len;
	bool is_last = cut->offset + payload == cut->end;
	uint8_t *l4 = to + cut->l3_len;

	memcpy(to, cut->l3, cut->headers_len);
	memcpy(to + cut->headers_len, cut->l3 + cut->offset, payload);
	if (!cw_l3_is_ip6(to))
		cw_ip4(to)->id = rte_cpu_to_be_16(rte_be_to_cpu_16(cw_ip4(to)->id) + cut->index);
	cw_l3_set_total(to, length);
	if (cut->protocol == IPPROTO_TCP)
		fix_tcp(cut, l4, is_last);
	else
		((struct cw_udp *)l4)->length = rte_cpu_to_be_16(length - cut->l3_len);
	cw_l3_finish_l4(to, cut->l3_len, cut->protocol, length - cut->l3_len);
	cut->offset += payload;
	cut->index++;
	return length;
}
