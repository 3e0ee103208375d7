/* The overlay port of an uplink: demux by the first bytes of each datagram. wire.md, first table. */
#ifndef CW_OVERLAY_H
#define CW_OVERLAY_H

#include <stdint.h>

struct cw_worker;
struct rte_mbuf;

/* `m` is a sound UDP packet, or a train of them, to the overlay port; l2_len and l3_len are set. */
void cw_overlay(struct cw_worker *worker, uint32_t port, struct rte_mbuf *m);

/*
 * Notes by which way it came what is being opened, for who learns ways from authentic control frames, or has one proven by the
 * first packet under a key: most data is asked no such thing.
 */
void cw_overlay_note_arrival(struct cw_worker *worker);

#endif
