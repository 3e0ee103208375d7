/* How the tests of `explain` ask, and read what was said. Each function is that of the test that includes this file. */
#ifndef CW_EXPLAIN_ASK_H
#define CW_EXPLAIN_ASK_H

#include "graph/explain.h"
#include "packet.h"
#include "policy_traffic.h"

static struct cw_explained said; /* last */

static inline struct cw_address address(uint32_t v4)
{
	return is_v6 ? cw_bench_v6(v4) : cw_bench_v4(v4);
}

/* UDP from port 1000 to 2000, as cw_test_make() makes it. */
static inline struct cw_explain question(uint32_t source, uint32_t destination)
{
	struct cw_explain ask = { .source_port = 1000, .destination_port = 2000, .protocol = PACKET_UDP };
	struct cw_address from = address(source), to = address(destination);

	memcpy(ask.source, &from, 16);
	memcpy(ask.destination, &to, 16);
	return ask;
}

static inline const struct cw_explanation *explain(struct cw_explain ask)
{
	cw_explain(bench.worker, &ask, &said);
	return &said.head;
}

static inline const struct cw_explanation *ask(uint32_t source, uint32_t destination)
{
	return explain(question(source, destination));
}

static inline const char *reason_of(const struct cw_explanation *head)
{
	return head->reason == CW_NO_REASON ? "" : cw_drop_names[head->reason];
}

static inline struct cw_incident_record *incident(enum cw_drop reason)
{
	for (uint32_t i = 0; i < said.head.incident_count; i++) {
		if (said.incidents[i].reason == (uint16_t)reason)
			return &said.incidents[i];
	}
	return NULL;
}

static inline bool was(enum cw_drop reason, bool is_of_flow, bool is_of_answers, uint32_t count)
{
	const struct cw_incident_record *at = incident(reason);

	return at != NULL && at->is_of_flow == is_of_flow && at->is_of_answers == is_of_answers && at->count == count;
}

static inline void forget(void)
{
	memset(&bench.worker->incidents, 0, sizeof(bench.worker->incidents));
}

#endif
