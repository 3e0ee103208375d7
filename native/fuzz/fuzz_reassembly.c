/*
 * Fuzzes the reassembly of inner packets. Input: any number of pieces: 1: more follow, 2: IPv6, 4: another VNI, session in
 * the next two bits, ECN in the next two, 128: half a second passes u8 | id u8 | offset / 8 u16 | length u16 | data, of
 * which there may be less.
 */
#include <stdlib.h>
#include <string.h>

#include "drop.h"
#include "fuzz_bench.h"
#include "graph/reassembly.h"
#include "packet.h"

#define HEAD 6

static uint64_t sum_of(const uint64_t *drops)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < CW_DROP_COUNT; i++)
		sum += drops[i];
	return sum;
}

/* Pieces that wait, by counting. */
static uint64_t waiting(const struct cw_reassembly *table)
{
	uint64_t count = 0, used = 0;

	for (uint32_t i = 0; i < CW_REASSEMBLY_SLOTS; i++) {
		used += table->partials[i].session != 0;
		count += table->partials[i].session != 0 ? table->partials[i].count : 0;
	}
	FUZZ_NEEDS(used == table->used);
	return count;
}

static uint8_t *give(struct cw_reassembly *table, const uint8_t *at, size_t left, uint64_t now_us,
		     struct cw_whole *whole)
{
	uint32_t said = packet_u16(at + 4);
	struct cw_piece piece = { .session = 1 + (at[0] >> 3 & 3),
				  .vni = at[0] & 4 ? 101 : 100,
				  .id = at[1],
				  .offset = (uint16_t)(packet_u16(at + 2) << 3),
				  .length = said < left ? said : (uint32_t)left,
				  .has_more = at[0] & 1,
				  .is_ip6 = at[0] & 2,
				  .ecn = at[0] >> 5 & 3 };
	uint8_t *exact = malloc(piece.length == 0 ? 1 : piece.length);

	memcpy(exact, at + HEAD, piece.length);
	piece.data = exact;
	whole->length = 0;
	bool is_whole = cw_reassembly_add(table, &piece, now_us, whole);
	FUZZ_NEEDS(is_whole == (whole->length > 0));
	free(exact);
	return (uint8_t *)(uintptr_t)at + HEAD + piece.length;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cw_reassembly *table = calloc(1, sizeof(*table));
	uint64_t drops[CW_DROP_COUNT] = { 0 }, now_us = 1, given = 0, delivered = 0;
	const uint8_t *at = data, *end = data + size;

	table->drops = drops;
	while (at + HEAD <= end) {
		struct cw_whole whole = { 0 };
		uint64_t before = waiting(table) + sum_of(drops);
		now_us += at[0] & 128 ? 500000 : 1;
		at = give(table, at, (size_t)(end - at - HEAD), now_us, &whole);
		given++;
		if (whole.length == 0) {
			FUZZ_NEEDS(waiting(table) + sum_of(drops) == before + 1);
			continue;
		}
		FUZZ_NEEDS(whole.length > 8 && whole.length <= CW_REASSEMBLY_BYTES && whole.ecn < 4);
		memset(whole.data, 0, whole.length);
		delivered += before + 1 - waiting(table) - sum_of(drops);
	}
	cw_reassembly_expire(table, now_us + CW_REASSEMBLY_US);
	FUZZ_NEEDS(waiting(table) == 0 && table->used == 0 && sum_of(drops) + delivered == given);
	free(table);
	return 0;
}
