/*
 * What is said of a flow is what becomes of its packets, on a bench with two segments (policy_traffic.h): whence and whither,
 * rule, policy, path and why not the others; what stands in the way; what befell packets of late. And asking changes nothing.
 */
#include "check.h"
#include "explain_ask.h"
#include "graph/graph.h"
#include "table/session.h"

#define NOBODY 0x0a0100c8 /* 10.1.0.200 */

/* `lan office > office peer far`, and the reason for which a packet would be dropped. */
static const char *chain(uint32_t source, uint32_t destination)
{
	static const char *const from[] = { "nobody", "lan", "box", "peer" };
	static const char *const hop[] = { "none", "peer", "link", "box" };
	static char text[256];
	const struct cw_explanation *head = ask(source, destination);

	snprintf(text, sizeof(text), "%s %s > %s %s%s %s%s%s", from[head->from], head->segment, head->to_segment,
		 head->is_by_kernel ? "kernel " : "", hop[head->hop], head->peer, head->reason == CW_NO_REASON ? "" : ": ",
		 reason_of(head));
	return text;
}

static void says_whence_and_whither(void)
{
	IS(chain(CW_BENCH_HOST, CW_BENCH_FAR), "lan office > office peer far");
	IS(chain(CW_BENCH_HOST, CW_BENCH_OTHER), "lan office > office peer other: no_session");
	IS(chain(CW_BENCH_HOST, CW_BENCH_HOST + 1), "lan office > office kernel link ");
	IS(chain(CW_BENCH_HOST, CW_BENCH_BOX), "lan office > office box ");
	IS(chain(CW_BENCH_HOST, INTERNET), "lan office >  none ");
	IS(chain(CW_BENCH_HOST, FAR_CAMERA), "lan office > cameras kernel peer far: segment");
	IS(chain(CW_BENCH_BOX, CW_BENCH_FAR), "box office > office peer far");
	IS(chain(CAMERAS_BOX, FAR_CAMERA), "box cameras > cameras peer far");
	IS(chain(CW_BENCH_FAR, CW_BENCH_HOST), "peer office > office link far");
	IS(chain(CW_BENCH_FAR, CW_BENCH_BOX), "peer office > office box far");
	IS(chain(CW_BENCH_FAR, INTERNET), "peer office >  none far: no_route");
	IS(chain(CW_BENCH_FAR, CW_BENCH_OTHER), "peer office > office peer far: transit");
	IS(chain(CW_BENCH_FAR, CAMERAS_BOX), "peer office > cameras kernel box far: segment");
	IS(chain(CW_BENCH_OTHER, CW_BENCH_HOST), "peer office > office link other: no_session");
	IS(chain(INTERNET, CW_BENCH_HOST), "nobody  >  none : segment");

	struct cw_explain mixed = question(CW_BENCH_HOST, CW_BENCH_FAR);
	struct cw_address other = is_v6 ? cw_bench_v4(CW_BENCH_FAR) : cw_bench_v6(CW_BENCH_FAR);
	memcpy(mixed.destination, &other, 16);
	CHECK(strcmp(reason_of(explain(mixed)), "segment") == 0);
}

/* Under a VNI that is not its own a peer is refused, as if it had sent so. */
static void knows_what_a_peer_may_send(void)
{
	struct cw_explain forged = question(CW_BENCH_FAR, CAMERAS_BOX);

	strcpy(forged.segment, "cameras");
	CHECK(strcmp(reason_of(explain(forged)), "inner_source") == 0);
	bench.far->segments = 1;
	CHECK(strcmp(reason_of(explain(forged)), "inner_segment") == 0);
	CHECK(strcmp(said.head.peer, "far") == 0 && said.head.from == CW_EXPLAIN_FROM_PEER);
	bench.far->segments = 3;
	strcpy(forged.segment, "nowhere");
	CHECK(strcmp(reason_of(explain(forged)), "segment") == 0 && said.head.segment[0] == 0);
}

static void names_the_rule(void)
{
	struct cw_acl_program rules[2] = { cw_test_rule("look", CW_ACL_ALLOW, 0, CAMERAS),
					   cw_test_rule("hush", CW_ACL_DENY, 0, 0) };

	rules[1].protocol = PACKET_TCP;
	cw_test_use_rules(rules, 2);
	/* The kernel hands it to the other segment's twin. */
	IS(chain(CW_BENCH_HOST, FAR_CAMERA), "lan office > cameras kernel peer far");
	CHECK(strcmp(said.head.rule, "look") == 0);
	IS(chain(CW_BENCH_FAR, CAMERAS_BOX), "peer office > cameras kernel box far");
	IS(chain(FAR_CAMERA, CW_BENCH_HOST), "peer cameras > office kernel link far");
	IS(chain(CW_BENCH_HOST, CW_BENCH_FAR), "lan office > office peer far");
	CHECK(said.head.rule[0] == 0);

	struct cw_explain tcp = question(CW_BENCH_HOST, CW_BENCH_FAR);
	tcp.protocol = PACKET_TCP;
	CHECK(strcmp(reason_of(explain(tcp)), "acl") == 0 && strcmp(said.head.rule, "hush") == 0);
	/* The box itself is asked about by nobody. */
	tcp = question(CW_BENCH_BOX, CW_BENCH_FAR);
	tcp.protocol = PACKET_TCP;
	CHECK(explain(tcp)->reason == CW_NO_REASON && said.head.rule[0] == 0);
	cw_test_use_rules(NULL, 0);
}

