/*
 * Answers to packets that are too big, of both families: sound, no larger than they may be, with a
 * quote of the packet, and never about what RFC 1812 §4.3.2.7 and RFC 4443 §2.4 (e) except.
 */
#include "check.h"
#include "graph/too-big.h"
#include "packet.h"

#define PACKET_MAX 3000
#define ICMP6 58

static uint8_t packet[PACKET_MAX];
static const uint8_t own4[4] = { 10, 1, 0, 1 };
static const uint8_t own6[16] = { 0xfd, [15] = 0x99 };

/* In a block of just its size. */
static uint32_t answer_about(uint32_t length, uint32_t mtu, uint8_t *answer)
{
	const uint8_t *own = packet_is6(packet) ? own6 : own4;
	uint8_t *exact = malloc(length);

	memcpy(exact, packet, length);
	uint32_t size = cw_too_big(answer, own, exact, length, mtu);
	free(exact);
	return size;
}

static void make6(uint32_t header, uint8_t protocol, uint32_t length)
{
	packet_ip6(packet, header, protocol, 0x0a01000a, 0x0a020005);
	check_fill(packet + header, length - header);
	packet_put16(packet + 4, length - 40);
}

static void says_what_fits(void)
{
	uint8_t answer[CW_TOO_BIG_MAX];

	for (uint32_t i = 0; i < 3000; i++) {
		uint32_t length = 60 + check_below(PACKET_MAX - 60), mtu = 1280 + check_below(200);
		make6(40, PACKET_UDP, length);
		uint32_t quote = length < 1232 ? length : 1232;
		uint32_t size = answer_about(length, mtu, answer);
		CHECK(size == 48 + quote && packet_is_right(answer, size));
		CHECK(answer[6] == ICMP6 && answer[7] == 64 && packet_u32(answer) == 0x60000000);
		CHECK(memcmp(answer + 8, own6, 16) == 0);
		CHECK(memcmp(answer + 24, packet + 8, 16) == 0);
		CHECK(packet_u16(answer + 40) == 0x0200 && packet_u32(answer + 44) == mtu);
		CHECK(memcmp(answer + 48, packet, quote) == 0);

		packet_ip(packet, 20, PACKET_UDP, 0x0a01000a, 0x0a020005);
		quote = length < 548 ? length : 548;
		size = answer_about(length, mtu, answer);
		CHECK(size == 28 + quote && packet_is_sound(answer, size));
		CHECK(packet_sum(0, answer + 20, size - 20) == 0xffff);
		CHECK(packet_u32(answer + 12) == 0x0a010001 && packet_u32(answer + 16) == 0x0a01000a);
		CHECK(packet_u16(answer + 20) == 0x0304 && packet_u32(answer + 24) == mtu);
		CHECK(memcmp(answer + 28, packet, quote) == 0);
	}
}

/* Every type of ICMPv6: errors are below 128, and a redirect counts as one. */
static void is_silent_about_errors(void)
{
	uint8_t answer[CW_TOO_BIG_MAX];

	for (uint32_t header = 40; header <= 56; header += 8) {
		for (uint32_t type = 0; type < 256; type++) {
			make6(header, ICMP6, 1500);
			packet[header] = (uint8_t)type;
			bool is_answered = answer_about(1500, 1400, answer) != 0;
			CHECK(is_answered == (type >= 128 && type != 137));
		}
		/* Cut right before its type nobody knows what it is. */
		make6(header, ICMP6, header + 1);
		CHECK(answer_about(header, 1400, answer) == 0);
	}
	for (uint32_t type = 0; type < 256; type++) {
		packet_ip(packet, 20, 1, 0x0a01000a, 0x0a020005);
		packet[20] = (uint8_t)type;
		CHECK((answer_about(1500, 1400, answer) != 0) == (type == 0 || type == 8));
	}
}

/* Fragments: the first of a ping and any of UDP are answered; a later one of ICMPv6 might be an error's. */
static void knows_fragments(void)
{
	uint8_t answer[CW_TOO_BIG_MAX];

	for (uint32_t later = 0; later < 2; later++) {
		for (uint32_t i = 0; i < 2; i++) {
			uint8_t protocol = i == 0 ? PACKET_UDP : ICMP6;
			make6(48, protocol, 1500);
			packet[6] = 44;
			packet[40] = protocol;
			packet_put16(packet + 42, later != 0 ? 1201 & ~7u : 1);
			packet[48] = 128;
			CHECK((answer_about(1500, 1400, answer) != 0) ==
			      (later == 0 || protocol == PACKET_UDP));
		}
	}
	packet_ip(packet, 20, PACKET_UDP, 0x0a01000a, 0x0a020005);
	packet_put16(packet + 6, 0x4001);
	CHECK(answer_about(1500, 1400, answer) == 0);
}

static void is_silent_towards_no_single_host(void)
{
	static const uint8_t first[][2] = { { 0xff, 0x02 }, { 0xfe, 0x80 }, { 0, 0 } };
	static const uint32_t sources[] = { 0, 0x7f000001, 0xe0000001, 0xffffffff };
	uint8_t answer[CW_TOO_BIG_MAX];

	for (uint32_t i = 0; i < 3; i++) {
		for (uint32_t last = 0; last < 2; last++) {
			make6(40, PACKET_UDP, 1500);
			memset(packet + 8, 0, 16);
			memcpy(packet + 8, first[i], 2);
			packet[23] = (uint8_t)last;
			CHECK(answer_about(1500, 1400, answer) == 0);
		}
	}
	make6(40, PACKET_UDP, 1500);
	packet[24] = 0xff;
	CHECK(answer_about(1500, 1400, answer) == 0);
	for (uint32_t i = 0; i < 4; i++) {
		packet_ip(packet, 20, PACKET_UDP, sources[i], 0x0a020005);
		CHECK(answer_about(1500, 1400, answer) == 0);
	}
}

/* A chain of headers that does not end where the packet does hides what is in it: silence. */
static void is_silent_about_what_it_cannot_read(void)
{
	uint8_t answer[CW_TOO_BIG_MAX];

	make6(40 + 8 * 8, PACKET_UDP, 1500);
	CHECK(answer_about(1500, 1400, answer) > 0);
	make6(40 + 8 * 9, PACKET_UDP, 1500);
	CHECK(answer_about(1500, 1400, answer) == 0);
	make6(48, PACKET_UDP, 1500);
	packet[41] = 255;
	CHECK(answer_about(1500, 1400, answer) == 0);
}

int main(int argc, char **argv)
{
	check_begin(argc, argv);
	says_what_fits();
	is_silent_about_errors();
	knows_fragments();
	is_silent_towards_no_single_host();
	is_silent_about_what_it_cannot_read();
	return check_result();
}
