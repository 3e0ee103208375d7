/*
 * Fuzzes the overlay port: any datagram or train of them from anywhere. Input: segment size u16, 0:
 * no train | TOS u8 | datagrams. Nothing of it is authentic, so nothing of it may come out but by
 * the uplink's twin.
 */
#include <string.h>

#include "fuzz_bench.h"
#include "graph/graph.h"
#include "packet.h"

#define HEAD 3
#define HEADERS (14 + 20 + 8)
#define PAYLOAD_MAX 60000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cw_bench *bench = cw_fuzz_bench();
	static uint8_t frame[HEADERS + PAYLOAD_MAX];

	if (size < HEAD || size > HEAD + PAYLOAD_MAX)
		return 0;
	uint32_t length = (uint32_t)(size - HEAD);
	struct cw_vnet_hdr vnet = { 0 };
	if (packet_u16(data) > 0 && length > 0)
		vnet = (struct cw_vnet_hdr){ CW_VNET_NEEDS_CSUM, CW_VNET_GSO_UDP_L4, HEADERS,
					     (uint16_t)packet_u16(data), 34, 6 };
	cw_bench_ether(bench, CW_BENCH_UPLINK, frame);
	packet_ip(frame + 14, 20, PACKET_UDP, CW_BENCH_FAR_WAN, CW_BENCH_WAN);
	frame[15] = data[2];
	packet_put16(frame + 34, CW_BENCH_PORT + 1);
	packet_put16(frame + 36, CW_BENCH_PORT);
	memcpy(frame + HEADERS, data + HEAD, length);
	packet_put16(frame + 16, 28 + length);
	packet_put16(frame + 38, 8 + length);
	packet_finish_ip(frame + 14);
	struct rte_mbuf *m = cw_fuzz_mbuf(frame, HEADERS + length, 14);
	FUZZ_NEEDS(cw_vnet_to_mbuf(&vnet, m, 14));
	cw_classify_uplink(bench->worker, CW_BENCH_UPLINK_PORT, m);
	cw_bench_flush(bench);
	FUZZ_NEEDS(cw_bench_drain(bench, CW_BENCH_LAN) == 0);
	FUZZ_NEEDS(cw_bench_drain(bench, CW_BENCH_SEGMENT) == 0);
	FUZZ_NEEDS(cw_bench_drain(bench, CW_BENCH_UPLINK) == 0);
	FUZZ_NEEDS(bench->far->heard_us == 0);
	cw_fuzz_settle();
	return 0;
}
