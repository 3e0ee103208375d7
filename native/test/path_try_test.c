/*
 * Ways that are tried for a while: how often they are asked, that they carry nothing before somebody answers, and that of what nobody
 * answers nothing stays: no path, and none of a key's numbers. And what may not be tried at all.
 */
#include "call-traversal.h"
#include "far_end.h"
#include "graph/path-place.h"
#include "graph/path-try.h"
#include "graph/relay-path.h"

#define NOWHERE 7000
#define ROUNDS 200
#define ROUND_US (45 * SECOND)

static struct cw_way way_to(uint16_t port)
{
	struct cw_way way = bench.keypair->way;

	way.remote_port = port;
	return way;
}

static void try_ports(uint16_t first, uint32_t count, uint32_t for_ms)
{
	struct cw_way ways[CW_TRY_MAX];

	for (uint32_t i = 0; i < count; i++)
		ways[i] = way_to((uint16_t)(first + i));
	CHECK(cw_path_try(bench.worker, bench.far, ways, count, for_ms) == 0);
}

static uint32_t sum(const uint32_t *by_port, uint16_t first, uint32_t count)
{
	uint32_t total = 0;

	for (uint32_t i = 0; i < count; i++)
		total += by_port[first + i];
	return total;
}

static void what_nobody_answers_is_asked_ten_times_and_forgotten(void)
{
	uint32_t given = bench.far->numbers_given;

	count_anew();
	try_ports(NOWHERE, 1, 20000);
	pass(STEP_US, true);
	CHECK(control_to[NOWHERE] == 1);
	pass(800000, true);
	CHECK(control_to[NOWHERE] == 5 && path_of(NOWHERE)->number == CW_PATH_NONE);
	is_mute = true;
	pass(10 * SECOND, true);
	is_mute = false;
	CHECK(path_of(NOWHERE) != NULL && path_of(home_port)->live.state == CW_PATH_DOWN);
	pass(10 * SECOND, true);
	CHECK(path_of(NOWHERE) == NULL && control_to[NOWHERE] >= 9 && control_to[NOWHERE] <= 10);
	CHECK(data_to[NOWHERE] == 0 && bench.far->numbers_given == given);
}

static void what_is_answered_is_a_path(void)
{
	uint16_t port = 7100;

	pass(60 * SECOND, true);
	try_ports(port, 2, 10000);
	pass(SECOND, true);
	answer_from(port, probe_id[port]);
	struct cw_path *path = path_of(port);
	CHECK(path->live.state == CW_PATH_UP && path->number != CW_PATH_NONE && cw_path_may_carry(path));
	CHECK(path->is_tried && !path->is_configured && path->asked.highest == 0);
	uint32_t before = control_to[port];
	pass(STEP_US, true);
	CHECK(control_to[port] > before); /* by which the far end knows what number it has */
	pass(15 * SECOND, true);
	CHECK(path_of(port) == path && path_of(port + 1) == NULL);
}

/* The far end's own probe comes by it: that opened its NAT, and ours may get through now. */
static void what_is_heard_from_is_asked_at_once(void)
{
	uint16_t port = 7200;

	try_ports(port, 1, 20000);
	pass(5 * SECOND, true);
	uint32_t before = control_to[port];
	ask_from(port);
	pass(STEP_US, true);
	CHECK(control_to[port] == before + 2); /* an answer, and a probe */
}

static void others_take_the_place_of_what_was_tried(void)
{
	struct cw_path *kept = path_of(7100);

	CHECK(kept != NULL && !kept->is_tried);
	try_ports(7300, 2, 10000);
	pass(STEP_US, true);
	try_ports(7301, 2, 10000);
	CHECK(path_of(7300) == NULL && path_of(7301) != NULL && path_of(7302) != NULL && path_of(7100) == kept);
	try_ports(0, 0, 0);
	CHECK(path_of(7301) == NULL && path_of(7302) == NULL && path_of(7100) == kept);
}

static void it_makes_room_for_itself_but_not_for_its_like(void)
{
	cw_bench_drops(&bench);
	try_ports(7400, CW_TRY_MAX, 10000);
	CHECK(bench.far->paths.count == CW_PATHS_MAX && path_of(7400) != NULL && path_of(7415) == NULL);
	CHECK(strncmp(cw_bench_drops(&bench), "path_full", 9) == 0);
	/* Who calls by another way is there. */
	ask_from(7500);
	CHECK(path_of(7500) != NULL && path_of(7400) != NULL && bench.far->paths.count == CW_PATHS_MAX);
	pass(20 * SECOND, true);
	CHECK(path_of(7400) == NULL);
}

