/*
 * The scheduler of an uplink: that its rate holds, that a call waits for nobody, what is lost and what only marked, and that nothing
 * else is lost, whatever comes in whatever order.
 */
#include "qos_world.h"

static void keeps_its_rate(void)
{
	const uint64_t rates[] = { 1000000, 10000000, 50000000, 200000000, 1000000000 };

	for (uint32_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		for (uint32_t late = 0; late < 2; late++) {
			struct cw_qos_shape shape = shape_10m;
			struct cw_qos_stream stream = { .class = NORMAL };
			shape.bps = rates[i];
			begin(&shape);
			late_ns = late * 300000;
			struct source *source = add_source((struct source){ .stream = &stream, .bytes = 1000, .ahead = 30000, .is_ect = true });
			run(SECOND);
			window_ns = 100 * MS;
			window_end_ns = now_ns + window_ns;
			window_bytes = most_window_bytes = 0;
			least_window_bytes = UINT64_MAX;
			uint64_t before = source->sent_bytes;
			run(2 * SECOND);
			CHECK(is_within(source->sent_bytes - before, 2 * rates[i] / 8, 0.001));
			/* One packet more or less. */
			uint64_t window = rates[i] / 80;
			CHECK(least_window_bytes + 1000 + window / 100 >= window && most_window_bytes <= window + 1000 + window / 100);
			end();
		}
	}
}

static void a_call_waits_for_one_packet(void)
{
	struct cw_qos_stream voice = { .class = VOICE }, bulk = { .class = BULK }, other = { .class = BUSINESS };

	begin(&shape_10m);
	struct source *call = add_source((struct source){ .stream = &voice, .bytes = 250, .gap_ns = 20 * MS });
	add_source((struct source){ .stream = &bulk, .bytes = 1500, .hash = 1, .ahead = 60000 });
	add_source((struct source){ .stream = &bulk, .bytes = 1500, .hash = 2, .gap_ns = MS / 2 });
	add_source((struct source){ .stream = &other, .bytes = 1500, .pieces = 40, .hash = 3, .ahead = 30000 });
	run(10 * SECOND);
	CHECK(call->sent >= 500 && call->lost == 0);
	CHECK(call->delay_most_ns <= 1500 * 8 * 100 + 1000);
	end();
}

static void what_waits_too_long_is_marked_or_lost(void)
{
	for (uint32_t is_ect = 0; is_ect < 2; is_ect++) {
		struct cw_qos_stream stream = { .class = NORMAL };
		begin(&shape_10m);
		struct source *source = add_source((struct source){ .stream = &stream, .bytes = 1500, .ahead = 60000, .is_ect = is_ect == 1 });
		run(SECOND);
		CHECK(is_ect == 1 ? source->marked > 5 && source->lost == 0 : source->lost > 5 && source->marked == 0);
		/* The longer it lasts the more. */
		uint64_t before = source->marked + source->lost;
		run(2 * SECOND);
		CHECK(source->marked + source->lost > 3 * before);
		/* A wait below the target is good. */
		source->ahead = 4500;
		run(SECOND);
		before = source->marked + source->lost;
		run(5 * SECOND);
		CHECK(source->marked + source->lost == before);
		end();
	}
}

static void who_floods_loses(void)
{
	struct cw_qos_stream stream = { .class = NORMAL };

	begin(&shape_10m);
	struct source *flood = add_source((struct source){ .stream = &stream, .hash = 1, .bytes = 1400, .gap_ns = 20000 });
	struct source *small = add_source((struct source){ .stream = &stream, .hash = 2, .bytes = 100, .gap_ns = MS });
	run(5 * SECOND);
	CHECK(small->lost == 0 && small->delay_most_ns < 10 * MS);
	CHECK(flood->lost > flood->sent);
	/* 200 ms of the link are 250 kB, and what came last. */
	CHECK(cw_qos_waiting_bytes(qos) <= 250000);
	end();
}

