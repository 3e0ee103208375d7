/* See rtnetlink.h. */
#include "table/rtnetlink.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "table/mirror.h"

/* IFF_LOWER_UP: <linux/if.h> has it, which <net/if.h> does not let in. */
#define LOWER_UP 0x10000
#define USABLE (NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE | NUD_PERMANENT | NUD_NOARP)

int cw_rtnetlink_open(uint32_t groups)
{
	struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = groups };
	struct timeval limit = { .tv_sec = 2 };
	int size = 4 << 20;
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
		int rc = -errno;
		close(fd);
		return rc;
	}
	return fd;
}

static bool is_of_neighbours(const void *datagram, size_t length)
{
	const struct nlmsghdr *m = datagram;

	for (ssize_t left = (ssize_t)length; NLMSG_OK(m, left); m = NLMSG_NEXT(m, left)) {
		if (m->nlmsg_type != RTM_NEWNEIGH && m->nlmsg_type != RTM_DELNEIGH)
			return false;
	}
	return true;
}

bool cw_rtnetlink_drain(int fd)
{
	char buffer[16384] __attribute__((aligned(NLMSG_ALIGNTO)));
	bool is_only = true;

	for (int i = 0; i < 4096; i++) {
		ssize_t n = recv(fd, buffer, sizeof(buffer), MSG_DONTWAIT | MSG_TRUNC);
		if (n < 0 && errno != ENOBUFS)
			return is_only;
		is_only = is_only && n >= 0 && (size_t)n <= sizeof(buffer) && is_of_neighbours(buffer, (size_t)n);
	}
	return is_only;
}

static const struct rtattr *find(const struct rtattr *a, int length, unsigned short type, size_t size)
{
	for (; RTA_OK(a, length); a = RTA_NEXT(a, length)) {
		if ((a->rta_type & NLA_TYPE_MASK) == type && RTA_PAYLOAD(a) >= size)
			return a;
	}
	return NULL;
}

static uint32_t read_u32(const struct rtattr *a)
{
	uint32_t value = 0;

	if (a != NULL)
		memcpy(&value, RTA_DATA(a), sizeof(value));
	return value;
}

/* FNV-1a over what matters of a link; summed, since the order of a dump means nothing. */
static uint64_t digest(const struct ifinfomsg *info, const char *name)
{
	uint32_t flags = info->ifi_flags & (IFF_UP | LOWER_UP);
	uint64_t hash = 0xcbf29ce484222325u ^ (uint64_t)(uint32_t)info->ifi_index << 32 ^ flags;

	for (; *name != 0; name++)
		hash = (hash ^ (uint8_t)*name) * 0x100000001b3u;
	return hash * 0x9e3779b97f4a7c15u;
}

static void note_link(struct cw_mirror_state *state, const struct nlmsghdr *message)
{
	const struct ifinfomsg *info = NLMSG_DATA(message);
	const struct rtattr *attribute = find(IFLA_RTA(info), IFLA_PAYLOAD(message), IFLA_IFNAME, 1);
	char name[IFNAMSIZ] = "";

	if (attribute == NULL)
		return;
	size_t length = RTA_PAYLOAD(attribute);
	memcpy(name, RTA_DATA(attribute), length < IFNAMSIZ ? length : IFNAMSIZ - 1);
	state->links_digest += digest(info, name);
	for (uint32_t i = 0; i < state->link_count; i++) {
		if (strcmp(state->links[i].name, name) == 0)
			state->links[i].ifindex = info->ifi_index;
	}
}

static bool is_known(const struct cw_mirror_state *state, int ifindex)
{
	for (uint32_t i = 0; i < state->link_count; i++) {
		if (state->links[i].ifindex == ifindex)
			return true;
	}
	return false;
}

/* The address in an attribute of 4 or 16 bytes, as the family has it; none without. */
static struct cw_address read_address(const struct rtattr *a, uint8_t family)
{
	size_t size = family == AF_INET ? 4 : 16;
	uint32_t v4;

	if (a == NULL || RTA_PAYLOAD(a) < size)
		return (struct cw_address){ { 0, 0 } };
	if (family == AF_INET6)
		return cw_address_of(RTA_DATA(a));
	memcpy(&v4, RTA_DATA(a), sizeof(v4));
	return cw_address_of_v4(v4);
}

static bool is_internet(uint8_t family)
{
	return family == AF_INET || family == AF_INET6;
}

