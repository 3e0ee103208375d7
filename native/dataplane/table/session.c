/* See session.h. */
#include "table/session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "graph/path.h"
#include "graph/relay.h"
#include "graph/seal.h"
#include "table/mirror.h"
#include "worker.h"

struct cw_peer *cw_peer_find(const struct cw_worker *worker, const char name[CW_NAME])
{
	for (uint32_t i = 0; i < atomic_load(&worker->peer_count); i++) {
		if (worker->peers[i]->is_listed && strncmp(worker->peers[i]->name, name, CW_NAME) == 0)
			return worker->peers[i];
	}
	return NULL;
}

static const char *check_install(const struct cw_keypair_install *install)
{
	if (install->local_index == 0)
		return "localIndex";
	if (install->remote_index == 0)
		return "remoteIndex";
	if (install->lifetime_ms == 0 || install->lifetime_ms > 180000)
		return "lifetimeMs";
	/* It has no way of its own. */
	if (install->is_rekey)
		return NULL;
	bool is_relayed = install->uplink == CW_UPLINK_RELAY;
	struct cw_address remote = cw_address_of(install->remote_address);
	if (is_relayed ? !cw_address_is_relayed(remote) : !cw_address_is_endpoint(remote))
		return "remoteAddress";
	if ((install->remote_port == 0) != is_relayed)
		return "remotePort";
	if ((install->local_port == 0) != is_relayed)
		return "localPort";
	return NULL;
}

/* A second install would start the counters again under the same key: a nonce would repeat. */
static bool was_installed(const struct cw_engine *engine, const uint8_t h[32])
{
	for (uint32_t i = 0; i < CW_PAST_KEYPAIRS; i++) {
		if (memcmp(engine->past[i], h, CW_PAST_BYTES) == 0)
			return true;
	}
	return false;
}

/* A rekey goes on with the session that carried it, and with its way; a raw handshake makes a new one. */
static struct cw_session *join_session(struct cw_keypair *keypair, const struct cw_keypair_install *install)
{
	struct cw_keypair *current = atomic_load(&keypair->peer->current);
	struct cw_session *session;

	if (install->is_rekey && current == NULL)
		return NULL;
	if (install->is_rekey) {
		keypair->way = current->way;
		return current->session;
	}
	session = calloc(1, sizeof(*session));
	if (session == NULL)
		return NULL;
	session->index = install->local_index;
	return session;
}

static void fill(struct cw_keypair *keypair, const struct cw_keypair_install *install)
{
	uint32_t time;

	memcpy(keypair->seal_iv, install->seal.iv, sizeof(keypair->seal_iv));
	memcpy(keypair->open_iv, install->open.iv, sizeof(keypair->open_iv));
	memcpy(&time, install->seal.time, sizeof(time));
	keypair->seal_time = rte_be_to_cpu_32(time);
	keypair->local_index = install->local_index;
	keypair->remote_index = install->remote_index;
	keypair->is_initiator = install->is_initiator != 0;
	keypair->is_rekey = install->is_rekey != 0;
	keypair->installed_us = cw_now_us();
	keypair->expires_us = keypair->installed_us + install->lifetime_ms * 1000ull;
	keypair->way = (struct cw_way){ .uplink = install->uplink,
					.local_port = install->local_port,
					.remote_port = install->remote_port,
					.remote = cw_address_of(install->remote_address) };
	memcpy(keypair->chain, install->chain, sizeof(keypair->chain));
	memcpy(keypair->h, install->h, sizeof(keypair->h));
}

int cw_keypair_new(struct cw_engine *engine, const struct cw_keypair_install *install,
		   struct cw_keypair **out, const char **why)
{
	struct cw_peer *peer = cw_peer_find(engine->worker, install->peer);