static uint32_t learned_of(uint8_t uplink)
{
	uint32_t count = 0;

	for (uint32_t slot = 0; slot < CW_PATHS_MAX; slot++) {
		const struct cw_path *path = bench.far->paths.list[slot];
		count += path != NULL && path->way.uplink == uplink && !cw_path_is_named(path) && !path->is_tried;
	}
	return count;
}

/* It is answered there, as by somebody who sends on what he hears. */
static void learn(const struct cw_way *way)
{
	struct cw_way arrival = bench.worker->arrival;

	pass(SECOND, true);
	bench.worker->arrival = *way;
	ask_from(way->remote_port);
	struct cw_path *path = cw_paths_find(&bench.far->paths, way);
	if (path != NULL)
		cw_liveness_prove(&path->live, bench.worker->now_us);
	bench.worker->arrival = arrival;
}

/* Who forwards, or is on the way, offers many: few are taken of each, and none keeps a try from its place. */
static void what_was_only_learned_is_little_and_makes_room_for_a_try(void)
{
	struct cw_path *home = path_of(home_port);
	struct cw_way way;

	pass(20 * SECOND, true);
	for (uint32_t i = 0; i < 6; i++) {
		way = cw_relay_way(bench.other, 100 + i);
		learn(&way);
	}
	CHECK(learned_of(CW_UPLINK_RELAY) == 2);
	way = way_to(9);
	way.remote = cw_bench_v4(0xcb007190);
	for (uint32_t i = 0, before = learned_of(0); i < 8; i++) {
		way.remote_port++;
		learn(&way);
		CHECK(learned_of(0) == before + (i < 4 ? i + 1 : 4));
	}
	for (uint32_t i = 0; i < CW_PATHS_MAX; i++) {
		way.remote = cw_bench_v4(0xcb0071a0 + i);
		learn(&way);
	}
	CHECK(bench.far->paths.count == CW_PATHS_MAX);
	try_ports(7600, 1, 10000);
	CHECK(path_of(7600) != NULL && path_of(home_port) == home && bench.far->paths.count == CW_PATHS_MAX);
	try_ports(0, 0, 0);
	for (uint32_t slot = 0; slot < CW_PATHS_MAX; slot++) {
		struct cw_path *path = bench.far->paths.list[slot];
		if (path != NULL && path != home)
			cw_path_give_back(bench.worker, bench.far, path);
	}
}

/* Its probes are counted anew then, and so is how long it waits between two. */
static void an_uplink_that_was_away_does_not_hold_up_a_try(void)
{
	struct cw_port *port = bench.ports[CW_BENCH_UPLINK_PORT];
	uint16_t number = 7700;

	ask_from(number);
	pass(3 * SECOND, true);
	try_ports(number, 1, 20000);
	CHECK(path_of(number)->try_probes > 0);
	atomic_store(&port->is_up, false);
	pass(50000, false);
	atomic_store(&port->is_up, true);
	count_anew();
	pass(SECOND, true);
	CHECK(control_to[number] >= 4);
	try_ports(0, 0, 0);
	pass(60 * SECOND, true);
}

static void what_left_by_a_port_that_is_gone_goes(void)
{
	struct cw_port_program *port = &bench.worker->view->program->port_programs[CW_BENCH_UPLINK_PORT];
	uint8_t uplinks[CW_UPLINKS_MAX] = { 0, 0, CW_UPLINK_NONE, CW_UPLINK_NONE, CW_UPLINK_NONE, CW_UPLINK_NONE, CW_UPLINK_NONE,
					    CW_UPLINK_NONE };
	struct cw_way way = way_to(7800);

	port->spray_port = 52000;
	way.local_port = 52003;
	CHECK(cw_path_place_try(bench.worker, bench.far, &way) != NULL);
	bench.far->call.way.uplink = 1;
	bench.far->call.due_us = bench.worker->now_us + 60 * SECOND;
	cw_path_renew(bench.worker, bench.far, uplinks, NULL);
	CHECK(cw_paths_find(&bench.far->paths, &way) != NULL && bench.far->call.way.uplink == 0);
	port->spray_port = 0;
	bench.far->call.way.uplink = 2;
	cw_path_renew(bench.worker, bench.far, uplinks, NULL);
	CHECK(cw_paths_find(&bench.far->paths, &way) == NULL && path_of(home_port) != NULL && bench.far->call.due_us == 0);
}

