/* See program-check.h. */
#include "program-check.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "overlay-port.h"
#include "peer-key.h"
#include "program-check-parts.h"
#include "table/address.h"

#define MTU_LEAST 68 /* RFC 791 */
#define WEIGHT_MOST 100

static const uint8_t v4_mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

bool cw_check_is_text(const char *text, size_t size)
{
	size_t length = strnlen(text, size);

	if (length == size)
		return false;
	for (size_t i = 0; i < size; i++) {
		bool is_fine = i < length ? text[i] > ' ' && text[i] < 127 : text[i] == 0;
		if (!is_fine)
			return false;
	}
	return true;
}

bool cw_check_is_name(const char *name, size_t size, bool may_be_empty)
{
	return cw_check_is_text(name, size) && (name[0] != 0 || may_be_empty) && strchr(name, '/') == NULL;
}

/* Of a device's arguments some are paths. */
static bool is_nic(const struct cw_port_program *p)
{
	return p->kind == CW_KIND_PMD ? cw_check_is_text(p->nic, CW_DEVICE) && p->nic[0] != 0 :
					cw_check_is_text(p->nic, sizeof(p->nic)) && cw_check_is_name(p->nic, CW_IFNAME, false);
}

/* The overlay's other ports: each once, and those of sprays apart from them all. */
static int check_overlay_ports(const struct cw_check *check, const struct cw_port_program *p, uint32_t i)
{
	uint16_t ports[1 + CW_OVERLAY_PORTS_MAX] = { p->overlay_port };
	uint32_t count = 1;

	for (uint32_t n = 0; n < CW_OVERLAY_PORTS_MAX && p->overlay_ports[n] != 0; n++) {
		for (uint32_t j = 0; j < count; j++) {
			if (ports[j] == p->overlay_ports[n])
				return cw_check_refuse_at(check, "ports", i, "overlayPorts", "a port twice");
		}
		ports[count++] = p->overlay_ports[n];
	}
	for (uint32_t n = count - 1; n < CW_OVERLAY_PORTS_MAX; n++) {
		if (p->overlay_ports[n] != 0)
			return cw_check_refuse_at(check, "ports", i, "overlayPorts", "one behind the last");
	}
	if (p->spray_port > UINT16_MAX - CW_SPRAY_PORTS + 1)
		return cw_check_refuse_at(check, "ports", i, "sprayPort", "the last of them is no port");
	for (uint32_t n = 0; p->spray_port != 0 && n < count; n++) {
		if (ports[n] >= p->spray_port && ports[n] - p->spray_port < CW_SPRAY_PORTS)
			return cw_check_refuse_at(check, "ports", i, "sprayPort", "one of them is the overlay's");
	}
	return 0;
}

/* What is of uplinks only. */
static int check_uplink(const struct cw_check *check, const struct cw_port_program *p, uint32_t i)
{
	if (p->uplink >= CW_UPLINKS_MAX)
		return cw_check_refuse_at(check, "ports", i, "uplink", "not in 0 to 7");
	if (p->overlay_port == 0)
		return cw_check_refuse_at(check, "ports", i, "overlayPort", "zero");
	if (p->network != CW_NETWORK_INTERNET && p->network != CW_NETWORK_PRIVATE)
		return cw_check_refuse_at(check, "ports", i, "network", "neither internet nor private");
	if (p->is_metered > 1)
		return cw_check_refuse_at(check, "ports", i, "isMetered", "neither 0 nor 1");
	if (p->is_backup > 1)
		return cw_check_refuse_at(check, "ports", i, "isBackup", "neither 0 nor 1");
	if (p->marks < CW_MARKS_CLASS || p->marks > CW_MARKS_NONE)
		return cw_check_refuse_at(check, "ports", i, "marks", "neither class, copy nor none");
	if (p->internet_percent < 1 || p->internet_percent > 100)
		return cw_check_refuse_at(check, "ports", i, "internetPercent", "not in 1 to 100");
	for (uint32_t n = 0; n < CW_CLASSES; n++) {
		if (p->weights[n] < 1 || p->weights[n] > WEIGHT_MOST || p->cap_percents[n] > 100)
			return cw_check_refuse_at(check, "ports", i, "classes", "a weight or cap not in 1 to 100");
	}
	return check_overlay_ports(check, p, i);
}

