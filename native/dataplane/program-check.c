/* See program-check.h. */
#include "program-check.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "table/address.h"

#define MTU_LEAST 68 /* RFC 791 */
#define DELAY_US_MAX 60000000

static const uint8_t v4_mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

struct check {
	char *why;
	size_t why_len;
};

static int refuse(const struct check *check, const char *array, uint32_t i, const char *field,
		  const char *reason)
{
	snprintf(check->why, check->why_len, "/%s/%u/%s: %s", array, i, field, reason);
	return -EINVAL;
}

/* ASCII that is visible, ended by a zero, with zeros behind it. */
static bool is_text(const char *text, size_t size)
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

/* `may_be_empty` for the namespace. */
static bool is_name(const char *name, size_t size, bool may_be_empty)
{
	return is_text(name, size) && (name[0] != 0 || may_be_empty) && strchr(name, '/') == NULL;
}

/* Of a device's arguments some are paths. */
static bool is_nic(const struct cw_port_program *p)
{
	return p->kind == CW_KIND_PMD ? is_text(p->nic, CW_DEVICE) && p->nic[0] != 0 :
					is_text(p->nic, sizeof(p->nic)) && is_name(p->nic, CW_IFNAME, false);
}

/* What is of uplinks only. */
static int check_uplink(const struct check *check, const struct cw_port_program *p, uint32_t i)
{
	if (p->uplink >= CW_UPLINKS_MAX)
		return refuse(check, "ports", i, "uplink", "not in 0 to 7");
	if (p->overlay_port == 0)
		return refuse(check, "ports", i, "overlayPort", "zero");
	if (p->network != CW_NETWORK_INTERNET && p->network != CW_NETWORK_PRIVATE)
		return refuse(check, "ports", i, "network", "neither internet nor private");
	if (p->is_metered > 1)
		return refuse(check, "ports", i, "isMetered", "neither 0 nor 1");
	if (p->is_backup > 1)
		return refuse(check, "ports", i, "isBackup", "neither 0 nor 1");
	return 0;
}

static int check_ports(const struct check *check, const struct cw_program_parts *parts)
{
	for (uint32_t i = 0; i < parts->head.port_count; i++) {
		const struct cw_port_program *p = &parts->ports[i];
		bool is_uplink = p->role == CW_ROLE_UPLINK;
		int rc;
		if (!is_name(p->twin, sizeof(p->twin), false))
			return refuse(check, "ports", i, "twin", "no interface name");
		if (p->kind != CW_KIND_NETDEV && p->kind != CW_KIND_PMD)
			return refuse(check, "ports", i, "kind", "neither netdev nor pmd");
		if (!is_nic(p))
			return refuse(check, "ports", i, "nic", "no device name");
		if (p->vlan > 4094)
			return refuse(check, "ports", i, "vlan", "not in 0 to 4094");
		if (p->mtu != 0 && p->mtu < MTU_LEAST)
			return refuse(check, "ports", i, "mtu", "below what IPv4 needs");
		if (p->queues > CW_QUEUES_MAX)
			return refuse(check, "ports", i, "queues", "too many");
		if (!is_name(p->nic_netns, sizeof(p->nic_netns), true))
			return refuse(check, "ports", i, "nicNetns", "no namespace name");
		if (!is_uplink && p->role != CW_ROLE_LAN)
			return refuse(check, "ports", i, "role", "neither uplink nor lan");
		if (!is_uplink && p->segment >= parts->head.segment_count)
			return refuse(check, "ports", i, "segment", "unknown");
		rc = is_uplink ? check_uplink(check, p, i) : 0;
		if (rc != 0)
			return rc;
		for (uint32_t j = 0; j < i; j++) {
			const struct cw_port_program *other = &parts->ports[j];
			if (memcmp(other->twin, p->twin, sizeof(p->twin)) == 0)
				return refuse(check, "ports", i, "twin", "used twice");
			bool is_same_nic =
				memcmp(other->nic, p->nic, sizeof(p->nic)) == 0 &&
				memcmp(other->nic_netns, p->nic_netns, sizeof(p->nic_netns)) == 0;
			if (is_same_nic && other->vlan == p->vlan)
				return refuse(check, "ports", i, "nic", "used twice");
			if (is_same_nic && other->kind != p->kind)
				return refuse(check, "ports", i, "kind", "differs from that of the same NIC");
			if (is_same_nic && other->queues != p->queues)
				return refuse(check, "ports", i, "queues", "differ from those of the same NIC");
			if (is_uplink && other->role == CW_ROLE_UPLINK && other->uplink == p->uplink)
				return refuse(check, "ports", i, "uplink", "used twice");
		}
	}
	return 0;
}

