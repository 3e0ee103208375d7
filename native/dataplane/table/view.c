/* See view.h. */
#include "table/view.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "table/acl.h"
#include "table/mirror.h"
#include "table/neighbour.h"
#include "table/session.h"

#define HOP_LOCAL 1
#define HOP_PEERS 2 /* one for each peer from here on, then those of the kernel's routes */

/* Where two say something of one prefix the more specific knowledge wins: own address, own LAN, overlay. */
enum source { SOURCE_LOCAL, SOURCE_KERNEL, SOURCE_OVERLAY };

struct candidate {
	struct cw_address prefix;
	uint8_t prefix_len; /* of the 128 bits */
	uint8_t source;
	uint32_t metric;
	uint32_t hop;
};

struct draft {
	struct cw_view *view;
	const struct cw_mirror_state *state;
	struct candidate *candidates;
	struct cw_fib_route *routes;
	struct cw_fib6_route *routes6;
	uint32_t count;
	int ifindex[CW_PORTS_MAX];
	int segment_ifindex[CW_SEGMENTS_MAX];
};

static bool is_same_prefix(const struct candidate *a, const struct candidate *b)
{
	return cw_address_equal(a->prefix, b->prefix) && a->prefix_len == b->prefix_len;
}

static int compare(const void *left, const void *right)
{
	const struct candidate *a = left;
	const struct candidate *b = right;
	int order = memcmp(&a->prefix, &b->prefix, sizeof(a->prefix));

	if (order != 0)
		return order;
	if (a->prefix_len != b->prefix_len)
		return a->prefix_len < b->prefix_len ? -1 : 1;
	if (a->source != b->source)
		return a->source < b->source ? -1 : 1;
	if (a->metric != b->metric)
		return a->metric < b->metric ? -1 : 1;
	return a->hop < b->hop ? -1 : a->hop > b->hop;
}

/* Both tables from the candidates of both families, which are used up. False: no memory. */
static bool make_fibs(struct draft *draft, struct cw_fib **fib, struct cw_fib6 **fib6)
{
	uint32_t n = 0, n6 = 0;

	qsort(draft->candidates, draft->count, sizeof(draft->candidates[0]), compare);
	for (uint32_t i = 0; i < draft->count; i++) {
		const struct candidate *c = &draft->candidates[i];
		if (i > 0 && is_same_prefix(c - 1, c))
			continue;
		if (c->prefix_len >= 96 && cw_address_is_v4(c->prefix)) {
			if (n < CW_FIB_ROUTES_MAX)
				draft->routes[n++] = (struct cw_fib_route){
					.prefix = rte_be_to_cpu_32(cw_address_v4(c->prefix)),
					.prefix_len = c->prefix_len - 96,
					.next_hop = c->hop
				};
		} else if (n6 < CW_FIB6_ROUTES_MAX) {
			struct cw_fib6_route *route = &draft->routes6[n6++];
			memcpy(route->prefix, cw_address_bytes(&c->prefix), sizeof(route->prefix));
			route->prefix_len = c->prefix_len;
			route->next_hop = c->hop;
		}
	}
	draft->count = 0;
	*fib = cw_fib_new(draft->routes, n);
	*fib6 = cw_fib6_new(draft->routes6, n6);
	return *fib != NULL && *fib6 != NULL;
}

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
		if (own != NULL && !cw_address_is_link_local(a->address) &&
		    own->count < CW_PORT_ADDRESSES_MAX)
			own->list[own->count++] = a->address;
		if (port >= 0)
			offer(view->port_address[port], a);
		if (segment >= 0)
			offer(view->segment_address[segment], a);
	}
}

static void add(struct draft *draft, struct cw_address prefix, uint8_t len, enum source source,
		uint32_t metric, uint32_t hop)
{
	draft->candidates[draft->count++] = (struct candidate){ .prefix = prefix,
								.prefix_len = len,
								.source = source,
								.metric = metric,
								.hop = hop };
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
	add(draft, route->prefix, route->prefix_len, SOURCE_KERNEL, route->metric, hop);
}

static int build_segment(struct draft *draft, uint32_t segment)
{
	const struct cw_program *program = draft->view->program;
	const struct cw_mirror_state *state = draft->state;
	struct cw_view *view = draft->view;

	for (uint32_t i = 0; i < state->address_count; i++) {
		const struct cw_mirror_address *a = &state->addresses[i];
		if (segment_of(draft, a->ifindex) == (int)segment && !cw_address_is_link_local(a->address))
			add(draft, a->address, 128, SOURCE_LOCAL, 0, HOP_LOCAL);
	}
	for (uint32_t i = 0; i < state->route_count; i++) {
		int port = port_of(draft, state->routes[i].ifindex);
		if (port >= 0 && segment_of(draft, state->routes[i].ifindex) == (int)segment)
			add_kernel_route(draft, i, port);
	}
	for (uint32_t i = 0; i < program->route_count; i++) {
		const struct cw_route_program *route = &program->routes[i];
		if (route->segment == segment)
			add(draft, cw_address_of(route->address), route->prefix_len, SOURCE_OVERLAY, 0,
			    HOP_PEERS + route->peer);
	}
	return make_fibs(draft, &view->segment_fib[segment], &view->segment_fib6[segment]) ? 0 : -ENOMEM;
}

