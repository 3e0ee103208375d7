/*
 * The search for a path's size: how near it comes, how soon and with how many probes, for every MTU there is; what becomes of it when
 * the path rests, costs, is down, or its uplink changes. What chance does to it is pmtu_chance_test.c's.
 */
#include "pmtu_world.h"

static void finds_every_size(void)
{
	static const struct {
		uint32_t uplink, headers, least, rtt_us;
		double seconds;
	} cases[] = {
		{ 1500, IP4, 576, 40 * MS, 2.0 },  { 1500, IP4, 576, 1 * MS, 1.0 },
		{ 1500, IP6, 1280, 40 * MS, 1.6 }, { 9000, IP4, 576, 40 * MS, 3.0 },
		{ 9216, IP6, 1280, 10 * MS, 1.5 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		double longest = 0, all = 0;
		uint32_t count = 0, most_probes = 0;
		for (uint32_t mtu = cases[i].least; mtu <= cases[i].uplink; mtu += 1 + check_below(7)) {
			struct world world;
			begin(&world, cases[i].uplink, cases[i].headers, mtu, cases[i].rtt_us);
			CHECK(world.pmtu.size == cases[i].uplink - cases[i].headers);
			double seconds = until_right(&world, 10);
			/* And it stays there: no more is sent at rest. */
			run(&world, 3);
			uint32_t probes = world.probes;
			run(&world, 60);
			CHECK(is_right(&world) && world.probes == probes && probes <= 24);
			CHECK(mtu != cases[i].uplink || probes == 1);
			longest = seconds > longest ? seconds : longest;
			most_probes = probes > most_probes ? probes : most_probes;
			all += seconds;
			count++;
		}
		printf("uplink %u, headers %u, RTT %u ms: %.2f s, at most %.2f s, %u probes\n", cases[i].uplink,
		       cases[i].headers, cases[i].rtt_us / MS, all / count, longest, most_probes);
		CHECK(longest <= cases[i].seconds);
	}
}

static void finds_common_sizes_exactly(void)
{
	static const uint16_t mtus[] = { 576, 1280, 1400, 1420, 1450, 1460, 1472, 1480, 1492, 1500 };

	for (size_t i = 0; i < sizeof(mtus) / sizeof(mtus[0]); i++) {
		struct world world;
		begin(&world, 1500, IP4, mtus[i], 40 * MS);
		run(&world, 1.7);
		if (!CHECK(world.pmtu.size == mtus[i] - IP4))
			fprintf(stderr, "  %u: %u\n", mtus[i], world.pmtu.size + IP4);
	}
}

static void never_says_too_little(void)
{
	for (uint32_t i = 0; i < 200; i++) {
		struct world world;
		begin(&world, 1500, IP4, 576 + check_below(925), 1 * MS + check_below(60 * MS));
		world.path.is_active = true;
		for (uint32_t change = 0; change < 4; change++) {
			uint32_t before = right_size(&world);
			world.mtu = 576 + check_below(925);
			uint32_t least = right_size(&world) < before ? right_size(&world) : before;
			for (uint64_t end = world.now_us + 10 * SECOND; world.now_us < end;) {
				step(&world, end);
				if (!CHECK(world.pmtu.size + CW_PMTU_STEP > least))
					return;
			}
			CHECK(is_right(&world));
		}
	}
}

static void rests(void)
{
	struct world world;

	begin(&world, 1500, IP4, 1500, 40 * MS);
	run(&world, 3600);
	CHECK(world.probes == 1 && world.pmtu.due_us == UINT64_MAX);
	world.path.is_active = true;
	run(&world, 100);
	CHECK(world.probes >= 49 && world.probes <= 51);
	world.path.is_active = false;
	uint32_t probes = world.probes;
	run(&world, 3600);
	CHECK(world.probes == probes);
	world.mtu = 1280;
	run(&world, 60);
	CHECK(world.pmtu.size == 1472);
	world.path.is_active = true;
	CHECK(until_right(&world, 10) <= 1.7 && world.pmtu.size == 1280 - IP4);
	world.path.is_active = false;
	run(&world, 10);
	world.mtu = 1500;
	run(&world, 60);
	CHECK(world.pmtu.size == 1280 - IP4);
	world.path.is_active = true;
	CHECK(until_right(&world, 10) <= 0.3);
}

static void spares_what_costs(void)
{
	struct world world;

	begin(&world, 1500, IP4, 1280, 40 * MS);
	world.path.is_metered = true;
	CHECK(until_right(&world, 10) <= 2);
	run(&world, 3);
	world.path.is_active = true;
	uint32_t probes = world.probes;
	run(&world, 3600);
	/* Every ten minutes, whether there is more by now: two that are lost. */
	CHECK(world.probes - probes >= 59 && world.probes - probes <= 60 + 14);
	world.path.is_active = false;
	probes = world.probes;
	run(&world, 3600);
	CHECK(world.probes == probes);
}

static void follows_the_uplink(void)
{
	struct world world;

	begin(&world, 1500, IP4, 9000, 10 * MS);
	run(&world, 10);
	cw_pmtu_fit(&world.pmtu, 1500, IP4);
	run(&world, 10);
	CHECK(world.probes == 1 && world.pmtu.size == 1472);
	cw_pmtu_fit(&world.pmtu, 9000, IP4);
	run(&world, 10);
	CHECK(world.probes == 2 && world.pmtu.size == 8972);
	cw_pmtu_fit(&world.pmtu, 1280, IP4);
	CHECK(world.pmtu.size == 1252);
	/* Less than any path carries leaves nothing to look for. */
	cw_pmtu_fit(&world.pmtu, 400, IP4);
	run(&world, 1);
	CHECK(world.pmtu.size == 548 && world.pmtu.most == 548);
	cw_pmtu_fit(&world.pmtu, 65535, IP6);
	CHECK(world.pmtu.size == 65535 - IP6 && world.pmtu.base == 1232);
}

static void believes_no_other_answers(void)
{
	struct world world;

	begin(&world, 1500, IP4, 1500, 40 * MS);
	CHECK(!cw_pmtu_answer(&world.pmtu, 0, 0, &world.path, world.now_us));
	run(&world, 3);
	world.path.is_active = true;
	uint16_t size = cw_pmtu_look(&world.pmtu, &world.path, world.now_us);
	uint32_t id = world.pmtu.id;
	CHECK(size == 1472);
	for (uint32_t i = 0; i < 10000; i++) {
		bool is_same = i % 2 == 0;
		uint32_t other = is_same ? id : (uint32_t)check_random();
		uint16_t of = is_same ? (uint16_t)check_random() : size;
		if (other == id && of == size)
			continue;
		CHECK(!cw_pmtu_answer(&world.pmtu, other, of, &world.path, world.now_us));
	}
	/* A late answer to the one before counts: it was of the same size. */
	world.now_us += world.path.patience_us;
	CHECK(cw_pmtu_look(&world.pmtu, &world.path, world.now_us) == size && world.pmtu.id == id + 1);
	CHECK(cw_pmtu_answer(&world.pmtu, id, size, &world.path, world.now_us));
	CHECK(!cw_pmtu_answer(&world.pmtu, id + 1, size, &world.path, world.now_us));
	CHECK(cw_pmtu_look(&world.pmtu, &world.path, world.now_us) == 0 && world.pmtu.size == size);
}

static void pauses(void)
{
	for (uint32_t i = 0; i < 200; i++) {
		struct world world;
		begin(&world, 1500, IP4, 1280, 40 * MS);
		run(&world, check_below(1500) / 1000.0);
		uint16_t size = world.pmtu.size;
		cw_pmtu_pause(&world.pmtu);
		CHECK(world.pmtu.due_us == UINT64_MAX && world.pmtu.size == size);
		world.now_us += check_below(5 * SECOND);
		CHECK(until_right(&world, 10) <= 2);
	}
	/* Its size may be another by then. */
	struct world world;
	begin(&world, 1500, IP4, 1500, 40 * MS);
	world.path.is_active = true;
	run(&world, 1);
	cw_pmtu_pause(&world.pmtu);
	world.mtu = 1400;
	CHECK(until_right(&world, 10) <= 1.7);
}

static void forgives_its_own_absence(void)
{
	struct world world;

	begin(&world, 1500, IP4, 1500, 40 * MS);
	for (uint32_t i = 0; i < 20; i++) {
		step(&world, world.now_us + 1);
		world.now_us += 3 * SECOND;
		world.path.late_us = 3 * SECOND;
		CHECK(cw_pmtu_look(&world.pmtu, &world.path, world.now_us) == 0);
		world.path.late_us = 0;
		hear(&world);
	}
	CHECK(world.probes == 1 && world.large == 0);
}

int main(int argc, char **argv)
{
	check_begin(argc, argv);
	finds_every_size();
	finds_common_sizes_exactly();
	never_says_too_little();
	rests();
	spares_what_costs();
	follows_the_uplink();
	believes_no_other_answers();
	pauses();
	forgives_its_own_absence();
	return check_result();
}