static void add_address(struct cw_mirror_state *state, const struct nlmsghdr *message)
{
	const struct ifaddrmsg *info = NLMSG_DATA(message);
	int length = IFA_PAYLOAD(message);
	const struct rtattr *address = find(IFA_RTA(info), length, IFA_LOCAL, 4);
	const struct rtattr *flags = find(IFA_RTA(info), length, IFA_FLAGS, 4);

	if (address == NULL)
		address = find(IFA_RTA(info), length, IFA_ADDRESS, 4);
	if (!is_internet(info->ifa_family) || address == NULL || !is_known(state, (int)info->ifa_index))
		return;
	if (state->address_count == CW_MIRROR_ADDRESSES_MAX) {
		state->overflow.addresses++;
		return;
	}
	uint32_t is = flags != NULL ? read_u32(flags) : info->ifa_flags;
	uint32_t unfit = info->ifa_family == AF_INET6 ?
				 IFA_F_TENTATIVE | IFA_F_DADFAILED | IFA_F_DEPRECATED | IFA_F_TEMPORARY :
				 0;
	state->addresses[state->address_count++] = (struct cw_mirror_address){
		.ifindex = (int)info->ifa_index,
		.is_source = (is & unfit) == 0,
		.address = read_address(address, info->ifa_family),
	};
}

/* A next hop of the other family, RFC 8950, stands in an attribute of its own. */
static struct cw_address read_gateway(const struct rtattr *attributes, int length, uint8_t family)
{
	const struct rtattr *via = find(attributes, length, RTA_VIA, sizeof(struct rtvia) + 16);

	if (via == NULL)
		return read_address(find(attributes, length, RTA_GATEWAY, 4), family);
	return cw_address_of(((const struct rtvia *)RTA_DATA(via))->rtvia_addr);
}

/* The prefix ::/0 and its like have no attribute; 0.0.0.0/0 is ::ffff:0:0/96 here. */
static struct cw_address read_prefix(const struct rtattr *attributes, int length, uint8_t family)
{
	const struct rtattr *prefix = find(attributes, length, RTA_DST, 4);

	return prefix == NULL && family == AF_INET ? cw_address_of_v4(0) :
						     read_address(prefix, family);
}

static void add_route(struct cw_mirror_state *state, const struct nlmsghdr *message)
{
	const struct rtmsg *info = NLMSG_DATA(message);
	const struct rtattr *attributes = RTM_RTA(info);
	int length = RTM_PAYLOAD(message);
	const struct rtattr *device = find(attributes, length, RTA_OIF, 4);
	const struct rtattr *table = find(attributes, length, RTA_TABLE, 4);
	bool is_v4 = info->rtm_family == AF_INET;

	/* What the kernel learned of single destinations (RTM_F_CLONED: their MTU, say) are no routes. */
	if (!is_internet(info->rtm_family) || info->rtm_type != RTN_UNICAST || device == NULL ||
	    info->rtm_flags & RTM_F_CLONED || info->rtm_dst_len > (is_v4 ? 32 : 128) ||
	    !is_known(state, (int)read_u32(device)))
		return;
	if (state->route_count == CW_MIRROR_ROUTES_MAX) {
		state->overflow.routes++;
		return;
	}
	state->routes[state->route_count++] = (struct cw_mirror_route){
		.prefix = read_prefix(attributes, length, info->rtm_family),
		.gateway = read_gateway(attributes, length, info->rtm_family),
		.ifindex = (int)read_u32(device),
		.metric = read_u32(find(attributes, length, RTA_PRIORITY, 4)),
		.table = table != NULL ? read_u32(table) : info->rtm_table,
		.prefix_len = info->rtm_dst_len + (is_v4 ? 96 : 0),
	};
}

static void add_neighbour(struct cw_mirror_state *state, const struct nlmsghdr *message)
{
	const struct ndmsg *info = NLMSG_DATA(message);
	const struct rtattr *attributes =
		(const struct rtattr *)((const char *)info + NLMSG_ALIGN(sizeof(*info)));
	int length = (int)NLMSG_PAYLOAD(message, sizeof(*info));
	const struct rtattr *address = find(attributes, length, NDA_DST, 4);
	const struct rtattr *mac = find(attributes, length, NDA_LLADDR, 6);

	if (!is_internet(info->ndm_family) || !(info->ndm_state & USABLE) || !address || !mac ||
	    !is_known(state, info->ndm_ifindex))
		return;
	/* The kernel lists group addresses too; nothing is broadcast into a LAN from afar (RFC 2644). */
	if (*(const uint8_t *)RTA_DATA(mac) & 1)
		return;
	if (state->neighbour_count == CW_NEIGHBOURS_MAX) {
		state->overflow.neighbours++;
		return;
	}
	struct cw_mirror_neighbour *neighbour = &state->neighbours[state->neighbour_count++];
	neighbour->ifindex = info->ndm_ifindex;
	neighbour->address = read_address(address, info->ndm_family);
	neighbour->is_stale = (info->ndm_state & (NUD_STALE | NUD_DELAY | NUD_PROBE)) != 0;
	memcpy(neighbour->mac, RTA_DATA(mac), 6);
}

