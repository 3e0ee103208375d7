/* The verb FLOWS: the flows that have a place in the table. See call.c. */
#ifndef CW_CALL_FLOWS_H
#define CW_CALL_FLOWS_H

#include <stddef.h>

struct cw_answer;
struct cw_engine;

int cw_call_flows(struct cw_engine *engine, const void *in, size_t in_len, struct cw_answer *answer);

#endif
