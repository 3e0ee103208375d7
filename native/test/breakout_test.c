/*
 * What a policy forbids to leave here leaves in no shape: later fragments go with the first, what hides its ports or comes without
 * its first fragment is dropped if it could be denied, and so are trains that are not ours to cut.
 */
#include "check.h"
#include "packet.h"
#include "policy_traffic.h"
#include "table/flow.h"
#include "table/view.h"
#include "worker.h"

#define DENIED 2000 /* the port, of UDP, that may not leave; the packets of cw_test_make() go there */

static void deny(void)
{
	struct cw_program *program = bench.worker->view->program;

	program->policies[1] = program->policies[0];
	program->policies[1].is_breakout_denied = 1;
	program->policy_count = 2;
	program->matches[0] = (struct cw_match_program){ .policy = 1,
							 .segment = CW_SEGMENT_ANY,
							 .source_port_last = UINT16_MAX,
							 .destination_port_first = DENIED,
							 .destination_port_last = DENIED,
							 .protocol = PACKET_UDP,
							 .dscp = CW_DSCP_ANY };
	program->match_count = 1;
	program->denies_breakout = true;
}

static const char *fragment(uint8_t protocol, uint16_t id, bool is_first, uint16_t port)
{
	return cw_test_fragment(CW_BENCH_HOST, INTERNET, protocol, id, is_first, port);
}

static void fragments_share_a_fate(void)
{
	IS(fragment(PACKET_UDP, 1, true, DENIED), "breakout 1");
	IS(fragment(PACKET_UDP, 1, false, 7), "breakout 1");
	IS(fragment(PACKET_UDP, 2, true, 7), "kernel ");
	IS(fragment(PACKET_UDP, 2, false, DENIED), "kernel ");
	IS(fragment(PACKET_UDP, 2, false, DENIED), "kernel ");
	/* Nobody knows of what: it could be denied, or could not. */
	IS(fragment(PACKET_UDP, 3, false, 7), "breakout 1");
	IS(fragment(PACKET_TCP, 3, false, DENIED), "kernel ");
	/* The id is another packet's now. */
	IS(fragment(PACKET_UDP, 2, true, DENIED), "breakout 1");
	IS(fragment(PACKET_UDP, 2, false, 7), "breakout 1");
	/* To a peer fragments go as ever, and where nothing is denied they leave. */
	bench.worker->view->program->denies_breakout = false;
	IS(fragment(PACKET_UDP, 4, false, 7), "kernel ");
	bench.worker->view->program->denies_breakout = true;
}

/* However many datagrams come in pieces, flows have their places; what is forgotten of a first fragment is no yes. */
static void fragments_take_no_place_of_flows(void)
{
	IS(fragment(PACKET_UDP, 1, true, 7), "kernel ");
	uint32_t in_use = cw_flows_in_use(bench.worker->flows);
	for (uint16_t id = 2; id < 4000; id++)
		IS(fragment(PACKET_UDP, id, true, 7), "kernel ");
	CHECK(cw_flows_in_use(bench.worker->flows) == in_use);
	IS(fragment(PACKET_UDP, 3999, false, 7), "kernel ");
	IS(fragment(PACKET_UDP, 1, false, 7), "breakout 1");
	bench.worker->now_us += 60000000;
	IS(fragment(PACKET_UDP, 3999, false, 7), "breakout 1");
}

/* Nine options headers, behind which nobody looks. */
static void what_hides_its_ports_stays(void)
{
	uint8_t *l3 = frame + 14;

	cw_bench_ether(&bench, CW_BENCH_LAN, frame);
	packet_put16(frame + 12, 0x86dd);
	is_v6 = true;
	cw_test_make(l3, CW_BENCH_HOST, INTERNET);
	is_v6 = false;
	memset(l3 + 40, 0, 112);
	l3[6] = 60;
	for (uint32_t i = 0; i < 9; i++)
		l3[40 + 8 * i] = i == 8 ? PACKET_UDP : 60;
	packet_put16(l3 + 4, 112);
	packet_put16(l3 + 112 + 2, DENIED);
	cw_bench_give(&bench, CW_BENCH_LAN, &(struct cw_vnet_hdr){ 0 }, frame, 14 + 152);
	IS(cw_test_what_became(), "breakout 1");
}

/* Whose offload speaks of a TCP header further inside. */
static const char *tunnel_train(uint16_t port)
{
	struct cw_vnet_hdr vnet = { .flags = 1, .gso_type = 1, .hdr_len = 14 + 90, .gso_size = 10, .csum_start = 14 + 70,
				    .csum_offset = 16 };

	cw_bench_ether(&bench, CW_BENCH_LAN, frame);
	cw_test_make(frame + 14, CW_BENCH_HOST, INTERNET);
	packet_put16(frame + 14 + 22, port);
	frame[14 + 70 + 12] = 0x50;
	cw_bench_give(&bench, CW_BENCH_LAN, &vnet, frame, 114);
	return cw_test_what_became();
}

static void trains_of_others_are_asked_too(void)
{
	IS(tunnel_train(7), "kernel ");
	IS(tunnel_train(DENIED), "breakout 1");
}

int main(int argc, char **argv)
{
	check_begin(argc, argv);
	cw_bench_open(&bench);
	deny();
	for (int v6 = 0; v6 < 2; v6++) {
		is_v6 = v6 != 0;
		IS(cw_test_from_lan(CW_BENCH_HOST, INTERNET), "breakout 1");
		fragments_share_a_fate();
		fragments_take_no_place_of_flows();
	}
	is_v6 = false;
	what_hides_its_ports_stays();
	trains_of_others_are_asked_too();
	cw_bench_close(&bench);
	return check_result();
}
