/*
 * Two ends, each behind a NAT (nat_world.h), find a way to each other by what the gateways have the datapaths do: tries of the
 * addresses that the other end is seen by, and sprays where one NAT gives each destination another port.
 */
#include "call-traversal.h"
#include "check.h"
#include "graph/path-try.h"
#include "graph/path.h"
#include "nat_world.h"
#include "packet.h"

#define STUN 0xcb007163u
#define STUN_PORT 3478
#define SPRAYS 40

static struct nat_world world;

static void set(uint32_t end, enum nat_behaviour mapping, enum nat_behaviour filtering)
{
	world.nat[end].mapping = mapping;
	world.nat[end].filtering = filtering;
	cw_nat_forget(&world.nat[end]);
}

/* Both know the other only by the relay. */
static void part(void)
{
	for (uint32_t end = 0; end < ENDS; end++) {
		struct cw_bench *bench = &world.bench[end];
		struct cw_spray none = { .probes = 0 };
		struct cw_way way = bench->keypair->way;
		cw_path_clear(bench->worker, bench->far);
		cw_path_name(bench->worker, bench->far, &way, 1);
		cw_path_begin_key(bench->worker, bench->far);
		CHECK(cw_spray_begin(bench->worker, bench->far, &none) == 0);
		cw_bench_drops(bench);
	}
	cw_nat_world_pass(&world, 3 * SECOND);
	CHECK(cw_nat_world_direct(&world, 0) == NULL && cw_nat_world_direct(&world, 1) == NULL);
}

/* `end` tries where it is told that the other one is seen. */
static void try_seen(uint32_t end)
{
	struct cw_bench *bench = &world.bench[end];
	struct cw_way way = { .local_port = CW_BENCH_PORT,
			      .remote = cw_bench_v4(world.nat[1 - end].address),
			      .remote_port = cw_nat_world_mapped(&world, 1 - end, STUN, STUN_PORT) };

	CHECK(cw_path_try(bench->worker, bench->far, &way, 1, 10000) == 0);
}

/* How long it took until both had a path; the second begins `later_us` after the first. */
static uint64_t punch(uint64_t later_us)
{
	part();
	try_seen(0);
	cw_nat_world_pass(&world, later_us);
	try_seen(1);
	uint64_t first = cw_nat_world_until_direct(&world, 0, 12 * SECOND);
	uint64_t second = cw_nat_world_until_direct(&world, 1, 12 * SECOND);

	return first == UINT64_MAX || second == UINT64_MAX ? UINT64_MAX : first + second;
}

/* RFC 4787: whatever the filters, as long as no mapping depends on the destination. */
static void mappings_of_one_port_are_found_by_tries(void)
{
	for (uint32_t n = 0; n < 9; n++) {
		set(0, NAT_INDEPENDENT, n / 3);
		set(1, NAT_INDEPENDENT, n % 3);
		uint64_t us = punch(n * 40 * MS);
		if (!CHECK(us <= 600 * MS))
			fprintf(stderr, "  filters %u and %u: %.0f ms\n", n / 3, n % 3, (double)us / MS);
	}
}

/* One that depends on it is enough where the other end lets in whoever has that address: it is learned. */
static void one_that_gives_each_another_port_is_let_in_by_its_address(void)
{
	set(0, NAT_BY_ADDRESS_PORT, NAT_BY_ADDRESS_PORT);
	set(1, NAT_INDEPENDENT, NAT_BY_ADDRESS);
	CHECK(punch(100 * MS) <= SECOND);
	struct cw_path *path = cw_nat_world_direct(&world, 1);
	CHECK(!path->is_tried && path->number != CW_PATH_NONE);
	CHECK(path->way.remote_port != cw_nat_world_mapped(&world, 0, STUN, STUN_PORT));
	CHECK(cw_nat_world_direct(&world, 0)->is_tried);
}

static struct cw_spray spray_of(uint32_t end, uint16_t probes)
{
	struct cw_address remote = cw_bench_v4(world.nat[1 - end].address);
	bool is_many_local = world.nat[end].mapping == NAT_BY_ADDRESS_PORT;
	struct cw_spray spray = { .probes = probes, .gap_ms10 = 50, .many_local = is_many_local };

	memcpy(spray.remote_address, &remote, 16);
	if (is_many_local)
		spray.remote_port = cw_nat_world_mapped(&world, 1 - end, STUN, STUN_PORT);
	return spray;
}

