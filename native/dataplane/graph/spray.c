/* See spray.h. */
#include "graph/spray.h"

#include <errno.h>

#include "causeway_dp.h"
#include "graph/control.h"
#include "graph/keep.h"
#include "graph/seal.h"
#include "mix.h"
#include "overlay-port.h"
#include "table/path-due.h"
#include "table/session.h"
#include "worker.h"

#define PORTS_FROM 1024u /* what NATs give out */
#define PORTS (65536u - PORTS_FROM)
#define CALLED_FOR_US 10000000u /* the other end may have begun later */
#define WATCH_GAP_US 100000u /* once all is sent */
#define CALLS_PER_SECOND 8
#define CALLS_BURST 16

static void end_spray(struct cw_spraying *spraying)
{
	spraying->peer = NULL;
	spraying->due_us = CW_SPRAY_NEVER;
}

void cw_spray_open(struct cw_spraying *spraying)
{
	end_spray(spraying);
}

int cw_spray_begin(struct cw_worker *worker, struct cw_peer *peer, const struct cw_spray *spray)
{
	struct cw_spraying *spraying = &worker->spraying;

	end_spray(spraying);
	if (spray->probes == 0)
		return 0;
	if (atomic_load_explicit(&peer->current, memory_order_relaxed) == NULL)
		return -ENOTCONN;
	cw_keep_stop(worker);
	worker->path_secret = cw_mix64(worker->path_secret + CW_MIX_STEP + worker->now_us);
	*spraying = (struct cw_spraying){
		.peer = peer,
		.way = { .uplink = spray->uplink, .remote = cw_address_of(spray->remote_address) },
		.is_many_local = spray->many_local != 0,
		.first_port = spray->remote_port,
		.near = spray->near,
		.probes = spray->probes,
		.gap_us = spray->gap_ms10 * 100ull,
		.due_us = worker->now_us,
		.random = worker->path_secret,
	};
	spraying->until_us = worker->now_us + spraying->probes * spraying->gap_us + CALLED_FOR_US;
	return 0;
}

static bool is_new(struct cw_spraying *spraying, uint16_t port)
{
	uint64_t *word = &spraying->tried[port / 64], bit = UINT64_C(1) << port % 64;
	bool was = (*word & bit) != 0;

	*word |= bit;
	return !was;
}

/* Those that are predicted come first, then any; each once. Of so many ports few have been. */
static uint16_t next_remote_port(struct cw_spraying *spraying)
{
	uint32_t near = PORTS_FROM + (spraying->first_port + spraying->sent + PORTS - PORTS_FROM) % PORTS;

	if (spraying->sent < spraying->near && is_new(spraying, (uint16_t)near))
		return (uint16_t)near;
	for (;;) {
		spraying->random += CW_MIX_STEP;
		uint16_t port = (uint16_t)(PORTS_FROM + (cw_mix64(spraying->random) >> 32) * PORTS / (UINT64_C(1) << 32));
		if (is_new(spraying, port))
			return port;
	}
}

/* False: it is not an uplink any more, or has no ports for that. */
static bool choose_ports(const struct cw_program *program, struct cw_spraying *spraying)
{
	const struct cw_port_program *port = cw_uplink_program(program, spraying->way.uplink);

	if (port == NULL || (spraying->is_many_local && port->spray_port == 0))
		return false;
	spraying->way.local_port = spraying->is_many_local ? (uint16_t)(port->spray_port + spraying->sent % CW_SPRAY_PORTS) :
							     port->overlay_port;
	spraying->way.remote_port = spraying->is_many_local ? spraying->first_port : next_remote_port(spraying);
	return true;
}

/* Nothing of it lasts but the counter of its lane. */
static void send_probe(struct cw_worker *worker, struct cw_keypair *current)
{
	struct cw_spraying *spraying = &worker->spraying;
	struct cw_path *path = cw_path_stray(worker, &spraying->way);

	path->live.secret = spraying->random + spraying->sent;
	/* One that introduces nobody. */
	path->live.probes = 1;
	path->session_us = 0;
	cw_control_send(worker, current, path, true, 0);
	cw_seal_flush(worker);
}

/* By whichever of its ports. */
static bool is_through(const struct cw_spraying *spraying)
{
	const struct cw_paths *paths = &spraying->peer->paths;

	for (uint32_t slot = 0; slot < paths->slots; slot++) {
		const struct cw_path *path = paths->list[slot];
		if (path != NULL && path->live.state == CW_PATH_UP && path->way.uplink == spraying->way.uplink &&
		    cw_address_equal(path->way.remote, spraying->way.remote))
			return true;
	}
	return false;
}

void cw_spray_look(struct cw_worker *worker)
{
	struct cw_spraying *spraying = &worker->spraying;

	if (spraying->peer == NULL || worker->now_us < spraying->due_us)
		return;
	struct cw_keypair *current = atomic_load_explicit(&spraying->peer->current, memory_order_relaxed);
	bool is_over = worker->now_us >= spraying->until_us;
	if (is_over || current == NULL || is_through(spraying)) {
		end_spray(spraying);
		return;
	}
	if (spraying->sent == spraying->probes) {
		spraying->due_us = cw_sooner(worker->now_us + WATCH_GAP_US, spraying->until_us);
		return;
	}
	if (!choose_ports(worker->view->program, spraying)) {
		end_spray(spraying);
		return;
	}
	send_probe(worker, current);
	spraying->sent++;
	/* What came late is not made up for: it would be faster than was said. */
	spraying->due_us = worker->now_us + spraying->gap_us;
}

void cw_spray_move(struct cw_spraying *spraying, const uint8_t uplinks[CW_UPLINKS_MAX])
{
	if (spraying->peer != NULL)
		cw_way_move(&spraying->way, uplinks);
}

void cw_spray_forget(struct cw_spraying *spraying, const struct cw_peer *peer)
{
	if (spraying->peer == peer)
		end_spray(spraying);
}

bool cw_spray_is_answered(struct cw_worker *worker, const struct cw_peer *peer)
{
	struct cw_spraying *spraying = &worker->spraying;

	return spraying->peer == peer && worker->now_us < spraying->until_us &&
	       worker->arrival.uplink == spraying->way.uplink &&
	       cw_address_equal(worker->arrival.remote, spraying->way.remote) &&
	       cw_bucket_take(&spraying->calls, worker->now_us, CALLS_PER_SECOND, CALLS_BURST);
}
