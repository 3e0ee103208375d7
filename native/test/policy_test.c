/*
 * Who may send what where, on a bench with two segments: `office` as ever, and `cameras` (VNI 200) with 10.4.0.0/24
 * here and 10.5.0.0/24 at `far`. Each way by LAN, twin and overlay, in both families, without rules and with them;
 * what is denied is counted, told, and told no more than ten times a second.
 */
#include "check.h"
#include "graph/graph.h"
#include "graph/policy.h"
#include "graph_bench.h"
#include "packet.h"
#include "table/acl.h"
#include "table/session.h"
#include "table/view.h"

#define CAMERAS 1
#define CAMERAS_VNI 200
#define CAMERA 0x0a040007     /* 10.4.0.7 */
#define FAR_CAMERA 0x0a050007 /* 10.5.0.7 */
#define CAMERAS_BOX 0x0a040001
#define INTERNET 0x08080808

static struct cw_bench bench;
static uint8_t frame[CW_BENCH_FRAME_MAX];
static uint32_t next_counter = 1;
static bool is_v6;

static void set_route(struct cw_fib_route *v4, struct cw_fib6_route *v6, uint32_t prefix, uint8_t len,
		      uint32_t value)
{
	struct cw_address address = cw_bench_v6(prefix);

	*v4 = (struct cw_fib_route){ prefix, len, value };
	memcpy(v6->prefix, &address, 16);
	v6->prefix_len = 96 + len;
	v6->next_hop = value;
}

/* Hops 1 and 2 of the bench are the box itself and `far`. */
static void add_cameras(void)
{
	static const struct {
		uint32_t prefix;
		uint8_t len;
		uint32_t segment;
		bool is_local;
	} all[] = { { CW_BENCH_BOX, 32, 0, true },  { 0x0a010000, 24, 0, false },
		    { 0x0a020000, 16, 0, false },   { 0x0a030000, 16, 0, false },
		    { CAMERAS_BOX, 32, 1, true },   { 0x0a040000, 24, 1, false },
		    { 0x0a050000, 24, 1, false } };
	struct cw_view *view = bench.worker->view;
	struct cw_fib_route v4[8];
	struct cw_fib6_route v6[8];

	for (uint32_t i = 0; i < 7; i++)
		set_route(&v4[i], &v6[i], all[i].prefix, all[i].len,
			  CW_ALL_VALUE(all[i].segment, all[i].is_local));
	cw_fib_free(view->all_fib);
	cw_fib6_free(view->all_fib6);
	view->all_fib = cw_fib_new(v4, 7);
	view->all_fib6 = cw_fib6_new(v6, 7);
	set_route(&v4[0], &v6[0], CAMERAS_BOX, 32, 1);
	set_route(&v4[1], &v6[1], 0x0a050000, 24, 2);
	view->segment_fib[CAMERAS] = cw_fib_new(v4, 2);
	view->segment_fib6[CAMERAS] = cw_fib6_new(v6, 2);
	view->program->segment_count = 2;
	view->program->segment_programs[CAMERAS].vni = CAMERAS_VNI;
	strcpy(view->program->segment_programs[0].name, "office");
	strcpy(view->program->segment_programs[CAMERAS].name, "cameras");
	view->program->segments[CAMERAS] = bench.segment;
	bench.far->segments = 3;
}

/* Packets of 100 bytes into `at`, of UDP from port 1000 to 2000 if nothing else is said. */
static void make(uint8_t *at, uint32_t source, uint32_t destination)
{
	memset(at, 0, 100);
	if (is_v6)
		packet_ip6(at, 40, PACKET_UDP, source, destination);
	else
		packet_ip(at, 20, PACKET_UDP, source, destination);
	packet_put16(at + (is_v6 ? 40 : 20), 1000);
	packet_put16(at + (is_v6 ? 42 : 22), 2000);
	packet_finish(at, 100);
}

