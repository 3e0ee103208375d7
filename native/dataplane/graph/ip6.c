/* See ip6.h. */
#include "graph/ip6.h"

#include <netinet/in.h>

#define MOBILITY 135
#define HIP 139
#define SHIM6 140

/* Bytes of the extension header `type` whose second byte is `words`; 0: no extension header. */
static uint32_t extension_len(uint8_t type, uint8_t words)
{
	switch (type) {
	case IPPROTO_HOPOPTS:
	case IPPROTO_ROUTING:
	case IPPROTO_DSTOPTS:
	case MOBILITY:
	case HIP:
	case SHIM6:
		return (words + 1) * 8u;
	case IPPROTO_AH: /* RFC 4302 §2.2 */
		return (words + 2) * 4u;
	case IPPROTO_FRAGMENT:
		return sizeof(struct cw_ip6_fragment);
	default:
		return 0;
	}
}

/* False: a second one (RFC 8200 §4.1), or one before data in which the chain of the whole packet goes on. */
static bool read_fragment(const uint8_t *header, struct cw_ip6_end *end)
{
	uint16_t offset_more;

	if (end->is_fragment)
		return false;
	memcpy(&offset_more, header + 2, sizeof(offset_more));
	end->fragment = rte_be_to_cpu_16(offset_more) & CW_IP6_OFFSET;
	memcpy(&end->id, header + 4, sizeof(end->id));
	end->is_fragment = true;
	return end->fragment == 0 || extension_len(header[0], 0) == 0;
}

bool cw_ip6_walk(const uint8_t *l3, uint32_t length, struct cw_ip6_end *end)
{
	*end = (struct cw_ip6_end){ .l4 = sizeof(struct cw_ip6), .protocol = cw_ip6(l3)->next_header };
	for (uint32_t count = 0; count <= CW_IP6_EXTENSIONS_MAX; count++) {
		uint8_t type = end->protocol;
		const uint8_t *header = l3 + end->l4;
		if (extension_len(type, 0) == 0)
			return true;
		/* Two bytes say how long it is, but only if they are there; each step goes forward. */
		if (end->l4 + 8 > length || count == CW_IP6_EXTENSIONS_MAX)
			return false;
		end->l4 += extension_len(type, header[1]);
		if (end->l4 > length)
			return false;
		end->protocol = header[0];
		if (type == IPPROTO_ROUTING)
			end->has_routing = true;
		if (type == IPPROTO_FRAGMENT && !read_fragment(header, end))
			return false;
	}
	return false;
}
