/*
 * How often a path at rest is asked, behind NATs that forget sooner or later (nat_world.h): as seldom as it is proven that the NATs
 * wait for, and never less often. The mapping that is watched for that is no path, at neither end.
 */
#include "check.h"
#include "graph/control.h"
#include "graph/keep.h"
#include "graph/path-place.h"
#include "graph/path.h"
#include "nat_world.h"
#include "packet.h"

#define HOUR (3600 * SECOND)
#define MINUTE (60 * SECOND)
#define BRANCH 0
#define HUB 1

static struct nat_world world;

static struct cw_keep *keep(uint32_t end)
{
	return &world.bench[end].worker->keeps[0][CW_V4];
}

/* The branch is behind a NAT, and has the hub's address from its configuration; the hub knows what it hears. */
static void meet(uint64_t timeout_us, bool is_metered)
{
	struct cw_way way = { .local_port = CW_BENCH_PORT, .remote_port = CW_BENCH_PORT };

	world.is_relay_cut = true;
	world.has_nat[HUB] = false;
	way.remote = cw_bench_v4(world.nat[HUB].address);
	cw_nat_forget(&world.nat[BRANCH]);
	world.nat[BRANCH].timeout_us = timeout_us;
	world.nat[BRANCH].filtering = NAT_BY_ADDRESS_PORT;
	for (uint32_t end = 0; end < ENDS; end++) {
		struct cw_bench *bench = &world.bench[end];
		bench->worker->view->program->port_programs[CW_BENCH_UPLINK_PORT].is_metered = is_metered && end == BRANCH;
		cw_path_clear(bench->worker, bench->far);
		memset(keep(end), 0, sizeof(*keep(end)));
		cw_path_name(bench->worker, bench->far, &way, end == BRANCH);
		cw_path_begin_key(bench->worker, bench->far);
	}
	cw_nat_world_pass(&world, 10 * SECOND);
	CHECK(cw_nat_world_direct(&world, BRANCH) != NULL && cw_nat_world_direct(&world, HUB) != NULL);
}

static bool is_alive(void)
{
	return cw_nat_world_direct(&world, BRANCH) != NULL && cw_nat_world_direct(&world, HUB) != NULL &&
	       cw_nat_world_direct(&world, BRANCH)->downs == 0 && cw_nat_world_direct(&world, HUB)->downs == 0 &&
	       world.bench[HUB].far->paths.count == 1;
}

/* Nobody asks less often than the NAT waits, so the hub knows one path all the time; and nobody more often than it takes. */
static void silence_is_as_long_as_is_proven(void)
{
	static const struct {
		uint32_t timeout_s, steps, each_s;
	} nats[] = { { 20, 0, 15 }, { 31, 0, 15 }, { 40, 1, 30 }, { 65, 2, 60 }, { 120, 3, 110 }, { 300, 3, 110 } };

	for (uint32_t i = 0; i < sizeof(nats) / sizeof(nats[0]); i++) {
		meet(nats[i].timeout_s * SECOND, false);
		cw_nat_world_pass(&world, 8 * MINUTE);
		if (!CHECK(keep(BRANCH)->proven == nats[i].steps))
			fprintf(stderr, "  %u s: %u\n", nats[i].timeout_s, keep(BRANCH)->proven);
		uint64_t before = world.sent[BRANCH];
		cw_nat_world_pass(&world, 20 * MINUTE);
		uint64_t sent = world.sent[BRANCH] - before;
		CHECK(is_alive());
		if (!CHECK(sent >= 1200 / nats[i].each_s - 1 && sent <= 1200 / (nats[i].each_s - 1) + 4))
			fprintf(stderr, "  %u s: %u datagrams in 20 minutes\n", nats[i].timeout_s, (uint32_t)sent);
	}
}

/* Nobody learns the mapping that is watched. And whom the other end knows by its configuration need keep nothing. */
static void what_is_watched_is_no_path(void)
{
	meet(300 * SECOND, false);
	for (uint32_t i = 0; i < 60; i++) {
		cw_nat_world_pass(&world, 5 * SECOND);
		for (uint32_t end = 0; end < ENDS; end++)
			CHECK(world.bench[end].far->paths.count == 1 && cw_bench_drops(&world.bench[end])[0] == 0);
	}
	CHECK(keep(BRANCH)->proven == 3 && keep(HUB)->proven == 0 && is_alive());
	CHECK(cw_nat_world_direct(&world, HUB)->kept_s == 110 && cw_nat_world_direct(&world, BRANCH)->kept_s == 110);
}

