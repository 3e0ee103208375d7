/* How what waits for an uplink shares it: classes by their weights and caps, peers by what they take, flows alike; trains in pieces. */
#include "qos_world.h"

static void a_class_that_is_strict_has_a_cap(void)
{
	struct cw_qos_stream voice = { .class = VOICE }, bulk = { .class = BULK };

	begin(&shape_10m);
	struct source *flood = add_source((struct source){ .stream = &voice, .bytes = 1000, .ahead = 40000 });
	struct source *other = add_source((struct source){ .stream = &bulk, .bytes = 1000, .ahead = 40000, .is_ect = true });
	run(10 * SECOND);
	/* Half before all others, and its weight of the rest. */
	uint64_t all = flood->sent_bytes + other->sent_bytes;
	CHECK(is_within(all, 12500000, 0.01));
	CHECK(other->sent_bytes > all / 10 && flood->sent_bytes > all / 2);
	end();
}

/* Who has flooded it is not behind the others for as long once the flood is over. */
static void a_flood_uses_no_more_than_the_cap(void)
{
	struct cw_qos_stream voice = { .class = VOICE }, bulk = { .class = BULK };

	begin(&shape_10m);
	struct source *flood = add_source((struct source){ .stream = &voice, .hash = 1, .bytes = 1000, .ahead = 40000, .is_ect = true });
	add_source((struct source){ .stream = &bulk, .bytes = 1500, .ahead = 40000, .is_ect = true });
	run(20 * SECOND);
	flood->ahead = 0;
	run(SECOND);
	struct source *call = add_source((struct source){ .stream = &voice, .hash = 2, .bytes = 250, .gap_ns = 20 * MS });
	run(2 * SECOND);
	CHECK(call->lost == 0 && call->delay_most_ns <= 1500 * 8 * 100 + 1000);
	end();
}

static void classes_share_by_weight(void)
{
	struct cw_qos_stream streams[] = { { .class = BUSINESS }, { .class = NORMAL }, { .class = BULK } };
	const uint32_t weights[] = { 50, 30, 20 };
	struct source *of[3];

	begin(&shape_10m);
	for (uint32_t i = 0; i < 3; i++)
		of[i] = add_source((struct source){ .stream = &streams[i], .bytes = 600 + 400 * i, .ahead = 40000, .is_ect = true });
	run(10 * SECOND);
	for (uint32_t i = 0; i < 3; i++)
		CHECK(is_within(of[i]->sent_bytes, 12500000ull * weights[i] / 100, 0.02));
	/* Who is silent leaves its share to the others, by their weights. */
	uint64_t before[3] = { of[0]->sent_bytes, of[1]->sent_bytes, of[2]->sent_bytes };
	of[0]->ahead = 0;
	run(10 * SECOND);
	CHECK(of[0]->sent_bytes - before[0] <= 50000);
	CHECK(is_within(of[1]->sent_bytes - before[1], 12500000ull * 3 / 5, 0.02));
	CHECK(is_within(of[2]->sent_bytes - before[2], 12500000ull * 2 / 5, 0.02));
	end();
}

static void flows_share_alike(void)
{
	struct cw_qos_stream stream = { .class = NORMAL };
	double sum = 0, squares = 0;

	begin(&shape_10m);
	for (uint32_t i = 0; i < 16; i++)
		add_source((struct source){ .stream = &stream, .hash = i * 7919, .bytes = i % 2 == 0 ? 1500 : 300, .pieces = i % 3 == 0 ? 8 : 1, .ahead = 12000, .is_ect = true });
	run(SECOND);
	struct source *thin = add_source((struct source){ .stream = &stream, .hash = 99, .bytes = 200, .gap_ns = 50 * MS });
	run(20 * SECOND);
	for (uint32_t i = 0; i < 16; i++) {
		sum += (double)sources[i].sent_bytes;
		squares += (double)sources[i].sent_bytes * (double)sources[i].sent_bytes;
	}
	CHECK(sum * sum / (16 * squares) >= 0.99);
	/* Who sends little is a new flow each time, and goes first. */
	CHECK(thin->lost == 0 && thin->delay_most_ns < 3 * MS);
	end();
}