static void add(struct cw_mirror_state *state, const struct nlmsghdr *message)
{
	/* The longest of the four heads: with less behind it no message has an attribute that counts. */
	if (message->nlmsg_len < NLMSG_LENGTH(sizeof(struct ifinfomsg)))
		return;
	switch (message->nlmsg_type) {
	case RTM_NEWLINK:
		note_link(state, message);
		break;
	case RTM_NEWADDR:
		add_address(state, message);
		break;
	case RTM_NEWROUTE:
		add_route(state, message);
		break;
	case RTM_NEWNEIGH:
		add_neighbour(state, message);
		break;
	default:
		break;
	}
}

int cw_rtnetlink_read(struct cw_mirror_state *state, const void *datagram, size_t length, uint32_t sequence)
{
	const struct nlmsghdr *m = datagram;

	for (ssize_t left = (ssize_t)length; NLMSG_OK(m, left); m = NLMSG_NEXT(m, left)) {
		if (m->nlmsg_seq != sequence)
			continue;
		if (m->nlmsg_type == NLMSG_DONE)
			return 0;
		if (m->nlmsg_type == NLMSG_ERROR)
			return -EPROTO;
		add(state, m);
	}
	return 1;
}

/* Of its body only the first byte matters, the family; the kernel logs whoever sends one that is too long or too short. */
static size_t body_size(uint16_t type)
{
	switch (type) {
	case RTM_GETLINK:
		return sizeof(struct ifinfomsg);
	case RTM_GETADDR:
		return sizeof(struct ifaddrmsg);
	case RTM_GETNEIGH:
		return sizeof(struct ndmsg);
	default:
		return sizeof(struct rtmsg);
	}
}

static int dump_one(int fd, uint16_t type, uint8_t family, struct cw_mirror_state *state)
{
	static uint32_t sequence;
	struct {
		struct nlmsghdr head;
		uint8_t body[sizeof(struct ifinfomsg)]; /* the largest */
	} request = {
		.head = { .nlmsg_len = NLMSG_LENGTH(body_size(type)),
			  .nlmsg_type = type,
			  .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
			  .nlmsg_seq = ++sequence },
		.body = { family },
	};
	char buffer[65536] __attribute__((aligned(NLMSG_ALIGNTO)));
	int rc = 1;

	if (send(fd, &request, request.head.nlmsg_len, 0) < 0)
		return -errno;
	while (rc > 0) {
		ssize_t n = recv(fd, buffer, sizeof(buffer), 0);
		if (n < 0)
			return -errno;
		rc = cw_rtnetlink_read(state, buffer, (size_t)n, request.head.nlmsg_seq);
	}
	return rc;
}

static int dump_families(int fd, uint16_t type, struct cw_mirror_state *state)
{
	int rc = dump_one(fd, type, AF_INET, state);

	return rc == 0 ? dump_one(fd, type, AF_INET6, state) : rc;
}

int cw_rtnetlink_dump_neighbours(int fd, struct cw_mirror_state *state)
{
	state->overflow.neighbours = state->neighbour_count = 0;
	return dump_families(fd, RTM_GETNEIGH, state);
}

int cw_rtnetlink_dump(int fd, struct cw_mirror_state *state)
{
	state->links_digest = 0;
	state->overflow = (struct cw_overflow){ 0 };
	state->address_count = state->route_count = 0;
	for (uint32_t i = 0; i < state->link_count; i++)
		state->links[i].ifindex = 0;
	int rc = dump_one(fd, RTM_GETLINK, AF_UNSPEC, state);

	if (rc == 0)
		rc = dump_families(fd, RTM_GETADDR, state);
	if (rc == 0)
		rc = dump_families(fd, RTM_GETROUTE, state);
	return rc == 0 ? cw_rtnetlink_dump_neighbours(fd, state) : rc;
}

void cw_rtnetlink_use(int fd, int ifindex, struct cw_address address)
{
	bool is_v4 = cw_address_is_v4(address);
	uint32_t size = is_v4 ? 4 : 16;
	struct {
		struct nlmsghdr head;
		struct ndmsg body;
		struct rtattr attribute;
		uint8_t address[16];
	} request = {
		.head = { .nlmsg_len = sizeof(request) - 16 + size,
			  .nlmsg_type = RTM_NEWNEIGH,
			  .nlmsg_flags = NLM_F_REQUEST | NLM_F_CREATE },
		.body = { .ndm_family = is_v4 ? AF_INET : AF_INET6,
			  .ndm_ifindex = ifindex,
			  .ndm_flags = NTF_USE },
		.attribute = { .rta_len = RTA_LENGTH(size), .rta_type = NDA_DST },
	};

	memcpy(request.address, cw_address_bytes(&address) + 16 - size, size);
	/* Best effort: packets wait for the answer, and their limit is counted. */
	(void)!send(fd, &request, request.head.nlmsg_len, MSG_DONTWAIT);
}
