/* Loading a program: checked whole, built beside the running one, swapped, and only then is the old one taken down. */
#ifndef CW_PROGRAM_H
#define CW_PROGRAM_H

#include <stddef.h>

struct cw_engine;

/*
 * Control lock held. `in` is struct cw_program_head and its arrays, foreign bytes. 0, or a negative errno with the
 * field at fault in `why`; then the running program is untouched.
 */
int cw_program_load(struct cw_engine *engine, const void *in, size_t in_len, char *why,
		    size_t why_len);

/* Worker and mirror have stopped: closes what the running program holds. */
void cw_program_close(struct cw_engine *engine);

#endif