static const char *what_became(void)
{
	static char text[128];
	uint32_t count[CW_BENCH_LINKS];

	cw_bench_flush(&bench);
	for (uint32_t i = 0; i < CW_BENCH_LINKS; i++)
		count[i] = cw_bench_drain(&bench, i);
	snprintf(text, sizeof(text), "%s%s%s%s%s", count[CW_BENCH_LAN] ? "lan " : "",
		 count[CW_BENCH_LAN_TWIN] ? "kernel " : "", count[CW_BENCH_UPLINK] ? "sealed " : "",
		 count[CW_BENCH_SEGMENT] ? "twin " : "", cw_bench_drops(&bench));
	return text;
}

static const char *from_lan(uint32_t source, uint32_t destination)
{
	cw_bench_ether(&bench, CW_BENCH_LAN, frame);
	packet_put16(frame + 12, is_v6 ? 0x86dd : 0x0800);
	make(frame + 14, source, destination);
	cw_bench_give(&bench, CW_BENCH_LAN, &(struct cw_vnet_hdr){ 0 }, frame, 114);
	return what_became();
}

static const char *from_box(uint32_t segment, uint32_t source, uint32_t destination)
{
	make(frame, source, destination);
	cw_classify_segment(bench.worker, segment, cw_bench_mbuf(&bench, frame, 100, 0));
	return what_became();
}

static const char *from_far_packet(uint32_t vni, uint8_t *plain)
{
	uint8_t datagram[200];

	memset(plain, 0, 8);
	packet_put16(plain + 2, is_v6 ? 0x86dd : 0x0800);
	packet_put32(plain + 4, vni << 8);
	uint32_t length = cw_bench_seal(&bench, 0xD1, next_counter++, plain, 108, datagram);
	cw_open(bench.worker, datagram, length, 0);
	return what_became();
}

static const char *from_far(uint32_t vni, uint32_t source, uint32_t destination)
{
	uint8_t plain[108];

	make(plain + 8, source, destination);
	return from_far_packet(vni, plain);
}

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

