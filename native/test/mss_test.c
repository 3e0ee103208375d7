/*
 * The clamp of the MSS against a slow reading of the same packet: sound and broken options, the
 * value at odd and even places, checksums, and everything that must stay as it is. Packets lie in
 * blocks of just their size.
 */
#include <netinet/in.h>
#include <string.h>

#include "check.h"
#include "graph/l3.h"
#include "graph/mss.h"
#include "packet.h"

#define PACKET_MAX 200

struct packet {
	uint8_t bytes[PACKET_MAX];
	uint32_t l3_len;
	uint32_t tcp_len;
	uint32_t length; /* headers and payload */
};

/*
 * Residue of the TCP checksum: what folding leaves over segment and pseudo header, 0 if it is
 * right.
 */
static uint16_t residue(const struct packet *p)
{
	uint16_t sum = (uint16_t)packet_l4_sum(p->bytes, p->length);

	return rte_cpu_to_be_16((uint16_t)~sum);
}

static struct cw_tcp *tcp_of(struct packet *p)
{
	return (struct cw_tcp *)(p->bytes + p->l3_len);
}

/* Of the family that the next SYN will have. */
static bool is6;

static uint32_t headers(void)
{
	return is6 ? 60 : 40;
}

/*
 * A SYN, room for `options_len` bytes of options which are left as zeros. IPv6 has a header of destination options of
 * eight bytes for every eight of `ip_options`.
 */
static void make_syn(struct packet *p, uint32_t ip_options, uint32_t options_len, uint32_t payload)
{
	memset(p, 0, sizeof(*p));
	p->l3_len = is6 ? 40 + ip_options / 8 * 8 : 20 + ip_options;
	p->tcp_len = 20 + options_len;
	p->length = p->l3_len + p->tcp_len + payload;
	check_fill(p->bytes, p->length);
	struct cw_ip4 *ip = cw_ip4(p->bytes);
	if (is6) {
		packet_ip6(p->bytes, p->l3_len, IPPROTO_TCP, 1, 2);
		packet_put16(p->bytes + 4, p->length - 40);
	} else {
		ip->version_ihl = (uint8_t)(0x40 | p->l3_len / 4);
		ip->fragment = rte_cpu_to_be_16(CW_IP4_DF);
		ip->protocol = IPPROTO_TCP;
		ip->total_length = rte_cpu_to_be_16((uint16_t)p->length);
	}
	tcp_of(p)->data_offset = (uint8_t)(p->tcp_len / 4 << 4);
	tcp_of(p)->flags = CW_TCP_SYN;
	memset(p->bytes + p->l3_len + 20, 0, options_len);
}

static void set_checksum(struct packet *p)
{
	tcp_of(p)->checksum = 0;
	tcp_of(p)->checksum = residue(p);
}

/*
 * Options as a list is read: kind by kind from the front. Offset of the MSS value in the packet, 0:
 * none.
 */
static uint32_t oracle(const struct packet *p)
{
	uint32_t at = p->l3_len + 20, end = p->l3_len + p->tcp_len;

	for (;;) {
		if (at >= end || p->bytes[at] == 0)
			return 0;
		if (p->bytes[at] == 1) {
			at += 1;
		} else if (end - at < 2 || p->bytes[at + 1] < 2 || p->bytes[at + 1] > end - at) {
			return 0;
		} else if (p->bytes[at] == 2) {
			return p->bytes[at + 1] == 4 ? at + 2 : 0;
		} else {
			at += p->bytes[at + 1];
		}
	}
}

/* Clamps in a block of just the right size and compares with what the oracle would have done. */
static void check_clamp(struct packet *p, uint32_t length, uint32_t mtu, bool is_partial,
			bool may_change)
{
	struct packet wanted = *p;
	uint16_t before = residue(p);
	uint32_t at = may_change ? oracle(p) : 0;
	bool is_over = at != 0 && (uint32_t)(p->bytes[at] << 8 | p->bytes[at + 1]) > mtu - headers();

	if (is_over) {
		wanted.bytes[at] = (uint8_t)((mtu - headers()) >> 8);
		wanted.bytes[at + 1] = (uint8_t)(mtu - headers());
	}
	uint8_t *exact = malloc(length);
	memcpy(exact, p->bytes, length);
	cw_mss_clamp(exact, length, mtu, is_partial);
	memcpy(p->bytes, exact, length);
	free(exact);
	if (is_over && !is_partial) {
		/* The checksum is as right, or as wrong, as it was. */
		CHECK(residue(p) == before);
		tcp_of(&wanted)->checksum = tcp_of(p)->checksum;
	}
	if (!CHECK(memcmp(wanted.bytes, p->bytes, p->length) == 0))
		fprintf(stderr, "  value at %u, %u bytes, mtu %u\n", at, length, mtu);
}

/*
 * Sound options in a random order, some NOPs between them, so that the MSS comes at odd places too.
 */
