/*
 * The forwarding table against a walk through all routes: random tables, the edges of prefixes,
 * refusals.
 */
#include <errno.h>
#include <string.h>

#include "check.h"
#include "table/fib.h"

static struct cw_fib_route routes[CW_FIB_ROUTES_MAX + 1];

static uint32_t mask_of(uint32_t prefix_len)
{
	return (uint32_t)(0xffffffff00000000u >> prefix_len);
}

/* The longest prefix wins. */
static uint32_t oracle(uint32_t count, uint32_t address)
{
	int best_len = -1;
	uint32_t hop = 0;

	for (uint32_t i = 0; i < count; i++) {
		if ((address & mask_of(routes[i].prefix_len)) == routes[i].prefix &&
		    routes[i].prefix_len > best_len) {
			best_len = routes[i].prefix_len;
			hop = routes[i].next_hop;
		}
	}
	return hop;
}

static int by_prefix(const void *left, const void *right)
{
	return memcmp(left, right, sizeof(uint32_t) + sizeof(uint8_t));
}

/*
 * `count` routes or a little fewer, no prefix twice, in no order. In a narrow space prefixes of all
 * lengths lie inside each other; `least_len` keeps short ones from hiding the rest of a large
 * table.
 */
static uint32_t make_routes(uint32_t count, uint32_t space_bits, uint32_t least_len)
{
	uint32_t unique = 0;

	for (uint32_t i = 0; i < count; i++) {
		uint32_t prefix_len = least_len + check_below(33 - least_len);
		uint32_t bits = (uint32_t)check_random() & (uint32_t)((1ull << space_bits) - 1);
		uint32_t address = check_below(2) ? bits : bits << (32 - space_bits);
		memset(&routes[i], 0, sizeof(routes[i]));
		routes[i].prefix = address & mask_of(prefix_len);
		routes[i].prefix_len = (uint8_t)prefix_len;
		routes[i].next_hop = 1 + check_below(CW_FIB_NEXT_HOP_MAX);
	}
	qsort(routes, count, sizeof(routes[0]), by_prefix);
	for (uint32_t i = 0; i < count; i++) {
		if (unique == 0 || by_prefix(&routes[unique - 1], &routes[i]) != 0)
			routes[unique++] = routes[i];
	}
	for (uint32_t i = unique; i > 1; i--) {
		uint32_t other = check_below(i);
		struct cw_fib_route kept = routes[i - 1];
		routes[i - 1] = routes[other];
		routes[other] = kept;
	}
	return unique;
}

/* Any address, or one at an edge of some route. */
static uint32_t pick_address(uint32_t count)
{
	if (count == 0 || check_below(3) == 0)
		return (uint32_t)check_random();
	const struct cw_fib_route *r = &routes[check_below(count)];
	uint32_t last = r->prefix | ~mask_of(r->prefix_len);
	switch (check_below(5)) {
	case 0:
		return r->prefix;
	case 1:
		return r->prefix - 1;
	case 2:
		return last;
	case 3:
		return last + 1;
	default:
		return r->prefix | ((uint32_t)check_random() & ~mask_of(r->prefix_len));
	}
}

static bool is_as_the_oracle_says(const struct cw_fib *fib, uint32_t count, uint32_t lookups)
{
	for (uint32_t done = 0; done < lookups; done++) {
		uint32_t address = pick_address(count);
		uint32_t wanted = oracle(count, address);
		uint32_t hop = cw_fib_lookup(fib, address);
		if (!CHECK(hop == wanted)) {
			fprintf(stderr, "  %08x of %u routes: %08x, not %08x\n", address, count, hop,
				wanted);
			return false;
		}
	}
	return true;
}

static void finds_the_longest_prefix(void)
{
	static const struct {
		uint32_t tables, routes, space_bits, least_len, lookups;
	} runs[] = {
		{ 1, 0, 32, 0, 100 },       { 40, 1, 32, 0, 200 },      { 200, 8, 12, 0, 300 },
		{ 100, 300, 20, 0, 1000 },  { 40, 1000, 32, 8, 1500 },  { 20, 1000, 17, 12, 1500 },
		{ 2, 65536, 32, 17, 1500 }, { 1, 65536, 32, 32, 1500 },
	};

	for (size_t i = 0; i < sizeof(runs) / sizeof(runs[0]); i++) {
		for (uint32_t t = 0; t < runs[i].tables; t++) {
			uint32_t count = make_routes(runs[i].routes, runs[i].space_bits,
						     runs[i].least_len);
			struct cw_fib *fib = cw_fib_new(routes, count);
			if (!CHECK(fib != NULL))
				return;
			/* A block for each 1/256 that routes reach into, none to spare. */
			CHECK(fib->block_count <= 2 * count && fib->block_room == fib->block_count);
			if (!is_as_the_oracle_says(fib, count, runs[i].lookups))
				return;
			cw_fib_free(fib);
		}
	}
}

