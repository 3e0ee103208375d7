/* See call-queues.h. */
#include "call-queues.h"

#include <errno.h>
#include <string.h>

#include "call-state.h"
#include "command.h"
#include "engine.h"
#include "graph/qos-count.h"
#include "worker.h"

int cw_call_queues(struct cw_engine *engine, const void *in, size_t in_len, struct cw_answer *answer)
{
	static struct cw_queues_page page;

	if (in_len != sizeof(page.first))
		return cw_answer_refuse(answer, -EINVAL, "/: length");
	memcpy(&page.first, in, sizeof(page.first));
	struct cw_command command = { .kind = CW_COMMAND_QUEUES, .queues = &page };
	int rc = cw_worker_do(engine->worker, &command);
	if (rc != 0)
		return rc;
	size_t uplinks = page.head.uplink_count * sizeof(page.uplinks[0]);
	size_t peers = page.head.peer_count * sizeof(page.peers[0]);
	size_t segments = page.head.segment_count * sizeof(page.segments[0]);
	uint8_t *out = cw_answer_put(answer, sizeof(page.head) + uplinks + peers + segments);
	if (out != NULL) {
		memcpy(out, &page.head, sizeof(page.head));
		memcpy(out + sizeof(page.head), page.uplinks, uplinks);
		memcpy(out + sizeof(page.head) + uplinks, page.peers, peers);
		memcpy(out + sizeof(page.head) + uplinks + peers, page.segments, segments);
	}
	return answer->length;
}
