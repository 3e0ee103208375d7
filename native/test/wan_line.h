/*
 * What is on its way through one direction of an emulated WAN link: slots of frames, by the time at which they leave;
 * of two that leave at once, the one that came first. Pure, and bounded.
 */
#ifndef CW_WAN_LINE_H
#define CW_WAN_LINE_H

#include <stdbool.h>
#include <stdint.h>

/* 100 Mbit/s of full frames for two seconds; 200 ms of 1 Gbit/s. */
#define CW_WAN_LINE_MAX 16384u

struct cw_wan_entry {
	uint64_t leave_ns;
	uint64_t number;
	uint32_t slot;
};

/* All zero: empty. */
struct cw_wan_line {
	struct cw_wan_entry entries[CW_WAN_LINE_MAX]; /* a binary heap */
	uint32_t count;
	uint64_t number;    /* of the one that came last */
	uint64_t highest;   /* number that has left */
	uint64_t reordered; /* left after one that had come later: RFC 4737 §3.3 */
};

/* @returns false if it is full */
bool cw_wan_line_put(struct cw_wan_line *line, uint64_t leave_ns, uint32_t slot);

/* When the next one leaves; UINT64_MAX if there is none. */
uint64_t cw_wan_line_next(const struct cw_wan_line *line);

/* The next one that has left by `now_ns`. @returns false if there is none */
bool cw_wan_line_take(struct cw_wan_line *line, uint64_t now_ns, uint32_t *slot);

#endif
