/* See call-state.h. */
#include "call-state.h"

#include <stdio.h>
#include <string.h>

#include "engine.h"
#include "graph/server-name.h"
#include "table/flow.h"
#include "table/mirror.h"
#include "table/session.h"
#include "worker.h"

void *cw_answer_put(struct cw_answer *answer, size_t size)
{
	void *place = answer->at;

	answer->length += (int)size;
	if (size > answer->left) {
		answer->left = 0;
		return NULL;
	}
	memset(place, 0, size);
	answer->at += size;
	answer->left -= size;
	return place;
}

int cw_answer_refuse(struct cw_answer *answer, int rc, const char *why)
{
	if (answer->left > 0)
		snprintf((char *)answer->at, answer->left, "%s", why);
	return rc;
}

/* The path of what nothing else is said of: the default policy's, once it has chosen. */
static const struct cw_path *best_path(const struct cw_peer *peer)
{
	const struct cw_choice *choice = &peer->choices[0];
	const struct cw_path *chosen = choice->since_us == 0 ? NULL : cw_paths_at(&peer->paths, choice->best);

	return chosen != NULL ? chosen : cw_paths_at(&peer->paths, peer->paths.best);
}

static const struct cw_way *best_way(const struct cw_peer *peer, const struct cw_way *other)
{
	const struct cw_path *path = best_path(peer);

	return path == NULL ? other : &path->way;
}

static void put_keypair(struct cw_answer *answer, const struct cw_keypair *keypair)
{
	uint8_t state = atomic_load(&keypair->state);
	struct cw_keypair_state *out = state == 0 ? NULL : cw_answer_put(answer, sizeof(*out));

	if (out == NULL)
		return;
	const struct cw_way *way = best_way(keypair->peer, &keypair->way);
	memcpy(out->peer, keypair->peer->name, CW_NAME);
	out->local_index = keypair->local_index;
	out->remote_index = keypair->remote_index;
	out->state = state;
	out->is_initiator = keypair->is_initiator;
	out->is_rekey = keypair->is_rekey;
	out->is_confirmed = atomic_load(&keypair->is_confirmed);
	out->uplink = way->uplink;
	out->remote_port = way->remote_port;
	out->age_ms = (uint32_t)((cw_now_us() - keypair->installed_us) / 1000);
	memcpy(out->remote_address, &way->remote, sizeof(out->remote_address));
	memcpy(out->chain, keypair->chain, sizeof(out->chain));
	memcpy(out->h, keypair->h, sizeof(out->h));
}

int cw_call_keypairs(struct cw_engine *engine, struct cw_answer *answer)
{
	const struct cw_keypair_index *index = atomic_load(&engine->index);

	for (uint32_t i = 0; i <= index->mask; i++) {
		if (index->slots[i] != NULL)
			put_keypair(answer, index->slots[i]);
	}
	return answer->length;
}

static void put_port(struct cw_answer *answer, const struct cw_port *port)
{
	struct cw_port_counters *out = cw_answer_put(answer, sizeof(*out));

	if (out == NULL)
		return;
	memcpy(out->twin, port->twin_name, sizeof(out->twin));
	out->rx_packets = port->rx_packets;
	out->rx_bytes = port->rx_bytes;
	out->rx_buffers = port->rx_buffers;
	out->tx_packets = port->tx_packets;
	out->tx_bytes = port->tx_bytes;
	out->tx_buffers = port->tx_buffers;
	out->is_up = atomic_load(&port->is_up);
	out->downs = atomic_load(&port->downs);
	out->is_gone = atomic_load(&port->nic->is_gone) || atomic_load(&port->twin.is_gone);
}

static void put_peer(struct cw_answer *answer, const struct cw_peer *peer)
{
	struct cw_peer_counters *out = cw_answer_put(answer, sizeof(*out));
	const struct cw_keypair *current = atomic_load(&peer->current);

	if (out == NULL)
		return;
	memcpy(out->name, peer->name, CW_NAME);
	out->relayed_packets = peer->relayed_packets;
	out->relayed_bytes = peer->relayed_bytes;
	out->limited_packets = peer->limited_packets;
	out->limited_bytes = peer->limited_bytes;
	out->rx_packets = peer->rx_packets;
	out->rx_bytes = peer->rx_bytes;
	out->tx_packets = peer->tx_packets;
	out->tx_bytes = peer->tx_bytes;
	const struct cw_path *path = best_path(peer);
	out->rtt_us = path == NULL ? CW_NONE : path->live.rtt_us;
	out->last_heard_ms = CW_NONE;
	if (current == NULL)
		return;
	out->last_heard_ms = cw_age_ms(peer->heard_us, cw_now_us());
	out->local_index = current->local_index;
	const struct cw_way *way = best_way(peer, &current->way);
	out->remote_port = way->remote_port;
	memcpy(out->remote_address, &way->remote, sizeof(out->remote_address));
}

static uint8_t flags_of(const struct cw_peer *peer, const struct cw_path *path)
{
	return ((path->flags & CW_PATH_METERED) ? CW_STATE_METERED : 0) |
	       ((path->flags & CW_PATH_BACKUP) ? CW_STATE_BACKUP : 0) |
	       (best_path(peer) == path ? CW_STATE_BEST : 0) | (path->is_configured ? 0 : CW_STATE_LEARNED) |
	       (cw_path_is_relayed(path) ? CW_STATE_RELAYED : 0) | (path->is_tried ? CW_STATE_TRIED : 0);
}

