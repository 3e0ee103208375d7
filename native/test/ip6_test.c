/*
 * IPv6 headers: chains made with their end known and read back, whole, cut short and too long;
 * random bytes in blocks of just their size against a slow reading; addresses that stay on a link.
 */
#include "check.h"
#include "graph/l3.h"
#include "packet.h"

#define CHAIN_MAX 4000

struct chain {
	uint8_t bytes[CHAIN_MAX];
	uint32_t length;
	uint32_t count;
	struct cw_ip6_end end;
	bool is_hidden; /* which L4 it ends in is not to be seen */
};

static const uint8_t kinds[] = { 0, 43, 60, 51, 135, 139, 140 };

/* Appends an extension header of kind `kind`; its own kind stands in the header before. */
static void extend(struct chain *c, uint8_t *link, uint8_t kind)
{
	uint8_t *at = c->bytes + c->length;
	uint32_t words = check_below(c->count < 3 ? 6 : 2);

	*link = kind;
	check_fill(at, 8);
	if (kind == 44) {
		if (check_below(2))
			at[2] = at[3] = 0; /* atomic: RFC 6946 */
		c->length += 8;
		c->is_hidden = c->end.is_fragment;
		c->end.is_fragment = true;
		c->end.fragment = (uint16_t)(packet_u16(at + 2) & 0xfff8);
	} else {
		at[1] = (uint8_t)words;
		check_fill(at + 2, 6 + 8 * words);
		c->length += kind == 51 ? 4 * words + 8 : 8 * words + 8;
	}
	c->end.has_routing = c->end.has_routing || kind == 43;
	c->count++;
}

/* A chain of up to `most` headers before a packet of some protocol, and a few bytes of that. */
static void make_chain(struct chain *c, uint32_t most)
{
	static const uint8_t ends[] = { 6, 17, 58, 50, 59, 4, 41, 132, 255 };
	uint8_t *link = c->bytes + 6;

	*c = (struct chain){ .length = 40 };
	packet_ip6(c->bytes, 40, 0, 1, 2);
	for (uint32_t n = check_below(most + 1); n > 0; n--) {
		uint8_t kind = kinds[check_below(sizeof(kinds))];
		uint8_t *at = c->bytes + c->length;
		bool is_fragment = check_below(12) == 0;
		extend(c, link, is_fragment ? 44 : kind);
		link = at;
		if (c->end.fragment != 0 || c->is_hidden)
			break;
	}
	/* Behind a later fragment's header anything may be named, but nothing of it is there. */
	*link = ends[check_below(sizeof(ends))];
	if (c->end.fragment != 0 && check_below(3) == 0) {
		*link = kinds[check_below(sizeof(kinds))];
		c->is_hidden = true;
	}
	c->end.protocol = *link;
	c->end.l4 = c->length;
	c->length += 4 + check_below(40);
	packet_put16(c->bytes + 4, c->length - 40);
}

static bool walk(const struct chain *c, uint32_t length, struct cw_ip6_end *end)
{
	uint8_t *exact = malloc(length);

	memcpy(exact, c->bytes, length);
	bool is_known = cw_ip6_walk(exact, length, end);
	free(exact);
	return is_known;
}

static bool is_same(const struct cw_ip6_end *a, const struct cw_ip6_end *b)
{
	return a->l4 == b->l4 && a->protocol == b->protocol && a->fragment == b->fragment &&
	       a->is_fragment == b->is_fragment && a->has_routing == b->has_routing;
}

static void finds_the_end(void)
{
	static struct chain c;
	uint32_t deep = 0, fragments = 0, atomic = 0;

	for (uint32_t i = 0; i < 50000; i++) {
		struct cw_ip6_end end;
		make_chain(&c, 2 * CW_IP6_EXTENSIONS_MAX);
		bool is_known = walk(&c, c.length, &end);
		CHECK(is_known == (c.count <= CW_IP6_EXTENSIONS_MAX && !c.is_hidden));
		CHECK(!is_known || is_same(&end, &c.end));
		deep += !is_known;
		fragments += is_known && end.fragment != 0;
		atomic += is_known && end.is_fragment && end.fragment == 0;
		if (c.count == 0)
			continue;
		/* A byte of the last header is missing: not known, and nothing is read behind the end. */
		CHECK(!walk(&c, c.end.l4 - 1, &end));
		CHECK(walk(&c, c.end.l4, &end) == is_known);
	}
	CHECK(deep > 1000 && fragments > 1000 && atomic > 1000);
}