	*why = check_install(install);
	if (*why != NULL)
		return -EINVAL;
	*why = "peer";
	if (peer == NULL)
		return -ENOENT;
	*why = "localIndex";
	if (cw_keypair_find(atomic_load(&engine->index), install->local_index) != NULL)
		return -EEXIST;
	*why = "h";
	if (was_installed(engine, install->h))
		return -EEXIST;
	*why = "memory";
	struct cw_keypair *keypair = NULL;
	if (posix_memalign((void **)&keypair, 64, sizeof(*keypair)) != 0)
		return -ENOMEM;
	memset(keypair, 0, sizeof(*keypair));
	keypair->peer = peer;
	fill(keypair, install);
	*why = "suite";
	int rc = cw_aead_key_init(&keypair->seal_key, engine->worker->aead, install->suite,
				  install->seal.key);
	if (rc == 0)
		rc = cw_aead_key_init(&keypair->open_key, engine->worker->aead, install->suite,
				      install->open.key);
	if (rc == 0) {
		*why = "origin";
		keypair->session = join_session(keypair, install);
		rc = keypair->session == NULL ? -ENOENT : 0;
	}
	if (rc != 0) {
		cw_keypair_free(engine, keypair);
		return rc;
	}
	keypair->session->keypairs++;
	memcpy(engine->past[engine->past_at++ % CW_PAST_KEYPAIRS], install->h, CW_PAST_BYTES);
	*out = keypair;
	return 0;
}

int cw_keypair_reindex(struct cw_engine *engine, struct cw_keypair *add, struct cw_keypair *remove)
{
	struct cw_keypair_index *before = atomic_load(&engine->index);
	uint32_t count = before == NULL ? 0 : before->count;
	uint32_t size = 16;

	while (size < (count + 1) * 2)
		size *= 2;
	struct cw_keypair_index *after = calloc(1, sizeof(*after) + size * sizeof(after->slots[0]));
	if (after == NULL)
		return -ENOMEM;
	after->mask = size - 1;
	for (uint32_t i = 0; before != NULL && i <= before->mask + 1; i++) {
		struct cw_keypair *keypair = i <= before->mask ? before->slots[i] : add;
		if (keypair == NULL || keypair == remove)
			continue;
		uint32_t at = keypair->local_index & after->mask;
		while (after->slots[at] != NULL)
			at = (at + 1) & after->mask;
		after->slots[at] = keypair;
		after->count++;
	}
	atomic_store(&engine->index, after);
	cw_engine_quiesce(engine);
	free(before);
	return 0;
}

void cw_keypair_free(struct cw_engine *engine, struct cw_keypair *keypair)
{
	if (keypair->session != NULL && --keypair->session->keypairs == 0)
		free(keypair->session);
	cw_replay_release(&keypair->data_lanes, engine->replay_pool);
	cw_replay_release(&keypair->control_lanes, engine->replay_pool);
	cw_replay_release(&keypair->relay_lanes[0], engine->replay_pool);
	cw_replay_release(&keypair->relay_lanes[1], engine->replay_pool);
	cw_aead_key_wipe(&keypair->seal_key);
	cw_aead_key_wipe(&keypair->open_key);
	explicit_bzero(keypair, sizeof(*keypair));
	free(keypair);
}

void cw_keypair_collect(struct cw_engine *engine)
{
	void *keypair;

	while (rte_ring_dequeue(engine->garbage, &keypair) == 0) {
		if (cw_keypair_reindex(engine, NULL, keypair) != 0) {
			/* Out of memory: it stays in the index, erased but harmless, until the next round. */
			rte_ring_enqueue(engine->garbage, keypair);
			return;
		}
		cw_keypair_free(engine, keypair);
	}
}

static void set_state(struct cw_keypair *keypair, uint8_t state)
{
	atomic_store_explicit(&keypair->state, state, memory_order_relaxed);
}

void cw_keypair_leave(struct cw_worker *worker, struct cw_keypair *keypair)
{
	struct cw_peer *peer = keypair->peer;

	if (atomic_load(&keypair->state) == 0)
		return;
	set_state(keypair, 0);
	if (atomic_load(&peer->previous) == keypair)
		atomic_store(&peer->previous, NULL);
	if (atomic_load(&peer->current) == keypair)
		atomic_store(&peer->current, NULL);
	if (atomic_load(&peer->next) == keypair)
		atomic_store(&peer->next, NULL);
	if (atomic_load(&peer->current) == NULL) {
		cw_relay_end_all(worker, peer, false);
		cw_path_due(worker, peer);
	}
	cw_event_push(worker, CW_EVENT_ERASED, peer->name, keypair->local_index, NULL, 0);
	/* The ring has room for every keypair there can be: three a peer and one on its way in. */
	if (rte_ring_enqueue(worker->engine->garbage, keypair) != 0)
		rte_panic("more keypairs than the peers can have\n");
	cw_mirror_wake(worker->engine->mirror);
}

