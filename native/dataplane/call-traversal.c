/* See call-traversal.h. */
#include "call-traversal.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "call-state.h"
#include "command.h"
#include "overlay-port.h"
#include "refusal.h"
#include "table/session.h"
#include "table/view.h"
#include "worker.h"

static bool is_own(const struct cw_view *view, struct cw_address address)
{
	bool is_own = false;

	for (uint32_t port = 0; port < view->program->port_count; port++)
		is_own = is_own || cw_is_own(&view->own[port], address);
	return is_own;
}

/* NULL: sealed datagrams may be sent there. */
static const char *fault_of(const struct cw_view *view, const uint8_t bytes[16])
{
	struct cw_address address = cw_address_of(bytes);

	if (!cw_address_is_endpoint(address))
		return "not of one host";
	if (is_own(view, address))
		return "the box's own";
	return cw_all_find(view, address) != 0 ? "inside" : NULL;
}

static int read_way(const struct cw_view *view, const struct cw_way_try *from, uint32_t i, struct cw_way *way,
		    const struct cw_check *check)
{
	const struct cw_port_program *port = cw_uplink_program(view->program, from->uplink);
	bool is_relayed = from->uplink == CW_UPLINK_RELAY;

	*way = (struct cw_way){ .uplink = from->uplink,
				.local_port = from->local_port,
				.remote_port = from->remote_port,
				.remote = cw_address_of(from->remote_address) };
	if (is_relayed && !cw_address_is_relayed(way->remote))
		return cw_check_refuse_at(check, "ways", i, "remoteAddress", "of no relay");
	if (is_relayed && (from->remote_port != 0 || from->local_port != 0))
		return cw_check_refuse_at(check, "ways", i, "remotePort", "a relayed way has none");
	if (is_relayed)
		return 0;
	if (port == NULL)
		return cw_check_refuse_at(check, "ways", i, "uplink", "unknown");
	const char *fault = fault_of(view, from->remote_address);
	if (fault != NULL)
		return cw_check_refuse_at(check, "ways", i, "remoteAddress", fault);
	if (from->remote_port == 0)
		return cw_check_refuse_at(check, "ways", i, "remotePort", "zero");
	bool is_ours = cw_is_overlay_port(port, from->local_port) || cw_is_spray_port(port, from->local_port);
	if (from->local_port != 0 && !is_ours)
		return cw_check_refuse_at(check, "ways", i, "localPort", "not the overlay's");
	if (from->local_port == 0)
		way->local_port = port->overlay_port;
	return 0;
}

int cw_try_read(const struct cw_view *view, const void *in, size_t in_len, struct cw_try *head, struct cw_way *ways, char *why,
		size_t why_len)
{
	const struct cw_check check = { why, why_len };
	const uint8_t *at = in;

	if (in_len < sizeof(*head))
		return cw_check_refuse(&check, "", "length");
	memcpy(head, at, sizeof(*head));
	if (head->count > CW_TRY_MAX)
		return cw_check_refuse(&check, "ways", "too many");
	if (in_len != sizeof(*head) + head->count * sizeof(struct cw_way_try))
		return cw_check_refuse(&check, "", "length");
	if (head->count > 0 && (head->for_ms == 0 || head->for_ms > CW_TRY_MS_MAX))
		return cw_check_refuse(&check, "forMs", "not in 1 to 20000");
	for (uint32_t i = 0; i < head->count; i++) {
		struct cw_way_try way;
		memcpy(&way, at + sizeof(*head) + i * sizeof(way), sizeof(way));
		int rc = read_way(view, &way, i, &ways[i], &check);
		if (rc != 0)
			return rc;
	}
	return 0;
}

int cw_spray_read(const struct cw_view *view, const void *in, size_t in_len, struct cw_spray *spray, char *why, size_t why_len)
{
	const struct cw_check check = { why, why_len };

	if (in_len != sizeof(*spray))
		return cw_check_refuse(&check, "", "length");
	memcpy(spray, in, sizeof(*spray));
	if (spray->probes == 0)
		return 0;
	const struct cw_port_program *port = cw_uplink_program(view->program, spray->uplink);
	if (port == NULL)
		return cw_check_refuse(&check, "uplink", "unknown");
	const char *fault = fault_of(view, spray->remote_address);
	if (fault != NULL)
		return cw_check_refuse(&check, "remoteAddress", fault);
	if (spray->probes > CW_SPRAY_MAX)
		return cw_check_refuse(&check, "probes", "too many");
	if (spray->gap_ms10 < CW_SPRAY_GAP_MS10_LEAST)
		return cw_check_refuse(&check, "gapMs", "more than 200 a second");
	if (spray->probes * (uint32_t)spray->gap_ms10 > CW_SPRAY_MS10_MOST)
		return cw_check_refuse(&check, "gapMs", "more than 30 s in all");
	if (spray->many_local > 1)
		return cw_check_refuse(&check, "isManyLocal", "neither 0 nor 1");
	if (spray->many_local && port->spray_port == 0)
		return cw_check_refuse(&check, "isManyLocal", "the uplink has no ports for that");
	if ((spray->many_local || spray->near > 0) && spray->remote_port == 0)
		return cw_check_refuse(&check, "remotePort", "zero");
	return 0;
}

int cw_call_try(struct cw_engine *engine, const void *in, size_t in_len, struct cw_answer *answer)
{
	const struct cw_view *view = atomic_load(&engine->view);
	struct cw_way ways[CW_TRY_MAX];
	struct cw_try head;
	char why[96];

	if (view == NULL)
		return cw_answer_refuse(answer, -EBUSY, "/: no program runs");
	int rc = cw_try_read(view, in, in_len, &head, ways, why, sizeof(why));
	if (rc != 0)
		return cw_answer_refuse(answer, rc, why);
	struct cw_peer *peer = cw_peer_find(engine->worker, head.peer);
	if (peer == NULL)
		return cw_answer_refuse(answer, -ENOENT, "/peer: unknown");
	struct cw_command command = {
		.kind = CW_COMMAND_TRY, .peer = peer, .ways = ways, .way_count = head.count, .for_ms = head.for_ms
	};
	rc = cw_worker_do(engine->worker, &command);
	return rc == -ENOTCONN ? cw_answer_refuse(answer, rc, "/peer: no session") : rc;
}

int cw_call_spray(struct cw_engine *engine, const void *in, size_t in_len, struct cw_answer *answer)
{
	const struct cw_view *view = atomic_load(&engine->view);
	struct cw_spray spray;
	char why[96];

	if (view == NULL)
		return cw_answer_refuse(answer, -EBUSY, "/: no program runs");
	int rc = cw_spray_read(view, in, in_len, &spray, why, sizeof(why));
	if (rc != 0)
		return cw_answer_refuse(answer, rc, why);
	struct cw_peer *peer = cw_peer_find(engine->worker, spray.peer);
	if (peer == NULL && spray.probes > 0)
		return cw_answer_refuse(answer, -ENOENT, "/peer: unknown");
	struct cw_command command = { .kind = CW_COMMAND_SPRAY, .peer = peer, .spray = &spray };
	rc = cw_worker_do(engine->worker, &command);
	return rc == -ENOTCONN ? cw_answer_refuse(answer, rc, "/peer: no session") : rc;
}
