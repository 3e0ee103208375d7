/*
 * The kernel's view of the twins, mirrored by rtnetlink: links, addresses, routes, neighbours; what is of other links takes
 * no room. A thread of its own, so that tables stay fresh while the gateway process is away. Any change leads to a new dump,
 * of neighbours alone where nothing else changed and else of everything: a lost notification cannot leave a wrong entry
 * behind. RFC 3549.
 */
#ifndef CW_MIRROR_H
#define CW_MIRROR_H

#include <assert.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "causeway_dp.h"
#include "table/neighbour.h"

struct cw_engine;
struct cw_mirror;
struct cw_program;

#define CW_MIRROR_LINKS_MAX (2 * (CW_PORTS_MAX + CW_SEGMENTS_MAX)) /* of the program that runs and the next */
#define CW_MIRROR_ADDRESSES_MAX 1024
#define CW_MIRROR_ROUTES_MAX 65536

/* Links, addresses and routes are compared as bytes: they have no padding. */
struct cw_mirror_link {
	int ifindex; /* 0: the kernel has none of this name */
	char name[IFNAMSIZ];
};

struct cw_mirror_address {
	struct cw_address address;
	int ifindex;
	uint32_t is_source; /* neither tentative nor deprecated nor made for a day (RFC 4862, 8981): packets may leave from it */
};

struct cw_mirror_route {
	struct cw_address prefix;
	struct cw_address gateway; /* none: on the link */
	int ifindex;
	uint32_t metric;
	uint32_t table;
	uint32_t prefix_len; /* of the 128 bits */
};

static_assert(sizeof(struct cw_mirror_address) == 24 && sizeof(struct cw_mirror_route) == 48, "no padding");

struct cw_mirror_neighbour {
	struct cw_address address;
	int ifindex;
	uint8_t mac[6];
	bool is_stale;
};

/* The last complete dump. Read and written under the engine's control lock. */
struct cw_mirror_state {
	uint32_t link_count, address_count, route_count, neighbour_count;
	uint64_t routes_serial; /* grows whenever links, addresses or routes are others than before; neighbours do not count */
	uint64_t links_digest; /* of names, places and states of all there are: another one says that some link changed */
	struct cw_overflow overflow; /* what the kernel has beside what follows */
	struct cw_mirror_link links[CW_MIRROR_LINKS_MAX]; /* the twins */
	struct cw_mirror_address addresses[CW_MIRROR_ADDRESSES_MAX];
	struct cw_mirror_route routes[CW_MIRROR_ROUTES_MAX];
	struct cw_mirror_neighbour neighbours[CW_NEIGHBOURS_MAX];
};

/* Starts the thread, after one complete dump. 0 or a negative errno. */
int cw_mirror_start(struct cw_engine *engine);
void cw_mirror_stop(struct cw_engine *engine);

const struct cw_mirror_state *cw_mirror_state(const struct cw_mirror *mirror);

/*
 * Control lock held: dumps now, so that what was configured a moment ago is there; what is of the twins of `next` too, unless
 * that is NULL.
 */
int cw_mirror_refresh(struct cw_mirror *mirror, const struct cw_program *next);

/* Any thread: have the kernel resolve `address` on the twin of `port`; at most 256 wait. */
void cw_mirror_resolve(struct cw_mirror *mirror, uint8_t port, struct cw_address address);

/* Control lock held: what `fd`, a watch in a NIC's namespace, says wakes the mirror; closing it ends that. */
int cw_mirror_watch(struct cw_mirror *mirror, int fd);

/* Any thread: there is garbage to collect, or another program. */
void cw_mirror_wake(struct cw_mirror *mirror);

#endif
