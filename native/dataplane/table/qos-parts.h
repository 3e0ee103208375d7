/* What the files of the scheduler share; nobody else includes it. See qos.h. */
#ifndef CW_QOS_PARTS_H
#define CW_QOS_PARTS_H

#include "table/qos.h"

struct cw_qos_class {
	struct cw_qos_stream *head, *tail;
	int64_t credit;
	uint32_t bytes;  /* that wait */
	uint32_t packets; /* the same */
	uint32_t flows;   /* that have something waiting */
	uint64_t cap_ns; /* up to when its cap is used */
};

struct cw_qos {
	struct cw_qos_shape shape;
	uint64_t byte_time; /* of the link */
	uint32_t budget;    /* of a grant, by the link's rate: cw_qos_budget() */
	uint32_t most;      /* bytes that may wait, by the link's rate */
	struct cw_qos_class classes[CW_QOS_CLASSES];
	uint32_t turn;    /* of the classes */
	uint64_t open_ns; /* when what left has had its time */
	uint64_t beside_ns; /* up to when what goes beside has used its part */
	uint64_t least_ns; /* and up to when those that wait have used theirs, which nobody takes from them */
	uint32_t flow_count; /* in use */
	uint32_t items;
	uint32_t large; /* of them */
	uint32_t bytes;
	uint32_t gate_count; /* of those that are waited for, a heap: the first is open first */
	struct cw_qos_gate *gates[CW_QOS_GATES_MAX];
	struct cw_qos_stream *swollen; /* that has more waiting than its rate is good for; NULL: none */
	struct cw_qos_flow *arrived; /* to which something was added last */
	struct cw_qos_flow *thinned; /* that loses until it is half as long; NULL: none */
	uint32_t thin_items, thin_bytes;
	struct cw_qos_class_count counts[CW_QOS_CLASSES];
	struct cw_qos_flow *free;
	struct cw_qos_flow *table[CW_QOS_BUCKETS];
	struct cw_qos_flow flows[CW_QOS_FLOWS];
};

static inline uint64_t cw_qos_later(uint64_t one, uint64_t other)
{
	return one > other ? one : other;
}

#define CW_QOS_TIME_SHIFT 20

/* Nanoseconds of a byte, in 1/2^20: what a division would cost is paid once. */
static inline uint64_t cw_qos_byte_time(uint64_t bps)
{
	return (8ull * 1000000000 << CW_QOS_TIME_SHIFT) / bps;
}

static inline uint64_t cw_qos_time_of(uint64_t byte_time, uint32_t bytes)
{
	return bytes * byte_time >> CW_QOS_TIME_SHIFT;
}

/* Whether it keeps anything back. */
static inline bool cw_qos_is_gating(const struct cw_qos_gate *gate)
{
	return gate != NULL && gate->bps != 0;
}

uint32_t cw_qos_budget_of(uint64_t bps);

/* What one grant takes at most, and a turn is worth at least. @param bps the least rate that the stream meets; `stream` NULL: the link's */
static inline uint32_t cw_qos_budget(const struct cw_qos *qos, const struct cw_qos_stream *stream, uint64_t *bps)
{
	*bps = qos->shape.bps;
	if (stream == NULL || !cw_qos_is_gating(stream->gate) || stream->gate->bps >= *bps)
		return qos->budget;
	*bps = stream->gate->bps;
	return stream->gate->budget;
}

#define CW_QOS_CAP_BURST_NS 10000000ull

/* What one turn is worth where the greatest weight has a turn of `budget`: so no turn is longer than that, and light ones save up. */
static inline uint32_t cw_qos_turn_of(uint32_t budget, uint32_t weight, uint32_t greatest)
{
	uint32_t turn = budget * weight / greatest;

	return turn == 0 ? 1 : turn;
}

/* qos-stream.c: streams in their classes, or before a gate that is closed. */
void cw_qos_list(struct cw_qos *qos, struct cw_qos_stream *stream);
void cw_qos_open_gates(struct cw_qos *qos, uint64_t now_ns);

/* Nothing waits at all: flows need not be told apart from the last ones any more, and few are quickly found. */
void cw_qos_forget_idle(struct cw_qos *qos);

/* It is the turn of the next one of the gate's streams that have something waiting. */
void cw_qos_pass_turn(struct cw_qos *qos, struct cw_qos_gate *gate);

/*
 * The stream of the class whose turn it is, among those whose gates are open and whose turn it is there too; NULL: there is none.
 * @param is_strict the class goes before all others now, and waits for no turn
 */
struct cw_qos_stream *cw_qos_next_stream(struct cw_qos *qos, struct cw_qos_class *class, bool is_strict, uint64_t now_ns);

/*
 * qos-flow.c. Forgets all flows of which nothing waits, where there is none left: that is half of them at least, so that no packet
 * pays for more than a few.
 */
void cw_qos_sweep_flows(struct cw_qos *qos);

/* There is one left. */
struct cw_qos_flow *cw_qos_find_flow(struct cw_qos *qos, struct cw_qos_stream *stream, uint32_t hash);

/* Behind those that wait for their first turn. */
void cw_qos_list_flow(struct cw_qos_stream *stream, struct cw_qos_flow *flow, uint32_t turn);

/* Of a stream of which something waits. */
struct cw_qos_flow *cw_qos_next_flow(struct cw_qos *qos, struct cw_qos_stream *stream, uint32_t turn);

/* Of a stream of which nothing waits: forgets them. */
void cw_qos_forget_flows(struct cw_qos *qos, struct cw_qos_stream *stream);

/* The first that has so many bytes waiting, of the stream, or of all of the class; NULL: there is none. At least 1. */
struct cw_qos_flow *cw_qos_flow_above(struct cw_qos *qos, struct cw_qos_stream *stream, uint32_t least);
struct cw_qos_flow *cw_qos_class_flow_above(struct cw_qos *qos, uint8_t class, uint32_t least);

/* qos-item.c: so many pieces at the head of the flow are lost. @param is_late they waited too long; else there is no room for them */
void cw_qos_lose(struct cw_qos *qos, struct cw_qos_flow *flow, uint16_t pieces, bool is_late, struct cw_qos_grant *grant);

/* So many pieces of the first item are gone. @return whether the item is */
bool cw_qos_take(struct cw_qos *qos, struct cw_qos_flow *flow, uint16_t pieces);

/* Bytes that may wait: 200 ms of the rate, for what is behind more would be too late when it came. */
uint32_t cw_qos_most_of(uint64_t bps);

uint32_t cw_qos_bytes(const struct cw_qos_item *item, uint16_t pieces);

#endif
