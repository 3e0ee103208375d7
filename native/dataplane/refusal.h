/* How what the gateway says is refused: -EINVAL, and a JSON pointer with the reason. */
#ifndef CW_REFUSAL_H
#define CW_REFUSAL_H

#include <errno.h>
#include <stdint.h>
#include <stdio.h>

struct cw_check {
	char *why;
	size_t why_len;
};

/* A field of its own; "" is the whole. */
static inline int cw_check_refuse(const struct cw_check *check, const char *field, const char *reason)
{
	snprintf(check->why, check->why_len, "/%s: %s", field, reason);
	return -EINVAL;
}

/* A field of the record `i` of an array. */
static inline int cw_check_refuse_at(const struct cw_check *check, const char *array, uint32_t i, const char *field,
				     const char *reason)
{
	snprintf(check->why, check->why_len, "/%s/%u/%s: %s", array, i, field, reason);
	return -EINVAL;
}

#endif
