/* The verb QUEUES: what waits, for uplinks and for limits, and what has become of what did. See call.c. */
#ifndef CW_CALL_QUEUES_H
#define CW_CALL_QUEUES_H

#include <stddef.h>

struct cw_answer;
struct cw_engine;

int cw_call_queues(struct cw_engine *engine, const void *in, size_t in_len, struct cw_answer *answer);

#endif
