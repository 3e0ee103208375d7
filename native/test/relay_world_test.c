/*
 * Two ends that reach each other by a relay, and directly once they can: handshakes cross it, their session lives by it, data moves to
 * the direct path and back, a line to the relay may fail, and what is relayed ends with the relay.
 */
#include "check.h"
#include "graph/explain.h"
#include "graph/graph.h"
#include "graph/handshake.h"
#include "graph/path.h"
#include "graph/path-place.h"
#include "graph/qos.h"
#include "graph/relay-path.h"
#include "graph/relay.h"
#include "graph/seal.h"
#include "overlay_traffic.h"
#include "packet.h"
#include "relay_world.h"
#include "table/session.h"

static struct relay_world world;

static uint64_t dropped(enum place at, enum cw_drop reason)
{
	return world.at[at].worker->drops[reason];
}

static bool is_up(const struct cw_path *path)
{
	return path != NULL && path->live.state == CW_PATH_UP;
}

static void count_anew(void)
{
	world.received = world.sent = world.late = world.last = 0;
	memset(world.carried, 0, sizeof(world.carried));
}

static void send_handshake(const struct datagram *d)
{
	cw_handshake_note_relayed(world.at[A].worker, d->bytes, d->length);
	CHECK(cw_relay_tell(world.at[A].worker, world.at[A].far, CHANNEL_A, d->bytes, d->length) == 0);
	cw_relay_world_pass(&world, STEP_US);
}

/* As any that comes from outside: size, mac1 and a rate, which is of the channel. */
static void handshakes_cross_and_are_checked(void)
{
	struct cw_peer *const peers[2] = { world.at[HUB].far, world.at[HUB].other };
	const struct cw_channel channel = { "far", "other", CHANNEL_A, CHANNEL_B, 1000000000 };
	uint8_t event[CW_EVENT_BYTES_MAX];
	struct cw_event head;
	struct cw_relayed relayed;
	struct datagram d = cw_test_handshake(0xD4, 160, 128, 0xA1);

	CHECK(cw_relay_open(world.at[HUB].worker, peers, &channel) == 0);
	cw_relay_world_events(&world, B, 0, event);
	send_handshake(&d);
	CHECK(cw_relay_world_events(&world, B, CW_EVENT_RELAYED, event) == 1);
	memcpy(&head, event, sizeof(head));
	memcpy(&relayed, event + sizeof(head), sizeof(relayed));
	CHECK(strcmp(head.peer, "far") == 0 && head.length == 8 + 160 && relayed.channel == CHANNEL_B);
	CHECK(memcmp(event + sizeof(head) + sizeof(relayed), d.bytes, 160) == 0);
	d = cw_test_handshake(0xD4, 160, 128, 0xA3);
	send_handshake(&d);
	d = cw_test_random_datagram(0xD4, 159);
	send_handshake(&d);
	d = cw_test_random_datagram(0xD6, 64);
	send_handshake(&d);
	CHECK(cw_relay_world_events(&world, B, CW_EVENT_RELAYED, event) == 0);
	CHECK(dropped(B, CW_DROP_HANDSHAKE_MAC1) == 1 && dropped(B, CW_DROP_HANDSHAKE_UNASKED) == 1);
	CHECK(dropped(HUB, CW_DROP_RELAY_TYPE) == 1);
	for (uint32_t i = 0; i < 40; i++) {
		d = cw_test_handshake(0xD4, 160, 128, 0xA1);
		send_handshake(&d);
	}
	uint32_t told = cw_relay_world_events(&world, B, CW_EVENT_RELAYED, event);
	CHECK(told >= 5 && told <= 10 && dropped(B, CW_DROP_HANDSHAKE_SOURCE) == 40 - told);
}

