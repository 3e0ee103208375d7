/*
 * What leaves in a spray, and when: paced, from each of the ports or to each once, as probes that no path has asked. What ends it,
 * and what of it is refused.
 */
#include "call-traversal.h"
#include "far_end.h"

#define SPRAY_PORT 52000
#define VICTIM 0xcb007107u /* 203.0.113.7 */
#define GAP_MS10 50

static uint32_t from[PORTS], to[PORTS], left;
static bool is_called; /* by somebody, who is answered besides */

static struct cw_spray spray_of(uint16_t probes, uint16_t port)
{
	struct cw_spray spray = { .remote_port = port, .probes = probes, .gap_ms10 = GAP_MS10 };

	snprintf(spray.peer, sizeof(spray.peer), "far");
	memset(spray.remote_address + 10, 0xff, 2);
	packet_put32(spray.remote_address + 12, VICTIM);
	return spray;
}

static void begin(const struct cw_spray *spray)
{
	memset(from, 0, sizeof(from));
	memset(to, 0, sizeof(to));
	left = 0;
	CHECK(cw_spray_begin(bench.worker, bench.far, spray) == 0);
}

/* What left by it meanwhile, one millisecond after the other. */
static void run(uint32_t ms)
{
	static uint8_t taken[CW_BENCH_FRAME_MAX], plain[CW_BENCH_FRAME_MAX];
	struct cw_vnet_hdr vnet;
	uint32_t length;
	uint8_t type;

	for (uint32_t i = 0; i < ms; i++) {
		bench.worker->now_us += 1000;
		if (bench.worker->now_us >= bench.worker->spraying.due_us)
			cw_spray_look(bench.worker);
		cw_bench_flush(&bench);
		while ((length = cw_bench_take(&bench, CW_BENCH_UPLINK, &vnet, taken)) > 0) {
			if (packet_u32(taken + 30) != VICTIM)
				continue;
			left++;
			from[packet_u16(taken + 34)]++;
			to[packet_u16(taken + 36)]++;
			if (is_called)
				continue;
			CHECK(vnet.gso_type == 0 && length == 14 + 28 + 40 && taken[42 + 2] == CW_PATH_NONE);
			CHECK(cw_bench_unseal(&bench, taken + 42, length - 42, &type, plain) == 8 && type == CW_TYPE_CONTROL);
			CHECK(packet_u32(plain) == 0x01000004);
		}
	}
}

static void from_each_port_to_one(void)
{
	struct cw_spray spray = spray_of(512, 4000);

	spray.many_local = 1;
	begin(&spray);
	run(100);
	CHECK(left >= 19 && left <= 21);
	run(3000);
	CHECK(left == 512 && to[4000] == 512);
	for (uint32_t i = 0; i < CW_SPRAY_PORTS; i++)
		CHECK(from[SPRAY_PORT + i] == 2);
	run(2000);
	CHECK(left == 512 && bench.worker->spraying.peer != NULL);
	/* Nobody is waited for without end. */
	run(11000);
	CHECK(left == 512 && bench.worker->spraying.peer == NULL && bench.worker->spraying.due_us == CW_SPRAY_NEVER);
}

static void to_those_that_are_predicted_first_then_to_any(void)
{
	struct cw_spray spray = spray_of(1024, 65530);
	uint32_t once = 0, low = 0;

	spray.near = 20;
	begin(&spray);
	run(100);
	CHECK(left == 20 && to[65530] == 1 && to[65535] == 1 && to[1024] == 1 && to[1037] == 1);
	spray.remote_port = 1020;
	spray.near = 10;
	begin(&spray);
	run(49);
	for (uint32_t port = 0; port < 1024; port++)
		CHECK(to[port] == 0);
	CHECK(to[65532] == 1 && to[65535] == 1 && to[1024] == 1 && to[1029] == 1);
	spray.remote_port = 65530;
	spray.near = 20;
	begin(&spray);
	run(6100);
	CHECK(left == 1024 && from[CW_BENCH_PORT] == 1024);
	for (uint32_t port = 0; port < PORTS; port++) {
		once += to[port] == 1;
		low += port >= 1024 && port < 1024 + (PORTS - 1024) / 2 && to[port] == 1;
	}
	/* And from all over the range. */
	CHECK(once == 1024 && to[0] == 0 && low > 400 && low < 624);
}

static void another_takes_its_place_and_none_ends_it(void)
{
	struct cw_spray first = spray_of(100, 4000), second = spray_of(100, 5000), none = spray_of(0, 0);

	first.near = second.near = 100;
	begin(&first);
	run(50);
	CHECK(left >= 9 && to[5000] == 0);
	begin(&second);
	run(50);
	CHECK(to[5000] == 1 && to[4000] == 0);
	begin(&none);
	run(100);
	CHECK(left == 0 && bench.worker->spraying.peer == NULL);
}

static void it_ends_with_session_uplink_and_peer(void)
{
	static const uint8_t gone[CW_UPLINKS_MAX] = { CW_UPLINK_NONE, CW_UPLINK_NONE, CW_UPLINK_NONE, CW_UPLINK_NONE,
						      CW_UPLINK_NONE, CW_UPLINK_NONE, CW_UPLINK_NONE, CW_UPLINK_NONE };
	struct cw_spray spray = spray_of(100, 4000);

	CHECK(cw_spray_begin(bench.worker, bench.other, &spray) == -ENOTCONN);
	begin(&spray);
	cw_spray_move(&bench.worker->spraying, gone);
	run(50);
	CHECK(left == 0 && bench.worker->spraying.peer == NULL);
	begin(&spray);
	cw_spray_forget(&bench.worker->spraying, bench.other);
	run(1);
	CHECK(left == 1);
	cw_spray_forget(&bench.worker->spraying, bench.far);
	run(50);
	CHECK(left == 1);
	begin(&spray);
	atomic_store(&bench.far->current, NULL);
	run(50);
	CHECK(left == 0 && bench.worker->spraying.peer == NULL);
	atomic_store(&bench.far->current, bench.keypair);
}

