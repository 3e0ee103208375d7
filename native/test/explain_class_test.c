/* The class said of a flow is that of its packets: what a policy says counts before their marks, both ways, and out to the Internet. */
#include "check.h"
#include "explain_ask.h"
#include "program-steering.h"

enum { VOICE, BUSINESS, NORMAL, BULK };

#define CALLS 1

static struct cw_program *program;

/* What is for port 2000 is `calls`, and what is for a server of its own. */
static void use_policies(uint8_t class)
{
	program->policies[CALLS] = program->policies[0];
	strcpy(program->policies[CALLS].name, "calls");
	program->policies[CALLS].class = class;
	program->policy_count = 2;
	program->match_count = 2;
	for (uint32_t i = 0; i < 2; i++)
		program->matches[i] = (struct cw_match_program){ .policy = CALLS,
								 .segment = CW_SEGMENT_ANY,
								 .source_port_last = UINT16_MAX,
								 .destination_port_last = UINT16_MAX,
								 .dscp = CW_DSCP_ANY };
	program->matches[0].destination_port_first = program->matches[0].destination_port_last = 2000;
	strcpy(program->matches[1].server, "*.crm.example");
	cw_program_steer(program, NULL);
}

static uint8_t class_of(struct cw_explain ask)
{
	return explain(ask)->class;
}

static void without_one_the_mark_counts(void)
{
	struct cw_explain calls = question(CW_BENCH_HOST, CW_BENCH_FAR);

	use_policies(0);
	CHECK(class_of(calls) == NORMAL && class_of(question(CW_BENCH_HOST, INTERNET)) == NORMAL);
	calls.dscp = 46;
	CHECK(class_of(calls) == VOICE);
}

static void what_the_policy_says_counts(void)
{
	struct cw_explain calls = question(CW_BENCH_HOST, CW_BENCH_FAR), other = calls;

	use_policies(VOICE + 1);
	other.destination_port = 2001;
	CHECK(class_of(calls) == VOICE && class_of(other) == NORMAL);
	CHECK(class_of(question(CW_BENCH_HOST, INTERNET)) == VOICE);
	calls.dscp = other.dscp = 8;
	CHECK(class_of(calls) == VOICE && class_of(other) == BULK);
	strcpy(other.server, "eu.crm.example");
	CHECK(class_of(other) == VOICE);
	/* What the box itself sends out meets no policy. */
	CHECK(class_of(question(CW_BENCH_BOX, INTERNET)) == NORMAL && class_of(question(CW_BENCH_BOX, CW_BENCH_FAR)) == VOICE);
}

static void answers_have_it_too(void)
{
	struct cw_explain ours = question(CW_BENCH_HOST, CW_BENCH_FAR), theirs = question(CW_BENCH_FAR, CW_BENCH_HOST);

	/* What is asked here is answered from that port; what comes from it there is answered by what is for it. */
	ours.source_port = theirs.source_port = 2000;
	ours.destination_port = theirs.destination_port = 3000;
	CHECK(class_of(ours) == VOICE && class_of(theirs) == VOICE);
}

/* The answer says its packets' class, which was decided when it began, and until that is decided anew. */
static void a_flow_that_is_known_has_what_was_decided(void)
{
	struct cw_explain calls = question(CW_BENCH_HOST, CW_BENCH_FAR);

	IS(cw_test_from_lan(CW_BENCH_HOST, CW_BENCH_FAR), "sealed ");
	program->matches[0].policy = 0;
	CHECK(class_of(calls) == VOICE);
	program->steering_epoch++;
	CHECK(class_of(calls) == NORMAL);
	program->matches[0].policy = CALLS;
}

int main(int argc, char **argv)
{
	check_begin(argc, argv);
	cw_bench_open(&bench);
	program = bench.worker->view->program;
	for (uint32_t family = 0; family < 2; family++) {
		is_v6 = family == 1;
		without_one_the_mark_counts();
		what_the_policy_says_counts();
		answers_have_it_too();
		a_flow_that_is_known_has_what_was_decided();
	}
	cw_bench_close(&bench);
	return check_result();
}
