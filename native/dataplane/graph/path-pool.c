/* The memory of all paths: see path.h. */
#include <errno.h>
#include <stdlib.h>

#include "graph/path.h"

int cw_path_pool_open(struct cw_path_pool *pool)
{
	pool->memory = calloc(CW_PATHS_TOTAL, sizeof(pool->memory[0]));
	if (pool->memory == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < CW_PATHS_TOTAL; i++)
		pool->free[i] = (uint16_t)(CW_PATHS_TOTAL - 1 - i);
	pool->free_count = CW_PATHS_TOTAL;
	/* Until there are paths nobody wakes for them. */
	pool->next_us = UINT64_MAX;
	return 0;
}

void cw_path_pool_close(struct cw_path_pool *pool)
{
	free(pool->memory);
}