static void make_current(struct cw_worker *worker, struct cw_keypair *keypair)
{
	struct cw_peer *peer = keypair->peer;
	struct cw_keypair *previous = atomic_load(&peer->previous);
	struct cw_keypair *current = atomic_load(&peer->current);

	/* What is being filled under the old keypair goes out before the new one seals. */
	cw_seal_flush(worker);
	if (current == NULL || current->session != keypair->session) {
		cw_relay_end_all(worker, peer, false);
		cw_path_begin_session(worker, peer);
	}
	if (previous != NULL)
		cw_keypair_leave(worker, previous);
	if (current != NULL)
		set_state(current, CW_KEYPAIR_PREVIOUS);
	atomic_store(&peer->previous, current);
	set_state(keypair, CW_KEYPAIR_CURRENT);
	atomic_store(&peer->current, keypair);
	peer->paths.asked_us = 0;
	cw_path_begin_key(worker, peer);
	cw_path_due(worker, peer);
	cw_seal_waiting(worker, peer);
}

void cw_keypair_enter(struct cw_worker *worker, struct cw_keypair *keypair)
{
	struct cw_keypair *next = atomic_load(&keypair->peer->next);

	/* The initiator has its answer by this way; the other end will hear by it whether its own arrived. */
	if (!keypair->is_rekey)
		cw_path_enter(worker, keypair->peer, &keypair->way, keypair->is_initiator);
	if (keypair->is_initiator) {
		make_current(worker, keypair);
		return;
	}
	if (next != NULL)
		cw_keypair_leave(worker, next);
	set_state(keypair, CW_KEYPAIR_NEXT);
	atomic_store(&keypair->peer->next, keypair);
}

void cw_keypair_confirm(struct cw_worker *worker, struct cw_keypair *keypair)
{
	struct cw_peer *peer = keypair->peer;

	atomic_store(&keypair->is_confirmed, true);
	if (!keypair->is_rekey)
		cw_path_confirm(worker, peer, &keypair->way);
	if (atomic_load(&peer->next) == keypair) {
		atomic_store(&peer->next, NULL);
		make_current(worker, keypair);
	}
	cw_event_push(worker, CW_EVENT_CONFIRMED, peer->name, keypair->local_index, NULL, 0);
}

void cw_keypairs_move(struct cw_peer *peer, const uint8_t uplinks[CW_UPLINKS_MAX])
{
	struct cw_keypair *keypairs[] = { atomic_load(&peer->previous), atomic_load(&peer->current),
					  atomic_load(&peer->next) };

	for (uint32_t i = 0; i < RTE_DIM(keypairs); i++) {
		if (keypairs[i] != NULL)
			cw_way_move(&keypairs[i]->way, uplinks);
	}
}

int cw_peer_begin(struct cw_peer *peer, const struct cw_peer_program *p)
{
	if (peer->waiting_count > 0)
		return -EBUSY;
	*peer = (struct cw_peer){ .place = peer->place, .is_listed = true };
	cw_paths_begin(&peer->paths);
	memcpy(peer->name, p->name, CW_NAME);
	memcpy(peer->identity, p->identity, CW_IDENTITY);
	return 0;
}

static void check_keypair(struct cw_worker *worker, struct cw_keypair *keypair)
{
	if (keypair == NULL)
		return;
	if (worker->now_us >= keypair->expires_us) {
		cw_keypair_leave(worker, keypair);
	} else if (keypair->sealed >= CW_KEYPAIR_PACKETS_REKEY && !keypair->was_used_reported) {
		keypair->was_used_reported = true;
		cw_event_push(worker, CW_EVENT_USED, keypair->peer->name, keypair->local_index, NULL,
			      0);
	}
}

void cw_session_tick(struct cw_worker *worker, struct cw_peer *peer)
{
	check_keypair(worker, atomic_load(&peer->previous));
	check_keypair(worker, atomic_load(&peer->current));
	check_keypair(worker, atomic_load(&peer->next));
	cw_seal_expire(worker, peer);
}
