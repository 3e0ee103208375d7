/*
 * How the worker waits for work. After a light round it stays awake for a moment, for an answer is often near, and waking up
 * costs more than looking; then it sleeps in epoll. Staying awake has a budget, so that an idle box is idle; and on a box
 * where others have work to do the worker does not do it at all, for it would stand in the way of the answer. Devices of DPDK's
 * (pmd) are looked at between naps, which grow with the silence; once they are as long as they get, those that can tell of
 * frames are asked to, and there are no naps until something comes.
 */
#ifndef CW_WAIT_H
#define CW_WAIT_H

#include <stdbool.h>
#include <stdint.h>

struct cw_worker;
struct epoll_event;
struct rte_mbuf;

struct cw_wait {
	uint64_t frame_us;  /* when the last frame came */
	uint64_t heard_us;  /* that, if it came with few others; 0: no reason to stay awake */
	uint64_t earned_us; /* up to when the credit was earned */
	uint64_t credit;    /* hundredths of a microsecond */
	uint32_t frames;    /* of this round */
	uint32_t bytes;
	bool is_armed;      /* all polled NICs tell of the next frame */
	bool is_told;       /* they were asked to, and may do so still */
	int load_fd;        /* /proc/loadavg; -1: unknown */
	uint32_t cpu_count;
	bool has_own_cpu;
	bool is_quiet;      /* at the last look a CPU was free */
};

/* `has_own_cpu`: the one that this thread is bound to is nobody else's. */
void cw_wait_open(struct cw_wait *wait, bool has_own_cpu);
void cw_wait_close(struct cw_wait *wait);

/* Every tick: whether a CPU is free. */
void cw_wait_look(struct cw_wait *wait);

/* Frames that came in this round, if any. */
void cw_wait_heard(struct cw_wait *wait, struct rte_mbuf *const *frames, uint16_t n);

/* Up to `most` events; 0: none yet, but the next tick is due, or polled NICs are to be looked at. */
int cw_wait_for_work(struct cw_worker *worker, struct epoll_event *ready, int most);

#endif
