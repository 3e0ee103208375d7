/*
 * mac1 against answers of another implementation of keyed BLAKE2s (Python's hashlib,
 * digest_size=16), at the edges of a 64-byte block and at the sizes of the handshake messages; and
 * forgeries.
 */
#include <openssl/crypto.h>
#include <string.h>

#include "check.h"
#include "crypto/mac1.h"

#define LENGTH_MAX 1200

/* Byte i of the message is 7i + length, byte i of the key 3i + length. */
static const struct {
	uint32_t length;
	const char *mac;
} answers[] = {
	{ 0, "9b45862944382a2d0038925087749b56" },
	{ 1, "9d6d771a6db746e3096b5b94d6b3a356" },
	{ 63, "e925a2ae861777b3aad88d510e6de159" },
	{ 64, "a90a0ad0aed6bcdf57f3a7d9c49270ef" },
	{ 65, "84764bd2ab430b91e79dba7a7a22c764" },
	{ 68, "02074616826d0ee7b5c256f524bc2c90" },
	{ 128, "d10367df27c7e3b7a4ea776f4e3eec12" },
	{ 129, "0f1deed3484008aa3a1dcff132651b13" },
	{ 1200, "3c7d047c57c03107e8745cfdb62b30a7" },
};

static uint64_t allocations;

static void *count_malloc(size_t size, const char *file, int line)
{
	(void)file, (void)line;
	allocations++;
	return malloc(size);
}

static void *count_realloc(void *old, size_t size, const char *file, int line)
{
	(void)file, (void)line;
	allocations++;
	return realloc(old, size);
}

static void plain_free(void *old, const char *file, int line)
{
	(void)file, (void)line;
	free(old);
}

static void check_answer(struct cw_mac1 *mac1, uint32_t length, const char *hex)
{
	uint8_t key[32], message[LENGTH_MAX + 1], mac[16];

	for (uint32_t i = 0; i < 16; i++) {
		const char pair[3] = { hex[2 * i], hex[2 * i + 1], 0 };
		mac[i] = (uint8_t)strtoul(pair, NULL, 16);
	}
	for (uint32_t i = 0; i < 32; i++)
		key[i] = (uint8_t)(3 * i + length);
	for (uint32_t i = 0; i <= length; i++)
		message[i] = (uint8_t)(7 * i + length);
	CHECK(cw_mac1_ok(mac1, key, message, length, mac));
	for (uint32_t bit = 0; bit < 128; bit++) {
		mac[bit / 8] ^= (uint8_t)(1 << bit % 8);
		CHECK(!cw_mac1_ok(mac1, key, message, length, mac));
		mac[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	for (uint32_t i = 0; i < length; i++) {
		message[i] ^= 0x10;
		CHECK(!cw_mac1_ok(mac1, key, message, length, mac));
		message[i] ^= 0x10;
	}
	for (uint32_t i = 0; i < 32; i++) {
		key[i] ^= 0x80;
		CHECK(!cw_mac1_ok(mac1, key, message, length, mac));
		key[i] ^= 0x80;
	}
	CHECK(!cw_mac1_ok(mac1, key, message, length + 1, mac));
	CHECK(cw_mac1_ok(mac1, key, message, length, mac));
}

int main(int argc, char **argv)
{
	struct cw_mac1 *mac1 = NULL;

	check_begin(argc, argv);
	CHECK(CRYPTO_set_mem_functions(count_malloc, count_realloc, plain_free) == 1);
	if (!CHECK(cw_mac1_open(&mac1) == 0))
		return check_result();
	uint64_t before = allocations;
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++)
		check_answer(mac1, answers[i].length, answers[i].mac);
	CHECK(before > 0 && allocations == before);
	cw_mac1_close(mac1);
	cw_mac1_close(NULL);
	return check_result();
}
