/*
 * The verb QUEUES over the border, of what waits elsewhere than for an uplink: what comes from the Internet by one, and what a segment's
 * limit keeps back each way. What it tells is what came out and was lost; of what is not kept to a rate there is nothing to tell.
 */
#include <errno.h>

/* Has the bench that the next one needs. */
#include "segment_traffic.h"

#include "qos_told.h"

#define LE 1
#define VOICE 0
#define NORMAL 2
#define BULK 3
#define INGRESS_BPS 10000000u
#define MANY 40

static const struct cw_queue_class none_of_it;

static void shape_ingress(uint64_t down_bps)
{
	struct cw_port_program *p = &bench.worker->view->program->port_programs[CW_BENCH_UPLINK_PORT];

	p->down_bps = down_bps;
	p->internet_percent = 50;
	cw_bench_changed(&bench);
	cw_qos_renew(bench.worker);
}

static void from_internet(uint32_t length, uint16_t port)
{
	make(PACKET_UDP, INTERNET, CW_BENCH_WAN, length, port, 0);
	cw_bench_ether(&bench, CW_BENCH_UPLINK, frame);
	cw_bench_give(&bench, CW_BENCH_UPLINK, &none, frame, 14 + length);
	cw_bench_flush(&bench);
}

/* All packets that left are in the histogram, and none but they. */
static uint64_t in_parts(const struct cw_queue_class *of)
{
	uint64_t all = 0;

	for (uint32_t i = 0; i < CW_QUEUE_WAITS; i++)
		all += of->waits[i];
	return all;
}

static bool is_unused(const struct cw_queue_class *of)
{
	return memcmp(of, &none_of_it, sizeof(none_of_it)) == 0;
}

static void nothing_is_kept_to_a_rate(void)
{
	from_internet(986, 7);
	from_lan(INTERNET, 1000, 7, 0);
	ask(0);
	CHECK(told.head.uplink_count == 1 && told.head.segment_count == 0 && told.head.next == 0);
	CHECK(told.uplinks[0].ingress_bps == 0 && is_unused(&told.uplinks[0].ingress));
	cw_bench_drain(&bench, CW_BENCH_UPLINK_TWIN);
	cw_bench_drain(&bench, CW_BENCH_LAN_TWIN);
}

/* Of one flow that does not slow down, and of which some find no room. */
static void what_comes_from_the_internet(void)
{
	uint32_t up = 0;

	shape_ingress(INGRESS_BPS);
	for (uint32_t i = 0; i < 400; i++)
		from_internet(986, 7);
	const struct cw_queue_counters *of = &ask(0)->uplinks[0].ingress.sum;
	CHECK(told.uplinks[0].ingress_bps == INGRESS_BPS / 2 && told.uplinks[0].bps == 0);
	CHECK(came(of) == 400 && of->packets == 0 && of->lost_full > 0 && of->lost_bytes == of->lost_full * 1000);
	CHECK(of->waiting_bytes == of->waiting_packets * 1000 && of->waiting_packets > 0);
	for (uint32_t ms = 0; ms < 400; ms++) {
		pass_us(1000);
		up += cw_bench_drain(&bench, CW_BENCH_UPLINK_TWIN);
	}
	ask(0);
	CHECK(came(of) == 400 && of->waiting_packets == 0 && of->lost_delay > 0 && of->packets == up && of->bytes == up * 1000ull);
	CHECK(in_parts(&told.uplinks[0].ingress) == up && of->wait_us > up * 30000ull);
	/* It is no class of the uplink's, nor a segment's. */
	CHECK(told.head.segment_count == 0 && came(&told.uplinks[0].classes[VOICE].sum) == 0);
	cw_bench_drops(&bench);
	shape_ingress(0);
	CHECK(ask(0)->uplinks[0].ingress_bps == 0 && is_unused(&told.uplinks[0].ingress));
	/* It begins anew, as what is told of it does. */
	shape_ingress(INGRESS_BPS);
	from_internet(986, 7);
	CHECK(came(&ask(0)->uplinks[0].ingress.sum) == 1);
	shape_ingress(0);
	cw_bench_drain(&bench, CW_BENCH_UPLINK_TWIN);
}

