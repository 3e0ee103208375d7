/*
 * What is sent to a peer at most, by an uplink with a rate and by one without: there nothing waits but what is for such a peer, and once no
 * peer has a limit, nothing at all.
 */
#include "graph/qos-parts.h"
#include "graph/qos.h"
#include "seal_packets.h"
#include "table/session.h"

#define LIMIT_BPS 2000000u
#define OUTER (14 + 28 + CW_SEALED_OVERHEAD)
#define INTERNET 0x08080808
#define LENGTH 1000u

/* @param limit_bps of what is sent to `far` @param taken_bps by what it says itself, of which 95 % are sent */
static void set(uint64_t up_bps, uint64_t limit_bps, uint64_t taken_bps)
{
	struct cw_program *program = bench.worker->view->program;

	program->port_programs[CW_BENCH_UPLINK_PORT].up_bps = up_bps;
	program->peer_limits_bps[0] = limit_bps;
	atomic_store(&bench.far->limit_bps, limit_bps);
	cw_bench_path(&bench)->remote_down_bps = taken_bps;
	cw_bench_changed(&bench);
	cw_qos_renew(bench.worker);
}

static void give_packet(uint16_t port, uint32_t destination)
{
	make_packet(PACKET_UDP, 20, LENGTH, destination);
	packet_put16(sent + 20, port);
	packet_finish(sent, LENGTH);
	give(NULL, LENGTH);
}

static uint32_t hear_bytes(void)
{
	uint32_t bytes = 0, length;
	uint8_t *got;

	while ((length = hear(&got)) > 0) {
		CHECK(packet_is_right(got, length));
		bytes += length + OUTER;
	}
	return bytes;
}

/* Half a second of more than it takes. */
static void check_rate(uint64_t bps)
{
	uint64_t bytes = 0;

	for (uint32_t ms = 0; ms < 500; ms++) {
		if (ms % 2 == 0)
			give_packet((uint16_t)(100 + ms % 16), CW_BENCH_FAR);
		bench.worker->now_us += 1000;
		cw_qos_serve(bench.worker);
		bytes += hear_bytes();
	}
	double share = (double)bytes * 16 / (double)bps;
	if (!CHECK(share > 0.97 && share < 1.03))
		fprintf(stderr, "  %.3f of %.0f bit/s\n", share, (double)bps);
	while (cw_qos_due_us(bench.worker) != UINT64_MAX) {
		bench.worker->now_us = RTE_MAX(bench.worker->now_us, cw_qos_due_us(bench.worker));
		cw_qos_serve(bench.worker);
	}
	cw_bench_drain(&bench, CW_BENCH_UPLINK);
	cw_bench_drops(&bench);
}

static void the_lesser_one_holds(void)
{
	set(100000000, LIMIT_BPS, 0);
	check_rate(LIMIT_BPS);
	set(100000000, LIMIT_BPS, 50000000);
	check_rate(LIMIT_BPS);
	set(100000000, LIMIT_BPS, 1000000);
	check_rate(950000);
	set(100000000, 0, 1000000);
	check_rate(950000);
	set(1000000, LIMIT_BPS, 0);
	check_rate(1000000);
}

/* The far end has two uplinks, of which the other one has said nothing: what goes there opens no gate of the first. */
static void each_far_uplink_has_its_own_rate(void)
{
	uint64_t bytes = 0;

	set(100000000, 0, 1000000);
	for (uint32_t ms = 0; ms < 500; ms++) {
		struct cw_path *path = cw_bench_path(&bench);
		path->remote_uplink = 1;
		path->remote_down_bps = 0;
		give_packet(9, CW_BENCH_FAR);
		path->remote_uplink = 0;
		path->remote_down_bps = 1000000;
		for (uint32_t i = 0; i < 2; i++)
			give_packet(7, CW_BENCH_FAR);
		bench.worker->now_us += 1000;
		cw_qos_serve(bench.worker);
		bytes += hear_bytes();
	}
	/* All of what goes to the one, and its rate to the other. */
	double first = (double)bytes - 500.0 * (LENGTH + OUTER);
	CHECK(first * 16 > 0.97 * 950000 && first * 16 < 1.05 * 950000);
	while (cw_qos_due_us(bench.worker) != UINT64_MAX) {
		bench.worker->now_us = RTE_MAX(bench.worker->now_us, cw_qos_due_us(bench.worker));
		cw_qos_serve(bench.worker);
	}
	cw_bench_drain(&bench, CW_BENCH_UPLINK);
	cw_bench_drops(&bench);
}

