/* Flows of a stream: a queue each. See qos.h. */
#include "mix.h"
#include "table/qos-parts.h"

static struct cw_qos_flow **bucket_of(struct cw_qos *qos, const struct cw_qos_stream *stream, uint32_t hash)
{
	uint64_t mixed = ((uint64_t)(uintptr_t)stream ^ hash) * CW_MIX_STEP;

	return &qos->table[mixed >> 32 & (CW_QOS_BUCKETS - 1)];
}

static void list_flow(struct cw_qos_flows *list, struct cw_qos_flow *flow)
{
	flow->next = NULL;
	if (list->head == NULL)
		list->head = flow;
	else
		list->tail->next = flow;
	list->tail = flow;
}

static void free_flow(struct cw_qos *qos, struct cw_qos_flow *flow)
{
	struct cw_qos_flow **at = bucket_of(qos, flow->stream, flow->hash);

	while (*at != flow)
		at = &(*at)->chain;
	*at = flow->chain;
	flow->next = qos->free;
	qos->free = flow;
}

static void free_list(struct cw_qos *qos, struct cw_qos_flows *list)
{
	for (struct cw_qos_flow *flow = list->head, *next; flow != NULL; flow = next) {
		next = flow->next;
		free_flow(qos, flow);
	}
	list->head = NULL;
}

struct cw_qos_flow *cw_qos_find_flow(struct cw_qos *qos, struct cw_qos_stream *stream, uint32_t hash)
{
	struct cw_qos_flow **bucket = bucket_of(qos, stream, hash);
	struct cw_qos_flow *flow = *bucket;

	while (flow != NULL && (flow->stream != stream || flow->hash != hash))
		flow = flow->chain;
	if (flow != NULL || qos->free == NULL)
		return flow;
	flow = qos->free;
	qos->free = flow->next;
	*flow = (struct cw_qos_flow){ .stream = stream, .hash = hash, .chain = *bucket };
	*bucket = flow;
	return flow;
}

/* RFC 8290 §4.2: new flows first; who has had its turn goes behind the others; who has nothing more is forgotten. */
struct cw_qos_flow *cw_qos_next_flow(struct cw_qos *qos, struct cw_qos_stream *stream, uint32_t turn)
{
	for (;;) {
		bool is_fresh = stream->fresh.head != NULL;
		struct cw_qos_flows *list = is_fresh ? &stream->fresh : &stream->old;
		struct cw_qos_flow *flow = list->head;
		if (flow->credit > 0 && flow->bytes > 0) {
			/* Whose turn it is then, most likely. */
			if (flow->next != NULL && flow->next->queue.head != NULL)
				__builtin_prefetch(flow->next->queue.head);
			return flow;
		}
		list->head = flow->next;
		if (flow->credit <= 0)
			flow->credit += turn;
		else if (!is_fresh) {
			free_flow(qos, flow);
			continue;
		}
		list_flow(&stream->old, flow);
	}
}

void cw_qos_list_flow(struct cw_qos_stream *stream, struct cw_qos_flow *flow, uint32_t turn)
{
	if (flow->is_listed)
		return;
	flow->is_listed = true;
	flow->credit = turn;
	list_flow(&stream->fresh, flow);
}

void cw_qos_forget_flows(struct cw_qos *qos, struct cw_qos_stream *stream)
{
	free_list(qos, &stream->fresh);
	free_list(qos, &stream->old);
}

static void look_at_list(const struct cw_qos_flows *list, struct cw_qos_flow **fattest)
{
	for (struct cw_qos_flow *flow = list->head; flow != NULL; flow = flow->next) {
		if (flow->bytes > 0 && (*fattest == NULL || flow->bytes > (*fattest)->bytes))
			*fattest = flow;
	}
}

static void look_at_stream(const struct cw_qos_stream *stream, struct cw_qos_flow **fattest)
{
	look_at_list(&stream->fresh, fattest);
	look_at_list(&stream->old, fattest);
}

static void look_at_streams(const struct cw_qos_stream *first, struct cw_qos_flow **fattest)
{
	for (const struct cw_qos_stream *stream = first; stream != NULL; stream = stream->next) {
		look_at_stream(stream, fattest);
		for (const struct cw_qos_stream *held = stream->gate == NULL ? NULL : stream->gate->held; held != NULL; held = held->next)
			look_at_stream(held, fattest);
	}
}

struct cw_qos_flow *cw_qos_fattest_flow(const struct cw_qos *qos, const struct cw_qos_stream *stream)
{
	struct cw_qos_flow *fattest = NULL;

	if (stream != NULL) {
		look_at_stream(stream, &fattest);
		return fattest;
	}
	for (uint32_t i = 0; i < CW_QOS_CLASSES; i++)
		look_at_streams(qos->classes[i].head, &fattest);
	for (uint32_t i = 0; i < qos->gate_count; i++)
		look_at_streams(qos->gates[i]->waiting, &fattest);
	return fattest;
}
