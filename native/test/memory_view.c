/* What the packets of the in-memory bench are looked up in. See memory_bench.h. */
#include <stdlib.h>
#include <string.h>

#include "memory_bench.h"
#include "packet.h"
#include "table/acl.h"
#include "table/fib.h"
#include "table/fib6.h"
#include "table/neighbour.h"
#include "table/view.h"

static void must_be(const void *made)
{
	if (made == NULL)
		abort();
}

static struct cw_fib6_route route6(const struct cw_fib_route *v4)
{
	struct cw_address prefix = cw_bench_v6(v4->prefix);
	struct cw_fib6_route route = { .prefix_len = 96 + v4->prefix_len, .next_hop = v4->next_hop };

	memcpy(route.prefix, &prefix, sizeof(route.prefix));
	return route;
}

/* 1,000 routes to the far end of each family, in place of the bench's few. */
static void fill_routes(struct cw_view *view)
{
	static struct cw_fib_route routes[MEMORY_ROUTES + 2];
	static struct cw_fib6_route routes6[MEMORY_ROUTES + 2];
	struct cw_fib *before = view->segment_fib[0];
	uint32_t far = cw_fib_lookup(before, CW_BENCH_FAR);

	routes[0] = (struct cw_fib_route){ 0x0a010000, 24, cw_fib_lookup(before, CW_BENCH_HOST) };
	routes[1] = (struct cw_fib_route){ CW_BENCH_BOX, 32, cw_fib_lookup(before, CW_BENCH_BOX) };
	for (uint32_t i = 0; i < MEMORY_ROUTES; i++)
		routes[2 + i] = (struct cw_fib_route){ MEMORY_ROUTE(i), 24, far };
	for (uint32_t i = 0; i < MEMORY_ROUTES + 2; i++)
		routes6[i] = route6(&routes[i]);
	cw_fib_free(before);
	cw_fib6_free(view->segment_fib6[0]);
	view->segment_fib[0] = cw_fib_new(routes, MEMORY_ROUTES + 2);
	view->segment_fib6[0] = cw_fib6_new(routes6, MEMORY_ROUTES + 2);
	must_be(view->segment_fib[0]);
	must_be(view->segment_fib6[0]);
}

/* 200 hosts on the LAN, of both families. */
static void fill_neighbours(struct cw_view *view)
{
	static struct cw_neighbour known[2 * MEMORY_HOSTS + 1];
	struct cw_address gateway = cw_bench_v4(CW_BENCH_WAN - 1);

	for (uint32_t i = 0; i < 2 * MEMORY_HOSTS; i++) {
		uint32_t host = CW_BENCH_HOST + i / 2;
		known[i] = (struct cw_neighbour){ .address = i % 2 == 0 ? cw_bench_v4(host) : cw_bench_v6(host),
						  .port = CW_BENCH_LAN_PORT,
						  .mac = { 6, 0, 0, 0, 0, (uint8_t)(i / 2) } };
	}
	known[2 * MEMORY_HOSTS] = *cw_neighbour_find(view->neighbours, CW_BENCH_UPLINK_PORT, gateway);
	free(view->neighbours);
	view->neighbours = cw_neighbours_new(known, 2 * MEMORY_HOSTS + 1);
	must_be(view->neighbours);
}

/* Of a segment: rules for hosts, and for ports, which fit none of the packets; then one that lets all through. */
static struct cw_acl_program make_rule(uint32_t i)
{
	struct cw_address host = i % 4 == 0 ? cw_bench_v6(MEMORY_ROUTE(i)) : cw_bench_v4(MEMORY_ROUTE(i));
	struct cw_acl_program rule = { .action = CW_ACL_DENY,
				       .source_port_last = UINT16_MAX,
				       .destination_port_last = UINT16_MAX };

	if (i == MEMORY_RULES_WITHIN - 1) {
		rule.action = CW_ACL_ALLOW;
	} else if (i % 2 == 0) {
		rule.destination_len = 128;
		memcpy(rule.destination, &host, sizeof(rule.destination));
	} else {
		rule.protocol = PACKET_UDP;
		rule.destination_port_first = rule.destination_port_last = (uint16_t)(100 + i);
	}
	return rule;
}

static void fill_rules(struct cw_view *view)
{
	struct cw_acl_program rules[MEMORY_RULES];

	for (uint32_t i = 0; i < MEMORY_RULES; i++) {
		rules[i] = make_rule(i);
		rules[i].to_segment = i < MEMORY_RULES_WITHIN ? 0 : 1;
	}
	view->acl = cw_acl_new(rules, MEMORY_RULES, 2);
	must_be(view->acl);
}

void cw_memory_fill(struct cw_view *view)
{
	fill_routes(view);
	fill_neighbours(view);
	fill_rules(view);
}
