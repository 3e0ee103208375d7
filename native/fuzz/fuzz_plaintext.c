/*
 * Fuzzes what an authenticated peer may send: sealed for real, opened, read as Geneve and IPv4, and
 * routed. Input: 1: control, 2: make the inner IPv4 checksum right u8 | outer TOS u8 | plaintext.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz_bench.h"
#include "graph/graph.h"
#include "packet.h"

#define HEAD 2
#define PLAIN_MAX 9000

/* So that the fuzzer need not guess a checksum. */
static void finish_inner(uint8_t *plain, uint32_t length)
{
	uint32_t at = 8 + (plain[0] & 0x3f) * 4u;

	if (length >= at + 20 && packet_header_len(plain + at) >= 20 &&
	    length >= at + packet_header_len(plain + at))
		packet_finish_ip(plain + at);
}

/* Whatever comes out is a sound packet from the peer's own prefix. */
static void check_out(struct cw_bench *bench, enum cw_bench_link link, uint32_t l2)
{
	static uint8_t frame[CW_BENCH_FRAME_MAX];
	struct cw_vnet_hdr vnet;
	uint32_t length;

	while ((length = cw_bench_take(bench, link, &vnet, frame)) > 0) {
		uint8_t *ip = frame + l2;
		FUZZ_NEEDS(length >= l2 + 20 && ip[0] >> 4 == 4);
		FUZZ_NEEDS(packet_u16(ip + 2) == length - l2);
		FUZZ_NEEDS(packet_sum(0, ip, packet_header_len(ip)) == 0xffff);
		FUZZ_NEEDS(packet_u32(ip + 12) >> 16 == 0x0a02);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cw_bench *bench = cw_fuzz_bench();
	static uint8_t plain[PLAIN_MAX];
	static uint32_t counter;

	if (size < HEAD + 1 || size > HEAD + PLAIN_MAX)
		return 0;
	uint32_t length = (uint32_t)(size - HEAD);
	bool is_control = data[0] & 1;
	memcpy(plain, data + HEAD, length);
	if (data[0] & 2)
		finish_inner(plain, length);
	uint8_t *datagram = malloc(length + 32);
	cw_bench_seal(bench, is_control ? 0xD2 : 0xD1, ++counter, plain, length, datagram);
	cw_open(bench->worker, datagram, length + 32, data[1]);
	free(datagram);
	cw_bench_flush(bench);
	check_out(bench, CW_BENCH_LAN, 14);
	check_out(bench, CW_BENCH_SEGMENT, 0);
	FUZZ_NEEDS(cw_bench_drain(bench, CW_BENCH_LAN_TWIN) == 0);
	FUZZ_NEEDS(cw_bench_drain(bench, CW_BENCH_UPLINK_TWIN) == 0);
	cw_fuzz_settle();
	return 0;
}
