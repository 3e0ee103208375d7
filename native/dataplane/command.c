/* See command.h. */
#include "command.h"

#include <errno.h>

#include "graph/explain.h"
#include "graph/handshake.h"
#include "graph/path-try.h"
#include "graph/relay.h"
#include "worker.h"

static int send_items(struct cw_worker *worker, const struct cw_command *command)
{
	struct cw_keypair *current = atomic_load(&command->peer->current);

	if (current == NULL || current->local_index != command->local_index)
		return -ENOENT;
	const struct cw_paths *paths = &command->peer->paths;
	if (paths->best == CW_PATH_NONE)
		return -ENOENT;
	return cw_seal_control(worker, current, paths->list[paths->best], command->items, command->length);
}

/* A handshake of the gateway's by a relay; its answer may come that way. */
static int relay(struct cw_worker *worker, const struct cw_command *command)
{
	cw_handshake_note_relayed(worker, command->items, command->length);
	return cw_relay_tell(worker, command->peer, command->local_index, command->items, command->length);
}

static int open_channel(struct cw_worker *worker, const struct cw_command *command)
{
	struct cw_peer *const ends[2] = { command->peer, command->to };

	return cw_relay_open(worker, ends, command->channel);
}

void cw_command_run(struct cw_worker *worker, struct cw_command *command)
{
	struct cw_keypair *keypair;

	switch (command->kind) {
	case CW_COMMAND_PEER:
		cw_path_clear(worker, command->peer);
		cw_relay_end_all(worker, command->peer, true);
		command->result = cw_peer_begin(command->peer, command->begins);
		break;
	case CW_COMMAND_PATHS_GO:
		if (command->ways == NULL)
			cw_path_clear(worker, command->peer);
		else
			cw_path_unname(worker, command->peer, command->ways, command->way_count);
		command->result = 0;
		break;
	case CW_COMMAND_PATHS_COME:
		cw_path_name(worker, command->peer, command->ways, command->way_count);
		command->result = 0;
		break;
	case CW_COMMAND_ENTER:
		cw_keypair_enter(worker, command->keypair);
		command->result = 0;
		break;
	case CW_COMMAND_RETIRE:
		keypair = cw_keypair_find(worker->index, command->local_index);
		if (keypair != NULL)
			cw_keypair_leave(worker, keypair);
		command->result = 0;
		break;
	case CW_COMMAND_SEND:
		command->result = send_items(worker, command);
		break;
	case CW_COMMAND_TRY:
		command->result = cw_path_try(worker, command->peer, command->ways, command->way_count, command->for_ms);
		break;
	case CW_COMMAND_SPRAY:
		command->result = cw_spray_begin(worker, command->peer, command->spray);
		break;
	case CW_COMMAND_EXPLAIN:
		command->result = worker->view == NULL ? -EBUSY : 0;
		if (worker->view != NULL)
			cw_explain(worker, command->ask, command->explained);
		break;
	case CW_COMMAND_CHANNEL:
		command->result = open_channel(worker, command);
		break;
	case CW_COMMAND_CHANNEL_CLOSE:
		command->result = cw_relay_close(worker, command->peer, command->local_index);
		break;
	case CW_COMMAND_CHANNELS:
		cw_relay_list(worker, command->page);
		command->result = 0;
		break;
	case CW_COMMAND_RELAY:
		command->result = relay(worker, command);
		break;
	case CW_COMMAND_COOKIES:
		cw_handshakes_renew(worker, command->items);
		command->result = 0;
		break;
	}
}
