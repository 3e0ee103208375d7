/*
 * Which of several peers that have a prefix carries: the first that is reached, and in transit never a hub for a hub. Who is back is
 * trusted after a while, where another one has proven better.
 */
#include "graph/explain.h"
#include "transit_world.h"

static void goes_from_hub_to_hub_once(void)
{
	struct cw_hop *hop = hop_other();

	*hop = (struct cw_hop){ .kind = CW_HOP_OVERLAY, .peer_count = 2, .peers = { OTHER, THIRD } };
	set_hubs(false, false, true);
	IS(from_far(CW_BENCH_FAR, CW_BENCH_OTHER), "other ");
	lose(OTHER);
	/* What a site sent may go to another hub, what a hub sent may not: it waits for the site, or is lost. */
	IS(from_far(CW_BENCH_FAR, CW_BENCH_OTHER), "third ");
	set_hubs(true, false, true);
	IS(from_far(CW_BENCH_FAR, CW_BENCH_OTHER), "other ");
	bring_back(OTHER);
	IS(from_far(CW_BENCH_FAR, CW_BENCH_OTHER), "other ");
	set_hubs(true, true, true);
	IS(from_far(CW_BENCH_FAR, CW_BENCH_OTHER), "transit_hub 1");
	set_hubs(false, false, false);
	*hop = (struct cw_hop){ .kind = CW_HOP_OVERLAY, .peer_count = 1, .peers = { OTHER } };
}

static void goes_by_the_first_that_is_reached(void)
{
	struct cw_hop *hop = hop_other();

	*hop = (struct cw_hop){ .kind = CW_HOP_OVERLAY, .peer_count = 2, .peers = { OTHER, THIRD } };
	set_hubs(false, true, true);
	pass(120 * SECOND);
	IS(from_far(CW_BENCH_FAR, CW_BENCH_OTHER), "other ");
	IS(cw_test_from_lan(CW_BENCH_HOST, CW_BENCH_OTHER), "sealed ");
	lose(OTHER);
	IS(from_far(CW_BENCH_FAR, CW_BENCH_OTHER), "third ");
	/* It is back, but one that did not fail carries. */
	bring_back(OTHER);
	IS(from_far(CW_BENCH_FAR, CW_BENCH_OTHER), "third ");
	pass(29 * SECOND);
	IS(from_far(CW_BENCH_FAR, CW_BENCH_OTHER), "third ");
	pass(2 * SECOND);
	IS(from_far(CW_BENCH_FAR, CW_BENCH_OTHER), "other ");
	/* Both were lost: nobody has proven better. */
	lose(OTHER);
	lose(THIRD);
	pass(SECOND);
	IS(from_far(CW_BENCH_FAR, CW_BENCH_OTHER), "other ");
	bring_back(THIRD);
	IS(from_far(CW_BENCH_FAR, CW_BENCH_OTHER), "third ");
	pass(SECOND);
	bring_back(OTHER);
	IS(from_far(CW_BENCH_FAR, CW_BENCH_OTHER), "other ");
	/* Who has the prefix itself is trusted at once. */
	pass(120 * SECOND);
	set_hubs(false, false, true);
	lose(OTHER);
	IS(from_far(CW_BENCH_FAR, CW_BENCH_OTHER), "third ");
	bring_back(OTHER);
	IS(from_far(CW_BENCH_FAR, CW_BENCH_OTHER), "other ");
	set_hubs(false, false, false);
	*hop = (struct cw_hop){ .kind = CW_HOP_OVERLAY, .peer_count = 1, .peers = { OTHER } };
}

static void takes_a_source_from_any_that_have_it(void)
{
	struct cw_hop *hop = hop_other();

	IS(from_far(CW_BENCH_OTHER, CW_BENCH_HOST), "inner_source 1");
	*hop = (struct cw_hop){ .kind = CW_HOP_OVERLAY, .peer_count = 3, .peers = { OTHER, THIRD, FAR } };
	IS(from_far(CW_BENCH_OTHER, CW_BENCH_HOST), "lan ");
	*hop = (struct cw_hop){ .kind = CW_HOP_OVERLAY, .peer_count = 1, .peers = { OTHER } };
}

static const struct cw_explained *ask(uint32_t source, uint32_t destination)
{
	static struct cw_explained said;
	struct cw_explain question = { .source_port = 1000, .destination_port = 2000, .protocol = PACKET_UDP };
	struct cw_address from = is_v6 ? cw_bench_v6(source) : cw_bench_v4(source);
	struct cw_address to = is_v6 ? cw_bench_v6(destination) : cw_bench_v4(destination);

	memcpy(question.source, &from, sizeof(from));
	memcpy(question.destination, &to, sizeof(to));
	cw_explain(bench.worker, &question, &said);
	return &said;
}

static void says_who_carries_and_why(void)
{
	struct cw_hop *hop = hop_other();
	const struct cw_explained *said = ask(CW_BENCH_FAR, CW_BENCH_OTHER);

	CHECK(said->head.from == CW_EXPLAIN_FROM_TRANSIT && said->head.reason == CW_NO_REASON && said->head.peer_count == 0);
	CHECK(strcmp(said->head.from_peer, "far") == 0 && strcmp(said->head.peer, "other") == 0);
	*hop = (struct cw_hop){ .kind = CW_HOP_OVERLAY, .peer_count = 3, .peers = { OTHER, THIRD, FAR } };
	set_hubs(false, true, true);
	pass(120 * SECOND);
	said = ask(CW_BENCH_FAR, CW_BENCH_OTHER);
	CHECK(said->head.peer_count == 3 && said->peers[0].state == CW_EXPLAIN_PEER_CARRIES);
	CHECK(said->peers[0].is_hub && !said->peers[2].is_hub && strcmp(said->peers[1].name, "third") == 0);
	CHECK(said->peers[1].state == CW_EXPLAIN_PEER_SPARE && said->peers[2].state == CW_EXPLAIN_PEER_BARRED);
	lose(OTHER);
	said = ask(CW_BENCH_FAR, CW_BENCH_OTHER);
	CHECK(strcmp(said->head.peer, "third") == 0);
	CHECK(said->peers[0].state == CW_EXPLAIN_PEER_DOWN && said->peers[1].state == CW_EXPLAIN_PEER_CARRIES);
	bring_back(OTHER);
	said = ask(CW_BENCH_HOST, CW_BENCH_OTHER);
	CHECK(strcmp(said->head.peer, "third") == 0 && said->head.from == CW_EXPLAIN_FROM_LAN);
	CHECK(said->peers[0].state == CW_EXPLAIN_PEER_HELD && said->peers[0].hold_ms == 30000);
	set_hubs(true, true, true);
	said = ask(CW_BENCH_FAR, CW_BENCH_OTHER);
	CHECK(said->head.reason == CW_DROP_TRANSIT_BACK && said->head.from == CW_EXPLAIN_FROM_PEER);
	set_hubs(false, false, false);
	*hop = (struct cw_hop){ .kind = CW_HOP_OVERLAY, .peer_count = 1, .peers = { OTHER } };
}

static void all_of_one_family(void)
{
	goes_from_hub_to_hub_once();
	goes_by_the_first_that_is_reached();
	takes_a_source_from_any_that_have_it();
	says_who_carries_and_why();
}

int main(int argc, char **argv)
{
	check_begin(argc, argv);
	open_world();
	all_of_one_family();
	is_v6 = true;
	all_of_one_family();
	cw_bench_close(&bench);
	return check_result();
}
