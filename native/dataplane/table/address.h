/* Addresses of both families as 16 bytes in network order, IPv4 in its v4-mapped form. RFC 4291 §2.5.5.2. */
#ifndef CW_ADDRESS_H
#define CW_ADDRESS_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum cw_family { CW_V4, CW_V6, CW_FAMILIES };

/* The words hold the bytes as they lie in memory: to copy and to compare, not to reckon with. All zeros: none. */
struct cw_address {
	uint64_t words[2];
};

static_assert(sizeof(struct cw_address) == 16, "an address");

static inline bool cw_is_v4_mapped(const uint8_t address[16])
{
	uint64_t first;
	uint16_t zeros, ones;

	memcpy(&first, address, sizeof(first));
	memcpy(&zeros, address + 8, sizeof(zeros));
	memcpy(&ones, address + 10, sizeof(ones));
	return (first | zeros) == 0 && ones == 0xffff;
}

static inline const uint8_t *cw_address_bytes(const struct cw_address *address)
{
	return (const uint8_t *)address->words;
}

static inline struct cw_address cw_address_of(const uint8_t bytes[16])
{
	struct cw_address address;

	memcpy(address.words, bytes, sizeof(address.words));
	return address;
}

/* `v4` in network order. */
static inline struct cw_address cw_address_of_v4(uint32_t v4)
{
	const bool is_little = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__;

	return (struct cw_address){ { 0, is_little ? (uint64_t)v4 << 32 | 0xffff0000u : 0xffffull << 32 | v4 } };
}

static inline bool cw_address_is_v4(struct cw_address address)
{
	return cw_is_v4_mapped(cw_address_bytes(&address));
}

static inline enum cw_family cw_address_family(struct cw_address address)
{
	return cw_address_is_v4(address) ? CW_V4 : CW_V6;
}

/* Of a v4-mapped address: network order. */
static inline uint32_t cw_address_v4(struct cw_address address)
{
	uint32_t v4;

	memcpy(&v4, cw_address_bytes(&address) + 12, sizeof(v4));
	return v4;
}

static inline bool cw_address_is_none(struct cw_address address)
{
	return (address.words[0] | address.words[1]) == 0;
}

static inline bool cw_address_equal(struct cw_address a, struct cw_address b)
{
	return a.words[0] == b.words[0] && a.words[1] == b.words[1];
}

/* fe80::/10: good for a next hop, and for nothing that crosses a router (RFC 4291 §2.5.6). */
static inline bool cw_address_is_link_local(struct cw_address address)
{
	const uint8_t *bytes = cw_address_bytes(&address);

	return bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80;
}

/* Of 100::/64 (RFC 6666): no host, but a relay and a channel of it (causeway_traversal.h). */
static inline bool cw_address_is_relayed(struct cw_address address)
{
	static const uint8_t prefix[8] = { 0x01 };

	return memcmp(cw_address_bytes(&address), prefix, sizeof(prefix)) == 0;
}

/* ::1 (RFC 4291 §2.5.3) */
static inline bool cw_address_is_loopback6(struct cw_address address)
{
	static const uint8_t one[16] = { [15] = 1 };

	return memcmp(cw_address_bytes(&address), one, sizeof(one)) == 0;
}

/* One host that routes lead to: what is of a link would need to say of which. */
static inline bool cw_address_is_endpoint(struct cw_address address)
{
	const uint8_t *bytes = cw_address_bytes(&address);

	if (cw_address_is_v4(address))
		return bytes[12] != 0 && bytes[12] != 127 && bytes[12] < 224;
	return !cw_address_is_none(address) && !cw_address_is_loopback6(address) && !cw_address_is_link_local(address) && bytes[0] != 0xff &&
	       !cw_address_is_relayed(address);
}

/* Source and destination of the IPv4 or IPv6 packet at `l3`, whose version is one of the two. */
static inline struct cw_address cw_packet_source(const uint8_t *l3)
{
	uint32_t v4;

	if (l3[0] >> 4 == 6)
		return cw_address_of(l3 + 8);
	memcpy(&v4, l3 + 12, sizeof(v4));
	return cw_address_of_v4(v4);
}

static inline struct cw_address cw_packet_destination(const uint8_t *l3)
{
	uint32_t v4;

	if (l3[0] >> 4 == 6)
		return cw_address_of(l3 + 24);
	memcpy(&v4, l3 + 16, sizeof(v4));
	return cw_address_of_v4(v4);
}

#endif
