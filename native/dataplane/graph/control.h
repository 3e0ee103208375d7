/*
 * Control frames: probes and what answers them live here and need no gateway process; the rest of the items goes up
 * as events. wire.md, table of items.
 */
#ifndef CW_CONTROL_H
#define CW_CONTROL_H

#include <stdbool.h>
#include <stdint.h>

struct cw_keypair;
struct cw_path;
struct cw_worker;

/* Types of items that others than control.c write: wire.md, and 0x11, which graph/keep.h explains. */
#define CW_ITEM_PROBE_REPLY 0x02
#define CW_ITEM_CALL_BACK 0x11

/* The items of an opened control frame, which came by `path`: answers go back by it. */
void cw_control(struct cw_worker *worker, struct cw_keypair *keypair, struct cw_path *path,
		const uint8_t *items, uint32_t length);

/*
 * A frame of our own by `path`: a probe, and of the paths in `silent`, a bit per slot, that nothing is heard by them.
 * False: there was no buffer for it, and the probe was not asked.
 */
bool cw_control_send(struct cw_worker *worker, struct cw_keypair *current, struct cw_path *path,
		     bool has_probe, uint16_t silent);

/* Writes the items of an MTU probe that are `length` bytes with their padding: it asks for an answer of `id` and `size`. */
void cw_control_pad(uint8_t *items, uint32_t length, uint32_t id, uint16_t size);

/*
 * Tells the far end what was heard of its data under this key since the last time, so that it knows its own way. False: there
 * is nothing to tell.
 */
bool cw_control_report(struct cw_worker *worker, struct cw_keypair *current);

#endif
