/*
 * The overlay's other ports: they are as good as the first, and a peer that calls at one is answered from there. And those that
 * sprays leave from, which the kernel's connections may have too: what is not sealed for a keypair of ours is the kernel's.
 */
#include "check.h"
#include "graph/graph.h"
#include "graph/handshake.h"
#include "graph/path.h"
#include "overlay_traffic.h"
#include "packet.h"
#include "table/session.h"

#define OTHER 443
#define SPRAY 52000
#define INDEX 0x11111111u

static void make_frame_to(const struct datagram *d, uint16_t port)
{
	cw_test_make_frame(d->bytes, d->length);
	packet_put16(cw_test_frame + HEADERS - 6, port);
	packet_finish(OUTER, HEADERS - 14 + d->length);
}

static bool is_left_to_the_kernel(const struct datagram *d, uint16_t port)
{
	static uint8_t up[CW_BENCH_FRAME_MAX];
	struct cw_vnet_hdr vnet;

	make_frame_to(d, port);
	cw_test_give_frame(&(struct cw_vnet_hdr){ 0 }, HEADERS + d->length);
	uint32_t size = cw_bench_take(&bench, CW_BENCH_UPLINK_TWIN, &vnet, up);
	return size == HEADERS + d->length && memcmp(up, cw_test_frame, size) == 0 && cw_bench_drops(&bench)[0] == 0;
}

static bool is_opened(const struct datagram *d, uint16_t port)
{
	make_frame_to(d, port);
	cw_test_give_frame(&(struct cw_vnet_hdr){ 0 }, HEADERS + d->length);
	return cw_bench_drain(&bench, CW_BENCH_LAN) == 1 && cw_bench_drain(&bench, CW_BENCH_UPLINK_TWIN) == 0;
}

static bool is_dropped(const struct datagram *d, uint16_t port, const char *reason)
{
	make_frame_to(d, port);
	cw_test_give_frame(&(struct cw_vnet_hdr){ 0 }, HEADERS + d->length);
	return cw_bench_drain(&bench, CW_BENCH_UPLINK_TWIN) == 0 && strcmp(cw_bench_drops(&bench), reason) == 0;
}

static void each_port_of_the_overlays_is_as_good(void)
{
	struct datagram d = cw_test_sealed(100), response = cw_test_handshake(0xD5, 100, 68, 0xA1);
	struct datagram challenge = cw_test_random_datagram(0xD7, 40), noise = cw_test_random_datagram(0x77, 100);

	CHECK(is_opened(&d, OTHER));
	CHECK(is_left_to_the_kernel(&response, OTHER)); /* checked, it goes up */
	response.bytes[80] ^= 1;
	CHECK(is_dropped(&response, OTHER, "handshake_mac1 1"));
	CHECK(is_dropped(&noise, OTHER, "overlay_unknown 1"));
	CHECK(is_dropped(&challenge, OTHER, "handshake_unasked 1"));
	CHECK(is_left_to_the_kernel(&noise, OTHER + 1) && is_left_to_the_kernel(&d, OTHER + 1));
	/* Nor are there ways around it. */
	make_frame_to(&noise, OTHER);
	if (!is_over_v6) {
		OUTER[6] = 0x20;
		packet_finish_ip(OUTER);
		cw_test_give_frame(&(struct cw_vnet_hdr){ 0 }, HEADERS + noise.length);
		CHECK(strcmp(cw_bench_drops(&bench), "overlay_unknown 1") == 0);
	}
}

/* The gateway's own handshake left from there: what answers it is let through. */
static void a_handshake_may_leave_from_any(void)
{
	struct datagram challenge = cw_test_random_datagram(0xD7, 40), initiation = cw_test_random_datagram(0xD4, 160);
	struct rte_mbuf *m = rte_pktmbuf_alloc(bench.worker->engine->pools.small);

	memcpy(initiation.bytes + 4, challenge.bytes + 4, 4);
	cw_test_make_frame(initiation.bytes, initiation.length);
	packet_put16(cw_test_frame + HEADERS - 8, OTHER);
	m->data_len = m->pkt_len = (uint16_t)(HEADERS + initiation.length);
	memcpy(rte_pktmbuf_mtod(m, void *), cw_test_frame, m->data_len);
	cw_handshake_note(bench.worker, bench.ports[CW_BENCH_UPLINK_PORT], m);
	rte_pktmbuf_free(m);
	CHECK(is_left_to_the_kernel(&challenge, OTHER));
}

