/*
 * What a frame of the uplink must be to count as an overlay datagram, in both families: whatever
 * only looks like one is the kernel's, and reaches it unchanged.
 */
#include "check.h"
#include "graph/graph.h"
#include "overlay_traffic.h"
#include "packet.h"

static void expect_at_twin(const char *what, uint32_t length)
{
	static uint8_t up[CW_BENCH_FRAME_MAX];
	struct cw_vnet_hdr vnet;

	cw_test_give_frame(&(struct cw_vnet_hdr){ 0 }, length);
	uint32_t size = cw_bench_take(&bench, CW_BENCH_UPLINK_TWIN, &vnet, up);
	bool is_same = size == length && memcmp(up, cw_test_frame, length) == 0;
	if (!CHECK(is_same && cw_bench_drops(&bench)[0] == 0))
		fprintf(stderr, "  %s\n", what);
}

static void expect_dropped(const char *what, uint32_t length, const char *reason)
{
	cw_test_give_frame(&(struct cw_vnet_hdr){ 0 }, length);
	bool is_gone = cw_bench_drain(&bench, CW_BENCH_UPLINK_TWIN) == 0;
	if (!CHECK(strcmp(cw_bench_drops(&bench), reason) == 0 && is_gone))
		fprintf(stderr, "  %s\n", what);
}

#define DROPS(reason, what, ...)                                     \
	do {                                                         \
		cw_test_make_frame(d.bytes, d.length);               \
		__VA_ARGS__;                                         \
		expect_dropped(what, HEADERS + d.length, reason);    \
	} while (0)

#define PASSES(what, ...)                                            \
	do {                                                         \
		cw_test_make_frame(d.bytes, d.length);                       \
		__VA_ARGS__;                                         \
		expect_at_twin(what, HEADERS + d.length);            \
	} while (0)

/* Eight bytes of it between IP and UDP: padding, a routing header with nothing left, or an atomic fragment's. */
static void put_extension(uint8_t kind)
{
	memmove(cw_test_frame + 62, cw_test_frame + 54, 40);
	OUTER[6] = kind;
	memcpy(cw_test_frame + 54, (const uint8_t[]){ PACKET_UDP, 0, 0, 0, 0, 0, 0, 0 }, 8);
}

/* An address that is not the port's, a fragment, headers between IP and UDP, another family's type. */
static void leaves_what_only_looks_like_it_to_the_kernel(void)
{
	struct datagram d = cw_test_sealed(100);

	PASSES("another MAC", cw_test_frame[5] ^= 1);
	PASSES("another type", packet_put16(cw_test_frame + 12, is_over_v6 ? 0x0800 : 0x86dd));
	PASSES("another address", cw_test_frame[HEADERS - 9]++, packet_finish(OUTER, HEADERS - 14 + d.length));
	PASSES("another protocol", OUTER[is_over_v6 ? 6 : 9] = PACKET_TCP,
	       packet_finish(OUTER, HEADERS - 14 + d.length));
	PASSES("cut short", packet_put16(OUTER + (is_over_v6 ? 4 : 2), 2000));
	if (is_over_v6) {
		PASSES("link-local", memset(OUTER + 24, 0, 16), OUTER[24] = 0xfe, OUTER[25] = 0x80);
		PASSES("group", OUTER[24] = 0xff);
		PASSES("later fragment", put_extension(44), cw_test_frame[57] = 9);
		/* Two headers at the end of the frame. */
		cw_test_make_frame(d.bytes, 0);
		packet_put16(OUTER + 4, 0);
		expect_at_twin("nothing behind IP", HEADERS - 8);
	} else {
		PASSES("last fragment", OUTER[7] = 1, packet_finish_ip(OUTER));
		PASSES("header checksum", OUTER[10] ^= 1);
	}
	cw_test_make_frame(d.bytes, d.length); /* not seen before, therefore */
	cw_test_give_frame(&(struct cw_vnet_hdr){ 0 }, HEADERS + d.length);
	CHECK(cw_bench_drain(&bench, CW_BENCH_LAN) == 1 && cw_bench_drops(&bench)[0] == 0);
}

/* What the kernel would make whole or unwrap, and then hand to the gateway's socket: no check of ours would see it. */
static void refuses_ways_around_the_overlay_port(void)
{
	struct datagram d = cw_test_handshake(0xD4, 200, 184, 0);

	if (!is_over_v6) {
		DROPS("overlay_unknown 1", "first fragment", OUTER[6] = 0x20, packet_finish_ip(OUTER));
		PASSES("of another port", OUTER[6] = 0x20, OUTER[22] ^= 1, packet_finish_ip(OUTER));
		PASSES("of another protocol", OUTER[6] = 0x20, OUTER[9] = PACKET_TCP, packet_finish_ip(OUTER));
		PASSES("to another address", OUTER[6] = 0x20, OUTER[19] ^= 1, packet_finish_ip(OUTER));
		DROPS("rx_malformed 1", "no port", OUTER[6] = 0x20, packet_put16(OUTER + 2, 22),
		      packet_finish_ip(OUTER));
		DROPS("rx_malformed 1", "behind the end", packet_put16(OUTER + 6, 0x1fff), packet_finish_ip(OUTER));
		return;
	}
	for (uint32_t next = 0; next < 4; next++) {
		static const uint8_t kinds[4] = { 0, 43, 44, 60 };
		DROPS("overlay_unknown 1", "extension", put_extension(kinds[next]));
		PASSES("of another port", put_extension(kinds[next]), cw_test_frame[64] ^= 1);
		PASSES("of another protocol", put_extension(kinds[next]), cw_test_frame[54] = PACKET_TCP);
		PASSES("to another address", put_extension(kinds[next]), OUTER[39] ^= 1);
		DROPS("rx_malformed 1", "no port", put_extension(kinds[next]), packet_put16(OUTER + 4, 10));
	}
	DROPS("overlay_unknown 1", "first fragment", put_extension(44), cw_test_frame[57] = 1);
	DROPS("rx_malformed 1", "later, of a chain", put_extension(44), cw_test_frame[57] = 9, cw_test_frame[54] = 60);
	for (uint32_t at = 8; at <= 24; at += 16)
		DROPS("rx_malformed 1", "an IPv4 address", memset(OUTER + at, 0, 10), memset(OUTER + at + 10, 0xff, 2));
}

/* Offloads that speak of something inside the datagram: not ours, and not of a sealed one. */
static void leaves_inner_offloads_to_the_kernel(void)
{
	struct cw_vnet_hdr inner = { CW_VNET_NEEDS_CSUM, 0, 0, 0, (uint16_t)(HEADERS + 28), 16 };
	struct datagram d = cw_test_sealed(100);

	cw_test_make_frame(d.bytes, d.length);
	cw_test_give_frame(&inner, HEADERS + d.length);
	CHECK(cw_bench_drain(&bench, CW_BENCH_UPLINK_TWIN) == 1 && cw_bench_drops(&bench)[0] == 0);
}

int main(int argc, char **argv)
{
	check_begin(argc, argv);
	cw_bench_open(&bench);
	for (uint32_t family = 0; family < 2; family++) {
		is_over_v6 = family == 1;
		leaves_what_only_looks_like_it_to_the_kernel();
		refuses_ways_around_the_overlay_port();
		leaves_inner_offloads_to_the_kernel();
	}
	cw_bench_close(&bench);
	return check_result();
}
