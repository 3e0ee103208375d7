/*
 * Reassembly against a slow oracle that owns every byte by itself: pieces in any order, copies, overlaps, truncations,
 * contradictions, more packets than there is room for, and time that passes. Every piece is in the end delivered
 * or counted once.
 */
#include <string.h>

#include "check.h"
#include "drop.h"
#include "graph/reassembly.h"

#define BYTES CW_REASSEMBLY_BYTES
#define ENTRIES_MAX 200
#define QUEUE_MAX 64

struct entry {
	struct cw_piece first;
	uint64_t since_us;
	uint8_t owner[BYTES]; /* number of the piece that a byte came with; 0: none */
	uint8_t bytes[BYTES];
	uint32_t pieces;
	int total; /* -1: unknown */
	bool is_spoilt;
	uint8_t ecn;
};

struct oracle {
	struct entry entries[ENTRIES_MAX];
	uint32_t count;
	uint64_t drops[CW_DROP_COUNT];
};

static struct oracle oracle;
static struct cw_reassembly table;
static uint64_t drops[CW_DROP_COUNT];
static uint64_t now_us = 5;
static uint64_t given, delivered_pieces, delivered;

static void forget(struct entry *e, enum cw_drop reason)
{
	oracle.drops[reason] += e->pieces;
	*e = oracle.entries[--oracle.count];
}

static void expire(void)
{
	for (uint32_t i = oracle.count; i > 0; i--) {
		if (now_us - oracle.entries[i - 1].since_us >= 1000000)
			forget(&oracle.entries[i - 1], CW_DROP_REASSEMBLY_TIMEOUT);
	}
}

static struct entry *oldest_of(uint32_t session)
{
	struct entry *oldest = NULL;

	for (uint32_t i = 0; i < oracle.count; i++) {
		struct entry *e = &oracle.entries[i];
		if ((session == 0 || e->first.session == session) &&
		    (oldest == NULL || e->since_us < oldest->since_us))
			oldest = e;
	}
	return oldest;
}

static struct entry *find_or_begin(const struct cw_piece *p)
{
	uint32_t own = 0;

	for (uint32_t i = 0; i < oracle.count; i++) {
		struct entry *e = &oracle.entries[i];
		if (e->first.session == p->session && e->first.id == p->id) {
			if (now_us - e->since_us < 1000000)
				return e;
			forget(e, CW_DROP_REASSEMBLY_TIMEOUT);
			break;
		}
	}
	for (uint32_t i = 0; i < oracle.count; i++)
		own += oracle.entries[i].first.session == p->session;
	if (own == CW_REASSEMBLY_PER_SESSION)
		forget(oldest_of(p->session), CW_DROP_REASSEMBLY_FULL);
	else if (oracle.count == CW_REASSEMBLY_SLOTS)
		forget(oldest_of(0), CW_DROP_REASSEMBLY_FULL);
	struct entry *e = &oracle.entries[oracle.count++];
	*e = (struct entry){ .first = *p, .since_us = now_us, .total = -1 };
	return e;
}

static uint32_t owned(const struct entry *e, uint32_t from, uint32_t to, uint32_t who)
{
	uint32_t count = 0;

	for (uint32_t i = from; i < to; i++)
		count += who == 0 ? e->owner[i] != 0 : e->owner[i] == who;
	return count;
}

static bool is_copy(const struct entry *e, const struct cw_piece *p)
{
	uint32_t end = p->offset + p->length, who = e->owner[p->offset];

	return who != 0 && owned(e, p->offset, end, who) == p->length &&
	       owned(e, 0, BYTES, who) == p->length && (e->total == (int)end) == !p->has_more &&
	       memcmp(e->bytes + p->offset, p->data, p->length) == 0;
}

static bool spoilt(struct entry *e, enum cw_drop reason)
{
	oracle.drops[reason] += e->pieces + 1;
	e->pieces = 0;
	e->is_spoilt = true;
	return false;
}

