/* The lines by which the emulated WAN is set: what they change, what they leave, and what is refused by name. */
#include <string.h>

#include "check.h"
#include "wan_control.h"

static char line[CW_WAN_LINE_BYTES];
static struct cw_wan_order order;

static const char *take(const char *text)
{
	snprintf(line, sizeof(line), "%s", text);
	return cw_wan_order(line, &order);
}

/* What an order that is understood makes of `settings`. */
static const char *apply(const char *text, struct cw_wan_settings *settings)
{
	const char *why = take(text);

	return why != NULL ? why : cw_wan_apply(&order, settings);
}

static bool is(const char *one, const char *other)
{
	return one != NULL && strcmp(one, other) == 0;
}

static void test_orders(void)
{
	CHECK(take("7 read") == NULL && order.id == 7 && order.is_read);
	CHECK(take("8 set up delay_ns=1") == NULL && order.is_way[0] && !order.is_way[1]);
	CHECK(take("8 set down") == NULL && !order.is_way[0] && order.is_way[1]);
	CHECK(take("8 set both clear") == NULL && order.is_way[0] && order.is_way[1] && order.is_cleared);
	CHECK(take("8 set both clearly=1") == NULL && !order.is_cleared);
	CHECK(is(take(""), "id") && is(take("x read"), "id"));
	CHECK(is(take("1"), "verb") && is(take("1 sit up"), "verb"));
	CHECK(is(take("1 set"), "way") && is(take("1 set left"), "way"));
}

static void test_settings(void)
{
	struct cw_wan_settings s = { 0 };

	CHECK(apply("1 set up delay_ns=20000000 loss_ppm=10000 is_cut=1", &s) == NULL);
	CHECK(s.delay_ns == 20000000 && s.loss_ppm == 10000 && s.is_cut == 1);
	CHECK(apply("1 set up is_cut=0", &s) == NULL && s.is_cut == 0 && s.delay_ns == 20000000);
	CHECK(apply("1 set up clear rate_bps=8000", &s) == NULL);
	CHECK(s.delay_ns == 0 && s.loss_ppm == 0 && s.rate_bps == 8000);
	CHECK(is(apply("1 set up delay=1", &s), "delay=1"));
	CHECK(is(apply("1 set up loss_ppm=1000001", &s), "loss_ppm=1000001"));
	CHECK(is(apply("1 set up loss_ppm=-1", &s), "loss_ppm=-1"));
	CHECK(is(apply("1 set up loss_ppm=1x", &s), "loss_ppm=1x"));
	CHECK(is(apply("1 set up loss_ppm", &s), "loss_ppm"));
	CHECK(is(apply("1 set up flap_ns=5 flap_up_ns=6", &s), "flap_up_ns"));
}

int main(int argc, char **argv)
{
	check_begin(argc, argv);
	test_orders();
	test_settings();
	return check_result();
}
