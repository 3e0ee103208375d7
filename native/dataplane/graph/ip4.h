/* IPv4, TCP, UDP and Ethernet as they lie in a packet, and the few questions everyone asks of them. RFC 791, 793, 768. */
#ifndef CW_IP4_H
#define CW_IP4_H

#include <assert.h>
#include <rte_byteorder.h>
#include <stdbool.h>
#include <stdint.h>

#include "graph/csum.h"

struct cw_ether {
	uint8_t to[6];
	uint8_t from[6];
	uint16_t type;
};

#define CW_ETHER_IP4 0x0800
#define CW_ETHER_IP6 0x86dd

/*
 *  0                   1                   2                   3
 * |version|  ihl  |      tos      |         total length          |
 * |              id               |flags|     fragment offset     |
 * |      ttl      |   protocol    |           checksum            |
 * |                            source                             |
 * |                          destination                          |
 */
struct cw_ip4 {
	uint8_t version_ihl;
	uint8_t tos;
	uint16_t total_length;
	uint16_t id;
	uint16_t fragment;
	uint8_t ttl;
	uint8_t protocol;
	uint16_t checksum;
	uint32_t source;
	uint32_t destination;
} __attribute__((packed));

#define CW_IP4_DF 0x4000
#define CW_IP4_MF 0x2000
#define CW_IP4_OFFSET 0x1fff
#define CW_ECN_MASK 3
#define CW_ECN_ECT1 1
#define CW_ECN_ECT0 2
#define CW_ECN_CE 3

struct cw_udp {
	uint16_t source;
	uint16_t destination;
	uint16_t length;
	uint16_t checksum;
} __attribute__((packed));

struct cw_tcp {
	uint16_t source;
	uint16_t destination;
	uint32_t sequence;
	uint32_t acknowledgement;
	uint8_t data_offset; /* in the upper four bits, of four bytes */
	uint8_t flags;
	uint16_t window;
	uint16_t checksum;
	uint16_t urgent;
} __attribute__((packed));

#define CW_TCP_FIN 0x01
#define CW_TCP_SYN 0x02
#define CW_TCP_RST 0x04
#define CW_TCP_PSH 0x08
#define CW_TCP_ACK 0x10
#define CW_TCP_URG 0x20
#define CW_TCP_CWR 0x80

static_assert(sizeof(struct cw_ether) == 14, "Ethernet header");
static_assert(sizeof(struct cw_ip4) == 20, "IPv4 header");
static_assert(sizeof(struct cw_udp) == 8, "UDP header");
static_assert(sizeof(struct cw_tcp) == 20, "TCP header");

static inline struct cw_ip4 *cw_ip4(const uint8_t *l3)
{
	return (struct cw_ip4 *)(uintptr_t)l3;
}

static inline uint16_t cw_ip4_header_len(const struct cw_ip4 *ip)
{
	return (ip->version_ihl & 15) * 4;
}

static inline bool cw_ip4_is_fragment(const struct cw_ip4 *ip)
{
	return (ip->fragment & rte_cpu_to_be_16(CW_IP4_MF | CW_IP4_OFFSET)) != 0;
}

/* Whether the whole packet, of which this may be a fragment, ends where one can (RFC 791 §3.1): behind, places wrap. */
static inline bool cw_ip4_ends_in_time(const struct cw_ip4 *ip)
{
	uint32_t at = (rte_be_to_cpu_16(ip->fragment) & CW_IP4_OFFSET) * 8u;

	return at + rte_be_to_cpu_16(ip->total_length) <= UINT16_MAX;
}

/* This network, loopback, link-local, multicast, broadcast: what no router forwards (RFC 1122 §3.2.1.3, RFC 3927 §7). */
static inline bool cw_ip4_is_of_link(uint32_t address)
{
	uint32_t host = rte_be_to_cpu_32(address);
	uint32_t first = host >> 24;

	return first == 0 || first == 127 || first >> 4 == 14 || host >> 16 == 0xa9fe ||
	       host == UINT32_MAX;
}

/* Whether source and destination let the packet leave the link it was seen on. */
static inline bool cw_ip4_may_cross(const struct cw_ip4 *ip)
{
	return !cw_ip4_is_of_link(ip->source) && !cw_ip4_is_of_link(ip->destination);
}

/* Sum of the header; five words in nearly every packet. */
static inline uint64_t cw_ip4_header_sum(const void *header, uint16_t length)
{
	uint32_t words[5];

	if (length != sizeof(words))
		return cw_csum_add(0, header, length);
	memcpy(words, header, sizeof(words));
	return (uint64_t)words[0] + words[1] + words[2] + words[3] + words[4];
}

/* Whether `length` bytes hold an IPv4 packet whose header is sound (RFC 1812 §5.2.2). */
static inline bool cw_ip4_is_sound(const uint8_t *l3, uint32_t length)
{
	const struct cw_ip4 *ip = cw_ip4(l3);

	if (length < sizeof(*ip) || ip->version_ihl >> 4 != 4)
		return false;
	uint16_t header = cw_ip4_header_len(ip);
	uint16_t total = rte_be_to_cpu_16(ip->total_length);
	return header >= sizeof(*ip) && header <= total && total <= length &&
	       cw_csum_fold(cw_ip4_header_sum(l3, header)) == 0;
}

static inline void cw_ip4_set_checksum(struct cw_ip4 *ip)
{
	ip->checksum = 0;
	ip->checksum = cw_csum_fold(cw_ip4_header_sum(ip, cw_ip4_header_len(ip)));
}

/* One hop less, checksum kept true (RFC 1624). */
static inline void cw_ip4_decrement_ttl(struct cw_ip4 *ip)
{
	uint32_t sum = (uint32_t)ip->checksum + rte_cpu_to_be_16(0x0100);

	ip->checksum = (uint16_t)(sum + (sum >= 0xffff));
	ip->ttl--;
}

/* Sum of the pseudo header; not folded. */
static inline uint64_t cw_ip4_pseudo(const struct cw_ip4 *ip, uint32_t l4_len)
{
	return (uint64_t)(ip->source & 0xffff) + (ip->source >> 16) + (ip->destination & 0xffff) +
	       (ip->destination >> 16) + rte_cpu_to_be_16(ip->protocol) +
	       rte_cpu_to_be_16((uint16_t)l4_len);
}

#endif
