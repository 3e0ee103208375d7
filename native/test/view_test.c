/*
 * Views as they follow each other: each says what program and kernel say by then; one whose routes and addresses are
 * those of the one before has its tables, and only neighbours of its own.
 */
#include <stdlib.h>

#include "check.h"
#include "graph_bench.h"
#include "table/mirror.h"
#include "table/neighbour.h"
#include "table/view.h"

#define LAN_IFINDEX 11
#define WAN_IFINDEX 12
#define FAR_ROUTES 20

static struct cw_bench bench;
static struct cw_mirror_state kernel;

static struct cw_view *published(void)
{
	uint64_t before = atomic_load(&bench.engine->view) == NULL ? 0 : atomic_load(&bench.engine->view)->serial;

	CHECK(cw_view_publish(bench.engine) == 0);
	struct cw_view *view = atomic_load(&bench.engine->view);
	CHECK(view->serial == before + 1);
	return view;
}

static struct cw_program *make_program(void)
{
	struct cw_program *program =
		calloc(1, sizeof(*program) + FAR_ROUTES * sizeof(program->routes[0]));

	memcpy(program, bench.worker->view->program, sizeof(*program));
	memcpy(program->port_programs[CW_BENCH_LAN_PORT].twin, "lan0", 5);
	memcpy(program->port_programs[CW_BENCH_UPLINK_PORT].twin, "wan0", 5);
	program->route_count = FAR_ROUTES;
	for (uint32_t i = 0; i < FAR_ROUTES; i++) {
		struct cw_address prefix = cw_bench_v4(0x0a020000 + (i << 8));
		program->routes[i] = (struct cw_route_program){ .prefix_len = 120 };
		memcpy(program->routes[i].address, &prefix, sizeof(prefix));
	}
	program->acl_count = 1;
	program->acl[0] = (struct cw_acl_program){ .action = CW_ACL_ALLOW };
	return program;
}

static void add_neighbour(uint32_t host)
{
	kernel.neighbours[kernel.neighbour_count++] =
		(struct cw_mirror_neighbour){ .address = cw_bench_v4(host), .ifindex = LAN_IFINDEX, .mac = { 6 } };
}

static void fill_kernel(void)
{
	kernel.links[0] = (struct cw_mirror_link){ LAN_IFINDEX, "lan0" };
	kernel.links[1] = (struct cw_mirror_link){ WAN_IFINDEX, "wan0" };
	kernel.link_count = 2;
	kernel.addresses[kernel.address_count++] = (struct cw_mirror_address){ cw_bench_v4(CW_BENCH_BOX), LAN_IFINDEX, 1 };
	kernel.routes[kernel.route_count++] =
		(struct cw_mirror_route){ .prefix = cw_bench_v4(0x0a010000), .ifindex = LAN_IFINDEX, .prefix_len = 120 };
	add_neighbour(CW_BENCH_HOST);
}

static uint8_t hop_kind(const struct cw_view *view, uint32_t destination)
{
	return view->hops[cw_fib_lookup(view->segment_fib[0], destination)].kind;
}

static void takes_over_what_did_not_change(void)
{
	struct cw_view *first = published();
	const struct cw_fib *fib = first->segment_fib[0], *all = first->all_fib;
	const struct cw_acl *acl = first->acl;

	CHECK(hop_kind(first, CW_BENCH_HOST) == CW_HOP_LINK && hop_kind(first, CW_BENCH_FAR) == CW_HOP_OVERLAY);
	CHECK(cw_neighbour_find(first->neighbours, 0, cw_bench_v4(CW_BENCH_HOST + 1)) == NULL);
	cw_neighbour_find(first->neighbours, 0, cw_bench_v4(CW_BENCH_HOST))->is_used = 1;
	add_neighbour(CW_BENCH_HOST + 1);
	struct cw_view *view = published();
	CHECK(view->segment_fib[0] == fib && view->all_fib == all && view->acl == acl && acl != NULL);
	CHECK(cw_neighbour_find(view->neighbours, 0, cw_bench_v4(CW_BENCH_HOST + 1)) != NULL);
	CHECK(cw_neighbour_find(view->neighbours, 0, cw_bench_v4(CW_BENCH_HOST))->is_used == 1);
	CHECK(hop_kind(view, CW_BENCH_HOST) == CW_HOP_LINK && hop_kind(view, CW_BENCH_FAR) == CW_HOP_OVERLAY);
	CHECK(view->own[0].count == 1 && cw_address_equal(view->segment_address[0][CW_V4], cw_bench_v4(CW_BENCH_BOX)));
	CHECK(view->own_left_out == 0);
	kernel.neighbour_count = 0;
	view = published();
	CHECK(view->segment_fib[0] == fib && view->neighbours->count == 0);
}

/* Asked at any time, first or again: nobody needs to have listened before. */
static struct cw_overflow overflow(void)
{
	static uint8_t answer[4096];
	struct cw_counters_head head = { 0 };

	CHECK(cw_call(bench.engine, CW_VERB_COUNTERS, NULL, 0, answer, sizeof(answer)) > (int)sizeof(head));
	memcpy(&head, answer, sizeof(head));
	return head.overflow;
}

