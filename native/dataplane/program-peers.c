/* See program-peers.h. */
#include "program-peers.h"

#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "engine.h"
#include "program-check.h"
#include "table/session.h"
#include "worker.h"

static struct cw_peer *known_peer(const struct cw_worker *worker, const struct cw_peer_program *p)
{
	for (uint32_t i = 0; i < worker->peer_count; i++) {
		struct cw_peer *peer = worker->peers[i];
		if (memcmp(peer->name, p->name, CW_NAME) == 0 && memcmp(peer->identity, p->identity, CW_IDENTITY) == 0)
			return peer;
	}
	return NULL;
}

/*
 * What no program lists has no keypair (list_peers() saw to it), and once its packets are gone the worker makes the place
 * another's: between two looks at it.
 */
static struct cw_peer *left_place(struct cw_worker *worker, const struct cw_peer_program *p)
{
	for (uint32_t i = 0; i < worker->peer_count; i++) {
		struct cw_command command = { .kind = CW_COMMAND_PEER, .peer = worker->peers[i], .begins = p };
		if (!worker->peers[i]->is_listed && cw_worker_do(worker, &command) == 0)
			return worker->peers[i];
	}
	return NULL;
}

/* A peer keeps its place while programs list it, then somebody else may have it: the worker never sees the list shrink. */
struct cw_peer *cw_program_take_peer(struct cw_worker *worker, const struct cw_peer_program *p)
{
	uint32_t count = worker->peer_count;
	struct cw_peer *peer = known_peer(worker, p);

	if (peer == NULL)
		peer = left_place(worker, p);
	if (peer == NULL && count < CW_PEER_NAMES_MAX) {
		peer = calloc(1, sizeof(*peer));
		if (peer == NULL)
			return NULL;
		peer->place = count;
		cw_peer_begin(peer, p);
		worker->peers[count] = peer;
		atomic_store(&worker->peer_count, count + 1);
	}
	if (peer != NULL)
		peer->is_listed = true;
	return peer;
}

static void retire(struct cw_worker *worker, struct cw_keypair *keypair)
{
	struct cw_command command = { .kind = CW_COMMAND_RETIRE };

	if (keypair == NULL)
		return;
	command.local_index = keypair->local_index;
	cw_worker_do(worker, &command);
}

/* The paths of the program's peer `number`. */
static void name_paths(struct cw_worker *worker, enum cw_command_kind kind, const struct cw_program_parts *parts,
		       uint32_t number, struct cw_peer *peer)
{
	struct cw_way ways[CW_PEER_PATHS_MAX];
	struct cw_command command = { .kind = kind, .peer = peer, .ways = ways };

	for (uint32_t i = 0; i < parts->head.path_count; i++) {
		const struct cw_path_program *path = &parts->paths[i];
		if (path->peer != number)
			continue;
		const struct cw_port_program *port = cw_uplink_among(parts->ports, parts->head.port_count, path->uplink);
		ways[command.way_count++] = (struct cw_way){
			.uplink = path->uplink,
			.local_port = port->overlay_port,
			.remote_port = path->remote_port,
			.remote = cw_address_of(path->remote_address),
		};
	}
	cw_worker_do(worker, &command);
}

void cw_program_name_paths(struct cw_worker *worker, const struct cw_program_parts *parts, struct cw_peer *const *peers)
{
	for (uint32_t i = 0; i < parts->head.peer_count; i++)
		name_paths(worker, CW_COMMAND_PATHS_GO, parts, i, peers[i]);
	for (uint32_t i = 0; i < parts->head.peer_count; i++)
		name_paths(worker, CW_COMMAND_PATHS_COME, parts, i, peers[i]);
}

/* Those of the program that runs now; NULL: none does. */
void cw_program_list_peers(struct cw_worker *worker, const struct cw_program *program)
{
	for (uint32_t i = 0; i < worker->peer_count; i++)
		worker->peers[i]->is_listed = false;
	for (uint32_t i = 0; program != NULL && i < program->peer_count; i++)
		program->peers[i]->is_listed = true;
	for (uint32_t i = 0; i < worker->peer_count; i++) {
		struct cw_peer *peer = worker->peers[i];
		if (peer->is_listed)
			continue;
		retire(worker, atomic_load(&peer->next));
		retire(worker, atomic_load(&peer->current));
		retire(worker, atomic_load(&peer->previous));
		struct cw_command forget = { .kind = CW_COMMAND_PATHS_GO, .peer = peer };
		cw_worker_do(worker, &forget);
	}
}
