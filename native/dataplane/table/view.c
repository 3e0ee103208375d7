/* See view.h. */
#include "table/view.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "table/acl.h"
#include "table/mirror.h"
#include "table/neighbour.h"
#include "table/prefixes.h"
#include "table/session.h"

#define HOP_LOCAL 1
#define HOP_PEERS 2 /* one for each peer from here on, then those of the kernel's routes, then shared ones */

static_assert(CW_FIB_ROUTES_MAX >= CW_MIRROR_ADDRESSES_MAX + CW_MIRROR_ROUTES_MAX + CW_ROUTES_MAX &&
		      CW_FIB6_ROUTES_MAX >= CW_FIB_ROUTES_MAX,
	      "a FIB has room for everything that can be in it");

struct draft {
	struct cw_view *view;
	const struct cw_mirror_state *state;
	struct cw_prefixes prefixes;
	uint32_t shared_hops; /* the next free one of those that several peers share */
	int ifindex[CW_PORTS_MAX];
	int segment_ifindex[CW_SEGMENTS_MAX];
};

static void find_interfaces(struct draft *draft)
{
	const struct cw_program *program = draft->view->program;

	for (uint32_t l = 0; l < draft->state->link_count; l++) {
		const struct cw_mirror_link *link = &draft->state->links[l];
		for (uint32_t p = 0; p < program->port_count; p++) {
			if (strcmp(link->name, program->port_programs[p].twin) == 0)
				draft->ifindex[p] = link->ifindex;
		}
		for (uint32_t s = 0; s < program->segment_count; s++) {
			if (strcmp(link->name, program->segment_programs[s].twin) == 0)
				draft->segment_ifindex[s] = link->ifindex;
		}
	}
}

static int port_of(const struct draft *draft, int ifindex)
{
	for (uint32_t p = 0; p < draft->view->program->port_count; p++) {
		if (draft->ifindex[p] == ifindex)
			return (int)p;
	}
	return -1;
}

static int segment_of(const struct draft *draft, int ifindex)
{
	int port = port_of(draft, ifindex);

	if (port >= 0) {
		const struct cw_port_program *p = &draft->view->program->port_programs[port];
		return p->role == CW_ROLE_LAN ? p->segment : -1;
	}
	for (uint32_t s = 0; s < draft->view->program->segment_count; s++) {
		if (draft->segment_ifindex[s] == ifindex)
			return (int)s;
	}
	return -1;
}

/* The first that is fit to be a source; a link-local one only until another comes. */
static void offer(struct cw_address place[CW_FAMILIES], const struct cw_mirror_address *a)
{
	struct cw_address *at = &place[cw_address_family(a->address)];

	if (a->is_source && (cw_address_is_none(*at) || (cw_address_is_link_local(*at) &&
							 !cw_address_is_link_local(a->address))))
		*at = a->address;
}

static void read_addresses(struct draft *draft)
{
	struct cw_view *view = draft->view;

	for (uint32_t i = 0; i < draft->state->address_count; i++) {
		const struct cw_mirror_address *a = &draft->state->addresses[i];
		int port = port_of(draft, a->ifindex);
		int segment = segment_of(draft, a->ifindex);
		struct cw_own *own = port >= 0 ? &view->own[port] : NULL;
		if (own != NULL && !cw_address_is_link_local(a->address)) {
			if (own->count < CW_PORT_ADDRESSES_MAX)
				own->list[own->count++] = a->address;
			else
				view->own_left_out++;
		}
		if (port >= 0)
			offer(view->port_address[port], a);
		if (segment >= 0)
			offer(view->segment_address[segment], a);
	}
}

/* Link-local and group prefixes are of one link: they are no routes (RFC 4291 §2.5.6). */
static bool is_of_a_link(const struct cw_mirror_route *route)
{
	return cw_address_is_link_local(route->prefix) || cw_address_bytes(&route->prefix)[0] == 0xff;
}

/* The kernel's route `i` leads out of `port`: its hop has a number of its own. */
static void add_kernel_route(struct draft *draft, uint32_t i, int port)
{
	const struct cw_mirror_route *route = &draft->state->routes[i];
	uint32_t hop = HOP_PEERS + draft->view->program->peer_count + i;

	if (is_of_a_link(route))
		return;
	draft->view->hops[hop] = (struct cw_hop){ .kind = CW_HOP_LINK,
						  .port = (uint8_t)port,
						  .gateway = route->gateway };
	cw_prefixes_add(&draft->prefixes, route->prefix, route->prefix_len, CW_SOURCE_KERNEL, route->metric, hop);
}

/* The hop of a prefix that several peers have, in the order of their ranks. */
static uint32_t share(void *context, const uint32_t *next_hops, uint32_t count)
{
	struct draft *draft = context;
	uint32_t hop = draft->shared_hops++;
	struct cw_hop *shared = &draft->view->hops[hop];

	*shared = (struct cw_hop){ .kind = CW_HOP_OVERLAY };
	for (uint32_t i = 0; i < count; i++)
		shared->peers[shared->peer_count++] = draft->view->hops[next_hops[i]].peers[0];
	return hop;
}