/* A probe that comes to `port`: the answer leaves from there, and so do its path's probes. */
static void who_calls_at_a_port_is_answered_from_there(uint16_t port)
{
	static const uint8_t probe[8] = { 0x01, 0, 0, 4, 1, 2, 3, 4 };
	static uint32_t counter = 1;
	static uint8_t frame[CW_BENCH_FRAME_MAX];
	struct cw_vnet_hdr vnet;
	struct datagram d;
	uint32_t count = 0;

	bench.worker->now_us += 10000000;
	cw_bench_drain(&bench, CW_BENCH_UPLINK);
	d.length = cw_bench_seal(&bench, 0xD2, counter++, probe, sizeof(probe), d.bytes);
	make_frame_to(&d, port);
	cw_test_give_frame(&(struct cw_vnet_hdr){ 0 }, HEADERS + d.length);
	struct cw_way way = cw_bench_path(&bench)->way;
	way.local_port = port;
	way.remote = is_over_v6 ? cw_bench_v6(CW_BENCH_FAR_WAN) : cw_bench_v4(CW_BENCH_FAR_WAN);
	CHECK(cw_paths_find(&bench.far->paths, &way) != NULL);
	cw_path_look(bench.worker);
	cw_bench_flush(&bench);
	while (cw_bench_take(&bench, CW_BENCH_UPLINK, &vnet, frame) > 0)
		count += packet_u16(frame + HEADERS - 8) == port;
	CHECK(count >= 2);
}

/* A port of sprays that no watch is at, which begins at one by chance: who calls there is answered aside (graph/keep.c). */
static uint16_t unwatched_spray_port(void)
{
	uint16_t port = SPRAY + 7;

	for (uint32_t uplink = 0; uplink < CW_UPLINKS_MAX; uplink++)
		port += bench.worker->keeps[uplink][is_over_v6].way.local_port == port;
	return port;
}

static void a_port_of_sprays_is_the_kernels_but_for_what_is_sealed_for_us(void)
{
	struct datagram d = cw_test_sealed(100), stun = cw_test_stun(100), others = cw_test_random_datagram(0xD1, 100);
	struct datagram response = cw_test_handshake(0xD5, 100, 68, 0xA1), cut = cw_test_random_datagram(0xD2, 31);

	CHECK(is_opened(&d, SPRAY));
	d = cw_test_sealed(100);
	CHECK(is_opened(&d, SPRAY + 255));
	d = cw_test_sealed(100);
	CHECK(is_left_to_the_kernel(&d, SPRAY + 256) && is_left_to_the_kernel(&d, SPRAY - 1));
	CHECK(is_left_to_the_kernel(&stun, SPRAY) && is_left_to_the_kernel(&response, SPRAY));
	CHECK(is_left_to_the_kernel(&others, SPRAY));
	packet_put32(cut.bytes + 4, INDEX);
	CHECK(is_left_to_the_kernel(&cut, SPRAY));
	/* It says that it is for us, and is not. */
	packet_put32(others.bytes + 4, INDEX);
	CHECK(is_dropped(&others, SPRAY, "sealed_tag 1"));
	others.bytes[0] = 0x77;
	CHECK(is_left_to_the_kernel(&others, SPRAY));
	d = cw_test_sealed(100);
	if (!is_over_v6) {
		make_frame_to(&d, SPRAY);
		OUTER[6] = 0x20;
		packet_finish_ip(OUTER);
		cw_test_give_frame(&(struct cw_vnet_hdr){ 0 }, HEADERS + d.length);
		CHECK(cw_bench_drain(&bench, CW_BENCH_UPLINK_TWIN) == 1 && cw_bench_drops(&bench)[0] == 0);
	}
	/* Without such ports nothing there is ours. */
	bench.worker->view->program->port_programs[CW_BENCH_UPLINK_PORT].spray_port = 0;
	d = cw_test_sealed(100);
	CHECK(is_left_to_the_kernel(&d, SPRAY));
	bench.worker->view->program->port_programs[CW_BENCH_UPLINK_PORT].spray_port = SPRAY;
}

int main(int argc, char **argv)
{
	struct cw_port_program *port;

	check_begin(argc, argv);
	cw_bench_open(&bench);
	port = &bench.worker->view->program->port_programs[CW_BENCH_UPLINK_PORT];
	port->overlay_ports[0] = 4500;
	port->overlay_ports[1] = OTHER;
	port->spray_port = SPRAY;
	for (uint32_t family = 0; family < 2; family++) {
		is_over_v6 = family == 1;
		each_port_of_the_overlays_is_as_good();
		a_handshake_may_leave_from_any();
		who_calls_at_a_port_is_answered_from_there(OTHER);
		who_calls_at_a_port_is_answered_from_there(unwatched_spray_port());
		a_port_of_sprays_is_the_kernels_but_for_what_is_sealed_for_us();
		bench.worker->now_us += 10000000;
	}
	cw_bench_drain(&bench, CW_BENCH_UPLINK);
	cw_bench_close(&bench);
	return check_result();
}