static void a_peer_is_not_flooded(void)
{
	struct cw_qos_gate slow = { 0 };
	struct cw_qos_stream to_slow = { .class = NORMAL, .gate = &slow }, voice = { .class = VOICE, .gate = &slow };
	struct cw_qos_stream to_fast = { .class = NORMAL };

	begin(&shape_10m);
	cw_qos_set_gate(qos, &slow, 2000000);
	struct source *one = add_source((struct source){ .stream = &to_slow, .bytes = 1500, .ahead = 60000, .is_ect = true });
	struct source *other = add_source((struct source){ .stream = &to_fast, .bytes = 1500, .ahead = 60000, .is_ect = true });
	struct source *call = add_source((struct source){ .stream = &voice, .bytes = 250, .gap_ns = 20 * MS });
	run(10 * SECOND);
	CHECK(is_within(one->sent_bytes + call->sent_bytes, 2500000, 0.01));
	CHECK(is_within(other->sent_bytes, 10000000, 0.01));
	CHECK(call->lost == 0 && call->delay_most_ns <= 1500 * 8 * 500 + 1500 * 8 * 100 + 1000);
	end();
}

/* Where a peer's rate is the bottleneck, and not the link, classes share that by their weights all the same. */
static void classes_share_what_a_peer_takes(void)
{
	struct cw_qos_shape shape = shape_10m;
	const uint32_t weights[] = { 50, 30, 20 };
	struct source *of[3];

	for (uint32_t is_busy = 0; is_busy < 2; is_busy++) {
		struct cw_qos_gate slow = { 0 };
		struct cw_qos_stream streams[] = { { .class = BUSINESS, .gate = &slow }, { .class = NORMAL, .gate = &slow }, { .class = BULK, .gate = &slow } };
		struct cw_qos_stream other = { .class = NORMAL };
		shape.bps = is_busy ? 40000000 : 100000000;
		begin(&shape);
		cw_qos_set_gate(qos, &slow, 10000000);
		for (uint32_t i = 0; i < 3; i++)
			of[i] = add_source((struct source){ .stream = &streams[i], .bytes = 600 + 400 * i, .ahead = 40000, .is_ect = true });
		if (is_busy)
			add_source((struct source){ .stream = &other, .bytes = 1500, .ahead = 60000, .is_ect = true });
		struct source *ping = add_source((struct source){ .stream = &streams[1], .hash = 9, .bytes = 100, .gap_ns = 300 * MS });
		run(10 * SECOND);
		for (uint32_t i = 0; i < 3 && !is_busy; i++)
			CHECK(is_within(of[i]->sent_bytes, 12500000ull * weights[i] / 100, 0.05));
		CHECK(is_within(of[0]->sent_bytes + of[1]->sent_bytes + of[2]->sent_bytes, 12500000, 0.02));
		CHECK(ping->lost == 0 && ping->delay_most_ns < 30 * MS);
		end();
	}
}

/* Nor is a flood of calls all that a peer gets: they go first up to their cap of what it takes, however much the link has. */
static void calls_have_a_cap_of_what_a_peer_takes(void)
{
	struct cw_qos_shape shape = shape_10m;
	struct cw_qos_gate slow = { 0 };
	struct cw_qos_stream streams[] = { { .class = VOICE, .gate = &slow }, { .class = BUSINESS, .gate = &slow }, { .class = BULK, .gate = &slow } };
	struct cw_qos_gate other = { 0 };
	struct cw_qos_stream to_other = { .class = VOICE, .gate = &other };
	struct source *of[3];

	shape.bps = 1000000000;
	begin(&shape);
	cw_qos_set_gate(qos, &slow, 10000000);
	cw_qos_set_gate(qos, &other, 10000000);
	for (uint32_t i = 0; i < 3; i++)
		of[i] = add_source((struct source){ .stream = &streams[i], .bytes = 1000, .ahead = 40000, .is_ect = true });
	struct source *call = add_source((struct source){ .stream = &to_other, .bytes = 200, .gap_ns = 20 * MS });
	run(10 * SECOND);
	/* Half, and 50 of 120 of the rest. */
	CHECK(is_within(of[0]->sent_bytes, 12500000 * 85 / 120, 0.03));
	CHECK(is_within(of[1]->sent_bytes, 12500000 * 25 / 120, 0.05) && is_within(of[2]->sent_bytes, 12500000 * 10 / 120, 0.05));
	CHECK(call->lost == 0 && call->delay_most_ns < MS);
	end();
}

