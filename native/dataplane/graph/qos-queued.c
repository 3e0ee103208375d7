/* What is the same of all that waits, for an uplink, on its way in or for its segment's limit. See qos-parts.h. */
#include <netinet/in.h>
#include <string.h>

#include "graph/l3.h"
#include "graph/qos-parts.h"
#include "table/view.h"

#define ND_FIRST 133 /* RFC 4861 §4: router solicitation to redirect */
#define ND_LAST 137
#define ND_HOPS 255 /* and so has nobody forwarded it: §6.1, §7.1, §8.1 */

void cw_qos_give_room(const struct cw_worker *worker, struct cw_qos_shape *shape, bool is_limit)
{
	const struct cw_program *program = worker->view->program;
	const struct cw_pools *pools = &worker->engine->pools;
	bool has_limits = cw_qos_has_limits(program);
	uint32_t uplinks = 0, limits = 0;

	for (uint32_t i = 0; i < program->port_count; i++) {
		const struct cw_port_program *p = &program->port_programs[i];
		if (p->role == CW_ROLE_UPLINK)
			uplinks += (p->up_bps > 0 || has_limits) + (p->down_bps > 0);
	}
	for (uint32_t i = 0; i < program->segment_count; i++)
		limits += (program->segment_programs[i].up_bps > 0) + (program->segment_programs[i].down_bps > 0);
	uint32_t parts = (limits > 0 ? 4 : 2) * RTE_MAX(is_limit ? limits : uplinks, 1u);
	shape->items = RTE_MIN(CW_QOS_ITEMS_MOST, pools->small->size / parts);
	shape->large = pools->large->size / parts;
}

bool cw_qos_is_nd(const uint8_t *l3, uint32_t length)
{
	return cw_l3_is_ip6(l3) && cw_ip6(l3)->next_header == IPPROTO_ICMPV6 && cw_ip6(l3)->hop_limit == ND_HOPS &&
	       length > sizeof(struct cw_ip6) &&
	       l3[sizeof(struct cw_ip6)] >= ND_FIRST && l3[sizeof(struct cw_ip6)] <= ND_LAST;
}

uint8_t *cw_qos_packet_of(struct rte_mbuf *m, uint32_t *length)
{
	struct cw_ether *ether = rte_pktmbuf_mtod(m, struct cw_ether *);
	uint8_t *l3 = (uint8_t *)(ether + 1);

	if (m->data_len < sizeof(*ether))
		return NULL;
	*length = m->data_len - sizeof(*ether);
	bool is_ip = ether->type == rte_cpu_to_be_16(CW_ETHER_IP4) || ether->type == rte_cpu_to_be_16(CW_ETHER_IP6);
	return is_ip && cw_l3_is_sound(l3, *length) ? l3 : NULL;
}

/* One piece in a buffer of its own, as it came; NULL: there is none, and it is counted. */
static struct rte_mbuf *copy_piece(struct cw_worker *worker, struct cw_queued *queued)
{
	uint32_t size = queued->m->l2_len + cw_cut_peek(&queued->cut);
	struct rte_mbuf *m = rte_pktmbuf_alloc(size <= CW_SMALL_DATA ? worker->engine->pools.small : worker->engine->pools.large);

	if (m == NULL) {
		cw_qos_skip_pieces(worker, queued, 1);
		cw_count_drop(worker, CW_DROP_NO_BUFFER);
		return NULL;
	}
	uint8_t *start = rte_pktmbuf_mtod(m, uint8_t *);
	memcpy(start, rte_pktmbuf_mtod(queued->m, uint8_t *), queued->m->l2_len);
	cw_cut_next(&queued->cut, start + queued->m->l2_len);
	m->data_len = m->pkt_len = size;
	m->l2_len = queued->m->l2_len;
	m->l3_len = queued->cut.l3_len;
	return m;
}

bool cw_qos_hand_out(struct cw_worker *worker, struct cw_queued *queued, const struct cw_qos_grant *grant, cw_qos_send *send,
		     void *to)
{
	uint8_t *l3 = rte_pktmbuf_mtod_offset(queued->m, uint8_t *, queued->m->l2_len);
	uint8_t ecn = cw_l3_class(l3) & CW_ECN_MASK;

	if (grant->is_marked)
		cw_l3_set_ecn(l3, CW_ECN_CE);
	bool is_whole = grant->is_last && (!queued->is_train || queued->cut.index == 0);
	if (is_whole && (grant->pieces == 1 || !grant->is_marked)) {
		send(worker, queued, queued->m, to);
		return false;
	}
	for (uint16_t i = 0; i < grant->pieces; i++) {
		struct rte_mbuf *m = copy_piece(worker, queued);
		if (m != NULL)
			send(worker, queued, m, to);
		if (i == 0 && grant->is_marked)
			cw_l3_set_ecn(l3, ecn);
	}
	return true;
}

void cw_qos_lose_all(struct cw_worker *worker, struct cw_qos *qos)
{
	struct cw_qos_grant grant;

	while (cw_qos_empty(qos, &grant)) {
		struct cw_queued *queued = (struct cw_queued *)grant.item;
		worker->drops[CW_DROP_TX_DOWN] += grant.lost;
		rte_pktmbuf_free(queued->m);
	}
}