/* Whom its source is to prove itself to, asks for a cookie by the same way; unasked it is nobody's. */
static void cookies_come_back(void)
{
	uint8_t secrets[96], event[CW_EVENT_BYTES_MAX];

	check_fill(secrets, sizeof(secrets));
	cw_handshakes_renew(world.at[B].worker, secrets);
	for (uint32_t i = 0; i < 20; i++) {
		struct datagram d = cw_test_handshake(0xD4, 160, 128, 0xA1);
		send_handshake(&d);
	}
	cw_relay_world_events(&world, B, 0, event);
	uint64_t asked = dropped(B, CW_DROP_HANDSHAKE_COOKIE);
	uint32_t told = cw_relay_world_events(&world, A, CW_EVENT_RELAYED, event);
	/* Cookies have a rate as well, that of the channel. */
	CHECK(asked > 10 && told >= 5 && told <= asked && event[sizeof(struct cw_event) + 8] == 0xD6);
	CHECK(cw_relay_close(world.at[HUB].worker, world.at[HUB].far, CHANNEL_A) == 0);
}

static void a_session_lives_by_the_relay_alone(void)
{
	cw_relay_world_join(&world);
	cw_relay_world_pass(&world, 2 * SECOND);
	struct cw_path *of_a = cw_relay_world_relayed(&world, A), *of_b = cw_relay_world_relayed(&world, B);
	CHECK(is_up(of_a) && is_up(of_b) && cw_path_may_carry(of_a) && cw_path_may_carry(of_b));
	CHECK(of_a->remote_uplink == CW_UPLINK_RELAY && of_b->remote_uplink == CW_UPLINK_RELAY);
	CHECK(of_a->leaves_by == 0 && !of_a->is_private && of_a->flags == 0);
	world.packets_a_step = 4;
	cw_relay_world_pass(&world, 2 * SECOND);
	CHECK(world.received == world.sent && world.late == 0 && world.received > 1000);
	CHECK(world.carried[A][B] == 0 && world.at[HUB].far->relayed_packets >= world.sent);
	CHECK(dropped(B, CW_DROP_RELAY_CHANNEL) == 0 && dropped(HUB, CW_DROP_RELAY_CHANNEL) == 0);
}

/* As much as the lines to the relay carry, less what the relay adds; and what a line behind it carries is found out. */
static void its_size_is_that_of_the_smallest_line(void)
{
	struct cw_path *path = cw_relay_world_relayed(&world, A);

	CHECK(path->limit == CW_BENCH_INNER_MTU - CW_RELAY_OVERHEAD);
	world.packet_bytes = path->limit;
	count_anew();
	cw_relay_world_pass(&world, SECOND);
	CHECK(world.received == world.sent);
	world.most[HUB][B] = 1380;
	cw_relay_world_pass(&world, 10 * SECOND);
	/* IP and UDP, relaying, sealing and Geneve. */
	CHECK(path->limit <= 1380 - 28 - 32 - 40 && path->limit > 1380 - 28 - 32 - 40 - 16);
	world.packet_bytes = path->limit;
	count_anew();
	cw_relay_world_pass(&world, SECOND);
	CHECK(world.received == world.sent);
	world.most[HUB][B] = 0;
	world.packet_bytes = 200;
	cw_relay_world_pass(&world, 20 * SECOND);
	CHECK(path->limit == CW_BENCH_INNER_MTU - CW_RELAY_OVERHEAD);
}

/* By the lines of both ends, and within what data has. */
static void a_line_to_the_relay_may_fail(void)
{
	for (uint32_t end = A; end <= B; end++) {
		cw_relay_world_second_line(&world, (enum place)end);
		cw_relay_world_pass(&world, 3 * SECOND);
		CHECK(is_up(cw_relay_world_line(&world, (enum place)end, 0)) && is_up(cw_relay_world_line(&world, (enum place)end, 1)));
		count_anew();
		world.is_cut[end][HUB][0] = world.is_cut[HUB][end][0] = true;
		cw_relay_world_pass(&world, 3 * SECOND);
		uint32_t lost = world.sent - world.received;
		/* 800 packets a second. */
		if (!CHECK(lost > 0 && lost < 320 && is_up(cw_relay_world_relayed(&world, (enum place)end))))
			fprintf(stderr, "  lost %u\n", lost);
		world.is_cut[end][HUB][0] = world.is_cut[HUB][end][0] = false;
		cw_relay_world_pass(&world, 60 * SECOND);
	}
}