static void counters_say_what_is_left_out(void)
{
	struct cw_overflow none = overflow();

	CHECK(none.addresses == 2 && none.routes == 0 && none.neighbours == 0);
	kernel.overflow = (struct cw_overflow){ .addresses = 2, .routes = 3, .neighbours = 4 };
	for (uint32_t i = 0; i < 2; i++) {
		struct cw_overflow now = overflow();
		CHECK(now.addresses == 2 + 2 && now.routes == 3 && now.neighbours == 4);
	}
}

static void builds_anew_what_did(void)
{
	CHECK(hop_kind(atomic_load(&bench.engine->view), 0x0a090001) == CW_HOP_NONE);
	kernel.routes[kernel.route_count++] =
		(struct cw_mirror_route){ .prefix = cw_bench_v4(0x0a090000), .ifindex = LAN_IFINDEX, .prefix_len = 120 };
	kernel.routes_serial++;
	struct cw_view *view = published();
	CHECK(hop_kind(view, 0x0a090001) == CW_HOP_LINK && hop_kind(view, CW_BENCH_FAR) == CW_HOP_OVERLAY);

	/* A port has a limit, and what is above it is counted. */
	for (uint32_t i = 0; i < CW_PORT_ADDRESSES_MAX + 2; i++)
		kernel.addresses[kernel.address_count++] =
			(struct cw_mirror_address){ cw_bench_v4(CW_BENCH_WAN + i), WAN_IFINDEX, 1 };
	kernel.routes_serial++;
	view = published();
	CHECK(view->own[CW_BENCH_UPLINK_PORT].count == CW_PORT_ADDRESSES_MAX && view->own_left_out == 2);
	counters_say_what_is_left_out();

	struct cw_program *before = bench.engine->program;
	bench.engine->program = make_program();
	bench.engine->program->route_count = 0;
	bench.engine->program->acl_count = 0;
	view = published();
	CHECK(hop_kind(view, CW_BENCH_FAR) == CW_HOP_NONE && hop_kind(view, 0x0a090001) == CW_HOP_LINK);
	CHECK(view->acl == NULL);
	free(before);
}

static const struct cw_hop *hop_of(const struct cw_view *view, uint32_t destination)
{
	return &view->hops[cw_fib_lookup(view->segment_fib[0], destination)];
}

static void add_route(struct cw_program *program, uint32_t address, uint8_t len, uint16_t peer, uint8_t rank)
{
	struct cw_address prefix = cw_bench_v4(address);
	struct cw_route_program *route = &program->routes[program->route_count++];

	*route = (struct cw_route_program){ .peer = peer, .prefix_len = 96 + len, .rank = rank };
	memcpy(route->address, &prefix, sizeof(prefix));
}

/* Of one prefix the ranks say who comes first; a longer one is another, and what the kernel has is nobody's. */
static void several_peers_share_a_prefix(void)
{
	struct cw_program *before = bench.engine->program, *program = make_program();

	bench.engine->program = program;
	program->route_count = 0;
	add_route(program, 0x0a020000, 16, 0, 1);
	add_route(program, 0x0a020000, 16, 1, 0);
	add_route(program, 0x0a020100, 24, 0, 0);
	add_route(program, 0x0a010000, 24, 0, 0);
	add_route(program, 0x0a010000, 24, 1, 1);
	/* Of two of one rank the first peer counts. */
	add_route(program, 0x0a030000, 16, 1, 0);
	add_route(program, 0x0a030000, 16, 0, 0);
	struct cw_view *view = published();
	const struct cw_hop *shared = hop_of(view, 0x0a020005), *longer = hop_of(view, 0x0a020105);
	CHECK(shared->kind == CW_HOP_OVERLAY && shared->peer_count == 2);
	CHECK(shared->peers[0] == 1 && shared->peers[1] == 0);
	CHECK(longer->kind == CW_HOP_OVERLAY && longer->peer_count == 1 && longer->peers[0] == 0);
	CHECK(hop_of(view, CW_BENCH_HOST)->kind == CW_HOP_LINK);
	CHECK(hop_of(view, 0x0a030001)->peer_count == 1 && hop_of(view, 0x0a030001)->peers[0] == 0);
	/* Whose it is, is told of each address once. */
	CHECK(cw_all_find(view, cw_bench_v4(0x0a020005)) == CW_ALL_VALUE(0, false));
	program->is_hub[1] = true;
	kernel.routes_serial++;
	published();
	CHECK(atomic_load(&bench.other->is_hub) && !atomic_load(&bench.far->is_hub));
	free(before);
}

int main(int argc, char **argv)
{
	check_begin(argc, argv);
	cw_bench_open(&bench);
	bench.kernel = &kernel;
	bench.engine->program = make_program();
	fill_kernel();
	takes_over_what_did_not_change();
	builds_anew_what_did();
	several_peers_share_a_prefix();
	cw_view_free(atomic_load(&bench.engine->view));
	free(bench.engine->program);
	cw_bench_close(&bench);
	return check_result();
}
