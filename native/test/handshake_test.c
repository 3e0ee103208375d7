/*
 * Floods of handshakes: they are cut off before they cost anything, strangers above the rate are asked for cookies,
 * and those are what wire.md says, by another way than the dataplane's.
 */
#include "check.h"
#include "graph/graph.h"
#include "graph/handshake.h"
#include "overlay_traffic.h"
#include "packet.h"

#include <openssl/evp.h>

/* From one source, or from as many as there are datagrams. How many went up. */
static uint32_t flood(const struct datagram *d, uint32_t count, bool is_spread)
{
	for (uint32_t i = 0; i < count; i++) {
		sender = is_spread ? 0x0b000000 + check_below(1 << 24) : CW_BENCH_FAR_WAN;
		cw_test_receive(d);
	}
	sender = CW_BENCH_FAR_WAN;
	return cw_bench_drain(&bench, CW_BENCH_UPLINK_TWIN);
}

static uint64_t dropped(enum cw_drop reason)
{
	uint64_t count = bench.worker->drops[reason];

	bench.worker->drops[reason] = 0;
	return count;
}

/*
 * The gateway sees at most a burst at once and then a rate, of each source and of all; one kind's flood does not take
 * another's share.
 */
static void limits_floods(void)
{
	struct datagram initiation = cw_test_handshake(0xD4, 160, 128, 0xA1);
	struct datagram junk = cw_test_random_datagram(0xD4, 160), cookie = cw_test_random_datagram(0xD6, 64);
	struct datagram question = cw_test_stun(20), d = cw_test_sealed(10);

	bench.worker->now_us += 10000000;
	CHECK(flood(&junk, 4000, false) == 0);
	CHECK(strcmp(cw_bench_drops(&bench), "handshake_mac1 4000") == 0);
	CHECK(flood(&initiation, 100, false) == 5 && dropped(CW_DROP_HANDSHAKE_SOURCE) == 95);
	cw_test_ask(&cookie, 0xD4, 160);
	CHECK(flood(&cookie, 100, false) == 5 && dropped(CW_DROP_HANDSHAKE_SOURCE) == 95);
	/* 200 at once less those before; a few meet in a slot of the table. */
	uint32_t up = flood(&initiation, 700, true);
	CHECK(up <= 195 && up >= 185);
	CHECK(up + dropped(CW_DROP_HANDSHAKE_SOURCE) + dropped(CW_DROP_HANDSHAKE_RATE) == 700);
	CHECK(flood(&cookie, 100, true) >= 90);
	CHECK(flood(&question, 200, true) == 100 && dropped(CW_DROP_STUN_RATE) == 100);
	dropped(CW_DROP_HANDSHAKE_SOURCE);
	dropped(CW_DROP_HANDSHAKE_RATE);
	/* 100 ms later: 20 a second of a source, 400 of all; and 1,000 of STUN. */
	bench.worker->now_us += 100000;
	CHECK(flood(&initiation, 100, false) == 2 && flood(&cookie, 100, false) == 2);
	up = flood(&initiation, 500, true);
	CHECK(up <= 38 && up >= 30);
	CHECK(flood(&question, 200, false) == 100 && dropped(CW_DROP_STUN_RATE) == 100);
	dropped(CW_DROP_HANDSHAKE_SOURCE);
	dropped(CW_DROP_HANDSHAKE_RATE);
	cw_test_receive(&d);
	CHECK(cw_bench_drain(&bench, CW_BENCH_LAN) == 1);
}

static const uint8_t secrets[96] = { 0x5e, [31] = 1, [32] = 2, [64] = 3 };

/* draft-irtf-cfrg-xchacha by another way: HChaCha20 is a keystream block less the state before the rounds. */
static void hchacha(const uint8_t *key, const uint8_t *nonce, uint8_t *out)
{
	static const uint8_t zeros[64];
	uint8_t block[64];
	uint32_t words[16], constants[4], start[4];
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	int done;

	CHECK(EVP_EncryptInit_ex(context, EVP_chacha20(), NULL, key, nonce) == 1);
	CHECK(EVP_EncryptUpdate(context, block, &done, zeros, 64) == 1);
	EVP_CIPHER_CTX_free(context);
	memcpy(words, block, sizeof(words));
	memcpy(constants, "expand 32-byte k", sizeof(constants));
	memcpy(start, nonce, sizeof(start));
	for (int i = 0; i < 4; i++) {
		words[i] -= constants[i];
		words[12 + i] -= start[i];
	}
	memcpy(out, words, 16);
	memcpy(out + 16, words + 12, 16);
}