/* That the far end has this end's address from its configuration costs nothing. Where it has another number for a path, it is told. */
static void who_knows_it_anew_is_told_which_path_it_is(void)
{
	const uint8_t item[12] = { 4, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, CW_PATH_NAMED };
	struct cw_path *path = path_of(home_port);

	from_port(home_port, item, sizeof(item));
	CHECK(path->flags == 0 && path->remote_flags == CW_PATH_NAMED);
	cw_path_note_uplink(bench.worker, path);
	CHECK(path->flags == 0 && !cw_path_is_stranger(path));
	CHECK(cw_path_hear(bench.worker, bench.keypair, 9) == path && cw_path_is_stranger(path));
	pass(2 * SECOND, true);
	CHECK(!cw_path_is_stranger(path));
}

/* For hours: no number is used up, and the lanes that the far end keeps are those of the paths that there are. */
static void in_vain_for_hours_costs_nothing_that_lasts(void)
{
	uint32_t given = bench.far->numbers_given, free_count = bench.worker->paths.free_count;

	count_anew();
	for (uint32_t round = 0; round < ROUNDS; round++) {
		bench.keypair->expires_us = bench.worker->now_us + 180 * SECOND;
		try_ports((uint16_t)(10000 + 16 * round), CW_TRY_MAX, 10000);
		pass(ROUND_US, false);
	}
	CHECK(bench.far->numbers_given == given && sum(data_to, 10000, 16 * ROUNDS) == 0);
	/* What is answered, and what that took the place of, have left the other. */
	CHECK(bench.far->paths.count <= 3 && bench.worker->paths.free_count >= free_count);
	CHECK(sum(control_to, 10000, 16 * ROUNDS) <= ROUNDS * CW_TRY_MAX * 10);
}

static void without_a_session_nothing_is_tried(void)
{
	struct cw_way way = way_to(NOWHERE);

	CHECK(cw_path_try(bench.worker, bench.other, &way, 1, 10000) == -ENOTCONN && bench.other->paths.count == 0);
}

static void a_relayed_way_does_not_end(void)
{
	struct cw_way way = { .uplink = CW_UPLINK_RELAY, .remote = { { 1, 7 } } };

	CHECK(cw_path_try(bench.worker, bench.far, &way, 1, 1000) == 0);
	pass(130 * SECOND, true);
	CHECK(cw_paths_find(&bench.far->paths, &way) != NULL);
	CHECK(cw_path_try(bench.worker, bench.far, NULL, 0, 0) == 0 && cw_paths_find(&bench.far->paths, &way) == NULL);
}

struct message {
	struct cw_try head;
	struct cw_way_try ways[2];
};

/* One of the second way's fields differs from what may be tried. */
static void expect_refused(const struct cw_way_try *way, const char *reason)
{
	struct message message = { .head = { .count = 2, .for_ms = 10000 }, .ways = { *way, *way } };
	struct cw_way ways[CW_TRY_MAX];
	struct cw_try head;
	char why[96] = "";

	packet_put32(message.ways[0].remote_address + 12, 0xcb007107);
	memset(message.ways[0].remote_address, 0, 10);
	memset(message.ways[0].remote_address + 10, 0xff, 2);
	message.ways[0].remote_port = 1;
	message.ways[0].uplink = 0;
	message.ways[0].local_port = 0;
	CHECK(cw_try_read(bench.worker->view, &message, sizeof(message), &head, ways, why, sizeof(why)) == -EINVAL);
	if (!CHECK(strcmp(why, reason) == 0))
		fprintf(stderr, "  %s, not %s\n", why, reason);
}

static struct cw_way_try to4(uint32_t address)
{
	struct cw_way_try way = { .remote_port = 51820 };

	memset(way.remote_address + 10, 0xff, 2);
	packet_put32(way.remote_address + 12, address);
	return way;
}

