/* The verbs of the border: bytes in, bytes out. Everything that arrives here is foreign until checked. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crypto/aead.h"
#include "engine.h"
#include "graph/handshake.h"
#include "program.h"
#include "table/mirror.h"
#include "table/session.h"
#include "worker.h"

struct answer {
	uint8_t *at;
	size_t left;
	int length;
};

/* Room for `size` more bytes, zeroed; NULL: the caller's buffer is full, which ends in -EMSGSIZE. */
static void *put(struct answer *answer, size_t size)
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

static int refuse(struct answer *answer, int rc, const char *why)
{
	if (answer->left > 0)
		snprintf((char *)answer->at, answer->left, "%s", why);
	return rc;
}

static int describe(struct cw_engine *engine, struct answer *answer)
{
	struct cw_info *info = put(answer, sizeof(*info));

	if (info != NULL) {
		*info = (struct cw_info){
			.abi = CW_ABI,
			.pid = (uint32_t)getpid(),
			.has_aes = cw_aead_has_aes(),
			.drop_count = CW_DROP_COUNT,
			.hugepage_bytes = engine->hugepage_bytes,
			.sizes = { sizeof(struct cw_info), sizeof(struct cw_program_head),
				   sizeof(struct cw_port_program), sizeof(struct cw_segment_program),
				   sizeof(struct cw_peer_program), sizeof(struct cw_route_program),
				   sizeof(struct cw_acl_program), sizeof(struct cw_policy_program),
				   sizeof(struct cw_match_program), sizeof(struct cw_path_program),
				   sizeof(struct cw_keypair_install),
				   sizeof(struct cw_control_send),
				   sizeof(struct cw_keypair_state), sizeof(struct cw_overflow),
				   sizeof(struct cw_counters_head), sizeof(struct cw_port_counters),
				   sizeof(struct cw_peer_counters), sizeof(struct cw_path_counters),
				   sizeof(struct cw_event),
				   sizeof(struct cw_denial) },
		};
		memcpy(info->boot_id, engine->boot_id, sizeof(info->boot_id));
		snprintf(info->aead, sizeof(info->aead), "%s",
			 cw_aead_backend_name(engine->worker->aead));
	}
	for (uint32_t i = 0; i < CW_DROP_COUNT; i++) {
		char *name = put(answer, strlen(cw_drop_names[i]) + 1);
		if (name != NULL)
			memcpy(name, cw_drop_names[i], strlen(cw_drop_names[i]) + 1);
	}
	return answer->length;
}

static int load(struct cw_engine *engine, const void *in, size_t in_len, struct answer *answer)
{
	char why[160] = "";
	int rc = cw_program_load(engine, in, in_len, why, sizeof(why));

	return rc == 0 ? 0 : refuse(answer, rc, why);
}

static int install(struct cw_engine *engine, const void *in, size_t in_len, struct answer *answer)
{
	struct cw_keypair_install record;
	struct cw_keypair *keypair;
	const char *why;

	if (in_len != sizeof(record))
		return refuse(answer, -EINVAL, "/: length");
	memcpy(&record, in, sizeof(record));
	record.peer[CW_NAME - 1] = 0;
	/* Before one more comes: so the ring of dead ones cannot fill, however busy the mirror is. */
	cw_keypair_collect(engine);
	int rc = cw_keypair_new(engine, &record, &keypair, &why);
	explicit_bzero(&record, sizeof(record));
	if (rc != 0) {
		char text[64];
		snprintf(text, sizeof(text), "/%s: %s", why, strerror(-rc));
		return refuse(answer, rc, text);
	}
	rc = cw_keypair_reindex(engine, keypair, NULL);
	if (rc != 0) {
		cw_keypair_free(engine, keypair);
		return refuse(answer, rc, "/: memory");
	}
	struct cw_command command = { .kind = CW_COMMAND_ENTER, .keypair = keypair };
	return cw_worker_do(engine->worker, &command);
}

