/* See wan_frame.h. */
#include <stdbool.h>
#include <string.h>

#include "wan_frame.h"

#define IP4_MIN 20u
#define IP6_MIN 40u
#define ICMP_BYTES 8u
#define QUOTE4_MAX 548u /* RFC 1812 §4.3.2.3: 576 in all */
#define QUOTE6_MAX 1232u
#define ICMP4 1
#define ICMP6 58

static uint16_t get16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

static void put16(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static uint64_t sum(const uint8_t *bytes, uint32_t length, uint64_t from)
{
	for (uint32_t i = 0; i + 1 < length; i += 2)
		from += get16(bytes + i);
	return length % 2 != 0 ? from + (uint32_t)(bytes[length - 1] << 8) : from;
}

static uint16_t folded(uint64_t sum)
{
	while (sum > 0xffff)
		sum = (sum >> 16) + (sum & 0xffff);
	return (uint16_t)~sum;
}

/* Where the IP header stands; 0 if there is no whole one of either family. */
static uint32_t ip_offset(const uint8_t *frame, uint32_t length)
{
	uint32_t at = 12;

	if (length < 14)
		return 0;
	if (get16(frame + at) == 0x8100 || get16(frame + at) == 0x88a8)
		at += 4;
	if (length < at + 2)
		return 0;
	uint16_t type = get16(frame + at);
	at += 2;
	if (type == 0x0800 && length >= at + IP4_MIN && frame[at] >> 4 == 4)
		return at;
	return type == 0x86dd && length >= at + IP6_MIN && frame[at] >> 4 == 6 ? at : 0;
}

uint32_t cw_wan_ip_bytes(const uint8_t *frame, uint32_t length)
{
	uint32_t at = ip_offset(frame, length);

	if (at == 0)
		return 0;
	return frame[at] >> 4 == 4 ? get16(frame + at + 2) : IP6_MIN + get16(frame + at + 4);
}

static bool is_answered4(const uint8_t *ip, uint32_t length)
{
	uint32_t header = (ip[0] & 15u) * 4;
	uint16_t fragment = get16(ip + 6);

	if ((fragment & 0x4000) == 0 || (fragment & 0x1fff) != 0 || header < IP4_MIN || length <= header)
		return false;
	/* Of ICMP only echo and its answer. */
	return ip[9] != ICMP4 || ip[header] == 8 || ip[header] == 0;
}

static bool is_answered6(const uint8_t *ip, uint32_t length)
{
	return ip[24] != 0xff && length > IP6_MIN && (ip[6] != ICMP6 || ip[IP6_MIN] >= 128);
}

static uint32_t answer4(const uint8_t *ip, uint32_t length, uint32_t mtu_bytes, uint8_t *out)
{
	uint32_t quote = length < QUOTE4_MAX ? length : QUOTE4_MAX;
	uint8_t *icmp = out + IP4_MIN;

	out[0] = 0x45;
	put16(out + 2, IP4_MIN + ICMP_BYTES + quote);
	out[8] = 64;
	out[9] = ICMP4;
	memcpy(out + 12, ip + 16, 4);
	memcpy(out + 16, ip + 12, 4);
	put16(out + 10, folded(sum(out, IP4_MIN, 0)));
	icmp[0] = 3;
	icmp[1] = 4;
	put16(icmp + 6, mtu_bytes);
	memcpy(icmp + ICMP_BYTES, ip, quote);
	put16(icmp + 2, folded(sum(icmp, ICMP_BYTES + quote, 0)));
	return IP4_MIN + ICMP_BYTES + quote;
}

static uint32_t answer6(const uint8_t *ip, uint32_t length, uint32_t mtu_bytes, uint8_t *out)
{
	uint32_t quote = length < QUOTE6_MAX ? length : QUOTE6_MAX;
	uint8_t *icmp = out + IP6_MIN;

	out[0] = 0x60;
	put16(out + 4, ICMP_BYTES + quote);
	out[6] = ICMP6;
	out[7] = 64;
	memcpy(out + 8, ip + 24, 16);
	memcpy(out + 24, ip + 8, 16);
	icmp[0] = 2;
	put16(icmp + 6, mtu_bytes);
	memcpy(icmp + ICMP_BYTES, ip, quote);
	/* The pseudo-header of RFC 8200 §8.1: addresses, length, next header. */
	uint64_t pseudo = sum(out + 8, 32, ICMP_BYTES + quote + ICMP6);
	put16(icmp + 2, folded(sum(icmp, ICMP_BYTES + quote, pseudo)));
	return IP6_MIN + ICMP_BYTES + quote;
}

uint32_t cw_wan_too_big(const uint8_t *frame, uint32_t length, uint32_t mtu_bytes, uint8_t *answer)
{
	uint32_t at = ip_offset(frame, length);
	bool is_four = at > 0 && frame[at] >> 4 == 4;

	if (at == 0 || (frame[0] & 1) != 0)
		return 0;
	if (!(is_four ? is_answered4 : is_answered6)(frame + at, length - at))
		return 0;
	memset(answer, 0, CW_WAN_ANSWER_MAX);
	memcpy(answer, frame + 6, 6);
	memcpy(answer + 6, frame, 6);
	memcpy(answer + 12, frame + 12, at - 12);
	return at + (is_four ? answer4 : answer6)(frame + at, length - at, mtu_bytes, answer + at);
}