static int build_segment(struct draft *draft, uint32_t segment)
{
	const struct cw_program *program = draft->view->program;
	const struct cw_mirror_state *state = draft->state;
	struct cw_view *view = draft->view;

	for (uint32_t i = 0; i < state->address_count; i++) {
		const struct cw_mirror_address *a = &state->addresses[i];
		if (segment_of(draft, a->ifindex) == (int)segment && !cw_address_is_link_local(a->address))
			cw_prefixes_add(&draft->prefixes, a->address, 128, CW_SOURCE_LOCAL, 0, HOP_LOCAL);
	}
	for (uint32_t i = 0; i < state->route_count; i++) {
		int port = port_of(draft, state->routes[i].ifindex);
		if (port >= 0 && segment_of(draft, state->routes[i].ifindex) == (int)segment)
			add_kernel_route(draft, i, port);
	}
	for (uint32_t i = 0; i < program->route_count; i++) {
		const struct cw_route_program *route = &program->routes[i];
		if (route->segment == segment)
			cw_prefixes_add(&draft->prefixes, cw_address_of(route->address), route->prefix_len, CW_SOURCE_OVERLAY,
					route->rank, HOP_PEERS + route->peer);
	}
	draft->prefixes.share = share;
	draft->prefixes.context = draft;
	bool is_made = cw_prefixes_make(&draft->prefixes, &view->segment_fib[segment], &view->segment_fib6[segment]);
	draft->prefixes.share = NULL;
	return is_made ? 0 : -ENOMEM;
}

static bool is_default(struct cw_address prefix, uint8_t len)
{
	return len == 0 || (len == 96 && cw_address_is_v4(prefix));
}

/* A default route says nothing of where an address belongs, but that its segment's own FIB knows an answer to anything. */
static void add_to_all(struct draft *draft, uint32_t segment, struct cw_address prefix, uint8_t len,
		       enum cw_source source)
{
	if (is_default(prefix, len))
		draft->view->has_default[segment] = true;
	else
		cw_prefixes_add(&draft->prefixes, prefix, len, source, segment, CW_ALL_VALUE(segment, source == CW_SOURCE_LOCAL));
}

static int build_all(struct draft *draft)
{
	const struct cw_program *program = draft->view->program;
	const struct cw_mirror_state *state = draft->state;
	struct cw_view *view = draft->view;

	for (uint32_t i = 0; i < state->address_count; i++) {
		const struct cw_mirror_address *a = &state->addresses[i];
		int segment = segment_of(draft, a->ifindex);
		if (segment >= 0 && !cw_address_is_link_local(a->address))
			add_to_all(draft, (uint32_t)segment, a->address, 128, CW_SOURCE_LOCAL);
	}
	for (uint32_t i = 0; i < state->route_count; i++) {
		const struct cw_mirror_route *route = &state->routes[i];
		int segment = segment_of(draft, route->ifindex);
		if (segment >= 0 && port_of(draft, route->ifindex) >= 0 && !is_of_a_link(route))
			add_to_all(draft, (uint32_t)segment, route->prefix, route->prefix_len, CW_SOURCE_KERNEL);
	}
	for (uint32_t i = 0; i < program->route_count; i++) {
		const struct cw_route_program *route = &program->routes[i];
		add_to_all(draft, route->segment, cw_address_of(route->address), route->prefix_len,
			   CW_SOURCE_OVERLAY);
	}
	if (program->acl_count > 0) {
		view->acl = cw_acl_new(program->acl, program->acl_count, program->segment_count);
		if (view->acl == NULL)
			return -ENOMEM;
	}
	return cw_prefixes_make(&draft->prefixes, &view->all_fib, &view->all_fib6) ? 0 : -ENOMEM;
}

/* What of a program the worker asks a peer for. Which segments it has prefixes in tells a foreign VNI from a foreign source. */
static void note_peers(const struct cw_program *program)
{
	uint64_t segments[CW_PEERS_MAX] = { 0 };

	for (uint32_t i = 0; i < program->route_count; i++)
		segments[program->routes[i].peer] |= 1ull << program->routes[i].segment;
	for (uint32_t i = 0; i < program->peer_count; i++) {
		atomic_store(&program->peers[i]->segments, segments[i]);
		atomic_store(&program->peers[i]->is_hub, program->is_hub[i]);
		atomic_store(&program->peers[i]->limit_bps, program->peer_limits_bps[i]);
	}
}

static int build_uplink(struct draft *draft, uint32_t port)
{
	const struct cw_port_program *program = &draft->view->program->port_programs[port];
	const struct cw_mirror_state *state = draft->state;
	struct cw_view *view = draft->view;

	for (uint32_t i = 0; i < state->route_count; i++) {
		if (state->routes[i].ifindex == draft->ifindex[port] &&
		    state->routes[i].table == program->table)
			add_kernel_route(draft, i, (int)port);
	}
	return cw_prefixes_make(&draft->prefixes, &view->uplink_fib[port], &view->uplink_fib6[port]) ? 0 : -ENOMEM;
}