static bool open_cookie(const uint8_t *message, const uint8_t *mac1, uint8_t cookie[16])
{
	uint8_t subkey[32], iv[12] = { 0 }, tag[16];
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	int done;

	hchacha(secrets, message + 8, subkey);
	memcpy(iv + 4, message + 24, 8);
	memcpy(tag, message + 48, 16);
	bool is_good = EVP_DecryptInit_ex(context, EVP_chacha20_poly1305(), NULL, subkey, iv) == 1 &&
		       EVP_DecryptUpdate(context, NULL, &done, mac1, 16) == 1 &&
		       EVP_DecryptUpdate(context, cookie, &done, message + 32, 16) == 1 &&
		       EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, 16, tag) == 1 &&
		       EVP_DecryptFinal_ex(context, cookie + done, &done) == 1;
	EVP_CIPHER_CTX_free(context);
	return is_good;
}

/* The one frame that went out of the uplink: a right packet back to the sender with a cookie for it. */
static void take_cookie(const struct datagram *d, uint8_t cookie[16])
{
	static uint8_t frame[CW_BENCH_FRAME_MAX];
	struct cw_vnet_hdr vnet;
	uint8_t bound[20] = { [10] = 0xff, [11] = 0xff }, wanted[16];
	uint32_t length = cw_bench_take(&bench, CW_BENCH_UPLINK, &vnet, frame);
	uint8_t *ip = frame + 14, *message = frame + HEADERS;

	CHECK(length == HEADERS + 64 && packet_is_right(ip, length - 14));
	CHECK(packet_u32(ip + 12) == CW_BENCH_WAN && packet_u32(ip + 16) == sender);
	CHECK(packet_u16(frame + 34) == CW_BENCH_PORT && packet_u16(frame + 36) == CW_BENCH_PORT + 1);
	CHECK(packet_u32(message) == 0xD6000000 && memcmp(message + 4, d->bytes + 4, 4) == 0);
	CHECK(open_cookie(message, d->bytes + d->length - 32, cookie));
	packet_put32(bound + 12, sender);
	packet_put16(bound + 18, CW_BENCH_PORT + 1);
	cw_test_mac(secrets + 32, 32, bound, sizeof(bound), wanted);
	CHECK(memcmp(cookie, wanted, 16) == 0);
}

static struct datagram with_mac2(struct datagram d, const uint8_t cookie[16])
{
	cw_test_mac(cookie, 16, d.bytes, d.length - 16, d.bytes + d.length - 16);
	return d;
}