static int check_segments(const struct check *check, const struct cw_program_parts *parts)
{
	for (uint32_t i = 0; i < parts->head.segment_count; i++) {
		const struct cw_segment_program *s = &parts->segments[i];
		if (!is_name(s->name, sizeof(s->name), false))
			return refuse(check, "segments", i, "name", "no name");
		if (!is_name(s->twin, sizeof(s->twin), false))
			return refuse(check, "segments", i, "twin", "no interface name");
		if (s->vni == 0 || s->vni > 0xffffff)
			return refuse(check, "segments", i, "vni", "not in 1 to 16777215");
		for (uint32_t j = 0; j < i; j++) {
			if (parts->segments[j].vni == s->vni)
				return refuse(check, "segments", i, "vni", "used twice");
			if (memcmp(parts->segments[j].twin, s->twin, sizeof(s->twin)) == 0)
				return refuse(check, "segments", i, "twin", "used twice");
		}
	}
	return 0;
}

static int check_peers(const struct check *check, const struct cw_program_parts *parts)
{
	for (uint32_t i = 0; i < parts->head.peer_count; i++) {
		if (!is_name(parts->peers[i].name, CW_NAME, false))
			return refuse(check, "peers", i, "name", "no name");
		for (uint32_t j = 0; j < i; j++) {
			if (memcmp(parts->peers[j].name, parts->peers[i].name, CW_NAME) == 0)
				return refuse(check, "peers", i, "name", "used twice");
		}
	}
	return 0;
}

static bool has_host_bits(const uint8_t address[16], uint8_t prefix_len)
{
	for (uint32_t bit = prefix_len; bit < 128; bit++) {
		if (address[bit / 8] & 0x80 >> bit % 8)
			return true;
	}
	return false;
}

static int check_routes(const struct check *check, const struct cw_program_parts *parts)
{
	for (uint32_t i = 0; i < parts->head.route_count; i++) {
		const struct cw_route_program *r = &parts->routes[i];
		if (r->segment >= parts->head.segment_count)
			return refuse(check, "routes", i, "segment", "unknown");
		if (r->peer >= parts->head.peer_count)
			return refuse(check, "routes", i, "peer", "unknown");
		bool is_v4 = memcmp(r->address, v4_mapped, sizeof(v4_mapped)) == 0;
		if (r->prefix_len > 128 || (is_v4 && r->prefix_len < 96))
			return refuse(check, "routes", i, "prefix", "length");
		if (has_host_bits(r->address, r->prefix_len))
			return refuse(check, "routes", i, "prefix", "host bits are set");
	}
	return 0;
}

static int check_acl(const struct check *check, const struct cw_program_parts *parts)
{
	for (uint32_t i = 0; i < parts->head.acl_count; i++) {
		const struct cw_acl_program *rule = &parts->acl[i];
		if (!is_name(rule->name, sizeof(rule->name), false))
			return refuse(check, "acl", i, "name", "no name");
		if (rule->from_segment >= parts->head.segment_count)
			return refuse(check, "acl", i, "fromSegment", "unknown");
		if (rule->to_segment >= parts->head.segment_count)
			return refuse(check, "acl", i, "toSegment", "unknown");
		if (rule->action != CW_ACL_ALLOW && rule->action != CW_ACL_DENY)
			return refuse(check, "acl", i, "action", "neither allow nor deny");
		if (rule->source_len > 128 || has_host_bits(rule->source, rule->source_len))
			return refuse(check, "acl", i, "source", "no prefix");
		if (rule->destination_len > 128 || has_host_bits(rule->destination, rule->destination_len))
			return refuse(check, "acl", i, "destination", "no prefix");
		if (rule->source_port_first > rule->source_port_last)
			return refuse(check, "acl", i, "sourcePort", "ends before it begins");
		if (rule->destination_port_first > rule->destination_port_last)
			return refuse(check, "acl", i, "destinationPort", "ends before it begins");
	}
	return 0;
}

/* A limit of the quality of a path; there may be none. */
static bool is_limit(uint32_t value, uint32_t most)
{
	return value <= most || value == CW_NONE;
}

static bool is_listed_twice(const struct cw_policy_program *p)
{
	for (uint32_t i = 0; i < p->prefer_count; i++) {
		if (memchr(p->prefer, p->prefer[i], i) != NULL)
			return true;
	}
	return false;
}