static void few_items_are_many_too(void)
{
	struct cw_qos_shape shape = shape_10m;
	struct cw_qos_stream stream = { .class = NORMAL };

	shape.bps = 1000000000;
	begin(&shape);
	struct source *source = add_source((struct source){ .stream = &stream, .bytes = 40, .ahead = 0 });
	for (uint32_t i = 0; i < 3 * ITEMS; i++)
		send_one(source);
	CHECK(cw_qos_waiting_items(qos) <= ITEMS && source->lost >= ITEMS);
	end();
}

/* Each of one packet: as many as come in hours at a link that is almost idle. */
static void flows_without_end_find_room(void)
{
	struct cw_qos_stream normal = { .class = NORMAL }, voice = { .class = VOICE };

	begin(&shape_10m);
	struct source *strangers = add_source((struct source){ .stream = &normal, .bytes = 100 });
	struct source *callers = add_source((struct source){ .stream = &voice, .bytes = 200 });
	for (uint32_t i = 0; i < 5 * CW_QOS_FLOWS; i++) {
		struct source *source = i % 100 == 0 ? callers : strangers;
		source->hash = i;
		send_one(source);
		run(500000);
	}
	run(SECOND);
	CHECK(strangers->lost == 0 && callers->lost == 0 && cw_qos_waiting_items(qos) == 0);
	CHECK(strangers->sent + callers->sent == 5 * CW_QOS_FLOWS);
	end();
}

/* And in a moment: those of another class lose nothing for it, nor who sends more than others but little. */
static void a_flood_of_flows_costs_other_classes_nothing(void)
{
	struct cw_qos_stream normal = { .class = NORMAL }, voice = { .class = VOICE };

	begin(&shape_10m);
	struct source *flood = add_source((struct source){ .stream = &normal, .bytes = 60 });
	struct source *calls = add_source((struct source){ .stream = &voice, .bytes = 1000 });
	for (uint32_t i = 0; i < 10 * CW_QOS_FLOWS; i++) {
		flood->hash = i;
		send_one(flood);
		if (i % 1000 == 0) {
			calls->hash = i;
			send_one(calls);
		}
		run(10000);
	}
	run(2 * SECOND);
	CHECK(calls->lost == 0 && calls->sent > 80 && calls->delay_most_ns < 3 * MS);
	CHECK(flood->lost > 4 * CW_QOS_FLOWS && flood->sent > 8 * 1000);
	end();
}

static void another_rate_loses_nothing(void)
{
	struct cw_qos_shape shape = shape_10m;
	struct cw_qos_stream stream = { .class = NORMAL };

	begin(&shape);
	struct source *source = add_source((struct source){ .stream = &stream, .bytes = 1000, .ahead = 5000, .is_ect = true });
	run(SECOND);
	for (uint32_t i = 0; i < 6; i++) {
		shape.bps = i % 2 == 0 ? 50000000 : 10000000;
		cw_qos_set(qos, &shape, now_ns);
		uint64_t before = source->sent_bytes;
		run(SECOND);
		CHECK(is_within(source->sent_bytes - before, shape.bps / 8, 0.01));
	}
	CHECK(source->lost == 0);
	end();
}

static void what_does_not_wait_takes_its_time(void)
{
	struct cw_qos_stream stream = { .class = NORMAL };

	begin(&shape_10m);
	struct source *source = add_source((struct source){ .stream = &stream, .bytes = 1000, .ahead = 30000, .is_ect = true });
	for (uint32_t i = 0; i < 1000; i++) {
		run(10 * MS);
		cw_qos_charge(qos, now_ns, 2500);
	}
	CHECK(is_within(source->sent_bytes, 12500000 - 2500000, 0.01));
	end();
}

