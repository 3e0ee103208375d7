/* The few rtnetlink messages that the mirror needs: dumps, and a nudge to a neighbour. RFC 3549, rtnetlink(7). */
#ifndef CW_RTNETLINK_H
#define CW_RTNETLINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "table/address.h"

struct cw_mirror_state;

/* A socket bound to multicast groups (RTMGRP_*), or a negative errno. */
int cw_rtnetlink_open(uint32_t groups);

/* Reads and forgets what waits, for a dump follows. True: all of it was of neighbours, and none was lost (ENOBUFS). */
bool cw_rtnetlink_drain(int fd);

/*
 * Adds what one datagram of the answer to request `sequence` says: 1 when there is more to come, 0 at its end, -EPROTO
 * when the request was refused. What is of no link that `state` names is left out; what it has no room for is counted as its
 * overflow.
 */
int cw_rtnetlink_read(struct cw_mirror_state *state, const void *datagram, size_t length, uint32_t sequence);

/*
 * Fills `state` anew with what fits, as cw_rtnetlink_read() does: all but the names of its links, or neighbours alone. A
 * negative errno: then it is partial.
 */
int cw_rtnetlink_dump(int fd, struct cw_mirror_state *state);
int cw_rtnetlink_dump_neighbours(int fd, struct cw_mirror_state *state);

/* Has the kernel resolve or confirm a neighbour (NTF_USE). */
void cw_rtnetlink_use(int fd, int ifindex, struct cw_address address);

#endif