/* At one port of many: the path has that port, and when somebody answers by it the rest is not sent. */
static void who_calls_by_it_is_learned_and_ends_it(void)
{
	struct cw_spray spray = spray_of(512, 4000);
	struct cw_way arrival = bench.worker->arrival, way = { .local_port = SPRAY_PORT + 9, .remote_port = 4000 };

	spray.many_local = 1;
	way.remote = cw_bench_v4(VICTIM);
	begin(&spray);
	run(100);
	/* Whoever else called lately: what is waited for is heard. */
	for (uint16_t port = 30000; port < 30020; port++)
		ask_from(port);
	bench.worker->arrival = way;
	is_called = true;
	ask_from(4000);
	struct cw_path *path = cw_paths_find(&bench.far->paths, &way);
	CHECK(path != NULL && path->live.state == CW_PATH_NEW && path->number == CW_PATH_NONE);
	uint32_t before = from[SPRAY_PORT + 9];
	cw_path_look(bench.worker);
	run(1);
	CHECK(from[SPRAY_PORT + 9] == before + 2 && bench.worker->spraying.peer != NULL);
	cw_path_enter(bench.worker, bench.far, &way, true);
	run(20);
	CHECK(bench.worker->spraying.peer == NULL && path->number != CW_PATH_NONE);
	bench.worker->arrival = arrival;
}

/* As of a mapping that was watched; but a probe there is somebody who wants a path. */
static void an_answer_that_nobody_waits_for_makes_no_path(void)
{
	struct cw_way arrival = bench.worker->arrival, way = { .local_port = SPRAY_PORT + 20, .remote_port = 4100 };

	way.remote = cw_bench_v4(VICTIM);
	pass(20 * SECOND, false);
	bench.worker->arrival = way;
	answer_from(4100, 77);
	CHECK(cw_paths_find(&bench.far->paths, &way) == NULL);
	ask_from(4100);
	CHECK(cw_paths_find(&bench.far->paths, &way) != NULL);
	bench.worker->arrival = arrival;
}

static void expect_refused(const struct cw_spray *spray, const char *reason)
{
	struct cw_spray read;
	char why[96] = "";

	CHECK(cw_spray_read(bench.worker->view, spray, sizeof(*spray), &read, why, sizeof(why)) == -EINVAL);
	if (!CHECK(strcmp(why, reason) == 0))
		fprintf(stderr, "  %s, not %s\n", why, reason);
}

static void what_is_too_fast_too_much_or_for_nobody_is_refused(void)
{
	struct cw_port_program *port = &bench.worker->view->program->port_programs[CW_BENCH_UPLINK_PORT];
	struct cw_spray spray = spray_of(1025, 4000), read;
	char why[96];

	expect_refused(&spray, "/probes: too many");
	spray = spray_of(1024, 4000);
	CHECK(cw_spray_read(bench.worker->view, &spray, sizeof(spray), &read, why, sizeof(why)) == 0);
	CHECK(cw_spray_read(bench.worker->view, &spray, sizeof(spray) - 1, &read, why, sizeof(why)) == -EINVAL);
	spray.gap_ms10 = 300;
	expect_refused(&spray, "/gapMs: more than 30 s in all");
	spray.probes = 1000;
	CHECK(cw_spray_read(bench.worker->view, &spray, sizeof(spray), &read, why, sizeof(why)) == 0);
	spray.gap_ms10 = GAP_MS10 - 1;
	expect_refused(&spray, "/gapMs: more than 200 a second");
	spray = spray_of(100, 0);
	CHECK(cw_spray_read(bench.worker->view, &spray, sizeof(spray), &read, why, sizeof(why)) == 0);
	spray.near = 1;
	expect_refused(&spray, "/remotePort: zero");
	spray = spray_of(100, 0);
	spray.many_local = 1;
	expect_refused(&spray, "/remotePort: zero");
	spray.many_local = 2;
	expect_refused(&spray, "/isManyLocal: neither 0 nor 1");
	spray.many_local = 1;
	port->spray_port = 0;
	expect_refused(&spray, "/isManyLocal: the uplink has no ports for that");
	port->spray_port = SPRAY_PORT;
	spray.uplink = 5;
	expect_refused(&spray, "/uplink: unknown");
	spray = spray_of(100, 4000);
	packet_put32(spray.remote_address + 12, CW_BENCH_FAR);
	expect_refused(&spray, "/remoteAddress: inside");
	packet_put32(spray.remote_address + 12, 0x7f000001);
	expect_refused(&spray, "/remoteAddress: not of one host");
}

int main(int argc, char **argv)
{
	check_begin(argc, argv);
	cw_bench_open(&bench);
	bench.worker->view->program->port_programs[CW_BENCH_UPLINK_PORT].spray_port = SPRAY_PORT;
	pass(3 * SECOND, false);
	from_each_port_to_one();
	to_those_that_are_predicted_first_then_to_any();
	another_takes_its_place_and_none_ends_it();
	it_ends_with_session_uplink_and_peer();
	who_calls_by_it_is_learned_and_ends_it();
	an_answer_that_nobody_waits_for_makes_no_path();
	what_is_too_fast_too_much_or_for_nobody_is_refused();
	events(0);
	cw_bench_close(&bench);
	return check_result();
}
