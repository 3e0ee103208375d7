/* See path-try.h. */
#include "graph/path-try.h"

#include <errno.h>

#include "graph/path-place.h"
#include "graph/path.h"
#include "graph/relay-path.h"
#include "table/session.h"
#include "worker.h"

/* What was heard from, or lived once, is a path as others that were learned; but a channel that is over leads nowhere. */
static void drop_try(struct cw_worker *worker, struct cw_peer *peer, struct cw_path *path)
{
	path->is_tried = false;
	path->try_until_us = 0;
	if (!path->is_configured && (path->live.heard_us == 0 || cw_path_is_relayed(path)))
		cw_path_give_back(worker, peer, path);
}

static void begin_try(struct cw_worker *worker, struct cw_peer *peer, const struct cw_way *way, uint32_t for_ms)
{
	struct cw_path *path = cw_path_place_try(worker, peer, way);

	if (path == NULL) {
		cw_count_drop(worker, CW_DROP_PATH_FULL);
		return;
	}
	path->is_tried = true;
	if (cw_path_is_relayed(path))
		cw_relay_path_join(worker, path);
	if (path->live.state == CW_PATH_UP)
		return;
	path->try_until_us = worker->now_us + for_ms * 1000ull;
	path->try_probes = path->live.probes;
	path->live.probe_us = 0;
}

int cw_path_try(struct cw_worker *worker, struct cw_peer *peer, const struct cw_way *ways, uint32_t count, uint32_t for_ms)
{
	if (atomic_load_explicit(&peer->current, memory_order_relaxed) == NULL && count > 0)
		return -ENOTCONN;
	for (uint32_t slot = 0; slot < CW_PATHS_MAX; slot++) {
		struct cw_path *path = peer->paths.list[slot];
		if (path != NULL && path->is_tried && !cw_path_is_among(path, ways, count))
			drop_try(worker, peer, path);
	}
	for (uint32_t i = 0; i < count; i++)
		begin_try(worker, peer, &ways[i], for_ms);
	cw_path_due(worker, peer);
	return 0;
}

void cw_path_end_tries(struct cw_worker *worker, struct cw_peer *peer)
{
	for (uint32_t slot = 0; slot < CW_PATHS_MAX; slot++) {
		struct cw_path *path = peer->paths.list[slot];
		if (path == NULL || path->try_until_us == 0)
			continue;
		bool is_over = worker->now_us >= path->try_until_us;
		if (!is_over && path->live.state != CW_PATH_UP)
			continue;
		path->try_until_us = 0;
		if (path->live.state == CW_PATH_UP || cw_path_is_named(path))
			continue;
		path->is_tried = false;
		if (!path->live.was_up)
			cw_path_give_back(worker, peer, path);
	}
}