static bool spray_both(void)
{
	struct cw_spray many_local = spray_of(0, 512), many_remote = spray_of(1, 1024);

	part();
	CHECK(cw_spray_begin(world.bench[0].worker, world.bench[0].far, &many_local) == 0);
	cw_nat_world_pass(&world, SECOND / 2);
	CHECK(cw_spray_begin(world.bench[1].worker, world.bench[1].far, &many_remote) == 0);
	return cw_nat_world_until_direct(&world, 0, 8 * SECOND) != UINT64_MAX &&
	       cw_nat_world_until_direct(&world, 1, SECOND) != UINT64_MAX;
}

static void where_the_other_lets_in_none_but_whom_it_sent_to_sprays_meet(void)
{
	uint32_t met = 0;

	set(0, NAT_BY_ADDRESS_PORT, NAT_BY_ADDRESS_PORT);
	set(1, NAT_INDEPENDENT, NAT_BY_ADDRESS_PORT);
	CHECK(punch(50 * MS) == UINT64_MAX);
	for (uint32_t n = 0; n < SPRAYS; n++) {
		cw_nat_forget(&world.nat[0]);
		cw_nat_forget(&world.nat[1]);
		if (!spray_both())
			continue;
		met++;
		const struct cw_path *path = cw_nat_world_direct(&world, 0);
		CHECK(path->way.local_port > CW_BENCH_PORT && path->way.local_port <= CW_BENCH_PORT + CW_SPRAY_PORTS);
		CHECK(path->number != CW_PATH_NONE);
		/* It ends by itself. */
		cw_nat_world_pass(&world, 110 * MS);
		CHECK(world.bench[0].worker->spraying.due_us == CW_SPRAY_NEVER);
		CHECK(world.bench[1].worker->spraying.due_us == CW_SPRAY_NEVER);
		uint64_t sent = world.sent[0] + world.sent[1];
		cw_nat_world_pass(&world, SECOND);
		CHECK(world.sent[0] + world.sent[1] - sent < 40);
	}
	printf("sprays that met: %u of %u\n", met, SPRAYS);
	CHECK(met >= SPRAYS * 9 / 10);
}

/* The end that is called at one of its ports has a path by it that carries data, both ways. */
static void what_sprays_found_carries_data(void)
{
	cw_nat_forget(&world.nat[0]);
	cw_nat_forget(&world.nat[1]);
	for (uint32_t n = 0; n < 5 && !spray_both(); n++)
		;
	CHECK(cw_nat_world_direct(&world, 0) != NULL && cw_nat_world_direct(&world, 1) != NULL);
	for (uint32_t end = 0; end < ENDS; end++) {
		world.bench[end].far->paths.list[0]->own_flags |= CW_PATH_BACKUP;
		world.bench[end].far->paths.list[0]->flags |= CW_PATH_BACKUP;
		world.data_us[end] = 20 * MS;
	}
	cw_nat_world_pass(&world, 2 * SECOND);
	uint64_t direct = world.direct[0] + world.direct[1], sent = world.sent[0] + world.sent[1];
	world.gap_us[0] = world.gap_us[1] = 0;
	cw_nat_world_pass(&world, 10 * SECOND);
	direct = world.direct[0] + world.direct[1] - direct;
	sent = world.sent[0] + world.sent[1] - sent;
	CHECK(direct >= 1000 && sent - direct < 300);
	CHECK(world.gap_us[0] <= 25 * MS && world.gap_us[1] <= 25 * MS);
	world.data_us[0] = world.data_us[1] = 0;
}

static void two_that_give_each_another_port_stay_with_the_relay(void)
{
	set(0, NAT_BY_ADDRESS_PORT, NAT_BY_ADDRESS_PORT);
	set(1, NAT_BY_ADDRESS_PORT, NAT_BY_ADDRESS_PORT);
	CHECK(punch(50 * MS) == UINT64_MAX && cw_nat_world_direct(&world, 1) == NULL);
	CHECK(world.bench[0].far->paths.list[0]->live.state == CW_PATH_UP);
}

int main(int argc, char **argv)
{
	check_begin(argc, argv);
	cw_nat_world_open(&world);
	mappings_of_one_port_are_found_by_tries();
	one_that_gives_each_another_port_is_let_in_by_its_address();
	where_the_other_lets_in_none_but_whom_it_sent_to_sprays_meet();
	what_sprays_found_carries_data();
	two_that_give_each_another_port_stay_with_the_relay();
	cw_nat_world_close(&world);
	return check_result();
}
