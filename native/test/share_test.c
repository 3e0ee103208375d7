/*
 * Who asks for more than there is takes others nothing: scans of unknown neighbours have their port's share of places and
 * questions, and answers to what is too big have a rate for each segment. What waits for a port that is closed waits in
 * vain, whatever is opened in its place.
 */
#include <stdlib.h>

#include "check.h"
#include "graph/graph.h"
#include "packet.h"
#include "policy_traffic.h"
#include "table/neighbour.h"
#include "table/view.h"

#define UNKNOWN 0x0a010064 /* 10.1.0.100 and on */
#define GATEWAY 0xc6336477

static void send_to(uint8_t port, uint32_t next_hop)
{
	memset(frame, 0, 14);
	cw_test_make(frame + 14, CW_BENCH_FAR, next_hop);
	cw_tx_link(bench.worker, port, cw_bench_v4(next_hop), cw_bench_mbuf(&bench, frame, 114, 14));
}

static void only_knows(uint8_t port, uint32_t host)
{
	struct cw_view *view = bench.worker->view;
	struct cw_neighbour known = { .port = port, .address = cw_bench_v4(host), .mac = { 6 } };

	free(view->neighbours);
	view->neighbours = cw_neighbours_new(&known, 1);
}

static uint32_t waiting_packets(void)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < CW_PENDING_MAX; i++)
		count += bench.worker->pending[i].port_id == 0 ? 0 : bench.worker->pending[i].count;
	return count;
}

static void a_scan_has_its_ports_share(void)
{
	char drops[32];

	for (uint32_t i = 0; i < 1000; i++)
		send_to(CW_BENCH_LAN_PORT, UNKNOWN + i);
	CHECK(bench.worker->pending_count == CW_PENDING_PORT_MAX);
	/* Each that waits, and 32 at once of the others: their next packets are to find the answer. */
	CHECK(bench.asked == CW_PENDING_PORT_MAX + 32);
	snprintf(drops, sizeof(drops), "neighbour %d", 1000 - CW_PENDING_PORT_MAX);
	CHECK(strcmp(cw_bench_drops(&bench), drops) == 0);
	bench.worker->now_us += 1000000;
	for (uint32_t i = 0; i < 1000; i++)
		send_to(CW_BENCH_LAN_PORT, UNKNOWN + 500 + i);
	CHECK(bench.asked == CW_PENDING_PORT_MAX + 32 + 32);
	for (uint32_t i = 0; i < 16 * CW_PENDING_PORT_MAX; i++)
		send_to(CW_BENCH_LAN_PORT, UNKNOWN + i % CW_PENDING_PORT_MAX);
	CHECK(waiting_packets() == CW_PENDING_PORT_PACKETS);
	cw_bench_drops(&bench);

	/* On another port a packet still waits, and goes out as soon as its gateway answers. */
	uint32_t asked = bench.asked;
	send_to(CW_BENCH_UPLINK_PORT, GATEWAY);
	CHECK(bench.asked == asked + 1 && waiting_packets() == CW_PENDING_PORT_PACKETS + 1);
	only_knows(CW_BENCH_UPLINK_PORT, GATEWAY);
	cw_tx_pending(bench.worker);
	IS(cw_test_what_became(), "sealed ");
	bench.worker->now_us += 3000000;
	cw_tx_pending(bench.worker);
	CHECK(waiting_packets() == 0 && bench.worker->pending_count == 0);
	cw_bench_drops(&bench);
}

/* Who sent the first has given up, or sends them again. */
static void of_more_than_can_wait_the_latest_do(void)
{
	struct cw_vnet_hdr vnet;

	only_knows(CW_BENCH_UPLINK_PORT, GATEWAY);
	for (uint8_t i = 0; i < CW_PENDING_PACKETS + 4; i++) {
		memset(frame, 0, 14);
		cw_test_make(frame + 14, CW_BENCH_FAR, UNKNOWN);
		frame[113] = i;
		cw_tx_link(bench.worker, CW_BENCH_LAN_PORT, cw_bench_v4(UNKNOWN), cw_bench_mbuf(&bench, frame, 114, 14));
	}
	CHECK(waiting_packets() == CW_PENDING_PACKETS && strcmp(cw_bench_drops(&bench), "neighbour 4") == 0);
	only_knows(CW_BENCH_LAN_PORT, UNKNOWN);
	cw_tx_pending(bench.worker);
	for (uint8_t i = 0; i < CW_PENDING_PACKETS; i++)
		CHECK(cw_bench_take(&bench, CW_BENCH_LAN, &vnet, frame) == 114 && frame[113] == i + 4);
	CHECK(cw_bench_drain(&bench, CW_BENCH_LAN) == 0 && bench.worker->pending_count == 0);
}

