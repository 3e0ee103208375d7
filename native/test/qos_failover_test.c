/*
 * What waits for an uplink whose path fails leaves by another one, where it waits anew, by that one's rate: it does not stand in its modem,
 * in front of calls. What finds no way any more is counted for what it is.
 */
#include "graph/explain.h"
#include "graph/ip4.h"
#include "seal_packets.h"

/* Needs the bench of the header above. */
#include "second_uplink.h"

#define FAST_BPS 100000000u
#define SLOW_BPS 10000000u
#define OUTER (14 + 28 + CW_SEALED_OVERHEAD)

static uint32_t given; /* number of the packet, which it has for an id */
static uint16_t flow = 100; /* port of one that is new in each test: by the best path, and none that it had before */

static void give_packet(uint32_t length, uint16_t port, uint8_t dscp)
{
	make_packet(PACKET_UDP, 20, length, CW_BENCH_FAR);
	sent[1] = (uint8_t)(dscp << 2 | CW_ECN_ECT0);
	packet_put16(sent + 4, ++given);
	packet_finish_ip(sent);
	packet_put16(sent + 20, port);
	packet_put16(sent + 22, port);
	packet_finish(sent, length);
	give(NULL, length);
}

/* Until nothing more is heard, all of it in order. @return bytes on the link */
static uint32_t hear_all(uint32_t *count, uint16_t *last)
{
	uint32_t bytes = 0, length;
	uint8_t *got;

	*count = 0;
	while ((length = hear(&got)) > 0) {
		CHECK(packet_is_right(got, length) && packet_u16(got + 4) > *last);
		*last = (uint16_t)packet_u16(got + 4);
		(*count)++;
		bytes += length + OUTER;
	}
	return bytes;
}

static uint64_t dropped(enum cw_drop reason)
{
	return bench.worker->drops[reason];
}

static void begin(uint64_t second_bps)
{
	be_up(bench.far, 0, true);
	shape(FAST_BPS);
	shape_second(second_bps);
	given = 0;
	flow++;
}

static void end(void)
{
	uint32_t count;
	uint16_t last = 0;

	shape(0);
	shape_second(0);
	hear_all(&count, &last);
	be_up(bench.far, 0, true);
	cw_bench_drops(&bench);
}

static void waits_for_the_other_by_its_rate(void)
{
	uint32_t count, all = 0, bytes = 0;
	uint16_t last = 0;

	begin(SLOW_BPS);
	for (uint32_t i = 0; i < 60; i++)
		give_packet(1300, flow, 0);
	CHECK(hear_all(&count, &last) == 0);
	be_up(bench.far, 0, false);
	for (uint32_t ms = 1; ms <= 40; ms++) {
		pass_us(1000);
		bytes += hear_all(&count, &last);
		all += count;
		if (!CHECK(bytes <= (uint64_t)SLOW_BPS / 8000 * ms + 1300 + OUTER))
			break;
	}
	CHECK(bytes + 4000 >= SLOW_BPS / 8000 * 40);
	for (uint32_t ms = 0; ms < 60; ms++) {
		pass_us(1000);
		hear_all(&count, &last);
		all += count;
	}
	CHECK(all == 60 && cw_qos_due_us(bench.worker) == UINT64_MAX && cw_bench_drops(&bench)[0] == 0);
	end();
}

static void a_call_overtakes_there(void)
{
	uint32_t length;
	uint8_t *got;

	begin(SLOW_BPS);
	for (uint32_t i = 0; i < 30; i++)
		give_packet(1300, flow, 0);
	be_up(bench.far, 0, false);
	for (uint32_t ms = 0; ms < 8; ms++)
		pass_us(1000);
	while (hear(&got) > 0)
		;
	give_packet(200, 9, 46);
	pass_us(1300);
	length = hear(&got);
	CHECK(length == 200 && packet_u16(got + 22) == 9);
	end();
}

