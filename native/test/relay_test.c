/*
 * The box as a relay: what is authentic, new, of a channel and of a kind that is relayed goes on to the other end, sealed anew and
 * no larger; all else is dropped and counted by its name. How channels begin and end.
 */
#include <stdio.h>

#include "relay_ends.h"

#define FAR_CHANNEL 5
#define OTHER_CHANNEL 9
#define GOLDEN_COVERED \
	"d80001e0000000150102030400000001d10001230000001500000001000000010c8f41eb6bae498fe6dfb53c8a036d20" \
	"fb5c5c8b9c3aea58f4f84177bca2baef334096ef2d564d7c10a77029a985a69e8fc3da0c3d20b41189b325faa06b340f" \
	"8a83a4ecc93b990b496e9efe75974999568cf835729bc286"
#define GOLDEN_KEY "0dfc648b2810a7f3d665a87d309728d1a7db93d893ad23346c29f47de8404299"
#define GOLDEN_IV "2171a90d60459876a038cc35"

static void forwards_both_ways(void)
{
	CHECK(join_channel(FAR_CHANNEL, OTHER_CHANNEL, RATE) == 0);
	for (uint32_t length = 40; length < 1350; length += 131) {
		for (uint8_t type = 0xD1; type <= 0xD7; type++) {
			struct datagram inner = inner_of(type, length);
			struct datagram d = relay_seal(&far, FAR_CHANNEL, &inner);
			receive_from(&far, &d);
			expect_forwarded(&other, OTHER_CHANNEL, &inner);
			d = relay_seal(&other, OTHER_CHANNEL, &inner);
			receive_from(&other, &d);
			expect_forwarded(&far, FAR_CHANNEL, &inner);
		}
	}
	CHECK(bench.far->relayed_packets == 70 && bench.other->relayed_packets == 70);
	CHECK(bench.far->relayed_bytes > 70 * 40 && bench.far->relayed_bytes == bench.other->relayed_bytes);
}

/* Any bit of it, and nothing goes on; after all of them the datagram itself does, once. */
static void drops_what_is_altered_or_comes_again(void)
{
	struct datagram inner = inner_of(0xD1, 64), d = relay_seal(&far, FAR_CHANNEL, &inner);

	for (uint32_t bit = 0; bit < d.length * 8; bit++) {
		const struct end *to;
		struct datagram altered = d, left;
		altered.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		receive_from(&far, &altered);
		CHECK(!take_sent(&left, &to));
	}
	CHECK(cw_bench_drops(&bench)[0] != 0);
	receive_from(&far, &d);
	expect_forwarded(&other, OTHER_CHANNEL, &inner);
	receive_from(&far, &d);
	expect_nothing("sealed_replay 1");
	struct datagram cut = d;
	cut.length = 32;
	receive_from(&far, &cut);
	expect_nothing("sealed_length 1");
}

static void drops_what_is_of_no_channel(void)
{
	struct datagram inner = inner_of(0xD1, 64), d;

	d = relay_seal(&far, FAR_CHANNEL + 1, &inner);
	receive_from(&far, &d);
	expect_nothing("relay_channel 1");
	d = relay_seal(&far, OTHER_CHANNEL, &inner); /* another device's */
	receive_from(&far, &d);
	expect_nothing("relay_channel 1");
	d = relay_seal(&other, FAR_CHANNEL, &inner);
	receive_from(&other, &d);
	expect_nothing("relay_channel 1");
}

static void drops_what_is_not_relayed(void)
{
	for (uint32_t type = 0; type < 256; type++) {
		struct datagram inner = inner_of((uint8_t)type, 64), d = relay_seal(&far, FAR_CHANNEL, &inner);
		if (type >= 0xD1 && type <= 0xD7)
			continue;
		receive_from(&far, &d);
		expect_nothing("relay_type 1");
	}
	/* A relayed one, however good. */
	struct datagram inner = inner_of(0xD1, 64), first = relay_seal(&far, FAR_CHANNEL, &inner);
	struct datagram d = relay_seal(&far, FAR_CHANNEL, &first);
	receive_from(&far, &d);
	expect_nothing("relay_type 1");
}

