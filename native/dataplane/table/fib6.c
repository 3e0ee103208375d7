/* See fib6.h. */
#include "table/fib6.h"

#include "table/room.h"

/* By prefix, the shorter first: what encloses comes before what it encloses. */
static int compare(const void *left, const void *right)
{
	const struct cw_fib6_route *a = left;
	const struct cw_fib6_route *b = right;
	int order = memcmp(a->prefix, b->prefix, sizeof(a->prefix));

	return order != 0 ? order : (int)a->prefix_len - (int)b->prefix_len;
}

static bool has_host_bits(const struct cw_fib6_route *r)
{
	uint32_t byte = r->prefix_len / 8;

	if (r->prefix_len % 8 != 0 && r->prefix[byte++] & 0xff >> r->prefix_len % 8)
		return true;
	for (; byte < sizeof(r->prefix); byte++) {
		if (r->prefix[byte] != 0)
			return true;
	}
	return false;
}

static bool is_sound(const void *route)
{
	const struct cw_fib6_route *r = route;

	return r->prefix_len <= 128 && !has_host_bits(r) && r->next_hop != 0 && r->next_hop <= CW_FIB6_NEXT_HOP_MAX;
}

/* A block whose every entry is `inherited`; UINT32_MAX: no memory. */
static uint32_t new_block(struct cw_fib6 *fib, const uint8_t *prefix, uint32_t at, uint32_t inherited)
{
	void *blocks =
		cw_room_for_one(fib->blocks, fib->block_count, &fib->block_room, sizeof(fib->blocks[0]));
	if (blocks == NULL)
		return UINT32_MAX;
	fib->blocks = blocks;
	struct cw_fib6_block *block = &fib->blocks[fib->block_count];
	memset(block, 0, sizeof(*block));
	memcpy(block->wanted, prefix, at);
	memset(block->mask, 0xff, at);
	block->at = at;
	block->otherwise = inherited;
	for (uint32_t i = 0; i < 256; i++)
		block->next[i] = inherited;
	return fib->block_count++;
}

/* The first byte in which sorted routes differ, or in which one of them ends. */
static uint32_t deciding_byte(const struct cw_fib6_route *sorted, uint32_t count)
{
	uint32_t at = 0;

	while (at < 15 && sorted[0].prefix[at] == sorted[count - 1].prefix[at])
		at++;
	for (uint32_t i = 0; i < count; i++) {
		uint32_t last = (sorted[i].prefix_len - 1u) / 8;
		at = last < at ? last : at;
	}
	return at;
}

/*
 * The entry for routes that are all longer than what led to it; `inherited` is for what they do not cover. Goes one byte
 * deeper with every call within itself. False: no memory.
 */
static bool build(struct cw_fib6 *fib, const struct cw_fib6_route *sorted, uint32_t count,
		  uint32_t inherited, uint32_t *entry)
{
	uint32_t at = deciding_byte(sorted, count);
	uint32_t number = new_block(fib, sorted[0].prefix, at, inherited);

	if (number == UINT32_MAX)
		return false;
	*entry = number | CW_FIB6_BLOCK;
	for (uint32_t i = 0; i < count; i++) {
		const struct cw_fib6_route *r = &sorted[i];
		if (r->prefix_len > 8 * (at + 1))
			continue;
		for (uint32_t n = 0; n < 1u << (8 * (at + 1) - r->prefix_len); n++)
			fib->blocks[number].next[r->prefix[at] + n] = r->next_hop;
	}
	for (uint32_t i = 0, end; i < count; i = end) {
		uint8_t byte = sorted[i].prefix[at];
		end = i + 1;
		if (sorted[i].prefix_len <= 8 * (at + 1))
			continue;
		/* Those that end in this byte stand before all longer ones of the same value. */
		while (end < count && sorted[end].prefix[at] == byte)
			end++;
		uint32_t deeper;
		if (!build(fib, sorted + i, end - i, fib->blocks[number].next[byte], &deeper))
			return false;
		fib->blocks[number].next[byte] = deeper;
	}
	return true;
}

struct cw_fib6 *cw_fib6_new(const struct cw_fib6_route *routes, uint32_t count)
{
	struct cw_fib6_route *sorted =
		cw_room_sorted(routes, count, CW_FIB6_ROUTES_MAX, sizeof(*sorted), compare, is_sound);
	struct cw_fib6 *fib = sorted == NULL ? NULL : calloc(1, sizeof(*fib));
	bool is_built = fib != NULL;
	uint32_t first = 0;

	if (is_built && count > 0 && sorted[0].prefix_len == 0)
		fib->root = sorted[first++].next_hop;
	if (is_built && first < count)
		is_built = build(fib, sorted + first, count - first, fib->root, &fib->root);
	free(sorted);
	if (!is_built) {
		cw_fib6_free(fib);
		return NULL;
	}
	fib->blocks = cw_room_give_back(fib->blocks, fib->block_count, &fib->block_room, sizeof(fib->blocks[0]));
	return fib;
}

void cw_fib6_free(struct cw_fib6 *fib)
{
	if (fib != NULL)
		free(fib->blocks);
	free(fib);
}
