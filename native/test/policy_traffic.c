/* See policy_traffic.h. */
#include "policy_traffic.h"

#include "check.h"
#include "graph/graph.h"
#include "packet.h"
#include "table/acl.h"
#include "table/session.h"
#include "table/view.h"

struct cw_bench bench;
uint8_t frame[CW_BENCH_FRAME_MAX];
bool is_v6;

static uint32_t next_counter = 1;

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
void cw_test_add_cameras(void)
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
void cw_test_make(uint8_t *at, uint32_t source, uint32_t destination)
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

const char *cw_test_what_became(void)
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

const char *cw_test_from_lan(uint32_t source, uint32_t destination)
{
	cw_bench_ether(&bench, CW_BENCH_LAN, frame);
	packet_put16(frame + 12, is_v6 ? 0x86dd : 0x0800);
	cw_test_make(frame + 14, source, destination);
	cw_bench_give(&bench, CW_BENCH_LAN, &(struct cw_vnet_hdr){ 0 }, frame, 114);
	return cw_test_what_became();
}

const char *cw_test_fragment(uint32_t source, uint32_t destination, uint8_t protocol, uint16_t id, bool is_first,
			     uint16_t port)
{
	uint8_t *l3 = frame + 14;

	cw_bench_ether(&bench, CW_BENCH_LAN, frame);
	packet_put16(frame + 12, is_v6 ? 0x86dd : 0x0800);
	cw_test_make(l3, source, destination);
	if (is_v6) {
		l3[6] = 44;
		memset(l3 + 40, 0, 8);
		l3[40] = protocol;
		packet_put16(l3 + 42, is_first ? 1 : 48);
		packet_put32(l3 + 44, 0x50000u + id);
	} else {
		l3[9] = protocol;
		packet_put16(l3 + 4, id);
		packet_put16(l3 + 6, is_first ? 0x2000 : 6);
	}
	packet_put16(l3 + (is_v6 ? 48 : 20), 1000);
	packet_put16(l3 + (is_v6 ? 50 : 22), port);
	if (!is_v6)
		packet_finish_ip(l3);
	cw_bench_give(&bench, CW_BENCH_LAN, &(struct cw_vnet_hdr){ 0 }, frame, 114);
	return cw_test_what_became();
}

const char *cw_test_from_box(uint32_t segment, uint32_t source, uint32_t destination)
{
	cw_test_make(frame, source, destination);
	cw_classify_segment(bench.worker, segment, cw_bench_mbuf(&bench, frame, 100, 0));
	return cw_test_what_became();
}

const char *cw_test_from_far_packet(uint32_t vni, uint8_t *plain)
{
	uint8_t datagram[200];

	memset(plain, 0, 8);
	packet_put16(plain + 2, is_v6 ? 0x86dd : 0x0800);
	packet_put32(plain + 4, vni << 8);
	uint32_t length = cw_bench_seal(&bench, 0xD1, next_counter++, plain, 108, datagram);
	cw_open(bench.worker, datagram, length, 0);
	return cw_test_what_became();
}

const char *cw_test_from_far(uint32_t vni, uint32_t source, uint32_t destination)
{
	uint8_t plain[108];

	cw_test_make(plain + 8, source, destination);
	return cw_test_from_far_packet(vni, plain);
}

struct cw_acl_program cw_test_rule(const char *name, uint8_t action, uint16_t from, uint16_t to)
{
	struct cw_acl_program r = { .from_segment = from,
				    .to_segment = to,
				    .action = action,
				    .source_port_last = UINT16_MAX,
				    .destination_port_last = UINT16_MAX };

	strcpy(r.name, name);
	return r;
}

void cw_test_use_rules(const struct cw_acl_program *rules, uint32_t count)
{
	struct cw_view *view = bench.worker->view;

	cw_acl_free(view->acl);
	view->acl = count == 0 ? NULL : cw_acl_new(rules, count, 2);
	if (count > 0)
		memcpy(view->program->acl, rules, count * sizeof(rules[0]));
}
