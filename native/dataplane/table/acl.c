/* See acl.h. */
#include "table/acl.h"

#include <netinet/in.h>
#include <stdlib.h>

#include "causeway_dp.h"

struct end {
	uint64_t wanted[2];
	uint64_t mask[2];
	uint16_t first_port, last_port;
};

struct rule {
	struct end source;
	struct end destination;
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

static struct end make_end(const uint8_t address[16], uint8_t prefix_len, uint16_t first, uint16_t last)
{
	struct end end = { .first_port = first, .last_port = last };
	uint8_t mask[16] = { 0 };

	for (uint32_t bit = 0; bit < prefix_len; bit++)
		mask[bit / 8] |= 0x80 >> bit % 8;
	memcpy(end.wanted, address, sizeof(end.wanted));
	memcpy(end.mask, mask, sizeof(end.mask));
	return end;
}

static bool asks_for_ports(const struct end *end)
{
	return end->first_port != 0 || end->last_port != UINT16_MAX;
}

static struct rule make_rule(const struct cw_acl_program *p, uint32_t number)
{
	struct rule rule = { .source = make_end(p->source, p->source_len, p->source_port_first,
						p->source_port_last),
			     .destination = make_end(p->destination, p->destination_len,
						     p->destination_port_first,
						     p->destination_port_last),
			     .number = number,
			     .protocol = p->protocol,
			     .is_allowing = p->action == CW_ACL_ALLOW };

	rule.has_ports = asks_for_ports(&rule.source) || asks_for_ports(&rule.destination);
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

static bool is_inside(const struct end *end, struct cw_address address)
{
	return (((address.words[0] ^ end->wanted[0]) & end->mask[0]) |
		((address.words[1] ^ end->wanted[1]) & end->mask[1])) == 0;
}

static bool has_port(const struct end *end, uint16_t port)
{
	return port >= end->first_port && port <= end->last_port;
}

/* `icmp` of a rule is that of the packet's family. */
static bool is_protocol(uint8_t wanted, uint8_t protocol)
{
	return wanted == 0 || wanted == protocol ||
	       (wanted == IPPROTO_ICMP && protocol == IPPROTO_ICMPV6);
}

static bool fits(const struct rule *rule, const struct cw_flow *flow)
{
	if (!is_protocol(rule->protocol, flow->protocol) || !is_inside(&rule->source, flow->source) ||
	    !is_inside(&rule->destination, flow->destination))
		return false;
	if (flow->is_later && rule->has_ports)
		return rule->is_allowing;
	return !rule->has_ports || (flow->has_ports && has_port(&rule->source, flow->source_port) &&
				    has_port(&rule->destination, flow->destination_port));
}

uint32_t cw_acl_find(const struct cw_acl *acl, uint32_t from, uint32_t to, const struct cw_flow *flow,
		     bool *is_allowed)
{
	uint32_t pair = from * acl->segment_count + to;

	for (uint32_t i = acl->starts[pair]; i < acl->starts[pair + 1]; i++) {
		const struct rule *rule = &acl->rules[i];
		if (!fits(rule, flow))
			continue;
		*is_allowed = rule->is_allowing;
		return rule->number;
	}
	return CW_ACL_NO_RULE;
}
