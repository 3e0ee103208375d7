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

/* Sum of pseudo header and L4 packet: 0xffff if the checksum in it is right. */
static inline uint32_t packet_l4_sum(const uint8_t *ip, uint32_t length)
{
	uint32_t header = packet_header_len(ip);
	const uint8_t rest[4] = { 0, ip[9], (uint8_t)((length - header) >> 8),
				  (uint8_t)(length - header) };

	return packet_sum(packet_sum(packet_sum(0, ip + 12, 8), rest, 4), ip + header,
			  length - header);
}

static inline uint8_t *packet_l4_checksum(uint8_t *ip)
{
	return ip + packet_header_len(ip) + (ip[9] == PACKET_TCP ? 16 : 6);
}

/*
 * Whether both checksums are right and the lengths say `length`; of UDP, that there is a checksum.
 */
static inline bool packet_is_right(uint8_t *ip, uint32_t length)
{
	uint32_t header = packet_header_len(ip);

	if (packet_sum(0, ip, header) != 0xffff || packet_u16(ip + 2) != length ||
	    packet_l4_sum(ip, length) != 0xffff)
		return false;
	return ip[9] != PACKET_UDP ||
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
	packet_put16(ip + 2, length);
	packet_finish_ip(ip);
	if (ip[9] == PACKET_UDP)
		packet_put16(ip + packet_header_len(ip) + 4, length - packet_header_len(ip));
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

#endif