static void what_may_not_be_tried_is_refused(void)
{
	static const struct {
		uint32_t address;
		const char *reason;
	} faults[] = {
		{ 0, "/ways/1/remoteAddress: not of one host" },
		{ 0x7f000001, "/ways/1/remoteAddress: not of one host" },
		{ 0xe0000001, "/ways/1/remoteAddress: not of one host" },
		{ 0xffffffff, "/ways/1/remoteAddress: not of one host" },
		{ CW_BENCH_WAN, "/ways/1/remoteAddress: the box's own" },
		{ CW_BENCH_BOX, "/ways/1/remoteAddress: the box's own" },
		{ CW_BENCH_HOST, "/ways/1/remoteAddress: inside" },
		{ CW_BENCH_FAR, "/ways/1/remoteAddress: inside" },
	};
	static const uint8_t six[][16] = { { 0 }, { [15] = 1 }, { 0xff, 2, [15] = 1 }, { 0xfe, 0x80, [15] = 1 }, { 1, [15] = 1 } };
	struct cw_way_try way = to4(0xcb007107);

	for (uint32_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		way = to4(faults[i].address);
		expect_refused(&way, faults[i].reason);
	}
	for (uint32_t i = 0; i < sizeof(six) / sizeof(six[0]); i++) {
		memcpy(way.remote_address, six[i], 16);
		expect_refused(&way, "/ways/1/remoteAddress: not of one host");
	}
	way = to4(0xcb007107);
	way.remote_port = 0;
	expect_refused(&way, "/ways/1/remotePort: zero");
	way = to4(0xcb007107);
	way.local_port = 443;
	expect_refused(&way, "/ways/1/localPort: not the overlay's");
	way = to4(0xcb007107);
	way.uplink = 3;
	expect_refused(&way, "/ways/1/uplink: unknown");
	way.uplink = CW_UPLINK_RELAY;
	expect_refused(&way, "/ways/1/remoteAddress: of no relay");
	memset(way.remote_address, 0, 16);
	way.remote_address[0] = 1;
	expect_refused(&way, "/ways/1/remotePort: a relayed way has none");
}

static void what_is_read_is_whole(void)
{
	struct message message = { .head = { .count = 2, .for_ms = 10000 }, .ways = { to4(0xcb007107), to4(0xcb007108) } };
	struct cw_port_program *port = &bench.worker->view->program->port_programs[CW_BENCH_UPLINK_PORT];
	struct cw_way ways[CW_TRY_MAX];
	struct cw_try head;
	char why[96];

	port->overlay_ports[0] = 443;
	port->spray_port = 52000;
	message.ways[0].local_port = 443;
	CHECK(cw_try_read(bench.worker->view, &message, sizeof(message), &head, ways, why, sizeof(why)) == 0);
	CHECK(ways[0].local_port == 443 && ways[1].local_port == CW_BENCH_PORT && ways[1].remote_port == 51820);
	message.ways[0].local_port = 52255;
	CHECK(cw_try_read(bench.worker->view, &message, sizeof(message), &head, ways, why, sizeof(why)) == 0);
	message.ways[0].local_port = 52256;
	CHECK(cw_try_read(bench.worker->view, &message, sizeof(message), &head, ways, why, sizeof(why)) == -EINVAL);
	CHECK(cw_try_read(bench.worker->view, &message, sizeof(message) - 1, &head, ways, why, sizeof(why)) == -EINVAL);
	message.head.for_ms = 20001;
	CHECK(cw_try_read(bench.worker->view, &message, sizeof(message), &head, ways, why, sizeof(why)) == -EINVAL);
	message.head.count = 17;
	CHECK(cw_try_read(bench.worker->view, &message, sizeof(message), &head, ways, why, sizeof(why)) == -EINVAL);
	port->overlay_ports[0] = port->spray_port = 0;
}

int main(int argc, char **argv)
{
	check_begin(argc, argv);
	cw_bench_open(&bench);
	pass(45 * SECOND, true);
	what_nobody_answers_is_asked_ten_times_and_forgotten();
	what_is_answered_is_a_path();
	what_is_heard_from_is_asked_at_once();
	others_take_the_place_of_what_was_tried();
	it_makes_room_for_itself_but_not_for_its_like();
	what_was_only_learned_is_little_and_makes_room_for_a_try();
	an_uplink_that_was_away_does_not_hold_up_a_try();
	what_left_by_a_port_that_is_gone_goes();
	who_knows_it_anew_is_told_which_path_it_is();
	in_vain_for_hours_costs_nothing_that_lasts();
	without_a_session_nothing_is_tried();
	a_relayed_way_does_not_end();
	what_may_not_be_tried_is_refused();
	what_is_read_is_whole();
	events(0);
	cw_bench_close(&bench);
	return check_result();
}
