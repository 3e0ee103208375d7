/* What the emulated WAN reads of frames, and its packet-too-big, byte by byte; and random frames, which must do no harm. */
#include <string.h>

#include "check.h"
#include "wan_frame.h"

#define ROUNDS 20000

static uint8_t frame[1600], answer[CW_WAN_ANSWER_MAX];

static uint32_t sum16(const uint8_t *at, uint32_t length, uint32_t from)
{
	for (uint32_t i = 0; i < length; i++)
		from += i % 2 == 0 ? (uint32_t)at[i] << 8 : at[i];
	while (from > 0xffff)
		from = (from >> 16) + (from & 0xffff);
	return from;
}

/* UDP from 10.0.0.1 to 10.0.0.2 with DF, or from fd00::1 to fd00::2; behind `tag` bytes of VLAN tag. */
static uint32_t make(bool is_six, uint32_t tag, uint32_t ip_bytes)
{
	static const uint8_t ethernet[12] = { 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1 };
	static const uint8_t four[20] = { 0x45, 0, 0, 0, 0, 1, 0x40, 0, 64, 17, 0, 0,
					  10, 0, 0, 1, 10, 0, 0, 2 };
	uint8_t *type = frame + 12 + tag, *ip = type + 2;

	memset(frame, 0, sizeof(frame));
	memcpy(frame, ethernet, 12);
	if (tag > 0)
		memcpy(frame + 12, (uint8_t[4]){ 0x81, 0, 0, 7 }, 4);
	memcpy(type, is_six ? (uint8_t[2]){ 0x86, 0xdd } : (uint8_t[2]){ 8, 0 }, 2);
	if (is_six) {
		ip[0] = 0x60;
		ip[4] = (uint8_t)((ip_bytes - 40) >> 8);
		ip[5] = (uint8_t)(ip_bytes - 40);
		ip[6] = 17;
		ip[8] = ip[24] = 0xfd;
		ip[23] = 1;
		ip[39] = 2;
	} else {
		memcpy(ip, four, 20);
		ip[2] = (uint8_t)(ip_bytes >> 8);
		ip[3] = (uint8_t)ip_bytes;
	}
	return 14 + tag + ip_bytes;
}

static void test_lengths(void)
{
	for (uint32_t tag = 0; tag <= 4; tag += 4) {
		CHECK(cw_wan_ip_bytes(frame, make(false, tag, 1500)) == 1500);
		CHECK(cw_wan_ip_bytes(frame, make(true, tag, 1500)) == 1500);
		/* What pads a short frame is not of the packet. */
		make(false, tag, 40);
		CHECK(cw_wan_ip_bytes(frame, 60) == 40);
	}
	make(false, 0, 40);
	frame[13] = 6; /* ARP */
	CHECK(cw_wan_ip_bytes(frame, 60) == 0);
	CHECK(cw_wan_ip_bytes(frame, 13) == 0);
}

static void test_answer4(uint32_t tag)
{
	uint32_t length = make(false, tag, 1500);
	uint32_t got = cw_wan_too_big(frame, length, 1400, answer);
	const uint8_t *ip = answer + 14 + tag, *icmp = ip + 20;

	if (!CHECK(got == 14 + tag + 576))
		return;
	CHECK(memcmp(answer, frame + 6, 6) == 0 && memcmp(answer + 6, frame, 6) == 0);
	CHECK(memcmp(answer + 12, frame + 12, 2 + tag) == 0);
	CHECK(sum16(ip, 20, 0) == 0xffff && sum16(icmp, 556, 0) == 0xffff);
	CHECK(ip[15] == 2 && ip[19] == 1 && ip[9] == 1 && ip[2] == 2 && ip[3] == 0x40);
	CHECK(icmp[0] == 3 && icmp[1] == 4 && icmp[6] == 5 && icmp[7] == 120);
	CHECK(memcmp(icmp + 8, frame + 14 + tag, 548) == 0);
}

static void test_answer6(uint32_t tag)
{
	uint32_t length = make(true, tag, 1500);
	uint32_t got = cw_wan_too_big(frame, length, 1400, answer);
	const uint8_t *ip = answer + 14 + tag, *icmp = ip + 40;

	if (!CHECK(got == 14 + tag + 1280))
		return;
	CHECK(sum16(icmp, 1240, sum16(ip + 8, 32, 1240 + 58)) == 0xffff);
	CHECK(ip[6] == 58 && ip[23] == 2 && ip[39] == 1 && icmp[0] == 2 && icmp[7] == 120);
	CHECK(memcmp(icmp + 8, frame + 14 + tag, 1232) == 0);
}

static void test_no_answer(void)
{
	uint32_t length = make(false, 0, 1500);

	frame[20] = 0; /* no DF */
	CHECK(cw_wan_too_big(frame, length, 1400, answer) == 0);
	make(false, 0, 1500);
	frame[21] = 1; /* a later fragment */
	CHECK(cw_wan_too_big(frame, length, 1400, answer) == 0);
	make(false, 0, 1500);
	frame[0] |= 1; /* to many */
	CHECK(cw_wan_too_big(frame, length, 1400, answer) == 0);
	make(false, 0, 1500);
	frame[23] = 1;
	frame[34] = 3; /* an error itself */
	CHECK(cw_wan_too_big(frame, length, 1400, answer) == 0);
	frame[34] = 8; /* a ping */
	CHECK(cw_wan_too_big(frame, length, 1400, answer) > 0);
	make(true, 0, 1500);
	frame[20] = 58;
	frame[54] = 2;
	CHECK(cw_wan_too_big(frame, length, 1400, answer) == 0);
	make(true, 0, 1500);
	frame[38] = 0xff; /* a multicast address */
	CHECK(cw_wan_too_big(frame, length, 1400, answer) == 0);
}

static void test_random(void)
{
	for (uint32_t round = 0; round < ROUNDS; round++) {
		uint32_t length = check_below(100), ip_bytes = 41 + check_below(60);
		make(check_below(2) != 0, check_below(2) * 4, ip_bytes);
		for (uint32_t i = 0; i < 4; i++)
			frame[check_below(64)] = (uint8_t)check_random();
		/* On the heap, where the sanitizer sees a byte too far. */
		uint8_t *exact = malloc(length + 1);
		memcpy(exact, frame, length);
		cw_wan_ip_bytes(exact, length);
		if (!CHECK(cw_wan_too_big(exact, length, 1400, answer) <= CW_WAN_ANSWER_MAX))
			round = ROUNDS;
		free(exact);
	}
}

int main(int argc, char **argv)
{
	check_begin(argc, argv);
	test_lengths();
	for (uint32_t tag = 0; tag <= 4; tag += 4) {
		test_answer4(tag);
		test_answer6(tag);
	}
	test_no_answer();
	test_random();
	return check_result();
}
