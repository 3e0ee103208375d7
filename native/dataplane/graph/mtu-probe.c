/* See mtu-probe.h. */
#include "graph/mtu-probe.h"

#include <string.h>

#include "graph/control.h"
#include "graph/outer.h"
#include "graph/path.h"
#include "graph/relay-path.h"
#include "graph/seal.h"
#include "port/port.h"
#include "table/session.h"
#include "worker.h"

#define MTU_ACTIVE_US 3000000u /* after data left by it */

static void fit_path(struct cw_worker *worker, struct cw_path *path)
{
	const struct cw_departure *departure = cw_outer_departure(worker, path);

	if (departure->relay != NULL) {
		cw_relay_path_fit(worker, path);
	} else if (departure->uplink != NULL) {
		uint32_t mtu = atomic_load_explicit(&departure->uplink->mtu, memory_order_relaxed);
		cw_pmtu_fit(&path->pmtu, RTE_MIN(mtu, (uint32_t)CW_TRAIN_BYTES_MAX),
			    departure->length - sizeof(struct cw_ether));
	}
	cw_seal_limit(worker, path);
}

static struct cw_pmtu_path what_is_known(const struct cw_path *path, uint64_t late_us, uint64_t now_us)
{
	bool is_fresh = cw_quality_is_fresh(&path->asked, now_us);

	return (struct cw_pmtu_path){
		.rtt_us = path->live.rtt_us,
		.patience_us = cw_liveness_patience_us(&path->live),
		.loss_ppm = is_fresh ? path->asked.loss_ppm : 0,
		.late_us = late_us,
		.is_active = path->tx_us != 0 && now_us - path->tx_us < MTU_ACTIVE_US,
		.is_metered = (path->flags & CW_PATH_METERED) != 0,
	};
}

/* Alone in its buffer: what shares a train that is too big for some router shares its fate. */
static void send_mtu_probe(struct cw_worker *worker, struct cw_keypair *current, struct cw_path *path, uint16_t size)
{
	uint32_t length = size - CW_SEALED_HEADER - CW_TAG;

	cw_seal_flush(worker);
	cw_control_pad(worker->scratch, length, path->pmtu.id, size);
	if (cw_seal_control(worker, current, path, worker->scratch, length) != 0)
		cw_pmtu_unsent(&path->pmtu, worker->now_us);
	cw_seal_flush(worker);
}

void cw_mtu_probe(struct cw_worker *worker, struct cw_peer *peer, struct cw_keypair *current, uint64_t late_us)
{
	struct cw_paths *paths = &peer->paths;
	uint32_t least = UINT32_MAX;

	for (uint32_t slot = 0; slot < CW_PATHS_MAX; slot++) {
		struct cw_path *path = paths->list[slot];
		if (path == NULL)
			continue;
		fit_path(worker, path);
		if (current == NULL || path->live.state != CW_PATH_UP) {
			cw_pmtu_pause(&path->pmtu);
			continue;
		}
		least = RTE_MIN(least, path->limit);
		struct cw_pmtu_path known = what_is_known(path, late_us, worker->now_us);
		uint16_t size = cw_pmtu_look(&path->pmtu, &known, worker->now_us);
		if (size > 0)
			send_mtu_probe(worker, current, path, size);
		paths->due_us = RTE_MIN(paths->due_us, path->pmtu.due_us);
	}
	paths->limit = least == UINT32_MAX ? 0 : least;
}

void cw_mtu_hear(struct cw_worker *worker, struct cw_peer *peer, struct cw_path *path, const uint8_t *value)
{
	struct cw_pmtu_path known = what_is_known(path, 0, worker->now_us);
	uint32_t id;

	memcpy(&id, value, sizeof(id));
	if (cw_pmtu_answer(&path->pmtu, rte_be_to_cpu_32(id), (uint16_t)(value[4] << 8 | value[5]), &known, worker->now_us))
		cw_path_due(worker, peer);
}
