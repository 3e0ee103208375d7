/* See neighbour.h. */
#include "table/neighbour.h"

#include <stdlib.h>

/* Neighbours differ in their last bytes, which are the highest of a word: folded down before they are spread. */
static uint32_t hash(uint8_t port, struct cw_address address)
{
	uint64_t mixed = address.words[0] ^ address.words[1] ^ port;

	mixed ^= mixed >> 32;
	return (uint32_t)(mixed * 0x9e3779b97f4a7c15u >> 32);
}

struct cw_neighbours *cw_neighbours_new(const struct cw_neighbour *entries, uint32_t count)
{
	uint32_t size = 16;

	while (size < count * 2)
		size *= 2;
	struct cw_neighbours *table = calloc(1, sizeof(*table) + size * sizeof(table->slots[0]));
	if (table == NULL)
		return NULL;
	table->mask = size - 1;
	table->count = count;
	for (uint32_t i = 0; i < count; i++) {
		uint32_t at = hash(entries[i].port, entries[i].address) & table->mask;
		while (!cw_address_is_none(table->slots[at].address))
			at = (at + 1) & table->mask;
		table->slots[at] = entries[i];
	}
	return table;
}

struct cw_neighbour *cw_neighbour_find(struct cw_neighbours *table, uint8_t port,
				       struct cw_address address)
{
	for (uint32_t at = hash(port, address);; at++) {
		struct cw_neighbour *slot = &table->slots[at & table->mask];
		if (cw_address_is_none(slot->address))
			return NULL;
		if (cw_address_equal(slot->address, address) && slot->port == port)
			return slot;
	}
}
