/* Streams: in their classes, or before a gate that is closed. See qos.h. */
#include "table/qos-parts.h"

/* A turn at a gate is worth so many of the link, since whose it is has to wait for one of the link as well. */
#define TURN_BUDGETS 3u
#define LOOKS_MOST 16u /* at streams that are beyond their caps, for each packet that leaves */

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

void cw_qos_forget_idle(struct cw_qos *qos)
{
	for (struct cw_qos_class *class = qos->classes; class < qos->classes + CW_QOS_CLASSES; class++) {
		while (class->head != NULL) {
			struct cw_qos_stream *stream = class->head;
			take_first(class);
			cw_qos_forget_flows(qos, stream);
		}
	}
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
	if (cw_qos_is_gating(gate)) {
		gate->byte_time = cw_qos_byte_time(bps);
		gate->budget = cw_qos_budget_of(bps);
		gate->most = cw_qos_budget_of(bps * TURN_BUDGETS);
		return;
	}
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

static bool is_waiting(const struct cw_qos_gate *gate, uint32_t class)
{
	return gate->members[class] != NULL && gate->members[class]->bytes > 0;
}

void cw_qos_pass_turn(struct cw_qos *qos, struct cw_qos_gate *gate)
{
	uint32_t greatest = 1;

	for (uint32_t i = 0; i < CW_QOS_CLASSES; i++) {
		if (is_waiting(gate, i) && qos->shape.classes[i].weight > greatest)
			greatest = qos->shape.classes[i].weight;
	}
	for (uint32_t idle = 0; idle < CW_QOS_CLASSES;) {
		gate->turn = (gate->turn + 1) % CW_QOS_CLASSES;
		int64_t *credit = &gate->credits[gate->turn];
		if (!is_waiting(gate, gate->turn)) {
			*credit = *credit > 0 ? 0 : *credit;
			idle++;
			continue;
		}
		idle = 0;
		if (*credit <= 0)
			*credit += cw_qos_turn_of(gate->most, qos->shape.classes[gate->turn].weight, greatest);
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
	if (!is_waiting(gate, gate->turn))
		cw_qos_pass_turn(qos, gate);
	return gate->turn == stream->class;
}

static void hold(struct cw_qos_stream *stream)
{
	stream->is_listed = true;
	stream->next = stream->gate->held;
	stream->gate->held = stream;
}

/* Whether it has used what its class may have of its peer before others. */
static bool is_beyond_cap(const struct cw_qos_stream *stream, uint64_t now_ns)
{
	const struct cw_qos_gate *gate = stream->gate;

	return cw_qos_is_gating(gate) && gate->caps_ns[stream->class] > now_ns + CW_QOS_CAP_BURST_NS;
}

static void go_behind(struct cw_qos *qos, struct cw_qos_class *class)
{
	struct cw_qos_stream *stream = class->head;

	take_first(class);
	cw_qos_list(qos, stream);
}

struct cw_qos_stream *cw_qos_next_stream(struct cw_qos *qos, struct cw_qos_class *class, bool is_strict, uint64_t now_ns)
{
	const struct cw_qos_stream *passed = NULL;
	uint32_t looks = 0;
	uint64_t bps;

	while (class->head != NULL) {
		struct cw_qos_stream *stream = class->head;
		if (stream->bytes == 0) {
			take_first(class);
			cw_qos_forget_flows(qos, stream);
		} else if (is_closed(stream->gate, now_ns)) {
			take_first(class);
			wait_for_gate(qos, stream->gate, stream);
		} else if (is_strict && is_beyond_cap(stream, now_ns)) {
			if (stream == passed || ++looks > LOOKS_MOST)
				return NULL;
			passed = passed == NULL ? stream : passed;
			go_behind(qos, class);
		} else if (!is_strict && !is_its_turn(qos, stream)) {
			take_first(class);
			hold(stream);
		} else if (stream->credit <= 0) {
			stream->credit += cw_qos_budget(qos, stream, &bps);
			go_behind(qos, class);
		} else {
			return stream;
		}
	}
	return NULL;
}