static void after_a_failure_it_is_asked_again_in_an_hour(void)
{
	meet(40 * SECOND, false);
	cw_nat_world_pass(&world, 8 * MINUTE);
	CHECK(keep(BRANCH)->proven == 1);
	world.nat[BRANCH].timeout_us = 300 * SECOND;
	cw_nat_world_pass(&world, 45 * MINUTE);
	CHECK(keep(BRANCH)->proven == 1);
	cw_nat_world_pass(&world, 30 * MINUTE);
	CHECK(keep(BRANCH)->proven == 3 && is_alive());
}

/* The NAT is another now, behind the same address. */
static void what_is_known_is_proven_again_each_hour(void)
{
	world.nat[BRANCH].timeout_us = 50 * SECOND;
	cw_nat_world_pass(&world, 90 * MINUTE);
	CHECK(keep(BRANCH)->proven == 1);
	world.nat[BRANCH].timeout_us = 20 * SECOND;
	cw_nat_world_pass(&world, 90 * MINUTE);
	CHECK(keep(BRANCH)->proven == 0);
}

/* To the hub, in whichever slot: what was under way when the two met may have had one meanwhile. */
static bool lives_by_another_port(uint16_t port)
{
	const struct cw_paths *paths = &world.bench[HUB].far->paths;
	bool is_found = false;

	for (uint32_t slot = 0; slot < CW_PATHS_MAX; slot++) {
		const struct cw_path *path = paths->list[slot];
		is_found = is_found ||
			   (path != NULL && path->way.remote_port != port && path->live.state == CW_PATH_UP);
	}
	return is_found;
}

static void of_another_address_nothing_is_known(void)
{
	struct cw_worker *worker = world.bench[BRANCH].worker;

	meet(300 * SECOND, false);
	cw_nat_world_pass(&world, 8 * MINUTE);
	CHECK(keep(BRANCH)->proven == 3);
	world.own[BRANCH]++;
	cw_nat_forget(&world.nat[BRANCH]);
	worker->view->port_address[CW_BENCH_UPLINK_PORT][CW_V4] = cw_bench_v4(CW_BENCH_WAN + 1);
	cw_bench_changed(&world.bench[BRANCH]);
	worker->view->own[CW_BENCH_UPLINK_PORT].list[0] = cw_bench_v4(CW_BENCH_WAN + 1);
	uint16_t port = cw_nat_world_direct(&world, HUB)->way.remote_port;
	cw_nat_world_pass(&world, 3 * SECOND);
	CHECK(keep(BRANCH)->proven == 0);
	/* Nobody has to wait for the end of a silence: the other end knows both ways now. */
	CHECK(world.bench[HUB].far->paths.count == 2 && lives_by_another_port(port));
	world.own[BRANCH]--;
	worker->view->own[CW_BENCH_UPLINK_PORT].list[0] = cw_bench_v4(CW_BENCH_WAN);
	worker->view->port_address[CW_BENCH_UPLINK_PORT][CW_V4] = cw_bench_v4(CW_BENCH_WAN);
	cw_bench_changed(&world.bench[BRANCH]);
}

static void a_metered_path_costs_little_before_anything_is_proven_and_less_then(void)
{
	static const uint64_t timeouts_s[] = { 30, 120 };

	for (uint32_t i = 0; i < 2; i++) {
		meet(timeouts_s[i] * SECOND, true);
		cw_nat_world_pass(&world, 8 * MINUTE);
		uint64_t before = world.sent_bytes[0] + world.sent_bytes[1];
		cw_nat_world_pass(&world, 2 * HOUR);
		uint64_t bytes = (world.sent_bytes[0] + world.sent_bytes[1] - before) * 12;
		printf("an idle peer on a metered uplink, NAT of %u s: %.2f MB a day, up and down\n", (uint32_t)timeouts_s[i],
		       (double)bytes / 1e6);
		CHECK(keep(BRANCH)->proven == 3 * i && is_alive() && bytes <= (i == 0 ? 560000 : 160000));
	}
}

static void prove(uint64_t timeout_us)
{
	meet(timeout_us, false);
	cw_nat_world_pass(&world, 8 * MINUTE);
	CHECK(keep(BRANCH)->proven == 3);
}