static int retire(struct cw_engine *engine, const void *in, size_t in_len, struct answer *answer)
{
	if (in_len % 4 != 0 || in_len > 4 * 1024)
		return refuse(answer, -EINVAL, "/: length");
	for (size_t i = 0; i < in_len; i += 4) {
		struct cw_command command = { .kind = CW_COMMAND_RETIRE };
		memcpy(&command.local_index, (const uint8_t *)in + i, 4);
		int rc = cw_worker_do(engine->worker, &command);
		if (rc != 0)
			return rc;
	}
	return 0;
}

static int send_control(struct cw_engine *engine, const void *in, size_t in_len,
			struct answer *answer)
{
	struct cw_control_send record;

	if (in_len < sizeof(record))
		return refuse(answer, -EINVAL, "/: length");
	memcpy(&record, in, sizeof(record));
	if (record.length > CW_CONTROL_BYTES_MAX || record.length < 4 ||
	    in_len != sizeof(record) + record.length)
		return refuse(answer, -EINVAL, "/items: length");
	struct cw_keypair *keypair = cw_keypair_find(atomic_load(&engine->index), record.local_index);
	if (keypair == NULL || memcmp(keypair->peer->name, record.peer, CW_NAME) != 0)
		return refuse(answer, -ENOENT, "/localIndex: not current");
	struct cw_command command = { .kind = CW_COMMAND_SEND,
				      .peer = keypair->peer,
				      .local_index = record.local_index,
				      .items = (const uint8_t *)in + sizeof(record),
				      .length = record.length };
	int rc = cw_worker_do(engine->worker, &command);
	return rc == -ENOENT ? refuse(answer, rc, "/localIndex: not current") : rc;
}

static int cookies(struct cw_engine *engine, const void *in, size_t in_len, struct answer *answer)
{
	if (in_len != CW_COOKIE_SECRETS_BYTES)
		return refuse(answer, -EINVAL, "/: length");
	struct cw_command command = { .kind = CW_COMMAND_COOKIES, .items = in };
	return cw_worker_do(engine->worker, &command);
}

/* Of the path by which what nothing else is said of goes now. */
static const struct cw_path *best_path(const struct cw_peer *peer)
{
	uint8_t best = peer->paths.best;

	return best == CW_PATH_NONE ? NULL : peer->paths.list[best];
}

static const struct cw_way *best_way(const struct cw_peer *peer, const struct cw_way *other)
{
	const struct cw_path *path = best_path(peer);

	return path == NULL ? other : &path->way;
}

static void put_keypair(struct answer *answer, const struct cw_keypair *keypair)
{
	uint8_t state = atomic_load(&keypair->state);
	struct cw_keypair_state *out = state == 0 ? NULL : put(answer, sizeof(*out));

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

static int keypairs(struct cw_engine *engine, struct answer *answer)
{
	const struct cw_keypair_index *index = atomic_load(&engine->index);

	for (uint32_t i = 0; i <= index->mask; i++) {
		if (index->slots[i] != NULL)
			put_keypair(answer, index->slots[i]);
	}
	return answer->length;
}

static void put_port(struct answer *answer, const struct cw_port *port)
{
	struct cw_port_counters *out = put(answer, sizeof(*out));

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
	out->is_gone = atomic_load(&port->nic->is_gone) || atomic_load(&port->twin.is_gone);
}

static void put_peer(struct answer *answer, const struct cw_peer *peer)
{
	struct cw_peer_counters *out = put(answer, sizeof(*out));
	const struct cw_keypair *current = atomic_load(&peer->current);

	if (out == NULL)
		return;
	memcpy(out->name, peer->name, CW_NAME);
	out->rx_packets = peer->rx_packets;
	out->rx_bytes = peer->rx_bytes;
	out->tx_packets = peer->tx_packets;
	out->tx_bytes = peer->tx_bytes;
	const struct cw_path *path = best_path(peer);
	out->rtt_us = path == NULL ? CW_NONE : path->live.rtt_us;
	out->last_heard_ms = CW_NONE;
	if (current == NULL)
		return;
	if (peer->heard_us != 0)
		out->last_heard_ms = (uint32_t)((cw_now_us() - peer->heard_us) / 1000);
	out->local_index = current->local_index;
	const struct cw_way *way = best_way(peer, &current->way);
	out->remote_port = way->remote_port;
	memcpy(out->remote_address, &way->remote, sizeof(out->remote_address));
}

static uint32_t age_ms(uint64_t at_us)
{
	uint64_t now = cw_now_us();

	return at_us == 0 ? CW_NONE : at_us > now ? 0 : (uint32_t)((now - at_us) / 1000);
}

static uint8_t flags_of(const struct cw_peer *peer, const struct cw_path *path)
{
	return ((path->flags & CW_PATH_METERED) ? CW_STATE_METERED : 0) |
	       ((path->flags & CW_PATH_BACKUP) ? CW_STATE_BACKUP : 0) |
	       (peer->paths.best == path->slot ? CW_STATE_BEST : 0) | (path->is_configured ? 0 : CW_STATE_LEARNED);
}

static void put_path(struct answer *answer, uint16_t number, const struct cw_peer *peer, const struct cw_path *path)
{
	struct cw_path_counters *out = put(answer, sizeof(*out));
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
		.state_ms = age_ms(live->changed_us),
		.heard_ms = age_ms(live->heard_us),
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
	};
	memcpy(out->remote_address, &path->way.remote, sizeof(out->remote_address));
}

