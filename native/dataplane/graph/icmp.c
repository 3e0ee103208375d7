/* Packet-too-big towards the sender: RFC 792, RFC 1191 §4, RFC 1812 §4.3.2. */
#include <netinet/in.h>
#include <string.h>

#include "graph/graph.h"
#include "graph/ip4.h"
#include "graph/merge.h"
#include "graph/seal.h"
#include "table/view.h"
#include "worker.h"

#define TOO_BIG_PER_SECOND 100
#define TOO_BIG_BURST 50
#define QUOTE_MAX 548 /* so that the whole is at most 576 bytes */
#define ICMP_UNREACHABLE 3
#define ICMP_FRAGMENTATION_NEEDED 4

struct icmp {
	uint8_t type;
	uint8_t code;
	uint16_t checksum;
	uint16_t zero;
	uint16_t mtu;
};

/* RFC 1812 §4.3.2.7: never about an ICMP error, a later fragment, or to what is no single host. */
static bool may_answer(const struct cw_ip4 *ip, uint32_t length)
{
	uint32_t source = rte_be_to_cpu_32(ip->source);
	const uint8_t *l4 = (const uint8_t *)ip + cw_ip4_header_len(ip);

	if (ip->fragment & rte_cpu_to_be_16(CW_IP4_OFFSET))
		return false;
	if (source == 0 || source >> 28 >= 14 || source >> 24 == 127)
		return false;
	if (ip->protocol != IPPROTO_ICMP || length <= cw_ip4_header_len(ip))
		return true;
	return l4[0] == 0 || l4[0] == 8;
}

static void send_to_source(struct cw_worker *worker, uint32_t segment, uint8_t *packet,
			   uint32_t length)
{
	const struct cw_view *view = worker->view;
	const struct cw_hop *hop = cw_hop_to(view, segment, packet);

	if (hop->kind == CW_HOP_LOCAL) {
		cw_deliver_local(worker, segment, packet, length);
	} else if (hop->kind == CW_HOP_LINK) {
		cw_merge_add(worker, hop->port, cw_next_hop(hop, cw_packet_destination(packet)), packet,
			     length);
	} else if (hop->kind == CW_HOP_OVERLAY) {
		struct rte_mbuf *m = cw_new_packet(worker, packet, length);
		if (m != NULL)
			cw_seal(worker, view->program->peers[hop->peer],
				view->program->segment_programs[segment].vni, m);
	}
}

void cw_icmp_too_big(struct cw_worker *worker, uint32_t vni, const struct rte_mbuf *m, uint32_t mtu)
{
	const struct cw_program *program = worker->view->program;
	const struct cw_ip4 *ip = rte_pktmbuf_mtod_offset(m, const struct cw_ip4 *, m->l2_len);
	uint32_t length = m->pkt_len - m->l2_len;
	uint32_t quote = length < QUOTE_MAX ? length : QUOTE_MAX;
	uint8_t packet[sizeof(*ip) + sizeof(struct icmp) + QUOTE_MAX];
	struct cw_ip4 *answer = cw_ip4(packet);
	struct icmp *icmp = (struct icmp *)(answer + 1);
	uint32_t total = sizeof(*answer) + sizeof(*icmp) + quote;
	uint32_t segment = 0;

	while (segment < program->segment_count && program->segment_programs[segment].vni != vni)
		segment++;
	if (segment == program->segment_count || !may_answer(ip, length) ||
	    !cw_bucket_take(&worker->icmp_bucket, worker->now_us, TOO_BIG_PER_SECOND, TOO_BIG_BURST))
		return;
	*answer = (struct cw_ip4){
		.version_ihl = 0x45,
		.tos = 0xc0, /* RFC 1812 §4.3.2.5 */
		.total_length = rte_cpu_to_be_16(total),
		.ttl = 64,
		.protocol = IPPROTO_ICMP,
		.source = cw_address_v4(worker->view->segment_address[segment][CW_V4]),
		.destination = ip->source,
	};
	cw_ip4_set_checksum(answer);
	*icmp = (struct icmp){ .type = ICMP_UNREACHABLE,
			       .code = ICMP_FRAGMENTATION_NEEDED,
			       .mtu = rte_cpu_to_be_16((uint16_t)mtu) };
	memcpy(icmp + 1, ip, quote);
	icmp->checksum = cw_csum_fold(cw_csum_add(0, icmp, sizeof(*icmp) + quote));
	send_to_source(worker, segment, packet, total);
}
