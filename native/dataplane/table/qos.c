/* The uplink and its classes. See qos.h. */
#include <stdlib.h>
#include <string.h>

#include "table/qos-parts.h"

#define PIECE_OF_SECOND 1000u /* what a grant takes of the link, at most: its part of a second */
/*
 * Nobody but the flow itself is kept waiting by what it has here, and where many share a slow link each needs a few packets to go on at
 * all: with less a large part of what has crossed the link is lost here, with more the queue before the link has grown by then.
 */
#define INWARDS_TARGET_NS 20000000ull
#define INWARDS_SLOWED_PART 16u /* of the rate, that is not used while more waits than that */
#define BESIDE_PERCENT 95u /* of the rate */
#define GATE_LATE_NS 10000000ull /* what a peer catches up for which others of the link had no turn left */

uint32_t cw_qos_budget_of(uint64_t bps)
{
	uint64_t bytes = bps / 8 / PIECE_OF_SECOND;

	return bytes < CW_QOS_MTU ? CW_QOS_MTU : bytes > UINT16_MAX ? UINT16_MAX : (uint32_t)bytes;
}

static bool is_within_cap(const struct cw_qos *qos, uint32_t index, uint64_t now_ns)
{
	return qos->shape.classes[index].cap_percent > 0 && qos->classes[index].cap_ns <= now_ns + CW_QOS_CAP_BURST_NS;
}

static struct cw_qos_stream *next_strict(struct cw_qos *qos, uint64_t now_ns)
{
	for (uint32_t i = 0; i < CW_QOS_CLASSES; i++) {
		if (qos->classes[i].head == NULL || !is_within_cap(qos, i, now_ns))
			continue;
		struct cw_qos_stream *stream = cw_qos_next_stream(qos, &qos->classes[i], true, now_ns);
		if (stream != NULL)
			return stream;
	}
	return NULL;
}

/* Of those that have something to send now. */
static uint32_t greatest_weight(const struct cw_qos *qos)
{
	uint32_t greatest = 1;

	for (uint32_t i = 0; i < CW_QOS_CLASSES; i++) {
		if (qos->classes[i].head != NULL && qos->shape.classes[i].weight > greatest)
			greatest = qos->shape.classes[i].weight;
	}
	return greatest;
}

static struct cw_qos_stream *next_weighted(struct cw_qos *qos, uint64_t now_ns)
{
	for (uint32_t idle = 0; idle < CW_QOS_CLASSES;) {
		struct cw_qos_class *class = &qos->classes[qos->turn];
		struct cw_qos_stream *stream = cw_qos_next_stream(qos, class, false, now_ns);
		if (stream != NULL && class->credit > 0)
			return stream;
		/* Who has nothing to send saves nothing up; who waits for a gate keeps what it has not used. */
		if (class->bytes == 0 && class->credit > 0)
			class->credit = 0;
		if (stream != NULL)
			class->credit += cw_qos_turn_of(qos->budget, qos->shape.classes[qos->turn].weight, greatest_weight(qos));
		idle = stream == NULL ? idle + 1 : 0;
		qos->turn = (qos->turn + 1) % CW_QOS_CLASSES;
	}
	return NULL;
}

void cw_qos_add(struct cw_qos *qos, struct cw_qos_stream *stream, uint32_t hash, struct cw_qos_item *item)
{
	uint32_t bytes = cw_qos_bytes(item, item->pieces);
	uint64_t bps;

	if (qos->free == NULL)
		cw_qos_sweep_flows(qos);
	struct cw_qos_flow *flow = cw_qos_find_flow(qos, stream, hash);
	cw_qos_list_flow(stream, flow, cw_qos_budget(qos, stream, &bps));
	/* A link that has stood still has saved nothing up. */
	if (qos->items == 0)
		qos->open_ns = cw_qos_later(qos->open_ns, item->at_ns);
	item->next = NULL;
	if (flow->queue.head == NULL)
		flow->queue.head = item;
	else
		flow->queue.tail->next = item;
	flow->queue.tail = item;
	if (flow->bytes == 0) {
		stream->flows++;
		qos->classes[stream->class].flows++;
	}
	flow->bytes += bytes;
	stream->bytes += bytes;
	stream->packets += item->pieces;
	qos->classes[stream->class].bytes += bytes;
	qos->classes[stream->class].packets += item->pieces;
	qos->bytes += bytes;
	qos->items++;
	qos->large += item->is_large;
	if (stream->gate != NULL)
		stream->gate->members[stream->class] = stream;
	if (!stream->is_listed)
		cw_qos_list(qos, stream);
	if (stream->bytes > (bps == qos->shape.bps ? qos->most : cw_qos_most_of(bps)))
		qos->swollen = stream;
	qos->arrived = flow;
}

static void charge_gate(struct cw_qos_gate *gate, uint64_t now_ns, uint32_t bytes)
{
	uint64_t from = now_ns < GATE_LATE_NS ? 0 : now_ns - GATE_LATE_NS;

	gate->open_ns = cw_qos_later(gate->open_ns, from) + cw_qos_time_of(gate->byte_time, bytes);
}

