/*
 * What is said of a flow to a peer with several paths is what its packets do: policy and application, the path and why not the
 * others, and where the flow stays meanwhile. What befell packets of it, of its answers and of its peer. Asking changes nothing.
 */
#include "check.h"
#include "explain_ask.h"
#include "graph/graph.h"
#include "graph/path.h"
#include "graph/steer.h"
#include "table/flow.h"
#include "table/session.h"
#include "table/view.h"

#define CALLS 1
#define ABSENT_UPLINK 3

static struct cw_program *program;

/* By the bench's uplink to two ports of `far`, and by an uplink whose NIC is absent. */
static void name_paths(void)
{
	struct cw_way ways[3];

	for (uint32_t i = 0; i < 3; i++)
		ways[i] = cw_bench_path(&bench)->way;
	ways[1].remote_port += 1;
	ways[2].uplink = ABSENT_UPLINK;
	cw_path_name(bench.worker, bench.far, ways, 3);
}

static struct cw_path *path(uint32_t slot)
{
	return bench.far->paths.list[slot];
}

static void be_up(uint32_t slot, uint32_t rtt_us)
{
	struct cw_liveness *live = &path(slot)->live;

	live->state = CW_PATH_UP;
	live->why = CW_PATH_WELL;
	live->rtt_us = live->rtt_last_us = live->rtt_before_us = rtt_us;
	live->heard_us = live->changed_us = bench.worker->now_us;
	live->hold_us = 0;
	cw_paths_choose(&bench.far->paths, bench.worker->now_us);
}

static const struct cw_explained_path *said_of(uint32_t slot)
{
	for (uint32_t i = 0; i < said.head.path_count; i++) {
		if (said.paths[i].number == path(slot)->number)
			return &said.paths[i];
	}
	return NULL;
}

static bool is_said(uint32_t slot, enum cw_verdict verdict)
{
	return said_of(slot) != NULL && said_of(slot)->verdict == (uint8_t)verdict;
}

/* Its packets to port 2000 are `calls`; those of a server of its own, and all that is marked EF, too. */
static void use_policies(void)
{
	program->policies[CALLS] = program->policies[0];
	strcpy(program->policies[CALLS].name, "calls");
	program->policies[CALLS].latency_us = 20000;
	program->policy_count = 2;
	program->match_count = 4;
	for (uint32_t i = 0; i < 4; i++)
		program->matches[i] = (struct cw_match_program){ .policy = CALLS,
								 .segment = CW_SEGMENT_ANY,
								 .source_port_last = UINT16_MAX,
								 .destination_port_last = UINT16_MAX,
								 .dscp = CW_DSCP_ANY };
	strcpy(program->matches[0].application, "voice");
	program->matches[0].destination_port_first = program->matches[0].destination_port_last = 2000;
	strcpy(program->matches[1].application, "crm");
	strcpy(program->matches[1].server, "*.crm.example");
	program->matches[2].dscp = 46;
	program->matches[3].policy = 0;
	strcpy(program->matches[3].application, "sip");
	program->matches[3].destination_port_first = program->matches[3].destination_port_last = 2002;
	program->is_steered = true;
	program->generation++;
}

static void names_policy_and_application(void)
{
	struct cw_explain other = question(CW_BENCH_HOST, CW_BENCH_FAR);

	CHECK(strcmp(explain(other)->policy, "calls") == 0 && strcmp(said.head.application, "voice") == 0);
	other.destination_port = 2001;
	CHECK(strcmp(explain(other)->policy, "default") == 0 && said.head.application[0] == 0);
	strcpy(other.server, "eu.crm.example");
	CHECK(strcmp(explain(other)->policy, "calls") == 0 && strcmp(said.head.application, "crm") == 0);
	other.server[0] = 0;
	other.dscp = 46;
	CHECK(strcmp(explain(other)->policy, "calls") == 0 && said.head.application[0] == 0);
	/* A policy for whatever is marked so: it is what it would be to the others. */
	other.destination_port = 2002;
	CHECK(strcmp(explain(other)->policy, "calls") == 0 && strcmp(said.head.application, "sip") == 0);
	/* Also of what has no route: it may break out, or may not. */
	CHECK(strcmp(ask(CW_BENCH_HOST, INTERNET)->policy, "calls") == 0 && said.head.path_count == 0);
	/* From a peer it is the answers that are steered here: the port is their source's. */
	other = question(CW_BENCH_FAR, CW_BENCH_HOST);
	other.source_port = 2000;
	other.destination_port = 1000;
	CHECK(strcmp(explain(other)->policy, "calls") == 0 && said.head.path_count == 3);
}

