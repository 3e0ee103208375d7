/*
 * Packets for tests, and the slow readings of them that the dataplane is compared with: checksums
 * word by word as RFC 1071 §4.1 has it, and what a TCP or UDP packet must be to be right. Shares no
 * code with the dataplane.
 */
#ifndef CW_PACKET_H
#define CW_PACKET_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define PACKET_TCP 6
#define PACKET_UDP 17

static inline uint32_t packet_u16(const uint8_t *at)
{
	return (uint32_t)at[0] << 8 | at[1];
}

static inline uint32_t packet_u32(const uint8_t *at)
{
	return packet_u16(at) << 16 | packet_u16(at + 2);
}

static inline void packet_put16(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static inline void packet_put32(uint8_t *at, uint32_t value)
{
	packet_put16(at, value >> 16);
	packet_put16(at + 2, value);
}

static inline uint32_t packet_sum(uint32_t sum, const uint8_t *data, uint32_t length)
{
	for (uint32_t i = 0; i < length; i++) {
		sum += i % 2 == 0 ? (uint32_t)data[i] << 8 : data[i];
		sum = (sum & 0xffff) + (sum >> 16);
	}
	return sum;
}

static inline uint32_t packet_header_len(const uint8_t *ip)
{
	return (ip[0] & 15) * 4u;
}

static inline bool packet_is6(const uint8_t *ip)
{
	return ip[0] >> 4 == 6;
}

/* Where the L4 header of a sound packet begins and of what kind it is; 0: behind the end. */
static inline uint32_t packet_l4(const uint8_t *ip, uint32_t length, uint8_t *protocol)
{
	uint32_t at = packet_is6(ip) ? 40 : packet_header_len(ip);

	*protocol = packet_is6(ip) ? ip[6] : ip[9];
	while (packet_is6(ip) && (*protocol == 0 || *protocol == 43 || *protocol == 60)) {
		if (at + 8 > length)
			return 0;
		*protocol = ip[at];
		at += 8 * (ip[at + 1] + 1u);
	}
	return at <= length ? at : 0;
}

/* Sum of pseudo header and L4 packet: 0xffff if the checksum in it is right. */
static inline uint32_t packet_l4_sum(const uint8_t *ip, uint32_t length)
{
	uint8_t protocol;
	uint32_t header = packet_l4(ip, length, &protocol);
	const uint8_t rest[4] = { 0, protocol, (uint8_t)((length - header) >> 8),
				  (uint8_t)(length - header) };
	uint32_t sum = packet_is6(ip) ? packet_sum(0, ip + 8, 32) : packet_sum(0, ip + 12, 8);

	return packet_sum(packet_sum(sum, rest, 4), ip + header, length - header);
}

static inline uint8_t *packet_l4_checksum(uint8_t *ip)
{
	uint8_t protocol;
	uint32_t at = packet_l4(ip, UINT16_MAX, &protocol);

	return ip + at + (protocol == PACKET_TCP ? 16 : protocol == PACKET_UDP ? 6 : 2);
}

/* Whether the checksum of the header, where it has one, and the length are right. */
static inline bool packet_is_sound(const uint8_t *ip, uint32_t length)
{
	return packet_is6(ip) ? 40 + packet_u16(ip + 4) == length :
				packet_u16(ip + 2) == length &&
					packet_sum(0, ip, packet_header_len(ip)) == 0xffff;
}

/*
 * Whether both checksums are right and the lengths say `length`; of UDP, that there is a checksum.
 */
static inline bool packet_is_right(uint8_t *ip, uint32_t length)
{
	uint8_t protocol;
	uint32_t header = packet_l4(ip, length, &protocol);

	if (!packet_is_sound(ip, length) || packet_l4_sum(ip, length) != 0xffff)
		return false;
	return protocol != PACKET_UDP ||
	       (packet_u16(ip + header + 4) == length - header && packet_u16(ip + header + 6) != 0);
}

static inline void packet_finish_ip(uint8_t *ip)
{
	packet_put16(ip + 10, 0);
	packet_put16(ip + 10, ~packet_sum(0, ip, packet_header_len(ip)));
}

/* The L4 checksum; one that comes out as zero is sent as ones (RFC 768). */
static inline void packet_finish_l4(uint8_t *ip, uint32_t length)
{
	uint8_t *field = packet_l4_checksum(ip);

	packet_put16(field, 0);
	uint32_t sum = ~packet_l4_sum(ip, length) & 0xffff;
	packet_put16(field, sum == 0 ? 0xffff : sum);
}

/* Lengths and both checksums. */
static inline void packet_finish(uint8_t *ip, uint32_t length)
{
	uint8_t protocol;
	uint32_t header = packet_l4(ip, length, &protocol);

	if (packet_is6(ip)) {
		packet_put16(ip + 4, length - 40);
	} else {
		packet_put16(ip + 2, length);
		packet_finish_ip(ip);
	}
	if (protocol == PACKET_UDP)
		packet_put16(ip + header + 4, length - header);
	packet_finish_l4(ip, length);
}

/*
 * An IPv4 header of `header` bytes (options are NOPs) at `ip`; TTL 64, DF. Addresses in host order.
 * The rest, lengths and checksums included, is the caller's.
 */
static inline void packet_ip(uint8_t *ip, uint32_t header, uint8_t protocol, uint32_t source,
			     uint32_t destination)
{
	memset(ip, 0, 20);
	memset(ip + 20, 1, header - 20);
	ip[0] = (uint8_t)(0x40 | header / 4);
	ip[6] = 0x40;
	ip[8] = 64;
	ip[9] = protocol;
	packet_put32(ip + 12, source);
	packet_put32(ip + 16, destination);
}

/*
 * An IPv6 header and extension headers, `header` bytes in all (a multiple of 8), at `ip`; hop limit 64. Addresses are
 * fd00:: with these last 32 bits. The rest is the caller's.
 */
static inline void packet_ip6(uint8_t *ip, uint32_t header, uint8_t protocol, uint32_t source,
			      uint32_t destination)
{
	memset(ip, 0, header);
	ip[0] = 0x60;
	ip[6] = header > 40 ? 60 : protocol;
	ip[7] = 64;
	ip[8] = ip[24] = 0xfd;
	packet_put32(ip + 20, source);
	packet_put32(ip + 36, destination);
	/* Destination options of eight bytes each, and padding in them: RFC 8200 §4.2. */
	for (uint32_t at = 40; at < header; at += 8) {
		ip[at] = at + 8 < header ? 60 : protocol;
		ip[at + 2] = 1;
		ip[at + 3] = 4;
	}
}

#endif