/* What of it has left already does not leave again; what is left is what it was. */
static void a_train_goes_on_where_it_was_cut(void)
{
	for (uint32_t is_cut = 0; is_cut < 2; is_cut++) {
		uint32_t at = 40, pieces = 0, before, length;
		uint8_t *got;
		begin(SLOW_BPS);
		make_packet(PACKET_TCP, 20, 40 + 30500, CW_BENCH_FAR);
		sent[1] = CW_ECN_ECT0;
		packet_finish(sent, 40 + 30500);
		give(&(struct cw_vnet_hdr){ CW_VNET_NEEDS_CSUM, CW_VNET_GSO_TCPV4, 54, 1000, 34, 16 }, 40 + 30500);
		if (is_cut)
			pass_us(1000);
		for (uint32_t ms = 0; ms < 100; ms++) {
			before = pieces;
			while ((length = hear(&got)) > 0) {
				CHECK(packet_is_right(got, length) && memcmp(got + 40, sent + at, length - 40) == 0);
				at += length - 40;
				pieces++;
			}
			CHECK(ms == 0 || pieces - before <= 3);
			if (ms == 0) {
				CHECK(is_cut ? pieces > 0 && pieces < 31 : pieces == 0);
				be_up(bench.far, 0, false);
			}
			pass_us(1000);
		}
		CHECK(pieces == 31 && at == 40 + 30500 && cw_bench_drops(&bench)[0] == 0);
		end();
	}
}

/* Or is lost and counted, where the other has no room for so much. */
static void there_is_room_for_what_the_other_carries(void)
{
	uint32_t count, all = 0;
	uint16_t last = 0;

	begin(SLOW_BPS / 5);
	for (uint32_t i = 0; i < 150; i++)
		give_packet(1300, flow, 0);
	CHECK(dropped(CW_DROP_QUEUE_FULL) == 0);
	be_up(bench.far, 0, false);
	for (uint32_t ms = 0; ms < 400; ms++) {
		pass_us(1000);
		hear_all(&count, &last);
		all += count;
	}
	if (!CHECK(dropped(CW_DROP_QUEUE_FULL) > 50 && all >= 20 && all + dropped(CW_DROP_QUEUE_FULL) == 150))
		fprintf(stderr, "  %u came, %s\n", all, cw_bench_drops(&bench));
	end();
}

static void leaves_at_once_where_nothing_waits(void)
{
	uint32_t count;
	uint16_t last = 0;

	begin(0);
	for (uint32_t i = 0; i < 40; i++)
		give_packet(1300, flow, 0);
	be_up(bench.far, 0, false);
	for (uint32_t ms = 0; ms < 6; ms++)
		pass_us(1000);
	hear_all(&count, &last);
	CHECK(count == 40 && cw_bench_drops(&bench)[0] == 0);
	end();
}

static uint32_t told_of(enum cw_drop reason)
{
	struct cw_explain ask = { .source_port = flow, .destination_port = flow, .protocol = PACKET_UDP };
	struct cw_address from = cw_bench_v4(CW_BENCH_HOST), to = cw_bench_v4(CW_BENCH_FAR);
	static struct cw_explained said;

	memcpy(ask.source, &from, 16);
	memcpy(ask.destination, &to, 16);
	cw_explain(bench.worker, &ask, &said);
	for (uint32_t i = 0; i < said.head.incident_count; i++) {
		if (said.incidents[i].reason == (uint16_t)reason)
			return said.incidents[i].count;
	}
	return 0;
}

/* Its policy allows none of those that are left; or there is no session. */
static void what_finds_no_way_is_counted_for_what_it_is(void)
{
	struct cw_policy_program *policy = &bench.worker->view->program->policies[0];

	begin(SLOW_BPS);
	path_at(bench.far, 0)->is_private = true;
	policy->kinds = CW_NETWORK_PRIVATE;
	policy->is_strict = 1;
	be_up(bench.far, 0, true);
	for (uint32_t i = 0; i < 10; i++)
		give_packet(1300, flow, 0);
	be_up(bench.far, 0, false);
	pass_us(5000);
	CHECK(strcmp(cw_bench_drops(&bench), "policy 10") == 0 && told_of(CW_DROP_POLICY) == 10);
	policy->kinds = 3;
	policy->is_strict = 0;
	path_at(bench.far, 0)->is_private = false;
	be_up(bench.far, 0, true);
	for (uint32_t i = 0; i < 10; i++)
		give_packet(1300, flow, 0);
	atomic_store(&bench.far->current, NULL);
	pass_us(5000);
	CHECK(strcmp(cw_bench_drops(&bench), "no_session 10") == 0 && told_of(CW_DROP_NO_SESSION) == 10);
	atomic_store(&bench.far->current, bench.keypair);
	end();
}

int main(int argc, char **argv)
{
	check_begin(argc, argv);
	cw_bench_open(&bench);
	open_second();
	name_second_path(bench.far);
	waits_for_the_other_by_its_rate();
	a_call_overtakes_there();
	a_train_goes_on_where_it_was_cut();
	there_is_room_for_what_the_other_carries();
	leaves_at_once_where_nothing_waits();
	what_finds_no_way_is_counted_for_what_it_is();
	close_second();
	cw_bench_close(&bench);
	return check_result();
}
