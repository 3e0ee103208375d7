/*
 * No part of the dataplane: reads behind a heap buffer for inputs that begin with an escape, to show that the fuzzers
 * find such a thing and that it is reported. Built and run only when asked for by name.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz_bench.h"

#define ESCAPE 0x1b

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	uint8_t *copy = malloc(size);
	memcpy(copy, data, size);
	volatile uint8_t byte = copy[copy[0] == ESCAPE ? size : size - 1];
	(void)byte;
	free(copy);
	return 0;
}
