/* The verbs of relaying: what they are given is checked here, and done by the worker. See call.c. */
#ifndef CW_CALL_RELAY_H
#define CW_CALL_RELAY_H

#include <stddef.h>

struct cw_answer;
struct cw_engine;

int cw_call_channel(struct cw_engine *engine, const void *in, size_t in_len, struct cw_answer *answer);
int cw_call_channel_close(struct cw_engine *engine, const void *in, size_t in_len, struct cw_answer *answer);
int cw_call_channels(struct cw_engine *engine, const void *in, size_t in_len, struct cw_answer *answer);
int cw_call_relay(struct cw_engine *engine, const void *in, size_t in_len, struct cw_answer *answer);

#endif
