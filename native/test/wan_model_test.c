/*
 * The emulated WAN's decisions: how often, how long and how late, that order is kept where it should be, and that the
 * same seed says the same again. And its line, against a walk through all that is in it.
 */
#include <string.h>

#include "check.h"
#include "wan_line.h"
#include "wan_model.h"

#define MS 1000000ull
#define FRAME 1514u
#define PACKETS 200000u

static struct cw_wan_direction way;

static void begin(struct cw_wan_settings settings)
{
	cw_wan_begin(&way, check_seed, 0);
	cw_wan_set(&way, &settings, 0);
}

static struct cw_wan_verdict enter(uint64_t now_ns)
{
	return cw_wan_enter(&way, now_ns, FRAME, FRAME - 14);
}

/* Whether a count is as probable as it looks: five standard deviations of a binomial one. */
static bool is_likely(uint32_t count, uint32_t of, double share)
{
	double off = count - of * share;

	return off * off <= 25 * of * share * (1 - share);
}

static void test_wire(void)
{
	begin((struct cw_wan_settings){ 0 });
	for (uint32_t i = 0; i < 1000; i++) {
		struct cw_wan_verdict v = enter(i * MS);
		CHECK(v.fate == CW_WAN_LEAVES && v.copies == 1 && v.leave_ns == i * MS);
	}
}

static void test_loss(void)
{
	static const uint32_t shares[] = { 0, 100, 10000, 200000, CW_WAN_PPM };

	for (uint32_t i = 0; i < 5; i++) {
		uint32_t lost = 0;
		begin((struct cw_wan_settings){ .loss_ppm = shares[i] });
		for (uint32_t n = 0; n < PACKETS; n++)
			lost += enter(n).fate == CW_WAN_RANDOM;
		CHECK(is_likely(lost, PACKETS, shares[i] / 1e6));
	}
}

/* Of bursts the mean is 1 / leave, and their part of all frames enter / (enter + leave). */
static void test_bursts(void)
{
	uint32_t lost = 0, bursts = 0, longest = 0, run = 0;

	begin((struct cw_wan_settings){ .burst_enter_ppm = 2000, .burst_leave_ppm = 100000,
					.burst_loss_ppm = CW_WAN_PPM });
	for (uint32_t n = 0; n < PACKETS; n++) {
		bool is_lost = enter(n).fate == CW_WAN_BURST;
		run = is_lost ? run + 1 : 0;
		lost += is_lost;
		bursts += run == 1;
		longest = run > longest ? run : longest;
	}
	double mean = (double)lost / bursts, share = (double)lost / PACKETS;
	CHECK(mean > 8.5 && mean < 11.5);
	CHECK(share > 0.015 && share < 0.025);
	CHECK(longest > 30);

	/* In the bad state half is lost: so is half of what was. */
	begin((struct cw_wan_settings){ .burst_enter_ppm = 2000, .burst_leave_ppm = 100000,
					.burst_loss_ppm = CW_WAN_PPM / 2 });
	uint32_t half = 0;
	for (uint32_t n = 0; n < PACKETS; n++)
		half += enter(n).fate == CW_WAN_BURST;
	CHECK(is_likely(half, lost, 0.5));
}

static void test_jitter(void)
{
	uint64_t last_ns = 0, sum_ns = 0, least = UINT64_MAX, most = 0;
	uint32_t overtaken = 0;

	/* Far apart, each has its own. */
	begin((struct cw_wan_settings){ .delay_ns = 20 * MS, .jitter_ns = 5 * MS });
	for (uint32_t n = 0; n < PACKETS; n++) {
		uint64_t late_ns = enter(n * 10 * MS).leave_ns - n * 10 * MS;
		sum_ns += late_ns;
		least = late_ns < least ? late_ns : least;
		most = late_ns > most ? late_ns : most;
	}
	CHECK(least >= 20 * MS && least < 20 * MS + MS / 100);
	CHECK(most <= 25 * MS && most > 25 * MS - MS / 100);
	CHECK(sum_ns / PACKETS > 22450000 && sum_ns / PACKETS < 22550000);

	/* Close to each other, they keep their order, and none is later than the jitter allows. */
	begin((struct cw_wan_settings){ .delay_ns = 20 * MS, .jitter_ns = 5 * MS });
	for (uint32_t n = 0; n < PACKETS; n++) {
		uint64_t now_ns = n * MS / 4, leave_ns = enter(now_ns).leave_ns;
		if (!CHECK(leave_ns >= last_ns && leave_ns >= now_ns + 20 * MS &&
			   leave_ns <= now_ns + 25 * MS))
			break;
		last_ns = leave_ns;
	}

	begin((struct cw_wan_settings){ .delay_ns = 20 * MS, .jitter_ns = 5 * MS, .is_unordered = 1 });
	last_ns = 0;
	for (uint32_t n = 0; n < PACKETS; n++) {
		uint64_t leave_ns = enter(n * MS).leave_ns;
		overtaken += leave_ns < last_ns;
		last_ns = leave_ns > last_ns ? leave_ns : last_ns;
	}
	CHECK(overtaken > PACKETS / 5);
}