/* As netfilter does: what was proven is of a mapping that was used for a while, and a path just met has none such. */
static void a_path_that_is_new_does_not_rely_on_what_was_proven(void)
{
	struct cw_worker *worker = world.bench[BRANCH].worker;

	world.nat[BRANCH].brief_us = 30 * SECOND;
	world.nat[BRANCH].is_renewed_inwards = true;
	prove(120 * SECOND);
	struct cw_keep known = *keep(BRANCH);
	cw_path_clear(worker, world.bench[BRANCH].far);
	CHECK(keep(BRANCH)->proven == 0);
	meet(120 * SECOND, false);
	*keep(BRANCH) = known;
	cw_nat_world_pass(&world, SECOND);
	CHECK(cw_nat_world_direct(&world, BRANCH)->kept_s == 0);
	uint64_t before = world.sent[BRANCH];
	cw_nat_world_pass(&world, 28 * SECOND);
	CHECK(world.sent[BRANCH] > before && cw_nat_world_direct(&world, BRANCH)->kept_s == 110);
	cw_nat_world_pass(&world, 20 * MINUTE);
	CHECK(is_alive());
	world.nat[BRANCH].brief_us = 0;
	world.nat[BRANCH].is_renewed_inwards = false;
}

/* The session ends while nothing is to come; hours later nothing waits for that, and what is that old is not relied on. */
static void a_watch_ends_whatever_becomes_of_the_session(void)
{
	struct cw_bench *bench = &world.bench[BRANCH];

	prove(300 * SECOND);
	CHECK(keep(BRANCH)->phase == 0);
	cw_nat_world_pass(&world, 53 * MINUTE + 40 * SECOND);
	for (uint32_t i = 0; i < 600 && keep(BRANCH)->phase != 3; i++)
		cw_nat_world_pass(&world, SECOND);
	CHECK(keep(BRANCH)->phase == 3);
	atomic_store(&bench->far->current, NULL);
	cw_nat_world_pass(&world, 2 * SECOND);
	CHECK(keep(BRANCH)->phase == 0 && keep(BRANCH)->proven == 3);
	cw_nat_world_pass(&world, 4 * HOUR);
	CHECK(keep(BRANCH)->proven == 0);
	atomic_store(&bench->far->current, bench->keypair);
}

/* What the other end sends by the watched way besides keeps it open: that is no silence. */
static void what_comes_by_it_meanwhile_proves_nothing(void)
{
	static const uint8_t probe[8] = { 1, 0, 0, 4, 9, 9, 9, 9 };
	struct cw_bench *hub = &world.bench[HUB];

	world.nat[BRANCH].is_renewed_inwards = true;
	meet(20 * SECOND, false);
	for (uint32_t i = 0; i < 120; i++) {
		cw_nat_world_pass(&world, 5 * SECOND);
		if (hub->far->call.due_us == 0)
			continue;
		CHECK(cw_seal_control(hub->worker, hub->keypair, cw_path_stray(hub->worker, &hub->far->call.way), probe,
				      sizeof(probe)) == 0);
		cw_seal_flush(hub->worker);
	}
	CHECK(keep(BRANCH)->proven == 0);
	world.nat[BRANCH].is_renewed_inwards = false;
}

/* Of those of sprays; the first watch begins at one by chance, which may be the last. */
static uint16_t port_after(uint16_t port)
{
	uint16_t first = world.bench[BRANCH].worker->view->program->port_programs[CW_BENCH_UPLINK_PORT].spray_port;

	return (uint16_t)(first + (port - first + 1) % CW_SPRAY_PORTS);
}

static void nothing_is_watched_by_a_port_that_is_used(void)
{
	struct cw_bench *bench = &world.bench[BRANCH];
	struct cw_spray spray = { .probes = 10, .gap_ms10 = 50, .remote_port = 9, .near = 10 };
	struct cw_way way = { .remote = cw_bench_v4(world.nat[HUB].address + 9), .remote_port = 9 };

	meet(300 * SECOND, false);
	CHECK(keep(BRANCH)->phase == 3);
	way.local_port = port_after(keep(BRANCH)->way.local_port);
	CHECK(cw_path_place(bench->worker, bench->far, &way) != NULL);
	memcpy(spray.remote_address, &way.remote, 16);
	CHECK(cw_spray_begin(bench->worker, bench->far, &spray) == 0 && keep(BRANCH)->phase == 0);
	cw_nat_world_pass(&world, 5 * SECOND);
	CHECK(keep(BRANCH)->phase == 0);
	cw_nat_world_pass(&world, 15 * SECOND);
	CHECK(bench->worker->spraying.peer == NULL && keep(BRANCH)->phase != 0);
	CHECK(keep(BRANCH)->way.local_port == port_after(way.local_port));
}

