/* The verbs of the border: bytes in, bytes out. Everything that arrives here is foreign until checked. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "call-flows.h"
#include "call-queues.h"
#include "call-relay.h"
#include "call-state.h"
#include "call-traversal.h"
#include "command.h"
#include "crypto/aead.h"
#include "engine.h"
#include "graph/explain.h"
#include "graph/handshake.h"
#include "program.h"
#include "table/mirror.h"
#include "table/session.h"
#include "worker.h"

static int describe(struct cw_engine *engine, struct cw_answer *answer)
{
	struct cw_info *info = cw_answer_put(answer, sizeof(*info));

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
				   sizeof(struct cw_denial), sizeof(struct cw_path_event),
				   sizeof(struct cw_explain),
				   sizeof(struct cw_explanation), sizeof(struct cw_explained_peer),
				   sizeof(struct cw_explained_path),
				   sizeof(struct cw_incident_record),
				   sizeof(struct cw_channel), sizeof(struct cw_channel_end),
				   sizeof(struct cw_relay_send), sizeof(struct cw_try),
				   sizeof(struct cw_way_try), sizeof(struct cw_spray),
				   sizeof(struct cw_relayed), sizeof(struct cw_channels_head),
				   sizeof(struct cw_channel_counters),
				   sizeof(struct cw_queues_head), sizeof(struct cw_queue_uplink),
				   sizeof(struct cw_queue_peer), sizeof(struct cw_queue_segment),
				   sizeof(struct cw_flows_head), sizeof(struct cw_flow_record) },
		};
		memcpy(info->boot_id, engine->boot_id, sizeof(info->boot_id));
		snprintf(info->aead, sizeof(info->aead), "%s",
			 cw_aead_backend_name(engine->worker->aead));
	}
	for (uint32_t i = 0; i < CW_DROP_COUNT; i++) {
		char *name = cw_answer_put(answer, strlen(cw_drop_names[i]) + 1);
		if (name != NULL)
			memcpy(name, cw_drop_names[i], strlen(cw_drop_names[i]) + 1);
	}
	return answer->length;
}

static int load(struct cw_engine *engine, const void *in, size_t in_len, struct cw_answer *answer)
{
	char why[160] = "";
	int rc = cw_program_load(engine, in, in_len, why, sizeof(why));

	return rc == 0 ? 0 : cw_answer_refuse(answer, rc, why);
}

static int install(struct cw_engine *engine, const void *in, size_t in_len, struct cw_answer *answer)
{
	struct cw_keypair_install record;
	struct cw_keypair *keypair;
	const char *why;

	if (in_len != sizeof(record))
		return cw_answer_refuse(answer, -EINVAL, "/: length");
	memcpy(&record, in, sizeof(record));
	record.peer[CW_NAME - 1] = 0;
	/* Before one more comes: so the ring of dead ones cannot fill, however busy the mirror is. */
	cw_keypair_collect(engine);
	int rc = cw_keypair_new(engine, &record, &keypair, &why);
	explicit_bzero(&record, sizeof(record));
	if (rc != 0) {
		char text[64];
		snprintf(text, sizeof(text), "/%s: %s", why, strerror(-rc));
		return cw_answer_refuse(answer, rc, text);
	}
	rc = cw_keypair_reindex(engine, keypair, NULL);
	if (rc != 0) {
		cw_keypair_free(engine, keypair);
		return cw_answer_refuse(answer, rc, "/: memory");
	}
	struct cw_command command = { .kind = CW_COMMAND_ENTER, .keypair = keypair };
	return cw_worker_do(engine->worker, &command);
}

static int retire(struct cw_engine *engine, const void *in, size_t in_len, struct cw_answer *answer)
{
	if (in_len % 4 != 0 || in_len > 4 * 1024)
		return cw_answer_refuse(answer, -EINVAL, "/: length");
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
			struct cw_answer *answer)
{
	struct cw_control_send record;

	if (in_len < sizeof(record))
		return cw_answer_refuse(answer, -EINVAL, "/: length");
	memcpy(&record, in, sizeof(record));
	if (record.length > CW_CONTROL_BYTES_MAX || record.length < 4 ||
	    in_len != sizeof(record) + record.length)
		return cw_answer_refuse(answer, -EINVAL, "/items: length");
	struct cw_keypair *keypair = cw_keypair_find(atomic_load(&engine->index), record.local_index);
	if (keypair == NULL || memcmp(keypair->peer->name, record.peer, CW_NAME) != 0)
		return cw_answer_refuse(answer, -ENOENT, "/localIndex: not current");
	struct cw_command command = { .kind = CW_COMMAND_SEND,
				      .peer = keypair->peer,
				      .local_index = record.local_index,
				      .items = (const uint8_t *)in + sizeof(record),
				      .length = record.length };
	int rc = cw_worker_do(engine->worker, &command);
	return rc == -ENOENT ? cw_answer_refuse(answer, rc, "/localIndex: not current") : rc;
}

