/* What the packets of a bench are looked up in: program, routes and neighbours, filled in by hand. See graph_bench.h. */
#include <stdlib.h>
#include <string.h>

#include "graph_bench.h"
#include "port_sample.h"
#include "table/neighbour.h"
#include "table/view.h"

#define HOSTS 20

/* fe80::1 of the uplink and fe80::1d of the LAN. */
#define LINK_LOCAL(last) cw_address_of((const uint8_t[16]){ 0xfe, 0x80, [15] = (last) })

enum hop {
	HOP_NONE,
	HOP_LOCAL,
	HOP_FAR,
	HOP_OTHER,
	HOP_LAN,
	HOP_LAN_GATEWAY,
	HOP_LAN_GATEWAY6,
	HOP_WAN,
	HOP_WAN6,
	HOPS,
};

static void stop_without(const void *memory)
{
	if (memory == NULL)
		abort();
}

static struct cw_program *make_program(struct cw_bench *bench)
{
	struct cw_program *program = calloc(1, sizeof(*program));

	stop_without(program);
	program->steering_epoch = 1;
	program->generation = 1;
	program->port_count = 2;
	program->segment_count = 1;
	program->peer_count = 2;
	program->mac1_key_count = 2;
	memset(program->mac1_keys[0], 0xA1, 32);
	memset(program->mac1_keys[1], 0xA2, 32);
	program->port_programs[CW_BENCH_LAN_PORT].role = CW_ROLE_LAN;
	program->port_programs[CW_BENCH_UPLINK_PORT] = (struct cw_port_program){
		.role = CW_ROLE_UPLINK, .overlay_port = CW_BENCH_PORT, .network = CW_NETWORK_INTERNET, CW_SAMPLE_QOS
	};
	program->policy_count = 1;
	program->policies[0] = (struct cw_policy_program){ .name = "default",
							   .loss_ppm = CW_NONE,
							   .latency_us = CW_NONE,
							   .jitter_us = CW_NONE,
							   .metered = CW_METERED_LAST,
							   .kinds = 3 };
	program->segment_programs[0].vni = CW_BENCH_VNI;
	memcpy(program->ports, bench->ports, sizeof(bench->ports));
	program->segments[0] = bench->segment;
	program->peers[0] = bench->far;
	program->peers[1] = bench->other;
	cw_peer_keys_sort(program);
	bench->far->segments = bench->other->segments = 1; /* the first, as a bit */
	return program;
}

static struct cw_neighbours *make_neighbours(void)
{
	struct cw_neighbour known[2 * HOSTS + 3] = { 0 };
	uint32_t count = 0;

	/* A host has the same MAC in both families; the gateways of the uplink have the one after the last. */
	for (uint32_t i = 0; i <= HOSTS; i++) {
		struct cw_neighbour host = { .port = i < HOSTS ? CW_BENCH_LAN_PORT : CW_BENCH_UPLINK_PORT,
					     .mac = { 6, 0, 0, 0, 0, (uint8_t)i } };
		host.address = cw_bench_v4(i < HOSTS ? CW_BENCH_HOST + i : CW_BENCH_WAN - 1);
		known[count++] = host;
		host.address = i < HOSTS ? cw_bench_v6(CW_BENCH_HOST + i) : LINK_LOCAL(1);
		known[count++] = host;
	}
	known[count++] = (struct cw_neighbour){ .address = LINK_LOCAL(0x1d),
						.port = CW_BENCH_LAN_PORT,
						.mac = { 6, 0, 0, 0, 0, HOSTS - 1 } };
	return cw_neighbours_new(known, count);
}

static void set_addresses(struct cw_view *view)
{
	static const uint32_t own[2] = { CW_BENCH_BOX, CW_BENCH_WAN };

	for (uint32_t port = 0; port < 2; port++) {
		view->port_address[port][CW_V4] = cw_bench_v4(own[port]);
		view->port_address[port][CW_V6] = cw_bench_v6(own[port]);
		view->own[port] = (struct cw_own){ .count = 2,
						   .list = { cw_bench_v4(own[port]),
							     cw_bench_v6(own[port]) } };
	}
	view->segment_address[0][CW_V4] = cw_bench_v4(CW_BENCH_BOX);
	view->segment_address[0][CW_V6] = cw_bench_v6(CW_BENCH_BOX);
}

