/*
 * What passes by an uplink whose rate is known though others wait: what the link itself needs, of the box's own, and no more of it than
 * that can be.
 */
#include "graph/ip4.h"
#include "graph/qos.h"
#include "kernel_frames.h"

/* Needs the bench of the header above. */
#include "qos_bench.h"

#define RATE_BPS 10000000u

/* What looks like the link's own passes what waits, but not as much of it as somebody likes: so many bytes, whatever their packets. */
static void no_flood_passes_as_the_links_own(void)
{
	for (uint32_t size = 100; size <= 1400; size += 1300) {
		shape(RATE_BPS);
		bench.worker->now_us += 10000000;
		for (uint32_t i = 0; i < 150; i++)
			give_kernel(0x0800, CW_BENCH_PORT, 0, size, NULL);
		uint32_t passed = cw_bench_drain(&bench, CW_BENCH_UPLINK);
		CHECK(passed * (size + 14) > 16384 - 1414 && passed * (size + 14) <= 16384);
		shape(0);
		CHECK(passed + cw_bench_drain(&bench, CW_BENCH_UPLINK) == 150 && cw_bench_drops(&bench)[0] == 0);
		/* A burst, and as many in a second. */
		shape(RATE_BPS);
		passed = 0;
		for (uint32_t ms = 0; ms < 100; ms++) {
			pass_us(10000);
			cw_bench_drain(&bench, CW_BENCH_UPLINK);
			for (uint32_t i = 0; i < 20; i++)
				give_kernel(0x0800, 4000, 0, 1400, NULL);
			for (uint32_t i = 0; i < 4; i++)
				give_kernel(0x0800, CW_BENCH_PORT, 0, size, NULL);
			passed += cw_bench_drain(&bench, CW_BENCH_UPLINK);
		}
		if (!CHECK(passed * (size + 14) > 2 * 16384 * 9 / 10 && passed * (size + 14) <= 2 * 16384))
			fprintf(stderr, "  %u of %u bytes\n", passed, size + 14);
		shape(0);
		cw_bench_drain(&bench, CW_BENCH_UPLINK);
		cw_bench_drops(&bench);
	}
}

/* A host of a LAN, whose packets the kernel forwards, may have the ports of the overlay, and may try to look like a neighbour. */
static void what_others_send_is_not_the_links_own(void)
{
	static uint8_t got[CW_BENCH_FRAME_MAX];
	struct cw_vnet_hdr vnet;
	uint32_t size;

	shape(RATE_BPS);
	bench.worker->now_us += 10000000;
	for (uint32_t i = 0; i < 40; i++)
		give_kernel(0x0800, 4000, 0, 1000, NULL);
	kernel_source = CW_BENCH_HOST;
	give_kernel(0x0800, CW_BENCH_PORT, 0, 100, NULL);
	give_kernel(0x0800, 68, 0, 342, NULL);
	CHECK(cw_bench_drain(&bench, CW_BENCH_UPLINK) == 0);
	/* Who asks for an address has none yet. */
	kernel_source = 0;
	size = give_kernel(0x0800, 68, 0, 342, NULL);
	CHECK(cw_bench_take(&bench, CW_BENCH_UPLINK, &vnet, got) == size && memcmp(got, frame, size) == 0);
	kernel_source = CW_BENCH_WAN;
	size = give_kernel(0x0800, 68, 0, 342, NULL);
	CHECK(cw_bench_take(&bench, CW_BENCH_UPLINK, &vnet, got) == size && memcmp(got, frame, size) == 0);
	for (uint32_t hops = 254; hops <= 255; hops++) {
		cw_bench_ether(&bench, CW_BENCH_LAN, frame);
		memcpy(frame + 6, bench.ports[1]->mac, 6);
		packet_put16(frame + 12, 0x86dd);
		packet_ip6(sent, 40, 58, CW_BENCH_HOST, 0x08080808);
		memset(sent + 40, 0, 24);
		sent[7] = (uint8_t)hops;
		sent[40] = 135;
		packet_finish(sent, 64);
		cw_bench_give(&bench, CW_BENCH_UPLINK_TWIN, &(struct cw_vnet_hdr){ 0 }, frame, 14 + 64);
		CHECK(cw_bench_drain(&bench, CW_BENCH_UPLINK) == (hops == 255));
	}
	shape(0);
	cw_bench_drain(&bench, CW_BENCH_UPLINK);
	shape(0);
	CHECK(cw_bench_drops(&bench)[0] == 0);
}

int main(int argc, char **argv)
{
	check_begin(argc, argv);
	cw_bench_open(&bench);
	no_flood_passes_as_the_links_own();
	what_others_send_is_not_the_links_own();
	cw_bench_close(&bench);
	return check_result();
}