static void survives_random_bytes(void)
{
	static struct chain c;

	for (uint32_t i = 0; i < 200000; i++) {
		struct cw_ip6_end end;
		c.length = 40 + check_below(120);
		check_fill(c.bytes, c.length);
		for (uint32_t at = 6; at < c.length; at += 8)
			c.bytes[at == 6 ? 6 : at - 6] = kinds[check_below(sizeof(kinds))];
		if (walk(&c, c.length, &end))
			CHECK(end.l4 <= c.length && end.l4 >= 40);
	}
}

static void knows_sound_headers(void)
{
	uint8_t p[100];

	packet_ip6(p, 40, 17, 1, 2);
	packet_put16(p + 4, 60);
	CHECK(cw_ip6_is_sound(p, 100) && cw_l3_is_sound(p, 100) && cw_l3_total(p) == 100);
	for (uint32_t length = 0; length < 100; length++)
		CHECK(!cw_l3_is_sound(p, length));
	packet_put16(p + 4, 30); /* padding behind */
	CHECK(cw_l3_is_sound(p, 100) && cw_l3_total(p) == 70);
	packet_put16(p + 4, 0);
	CHECK(cw_l3_is_sound(p, 40));
	p[6] = 0; /* a jumbogram */
	CHECK(!cw_l3_is_sound(p, 100));
	packet_ip6(p, 40, 17, 1, 2);
	for (uint32_t version = 0; version < 16; version++) {
		p[0] = (uint8_t)(version << 4);
		CHECK(cw_l3_is_sound(p, 100) == (version == 6));
	}
}

/* The class lies across two bytes between version and flow label, which must not change. */
static void reads_and_marks_the_class(void)
{
	uint8_t p[40], before[40];

	for (uint32_t i = 0; i < 1000; i++) {
		uint8_t class = (uint8_t)check_random(), ecn = (uint8_t)check_below(4);
		uint32_t flow = check_below(1 << 20);
		packet_ip6(p, 40, 17, 1, 2);
		packet_put32(p, 6u << 28 | (uint32_t)class << 20 | flow);
		CHECK(cw_l3_class(p) == class);
		memcpy(before, p, 40);
		cw_ip6_set_ecn(cw_ip6(p), ecn);
		CHECK(packet_u32(p) == (6u << 28 | (uint32_t)((class & ~3) | ecn) << 20 | flow));
		CHECK(memcmp(p + 4, before + 4, 36) == 0);
		cw_l3_decrement_hops(p);
		CHECK(cw_l3_hops_left(p) == 63);
	}
}

static void knows_what_stays_on_its_link(void)
{
	static const struct {
		uint8_t first, second, last;
		bool may_cross;
	} ends[] = {
		{ 0xfd, 0, 1, true },	  { 0x20, 1, 1, true },	    { 0xfe, 0x80, 1, false },
		{ 0xfe, 0xbf, 1, false }, { 0xfe, 0xc0, 1, true },  { 0xfe, 0x7f, 1, true },
		{ 0xff, 0x02, 1, false }, { 0xff, 0x0e, 1, false }, { 0, 0, 0, false },
		{ 0, 0, 1, false },	  { 0, 0, 2, true },	    { 0, 1, 0, true },
	};
	uint8_t p[40];

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		for (uint32_t at = 8; at <= 24; at += 16) {
			packet_ip6(p, 40, 17, 1, 2);
			memset(p + at, 0, 16);
			p[at] = ends[i].first;
			p[at + 1] = ends[i].second;
			p[at + 15] = ends[i].last;
			CHECK(cw_ip6_may_cross(cw_ip6(p)) == ends[i].may_cross);
		}
	}
}

int main(int argc, char **argv)
{
	check_begin(argc, argv);
	finds_the_end();
	survives_random_bytes();
	knows_sound_headers();
	reads_and_marks_the_class();
	knows_what_stays_on_its_link();
	return check_result();
}