/* A host that is not there: its packets wait, and what waited in vain is lost. */
static void knows_who_does_not_answer(void)
{
	const struct cw_explanation *head = ask(CW_BENCH_FAR, CW_BENCH_HOST);

	CHECK(head->is_neighbour_known && head->waiting_ms == CW_NONE && head->reason == CW_NO_REASON);
	head = ask(CW_BENCH_FAR, NOBODY);
	CHECK(!head->is_neighbour_known && head->waiting_ms == CW_NONE && head->reason == CW_NO_REASON);
	IS(cw_test_from_far(CW_BENCH_VNI, CW_BENCH_FAR, NOBODY), "");
	bench.worker->now_us += 100000;
	head = ask(CW_BENCH_FAR, NOBODY);
	CHECK(head->waiting_ms == 100 && head->reason == CW_NO_REASON);
	bench.worker->now_us += 400000;
	head = ask(CW_BENCH_FAR, NOBODY);
	CHECK(head->waiting_ms == 500 && strcmp(reason_of(head), "neighbour") == 0);
	struct cw_address next = cw_address_of(head->next_hop);
	CHECK(cw_address_equal(next, address(NOBODY)) && strcmp(head->port, "lan0") == 0);
	bench.worker->now_us += 3000000;
	cw_tx_pending(bench.worker);
	CHECK(strcmp(cw_bench_drops(&bench), "neighbour 1") == 0);
	head = ask(CW_BENCH_FAR, NOBODY);
	CHECK(head->waiting_ms == CW_NONE && was(CW_DROP_NEIGHBOUR, true, false, 1));
	forget();
}

static void knows_a_link_without_carrier(void)
{
	bench.ports[CW_BENCH_LAN_PORT]->is_up = false;
	IS(chain(CW_BENCH_FAR, CW_BENCH_HOST), "peer office > office link far: tx_down");
	bench.ports[CW_BENCH_LAN_PORT]->is_up = true;
	bench.ports[CW_BENCH_UPLINK_PORT]->is_up = false;
	IS(chain(CW_BENCH_HOST, CW_BENCH_FAR), "lan office > office peer far: tx_down");
	CHECK(said.head.path_count == 1 && said.paths[0].obstacle == CW_OBSTACLE_NO_CARRIER);
	bench.ports[CW_BENCH_UPLINK_PORT]->is_up = true;
}

static void waits_for_a_session(void)
{
	IS(cw_test_from_lan(CW_BENCH_HOST, CW_BENCH_OTHER), "");
	bench.worker->now_us += 700000;
	const struct cw_explanation *head = ask(CW_BENCH_HOST, CW_BENCH_OTHER);
	CHECK(!head->has_session && head->waiting_ms == 700 && head->path == CW_PATH_NONE);
	bench.worker->now_us += 5000000;
	cw_seal_expire(bench.worker, bench.other);
	CHECK(strcmp(cw_bench_drops(&bench), "no_session 1") == 0);
	CHECK(ask(CW_BENCH_HOST, CW_BENCH_OTHER)->waiting_ms == CW_NONE && was(CW_DROP_NO_SESSION, true, false, 1));
	forget();
}

/* Where an uplink is full: of what leaves by one, and of the answers to what comes. */
static void names_the_class(void)
{
	struct cw_explain call = question(CW_BENCH_HOST, CW_BENCH_FAR);

	CHECK(explain(call)->class == 2);
	call.dscp = 46;
	CHECK(explain(call)->class == 0);
	call.dscp = 8;
	CHECK(explain(call)->class == 3);
	CHECK(ask(CW_BENCH_HOST, INTERNET)->class == 2 && ask(CW_BENCH_FAR, CW_BENCH_HOST)->class == 2);
	CHECK(ask(CW_BENCH_HOST, CW_BENCH_HOST + 1)->class == CW_EXPLAIN_CLASS_NONE);
}

int main(int argc, char **argv)
{
	check_begin(argc, argv);
	cw_bench_open(&bench);
	cw_test_add_cameras();
	strcpy(bench.worker->view->program->port_programs[CW_BENCH_LAN_PORT].twin, "lan0");
	for (uint32_t family = 0; family < 2; family++) {
		is_v6 = family == 1;
		says_whence_and_whither();
		knows_what_a_peer_may_send();
		names_the_rule();
		names_the_class();
		knows_who_does_not_answer();
		knows_a_link_without_carrier();
		waits_for_a_session();
	}
	cw_bench_close(&bench);
	return check_result();
}
