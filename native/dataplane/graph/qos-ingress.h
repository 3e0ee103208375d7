/*
 * What comes from the Internet by an uplink whose rate inwards is known waits here before it goes up the twin, so that the queue of
 * the provider, which all that comes has to pass, stays short: its senders hear from here that they are too fast, by marks and losses
 * (table/qos.h). Datagrams of the overlay never wait; what they take of the link is taken from those that do, but for a small part.
 * What the link itself needs (ARP, ND, DHCP, multicast) passes, too.
 */
#ifndef CW_GRAPH_QOS_INGRESS_H
#define CW_GRAPH_QOS_INGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct cw_ingress;
struct cw_port;
struct cw_qos;
struct cw_worker;
struct rte_mbuf;

/* A frame on its way up the twin of the port, whose `ingress` is not NULL. @return false: it need not wait, and is still the caller's */
bool cw_ingress_wait(struct cw_worker *worker, struct cw_port *port, struct rte_mbuf *m);

/* A frame, or a train, of the overlay's came by the port, whose `ingress` is not NULL. */
void cw_ingress_note(struct cw_worker *worker, struct cw_port *port, const struct rte_mbuf *m);

/* What it waits in, all of it as of the first class. */
const struct cw_qos *cw_ingress_qos(const struct cw_ingress *ingress);

/* The rest is for qos.h: as cw_qos_renew(), cw_qos_serve(), cw_qos_due_us() and cw_qos_close(). */
void cw_ingress_renew(struct cw_worker *worker);
void cw_ingress_serve(struct cw_worker *worker);
uint64_t cw_ingress_due_ns(const struct cw_worker *worker);
void cw_ingress_close(struct cw_worker *worker);

#endif
