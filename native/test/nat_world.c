/* See nat_world.h. */
#include "nat_world.h"

#include <assert.h>

#include "graph/graph.h"
#include "graph/path.h"
#include "graph/seal.h"
#include "packet.h"

#define ETHER 14
#define HEADERS (20 + 8)
#define BEGAN_US (1000 * SECOND)
#define PUBLIC 0xcb007150u /* 203.0.113.80, and the next */

void cw_nat_world_open(struct nat_world *world)
{
	memset(world, 0, sizeof(*world));
	world->now_us = BEGAN_US;
	world->delay_us = 20 * MS;
	world->relay_delay_us = 40 * MS;
	cw_bench_open(&world->bench[0]);
	cw_bench_open_far(&world->bench[1]);
	for (uint32_t end = 0; end < ENDS; end++) {
		struct cw_bench *bench = &world->bench[end];
		bench->worker->view->program->port_programs[CW_BENCH_UPLINK_PORT].spray_port = CW_BENCH_PORT + 1;
		bench->worker->now_us = world->now_us;
		bench->keypair->expires_us = UINT64_MAX;
		world->has_nat[end] = true;
		world->own[end] = CW_BENCH_WAN;
		world->nat[end] = (struct nat){ .address = PUBLIC + end, .timeout_us = 60 * SECOND, .key = end + 1 };
	}
}

void cw_nat_world_close(struct nat_world *world)
{
	for (uint32_t end = 0; end < ENDS; end++) {
		cw_bench_drain(&world->bench[end], CW_BENCH_UPLINK);
		cw_bench_close(&world->bench[end]);
	}
}

static struct world_packet *find_place(struct nat_world *world)
{
	for (uint32_t i = 0; i < WORLD_PACKETS_MAX; i++) {
		if (world->packets[i].at_us == 0)
			return &world->packets[i];
	}
	abort();
}

/* A datagram on its way, with the addresses and ports that it has between the NATs. */
static void put_under_way(struct nat_world *world, uint32_t to, uint64_t delay_us, uint32_t source, uint16_t source_port,
			  uint32_t destination, uint16_t port, const uint8_t *payload, uint32_t length)
{
	struct world_packet *packet = find_place(world);

	world->under_way++;
	packet->at_us = world->now_us + delay_us;
	packet->order = world->order++;
	packet->to = (uint8_t)to;
	packet->length = (uint16_t)(HEADERS + length);
	packet_ip(packet->bytes, 20, PACKET_UDP, source, destination);
	packet_put16(packet->bytes + 20, source_port);
	packet_put16(packet->bytes + 22, port);
	memcpy(packet->bytes + HEADERS, payload, length);
}

/* Out by the NAT of `from`; what is for nobody here is lost. */
static void carry(struct nat_world *world, uint32_t from, const uint8_t *ip, const uint8_t *payload, uint32_t length)
{
	uint32_t to = packet_u32(ip + 16), other = 1 - from, source = CW_BENCH_WAN;
	uint16_t source_port = (uint16_t)packet_u16(ip + 20), port = (uint16_t)packet_u16(ip + 22);

	world->sent[from]++;
	world->sent_bytes[from] += HEADERS + length;
	if (to == WORLD_RELAY) {
		if (!world->is_relay_cut)
			put_under_way(world, other, world->relay_delay_us, WORLD_RELAY, CW_BENCH_PORT + 1, CW_BENCH_WAN,
				      CW_BENCH_PORT, payload, length);
		return;
	}
	if (to != world->nat[other].address)
		return;
	world->direct[from]++;
	if (world->has_nat[from])
		source_port = cw_nat_out(&world->nat[from], source_port, to, port, world->now_us);
	source = world->nat[from].address;
	put_under_way(world, other, world->delay_us, source, source_port, to, port, payload, length);
}

static void take_all(struct nat_world *world, uint32_t end)
{
	static uint8_t frame[CW_BENCH_FRAME_MAX];
	struct cw_vnet_hdr vnet;
	uint32_t length;

	cw_bench_flush(&world->bench[end]);
	while ((length = cw_bench_take(&world->bench[end], CW_BENCH_UPLINK, &vnet, frame)) > ETHER + HEADERS) {
		uint32_t all = length - ETHER - HEADERS, step = vnet.gso_type != 0 ? vnet.gso_size : all;
		for (uint32_t at = 0; at < all; at += step)
			carry(world, end, frame + ETHER, frame + ETHER + HEADERS + at, all - at < step ? all - at : step);
	}
	cw_bench_drain(&world->bench[end], CW_BENCH_LAN);
	cw_bench_drain(&world->bench[end], CW_BENCH_UPLINK_TWIN);
}

static uint64_t data_count(const struct nat_world *world, uint32_t end)
{
	const struct cw_replay_lanes *lanes = &world->bench[end].keypair->data_lanes;
	uint64_t count = 0;
	uint32_t highest;

	for (uint32_t i = 0; i < lanes->count; i++)
		count += cw_replay_lane((struct cw_replay_lanes *)(uintptr_t)lanes, i, &highest)->received;
	return count;
}

