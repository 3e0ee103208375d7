/* See relay_world.h. */
#include "relay_world.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "graph/graph.h"
#include "graph/path-try.h"
#include "graph/path.h"
#include "graph/qos.h"
#include "graph/relay-path.h"
#include "graph/relay.h"
#include "packet.h"
#include "table/session.h"
#include "table/view.h"

#define HEADERS 42u
#define HUB_BASE 0xcb007102u   /* of the hub for an end; of A for the hub */
#define OTHER_BASE 0xcb007103u /* of an end for the other; of B for the hub */
#define LINE_STEP 10u
#define FAR_LAN 0x0a030005u

static const struct cw_vnet_hdr plain;

/* How `from` calls `to`, by its first line. */
static uint32_t address_of(enum place from, enum place to)
{
	return (from == HUB ? to == A : to == HUB) ? HUB_BASE : OTHER_BASE;
}

struct cw_peer *cw_relay_world_peer(struct relay_world *world, enum place from, enum place to)
{
	return address_of(from, to) == HUB_BASE ? world->at[from].far : world->at[from].other;
}

static struct cw_way way_of(enum place from, enum place to, uint32_t line)
{
	return (struct cw_way){ .local_port = CW_BENCH_PORT,
				.remote_port = CW_BENCH_PORT + 1,
				.remote = cw_bench_v4(address_of(from, to) + line * LINE_STEP) };
}

struct cw_path *cw_relay_world_line(struct relay_world *world, enum place end, uint32_t line)
{
	struct cw_way way = way_of(end, HUB, line);

	return cw_paths_find(&world->at[end].far->paths, &way);
}

struct cw_path *cw_relay_world_direct(struct relay_world *world, enum place end)
{
	struct cw_way way = way_of(end, end == A ? B : A, 0);

	return cw_paths_find(&world->at[end].other->paths, &way);
}

static struct cw_way relayed_way(struct relay_world *world, enum place end)
{
	return cw_relay_way(world->at[end].far, end == A ? CHANNEL_A : CHANNEL_B);
}

struct cw_path *cw_relay_world_relayed(struct relay_world *world, enum place end)
{
	struct cw_way way = relayed_way(world, end);

	return cw_paths_find(&world->at[end].other->paths, &way);
}

static struct cw_keypair *install(struct relay_world *world, enum place at, struct cw_peer *peer, uint32_t local, uint32_t remote,
				  uint8_t seal, uint8_t open, const struct cw_way *way, bool is_initiator)
{
	struct cw_keypair_install record = { .local_index = local,
					     .remote_index = remote,
					     .suite = CW_SUITE_AES_256_GCM,
					     .is_initiator = is_initiator,
					     .uplink = way->uplink,
					     .local_port = way->local_port,
					     .remote_port = way->remote_port,
					     .h = { local >> 8 & 0xff, local & 0xff, 1 },
					     .lifetime_ms = 180000 };

	memcpy(record.peer, peer->name, CW_NAME);
	memcpy(record.remote_address, &way->remote, sizeof(record.remote_address));
	memset(&record.seal, seal, sizeof(record.seal));
	memset(&record.open, open, sizeof(record.open));
	struct cw_keypair *keypair = cw_bench_install(&world->at[at], &record);
	/* They live as long as the test. */
	keypair->expires_us = UINT64_MAX;
	return keypair;
}

/* In the segment of B, what is far for A is in the LAN, behind its router. */
static void turn_around(struct cw_bench *bench)
{
	struct cw_view *view = bench->worker->view;
	uint32_t other = 0, router = 0;

	for (uint32_t i = 0; i < view->hop_count; i++) {
		const struct cw_hop *hop = &view->hops[i];
		if (hop->kind == CW_HOP_OVERLAY && hop->peers[0] == 1)
			other = i;
		if (hop->kind == CW_HOP_LINK && hop->port == CW_BENCH_LAN_PORT && !cw_address_is_none(hop->gateway) &&
		    cw_address_is_v4(hop->gateway))
			router = i;
	}
	const struct cw_fib_route routes[] = { { 0x0a010000, 24, other }, { 0x0a030000, 16, router } };
	cw_fib_free(view->segment_fib[0]);
	view->segment_fib[0] = cw_fib_new(routes, 2);
}