/* What the uplink there takes, as the others are told in time. */
static void tell_down(enum place at, uint64_t bps)
{
	struct cw_bench *bench = &world.at[at];
	struct cw_peer *const peers[2] = { bench->far, bench->other };

	bench->worker->view->program->port_programs[CW_BENCH_UPLINK_PORT].down_bps = bps;
	for (uint32_t i = 0; i < 2 * CW_PATHS_MAX; i++) {
		struct cw_path *path = peers[i / CW_PATHS_MAX]->paths.list[i % CW_PATHS_MAX];
		if (path != NULL)
			cw_path_note_uplink(bench->worker, path);
	}
}

/* The hub, too, which asks paths at rest now and then only. */
static void tell_both(uint64_t hub_bps, uint64_t end_bps)
{
	tell_down(HUB, hub_bps);
	tell_down(B, end_bps);
	for (uint32_t line = 0; line < 2; line++)
		cw_relay_world_line(&world, A, line)->remote_down_bps = hub_bps;
	world.packets_a_step = 1;
	cw_relay_world_pass(&world, 30 * SECOND);
	CHECK(cw_relay_world_relayed(&world, A)->remote_down_bps == end_bps);
}

static void shape_up(uint64_t bps)
{
	world.at[A].worker->view->program->port_programs[CW_BENCH_UPLINK_PORT].up_bps = bps;
	cw_bench_changed(&world.at[A]);
	cw_qos_renew(world.at[A].worker);
}

/* What is sent by a relay goes through its link, and that of the other end: both have said what they take. */
static void neither_link_behind_is_sent_more_than_it_takes(void)
{
	static const uint64_t takes[][2] = { { 4000000, 8000000 }, { 8000000, 2000000 }, { 4000000, 0 }, { 0, 4000000 } };
	uint32_t packets_a_step = world.packets_a_step, packet_bytes = world.packet_bytes;

	for (uint32_t i = 0; i < sizeof(takes) / sizeof(takes[0]); i++) {
		uint64_t hub = takes[i][0], end = takes[i][1], least = end == 0 || (hub != 0 && hub < end) ? hub : end;
		tell_both(hub, end);
		world.packet_bytes = 1000;
		world.packets_a_step = 8;
		shape_up(100000000);
		cw_relay_world_pass(&world, SECOND);
		count_anew();
		cw_relay_world_pass(&world, SECOND);
		uint64_t bps = (uint64_t)world.received * 8 * (14 + 28 + CW_RELAY_OVERHEAD + CW_SEALED_OVERHEAD + 1000);
		if (!CHECK(bps <= least && bps >= least * 92 / 100))
			fprintf(stderr, "  %llu bits of %llu\n", (unsigned long long)bps, (unsigned long long)least);
		shape_up(0);
		cw_relay_world_pass(&world, SECOND);
		world.packet_bytes = packet_bytes;
	}
	tell_both(0, 0);
	world.packets_a_step = packets_a_step;
	count_anew();
}

/* At once, not after the half minute of a path that failed; without a loss, and nothing overtakes anything. */
static void data_moves_to_a_direct_path(void)
{
	count_anew();
	cw_relay_world_try(&world);
	cw_relay_world_pass(&world, SECOND / 10);
	CHECK(is_up(cw_relay_world_direct(&world, A)));
	cw_relay_world_pass(&world, 4 * SECOND);
	CHECK(is_up(cw_relay_world_direct(&world, B)) && world.carried[A][B] > 100);
	/* What carried data a moment ago is watched as such. */
	cw_relay_world_pass(&world, 3 * SECOND);
	uint64_t relayed = world.at[HUB].far->relayed_packets;
	cw_relay_world_pass(&world, SECOND);
	CHECK(world.at[HUB].far->relayed_packets - relayed < 10);
	CHECK(world.received == world.sent && world.late == 0);
	CHECK(cw_paths_at(&world.at[A].other->paths, world.at[A].other->paths.best) == cw_relay_world_direct(&world, A));
}

