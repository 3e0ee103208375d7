/*
 * The verb QUEUES over the border: what it tells is what left and was lost, by class of an uplink and of a peer; what is counted of an
 * uplink outlives peers and rates; a place is another's only once nothing waits for the one before.
 */
#include <errno.h>

#include "graph/ip4.h"
#include "graph/qos-parts.h"
#include "seal_packets.h"

/* These need the bench of the header above. */
#include "qos_bench.h"
#include "qos_told.h"

#define RATE_BPS 10000000u
#define OUTER (14 + 28 + CW_SEALED_OVERHEAD)
#define EF 46
#define LE 1
#define VOICE 0
#define NORMAL 2
#define BULK 3
#define STRANGERS 300

static const struct cw_queue_counters *of_uplink(uint32_t class)
{
	return &ask(0)->uplinks[0].classes[class].sum;
}

/* NULL: nothing is told of it. */
static const struct cw_queue_peer *of_peer(const char *name)
{
	ask(0);
	for (uint32_t i = 0; i < told.head.peer_count; i++) {
		if (strcmp(told.peers[i].name, name) == 0)
			return &told.peers[i];
	}
	return NULL;
}

static void give_packet(uint32_t length, uint16_t port, uint8_t dscp)
{
	make_packet(PACKET_UDP, 20, length, CW_BENCH_FAR);
	sent[1] = (uint8_t)(dscp << 2);
	packet_finish_ip(sent);
	packet_put16(sent + 20, port);
	packet_put16(sent + 22, port);
	packet_finish(sent, length);
	give(NULL, length);
}

/* @return bytes on the link */
static uint64_t hear_all(uint32_t *count)
{
	uint64_t bytes = 0;
	uint32_t length;
	uint8_t *got;

	while ((length = hear(&got)) > 0) {
		(*count)++;
		bytes += length + OUTER;
	}
	return bytes;
}

static void what_it_takes(void)
{
	char out[128] = "";

	CHECK(cw_call(bench.engine, CW_VERB_QUEUES, "", 3, out, sizeof(out)) == -EINVAL && strcmp(out, "/: length") == 0);
	CHECK(cw_call(bench.engine, CW_VERB_QUEUES, "\0\0\0", 4, out, sizeof(out)) == -EMSGSIZE);
	/* An uplink without a rate: nothing waits, nothing was counted. */
	ask(0);
	CHECK(told.head.uplink_count == 1 && told.head.peer_count == 0 && told.head.next == 0);
	CHECK(told.uplinks[0].bps == 0 && strcmp(told.uplinks[0].twin, bench.ports[CW_BENCH_UPLINK_PORT]->twin_name) == 0);
	CHECK(came(of_uplink(NORMAL)) == 0 && ask(UINT32_MAX)->head.uplink_count == 0 && told.head.next == 0);
}

static void what_leaves_and_is_lost(void)
{
	uint32_t calls = 0, bulk = 0;
	uint64_t bytes;

	shape(RATE_BPS);
	/* More than 200 ms of the link. */
	for (uint32_t i = 0; i < 400; i++)
		give_packet(1000, 7, LE);
	const struct cw_queue_counters *of = of_uplink(BULK);
	CHECK(told.uplinks[0].bps == RATE_BPS && of->packets == 0 && of->lost_full > 0 && came(of) == 400);
	CHECK(of->waiting_bytes == of->waiting_packets * (1000 + OUTER) && of->lost_bytes == of->lost_full * (1000 + OUTER));
	for (uint32_t i = 0; i < 10; i++)
		give_packet(200, 9, EF);
	bytes = 0;
	for (uint32_t ms = 0; ms < 160; ms++) {
		pass_us(1000);
		bytes += hear_all(&bulk);
	}
	of = of_uplink(BULK);
	const struct cw_queue_counters *voice = &told.uplinks[0].classes[VOICE].sum;
	CHECK(came(of) == 400 && came(voice) == 10 && voice->packets == 10 && of->lost_delay > 0);
	calls = 10;
	CHECK(of->packets + calls == bulk && of->bytes + voice->bytes == bytes);
	/* Calls have waited next to nothing, and bulk for what was before it. */
	uint64_t short_ones = 0, all = 0;
	for (uint32_t i = 0; i < CW_QUEUE_WAITS; i++) {
		all += told.uplinks[0].classes[BULK].waits[i];
		short_ones += i < 8 ? told.uplinks[0].classes[VOICE].waits[i] : 0;
	}
	CHECK(all == of->packets && short_ones == 10 && of->wait_us / of->packets > 30000);
	/* The same of the only peer, and nothing of the kernel's. */
	const struct cw_queue_peer *far = of_peer("far");
	CHECK(far != NULL && strcmp(far->twin, told.uplinks[0].twin) == 0 && told.head.peer_count == 1);
	CHECK(far != NULL && memcmp(&far->classes[BULK], of_uplink(BULK), sizeof(*of)) == 0);
	cw_bench_drops(&bench);
}

static void give_kernel(void)
{
	static const struct cw_vnet_hdr none;

	make_packet(PACKET_UDP, 20, 500, 0x08080808);
	memcpy(frame + 6, bench.ports[1]->mac, 6);
	packet_finish(sent, 500);
	cw_bench_give(&bench, CW_BENCH_UPLINK_TWIN, &none, frame, 514);
}

