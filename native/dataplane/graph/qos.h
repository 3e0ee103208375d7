/*
 * What waits for its uplink (table/qos.h): packets and trains for peers, before they are sealed, what is relayed, before it is sealed
 * once more (qos-relay.c), and frames that the kernel sends by the uplink's twin. Only an uplink whose rate is known has such a
 * scheduler; by others all leaves at once. What keeps the overlay and the uplink going (probes, handshakes, ARP, DHCP) does not
 * wait: it takes its time from what does.
 */
#ifndef CW_GRAPH_QOS_H
#define CW_GRAPH_QOS_H

#include <stdbool.h>
#include <stdint.h>

#include "graph/marks.h"

struct cw_channel_side;
struct cw_cut;
struct cw_path;
struct cw_peer;
struct cw_port;
struct cw_relay_onward;
struct cw_uplink_qos;
struct cw_worker;
struct rte_mbuf;

/* Of the packet's DSCP: its place among the classes, the first is strict. RFC 4594, RFC 8622. */
static inline uint8_t cw_qos_class_of_dscp(uint8_t dscp)
{
	return cw_dscp_class[dscp];
}

/* A new view: uplinks came, went or have another rate. What waits for one that is gone is lost. */
void cw_qos_renew(struct cw_worker *worker);

/*
 * A packet or train for `peer`, of which nothing is sealed yet, on its way by `path`.
 * @return false: it need not wait, and is still the caller's
 */
bool cw_qos_wait_data(struct cw_worker *worker, struct cw_peer *peer, uint32_t vni, struct cw_path *path,
		      struct rte_mbuf *m, const struct cw_cut *cut);

/* A frame that the kernel sends by the port's twin. @return as above */
bool cw_qos_wait_frame(struct cw_worker *worker, struct cw_port *port, struct rte_mbuf *m);

/*
 * What goes on to the end `to` of a channel, on its way by `by`, as it came: it is sealed when it leaves. `whole`: the buffer that
 * holds nothing else, or NULL; it is taken, and then NULL. Control is not kept waiting, but for what is more than sessions need.
 * @return as above
 */
bool cw_qos_wait_relayed(struct cw_worker *worker, struct cw_channel_side *to, struct cw_path *by, const struct cw_relay_onward *onward,
			 struct rte_mbuf **whole);

/* A frame leaves by the port, and has not waited. */
void cw_qos_note(struct cw_worker *worker, const struct cw_port *port, const struct rte_mbuf *m);

/* What may leave now does; at the end of every round. */
void cw_qos_serve(struct cw_worker *worker);

/* When to serve again; UINT64_MAX: nothing waits. */
uint64_t cw_qos_due_us(const struct cw_worker *worker);

/* Loses all that waits. */
void cw_qos_close(struct cw_worker *worker);

#endif
