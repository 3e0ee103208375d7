/*
 * The overlay port, in both families: each kind of datagram goes where wire.md's first table says, alone or within a
 * train; sealed datagrams arrive whatever stands beside them. How many handshakes: handshake_test.
 */
#include "check.h"
#include "graph/graph.h"
#include "overlay_traffic.h"
#include "packet.h"

static void expect_up(const struct datagram *d, const char *what)
{
	bench.worker->now_us += 1000000; /* rates are not the matter here */
	cw_test_receive(d);
	bool is_up = cw_test_went_up(d) && cw_bench_drain(&bench, CW_BENCH_UPLINK_TWIN) == 0;
	if (!CHECK(is_up && cw_bench_drops(&bench)[0] == 0))
		fprintf(stderr, "  %s, %u bytes\n", what, d->length);
}

static void expect_drop(const struct datagram *d, const char *reason)
{
	char wanted[64];

	cw_test_receive(d);
	snprintf(wanted, sizeof(wanted), "%s 1", reason);
	uint32_t leaks = 0;
	for (uint32_t link = 0; link < CW_BENCH_LINKS; link++)
		leaks += cw_bench_drain(&bench, link);
	const char *drops = cw_bench_drops(&bench);
	if (!CHECK(leaks == 0 && strcmp(drops, wanted) == 0))
		fprintf(stderr, "  0x%02x, %u bytes: '%s', wanted '%s', %u frames\n", d->bytes[0],
			d->length, drops, wanted, leaks);
}

static void takes_what_is_sealed(void)
{
	for (uint32_t bytes = 0; bytes < 1300; bytes += 130) {
		struct datagram d = cw_test_sealed(bytes);
		cw_test_receive(&d);
		CHECK(cw_bench_drain(&bench, CW_BENCH_LAN) == 1 && cw_bench_drops(&bench)[0] == 0);
		expect_drop(&d, "sealed_replay");
	}
	struct datagram d = cw_test_random_datagram(0xD1, 39);
	expect_drop(&d, "sealed_length");
	d = cw_test_random_datagram(0xD2, 35);
	expect_drop(&d, "sealed_length");
	d = cw_test_random_datagram(0xD1, 40);
	expect_drop(&d, "sealed_index");
	d = cw_test_random_datagram(0xD8, 32);
	expect_drop(&d, "sealed_length");
	d = cw_test_random_datagram(0xD8, 33);
	expect_drop(&d, "sealed_index");
}

static void hands_handshakes_up(void)
{
	static const struct {
		uint8_t type;
		uint32_t size, covered;
	} kinds[] = { { 0xD4, 160, 128 }, { 0xD5, 100, 68 }, { 0xD6, 64, 0 }, { 0xD7, 40, 0 } };
	struct datagram d;

	for (uint32_t k = 0; k < 4; k++) {
		bool has_mac1 = kinds[k].covered > 0;
		for (uint8_t key = 0xA1; has_mac1 && key <= 0xA2; key++) {
			d = cw_test_handshake(kinds[k].type, kinds[k].size, kinds[k].covered, key);
			expect_up(&d, "handshake");
		}
		d = cw_test_random_datagram(kinds[k].type, kinds[k].size);
		if (has_mac1)
			expect_drop(&d, "handshake_mac1");
		else
			expect_drop(&d, "handshake_unasked");
		cw_test_ask(&d, k == 2 ? 0xD5 : 0xD4, k == 2 ? 100 : 160);
		if (!has_mac1)
			expect_up(&d, "cookie or challenge");
		for (uint32_t length = 1; length < 200; length++) {
			d = cw_test_random_datagram(kinds[k].type, length);
			if (length != kinds[k].size)
				expect_drop(&d, "handshake_size");
		}
	}
	d = cw_test_handshake(0xD4, 160, 128, 0xA3); /* a key that is not ours */
	expect_drop(&d, "handshake_mac1");
	d = cw_test_handshake(0xD5, 160, 128, 0xA1);
	expect_drop(&d, "handshake_size");
}

