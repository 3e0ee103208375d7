/*
 * The forwarding table of IPv6 against a walk through all routes: random tables, the edges of
 * prefixes, refusals.
 */
#include <errno.h>
#include <string.h>

#include "check.h"
#include "table/fib6.h"

static struct cw_fib6_route routes[CW_FIB6_ROUTES_MAX + 1];

static void mask(uint8_t *address, uint32_t prefix_len)
{
	for (uint32_t bit = prefix_len; bit < 128; bit++)
		address[bit / 8] &= (uint8_t)~(0x80 >> bit % 8);
}

static bool is_inside(const struct cw_fib6_route *r, const uint8_t *address)
{
	uint32_t whole = r->prefix_len / 8, rest = r->prefix_len % 8;

	return memcmp(address, r->prefix, whole) == 0 &&
	       (rest == 0 || (address[whole] ^ r->prefix[whole]) >> (8 - rest) == 0);
}

/* The longest prefix wins. */
static uint32_t oracle(uint32_t count, const uint8_t *address)
{
	int best_len = -1;
	uint32_t hop = 0;

	for (uint32_t i = 0; i < count; i++) {
		if (routes[i].prefix_len > best_len && is_inside(&routes[i], address)) {
			best_len = routes[i].prefix_len;
			hop = routes[i].next_hop;
		}
	}
	return hop;
}

static int by_prefix(const void *left, const void *right)
{
	return memcmp(left, right, 16 + sizeof(uint8_t));
}

/*
 * `count` routes or a little fewer, no prefix twice, in no order. Bytes are taken from few values,
 * so that prefixes of all lengths lie inside each other, or differ late; `least_len` keeps short ones
 * from hiding the rest of a large table.
 */
static uint32_t make_routes(uint32_t count, uint32_t values, uint32_t least_len)
{
	uint32_t unique = 0;

	for (uint32_t i = 0; i < count; i++) {
		struct cw_fib6_route *r = &routes[i];
		memset(r, 0, sizeof(*r));
		for (uint32_t at = 0; at < 16; at++)
			r->prefix[at] = (uint8_t)(check_below(values) * 0x55);
		r->prefix_len = (uint8_t)(least_len + check_below(129 - least_len));
		mask(r->prefix, r->prefix_len);
		r->next_hop = 1 + check_below(CW_FIB6_NEXT_HOP_MAX);
	}
	qsort(routes, count, sizeof(routes[0]), by_prefix);
	for (uint32_t i = 0; i < count; i++) {
		if (unique == 0 || by_prefix(&routes[unique - 1], &routes[i]) != 0)
			routes[unique++] = routes[i];
	}
	for (uint32_t i = unique; i > 1; i--) {
		uint32_t other = check_below(i);
		struct cw_fib6_route kept = routes[i - 1];
		routes[i - 1] = routes[other];
		routes[other] = kept;
	}
	return unique;
}

static void step(uint8_t *address, int by)
{
	for (int at = 15; at >= 0; at--) {
		address[at] = (uint8_t)(address[at] + by);
		if (address[at] != (by > 0 ? 0 : 0xff))
			return;
	}
}

/* Any address, or one at an edge of some route, or one that leaves a route somewhere on its way. */
static void pick_address(uint32_t count, uint8_t *address)
{
	check_fill(address, 16);
	if (count == 0 || check_below(4) == 0)
		return;
	const struct cw_fib6_route *r = &routes[check_below(count)];
	uint8_t last[16];
	memset(last, 0xff, 16);
	mask(last, r->prefix_len);
	for (uint32_t i = 0; i < 16; i++)
		last[i] = (uint8_t)~last[i] | r->prefix[i];
	switch (check_below(6)) {
	case 0:
		memcpy(address, r->prefix, 16);
		break;
	case 1:
		memcpy(address, r->prefix, 16);
		step(address, -1);
		break;
	case 2:
		memcpy(address, last, 16);
		break;
	case 3:
		memcpy(address, last, 16);
		step(address, 1);
		break;
	case 4:
		memcpy(address, r->prefix, 16);
		address[check_below(16)] ^= (uint8_t)(1u << check_below(8));
		break;
	default:
		for (uint32_t i = 0; i < 16; i++)
			address[i] = r->prefix[i] | (address[i] & last[i]);
	}
}

static bool is_as_the_oracle_says(const struct cw_fib6 *fib, uint32_t count, uint32_t lookups)
{
	for (uint32_t done = 0; done < lookups; done++) {
		uint8_t address[16];
		pick_address(count, address);
		uint32_t wanted = oracle(count, address);
		uint32_t hop = cw_fib6_lookup(fib, address);
		if (!CHECK(hop == wanted)) {
			fprintf(stderr, "  of %u routes: %08x, not %08x\n", count, hop, wanted);
			return false;
		}
	}
	return true;
}

static void finds_the_longest_prefix(void)
{
	static const struct {
		uint32_t tables, routes, values, least_len, lookups;
	} runs[] = {
		{ 1, 0, 4, 0, 100 },      { 40, 1, 4, 0, 200 },     { 200, 8, 2, 0, 300 },
		{ 100, 300, 2, 0, 500 },  { 20, 1000, 4, 8, 700 },  { 20, 1000, 1, 0, 700 },
		{ 2, 65536, 4, 17, 300 }, { 1, 65536, 4, 128, 300 },
	};

	for (size_t i = 0; i < sizeof(runs) / sizeof(runs[0]); i++) {
		for (uint32_t t = 0; t < runs[i].tables; t++) {
			uint32_t count = make_routes(runs[i].routes, runs[i].values,
						     runs[i].least_len);
			struct cw_fib6 *fib = cw_fib6_new(routes, count);
			if (!CHECK(fib != NULL))
				return;
			CHECK(fib->block_count <= 2 * count && fib->block_room == fib->block_count);
			if (!is_as_the_oracle_says(fib, count, runs[i].lookups))
				return;
			cw_fib6_free(fib);
		}
	}
}