static void says_why_not_the_others(void)
{
	be_up(0, 10000);
	be_up(1, 60000);
	const struct cw_explanation *head = ask(CW_BENCH_HOST, CW_BENCH_FAR);
	CHECK(head->path == path(0)->number && head->best == head->path && head->pinned == CW_PATH_NONE);
	CHECK(head->limit == CW_BENCH_INNER_MTU && head->is_neighbour_known && head->reason == CW_NO_REASON);
	CHECK(is_said(0, CW_VERDICT_CHOSEN) && is_said(1, CW_VERDICT_LATENCY) && is_said(2, CW_VERDICT_DOWN));
	CHECK(said_of(1)->latency_us == 30000 && said_of(1)->loss_ppm == CW_NONE);
	CHECK(said_of(2)->obstacle == CW_OBSTACLE_NO_PORT && said_of(2)->heard_ms == CW_NONE);

	be_up(1, 10000);
	ask(CW_BENCH_HOST, CW_BENCH_FAR);
	CHECK(is_said(1, CW_VERDICT_LESS) && said_of(1)->hold_ms == 0);
	path(1)->live.hold_us = bench.worker->now_us + 12000000;
	ask(CW_BENCH_HOST, CW_BENCH_FAR);
	CHECK(is_said(1, CW_VERDICT_RETURNING) && said_of(1)->hold_ms == 12000 && said_of(1)->clean_ms == 0);
	CHECK((said_of(1)->flags & CW_EXPLAIN_KIN_DOWN) == 0);
	path(1)->kin_hold_us = path(1)->live.hold_us;
	ask(CW_BENCH_HOST, CW_BENCH_FAR);
	CHECK((said_of(1)->flags & CW_EXPLAIN_KIN_DOWN) != 0);
	path(1)->live.hold_us = path(1)->kin_hold_us = 0;
	path(1)->breach_us[CALLS] = bench.worker->now_us - 10000000;
	ask(CW_BENCH_HOST, CW_BENCH_FAR);
	CHECK(is_said(1, CW_VERDICT_RETURNING) && said_of(1)->clean_ms == 20000 && said_of(1)->hold_ms == 0);
	CHECK((said_of(1)->flags & CW_EXPLAIN_KIN_BREACH) == 0);
	path(1)->kin_breach = 1u << CALLS;
	ask(CW_BENCH_HOST, CW_BENCH_FAR);
	CHECK((said_of(1)->flags & CW_EXPLAIN_KIN_BREACH) != 0);
	path(1)->breach_us[CALLS] = path(1)->kin_breach = 0;
	path(1)->flags = CW_PATH_METERED;
	ask(CW_BENCH_HOST, CW_BENCH_FAR);
	CHECK(is_said(1, CW_VERDICT_LAST) && (said_of(1)->flags & 3) == CW_STATE_METERED);
	path(1)->flags = 0;
	path(1)->live.asked_us = path(1)->live.suspect_us = bench.worker->now_us - 400000;
	ask(CW_BENCH_HOST, CW_BENCH_FAR);
	CHECK(is_said(1, CW_VERDICT_DOUBTFUL) && said_of(1)->suspect_ms == 400);
	path(1)->live.asked_us = path(1)->live.suspect_us = 0;
	path(1)->is_private = true;
	program->policies[CALLS].kinds = CW_NETWORK_INTERNET;
	ask(CW_BENCH_HOST, CW_BENCH_FAR);
	CHECK(is_said(1, CW_VERDICT_KIND));
	program->policies[CALLS].kinds = 3;
	path(1)->is_private = false;
}

