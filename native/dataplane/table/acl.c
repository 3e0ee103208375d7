/* See acl.h. */
#include "table/acl.h"

#include <netinet/in.h>
#include <stdlib.h>

#include "causeway_dp.h"

struct range {
	uint16_t first, last;
};

/* An address in one register. */
typedef uint64_t words __attribute__((vector_size(16), aligned(8), may_alias));

struct prefix {
	words wanted;
	words mask;
};

struct rule {
	struct prefix source;
	struct prefix destination;
	struct range source_ports;
	struct range destination_ports;
	uint32_t number; /* among the program's */
	uint8_t protocol;
	bool is_allowing;
	bool has_ports; /* asks for any */
};

struct cw_acl {
	uint32_t segment_count;
	uint32_t *starts; /* of a pair's rules; those of pair p end where p + 1 starts */
	struct rule *rules;
};

static struct prefix make_prefix(const uint8_t address[16], uint8_t length)
{
	struct prefix prefix;
	uint8_t mask[16] = { 0 };

	for (uint32_t bit = 0; bit < length; bit++)
		mask[bit / 8] |= 0x80 >> bit % 8;
	memcpy(&prefix.wanted, address, sizeof(prefix.wanted));
	memcpy(&prefix.mask, mask, sizeof(prefix.mask));
	return prefix;
}

static bool is_any(struct range ports)
{
	return ports.first == 0 && ports.last == UINT16_MAX;
}

static struct rule make_rule(const struct cw_acl_program *p, uint32_t number)
{
	struct rule rule = { .source_ports = { p->source_port_first, p->source_port_last },
			     .destination_ports = { p->destination_port_first,
						    p->destination_port_last },
			     .number = number,
			     .protocol = p->protocol,
			     .is_allowing = p->action == CW_ACL_ALLOW,
			     .source = make_prefix(p->source, p->source_len),
			     .destination = make_prefix(p->destination, p->destination_len) };

	rule.has_ports = !is_any(rule.source_ports) || !is_any(rule.destination_ports);
	return rule;
}

/* Pairs as the rules say them, then the other way round for those that allow. */
static uint32_t pair_of(const struct cw_acl *acl, const struct cw_acl_program *p, bool is_way_back)
{
	return is_way_back ? p->to_segment * acl->segment_count + p->from_segment :
			     p->from_segment * acl->segment_count + p->to_segment;
}

static void fill(struct cw_acl *acl, const struct cw_acl_program *rules, uint32_t count, uint32_t *at)
{
	for (uint32_t i = 0; i < count; i++) {
		struct rule rule = make_rule(&rules[i], i);
		acl->rules[at[pair_of(acl, &rules[i], false)]++] = rule;
		if (!rule.is_allowing)
			continue;
		struct rule back = rule;
		back.source = rule.destination;
		back.destination = rule.source;
		back.source_ports = rule.destination_ports;
		back.destination_ports = rule.source_ports;
		acl->rules[at[pair_of(acl, &rules[i], true)]++] = back;
	}
}

struct cw_acl *cw_acl_new(const struct cw_acl_program *rules, uint32_t count, uint32_t segment_count)
{
	uint32_t pairs = segment_count * segment_count;
	struct cw_acl *acl = calloc(1, sizeof(*acl));
	uint32_t *at = calloc(pairs + 1, sizeof(*at));

	if (acl != NULL) {
		acl->segment_count = segment_count;
		acl->starts = calloc(pairs + 2, sizeof(acl->starts[0]));
		acl->rules = calloc(count * 2 + 1, sizeof(acl->rules[0]));
	}
	if (acl == NULL || at == NULL || acl->starts == NULL || acl->rules == NULL) {
		free(at);
		cw_acl_free(acl);
		return NULL;
	}
	for (uint32_t i = 0; i < count; i++) {
		acl->starts[pair_of(acl, &rules[i], false) + 1]++;
		if (rules[i].action == CW_ACL_ALLOW)
			acl->starts[pair_of(acl, &rules[i], true) + 1]++;
	}
	for (uint32_t p = 0; p < pairs; p++) {
		acl->starts[p + 1] += acl->starts[p];
		at[p] = acl->starts[p];
	}
	fill(acl, rules, count, at);
	free(at);
	return acl;
}

void cw_acl_free(struct cw_acl *acl)
{
	if (acl == NULL)
		return;
	free(acl->starts);
	free(acl->rules);
	free(acl);
}

bool cw_acl_has_rules(const struct cw_acl *acl, uint32_t from, uint32_t to)
{
	uint32_t pair = from * acl->segment_count + to;

	return acl->starts[pair] != acl->starts[pair + 1];
}

/* The bits that differ from a prefix. */
static words beside(const struct prefix *prefix, const struct cw_address *address)
{
	return (*(const words *)address->words ^ prefix->wanted) & prefix->mask;
}

static bool is_inside(const struct rule *rule, const struct cw_flow *flow)
{
	words others = beside(&rule->source, &flow->source) | beside(&rule->destination, &flow->destination);

	return (others[0] | others[1]) == 0;
}

static bool is_in(struct range ports, uint16_t port)
{
	return port >= ports.first && port <= ports.last;
}

/* `icmp` of a rule is that of the packet's family. */
static bool is_protocol(uint8_t wanted, uint8_t protocol)
{
	return wanted == 0 || wanted == protocol ||
	       (wanted == IPPROTO_ICMP && protocol == IPPROTO_ICMPV6);
}

static bool fits_ports(const struct rule *rule, const struct cw_flow *flow)
{
	if (!rule->has_ports)
		return true;
	if (flow->is_later)
		return rule->is_allowing;
	return flow->has_ports && is_in(rule->destination_ports, flow->destination_port) &&
	       is_in(rule->source_ports, flow->source_port);
}

static bool fits(const struct rule *rule, const struct cw_flow *flow)
{
	return is_inside(rule, flow) && is_protocol(rule->protocol, flow->protocol) && fits_ports(rule, flow);
}

uint32_t cw_acl_find(const struct cw_acl *acl, uint32_t from, uint32_t to, const struct cw_flow *flow,
		     bool *is_allowed)
{
	uint32_t pair = from * acl->segment_count + to;
	const struct rule *end = &acl->rules[acl->starts[pair + 1]];

	for (const struct rule *rule = &acl->rules[acl->starts[pair]]; rule < end; rule++) {
		if (!fits(rule, flow))
			continue;
		*is_allowed = rule->is_allowing;
		return rule->number;
	}
	return CW_ACL_NO_RULE;
}