static struct cw_fib6 *make(const struct cw_fib6_route *some, uint32_t count, int error)
{
	errno = 0;
	struct cw_fib6 *fib = cw_fib6_new(some, count);

	CHECK((fib != NULL) == (error == 0));
	CHECK(fib != NULL || errno == error);
	return fib;
}

#define EDGES(...) \
	((const struct cw_fib6_route[]){ __VA_ARGS__ }), \
		sizeof((const struct cw_fib6_route[]){ __VA_ARGS__ }) / sizeof(struct cw_fib6_route)
#define SITE 0xfd, 0, 0xca, 0xfe
#define AT(...) ((const uint8_t[16]){ __VA_ARGS__ })

static void edges(void)
{
	static const uint8_t ones[16] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
					  0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
	struct cw_fib6 *fib = make(EDGES({ { 0 }, 0, 7 }), 0);
	CHECK(cw_fib6_lookup(fib, AT(0)) == 7 && cw_fib6_lookup(fib, ones) == 7);
	CHECK(fib->block_count == 0);
	cw_fib6_free(fib);

	/* A host, alone: one block, however long its path is. */
	fib = make(EDGES({ { SITE, [15] = 1 }, 128, 4 }), 0);
	CHECK(fib->block_count == 1 && cw_fib6_lookup(fib, AT(SITE, [15] = 1)) == 4);
	CHECK(cw_fib6_lookup(fib, AT(SITE, [15] = 2)) == 0);
	CHECK(cw_fib6_lookup(fib, AT(SITE, [14] = 1, [15] = 1)) == 0);
	CHECK(cw_fib6_lookup(fib, AT(0xfc, [15] = 1)) == 0);
	cw_fib6_free(fib);

	/* A host inside a /64 inside a /48 inside everything, in the wrong order. */
	fib = make(EDGES({ { SITE, 0, 1, 0, 2, [15] = 3 }, 128, 4 }, { { 0 }, 0, 1 },
			 { { SITE, 0, 1, 0, 2 }, 64, 3 }, { { SITE, 0, 1 }, 48, 2 }), 0);
	CHECK(cw_fib6_lookup(fib, AT(SITE, 0, 1, 0, 2, [15] = 3)) == 4);
	CHECK(cw_fib6_lookup(fib, AT(SITE, 0, 1, 0, 2, [15] = 4)) == 3);
	CHECK(cw_fib6_lookup(fib, AT(SITE, 0, 1, 0, 2, 1, [15] = 3)) == 3);
	CHECK(cw_fib6_lookup(fib, AT(SITE, 0, 1, 0, 3, [15] = 3)) == 2);
	CHECK(cw_fib6_lookup(fib, AT(SITE, 0, 2, 0, 2, [15] = 3)) == 1);
	CHECK(cw_fib6_lookup(fib, ones) == 1 && fib->block_count == 3);
	cw_fib6_free(fib);
	cw_fib6_free(make(NULL, 0, 0));
	cw_fib6_free(NULL);
}

static void refuses(void)
{
	make(EDGES({ { SITE }, 129, 1 }), EINVAL);
	make(EDGES({ { SITE }, 255, 1 }), EINVAL);
	make(EDGES({ { SITE }, 30, 1 }), EINVAL);
	make(EDGES({ { SITE, [15] = 1 }, 127, 1 }), EINVAL);
	make(EDGES({ { SITE, [15] = 1 }, 64, 1 }), EINVAL);
	make(EDGES({ { [15] = 1 }, 0, 1 }), EINVAL);
	make(EDGES({ { SITE }, 32, 0 }), EINVAL);
	make(EDGES({ { SITE }, 32, CW_FIB6_NEXT_HOP_MAX + 1 }), EINVAL);
	make(EDGES({ { SITE }, 32, CW_FIB6_BLOCK }), EINVAL);
	make(EDGES({ { 0 }, 0, 1 }, { { SITE }, 32, 1 }, { { 0 }, 0, 2 }), EEXIST);
	make(EDGES({ { SITE }, 32, 1 }, { { SITE }, 33, 1 }, { { SITE }, 32, 2 }), EEXIST);
	for (uint32_t i = 0; i <= CW_FIB6_ROUTES_MAX; i++)
		routes[i] = (struct cw_fib6_route){ { SITE, (uint8_t)(i >> 16), (uint8_t)(i >> 8),
						      (uint8_t)i }, 56, 1 };
	make(routes, CW_FIB6_ROUTES_MAX + 1, ENOSPC);
	struct cw_fib6 *fib = make(routes, CW_FIB6_ROUTES_MAX, 0);
	CHECK(fib != NULL && fib->block_count == CW_FIB6_ROUTES_MAX / 256 + 4);
	cw_fib6_free(fib);
}

int main(int argc, char **argv)
{
	check_begin(argc, argv);
	finds_the_longest_prefix();
	edges();
	refuses();
	return check_result();
}
