/* See fib.h. */
#include "table/fib.h"

#include "table/room.h"

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

static bool is_sound(const void *route)
{
	const struct cw_fib_route *r = route;

	return r->prefix_len <= 32 && (r->prefix & ~mask_of(r->prefix_len)) == 0 && r->next_hop != 0 &&
	       r->next_hop <= CW_FIB_NEXT_HOP_MAX;
}

/* The block behind an entry, made and filled with what stood there if need be. UINT32_MAX: none. */
static uint32_t block_behind(struct cw_fib *fib, uint32_t entry)
{
	if (entry & CW_FIB_BLOCK)
		return entry & ~CW_FIB_BLOCK;
	void *blocks =
		cw_room_for_one(fib->blocks, fib->block_count, &fib->block_room, sizeof(fib->blocks[0]));
	if (blocks == NULL)
		return UINT32_MAX;
	fib->blocks = blocks;
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

struct cw_fib *cw_fib_new(const struct cw_fib_route *routes, uint32_t count)
{
	struct cw_fib_route *sorted =
		cw_room_sorted(routes, count, CW_FIB_ROUTES_MAX, sizeof(*sorted), compare, is_sound);
	struct cw_fib *fib = sorted == NULL ? NULL : calloc(1, sizeof(*fib));
	bool is_built = fib != NULL;

	for (uint32_t i = 0; is_built && i < count; i++)
		is_built = insert(fib, &sorted[i]);
	free(sorted);
	if (!is_built) {
		cw_fib_free(fib);
		return NULL;
	}
	fib->blocks = cw_room_give_back(fib->blocks, fib->block_count, &fib->block_room, sizeof(fib->blocks[0]));
	return fib;
}

void cw_fib_free(struct cw_fib *fib)
{
	if (fib != NULL)
		free(fib->blocks);
	free(fib);
}
