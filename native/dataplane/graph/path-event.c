/* See path-event.h. */
#include "graph/path-event.h"

#include <string.h>

#include "graph/steer.h"
#include "table/session.h"
#include "worker.h"

/* Of all peers: an uplink that fails takes a path of each with it, and handshakes need the ring too. */
#define CHANGES_PER_SECOND 20
#define CHANGES_BURST 64
/* Of one, so that what comes and goes all the time leaves the others theirs. */
#define PEER_CHANGES_PER_SECOND 5
#define PEER_CHANGES_BURST 32

/* False: not now. The next look, which is due within a second, tells it, if it is still so. */
static bool tell_of(struct cw_worker *worker, struct cw_peer *peer, const struct cw_path *path, bool is_best)
{
	struct cw_path_event event = { .remote_port = path->way.remote_port,
				       .number = path->number,
				       .uplink = path->way.uplink,
				       .remote_uplink = path->remote_uplink,
				       .state = path->live.state,
				       .why = path->live.why,
				       .is_best = is_best };

	/* What is not told spends nothing of either. */
	if (!cw_bucket_has(&peer->path_bucket, worker->now_us, PEER_CHANGES_PER_SECOND, PEER_CHANGES_BURST) ||
	    !cw_bucket_has(&worker->path_bucket, worker->now_us, CHANGES_PER_SECOND, CHANGES_BURST))
		return false;
	memcpy(event.remote_address, &path->way.remote, sizeof(event.remote_address));
	if (!cw_event_push(worker, CW_EVENT_PATH, peer->name, 0, &event, sizeof(event)))
		return false;
	peer->path_bucket.tokens--;
	worker->path_bucket.tokens--;
	return true;
}

/* One that never was up is news once it is. */
static void tell_state(struct cw_worker *worker, struct cw_peer *peer, struct cw_path *path)
{
	bool is_up = path->live.state == CW_PATH_UP;

	path->downs += path->was_up && !is_up;
	path->was_up = is_up;
	if (path->is_told_up != is_up && tell_of(worker, peer, path, false))
		path->is_told_up = is_up;
}

/* Where all are down nothing is the best. */
static void tell_best(struct cw_worker *worker, struct cw_peer *peer)
{
	uint8_t slot = cw_steer_choice(worker, peer, 0)->best;
	const struct cw_path *path = slot == CW_PATH_NONE ? NULL : peer->paths.list[slot];

	if (path == NULL || path->live.state != CW_PATH_UP || path->number == peer->paths.told_best)
		return;
	if (tell_of(worker, peer, path, true))
		peer->paths.told_best = path->number;
}

void cw_path_tell(struct cw_worker *worker, struct cw_peer *peer)
{
	for (uint32_t slot = 0; slot < CW_PATHS_MAX; slot++) {
		if (peer->paths.list[slot] != NULL)
			tell_state(worker, peer, peer->paths.list[slot]);
	}
	tell_best(worker, peer);
}