static bool is_default(struct cw_address prefix, uint8_t len)
{
	return len == 0 || (len == 96 && cw_address_is_v4(prefix));
}

/* A default route says nothing of where an address belongs, but that its segment's own FIB knows an answer to anything. */
static void add_to_all(struct draft *draft, uint32_t segment, struct cw_address prefix, uint8_t len,
		       enum source source)
{
	if (is_default(prefix, len))
		draft->view->has_default[segment] = true;
	else
		add(draft, prefix, len, source, segment, CW_ALL_VALUE(segment, source == SOURCE_LOCAL));
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
			add_to_all(draft, (uint32_t)segment, a->address, 128, SOURCE_LOCAL);
	}
	for (uint32_t i = 0; i < state->route_count; i++) {
		const struct cw_mirror_route *route = &state->routes[i];
		int segment = segment_of(draft, route->ifindex);
		if (segment >= 0 && port_of(draft, route->ifindex) >= 0 && !is_of_a_link(route))
			add_to_all(draft, (uint32_t)segment, route->prefix, route->prefix_len, SOURCE_KERNEL);
	}
	for (uint32_t i = 0; i < program->route_count; i++) {
		const struct cw_route_program *route = &program->routes[i];
		add_to_all(draft, route->segment, cw_address_of(route->address), route->prefix_len,
			   SOURCE_OVERLAY);
	}
	if (program->acl_count > 0) {
		view->acl = cw_acl_new(program->acl, program->acl_count, program->segment_count);
		if (view->acl == NULL)
			return -ENOMEM;
	}
	return make_fibs(draft, &view->all_fib, &view->all_fib6) ? 0 : -ENOMEM;
}

/* Which segments a peer has prefixes in: tells a foreign VNI from a foreign source, and no more hangs on it. */
static void note_segments(const struct cw_program *program)
{
	uint64_t segments[CW_PEERS_MAX] = { 0 };

	for (uint32_t i = 0; i < program->route_count; i++)
		segments[program->routes[i].peer] |= 1ull << program->routes[i].segment;
	for (uint32_t i = 0; i < program->peer_count; i++)
		atomic_store(&program->peers[i]->segments, segments[i]);
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
	return make_fibs(draft, &view->uplink_fib[port], &view->uplink_fib6[port]) ? 0 : -ENOMEM;
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

static int build(struct draft *draft, struct cw_view *before)
{
	const struct cw_program *program = draft->view->program;
	int rc = 0;

	find_interfaces(draft);
	read_addresses(draft);
	for (uint32_t peer = 0; peer < program->peer_count; peer++)
		draft->view->hops[HOP_PEERS + peer] =
			(struct cw_hop){ .kind = CW_HOP_OVERLAY, .peer = (uint16_t)peer };
	draft->view->hops[HOP_LOCAL].kind = CW_HOP_LOCAL;
	for (uint32_t s = 0; rc == 0 && s < program->segment_count; s++)
		rc = build_segment(draft, s);
	for (uint32_t p = 0; rc == 0 && p < program->port_count; p++) {
		if (program->port_programs[p].role == CW_ROLE_UPLINK)
			rc = build_uplink(draft, p);
	}
	if (rc == 0)
		rc = build_all(draft);
	return rc != 0 ? rc : build_neighbours(draft, before);
}

int cw_view_publish(struct cw_engine *engine)
{
	const struct cw_mirror_state *state = cw_mirror_state(engine->mirror);
	struct cw_program *program = engine->program;
	struct cw_view *before = atomic_load(&engine->view);
	uint32_t most = state->address_count + state->route_count + program->route_count + 1;
	struct draft *draft = calloc(1, sizeof(*draft));
	struct cw_view *view = calloc(1, sizeof(*view));
	int rc = -ENOMEM;

	if (draft != NULL && view != NULL) {
		view->serial = before == NULL ? 1 : before->serial + 1;
		view->program = program;
		view->hop_count = HOP_PEERS + program->peer_count + state->route_count;
		view->hops = calloc(view->hop_count, sizeof(view->hops[0]));
		draft->view = view;
		draft->state = state;
		draft->candidates = calloc(most, sizeof(draft->candidates[0]));
		draft->routes = calloc(most, sizeof(draft->routes[0]));
		draft->routes6 = calloc(most, sizeof(draft->routes6[0]));
		if (view->hops != NULL && draft->candidates != NULL && draft->routes != NULL &&
		    draft->routes6 != NULL)
			rc = build(draft, before);
	}
	if (rc == 0) {
		note_segments(program);
		atomic_store(&engine->view, view);
		cw_engine_wake_worker(engine);
		cw_engine_quiesce(engine);
		cw_view_free(before);
	} else {
		cw_view_free(view);
	}
	if (draft != NULL) {
		free(draft->candidates);
		free(draft->routes);
		free(draft->routes6);
	}
	free(draft);
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
	free(view->neighbours);
	free(view->hops);
	free(view);
}
