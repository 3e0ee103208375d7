/* See fib.h. */
#include "table/fib.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Shortest prefix first: what comes later is more specific and overwrites. */
static int compare(const void *left, const void *right)
{
	const struct cw_fib_route *a = left;
	const struct cw_fib_route *b = right;

	if (a->prefix_len != b->prefix_len)
		return a->prefix_len < b->prefix_len ? -1 : 1;
	return a->prefix < b->prefix ? -1 : a->prefix > b->prefix;
}

static uint32_t mask_of(uint8_t prefix_len)
{
	return prefix_len == 0 ? 0 : ~0u << (32 - prefix_len);
}

static int check(const struct cw_fib_route *sorted, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		const struct cw_fib_route *r = &sorted[i];
		if (r->prefix_len > 32 || (r->prefix & ~mask_of(r->prefix_len)) != 0 ||
		    r->next_hop == 0 || r->next_hop > CW_FIB_NEXT_HOP_MAX)
			return EINVAL;
		if (i > 0 && compare(r - 1, r) == 0)
			return EEXIST;
	}
	return 0;
}

/* The block behind an entry, made and filled with what stood there if need be. UINT32_MAX: none. */
static uint32_t block_behind(struct cw_fib *fib, uint32_t entry)
{
	if (entry & CW_FIB_BLOCK)
		return entry & ~CW_FIB_BLOCK;
	if (fib->block_count == fib->block_room) {
		uint32_t room = fib->block_room == 0 ? 16 : fib->block_room * 2;
		void *grown = realloc(fib->blocks, room * sizeof(fib->blocks[0]));
		if (grown == NULL)
			return UINT32_MAX;
		fib->blocks = grown;
		fib->block_room = room;
	}
	for (uint32_t i = 0; i < 256; i++)
		fib->blocks[fib->block_count][i] = entry;
	return fib->block_count++;
}

static bool insert(struct cw_fib *fib, const struct cw_fib_route *r)
{
	uint32_t high = r->prefix >> 16;

	if (r->prefix_len <= 16) {
		for (uint32_t i = 0; i < 1u << (16 - r->prefix_len); i++)
			fib->root[high + i] = r->next_hop;
		return true;
	}
	uint32_t block = block_behind(fib, fib->root[high]);
	if (block == UINT32_MAX)
		return false;
	fib->root[high] = block | CW_FIB_BLOCK;
	uint32_t middle = r->prefix >> 8 & 0xff;
	if (r->prefix_len <= 24) {
		for (uint32_t i = 0; i < 1u << (24 - r->prefix_len); i++)
			fib->blocks[block][middle + i] = r->next_hop;
		return true;
	}
	uint32_t last = block_behind(fib, fib->blocks[block][middle]);
	if (last == UINT32_MAX)
		return false;
	fib->blocks[block][middle] = last | CW_FIB_BLOCK;
	for (uint32_t i = 0; i < 1u << (32 - r->prefix_len); i++)
		fib->blocks[last][(r->prefix & 0xff) + i] = r->next_hop;
	return true;
}

/* The table lives long: what its blocks grew ahead of need goes back. */
static void give_back_room(struct cw_fib *fib)
{
	void *less = NULL;

	if (fib->block_count > 0)
		less = realloc(fib->blocks, fib->block_count * sizeof(fib->blocks[0]));
	if (less != NULL) {
		fib->blocks = less;
		fib->block_room = fib->block_count;
	}
}

struct cw_fib *cw_fib_new(const struct cw_fib_route *routes, uint32_t count)
{
	struct cw_fib_route *sorted = NULL;
	struct cw_fib *fib = NULL;
	int error = count > CW_FIB_ROUTES_MAX ? ENOSPC : 0;

	if (error == 0) {
		sorted = malloc((count + 1) * sizeof(*sorted));
		fib = calloc(1, sizeof(*fib));
		error = sorted == NULL || fib == NULL ? ENOMEM : 0;
	}
	if (error == 0) {
		if (count > 0)
			memcpy(sorted, routes, count * sizeof(*sorted));
		qsort(sorted, count, sizeof(*sorted), compare);
		error = check(sorted, count);
	}
	for (uint32_t i = 0; error == 0 && i < count; i++)
		error = insert(fib, &sorted[i]) ? 0 : ENOMEM;
	free(sorted);
	if (error == 0) {
		give_back_room(fib);
		return fib;
	}
	cw_fib_free(fib);
	errno = error;
	return NULL;
}

void cw_fib_free(struct cw_fib *fib)
{
	if (fib != NULL)
		free(fib->blocks);
	free(fib);
}
