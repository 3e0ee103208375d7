/* Tells the sender of a packet that it is too big, at a bounded rate. See too-big.h for what is said. */
#include "graph/graph.h"
#include "graph/l3.h"
#include "graph/merge.h"
#include "graph/next-peer.h"
#include "graph/seal.h"
#include "graph/too-big.h"
#include "table/view.h"
#include "worker.h"

/* Of each segment. */
#define TOO_BIG_PER_SECOND 100
#define TOO_BIG_BURST 50

static void send_to_source(struct cw_worker *worker, uint32_t segment, uint8_t *packet,
			   uint32_t length)
{
	const struct cw_view *view = worker->view;
	const struct cw_hop *hop = cw_hop_to(view, segment, packet);

	if (hop->kind == CW_HOP_LOCAL) {
		cw_deliver_local(worker, segment, packet, length);
	} else if (hop->kind == CW_HOP_LINK) {
		struct cw_onward onward = { .port = hop->port,
					    .next_hop = cw_next_hop(hop, cw_packet_destination(packet)) };
		cw_merge_add(worker, &onward, packet, length);
	} else if (hop->kind == CW_HOP_OVERLAY) {
		struct rte_mbuf *m = cw_new_packet(worker, packet, length);
		if (m != NULL)
			cw_seal(worker, cw_next_peer(worker, hop), view->program->segment_programs[segment].vni, m);
	}
}

void cw_icmp_too_big(struct cw_worker *worker, uint32_t vni, const struct rte_mbuf *m, uint32_t mtu)
{
	const struct cw_program *program = worker->view->program;
	const uint8_t *l3 = rte_pktmbuf_mtod_offset(m, const uint8_t *, m->l2_len);
	uint8_t answer[CW_TOO_BIG_MAX];
	uint32_t segment = 0;

	while (segment < program->segment_count && program->segment_programs[segment].vni != vni)
		segment++;
	if (segment == program->segment_count)
		return;
	enum cw_family family = cw_l3_is_ip6(l3) ? CW_V6 : CW_V4;
	const struct cw_address *own = &worker->view->segment_address[segment][family];
	const struct cw_hop *back = cw_hop_back(worker->view, segment, l3);
	const uint8_t *from = cw_address_bytes(own) + (family == CW_V4 ? 12 : 0);
	/* The kernel believes nothing over IPv4 that comes from the box itself; and where a packet is in transit, the box need have
	   no address of the family in the segment. To both it is said as if by the far end. */
	bool is_own = family == CW_V4 && back->kind == CW_HOP_LOCAL;
	bool is_nameless = cw_address_is_none(*own);
	if (is_nameless && back->kind != CW_HOP_OVERLAY)
		return;
	if (is_own || is_nameless)
		from = family == CW_V4 ? (const uint8_t *)&cw_ip4(l3)->destination : cw_ip6(l3)->destination;
	uint32_t length = cw_too_big(answer, from, l3, m->pkt_len - m->l2_len, mtu);
	if (length > 0 &&
	    cw_bucket_take(&worker->too_big_buckets[segment], worker->now_us, TOO_BIG_PER_SECOND,
			   TOO_BIG_BURST))
		send_to_source(worker, segment, answer, length);
}