static int check_policy(const struct check *check, const struct cw_policy_program *p, uint32_t i)
{
	if (!is_name(p->name, sizeof(p->name), false))
		return refuse(check, "policies", i, "name", "no name");
	if (!is_limit(p->loss_ppm, 1000000))
		return refuse(check, "policies", i, "lossPpm", "more than all");
	if (!is_limit(p->latency_us, DELAY_US_MAX))
		return refuse(check, "policies", i, "latencyUs", "above a minute");
	if (!is_limit(p->jitter_us, DELAY_US_MAX))
		return refuse(check, "policies", i, "jitterUs", "above a minute");
	if (p->metered < CW_METERED_NEVER || p->metered > CW_METERED_OK)
		return refuse(check, "policies", i, "metered", "neither never, last nor ok");
	if (p->kinds == 0 || p->kinds > 3)
		return refuse(check, "policies", i, "kinds", "neither internet nor private");
	if (p->is_strict > 1)
		return refuse(check, "policies", i, "isStrict", "neither 0 nor 1");
	if (p->is_spread > 1)
		return refuse(check, "policies", i, "isSpread", "neither 0 nor 1");
	if (p->is_breakout_denied > 1)
		return refuse(check, "policies", i, "isBreakoutDenied", "neither 0 nor 1");
	if (p->prefer_count > CW_UPLINKS_MAX)
		return refuse(check, "policies", i, "prefer", "too many");
	if (is_listed_twice(p))
		return refuse(check, "policies", i, "prefer", "an uplink twice");
	return 0;
}

static int check_policies(const struct check *check, const struct cw_program_parts *parts)
{
	if (parts->head.policy_count == 0) {
		snprintf(check->why, check->why_len, "/policies: none, and the first is the default's");
		return -EINVAL;
	}
	for (uint32_t i = 0; i < parts->head.policy_count; i++) {
		int rc = check_policy(check, &parts->policies[i], i);
		if (rc != 0)
			return rc;
		for (uint32_t j = 0; j < i; j++) {
			if (memcmp(parts->policies[j].name, parts->policies[i].name, CW_NAME) == 0)
				return refuse(check, "policies", i, "name", "used twice");
		}
	}
	return 0;
}

/* Lower case, so that only what is asked for needs folding. A `*.` may lead, and stands for all that is below. */
static bool is_server(const char server[CW_SERVER])
{
	const char *at = server;

	if (!is_text(server, CW_SERVER))
		return false;
	if (strncmp(at, "*.", 2) == 0)
		at += 2;
	if (*at == 0 || *at == '.')
		return *at == 0 && at == server;
	for (; *at != 0; at++) {
		bool is_fine = (*at >= 'a' && *at <= 'z') || (*at >= '0' && *at <= '9') || *at == '-' ||
			       *at == '_' || (*at == '.' && at[1] != '.');
		if (!is_fine)
			return false;
	}
	return at[-1] != '.';
}

static int check_matches(const struct check *check, const struct cw_program_parts *parts)
{
	for (uint32_t i = 0; i < parts->head.match_count; i++) {
		const struct cw_match_program *m = &parts->matches[i];
		if (!is_name(m->application, sizeof(m->application), true))
			return refuse(check, "matches", i, "application", "no name");
		if (!is_server(m->server))
			return refuse(check, "matches", i, "server", "no host name in lower case");
		if (m->source_len > 128 || has_host_bits(m->source, m->source_len))
			return refuse(check, "matches", i, "source", "no prefix");
		if (m->destination_len > 128 || has_host_bits(m->destination, m->destination_len))
			return refuse(check, "matches", i, "destination", "no prefix");
		if (m->policy >= parts->head.policy_count)
			return refuse(check, "matches", i, "policy", "unknown");
		if (m->segment != CW_SEGMENT_ANY && m->segment >= parts->head.segment_count)
			return refuse(check, "matches", i, "segment", "unknown");
		if (m->source_port_first > m->source_port_last)
			return refuse(check, "matches", i, "sourcePort", "ends before it begins");
		if (m->destination_port_first > m->destination_port_last)
			return refuse(check, "matches", i, "destinationPort", "ends before it begins");
		if (m->dscp != CW_DSCP_ANY && m->dscp > 63)
			return refuse(check, "matches", i, "dscp", "not in 0 to 63");
	}
	return 0;
}

static int check_paths(const struct check *check, const struct cw_program_parts *parts)
{
	uint8_t count[CW_PEERS_MAX] = { 0 };

	for (uint32_t i = 0; i < parts->head.path_count; i++) {
		const struct cw_path_program *path = &parts->paths[i];
		if (path->peer >= parts->head.peer_count)
			return refuse(check, "paths", i, "peer", "unknown");
		if (++count[path->peer] > CW_PEER_PATHS_MAX)
			return refuse(check, "paths", i, "peer", "has too many");
		if (!cw_address_is_endpoint(cw_address_of(path->remote_address)))
			return refuse(check, "paths", i, "remoteAddress", "not of one host");
		if (path->remote_port == 0)
			return refuse(check, "paths", i, "remotePort", "zero");
		bool is_known = false;
		for (uint32_t p = 0; p < parts->head.port_count; p++)
			is_known = is_known || (parts->ports[p].role == CW_ROLE_UPLINK &&
						parts->ports[p].uplink == path->uplink);
		if (!is_known)
			return refuse(check, "paths", i, "uplink", "unknown");
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
	const struct check check = { why, why_len };
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
		rc = check_policies(&check, parts);
	if (rc == 0)
		rc = check_matches(&check, parts);
	return rc == 0 ? check_paths(&check, parts) : rc;
}
