/* The Internet checksum, RFC 1071, and its incremental update, RFC 1624. Sums are in network order, unfolded. */
#ifndef CW_CSUM_H
#define CW_CSUM_H

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

/* HC' = ~(~HC + ~m + m'), RFC 1624 eqn. 3. */
static inline uint16_t cw_csum_update(uint16_t checksum, uint16_t before, uint16_t after)
{
	return cw_csum_fold((uint64_t)(uint16_t)~checksum + (uint16_t)~before + after);
}

#endif