static void put_path(struct cw_answer *answer, uint16_t number, const struct cw_peer *peer, const struct cw_path *path)
{
	struct cw_path_counters *out = cw_answer_put(answer, sizeof(*out));
	const struct cw_liveness *live = &path->live;
	uint64_t now = cw_now_us();

	if (out == NULL)
		return;
	bool is_out = cw_quality_is_fresh(&path->out, now), is_in = cw_quality_is_fresh(&path->in, now);
	*out = (struct cw_path_counters){
		.tx_packets = path->tx_packets,
		.tx_bytes = path->tx_bytes,
		.rx_packets = path->rx_packets,
		.rx_bytes = path->rx_bytes,
		.delivered_bps = cw_quality_is_fresh(&path->out, now) ? path->delivered_bps : 0,
		.state_ms = cw_age_ms(live->changed_us, now),
		.heard_ms = cw_age_ms(live->heard_us, now),
		.rtt_us = live->rtt_us,
		.rtt_p50_us = cw_rtt_quantile(&path->rtts, 500),
		.rtt_p95_us = cw_rtt_quantile(&path->rtts, 950),
		.rtt_p99_us = cw_rtt_quantile(&path->rtts, 990),
		.loss_out_ppm = is_out ? path->out.loss_ppm : CW_NONE,
		.loss_in_ppm = is_in ? path->in.loss_ppm : CW_NONE,
		.late_out_ppm = is_out ? path->out.late_ppm : CW_NONE,
		.late_in_ppm = is_in ? path->in.late_ppm : CW_NONE,
		.jitter_out_us = path->out.taken == 0 ? CW_NONE : path->out.jitter_us,
		.jitter_in_us = path->in.taken == 0 ? CW_NONE : path->in.jitter_us,
		.failures = live->failures,
		.downs = path->downs,
		.limit = (uint16_t)path->limit,
		.peer = number,
		.remote_port = path->way.remote_port,
		.number = path->number,
		.remote_number = path->remote_number,
		.uplink = path->way.uplink,
		.remote_uplink = path->remote_uplink,
		.state = live->state,
		.why = live->why,
		.flags = flags_of(peer, path),
		.local_port = path->way.local_port,
	};
	memcpy(out->remote_address, &path->way.remote, sizeof(out->remote_address));
}

static uint32_t put_paths(struct cw_answer *answer, uint16_t number, const struct cw_peer *peer)
{
	uint32_t count = 0;

	for (uint32_t slot = 0; slot < CW_PATHS_MAX; slot++) {
		const struct cw_path *path = peer->paths.list[slot];
		if (path == NULL)
			continue;
		put_path(answer, number, peer, path);
		count++;
	}
	return count;
}

/*
 * Single writers, aligned 64-bit loads: a figure may be a moment old, never torn on the 64-bit machines we run on. A record is
 * none of one moment, though: packets and bytes may differ by those of a burst. And the record of a path whose place another
 * takes while it is read may hold something of both, until the next reading: the worker is not stopped to have 8,192 copied.
 */
int cw_call_counters(struct cw_engine *engine, struct cw_answer *answer)
{
	const struct cw_program *program = engine->program;
	const struct cw_view *view = atomic_load(&engine->view);
	struct cw_counters_head *head = cw_answer_put(answer, sizeof(*head));
	uint64_t *drops = cw_answer_put(answer, sizeof(engine->worker->drops));

	if (head == NULL || drops == NULL)
		return answer->length;
	head->uptime_ms = (cw_now_us() - engine->started_us) / 1000;
	head->drop_count = CW_DROP_COUNT;
	head->keypair_count = atomic_load(&engine->index)->count;
	head->small_in_use = rte_mempool_in_use_count(engine->pools.small);
	head->large_in_use = rte_mempool_in_use_count(engine->pools.large);
	head->overflow = cw_mirror_state(engine->mirror)->overflow;
	head->overflow.addresses += view == NULL ? 0 : view->own_left_out;
	head->flow_places = cw_flows_count(engine->worker->flows);
	head->flows_in_use = cw_flows_in_use(engine->worker->flows);
	head->flows_refused = cw_flows_refused(engine->worker->flows);
	memcpy(drops, engine->worker->drops, sizeof(engine->worker->drops));
	drops[CW_DROP_SERVER_NAME_FULL] = cw_server_names_evicted(engine->worker->server_names);
	drops[CW_DROP_SERVER_NAME_RATE] = cw_server_names_limited(engine->worker->server_names);
	if (program == NULL)
		return answer->length;
	head->generation = program->generation;
	head->port_count = program->port_count;
	head->peer_count = program->peer_count;
	for (uint32_t i = 0; i < program->port_count; i++)
		put_port(answer, program->ports[i]);
	for (uint32_t i = 0; i < program->peer_count; i++)
		put_peer(answer, program->peers[i]);
	for (uint32_t i = 0; i < program->peer_count; i++)
		head->path_count += put_paths(answer, (uint16_t)i, program->peers[i]);
	return answer->length;
}
