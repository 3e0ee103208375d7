/*
 * What a rule cannot see at once: ports of later fragments, protocols behind fragment headers, ports that only the padding
 * of a frame has, and what an ICMP error says of a packet that went before.
 */
#include "check.h"
#include "packet.h"
#include "policy_traffic.h"

/* Turns the packet behind `at` into a fragment in the middle of its own. */
static void make_later_fragment(uint8_t *at)
{
	if (is_v6) {
		at[6] = 44;
		memcpy(at + 40, (const uint8_t[]){ PACKET_UDP, 0, 0, 8 | 1, 1, 2, 3, 4 }, 8);
	} else {
		packet_put16(at + 6, 0x2001);
		packet_finish_ip(at);
	}
}

/* Where some port is allowed, the rest of a packet goes with its first piece, and to no other protocol's rules. */
static void gives_fragments_to_rules_that_allow(void)
{
	struct cw_acl_program rules[2] = { cw_test_rule("web", CW_ACL_ALLOW, 0, CAMERAS), cw_test_rule("off", CW_ACL_DENY, 0, 0) };
	uint8_t plain[108];

	for (uint32_t has_ports = 0; has_ports < 2; has_ports++) {
		rules[0].destination_port_first = has_ports ? 2001 : 0;
		for (uint32_t is_tcp = 0; is_tcp < 2; is_tcp++) {
			rules[0].protocol = is_tcp ? PACKET_TCP : PACKET_UDP;
			cw_test_use_rules(rules, 1);
			IS(cw_test_from_far(CW_BENCH_VNI, CW_BENCH_FAR, CAMERA), has_ports || is_tcp ? "segment 1" : "twin ");
			cw_test_make(plain + 8, CW_BENCH_FAR, CAMERA);
			make_later_fragment(plain + 8);
			IS(cw_test_from_far_packet(CW_BENCH_VNI, plain), is_tcp ? "segment 1" : "twin ");
		}
		/* Which port it is for is not known, and without its first it is nothing. */
		rules[1].destination_port_first = has_ports ? 2000 : 0;
		cw_test_use_rules(rules + 1, 1);
		IS(cw_test_from_far(CW_BENCH_VNI, CW_BENCH_FAR, CW_BENCH_HOST), "acl 1");
		cw_test_make(plain + 8, CW_BENCH_FAR, CW_BENCH_HOST);
		make_later_fragment(plain + 8);
		IS(cw_test_from_far_packet(CW_BENCH_VNI, plain), has_ports ? "lan " : "acl 1");
	}
	cw_test_use_rules(NULL, 0);
}

/* A fragment header before the rest of a chain: what a host would read behind it, the rules read too. */
static void looks_behind_fragment_headers(void)
{
	struct cw_acl_program r = cw_test_rule("shut", CW_ACL_DENY, 0, 0);
	uint8_t plain[108], *ip = plain + 8;

	if (!is_v6)
		return;
	r.protocol = PACKET_UDP;
	for (uint32_t port = 2000; port <= 2001; port++) {
		r.destination_port_first = r.destination_port_last = (uint16_t)port;
		cw_test_use_rules(&r, 1);
		cw_test_make(ip, CW_BENCH_FAR, CW_BENCH_HOST);
		memmove(ip + 56, ip + 40, 8);
		ip[6] = 44;
		memcpy(ip + 40, (const uint8_t[]){ 60, 0, 0, 0, 1, 2, 3, 4 }, 8);
		memcpy(ip + 48, (const uint8_t[]){ PACKET_UDP, 0, 1, 4, 0, 0, 0, 0 }, 8);
		IS(cw_test_from_far_packet(CW_BENCH_VNI, plain), port == 2000 ? "acl 1" : "lan ");
		ip[43] = 1; /* The first of some; then a later one, which hides what it belongs to; then not. */
		IS(cw_test_from_far_packet(CW_BENCH_VNI, plain), port == 2000 ? "acl 1" : "lan ");
		ip[43] = 8;
		IS(cw_test_from_far_packet(CW_BENCH_VNI, plain), "acl 1");
		ip[40] = PACKET_UDP;
		IS(cw_test_from_far_packet(CW_BENCH_VNI, plain), "lan ");
	}
	cw_test_use_rules(NULL, 0);
}

/* A packet without the ports that its protocol has, in a frame that is padded with some. */
static void reads_no_ports_from_padding(void)
{
	struct cw_acl_program r = cw_test_rule("web", CW_ACL_ALLOW, 0, CAMERAS);
	uint32_t header = is_v6 ? 40 : 20;

	r.destination_port_first = 2000;
	cw_test_use_rules(&r, 1);
	for (uint32_t has_ports = 0; has_ports < 2; has_ports++) {
		cw_bench_ether(&bench, CW_BENCH_LAN, frame);
		packet_put16(frame + 12, is_v6 ? 0x86dd : 0x0800);
		cw_test_make(frame + 14, CW_BENCH_HOST, CAMERA);
		packet_put16(frame + 14 + (is_v6 ? 4 : 2), (is_v6 ? 0 : 20) + (has_ports ? 8 : 0));
		if (!is_v6)
			packet_finish_ip(frame + 14);
		cw_bench_give(&bench, CW_BENCH_LAN, &(struct cw_vnet_hdr){ 0 }, frame, 14 + header + 8);
		IS(cw_test_what_became(), has_ports ? "kernel " : "segment 1");
	}
	cw_test_use_rules(NULL, 0);
}

/* An ICMP error about what a rule lets through comes back; one about anything else does not. */
static void lets_errors_back(void)
{
	struct cw_acl_program r = cw_test_rule("web", CW_ACL_ALLOW, CAMERAS, 0);
	uint8_t plain[108], *ip = plain + 8, *icmp = ip + (is_v6 ? 40 : 20);

	for (uint32_t port = 1999; port <= 2000; port++) {
		r.destination_port_first = r.destination_port_last = (uint16_t)port;
		cw_test_use_rules(&r, 1);
		cw_test_make(ip, CW_BENCH_FAR, CAMERA);
		ip[is_v6 ? 6 : 9] = is_v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
		if (!is_v6)
			packet_finish_ip(ip);
		cw_test_make(frame, CAMERA, CW_BENCH_FAR);
		memset(icmp, 0, 8);
		icmp[0] = is_v6 ? 1 : 3;
		memcpy(icmp + 8, frame, 48);
		IS(cw_test_from_far_packet(CW_BENCH_VNI, plain), port == 2000 ? "twin " : "segment 1");
		/* It goes to another than sent what it quotes. */
		cw_test_make(frame, CAMERA + 1, CW_BENCH_FAR);
		memcpy(icmp + 8, frame, 48);
		IS(cw_test_from_far_packet(CW_BENCH_VNI, plain), "segment 1");
		icmp[0] = is_v6 ? 128 : 8;
		IS(cw_test_from_far_packet(CW_BENCH_VNI, plain), "segment 1");
	}
	cw_test_use_rules(NULL, 0);
}

static void (*const tests[])(void) = {
	gives_fragments_to_rules_that_allow,
	looks_behind_fragment_headers,
	reads_no_ports_from_padding,
	lets_errors_back,
};

int main(int argc, char **argv)
{
	check_begin(argc, argv);
	cw_bench_open(&bench);
	cw_test_add_cameras();
	for (uint32_t family = 0; family < 2; family++) {
		is_v6 = family == 1;
		for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
			tests[i]();
	}
	cw_bench_close(&bench);
	return check_result();
}
