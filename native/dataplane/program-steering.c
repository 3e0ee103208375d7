/* See program-steering.h. */
#include "program-steering.h"

#include <string.h>

#include "engine.h"
#include "table/match.h"
#include "table/path.h"

static_assert(CW_POLICIES_MAX < CW_PATH_NONE, "a number of none");

static bool has_classes(const struct cw_program *program)
{
	for (uint32_t i = 0; i < program->policy_count; i++) {
		if (program->policies[i].class != 0)
			return true;
	}
	return false;
}

/* Limits matter where there is another path, or where a policy would rather drop. */
static bool is_steered(const struct cw_program *program)
{
	for (uint32_t i = 0; i < program->policy_count; i++) {
		const struct cw_policy_program *policy = &program->policies[i];
		if (policy->is_strict || policy->metered == CW_METERED_NEVER || policy->kinds != 3 || policy->class != 0)
			return true;
	}
	return false;
}

static bool has_limits_of(const struct cw_policy_program *a, const struct cw_policy_program *b)
{
	return a->loss_ppm == b->loss_ppm && a->latency_us == b->latency_us && a->jitter_us == b->jitter_us;
}

static bool is_of_name(const struct cw_policy_program *a, const struct cw_policy_program *b)
{
	return memcmp(a->name, b->name, sizeof(a->name)) == 0;
}

/* What broke other limits did not break these. */
static void number_policies(struct cw_program *program, const struct cw_program *before)
{
	memset(program->policies_then, CW_PATH_NONE, sizeof(program->policies_then));
	for (uint32_t i = 0; i < program->policy_count; i++) {
		for (uint32_t j = 0; j < before->policy_count; j++) {
			const struct cw_policy_program *is = &program->policies[i], *was = &before->policies[j];
			if (is_of_name(is, was) && has_limits_of(is, was))
				program->policies_then[i] = (uint8_t)j;
		}
	}
}

/* Of the matches that a name decides. */
static uint16_t match_now(const struct cw_program *program, const struct cw_program *before, uint32_t number)
{
	const struct cw_match_program *was = &before->matches[number];

	for (uint32_t i = 0; i < program->match_count && was->server[0] != 0; i++) {
		const struct cw_match_program *is = &program->matches[i];
		if (memcmp(is->server, was->server, sizeof(is->server)) == 0 &&
		    is_of_name(&program->policies[is->policy], &before->policies[was->policy]))
			return (uint16_t)i;
	}
	return CW_NO_MATCH;
}

/* What was decided about flows is as good as before where the same fits policies of the same numbers, and answers were asked about. */
static bool decides_alike(const struct cw_program *program, const struct cw_program *before)
{
	bool is_alike = program->policy_count == before->policy_count && program->match_count == before->match_count &&
			program->segment_count == before->segment_count &&
			program->has_classes == before->has_classes &&
			memcmp(program->matches, before->matches, sizeof(program->matches)) == 0 &&
			memcmp(program->segment_programs, before->segment_programs, sizeof(program->segment_programs)) == 0;

	for (uint32_t i = 0; i < program->policy_count && is_alike; i++)
		is_alike = is_of_name(&program->policies[i], &before->policies[i]);
	return is_alike;
}

void cw_program_steer(struct cw_program *program, const struct cw_program *before)
{
	program->is_steered = is_steered(program);
	program->has_classes = has_classes(program);
	for (uint32_t i = 0; i < program->policy_count; i++)
		program->denies_breakout |= program->policies[i].is_breakout_denied != 0;
	if (before == NULL) {
		memset(program->policies_then, CW_PATH_NONE, sizeof(program->policies_then));
		program->steering_epoch = 1;
		return;
	}
	number_policies(program, before);
	for (uint32_t i = 0; i < before->match_count; i++)
		program->matches_now[i] = match_now(program, before, i);
	program->steering_epoch = before->steering_epoch + !decides_alike(program, before);
}
