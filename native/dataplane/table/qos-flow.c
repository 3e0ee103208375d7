/* Flows of a stream: a queue each. See qos.h. */
#include "mix.h"
#include "table/qos-parts.h"

#define FLOWS_KEPT (CW_QOS_FLOWS / 8) /* with or without something waiting, before those without are looked for */

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
	qos->flow_count--;
}

static void free_list(struct cw_qos *qos, struct cw_qos_flows *list)
{
	for (struct cw_qos_flow *flow = list->head, *next; flow != NULL; flow = next) {
		next = flow->next;
		free_flow(qos, flow);
	}
	list->head = NULL;
}

/* Who has nothing more. */
static void sweep_list(struct cw_qos *qos, struct cw_qos_flows *list)
{
	struct cw_qos_flow *flow = list->head;

	list->head = NULL;
	for (struct cw_qos_flow *next; flow != NULL; flow = next) {
		next = flow->next;
		if (flow->bytes == 0)
			free_flow(qos, flow);
		else
			list_flow(list, flow);
	}
}

static void sweep_stream(struct cw_qos *qos, struct cw_qos_stream *stream)
{
	sweep_list(qos, &stream->fresh);
	sweep_list(qos, &stream->old);
}

static void sweep_streams(struct cw_qos *qos, struct cw_qos_stream *first)
{
	for (struct cw_qos_stream *stream = first; stream != NULL; stream = stream->next) {
		sweep_stream(qos, stream);
		for (struct cw_qos_stream *held = stream->gate == NULL ? NULL : stream->gate->held; held != NULL; held = held->next)
			sweep_stream(qos, held);
	}
}

void cw_qos_sweep_flows(struct cw_qos *qos)
{
	for (uint32_t i = 0; i < CW_QOS_CLASSES; i++)
		sweep_streams(qos, qos->classes[i].head);
	for (uint32_t i = 0; i < qos->gate_count; i++)
		sweep_streams(qos, qos->gates[i]->waiting);
}

struct cw_qos_flow *cw_qos_find_flow(struct cw_qos *qos, struct cw_qos_stream *stream, uint32_t hash)
{
	struct cw_qos_flow **bucket = bucket_of(qos, stream, hash);
	struct cw_qos_flow *flow = *bucket;

	while (flow != NULL && (flow->stream != stream || flow->hash != hash))
		flow = flow->chain;
	if (flow != NULL)
		return flow;
	flow = qos->free;
	qos->free = flow->next;
	qos->flow_count++;
	*flow = (struct cw_qos_flow){ .stream = stream, .hash = hash, .chain = *bucket };
	*bucket = flow;
	return flow;
}

/* Some that have nothing more, each time that a new one goes first: else they would be as many as there can be flows. */
static void forget_some(struct cw_qos *qos, struct cw_qos_stream *stream, uint32_t turn)
{
	for (uint32_t i = 0; i < 2; i++) {
		struct cw_qos_flow *flow = stream->old.head;
		if (flow == NULL || flow->bytes > 0)
			return;
		stream->old.head = flow->next;
		if (flow->credit > 0) {
			free_flow(qos, flow);
		} else {
			flow->credit += turn;
			list_flow(&stream->old, flow);
		}
	}
}

/* RFC 8290 §4.2: new flows first; who has had its turn goes behind the others; who has nothing more is forgotten. */
struct cw_qos_flow *cw_qos_next_flow(struct cw_qos *qos, struct cw_qos_stream *stream, uint32_t turn)
{
	if (qos->flow_count > FLOWS_KEPT && stream->fresh.head != NULL)
		forget_some(qos, stream, turn);
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

/* Who has nothing more is forgotten on the way, so that nobody is passed twice. */
static struct cw_qos_flow *find_in_list(struct cw_qos *qos, struct cw_qos_flows *list, uint32_t least)
{
	struct cw_qos_flow *flow = list->head;

	for (struct cw_qos_flow *next; flow != NULL && flow->bytes == 0; flow = next) {
		next = flow->next;
		free_flow(qos, flow);
	}
	list->head = flow;
	while (flow != NULL && flow->bytes < least)
		flow = flow->next;
	return flow;
}

struct cw_qos_flow *cw_qos_flow_above(struct cw_qos *qos, struct cw_qos_stream *stream, uint32_t least)
{
	struct cw_qos_flow *flow = find_in_list(qos, &stream->old, least);

	return flow != NULL ? flow : find_in_list(qos, &stream->fresh, least);
}

static struct cw_qos_flow *find_in_stream(struct cw_qos *qos, struct cw_qos_stream *stream, uint8_t class, uint32_t least)
{
	return stream->class != class || stream->bytes < least ? NULL : cw_qos_flow_above(qos, stream, least);
}

static struct cw_qos_flow *find_in_streams(struct cw_qos *qos, struct cw_qos_stream *first, uint8_t class, uint32_t least)
{
	struct cw_qos_flow *flow = NULL;

	for (struct cw_qos_stream *stream = first; stream != NULL && flow == NULL; stream = stream->next) {
		struct cw_qos_stream *held = stream->gate == NULL ? NULL : stream->gate->held;
		flow = find_in_stream(qos, stream, class, least);
		for (; held != NULL && flow == NULL; held = held->next)
			flow = find_in_stream(qos, held, class, least);
	}
	return flow;
}

/* Those that are held may be so behind streams of any class. */
struct cw_qos_flow *cw_qos_class_flow_above(struct cw_qos *qos, uint8_t class, uint32_t least)
{
	struct cw_qos_flow *flow = find_in_streams(qos, qos->classes[class].head, class, least);

	for (uint32_t i = 0; i < CW_QOS_CLASSES && flow == NULL; i++)
		flow = i == class ? NULL : find_in_streams(qos, qos->classes[i].head, class, least);
	for (uint32_t i = 0; i < qos->gate_count && flow == NULL; i++)
		flow = find_in_streams(qos, qos->gates[i]->waiting, class, least);
	return flow;
}
