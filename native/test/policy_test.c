/*
 * Who may send what where, on a bench with two segments (policy_traffic.h). Each way by LAN, twin and overlay, in both
 * families, without rules and with them; what is denied is counted, told, and told no more than ten times a second.
 */
#include "check.h"
#include "graph/graph.h"
#include "graph/policy.h"
#include "packet.h"
#include "policy_traffic.h"
#include "table/acl.h"
#include "table/session.h"
#include "table/view.h"

/* The next denial that was told; false: none. */
static bool take_denial(struct cw_denial *denial, char peer[CW_NAME])
{
	uint8_t bytes[CW_EVENT_BYTES_MAX];
	struct cw_event event;

	while (cw_next_event(bench.engine, bytes, sizeof(bytes)) > 0) {
		memcpy(&event, bytes, sizeof(event));
		if (event.kind != CW_EVENT_DENIED)
			continue;
		CHECK(event.length == sizeof(*denial));
		memcpy(denial, bytes + sizeof(event), sizeof(*denial));
		memcpy(peer, event.peer, CW_NAME);
		return true;
	}
	return false;
}

static void expect_told(enum cw_drop reason, const char *peer, const char *segment, const char *to,
			const char *rule)
{
	struct cw_denial denial;
	char who[CW_NAME];

	bench.worker->now_us += 1000000;
	if (!CHECK(take_denial(&denial, who)))
		return;
	CHECK(denial.reason == reason && denial.suppressed == 0 && strcmp(who, peer) == 0);
	CHECK(strcmp(denial.segment, segment) == 0 && strcmp(denial.to_segment, to) == 0);
	CHECK(strcmp(denial.rule, rule) == 0 && denial.protocol == PACKET_UDP);
	CHECK(denial.source_port == 1000 && denial.destination_port == 2000);
	CHECK(!take_denial(&denial, who));
}

static void keeps_segments_apart_without_rules(void)
{
	IS(cw_test_from_lan(CW_BENCH_HOST, CW_BENCH_FAR), "sealed ");
	IS(cw_test_from_lan(CW_BENCH_HOST, CW_BENCH_BOX), "kernel ");
	IS(cw_test_from_lan(CW_BENCH_HOST, INTERNET), "kernel ");
	IS(cw_test_from_lan(CW_BENCH_HOST, CAMERA), "segment 1");
	expect_told(CW_DROP_SEGMENT, "", "office", "cameras", "");
	IS(cw_test_from_lan(CW_BENCH_HOST, FAR_CAMERA), "segment 1");
	IS(cw_test_from_lan(CW_BENCH_HOST, CAMERAS_BOX), "segment 1");
	IS(cw_test_from_box(0, CW_BENCH_BOX, CW_BENCH_FAR), "sealed ");
	IS(cw_test_from_box(CAMERAS, CAMERAS_BOX, FAR_CAMERA), "sealed ");
	IS(cw_test_from_box(CAMERAS, CW_BENCH_HOST, FAR_CAMERA), "segment 1");
	IS(cw_test_from_box(CAMERAS, CW_BENCH_BOX, FAR_CAMERA), "segment 1");
	IS(cw_test_from_box(0, INTERNET, CW_BENCH_FAR), "segment 1");
	IS(cw_test_from_far(CW_BENCH_VNI, CW_BENCH_FAR, CW_BENCH_HOST), "lan ");
	IS(cw_test_from_far(CW_BENCH_VNI, CW_BENCH_FAR, CW_BENCH_BOX), "twin ");
	IS(cw_test_from_far(CAMERAS_VNI, FAR_CAMERA, CAMERAS_BOX), "twin ");
	IS(cw_test_from_far(CW_BENCH_VNI, CW_BENCH_FAR, INTERNET), "no_route 1");
	bench.worker->now_us += 3000000;
	while (take_denial(&(struct cw_denial){ 0 }, (char[CW_NAME]){ 0 }))
		;
	IS(cw_test_from_far(CW_BENCH_VNI, CW_BENCH_FAR, CAMERA), "segment 1");
	expect_told(CW_DROP_SEGMENT, "far", "office", "cameras", "");
	IS(cw_test_from_far(CW_BENCH_VNI, CW_BENCH_FAR, CAMERAS_BOX), "segment 1");
	expect_told(CW_DROP_SEGMENT, "far", "office", "cameras", "");
}

/* Forged VNIs and inner sources that are another's, or this peer's in another segment. */
static void takes_nothing_that_is_not_the_peers(void)
{
	IS(cw_test_from_far(999, CW_BENCH_FAR, CW_BENCH_HOST), "inner_segment 1");
	expect_told(CW_DROP_INNER_SEGMENT, "far", "", "", "");
	IS(cw_test_from_far(CAMERAS_VNI, CW_BENCH_FAR, CW_BENCH_HOST), "inner_source 1");
	expect_told(CW_DROP_INNER_SOURCE, "far", "cameras", "", "");
	IS(cw_test_from_far(CW_BENCH_VNI, FAR_CAMERA, CW_BENCH_HOST), "inner_source 1");
	expect_told(CW_DROP_INNER_SOURCE, "far", "office", "", "");
	IS(cw_test_from_far(CW_BENCH_VNI, CW_BENCH_OTHER, CW_BENCH_HOST), "inner_source 1");
	expect_told(CW_DROP_INNER_SOURCE, "far", "office", "", "");
	bench.far->segments = 1; /* known here, but nothing of this peer's is in it */
	IS(cw_test_from_far(CAMERAS_VNI, CW_BENCH_OTHER, CAMERAS_BOX), "inner_segment 1");
	expect_told(CW_DROP_INNER_SEGMENT, "far", "cameras", "", "");
	bench.far->segments = 3;
}

