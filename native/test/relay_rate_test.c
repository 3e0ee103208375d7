/* What a channel may carry: each direction by itself, of all that leaves with its headers, and neither more nor less than was said. */
#include "relay_ends.h"

/* Bytes of IP that leave when `far` sends one such datagram each `gap_us`. */
static uint32_t push(const struct datagram *inner, uint32_t count, uint32_t gap_us)
{
	uint32_t bytes = 0;

	for (uint32_t i = 0; i < count; i++) {
		struct datagram d = relay_seal(&far, 100, inner), left;
		const struct end *to;
		bench.worker->now_us += gap_us;
		receive_from(&far, &d);
		if (take_sent(&left, &to))
			bytes += 28 + left.length;
	}
	cw_bench_drops(&bench);
	return bytes;
}

/* Small ones have more headers than text: the rate is of all that leaves. */
static void a_rate_is_of_bytes_on_the_wire(void)
{
	struct datagram inner = inner_of(0xD1, 40);

	CHECK(join_channel(100, 200, 8000000) == 0);
	uint32_t bytes = push(&inner, 50000, 20);
	CHECK(bytes <= 1000000 + 262144 && bytes >= 1000000);
	CHECK(cw_relay_close(bench.worker, bench.far, 100) == 0);
}

/* However often it is looked at: a fraction of a byte is not lost. */
static void a_slow_channel_has_all_of_its_rate(void)
{
	struct datagram inner = inner_of(0xD1, 40);

	CHECK(join_channel(100, 200, 152000) == 0); /* 19 bytes in a ms */
	push(&inner, 4000, 1);
	uint32_t bytes = push(&inner, 40000, 100);
	if (!CHECK(bytes >= 75500 && bytes <= 76200))
		fprintf(stderr, "  %u bytes\n", bytes);
	CHECK(cw_relay_close(bench.worker, bench.far, 100) == 0);
}

static void holds_each_direction_to_its_rate(void)
{
	struct datagram inner = inner_of(0xD1, 1000), left;
	const struct end *to;
	uint32_t forwarded = 0;

	CHECK(join_channel(100, 200, 8000000) == 0);
	for (uint32_t i = 0; i < 2000; i++) {
		struct datagram d = relay_seal(&far, 100, &inner);
		bench.worker->now_us += 500; /* twice its rate */
		receive_from(&far, &d);
		forwarded += take_sent(&left, &to);
	}
	/* A second of it, and what a channel may send at once: each is 1,060 bytes on the wire. */
	CHECK(forwarded >= 943 && forwarded <= (1000000 + 262144) / 1060 + 1);
	char wanted[32];
	snprintf(wanted, sizeof(wanted), "relay_rate %u", 2000 - forwarded);
	expect_nothing(wanted);
	struct datagram d = relay_seal(&other, 200, &inner);
	receive_from(&other, &d);
	expect_forwarded(&far, 100, &inner);
	CHECK(cw_relay_close(bench.worker, bench.far, 100) == 0);
}

/* Half a second of its rate waits for who was silent, and no more, however long that was. */
static void half_a_second_may_cross_at_once(void)
{
	struct datagram inner = inner_of(0xD1, 1000);

	CHECK(join_channel(100, 200, 8000000) == 0);
	bench.worker->now_us += 2000000;
	uint32_t bytes = push(&inner, 1000, 0);
	if (!CHECK(bytes > 500000 - 1060 && bytes <= 500000))
		fprintf(stderr, "  %u bytes\n", bytes);
	CHECK(cw_relay_close(bench.worker, bench.far, 100) == 0);
}

int main(int argc, char **argv)
{
	check_begin(argc, argv);
	open_ends();
	cw_bench_drops(&bench);
	holds_each_direction_to_its_rate();
	a_rate_is_of_bytes_on_the_wire();
	a_slow_channel_has_all_of_its_rate();
	half_a_second_may_cross_at_once();
	cw_bench_close(&bench);
	return check_result();
}
