/*
 * What was decided about a flow: the way of its packets towards a peer, policy and path. Its key is what a packet says of
 * itself, compared whole. The packet path allocates nothing: the places are made at start, and one whose flow is idle is
 * given to a new flow in place. Where all places that a new flow may have are of live ones, there is none for it:
 * counted, and its packets are steered one by one.
 *
 * Decides nothing itself. Of one worker, who reads the counters too. Time is an argument that does not go back.
 */
#ifndef CW_FLOW_H
#define CW_FLOW_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "mix.h"
#include "table/acl.h"
#include "table/address.h"

#define CW_FLOWS_DEFAULT 131072
#define CW_FLOWS_MAX (1u << 22)
#define CW_FLOW_NO_PATH 0xff

/*
 * After how long without a packet a flow's place may be another's; and when a sweep forgets it, though nobody needs the
 * place. Short: of a few packets only (most are a question with its answer), or closed; these go first. TCP as in
 * RFC 5382 §5, all else as in RFC 4787 §4.3.
 */
#define CW_FLOW_IDLE_MS 60000
#define CW_FLOW_IDLE_SHORT_MS 5000
#define CW_FLOW_FORGOTTEN_TCP_MS 7440000
#define CW_FLOW_FORGOTTEN_MS 300000
#define CW_FLOW_FORGOTTEN_SHORT_MS 60000
#define CW_FLOW_SHORT_PACKETS 2

struct cw_flow_key {
	struct cw_address source;
	struct cw_address destination;
	uint16_t source_port; /* host order; 0 where there are none */
	uint16_t destination_port;
	uint16_t segment;
	uint8_t protocol;
	uint8_t zero;
};

static_assert(sizeof(struct cw_flow_key) == 40, "five words, which are hashed and compared");

/* A cache line. What the table does not say is its own is the caller's; zeros at first, but for `path`. */
struct cw_flow_entry {
	struct cw_flow_key key; /* the table's */
	uint32_t used_at;    /* the table's: its last packet, in units of its own */
	uint32_t epoch;      /* in which `policy` was decided: of another one it is stale */
	uint32_t first_byte; /* TCP's sequence number of it, where that is known */
	uint16_t policy;
	uint16_t peer;
	uint16_t match;
	uint8_t path;        /* index of the peer's, CW_FLOW_NO_PATH: none */
	uint8_t recognition; /* of its server's name: enum cw_recognition */
	uint8_t looked;      /* packets that were looked at for that */
	uint8_t packets;     /* the table's: so many, or more where it is full */
	uint8_t classing;    /* number of the policy that says its class */
	bool is_closed : 1;  /* ended by its own word: its place is soon another's */
	bool is_first_known : 1;
};

static_assert(sizeof(struct cw_flow_entry) == 64, "a cache line");

struct cw_flows;

static inline struct cw_flow_key cw_flow_key_of(const struct cw_flow *flow, uint16_t segment)
{
	return (struct cw_flow_key){ .source = flow->source,
				     .destination = flow->destination,
				     .source_port = flow->source_port,
				     .destination_port = flow->destination_port,
				     .segment = segment,
				     .protocol = flow->protocol };
}

static inline bool cw_flow_key_equal(const struct cw_flow_key *a, const struct cw_flow_key *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

/* For small tables that nobody gains by filling: it is not secret. `with`: what else it is of. */
static inline uint32_t cw_flow_key_mix(const struct cw_flow_key *key, uint64_t with)
{
	uint64_t words[5], mixed = with;

	memcpy(words, key, sizeof(words));
	for (uint32_t i = 0; i < 5; i++)
		mixed = (mixed ^ words[i]) * CW_MIX_STEP;
	return (uint32_t)(mixed >> 32);
}

/*
 * Of `count` places, rounded up to a power of two from 16 to CW_FLOWS_MAX; memory is used as they are, by
 * huge pages where the machine gives them. NULL: there is none, or no random bytes.
 */
struct cw_flows *cw_flows_new(uint32_t count);
void cw_flows_free(struct cw_flows *flows);

/* A packet of the flow `key` came: its entry, or NULL. An entry stays where it is until it is given to another flow. */
struct cw_flow_entry *cw_flow_find(struct cw_flows *flows, const struct cw_flow_key *key, uint64_t now_us);

/* The same, but no packet came, so nothing changes: for who explains. */
const struct cw_flow_entry *cw_flow_peek(const struct cw_flows *flows, const struct cw_flow_key *key);

/* Since its last packet. */
uint32_t cw_flow_idle_ms(const struct cw_flow_entry *entry, uint64_t now_us);

/* An entry for the first packet of a flow that was not found; NULL, counted: no room. */
struct cw_flow_entry *cw_flow_add(struct cw_flows *flows, const struct cw_flow_key *key, uint64_t now_us);

/*
 * Goes on through the table, by `budget` places or a few more, forgets what is idle for long, and shows the rest to `visit`
 * (may be NULL), which may change what is the caller's; its false frees the entry. True: the end was passed, the next call
 * begins anew. Every entry has to be met once in 40 days.
 */
typedef bool cw_flow_visit(struct cw_flow_entry *entry, void *context);
bool cw_flows_sweep(struct cw_flows *flows, uint32_t budget, uint64_t now_us, cw_flow_visit *visit,
		    void *context);

/*
 * Shows the entries from place `first` on to `visit`, and looks at `budget` places at most; its false: it is to be shown again.
 * Returns the place to go on from; 0: the end was passed. Changes nothing.
 */
typedef bool cw_flow_look(const struct cw_flow_entry *entry, void *context);
uint32_t cw_flows_look(const struct cw_flows *flows, uint32_t first, uint32_t budget, cw_flow_look *visit, void *context);

/* Places that are taken, also those of idle flows; places there are; flows for which there was no room. */
uint32_t cw_flows_in_use(const struct cw_flows *flows);
uint32_t cw_flows_count(const struct cw_flows *flows);
uint64_t cw_flows_refused(const struct cw_flows *flows);

#endif
