/*
 * The lines by which an emulated WAN link is set: names, limits, and what they do to the settings. Pure.
 *   ID read                              counters
 *   ID set up|down|both [clear] KEY=N …  what is named changes, after `clear` all else is a wire's
 */
#ifndef CW_WAN_CONTROL_H
#define CW_WAN_CONTROL_H

#include <stdbool.h>
#include <stdint.h>

#include "wan_model.h"

#define CW_WAN_LINE_BYTES 1024

struct cw_wan_order {
	uint64_t id;
	bool is_read;    /* else it sets */
	bool is_way[2];  /* up, down */
	bool is_cleared; /* before the rest */
	const char *words; /* KEY=N …, of the line itself */
};

/* Takes a line apart, in place. @returns NULL, or what is wrong with it */
const char *cw_wan_order(char *line, struct cw_wan_order *order);

/* Does what an order says to the settings of one direction. @returns NULL, or the word that is refused */
const char *cw_wan_apply(const struct cw_wan_order *order, struct cw_wan_settings *settings);

#endif
