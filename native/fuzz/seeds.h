/* What the writers of the kept corpus share (seeds.c, seeds_border.c, seeds_names.c): an input in the making. */
#ifndef CW_SEEDS_H
#define CW_SEEDS_H

#include <stdint.h>

#define SEED_MAX 4096
#define VNI 100

struct seed {
	uint32_t length;
	uint8_t bytes[SEED_MAX];
};

void cw_seed_write(const char *target, const char *name, const struct seed *seed);
void cw_seed_add(struct seed *seed, const void *data, uint32_t length);

/* An item of a control frame. */
void cw_seed_item(struct seed *seed, uint8_t type, uint16_t length);

void cw_seeds_program(void);
void cw_seeds_call(void);
void cw_seeds_queues(void);
void cw_seeds_traversal(void);
void cw_seeds_rtnetlink(void);
void cw_seeds_names(void);

#endif