/* A cap of which so much more is used. */
static void use_cap(uint64_t *cap_ns, uint64_t now_ns, uint64_t time_ns, uint32_t percent)
{
	*cap_ns = cw_qos_later(*cap_ns, now_ns) + time_ns * 100 / percent;
}

void cw_qos_charge(struct cw_qos *qos, uint64_t now_ns, uint32_t bytes)
{
	uint64_t late_ns = qos->items == 0 ? 0 : CW_QOS_LATE_NS;
	uint64_t from = now_ns < late_ns ? 0 : now_ns - late_ns;

	qos->open_ns = cw_qos_later(qos->open_ns, from) + cw_qos_time_of(qos->byte_time, bytes);
}

void cw_qos_charge_beside(struct cw_qos *qos, uint64_t now_ns, uint32_t bytes)
{
	/* Else the debt would grow as long as it takes more than its part, and nobody would pay it off. */
	if (qos->beside_ns > now_ns + CW_QOS_CAP_BURST_NS)
		return;
	qos->beside_ns = cw_qos_later(qos->beside_ns, now_ns) + cw_qos_time_of(qos->byte_time, bytes) * 100 / BESIDE_PERCENT;
	cw_qos_charge(qos, now_ns, bytes);
}

static void charge(struct cw_qos *qos, struct cw_qos_flow *flow, bool is_strict, uint64_t now_ns, uint32_t bytes)
{
	struct cw_qos_stream *stream = flow->stream;
	struct cw_qos_class *class = &qos->classes[stream->class];
	bool is_gated = cw_qos_is_gating(stream->gate);

	cw_qos_charge(qos, now_ns, bytes);
	if (is_gated)
		charge_gate(stream->gate, now_ns, bytes);
	/* What goes by weight uses nothing of the cap, else a flood that is over would keep calls behind for as long. */
	if (is_strict) {
		uint32_t percent = qos->shape.classes[stream->class].cap_percent;
		use_cap(&class->cap_ns, now_ns, cw_qos_time_of(qos->byte_time, bytes), percent);
		if (is_gated)
			use_cap(&stream->gate->caps_ns[stream->class], now_ns, cw_qos_time_of(stream->gate->byte_time, bytes), percent);
	} else {
		class->credit -= bytes;
		if (is_gated)
			stream->gate->credits[stream->class] -= bytes;
	}
	stream->credit -= bytes;
	flow->credit -= bytes;
	if (qos->shape.is_inwards)
		use_cap(&qos->least_ns, now_ns, cw_qos_time_of(qos->byte_time, bytes), 100 - BESIDE_PERCENT);
}

/* What goes beside must not keep others waiting for the whole of what it has used: a call has its packets within its small part at once. */
static uint64_t opens_ns(const struct cw_qos *qos)
{
	return qos->shape.is_inwards && qos->least_ns < qos->open_ns ? qos->least_ns : qos->open_ns;
}

/* Of a train: one at least. */
static uint16_t fitting_pieces(const struct cw_qos_item *item, uint32_t budget)
{
	uint32_t fitting = item->piece == 0 ? 1 : budget / item->piece;

	return (uint16_t)(fitting < 1 ? 1 : fitting > item->pieces ? item->pieces : fitting);
}

static void let_go(struct cw_qos *qos, struct cw_qos_flow *flow, bool is_strict, uint32_t budget, uint64_t now_ns,
		   struct cw_qos_grant *grant)
{
	struct cw_qos_item *item = flow->queue.head;
	uint16_t pieces = item->pieces == 1 ? 1 : fitting_pieces(item, budget);
	uint32_t bytes = cw_qos_bytes(item, pieces);

	/* Before the item goes: a link that empties now was busy until now. */
	charge(qos, flow, is_strict, now_ns, bytes);
	cw_qos_count_sent(&qos->counts[flow->stream->class], &flow->stream->count, pieces, bytes, now_ns - item->at_ns, grant->is_marked);
	grant->item = item;
	grant->pieces = pieces;
	grant->is_last = cw_qos_take(qos, flow, pieces);
	struct cw_qos_gate *gate = flow->stream->gate;
	if (cw_qos_is_gating(gate) && gate->credits[gate->turn] <= 0)
		cw_qos_pass_turn(qos, gate);
}

/* The time of one and a half packets, where that is more. */
static uint64_t target_of(const struct cw_qos *qos, uint64_t bps)
{
	bool is_fast = bps >= CW_QOS_MTU * 12ull * 1000000000 / CW_CODEL_TARGET_NS;

	if (qos->shape.is_inwards)
		return INWARDS_TARGET_NS;
	return is_fast ? CW_CODEL_TARGET_NS : cw_qos_time_of(cw_qos_byte_time(bps), CW_QOS_MTU * 3 / 2);
}

