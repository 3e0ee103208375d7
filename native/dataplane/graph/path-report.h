/*
 * What the far end tells of what came by our lanes (item 0x03): of which the loss, order and delay of each path are reckoned. Its
 * classes are lanes each, and a path's figures are of all of them. What is told there is control.c's.
 */
#ifndef CW_GRAPH_PATH_REPORT_H
#define CW_GRAPH_PATH_REPORT_H

#include <stdint.h>

#define CW_REPORT_LANE 24 /* bytes of each */

struct cw_peer;
struct cw_worker;

/* The value of a well-formed item. */
void cw_path_report_take(struct cw_worker *worker, struct cw_peer *peer, const uint8_t *value, uint16_t length);

#endif