static void and_back_when_that_fails(void)
{
	count_anew();
	world.is_cut[A][B][0] = world.is_cut[B][A][0] = true;
	cw_relay_world_pass(&world, 3 * SECOND);
	uint32_t lost = world.sent - world.received;
	if (!CHECK(lost > 0 && lost < 320 && !is_up(cw_relay_world_direct(&world, A))))
		fprintf(stderr, "  lost %u\n", lost);
	world.is_cut[A][B][0] = world.is_cut[B][A][0] = false;
}

/* It sleeps, but for one probe now and then, which keeps the channel. */
static void at_rest_the_channel_is_kept(void)
{
	uint8_t event[CW_EVENT_BYTES_MAX];

	cw_relay_world_pass(&world, 90 * SECOND);
	CHECK(is_up(cw_relay_world_direct(&world, A)));
	world.packets_a_step = 0;
	cw_relay_world_events(&world, HUB, 0, event);
	cw_relay_world_pass(&world, 20 * SECOND);
	uint64_t before = world.at[HUB].far->relayed_packets;
	cw_relay_world_pass(&world, 1000 * SECOND);
	uint64_t packets = world.at[HUB].far->relayed_packets - before;
	CHECK(cw_relay_world_events(&world, HUB, CW_EVENT_CHANNEL_ENDED, event) == 0 && packets > 0 && packets < 40);
	CHECK(is_up(cw_relay_world_relayed(&world, A)));
	world.packets_a_step = 4;
}

/* Its relay counts it, and what is sent aside by its way leaves by the relay as well. */
static void its_way_is_one_of_the_relay(void)
{
	struct cw_worker *worker = world.at[A].worker;
	struct cw_path *path = cw_relay_world_relayed(&world, A), *stray = cw_path_stray(worker, &path->way);

	CHECK(world.at[A].far->relayed_paths == 1 && world.at[A].other->relayed_paths == 0);
	CHECK(stray->relay_session == path->relay_session && stray->relay_slot == CW_PATH_NONE);
	CHECK(cw_relay_path_is_usable(worker, stray) && cw_relay_path_by(worker, stray) != NULL);
}

/* Where the policy would have none: of what is sent, and of how much fits, the path is one and the same. */
static void its_size_is_that_of_the_path_that_is_left(void)
{
	struct cw_worker *worker = world.at[A].worker;
	struct cw_policy_program *policy = (struct cw_policy_program *)(uintptr_t)&worker->view->program->policies[0];
	struct cw_path *path = cw_relay_world_relayed(&world, A), *left = cw_relay_world_line(&world, A, 1);
	struct cw_path *first = cw_relay_world_line(&world, A, 0);
	uint8_t metered = policy->metered;
	uint16_t size = left->pmtu.size;

	policy->metered = CW_METERED_NEVER;
	first->live.state = CW_PATH_DOWN;
	left->flags |= CW_PATH_METERED;
	left->pmtu.size = 700;
	world.at[A].far->paths.version++;
	CHECK(cw_relay_path_by(worker, path) == left && path->relay_slot == left->slot);
	CHECK(cw_seal_limit(worker, path) == 700 - CW_RELAY_OVERHEAD - CW_SEALED_OVERHEAD);
	policy->metered = metered;
	first->live.state = CW_PATH_UP;
	left->flags = 0;
	left->pmtu.size = size;
	world.at[A].far->paths.version++;
}