/* What the severest of the marks is, by RFC 3168 §5.3 and RFC 6040. */
static uint8_t worse(uint8_t a, uint8_t b)
{
	if (a == 3 || b == 3)
		return 3;
	if (a == 1 || b == 1)
		return 1;
	return a > b ? a : b;
}

static bool oracle_add(const struct cw_piece *p, struct cw_whole *whole)
{
	static uint8_t bytes[BYTES];
	uint32_t end = p->offset + p->length;

	if (p->length == 0 || end > BYTES || (p->has_more && p->length % 8 != 0) ||
	    (!p->has_more && p->offset == 0)) {
		oracle.drops[CW_DROP_REASSEMBLY_MALFORMED]++;
		return false;
	}
	struct entry *e = find_or_begin(p);
	if (e->is_spoilt || is_copy(e, p)) {
		oracle.drops[CW_DROP_REASSEMBLY_OVERLAP]++;
		return false;
	}
	if (owned(e, p->offset, end, 0) > 0)
		return spoilt(e, CW_DROP_REASSEMBLY_OVERLAP);
	if (p->vni != e->first.vni || p->is_ip6 != e->first.is_ip6 || e->pieces == 4 ||
	    (e->total >= 0 && (!p->has_more || (int)end > e->total)) ||
	    (!p->has_more && owned(e, end, BYTES, 0) > 0))
		return spoilt(e, CW_DROP_REASSEMBLY_MALFORMED);
	memset(e->owner + p->offset, (int)++e->pieces, p->length);
	memcpy(e->bytes + p->offset, p->data, p->length);
	e->ecn = worse(e->ecn, p->ecn);
	if (!p->has_more)
		e->total = (int)end;
	if (e->total < 0 || owned(e, 0, (uint32_t)e->total, 0) != (uint32_t)e->total)
		return false;
	memcpy(bytes, e->bytes, BYTES);
	*whole = (struct cw_whole){ bytes, (uint32_t)e->total, e->ecn };
	delivered_pieces += e->pieces;
	delivered++;
	*e = oracle.entries[--oracle.count];
	return true;
}

/* One piece to both; it lies in a block of just its size. */
static void give(const struct cw_piece *piece)
{
	struct cw_whole wanted = { 0 }, came = { 0 };
	struct cw_piece p = *piece;
	uint8_t *exact = malloc(p.length == 0 ? 1 : p.length);

	memcpy(exact, piece->data, p.length);
	p.data = exact;
	now_us += 1 + check_below(50);
	given++;
	bool is_wanted = oracle_add(&p, &wanted);
	bool is_whole = cw_reassembly_add(&table, &p, now_us, &came);
	free(exact);
	CHECK(is_whole == is_wanted && came.length == wanted.length && came.ecn == wanted.ecn);
	CHECK(!is_whole || !is_wanted || memcmp(came.data, wanted.data, wanted.length) == 0);
	CHECK(memcmp(drops, oracle.drops, sizeof(drops)) == 0);
	CHECK(table.used == oracle.count);
}

static void pass_time(uint64_t us)
{
	now_us += us;
	expire();
	cw_reassembly_expire(&table, now_us);
	CHECK(memcmp(drops, oracle.drops, sizeof(drops)) == 0 && table.used == oracle.count);
}

/* Cuts a packet as a sender would: pieces of one size, but for the last. */
static uint32_t cut(struct cw_piece *to, const uint8_t *data, uint32_t total, uint32_t session)
{
	uint32_t most = 2 + check_below(3), step = ((total + most - 1) / most + 7) & ~7u, count = 0;
	uint16_t id = (uint16_t)check_below(40);

	for (uint32_t at = 0; at < total; at += step) {
		uint32_t bytes = total - at < step ? total - at : step;
		to[count++] = (struct cw_piece){ .session = session,
						 .vni = 100,
						 .id = id,
						 .offset = (uint16_t)at,
						 .length = bytes,
						 .has_more = at + bytes < total,
						 .is_ip6 = true,
						 .ecn = (uint8_t)check_below(4),
						 .data = data + at };
	}
	return count;
}

