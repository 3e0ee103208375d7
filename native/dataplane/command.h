/*
 * What the control side asks of the worker, who alone may touch what packets touch: one at a time, between two rounds of its loop.
 */
#ifndef CW_COMMAND_H
#define CW_COMMAND_H

#include <stdint.h>

#include "table/path.h"

struct cw_channel;
struct cw_channel_page;
struct cw_explain;
struct cw_explained;
struct cw_flows_page;
struct cw_keypair;
struct cw_peer;
struct cw_peer_program;
struct cw_queues_page;
struct cw_spray;
struct cw_worker;

enum cw_command_kind {
	CW_COMMAND_PEER,
	CW_COMMAND_PATHS_GO,
	CW_COMMAND_PATHS_COME,
	CW_COMMAND_ENTER,
	CW_COMMAND_RETIRE,
	CW_COMMAND_SEND,
	CW_COMMAND_COOKIES,
	CW_COMMAND_EXPLAIN,
	CW_COMMAND_TRY,
	CW_COMMAND_SPRAY,
	CW_COMMAND_CHANNEL,
	CW_COMMAND_CHANNEL_CLOSE,
	CW_COMMAND_CHANNELS,
	CW_COMMAND_RELAY,
	CW_COMMAND_QUEUES,
	CW_COMMAND_FLOWS,
	CW_COMMAND_KINDS,
};

/* Lies on the stack of the control side, which waits until the worker is done with it. */
struct cw_command {
	enum cw_command_kind kind;
	int result;
	struct cw_peer *peer; /* of all but ENTER, RETIRE, COOKIES, EXPLAIN, CHANNELS, QUEUES and FLOWS */
	union {
		/* PATHS_GO (NULL: all), PATHS_COME, TRY */
		struct {
			const struct cw_way *ways;
			uint32_t way_count;
			uint32_t for_ms;
		};
		/* RETIRE, SEND, COOKIES; CHANNEL_CLOSE, RELAY: the index is the channel's number */
		struct {
			uint32_t local_index;
			uint32_t length;
			const uint8_t *items;
		};
		/* CHANNEL */
		struct {
			struct cw_peer *to;
			const struct cw_channel *channel;
		};
		/* EXPLAIN */
		struct {
			const struct cw_explain *ask;
			struct cw_explained *explained;
		};
		const struct cw_peer_program *begins; /* PEER: in the place of `peer` */
		struct cw_keypair *keypair;           /* ENTER */
		const struct cw_spray *spray;         /* SPRAY */
		struct cw_channel_page *page;         /* CHANNELS */
		struct cw_queues_page *queues;        /* QUEUES */
		struct cw_flows_page *flows;          /* FLOWS */
	};
};

/* Worker. */
void cw_command_run(struct cw_worker *worker, struct cw_command *command);

#endif
