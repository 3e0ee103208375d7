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

/* Of a set: a key and direction has one of data and one of control, at most 256 together, and two of the same for what is relayed. */
#define CW_REPLAY_LANES_MAX 128
#define CW_REPLAY_POOL_BYTES (64u << 20)

struct cw_replay_window;
struct cw_replay_pool;

/*
 * What was heard on a lane since the key began: what its sender is told, so that it knows loss, order and delay of its way.
 * Transit times are compared with each other only: the clocks of both ends have nothing in common.
 */
struct cw_lane {
	uint64_t heard_us;
	uint64_t bytes;
	uint32_t received;
	uint32_t late;          /* overtaken by a later one */
	uint32_t transit_base;  /* of the first packet, µs */
	int32_t transit_least;  /* above that; of the last 10 to 20 s, so that clocks may drift */
	int32_t transit_lately; /* of this period of 10 s */
	uint32_t period_s;
	uint64_t above_sum; /* of transits above the least, since they were told last */
	uint32_t above_count;
	uint32_t told; /* `received` at that time */
	uint32_t counted; /* `received`, and `bytes`, as its path has them */
	uint64_t counted_bytes;
};

/* All lanes of one key, kind and direction. All zeros is a good start. */
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
 * new lane). `now_us` is any clock that does not go back. `heard`, which may be NULL: the lane, until the next call.
 */
int cw_replay_accept(struct cw_replay_lanes *lanes, struct cw_replay_pool *pool, uint16_t lane,
		     uint32_t counter, uint64_t now_us, struct cw_lane **heard);

/* The lane at place `i` of `lanes->count`, and its highest counter. */
struct cw_lane *cw_replay_lane(const struct cw_replay_lanes *lanes, uint32_t i, uint32_t *highest);

/* Mean of what was measured since it was told last; UINT32_MAX: nothing was. */
static inline uint32_t cw_lane_above_us(const struct cw_lane *lane)
{
	return lane->above_count == 0 ? UINT32_MAX : (uint32_t)(lane->above_sum / lane->above_count);
}

/* A packet of `bytes` inside was `transit` µs under way by the two clocks, mod 2^32. */
void cw_lane_measure(struct cw_lane *lane, uint32_t transit, uint32_t bytes);

/* Gives all windows back. Any thread, once the worker has let go of the lanes; leaves none. */
void cw_replay_release(struct cw_replay_lanes *lanes, struct cw_replay_pool *pool);

#endif
