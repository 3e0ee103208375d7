/* What the scheduler of an uplink counts: all of it, exactly, by class and by stream, and nothing twice. */
#include "qos_world.h"

#define PACKET 1250u /* a millisecond at 10 Mbit/s */

static uint64_t came(const struct cw_qos_count *count, uint32_t waiting)
{
	return count->packets + count->lost_delay + count->lost_full + waiting;
}

static void put(struct cw_qos_stream *stream, uint32_t hash, uint32_t bytes, uint16_t pieces, bool is_ect)
{
	struct cw_qos_item *item = calloc(1, sizeof(*item));

	*item = (struct cw_qos_item){ .at_ns = now_ns, .piece = bytes, .last = bytes, .pieces = pieces, .is_ect = is_ect };
	added += pieces;
	cw_qos_add(qos, stream, hash, item);
}

/* What may leave now. @return how many grants that were */
static uint32_t serve(void)
{
	struct cw_qos_grant grant;
	uint32_t grants = 0;

	for (; cw_qos_next(qos, now_ns, &grant); grants++) {
		if (grant.is_last)
			free(grant.item);
	}
	return grants;
}

static void finish(void)
{
	struct cw_qos_grant grant;

	while (cw_qos_empty(qos, &grant))
		free(grant.item);
	cw_qos_free(qos);
}

static bool is_same(const struct cw_qos_count *one, const struct cw_qos_count *other)
{
	return memcmp(one, other, sizeof(*one)) == 0;
}

static void parts_are_halves_of_doublings(void)
{
	const uint64_t bounds[] = { 256, 384, 512, 768, 1024, 1536, 2048, 3072, 4096, 6144, 8192, 12288, 16384, 24576, 32768, 49152,
				    65536, 98304, 131072, 196608, 262144, 393216, 524288, 786432, 1048576 };

	CHECK(sizeof(bounds) / sizeof(bounds[0]) == CW_QUEUE_WAITS - 1);
	CHECK(cw_qos_wait_part(0) == 0);
	for (uint32_t i = 0; i < CW_QUEUE_WAITS - 1; i++) {
		CHECK(cw_qos_wait_part(bounds[i] - 1) == i);
		CHECK(cw_qos_wait_part(bounds[i]) == i + 1);
	}
	CHECK(cw_qos_wait_part(UINT64_MAX) == CW_QUEUE_WAITS - 1);
}

static void what_leaves_is_counted_with_its_wait(void)
{
	struct cw_qos_stream stream = { .class = BUSINESS };

	begin(&shape_10m);
	for (uint32_t i = 0; i < 3; i++)
		put(&stream, 1, PACKET, 1, false);
	CHECK(stream.packets == 3 && stream.count.packets == 0 && cw_qos_class_packets(qos, BUSINESS) == 3);
	for (uint32_t i = 0; i < 3; i++) {
		CHECK(serve() == 1);
		now_ns += MS;
	}
	const struct cw_qos_class_count *class = cw_qos_counted(qos, BUSINESS);
	const struct cw_qos_count wanted = { .packets = 3, .bytes = 3 * PACKET, .wait_us = 3000 };
	CHECK(is_same(&stream.count, &wanted) && is_same(&class->sum, &wanted));
	/* None, one and two milliseconds. */
	CHECK(class->waits[0] == 1 && class->waits[4] == 1 && class->waits[6] == 1);
	for (uint32_t i = 0; i < CW_QOS_CLASSES; i++)
		CHECK(i == BUSINESS || cw_qos_counted(qos, i)->sum.packets == 0);
	/* A train is as many as its pieces, each with the wait of the grant that it left by: six of 250 bytes at a time. */
	put(&stream, 1, PACKET / 5, 20, false);
	for (uint32_t turn = 0; turn < 4; turn++) {
		CHECK(stream.packets == 20 - 6 * turn);
		CHECK(serve() == 1);
		now_ns += MS * 6 / 5;
	}
	CHECK(stream.packets == 0 && stream.count.packets == 23 && stream.count.bytes == 7 * PACKET);
	CHECK(stream.count.wait_us == 3000 + 6 * 1200 + 6 * 2400 + 2 * 3600);
	CHECK(class->waits[0] == 7 && class->waits[5] == 6 && class->waits[7] == 6 && class->waits[8] == 2);
	finish();
}

/* Who waits longer than the target is marked or lost; the first of a train alone. */
static void marks_and_losses_are_counted_by_their_cause(void)
{
	for (uint32_t is_ect = 0; is_ect < 2; is_ect++) {
		struct cw_qos_stream stream = { .class = NORMAL };
		uint32_t put_in = 0;
		begin(&shape_10m);
		for (uint32_t ms = 0; ms < 400; ms++) {
			for (uint32_t i = 0; i < (ms < 20 ? 3 : 1); i++, put_in++)
				put(&stream, 1, PACKET, 1, is_ect == 1);
			serve();
			now_ns += MS;
		}
		const struct cw_qos_count *count = &stream.count;
		CHECK(is_same(count, &cw_qos_counted(qos, NORMAL)->sum));
		CHECK(count->lost_full == 0 && count->lost_bytes == count->lost_delay * PACKET);
		CHECK(is_ect == 1 ? count->marked > 0 && count->lost_delay == 0 : count->marked == 0 && count->lost_delay > 0);
		CHECK(count->bytes == count->packets * PACKET && came(count, stream.packets) == put_in);
		finish();
	}
}

