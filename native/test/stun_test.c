/*
 * STUN at the overlay port, in both families: answers get through if they were asked for, whatever else of it comes, and so
 * do as many questions as a gateway is to answer.
 */
#include "check.h"
#include "graph/graph.h"
#include "overlay_traffic.h"
#include "packet.h"

static struct datagram as(const struct datagram *question, uint16_t type)
{
	struct datagram d = *question;

	packet_put16(d.bytes, type);
	return d;
}

static bool is_up(const struct datagram *d)
{
	cw_test_receive(d);
	bool is_up = cw_test_went_up(d);
	return is_up && cw_bench_drain(&bench, CW_BENCH_UPLINK_TWIN) == 0 && cw_bench_drops(&bench)[0] == 0;
}

static bool is_dropped(const struct datagram *d, const char *reason)
{
	cw_test_receive(d);
	return cw_bench_drain(&bench, CW_BENCH_UPLINK_TWIN) == 0 && strcmp(cw_bench_drops(&bench), reason) == 0;
}

static void lets_answers_through_that_were_asked_for(void)
{
	struct datagram question = cw_test_stun(28), success = as(&question, 0x0101), failure = as(&question, 0x0111);

	CHECK(is_dropped(&success, "stun_unasked 1") && is_dropped(&failure, "stun_unasked 1"));
	cw_test_leave(&question);
	CHECK(is_up(&success) && is_up(&failure));
	success.bytes[19] ^= 1;
	CHECK(is_dropped(&success, "stun_unasked 1"));
	success.bytes[19] ^= 1;
	/* Who sees it may say it again and again: no more than four times in all. */
	CHECK(is_up(&success) && is_up(&success) && is_dropped(&success, "stun_unasked 1"));
	cw_test_leave(&question);
	CHECK(is_up(&success));
	bench.worker->now_us += 1999999;
	CHECK(is_up(&success));
	bench.worker->now_us += 1;
	CHECK(is_dropped(&success, "stun_unasked 1"));
}

/* Answers that leave, and questions that are none, ask for nothing. */
static void only_a_question_asks(void)
{
	struct datagram question = cw_test_stun(20), answer = as(&question, 0x0101), cut = question, indication;

	cw_test_leave(&answer);
	CHECK(is_dropped(&answer, "stun_unasked 1"));
	cut.bytes[3] = 4;
	cw_test_leave(&cut);
	CHECK(is_dropped(&answer, "stun_unasked 1"));
	indication = as(&question, 0x0011);
	CHECK(is_dropped(&indication, "stun_type 1"));
	indication = as(&question, 0x0003);
	CHECK(is_dropped(&indication, "stun_type 1"));
}

/* Of questions, of answers that nobody asked for, of junk: a thousand each at once, and not one answer is lost. */
static void no_flood_takes_the_place_of_an_answer(void)
{
	struct datagram asked[64];

	for (uint32_t i = 0; i < 64; i++) {
		asked[i] = cw_test_stun(20);
		cw_test_leave(&asked[i]);
	}
	bench.worker->now_us += 1000000;
	for (uint32_t i = 0; i < 1000; i++) {
		struct datagram question = cw_test_stun(20), answer = as(&question, 0x0101), junk = as(&question, 0x01ff);
		sender++;
		cw_test_receive(&question);
		cw_test_receive(&answer);
		cw_test_receive(&junk);
	}
	sender = CW_BENCH_FAR_WAN;
	CHECK(cw_bench_drain(&bench, CW_BENCH_UPLINK_TWIN) == 100);
	CHECK(strcmp(cw_bench_drops(&bench), "stun_rate 900, stun_unasked 1000, stun_type 1000") == 0);
	uint32_t up = 0;
	for (uint32_t i = 0; i < 64; i++) {
		struct datagram answer = as(&asked[i], 0x0101);
		up += is_up(&answer);
	}
	CHECK(up == 64);
	cw_bench_drops(&bench);
}

int main(int argc, char **argv)
{
	check_begin(argc, argv);
	cw_bench_open(&bench);
	for (uint32_t family = 0; family < 2; family++) {
		is_over_v6 = family == 1;
		lets_answers_through_that_were_asked_for();
		only_a_question_asks();
		no_flood_takes_the_place_of_an_answer();
		bench.worker->now_us += 10000000;
	}
	cw_bench_close(&bench);
	return check_result();
}
