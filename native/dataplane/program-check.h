/* Every rule that a program's bytes must meet before anything is built from them. Pure. */
#ifndef CW_PROGRAM_CHECK_H
#define CW_PROGRAM_CHECK_H

#include "causeway_dp.h"

/* Views into the message; they live as long as it. */
struct cw_program_parts {
	struct cw_program_head head;
	const uint8_t (*mac1_keys)[32];
	const struct cw_port_program *ports;
	const struct cw_segment_program *segments;
	const struct cw_peer_program *peers;
	const struct cw_route_program *routes;
	const struct cw_acl_program *acl;
	const struct cw_policy_program *policies;
	const struct cw_match_program *matches;
	const struct cw_path_program *paths;
};

/* `in` must be aligned to 8. 0, -EINVAL or -ESTALE with a JSON pointer and a reason in `why`. */
int cw_program_check(const void *in, size_t in_len, uint64_t running_generation,
		     struct cw_program_parts *parts, char *why, size_t why_len);

#endif
