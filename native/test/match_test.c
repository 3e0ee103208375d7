/* Whose a flow is, beside a reader that asks bit by bit, over random comparisons and flows that nearly fit them. */
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "table/match.h"

#define MATCHES 40

static struct cw_match_program matches[MATCHES];
static const char *const servers[] = { "", "a.example", "*.example", "*.b.example", "x.b.example" };
static const char *const names[] = { "a.example", "x.b.example", "y.b.example", "example", "other" };
static const uint8_t protocols[] = { 0, IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ICMP, IPPROTO_ICMPV6 };

static struct cw_address random_address(void)
{
	uint8_t bytes[16] = { 0 };

	if (check_below(2))
		return cw_address_of_v4(htonl(0x0a000000 | check_below(4) << 16 | check_below(4)));
	bytes[0] = 0xfd;
	bytes[5] = (uint8_t)check_below(4);
	bytes[15] = (uint8_t)check_below(4);
	return cw_address_of(bytes);
}

static uint8_t random_prefix(uint8_t to[16])
{
	struct cw_address address = random_address();
	uint8_t length = check_below(3) == 0 ? 0 : (uint8_t)check_below(129);

	memcpy(to, &address, 16);
	for (uint32_t bit = length; bit < 128; bit++)
		to[bit / 8] &= (uint8_t)~(0x80 >> bit % 8);
	return length;
}

static void random_range(uint16_t *first, uint16_t *last)
{
	*first = (uint16_t)(check_below(3) == 0 ? 0 : check_below(5));
	*last = *first == 0 ? UINT16_MAX : (uint16_t)(*first + check_below(3));
}

static void make_matches(void)
{
	for (uint32_t i = 0; i < MATCHES; i++) {
		struct cw_match_program *m = &matches[i];
		*m = (struct cw_match_program){ .segment = check_below(2) ? CW_SEGMENT_ANY : (uint16_t)check_below(2),
						.dscp = check_below(2) ? CW_DSCP_ANY : (uint8_t)check_below(2),
						.protocol = protocols[check_below(4)] };
		snprintf(m->server, sizeof(m->server), "%s", servers[check_below(3) ? 0 : check_below(5)]);
		m->source_len = random_prefix(m->source);
		m->destination_len = random_prefix(m->destination);
		random_range(&m->source_port_first, &m->source_port_last);
		random_range(&m->destination_port_first, &m->destination_port_last);
	}
}

static bool has_bits(const uint8_t prefix[16], uint8_t length, struct cw_address address)
{
	const uint8_t *bytes = cw_address_bytes(&address);

	for (uint32_t bit = 0; bit < length; bit++) {
		if ((prefix[bit / 8] ^ bytes[bit / 8]) & 0x80 >> bit % 8)
			return false;
	}
	return true;
}

static bool is_server(const char *pattern, const char *name)
{
	if (pattern[0] != '*')
		return strcmp(pattern, name) == 0;
	const char *tail = strstr(name, pattern + 1);
	return tail != NULL && tail != name && strlen(tail) == strlen(pattern + 1);
}

static bool oracle_fits(const struct cw_match_program *m, const struct cw_flow *flow, const struct cw_marks *marks)
{
	bool is_open = m->source_port_first == 0 && m->source_port_last == UINT16_MAX &&
		       m->destination_port_first == 0 && m->destination_port_last == UINT16_MAX;
	bool is_icmp = m->protocol == IPPROTO_ICMP && flow->protocol == IPPROTO_ICMPV6;

	if (m->segment != CW_SEGMENT_ANY && m->segment != marks->segment)
		return false;
	if (m->dscp != CW_DSCP_ANY && m->dscp != marks->dscp)
		return false;
	if (m->protocol != 0 && m->protocol != flow->protocol && !is_icmp)
		return false;
	if (!is_open && (!flow->has_ports || flow->source_port < m->source_port_first ||
			 flow->source_port > m->source_port_last || flow->destination_port < m->destination_port_first ||
			 flow->destination_port > m->destination_port_last))
		return false;
	return has_bits(m->source, m->source_len, flow->source) &&
	       has_bits(m->destination, m->destination_len, flow->destination);
}

static uint16_t oracle(const struct cw_flow *flow, const struct cw_marks *marks, bool *may_change)
{
	*may_change = false;
	for (uint16_t i = 0; i < MATCHES; i++) {
		if (!oracle_fits(&matches[i], flow, marks))
			continue;
		if (matches[i].server[0] == 0 || (marks->server != NULL && is_server(matches[i].server, marks->server)))
			return i;
		*may_change = *may_change || marks->server == NULL;
	}
	return CW_NO_MATCH;
}

static void agrees_with_a_slow_reader(void)
{
	uint32_t found = 0, open = 0;

	for (uint32_t round = 0; round < 200; round++) {
		make_matches();
		for (uint32_t i = 0; i < 500; i++) {
			struct cw_flow flow = { .source = random_address(),
						.destination = random_address(),
						.source_port = (uint16_t)check_below(7),
						.destination_port = (uint16_t)check_below(7),
						.protocol = protocols[1 + check_below(4)],
						.has_ports = check_below(4) != 0 };
			struct cw_marks marks = { .segment = (uint16_t)check_below(3), .dscp = (uint8_t)check_below(3) };
			bool may_change, should_change;
			marks.server = check_below(2) ? names[check_below(5)] : check_below(2) ? "" : NULL;
			uint16_t got = cw_match_find(matches, MATCHES, &flow, &marks, &may_change);
			CHECK(got == oracle(&flow, &marks, &should_change) && may_change == should_change);
			found += got != CW_NO_MATCH;
			open += may_change;
		}
	}
	CHECK(found > 10000 && open > 1000);
}

int main(int argc, char **argv)
{
	check_begin(argc, argv);
	agrees_with_a_slow_reader();
	return check_result();
}
