/* What becomes of items: how they lose, and which where there is no room. See qos.h. */
#include "table/qos-parts.h"

#define BACKLOG_OF_SECOND 5u /* what waits, at most: 200 ms of the link */
#define BACKLOG_LEAST (64u * 1024)
#define BACKLOG_MOST (8u * 1024 * 1024)

uint32_t cw_qos_bytes(const struct cw_qos_item *item, uint16_t pieces)
{
	if (pieces == 0)
		return 0;
	return (pieces - 1u) * item->piece + (pieces == item->pieces ? item->last : item->piece);
}

bool cw_qos_take(struct cw_qos *qos, struct cw_qos_flow *flow, uint16_t pieces)
{
	struct cw_qos_item *item = flow->queue.head;
	uint32_t bytes = cw_qos_bytes(item, pieces);

	flow->bytes -= bytes;
	flow->stream->bytes -= bytes;
	flow->stream->packets -= pieces;
	qos->classes[flow->stream->class].bytes -= bytes;
	qos->classes[flow->stream->class].packets -= pieces;
	qos->bytes -= bytes;
	item->pieces -= pieces;
	struct cw_qos_gate *gate = flow->stream->gate;
	if (cw_qos_is_gating(gate) && gate->turn == flow->stream->class && flow->stream->bytes == 0)
		cw_qos_pass_turn(qos, gate);
	if (item->pieces > 0)
		return false;
	flow->queue.head = item->next;
	qos->items--;
	qos->large -= item->is_large;
	return true;
}

void cw_qos_lose(struct cw_qos *qos, struct cw_qos_flow *flow, uint16_t pieces, bool is_late, struct cw_qos_grant *grant)
{
	struct cw_qos_item *item = flow->queue.head;
	struct cw_qos_stream *stream = flow->stream;

	cw_qos_count_lost(&qos->counts[stream->class], &stream->count, pieces, cw_qos_bytes(item, pieces), is_late);
	*grant = (struct cw_qos_grant){ .item = item, .lost = pieces };
	grant->is_last = cw_qos_take(qos, flow, pieces);
}

uint32_t cw_qos_most_of(uint64_t bps)
{
	uint64_t most = bps / 8 / BACKLOG_OF_SECOND;

	return most < BACKLOG_LEAST ? BACKLOG_LEAST : most > BACKLOG_MOST ? BACKLOG_MOST : (uint32_t)most;
}

/* The flow that is to lose next; NULL: there is room for all. */
static struct cw_qos_flow *find_victim(const struct cw_qos *qos)
{
	bool is_full = qos->items > qos->shape.items || qos->bytes > qos->most || qos->large > qos->shape.large;

	return is_full || qos->swollen != NULL ? cw_qos_fattest_flow(qos, is_full ? NULL : qos->swollen) : NULL;
}

bool cw_qos_shed(struct cw_qos *qos, struct cw_qos_grant *grant)
{
	struct cw_qos_flow *flow = qos->thinned != NULL ? qos->thinned : find_victim(qos);

	qos->swollen = NULL;
	if (flow == NULL)
		return false;
	if (qos->thinned == NULL) {
		qos->thin_items = CW_QOS_BATCH;
		qos->thin_bytes = flow->bytes / 2;
	}
	cw_qos_lose(qos, flow, flow->queue.head->pieces, false, grant);
	bool is_thin = --qos->thin_items == 0 || flow->bytes <= qos->thin_bytes;
	qos->thinned = is_thin ? NULL : flow;
	return true;
}

bool cw_qos_empty(struct cw_qos *qos, struct cw_qos_grant *grant)
{
	struct cw_qos_flow *flow = cw_qos_fattest_flow(qos, NULL);

	qos->thinned = NULL;
	if (flow == NULL)
		return false;
	cw_qos_lose(qos, flow, flow->queue.head->pieces, false, grant);
	return true;
}