static void lets_through_what_a_rule_allows(void)
{
	struct cw_acl_program r = cw_test_rule("look", CW_ACL_ALLOW, 0, CAMERAS);

	cw_test_use_rules(&r, 1);
	IS(cw_test_from_lan(CW_BENCH_HOST, CAMERA), "kernel ");
	IS(cw_test_from_lan(CW_BENCH_HOST, FAR_CAMERA), "kernel ");
	/* The kernel hands it to the other segment's twin; its VNI stays that of its own segment. */
	IS(cw_test_from_box(CAMERAS, CW_BENCH_HOST, FAR_CAMERA), "sealed ");
	IS(cw_test_from_far(CW_BENCH_VNI, CW_BENCH_FAR, CAMERA), "twin ");
	/* The way back, by both. */
	IS(cw_test_from_far(CAMERAS_VNI, FAR_CAMERA, CW_BENCH_HOST), "twin ");
	IS(cw_test_from_box(0, CAMERA, CW_BENCH_FAR), "sealed ");
	IS(cw_test_from_lan(CW_BENCH_HOST, CW_BENCH_FAR), "sealed ");
	cw_test_use_rules(NULL, 0);
}

static void says_the_segment_that_a_packet_is_from(void)
{
	struct cw_acl_program r = cw_test_rule("look", CW_ACL_ALLOW, 0, CAMERAS);
	uint8_t type = 0, plain[2000];

	cw_test_use_rules(&r, 1);
	cw_test_make(frame, CW_BENCH_HOST, FAR_CAMERA);
	cw_classify_segment(bench.worker, CAMERAS, cw_bench_mbuf(&bench, frame, 100, 0));
	cw_bench_flush(&bench);
	CHECK(cw_bench_hear(&bench, &type, plain) == 108 && type == 0xD1);
	CHECK(packet_u32(plain + 4) >> 8 == CW_BENCH_VNI);
	cw_test_use_rules(NULL, 0);
}

static void denies_within_a_segment(void)
{
	struct cw_acl_program rules[2] = { cw_test_rule("talk", CW_ACL_ALLOW, 0, 0), cw_test_rule("hush", CW_ACL_DENY, 0, 0) };

	rules[0].destination_port_first = 2001;
	cw_test_use_rules(rules, 2);
	IS(cw_test_from_lan(CW_BENCH_HOST, CW_BENCH_FAR), "acl 1");
	expect_told(CW_DROP_ACL, "", "office", "office", "hush");
	IS(cw_test_from_far(CW_BENCH_VNI, CW_BENCH_FAR, CW_BENCH_HOST), "acl 1");
	expect_told(CW_DROP_ACL, "far", "office", "office", "hush");
	/* The box itself is the kernel's to guard. */
	IS(cw_test_from_lan(CW_BENCH_HOST, CW_BENCH_BOX), "kernel ");
	IS(cw_test_from_far(CW_BENCH_VNI, CW_BENCH_FAR, CW_BENCH_BOX), "twin ");
	IS(cw_test_from_box(0, CW_BENCH_BOX, CW_BENCH_FAR), "sealed ");
	rules[0].destination_port_first = 2000;
	cw_test_use_rules(rules, 2);
	IS(cw_test_from_lan(CW_BENCH_HOST, CW_BENCH_FAR), "sealed ");
	cw_test_use_rules(NULL, 0);
}

static void tells_no_more_than_some_a_second(void)
{
	struct cw_denial denial = { 0 };
	char peer[CW_NAME];
	uint32_t told = 0, suppressed = 0;

	bench.worker->now_us += 10000000;
	bench.worker->denials_suppressed = 0;
	while (take_denial(&denial, peer))
		;
	for (uint32_t i = 0; i < 100; i++)
		cw_test_from_lan(CW_BENCH_HOST, CAMERA);
	while (take_denial(&denial, peer))
		told++;
	CHECK(told == 20);
	bench.worker->now_us += 1000000;
	for (uint32_t i = 0; i < 100; i++) {
		cw_test_from_lan(CW_BENCH_HOST, CAMERA);
		if (take_denial(&denial, peer)) {
			suppressed += denial.suppressed;
			told++;
		}
	}
	CHECK(told == 30 && suppressed == 80);
}

static void (*const tests[])(void) = {
	keeps_segments_apart_without_rules,
	takes_nothing_that_is_not_the_peers,
	lets_through_what_a_rule_allows,
	says_the_segment_that_a_packet_is_from,
	denies_within_a_segment,
	tells_no_more_than_some_a_second,
};

int main(int argc, char **argv)
{
	check_begin(argc, argv);
	cw_bench_open(&bench);
	cw_test_add_cameras();
	for (uint32_t family = 0; family < 2; family++) {
		is_v6 = family == 1;
		for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
			bench.worker->now_us += 10000000;
			bench.worker->denials_suppressed = 0;
			while (take_denial(&(struct cw_denial){ 0 }, (char[CW_NAME]){ 0 }))
				;
			tests[i]();
		}
	}
	cw_bench_close(&bench);
	return check_result();
}
