/*
 * One direction of a way between two simulated ends: whether a packet that enters it at some moment arrives, and when. Pure:
 * chance is drawn from the link's key and the packet's number, so any packet can be asked about at any time, in any order,
 * and has the same fate each time. What happens to the link is declared before the run. Nothing is queued here, and no rate.
 */
#ifndef CW_PATH_LINK_H
#define CW_PATH_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include "mix.h"

#define LINK_PPM 1000000u
#define LINK_NEVER UINT64_MAX
#define LINK_BURST_SLOT_US 10000u
#define LINK_BURST_SLOTS 15u /* the longest burst */

/* All zero but for `key`, and `cut_us`, `step_us` and `flap_us` LINK_NEVER: a wire. */
struct link {
	uint64_t key;
	uint64_t delay_us;
	uint64_t jitter_us; /* up to so much more, evenly spread; packets may overtake each other */
	uint32_t loss_ppm;
	uint32_t burst_ppm;      /* bursts that begin, for each slot; in a burst all is lost */
	uint32_t burst_more_ppm; /* and go on, for each further slot */
	uint64_t cut_us, mended_us;
	uint64_t step_us, stepped_us; /* from and until when the delay is greater */
	uint64_t step_more_us;
	uint64_t flap_us, flapped_us; /* from and until when it comes and goes: off for the first half of each period */
	uint64_t flap_period_us;
};

/* A number that looks random, always the same for the same two. */
static inline uint64_t cw_sim_link_draw(uint64_t key, uint64_t number)
{
	return cw_mix64(key + number * CW_MIX_STEP);
}

void cw_sim_link_begin(struct link *link, uint64_t key);

/* When packet `number`, sent at `sent_us`, arrives; LINK_NEVER: it does not. */
uint64_t cw_sim_link_carry(const struct link *link, uint64_t number, uint64_t sent_us);

#endif
