/* What the dataplane tells of itself over the border: live keypairs, and everything that counts. See call.c. */
#ifndef CW_CALL_STATE_H
#define CW_CALL_STATE_H

#include <stddef.h>
#include <stdint.h>

struct cw_engine;

/* An answer that is being written; `length` is what it would have with room enough. */
struct cw_answer {
	uint8_t *at;
	size_t left;
	int length;
};

/* Room for `size` more bytes, zeroed; NULL: the caller's buffer is full, which ends in -EMSGSIZE. */
void *cw_answer_put(struct cw_answer *answer, size_t size);

/* `rc`, with a JSON pointer and a reason in the answer's place. */
int cw_answer_refuse(struct cw_answer *answer, int rc, const char *why);

/* Both: bytes of the answer. */
int cw_call_keypairs(struct cw_engine *engine, struct cw_answer *answer);
int cw_call_counters(struct cw_engine *engine, struct cw_answer *answer);

#endif