static void why_is_told(void)
{
	struct cw_explain ask = { .source_port = 1000, .destination_port = 2000, .protocol = PACKET_UDP };
	static struct cw_explained told;
	struct cw_address source = cw_bench_v4(CW_BENCH_HOST), destination = cw_bench_v4(0x0a030005);

	memcpy(ask.source, &source, 16);
	memcpy(ask.destination, &destination, 16);
	struct cw_path *relayed = cw_relay_world_relayed(&world, A);
	uint8_t slot = relayed->relay_slot;
	relayed->relay_slot = CW_PATH_NONE;
	cw_explain(world.at[A].worker, &ask, &told);
	CHECK(relayed->relay_slot == CW_PATH_NONE);
	relayed->relay_slot = slot;
	CHECK(strcmp(told.head.peer, "other") == 0);
	for (uint32_t i = 0; i < told.head.path_count; i++) {
		const struct cw_explained_path *path = &told.paths[i];
		if (path->uplink == CW_UPLINK_RELAY)
			CHECK(path->verdict == CW_VERDICT_LAST && path->obstacle == CW_OBSTACLE_NONE && path->state == CW_PATH_UP);
	}
}

/* The relay goes: at once, before anybody would notice that it is silent, and data is where else it can be. */
static void ends_with_the_session_of_the_relay(void)
{
	struct cw_explain ask = { .protocol = PACKET_UDP };
	static struct cw_explained told;
	struct cw_address source = cw_bench_v4(CW_BENCH_HOST), destination = cw_bench_v4(0x0a030005);

	world.is_cut[A][B][0] = world.is_cut[B][A][0] = true;
	cw_relay_world_pass(&world, 3 * SECOND);
	CHECK(is_up(cw_relay_world_relayed(&world, A)) && !is_up(cw_relay_world_direct(&world, A)));
	cw_keypair_leave(world.at[A].worker, atomic_load(&world.at[A].far->current));
	cw_relay_world_pass(&world, STEP_US);
	struct cw_path *path = cw_relay_world_relayed(&world, A);
	CHECK(path != NULL && path->live.state == CW_PATH_DOWN && path->live.why == CW_PATH_NO_RELAY);
	uint64_t before = dropped(A, CW_DROP_RELAY_PEER);
	cw_relay_world_pass(&world, SECOND);
	memcpy(ask.source, &source, 16);
	memcpy(ask.destination, &destination, 16);
	cw_explain(world.at[A].worker, &ask, &told);
	for (uint32_t i = 0; i < told.head.path_count; i++) {
		if (told.paths[i].uplink == CW_UPLINK_RELAY)
			CHECK(told.paths[i].why == CW_PATH_NO_RELAY && told.paths[i].obstacle == CW_OBSTACLE_NO_RELAY);
	}
	/* Nothing is sent into the dark for long: the direct path is asked, which may be back. */
	CHECK(dropped(A, CW_DROP_RELAY_PEER) - before < 900);
	world.is_cut[A][B][0] = world.is_cut[B][A][0] = false;
	cw_relay_world_pass(&world, 3 * SECOND);
	count_anew();
	cw_relay_world_pass(&world, SECOND);
	CHECK(world.received == world.sent);
}

int main(int argc, char **argv)
{
	check_begin(argc, argv);
	cw_relay_world_open(&world);
	handshakes_cross_and_are_checked();
	cookies_come_back();
	a_session_lives_by_the_relay_alone();
	its_size_is_that_of_the_smallest_line();
	a_line_to_the_relay_may_fail();
	neither_link_behind_is_sent_more_than_it_takes();
	data_moves_to_a_direct_path();
	and_back_when_that_fails();
	at_rest_the_channel_is_kept();
	its_way_is_one_of_the_relay();
	its_size_is_that_of_the_path_that_is_left();
	why_is_told();
	ends_with_the_session_of_the_relay();
	cw_relay_world_close(&world);
	return check_result();
}
