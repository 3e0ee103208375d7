/* See command.h. */
#include "command.h"

#include <errno.h>

#include "graph/explain.h"
#include "graph/flow-list.h"
#include "graph/handshake.h"
#include "graph/path-try.h"
#include "graph/qos-count.h"
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

static int close_channel(struct cw_worker *worker, const struct cw_command *command)
{
	return cw_relay_close(worker, command->peer, command->local_index);
}

static int list_channels(struct cw_worker *worker, const struct cw_command *command)
{
	cw_relay_list(worker, command->page);
	return 0;
}

static int begin_peer(struct cw_worker *worker, const struct cw_command *command)
{
	if (!cw_qos_leave_place(worker, command->peer->place))
		return -EBUSY;
	cw_path_clear(worker, command->peer);
	cw_relay_end_all(worker, command->peer, true);
	return cw_peer_begin(command->peer, command->begins);
}

static int unname_paths(struct cw_worker *worker, const struct cw_command *command)
{
	if (command->ways == NULL)
		cw_path_clear(worker, command->peer);
	else
		cw_path_unname(worker, command->peer, command->ways, command->way_count);
	return 0;
}

static int name_paths(struct cw_worker *worker, const struct cw_command *command)
{
	cw_path_name(worker, command->peer, command->ways, command->way_count);
	return 0;
}

static int enter(struct cw_worker *worker, const struct cw_command *command)
{
	cw_keypair_enter(worker, command->keypair);
	return 0;
}

static int retire(struct cw_worker *worker, const struct cw_command *command)
{
	struct cw_keypair *keypair = cw_keypair_find(worker->index, command->local_index);

	if (keypair != NULL)
		cw_keypair_leave(worker, keypair);
	return 0;
}

static int renew_cookies(struct cw_worker *worker, const struct cw_command *command)
{
	cw_handshakes_renew(worker, command->items);
	return 0;
}

static int explain(struct cw_worker *worker, const struct cw_command *command)
{
	if (worker->view == NULL)
		return -EBUSY;
	cw_explain(worker, command->ask, command->explained);
	return 0;
}

static int try_ways(struct cw_worker *worker, const struct cw_command *command)
{
	return cw_path_try(worker, command->peer, command->ways, command->way_count, command->for_ms);
}

static int begin_spray(struct cw_worker *worker, const struct cw_command *command)
{
	return cw_spray_begin(worker, command->peer, command->spray);
}

static int tell_queues(struct cw_worker *worker, const struct cw_command *command)
{
	cw_qos_tell(worker, command->queues);
	return 0;
}

static int tell_flows(struct cw_worker *worker, const struct cw_command *command)
{
	cw_flow_list(worker, command->flows);
	return 0;
}

static int (*const run[CW_COMMAND_KINDS])(struct cw_worker *worker, const struct cw_command *command) = {
	[CW_COMMAND_PEER] = begin_peer,
	[CW_COMMAND_PATHS_GO] = unname_paths,
	[CW_COMMAND_PATHS_COME] = name_paths,
	[CW_COMMAND_ENTER] = enter,
	[CW_COMMAND_RETIRE] = retire,
	[CW_COMMAND_SEND] = send_items,
	[CW_COMMAND_COOKIES] = renew_cookies,
	[CW_COMMAND_EXPLAIN] = explain,
	[CW_COMMAND_TRY] = try_ways,
	[CW_COMMAND_SPRAY] = begin_spray,
	[CW_COMMAND_CHANNEL] = open_channel,
	[CW_COMMAND_CHANNEL_CLOSE] = close_channel,
	[CW_COMMAND_CHANNELS] = list_channels,
	[CW_COMMAND_RELAY] = relay,
	[CW_COMMAND_QUEUES] = tell_queues,
	[CW_COMMAND_FLOWS] = tell_flows,
};

void cw_command_run(struct cw_worker *worker, struct cw_command *command)
{
	command->result = run[command->kind](worker, command);
}
