/*
 * The rules between segments against a walk through all of them as the border's header has it:
 * random rules and flows from so few values that they meet; the way back; packets without ports.
 */
#include <netinet/in.h>
#include <string.h>

#include "causeway_dp.h"
#include "check.h"
#include "table/acl.h"

#define SEGMENTS 3
#define RULES 12

static struct cw_acl_program rules[RULES];

/* One of few addresses, of both families. */
static struct cw_address random_address(void)
{
	uint8_t bytes[16] = { 0 };

	if (check_below(2)) {
		bytes[10] = bytes[11] = 0xff;
		bytes[12] = 10;
	} else {
		bytes[0] = 0xfd;
	}
	bytes[14] = (uint8_t)check_below(2);
	bytes[15] = (uint8_t)check_below(4);
	return cw_address_of(bytes);
}

static uint8_t random_prefix(uint8_t address[16])
{
	static const uint8_t lengths[] = { 0, 96, 104, 120, 127, 128 };
	struct cw_address whole = random_address();
	uint8_t length = lengths[check_below(sizeof(lengths))];

	memcpy(address, cw_address_bytes(&whole), 16);
	/* A shorter one of IPv4 would be no prefix of the v4-mapped form: 0 is any of both families. */
	for (uint32_t bit = length; bit < 128; bit++)
		address[bit / 8] &= (uint8_t)~(0x80 >> bit % 8);
	return length;
}

static void random_ports(uint16_t *first, uint16_t *last)
{
	*first = check_below(2) ? 0 : (uint16_t)check_below(4);
	*last = *first == 0 ? UINT16_MAX : (uint16_t)(*first + check_below(3));
}

static void make_rules(uint32_t count)
{
	static const uint8_t protocols[] = { 0, IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ICMP };

	for (uint32_t i = 0; i < count; i++) {
		struct cw_acl_program *r = &rules[i];
		memset(r, 0, sizeof(*r));
		r->source_len = random_prefix(r->source);
		r->destination_len = random_prefix(r->destination);
		r->from_segment = (uint16_t)check_below(SEGMENTS);
		r->to_segment = (uint16_t)check_below(SEGMENTS);
		r->protocol = protocols[check_below(sizeof(protocols))];
		r->action = check_below(2) ? CW_ACL_ALLOW : CW_ACL_DENY;
		random_ports(&r->source_port_first, &r->source_port_last);
		random_ports(&r->destination_port_first, &r->destination_port_last);
	}
}

static bool has_prefix(const uint8_t *prefix, uint32_t length, struct cw_address address)
{
	for (uint32_t bit = 0; bit < length; bit++) {
		uint8_t differs = prefix[bit / 8] ^ cw_address_bytes(&address)[bit / 8];
		if (differs & 0x80 >> bit % 8)
			return false;
	}
	return true;
}

static bool fits(const struct cw_acl_program *r, const struct cw_flow *f)
{
	bool wants_ports = r->source_port_first != 0 || r->source_port_last != UINT16_MAX ||
			   r->destination_port_first != 0 || r->destination_port_last != UINT16_MAX;

	if (r->protocol != 0 && r->protocol != f->protocol &&
	    !(r->protocol == IPPROTO_ICMP && f->protocol == IPPROTO_ICMPV6))
		return false;
	if (!has_prefix(r->source, r->source_len, f->source) ||
	    !has_prefix(r->destination, r->destination_len, f->destination))
		return false;
	if (!wants_ports)
		return true;
	if (f->is_later)
		return r->action == CW_ACL_ALLOW;
	return f->has_ports && f->source_port >= r->source_port_first &&
	       f->source_port <= r->source_port_last &&
	       f->destination_port >= r->destination_port_first &&
	       f->destination_port <= r->destination_port_last;
}

static struct cw_flow turned(const struct cw_flow *f)
{
	return (struct cw_flow){ f->destination, f->source, f->destination_port, f->source_port,
				 f->protocol, f->has_ports, f->is_later, f->l4 };
}

static uint32_t oracle(uint32_t count, uint32_t from, uint32_t to, const struct cw_flow *flow)
{
	struct cw_flow back = turned(flow);

	for (uint32_t i = 0; i < count; i++) {
		const struct cw_acl_program *r = &rules[i];
		if (r->from_segment == from && r->to_segment == to && fits(r, flow))
			return i;
		if (r->action == CW_ACL_ALLOW && r->from_segment == to && r->to_segment == from &&
		    fits(r, &back))
			return i;
	}
	return CW_ACL_NO_RULE;
}

static struct cw_flow random_flow(void)
{
	static const uint8_t protocols[] = { IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ICMP, IPPROTO_ICMPV6 };

	bool has_ports = check_below(4) != 0;

	return (struct cw_flow){ .source = random_address(),
				 .destination = random_address(),
				 .source_port = (uint16_t)check_below(5),
				 .destination_port = (uint16_t)check_below(5),
				 .protocol = protocols[check_below(sizeof(protocols))],
				 .has_ports = has_ports,
				 .is_later = !has_ports && check_below(2) };
}

static void finds_what_the_oracle_finds(void)
{
	uint32_t found = 0;

	for (uint32_t table = 0; table < 400; table++) {
		uint32_t count = check_below(RULES + 1);
		make_rules(count);
		struct cw_acl *acl = cw_acl_new(rules, count, SEGMENTS);
		if (!CHECK(acl != NULL))
			return;
		for (uint32_t i = 0; i < 400; i++) {
			struct cw_flow flow = random_flow();
			uint32_t from = check_below(SEGMENTS), to = check_below(SEGMENTS);
			uint32_t wanted = oracle(count, from, to, &flow);
			bool is_allowed = false;
			uint32_t rule = cw_acl_find(acl, from, to, &flow, &is_allowed);
			found += rule != CW_ACL_NO_RULE;
			if (!CHECK(rule == wanted) ||
			    (rule != CW_ACL_NO_RULE &&
			     !CHECK(is_allowed == (rules[rule].action == CW_ACL_ALLOW))))
				return;
		}
		cw_acl_free(acl);
	}
	CHECK(found > 5000);
}

/* As many rules and segments as there may be. */
static void holds_the_most(void)
{
	static struct cw_acl_program most[CW_ACL_MAX];
	struct cw_flow flow = { .protocol = IPPROTO_UDP };
	bool is_allowed = false;

	for (uint32_t i = 0; i < CW_ACL_MAX; i++)
		most[i] = (struct cw_acl_program){ .from_segment = (uint16_t)(i % CW_SEGMENTS_MAX),
						   .to_segment = CW_SEGMENTS_MAX - 1,
						   .action = CW_ACL_ALLOW,
						   .source_port_last = UINT16_MAX,
						   .destination_port_last = UINT16_MAX };
	struct cw_acl *acl = cw_acl_new(most, CW_ACL_MAX, CW_SEGMENTS_MAX);
	if (!CHECK(acl != NULL))
		return;
	CHECK(cw_acl_find(acl, 5, CW_SEGMENTS_MAX - 1, &flow, &is_allowed) == 5 && is_allowed);
	CHECK(cw_acl_find(acl, CW_SEGMENTS_MAX - 1, 5, &flow, &is_allowed) == 5 && is_allowed);
	CHECK(cw_acl_find(acl, 5, 6, &flow, &is_allowed) == CW_ACL_NO_RULE);
	cw_acl_free(acl);
	cw_acl_free(NULL);
}

int main(int argc, char **argv)
{
	check_begin(argc, argv);
	finds_what_the_oracle_finds();
	holds_the_most();
	return check_result();
}