/* Something that no honest path does to a piece. */
static void harm(struct cw_piece *p, const uint8_t *data)
{
	switch (check_below(9)) {
	case 0:
		p->length = check_below(p->length + 1);
		break;
	case 1:
		p->offset = (uint16_t)(8 * check_below(BYTES / 8));
		break;
	case 2:
		p->has_more = !p->has_more;
		break;
	case 3:
		p->id = (uint16_t)check_below(40);
		break;
	case 4:
		p->vni ^= 1;
		break;
	case 5:
		p->is_ip6 = !p->is_ip6;
		break;
	case 6:
		p->length = 8 * check_below(BYTES / 8 + 1);
		break;
	case 7:
		p->offset = (uint16_t)(8 * check_below(1 << 13));
		break;
	default:
		p->data = data + check_below(8);
		break;
	}
}

/* Random packets of some sessions, a few at once, their pieces mixed, copied and harmed. */
static void agrees_with_the_oracle(uint32_t sessions, uint32_t harm_in, uint32_t rounds)
{
	static uint8_t data[3 * BYTES];

	check_fill(data, sizeof(data));
	for (uint32_t round = 0; round < rounds; round++) {
		struct cw_piece queue[QUEUE_MAX];
		uint32_t count = 0;
		for (uint32_t n = 1 + check_below(10); n > 0; n--)
			count += cut(queue + count, data + check_below(BYTES), 9 + check_below(BYTES - 8),
				     1 + check_below(sessions));
		while (count > 0) {
			uint32_t which = check_below(count);
			struct cw_piece p = queue[which];
			if (check_below(harm_in) == 0)
				harm(&p, data);
			give(&p);
			/* Some come twice, some never. */
			if (check_below(harm_in) != 0)
				queue[which] = queue[--count];
			if (count > 0 && check_below(harm_in) == 0)
				queue[check_below(count)] = queue[count - 1], count--;
		}
		if (check_below(20) == 0)
			pass_time(check_below(1500000));
	}
}

static void counts_every_piece_once(void)
{
	uint64_t counted = 0;

	pass_time(2000000);
	for (uint32_t i = 0; i < CW_DROP_COUNT; i++)
		counted += drops[i];
	CHECK(table.used == 0 && counted + delivered_pieces == given);
	CHECK(delivered > 10000 && drops[CW_DROP_REASSEMBLY_OVERLAP] > 1000);
	CHECK(drops[CW_DROP_REASSEMBLY_MALFORMED] > 1000 && drops[CW_DROP_REASSEMBLY_FULL] > 1000);
	CHECK(drops[CW_DROP_REASSEMBLY_TIMEOUT] > 1000);
}

/* Every order of two to four pieces gives the packet; time stands still. */
static void takes_any_order(void)
{
	static uint8_t data[BYTES];
	struct cw_piece p[CW_REASSEMBLY_PIECES];

	check_fill(data, sizeof(data));
	for (uint32_t pieces = 2; pieces <= CW_REASSEMBLY_PIECES; pieces++) {
		for (uint32_t order = 0; order < 256; order++) {
			uint32_t seen = 0;
			for (uint32_t i = 0; i < pieces; i++)
				seen |= 1u << (order >> 2 * i & 3);
			if (seen != (1u << pieces) - 1)
				continue;
			for (uint32_t i = 0; i < pieces; i++)
				p[i] = (struct cw_piece){ .session = 9, .vni = 1, .id = 7,
							  .offset = (uint16_t)(i * 320), .length = 320,
							  .has_more = i + 1 < pieces,
							  .data = data + i * 320 };
			uint64_t before = delivered;
			for (uint32_t i = 0; i < pieces; i++)
				give(&p[order >> 2 * i & 3]);
			CHECK(delivered == before + 1);
		}
	}
}

int main(int argc, char **argv)
{
	check_begin(argc, argv);
	table.drops = drops;
	takes_any_order();
	agrees_with_the_oracle(3, 1000000, 8000);
	agrees_with_the_oracle(3, 12, 8000);
	agrees_with_the_oracle(1, 3, 3000);
	agrees_with_the_oracle(40, 2, 3000);
	counts_every_piece_once();
	return check_result();
}
