/* See call-flows.h. */
#include "call-flows.h"

#include <errno.h>
#include <string.h>

#include "call-state.h"
#include "command.h"
#include "engine.h"
#include "graph/flow-list.h"
#include "worker.h"

int cw_call_flows(struct cw_engine *engine, const void *in, size_t in_len, struct cw_answer *answer)
{
	static struct cw_flows_page page;

	if (in_len != sizeof(page.ask))
		return cw_answer_refuse(answer, -EINVAL, "/: length");
	memcpy(&page.ask, in, sizeof(page.ask));
	struct cw_command command = { .kind = CW_COMMAND_FLOWS, .flows = &page };
	int rc = cw_worker_do(engine->worker, &command);
	if (rc != 0)
		return rc;
	size_t flows = page.head.count * sizeof(page.flows[0]);
	uint8_t *out = cw_answer_put(answer, sizeof(page.head) + flows);
	if (out != NULL) {
		memcpy(out, &page.head, sizeof(page.head));
		memcpy(out + sizeof(page.head), page.flows, flows);
	}
	return answer->length;
}
