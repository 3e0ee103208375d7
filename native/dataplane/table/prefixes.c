/* See prefixes.h. */
#include "table/prefixes.h"

#include <rte_byteorder.h>
#include <stdlib.h>
#include <string.h>

struct cw_candidate {
	struct cw_address prefix;
	uint8_t prefix_len; /* of the 128 bits */
	uint8_t source;
	uint32_t metric;
	uint32_t next_hop;
};

bool cw_prefixes_open(struct cw_prefixes *prefixes, uint32_t most)
{
	prefixes->count = 0;
	prefixes->share = NULL;
	prefixes->candidates = calloc(most, sizeof(prefixes->candidates[0]));
	prefixes->routes = calloc(most, sizeof(prefixes->routes[0]));
	prefixes->routes6 = calloc(most, sizeof(prefixes->routes6[0]));
	return prefixes->candidates != NULL && prefixes->routes != NULL && prefixes->routes6 != NULL;
}

void cw_prefixes_close(struct cw_prefixes *prefixes)
{
	free(prefixes->candidates);
	free(prefixes->routes);
	free(prefixes->routes6);
}

void cw_prefixes_add(struct cw_prefixes *prefixes, struct cw_address prefix, uint8_t len, enum cw_source source,
		     uint32_t metric, uint32_t next_hop)
{
	prefixes->candidates[prefixes->count++] = (struct cw_candidate){ .prefix = prefix,
									 .prefix_len = len,
									 .source = source,
									 .metric = metric,
									 .next_hop = next_hop };
}

static bool is_same_prefix(const struct cw_candidate *a, const struct cw_candidate *b)
{
	return cw_address_equal(a->prefix, b->prefix) && a->prefix_len == b->prefix_len;
}

static int compare(const void *left, const void *right)
{
	const struct cw_candidate *a = left;
	const struct cw_candidate *b = right;
	int order = memcmp(&a->prefix, &b->prefix, sizeof(a->prefix));

	if (order != 0)
		return order;
	if (a->prefix_len != b->prefix_len)
		return a->prefix_len < b->prefix_len ? -1 : 1;
	if (a->source != b->source)
		return a->source < b->source ? -1 : 1;
	if (a->metric != b->metric)
		return a->metric < b->metric ? -1 : 1;
	return a->next_hop < b->next_hop ? -1 : a->next_hop > b->next_hop;
}

/* The next hop of the prefix whose first candidate is number `first`. */
static uint32_t next_hop_of(const struct cw_prefixes *prefixes, uint32_t first)
{
	const struct cw_candidate *list = &prefixes->candidates[first];
	uint32_t most = prefixes->count - first, count = 0, metric = 0;
	uint32_t next_hops[CW_RANKS];

	if (list[0].source != CW_SOURCE_OVERLAY || prefixes->share == NULL)
		return list[0].next_hop;
	for (uint32_t i = 0; i < most && count < CW_RANKS && is_same_prefix(&list[0], &list[i]); i++) {
		if (count > 0 && list[i].metric == metric)
			continue;
		metric = list[i].metric;
		next_hops[count++] = list[i].next_hop;
	}
	return count == 1 ? next_hops[0] : prefixes->share(prefixes->context, next_hops, count);
}

bool cw_prefixes_make(struct cw_prefixes *prefixes, struct cw_fib **fib, struct cw_fib6 **fib6)
{
	uint32_t n = 0, n6 = 0;

	qsort(prefixes->candidates, prefixes->count, sizeof(prefixes->candidates[0]), compare);
	for (uint32_t i = 0; i < prefixes->count; i++) {
		const struct cw_candidate *c = &prefixes->candidates[i];
		if (i > 0 && is_same_prefix(c - 1, c))
			continue;
		if (c->prefix_len >= 96 && cw_address_is_v4(c->prefix)) {
			prefixes->routes[n++] = (struct cw_fib_route){
				.prefix = rte_be_to_cpu_32(cw_address_v4(c->prefix)),
				.prefix_len = c->prefix_len - 96,
				.next_hop = next_hop_of(prefixes, i),
			};
		} else {
			struct cw_fib6_route *route = &prefixes->routes6[n6++];
			memcpy(route->prefix, cw_address_bytes(&c->prefix), sizeof(route->prefix));
			route->prefix_len = c->prefix_len;
			route->next_hop = next_hop_of(prefixes, i);
		}
	}
	prefixes->count = 0;
	*fib = cw_fib_new(prefixes->routes, n);
	*fib6 = cw_fib6_new(prefixes->routes6, n6);
	return *fib != NULL && *fib6 != NULL;
}
