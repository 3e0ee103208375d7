/*
 * Data flows, and one end is seen from elsewhere from one moment to the next: its NAT gave its mapping another port, or has another
 * address, or the uplink itself has. Nobody is told; the next control frame shows it. How long data is away, at either end.
 */
#include "check.h"
#include "graph/path-try.h"
#include "graph/path.h"
#include "nat_world.h"
#include "packet.h"

#define BRANCH 0
#define HUB 1
#define MOST_US (2 * SECOND)
#define ROUNDS 8
#define STUN 0xcb007163u

static struct nat_world world;

enum change { NAT_PORT, NAT_ADDRESS, UPLINK_ADDRESS, UPLINK_LATE, CHANGES };

static const char *const names[CHANGES] = { "another port of the NAT", "another address of the NAT",
					     "another address of the uplink", "the same, after 200 ms without" };

/* The branch has the hub's address from its configuration; the hub knows what it hears. */
static void meet(bool is_metered)
{
	struct cw_way way = { .local_port = CW_BENCH_PORT, .remote_port = CW_BENCH_PORT };

	world.is_relay_cut = true;
	world.has_nat[HUB] = false;
	way.remote = cw_bench_v4(world.nat[HUB].address);
	cw_nat_forget(&world.nat[BRANCH]);
	world.nat[BRANCH].filtering = NAT_BY_ADDRESS_PORT;
	for (uint32_t end = 0; end < ENDS; end++) {
		struct cw_bench *bench = &world.bench[end];
		world.data_us[end] = 0;
		bench->worker->view->program->port_programs[CW_BENCH_UPLINK_PORT].is_metered = is_metered && end == BRANCH;
		cw_path_clear(bench->worker, bench->far);
		cw_path_name(bench->worker, bench->far, &way, end == BRANCH);
		cw_path_begin_key(bench->worker, bench->far);
		/* As under another key. */
		cw_replay_release(&bench->keypair->data_lanes, bench->engine->replay_pool);
		cw_replay_release(&bench->keypair->control_lanes, bench->engine->replay_pool);
	}
	cw_nat_world_pass(&world, 5 * SECOND);
	CHECK(cw_nat_world_direct(&world, BRANCH) != NULL && cw_nat_world_direct(&world, HUB) != NULL);
}

static void set_address(uint32_t address)
{
	struct cw_bench *bench = &world.bench[BRANCH];
	struct cw_view *view = bench->worker->view;

	view->port_address[CW_BENCH_UPLINK_PORT][CW_V4] = address == 0 ? (struct cw_address){ 0 } : cw_bench_v4(address);
	view->own[CW_BENCH_UPLINK_PORT].list[0] = view->port_address[CW_BENCH_UPLINK_PORT][CW_V4];
	cw_bench_changed(bench);
	cw_path_due(bench->worker, bench->far);
}

static void change(enum change kind)
{
	switch (kind) {
	case NAT_PORT:
		cw_nat_forget(&world.nat[BRANCH]);
		return;
	case NAT_ADDRESS:
		world.nat[BRANCH].address += 16;
		cw_nat_forget(&world.nat[BRANCH]);
		return;
	default:
		/* The network before it gives no two addresses the same mapping. */
		if (kind == UPLINK_LATE) {
			set_address(0);
			cw_nat_world_pass(&world, 200 * MS);
		}
		set_address(++world.own[BRANCH]);
		cw_nat_forget(&world.nat[BRANCH]);
	}
}

/* `from_branch`, `from_hub`: who sends a packet each 20 ms. The longest time without, at either end. */
static uint64_t roam(enum change kind, bool is_metered, bool from_branch, bool from_hub)
{
	uint64_t longest = 0;

	meet(is_metered);
	world.data_us[BRANCH] = from_branch ? 20 * MS : 0;
	world.data_us[HUB] = from_hub ? 20 * MS : 0;
	cw_nat_world_pass(&world, 3 * SECOND + check_below(1000) * MS);
	for (uint32_t i = 0; i < ROUNDS; i++) {
		world.gap_us[0] = world.gap_us[1] = 0;
		change(kind);
		cw_nat_world_pass(&world, 5 * SECOND + check_below(500) * MS);
		for (uint32_t end = 0; end < ENDS; end++) {
			bool is_due = end == HUB ? from_branch : from_hub;
			uint64_t since = world.now_us - world.heard_us[end];
			uint64_t gap = world.gap_us[end] > since ? world.gap_us[end] : since;
			longest = is_due && gap > longest ? gap : longest;
		}
	}
	return longest;
}