#define IS(call, result)                                                            \
	do {                                                                        \
		const char *got = (call);                                           \
		if (!CHECK(strcmp(got, (result)) == 0))                             \
			fprintf(stderr, "  v%u %s: '%s'\n", is_v6 ? 6 : 4, #call, got); \
	} while (0)

static void keeps_segments_apart_without_rules(void)
{
	IS(from_lan(CW_BENCH_HOST, CW_BENCH_FAR), "sealed ");
	IS(from_lan(CW_BENCH_HOST, CW_BENCH_BOX), "kernel ");
	IS(from_lan(CW_BENCH_HOST, INTERNET), "kernel ");
	IS(from_lan(CW_BENCH_HOST, CAMERA), "segment 1");
	expect_told(CW_DROP_SEGMENT, "", "office", "cameras", "");
	IS(from_lan(CW_BENCH_HOST, FAR_CAMERA), "segment 1");
	IS(from_lan(CW_BENCH_HOST, CAMERAS_BOX), "segment 1");
	IS(from_box(0, CW_BENCH_BOX, CW_BENCH_FAR), "sealed ");
	IS(from_box(CAMERAS, CAMERAS_BOX, FAR_CAMERA), "sealed ");
	IS(from_box(CAMERAS, CW_BENCH_HOST, FAR_CAMERA), "segment 1");
	IS(from_box(CAMERAS, CW_BENCH_BOX, FAR_CAMERA), "segment 1");
	IS(from_box(0, INTERNET, CW_BENCH_FAR), "segment 1");
	IS(from_far(CW_BENCH_VNI, CW_BENCH_FAR, CW_BENCH_HOST), "lan ");
	IS(from_far(CW_BENCH_VNI, CW_BENCH_FAR, CW_BENCH_BOX), "twin ");
	IS(from_far(CAMERAS_VNI, FAR_CAMERA, CAMERAS_BOX), "twin ");
	IS(from_far(CW_BENCH_VNI, CW_BENCH_FAR, INTERNET), "no_route 1");
	bench.worker->now_us += 3000000;
	while (take_denial(&(struct cw_denial){ 0 }, (char[CW_NAME]){ 0 }))
		;
	IS(from_far(CW_BENCH_VNI, CW_BENCH_FAR, CAMERA), "segment 1");
	expect_told(CW_DROP_SEGMENT, "far", "office", "cameras", "");
	IS(from_far(CW_BENCH_VNI, CW_BENCH_FAR, CAMERAS_BOX), "segment 1");
	expect_told(CW_DROP_SEGMENT, "far", "office", "cameras", "");
}

/* Forged VNIs and inner sources that are another's, or this peer's in another segment. */
static void takes_nothing_that_is_not_the_peers(void)
{
	IS(from_far(999, CW_BENCH_FAR, CW_BENCH_HOST), "inner_segment 1");
	expect_told(CW_DROP_INNER_SEGMENT, "far", "", "", "");
	IS(from_far(CAMERAS_VNI, CW_BENCH_FAR, CW_BENCH_HOST), "inner_source 1");
	expect_told(CW_DROP_INNER_SOURCE, "far", "cameras", "", "");
	IS(from_far(CW_BENCH_VNI, FAR_CAMERA, CW_BENCH_HOST), "inner_source 1");
	expect_told(CW_DROP_INNER_SOURCE, "far", "office", "", "");
	IS(from_far(CW_BENCH_VNI, CW_BENCH_OTHER, CW_BENCH_HOST), "inner_source 1");
	expect_told(CW_DROP_INNER_SOURCE, "far", "office", "", "");
	bench.far->segments = 1; /* known here, but nothing of this peer's is in it */
	IS(from_far(CAMERAS_VNI, CW_BENCH_OTHER, CAMERAS_BOX), "inner_segment 1");
	expect_told(CW_DROP_INNER_SEGMENT, "far", "cameras", "", "");
	bench.far->segments = 3;
}

static struct cw_acl_program rule(const char *name, uint8_t action, uint16_t from, uint16_t to)
{
	struct cw_acl_program r = { .from_segment = from,
				    .to_segment = to,
				    .action = action,
				    .source_port_last = UINT16_MAX,
				    .destination_port_last = UINT16_MAX };

	strcpy(r.name, name);
	return r;
}

static void use_rules(const struct cw_acl_program *rules, uint32_t count)
{
	struct cw_view *view = bench.worker->view;

	cw_acl_free(view->acl);
	view->acl = count == 0 ? NULL : cw_acl_new(rules, count, 2);
	memcpy(view->program->acl, rules, count * sizeof(rules[0]));
}

static void lets_through_what_a_rule_allows(void)
{
	struct cw_acl_program r = rule("look", CW_ACL_ALLOW, 0, CAMERAS);

	use_rules(&r, 1);
	IS(from_lan(CW_BENCH_HOST, CAMERA), "kernel ");
	IS(from_lan(CW_BENCH_HOST, FAR_CAMERA), "kernel ");
	/* The kernel hands it to the other segment's twin; its VNI stays that of its own segment. */
	IS(from_box(CAMERAS, CW_BENCH_HOST, FAR_CAMERA), "sealed ");
	IS(from_far(CW_BENCH_VNI, CW_BENCH_FAR, CAMERA), "twin ");
	/* The way back, by both. */
	IS(from_far(CAMERAS_VNI, FAR_CAMERA, CW_BENCH_HOST), "twin ");
	IS(from_box(0, CAMERA, CW_BENCH_FAR), "sealed ");
	IS(from_lan(CW_BENCH_HOST, CW_BENCH_FAR), "sealed ");
	use_rules(NULL, 0);
}

static void says_the_segment_that_a_packet_is_from(void)
{
	struct cw_acl_program r = rule("look", CW_ACL_ALLOW, 0, CAMERAS);
	uint8_t type = 0, plain[2000];

	use_rules(&r, 1);
	make(frame, CW_BENCH_HOST, FAR_CAMERA);
	cw_classify_segment(bench.worker, CAMERAS, cw_bench_mbuf(&bench, frame, 100, 0));
	cw_bench_flush(&bench);
	CHECK(cw_bench_hear(&bench, &type, plain) == 108 && type == 0xD1);
	CHECK(packet_u32(plain + 4) >> 8 == CW_BENCH_VNI);
	use_rules(NULL, 0);
}

static void denies_within_a_segment(void)
{
	struct cw_acl_program rules[2] = { rule("talk", CW_ACL_ALLOW, 0, 0), rule("hush", CW_ACL_DENY, 0, 0) };

	rules[0].destination_port_first = 2001;
	use_rules(rules, 2);
	IS(from_lan(CW_BENCH_HOST, CW_BENCH_FAR), "acl 1");
	expect_told(CW_DROP_ACL, "", "office", "office", "hush");
	IS(from_far(CW_BENCH_VNI, CW_BENCH_FAR, CW_BENCH_HOST), "acl 1");
	expect_told(CW_DROP_ACL, "far", "office", "office", "hush");
	/* The box itself is the kernel's to guard. */
	IS(from_lan(CW_BENCH_HOST, CW_BENCH_BOX), "kernel ");
	IS(from_far(CW_BENCH_VNI, CW_BENCH_FAR, CW_BENCH_BOX), "twin ");
	IS(from_box(0, CW_BENCH_BOX, CW_BENCH_FAR), "sealed ");
	rules[0].destination_port_first = 2000;
	use_rules(rules, 2);
	IS(from_lan(CW_BENCH_HOST, CW_BENCH_FAR), "sealed ");
	use_rules(NULL, 0);
}

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

static void gives_fragments_to_rules_without_ports(void)
{
	struct cw_acl_program r = rule("web", CW_ACL_ALLOW, 0, CAMERAS);
	uint8_t plain[108];

	for (uint32_t has_ports = 0; has_ports < 2; has_ports++) {
		r.destination_port_first = has_ports ? 2000 : 0;
		use_rules(&r, 1);
		IS(from_far(CW_BENCH_VNI, CW_BENCH_FAR, CAMERA), "twin ");
		make(plain + 8, CW_BENCH_FAR, CAMERA);
		make_later_fragment(plain + 8);
		IS(from_far_packet(CW_BENCH_VNI, plain), has_ports ? "segment 1" : "twin ");
	}
	use_rules(NULL, 0);
}

/* An ICMP error about what a rule lets through comes back; one about anything else does not. */
static void lets_errors_back(void)
{
	struct cw_acl_program r = rule("web", CW_ACL_ALLOW, CAMERAS, 0);
	uint8_t plain[108], *ip = plain + 8, *icmp = ip + (is_v6 ? 40 : 20);

	for (uint32_t port = 1999; port <= 2000; port++) {
		r.destination_port_first = r.destination_port_last = (uint16_t)port;
		use_rules(&r, 1);
		make(ip, CW_BENCH_FAR, CAMERA);
		ip[is_v6 ? 6 : 9] = is_v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
		if (!is_v6)
			packet_finish_ip(ip);
		make(frame, CAMERA, CW_BENCH_FAR);
		memset(icmp, 0, 8);
		icmp[0] = is_v6 ? 1 : 3;
		memcpy(icmp + 8, frame, 48);
		IS(from_far_packet(CW_BENCH_VNI, plain), port == 2000 ? "twin " : "segment 1");
		icmp[0] = is_v6 ? 128 : 8;
		IS(from_far_packet(CW_BENCH_VNI, plain), "segment 1");
	}
	use_rules(NULL, 0);
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
		from_lan(CW_BENCH_HOST, CAMERA);
	while (take_denial(&denial, peer))
		told++;
	CHECK(told == 20);
	bench.worker->now_us += 1000000;
	for (uint32_t i = 0; i < 100; i++) {
		from_lan(CW_BENCH_HOST, CAMERA);
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
	gives_fragments_to_rules_without_ports,
	lets_errors_back,
	tells_no_more_than_some_a_second,
};

int main(int argc, char **argv)
{
	check_begin(argc, argv);
	cw_bench_open(&bench);
	add_cameras();
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
