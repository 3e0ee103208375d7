/* What the FIBs of both families share: routes checked and sorted, and blocks whose room grows while they are filled. */
#ifndef CW_ROOM_H
#define CW_ROOM_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* A sorted copy. NULL with errno EINVAL (one is not sound), EEXIST (two are equal), ENOSPC (over `most`) or ENOMEM. */
static inline void *cw_room_sorted(const void *routes, uint32_t count, uint32_t most, size_t size,
				   int (*compare)(const void *, const void *), bool (*is_sound)(const void *))
{
	uint8_t *sorted = count > most ? NULL : malloc((count + 1) * size);
	int error = 0;

	errno = count > most ? ENOSPC : ENOMEM;
	if (sorted == NULL)
		return NULL;
	if (count > 0)
		memcpy(sorted, routes, count * size);
	qsort(sorted, count, size, compare);
	for (uint32_t i = 0; error == 0 && i < count; i++) {
		const uint8_t *route = sorted + i * size;
		if (!is_sound(route))
			error = EINVAL;
		else if (i > 0 && compare(route - size, route) == 0)
			error = EEXIST;
	}
	if (error == 0)
		return sorted;
	free(sorted);
	errno = error;
	return NULL;
}

/* `blocks`, or where they are now that there is room for one more. NULL: no memory, they are where they were. */
static inline void *cw_room_for_one(void *blocks, uint32_t count, uint32_t *room, size_t size)
{
	uint32_t wanted = *room == 0 ? 16 : *room * 2;

	if (count < *room)
		return blocks;
	void *grown = realloc(blocks, wanted * size);
	if (grown != NULL)
		*room = wanted;
	return grown;
}

/* A table lives long: what its blocks grew ahead of need goes back. */
static inline void *cw_room_give_back(void *blocks, uint32_t count, uint32_t *room, size_t size)
{
	void *less = count > 0 ? realloc(blocks, count * size) : NULL;

	if (less == NULL)
		return blocks;
	*room = count;
	return less;
}

#endif
