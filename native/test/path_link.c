/* See path_link.h. */
#include "path_link.h"

#define BURSTS 0x6275727374ull /* so that bursts and packets draw from different keys */
#define LENGTHS 0x6c656e677468ull

void cw_sim_link_begin(struct link *link, uint64_t key)
{
	*link = (struct link){ .key = key, .cut_us = LINK_NEVER, .step_us = LINK_NEVER, .flap_us = LINK_NEVER };
}

static bool is_within(uint64_t at, uint64_t from, uint64_t until)
{
	return at >= from && at < until;
}

static bool is_off(const struct link *link, uint64_t at_us)
{
	if (is_within(at_us, link->cut_us, link->mended_us))
		return true;
	return is_within(at_us, link->flap_us, link->flapped_us) &&
	       (at_us - link->flap_us) % link->flap_period_us < link->flap_period_us / 2;
}

static bool happens(uint64_t random, uint32_t ppm)
{
	return (random & UINT32_MAX) * LINK_PPM >> 32 < ppm;
}

/* Whether one of the bursts that began lately still lasts. */
static bool is_in_burst(const struct link *link, uint64_t at_us)
{
	uint64_t slot = at_us / LINK_BURST_SLOT_US;

	for (uint32_t age = 0; age < LINK_BURST_SLOTS && age <= slot; age++) {
		if (!happens(cw_sim_link_draw(link->key ^ BURSTS, slot - age), link->burst_ppm))
			continue;
		uint64_t lengths = link->key ^ LENGTHS ^ (slot - age) << 8;
		uint32_t length = 1;
		while (length < LINK_BURST_SLOTS && happens(cw_sim_link_draw(lengths, length), link->burst_more_ppm))
			length++;
		if (age < length)
			return true;
	}
	return false;
}

uint64_t cw_sim_link_carry(const struct link *link, uint64_t number, uint64_t sent_us)
{
	uint64_t random = cw_sim_link_draw(link->key, number);

	if (happens(random, link->loss_ppm) || is_off(link, sent_us))
		return LINK_NEVER;
	if (link->burst_ppm > 0 && is_in_burst(link, sent_us))
		return LINK_NEVER;
	uint64_t more = is_within(sent_us, link->step_us, link->stepped_us) ? link->step_more_us : 0;
	return sent_us + link->delay_us + more + ((random >> 32) * (link->jitter_us + 1) >> 32);
}
