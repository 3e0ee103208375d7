/*
 * What the tests of opening share, of the family that `is6` says: texts as the far end seals them, what may come out and
 * what is counted; and what is the same in both.
 */
#ifndef OPEN_PACKETS_H
#define OPEN_PACKETS_H

#include "check.h"
#include "graph/graph.h"
#include "graph_bench.h"
#include "packet.h"

#define PLAIN_MAX 2000
#define GENEVE 8
#define CE 3

static struct cw_bench bench;
static bool is6;
static uint32_t next_counter = 1;
static uint8_t frame[CW_BENCH_FRAME_MAX];

struct plain {
	uint32_t length;
	uint8_t bytes[PLAIN_MAX];
};

static inline uint8_t *ip_of(struct plain *p)
{
	return p->bytes + GENEVE + (p->bytes[0] & 0x3f) * 4;
}

static inline void set_class(uint8_t *ip, uint32_t class)
{
	if (is6) {
		packet_put32(ip, 6u << 28 | class << 20 | 0xfedcb);
	} else {
		ip[1] = (uint8_t)class;
		packet_finish_ip(ip);
	}
}

/* Geneve with `options` bytes of options, then a UDP packet with `bytes` of payload. */
static inline struct plain plain_packet(uint32_t options, uint32_t bytes, uint32_t source, uint32_t destination)
{
	uint32_t header = is6 ? 40 : 20;
	struct plain p = { .length = GENEVE + options + header + 8 + bytes, .bytes = { (uint8_t)(options / 4) } };
	uint8_t *ip = ip_of(&p);

	packet_put16(p.bytes + 2, is6 ? 0x86dd : 0x0800);
	packet_put32(p.bytes + 4, CW_BENCH_VNI << 8);
	(is6 ? packet_ip6 : packet_ip)(ip, header, PACKET_UDP, source, destination);
	packet_put16(ip + header, 5000);
	packet_put16(ip + header + 2, 6000);
	check_fill(ip + header + 8, bytes);
	packet_finish(ip, header + 8 + bytes);
	return p;
}

static inline struct plain good(void)
{
	return plain_packet(0, 100, CW_BENCH_FAR, CW_BENCH_HOST);
}

/* Sealed by `far`, opened in a block of just its size. */
static inline void open_plain(const struct plain *p, uint8_t outer_tos)
{
	uint8_t *datagram = malloc(p->length + 32);

	cw_bench_seal(&bench, 0xD1, next_counter++, p->bytes, p->length, datagram);
	cw_open(bench.worker, datagram, p->length + 32, outer_tos);
	free(datagram);
	cw_bench_flush(&bench);
}

/* What came out of `link`, its packet in `frame` + `l2`; 0: nothing, or more than one. */
static inline uint32_t came_out(enum cw_bench_link link, uint32_t l2)
{
	struct cw_vnet_hdr vnet;
	uint32_t length = cw_bench_take(&bench, link, &vnet, frame), others = 0;

	for (uint32_t i = 0; i < CW_BENCH_LINKS; i++)
		others += cw_bench_drain(&bench, i);
	return length > l2 && others == 0 ? length - l2 : 0;
}

static inline void expect_drop(const struct plain *p, uint8_t outer_tos, const char *reason, const char *what)
{
	char wanted[64];
	uint32_t leaks = 0;

	open_plain(p, outer_tos);
	snprintf(wanted, sizeof(wanted), "%s 1", reason);
	for (uint32_t i = 0; i < CW_BENCH_LINKS; i++)
		leaks += cw_bench_drain(&bench, i);
	const char *drops = cw_bench_drops(&bench);
	if (!CHECK(leaks == 0 && strcmp(drops, wanted) == 0))
		fprintf(stderr, "  %s: '%s', wanted '%s', %u frames\n", what, drops, wanted, leaks);
}

#define DROPS(reason, ...)                                                \
	do {                                                              \
		struct plain p = good();                                  \
		__VA_ARGS__;                                              \
		expect_drop(&p, 0, reason, #__VA_ARGS__);                 \
	} while (0)

/* On the LAN stands `packet` as it went in, but for a hop and the ECN mark. */
static inline void check_on_lan(const uint8_t *packet, uint8_t ecn, const char *what)
{
	uint8_t wanted[PLAIN_MAX];
	uint32_t wanted_len = is6 ? 40 + packet_u16(packet + 4) : packet_u16(packet + 2);

	memcpy(wanted, packet, wanted_len);
	if (is6) {
		wanted[1] = (uint8_t)((wanted[1] & 0xcf) | ecn << 4);
		wanted[7]--;
	} else {
		wanted[1] = (uint8_t)((wanted[1] & 0xfc) | ecn);
		wanted[8]--;
		packet_finish_ip(wanted);
	}
	uint32_t length = came_out(CW_BENCH_LAN, 14);
	bool is_same = length == wanted_len && memcmp(frame + 14, wanted, length) == 0 &&
		       packet_u16(frame + 12) == (is6 ? 0x86dd : 0x0800);
	if (!CHECK(is_same && cw_bench_drops(&bench)[0] == 0))
		fprintf(stderr, "  %s: %u bytes of %u\n", what, length, wanted_len);
}

static inline void expect_on_lan(struct plain *p, uint8_t outer_tos, uint8_t ecn, const char *what)
{
	open_plain(p, outer_tos);
	check_on_lan(ip_of(p), ecn, what);
}

/* RFC 6040 §4.2, figure 4: rows are inner, columns outer; 4 is a drop. */
static const uint8_t ecn_result[4][4] = {
	[0] = { 0, 0, 0, 4 }, /* Not-ECT */
	[2] = { 2, 1, 2, CE }, /* ECT(0) */
	[1] = { 1, 1, 1, CE }, /* ECT(1) */
	[CE] = { CE, CE, CE, CE },
};

static inline void follows_rfc_6040(void)
{
	for (uint8_t inner = 0; inner < 4; inner++) {
		for (uint8_t outer = 0; outer < 4; outer++) {
			struct plain p = good();
			set_class(ip_of(&p), 0xb8u | inner);
			if (ecn_result[inner][outer] == 4)
				expect_drop(&p, outer, "ecn", "ECN");
			else /* of the outer DSCP nothing is believed */
				expect_on_lan(&p, 0x60 | outer, ecn_result[inner][outer], "ECN");
		}
	}
}

/* The far end may sit behind a larger MTU than we do: its SYN, too, is clamped to what we can send. */
static inline void clamps_the_far_ends_mss(void)
{
	struct plain p = plain_packet(0, 16, CW_BENCH_FAR, CW_BENCH_HOST);
	uint32_t header = is6 ? 40 : 20, length = header + 24;
	uint8_t *ip = ip_of(&p), *tcp = ip + header;

	memset(tcp, 0, 24);
	ip[is6 ? 6 : 9] = PACKET_TCP;
	tcp[12] = 0x60;
	tcp[13] = 0x02;
	memcpy(tcp + 20, (const uint8_t[]){ 2, 4, 0x22, 0x60 }, 4);
	packet_finish(ip, length);
	open_plain(&p, 0);
	CHECK(came_out(CW_BENCH_LAN, 14) == length && packet_is_right(frame + 14, length));
	CHECK(packet_u16(frame + 14 + length - 2) == CW_BENCH_INNER_MTU - header - 20);
}

#endif