/* Everything is of the one segment that there is. */
static void make_all(struct cw_view *view, const struct cw_fib_route *v4, const struct cw_fib6_route *v6,
		     uint32_t count)
{
	struct cw_fib_route all[HOPS];
	struct cw_fib6_route all6[HOPS];

	for (uint32_t i = 0; i < count; i++) {
		all[i] = v4[i];
		all6[i] = v6[i];
		all[i].next_hop = all6[i].next_hop = CW_ALL_VALUE(0, v4[i].next_hop == HOP_LOCAL);
	}
	view->all_fib = cw_fib_new(all, count);
	view->all_fib6 = cw_fib6_new(all6, count);
}

struct cw_view *cw_bench_view(struct cw_bench *bench)
{
	const struct cw_hop hops[HOPS] = {
		[HOP_LOCAL] = { .kind = CW_HOP_LOCAL },
		[HOP_FAR] = { .kind = CW_HOP_OVERLAY, .peer_count = 1, .peers = { 0 } },
		[HOP_OTHER] = { .kind = CW_HOP_OVERLAY, .peer_count = 1, .peers = { 1 } },
		[HOP_LAN] = { .kind = CW_HOP_LINK, .port = CW_BENCH_LAN_PORT },
		[HOP_LAN_GATEWAY] = { .kind = CW_HOP_LINK,
				      .port = CW_BENCH_LAN_PORT,
				      .gateway = cw_bench_v4(CW_BENCH_HOST + HOSTS - 1) },
		[HOP_LAN_GATEWAY6] = { .kind = CW_HOP_LINK,
				       .port = CW_BENCH_LAN_PORT,
				       .gateway = LINK_LOCAL(0x1d) },
		[HOP_WAN6] = { .kind = CW_HOP_LINK,
			       .port = CW_BENCH_UPLINK_PORT,
			       .gateway = LINK_LOCAL(1) },
		[HOP_WAN] = { .kind = CW_HOP_LINK,
			      .port = CW_BENCH_UPLINK_PORT,
			      .gateway = cw_bench_v4(CW_BENCH_WAN - 1) },
	};
	static const struct cw_fib_route office[] = {
		{ CW_BENCH_BOX, 32, HOP_LOCAL },    { 0x0a010000, 24, HOP_LAN },
		{ 0x0a020000, 16, HOP_FAR },	    { 0x0a030000, 16, HOP_OTHER },
		{ 0x0a090000, 16, HOP_LAN_GATEWAY },
	};
	static const struct cw_fib_route wan[] = { { 0, 0, HOP_WAN } };
	static const struct cw_fib6_route wan6[] = { { { 0 }, 0, HOP_WAN6 } };
	struct cw_fib6_route office6[sizeof(office) / sizeof(office[0])];
	struct cw_view *view = calloc(1, sizeof(*view));

	stop_without(view);
	view->serial = 1;
	view->program = make_program(bench);
	view->segment_fib[0] = cw_fib_new(office, sizeof(office) / sizeof(office[0]));
	for (uint32_t i = 0; i < sizeof(office) / sizeof(office[0]); i++) {
		struct cw_address prefix = cw_bench_v6(office[i].prefix);
		uint32_t hop = office[i].next_hop;
		memcpy(office6[i].prefix, &prefix, sizeof(prefix));
		office6[i].prefix_len = 96 + office[i].prefix_len;
		office6[i].next_hop = hop == HOP_LAN_GATEWAY ? HOP_LAN_GATEWAY6 : hop;
	}
	view->segment_fib6[0] = cw_fib6_new(office6, sizeof(office6) / sizeof(office6[0]));
	make_all(view, office, office6, sizeof(office) / sizeof(office[0]));
	view->uplink_fib[CW_BENCH_UPLINK_PORT] = cw_fib_new(wan, 1);
	view->uplink_fib6[CW_BENCH_UPLINK_PORT] = cw_fib6_new(wan6, 1);
	view->neighbours = make_neighbours();
	set_addresses(view);
	view->hop_count = HOPS;
	view->hops = malloc(sizeof(hops));
	stop_without(view->hops);
	memcpy(view->hops, hops, sizeof(hops));
	return view;
}
