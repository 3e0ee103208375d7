/* What the scenarios of path_sim.c and path_sim_cut.c have in common. */
#ifndef CW_PATH_SIM_H
#define CW_PATH_SIM_H

#include "path_world.h"

/* Of all links, each direction. */
struct weather {
	uint32_t delay_ms;
	uint32_t loss_percent;
	bool is_uneven; /* each direction by up to a third longer or shorter */
};

struct traffic {
	const char *name;
	const struct data *of[ENDS]; /* NULL: none */
};

#define TRAFFICS 6
extern const struct traffic cw_sim_traffic[TRAFFICS];

/* 0 to `below` - 1: of the seed. */
uint32_t cw_sim_below(uint32_t below);

void cw_sim_begin(struct world *world, const struct weather *weather, uint32_t links);

/* Begins within a second. */
void cw_sim_send(struct world *world, const struct traffic *traffic, bool is_spread);

/* Paths that went down, at both ends. */
uint32_t cw_sim_failed(const struct world *world);

/* Of the data of the end that moved it more often. */
uint32_t cw_sim_moves(const struct world *world);

/* How long data is away when paths are cut; so many trials of each kind. In how many kinds it is too long. */
uint32_t cw_sim_cuts(struct world *world, uint32_t trials);

#endif
