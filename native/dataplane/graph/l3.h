/* What a packet of either family says of itself. `l3` is sound: cw_l3_is_sound() said so. */
#ifndef CW_L3_H
#define CW_L3_H

#include "graph/ip4.h"
#include "graph/ip6.h"

static inline bool cw_l3_is_ip6(const uint8_t *l3)
{
	return l3[0] >> 4 == 6;
}

static inline bool cw_l3_is_sound(const uint8_t *l3, uint32_t length)
{
	return length > 0 && cw_l3_is_ip6(l3) ? cw_ip6_is_sound(l3, length) :
						cw_ip4_is_sound(l3, length);
}

/* Whether a sound header means what it says: behind the end of every packet, or as of the other family, it would not. */
static inline bool cw_l3_is_honest(const uint8_t *l3)
{
	return cw_l3_is_ip6(l3) ? !cw_ip6_has_v4_mapped(cw_ip6(l3)) : cw_ip4_ends_in_time(cw_ip4(l3));
}

static inline bool cw_l3_may_cross(const uint8_t *l3)
{
	return cw_l3_is_ip6(l3) ? cw_ip6_may_cross(cw_ip6(l3)) : cw_ip4_may_cross(cw_ip4(l3));
}

/* Bytes of the whole packet, by its header. */
static inline uint32_t cw_l3_total(const uint8_t *l3)
{
	return cw_l3_is_ip6(l3) ?
		       sizeof(struct cw_ip6) + rte_be_to_cpu_16(cw_ip6(l3)->payload_length) :
		       rte_be_to_cpu_16(cw_ip4(l3)->total_length);
}

/* Makes the header say `length`, checksum included. */
static inline void cw_l3_set_total(uint8_t *l3, uint32_t length)
{
	if (cw_l3_is_ip6(l3)) {
		cw_ip6(l3)->payload_length =
			rte_cpu_to_be_16((uint16_t)(length - sizeof(struct cw_ip6)));
	} else {
		cw_ip4(l3)->total_length = rte_cpu_to_be_16((uint16_t)length);
		cw_ip4_set_checksum(cw_ip4(l3));
	}
}

/* TOS or traffic class: DSCP and ECN. RFC 2474, RFC 3168. */
static inline uint8_t cw_l3_class(const uint8_t *l3)
{
	return cw_l3_is_ip6(l3) ? cw_ip6_class(cw_ip6(l3)) : cw_ip4(l3)->tos;
}

static inline void cw_l3_set_ecn(uint8_t *l3, uint8_t ecn)
{
	if (cw_l3_is_ip6(l3)) {
		cw_ip6_set_ecn(cw_ip6(l3), ecn);
	} else {
		cw_ip4(l3)->tos = (cw_ip4(l3)->tos & ~CW_ECN_MASK) | ecn;
		cw_ip4_set_checksum(cw_ip4(l3));
	}
}

/* ECN is kept. RFC 2474 §3. */
static inline void cw_l3_set_dscp(uint8_t *l3, uint8_t dscp)
{
	uint8_t class = (uint8_t)(dscp << 2 | (cw_l3_class(l3) & CW_ECN_MASK));

	if (cw_l3_is_ip6(l3)) {
		cw_ip6_set_class(cw_ip6(l3), class);
	} else {
		cw_ip4(l3)->tos = class;
		cw_ip4_set_checksum(cw_ip4(l3));
	}
}

static inline uint8_t cw_l3_hops_left(const uint8_t *l3)
{
	return cw_l3_is_ip6(l3) ? cw_ip6(l3)->hop_limit : cw_ip4(l3)->ttl;
}

static inline void cw_l3_decrement_hops(uint8_t *l3)
{
	if (cw_l3_is_ip6(l3))
		cw_ip6(l3)->hop_limit--;
	else
		cw_ip4_decrement_ttl(cw_ip4(l3));
}

/* Whether a router on the way may not cut it into fragments: IPv6 never, IPv4 with DF. */
static inline bool cw_l3_is_whole(const uint8_t *l3)
{
	return cw_l3_is_ip6(l3) ||
	       (cw_ip4(l3)->fragment & rte_cpu_to_be_16(CW_IP4_DF)) != 0;
}

/* Sum of the pseudo header before an L4 packet of `protocol`; not folded. */
static inline uint64_t cw_l3_pseudo(const uint8_t *l3, uint8_t protocol, uint32_t l4_len)
{
	return cw_l3_is_ip6(l3) ? cw_ip6_pseudo(cw_ip6(l3), protocol, l4_len) :
				  cw_ip4_pseudo(cw_ip4(l3), l4_len);
}

/* Writes the checksum of a whole TCP or UDP packet of `l4_len` bytes behind its L3 header: RFC 1071, RFC 768. */
static inline void cw_l3_finish_l4(uint8_t *l3, uint32_t l3_len, uint8_t protocol, uint32_t l4_len)
{
	uint8_t *l4 = l3 + l3_len;
	uint8_t *field = l4 + (protocol == IPPROTO_TCP ? 16 : 6);

	memset(field, 0, 2);
	uint16_t checksum = cw_csum_fold(cw_csum_add(cw_l3_pseudo(l3, protocol, l4_len), l4, l4_len));
	/* UDP sends a computed zero as ones, for zero says "none"; TCP does not mind. */
	if (checksum == 0)
		checksum = 0xffff;
	memcpy(field, &checksum, sizeof(checksum));
}

#endif
