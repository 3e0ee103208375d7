/* See train.h. */
#include "graph/train.h"

#include <netinet/in.h>
#include <rte_mbuf.h>
#include <string.h>

#include "graph/csum.h"
#include "graph/ip4.h"

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
		.end = rte_be_to_cpu_16(cw_ip4(l3)->total_length),
		.is_tcp = cw_ip4(l3)->protocol == IPPROTO_TCP,
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

/* RFC 1071 over the pseudo header and the whole L4 packet. */
static void finish_checksum(uint8_t *l3, uint16_t l3_len, uint32_t length, uint16_t checksum_offset)
{
	uint8_t *l4 = l3 + l3_len;
	uint8_t *field = l4 + checksum_offset;
	uint32_t l4_len = length - l3_len;

	memset(field, 0, 2);
	uint64_t sum = cw_ip4_pseudo(cw_ip4(l3), l4_len);
	uint16_t checksum = cw_csum_fold(cw_csum_add(sum, l4, l4_len));
	/* UDP sends a computed zero as ones, for zero says "none" (RFC 768); TCP does not mind. */
	if (checksum == 0)
		checksum = 0xffff;
	memcpy(field, &checksum, 2);
}

static uint32_t copy_whole(struct cw_cut *cut, uint8_t *to)
{
	uint32_t length = cut->end;

	memcpy(to, cut->l3, length);
	if (cut->is_partial)
		finish_checksum(to, cut->l3_len, length, cut->is_tcp ? 16 : 6);
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
	struct cw_ip4 *ip = cw_ip4(to);
	uint8_t *l4 = to + cut->l3_len;

	memcpy(to, cut->l3, cut->headers_len);
	memcpy(to + cut->headers_len, cut->l3 + cut->offset, payload);
	ip->total_length = rte_cpu_to_be_16(length);
	ip->id = rte_cpu_to_be_16(rte_be_to_cpu_16(ip->id) + cut->index);
	cw_ip4_set_checksum(ip);
	if (cut->is_tcp) {
		fix_tcp(cut, l4, is_last);
		finish_checksum(to, cut->l3_len, length, 16);
	} else {
		((struct cw_udp *)l4)->length = rte_cpu_to_be_16(length - cut->l3_len);
		finish_checksum(to, cut->l3_len, length, 6);
	}
	cut->offset += payload;
	cut->index++;
	return length;
}
