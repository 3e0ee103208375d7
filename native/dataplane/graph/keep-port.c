/* By which port a mapping is watched for keep.h. */
#include "graph/keep.h"

#include "overlay-port.h"
#include "table/session.h"
#include "table/view.h"
#include "worker.h"

/* A bit for each of the uplink's spray ports, by which some path goes: what that sends would renew the mapping. */
static void note_used(const struct cw_worker *worker, const struct cw_port_program *port, uint64_t used[CW_SPRAY_PORTS / 64])
{
	for (uint32_t i = 0; i < atomic_load(&worker->peer_count); i++) {
		const struct cw_paths *paths = &worker->peers[i]->paths;
		for (uint32_t slot = 0; slot < paths->slots; slot++) {
			const struct cw_path *path = paths->list[slot];
			if (path == NULL || path->way.uplink != port->uplink || !cw_is_spray_port(port, path->way.local_port))
				continue;
			uint32_t nth = (uint32_t)(path->way.local_port - port->spray_port);
			used[nth / 64] |= UINT64_C(1) << nth % 64;
		}
	}
}

static bool is_used(const uint64_t used[CW_SPRAY_PORTS / 64], uint32_t nth)
{
	return (used[nth / 64] & UINT64_C(1) << nth % 64) != 0;
}

uint16_t cw_keep_port(const struct cw_worker *worker, const struct cw_path *path, uint16_t before)
{
	const struct cw_port_program *port = cw_uplink_program(worker->view->program, path->way.uplink);
	uint64_t used[CW_SPRAY_PORTS / 64] = { 0 };

	if (port == NULL || port->spray_port == 0)
		return 0;
	note_used(worker, port, used);
	uint32_t last = (uint32_t)(path->live.secret % CW_SPRAY_PORTS);
	if (cw_is_spray_port(port, before))
		last = (uint32_t)(before - port->spray_port);
	for (uint32_t i = 1; i <= CW_SPRAY_PORTS; i++) {
		if (!is_used(used, (last + i) % CW_SPRAY_PORTS))
			return (uint16_t)(port->spray_port + (last + i) % CW_SPRAY_PORTS);
	}
	return 0;
}