static void what_a_limit_keeps_back(void)
{
	uint32_t count, sealed = 0, out = 0, in = 0;

	limit(UP_BPS, DOWN_BPS);
	for (uint32_t i = 0; i < 300; i++) {
		from_lan(i % 2 == 0 ? CW_BENCH_FAR : INTERNET, 1000, 7, LE << 2);
		from_far(1000, 7, CW_ECN_ECT0);
	}
	for (uint32_t i = 0; i < 5; i++)
		from_lan(CW_BENCH_FAR, 200, 9, EF << 2);
	ask(0);
	const struct cw_queue_limit *up = &told.segments[0].up, *down = &told.segments[0].down;
	const struct cw_queue_counters *bulk = &up->classes[BULK].sum, *normal = &down->classes[NORMAL].sum;
	CHECK(told.head.segment_count == 1 && strcmp(told.segments[0].name, "office") == 0 && told.head.next == 0);
	CHECK(up->bps == UP_BPS && down->bps == DOWN_BPS);
	CHECK(came(bulk) == 300 && bulk->lost_full > 0 && bulk->waiting_bytes == bulk->waiting_packets * 1000);
	CHECK(came(normal) == 300 && came(&up->classes[VOICE].sum) == 5 && is_unused(&up->classes[NORMAL]) && is_unused(&down->classes[BULK]));
	for (uint32_t ms = 0; ms < 700; ms++) {
		pass_us(1000);
		hear_all(&count);
		sealed += count;
		out += cw_bench_drain(&bench, CW_BENCH_LAN_TWIN);
		in += cw_bench_drain(&bench, CW_BENCH_LAN);
	}
	ask(0);
	CHECK(came(bulk) == 300 && bulk->lost_delay > 0 && bulk->waiting_packets == 0);
	CHECK(up->classes[VOICE].sum.packets == 5 && bulk->packets + 5 == sealed + out && bulk->bytes == bulk->packets * 1000);
	CHECK(normal->packets == in && normal->marked > 0 && normal->waiting_packets == 0);
	CHECK(in_parts(&up->classes[BULK]) == bulk->packets && in_parts(&down->classes[NORMAL]) == in);
	CHECK(up->classes[VOICE].sum.wait_us * bulk->packets < bulk->wait_us * 5);
	cw_bench_drops(&bench);
	/* One direction alone, whose counters go on; the other has nothing to tell. */
	limit(UP_BPS, 0);
	CHECK(ask(0)->head.segment_count == 1 && came(bulk) == 300 && down->bps == 0 && is_unused(&down->classes[NORMAL]));
	limit(0, 0);
	CHECK(ask(0)->head.segment_count == 0 && nothing_lost());
}

/* More than one answer holds are told in several, uplinks with the first. */
static void all_are_told_in_turn(void)
{
	struct cw_program *program = bench.worker->view->program;
	uint32_t first = 0, seen = 0, turns = 0;

	for (uint32_t i = 0; i < MANY; i++) {
		struct cw_segment_program *p = &program->segment_programs[i];
		snprintf(p->name, sizeof(p->name), "segment-%u", i);
		p->vni = 1000 + i;
		p->up_bps = UP_BPS + i;
	}
	program->segment_count = MANY;
	cw_qos_renew(bench.worker);
	do {
		ask(first);
		CHECK(told.head.uplink_count == (first == 0 ? 1 : 0) && told.head.segment_count <= CW_QUEUE_SEGMENTS_AT_ONCE);
		for (uint32_t i = 0; i < told.head.segment_count; i++, seen++) {
			char name[CW_NAME];
			snprintf(name, sizeof(name), "segment-%u", seen);
			CHECK(strcmp(told.segments[i].name, name) == 0 && told.segments[i].up.bps == UP_BPS + seen);
		}
		first = told.head.next;
	} while (first != 0 && ++turns < 10);
	CHECK(seen == MANY && turns == 2);
	CHECK(ask(UINT32_MAX)->head.segment_count == 0 && told.head.next == 0);
}

int main(int argc, char **argv)
{
	check_begin(argc, argv);
	cw_bench_open(&bench);
	cw_test_add_cameras();
	pthread_mutex_init(&bench.engine->control, NULL);
	nothing_is_kept_to_a_rate();
	what_comes_from_the_internet();
	what_a_limit_keeps_back();
	all_are_told_in_turn();
	cw_bench_close(&bench);
	return check_result();
}
