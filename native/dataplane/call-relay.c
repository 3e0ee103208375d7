/* See call-relay.h. */
#include "call-relay.h"

#include <errno.h>
#include <string.h>

#include "call-state.h"
#include "command.h"
#include "engine.h"
#include "graph/relay.h"
#include "table/session.h"
#include "worker.h"

int cw_call_channel(struct cw_engine *engine, const void *in, size_t in_len, struct cw_answer *answer)
{
	struct cw_channel record;

	if (in_len != sizeof(record))
		return cw_answer_refuse(answer, -EINVAL, "/: length");
	memcpy(&record, in, sizeof(record));
	struct cw_command command = { .kind = CW_COMMAND_CHANNEL,
				      .peer = cw_peer_find(engine->worker, record.peer),
				      .to = cw_peer_find(engine->worker, record.to),
				      .channel = &record };
	if (command.peer == NULL)
		return cw_answer_refuse(answer, -ENOENT, "/peer: unknown");
	if (command.to == NULL)
		return cw_answer_refuse(answer, -ENOENT, "/to: unknown");
	if (command.to == command.peer)
		return cw_answer_refuse(answer, -EINVAL, "/to: the peer itself");
	if (record.rate_bps < 8)
		return cw_answer_refuse(answer, -EINVAL, "/rateBps: nothing would cross");
	int rc = cw_worker_do(engine->worker, &command);
	if (rc == -EEXIST)
		return cw_answer_refuse(answer, rc, "/channel: a number is taken");
	if (rc == -ENOSPC)
		return cw_answer_refuse(answer, rc, "/channel: a peer has as many as it may have");
	if (rc == -ENOTCONN)
		return cw_answer_refuse(answer, rc, "/peer: no session with one of them");
	return rc;
}

int cw_call_channel_close(struct cw_engine *engine, const void *in, size_t in_len, struct cw_answer *answer)
{
	struct cw_channel_end record;

	if (in_len != sizeof(record))
		return cw_answer_refuse(answer, -EINVAL, "/: length");
	memcpy(&record, in, sizeof(record));
	struct cw_command command = { .kind = CW_COMMAND_CHANNEL_CLOSE,
				      .peer = cw_peer_find(engine->worker, record.peer),
				      .local_index = record.channel };
	if (command.peer == NULL)
		return cw_answer_refuse(answer, -ENOENT, "/peer: unknown");
	int rc = cw_worker_do(engine->worker, &command);
	return rc == -ENOENT ? cw_answer_refuse(answer, rc, "/channel: none of that number") : rc;
}

int cw_call_channels(struct cw_engine *engine, const void *in, size_t in_len, struct cw_answer *answer)
{
	static struct cw_channel_page page;

	if (in_len != sizeof(page.first))
		return cw_answer_refuse(answer, -EINVAL, "/: length");
	memcpy(&page.first, in, sizeof(page.first));
	struct cw_command command = { .kind = CW_COMMAND_CHANNELS, .page = &page };
	int rc = cw_worker_do(engine->worker, &command);
	if (rc != 0)
		return rc;
	size_t length = page.head.count * sizeof(page.list[0]);
	uint8_t *out = cw_answer_put(answer, sizeof(page.head) + length);
	if (out != NULL) {
		memcpy(out, &page.head, sizeof(page.head));
		memcpy(out + sizeof(page.head), page.list, length);
	}
	return answer->length;
}

int cw_call_relay(struct cw_engine *engine, const void *in, size_t in_len, struct cw_answer *answer)
{
	struct cw_relay_send record;
	const uint8_t *datagram = (const uint8_t *)in + sizeof(record);

	if (in_len < sizeof(record))
		return cw_answer_refuse(answer, -EINVAL, "/: length");
	memcpy(&record, in, sizeof(record));
	if (record.length == 0 || record.length > CW_RELAY_BYTES_MAX || in_len != sizeof(record) + record.length)
		return cw_answer_refuse(answer, -EINVAL, "/datagram: length");
	if (datagram[0] < 0xD4 || datagram[0] > 0xD7)
		return cw_answer_refuse(answer, -EINVAL, "/datagram: no handshake");
	struct cw_command command = { .kind = CW_COMMAND_RELAY,
				      .peer = cw_peer_find(engine->worker, record.relay),
				      .local_index = record.channel,
				      .items = datagram,
				      .length = record.length };
	if (command.peer == NULL)
		return cw_answer_refuse(answer, -ENOENT, "/relay: unknown");
	int rc = cw_worker_do(engine->worker, &command);
	return rc == -ENOTCONN ? cw_answer_refuse(answer, rc, "/relay: no session, or no way to it") : rc;
}
