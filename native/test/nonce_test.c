/*
 * A nonce is used once under a key, whatever becomes of paths: those that are learned and forgotten, named and no longer named,
 * and numbers that come again. How many numbers a key gives out, and what goes on when there are no more.
 */
#include "far_end.h"

#define KEYS 2
#define COUNTERS 16384
#define SECOND_KEY 0x44444444u

static uint8_t seen[KEYS][2][256][COUNTERS];
static bool has_number[KEYS][256];

static void forget_nonces(void)
{
	memset(seen, 0, sizeof(seen));
	memset(has_number, 0, sizeof(has_number));
}

/* Type, flags, lane, receiver index, time, counter: wire.md, "Sealed packets". */
static void note_nonce(const uint8_t *datagram)
{
	uint32_t key = packet_u32(datagram + 4) == SECOND_KEY, counter = packet_u32(datagram + 12);

	if (!CHECK(counter > 0 && counter < COUNTERS))
		return;
	CHECK(seen[key][datagram[0] == CW_TYPE_DATA][datagram[2]][counter]++ == 0);
	has_number[key][datagram[2]] = true;
}

/* All datagrams that left; how many were of data. */
static uint32_t note_nonces(void)
{
	static uint8_t taken[CW_BENCH_FRAME_MAX];
	struct cw_vnet_hdr vnet;
	uint32_t length, data = 0;

	cw_bench_flush(&bench);
	while ((length = cw_bench_take(&bench, CW_BENCH_UPLINK, &vnet, taken)) > 0) {
		uint32_t step = vnet.gso_type == 0 ? length - 42 : vnet.gso_size;
		for (uint32_t at = 42; at < length; at += step) {
			data += taken[at] == CW_TYPE_DATA;
			note_nonce(taken + at);
		}
	}
	return data;
}

static uint32_t look(uint32_t us)
{
	bench.worker->now_us += us;
	cw_path_due(bench.worker, bench.far);
	cw_path_look(bench.worker);
	return note_nonces();
}

static uint32_t numbers(uint32_t key)
{
	uint32_t count = 0;

	/* The last is of answers by ways of no path. */
	for (uint32_t number = 0; number < CW_PATH_NONE; number++)
		count += has_number[key][number];
	return count;
}

/* Each packet leaves by a path that has just been named, and is not when the next one is. */
static void with_data(uint16_t port)
{
	struct cw_way ways[2] = { cw_bench_path(&bench)->way, cw_bench_path(&bench)->way };

	ways[1].remote_port = port;
	cw_path_name(bench.worker, bench.far, ways, 2);
	struct cw_path *path = path_of(port);
	if (!CHECK(path != NULL))
		return;
	cw_liveness_prove(&path->live, bench.worker->now_us);
	cw_liveness_fail(&cw_bench_path(&bench)->live, CW_PATH_SILENT, bench.worker->now_us);
	cw_paths_choose(&bench.far->paths, bench.worker->now_us);
	data_out();
	CHECK(note_nonces() == 1);
	cw_liveness_fail(&path->live, CW_PATH_SILENT, bench.worker->now_us);
	cw_liveness_prove(&cw_bench_path(&bench)->live, bench.worker->now_us);
}

/* More than a key gives out: what is counted for that says nothing here. */
static void numbers_that_come_again_go_on_counting(void)
{
	for (uint32_t i = 0; i < 700; i++) {
		bench.far->numbers_given = 0;
		bench.worker->now_us += SECOND;
		with_data((uint16_t)(10000 + i));
		ask_from((uint16_t)(20000 + i));
		look(10000);
	}
	CHECK(numbers(0) > 250);
}

/* From ever other ports somebody is heard, who answers too or does not, and falls silent then. */
static void learn(uint16_t from, uint32_t count, bool is_answered)
{
	struct cw_path *home = cw_bench_path(&bench);

	for (uint32_t i = 0; i < count; i++) {
		struct cw_way way = home->way;
		way.remote_port = (uint16_t)(from + i);
		ask_from(way.remote_port);
		look(SECOND);
		if (is_answered)
			cw_path_enter(bench.worker, bench.far, &way, true);
		look(SECOND);
		struct cw_path *path = path_of(way.remote_port);
		if (path != NULL && is_answered)
			cw_liveness_fail(&path->live, CW_PATH_SILENT, bench.worker->now_us);
		cw_liveness_prove(&home->live, bench.worker->now_us);
		data_out();
		/* What there is no number for is answered, and disturbs nobody. */
		CHECK(note_nonces() == 1 && cw_bench_path(&bench) == home);
	}
}

