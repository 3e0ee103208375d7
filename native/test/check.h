/*
 * What a test program needs: a check that says where it failed, and numbers that come again from a
 * seed. A test is a program whose main() returns check_result(); the seed is printed by it and may
 * be given as the first argument.
 */
#ifndef CW_CHECK_H
#define CW_CHECK_H

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "mix.h"

#define CHECK_FAILURES_SHOWN 20

/* One of each in a program, whichever of its files counts: of weak definitions the linker keeps one. */
__attribute__((weak)) uint32_t check_count;
__attribute__((weak)) uint32_t check_failures;
__attribute__((weak)) uint64_t check_seed = CW_MIX_STEP;
__attribute__((weak)) uint64_t check_state;

static inline bool check_that(bool is_true, const char *claim, const char *file, int line)
{
	check_count++;
	if (!is_true && check_failures++ < CHECK_FAILURES_SHOWN)
		fprintf(stderr, "%s:%d: not so: %s\n", file, line, claim);
	return is_true;
}

/* Counts and reports; yields whether it held, so that a loop can stop at its first failure. */
#define CHECK(claim) check_that((claim), #claim, __FILE__, __LINE__)

static inline void check_begin(int argc, char **argv)
{
	if (argc > 1)
		check_seed = strtoull(argv[1], NULL, 0);
	check_state = check_seed;
}

/* splitmix64: any seed is a good one. */
static inline uint64_t check_random(void)
{
	return cw_mix64(check_state += CW_MIX_STEP);
}

/* 0 to `below` - 1. */
static inline uint32_t check_below(uint32_t below)
{
	return (uint32_t)((check_random() >> 32) * below >> 32);
}

static inline void check_fill(uint8_t *to, size_t length)
{
	for (size_t i = 0; i < length; i++)
		to[i] = (uint8_t)check_random();
}

/* Exit status of the program. A run without a single check is a failure too. */
static inline int check_result(void)
{
	printf("%u checks, %u failed, seed 0x%" PRIx64 "\n", check_count, check_failures,
	       check_seed);
	return check_failures != 0 || check_count == 0;
}

#endif
