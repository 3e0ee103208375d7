/* See marks.h. */
#include "graph/marks.h"

#include "graph/departure.h"
#include "graph/l3.h"
#include "graph/outer.h"
#include "table/session.h"
#include "worker.h"

const uint8_t cw_class_dscp[CW_CLASSES] = { 46, 18, 0, 1 };

/* Of the uplink by which it leaves, a relay's too. */
static uint8_t marks_of(const struct cw_worker *worker, struct cw_path *path)
{
	const struct cw_departure *departure = cw_outer_departure(worker, path);

	if (departure->uplink == NULL && departure->relay != NULL) {
		struct cw_path *by = cw_paths_at(&departure->relay->paths, departure->relay->paths.best);
		departure = by == NULL ? departure : cw_outer_departure(worker, by);
	}
	return departure->marks;
}

uint8_t cw_marks_outer(const struct cw_worker *worker, struct cw_path *path, uint8_t inner, uint8_t class)
{
	uint8_t ecn = inner & CW_ECN_MASK;

	switch (marks_of(worker, path)) {
	case CW_MARKS_CLASS:
		return (uint8_t)(cw_class_dscp[class] << 2 | ecn);
	case CW_MARKS_COPY:
		return inner;
	default:
		return ecn;
	}
}

void cw_marks_clear(struct rte_mbuf *m)
{
	const struct cw_ether *ether = rte_pktmbuf_mtod(m, const struct cw_ether *);
	uint8_t *l3 = rte_pktmbuf_mtod_offset(m, uint8_t *, sizeof(*ether));

	if (m->data_len < sizeof(*ether) ||
	    (ether->type != rte_cpu_to_be_16(CW_ETHER_IP4) && ether->type != rte_cpu_to_be_16(CW_ETHER_IP6)) ||
	    !cw_l3_is_sound(l3, m->data_len - sizeof(*ether)))
		return;
	if (cw_l3_class(l3) >> 2 != 0)
		cw_l3_set_dscp(l3, 0);
}
