/*
 * Programs one after the other, whose peers come and go: places of those that went are taken again, those of peers that
 * stay are theirs, and a program that is refused leaves everything as it was.
 */
#include <errno.h>
#include <stdlib.h>

#include "check.h"
#include "command.h"
#include "graph/graph.h"
#include "graph_bench.h"
#include "program-check.h"
#include "program-peers.h"
#include "program.h"
#include "table/mirror.h"
#include "table/view.h"

#define STRANGERS 1000

/* Behind the last peer of a message is the default's policy. */
struct message {
	struct cw_program_head head;
	struct cw_peer_program peers[2 + STRANGERS];
	struct cw_policy_program room;
};

struct refused {
	struct cw_program_head head;
	struct cw_segment_program segment;
	struct cw_peer_program peers[1];
	struct cw_policy_program policy;
};

static struct cw_policy_program policy = { .name = "default", .metered = CW_METERED_LAST, .kinds = 3 };

static struct cw_bench bench;
static struct cw_mirror_state kernel;
static uint64_t generation;
static uint32_t begun; /* peers in places of others */

/* In the place of worker.c's: the worker is this thread. */
int cw_test_do(struct cw_worker *worker, struct cw_command *command) __asm__("__wrap_cw_worker_do");

/* Until the worker makes it another's, the place is whose it was: the worker may be looking at it. */
int cw_test_do(struct cw_worker *worker, struct cw_command *command)
{
	if (command->kind == CW_COMMAND_PATHS_GO && command->ways != NULL)
		cw_path_unname(worker, command->peer, command->ways, command->way_count);
	if (command->kind == CW_COMMAND_PATHS_COME)
		cw_path_name(worker, command->peer, command->ways, command->way_count);
	if (command->kind == CW_COMMAND_PATHS_GO || command->kind == CW_COMMAND_PATHS_COME)
		return 0;
	CHECK(worker == bench.worker && command->kind == CW_COMMAND_PEER && !command->peer->is_listed);
	CHECK(memcmp(command->peer->name, command->begins->name, CW_NAME) != 0);
	command->result = cw_peer_begin(command->peer, command->begins);
	begun += command->result == 0;
	return command->result;
}

static int load(const void *message, size_t length)
{
	char why[160] = "";
	int rc = cw_program_load(bench.engine, message, length, why, sizeof(why));

	if (rc != 0 && rc != -EINVAL)
		fprintf(stderr, "  %s\n", why);
	return rc;
}

/* The bench's two peers and `count` whose names nobody had before. */
static int load_strangers(uint32_t count)
{
	static struct message message;

	message.head = (struct cw_program_head){ .generation = ++generation,
						 .peer_count = 2 + count,
						 .policy_count = 1 };
	strcpy(message.peers[0].name, "far");
	strcpy(message.peers[1].name, "other");
	memcpy(message.peers[0].identity, bench.far->identity, CW_IDENTITY);
	memcpy(message.peers[1].identity, bench.other->identity, CW_IDENTITY);
	for (uint32_t i = 0; i < count; i++) {
		message.peers[2 + i] = (struct cw_peer_program){ .identity = { [CW_KEY_AT] = (uint8_t)i, (uint8_t)(i >> 8) } };
		snprintf(message.peers[2 + i].name, CW_NAME, "stranger-%u-%u", (unsigned int)generation, i);
	}
	memcpy(&message.peers[2 + count], &policy, sizeof(policy));
	return load(&message, sizeof(message) - (STRANGERS - count) * sizeof(message.peers[0]));
}

static uint32_t listed(void)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < bench.worker->peer_count; i++)
		count += bench.worker->peers[i]->is_listed;
	return count;
}

static void places_are_taken_again(void)
{
	for (uint32_t i = 0; i < 10; i++) {
		CHECK(load_strangers(STRANGERS) == 0);
		CHECK(listed() == 2 + STRANGERS);
		CHECK(bench.engine->program->peers[0] == bench.far && bench.engine->program->peers[1] == bench.other);
	}
	CHECK(bench.worker->peer_count == 2 + 2 * STRANGERS && begun == 8 * STRANGERS);
	CHECK(atomic_load(&bench.far->current) == bench.keypair);
	/* Each place is one peer's. */
	for (uint32_t i = 0; i < STRANGERS; i++)
		bench.engine->program->peers[2 + i]->tx_packets++;
	for (uint32_t i = 0; i < STRANGERS; i++)
		CHECK(bench.engine->program->peers[2 + i]->tx_packets == 1);
}

