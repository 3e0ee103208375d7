/* The verbs of relaying over the border: what each refuses, with its place, and what it does. */
#include <errno.h>

#include "call-relay.h"
#include "command.h"
#include "graph/relay.h"
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
	/* On the wire 0 stands for any channel; here it is a number like all others. */
	end.channel = 0;
	expect(-ENOENT, CW_VERB_CHANNEL_CLOSE, &end, sizeof(end), "/channel: ");
	CHECK(bench.far->channels.count == CW_CHANNELS_MAX - 1);
	cw_relay_end_all(bench.worker, bench.far, true);
	CHECK(bench.far->channels.count == 0);
	end.peer[0] = 'x';
	expect(-ENOENT, CW_VERB_CHANNEL_CLOSE, &end, sizeof(end), "/peer: unknown");
}

/* An answer of CHANNELS from the place `first` on. */
static const struct cw_channels_head *list(uint32_t first, const struct cw_channel_counters **records)
{
	static _Alignas(8) uint8_t out[sizeof(struct cw_channels_head) + CW_CHANNELS_AT_ONCE * sizeof(**records)];
	const struct cw_channels_head *head = (const struct cw_channels_head *)(const void *)out;
	int length = cw_call(bench.engine, CW_VERB_CHANNELS, &first, sizeof(first), out, sizeof(out));

	*records = (const struct cw_channel_counters *)(const void *)(head + 1);
	CHECK(length == (int)(sizeof(*head) + head->count * sizeof(**records)));
	return head;
}

static void push(uint32_t count)
{
	struct datagram inner = inner_of(0xD1, 1000), left;
	const struct end *to;

	for (uint32_t i = 0; i < count; i++) {
		struct datagram d = relay_seal(&far, 1, &inner);
		receive_from(&far, &d);
		take_sent(&left, &to);
	}
}

/* What there is of channels, and what came by each. */
static void lists_channels(void)
{
	const struct cw_channel_counters *one;
	const struct cw_channels_head *head;

	expect(-EINVAL, CW_VERB_CHANNELS, "", 3, "/: length");
	CHECK(list(0, &one)->count == 0);
	CHANNEL(0, "", c.rate_bps = 80000);
	push(400);
	bench.worker->now_us += 2000000;
	head = list(0, &one);
	CHECK(head->count == 1 && head->next == 0);
	CHECK(strcmp(one->channel.peer, "far") == 0 && strcmp(one->channel.to, "other") == 0);
	CHECK(one->channel.channel == 1 && one->channel.to_channel == 2 && one->channel.rate_bps == 80000);
	CHECK(one->age_ms == 2000 && one->unused_ms == 2000);
	CHECK(one->from_peer.packets > 100 && one->from_peer.packets + one->from_peer.limited_packets == 400);
	CHECK(one->from_peer.bytes == bench.far->relayed_bytes && one->from_peer.limited_bytes == bench.far->limited_bytes);
	CHECK(one->from_peer.limited_packets == bench.far->limited_packets && one->from_to.packets == 0);
	CHECK(cw_relay_close(bench.worker, bench.far, 1) == 0);
	CHECK(list(0, &one)->count == 0);
	cw_bench_drops(&bench);
}

/* More than one answer holds are told in several. */
static void lists_all_in_turn(void)
{
	static struct cw_channel_list lists[2][8];
	const struct cw_channel_counters *one;
	uint32_t seen = 0, first = 0;

	for (uint32_t i = 0; i < 8 * CW_CHANNELS_MAX; i++) {
		const struct cw_channel_side sides[2] = {
			{ .peer = bench.far, .list = &lists[0][i / CW_CHANNELS_MAX], .number = i + 1 },
			{ .peer = bench.other, .list = &lists[1][i / CW_CHANNELS_MAX], .number = i + 1 },
		};
		CHECK(cw_channel_join(&bench.worker->channels, sides, 8000000, bench.worker->now_us) == 0);
	}
	do {
		const struct cw_channels_head *head = list(first, &one);
		for (uint32_t i = 0; i < head->count; i++)
			CHECK(one[i].channel.channel == ++seen);
		first = head->next;
	} while (first != 0 && seen < 10000);
	CHECK(seen == 8 * CW_CHANNELS_MAX);
	for (uint32_t i = 0; i < bench.worker->channels.count; i++)
		cw_channel_end(&bench.worker->channels, &bench.worker->channels.pairs[i], 0);
	CHECK(list(0, &one)->count == 0 && list(UINT32_MAX, &one)->count == 0);
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
	lists_channels();
	lists_all_in_turn();
	channels();
	handshakes();
	a_place_that_begins_anew_has_none();
	cw_bench_close(&bench);
	return check_result();
}
