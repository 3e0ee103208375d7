/*
 * The nodes, in the order in which packets meet them. Each takes ownership of the packet it is given.
 *
 *   NIC ──► cw_receive ──► cw_classify_lan | cw_classify_uplink
 *   LAN NIC ──► cw_classify_lan ──► cw_route_out ──► cw_seal ──► cw_tx_route ──► uplink NIC
 *   segment twin ─► cw_classify_segment ─┘
 *   uplink NIC ──► cw_classify_uplink ──► cw_open ──► cw_route_in ──► cw_merge ──► cw_tx_link ──► LAN NIC
 *                                           └──► cw_control             └──► segment twin (own addresses)
 *   whatever is none of ours: NIC ◄──► twin, unchanged (the exception path)
 */
#ifndef CW_GRAPH_H
#define CW_GRAPH_H

#include <stdbool.h>
#include <stdint.h>

#include "drop.h"
#include "table/address.h"

struct cw_keypair;
struct cw_link;
struct cw_neighbour;
struct cw_nic;
struct cw_peer;
struct cw_port;
struct cw_worker;
struct rte_mbuf;

/* A frame of a NIC, to the port that its VLAN tag names. */
void cw_receive(struct cw_worker *worker, const struct cw_nic *nic, struct rte_mbuf *m);
void cw_receive_burst(struct cw_worker *worker, const struct cw_nic *nic, struct rte_mbuf **frames,
		      uint16_t n);

void cw_classify_lan(struct cw_worker *worker, uint32_t port, struct rte_mbuf *m);
void cw_classify_uplink(struct cw_worker *worker, uint32_t port, struct rte_mbuf *m);
void cw_classify_segment(struct cw_worker *worker, uint32_t segment, struct rte_mbuf *m);

/*
 * Makes the offload's lengths those of the header at `l3`, where they speak of one further inside; a checksum in there is finished.
 * False: a train that is not ours to cut.
 */
bool cw_adopt_header(struct rte_mbuf *m, const uint8_t *l3);

/* Up to `twin` as it was received, or from the twin out of `port`: the exception path in both directions. */
void cw_pass(struct cw_worker *worker, struct cw_link *twin, struct rte_mbuf *m);
void cw_pass_out(struct cw_worker *worker, struct cw_port *port, struct rte_mbuf *m);

/* Opens the `length` bytes of one datagram in place. `outer_tos` carries the ECN mark. */
void cw_open(struct cw_worker *worker, uint8_t *datagram, uint32_t length, uint8_t outer_tos);

/* An opened inner packet of `peer`, sound and of its own prefixes, on its way out of `segment`. */
void cw_route_in(struct cw_worker *worker, uint32_t segment, const struct cw_peer *peer, uint8_t *packet,
		 uint32_t length);

/* Out of an uplink by its routes. `m` has room for Ethernet at its start; no route is a counted drop. */
void cw_tx_route(struct cw_worker *worker, uint32_t uplink, struct cw_address destination,
		 struct rte_mbuf *m);

/* Fills in Ethernet for `next_hop` (of either family) on `port` and sends; waits for the neighbour where it is unknown. */
void cw_tx_link(struct cw_worker *worker, uint8_t port, struct cw_address next_hop, struct rte_mbuf *m);

/* Out of `port` to `neighbour`, which the frame's Ethernet header names already. */
void cw_tx_known(struct cw_worker *worker, struct cw_neighbour *neighbour, struct cw_port *port, struct rte_mbuf *m);

/* Since when packets wait for this next hop on `port`; 0: none does. */
uint64_t cw_tx_waiting_since(const struct cw_worker *worker, uint8_t port, struct cw_address next_hop);

/* The view changed or time passed: sends what now has a neighbour, drops what waited too long. */
void cw_tx_pending(struct cw_worker *worker);

/* Tells the source of `m`, which stays the caller's, the MTU that fits (RFC 1191); rate-limited. */
void cw_icmp_too_big(struct cw_worker *worker, uint32_t vni, const struct rte_mbuf *m, uint32_t mtu);

/* Up the segment's twin: packets for the box itself. */
void cw_deliver_local(struct cw_worker *worker, uint32_t segment, const uint8_t *packet,
		      uint32_t length);

/*
 * A buffer with room for Ethernet and `length` bytes of L3, which it is given; NULL: counted. A packet that was opened
 * alone gives up its own buffer: once, and it then goes where the new one goes.
 */
struct rte_mbuf *cw_new_packet(struct cw_worker *worker, const uint8_t *l3, uint32_t length);

#endif
