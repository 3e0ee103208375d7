/* See neighbour.h. */
#include "table/neighbour.h"

#include <stdlib.h>

static uint32_t hash(uint8_t port, uint32_t address)
{
	return (address ^ (uint32_t)port << 24) * 0x9e3779b1u >> 7;
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
		while (table->slots[at].address != 0)
			at = (at + 1) & table->mask;
		table->slots[at] = entries[i];
	}
	return table;
}

struct cw_neighbour *cw_neighbour_find(struct cw_neighbours *table, uint8_t port, uint32_t address)
{
	for (uint32_t at = hash(port, address);; at++) {
		struct cw_neighbour *slot = &table->slots[at & table->mask];
		if (slot->address == 0)
			return NULL;
		if (slot->address == address && slot->port == port)
			return slot;
	}
}
