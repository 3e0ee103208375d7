/* The Internet checksum, RFC 1071, and its incremental update, RFC 1624. Sums are in network order, unfolded. */
#ifndef CW_CSUM_H
#define CW_CSUM_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/*
 * Adds `length` bytes to a sum. Words of 32 bits into 64: no carry is lost below 2^32 words, and the compiler makes
 * vectors of the inner loop.
 */
static inline uint64_t cw_csum_add(uint64_t sum, const void *data, size_t length)
{
	const uint8_t *at = data;

	while (length >= 64) {
		uint32_t words[16];
		memcpy(words, at, sizeof(words));
		for (int i = 0; i < 16; i++)
			sum += words[i];
		at += 64;
		length -= 64;
	}
	for (; length >= 4; at += 4, length -= 4) {
		uint32_t word;
		memcpy(&word, at, sizeof(word));
		sum += word;
	}
	if (length > 0) {
		uint8_t tail[4] = { 0 };
		uint32_t word;
		memcpy(tail, at, length);
		memcpy(&word, tail, sizeof(word));
		sum += word;
	}
	return sum;
}

/* The checksum of a sum: folded and complemented. 0 over data that holds its own right checksum. */
static inline uint16_t cw_csum_fold(uint64_t sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~((sum & 0xffff) + (sum >> 16));
}

/* HC' = ~(~HC + ~m + m'), RFC 1624 eqn. 3. */
static inline uint16_t cw_csum_update(uint16_t checksum, uint16_t before, uint16_t after)
{
	return cw_csum_fold((uint64_t)(uint16_t)~checksum + (uint16_t)~before + after);
}

#endif
