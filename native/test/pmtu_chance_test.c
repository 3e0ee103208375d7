/*
 * The search for a path's size where probes are lost: paths that shrink and grow at any moment, loss each way, and paths on which for a
 * while all is lost. What is found must be right, and chance must change nothing.
 */
#include "pmtu_world.h"

static void follows_changes(void)
{
	static const uint8_t losses[] = { 0, 5 };

	for (size_t k = 0; k < sizeof(losses); k++) {
		double longest[2] = { 0, 0 };
		for (uint32_t i = 0; i < 300; i++) {
			struct world world;
			begin(&world, i % 5 == 0 ? 9000 : 1500, IP4, 1500, 40 * MS);
			world.path.is_active = true;
			world.loss_percent = losses[k];
			run(&world, 8 + check_below(5000) / 1000.0);
			CHECK(is_right(&world));
			world.mtu = 576 + check_below(900);
			double seconds = until_right(&world, 60);
			longest[0] = seconds > longest[0] ? seconds : longest[0];
			run(&world, 5 + check_below(5000) / 1000.0);
			world.mtu += 8 + check_below(9000 - 8 - world.mtu);
			seconds = until_right(&world, 60);
			longest[1] = seconds > longest[1] ? seconds : longest[1];
		}
		printf("loss %u %%: found again after %.2f s when it shrank, %.2f s when it grew\n", losses[k],
		       longest[0], longest[1]);
		CHECK(losses[k] > 0 || (longest[0] <= 6 && longest[1] <= 8.5));
		CHECK(longest[0] <= 12 && longest[1] <= 25);
	}
}

static void chance_shrinks_nothing(void)
{
	static const struct {
		uint32_t loss, hours;
	} cases[] = { { 5, 20 }, { 20, 5 } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct world world;
		uint32_t smaller_ms = 0, least = UINT32_MAX;
		begin(&world, 1500, IP4, 1500, 40 * MS);
		world.path.is_active = true;
		world.loss_percent = cases[i].loss;
		run(&world, 10);
		for (uint64_t end = world.now_us + cases[i].hours * 3600ull * SECOND; world.now_us < end;) {
			uint64_t before = world.now_us;
			bool is_smaller = !is_right(&world);
			step(&world, end);
			smaller_ms += is_smaller ? (uint32_t)((world.now_us - before) / MS) : 0;
			least = world.pmtu.size < least ? world.pmtu.size : least;
		}
		printf("loss %u %% each way, %u h: smaller for %u ms, least %u; %.1f kbit/s\n", cases[i].loss,
		       cases[i].hours, smaller_ms, least, (double)world.bytes * 8 / 1000 / (cases[i].hours * 3600));
		CHECK(smaller_ms == 0);
	}
}

static void finds_sizes_at_loss(void)
{
	static const struct {
		uint32_t loss;
		double usual, most;
	} cases[] = { { 5, 2, 12 }, { 20, 4, 25 } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		double longest = 0;
		uint32_t soon = 0, wrong = 0;
		for (uint32_t k = 0; k < 400; k++) {
			struct world world;
			begin(&world, 1500, IP4, 576 + check_below(925), 40 * MS);
			world.loss_percent = cases[i].loss;
			world.path.is_active = true;
			double seconds = until_right(&world, 120);
			soon += seconds <= cases[i].usual;
			longest = seconds > longest ? seconds : longest;
			run(&world, 30);
			wrong += !is_right(&world);
		}
		printf("loss %u %%: %u of 400 within %.0f s, at most %.2f s; %u wrong half a minute later\n",
		       cases[i].loss, soon, cases[i].usual, longest, wrong);
		CHECK(soon >= 270 && longest <= cases[i].most && wrong == 0);
	}
}

static void death_is_no_size(void)
{
	for (uint32_t i = 0; i < 500; i++) {
		struct world world;
		begin(&world, 1500, IP4, i % 3 == 0 ? 1280 : 1500, 20 * MS);
		world.path.is_active = true;
		run(&world, 6 + check_below(8000) / 1000.0);
		CHECK(is_right(&world));
		world.is_dead = true;
		uint64_t end = world.now_us + 20 * MS + (i % 2 ? check_below(600) : check_below(8000)) * (uint64_t)MS;
		for (; world.now_us < end; step(&world, end))
			CHECK(is_right(&world));
		world.is_dead = false;
		for (end = world.now_us + 8 * SECOND; world.now_us < end; step(&world, end)) {
			if (!CHECK(is_right(&world)))
				return;
		}
	}
	/* Nor is one on which nothing was ever answered. Asked is little. */
	struct world world;
	begin(&world, 1500, IP4, 1500, 40 * MS);
	world.is_dead = true;
	run(&world, 60);
	CHECK(world.pmtu.size == 1472 && world.probes == 4);
	world.is_dead = false;
	run(&world, 60);
	CHECK(world.probes == 4);
	world.path.is_active = true;
	run(&world, 1);
	CHECK(world.probes == 5 && world.pmtu.size == 1472);
}

int main(int argc, char **argv)
{
	check_begin(argc, argv);
	follows_changes();
	chance_shrinks_nothing();
	finds_sizes_at_loss();
	death_is_no_size();
	return check_result();
}
