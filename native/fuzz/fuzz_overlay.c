/*
 * Fuzzes the overlay port: any datagram or train of them from anywhere. Input: segment size u16, 0:
 * no train | TOS u8 | 1: make mac1 right, 2: mac2 too u8 | datagrams. Nothing of it is authentic, so nothing of it may
 * come out but by the uplink's twin; cookies are asked for by the uplink.
 */
#include <string.h>

#include "crypto/mac1.h"
#include "fuzz_bench.h"
#include "graph/graph.h"
#include "graph/handshake.h"
#include "packet.h"

#define HEAD 4
#define HEADERS (14 + 20 + 8)
#define PAYLOAD_MAX 60000
#define COOKIE_BYTES 64

static const uint8_t secrets[96] = { 0x5e, [32] = 2, [64] = 3 };

/* Nobody guesses a MAC. */
static void finish_macs(struct cw_mac1 *mac1, uint8_t *d, uint32_t length, bool has_mac2)
{
	const uint32_t size = d[0] == 0xD4 ? 160 : 100;
	uint8_t key[32], bound[20] = { [10] = 0xff, [11] = 0xff }, cookie[16];

	if (length != size || (d[0] != 0xD4 && d[0] != 0xD5))
		return;
	memset(key, 0xA1, sizeof(key));
	packet_put32(bound + 12, CW_BENCH_FAR_WAN);
	packet_put16(bound + 18, CW_BENCH_PORT + 1);
	FUZZ_NEEDS(cw_mac1_make(mac1, key, sizeof(key), d, size - 32, d + size - 32));
	FUZZ_NEEDS(cw_mac1_make(mac1, secrets + 32, 32, bound, sizeof(bound), cookie));
	if (has_mac2)
		FUZZ_NEEDS(cw_mac1_make(mac1, cookie, 16, d, size - 16, d + size - 16));
}

/* Only cookies, to where the datagrams said they are from, and never more bytes than came. */
static void check_answers(struct cw_bench *bench, uint32_t received)
{
	static uint8_t frame[CW_BENCH_FRAME_MAX];
	struct cw_vnet_hdr vnet;
	uint32_t length, sent = 0;

	while ((length = cw_bench_take(bench, CW_BENCH_UPLINK, &vnet, frame)) > 0) {
		FUZZ_NEEDS(length == HEADERS + COOKIE_BYTES && packet_is_right(frame + 14, length - 14));
		FUZZ_NEEDS(frame[HEADERS] == 0xD6 && packet_u32(frame + 30) == CW_BENCH_FAR_WAN);
		sent += COOKIE_BYTES;
	}
	FUZZ_NEEDS(sent <= received);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cw_bench *bench = cw_fuzz_bench();
	static uint8_t frame[HEADERS + PAYLOAD_MAX];

	if (size < HEAD || size > HEAD + PAYLOAD_MAX)
		return 0;
	uint32_t length = (uint32_t)(size - HEAD), step = packet_u16(data);
	struct cw_vnet_hdr vnet = { 0 };
	if (step > 0 && length > 0)
		vnet = (struct cw_vnet_hdr){ CW_VNET_NEEDS_CSUM, CW_VNET_GSO_UDP_L4, HEADERS,
					     (uint16_t)step, 34, 6 };
	else
		step = length == 0 ? 1 : length;
	cw_bench_ether(bench, CW_BENCH_UPLINK, frame);
	packet_ip(frame + 14, 20, PACKET_UDP, CW_BENCH_FAR_WAN, CW_BENCH_WAN);
	frame[15] = data[2];
	packet_put16(frame + 34, CW_BENCH_PORT + 1);
	packet_put16(frame + 36, CW_BENCH_PORT);
	memcpy(frame + HEADERS, data + HEAD, length);
	for (uint32_t at = 0; data[3] & 1 && at < length; at += step)
		finish_macs(bench->worker->mac1, frame + HEADERS + at,
			    length - at < step ? length - at : step, data[3] & 2);
	packet_put16(frame + 16, 28 + length);
	packet_put16(frame + 38, 8 + length);
	packet_finish_ip(frame + 14);
	cw_handshakes_renew(bench->worker, secrets);
	struct rte_mbuf *m = cw_fuzz_mbuf(frame, HEADERS + length, 14);
	FUZZ_NEEDS(cw_vnet_to_mbuf(&vnet, m, 14));
	cw_classify_uplink(bench->worker, CW_BENCH_UPLINK_PORT, m);
	cw_bench_flush(bench);
	FUZZ_NEEDS(cw_bench_drain(bench, CW_BENCH_LAN) == 0);
	FUZZ_NEEDS(cw_bench_drain(bench, CW_BENCH_SEGMENT) == 0);
	check_answers(bench, length);
	FUZZ_NEEDS(bench->far->heard_us == 0);
	cw_fuzz_settle();
	return 0;
}