static void what_has_no_room_is_counted_too(void)
{
	struct cw_qos_stream stream = { .class = BULK };
	struct cw_qos_grant grant;
	uint32_t shed = 0;

	begin(&shape_10m);
	/* 200 ms of the link are 200 packets. */
	for (uint32_t i = 0; i < 300; i++) {
		put(&stream, 1, PACKET, 1, true);
		while (cw_qos_shed(qos, &grant)) {
			shed += grant.lost;
			free(grant.item);
		}
	}
	CHECK(shed > 0 && stream.count.lost_full == shed && stream.count.lost_delay == 0);
	CHECK(stream.count.lost_bytes == shed * PACKET && came(&stream.count, stream.packets) == 300);
	finish();
}

/* Whatever comes in whatever order: what sources know of it is what was counted. */
static void nothing_is_lost_in_the_sum(void)
{
	struct cw_qos_gate slow = { 0 };
	struct cw_qos_stream streams[CW_QOS_CLASSES + 1];
	uint64_t sum = 0;

	begin(&shape_10m);
	cw_qos_set_gate(qos, &slow, 2000000);
	for (uint8_t i = 0; i <= CW_QOS_CLASSES; i++)
		streams[i] = (struct cw_qos_stream){ .class = i < CW_QOS_CLASSES ? i : BULK, .gate = i < CW_QOS_CLASSES ? NULL : &slow };
	for (uint32_t i = 0; i < 30; i++) {
		struct source source = { .stream = &streams[check_below(CW_QOS_CLASSES + 1)], .hash = i, .bytes = 40 + check_below(1460) };
		source.pieces = check_below(3) == 0 ? (uint16_t)(1 + check_below(40)) : 1;
		source.is_ect = check_below(2) == 0;
		source.gap_ns = check_below(2) == 0 ? 0 : MS / 4 + check_below(20 * MS);
		source.ahead = 3000 + check_below(60000);
		add_source(source);
	}
	for (uint32_t turn = 0; turn < 20; turn++) {
		struct cw_qos_shape shape = shape_10m;
		shape.bps = 1000000 + check_below(50000000);
		cw_qos_set(qos, &shape, now_ns);
		run(SECOND / 4);
	}
	for (uint32_t class = 0; class < CW_QOS_CLASSES; class++) {
		const struct cw_qos_class_count *count = cw_qos_counted(qos, class);
		uint64_t waits = 0;
		for (uint32_t i = 0; i < CW_QUEUE_WAITS; i++)
			waits += count->waits[i];
		CHECK(waits == count->sum.packets);
		sum += came(&count->sum, cw_qos_class_packets(qos, class));
	}
	CHECK(sum == added);
	for (uint32_t i = 0; i <= CW_QOS_CLASSES; i++) {
		struct cw_qos_count of = { 0 };
		uint64_t wait_ns = 0, waiting = 0;
		for (uint32_t k = 0; k < source_count; k++) {
			const struct source *source = &sources[k];
			if (source->stream != &streams[i])
				continue;
			of.packets += source->sent;
			of.bytes += source->sent_bytes;
			of.lost_delay += source->lost;
			of.lost_bytes += source->lost * source->bytes;
			of.marked += source->marked;
			waiting += source->waiting;
			wait_ns += source->delay_sum_ns;
		}
		const struct cw_qos_count *count = &streams[i].count;
		CHECK(count->packets == of.packets && count->bytes == of.bytes && count->marked == of.marked);
		CHECK(count->lost_delay + count->lost_full == of.lost_delay && count->lost_bytes == of.lost_bytes);
		CHECK(streams[i].bytes == waiting);
		/* Each is rounded down. */
		CHECK(count->wait_us <= wait_ns / 1000 && count->wait_us + of.packets >= wait_ns / 1000);
	}
	CHECK(cw_qos_counted(qos, BULK)->sum.packets == streams[BULK].count.packets + streams[CW_QOS_CLASSES].count.packets);
	end();
}

static void another_scheduler_counts_on(void)
{
	struct cw_qos_class_count before[CW_QOS_CLASSES];

	for (uint32_t again = 0; again < 2; again++) {
		struct cw_qos_stream stream = { .class = VOICE };
		begin(&shape_10m);
		if (again == 1)
			cw_qos_count_from(qos, before);
		put(&stream, 1, PACKET, 1, false);
		CHECK(serve() == 1);
		for (uint32_t i = 0; i < CW_QOS_CLASSES; i++)
			before[i] = *cw_qos_counted(qos, i);
		CHECK(before[VOICE].sum.packets == again + 1 && before[VOICE].waits[0] == again + 1);
		finish();
	}
}

int main(int argc, char **argv)
{
	check_begin(argc, argv);
	parts_are_halves_of_doublings();
	what_leaves_is_counted_with_its_wait();
	marks_and_losses_are_counted_by_their_cause();
	what_has_no_room_is_counted_too();
	for (uint32_t i = 0; i < 10; i++)
		nothing_is_lost_in_the_sum();
	another_scheduler_counts_on();
	return check_result();
}
