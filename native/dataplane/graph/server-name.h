/*
 * The name of the server that a flow goes to, as its client says it in its first packets: in the ClientHello of TLS, in
 * that of QUIC (versions 1 and 2, on any port), and in HTTP/1 requests. What it takes more than one packet to say is
 * kept in a fixed table; where that is full the oldest goes. Believes the client: for steering, not for protection.
 *
 * Looks at CW_SERVER_NAME_PACKETS packets of a flow at most, and at so many QUIC packets a second; allocates nothing.
 */
#ifndef CW_SERVER_NAME_H
#define CW_SERVER_NAME_H

#include <stdint.h>

#include "graph/host-name.h"
#include "table/flow.h"

#define CW_SERVER_NAME_PACKETS 4
#define CW_SERVER_NAME_WAITING 64
#define CW_SERVER_NAME_US 2000000         /* after which nothing more is waited for */
#define CW_SERVER_NAME_QUIC_PER_SECOND 20000 /* opening one takes some microseconds */

/* A packet, or a train, from its TCP or UDP header on; no fragment. */
struct cw_first_packet {
	const struct cw_flow_key *key;
	const uint8_t *l4;
	uint32_t length;
	uint32_t segment_bytes; /* of a train: payload of each of its packets, but for the last; 0: it is none */
	const uint32_t *first_byte; /* TCP's sequence number of what the client says first; NULL: that of the first packet with payload */
};

struct cw_server_names;

/* One per worker. 0, -ENOTSUP without the ciphers in the library, -ENOMEM. */
int cw_server_names_open(struct cw_server_names **names);
void cw_server_names_close(struct cw_server_names *names);

/*
 * Reads the next packet of a flow in the direction of its server, until the answer is not NOT_YET; `looked` is 0 for the
 * first. Packets without payload tell nothing and do not count. `name` is written when it is NAMED.
 */
enum cw_recognition cw_server_name_read(struct cw_server_names *names, const struct cw_first_packet *packet,
					uint8_t *looked, uint64_t now_us, char name[CW_HOST_NAME_BYTES]);

/* Flows whose beginning had to go for that of another, and QUIC packets that were left closed. */
uint64_t cw_server_names_evicted(const struct cw_server_names *names);
uint64_t cw_server_names_limited(const struct cw_server_names *names);

#endif