/* The next packet goes where it is said to go: a flow that has begun stays for the moment. */
static void says_where_a_flow_stays(void)
{
	be_up(0, 10000);
	be_up(1, 10000);
	CHECK(ask(CW_BENCH_HOST, CW_BENCH_FAR)->flow == CW_EXPLAIN_FLOW_NEW);
	path(0)->live.hold_us = bench.worker->now_us + 5000000;
	cw_paths_choose(&bench.far->paths, bench.worker->now_us);
	uint64_t before = path(1)->tx_packets;
	CHECK(ask(CW_BENCH_HOST, CW_BENCH_FAR)->path == path(1)->number);
	IS(cw_test_from_lan(CW_BENCH_HOST, CW_BENCH_FAR), "sealed ");
	CHECK(path(1)->tx_packets == before + 1);
	bench.worker->now_us += 5000000;
	cw_paths_choose(&bench.far->paths, bench.worker->now_us);
	const struct cw_explanation *head = ask(CW_BENCH_HOST, CW_BENCH_FAR);
	CHECK(head->flow == CW_EXPLAIN_FLOW_KNOWN && head->pinned == path(1)->number && head->flow_idle_ms >= 4000);
	CHECK(head->best == path(0)->number && is_said(0, CW_VERDICT_CHOSEN) && is_said(1, CW_VERDICT_LESS));
	/* In which of the steps it comes back is the flow's own; it is said and done alike. */
	uint8_t next = head->path;
	before = path(1)->tx_packets;
	IS(cw_test_from_lan(CW_BENCH_HOST, CW_BENCH_FAR), "sealed ");
	CHECK((path(1)->tx_packets == before + 1) == (next == path(1)->number));
	/* Whose port is not told is no flow that the table could know. */
	struct cw_explain whole = question(CW_BENCH_HOST, CW_BENCH_FAR);
	whole.source_port = 0;
	CHECK(explain(whole)->flow == CW_EXPLAIN_FLOW_NEW);
	bench.worker->flow_refused_us = bench.worker->now_us - 1000000;
	CHECK(explain(whole)->flow == CW_EXPLAIN_FLOW_NO_ROOM && said.head.reason == CW_NO_REASON);
	CHECK(ask(CW_BENCH_HOST, CW_BENCH_FAR)->flow == CW_EXPLAIN_FLOW_KNOWN);
	bench.worker->flow_refused_us = 0;
	/* What was decided of it holds until policies change, whatever else is loaded. */
	program->matches[0].policy = 0;
	program->generation++;
	CHECK(strcmp(ask(CW_BENCH_HOST, CW_BENCH_FAR)->policy, "calls") == 0);
	program->steering_epoch++;
	CHECK(strcmp(ask(CW_BENCH_HOST, CW_BENCH_FAR)->policy, "default") == 0);
	program->matches[0].policy = CALLS;
}

static void says_that_a_strict_policy_lets_none(void)
{
	be_up(0, 60000);
	be_up(1, 60000);
	CHECK(ask(CW_BENCH_HOST, CW_BENCH_FAR)->path != CW_PATH_NONE && said.head.reason == CW_NO_REASON);
	program->policies[CALLS].is_strict = 1;
	cw_paths_choose(&bench.far->paths, bench.worker->now_us);
	const struct cw_explanation *head = ask(CW_BENCH_HOST, CW_BENCH_FAR);
	CHECK(head->path == CW_PATH_NONE && strcmp(reason_of(head), "policy") == 0);
	CHECK(is_said(0, CW_VERDICT_LATENCY) && is_said(1, CW_VERDICT_LATENCY));
	IS(cw_test_from_lan(CW_BENCH_HOST, CW_BENCH_FAR), "policy 1");
	ask(CW_BENCH_HOST, CW_BENCH_FAR);
	CHECK(was(CW_DROP_POLICY, true, false, 1));
	program->policies[CALLS].is_strict = 0;
	be_up(0, 10000);
	be_up(1, 10000);
	forget();
}