/* What the kernel sends leaves at once. */
static bool kernel_passes(void)
{
	make_packet(PACKET_UDP, 20, 300, INTERNET);
	memcpy(frame + 6, bench.ports[1]->mac, 6);
	cw_bench_give(&bench, CW_BENCH_UPLINK_TWIN, &(struct cw_vnet_hdr){ 0 }, frame, 14 + 300);
	return cw_bench_drain(&bench, CW_BENCH_UPLINK) == 1;
}

static void it_holds_without_a_rate_of_the_uplink(void)
{
	set(0, LIMIT_BPS, 0);
	check_rate(LIMIT_BPS);
	set(0, LIMIT_BPS, 1000000);
	check_rate(950000);
	set(0, LIMIT_BPS, 0);
	/* While it keeps packets back others wait for nothing. */
	for (uint32_t i = 0; i < 20; i++)
		give_packet(7, CW_BENCH_FAR);
	CHECK(hear_bytes() == 0 && bench.ports[1]->qos != NULL);
	give_packet(7, CW_BENCH_OTHER);
	CHECK(cw_bench_drain(&bench, CW_BENCH_UPLINK) == 1 && kernel_passes());
	CHECK(cw_qos_waiting_items(bench.ports[1]->qos->qos) == 20);
	/* And take nothing of its time. */
	for (uint32_t i = 0; i < 200; i++)
		CHECK(kernel_passes());
	bench.worker->now_us += 10000;
	cw_qos_serve(bench.worker);
	CHECK(hear_bytes() > 0);
	/* The limit of another is none of its own: what waits leaves in a moment, and nothing new waits. */
	bench.worker->view->program->peer_limits_bps[1] = LIMIT_BPS;
	set(0, 0, 0);
	bench.worker->now_us += 10000;
	cw_qos_serve(bench.worker);
	CHECK(hear_bytes() > 15 * LENGTH && cw_qos_due_us(bench.worker) == UINT64_MAX);
	give_packet(7, CW_BENCH_FAR);
	CHECK(hear_bytes() == LENGTH + OUTER);
	bench.worker->view->program->peer_limits_bps[1] = 0;
	set(0, 0, 0);
	CHECK(bench.ports[1]->qos == NULL && cw_bench_drops(&bench)[0] == 0);
}

static void one_that_ends_lets_all_go(void)
{
	set(0, LIMIT_BPS, 0);
	for (uint32_t i = 0; i < 10; i++)
		give_packet(7, CW_BENCH_FAR);
	set(0, 0, 50000000);
	CHECK(hear_bytes() == 10 * (LENGTH + OUTER) && bench.ports[1]->qos == NULL && cw_bench_drops(&bench)[0] == 0);
	/* What the far end says holds for uplinks with a rate. */
	give_packet(7, CW_BENCH_FAR);
	CHECK(hear_bytes() == LENGTH + OUTER);
}

int main(int argc, char **argv)
{
	check_begin(argc, argv);
	cw_bench_open(&bench);
	cw_bench_join(&bench, 1000000);
	the_lesser_one_holds();
	each_far_uplink_has_its_own_rate();
	it_holds_without_a_rate_of_the_uplink();
	one_that_ends_lets_all_go();
	cw_bench_close(&bench);
	return check_result();
}