static struct cw_keypair *rekey(void)
{
	struct cw_keypair_install install = { .peer = "far",
					      .local_index = 0x33333333,
					      .remote_index = SECOND_KEY,
					      .suite = CW_SUITE_AES_256_GCM,
					      .is_initiator = 1,
					      .is_rekey = 1,
					      .local_port = CW_BENCH_PORT,
					      .remote_port = CW_BENCH_PORT + 1,
					      .h = { 2 },
					      .lifetime_ms = 180000 };
	struct cw_keypair *second = NULL;
	const char *why = "";

	memset(install.remote_address + 10, 0xff, 2);
	packet_put32(install.remote_address + 12, CW_BENCH_FAR_WAN);
	memset(&install.seal, 0x11, sizeof(install.seal));
	memset(&install.open, 0x12, sizeof(install.open));
	CHECK(cw_keypair_new(bench.engine, &install, &second, &why) == 0);
	cw_keypair_enter(bench.worker, second);
	return second;
}

/* What is sent by ways that are only heard from goes under the number of none. */
static void who_only_calls_is_given_no_number(void)
{
	uint32_t given = bench.far->numbers_given;

	learn(30000, 300, false);
	CHECK(path_of(30299) != NULL && path_of(30299)->number == CW_PATH_NONE && !cw_path_may_carry(path_of(30299)));
	CHECK(bench.far->numbers_given == given && numbers(0) == 1);
}

static void a_key_gives_out_a_hundred_numbers(void)
{
	learn(30000, 300, true);
	CHECK(numbers(0) == 100 && bench.far->numbers_given == 100);
	CHECK(path_of(30299)->number == CW_PATH_NONE && !cw_path_may_carry(path_of(30299)));
}

static void name(uint16_t port)
{
	struct cw_way ways[2] = { cw_bench_path(&bench)->way, cw_bench_path(&bench)->way };

	ways[1].remote_port = port;
	cw_path_name(bench.worker, bench.far, ways, 2);
}

/* Strangers had theirs; where one more finds no number nobody goes for it. The far end has 128 lanes, one of them for answers. */
static void what_is_named_has_numbers_that_are_kept_for_it(void)
{
	uint32_t named = 0;

	bench.far->numbers_given = 99;
	learn(39998, 2, true);
	CHECK(path_of(39998)->number != CW_PATH_NONE && path_of(39999)->number == CW_PATH_NONE);
	CHECK(bench.far->numbers_given == 100);
	for (uint16_t i = 0; i < 40; i++) {
		name(50000 + i);
		named += path_of(50000 + i) != NULL;
		look(SECOND);
	}
	CHECK(named == 27 && bench.far->numbers_given == 127 && path_of(50039) == NULL);
}

/* The paths that there are keep theirs, and what found none is the first to have one. */
static void the_next_key_gives_out_as_many(void)
{
	name(50039);
	bench.far->numbers_given = 127;
	name(50040);
	CHECK(path_of(50040) == NULL);
	forget_nonces();
	struct cw_keypair *second = rekey();
	CHECK(path_of(50040) != NULL && path_of(50040)->is_configured);
	learn(40000, 300, true);
	CHECK(numbers(0) == 0 && numbers(1) <= 100 && numbers(1) >= 100 - CW_PATHS_MAX);
	CHECK(path_of(40000 + 299)->number == CW_PATH_NONE && bench.far->numbers_given == 100);
	cw_keypair_leave(bench.worker, second);
	cw_keypair_collect(bench.engine);
	bench.worker->index = atomic_load(&bench.engine->index);
}

int main(int argc, char **argv)
{
	check_begin(argc, argv);
	cw_bench_open(&bench);
	who_only_calls_is_given_no_number();
	a_key_gives_out_a_hundred_numbers();
	what_is_named_has_numbers_that_are_kept_for_it();
	numbers_that_come_again_go_on_counting();
	the_next_key_gives_out_as_many();
	events(0);
	cw_bench_close(&bench);
	return check_result();
}
