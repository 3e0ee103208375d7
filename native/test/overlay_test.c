/*
 * The overlay port: each kind of datagram goes where wire.md's first table says, alone or within a
 * train; floods are cut off before they cost anything; sealed datagrams arrive whatever stands
 * beside them.
 */
#include "check.h"
#include "graph/graph.h"
#include "graph_bench.h"
#include "packet.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>

#define HEADERS (14 + 20 + 8)
#define DATAGRAM_MAX 1400

struct datagram {
	uint32_t length;
	uint8_t bytes[DATAGRAM_MAX];
};

static struct cw_bench bench;
static uint32_t next_counter = 1;

/* One frame from the uplink: datagrams of `step` bytes each but the last. */
static void receive_to(const uint8_t *payload, uint32_t length, uint32_t step, uint16_t port)
{
	static uint8_t frame[CW_BENCH_FRAME_MAX];
	struct cw_vnet_hdr vnet = { 0 };

	cw_bench_ether(&bench, CW_BENCH_UPLINK, frame);
	packet_ip(frame + 14, 20, PACKET_UDP, CW_BENCH_FAR_WAN, CW_BENCH_WAN);
	packet_put16(frame + 34, CW_BENCH_PORT + 1);
	packet_put16(frame + 36, port);
	memcpy(frame + HEADERS, payload, length);
	packet_finish(frame + 14, 28 + length);
	if (step > 0)
		vnet = (struct cw_vnet_hdr){ CW_VNET_NEEDS_CSUM, CW_VNET_GSO_UDP_L4, HEADERS,
					     (uint16_t)step, 34, 6 };
	cw_bench_give(&bench, CW_BENCH_UPLINK, &vnet, frame, HEADERS + length);
	cw_bench_flush(&bench);
}

static void receive(const struct datagram *d)
{
	receive_to(d->bytes, d->length, 0, CW_BENCH_PORT);
}

/* A right packet up the uplink's twin with this payload, and no other. */
static bool went_up(const struct datagram *d)
{
	static uint8_t frame[CW_BENCH_FRAME_MAX];
	struct cw_vnet_hdr vnet;
	uint32_t length = cw_bench_take(&bench, CW_BENCH_UPLINK_TWIN, &vnet, frame);
	uint8_t *ip = frame + 14;

	if (length != HEADERS + d->length || vnet.gso_type != 0)
		return false;
	/* A piece of a train may do without a UDP checksum, but not with a wrong one. */
	if (packet_u16(packet_l4_checksum(ip)) == 0)
		packet_finish_l4(ip, length - 14);
	return packet_is_right(ip, length - 14) && packet_u16(frame + 36) == CW_BENCH_PORT &&
	       memcmp(frame + HEADERS, d->bytes, d->length) == 0;
}

/* An inner UDP packet from `far` with `bytes` of payload, sealed. */
static struct datagram sealed(uint32_t bytes)
{
	uint8_t plain[DATAGRAM_MAX] = { 0, 0, 8, 0, 0, 0, CW_BENCH_VNI, 0 };
	struct datagram d;

	packet_ip(plain + 8, 20, PACKET_UDP, CW_BENCH_FAR, CW_BENCH_HOST);
	packet_finish(plain + 8, 28 + bytes);
	d.length = cw_bench_seal(&bench, 0xD1, next_counter++, plain, 36 + bytes, d.bytes);
	return d;
}

static struct datagram random_datagram(uint8_t type, uint32_t length)
{
	struct datagram d = { .length = length };

	check_fill(d.bytes, length);
	memset(d.bytes, 0, length < 4 ? length : 4);
	if (length > 0)
		d.bytes[0] = type;
	return d;
}

/*
 * wire.md: mac1 is keyed BLAKE2s, 16 bytes, over everything before it. By OpenSSL's provider, not
 * by the dataplane.
 */