/* Above the rate a stranger is asked for a cookie; with it, and only from where it was given to, there is room. */
static void asks_for_cookies(void)
{
	struct datagram initiation = cw_test_handshake(0xD4, 160, 128, 0xA1);
	uint8_t cookie[16], none[16] = { 0 };

	memset(initiation.bytes + 144, 0, 16);
	bench.worker->now_us += 10000000;
	CHECK(flood(&initiation, 1000, true) > 0);
	cw_bench_drops(&bench);
	CHECK(cw_bench_drain(&bench, CW_BENCH_UPLINK) == 0); /* no secrets, no cookies */
	cw_handshakes_renew(bench.worker, secrets);
	for (uint32_t i = 0; i < 50; i++) {
		sender = 0x0c000000 + i;
		cw_test_receive(&initiation);
		CHECK(strcmp(cw_bench_drops(&bench), "handshake_cookie 1") == 0);
		take_cookie(&initiation, cookie);
		struct datagram shown = with_mac2(initiation, cookie);
		cw_test_receive(&shown);
		CHECK(cw_test_went_up(&shown) && cw_bench_drops(&bench)[0] == 0);
		sender++;
		cw_test_receive(&shown);
		CHECK(strcmp(cw_bench_drops(&bench), "handshake_cookie 1") == 0);
		take_cookie(&shown, none);
		CHECK(memcmp(none, cookie, 16) != 0);
	}
	/* The secret before still holds, one older does not. */
	uint8_t next[96];
	memcpy(next, secrets, 96);
	memcpy(next + 64, secrets + 32, 32);
	next[32]++;
	sender = 0x0c000031;
	bench.worker->now_us += 1000000;
	flood(&initiation, 1000, true);
	cw_bench_drain(&bench, CW_BENCH_UPLINK);
	cw_bench_drops(&bench);
	sender = 0x0c000031;
	cw_handshakes_renew(bench.worker, next);
	struct datagram shown = with_mac2(initiation, cookie);
	cw_test_receive(&shown);
	CHECK(cw_test_went_up(&shown));
	next[64]++;
	cw_handshakes_renew(bench.worker, next);
	cw_test_receive(&shown);
	CHECK(strcmp(cw_bench_drops(&bench), "handshake_cookie 1") == 0);
	/* Who shows one has a rate, and is not asked for another. */
	next[64]--;
	cw_handshakes_renew(bench.worker, next);
	cw_bench_drain(&bench, CW_BENCH_UPLINK);
	for (uint32_t i = 0; i < 20; i++)
		cw_test_receive(&shown);
	CHECK(cw_bench_drain(&bench, CW_BENCH_UPLINK_TWIN) == 4);
	CHECK(strcmp(cw_bench_drops(&bench), "handshake_source 16") == 0);
	CHECK(cw_bench_drain(&bench, CW_BENCH_UPLINK) == 0);
	/* A gateway that is gone takes no handshakes: nobody is asked to come again. */
	bench.worker->now_us += 251000000;
	flood(&initiation, 1000, true);
	CHECK(dropped(CW_DROP_HANDSHAKE_COOKIE) == 0);
	CHECK(cw_bench_drain(&bench, CW_BENCH_UPLINK) == 0);
	cw_bench_drops(&bench);
	sender = CW_BENCH_FAR_WAN;
}

/* Where a peer was, it is heard of again: a flood of strangers does not stand in its way, its own rate does. */
static void knows_peers(void)
{
	struct datagram initiation = cw_test_handshake(0xD4, 160, 128, 0xA1);
	uint8_t address[16] = { [10] = 0xff, [11] = 0xff };

	memset(initiation.bytes + 144, 0, 16);
	packet_put32(address + 12, CW_BENCH_FAR_WAN);
	bench.worker->now_us += 10000000;
	flood(&initiation, 9000, true);
	CHECK(flood(&initiation, 10, false) == 0);
	cw_handshakes_know(bench.worker, address);
	CHECK(flood(&initiation, 10, false) == 5);
	bench.worker->now_us += 601000000;
	flood(&initiation, 9000, true);
	CHECK(flood(&initiation, 10, false) == 0);
	cw_bench_drops(&bench);
}

/*
 * Cookies and challenges have no mac1: those for a handshake of ours pass for as long as they can be of use, by its own
 * uplink, and a flood of others takes nothing from them, whoever it says it is from.
 */