static int check_ports(const struct cw_check *check, const struct cw_program_parts *parts)
{
	for (uint32_t i = 0; i < parts->head.port_count; i++) {
		const struct cw_port_program *p = &parts->ports[i];
		bool is_uplink = p->role == CW_ROLE_UPLINK;
		int rc;
		if (!cw_check_is_name(p->twin, sizeof(p->twin), false))
			return cw_check_refuse_at(check, "ports", i, "twin", "no interface name");
		if (p->kind != CW_KIND_NETDEV && p->kind != CW_KIND_PMD)
			return cw_check_refuse_at(check, "ports", i, "kind", "neither netdev nor pmd");
		if (!is_nic(p))
			return cw_check_refuse_at(check, "ports", i, "nic", "no device name");
		if (p->vlan > 4094)
			return cw_check_refuse_at(check, "ports", i, "vlan", "not in 0 to 4094");
		if (p->mtu != 0 && p->mtu < MTU_LEAST)
			return cw_check_refuse_at(check, "ports", i, "mtu", "below what IPv4 needs");
		if (p->queues > CW_QUEUES_MAX)
			return cw_check_refuse_at(check, "ports", i, "queues", "too many");
		if (!cw_check_is_name(p->nic_netns, sizeof(p->nic_netns), true))
			return cw_check_refuse_at(check, "ports", i, "nicNetns", "no namespace name");
		if (!is_uplink && p->role != CW_ROLE_LAN)
			return cw_check_refuse_at(check, "ports", i, "role", "neither uplink nor lan");
		if (!is_uplink && p->segment >= parts->head.segment_count)
			return cw_check_refuse_at(check, "ports", i, "segment", "unknown");
		rc = is_uplink ? check_uplink(check, p, i) : 0;
		if (rc != 0)
			return rc;
		for (uint32_t j = 0; j < i; j++) {
			const struct cw_port_program *other = &parts->ports[j];
			if (memcmp(other->twin, p->twin, sizeof(p->twin)) == 0)
				return cw_check_refuse_at(check, "ports", i, "twin", "used twice");
			bool is_same_nic =
				memcmp(other->nic, p->nic, sizeof(p->nic)) == 0 &&
				memcmp(other->nic_netns, p->nic_netns, sizeof(p->nic_netns)) == 0;
			if (is_same_nic && other->vlan == p->vlan)
				return cw_check_refuse_at(check, "ports", i, "nic", "used twice");
			if (is_same_nic && other->kind != p->kind)
				return cw_check_refuse_at(check, "ports", i, "kind", "differs from that of the same NIC");
			if (is_same_nic && other->queues != p->queues)
				return cw_check_refuse_at(check, "ports", i, "queues", "differ from those of the same NIC");
			if (is_uplink && other->role == CW_ROLE_UPLINK && other->uplink == p->uplink)
				return cw_check_refuse_at(check, "ports", i, "uplink", "used twice");
		}
	}
	return 0;
}

static int check_segments(const struct cw_check *check, const struct cw_program_parts *parts)
{
	for (uint32_t i = 0; i < parts->head.segment_count; i++) {
		const struct cw_segment_program *s = &parts->segments[i];
		if (!cw_check_is_name(s->name, sizeof(s->name), false))
			return cw_check_refuse_at(check, "segments", i, "name", "no name");
		if (!cw_check_is_name(s->twin, sizeof(s->twin), false))
			return cw_check_refuse_at(check, "segments", i, "twin", "no interface name");
		if (s->vni == 0 || s->vni > 0xffffff)
			return cw_check_refuse_at(check, "segments", i, "vni", "not in 1 to 16777215");
		for (uint32_t j = 0; j < i; j++) {
			if (parts->segments[j].vni == s->vni)
				return cw_check_refuse_at(check, "segments", i, "vni", "used twice");
			if (memcmp(parts->segments[j].twin, s->twin, sizeof(s->twin)) == 0)
				return cw_check_refuse_at(check, "segments", i, "twin", "used twice");
		}
	}
	return 0;
}