static struct datagram handshake(uint8_t type, uint32_t length, uint32_t covered, uint8_t key)
{
	struct datagram d = random_datagram(type, length);
	uint8_t secret[32];
	size_t size = 16, mac_len = 0;
	OSSL_PARAM params[2] = { OSSL_PARAM_construct_size_t(OSSL_MAC_PARAM_SIZE, &size),
				 OSSL_PARAM_construct_end() };
	EVP_MAC *mac = EVP_MAC_fetch(NULL, "BLAKE2SMAC", NULL);
	EVP_MAC_CTX *context = EVP_MAC_CTX_new(mac);

	memset(secret, key, sizeof(secret));
	CHECK(EVP_MAC_init(context, secret, sizeof(secret), params) == 1);
	CHECK(EVP_MAC_update(context, d.bytes, covered) == 1);
	CHECK(EVP_MAC_final(context, d.bytes + covered, &mac_len, 16) == 1 && mac_len == 16);
	EVP_MAC_CTX_free(context);
	EVP_MAC_free(mac);
	return d;
}

static struct datagram stun(uint32_t length)
{
	struct datagram d = random_datagram(0, length);

	d.bytes[1] = 1;
	packet_put16(d.bytes + 2, length - 20);
	packet_put32(d.bytes + 4, 0x2112A442);
	return d;
}

static void expect_up(const struct datagram *d, const char *what)
{
	receive(d);
	bool is_up = went_up(d) && cw_bench_drain(&bench, CW_BENCH_UPLINK_TWIN) == 0;
	if (!CHECK(is_up && cw_bench_drops(&bench)[0] == 0))
		fprintf(stderr, "  %s, %u bytes\n", what, d->length);
}

static void expect_drop(const struct datagram *d, const char *reason)
{
	char wanted[64];

	receive(d);
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
		struct datagram d = sealed(bytes);
		receive(&d);
		CHECK(cw_bench_drain(&bench, CW_BENCH_LAN) == 1 && cw_bench_drops(&bench)[0] == 0);
		expect_drop(&d, "sealed_replay");
	}
	struct datagram d = random_datagram(0xD1, 39);
	expect_drop(&d, "sealed_length");
	d = random_datagram(0xD2, 35);
	expect_drop(&d, "sealed_length");
	d = random_datagram(0xD1, 40);
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
			d = handshake(kinds[k].type, kinds[k].size, kinds[k].covered, key);
			expect_up(&d, "handshake");
		}
		d = random_datagram(kinds[k].type, kinds[k].size);
		if (has_mac1)
			expect_drop(&d, "handshake_mac1");
		else
			expect_up(&d, "cookie or challenge");
		for (uint32_t length = 1; length < 200; length++) {
			d = random_datagram(kinds[k].type, length);
			if (length != kinds[k].size)
				expect_drop(&d, "handshake_size");
		}
	}
	d = handshake(0xD4, 160, 128, 0xA3); /* a key that is not ours */
	expect_drop(&d, "handshake_mac1");
	d = handshake(0xD5, 160, 128, 0xA1);
	expect_drop(&d, "handshake_size");
}

static void hands_stun_up_and_nothing_else(void)
{
	struct datagram d;

	for (uint32_t length = 20; length < 60; length += 4) {
		d = stun(length);
		expect_up(&d, "STUN");
	}
	d = stun(28);
	d.bytes[0] = 2;
	expect_drop(&d, "overlay_unknown");
	d = stun(28);
	d.bytes[4] ^= 1;
	expect_drop(&d, "overlay_unknown");
	d = stun(28);
	d.bytes[3]++;
	expect_drop(&d, "overlay_unknown");
	for (uint32_t type = 0; type < 256; type++) {
		bool is_ours = type == 0xD1 || type == 0xD2 || (type >= 0xD4 && type <= 0xD7);
		for (uint32_t length = 1; !is_ours && length < 200; length += 13) {
			d = random_datagram((uint8_t)type, length);
			expect_drop(&d, "overlay_unknown");
		}
	}
	d = random_datagram(0, 0);
	expect_drop(&d, "overlay_unknown");
}

