/*
 * What a segment takes at most: of the uplinks together (up), and what its LANs here are given (down). What is more waits, by class
 * and flow as by an uplink (table/qos.h), then goes where it would have gone: up to be sealed and wait for its uplink, or to the
 * kernel, which lets it out to the Internet; down to the LAN. Sizes are of IP packets. What stays at the site does not count, nor
 * what is handed on from one site to another.
 */
#ifndef CW_GRAPH_QOS_SEGMENT_H
#define CW_GRAPH_QOS_SEGMENT_H

#include <stdbool.h>
#include <stdint.h>

struct cw_limit;
struct cw_peer;
struct cw_port;
struct cw_qos;
struct cw_worker;
struct rte_mbuf;

/* Each returns false if `m` need not wait and is still the caller's. */

/* Up: for a peer. */
bool cw_limit_wait_seal(struct cw_worker *worker, struct cw_limit *limit, struct cw_peer *peer, struct rte_mbuf *m);

/* Up: of a LAN, for the kernel, which lets it out. @param can_cut of a train: the headers of its offload are its own */
bool cw_limit_wait_breakout(struct cw_worker *worker, struct cw_port *lan, struct rte_mbuf *m, bool can_cut);

/* Down: opened, and on its way to a LAN. */
bool cw_limit_wait_lan(struct cw_worker *worker, struct cw_limit *limit, struct rte_mbuf *m);

/* Down: the kernel sends it by the twin of a LAN. */
bool cw_limit_wait_frame(struct cw_worker *worker, struct cw_port *lan, struct rte_mbuf *m);

/* What waits for that direction of it; NULL: it has no limit. */
const struct cw_qos *cw_limit_qos(const struct cw_limit *limit, bool is_up);

/* The rest is for qos.h: as cw_qos_renew(), cw_qos_serve(), cw_qos_due_us() and cw_qos_close(). */
void cw_limits_renew(struct cw_worker *worker);
void cw_limits_serve(struct cw_worker *worker);
uint64_t cw_limits_due_ns(const struct cw_worker *worker);
void cw_limits_close(struct cw_worker *worker);

#endif
