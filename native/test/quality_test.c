/*
 * How good a direction is, from what its receiver counts: loss over a second and over less, over more where little is sent,
 * order, and what a new key, an overtaken report or a pause mean. And round trips, in buckets.
 */
#include <string.h>

#include "check.h"
#include "table/quality.h"

#define TICK 100000u

static struct cw_quality quality;
static uint64_t now_us;
static uint32_t highest, received, late;

static void begin(void)
{
	quality = (struct cw_quality){ 0 };
	now_us = 1000000;
	highest = received = late = 0;
	cw_quality_take(&quality, 1, 0, 0, 0, UINT32_MAX, now_us);
}

/* 100 ms in which `sent` left and `lost` of them did not come. */
static void pass(uint32_t key, uint32_t sent, uint32_t lost)
{
	now_us += TICK;
	highest += sent;
	received += sent - lost;
	cw_quality_take(&quality, key, highest, received, late, 1000, now_us);
}

static bool is_near(uint32_t ppm, uint32_t wanted)
{
	return ppm + wanted / 100 >= wanted && ppm <= wanted + wanted / 100;
}

static void tells_loss_of_the_last_second(void)
{
	begin();
	for (uint32_t i = 0; i < 20; i++)
		pass(1, 100, 0);
	CHECK(quality.loss_ppm == 0 && cw_quality_is_fresh(&quality, now_us));
	for (uint32_t i = 0; i < 10; i++)
		pass(1, 100, 5);
	CHECK(is_near(quality.loss_ppm, 50000) && quality.lost == 50);
	for (uint32_t i = 0; i < 10; i++)
		pass(1, 100, 0);
	CHECK(quality.loss_ppm == 0);
	CHECK(!cw_quality_is_fresh(&quality, now_us + 2000000));
}

static void sees_what_is_sudden_sooner(void)
{
	begin();
	for (uint32_t i = 0; i < 20; i++)
		pass(1, 100, 0);
	for (uint32_t i = 0; i < 3; i++)
		pass(1, 100, 5);
	CHECK(is_near(quality.loss_fast_ppm, 50000) && quality.loss_ppm < 20000);
	/* Of fifteen packets nobody can tell. */
	begin();
	for (uint32_t i = 0; i < 20; i++)
		pass(1, 5, 1);
	CHECK(quality.loss_fast_ppm == 0 && is_near(quality.loss_ppm, 200000));
}

static void looks_back_further_where_little_is_sent(void)
{
	begin();
	for (uint32_t i = 0; i < 15; i++)
		pass(1, 1, i == 3);
	CHECK(!cw_quality_is_fresh(&quality, now_us));
	for (uint32_t i = 0; i < 10; i++)
		pass(1, 1, 0);
	CHECK(quality.packets == CW_QUALITY_PACKETS && quality.loss_ppm == 0);
}

static void goes_on_over_a_new_key(void)
{
	begin();
	for (uint32_t i = 0; i < 10; i++)
		pass(1, 100, 10);
	highest = received = 0;
	for (uint32_t i = 0; i < 5; i++)
		pass(2, 100, 10);
	CHECK(is_near(quality.loss_ppm, 100000));
}

static void takes_no_news_from_an_old_report(void)
{
	begin();
	for (uint32_t i = 0; i < 12; i++)
		pass(1, 100, 0);
	struct cw_quality before = quality;
	cw_quality_take(&quality, 1, highest - 100, received - 150, 0, 1000, now_us + 10);
	CHECK(memcmp(&before, &quality, sizeof(quality)) == 0);
}

static void counts_what_was_overtaken(void)
{
	begin();
	for (uint32_t i = 0; i < 12; i++) {
		late += 10;
		pass(1, 100, 0);
	}
	CHECK(is_near(quality.late_ppm, 100000) && quality.jitter_us == 1000);
}

/* A packet now and then does not keep it alive. */
static void loss_of_long_ago_is_no_loss(void)
{
	begin();
	for (uint32_t i = 0; i < 30; i++)
		pass(1, 100, 5);
	CHECK(is_near(quality.loss_ppm, 50000) && cw_quality_is_fresh(&quality, now_us));
	for (uint32_t seconds = 5; seconds <= 600; seconds += 5) {
		now_us += 5000000 - TICK;
		pass(1, 1, 0);
		CHECK(seconds <= 30 || !cw_quality_is_fresh(&quality, now_us));
	}
	/* Where packets are many again, they say how it is. */
	for (uint32_t i = 0; i < 11; i++)
		pass(1, 100, 1);
	CHECK(cw_quality_is_fresh(&quality, now_us) && is_near(quality.loss_ppm, 10000));
}

static void quantiles_are_right_to_a_bucket(void)
{
	struct cw_rtt_histogram histogram = { { 0 } };

	CHECK(cw_rtt_quantile(&histogram, 500) == UINT32_MAX);
	for (uint32_t us = 1; us <= 10000; us++)
		cw_rtt_count(&histogram, us * 100);
	for (uint32_t permille = 50; permille <= 1000; permille += 50) {
		uint32_t exact = permille * 1000, told = cw_rtt_quantile(&histogram, permille);
		CHECK(told >= exact && told <= exact + exact / 4 + 64);
	}
	/* Old ones fade. */
	for (uint32_t i = 0; i < 1000000; i++)
		cw_rtt_count(&histogram, 5000);
	CHECK(cw_rtt_quantile(&histogram, 990) < 7000);
	cw_rtt_count(&histogram, 0);
	cw_rtt_count(&histogram, UINT32_MAX);
}

int main(int argc, char **argv)
{
	check_begin(argc, argv);
	tells_loss_of_the_last_second();
	sees_what_is_sudden_sooner();
	looks_back_further_where_little_is_sent();
	goes_on_over_a_new_key();
	takes_no_news_from_an_old_report();
	counts_what_was_overtaken();
	loss_of_long_ago_is_no_loss();
	quantiles_are_right_to_a_bucket();
	return check_result();
}
