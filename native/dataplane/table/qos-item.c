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
	if (flow->bytes == 0) {
		flow->stream->flows--;
		qos->classes[flow->stream->class].flows--;
	}
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

/* Whether it has as much as the mean of so many. */
static bool is_above_mean(const struct cw_qos_flow *flow, uint32_t bytes, uint32_t flows)
{
	return (uint64_t)flow->bytes * flows >= bytes;
}

static struct cw_qos_flow *find_victim_of_stream(struct cw_qos *qos, struct cw_qos_stream *stream)
{
	return is_above_mean(qos->arrived, stream->bytes, stream->flows) ? qos->arrived :
									 cw_qos_flow_above(qos, stream, stream->bytes / stream->flows);
}

/* Of the class that has most waiting of what there is too much of: others lose nothing for it. */
static struct cw_qos_flow *find_victim_of_class(struct cw_qos *qos, bool is_by_bytes)
{
	uint8_t most = 0;

	for (uint8_t i = 1; i < CW_QOS_CLASSES; i++) {
		const struct cw_qos_class *class = &qos->classes[i], *other = &qos->classes[most];
		if (is_by_bytes ? class->bytes > other->bytes : class->packets > other->packets)
			most = i;
	}
	const struct cw_qos_class *class = &qos->classes[most];
	bool is_of_arrived = qos->arrived->stream->class == most && is_above_mean(qos->arrived, class->bytes, class->flows);
	return is_of_arrived ? qos->arrived : cw_qos_class_flow_above(qos, most, class->bytes / class->flows);
}

/* The flow that is to lose next; NULL: there is room for all. */
static struct cw_qos_flow *find_victim(struct cw_qos *qos)
{
	if (qos->bytes > qos->most)
		return find_victim_of_class(qos, true);
	if (qos->items > qos->shape.items || qos->large > qos->shape.large)
		return find_victim_of_class(qos, false);
	return qos->swollen == NULL ? NULL : find_victim_of_stream(qos, qos->swollen);
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
	struct cw_qos_flow *flow = NULL;

	qos->thinned = NULL;
	for (uint8_t i = 0; i < CW_QOS_CLASSES && flow == NULL; i++)
		flow = qos->classes[i].bytes == 0 ? NULL : cw_qos_class_flow_above(qos, i, 1);
	if (flow == NULL)
		return false;
	cw_qos_lose(qos, flow, flow->queue.head->pieces, false, grant);
	return true;
}
