/* Numbers that look random, of numbers that do not. */
#ifndef CW_MIX_H
#define CW_MIX_H

#include <stdint.h>

/* By which the state of splitmix64 grows from one number to the next: 2^64 by the golden ratio. */
#define CW_MIX_STEP 0x9e3779b97f4a7c15ull

/* splitmix64's output function: neighbours come out as strangers. Who does not know the state cannot tell what comes next. */
static inline uint64_t cw_mix64(uint64_t state)
{
	state = (state ^ state >> 30) * 0xbf58476d1ce4e5b9ull;
	state = (state ^ state >> 27) * 0x94d049bb133111ebull;
	return state ^ state >> 31;
}

#endif
