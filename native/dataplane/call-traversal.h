/*
 * TRY and SPRAY: ways that the gateway has from others, so what they say is looked at here again. Nothing of ours is sent to
 * what is inside, to the box itself, or to whom more than one would hear.
 */
#ifndef CW_CALL_TRAVERSAL_H
#define CW_CALL_TRAVERSAL_H

#include <stddef.h>

#include "causeway_dp.h"
#include "table/path.h"

#define CW_TRY_MS_MAX 20000
#define CW_SPRAY_GAP_MS10_LEAST 50 /* 200 a second */
#define CW_SPRAY_MS10_MOST 300000 /* of a whole one */

struct cw_answer;
struct cw_engine;
struct cw_view;

/* Either is 0, or -EINVAL with the field at fault in `why`. Ways that say no local port have the overlay's of their uplink. */
int cw_try_read(const struct cw_view *view, const void *in, size_t in_len, struct cw_try *head, struct cw_way *ways, char *why,
		size_t why_len);
int cw_spray_read(const struct cw_view *view, const void *in, size_t in_len, struct cw_spray *spray, char *why, size_t why_len);

/* The verbs: 0 or a negative errno. */
int cw_call_try(struct cw_engine *engine, const void *in, size_t in_len, struct cw_answer *answer);
int cw_call_spray(struct cw_engine *engine, const void *in, size_t in_len, struct cw_answer *answer);

#endif