static void data_is_away_for_less_than_two_seconds(void)
{
	for (uint32_t n = 0; n < 2 * CHANGES; n++) {
		enum change kind = n / 2;
		bool is_metered = n % 2 != 0;
		uint64_t both = roam(kind, is_metered, true, true);
		uint64_t out = roam(kind, is_metered, true, false), in = roam(kind, is_metered, false, true);
		printf("%s%s: data is away for %.0f ms; if only the branch sends %.0f, if only the hub %.0f\n", names[kind],
		       is_metered ? ", metered" : "", (double)both / MS, (double)out / MS, (double)in / MS);
		CHECK(both <= MOST_US && out <= MOST_US && in <= MOST_US);
		const struct cw_path *path = cw_nat_world_direct(&world, BRANCH);
		CHECK(path != NULL && (kind == UPLINK_LATE || path->downs == 0));
	}
}

/* `end` tries where the other one is seen now. */
static void try_seen(uint32_t end)
{
	struct cw_bench *bench = &world.bench[end];
	struct cw_way way = { .local_port = CW_BENCH_PORT,
			      .remote = cw_bench_v4(world.nat[1 - end].address),
			      .remote_port = cw_nat_world_mapped(&world, 1 - end, STUN, 3478) };

	CHECK(cw_path_try(bench->worker, bench->far, &way, 1, 10000) == 0);
}

/* Both are behind NATs that let in only whom they have sent to: nobody hears the other from elsewhere, but by the relay. */
static void meet_by_relay(void)
{
	world.is_relay_cut = false;
	for (uint32_t end = 0; end < ENDS; end++) {
		struct cw_bench *bench = &world.bench[end];
		struct cw_way way = bench->keypair->way;
		world.data_us[end] = 0;
		world.has_nat[end] = true;
		world.nat[end].filtering = NAT_BY_ADDRESS_PORT;
		cw_nat_forget(&world.nat[end]);
		cw_path_clear(bench->worker, bench->far);
		cw_path_name(bench->worker, bench->far, &way, 1);
		cw_path_begin_key(bench->worker, bench->far);
		bench->far->paths.list[0]->own_flags = bench->far->paths.list[0]->flags = CW_PATH_BACKUP;
		cw_replay_release(&bench->keypair->data_lanes, bench->engine->replay_pool);
		cw_replay_release(&bench->keypair->control_lanes, bench->engine->replay_pool);
	}
	cw_nat_world_pass(&world, 2 * SECOND);
}

static void what_was_punched_goes_by_the_relay_until_it_is_punched_again(void)
{
	uint64_t longest = 0, back = 0;

	meet_by_relay();
	for (uint32_t i = 0; i < ROUNDS; i++) {
		try_seen(0);
		try_seen(1);
		uint64_t us = cw_nat_world_until_direct(&world, 0, 2 * SECOND) + cw_nat_world_until_direct(&world, 1, SECOND);
		back = us > back ? us : back;
		world.data_us[0] = world.data_us[1] = 20 * MS;
		cw_nat_world_pass(&world, 4 * SECOND + check_below(1000) * MS);
		world.gap_us[0] = world.gap_us[1] = 0;
		change(i % 2 == 0 ? NAT_PORT : NAT_ADDRESS);
		cw_nat_world_pass(&world, 3 * SECOND);
		CHECK(cw_nat_world_direct(&world, 0) == NULL && cw_nat_world_direct(&world, 1) == NULL);
		for (uint32_t end = 0; end < ENDS; end++)
			longest = world.gap_us[end] > longest ? world.gap_us[end] : longest;
	}
	printf("a punched path whose NAT changed: data is away for %.0f ms; punched again within %.0f ms\n", (double)longest / MS,
	       (double)back / MS);
	CHECK(longest <= MOST_US && back <= SECOND);
}

int main(int argc, char **argv)
{
	check_begin(argc, argv);
	cw_nat_world_open(&world);
	data_is_away_for_less_than_two_seconds();
	what_was_punched_goes_by_the_relay_until_it_is_punched_again();
	cw_nat_world_close(&world);
	return check_result();
}