static uint32_t put_paths(struct answer *answer, uint16_t number, const struct cw_peer *peer)
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

/* Single writers, aligned 64-bit loads: a figure may be a moment old, never torn on the 64-bit machines we run on. */
static int counters(struct cw_engine *engine, struct answer *answer)
{
	const struct cw_program *program = engine->program;
	const struct cw_view *view = atomic_load(&engine->view);
	struct cw_counters_head *head = put(answer, sizeof(*head));
	uint64_t *drops = put(answer, sizeof(engine->worker->drops));

	if (head == NULL || drops == NULL)
		return answer->length;
	head->uptime_ms = (cw_now_us() - engine->started_us) / 1000;
	head->drop_count = CW_DROP_COUNT;
	head->keypair_count = atomic_load(&engine->index)->count;
	head->small_in_use = rte_mempool_in_use_count(engine->pools.small);
	head->large_in_use = rte_mempool_in_use_count(engine->pools.large);
	head->overflow = cw_mirror_state(engine->mirror)->overflow;
	head->overflow.addresses += view == NULL ? 0 : view->own_left_out;
	memcpy(drops, engine->worker->drops, sizeof(engine->worker->drops));
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

int cw_call(struct cw_engine *engine, uint32_t verb, const void *in, size_t in_len, void *out,
	    size_t out_len)
{
	struct answer answer = { .at = out, .left = out_len };
	int rc;

	if (out_len > 0)
		answer.at[0] = 0;
	pthread_mutex_lock(&engine->control);
	switch (verb) {
	case CW_VERB_DESCRIBE:
		rc = describe(engine, &answer);
		break;
	case CW_VERB_LOAD:
		rc = load(engine, in, in_len, &answer);
		break;
	case CW_VERB_INSTALL:
		rc = install(engine, in, in_len, &answer);
		break;
	case CW_VERB_RETIRE:
		rc = retire(engine, in, in_len, &answer);
		break;
	case CW_VERB_SEND:
		rc = send_control(engine, in, in_len, &answer);
		break;
	case CW_VERB_KEYPAIRS:
		rc = keypairs(engine, &answer);
		break;
	case CW_VERB_COUNTERS:
		rc = counters(engine, &answer);
		break;
	case CW_VERB_COOKIES:
		rc = cookies(engine, in, in_len, &answer);
		break;
	default:
		rc = refuse(&answer, -ENOSYS, "/: unknown verb");
	}
	pthread_mutex_unlock(&engine->control);
	if (rc <= 0 || (size_t)rc <= out_len)
		return rc;
	explicit_bzero(out, out_len);
	return -EMSGSIZE;
}
