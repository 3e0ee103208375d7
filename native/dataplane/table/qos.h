/*
 * What leaves next by one uplink, and when: the rate of the link, classes, the rate that each peer takes, and flows.
 *
 *   uplink (rate) ─► class (strict up to its cap, or by weight) ─► stream: the class of one peer, while its gate is open
 *                 ─► flow (RFC 8290: a queue each, those that are new first) ─► CoDel ─► pieces of the packet or train at its head
 *
 * Classes come before peers, so that a call to one peer waits for no bulk to another, and what is bulk shares one weight whomever
 * it is for. A peer's rate is a gate: what its own link does not take waits, and nobody behind it does. Who is at the top of its
 * flow leaves in pieces of at most a millisecond of the link, and others have their turn between them.
 *
 * Pure: items are the caller's, times are what it says. All sizes are bytes on the link, with every header and what the link adds.
 */
#ifndef CW_QOS_H
#define CW_QOS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "causeway_program.h"
#include "table/codel.h"
#include "table/qos-count.h"

#define CW_QOS_CLASSES CW_CLASSES
#define CW_QOS_MTU 1514u /* a turn of a flow or stream: RFC 8290 §5.2.1 */
#define CW_QOS_LEAST_BPS 64000u /* times of slower ones would not fit their numbers */
#define CW_QOS_FLOWS 8192u /* with something waiting or without: twice as many as items may wait */
#define CW_QOS_ITEMS_MOST (CW_QOS_FLOWS / 2)
#define CW_QOS_BUCKETS 1024u /* few, for they are met twice for each packet: mostly few flows wait */
#define CW_QOS_BATCH 64u   /* lost at once where there is no room: RFC 8290 §4.1.3 */
#define CW_QOS_GATES_MAX 4352u /* more than there are peers */
#define CW_QOS_LATE_NS 3000000ull /* what a worker that wakes late catches up: so much may stand in the modem then */

/* Part of what waits: at its beginning, so that the one is the other. A train has pieces of one size, but for the last. */
struct cw_qos_item {
	struct cw_qos_item *next;
	uint64_t at_ns; /* when it came */
	uint32_t piece; /* bytes of each but the last */
	uint32_t last;
	uint16_t pieces; /* that are left */
	bool is_ect;     /* RFC 3168: it can be marked instead of lost */
	bool is_large;   /* its buffer is one of few */
};

struct cw_qos_queue {
	struct cw_qos_item *head, *tail;
};

/* One flow of a stream, while anything of it waits and for a turn after. */
struct cw_qos_flow {
	struct cw_qos_queue queue;
	struct cw_codel codel;
	struct cw_qos_flow *next;  /* in its stream's list, or of free ones */
	struct cw_qos_flow *chain; /* in the table */
	struct cw_qos_stream *stream;
	uint32_t hash;
	uint32_t bytes; /* that wait */
	int64_t credit;
	bool is_listed;
};

struct cw_qos_flows {
	struct cw_qos_flow *head, *tail;
};

/*
 * What a peer takes, which closes it until what left has had its time. Its streams take turns by the weights of their classes and go
 * first up to their caps, as the classes of the link do: where the peer is the bottleneck, and not the link, it would else be whoever
 * comes first, or calls alone. Zeroed by the caller, who sets its rate by cw_qos_set_gate().
 */
struct cw_qos_gate {
	uint64_t bps; /* 0: it is always open */
	uint64_t byte_time;
	uint64_t open_ns;
	uint64_t caps_ns[CW_QOS_CLASSES]; /* up to when the cap of a class is used */
	struct cw_qos_stream *members[CW_QOS_CLASSES]; /* that ever had something waiting */
	struct cw_qos_stream *waiting; /* until it opens */
	struct cw_qos_stream *held;    /* until it is their turn */
	int64_t credits[CW_QOS_CLASSES];
	uint8_t turn;
	uint32_t budget; /* of a grant, by its rate */
	uint32_t most;   /* of a turn of a class */
	uint32_t place; /* among the gates that are waited for, from 1; 0: it is not */
};