/* To the Internet, which a policy forbids; into another segment is not to the Internet. */
static void knows_who_may_not_break_out(void)
{
	struct cw_acl_program look = cw_test_rule("look", CW_ACL_ALLOW, 0, CAMERAS);

	program->policies[CALLS].is_breakout_denied = 1;
	program->denies_breakout = true;
	CHECK(strcmp(reason_of(ask(CW_BENCH_HOST, INTERNET)), "breakout") == 0 && said.head.hop == CW_EXPLAIN_HOP_NONE);
	IS(cw_test_from_lan(CW_BENCH_HOST, INTERNET), "breakout 1");
	CHECK(ask(CW_BENCH_HOST, INTERNET) != NULL && was(CW_DROP_BREAKOUT, true, false, 1) && incident(CW_DROP_POLICY) == NULL);
	/* A later fragment could be of any flow of its two ends: also of one that may leave. */
	IS(cw_test_fragment(CW_BENCH_HOST, INTERNET, PACKET_UDP, 1, false, 2000), "breakout 1");
	struct cw_explain may = question(CW_BENCH_HOST, INTERNET);
	may.destination_port = 2001;
	CHECK(explain(may)->reason == CW_NO_REASON && was(CW_DROP_BREAKOUT, true, false, 1));
	CHECK(ask(CW_BENCH_BOX, INTERNET)->reason == CW_NO_REASON);
	cw_test_use_rules(&look, 1);
	CHECK(ask(CW_BENCH_HOST, FAR_CAMERA)->reason == CW_NO_REASON && said.head.hop == CW_EXPLAIN_HOP_PEER);
	IS(cw_test_from_lan(CW_BENCH_HOST, FAR_CAMERA), "kernel ");
	CHECK(ask(CW_BENCH_HOST, CAMERA)->reason == CW_NO_REASON);
	IS(cw_test_from_lan(CW_BENCH_HOST, CAMERA), "kernel ");
	cw_test_use_rules(NULL, 0);
	program->denies_breakout = false;
	program->policies[CALLS].is_breakout_denied = 0;
	IS(cw_test_from_lan(CW_BENCH_HOST, INTERNET), "kernel ");
	forget();
}

static void tells_what_befell_packets(void)
{
	struct cw_acl_program hush = cw_test_rule("hush", CW_ACL_DENY, 0, 0);

	cw_test_use_rules(&hush, 1);
	for (uint32_t i = 0; i < 3; i++)
		IS(cw_test_from_lan(CW_BENCH_HOST, CW_BENCH_FAR), "acl 1");
	bench.worker->now_us += 2000000;
	IS(cw_test_from_lan(CW_BENCH_HOST, CW_BENCH_FAR), "acl 1");
	cw_test_use_rules(NULL, 0);
	bench.worker->now_us += 1000000;
	ask(CW_BENCH_HOST, CW_BENCH_FAR);
	CHECK(was(CW_DROP_ACL, true, false, 4));
	CHECK(incident(CW_DROP_ACL)->first_ms == 3000 && incident(CW_DROP_ACL)->last_ms == 1000);
	/* Seen from the other end they are the answers. */
	struct cw_explain back = question(CW_BENCH_FAR, CW_BENCH_HOST);
	back.source_port = 2000;
	back.destination_port = 1000;
	explain(back);
	CHECK(was(CW_DROP_ACL, true, true, 4));
	back.destination_port = 1001;
	explain(back);
	CHECK(incident(CW_DROP_ACL) == NULL);
	/* What is not told fits all: then several flows are one incident. */
	struct cw_explain some = question(CW_BENCH_HOST, CW_BENCH_FAR);
	some.source_port = some.destination_port = 0;
	explain(some);
	CHECK(was(CW_DROP_ACL, true, false, 4));
	some.protocol = 1;
	explain(some);
	CHECK(incident(CW_DROP_ACL) == NULL);
	some.is_any_protocol = 1;
	explain(some);
	CHECK(was(CW_DROP_ACL, true, false, 4));
	bench.worker->now_us += 10000000;
	explain(some);
	CHECK(said.head.incident_count == 0);
}

static void tells_what_its_peer_did(void)
{
	uint8_t datagram[200], again[200], plain[108] = { 0 };

	/* A datagram that came before. */
	packet_put16(plain + 2, is_v6 ? 0x86dd : 0x0800);
	packet_put32(plain + 4, CW_BENCH_VNI << 8);
	cw_test_make(plain + 8, CW_BENCH_FAR, CW_BENCH_HOST);
	uint32_t length = cw_bench_seal(&bench, 0xD1, is_v6 ? 900 : 800, plain, sizeof(plain), datagram);
	memcpy(again, datagram, length);
	cw_open(bench.worker, datagram, length, 0);
	cw_open(bench.worker, again, length, 0);
	IS(cw_test_what_became(), "lan sealed_replay 1");
	ask(CW_BENCH_FAR, CW_BENCH_HOST);
	CHECK(was(CW_DROP_SEALED_REPLAY, false, false, 1));
	ask(CW_BENCH_OTHER, CW_BENCH_HOST);
	CHECK(said.head.incident_count == 0);

	IS(cw_test_from_far(CAMERAS_VNI, CW_BENCH_FAR, CAMERAS_BOX), "inner_source 1");
	ask(CW_BENCH_FAR, CAMERAS_BOX);
	CHECK(was(CW_DROP_INNER_SOURCE, true, false, 1));
	IS(cw_test_from_far(999, CW_BENCH_FAR, CW_BENCH_HOST), "inner_segment 1");
	ask(CW_BENCH_FAR, CW_BENCH_HOST);
	CHECK(was(CW_DROP_INNER_SEGMENT, true, false, 1));
	forget();
}

