/*
 * IPv6 as it lies in a packet, and the few questions everyone asks of it. RFC 8200, RFC 4291, RFC 3168. A router looks
 * behind extension headers for trains, MSS and policy only: what it does not understand crosses as it is.
 */
#ifndef CW_IP6_H
#define CW_IP6_H

#include <assert.h>
#include <netinet/in.h>
#include <rte_byteorder.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "graph/csum.h"
#include "table/address.h"

#define CW_IP6_LEAST_MTU 1280 /* RFC 8200 §5: no path may carry less */
#define CW_IP6_EXTENSIONS_MAX 8

/*
 *  0                   1                   2                   3
 * |version| traffic class |              flow label               |
 * |        payload length         |  next header  |   hop limit   |
 * |                          source (16)                          |
 * |                        destination (16)                       |
 */
struct cw_ip6 {
	uint8_t class_flow[4];
	uint16_t payload_length;
	uint8_t next_header;
	uint8_t hop_limit;
	uint8_t source[16];
	uint8_t destination[16];
} __attribute__((packed));

/* |  next header  |   reserved    |     fragment offset     |res|M|, then the identification. */
struct cw_ip6_fragment {
	uint8_t next_header;
	uint8_t reserved;
	uint16_t offset_more; /* the offset in bytes once the last three bits are off */
	uint32_t id;
} __attribute__((packed));

#define CW_IP6_MORE 0x0001
#define CW_IP6_OFFSET 0xfff8

static_assert(sizeof(struct cw_ip6) == 40, "IPv6 header");
static_assert(sizeof(struct cw_ip6_fragment) == 8, "IPv6 fragment header");

/* Where a chain of headers ends. */
struct cw_ip6_end {
	uint32_t l4;       /* offset of what follows the chain, from the IPv6 header on */
	uint16_t fragment; /* offset of this fragment in bytes; its data begin at `l4` */
	uint8_t protocol;  /* of the whole packet's L4, which follows unless `fragment` is greater than 0 */
	bool is_fragment;
	uint32_t id;       /* of the whole packet, if it is one */
	bool has_routing;  /* the pseudo header's destination may be another (RFC 8200 §8.1) */
};

/*
 * Follows the headers of a sound packet, of which `length` bytes lie here, those of a first fragment too, in which all
 * have to be (RFC 7112). False: the chain is cut short, longer than CW_IP6_EXTENSIONS_MAX or goes on in data of a later
 * fragment, and which L4 it ends in is not known.
 */
bool cw_ip6_walk(const uint8_t *l3, uint32_t length, struct cw_ip6_end *end);

static inline struct cw_ip6 *cw_ip6(const uint8_t *l3)
{
	return (struct cw_ip6 *)(uintptr_t)l3;
}

/*
 * Whether `length` bytes hold an IPv6 packet that is all there. A payload length of zero before a hop-by-hop header
 * is a jumbogram's (RFC 2675), which no buffer of ours holds.
 */
static inline bool cw_ip6_is_sound(const uint8_t *l3, uint32_t length)
{
	const struct cw_ip6 *ip = cw_ip6(l3);

	if (length < sizeof(*ip) || ip->class_flow[0] >> 4 != 6)
		return false;
	uint32_t payload = rte_be_to_cpu_16(ip->payload_length);
	return sizeof(*ip) + payload <= length &&
	       (payload != 0 || ip->next_header != IPPROTO_HOPOPTS);
}

static inline bool cw_ip6_is_multicast(const uint8_t address[16])
{
	return address[0] == 0xff;
}

/* Unspecified, loopback and link-local addresses, which no router forwards (RFC 4291 §2.5). */
static inline bool cw_ip6_is_of_link(const uint8_t address[16])
{
	static const uint8_t zeros[15];

	return (address[0] == 0xfe && (address[1] & 0xc0) == 0x80) ||
	       (memcmp(address, zeros, sizeof(zeros)) == 0 && address[15] <= 1);
}

/* In our tables such an address is an IPv4 one (address.h): no packet may claim it (RFC 4291 §2.5.5.2 has it for APIs). */
static inline bool cw_ip6_has_v4_mapped(const struct cw_ip6 *ip)
{
	return cw_is_v4_mapped(ip->source) || cw_is_v4_mapped(ip->destination);
}

/* Whether source and destination let the packet leave the link it was seen on. */
static inline bool cw_ip6_may_cross(const struct cw_ip6 *ip)
{
	return !cw_ip6_is_multicast(ip->source) && !cw_ip6_is_multicast(ip->destination) &&
	       !cw_ip6_is_of_link(ip->source) && !cw_ip6_is_of_link(ip->destination);
}

static inline uint8_t cw_ip6_class(const struct cw_ip6 *ip)
{
	return (uint8_t)(ip->class_flow[0] << 4 | ip->class_flow[1] >> 4);
}

static inline void cw_ip6_set_class(struct cw_ip6 *ip, uint8_t class)
{
	ip->class_flow[0] = (uint8_t)(0x60 | class >> 4);
	ip->class_flow[1] = (uint8_t)(class << 4 | (ip->class_flow[1] & 0x0f));
}

static inline void cw_ip6_set_ecn(struct cw_ip6 *ip, uint8_t ecn)
{
	ip->class_flow[1] = (uint8_t)((ip->class_flow[1] & ~0x30) | (ecn & 3) << 4);
}

/* Sum of the pseudo header; not folded. */
static inline uint64_t cw_ip6_pseudo(const struct cw_ip6 *ip, uint8_t protocol, uint32_t l4_len)
{
	return cw_csum_add((uint64_t)rte_cpu_to_be_32(l4_len) + rte_cpu_to_be_32(protocol), ip->source,
			   sizeof(ip->source) + sizeof(ip->destination));
}

#endif