static void test_order_survives_a_shorter_delay(void)
{
	begin((struct cw_wan_settings){ .delay_ns = 100 * MS });
	uint64_t first_ns = enter(0).leave_ns;
	cw_wan_set(&way, &(struct cw_wan_settings){ .delay_ns = 10 * MS }, MS);
	CHECK(enter(MS).leave_ns == first_ns);
	CHECK(enter(95 * MS).leave_ns == 105 * MS);
}

static void test_held_back_and_doubled(void)
{
	uint32_t held = 0, doubled = 0;

	begin((struct cw_wan_settings){ .delay_ns = 10 * MS, .reorder_ppm = 50000,
					.reorder_ns = 3 * MS, .duplicate_ppm = 20000 });
	for (uint32_t n = 0; n < PACKETS; n++) {
		struct cw_wan_verdict v = enter(n * MS);
		uint64_t late_ns = v.leave_ns - n * MS;
		if (!CHECK(late_ns == 10 * MS || late_ns == 13 * MS))
			break;
		held += late_ns == 13 * MS;
		doubled += v.copies == 2;
	}
	CHECK(is_likely(held, PACKETS, 0.05));
	CHECK(is_likely(doubled, PACKETS, 0.02));
}

static void test_rate(void)
{
	/* 1514 bytes at 12.112 Mbit/s are a millisecond; ten of them wait. */
	struct cw_wan_settings s = { .rate_bps = 12112000, .queue_ns = 10 * MS, .delay_ns = 5 * MS };
	uint32_t passed = 0;

	begin(s);
	for (uint32_t n = 0; n < 20; n++) {
		struct cw_wan_verdict v = enter(0);
		CHECK((v.fate == CW_WAN_QUEUE) == (n >= 10));
		if (v.fate == CW_WAN_LEAVES)
			CHECK(v.leave_ns == (n + 1) * MS + 5 * MS);
	}
	/* What is through leaves room. */
	CHECK(enter(MS).leave_ns == 16 * MS);
	CHECK(enter(MS).fate == CW_WAN_QUEUE);

	/* In bytes; and an empty queue takes a frame that is larger than it. */
	s.queue_bytes = 3 * FRAME;
	begin(s);
	for (uint32_t n = 0; n < 6; n++)
		CHECK((enter(0).fate == CW_WAN_QUEUE) == (n >= 3));
	s.queue_bytes = 1;
	begin(s);
	CHECK(enter(0).fate == CW_WAN_LEAVES && enter(0).fate == CW_WAN_QUEUE);

	/* Twice as much comes as goes. */
	s.queue_bytes = 0;
	begin(s);
	for (uint32_t n = 0; n < 20000; n++)
		passed += enter(n * MS / 2).fate == CW_WAN_LEAVES;
	CHECK(passed >= 10000 && passed <= 10011);
	/* Half as much: nothing waits. */
	begin(s);
	for (uint32_t n = 0; n < 1000; n++)
		CHECK(enter(n * 2 * MS).leave_ns == n * 2 * MS + 6 * MS);
}

static void test_mtu(void)
{
	begin((struct cw_wan_settings){ .mtu_bytes = 1400 });
	CHECK(cw_wan_enter(&way, 0, 1414, 1400).fate == CW_WAN_LEAVES);
	CHECK(cw_wan_enter(&way, 0, 1415, 1401).fate == CW_WAN_TOO_LARGE);
	CHECK(cw_wan_enter(&way, 0, 1500, 0).fate == CW_WAN_LEAVES);
}

static void test_cut(void)
{
	struct cw_wan_settings s = { .is_cut = 1 };

	begin((struct cw_wan_settings){ 0 });
	cw_wan_set(&way, &s, 5 * MS);
	CHECK(enter(5 * MS).fate == CW_WAN_CUT);
	cw_wan_set(&way, &(struct cw_wan_settings){ 0 }, 9 * MS);
	CHECK(enter(9 * MS).fate == CW_WAN_LEAVES);

	/* Up for 30 ms of each 100, from when it was set; other changes do not move it. */
	s = (struct cw_wan_settings){ .flap_ns = 100 * MS, .flap_up_ns = 30 * MS };
	cw_wan_set(&way, &s, 1050 * MS);
	s.delay_ns = MS;
	cw_wan_set(&way, &s, 1060 * MS);
	for (uint64_t at = 1060; at < 3000; at++)
		if (!CHECK((enter(at * MS).fate == CW_WAN_LEAVES) == ((at - 1050) % 100 < 30)))
			break;
}