static void what_the_kernel_sends(void)
{
	uint64_t before = came(of_uplink(NORMAL));

	CHECK(of_peer("") == NULL);
	for (uint32_t i = 0; i < 5; i++)
		give_kernel();
	const struct cw_queue_peer *kernel = of_peer("");
	CHECK(kernel != NULL && came(&kernel->classes[NORMAL]) == 5 && came(of_uplink(NORMAL)) == before + 5);
	CHECK(kernel != NULL && strcmp(kernel->twin, told.uplinks[0].twin) == 0);
	/* Of a peer that no program lists there is nothing but what the uplink has. */
	bench.far->is_listed = false;
	CHECK(of_peer("far") == NULL && of_peer("") != NULL);
	bench.far->is_listed = true;
}

static void a_place_waits_for_what_waits(void)
{
	const struct cw_peer_program next = { .name = "next" };
	struct cw_command command = { .kind = CW_COMMAND_PEER, .peer = bench.far, .begins = &next };

	give_packet(1000, 7, LE);
	cw_command_run(bench.worker, &command);
	CHECK(command.result == -EBUSY && strcmp(bench.far->name, "far") == 0 && cw_paths_at(&bench.far->paths, 0) != NULL);
	for (uint32_t ms = 0; ms < 1000; ms++)
		pass_us(1000);
	cw_bench_drain(&bench, CW_BENCH_UPLINK);
	struct cw_queue_counters before = *of_uplink(BULK);
	CHECK(before.waiting_packets == 0 && of_peer("far") != NULL);
	/* Who has the place now begins at nothing; what the uplink has counted stays. */
	CHECK(cw_qos_leave_place(bench.worker, bench.far->place) && of_peer("far") == NULL && of_peer("") != NULL);
	CHECK(memcmp(of_uplink(BULK), &before, sizeof(before)) == 0);
	cw_bench_drops(&bench);
}

static void a_rate_that_goes_and_comes_loses_no_count(void)
{
	uint32_t count = 0;

	give_packet(1000, 7, LE);
	give_packet(1000, 7, LE);
	struct cw_queue_counters before = *of_uplink(BULK);
	shape(0);
	CHECK(hear_all(&count) > 0 && count == 2);
	const struct cw_queue_counters *of = of_uplink(BULK);
	CHECK(told.uplinks[0].bps == 0 && of->waiting_packets == 0 && came(of) == came(&before) && of->packets == before.packets + 2);
	CHECK(told.head.peer_count == 0);
	before = *of;
	/* What does not wait is not counted. */
	give_packet(1000, 7, LE);
	CHECK(memcmp(of_uplink(BULK), &before, sizeof(before)) == 0);
	shape(RATE_BPS);
	give_packet(1000, 7, LE);
	pass_us(2000);
	of = of_uplink(BULK);
	CHECK(told.uplinks[0].bps == RATE_BPS && of->packets == before.packets + 1 && of->bytes == before.bytes + 1000 + OUTER);
	hear_all(&count);
	CHECK(cw_bench_drops(&bench)[0] == 0);
}

/* More than one answer holds are told in several. */
static void all_are_told_in_turn(void)
{
	static struct cw_peer strangers[STRANGERS];
	struct cw_uplink_qos *uplink = bench.ports[CW_BENCH_UPLINK_PORT]->qos;
	uint32_t first = 0, seen = 0, turns = 0, from = bench.worker->peer_count;

	for (uint32_t i = 0; i < STRANGERS; i++) {
		struct cw_qos_peer *peer = aligned_alloc(_Alignof(struct cw_qos_peer), sizeof(*peer));
		memset(peer, 0, sizeof(*peer));
		peer->streams[VOICE].count.packets = i + 1;
		snprintf(strangers[i].name, CW_NAME, "stranger-%u", i);
		strangers[i].is_listed = true;
		bench.worker->peers[from + i] = &strangers[i];
		uplink->peers[from + i] = peer;
	}
	do {
		ask(first);
		CHECK(told.head.uplink_count == (first == 0 ? 1 : 0) && told.head.peer_count <= CW_QUEUES_AT_ONCE);
		for (uint32_t i = 0; i < told.head.peer_count; i++)
			seen += strncmp(told.peers[i].name, "stranger-", 9) == 0 && told.peers[i].classes[VOICE].packets > 0;
		first = told.head.next;
	} while (first != 0 && ++turns < 10);
	CHECK(seen == STRANGERS && turns == 2);
	memset(&bench.worker->peers[from], 0, STRANGERS * sizeof(bench.worker->peers[0]));
}

int main(int argc, char **argv)
{
	check_begin(argc, argv);
	cw_bench_open(&bench);
	pthread_mutex_init(&bench.engine->control, NULL);
	what_it_takes();
	what_leaves_and_is_lost();
	what_the_kernel_sends();
	a_place_waits_for_what_waits();
	a_rate_that_goes_and_comes_loses_no_count();
	all_are_told_in_turn();
	cw_bench_close(&bench);
	return check_result();
}