static int check_peers(const struct cw_check *check, const struct cw_program_parts *parts)
{
	for (uint32_t i = 0; i < parts->head.peer_count; i++) {
		if (!cw_check_is_name(parts->peers[i].name, CW_NAME, false))
			return cw_check_refuse_at(check, "peers", i, "name", "no name");
		if (parts->peers[i].is_hub > 1)
			return cw_check_refuse_at(check, "peers", i, "isHub", "neither 0 nor 1");
		for (uint32_t j = 0; j < i; j++) {
			if (memcmp(parts->peers[j].name, parts->peers[i].name, CW_NAME) == 0)
				return cw_check_refuse_at(check, "peers", i, "name", "used twice");
			if (memcmp(parts->peers[j].identity + CW_KEY_AT, parts->peers[i].identity + CW_KEY_AT, CW_KEY_PREFIX) == 0)
				return cw_check_refuse_at(check, "peers", i, "identity", "its key begins as another peer's");
		}
	}
	return 0;
}

bool cw_check_has_host_bits(const uint8_t address[16], uint8_t prefix_len)
{
	for (uint32_t bit = prefix_len; bit < 128; bit++) {
		if (address[bit / 8] & 0x80 >> bit % 8)
			return true;
	}
	return false;
}

static int check_routes(const struct cw_check *check, const struct cw_program_parts *parts)
{
	for (uint32_t i = 0; i < parts->head.route_count; i++) {
		const struct cw_route_program *r = &parts->routes[i];
		if (r->segment >= parts->head.segment_count)
			return cw_check_refuse_at(check, "routes", i, "segment", "unknown");
		if (r->peer >= parts->head.peer_count)
			return cw_check_refuse_at(check, "routes", i, "peer", "unknown");
		bool is_v4 = memcmp(r->address, v4_mapped, sizeof(v4_mapped)) == 0;
		if (r->prefix_len > 128 || (is_v4 && r->prefix_len < 96))
			return cw_check_refuse_at(check, "routes", i, "prefix", "length");
		if (cw_check_has_host_bits(r->address, r->prefix_len))
			return cw_check_refuse_at(check, "routes", i, "prefix", "host bits are set");
		if (r->rank >= CW_RANKS)
			return cw_check_refuse_at(check, "routes", i, "rank", "not in 0 to 3");
	}
	return 0;
}

static int check_acl(const struct cw_check *check, const struct cw_program_parts *parts)
{
	for (uint32_t i = 0; i < parts->head.acl_count; i++) {
		const struct cw_acl_program *rule = &parts->acl[i];
		if (!cw_check_is_name(rule->name, sizeof(rule->name), false))
			return cw_check_refuse_at(check, "acl", i, "name", "no name");
		if (rule->from_segment >= parts->head.segment_count)
			return cw_check_refuse_at(check, "acl", i, "fromSegment", "unknown");
		if (rule->to_segment >= parts->head.segment_count)
			return cw_check_refuse_at(check, "acl", i, "toSegment", "unknown");
		if (rule->action != CW_ACL_ALLOW && rule->action != CW_ACL_DENY)
			return cw_check_refuse_at(check, "acl", i, "action", "neither allow nor deny");
		if (rule->source_len > 128 || cw_check_has_host_bits(rule->source, rule->source_len))
			return cw_check_refuse_at(check, "acl", i, "source", "no prefix");
		if (rule->destination_len > 128 || cw_check_has_host_bits(rule->destination, rule->destination_len))
			return cw_check_refuse_at(check, "acl", i, "destination", "no prefix");
		if (rule->source_port_first > rule->source_port_last)
			return cw_check_refuse_at(check, "acl", i, "sourcePort", "ends before it begins");
		if (rule->destination_port_first > rule->destination_port_last)
			return cw_check_refuse_at(check, "acl", i, "destinationPort", "ends before it begins");
	}
	return 0;
}