/* What nobody could open costs the way on as much as the headers that it gets. */
static void drops_what_is_too_short_for_its_kind(void)
{
	static const struct {
		uint8_t type;
		uint32_t least, most; /* 0: any */
	} kinds[] = { { 0xD1, 40, 0 },    { 0xD2, 36, 0 },  { 0xD3, 40, 0 }, { 0xD4, 160, 160 },
		      { 0xD5, 100, 100 }, { 0xD6, 64, 64 }, { 0xD7, 40, 40 } };

	for (uint32_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		const uint32_t wrong[] = { 1, kinds[i].least - 1, kinds[i].most + 1 };
		for (uint32_t k = 0; k < (kinds[i].most == 0 ? 2u : 3u); k++) {
			struct datagram inner = cw_test_random_datagram(kinds[i].type, wrong[k]), d;
			d = relay_seal(&far, FAR_CHANNEL, &inner);
			receive_from(&far, &d);
			expect_nothing("relay_type 1");
		}
		struct datagram inner = inner_of(kinds[i].type, kinds[i].least), d = relay_seal(&far, FAR_CHANNEL, &inner);
		receive_from(&far, &d);
		expect_forwarded(&other, OTHER_CHANNEL, &inner);
	}
}

static void keeps_the_mark_of_congestion_and_the_class(void)
{
	static uint8_t frame[CW_BENCH_FRAME_MAX];
	struct datagram inner = inner_of(0xD2, 64), d = relay_seal(&far, FAR_CHANNEL, &inner);
	struct cw_vnet_hdr vnet = { 0 };
	uint8_t nonce[12];

	d.bytes[3] = 0xe0;
	packet_put32(d.bytes + 12, ++far.counter);
	relay_nonce(nonce, far.open, d.bytes);
	CHECK(cw_aead_seal(bench.worker->aead, &far.seal_key, nonce, d.bytes, d.length - 16, d.bytes + d.length - 16, 0) == 0);
	cw_test_make_frame(d.bytes, d.length);
	OUTER[1] = 3;
	packet_finish(OUTER, HEADERS - 14 + d.length);
	cw_test_give_frame(&vnet, HEADERS + d.length);
	CHECK(cw_bench_take(&bench, CW_BENCH_UPLINK, &vnet, frame) == 42 + d.length);
	CHECK(frame[15] == (0xc0 | 3) && frame[42 + 3] == 0xe0);
}

/* What a train of the far end's holds leaves in one, datagram by datagram. */
static void forwards_trains(void)
{
	static uint8_t train[8 * DATAGRAM_MAX], frame[CW_BENCH_FRAME_MAX];
	struct datagram inner = inner_of(0xD1, 500);
	struct cw_vnet_hdr vnet;
	uint32_t length = 0;

	for (uint32_t i = 0; i < 8; i++) {
		struct datagram d = relay_seal(&far, FAR_CHANNEL, &inner);
		memcpy(train + length, d.bytes, d.length);
		length += d.length;
	}
	cw_test_receive_to(train, length, 532, CW_BENCH_PORT);
	CHECK(cw_bench_take(&bench, CW_BENCH_UPLINK, &vnet, frame) == 42 + length && vnet.gso_size == 532);
	for (uint32_t i = 0; i < 8; i++) {
		struct datagram d = { .length = 532 }, opened;
		uint32_t channel;
		memcpy(d.bytes, frame + 42 + i * 532, 532);
		CHECK(relay_open(&other, &d, &channel, &opened) && memcmp(opened.bytes, inner.bytes, 500) == 0);
	}
	expect_nothing("");
}

static void drops_what_is_too_large_for_the_way_on(void)
{
	struct cw_path *by = bench.other->paths.list[0];
	uint32_t most = by->pmtu.size;
	struct datagram inner = inner_of(0xD1, 900), d = relay_seal(&far, FAR_CHANNEL, &inner);

	by->pmtu.size = 931;
	receive_from(&far, &d);
	expect_nothing("relay_size 1");
	by->pmtu.size = 932;
	d = relay_seal(&far, FAR_CHANNEL, &inner);
	receive_from(&far, &d);
	expect_forwarded(&other, OTHER_CHANNEL, &inner);
	by->pmtu.size = (uint16_t)most;
}

static void drops_what_nobody_can_be_reached_with(void)
{
	struct cw_path *by = bench.other->paths.list[0];
	struct datagram inner = inner_of(0xD1, 100), d = relay_seal(&far, FAR_CHANNEL, &inner);

	by->live.state = CW_PATH_DOWN;
	bench.other->paths.version++;
	receive_from(&far, &d);
	expect_nothing("relay_peer 1");
	by->live.state = CW_PATH_UP;
	bench.other->paths.version++;
}