static void packets_that_wait_keep_their_place(void)
{
	uint8_t packet[100] = { 0x45, [3] = 100 };

	CHECK(load_strangers(1) == 0);
	struct cw_peer *waits = bench.engine->program->peers[2];
	struct cw_peer before = *waits;
	cw_seal(bench.worker, waits, CW_BENCH_VNI, cw_bench_mbuf(&bench, packet, sizeof(packet), 0));
	CHECK(waits->waiting_count == 1);
	CHECK(load_strangers(STRANGERS) == 0 && load_strangers(STRANGERS) == 0);
	CHECK(strcmp(waits->name, before.name) == 0 && waits->waiting_count == 1);
	bench.worker->now_us += 60000000;
	cw_seal_expire(bench.worker, waits);
	CHECK(strcmp(cw_bench_drops(&bench), "no_session 1") == 0 && waits->waiting_count == 0);
}

static void what_is_refused_lists_nobody(void)
{
	struct refused message = { .head = { .generation = generation + 1,
					     .peer_count = 1,
					     .segment_count = 1,
					     .policy_count = 1 },
				   .segment = { .name = "office", .twin = "a/name/of/none", .vni = 1 },
				   .policy = policy };
	struct cw_program *running = bench.engine->program;

	strcpy(message.peers[0].name, "nobody");
	CHECK(load(&message, sizeof(message)) < 0);
	CHECK(bench.engine->program == running && listed() == running->peer_count);
	for (uint32_t i = 0; i < running->peer_count; i++)
		CHECK(running->peers[i]->is_listed);
}

/* What is decided about flows holds as long as the same fits the same policies, whatever else is loaded, also of these. */
static void what_is_loaded_again_decides_nothing_anew(void)
{
	CHECK(load_strangers(1) == 0);
	uint32_t epoch = bench.engine->program->steering_epoch;
	for (uint32_t i = 0; i < 3; i++)
		CHECK(load_strangers(i) == 0 && bench.engine->program->steering_epoch == epoch);
	policy.metered = CW_METERED_OK;
	CHECK(load_strangers(1) == 0 && bench.engine->program->steering_epoch == epoch);
	strcpy(policy.name, "renamed");
	CHECK(load_strangers(1) == 0 && bench.engine->program->steering_epoch != epoch);
	epoch = bench.engine->program->steering_epoch;
	CHECK(load_strangers(1) == 0 && bench.engine->program->steering_epoch == epoch);
}

/* Of all peers together there is room for no more than these: what one has no longer is the other's at once. */
static void paths_that_go_make_room_for_those_of_other_peers(void)
{
	enum { SHIFTED = 8 };
	static const struct cw_port_program uplink = { .role = CW_ROLE_UPLINK, .overlay_port = CW_BENCH_PORT };
	struct cw_path_program paths[2 + SHIFTED];
	struct cw_program_parts parts = { .head = { .port_count = 1, .peer_count = 2, .path_count = 2 + SHIFTED },
					  .ports = &uplink,
					  .paths = paths };
	struct cw_peer *peers[2] = { bench.far, bench.other };

	for (uint32_t turn = 0; turn < 4; turn++) {
		for (uint32_t i = 0; i < 2 + SHIFTED; i++) {
			paths[i] = (struct cw_path_program){ .peer = (uint16_t)(i < 2 ? i : turn % 2),
							     .remote_port = (uint16_t)(1000 + i),
							     .remote_address = { [10] = 0xff, 0xff, 10, 9, 8, 7 } };
		}
		cw_program_name_paths(bench.worker, &parts, peers);
		/* The bench's own path is there besides. */
		CHECK(bench.far->paths.count == (turn % 2 == 0 ? 2 + SHIFTED : 2));
		CHECK(bench.other->paths.count == (turn % 2 == 0 ? 1 : 1 + SHIFTED));
		CHECK(cw_bench_drops(&bench)[0] == 0);
		if (turn == 0)
			cw_bench_hold_paths(&bench);
	}
	cw_bench_release_paths(&bench);
}

int main(int argc, char **argv)
{
	check_begin(argc, argv);
	cw_bench_open(&bench);
	bench.kernel = &kernel;
	places_are_taken_again();
	packets_that_wait_keep_their_place();
	what_is_refused_lists_nobody();
	what_is_loaded_again_decides_nothing_anew();
	paths_that_go_make_room_for_those_of_other_peers();
	cw_program_close(bench.engine);
	cw_bench_close(&bench);
	return check_result();
}
