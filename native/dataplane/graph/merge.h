/*
 * Puts TCP segments that were opened in order back into trains before they leave for the LAN, or for another peer: the reverse of cutting,
 * and worth a factor of four. Only segments that differ in nothing but sequence and payload are joined, and only
 * with good checksums, so that cutting the train gives back the same packets; of IPv6 flow label and traffic class
 * must agree, and TCP must follow the header at once. Flushed at the end of every burst.
 */
#ifndef CW_MERGE_H
#define CW_MERGE_H

#include <stdbool.h>
#include <stdint.h>

#include "table/address.h"

struct cw_peer;
struct cw_worker;
struct rte_mbuf;

#define CW_MERGE_FLOWS 8

/* Whither an opened packet goes. */
struct cw_onward {
	struct cw_peer *peer; /* sealed again, for this one; NULL: out of `port` to `next_hop` */
	uint32_t vni;
	uint8_t port;
	struct cw_address next_hop;
};

struct cw_merge_flow {
	struct rte_mbuf *m; /* NULL: free */
	struct cw_onward onward;
	uint32_t ports;
	uint32_t next_sequence;
	uint16_t segment; /* payload of each but the last */
	uint16_t count;
	bool is_closed; /* a short or pushed segment came: it is the last */
};

struct cw_merge {
	struct cw_merge_flow flows[CW_MERGE_FLOWS];
	uint32_t oldest; /* the one to flush when a ninth flow comes */
	uint32_t open_count;
};

/* A sound packet of either family: kept for a moment, joined, or sent. Copies. */
void cw_merge_add(struct cw_worker *worker, const struct cw_onward *onward, const uint8_t *packet, uint32_t length);

void cw_merge_flush(struct cw_worker *worker);

#endif