/* Fates of all frames under `settings`, as one number. */
static uint64_t fates(uint64_t seed, uint32_t index, struct cw_wan_settings settings, bool has_other)
{
	struct cw_wan_direction other;
	uint64_t all = 0;

	cw_wan_begin(&way, seed, index);
	cw_wan_set(&way, &settings, 0);
	cw_wan_begin(&other, seed, 1 - index);
	cw_wan_set(&other, &settings, 0);
	for (uint32_t n = 0; n < 20000; n++) {
		struct cw_wan_verdict v = enter(n * MS);
		if (has_other)
			cw_wan_enter(&other, n * MS, FRAME, 0);
		all = all * 0x9e3779b97f4a7c15u + v.fate * 2 + v.copies;
		all ^= settings.jitter_ns > 0 ? v.leave_ns : 0;
	}
	return all;
}

static void test_seed(void)
{
	struct cw_wan_settings s = { .delay_ns = MS, .jitter_ns = 3 * MS, .loss_ppm = 30000,
				     .burst_enter_ppm = 5000, .burst_leave_ppm = 200000,
				     .burst_loss_ppm = 900000, .duplicate_ppm = 10000,
				     .reorder_ppm = 10000, .reorder_ns = 5 * MS };
	uint64_t first = fates(check_seed, 0, s, false);

	CHECK(fates(check_seed, 0, s, false) == first);
	CHECK(fates(check_seed, 0, s, true) == first);
	CHECK(fates(check_seed, 1, s, false) != first);
	CHECK(fates(check_seed + 1, 0, s, false) != first);

	/* How late they are has no say in which are lost. */
	s.jitter_ns = 0;
	uint64_t calm = fates(check_seed, 0, s, false);
	s.delay_ns = 70 * MS;
	s.reorder_ppm = 500000;
	CHECK(fates(check_seed, 0, s, false) == calm);
}

/* All that the line should hold, in no order. */
static struct cw_wan_entry held[CW_WAN_LINE_MAX];
static uint32_t held_count;

/* The slot of the one that leaves first, by a walk; it is forgotten. */
static uint32_t oracle_take(void)
{
	uint32_t best = 0;

	for (uint32_t i = 1; i < held_count; i++)
		if (held[i].leave_ns < held[best].leave_ns ||
		    (held[i].leave_ns == held[best].leave_ns && held[i].number < held[best].number))
			best = i;
	uint32_t slot = held[best].slot;
	held[best] = held[--held_count];
	return slot;
}

static void test_line(void)
{
	static struct cw_wan_line line;
	uint64_t number = 0, now_ns = 0;
	uint32_t slot;

	CHECK(!cw_wan_line_take(&line, UINT64_MAX, &slot));
	for (uint32_t step = 0; step < 20000; step++) {
		now_ns += check_below(3);
		if (held_count < 300 && check_below(2) == 0) {
			held[held_count] = (struct cw_wan_entry){ now_ns + check_below(100), ++number,
								  (uint32_t)check_random() };
			CHECK(cw_wan_line_put(&line, held[held_count].leave_ns, held[held_count].slot));
			held_count++;
		}
		while (cw_wan_line_take(&line, now_ns, &slot))
			if (!CHECK(slot == oracle_take()))
				return;
		CHECK(line.count == held_count && cw_wan_line_next(&line) > now_ns);
	}
	CHECK(line.reordered > 1000);

	line = (struct cw_wan_line){ 0 };
	for (uint32_t i = 0; i < CW_WAN_LINE_MAX; i++)
		CHECK(cw_wan_line_put(&line, 7, i));
	CHECK(!cw_wan_line_put(&line, 7, 0));
	for (uint32_t i = 0; i < CW_WAN_LINE_MAX; i++)
		if (!CHECK(cw_wan_line_take(&line, 7, &slot) && slot == i))
			break;
	CHECK(line.reordered == 0 && line.count == 0);
}

int main(int argc, char **argv)
{
	check_begin(argc, argv);
	test_wire();
	test_loss();
	test_bursts();
	test_jitter();
	test_order_survives_a_shorter_delay();
	test_held_back_and_doubled();
	test_rate();
	test_mtu();
	test_cut();
	test_seed();
	test_line();
	return check_result();
}
