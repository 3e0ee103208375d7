/*
 * Fuzzes what an authenticated peer may send: sealed for real, opened, read as Geneve, put
 * together and routed. Input: 1: control, 2: make the inner IPv4 checksum right, 4: several, 8: for other peers too u8 |
 * outer TOS u8 | plaintext; of several each has its length before it u16.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz_bench.h"
#include "graph/graph.h"
#include "packet.h"
#include "table/session.h"

#define HEAD 2
#define PLAIN_MAX 9000

/* So that the fuzzer need not guess a checksum. */
static void finish_inner(uint8_t *plain, uint32_t length)
{
	uint32_t at = 8 + (plain[0] & 0x3f) * 4u;

	if (length >= at + 20 && !packet_is6(plain + at) && packet_header_len(plain + at) >= 20 &&
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
		FUZZ_NEEDS(length >= l2 + 20 && packet_is_sound(ip, length - l2));
		FUZZ_NEEDS(packet_u32(ip + (packet_is6(ip) ? 20 : 12)) >> 16 == 0x0a02);
	}
}

static void open_one(struct cw_bench *bench, const uint8_t *text, uint32_t length, uint8_t flags,
		     uint8_t tos)
{
	static uint8_t plain[PLAIN_MAX];
	static uint32_t counter;
	bool is_control = flags & 1;

	memcpy(plain, text, length);
	if (flags & 2)
		finish_inner(plain, length);
	uint8_t *datagram = malloc(length + 32);
	cw_bench_seal(bench, is_control ? 0xD2 : 0xD1, ++counter, plain, length, datagram);
	cw_open(bench->worker, datagram, length + 32, tos);
	free(datagram);
}

/* With a session of `other`: what is for that is sealed again. */
static void set_transit(struct cw_bench *bench, bool is_transit)
{
	static struct cw_keypair *other;

	if (other == NULL)
		other = cw_bench_join(bench, 1000000000);
	other->sealed = 0;
	bench->worker->view->program->is_transit = is_transit;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cw_bench *bench = cw_fuzz_bench();

	if (size < HEAD + 1 || size > HEAD + PLAIN_MAX)
		return 0;
	set_transit(bench, (data[0] & 8) != 0);
	uint32_t length = (uint32_t)(size - HEAD);
	const uint8_t *text = data + HEAD;
	if (!(data[0] & 4))
		open_one(bench, text, length, data[0], data[1]);
	for (uint32_t at = 0; data[0] & 4 && at + 3 <= length;) {
		uint32_t said = packet_u16(text + at), left = length - at - 2;
		uint32_t bytes = said == 0 || said > left ? left : said;
		open_one(bench, text + at + 2, bytes, data[0], data[1]);
		at += 2 + bytes;
	}
	cw_bench_flush(bench);
	check_out(bench, CW_BENCH_LAN, 14);
	check_out(bench, CW_BENCH_SEGMENT, 0);
	FUZZ_NEEDS(cw_bench_drain(bench, CW_BENCH_LAN_TWIN) == 0);
	FUZZ_NEEDS(cw_bench_drain(bench, CW_BENCH_UPLINK_TWIN) == 0);
	cw_fuzz_settle();
	return 0;
}