/* What is not UDP to the overlay port of the own address is the kernel's, unchanged. */
static void leaves_the_rest_to_the_kernel(void)
{
	struct datagram d = sealed(10);

	receive_to(d.bytes, d.length, 0, CW_BENCH_PORT + 1);
	CHECK(cw_bench_drain(&bench, CW_BENCH_UPLINK_TWIN) == 1);
	receive_to(d.bytes, d.length, 16, CW_BENCH_PORT - 1);
	CHECK(cw_bench_drain(&bench, CW_BENCH_UPLINK_TWIN) == 1);
	CHECK(cw_bench_drops(&bench)[0] == 0);
	receive(&d); /* not seen before, therefore */
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
		uint32_t step = sealed(64).length;
		for (uint32_t i = 0; i < count; i++) {
			switch (check_below(4)) {
			case 0:
				d = up[ups++] = stun(step);
				break;
			case 1:
				d = random_datagram(0xD3, step);
				bad++;
				break;
			default:
				d = sealed(64);
				opened++;
				break;
			}
			memcpy(train + length, d.bytes, step);
			length += step;
		}
		/* The last one may be shorter. */
		if (round % 3 == 0) {
			d = sealed(5);
			memcpy(train + length, d.bytes, d.length);
			length += d.length;
			opened++;
		}
		bench.worker->now_us += 1000000; /* STUN's rate is not the matter here */
		receive_to(train, length, step, CW_BENCH_PORT);
		CHECK(cw_bench_drain(&bench, CW_BENCH_LAN) == opened);
		for (uint32_t i = 0; i < ups; i++)
			CHECK(went_up(&up[i]));
		CHECK(cw_bench_drain(&bench, CW_BENCH_UPLINK_TWIN) == 0);
		CHECK(bench.worker->drops[CW_DROP_OVERLAY_UNKNOWN] == bad);
		bench.worker->drops[CW_DROP_OVERLAY_UNKNOWN] = 0;
		CHECK(cw_bench_drops(&bench)[0] == 0);
	}
}

static uint32_t flood(const struct datagram *d, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		receive(d);
	return cw_bench_drain(&bench, CW_BENCH_UPLINK_TWIN);
}

/*
 * The gateway sees at most a burst at once and then a rate; one kind's flood does not take
 * another's share.
 */
static void limits_floods(void)
{
	struct datagram initiation = handshake(0xD4, 160, 128, 0xA1);
	struct datagram junk = random_datagram(0xD4, 160), cookie = random_datagram(0xD6, 64);
	struct datagram question = stun(20), d = sealed(10);

	bench.worker->now_us += 10000000;
	CHECK(flood(&junk, 4000) == 0);
	CHECK(strcmp(cw_bench_drops(&bench), "handshake_mac1 4000") == 0);
	CHECK(flood(&initiation, 700) == 500);
	CHECK(flood(&cookie, 600) == 500);
	CHECK(flood(&question, 200) == 100);
	CHECK(strcmp(cw_bench_drops(&bench), "handshake_rate 400") == 0);
	/* 10 ms later: 2,000 and 1,000 a second. */
	bench.worker->now_us += 10000;
	CHECK(flood(&initiation, 100) == 20 && flood(&cookie, 100) == 20);
	CHECK(flood(&question, 100) == 10);
	CHECK(strcmp(cw_bench_drops(&bench), "handshake_rate 250") == 0);
	receive(&d);
	CHECK(cw_bench_drain(&bench, CW_BENCH_LAN) == 1);
}

int main(int argc, char **argv)
{
	check_begin(argc, argv);
	cw_bench_open(&bench);
	takes_what_is_sealed();
	hands_handshakes_up();
	hands_stun_up_and_nothing_else();
	leaves_the_rest_to_the_kernel();
	takes_trains_apart();
	limits_floods();
	cw_bench_close(&bench);
	return check_result();
}