bool cw_qos_next(struct cw_qos *qos, uint64_t now_ns, struct cw_qos_grant *grant)
{
	uint64_t bps;

	if (qos->items == 0)
		cw_qos_forget_idle(qos);
	if (qos->items == 0 || opens_ns(qos) > now_ns)
		return false;
	cw_qos_open_gates(qos, now_ns);
	struct cw_qos_stream *stream = next_strict(qos, now_ns);
	bool is_strict = stream != NULL;
	if (!is_strict)
		stream = next_weighted(qos, now_ns);
	if (stream == NULL) {
		qos->open_ns = cw_qos_later(qos->open_ns, now_ns);
		return false;
	}
	uint32_t budget = cw_qos_budget(qos, stream, &bps);
	struct cw_qos_flow *flow = cw_qos_next_flow(qos, stream, budget);
	struct cw_qos_item *item = flow->queue.head;
	bool loses = cw_codel_loses(&flow->codel, now_ns, now_ns - item->at_ns, target_of(qos, bps), flow->bytes <= CW_QOS_MTU);
	*grant = (struct cw_qos_grant){ .is_marked = loses && item->is_ect };
	if (loses && !item->is_ect) {
		if (qos->shape.is_inwards)
			charge(qos, flow, is_strict, now_ns, cw_qos_bytes(item, 1));
		cw_qos_lose(qos, flow, 1, true, grant);
	} else {
		/* Then there is a queue before the link as well, which is to become shorter. */
		bool is_slowed = qos->shape.is_inwards && now_ns - item->at_ns > INWARDS_TARGET_NS;
		uint32_t before = qos->bytes;
		let_go(qos, flow, is_strict, budget, now_ns, grant);
		if (is_slowed)
			cw_qos_charge(qos, now_ns, (before - qos->bytes) / INWARDS_SLOWED_PART);
	}
	return true;
}

uint64_t cw_qos_due_ns(const struct cw_qos *qos)
{
	if (qos->items == 0)
		return UINT64_MAX;
	for (uint32_t i = 0; i < CW_QOS_CLASSES; i++) {
		if (qos->classes[i].head != NULL)
			return opens_ns(qos);
	}
	return qos->gate_count == 0 ? opens_ns(qos) : cw_qos_later(opens_ns(qos), qos->gates[0]->open_ns);
}

/* With what divisions give, so that no packet pays for them. */
static void take_shape(struct cw_qos *qos, const struct cw_qos_shape *shape)
{
	qos->shape = *shape;
	if (qos->shape.items > CW_QOS_ITEMS_MOST)
		qos->shape.items = CW_QOS_ITEMS_MOST;
	qos->byte_time = cw_qos_byte_time(shape->bps);
	qos->budget = cw_qos_budget_of(shape->bps);
	qos->most = cw_qos_most_of(shape->bps);
}

struct cw_qos *cw_qos_new(const struct cw_qos_shape *shape)
{
	struct cw_qos *qos = calloc(1, sizeof(*qos));

	if (qos == NULL)
		return NULL;
	for (uint32_t i = CW_QOS_FLOWS; i-- > 0;) {
		qos->flows[i].next = qos->free;
		qos->free = &qos->flows[i];
	}
	take_shape(qos, shape);
	return qos;
}

void cw_qos_free(struct cw_qos *qos)
{
	free(qos);
}

/* What has left has had part of its time: the rest passes by the new rate. */
static uint64_t by_rate(uint64_t until_ns, uint64_t now_ns, double part)
{
	return until_ns <= now_ns ? until_ns : now_ns + (uint64_t)((double)(until_ns - now_ns) * part);
}

void cw_qos_set(struct cw_qos *qos, const struct cw_qos_shape *shape, uint64_t now_ns)
{
	double part = (double)qos->shape.bps / (double)shape->bps;

	qos->open_ns = by_rate(qos->open_ns, now_ns, part);
	qos->beside_ns = by_rate(qos->beside_ns, now_ns, part);
	qos->least_ns = by_rate(qos->least_ns, now_ns, part);
	for (uint32_t i = 0; i < CW_QOS_CLASSES; i++)
		qos->classes[i].cap_ns = by_rate(qos->classes[i].cap_ns, now_ns, part);
	take_shape(qos, shape);
}

uint32_t cw_qos_waiting_items(const struct cw_qos *qos)
{
	return qos->items;
}

uint32_t cw_qos_waiting_bytes(const struct cw_qos *qos)
{
	return qos->bytes;
}

uint64_t cw_qos_bps(const struct cw_qos *qos)
{
	return qos->shape.bps;
}

const struct cw_qos_class_count *cw_qos_counted(const struct cw_qos *qos, uint32_t class)
{
	return &qos->counts[class];
}

void cw_qos_count_from(struct cw_qos *qos, const struct cw_qos_class_count before[CW_QOS_CLASSES])
{
	memcpy(qos->counts, before, sizeof(qos->counts));
}

uint32_t cw_qos_class_packets(const struct cw_qos *qos, uint32_t class)
{
	return qos->classes[class].packets;
}

uint32_t cw_qos_class_bytes(const struct cw_qos *qos, uint32_t class)
{
	return qos->classes[class].bytes;
}
