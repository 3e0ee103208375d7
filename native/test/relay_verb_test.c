/* The verbs of relaying over the border: what each refuses, with its place, and what it does. */
#include <errno.h>

#include "call-relay.h"
#include "command.h"
#include "relay_ends.h"

/* In the place of worker.c's: the worker is this thread. */
int cw_test_do(struct cw_worker *worker, struct cw_command *command) __asm__("__wrap_cw_worker_do");

int cw_test_do(struct cw_worker *worker, struct cw_command *command)
{
	cw_command_run(worker, command);
	return command->result;
}

static void expect(int rc, uint32_t verb, const void *in, size_t length, const char *pointer)
{
	char out[128] = "";
	int got = cw_call(bench.engine, verb, in, length, out, sizeof(out));

	if (!CHECK(got == rc && strncmp(out, pointer, strlen(pointer)) == 0))
		fprintf(stderr, "  wanted %d '%s', got %d '%s'\n", rc, pointer, got, out);
}

#define CHANNEL(rc, pointer, ...)                                                 \
	do {                                                                      \
		struct cw_channel c = { "far", "other", 1, 2, 50000000 };         \
		__VA_ARGS__;                                                      \
		expect(rc, CW_VERB_CHANNEL, &c, sizeof(c), pointer);              \
	} while (0)

static void channels(void)
{
	const struct cw_channel whole = { "far", "other", 1, 2, 50000000 };
	struct cw_channel_end end = { .peer = "other", .channel = 2 };

	expect(-EINVAL, CW_VERB_CHANNEL, &whole, sizeof(whole) - 1, "/: length");
	CHANNEL(-ENOENT, "/peer: unknown", c.peer[0] = 'x');
	CHANNEL(-ENOENT, "/peer: unknown", memset(c.peer, 'f', CW_NAME));
	CHANNEL(-ENOENT, "/to: unknown", c.to[0] = 0);
	CHANNEL(-EINVAL, "/to: the peer itself", strcpy(c.to, "far"));
	CHANNEL(-EINVAL, "/rateBps: ", c.rate_bps = 7);
	expect(-ENOENT, CW_VERB_CHANNEL_CLOSE, &end, sizeof(end), "/channel: ");
	CHANNEL(0, "", (void)c);
	CHANNEL(-EEXIST, "/channel: ", (void)c);
	CHANNEL(-EEXIST, "/channel: ", c.channel = 3);
	for (uint32_t i = 1; i < CW_CHANNELS_MAX; i++)
		CHANNEL(0, "", c.channel = 100 + i, c.to_channel = 200 + i);
	CHANNEL(-ENOSPC, "/channel: ", c.channel = 999, c.to_channel = 999);
	expect(-EINVAL, CW_VERB_CHANNEL_CLOSE, &end, sizeof(end) + 1, "/: length");
	expect(0, CW_VERB_CHANNEL_CLOSE, &end, sizeof(end), "");
	CHECK(bench.far->channels.count == CW_CHANNELS_MAX - 1);
	end.channel = 0;
	expect(0, CW_VERB_CHANNEL_CLOSE, &end, sizeof(end), "");
	CHECK(bench.far->channels.count == 0);
	expect(0, CW_VERB_CHANNEL_CLOSE, &end, sizeof(end), "");
	end.peer[0] = 'x';
	expect(-ENOENT, CW_VERB_CHANNEL_CLOSE, &end, sizeof(end), "/peer: unknown");
}

struct message {
	struct cw_relay_send head;
	uint8_t datagram[CW_RELAY_BYTES_MAX + 1];
};

#define RELAY(rc, pointer, ...)                                                                    \
	do {                                                                                       \
		struct message m = { .head = { "far", 7, 100 }, .datagram = { 0xd4 } };            \
		__VA_ARGS__;                                                                       \
		expect(rc, CW_VERB_RELAY, &m, sizeof(m.head) + m.head.length, pointer);            \
	} while (0)

static void handshakes(void)
{
	struct message whole = { .head = { "far", 7, 100 }, .datagram = { 0xd4 } };
	struct datagram d, inner;
	const struct end *to = NULL;
	uint32_t channel = 0;

	expect(-EINVAL, CW_VERB_RELAY, &whole, sizeof(whole.head) - 1, "/: length");
	expect(-EINVAL, CW_VERB_RELAY, &whole, sizeof(whole.head) + 99, "/datagram: length");
	RELAY(-EINVAL, "/datagram: length", m.head.length = 0);
	RELAY(-EINVAL, "/datagram: length", m.head.length = CW_RELAY_BYTES_MAX + 1);
	RELAY(-EINVAL, "/datagram: no handshake", m.datagram[0] = 0xd3);
	RELAY(-EINVAL, "/datagram: no handshake", m.datagram[0] = 0xd8);
	RELAY(-ENOENT, "/relay: unknown", m.head.relay[0] = 'x');
	cw_bench_flush(&bench);
	cw_bench_drain(&bench, CW_BENCH_UPLINK);
	RELAY(0, "", m.datagram[0] = 0xd7, m.head.length = 40);
	cw_bench_flush(&bench);
	CHECK(take_sent(&d, &to) && to == &far && relay_open(&far, &d, &channel, &inner));
	CHECK(channel == 7 && inner.length == 40 && inner.bytes[0] == 0xd7);
	cw_keypair_leave(bench.worker, bench.keypair);
	RELAY(-ENOTCONN, "/relay: no session", (void)m);
	CHANNEL(-ENOTCONN, "/peer: no session", c.channel = 5000, c.to_channel = 5000);
}

/* Whose place is another's is told of nothing, and has no channels. */
static void a_place_that_begins_anew_has_none(void)
{
	const struct cw_peer_program next = { .name = "next" };
	struct cw_command command = { .kind = CW_COMMAND_PEER, .peer = bench.other, .begins = &next };
	uint32_t sum = 0;

	CHECK(bench.other->channels.count == 0 && bench.worker->channels.in_use > 0);
	cw_command_run(bench.worker, &command);
	CHECK(command.result == 0 && bench.other->channels.count == 0);
	/* Those for which others left no room in the ring are told of in turn. */
	for (uint32_t tick = 0; tick < CW_CHANNELS_MAX; tick++) {
		count_events(CW_EVENT_CHANNEL_ENDED, &sum);
		cw_relay_tick(bench.worker);
	}
	CHECK(bench.worker->channels.in_use == 0);
}

int main(int argc, char **argv)
{
	check_begin(argc, argv);
	open_ends();
	pthread_mutex_init(&bench.engine->control, NULL);
	channels();
	handshakes();
	a_place_that_begins_anew_has_none();
	cw_bench_close(&bench);
	return check_result();
}
