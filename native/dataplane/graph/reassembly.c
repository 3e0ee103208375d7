/* See reassembly.h. */
#include "graph/reassembly.h"

#include <string.h>

#include "drop.h"
#include "graph/ip4.h"

static void release(struct cw_reassembly *table, struct cw_partial *partial)
{
	partial->session = 0;
	table->used--;
}

static void give_up(struct cw_reassembly *table, struct cw_partial *partial, enum cw_drop reason)
{
	table->drops[reason] += partial->count;
	release(table, partial);
}

/* The packet is lost, this piece of it included; what comes later of it must not begin it anew. */
static bool spoil(struct cw_reassembly *table, struct cw_partial *partial, enum cw_drop reason)
{
	table->drops[reason] += partial->count + 1u;
	partial->count = 0;
	partial->is_spoilt = true;
	return false;
}

static bool drop(struct cw_reassembly *table, enum cw_drop reason)
{
	table->drops[reason]++;
	return false;
}

/* What no sender makes: nothing in it, more than there may be, a gap that cannot be told, or a packet in one piece. */
static bool is_malformed(const struct cw_piece *piece)
{
	return piece->length == 0 || piece->length > CW_REASSEMBLY_BYTES ||
	       piece->offset + piece->length > CW_REASSEMBLY_BYTES ||
	       (piece->has_more ? piece->length % 8 != 0 : piece->offset == 0);
}

void cw_reassembly_expire(struct cw_reassembly *table, uint64_t now_us)
{
	for (uint32_t i = 0; i < CW_REASSEMBLY_SLOTS && table->used > 0; i++) {
		struct cw_partial *partial = &table->partials[i];
		if (partial->session != 0 && now_us - partial->since_us >= CW_REASSEMBLY_US)
			give_up(table, partial, CW_DROP_REASSEMBLY_TIMEOUT);
	}
}

static struct cw_partial *find(struct cw_reassembly *table, const struct cw_piece *piece)
{
	for (uint32_t i = 0; i < CW_REASSEMBLY_SLOTS && table->used > 0; i++) {
		struct cw_partial *partial = &table->partials[i];
		if (partial->session == piece->session && partial->id == piece->id)
			return partial;
	}
	return NULL;
}

/* A free place; where the table or the session's share of it is full, that of the oldest there. */
static struct cw_partial *make_room(struct cw_reassembly *table, uint32_t session)
{
	struct cw_partial *oldest = NULL, *own_oldest = NULL, *unused = NULL;
	uint32_t own = 0;

	for (uint32_t i = 0; i < CW_REASSEMBLY_SLOTS; i++) {
		struct cw_partial *partial = &table->partials[i];
		if (partial->session == 0) {
			unused = unused == NULL ? partial : unused;
			continue;
		}
		if (oldest == NULL || partial->since_us < oldest->since_us)
			oldest = partial;
		if (partial->session != session)
			continue;
		own++;
		if (own_oldest == NULL || partial->since_us < own_oldest->since_us)
			own_oldest = partial;
	}
	if (own < CW_REASSEMBLY_PER_SESSION && unused != NULL)
		return unused;
	unused = own < CW_REASSEMBLY_PER_SESSION ? oldest : own_oldest;
	give_up(table, unused, CW_DROP_REASSEMBLY_FULL);
	return unused;
}

static struct cw_partial *begin(struct cw_reassembly *table, const struct cw_piece *piece,
				uint64_t now_us)
{
	struct cw_partial *partial = make_room(table, piece->session);

	*partial = (struct cw_partial){ .session = piece->session,
					.vni = piece->vni,
					.since_us = now_us,
					.id = piece->id,
					.ecn = piece->ecn,
					.is_ip6 = piece->is_ip6 };
	table->used++;
	return partial;
}

static uint8_t *data_of(struct cw_reassembly *table, const struct cw_partial *partial)
{
	return table->data[partial - table->partials];
}

/* Whether the piece is one that is here already, byte for byte. */
static bool is_copy(struct cw_reassembly *table, const struct cw_partial *partial,
		    const struct cw_piece *piece)
{
	uint32_t end = piece->offset + piece->length;

	for (uint32_t i = 0; i < partial->count; i++) {
		if (partial->at[i] == piece->offset && partial->end[i] == end)
			return (partial->total == end) == !piece->has_more &&
			       memcmp(data_of(table, partial) + piece->offset, piece->data,
				      piece->length) == 0;
	}
	return false;
}

static bool overlaps(const struct cw_partial *partial, const struct cw_piece *piece)
{
	for (uint32_t i = 0; i < partial->count; i++) {
		if (piece->offset < partial->end[i] &&
		    partial->at[i] < piece->offset + piece->length)
			return true;
	}
	return false;
}

/* Whether the piece lies behind the packet's end, or says an end before or beside what is here. */
static bool contradicts(const struct cw_partial *partial, const struct cw_piece *piece)
{
	uint32_t end = piece->offset + piece->length;

	if (partial->vni != piece->vni || partial->is_ip6 != piece->is_ip6 ||
	    partial->count == CW_REASSEMBLY_PIECES)
		return true;
	if (partial->total != 0)
		return !piece->has_more || end > partial->total;
	for (uint32_t i = 0; i < partial->count && !piece->has_more; i++) {
		if (partial->end[i] > end)
			return true;
	}
	return false;
}

/* RFC 3168 §5.3, and RFC 6040 for what tells ECT(1) from ECT(0): the severer mark is the packet's. */
static uint8_t join_ecn(uint8_t a, uint8_t b)
{
	static const uint8_t severity[4] = { 0, [CW_ECN_ECT0] = 1, [CW_ECN_ECT1] = 2, [CW_ECN_CE] = 3 };

	return severity[a] > severity[b] ? a : b;
}

bool cw_reassembly_add(struct cw_reassembly *table, const struct cw_piece *piece, uint64_t now_us,
		       struct cw_whole *whole)
{
	if (is_malformed(piece))
		return drop(table, CW_DROP_REASSEMBLY_MALFORMED);
	struct cw_partial *partial = find(table, piece);
	if (partial != NULL && now_us - partial->since_us >= CW_REASSEMBLY_US) {
		give_up(table, partial, CW_DROP_REASSEMBLY_TIMEOUT);
		partial = NULL;
	}
	if (partial == NULL)
		partial = begin(table, piece, now_us);
	if (partial->is_spoilt || is_copy(table, partial, piece))
		return drop(table, CW_DROP_REASSEMBLY_OVERLAP);
	if (overlaps(partial, piece))
		return spoil(table, partial, CW_DROP_REASSEMBLY_OVERLAP);
	if (contradicts(partial, piece))
		return spoil(table, partial, CW_DROP_REASSEMBLY_MALFORMED);

	memcpy(data_of(table, partial) + piece->offset, piece->data, piece->length);
	partial->at[partial->count] = piece->offset;
	partial->end[partial->count++] = (uint16_t)(piece->offset + piece->length);
	partial->bytes += (uint16_t)piece->length;
	partial->ecn = join_ecn(partial->ecn, piece->ecn);
	if (!piece->has_more)
		partial->total = (uint16_t)(piece->offset + piece->length);
	if (partial->total == 0 || partial->bytes != partial->total)
		return false;
	*whole = (struct cw_whole){ .data = data_of(table, partial),
				    .length = partial->total,
				    .ecn = partial->ecn };
	release(table, partial);
	return true;
}
