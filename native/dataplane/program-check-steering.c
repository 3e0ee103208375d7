/* What a program says of steering: policies, and which flows are whose. See program-check-parts.h. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "program-check-parts.h"

#define DELAY_US_MAX 60000000

/* A limit of the quality of a path; there may be none. */
static bool is_limit(uint32_t value, uint32_t most)
{
	return value <= most || value == CW_NONE;
}

static bool is_listed_twice(const struct cw_policy_program *p)
{
	for (uint32_t i = 0; i < p->prefer_count; i++) {
		if (memchr(p->prefer, p->prefer[i], i) != NULL)
			return true;
	}
	return false;
}

static int check_policy(const struct cw_check *check, const struct cw_policy_program *p, uint32_t i)
{
	if (!cw_check_is_name(p->name, sizeof(p->name), false))
		return cw_check_refuse_at(check, "policies", i, "name", "no name");
	if (!is_limit(p->loss_ppm, 1000000))
		return cw_check_refuse_at(check, "policies", i, "lossPpm", "more than all");
	if (!is_limit(p->latency_us, DELAY_US_MAX))
		return cw_check_refuse_at(check, "policies", i, "latencyUs", "above a minute");
	if (!is_limit(p->jitter_us, DELAY_US_MAX))
		return cw_check_refuse_at(check, "policies", i, "jitterUs", "above a minute");
	if (p->metered < CW_METERED_NEVER || p->metered > CW_METERED_OK)
		return cw_check_refuse_at(check, "policies", i, "metered", "neither never, last nor ok");
	if (p->kinds == 0 || p->kinds > 3)
		return cw_check_refuse_at(check, "policies", i, "kinds", "neither internet nor private");
	if (p->is_strict > 1)
		return cw_check_refuse_at(check, "policies", i, "isStrict", "neither 0 nor 1");
	if (p->is_spread > 1)
		return cw_check_refuse_at(check, "policies", i, "isSpread", "neither 0 nor 1");
	if (p->class > CW_CLASSES)
		return cw_check_refuse_at(check, "policies", i, "class", "unknown");
	if (p->is_breakout_denied > 1)
		return cw_check_refuse_at(check, "policies", i, "isBreakoutDenied", "neither 0 nor 1");
	if (p->prefer_count > CW_UPLINKS_MAX)
		return cw_check_refuse_at(check, "policies", i, "prefer", "too many");
	if (is_listed_twice(p))
		return cw_check_refuse_at(check, "policies", i, "prefer", "an uplink twice");
	return 0;
}

int cw_check_policies(const struct cw_check *check, const struct cw_program_parts *parts)
{
	if (parts->head.policy_count == 0) {
		snprintf(check->why, check->why_len, "/policies: none, and the first is the default's");
		return -EINVAL;
	}
	for (uint32_t i = 0; i < parts->head.policy_count; i++) {
		int rc = check_policy(check, &parts->policies[i], i);
		if (rc != 0)
			return rc;
		for (uint32_t j = 0; j < i; j++) {
			if (memcmp(parts->policies[j].name, parts->policies[i].name, CW_NAME) == 0)
				return cw_check_refuse_at(check, "policies", i, "name", "used twice");
		}
	}
	return 0;
}

/* Lower case, so that only what is asked for needs folding. A `*.` may lead, and stands for all that is below. */
static bool is_server(const char server[CW_SERVER])
{
	const char *at = server;

	if (!cw_check_is_text(server, CW_SERVER))
		return false;
	if (strncmp(at, "*.", 2) == 0)
		at += 2;
	if (*at == 0 || *at == '.')
		return *at == 0 && at == server;
	for (; *at != 0; at++) {
		bool is_fine = (*at >= 'a' && *at <= 'z') || (*at >= '0' && *at <= '9') || *at == '-' ||
			       *at == '_' || (*at == '.' && at[1] != '.');
		if (!is_fine)
			return false;
	}
	return at[-1] != '.';
}

int cw_check_matches(const struct cw_check *check, const struct cw_program_parts *parts)
{
	for (uint32_t i = 0; i < parts->head.match_count; i++) {
		const struct cw_match_program *m = &parts->matches[i];
		if (!cw_check_is_name(m->application, sizeof(m->application), true))
			return cw_check_refuse_at(check, "matches", i, "application", "no name");
		if (!is_server(m->server))
			return cw_check_refuse_at(check, "matches", i, "server", "no host name in lower case");
		if (m->source_len > 128 || cw_check_has_host_bits(m->source, m->source_len))
			return cw_check_refuse_at(check, "matches", i, "source", "no prefix");
		if (m->destination_len > 128 || cw_check_has_host_bits(m->destination, m->destination_len))
			return cw_check_refuse_at(check, "matches", i, "destination", "no prefix");
		if (m->policy >= parts->head.policy_count)
			return cw_check_refuse_at(check, "matches", i, "policy", "unknown");
		if (m->segment != CW_SEGMENT_ANY && m->segment >= parts->head.segment_count)
			return cw_check_refuse_at(check, "matches", i, "segment", "unknown");
		if (m->source_port_first > m->source_port_last)
			return cw_check_refuse_at(check, "matches", i, "sourcePort", "ends before it begins");
		if (m->destination_port_first > m->destination_port_last)
			return cw_check_refuse_at(check, "matches", i, "destinationPort", "ends before it begins");
		if (m->dscp != CW_DSCP_ANY && m->dscp > 63)
			return cw_check_refuse_at(check, "matches", i, "dscp", "not in 0 to 63");
	}
	return 0;
}
