/*
 * Longest-prefix match for IPv4: a table of 2^16 entries for the first 16 bits, and blocks of 2^8
 * where longer prefixes live (DIR-16-8-8, after Gupta, Lin, McKeown 1998). At most three loads a
 * lookup; 256 KiB, and 1 KiB a block, of which a route needs two at most: 258 MiB for
 * CW_FIB_ROUTES_MAX scattered hosts. Immutable once built: made beside the one in use and swapped. (rte_fib's
 * DIR-24-8 takes 64 MiB a table.) IPv6 is deeper and has another shape: fib6.h.
 */
#ifndef CW_FIB_H
#define CW_FIB_H

#include <stdint.h>

#define CW_FIB_ROUTES_MAX 132096 /* a program's, the kernel's, and its addresses */
#define CW_FIB_NEXT_HOP_MAX 0x7ffffffeu
#define CW_FIB_BLOCK 0x80000000u /* the entry leads on to the block of this number */

struct cw_fib_route {
	uint32_t prefix; /* host order, host bits zero */
	uint8_t prefix_len;
	uint32_t next_hop; /* 1 to CW_FIB_NEXT_HOP_MAX; 0 is "no route" */
};

struct cw_fib {
	uint32_t root[1 << 16];
	uint32_t (*blocks)[256];
	uint32_t block_count;
	uint32_t block_room;
};

/*
 * Copies the routes, in any order. NULL with errno EINVAL (length, host bits, hop), EEXIST (a
 * prefix twice), ENOSPC (too many) or ENOMEM.
 */
struct cw_fib *cw_fib_new(const struct cw_fib_route *routes, uint32_t count);

void cw_fib_free(struct cw_fib *fib);

/* `address` in host order; 0: no route. */
static inline uint32_t cw_fib_lookup(const struct cw_fib *fib, uint32_t address)
{
	uint32_t entry = fib->root[address >> 16];

	if (entry & CW_FIB_BLOCK)
		entry = fib->blocks[entry & ~CW_FIB_BLOCK][address >> 8 & 0xff];
	if (entry & CW_FIB_BLOCK)
		entry = fib->blocks[entry & ~CW_FIB_BLOCK][address & 0xff];
	return entry;
}

#endif