static int check_paths(const struct cw_check *check, const struct cw_program_parts *parts)
{
	uint8_t count[CW_PEERS_MAX] = { 0 };

	for (uint32_t i = 0; i < parts->head.path_count; i++) {
		const struct cw_path_program *path = &parts->paths[i];
		if (path->peer >= parts->head.peer_count)
			return cw_check_refuse_at(check, "paths", i, "peer", "unknown");
		if (++count[path->peer] > CW_PEER_PATHS_MAX)
			return cw_check_refuse_at(check, "paths", i, "peer", "has too many");
		if (!cw_address_is_endpoint(cw_address_of(path->remote_address)))
			return cw_check_refuse_at(check, "paths", i, "remoteAddress", "not of one host");
		if (path->remote_port == 0)
			return cw_check_refuse_at(check, "paths", i, "remotePort", "zero");
		if (cw_uplink_among(parts->ports, parts->head.port_count, path->uplink) == NULL)
			return cw_check_refuse_at(check, "paths", i, "uplink", "unknown");
	}
	return 0;
}

static const void *take(const uint8_t **at, size_t size, uint32_t count)
{
	const void *array = *at;

	*at += size * count;
	return array;
}

int cw_program_check(const void *in, size_t in_len, uint64_t running_generation,
		     struct cw_program_parts *parts, char *why, size_t why_len)
{
	const struct cw_check check = { why, why_len };
	const uint8_t *at = in;
	struct cw_program_head *head = &parts->head;

	snprintf(why, why_len, "/: length");
	if (in_len < sizeof(*head))
		return -EINVAL;
	memcpy(head, take(&at, sizeof(*head), 1), sizeof(*head));
	if (head->mac1_key_count > CW_MAC1_KEYS_MAX || head->port_count > CW_PORTS_MAX ||
	    head->segment_count > CW_SEGMENTS_MAX || head->peer_count > CW_PEERS_MAX ||
	    head->route_count > CW_ROUTES_MAX || head->acl_count > CW_ACL_MAX ||
	    head->policy_count > CW_POLICIES_MAX || head->match_count > CW_MATCHES_MAX ||
	    head->path_count > CW_PROGRAM_PATHS_MAX) {
		snprintf(why, why_len, "/: more than a program may hold");
		return -EINVAL;
	}
	if (head->is_transit > 1) {
		snprintf(why, why_len, "/isTransit: neither 0 nor 1");
		return -EINVAL;
	}
	parts->mac1_keys = take(&at, 32, head->mac1_key_count);
	parts->ports = take(&at, sizeof(parts->ports[0]), head->port_count);
	parts->segments = take(&at, sizeof(parts->segments[0]), head->segment_count);
	parts->peers = take(&at, sizeof(parts->peers[0]), head->peer_count);
	parts->routes = take(&at, sizeof(parts->routes[0]), head->route_count);
	parts->acl = take(&at, sizeof(parts->acl[0]), head->acl_count);
	parts->policies = take(&at, sizeof(parts->policies[0]), head->policy_count);
	parts->matches = take(&at, sizeof(parts->matches[0]), head->match_count);
	parts->paths = take(&at, sizeof(parts->paths[0]), head->path_count);
	if ((size_t)(at - (const uint8_t *)in) != in_len)
		return -EINVAL;
	if (head->generation <= running_generation) {
		snprintf(why, why_len, "/generation: not above the running %llu",
			 (unsigned long long)running_generation);
		return -ESTALE;
	}
	int rc = check_ports(&check, parts);
	if (rc == 0)
		rc = check_segments(&check, parts);
	if (rc == 0)
		rc = check_peers(&check, parts);
	if (rc == 0)
		rc = check_routes(&check, parts);
	if (rc == 0)
		rc = check_acl(&check, parts);
	if (rc == 0)
		rc = cw_check_policies(&check, parts);
	if (rc == 0)
		rc = cw_check_matches(&check, parts);
	return rc == 0 ? check_paths(&check, parts) : rc;
}