/* A class of one peer. Zeroed but for its class and gate by the caller, who has it for as long as the scheduler is open. */
struct cw_qos_stream {
	_Alignas(64) struct cw_qos_gate *gate; /* NULL: none */
	struct cw_qos_stream *next; /* in its class's list, or one of its gate's */
	struct cw_qos_flows fresh, old;
	int32_t credit; /* of a turn, which is below 64 KB */
	uint32_t bytes; /* that wait */
	uint32_t packets; /* the same */
	uint8_t class;
	bool is_listed; /* by its class or its gate */
	uint16_t flows; /* that have something waiting */
	struct cw_qos_count count;
};

static_assert(offsetof(struct cw_qos_stream, count) == 64, "what a packet meets that comes is on one cache line");

struct cw_qos_class_shape {
	uint16_t weight;     /* of what strict classes leave; at least 1 */
	uint8_t cap_percent; /* of the rate, up to which it goes before all others; 0: it is not strict */
};

struct cw_qos_shape {
	uint64_t bps; /* CW_QOS_LEAST_BPS at least */
	uint32_t items; /* that wait at most, ≤ CW_QOS_ITEMS_MOST */
	uint32_t large; /* of them, at most */
	bool is_inwards; /* what comes has been through the link: what CoDel takes of it has used its time as well */
	struct cw_qos_class_shape classes[CW_QOS_CLASSES];
};

struct cw_qos;

/* What is to be done with an item: in this order its first pieces are lost, then some leave, the first of them marked. */
struct cw_qos_grant {
	struct cw_qos_item *item;
	uint16_t lost;
	uint16_t pieces;
	bool is_marked;
	bool is_last; /* nothing of it is left: it is the caller's again */
};

/* NULL: no memory. Some 1 MB. */
struct cw_qos *cw_qos_new(const struct cw_qos_shape *shape);

/* What waits must have been taken out: see cw_qos_empty(). */
void cw_qos_free(struct cw_qos *qos);

/* A new rate or new weights: what waits goes on waiting, by them from `now_ns` on. */
void cw_qos_set(struct cw_qos *qos, const struct cw_qos_shape *shape, uint64_t now_ns);

/* @param bps CW_QOS_LEAST_BPS at least; 0: it keeps nothing back any more */
void cw_qos_set_gate(struct cw_qos *qos, struct cw_qos_gate *gate, uint64_t bps);

/*
 * Before anything else is done, cw_qos_shed() says what is lost for it.
 * @param hash of the flow: two of one hash in one stream are one
 * @param item its `at_ns` is now
 */
void cw_qos_add(struct cw_qos *qos, struct cw_qos_stream *stream, uint32_t hash, struct cw_qos_item *item);

/*
 * Until false, after each item that was added: there is no room for what is granted, of which all is lost. RFC 8290 §4.1.3, but whoever
 * has more than the mean of those that wait loses, not only who has most: that is found without a look at all.
 */
bool cw_qos_shed(struct cw_qos *qos, struct cw_qos_grant *grant);

/* Until false: what may leave now. */
bool cw_qos_next(struct cw_qos *qos, uint64_t now_ns, struct cw_qos_grant *grant);

/* What leaves without waiting (probes, handshakes) takes its time from those that wait. */
void cw_qos_charge(struct cw_qos *qos, uint64_t now_ns, uint32_t bytes);

/* The same of what nobody keeps back and could take all: at most 95 % of the rate is charged, and those that wait have the rest. */
void cw_qos_charge_beside(struct cw_qos *qos, uint64_t now_ns, uint32_t bytes);

/* When cw_qos_next() is to be asked again; UINT64_MAX: nothing waits. */
uint64_t cw_qos_due_ns(const struct cw_qos *qos);

/* False: nothing waits. Else the first item of some flow is taken out, as if there were no room for it. */
bool cw_qos_empty(struct cw_qos *qos, struct cw_qos_grant *grant);

uint32_t cw_qos_waiting_items(const struct cw_qos *qos);
uint32_t cw_qos_waiting_bytes(const struct cw_qos *qos);
uint64_t cw_qos_bps(const struct cw_qos *qos);

/* Of the class. What is set is what was counted before, by another scheduler: from there on it grows. */
const struct cw_qos_class_count *cw_qos_counted(const struct cw_qos *qos, uint32_t class);
void cw_qos_count_from(struct cw_qos *qos, const struct cw_qos_class_count before[CW_QOS_CLASSES]);

/* That wait, of the class. */
uint32_t cw_qos_class_packets(const struct cw_qos *qos, uint32_t class);
uint32_t cw_qos_class_bytes(const struct cw_qos *qos, uint32_t class);

#endif
