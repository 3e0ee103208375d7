/* What of steering goes on when a program takes the place of another: policies by their names, matches by server and policy. */
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "engine.h"
#include "program-steering.h"
#include "table/match.h"

static struct cw_program before, program;

static void add_policy(struct cw_program *to, const char *name, uint32_t latency_us)
{
	struct cw_policy_program *policy = &to->policies[to->policy_count++];

	*policy = (struct cw_policy_program){ .loss_ppm = CW_NONE, .latency_us = latency_us, .jitter_us = CW_NONE, .kinds = 3 };
	snprintf(policy->name, sizeof(policy->name), "%s", name);
}

static void add_match(struct cw_program *to, const char *server, uint16_t policy)
{
	struct cw_match_program *match = &to->matches[to->match_count++];

	*match = (struct cw_match_program){ .policy = policy };
	snprintf(match->server, sizeof(match->server), "%s", server);
}

static void begin(void)
{
	memset(&before, 0, sizeof(before));
	add_policy(&before, "default", CW_NONE);
	add_policy(&before, "crm", CW_NONE);
	add_policy(&before, "calls", 20000);
	add_match(&before, "crm.example", 1);
	add_match(&before, "", 2);
	add_match(&before, "*.calls.example", 2);
	cw_program_steer(&before, NULL);
	program = before;
}

static bool decides_anew(void)
{
	program.denies_breakout = false;
	cw_program_steer(&program, &before);
	return program.steering_epoch != before.steering_epoch;
}

static void what_a_policy_says_is_no_other_policy(void)
{
	begin();
	CHECK(before.steering_epoch == 1 && before.policies_then[0] == UINT8_MAX);
	CHECK(!decides_anew() && program.policies_then[2] == 2 && program.policies_then[3] == UINT8_MAX);
	program.policies[1].prefer_count = 1;
	program.policies[1].prefer[0] = 5;
	program.policies[1].metered = CW_METERED_NEVER;
	CHECK(!decides_anew() && program.policies_then[1] == 1 && program.is_steered && !program.denies_breakout);
	program.policies[1].is_breakout_denied = 1;
	CHECK(!decides_anew() && program.denies_breakout);
	/* What broke the former limit need not break this one. */
	program.policies[2].latency_us = 30000;
	CHECK(!decides_anew() && program.policies_then[2] == UINT8_MAX && program.policies_then[1] == 1);
}

/* As long as there is none, nobody asks what an answer is to. */
static void the_first_class_is_decided_about(void)
{
	begin();
	CHECK(!before.has_classes && !before.is_steered);
	program.policies[1].class = 2;
	CHECK(decides_anew() && program.has_classes && program.is_steered);
	before = program;
	program.policies[1].class = 1;
	CHECK(!decides_anew());
	program.policies[1].class = 0;
	CHECK(decides_anew() && !program.has_classes && !program.is_steered);
}

static void policies_go_by_their_names(void)
{
	begin();
	program.policy_count = program.match_count = 0;
	add_policy(&program, "default", CW_NONE);
	add_policy(&program, "calls", 20000);
	add_policy(&program, "new", CW_NONE);
	add_match(&program, "*.calls.example", 0);
	add_match(&program, "*.calls.example", 1);
	add_match(&program, "crm.example", 2);
	CHECK(decides_anew());
	CHECK(program.policies_then[0] == 0 && program.policies_then[1] == 2 && program.policies_then[2] == UINT8_MAX);
	CHECK(program.matches_now[0] == CW_NO_MATCH && program.matches_now[1] == CW_NO_MATCH && program.matches_now[2] == 1);
}

static void what_fits_another_is_decided_anew(void)
{
	begin();
	program.matches[1].destination_port_last = 80;
	CHECK(decides_anew());
	CHECK(program.matches_now[0] == 0 && program.matches_now[1] == CW_NO_MATCH && program.matches_now[2] == 2);
	begin();
	snprintf(program.policies[1].name, CW_NAME, "other");
	CHECK(decides_anew());
	begin();
	program.segment_programs[0].vni = 7;
	CHECK(decides_anew());
	begin();
	program.match_count--;
	CHECK(decides_anew());
}

int main(int argc, char **argv)
{
	check_begin(argc, argv);
	what_a_policy_says_is_no_other_policy();
	the_first_class_is_decided_about();
	policies_go_by_their_names();
	what_fits_another_is_decided_anew();
	return check_result();
}
