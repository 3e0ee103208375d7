/*
 * Lanes of what is sealed under one key (wire.md: lane = path 8, class 3, writer 5): control has one on each path, and data one for
 * each of its classes, so that a network that serves them apart may have one overtake the other: no replay window sees that. The
 * writer is 0 so far. Pure.
 *
 * The far end has room for CW_REPLAY_LANES_MAX lanes of data, of which each path takes one. Paths that carry more than normal
 * traffic take three more while there is room, CW_TX_PLACES of them at most; those that come later send all classes by one.
 */
#ifndef CW_TX_LANES_H
#define CW_TX_LANES_H

#include <stdint.h>

#include "causeway_program.h"
#include "table/replay.h"

/* On the wire normal traffic is 0, as all data was before there were classes; 4 to 6 are nobody's yet, and read as normal. */
#define CW_LANE_NORMAL 0
#define CW_LANE_CONTROL 7
#define CW_LANE_CLASSES CW_CLASSES
#define CW_TX_PLACES 16
#define CW_TX_NUMBERS_MAX (CW_REPLAY_LANES_MAX - 1) /* of paths, under a key; and one is of none */

/* Of a class of the scheduler, which has them in the order of causeway_program.h. */
static inline uint8_t cw_lane_class_of(uint8_t class)
{
	static const uint8_t lanes[CW_CLASSES] = { 1, 2, CW_LANE_NORMAL, 3 };

	return lanes[class];
}

/* And back; control that has to wait goes with calls. */
static inline uint8_t cw_class_of_lane(uint8_t lane_class)
{
	static const uint8_t classes[8] = { 2, 0, 1, 3, 2, 2, 2, 0 };

	return classes[lane_class];
}

/* Counters of the packets sealed last; the first is 1. */
struct cw_tx_lane {
	uint32_t data; /* of the normal class, or of all */
	uint32_t control;
};

/* By the path's number. Never reset: a nonce is used once, whatever becomes of paths. All zeros is a good start. */
struct cw_tx_lanes {
	struct cw_tx_lane plain[256];
	uint8_t place[256]; /* of its other classes, from 1; 0: it has none */
	uint8_t places;     /* that are taken */
	uint32_t others[CW_TX_PLACES][CW_LANE_CLASSES - 1];
};

/* What classes take of the numbers that paths could have. */
static inline uint32_t cw_tx_numbers_taken(const struct cw_tx_lanes *lanes)
{
	return lanes->places * (CW_LANE_CLASSES - 1u);
}

/* @param numbers given to paths under this key: whoever had no room finds none later */
static inline uint8_t cw_tx_place(struct cw_tx_lanes *lanes, uint8_t number, uint32_t numbers)
{
	if (lanes->place[number] == 0 && lanes->places < CW_TX_PLACES &&
	    numbers + cw_tx_numbers_taken(lanes) + CW_LANE_CLASSES - 1 <= CW_TX_NUMBERS_MAX)
		lanes->place[number] = ++lanes->places;
	return lanes->place[number];
}

/* The counter of the lane by which the next packet of the class goes; `class`: of that lane, afterwards. */
static inline uint32_t *cw_tx_counter(struct cw_tx_lanes *lanes, uint8_t number, uint8_t *class, uint32_t numbers)
{
	if (*class == CW_LANE_CONTROL)
		return &lanes->plain[number].control;
	uint8_t place = *class == CW_LANE_NORMAL || *class >= CW_LANE_CLASSES ? 0 : cw_tx_place(lanes, number, numbers);
	if (place == 0) {
		*class = CW_LANE_NORMAL;
		return &lanes->plain[number].data;
	}
	return &lanes->others[place - 1][*class - 1];
}

/* How many packets of data were sealed by the lane. */
static inline uint32_t cw_tx_sent(const struct cw_tx_lanes *lanes, uint16_t lane)
{
	uint8_t number = lane >> 8, class = lane >> 5 & 7, place = lanes->place[number];

	if ((lane & 0x1f) != 0 || class >= CW_LANE_CLASSES || (class != CW_LANE_NORMAL && place == 0))
		return 0;
	return class == CW_LANE_NORMAL ? lanes->plain[number].data : lanes->others[place - 1][class - 1];
}

#endif