/* Whatever was proven before, and with whom. */
static void what_is_proven_is_lost_with_a_path_at_rest_and_with_the_uplink(void)
{
	struct cw_bench *bench = &world.bench[BRANCH];

	prove(300 * SECOND);
	world.nat[BRANCH].timeout_us = 20 * SECOND;
	cw_nat_world_pass(&world, 10 * MINUTE);
	CHECK(keep(BRANCH)->proven == 0 && cw_nat_world_direct(&world, BRANCH)->kept_s == 0);
	uint32_t downs = cw_nat_world_direct(&world, BRANCH)->downs;
	cw_nat_world_pass(&world, 30 * MINUTE);
	CHECK(cw_nat_world_direct(&world, BRANCH)->downs == downs);
	prove(300 * SECOND);
	bench->worker->view->port_address[CW_BENCH_UPLINK_PORT][CW_V4] = (struct cw_address){ 0 };
	cw_bench_changed(bench);
	cw_nat_world_pass(&world, 2 * SECOND);
	bench->worker->view->port_address[CW_BENCH_UPLINK_PORT][CW_V4] = cw_bench_v4(CW_BENCH_WAN);
	cw_bench_changed(bench);
	cw_nat_world_pass(&world, SECOND);
	CHECK(keep(BRANCH)->proven == 0);
}

/* No datagram left: that nobody called says nothing of the NAT. */
static void what_could_not_leave_is_asked_and_called_later(void)
{
	struct cw_keypair *branch = world.bench[BRANCH].keypair, *hub = world.bench[HUB].keypair;

	meet(300 * SECOND, false);
	for (uint32_t i = 0; i < 60 && keep(BRANCH)->phase != 2; i++)
		cw_nat_world_pass(&world, SECOND);
	uint32_t sealed = branch->sealed;
	branch->sealed = CW_KEYPAIR_PACKETS_MAX;
	cw_nat_world_pass(&world, 5 * SECOND);
	CHECK(keep(BRANCH)->phase == 2);
	branch->sealed = sealed;
	cw_nat_world_pass(&world, 3 * SECOND);
	CHECK(keep(BRANCH)->phase == 3);
	uint64_t due_us = world.bench[HUB].far->call.due_us;
	CHECK(due_us > world.now_us);
	cw_nat_world_pass(&world, due_us - world.now_us - SECOND);
	sealed = hub->sealed;
	hub->sealed = CW_KEYPAIR_PACKETS_MAX;
	cw_nat_world_pass(&world, 2 * SECOND);
	hub->sealed = sealed;
	cw_nat_world_pass(&world, 2 * SECOND);
	CHECK(world.bench[HUB].far->call.due_us == 0 && keep(BRANCH)->proven > 0 && keep(BRANCH)->attempts == 0);
}

static void a_call_that_is_asked_for_late_or_twice_is_one(void)
{
	struct cw_bench *bench = &world.bench[0];
	uint8_t value[8] = { 0, 100, 0, 0, 1, 2, 3, 4 };

	CHECK(cw_keep_call_later(bench->worker, bench->far, value) && bench->far->call.due_us == world.now_us + 100 * SECOND);
	value[1] = 20;
	CHECK(cw_keep_call_later(bench->worker, bench->far, value) && bench->far->call.due_us == world.now_us + 20 * SECOND);
	value[1] = 121;
	CHECK(cw_keep_call_later(bench->worker, bench->far, value) && bench->far->call.due_us == world.now_us + 20 * SECOND);
	value[1] = 0;
	CHECK(!cw_keep_call_later(bench->worker, bench->far, value));
	cw_path_clear(bench->worker, bench->far);
	CHECK(bench->far->call.due_us == 0);
}

int main(int argc, char **argv)
{
	check_begin(argc, argv);
	cw_nat_world_open(&world);
	silence_is_as_long_as_is_proven();
	what_is_watched_is_no_path();
	after_a_failure_it_is_asked_again_in_an_hour();
	what_is_known_is_proven_again_each_hour();
	of_another_address_nothing_is_known();
	a_metered_path_costs_little_before_anything_is_proven_and_less_then();
	a_path_that_is_new_does_not_rely_on_what_was_proven();
	a_watch_ends_whatever_becomes_of_the_session();
	what_comes_by_it_meanwhile_proves_nothing();
	nothing_is_watched_by_a_port_that_is_used();
	what_is_proven_is_lost_with_a_path_at_rest_and_with_the_uplink();
	what_could_not_leave_is_asked_and_called_later();
	a_call_that_is_asked_for_late_or_twice_is_one();
	cw_nat_world_close(&world);
	return check_result();
}
