/*
 * The Internet checksum against RFC 1071 done word by word: any length, alignment and way of
 * cutting.
 */
#include <string.h>

#include "check.h"
#include "graph/csum.h"

/* RFC 1071 §4.1, in network order as the packet holds it. */
static uint16_t oracle(const uint8_t *data, size_t length)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < length; i++) {
		sum += i % 2 == 0 ? (uint32_t)data[i] << 8 : data[i];
		sum = (sum & 0xffff) + (sum >> 16);
	}
	const uint8_t bytes[2] = { (uint8_t)(~sum >> 8), (uint8_t)~sum };
	uint16_t checksum;
	memcpy(&checksum, bytes, sizeof(checksum));
	return checksum;
}

#define ROOM 70000

/* In a block of just that size, so that a byte read too far is seen by the sanitizer. */
static void check_sum_of(const uint8_t *data, size_t length, size_t offset)
{
	uint8_t *exact = malloc(offset + length + 1);

	memcpy(exact + offset, data, length);
	uint8_t *tight = realloc(exact, offset + length == 0 ? 1 : offset + length);
	if (!CHECK(cw_csum_fold(cw_csum_add(0, tight + offset, length)) == oracle(data, length)))
		fprintf(stderr, "  %zu bytes at offset %zu\n", length, offset);
	/* Cut anywhere even, the sum is the same. */
	size_t cut = length == 0 ? 0 : check_below((uint32_t)length) & ~1u;
	uint64_t sum = cw_csum_add(cw_csum_add(0, tight + offset, cut), tight + offset + cut,
				   length - cut);
	CHECK(cw_csum_fold(sum) == oracle(data, length));
	free(tight);
}

static void sums_as_the_oracle_does(void)
{
	static uint8_t data[ROOM];

	check_fill(data, sizeof(data));
	for (size_t length = 0; length <= 600; length++)
		check_sum_of(data + length, length, length % 17);
	for (uint32_t i = 0; i < 2000; i++)
		check_sum_of(data + check_below(1000), check_below(i < 1900 ? 2000 : 65536),
			     check_below(64));
	memset(data, 0xff, sizeof(data));
	for (size_t length = 0; length <= 300; length++)
		check_sum_of(data, length, 1);
	check_sum_of(data, 65535, 0);
	memset(data, 0, sizeof(data));
	check_sum_of(data, 1000, 0);
}

/* No sum of 64 bits may fold wrongly: the carries of the folding carry too. */
static void folds_any_sum(void)
{
	static const uint64_t hard[] = {
		0,          1,          0xffff,      0x10000,    0x1fffe,        0x1ffff,
		0xffffffff, 0xffff0000, 0x1fffffffe, UINT64_MAX, UINT64_MAX - 1, 0xffff0000ffff0001,
	};

	for (uint32_t i = 0; i < 200000; i++) {
		uint64_t sum = check_random() >> check_below(64);
		if (i < sizeof(hard) / sizeof(hard[0]))
			sum = hard[i];
		/*
		 * 2^16 is 1 modulo 65535; only the sum of nothing is 0, any other multiple is
		 * 65535.
		 */
		uint16_t folded = (uint16_t)(sum == 0 ? 0 : (sum - 1) % 65535 + 1);
		if (!CHECK((cw_csum_fold(sum) ^ folded) == 0xffff))
			break;
	}
}

static void an_update_is_a_new_sum(void)
{
	uint8_t data[64];

	for (uint32_t i = 0; i < 200000; i++) {
		check_fill(data, sizeof(data));
		uint16_t before, after = (uint16_t)check_random();
		uint32_t at = 2 * check_below(sizeof(data) / 2);
		/* The words at which a sum of ones' complement is apt to go wrong. */
		if (i % 8 < 4)
			after = i % 8 < 2 ? 0 : 0xffff;
		if (i % 16 < 8)
			memset(data + at, i % 16 < 4 ? 0 : 0xff, 2);
		uint16_t whole = oracle(data, sizeof(data));
		memcpy(&before, data + at, 2);
		memcpy(data + at, &after, 2);
		if (!CHECK(cw_csum_update(whole, before, after) == oracle(data, sizeof(data))))
			break;
	}
	/* RFC 1624 §4: the example that the older equation gets wrong. */
	CHECK(cw_csum_update(0xdd2f, 0x5555, 0x3285) == 0x0000);
}

int main(int argc, char **argv)
{
	check_begin(argc, argv);
	sums_as_the_oracle_does();
	folds_any_sum();
	an_update_is_a_new_sum();
	return check_result();
}