/* Marks of use are carried over, so that a change elsewhere does not make an entry look idle. */
static int build_neighbours(struct draft *draft, struct cw_view *before)
{
	const struct cw_mirror_state *state = draft->state;
	struct cw_neighbour *entries = calloc(state->neighbour_count + 1, sizeof(*entries));
	uint32_t count = 0;

	if (entries == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < state->neighbour_count; i++) {
		const struct cw_mirror_neighbour *known = &state->neighbours[i];
		int port = port_of(draft, known->ifindex);
		if (port < 0 || cw_address_is_none(known->address))
			continue;
		struct cw_neighbour *entry = &entries[count++];
		entry->address = known->address;
		entry->port = (uint8_t)port;
		memcpy(entry->mac, known->mac, sizeof(entry->mac));
		struct cw_neighbour *old =
			before == NULL ? NULL :
					 cw_neighbour_find(before->neighbours, entry->port, entry->address);
		if (old != NULL && before->program == draft->view->program)
			entry->is_used = atomic_load(&old->is_used);
	}
	draft->view->neighbours = cw_neighbours_new(entries, count);
	free(entries);
	return draft->view->neighbours == NULL ? -ENOMEM : 0;
}

/* All that hangs on program, routes and addresses. */
static int build_tables(struct draft *draft)
{
	const struct cw_program *program = draft->view->program;
	struct cw_view *view = draft->view;
	uint32_t most = draft->state->address_count + draft->state->route_count + program->route_count + 1;
	int rc = 0;

	view->routes_serial = draft->state->routes_serial;
	draft->shared_hops = HOP_PEERS + program->peer_count + draft->state->route_count;
	view->hop_count = draft->shared_hops + program->route_count / 2;
	view->hops = calloc(view->hop_count, sizeof(view->hops[0]));
	if (view->hops == NULL || !cw_prefixes_open(&draft->prefixes, most))
		return -ENOMEM;
	read_addresses(draft);
	for (uint32_t peer = 0; peer < program->peer_count; peer++)
		view->hops[HOP_PEERS + peer] =
			(struct cw_hop){ .kind = CW_HOP_OVERLAY, .peer_count = 1, .peers = { (uint16_t)peer } };
	view->hops[HOP_LOCAL].kind = CW_HOP_LOCAL;
	for (uint32_t s = 0; rc == 0 && s < program->segment_count; s++)
		rc = build_segment(draft, s);
	for (uint32_t p = 0; rc == 0 && p < program->port_count; p++) {
		if (program->port_programs[p].role == CW_ROLE_UPLINK)
			rc = build_uplink(draft, p);
	}
	return rc != 0 ? rc : build_all(draft);
}

/* Routes change seldom, neighbours all the time: a view whose routes are those of the one before has its tables. */
static struct cw_view *new_view(const struct cw_view *before, struct cw_program *program,
				const struct cw_mirror_state *state, bool *takes_over)
{
	struct cw_view *view = calloc(1, sizeof(*view));

	*takes_over = before != NULL && before->program == program &&
		      before->routes_serial == state->routes_serial;
	if (view == NULL)
		return NULL;
	if (*takes_over)
		*view = *before;
	view->serial = before == NULL ? 1 : before->serial + 1;
	view->program = program;
	view->neighbours = NULL;
	return view;
}

/* Its tables are another's, before or after it. */
static void free_but_tables(struct cw_view *view)
{
	free(view->neighbours);
	free(view);
}

int cw_view_publish(struct cw_engine *engine)
{
	const struct cw_mirror_state *state = cw_mirror_state(engine->mirror);
	struct cw_program *program = engine->program;
	struct cw_view *before = atomic_load(&engine->view);
	bool takes_over;
	struct cw_view *view = new_view(before, program, state, &takes_over);
	struct draft draft = { .view = view, .state = state };
	int rc = view == NULL ? -ENOMEM : 0;

	if (rc == 0)
		find_interfaces(&draft);
	if (rc == 0 && !takes_over)
		rc = build_tables(&draft);
	if (rc == 0)
		rc = build_neighbours(&draft, before);
	cw_prefixes_close(&draft.prefixes);
	struct cw_view *unused = view;
	if (rc == 0) {
		if (!takes_over)
			note_peers(program);
		atomic_store(&engine->view, view);
		cw_engine_wake_worker(engine);
		cw_engine_quiesce(engine);
		unused = before;
	}
	if (takes_over && unused != NULL)
		free_but_tables(unused);
	else
		cw_view_free(unused);
	return rc;
}

void cw_view_free(struct cw_view *view)
{
	if (view == NULL)
		return;
	for (uint32_t s = 0; s < CW_SEGMENTS_MAX; s++) {
		cw_fib_free(view->segment_fib[s]);
		cw_fib6_free(view->segment_fib6[s]);
	}
	for (uint32_t p = 0; p < CW_PORTS_MAX; p++) {
		cw_fib_free(view->uplink_fib[p]);
		cw_fib6_free(view->uplink_fib6[p]);
	}
	cw_fib_free(view->all_fib);
	cw_fib6_free(view->all_fib6);
	cw_acl_free(view->acl);
	free(view->hops);
	free_but_tables(view);
}
