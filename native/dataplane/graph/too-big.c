/* See too-big.h. */
#include "graph/too-big.h"

#include <netinet/in.h>
#include <string.h>

#include "graph/l3.h"

#define ANSWER4_MAX 576
#define HOPS 64
#define ICMP_ECHO_REPLY 0
#define ICMP_UNREACHABLE 3
#define ICMP_FRAGMENTATION_NEEDED 4
#define ICMP_ECHO 8
#define ICMP6_TOO_BIG 2
#define ICMP6_INFORMATIONAL 128
#define ICMP6_REDIRECT 137

struct icmp {
	uint8_t type;
	uint8_t code;
	uint16_t checksum;
	uint16_t zero;
	uint16_t mtu;
};

struct icmp6 {
	uint8_t type;
	uint8_t code;
	uint16_t checksum;
	uint32_t mtu;
};

/* RFC 1812 §4.3.2.7: never about an ICMP error, a later fragment, or to what is no single host. */
static bool may_answer4(const struct cw_ip4 *ip, uint32_t length)
{
	uint32_t source = rte_be_to_cpu_32(ip->source);
	uint32_t header = cw_ip4_header_len(ip);
	const uint8_t *l4 = (const uint8_t *)ip + header;

	if (ip->fragment & rte_cpu_to_be_16(CW_IP4_OFFSET))
		return false;
	if (source == 0 || source >> 28 >= 14 || source >> 24 == 127)
		return false;
	if (ip->protocol != IPPROTO_ICMP || length <= header)
		return true;
	return l4[0] == ICMP_ECHO_REPLY || l4[0] == ICMP_ECHO;
}

/* RFC 4443 §2.4 (e): of ICMPv6 only what is known to be neither an error nor a redirect. */
static bool may_answer6(const struct cw_ip6 *ip, uint32_t length)
{
	const uint8_t *l3 = (const uint8_t *)ip;
	struct cw_ip6_end end;

	if (!cw_ip6_may_cross(ip) || !cw_ip6_walk(l3, length, &end))
		return false;
	if (end.protocol != IPPROTO_ICMPV6)
		return true;
	return end.fragment == 0 && end.l4 < length && l3[end.l4] >= ICMP6_INFORMATIONAL &&
	       l3[end.l4] != ICMP6_REDIRECT;
}

static uint32_t answer4(uint8_t *to, const uint8_t *from, const struct cw_ip4 *about, uint32_t length,
			uint32_t mtu)
{
	struct cw_ip4 *ip = cw_ip4(to);
	struct icmp *icmp = (struct icmp *)(ip + 1);
	uint32_t most = ANSWER4_MAX - sizeof(*ip) - sizeof(*icmp);
	uint32_t quote = length < most ? length : most;
	uint32_t total = sizeof(*ip) + sizeof(*icmp) + quote;

	*ip = (struct cw_ip4){ .version_ihl = 0x45,
			       .tos = 0xc0, /* RFC 1812 §4.3.2.5 */
			       .total_length = rte_cpu_to_be_16((uint16_t)total),
			       .ttl = HOPS,
			       .protocol = IPPROTO_ICMP,
			       .destination = about->source };
	memcpy(&ip->source, from, sizeof(ip->source));
	cw_ip4_set_checksum(ip);
	*icmp = (struct icmp){ .type = ICMP_UNREACHABLE,
			       .code = ICMP_FRAGMENTATION_NEEDED,
			       .mtu = rte_cpu_to_be_16((uint16_t)mtu) };
	memcpy(icmp + 1, about, quote);
	icmp->checksum = cw_csum_fold(cw_csum_add(0, icmp, sizeof(*icmp) + quote));
	return total;
}

static uint32_t answer6(uint8_t *to, const uint8_t *from, const struct cw_ip6 *about, uint32_t length,
			uint32_t mtu)
{
	struct cw_ip6 *ip = cw_ip6(to);
	struct icmp6 *icmp = (struct icmp6 *)(ip + 1);
	uint32_t most = CW_TOO_BIG_MAX - sizeof(*ip) - sizeof(*icmp);
	uint32_t quote = length < most ? length : most;
	uint32_t l4_len = sizeof(*icmp) + quote;

	*ip = (struct cw_ip6){ .class_flow = { 0x60 },
			       .payload_length = rte_cpu_to_be_16((uint16_t)l4_len),
			       .next_header = IPPROTO_ICMPV6,
			       .hop_limit = HOPS };
	memcpy(ip->source, from, sizeof(ip->source));
	memcpy(ip->destination, about->source, sizeof(ip->destination));
	*icmp = (struct icmp6){ .type = ICMP6_TOO_BIG, .mtu = rte_cpu_to_be_32(mtu) };
	memcpy(icmp + 1, about, quote);
	icmp->checksum =
		cw_csum_fold(cw_csum_add(cw_ip6_pseudo(ip, IPPROTO_ICMPV6, l4_len), icmp, l4_len));
	return sizeof(*ip) + l4_len;
}

uint32_t cw_too_big(uint8_t *answer, const uint8_t *from, const uint8_t *packet, uint32_t length,
		    uint32_t mtu)
{
	if (cw_l3_is_ip6(packet))
		return may_answer6(cw_ip6(packet), length) ?
			       answer6(answer, from, cw_ip6(packet), length, mtu) :
			       0;
	return may_answer4(cw_ip4(packet), length) ?
		       answer4(answer, from, cw_ip4(packet), length, mtu) :
		       0;
}