/* The owner pays for what goes that way: data of others does not, while its policy has it so. */
static void relays_no_data_by_what_the_policy_never_takes(void)
{
	struct cw_policy_program *policy = (struct cw_policy_program *)(uintptr_t)&bench.worker->view->program->policies[0];
	struct cw_path *by = bench.other->paths.list[0];
	struct datagram inner = inner_of(0xD1, 100), d = relay_seal(&far, FAR_CHANNEL, &inner);

	policy->metered = CW_METERED_NEVER;
	by->flags |= CW_PATH_METERED;
	bench.other->paths.version++;
	receive_from(&far, &d);
	expect_nothing("relay_peer 1");
	inner = inner_of(0xD2, 100);
	d = relay_seal_lane(&far, FAR_CHANNEL, 0xe0, &inner);
	receive_from(&far, &d);
	expect_forwarded(&other, OTHER_CHANNEL, &inner);
	policy->metered = CW_METERED_LAST;
	by->flags = 0;
	bench.other->paths.version++;
}

/* Each path's data and control: as many as numbers are given under a key. */
static void takes_all_lanes_that_a_key_may_have(void)
{
	for (uint16_t number = 0; number < 127; number++) {
		for (uint16_t class = 0; class <= 0xe0; class += 0xe0) {
			struct datagram inner = inner_of(class == 0 ? 0xD1 : 0xD2, 100), d;
			d = relay_seal_lane(&far, FAR_CHANNEL, (uint16_t)(number << 8 | class), &inner);
			receive_from(&far, &d);
			expect_forwarded(&other, OTHER_CHANNEL, &inner);
		}
	}
}

/* All at once: most of the ring is left to what cannot wait, and every end is told once. */
static void many_that_end_are_told_by_and_by(void)
{
	uint32_t sum = 0, joined = 0, told = 0;

	while (join_channel(1000 + joined, 2000 + joined, RATE) == 0)
		joined++;
	CHECK(joined > 50);
	count_events(CW_EVENT_CHANNEL_ENDED, &sum);
	sum = 0;
	bench.worker->now_us += CW_CHANNEL_UNUSED_US;
	for (uint32_t tick = 0; tick < 40; tick++) {
		cw_relay_tick(bench.worker);
		uint32_t now = count_events(CW_EVENT_CHANNEL_ENDED, &sum);
		CHECK(now <= rte_ring_get_capacity(bench.engine->events) / 8);
		told += now;
	}
	CHECK(told == 2 * joined + 2 && bench.worker->channels.in_use == 0);
	expect_nothing("");
	CHECK(join_channel(FAR_CHANNEL, OTHER_CHANNEL, RATE) == 0);
}

static void refuses_numbers_that_are_taken_and_too_many(void)
{
	uint32_t sum = 0, count;

	CHECK(join_channel(FAR_CHANNEL, 1000, RATE) == -EEXIST && join_channel(1000, OTHER_CHANNEL, RATE) == -EEXIST);
	for (count = 1; count < 100 && join_channel(1000 + count, 2000 + count, RATE) == 0; count++)
		;
	CHECK(count == CW_CHANNELS_MAX && join_channel(5000, 6000, RATE) == -ENOSPC);
	CHECK(cw_relay_close(bench.worker, bench.other, 2001) == 0 && cw_relay_close(bench.worker, bench.far, 1001) == -ENOENT);
	CHECK(join_channel(5000, 6000, RATE) == 0);
	CHECK(cw_relay_close(bench.worker, bench.far, 5000) == 0);
	CHECK(count_events(CW_EVENT_CHANNEL_ENDED, &sum) == 0);
	for (uint32_t i = 2; i < count; i++)
		CHECK(cw_relay_close(bench.worker, bench.far, 1000 + i) == 0);
	CHECK(bench.worker->channels.in_use == 1 && bench.far->channels.count == 1);
}

