/*
 * Longest-prefix match for IPv6: a trie of bytes whose paths are compressed. A block branches on the first byte in which
 * its routes differ or one of them ends, and says which bytes before that must be there; who has others gets what the
 * shorter prefixes say. A lookup takes as many blocks as there are such bytes on its way: two to four in the tables of a
 * site, sixteen at most. A block is 1 KiB and N routes need fewer than 2 N of them. Immutable once built, like fib.h.
 * (rte_fib6's table starts with 2^24 entries, 32 to 128 MiB for each segment and uplink, however few routes it holds.)
 */
#ifndef CW_FIB6_H
#define CW_FIB6_H

#include <stdint.h>
#include <string.h>

#define CW_FIB6_ROUTES_MAX 132096
#define CW_FIB6_NEXT_HOP_MAX 0x7ffffffeu
#define CW_FIB6_BLOCK 0x80000000u /* the entry leads on to the block of this number */

struct cw_fib6_route {
	uint8_t prefix[16]; /* host bits zero */
	uint8_t prefix_len;
	uint32_t next_hop; /* 1 to CW_FIB6_NEXT_HOP_MAX; 0 is "no route" */
};

struct cw_fib6_block {
	uint64_t wanted[2]; /* the bytes before `at`, in the order of memory */
	uint64_t mask[2];
	uint32_t otherwise; /* the answer for who has others */
	uint32_t at;        /* the byte that chooses */
	uint32_t next[256];
};

struct cw_fib6 {
	uint32_t root;
	struct cw_fib6_block *blocks;
	uint32_t block_count;
	uint32_t block_room;
};

/*
 * Copies the routes, in any order. NULL with errno EINVAL (length, host bits, hop), EEXIST (a
 * prefix twice), ENOSPC (too many) or ENOMEM.
 */
struct cw_fib6 *cw_fib6_new(const struct cw_fib6_route *routes, uint32_t count);

void cw_fib6_free(struct cw_fib6 *fib);

/* `address`: 16 bytes; 0: no route. */
static inline uint32_t cw_fib6_lookup(const struct cw_fib6 *fib, const uint8_t *address)
{
	uint32_t entry = fib->root;
	uint64_t words[2];

	memcpy(words, address, sizeof(words));
	while (entry & CW_FIB6_BLOCK) {
		const struct cw_fib6_block *block = &fib->blocks[entry & ~CW_FIB6_BLOCK];
		if (((words[0] ^ block->wanted[0]) & block->mask[0]) |
		    ((words[1] ^ block->wanted[1]) & block->mask[1]))
			return block->otherwise;
		entry = block->next[address[block->at]];
	}
	return entry;
}

#endif
