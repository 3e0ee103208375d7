/*
 * When TCP segments may be joined to a train: they differ in nothing but sequence and payload, and what a train cannot
 * say of all of them is in none. Then cutting the train gives back the same packets. `l3` is sound.
 */
#ifndef CW_JOIN_H
#define CW_JOIN_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "graph/csum.h"
#include "graph/l3.h"

/*
 * Bytes of the L3 header of a packet that could belong to a train: TCP right behind it, nothing in it that a train could
 * not say of all its segments. 0: none. Without DF the id of IPv4 says something (RFC 6864).
 */
static inline uint32_t cw_join_l3_len(const uint8_t *l3)
{
	const struct cw_ip4 *ip = cw_ip4(l3);

	if (cw_l3_is_ip6(l3))
		return cw_ip6(l3)->next_header == IPPROTO_TCP ? sizeof(struct cw_ip6) : 0;
	return ip->protocol == IPPROTO_TCP && ip->version_ihl == 0x45 && !cw_ip4_is_fragment(ip) ?
		       sizeof(*ip) :
		       0;
}

/* A plain data segment: nothing in it that a train could not say of all its segments. */
static inline bool cw_join_is_plain(const uint8_t *l3, const struct cw_tcp *tcp, uint32_t payload)
{
	return payload > 0 && (tcp->flags & ~CW_TCP_PSH) == CW_TCP_ACK && tcp->urgent == 0 &&
	       cw_l3_is_whole(l3);
}

static inline bool cw_join_is_right(const uint8_t *l3, const struct cw_tcp *tcp, uint32_t l4_len)
{
	return cw_csum_fold(cw_csum_add(cw_l3_pseudo(l3, IPPROTO_TCP, l4_len), tcp, l4_len)) == 0;
}

static inline uint32_t cw_join_ports(const struct cw_tcp *tcp)
{
	uint32_t ports;

	memcpy(&ports, tcp, sizeof(ports));
	return ports;
}

/* Of headers of one length: version and addresses. */
static inline bool cw_join_same_addresses(const uint8_t *have, const uint8_t *l3, uint32_t l3_len)
{
	return l3_len == sizeof(struct cw_ip6) ?
		       memcmp(cw_ip6(have)->source, cw_ip6(l3)->source, 32) == 0 :
		       memcmp(&cw_ip4(have)->source, &cw_ip4(l3)->source, 8) == 0;
}

/* What the L3 headers say beside addresses and length: TOS and TTL; class, flow label and hop limit. */
static inline bool cw_join_same_l3(const uint8_t *have, const uint8_t *l3)
{
	return cw_l3_is_ip6(l3) ? memcmp(have, l3, sizeof(cw_ip6(l3)->class_flow)) == 0 &&
					  cw_ip6(have)->hop_limit == cw_ip6(l3)->hop_limit :
				  cw_ip4(have)->tos == cw_ip4(l3)->tos &&
					  cw_ip4(have)->ttl == cw_ip4(l3)->ttl;
}

/* The same of TCP, whose headers both have `tcp_len` bytes if they agree. */
static inline bool cw_join_same_tcp(const struct cw_tcp *head, const struct cw_tcp *tcp, uint32_t tcp_len)
{
	return head->acknowledgement == tcp->acknowledgement && head->window == tcp->window &&
	       head->data_offset == tcp->data_offset &&
	       memcmp(head + 1, tcp + 1, tcp_len - sizeof(*tcp)) == 0;
}

/* Of a train the field holds the pseudo header's sum: whoever cuts it finishes it. */
static inline void cw_join_finish(uint8_t *l3, uint32_t l3_len, uint32_t length)
{
	struct cw_tcp *tcp = (struct cw_tcp *)(l3 + l3_len);

	cw_l3_set_total(l3, length);
	tcp->checksum = (uint16_t)~cw_csum_fold(cw_l3_pseudo(l3, IPPROTO_TCP, length - l3_len));
}

#endif