static void hands_stun_up_and_nothing_else(void)
{
	struct datagram d;

	for (uint32_t length = 20; length < 60; length += 4) {
		d = cw_test_stun(length);
		expect_up(&d, "STUN");
	}
	d = cw_test_stun(28);
	d.bytes[0] = 2;
	expect_drop(&d, "overlay_unknown");
	d = cw_test_stun(28);
	d.bytes[4] ^= 1;
	expect_drop(&d, "overlay_unknown");
	d = cw_test_stun(28);
	d.bytes[3]++;
	expect_drop(&d, "overlay_unknown");
	for (uint32_t type = 0; type < 256; type++) {
		bool is_ours = type == 0xD1 || type == 0xD2 || (type >= 0xD4 && type <= 0xD8);
		for (uint32_t length = 1; !is_ours && length < 200; length += 13) {
			d = cw_test_random_datagram((uint8_t)type, length);
			expect_drop(&d, "overlay_unknown");
		}
	}
	d = cw_test_random_datagram(0, 0);
	expect_drop(&d, "overlay_unknown");
}

/* What is not UDP to the overlay port of the own address is the kernel's, unchanged. */
static void leaves_the_rest_to_the_kernel(void)
{
	struct datagram d = cw_test_sealed(10);

	cw_test_receive_to(d.bytes, d.length, 0, CW_BENCH_PORT + 1);
	CHECK(cw_bench_drain(&bench, CW_BENCH_UPLINK_TWIN) == 1);
	cw_test_receive_to(d.bytes, d.length, 16, CW_BENCH_PORT - 1);
	CHECK(cw_bench_drain(&bench, CW_BENCH_UPLINK_TWIN) == 1);
	CHECK(cw_bench_drops(&bench)[0] == 0);
	cw_test_receive(&d); /* not seen before, therefore */
	CHECK(cw_bench_drain(&bench, CW_BENCH_LAN) == 1);
}

/*
 * A train is its datagrams: sealed ones are opened, others go up as packets of their own, the bad
 * are counted.
 */
static void takes_trains_apart(void)
{
	static uint8_t train[CW_BENCH_FRAME_MAX];

	for (uint32_t round = 0; round < 300; round++) {
		struct datagram up[64], d;
		uint32_t count = 2 + check_below(40), length = 0, opened = 0, ups = 0, bad = 0;
		uint32_t step = cw_test_sealed(64).length;
		for (uint32_t i = 0; i < count; i++) {
			switch (check_below(4)) {
			case 0:
				d = up[ups++] = cw_test_stun(step);
				break;
			case 1:
				d = cw_test_random_datagram(0xD3, step);
				bad++;
				break;
			default:
				d = cw_test_sealed(64);
				opened++;
				break;
			}
			memcpy(train + length, d.bytes, step);
			length += step;
		}
		/* The last one may be shorter. */
		if (round % 3 == 0) {
			d = cw_test_sealed(5);
			memcpy(train + length, d.bytes, d.length);
			length += d.length;
			opened++;
		}
		bench.worker->now_us += 1000000; /* STUN's rate is not the matter here */
		cw_test_receive_to(train, length, step, CW_BENCH_PORT);
		CHECK(cw_bench_drain(&bench, CW_BENCH_LAN) == opened);
		for (uint32_t i = 0; i < ups; i++)
			CHECK(cw_test_went_up(&up[i]));
		CHECK(cw_bench_drain(&bench, CW_BENCH_UPLINK_TWIN) == 0);
		CHECK(bench.worker->drops[CW_DROP_OVERLAY_UNKNOWN] == bad);
		bench.worker->drops[CW_DROP_OVERLAY_UNKNOWN] = 0;
		CHECK(cw_bench_drops(&bench)[0] == 0);
	}
}