/* More ports than can have their full share at once. */
static void scans_of_many_ports_leave_others_theirs(void)
{
	static struct cw_port scanned[8];
	struct cw_program *program = bench.worker->view->program;
	uint32_t asked;

	only_knows(CW_BENCH_LAN_PORT, CW_BENCH_HOST);
	for (uint8_t i = 0; i < 8; i++) {
		scanned[i].id = 100 + i;
		program->ports[program->port_count + i] = &scanned[i];
	}
	program->port_count += 8;
	for (uint32_t i = 0; i < 8 * 1000; i++)
		send_to((uint8_t)(2 + i / 1000), UNKNOWN + i % CW_PENDING_PORT_MAX);
	CHECK(bench.worker->pending_count == CW_PENDING_MAX - CW_PORTS_MAX + 8);
	CHECK(waiting_packets() == CW_WORKER_PENDING_MAX - (CW_PORTS_MAX - 8) * CW_PENDING_OWN_PACKETS);
	cw_bench_drops(&bench);
	asked = bench.asked;
	for (uint32_t i = 0; i < CW_PENDING_OWN_PACKETS; i++)
		send_to(CW_BENCH_UPLINK_PORT, GATEWAY);
	CHECK(bench.asked == asked + 1);
	IS(cw_test_what_became(), "");
	send_to(CW_BENCH_UPLINK_PORT, GATEWAY);
	IS(cw_test_what_became(), "neighbour 1");
	only_knows(CW_BENCH_UPLINK_PORT, GATEWAY);
	cw_tx_pending(bench.worker);
	CHECK(cw_bench_drain(&bench, CW_BENCH_UPLINK) == CW_PENDING_OWN_PACKETS);
	program->port_count -= 8;
	cw_tx_pending(bench.worker);
	CHECK(waiting_packets() == 0 && bench.worker->pending_count == 0);
	cw_bench_drops(&bench);
}

/* The number of a port is its own; its memory may be that of one that was closed. */
static void nothing_leaves_by_a_later_port(void)
{
	only_knows(CW_BENCH_LAN_PORT, UNKNOWN);
	send_to(CW_BENCH_UPLINK_PORT, GATEWAY);
	CHECK(waiting_packets() == 1);
	bench.ports[CW_BENCH_UPLINK_PORT]->id += 100;
	only_knows(CW_BENCH_UPLINK_PORT, GATEWAY);
	cw_tx_pending(bench.worker);
	IS(cw_test_what_became(), "neighbour 1");
	CHECK(waiting_packets() == 0 && bench.worker->pending_count == 0);
}

static uint32_t answers(uint32_t vni, uint32_t source, uint32_t tries)
{
	cw_test_make(frame, source, INTERNET);
	frame[6] = 0x40; /* DF */
	packet_finish(frame, 100);
	for (uint32_t i = 0; i < tries; i++) {
		struct rte_mbuf *m = cw_bench_mbuf(&bench, frame, 100, 0);
		cw_icmp_too_big(bench.worker, vni, m, 80);
		rte_pktmbuf_free(m);
	}
	cw_bench_flush(&bench);
	return cw_bench_drain(&bench, CW_BENCH_SEGMENT);
}

static void each_segment_hears_what_is_too_big(void)
{
	bench.worker->view->segment_address[CAMERAS][CW_V4] = cw_bench_v4(CAMERAS_BOX);
	CHECK(answers(CW_BENCH_VNI, CW_BENCH_BOX, 1000) == 50);
	CHECK(answers(CW_BENCH_VNI, CW_BENCH_BOX, 1) == 0);
	CHECK(answers(CAMERAS_VNI, CAMERAS_BOX, 10) == 10);
}

int main(int argc, char **argv)
{
	check_begin(argc, argv);
	cw_bench_open(&bench);
	cw_test_add_cameras();
	a_scan_has_its_ports_share();
	of_more_than_can_wait_the_latest_do();
	scans_of_many_ports_leave_others_theirs();
	nothing_leaves_by_a_later_port();
	each_segment_hears_what_is_too_big();
	cw_bench_close(&bench);
	return check_result();
}
