/*
 * Replay windows, one per lane, after RFC 6479: a ring of 64-bit words with words to spare. A
 * lane's window is given out on its first authenticated packet and grows with the rate it sees:
 * 1,024 bits, 8,192 above 256 kpps, 65,536 above 2 Mpps, so that 4 ms of reordering are forgiven.
 * What a grown window did not see counts as seen. Windows come from one pool with a hard limit,
 * made at start: the packet path allocates nothing. wire.md "Sealed data and control".
 *
 * The lanes of a key have one owner, the worker that opens; the pool serves any number of workers.
 */
#ifndef CW_REPLAY_H
#define CW_REPLAY_H

#include <stdbool.h>
#include <stdint.h>

#define CW_REPLAY_LANES_MAX 128 /* a type and direction; data and control together at most 256 */
#define CW_REPLAY_POOL_BYTES (64u << 20)

struct cw_replay_window;
struct cw_replay_pool;

/* All lanes of one key, type and direction. All zeros is a good start. */
struct cw_replay_lanes {
	uint32_t count;
	uint16_t lane[CW_REPLAY_LANES_MAX];
	struct cw_replay_window *window[CW_REPLAY_LANES_MAX];
};

/* Address space for `bytes` of windows; memory is used as they are. NULL: none. */
struct cw_replay_pool *cw_replay_pool_new(uint32_t bytes);
void cw_replay_pool_free(struct cw_replay_pool *pool);

/* Whether `counter` may still be accepted: of a lane without a window, any but 0. Reads only. */
bool cw_replay_check(const struct cw_replay_lanes *lanes, uint16_t lane, uint32_t counter);

/*
 * Marks `counter` once the tag holds. 0, -EALREADY (0, seen or too old) or -ENOSPC (no window for a
 * new lane). `now_us` is any clock that does not go back.
 */
int cw_replay_accept(struct cw_replay_lanes *lanes, struct cw_replay_pool *pool, uint16_t lane,
		     uint32_t counter, uint64_t now_us);

/* Gives all windows back. Any thread, once the worker has let go of the lanes; leaves none. */
void cw_replay_release(struct cw_replay_lanes *lanes, struct cw_replay_pool *pool);

#endif