static void tells_what_was_too_big(void)
{
	uint32_t total = CW_BENCH_INNER_MTU + 1;

	cw_bench_ether(&bench, CW_BENCH_LAN, frame);
	packet_ip(frame + 14, 20, PACKET_UDP, CW_BENCH_HOST, CW_BENCH_FAR);
	memset(frame + 34, 0, total - 20);
	packet_put16(frame + 34, 1000);
	packet_put16(frame + 36, 2000);
	packet_put16(frame + 14 + 6, 0x4000);
	packet_finish(frame + 14, total);
	cw_bench_give(&bench, CW_BENCH_LAN, &(struct cw_vnet_hdr){ 0 }, frame, 14 + total);
	IS(cw_test_what_became(), "lan too_big 1");
	ask(CW_BENCH_HOST, CW_BENCH_FAR);
	CHECK(was(CW_DROP_TOO_BIG, true, false, 1) && said.head.limit == CW_BENCH_INNER_MTU);
	forget();
}

/* However often one asks: counters, flows, choices and paths stay, nobody is told, no neighbour is asked for. */
static void changes_nothing(void)
{
	static const uint32_t who[] = { CW_BENCH_HOST, CW_BENCH_HOST + 1, CW_BENCH_FAR, CW_BENCH_OTHER, CW_BENCH_BOX,
					0x0a0100c8,    FAR_CAMERA,        CAMERAS_BOX,  INTERNET };
	static struct cw_choice choices[CW_POLICIES_MAX];
	static struct cw_path before[3];
	uint64_t drops[CW_DROP_COUNT];
	uint32_t in_use = cw_flows_in_use(bench.worker->flows), asked = bench.asked, count = sizeof(who) / sizeof(who[0]);
	uint32_t sealed = bench.keypair->sealed, events = rte_ring_count(bench.engine->events);

	cw_paths_choose(&bench.far->paths, bench.worker->now_us);
	memcpy(choices, bench.far->choices, sizeof(choices));
	ask(CW_BENCH_HOST, CW_BENCH_FAR);
	memcpy(drops, bench.worker->drops, sizeof(drops));
	for (uint32_t slot = 0; slot < 3; slot++)
		before[slot] = *path(slot);
	for (uint32_t i = 0; i < count * count; i++)
		ask(who[i / count], who[i % count]);
	CHECK(memcmp(choices, bench.far->choices, sizeof(choices)) == 0);
	CHECK(memcmp(drops, bench.worker->drops, sizeof(drops)) == 0);
	for (uint32_t slot = 0; slot < 3; slot++)
		CHECK(memcmp(&before[slot], path(slot), sizeof(before[slot])) == 0);
	CHECK(cw_flows_in_use(bench.worker->flows) == in_use && bench.asked == asked);
	CHECK(bench.keypair->sealed == sealed && rte_ring_count(bench.engine->events) == events);
	CHECK(bench.worker->pending_count == 0 && bench.worker->waiting_count == 0);
	IS(cw_test_what_became(), "");
}

int main(int argc, char **argv)
{
	check_begin(argc, argv);
	cw_bench_open(&bench);
	cw_test_add_cameras();
	program = bench.worker->view->program;
	name_paths();
	use_policies();
	for (uint32_t family = 0; family < 2; family++) {
		is_v6 = family == 1;
		names_policy_and_application();
		says_why_not_the_others();
		says_where_a_flow_stays();
		says_that_a_strict_policy_lets_none();
		knows_who_may_not_break_out();
		tells_what_befell_packets();
		tells_what_its_peer_did();
		changes_nothing();
	}
	is_v6 = false;
	tells_what_was_too_big();
	cw_bench_close(&bench);
	return check_result();
}