static void only_the_asked_answer(void)
{
	struct datagram forged = cw_test_random_datagram(0xD7, 40), genuine = cw_test_random_datagram(0xD7, 40);
	struct cw_port_program *program = &bench.worker->view->program->port_programs[CW_BENCH_UPLINK_PORT];

	bench.worker->now_us += 10000000;
	for (uint32_t family = 0; family < 2; family++) {
		is_over_v6 = family == 1;
		genuine.bytes[4]++;
		dropped(CW_DROP_HANDSHAKE_UNASKED);
		CHECK(flood(&forged, 1000, false) == 0 && flood(&forged, 5000, true) == 0);
		CHECK(dropped(CW_DROP_HANDSHAKE_UNASKED) == 6000);
		cw_test_ask(&genuine, 0xD4, 160);
		program->uplink++;
		CHECK(flood(&genuine, 1, false) == 0);
		program->uplink--;
		CHECK(flood(&genuine, 1, false) == 1);
		bench.worker->now_us += 9900000;
		CHECK(flood(&genuine, 1, false) == 1);
		bench.worker->now_us += 200000;
		CHECK(flood(&genuine, 1, false) == 0);
		/* What only looks like one of ours is not: by its size, its kind, or by another port. */
		genuine.bytes[5]++;
		cw_test_ask(&genuine, 0xD4, 100);
		cw_test_ask(&genuine, 0xD6, 64);
		program->overlay_port++;
		cw_test_ask(&genuine, 0xD4, 160);
		program->overlay_port--;
		CHECK(flood(&genuine, 1, false) == 0);
	}
	is_over_v6 = false;
	/* Among as many as the gateway begins at most, none is forgotten for another. */
	struct datagram many[400];
	for (uint32_t i = 0; i < 400; i++) {
		many[i] = cw_test_random_datagram(0xD6, 64);
		cw_test_ask(&many[i], i & 1 ? 0xD5 : 0xD4, i & 1 ? 100 : 160);
	}
	uint32_t up = 0;
	for (uint32_t i = 0; i < 400; i++) {
		bench.worker->now_us += 10000;
		up += flood(&many[i], 1, true);
	}
	CHECK(up >= 396);
	cw_bench_drops(&bench);
}

/* Anything can stand in the place of mac2: a flood of that takes nothing from addresses that are known. */
static void nobody_fills_the_share_of_the_known(void)
{
	struct datagram initiation = cw_test_handshake(0xD4, 160, 128, 0xA1), junk = cw_test_random_datagram(0xD4, 160);
	uint8_t address[16] = { [10] = 0xff, [11] = 0xff };

	packet_put32(address + 12, CW_BENCH_FAR_WAN);
	bench.worker->now_us += 10000000;
	cw_handshakes_know(bench.worker, address);
	flood(&junk, 9000, true);
	CHECK(dropped(CW_DROP_HANDSHAKE_RATE) > 0);
	CHECK(flood(&initiation, 1, false) == 1);
	cw_bench_drops(&bench);
}

/* Two peers whose addresses meet in the table, here of one /64: neither is forgotten for the other. */
static void two_may_meet(void)
{
	struct datagram initiation = cw_test_handshake(0xD4, 160, 128, 0xA1);
	uint8_t address[16] = { 0xfd };

	memset(initiation.bytes + 144, 0, 16);
	is_over_v6 = true;
	bench.worker->now_us += 700000000;
	for (uint32_t round = 0; round < 4; round++) {
		packet_put32(address + 12, 0x0d000001 + (round & 1));
		cw_handshakes_know(bench.worker, address);
	}
	is_over_v6 = false;
	flood(&initiation, 9000, true);
	is_over_v6 = true;
	for (uint32_t i = 0; i < 2; i++) {
		sender = 0x0d000001 + i;
		cw_test_receive(&initiation);
		CHECK(cw_test_went_up(&initiation));
	}
	sender = CW_BENCH_FAR_WAN;
	is_over_v6 = false;
	cw_bench_drops(&bench);
}

/* Nobody has such an address: it is neither answered nor has it a rate, which others would share. */
static void senders_are_hosts(void)
{
	struct datagram initiation = cw_test_handshake(0xD4, 160, 128, 0xA1);
	const uint32_t nobody[] = { 0x7f000001, 0x00000001, 0xe0000001, 0xffffffff };

	for (uint32_t i = 0; i < sizeof(nobody) / sizeof(nobody[0]); i++) {
		sender = nobody[i];
		cw_test_receive(&initiation);
		CHECK(!cw_test_went_up(&initiation));
		CHECK(strcmp(cw_bench_drops(&bench), "overlay_source 1") == 0);
	}
	sender = CW_BENCH_FAR_WAN;
}

int main(int argc, char **argv)
{
	check_begin(argc, argv);
	cw_bench_open(&bench);
	limits_floods();
	asks_for_cookies();
	knows_peers();
	only_the_asked_answer();
	nobody_fills_the_share_of_the_known();
	two_may_meet();
	senders_are_hosts();
	cw_bench_close(&bench);
	return check_result();
}