static int cookies(struct cw_engine *engine, const void *in, size_t in_len, struct cw_answer *answer)
{
	if (in_len != CW_COOKIE_SECRETS_BYTES)
		return cw_answer_refuse(answer, -EINVAL, "/: length");
	struct cw_command command = { .kind = CW_COMMAND_COOKIES, .items = in };
	return cw_worker_do(engine->worker, &command);
}

static bool is_ended(const char *text, size_t size)
{
	return memchr(text, 0, size) != NULL;
}

static int explain(struct cw_engine *engine, const void *in, size_t in_len, struct cw_answer *answer)
{
	static struct cw_explained explained;
	struct cw_explain ask;

	if (in_len != sizeof(ask))
		return cw_answer_refuse(answer, -EINVAL, "/: length");
	memcpy(&ask, in, sizeof(ask));
	if (!is_ended(ask.segment, sizeof(ask.segment)))
		return cw_answer_refuse(answer, -EINVAL, "/segment: no name");
	if (!is_ended(ask.server, sizeof(ask.server)))
		return cw_answer_refuse(answer, -EINVAL, "/server: no name");
	if (ask.dscp > 63)
		return cw_answer_refuse(answer, -EINVAL, "/dscp: not in 0 to 63");
	struct cw_command command = { .kind = CW_COMMAND_EXPLAIN, .ask = &ask, .explained = &explained };
	int rc = cw_worker_do(engine->worker, &command);
	if (rc != 0)
		return cw_answer_refuse(answer, rc, "/: no program runs");
	const struct cw_explanation *head = &explained.head;
	size_t peers = head->peer_count * sizeof(explained.peers[0]);
	size_t paths = head->path_count * sizeof(explained.paths[0]);
	size_t incidents = head->incident_count * sizeof(explained.incidents[0]);
	uint8_t *out = cw_answer_put(answer, sizeof(*head) + peers + paths + incidents);
	if (out != NULL) {
		memcpy(out, head, sizeof(*head));
		memcpy(out + sizeof(*head), explained.peers, peers);
		memcpy(out + sizeof(*head) + peers, explained.paths, paths);
		memcpy(out + sizeof(*head) + peers + paths, explained.incidents, incidents);
	}
	return answer->length;
}

int cw_call(struct cw_engine *engine, uint32_t verb, const void *in, size_t in_len, void *out,
	    size_t out_len)
{
	struct cw_answer answer = { .at = out, .left = out_len };
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
		rc = cw_call_keypairs(engine, &answer);
		break;
	case CW_VERB_COUNTERS:
		rc = cw_call_counters(engine, &answer);
		break;
	case CW_VERB_EXPLAIN:
		rc = explain(engine, in, in_len, &answer);
		break;
	case CW_VERB_COOKIES:
		rc = cookies(engine, in, in_len, &answer);
		break;
	case CW_VERB_CHANNEL:
		rc = cw_call_channel(engine, in, in_len, &answer);
		break;
	case CW_VERB_CHANNEL_CLOSE:
		rc = cw_call_channel_close(engine, in, in_len, &answer);
		break;
	case CW_VERB_CHANNELS:
		rc = cw_call_channels(engine, in, in_len, &answer);
		break;
	case CW_VERB_QUEUES:
		rc = cw_call_queues(engine, in, in_len, &answer);
		break;
	case CW_VERB_FLOWS:
		rc = cw_call_flows(engine, in, in_len, &answer);
		break;
	case CW_VERB_RELAY:
		rc = cw_call_relay(engine, in, in_len, &answer);
		break;
	case CW_VERB_TRY:
		rc = cw_call_try(engine, in, in_len, &answer);
		break;
	case CW_VERB_SPRAY:
		rc = cw_call_spray(engine, in, in_len, &answer);
		break;
	default:
		rc = cw_answer_refuse(&answer, -ENOSYS, "/: unknown verb");
	}
	pthread_mutex_unlock(&engine->control);
	if (rc <= 0 || (size_t)rc <= out_len)
		return rc;
	explicit_bzero(out, out_len);
	return -EMSGSIZE;
}
