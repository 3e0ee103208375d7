/* See marks.h. */
#include "graph/marks.h"

#include "graph/l3.h"
#include "graph/outer.h"
#include "table/session.h"
#include "worker.h"

enum { VOICE, BUSINESS, NORMAL, BULK };

const uint8_t cw_dscp_class[64] __attribute__((aligned(RTE_CACHE_LINE_SIZE))) = {
	/* LE: what can wait */
	NORMAL, BULK, NORMAL, NORMAL, NORMAL, NORMAL, NORMAL, NORMAL,
	/* CS1, AF1x: the same */
	BULK, NORMAL, BULK, NORMAL, BULK, NORMAL, BULK, NORMAL,
	/* CS2, AF2x: operation, transactions */
	BUSINESS, NORMAL, BUSINESS, NORMAL, BUSINESS, NORMAL, BUSINESS, NORMAL,
	/* CS3, AF3x: streaming */
	BUSINESS, NORMAL, BUSINESS, NORMAL, BUSINESS, NORMAL, BUSINESS, NORMAL,
	/* CS4, AF4x: interactive video, conferences */
	BUSINESS, NORMAL, BUSINESS, NORMAL, BUSINESS, NORMAL, BUSINESS, NORMAL,
	/* CS5: signalling; VOICE-ADMIT, RFC 5865; EF */
	VOICE, NORMAL, NORMAL, NORMAL, VOICE, NORMAL, VOICE, NORMAL,
	/* CS6, CS7: network control */
	VOICE, NORMAL, NORMAL, NORMAL, NORMAL, NORMAL, NORMAL, NORMAL,
	VOICE, NORMAL, NORMAL, NORMAL, NORMAL, NORMAL, NORMAL, NORMAL,
};

const uint8_t cw_class_dscp[CW_CLASSES] = { 46, 18, 0, 1 };

struct cw_marking cw_marking_of(uint8_t marks)
{
	struct cw_marking marking = { .kept = marks == CW_MARKS_COPY ? 0xff : CW_ECN_MASK };

	for (uint32_t i = 0; i < CW_CLASSES && marks == CW_MARKS_CLASS; i++)
		marking.of_class[i] = (uint8_t)(cw_class_dscp[i] << 2);
	return marking;
}

uint8_t cw_marks_outer(const struct cw_worker *worker, struct cw_path *path, uint8_t inner, uint8_t class)
{
	const struct cw_departure *departure = cw_outer_departure(worker, path);

	/* By the uplink that the relay is reached by. */
	if (departure->uplink == NULL && departure->relay != NULL) {
		struct cw_path *by = cw_paths_at(&departure->relay->paths, departure->relay->paths.best);
		departure = by == NULL ? departure : cw_outer_departure(worker, by);
	}
	return departure->marking.of_class[class] | (inner & departure->marking.kept);
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
