/* See codel.h. */
#include "table/codel.h"

#define RECENT (16 * CW_CODEL_INTERVAL_NS) /* RFC 8289 §5.5: then it goes on nearly where it was */

static uint32_t square_root(uint64_t square)
{
	uint64_t root = 0;

	for (uint64_t bit = 1ull << 31; bit != 0; bit >>= 1) {
		if ((root | bit) * (root | bit) <= square)
			root |= bit;
	}
	return (uint32_t)root;
}

/* RFC 8289 §5.6: the time between losses falls with the root of their number, as the rate of a TCP does. */
static uint64_t next_loss(uint64_t at_ns, uint32_t count)
{
	/* In 1/256, of a count of 32 bits. */
	return at_ns + (CW_CODEL_INTERVAL_NS << 8) / square_root((uint64_t)count << 16);
}

static bool is_above(struct cw_codel *codel, uint64_t now_ns, uint64_t wait_ns, uint64_t target_ns, bool is_last)
{
	if (wait_ns < target_ns || is_last) {
		codel->above_ns = 0;
		return false;
	}
	if (codel->above_ns == 0)
		codel->above_ns = now_ns + CW_CODEL_INTERVAL_NS;
	return now_ns >= codel->above_ns;
}

static void begin_losing(struct cw_codel *codel, uint64_t now_ns)
{
	uint32_t grown = codel->count - codel->before;
	bool is_recent = grown > 1 && now_ns < codel->next_ns + RECENT;

	codel->is_losing = true;
	codel->count = is_recent ? grown : 1;
	codel->before = codel->count;
	codel->next_ns = next_loss(now_ns, codel->count);
}

bool cw_codel_loses(struct cw_codel *codel, uint64_t now_ns, uint64_t wait_ns, uint64_t target_ns, bool is_last)
{
	bool is_bad = is_above(codel, now_ns, wait_ns, target_ns, is_last);

	if (!is_bad) {
		codel->is_losing = false;
		return false;
	}
	if (!codel->is_losing) {
		begin_losing(codel, now_ns);
		return true;
	}
	if (now_ns < codel->next_ns)
		return false;
	codel->count++;
	codel->next_ns = next_loss(codel->next_ns, codel->count);
	return true;
}
