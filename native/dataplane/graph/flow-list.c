/* See flow-list.h. */
#include "graph/flow-list.h"

#include <string.h>

#include "graph/steer.h"
#include "table/flow.h"
#include "table/session.h"
#include "table/view.h"
#include "worker.h"

struct telling {
	const struct cw_worker *worker;
	struct cw_flows_page *page;
};

static void put_flow_name(char out[CW_NAME], const char *name)
{
	memcpy(out, name, strnlen(name, CW_NAME - 1));
}

static void put_flow_policy(const struct cw_program *program, const struct cw_flow_entry *entry, struct cw_flow_record *out)
{
	uint16_t match, policy;

	if (!cw_steer_recall(program, entry, &match, &policy) || policy >= program->policy_count) {
		out->flags |= CW_FLOW_RECORD_STALE;
		return;
	}
	put_flow_name(out->policy, program->policies[policy].name);
	if (entry->epoch == program->steering_epoch && entry->classing < program->policy_count)
		out->class = program->policies[entry->classing].class;
}

static void put_flow_way(const struct cw_worker *worker, const struct cw_flow_entry *entry, struct cw_flow_record *out)
{
	struct cw_peer *peer = entry->peer < CW_PEER_NAMES_MAX ? worker->peers[entry->peer] : NULL;

	if (peer == NULL) {
		out->flags |= entry->peer == UINT16_MAX ? CW_FLOW_RECORD_BREAKOUT : 0;
		return;
	}
	put_flow_name(out->peer, peer->name);
	const struct cw_path *path = cw_paths_at(&peer->paths, entry->path);
	if (path != NULL) {
		out->path = path->number;
		out->uplink = path->way.uplink;
	}
}

static bool tell_flow(const struct cw_flow_entry *entry, void *context)
{
	const struct telling *telling = context;
	const struct cw_worker *worker = telling->worker;
	const struct cw_program *program = worker->view->program;
	struct cw_flows_page *page = telling->page;
	uint32_t idle_ms = cw_flow_idle_ms(entry, worker->now_us);

	if (idle_ms > page->ask.idle_ms || entry->key.segment >= program->segment_count)
		return true;
	if (page->head.count == CW_FLOWS_AT_ONCE)
		return false;
	struct cw_flow_record *out = &page->flows[page->head.count++];
	*out = (struct cw_flow_record){ .idle_ms = idle_ms,
					.source_port = entry->key.source_port,
					.destination_port = entry->key.destination_port,
					.protocol = entry->key.protocol,
					.packets = entry->packets,
					.path = CW_PATH_NONE,
					.uplink = UINT8_MAX,
					.flags = entry->is_closed ? CW_FLOW_RECORD_CLOSED : 0 };
	memcpy(out->source, cw_address_bytes(&entry->key.source), sizeof(out->source));
	memcpy(out->destination, cw_address_bytes(&entry->key.destination), sizeof(out->destination));
	put_flow_name(out->segment, program->segment_programs[entry->key.segment].name);
	put_flow_policy(program, entry, out);
	put_flow_way(worker, entry, out);
	return true;
}

void cw_flow_list(const struct cw_worker *worker, struct cw_flows_page *page)
{
	struct telling telling = { .worker = worker, .page = page };

	page->head = (struct cw_flows_head){ 0 };
	if (worker->view != NULL)
		page->head.next = cw_flows_look(worker->flows, page->ask.first, CW_FLOW_PLACES_AT_ONCE, tell_flow, &telling);
}
