/*
 * The outer headers of what was sealed: UDP over IPv4 or IPv6, alone or as a train that the link cuts. RFC 768, RFC 791,
 * RFC 8200. Over IPv6 every datagram has a checksum: only tunnels that say so may go without (RFC 6935, RFC 6936).
 */
#ifndef CW_OUTER_H
#define CW_OUTER_H

#include <stdint.h>

struct cw_departure;
struct cw_path;
struct cw_worker;
struct rte_mbuf;

#define CW_OUTER_IP4_UDP 28
#define CW_OUTER_IP6_UDP 48

/* Where datagrams begin in a buffer; the headers of IPv6 reach on into its headroom. */
#define CW_OUTER_ROOM (14 + CW_OUTER_IP4_UDP)

/* Where a path's datagrams leave now. Never NULL; its `uplink` may be. */
const struct cw_departure *cw_outer_departure(const struct cw_worker *worker, struct cw_path *path);

/* What is in a buffer: datagrams of one size but for the last, which may be shorter. */
struct cw_outer_load {
	uint32_t datagram;
	uint32_t bytes; /* of all */
	uint32_t count;
	uint8_t tos; /* or traffic class */
};

/* Puts the headers before the datagrams and sends. Takes `m`. */
void cw_outer_send(struct cw_worker *worker, struct cw_path *path, const struct cw_outer_load *load,
		   struct rte_mbuf *m);

#endif