/* Nor does what goes beside, and could take all: a call within the small part that is left does not wait for what that has used. */
static void a_call_inwards_waits_for_nothing_beside(void)
{
	struct cw_qos_shape shape = shape_10m;
	struct cw_qos_stream stream = { .class = NORMAL };

	shape.is_inwards = true;
	begin(&shape);
	struct source *call = add_source((struct source){ .stream = &stream, .bytes = 250, .gap_ns = 20 * MS });
	for (uint32_t i = 0; i < 10000; i++) {
		cw_qos_charge_beside(qos, now_ns, 1500);
		run(MS);
	}
	CHECK(call->sent >= 500 && call->lost == 0 && call->delay_most_ns <= 5 * MS);
	if (call->delay_most_ns > 5 * MS)
		fprintf(stderr, "  %.1f ms\n", (double)call->delay_most_ns / 1e6);
	/* More than that waits, and has its part. */
	struct source *bulk = add_source((struct source){ .stream = &stream, .hash = 1, .bytes = 1500, .ahead = 60000, .is_ect = true });
	for (uint32_t i = 0; i < 10000; i++) {
		cw_qos_charge_beside(qos, now_ns, 1500);
		run(MS);
	}
	CHECK(bulk->sent_bytes * 8 / 10 > 300000 && bulk->sent_bytes * 8 / 10 < 700000 && call->lost == 0);
	end();
}

static void silence_saves_nothing_up(void)
{
	struct cw_qos_stream stream = { .class = NORMAL };

	begin(&shape_10m);
	struct source *source = add_source((struct source){ .stream = &stream, .bytes = 1000 });
	run(5 * SECOND);
	source->ahead = 50000;
	run(100 * MS);
	CHECK(is_within(source->sent_bytes, 125000, 0.02));
	end();
}

/* Anything in any order: nothing gets lost on the way, and nothing stands still. */
static void holds_under_anything(void)
{
	static struct cw_qos_gate gates[4];
	static struct cw_qos_stream streams[16];
	struct cw_qos_shape shape = shape_10m;

	memset(gates, 0, sizeof(gates));
	shape.bps = 1000000u * (1 + check_below(500));
	begin(&shape);
	late_ns = check_below(3) == 0 ? check_below(5000000) : 0;
	for (uint32_t i = 0; i < 4; i++)
		cw_qos_set_gate(qos, &gates[i], check_below(2) == 0 ? 0 : 100000 + check_below(20000000));
	for (uint32_t i = 0; i < 16; i++)
		streams[i] = (struct cw_qos_stream){ .class = (uint8_t)(i % CW_QOS_CLASSES), .gate = &gates[i / 4] };
	for (uint32_t i = 0; i < 40; i++)
		add_source((struct source){ .stream = &streams[check_below(16)], .hash = (uint32_t)check_random(), .bytes = 40 + check_below(1460), .pieces = (uint16_t)(check_below(3) == 0 ? 1 + check_below(44) : 1), .is_ect = check_below(2) == 0, .gap_ns = check_below(2) == 0 ? 0 : 100000 + check_below(20000000), .ahead = check_below(20000) });
	for (uint32_t i = 0; i < 20; i++) {
		run(20 * MS);
		if (check_below(4) == 0) {
			shape.bps = 1000000u * (1 + check_below(500));
			cw_qos_set(qos, &shape, now_ns);
		}
		if (check_below(4) == 0)
			cw_qos_set_gate(qos, &gates[check_below(4)], check_below(2) == 0 ? 0 : 100000 + check_below(20000000));
	}
	for (uint32_t i = 0; i < source_count; i++) {
		sources[i].ahead = 0;
		sources[i].gap_ns = 0;
	}
	late_ns = 0;
	run(60 * SECOND);
	CHECK(cw_qos_waiting_items(qos) == 0 && cw_qos_due_ns(qos) == UINT64_MAX);
	end();
}

int main(int argc, char **argv)
{
	check_begin(argc, argv);
	keeps_its_rate();
	a_call_waits_for_one_packet();
	what_waits_too_long_is_marked_or_lost();
	who_floods_loses();
	few_items_are_many_too();
	flows_without_end_find_room();
	a_flood_of_flows_costs_other_classes_nothing();
	another_rate_loses_nothing();
	what_does_not_wait_takes_its_time();
	a_call_inwards_waits_for_nothing_beside();
	silence_saves_nothing_up();
	for (uint32_t i = 0; i < 200; i++)
		holds_under_anything();
	return check_result();
}