/* RFC 6040 outside: CE of TOS or traffic class arrives at the inner packet, or drops what cannot carry it. */
static void reads_the_outer_ecn(void)
{
	static uint8_t in[CW_BENCH_FRAME_MAX];
	struct cw_vnet_hdr vnet;

	for (uint32_t ecn = 0; ecn < 4; ecn++) {
		struct datagram d = cw_test_sealed(50);
		cw_test_make_frame(d.bytes, d.length);
		if (is_over_v6)
			packet_put16(OUTER, 0x6000 | ecn << 4 | 0xb80);
		else
			OUTER[1] = (uint8_t)(0xb8 | ecn);
		packet_finish(OUTER, HEADERS - 14 + d.length);
		cw_test_give_frame(&(struct cw_vnet_hdr){ 0 }, HEADERS + d.length);
		CHECK((cw_bench_take(&bench, CW_BENCH_LAN, &vnet, in) > 0) == (ecn != 3));
		CHECK(strcmp(cw_bench_drops(&bench), ecn == 3 ? "ecn 1" : "") == 0);
	}
}

/* A control frame that says nothing. */
static struct datagram sealed_padding(void)
{
	static const uint8_t padding[4];
	static uint32_t counter;
	struct datagram d;

	d.length = cw_bench_seal(&bench, 0xD2, ++counter, padding, sizeof(padding), d.bytes);
	return d;
}

static void receive_from(uint32_t address, struct datagram d)
{
	sender = address;
	cw_test_receive(&d);
	sender = CW_BENCH_FAR_WAN;
	cw_bench_drain(&bench, CW_BENCH_LAN);
}

/* Message 2 went there, and nobody knows yet whether anybody got it. */
static struct cw_path *enter_handshake(const struct cw_way *way)
{
	struct cw_way ways[2] = { cw_bench_path(&bench)->way, *way };

	cw_path_name(bench.worker, bench.far, ways, 1);
	cw_path_name(bench.worker, bench.far, ways, 2);
	bench.keypair->way = *way;
	atomic_store(&bench.keypair->is_confirmed, false);
	return cw_paths_find(&bench.far->paths, way);
}

/* What came before it, of whom and by which way, says nothing; alone or within a train. */
static void what_comes_first_proves_the_way_that_it_came_by(void)
{
	struct cw_way home = cw_bench_path(&bench)->way, way = home;
	uint8_t train[2 * DATAGRAM_MAX];

	way.remote = cw_bench_v4(CW_BENCH_FAR_WAN + 1);
	receive_from(CW_BENCH_FAR_WAN + 1, sealed_padding());
	struct cw_path *path = enter_handshake(&way);
	receive_from(CW_BENCH_FAR_WAN, cw_test_sealed(100));
	CHECK(atomic_load(&bench.keypair->is_confirmed) && path->live.state == CW_PATH_NEW);
	path = enter_handshake(&way);
	receive_from(CW_BENCH_FAR_WAN + 1, cw_test_sealed(100));
	CHECK(path->live.state == CW_PATH_UP);
	receive_from(CW_BENCH_FAR_WAN, sealed_padding());
	path = enter_handshake(&way);
	for (uint32_t i = 0; i < 2; i++) {
		struct datagram d = cw_test_sealed(100);
		memcpy(train + i * d.length, d.bytes, d.length);
		sender = CW_BENCH_FAR_WAN + 1;
		if (i == 1)
			cw_test_receive_to(train, 2 * d.length, d.length, CW_BENCH_PORT);
	}
	sender = CW_BENCH_FAR_WAN;
	CHECK(path->live.state == CW_PATH_UP && cw_bench_drain(&bench, CW_BENCH_LAN) > 0);
	cw_path_name(bench.worker, bench.far, &home, 1);
	bench.keypair->way = home;
}

int main(int argc, char **argv)
{
	check_begin(argc, argv);
	cw_bench_open(&bench);
	what_comes_first_proves_the_way_that_it_came_by();
	for (uint32_t family = 0; family < 2; family++) {
		is_over_v6 = family == 1;
		bench.worker->now_us += 10000000; /* what the first took of the rates is there again */
		takes_what_is_sealed();
		hands_handshakes_up();
		hands_stun_up_and_nothing_else();
		leaves_the_rest_to_the_kernel();
		reads_the_outer_ecn();
		takes_trains_apart();
	}
	cw_bench_close(&bench);
	return check_result();
}