void cw_relay_world_open(struct relay_world *world)
{
	memset(world, 0, sizeof(*world));
	cw_bench_open(&world->at[A]);
	cw_bench_open(&world->at[B]);
	cw_bench_open_far(&world->at[HUB]);
	turn_around(&world->at[B]);
	/* Static keys: of the hub, of B and of A. */
	cw_bench_name_key(&world->at[A], world->at[A].far, 0xaa);
	cw_bench_name_key(&world->at[B], world->at[B].far, 0xaa);
	cw_bench_name_key(&world->at[A], world->at[A].other, 0xbb);
	cw_bench_name_key(&world->at[HUB], world->at[HUB].other, 0xbb);
	cw_bench_name_key(&world->at[B], world->at[B].other, 0xcc);
	cw_bench_name_key(&world->at[HUB], world->at[HUB].far, 0xcc);
	for (uint32_t i = 0; i < PLACES; i++) {
		world->at[i].worker->now_us = world->at[A].worker->now_us;
		world->at[i].keypair->expires_us = UINT64_MAX;
	}
	struct cw_way to_hub = way_of(B, HUB, 0), to_b = way_of(HUB, B, 0);
	atomic_store(&install(world, B, world->at[B].far, 0x51, 0x52, 0x21, 0x22, &to_hub, true)->is_confirmed, true);
	atomic_store(&install(world, HUB, world->at[HUB].other, 0x52, 0x51, 0x22, 0x21, &to_b, true)->is_confirmed, true);
	world->packet_bytes = 200;
	cw_relay_world_pass(world, SECOND);
}

void cw_relay_world_close(struct relay_world *world)
{
	uint8_t bytes[CW_EVENT_BYTES_MAX];

	for (uint32_t i = 0; i < PLACES; i++) {
		cw_relay_world_events(world, (enum place)i, 0, bytes);
		cw_bench_close(&world->at[i]);
	}
}

void cw_relay_world_join(struct relay_world *world)
{
	struct cw_peer *const peers[2] = { world->at[HUB].far, world->at[HUB].other };
	const struct cw_channel channel = { "far", "other", CHANNEL_A, CHANNEL_B, 1000000000 };
	struct cw_way of_a = relayed_way(world, A), of_b = relayed_way(world, B);

	assert(cw_relay_open(world->at[HUB].worker, peers, &channel) == 0);
	install(world, B, world->at[B].other, 0x62, 0x61, 0x32, 0x31, &of_b, false);
	install(world, A, world->at[A].other, 0x61, 0x62, 0x31, 0x32, &of_a, true);
}

void cw_relay_world_try(struct relay_world *world)
{
	struct cw_way ways[2] = { relayed_way(world, A), way_of(A, B, 0) };

	assert(cw_path_try(world->at[A].worker, world->at[A].other, ways, 2, 10000) == 0);
}

void cw_relay_world_second_line(struct relay_world *world, enum place end)
{
	struct cw_way ways[2] = { way_of(end, HUB, 0), way_of(end, HUB, 1) };

	cw_path_name(world->at[end].worker, world->at[end].far, ways, 2);
	ways[0] = way_of(HUB, end, 0);
	ways[1] = way_of(HUB, end, 1);
	cw_path_name(world->at[HUB].worker, cw_relay_world_peer(world, HUB, end), ways, 2);
}

/* A nonce is used once: what leaves for the same key by the same lane counts on. */
static void check_counters(enum place from, enum place to, uint32_t step, const uint8_t *datagrams, uint32_t bytes)
{
	static uint32_t index[PLACES][PLACES], last[PLACES][PLACES][1 << 16];

	for (uint32_t at = 0; at < bytes; at += step) {
		const uint8_t *d = datagrams + at;
		if (d[0] != 0xD8)
			continue;
		if (packet_u32(d + 4) != index[from][to])
			memset(last[from][to], 0, sizeof(last[from][to]));
		index[from][to] = packet_u32(d + 4);
		uint32_t *before = &last[from][to][packet_u16(d + 2)];
		assert(packet_u32(d + 12) > *before);
		*before = packet_u32(d + 12);
	}
}