/* Whoever sends little waits for one turn of each of the others, whatever weights there are and whoever's rate it is. */
static void no_turn_is_long(void)
{
	static const struct {
		uint64_t bps, gate_bps;
		uint32_t weights[3];
	} cases[] = { { 10000000, 0, { 50, 30, 20 } },	       { 10000000, 0, { 60, 39, 1 } },	    { 1000000000, 10000000, { 50, 30, 20 } },
		      { 1000000000, 10000000, { 60, 39, 1 } }, { 100000000, 2000000, { 50, 30, 20 } }, { 1000000000000000ull, 4000000, { 50, 30, 20 } } };

	for (uint32_t i = 0; i < 6; i++) {
		struct cw_qos_shape shape = shape_10m;
		struct cw_qos_gate gate = { 0 };
		struct cw_qos_stream light = { .class = NORMAL, .gate = &gate }, heavy = { .class = BUSINESS, .gate = &gate };
		uint64_t bps = cases[i].gate_bps == 0 ? cases[i].bps : cases[i].gate_bps;
		shape.bps = cases[i].bps;
		for (uint32_t k = 0; k < 3; k++)
			shape.classes[k + 1].weight = (uint16_t)cases[i].weights[k];
		begin(&shape);
		cw_qos_set_gate(qos, &gate, cases[i].gate_bps);
		struct source *one = add_source((struct source){ .stream = &light, .hash = 1, .bytes = 600, .gap_ns = 48000 * SECOND / bps });
		add_source((struct source){ .stream = &heavy, .hash = 2, .bytes = 1500, .ahead = 60000 });
		run(20 * SECOND);
		/* A tenth of what there is: at most some packets of 1,500 bytes before each of its own. */
		uint64_t most_ns = 6 * 1500 * 8 * SECOND / bps;
		if (!CHECK(one->lost == 0 && one->delay_most_ns <= most_ns))
			fprintf(stderr, "  case %u: %.1f ms of %.1f ms, %" PRIu64 " lost\n", i, (double)one->delay_most_ns / 1e6, (double)most_ns / 1e6, one->lost);
		end();
	}
}

static void many_peers_each_get_their_rate(void)
{
	static struct cw_qos_gate gates[60];
	static struct cw_qos_stream streams[60];
	struct cw_qos_shape shape = shape_10m;

	memset(gates, 0, sizeof(gates));
	memset(streams, 0, sizeof(streams));
	shape.bps = 1000000000;
	begin(&shape);
	for (uint32_t i = 0; i < 60; i++) {
		cw_qos_set_gate(qos, &gates[i], 1000000 * (1 + i % 5));
		streams[i] = (struct cw_qos_stream){ .class = (uint8_t)(1 + i % 3), .gate = &gates[i] };
		add_source((struct source){ .stream = &streams[i], .bytes = 1200, .ahead = 12000, .is_ect = true });
	}
	run(10 * SECOND);
	for (uint32_t i = 0; i < 60; i++)
		CHECK(is_within(sources[i].sent_bytes, gates[i].bps / 8 * 10, 0.02));
	end();
}

static void a_train_leaves_in_pieces(void)
{
	struct cw_qos_stream train = { .class = BULK }, single = { .class = BULK };

	begin(&shape_10m);
	add_source((struct source){ .stream = &train, .hash = 1, .bytes = 1500, .pieces = 44, .ahead = 66000, .is_ect = true });
	struct source *other = add_source((struct source){ .stream = &single, .hash = 2, .bytes = 200, .gap_ns = 10 * MS });
	run(5 * SECOND);
	/* Never behind the train, which takes 53 ms, only behind some pieces of it. */
	CHECK(other->delay_most_ns <= 4 * 1500 * 8 * 100 && other->lost == 0);
	end();
}

int main(int argc, char **argv)
{
	check_begin(argc, argv);
	a_class_that_is_strict_has_a_cap();
	a_flood_uses_no_more_than_the_cap();
	classes_share_by_weight();
	flows_share_alike();
	a_peer_is_not_flooded();
	classes_share_what_a_peer_takes();
	calls_have_a_cap_of_what_a_peer_takes();
	no_turn_is_long();
	many_peers_each_get_their_rate();
	a_train_leaves_in_pieces();
	return check_result();
}
