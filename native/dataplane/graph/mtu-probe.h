/*
 * The worker's side of what paths carry (table/pmtu.h): probes of a size, which are control frames with padding, their answers,
 * and what follows for packets. wire.md, items 0x08 and 0x09.
 */
#ifndef CW_MTU_PROBE_H
#define CW_MTU_PROBE_H

#include <stdint.h>

struct cw_keypair;
struct cw_path;
struct cw_peer;
struct cw_worker;

/*
 * Fits the peer's paths to their uplinks, says what packets they take, and sends the probes that are due; `current` may be NULL,
 * and then none is. `late_us`: as in cw_paths_look(). When to come again is noted in the peer's paths.
 */
void cw_mtu_probe(struct cw_worker *worker, struct cw_peer *peer, struct cw_keypair *current, uint64_t late_us);

/* An answer came by `path`: id u32, size u16, zero 2. */
void cw_mtu_hear(struct cw_worker *worker, struct cw_peer *peer, struct cw_path *path, const uint8_t *value);

#endif
