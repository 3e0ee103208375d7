/* The Internet checksum, RFC 1071, and its incremental update, RFC 1624. Sums are in network order, unfolded. */
#ifndef CW_CSUM_H
#define CW_CSUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Adds `length` bytes to a sum; an odd last byte counts as if a zero followed. */
uint64_t cw_csum_add(uint64_t sum, const void *data, size_t length);

/* The checksum of a sum: folded and complemented. 0 over data that holds its own right checksum. */
static inline uint16_t cw_csum_fold(uint64_t sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~((sum & 0xffff) + (sum >> 16));
}

/*
 * Finishes the TCP or UDP checksum of the bytes from `start` to `end`, where the field holds the pseudo header's sum as the
 * kernel has it; UDP sends a computed zero as ones, for zero says "none" (RFC 768). Without a field there is nothing to do.
 */
static inline void cw_csum_finish(uint8_t *frame, uint32_t start, uint32_t end, bool is_tcp)
{
	uint32_t place = start + (is_tcp ? 16 : 6);

	if (place + 2 > end)
		return;
	uint16_t checksum = cw_csum_fold(cw_csum_add(0, frame + start, end - start));
	if (checksum == 0 && !is_tcp)
		checksum = 0xffff;
	memcpy(frame + place, &checksum, sizeof(checksum));
}

/* HC' = ~(~HC + ~m + m'), RFC 1624 eqn. 3. */
static inline uint16_t cw_csum_update(uint16_t checksum, uint16_t before, uint16_t after)
{
	return cw_csum_fold((uint64_t)(uint16_t)~checksum + (uint16_t)~before + after);
}

#endif