static void ends_what_is_unused(void)
{
	struct datagram inner = inner_of(0xD1, 100), d;
	uint32_t sum = 0;

	CHECK(join_channel(7, 8, RATE) == 0);
	bench.worker->now_us += 200000000;
	d = relay_seal(&other, OTHER_CHANNEL, &inner);
	receive_from(&other, &d);
	cw_bench_drain(&bench, CW_BENCH_UPLINK);
	bench.worker->now_us += 100000000;
	cw_relay_tick(bench.worker);
	CHECK(count_events(CW_EVENT_CHANNEL_ENDED, &sum) == 2 && sum == 7 + 8);
	CHECK(bench.worker->channels.in_use == 1);
	d = relay_seal(&far, 7, &inner);
	receive_from(&far, &d);
	expect_nothing("relay_channel 1");
}

/* Those of a session that another takes the place of, too. */
static void ends_with_the_session_of_either_end(void)
{
	struct datagram inner = inner_of(0xD1, 100), d;
	struct cw_keypair_install install = install_of(&other, 8);
	uint32_t sum = 0;

	install.local_index++;
	cw_bench_install(&bench, &install);
	CHECK(count_events(CW_EVENT_CHANNEL_ENDED, &sum) == 2 && sum == FAR_CHANNEL + OTHER_CHANNEL);
	d = relay_seal(&far, FAR_CHANNEL, &inner);
	receive_from(&far, &d);
	expect_nothing("relay_channel 1");
	sum = 0;
	CHECK(join_channel(1, 2, RATE) == 0 && join_channel(3, 4, RATE) == 0);
	cw_keypair_leave(bench.worker, bench.keypair);
	CHECK(count_events(CW_EVENT_CHANNEL_ENDED, &sum) == 4 && sum == 10);
	CHECK(join_channel(1, 2, RATE) == -ENOTCONN && bench.worker->channels.in_use == 0);
}

/* test/vector/handshake.json, `relayed`: the keys of `rawHandshake`, that of i2r; another implementation made it. */
static const struct {
	uint8_t suite;
	const char *hex;
} golden[] = {
	{ CW_SUITE_AES_256_GCM,
	  GOLDEN_COVERED "b7da4057052dbeced8427ecf802a457a" },
	{ CW_SUITE_CHACHA20_POLY1305,
	  GOLDEN_COVERED "0030d462218400fe0f65bdc7974c87e5" },
};

static uint32_t from_hex(const char *hex, uint8_t *out)
{
	uint32_t length = 0;

	for (; hex[2 * length] != 0; length++) {
		unsigned byte = 0;
		CHECK(sscanf(hex + 2 * length, "%2x", &byte) == 1);
		out[length] = (uint8_t)byte;
	}
	return length;
}

static void seals_the_golden_datagram(void)
{
	for (uint32_t i = 0; i < 2; i++) {
		struct cw_keypair_install install = install_of(&other, (uint8_t)(20 + i));
		uint8_t wanted[256], slot[256];
		uint32_t length = from_hex(golden[i].hex, wanted);
		struct cw_path by = { .number = 1 };

		install.suite = golden[i].suite;
		install.local_index = 0x9000 + i;
		install.remote_index = 21;
		from_hex(GOLDEN_KEY, install.seal.key);
		from_hex(GOLDEN_IV, install.seal.iv);
		struct cw_keypair *keypair = cw_bench_install(&bench, &install);
		memcpy(slot + CW_RELAY_HEADER, wanted + CW_RELAY_HEADER, length - CW_RELAY_OVERHEAD);
		CHECK(cw_relay_seal(bench.worker, keypair, &by, CW_LANE_CONTROL, 0x01020304, slot, length - CW_RELAY_OVERHEAD));
		CHECK(memcmp(slot, wanted, length) == 0);
	}
}

int main(int argc, char **argv)
{
	check_begin(argc, argv);
	open_ends();
	cw_bench_drops(&bench);
	forwards_both_ways();
	drops_what_is_altered_or_comes_again();
	drops_what_is_of_no_channel();
	drops_what_is_not_relayed();
	drops_what_is_too_short_for_its_kind();
	keeps_the_mark_of_congestion_and_the_class();
	forwards_trains();
	drops_what_is_too_large_for_the_way_on();
	drops_what_nobody_can_be_reached_with();
	relays_no_data_by_what_the_policy_never_takes();
	takes_all_lanes_that_a_key_may_have();
	many_that_end_are_told_by_and_by();
	refuses_numbers_that_are_taken_and_too_many();
	ends_what_is_unused();
	ends_with_the_session_of_either_end();
	seals_the_golden_datagram();
	cw_bench_close(&bench);
	return check_result();
}