static void put_options(struct packet *p)
{
	uint8_t *at = p->bytes + p->l3_len + 20, *end = p->bytes + p->l3_len + p->tcp_len;

	while (at < end) {
		uint32_t room = (uint32_t)(end - at), kind = check_below(4);
		if (kind == 0 && room >= 4) {
			at[0] = 2;
			at[1] = 4;
			check_fill(at + 2, 2);
			at += 4;
		} else if (kind == 1 && room >= 2) {
			uint32_t size = 2 + check_below(room - 1 < 10 ? room - 1 : 10);
			at[0] = (uint8_t)(3 + check_below(250));
			at[1] = (uint8_t)size;
			check_fill(at + 2, size - 2);
			at += size;
		} else {
			*at++ = check_below(20) == 0 ? 0 : 1;
		}
	}
}

static void clamps_sound_options(void)
{
	uint32_t odd = 0, even = 0;

	for (uint32_t i = 0; i < 100000; i++) {
		struct packet p;
		make_syn(&p, 4 * check_below(11), 4 * check_below(11), check_below(30));
		put_options(&p);
		if (check_below(2))
			tcp_of(&p)->flags |= CW_TCP_ACK;
		set_checksum(&p);
		if (check_below(10) == 0)
			tcp_of(&p)->checksum ^= (uint16_t)check_random();
		uint32_t at = oracle(&p);
		odd += at % 2 == 1;
		even += at != 0 && at % 2 == 0;
		uint32_t mtu = check_below(4) ? 500 + check_below(1000) : headers() + 1 + check_below(65535 - headers());
		uint32_t length = check_below(2) ? p.length : p.l3_len + p.tcp_len;
		check_clamp(&p, length, mtu, check_below(4) == 0, true);
	}
	CHECK(odd > 1000 && even > 1000);
}

/* Random bytes for options: no reading beyond them, no change that the oracle would not make. */
static void survives_broken_options(void)
{
	for (uint32_t i = 0; i < 200000; i++) {
		struct packet p;
		make_syn(&p, 4 * check_below(11), 4 * check_below(11), 0);
		for (uint32_t o = p.l3_len + 20; o < p.length; o++)
			p.bytes[o] = (uint8_t)(check_random() & (check_below(2) ? 7 : 0xff));
		set_checksum(&p);
		check_clamp(&p, p.length, headers() + 1 + check_below(1500), false, true);
	}
}

/* A header that is cut short, or says that it is longer than the packet, is left alone. */
static void leaves_what_is_not_whole(void)
{
	struct packet p;

	for (uint32_t cut = 1; cut <= 24; cut++) {
		make_syn(&p, 0, 4, 0);
		memcpy(p.bytes + headers(), (const uint8_t[]){ 2, 4, 0xff, 0xff }, 4);
		check_clamp(&p, p.length - cut, 1000, false, false);
	}
	for (uint32_t words = 0; words < 16; words++) {
		make_syn(&p, 0, 4, 0);
		memcpy(p.bytes + headers(), (const uint8_t[]){ 2, 4, 0xff, 0xff }, 4);
		tcp_of(&p)->data_offset = (uint8_t)(words << 4);
		set_checksum(&p);
		check_clamp(&p, p.length, 1000, false, words == 6);
	}
}

/* Puts a fragment header before the TCP header of an IPv6 SYN, where there is room for it. */
static void make_fragment6(struct packet *p, uint16_t offset_more)
{
	memmove(p->bytes + 48, p->bytes + 40, p->length - 40);
	memcpy(p->bytes + 40, (const uint8_t[]){ IPPROTO_TCP, 0, 0, 0, 1, 2, 3, 4 }, 8);
	packet_put16(p->bytes + 42, offset_more);
	p->bytes[6] = 44;
	p->l3_len += 8;
	p->length += 8;
	packet_put16(p->bytes + 4, p->length - 40);
}

static void leaves_what_is_no_syn(void)
{
	for (uint32_t i = 0; i < 7; i++) {
		struct packet p;
		make_syn(&p, 0, 4, 0);
		memcpy(p.bytes + headers(), (const uint8_t[]){ 2, 4, 0xff, 0xff }, 4);
		struct cw_ip4 *ip = cw_ip4(p.bytes);
		if (i == 0)
			tcp_of(&p)->flags = (uint8_t)~CW_TCP_SYN;
		if (i == 1 && is6)
			cw_ip6(p.bytes)->next_header = IPPROTO_UDP;
		else if (i == 1)
			ip->protocol = IPPROTO_UDP;
		if (i == 6 && is6) /* a chain with no end in sight */
			cw_ip6(p.bytes)->next_header = IPPROTO_ROUTING;
		else if (i == 6)
			ip->protocol = IPPROTO_SCTP;
		set_checksum(&p);
		if (i == 2 || i == 3) { /* a first fragment has the header */
			if (is6)
				make_fragment6(&p, i == 2 ? 8 : 1);
			else
				ip->fragment = rte_cpu_to_be_16(i == 2 ? 1 : CW_IP4_MF);
		}
		/* An mtu that carries no TCP payload clamps nothing. */
		check_clamp(&p, p.length, i == 4 ? headers() : 1400, false, i == 3 || i == 5);
	}
}

int main(int argc, char **argv)
{
	check_begin(argc, argv);
	for (int family = 0; family < 2; family++) {
		is6 = family == 1;
		clamps_sound_options();
		survives_broken_options();
		leaves_what_is_not_whole();
		leaves_what_is_no_syn();
	}
	return check_result();
}