static void deliver(struct nat_world *world, struct world_packet *packet)
{
	static uint8_t frame[CW_BENCH_FRAME_MAX];
	uint32_t source = packet_u32(packet->bytes + 12), end = packet->to;
	struct cw_bench *bench = &world->bench[end];
	uint16_t port = (uint16_t)packet_u16(packet->bytes + 22);

	packet->at_us = 0;
	world->under_way--;
	if (source != WORLD_RELAY && packet_u32(packet->bytes + 16) != world->nat[end].address)
		return;
	if (source != WORLD_RELAY && world->has_nat[end])
		port = cw_nat_in(&world->nat[end], port, source, (uint16_t)packet_u16(packet->bytes + 20), world->now_us);
	if (port == 0)
		return;
	cw_bench_ether(bench, CW_BENCH_UPLINK, frame);
	memcpy(frame + ETHER, packet->bytes, packet->length);
	packet_put32(frame + ETHER + 16, world->own[end]);
	packet_put16(frame + ETHER + 22, port);
	packet_finish(frame + ETHER, packet->length);
	uint64_t before = data_count(world, end);
	cw_bench_give(bench, CW_BENCH_UPLINK, &(struct cw_vnet_hdr){ 0 }, frame, ETHER + packet->length);
	if (data_count(world, end) == before)
		return;
	uint64_t gap = world->heard_us[end] == 0 ? 0 : world->now_us - world->heard_us[end];
	world->gap_us[end] = gap > world->gap_us[end] ? gap : world->gap_us[end];
	world->heard_us[end] = world->now_us;
}

/* In the order in which they were sent, of those that are due. */
static void deliver_due(struct nat_world *world)
{
	for (;;) {
		struct world_packet *next = NULL;
		for (uint32_t i = 0; i < WORLD_PACKETS_MAX; i++) {
			struct world_packet *one = &world->packets[i];
			if (one->at_us != 0 && one->at_us <= world->now_us && (next == NULL || one->order < next->order))
				next = one;
		}
		if (next == NULL)
			return;
		deliver(world, next);
	}
}

static void send_data(struct nat_world *world, uint32_t end)
{
	static uint8_t frame[ETHER + 128];

	if (world->data_us[end] == 0 || world->now_us < world->data_next_us[end])
		return;
	world->data_next_us[end] = world->now_us + world->data_us[end];
	cw_bench_ether(&world->bench[end], CW_BENCH_LAN, frame);
	packet_ip(frame + ETHER, 20, PACKET_UDP, CW_BENCH_HOST, CW_BENCH_FAR);
	packet_put16(frame + ETHER + 20, 1000);
	packet_put16(frame + ETHER + 22, 2000);
	packet_finish(frame + ETHER, 128);
	cw_bench_give(&world->bench[end], CW_BENCH_LAN, &(struct cw_vnet_hdr){ 0 }, frame, sizeof(frame));
}

/* Nothing happens before that. */
static uint64_t next_us(const struct nat_world *world, uint64_t until_us)
{
	uint64_t next = until_us;

	for (uint32_t end = 0; end < ENDS; end++) {
		const struct cw_worker *worker = world->bench[end].worker;
		next = RTE_MIN(next, worker->paths.next_us);
		next = RTE_MIN(next, worker->spraying.due_us);
		next = world->data_us[end] == 0 ? next : RTE_MIN(next, world->data_next_us[end]);
	}
	for (uint32_t i = 0; i < WORLD_PACKETS_MAX && world->under_way > 0; i++) {
		if (world->packets[i].at_us != 0)
			next = RTE_MIN(next, world->packets[i].at_us);
	}
	return RTE_MAX(next, world->now_us + MS);
}

void cw_nat_world_pass(struct nat_world *world, uint64_t us)
{
	for (uint64_t until_us = world->now_us + us; world->now_us < until_us;) {
		world->now_us = next_us(world, until_us);
		for (uint32_t end = 0; end < ENDS; end++)
			world->bench[end].worker->now_us = world->now_us;
		if (world->under_way > 0)
			deliver_due(world);
		for (uint32_t end = 0; end < ENDS; end++) {
			struct cw_worker *worker = world->bench[end].worker;
			send_data(world, end);
			if (world->now_us >= worker->spraying.due_us)
				cw_spray_look(worker);
			if (world->now_us >= worker->paths.next_us)
				cw_path_look(worker);
			take_all(world, end);
		}
	}
}

struct cw_path *cw_nat_world_direct(const struct nat_world *world, uint32_t end)
{
	const struct cw_paths *paths = &world->bench[end].far->paths;

	for (uint32_t slot = 0; slot < CW_PATHS_MAX; slot++) {
		struct cw_path *path = paths->list[slot];
		if (path != NULL && path->live.state == CW_PATH_UP &&
		    !cw_address_equal(path->way.remote, cw_bench_v4(WORLD_RELAY)))
			return path;
	}
	return NULL;
}

uint64_t cw_nat_world_until_direct(struct nat_world *world, uint32_t end, uint64_t most_us)
{
	uint64_t since_us = world->now_us;

	while (cw_nat_world_direct(world, end) == NULL) {
		if (world->now_us - since_us >= most_us)
			return UINT64_MAX;
		cw_nat_world_pass(world, MS);
	}
	return world->now_us - since_us;
}

uint16_t cw_nat_world_mapped(struct nat_world *world, uint32_t end, uint32_t remote, uint16_t remote_port)
{
	return world->has_nat[end] ? cw_nat_out(&world->nat[end], CW_BENCH_PORT, remote, remote_port, world->now_us) :
				     CW_BENCH_PORT;
}
