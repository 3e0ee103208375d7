/* Streams: in their classes, or before a gate that is closed. See qos.h. */
#include "table/qos-parts.h"

/* Gates that are waited for, a heap: which opens first. */

static void put_gate(struct cw_qos *qos, uint32_t place, struct cw_qos_gate *gate)
{
	qos->gates[place - 1] = gate;
	gate->place = place;
}

static void rise(struct cw_qos *qos, uint32_t place, struct cw_qos_gate *gate)
{
	for (; place > 1 && qos->gates[place / 2 - 1]->open_ns > gate->open_ns; place /= 2)
		put_gate(qos, place, qos->gates[place / 2 - 1]);
	put_gate(qos, place, gate);
}

static void sink(struct cw_qos *qos, uint32_t place, struct cw_qos_gate *gate)
{
	for (uint32_t below; (below = 2 * place) <= qos->gate_count; place = below) {
		if (below < qos->gate_count && qos->gates[below]->open_ns < qos->gates[below - 1]->open_ns)
			below++;
		if (qos->gates[below - 1]->open_ns >= gate->open_ns)
			break;
		put_gate(qos, place, qos->gates[below - 1]);
	}
	put_gate(qos, place, gate);
}

static void remove_first_gate(struct cw_qos *qos)
{
	struct cw_qos_gate *last = qos->gates[--qos->gate_count];

	qos->gates[0]->place = 0;
	if (qos->gate_count > 0)
		sink(qos, 1, last);
}

void cw_qos_list(struct cw_qos *qos, struct cw_qos_stream *stream)
{
	struct cw_qos_class *class = &qos->classes[stream->class];

	stream->is_listed = true;
	stream->next = NULL;
	if (class->head == NULL)
		class->head = stream;
	else
		class->tail->next = stream;
	class->tail = stream;
}

static void take_first(struct cw_qos_class *class)
{
	class->head->is_listed = false;
	class->head = class->head->next;
}

static bool is_closed(const struct cw_qos_gate *gate, uint64_t now_ns)
{
	return cw_qos_is_gating(gate) && gate->open_ns > now_ns;
}

static void wait_for_gate(struct cw_qos *qos, struct cw_qos_gate *gate, struct cw_qos_stream *stream)
{
	if (gate->place == 0) {
		gate->waiting = NULL;
		rise(qos, ++qos->gate_count, gate);
	}
	stream->is_listed = true;
	stream->next = gate->waiting;
	gate->waiting = stream;
}

static void list_all(struct cw_qos *qos, struct cw_qos_stream **list)
{
	for (struct cw_qos_stream *stream = *list, *next; stream != NULL; stream = next) {
		next = stream->next;
		cw_qos_list(qos, stream);
	}
	*list = NULL;
}

void cw_qos_set_gate(struct cw_qos *qos, struct cw_qos_gate *gate, uint64_t bps)
{
	gate->bps = bps;
	if (cw_qos_is_gating(gate))
		return;
	list_all(qos, &gate->held);
	/* What waits for it need not any more. */
	gate->open_ns = 0;
	if (gate->place != 0)
		rise(qos, gate->place, gate);
}

void cw_qos_open_gates(struct cw_qos *qos, uint64_t now_ns)
{
	while (qos->gate_count > 0 && qos->gates[0]->open_ns <= now_ns) {
		struct cw_qos_gate *gate = qos->gates[0];
		remove_first_gate(qos);
		list_all(qos, &gate->waiting);
	}
}

void cw_qos_pass_turn(struct cw_qos *qos, struct cw_qos_gate *gate)
{
	uint64_t bps;
	uint64_t turn = cw_qos_budget(qos, NULL, &bps);

	for (uint32_t idle = 0; idle < CW_QOS_CLASSES;) {
		gate->turn = (gate->turn + 1) % CW_QOS_CLASSES;
		int64_t *credit = &gate->credits[gate->turn];
		if (gate->members[gate->turn] == NULL || gate->members[gate->turn]->bytes == 0) {
			*credit = *credit > 0 ? 0 : *credit;
			idle++;
			continue;
		}
		idle = 0;
		if (*credit <= 0)
			*credit += (int64_t)(turn * qos->shape.classes[gate->turn].weight / cw_qos_least_weight(qos));
		if (*credit > 0)
			break;
	}
	list_all(qos, &gate->held);
}

/* Of a stream that has something waiting. */
static bool is_its_turn(struct cw_qos *qos, const struct cw_qos_stream *stream)
{
	struct cw_qos_gate *gate = stream->gate;

	if (!cw_qos_is_gating(gate))
		return true;
	if (gate->members[gate->turn] == NULL || gate->members[gate->turn]->bytes == 0)
		cw_qos_pass_turn(qos, gate);
	return gate->turn == stream->class;
}

static void hold(struct cw_qos_stream *stream)
{
	stream->is_listed = true;
	stream->next = stream->gate->held;
	stream->gate->held = stream;
}

struct cw_qos_stream *cw_qos_next_stream(struct cw_qos *qos, struct cw_qos_class *class, bool is_strict, uint64_t now_ns)
{
	uint64_t bps;

	while (class->head != NULL) {
		struct cw_qos_stream *stream = class->head;
		if (stream->bytes == 0) {
			take_first(class);
			cw_qos_forget_flows(qos, stream);
		} else if (is_closed(stream->gate, now_ns)) {
			take_first(class);
			wait_for_gate(qos, stream->gate, stream);
		} else if (!is_strict && !is_its_turn(qos, stream)) {
			take_first(class);
			hold(stream);
		} else if (stream->credit <= 0) {
			take_first(class);
			stream->credit += cw_qos_budget(qos, stream, &bps);
			cw_qos_list(qos, stream);
		} else {
			return stream;
		}
	}
	return NULL;
}
