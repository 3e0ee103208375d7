/*
 * What must not cross though its header is sound, and though the overlay's prefix is everything: addresses of a link,
 * which no rule is asked about; fragments that end behind every packet; IPv6 addresses that the tables have for IPv4.
 */
#include "check.h"
#include "graph/graph.h"
#include "packet.h"
#include "policy_traffic.h"
#include "table/view.h"

#define ANYBODY 0x08080808

static uint8_t room[108];
static uint8_t *const packet = room + 8;

/* Everything else is at `far`, whose index among the bench's hops is 2. */
static void add_default_route(void)
{
	static const struct cw_fib_route v4[] = { { 0, 0, 2 }, { CW_BENCH_BOX, 32, 1 } };
	static const struct cw_fib6_route v6[] = { { .next_hop = 2 } };
	struct cw_view *view = bench.worker->view;

	cw_fib_free(view->segment_fib[0]);
	cw_fib6_free(view->segment_fib6[0]);
	view->segment_fib[0] = cw_fib_new(v4, 2);
	view->segment_fib6[0] = cw_fib6_new(v6, 1);
	view->has_default[0] = true;
}

static const char *packet_from_lan(void)
{
	cw_bench_ether(&bench, CW_BENCH_LAN, frame);
	packet_put16(frame + 12, is_v6 ? 0x86dd : 0x0800);
	memcpy(frame + 14, packet, 100);
	cw_bench_give(&bench, CW_BENCH_LAN, &(struct cw_vnet_hdr){ 0 }, frame, 114);
	return cw_test_what_became();
}

static const char *packet_from_box(void)
{
	cw_classify_segment(bench.worker, 0, cw_bench_mbuf(&bench, packet, 100, 0));
	return cw_test_what_became();
}

static void keeps_link_addresses_on_their_link(void)
{
	static const uint32_t all[] = { 0x7f000001, 0xe0000005, 0xefffffff, 0xffffffff, 0xa9fe0001, 0x00000001 };
	struct cw_acl_program deny = cw_test_rule("shut", CW_ACL_DENY, 0, 0);

	IS(cw_test_from_lan(CW_BENCH_HOST, ANYBODY), "sealed ");
	IS(cw_test_from_box(0, CW_BENCH_BOX, ANYBODY), "sealed ");
	for (uint32_t has_rule = 0; has_rule < 2; has_rule++) {
		cw_test_use_rules(&deny, has_rule);
		for (uint32_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
			IS(cw_test_from_lan(CW_BENCH_HOST, all[i]), "kernel ");
			IS(cw_test_from_lan(all[i], ANYBODY), "kernel ");
			IS(cw_test_from_box(0, CW_BENCH_BOX, all[i]), "link_scope 1");
			IS(cw_test_from_far(CW_BENCH_VNI, all[i], CW_BENCH_BOX), "link_scope 1");
			IS(cw_test_from_far(CW_BENCH_VNI, CW_BENCH_FAR, all[i]), "link_scope 1");
		}
	}
	IS(cw_test_from_lan(CW_BENCH_HOST, ANYBODY), "acl 1");
	cw_test_use_rules(NULL, 0);
}

static void keeps_ipv6_neighbours_from_the_rules(void)
{
	struct cw_acl_program deny = cw_test_rule("shut", CW_ACL_DENY, 0, 0);

	cw_test_use_rules(&deny, 1);
	cw_test_make(packet, CW_BENCH_HOST, ANYBODY);
	IS(packet_from_lan(), "acl 1");
	packet_put16(packet + 24, 0xff02);
	IS(packet_from_lan(), "kernel ");
	cw_test_use_rules(NULL, 0);
}

/* The last place at which a packet of this size may be a fragment, and the next one. */
static void refuses_fragments_behind_every_end(void)
{
	uint32_t last = (65535 - 100) / 8;

	for (uint32_t more = 0; more <= 0x2000; more += 0x2000) {
		for (uint32_t is_behind = 0; is_behind < 2; is_behind++) {
			cw_test_make(packet, CW_BENCH_HOST, ANYBODY);
			packet_put16(packet + 6, more | (last + is_behind));
			packet_finish_ip(packet);
			IS(packet_from_lan(), is_behind ? "rx_malformed 1" : "sealed ");
			packet_put32(packet + 12, CW_BENCH_BOX);
			packet_finish_ip(packet);
			IS(packet_from_box(), is_behind ? "rx_malformed 1" : "sealed ");
			packet_put32(packet + 12, CW_BENCH_FAR);
			packet_put32(packet + 16, CW_BENCH_BOX);
			packet_finish_ip(packet);
			IS(cw_test_from_far_packet(CW_BENCH_VNI, room), is_behind ? "inner_malformed 1" : "twin ");
		}
	}
}

static void refuses_addresses_that_are_the_other_familys(void)
{
	struct cw_address host = cw_bench_v4(CW_BENCH_FAR);

	for (uint32_t at = 8; at <= 24; at += 16) {
		cw_test_make(packet, CW_BENCH_HOST, ANYBODY);
		memcpy(packet + at, &host, 16);
		IS(packet_from_lan(), "rx_malformed 1");
		IS(packet_from_box(), "rx_malformed 1");
		IS(cw_test_from_far_packet(CW_BENCH_VNI, room), "inner_malformed 1");
	}
}

int main(int argc, char **argv)
{
	check_begin(argc, argv);
	cw_bench_open(&bench);
	cw_test_add_cameras();
	add_default_route();
	keeps_link_addresses_on_their_link();
	refuses_fragments_behind_every_end();
	is_v6 = true;
	keeps_ipv6_neighbours_from_the_rules();
	refuses_addresses_that_are_the_other_familys();
	cw_bench_close(&bench);
	return check_result();
}