/* One frame, single or a train, as the other place's uplink gets it. */
static void deliver(struct relay_world *world, enum place from, enum place to, uint32_t line, struct cw_vnet_hdr *vnet,
		    uint8_t *frame, uint32_t length)
{
	struct cw_bench *bench = &world->at[to];
	uint32_t step = vnet->gso_type == 0 ? length - HEADERS : vnet->gso_size;

	world->carried[from][to]++;
	check_counters(from, to, step, frame + HEADERS, length - HEADERS);
	if (world->is_cut[from][to][line] || (world->most[from][to] != 0 && step + 28 > world->most[from][to]))
		return;
	cw_bench_ether(bench, CW_BENCH_UPLINK, frame);
	packet_put32(frame + 14 + 12, address_of(to, from) + line * LINE_STEP);
	packet_put32(frame + 14 + 16, CW_BENCH_WAN);
	packet_put16(frame + 14 + 20, CW_BENCH_PORT + 1);
	packet_put16(frame + 14 + 22, CW_BENCH_PORT);
	packet_finish(frame + 14, length - 14);
	cw_bench_give(bench, CW_BENCH_UPLINK, vnet->gso_type == 0 ? &plain : vnet, frame, length);
}

static void carry(struct relay_world *world, enum place from)
{
	static uint8_t frame[CW_BENCH_FRAME_MAX];
	struct cw_vnet_hdr vnet;
	uint32_t length;

	cw_bench_flush(&world->at[from]);
	while ((length = cw_bench_take(&world->at[from], CW_BENCH_UPLINK, &vnet, frame)) > 0) {
		uint32_t address = packet_u32(frame + 14 + 16), line = address >= HUB_BASE + LINE_STEP;
		for (uint32_t to = 0; to < PLACES; to++) {
			if (to != from && address_of(from, (enum place)to) == address - line * LINE_STEP)
				deliver(world, from, (enum place)to, line, &vnet, frame, length);
		}
	}
}

static void send_packets(struct relay_world *world)
{
	static uint8_t frame[CW_BENCH_FRAME_MAX];

	for (uint32_t i = 0; i < world->packets_a_step; i++) {
		cw_bench_ether(&world->at[A], CW_BENCH_LAN, frame);
		packet_put16(frame + 12, 0x0800);
		packet_ip(frame + 14, 20, PACKET_UDP, CW_BENCH_HOST, FAR_LAN);
		packet_put16(frame + 14 + 6, 0x4000); /* it must not be cut */
		packet_put16(frame + 34, 1000);
		packet_put16(frame + 36, 2000);
		packet_put32(frame + 42, ++world->sent);
		packet_finish(frame + 14, world->packet_bytes);
		cw_bench_give(&world->at[A], CW_BENCH_LAN, &plain, frame, 14 + world->packet_bytes);
	}
}

static void take_packets(struct relay_world *world)
{
	static uint8_t frame[CW_BENCH_FRAME_MAX];
	struct cw_vnet_hdr vnet;
	uint32_t length;

	cw_bench_flush(&world->at[B]);
	while ((length = cw_bench_take(&world->at[B], CW_BENCH_LAN, &vnet, frame)) > 0) {
		uint32_t payload = world->packet_bytes - 28, number = 0;
		for (uint32_t at = 42; at < length; at += payload) {
			number = packet_u32(frame + at);
			world->received++;
			world->late += number < world->last;
			world->last = number > world->last ? number : world->last;
		}
	}
}

void cw_relay_world_pass(struct relay_world *world, uint64_t us)
{
	static uint32_t steps;

	for (uint64_t until_us = world->at[A].worker->now_us + us; world->at[A].worker->now_us < until_us; steps++) {
		for (uint32_t i = 0; i < PLACES; i++)
			world->at[i].worker->now_us += STEP_US;
		send_packets(world);
		for (uint32_t i = 0; i < PLACES; i++) {
			cw_path_look(world->at[i].worker);
			cw_qos_serve(world->at[i].worker);
		}
		/* Twice: what one answers, and what that is relayed to. */
		for (uint32_t round = 0; round < 4; round++) {
			for (uint32_t i = 0; i < PLACES; i++)
				carry(world, (enum place)i);
		}
		if (steps % 200 == 0)
			cw_relay_tick(world->at[HUB].worker);
		take_packets(world);
		cw_bench_drain(&world->at[A], CW_BENCH_LAN);
	}
}

uint32_t cw_relay_world_events(struct relay_world *world, enum place at, uint16_t kind, uint8_t *last)
{
	uint8_t bytes[CW_EVENT_BYTES_MAX];
	struct cw_event head;
	uint32_t count = 0;

	while (cw_next_event(world->at[at].engine, bytes, sizeof(bytes)) != 0) {
		memcpy(&head, bytes, sizeof(head));
		if (head.kind != kind)
			continue;
		count++;
		memcpy(last, bytes, sizeof(bytes));
	}
	return count;
}
