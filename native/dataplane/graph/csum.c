/*
 * See csum.h. Built for several CPUs and chosen at load: the sum is half of what a segment costs
 * beside the cipher. (Clang 14 makes clones that it cannot link.)
 */
#include "graph/csum.h"

#if defined(__x86_64__) && !defined(__clang__)
__attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#endif
uint64_t cw_csum_add(uint64_t sum, const void *data, size_t length)
{
	const uint8_t *at = data;

	/* Words of 32 bits into 64: no carry is lost below 2^32 words. */
	for (; length >= 128; at += 128, length -= 128) {
		uint32_t words[32];
		uint64_t block = 0;
		memcpy(words, at, sizeof(words));
		for (int i = 0; i < 32; i++)
			block += words[i];
		sum += block;
	}
	for (; length >= 4; at += 4, length -= 4) {
		uint32_t word;
		memcpy(&word, at, sizeof(word));
		sum += word;
	}
	if (length > 0) {
		uint32_t word = 0;
		memcpy(&word, at, length);
		sum += word;
	}
	return sum;
}