static struct cw_fib *make(const struct cw_fib_route *some, uint32_t count, int error)
{
	errno = 0;
	struct cw_fib *fib = cw_fib_new(some, count);

	CHECK((fib != NULL) == (error == 0));
	CHECK(fib != NULL || errno == error);
	return fib;
}

#define EDGES(...) \
	((const struct cw_fib_route[]){ __VA_ARGS__ }), \
		sizeof((const struct cw_fib_route[]){ __VA_ARGS__ }) / sizeof(struct cw_fib_route)

static void edges(void)
{
	struct cw_fib *fib = make(EDGES({ 0, 0, 7 }), 0);
	CHECK(cw_fib_lookup(fib, 0) == 7 && cw_fib_lookup(fib, UINT32_MAX) == 7);
	CHECK(fib->block_count == 0);
	cw_fib_free(fib);

	fib = make(EDGES({ 0, 32, 1 }, { UINT32_MAX, 32, CW_FIB_NEXT_HOP_MAX }), 0);
	CHECK(cw_fib_lookup(fib, 0) == 1 && cw_fib_lookup(fib, 1) == 0);
	CHECK(cw_fib_lookup(fib, UINT32_MAX) == CW_FIB_NEXT_HOP_MAX);
	CHECK(cw_fib_lookup(fib, UINT32_MAX - 1) == 0);
	cw_fib_free(fib);

	/* A host inside a /24 inside a /16 inside everything, in the wrong order. */
	fib = make(EDGES({ 0x0a010203, 32, 4 }, { 0, 0, 1 }, { 0x0a010200, 24, 3 },
			 { 0x0a010000, 16, 2 }), 0);
	CHECK(cw_fib_lookup(fib, 0x0a010203) == 4 && cw_fib_lookup(fib, 0x0a010204) == 3);
	CHECK(cw_fib_lookup(fib, 0x0a0103ff) == 2 && cw_fib_lookup(fib, 0x0a020000) == 1);
	CHECK(fib->block_count == 2);
	cw_fib_free(fib);

	/* Blocks are only for what is longer than 16, and than 24. */
	fib = make(EDGES({ 0x0a010000, 16, 2 }), 0);
	CHECK(fib->block_count == 0);
	cw_fib_free(fib);
	fib = make(EDGES({ 0x0a010200, 24, 2 }), 0);
	CHECK(fib->block_count == 1);
	cw_fib_free(fib);
	cw_fib_free(make(NULL, 0, 0));
	cw_fib_free(NULL);
}

static void refuses(void)
{
	make(EDGES({ 0x0a000000, 33, 1 }), EINVAL);
	make(EDGES({ 0, 33, 1 }), EINVAL);
	make(EDGES({ 0, 64, 1 }), EINVAL);
	make(EDGES({ 0, 255, 1 }), EINVAL);
	make(EDGES({ 0x0a000001, 31, 1 }), EINVAL);
	make(EDGES({ 0x0a000001, 8, 1 }), EINVAL);
	make(EDGES({ 1, 0, 1 }), EINVAL);
	make(EDGES({ 0x0a000000, 8, 0 }), EINVAL);
	make(EDGES({ 0x0a000000, 8, CW_FIB_NEXT_HOP_MAX + 1 }), EINVAL);
	make(EDGES({ 0x0a000000, 8, CW_FIB_BLOCK }), EINVAL);
	make(EDGES({ 0, 0, 1 }, { 0x0a000000, 8, 1 }, { 0, 0, 1 }), EEXIST);
	make(EDGES({ 0x0a000000, 8, 1 }, { 0x0a000000, 9, 1 }, { 0x0a000000, 8, 2 }), EEXIST);
	for (uint32_t i = 0; i <= CW_FIB_ROUTES_MAX; i++)
		routes[i] = (struct cw_fib_route){ i << 8, 24, 1 };
	make(routes, CW_FIB_ROUTES_MAX + 1, ENOSPC);
	struct cw_fib *fib = make(routes, CW_FIB_ROUTES_MAX, 0);
	CHECK(fib != NULL && fib->block_count == CW_FIB_ROUTES_MAX / 256);
	cw_fib_free(fib);
}

int main(int argc, char **argv)
{
	check_begin(argc, argv);
	finds_the_longest_prefix();
	edges();
	refuses();
	return check_result();
}
