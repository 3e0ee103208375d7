/*
 * Where the datagrams of a path leave by one view, and the headers that they have in common. A path keeps one and reads
 * nothing of it: filling it in and sending by it is graph/outer.c's.
 */
#ifndef CW_DEPARTURE_H
#define CW_DEPARTURE_H

#include <stdbool.h>
#include <stdint.h>

#include "causeway_program.h"

struct cw_neighbour;
struct cw_peer;
struct cw_port;

#define CW_DEPARTURE_HEADERS (14 + 40 + 8) /* Ethernet, IPv6, UDP */

/* What makes TOS or traffic class of a sealed datagram: that of what is inside as far as it is kept, and more by class. */
struct cw_marking {
	uint8_t of_class[CW_CLASSES];
	uint8_t kept; /* bits; those of ECN in any case: RFC 6040 */
};

/* The worker's. */
struct cw_departure {
	uint64_t serial;                /* of that view; 0: of none */
	const struct cw_port *uplink;   /* NULL: not in the running program, or relayed */
	struct cw_peer *relay;          /* of a relayed path, which has nothing of what follows; NULL: not in the program either */
	struct cw_port *port;           /* by the uplink's routes; NULL: no way out, or its neighbour is not known */
	struct cw_neighbour *neighbour; /* whose MAC is in the headers */
	uint64_t ip4_sum;               /* of IPv4's header as it is here */
	uint8_t headers[CW_DEPARTURE_HEADERS]; /* at an even place: they are read as what they are */
	uint8_t length;                 /* of the headers */
	uint8_t uplink_index;
	struct cw_marking marking;      /* as the uplink wants it */
	bool is_bleached;               /* it shows no marks at all */
	bool has_source;                /* the uplink has an address to send from */
};

#endif
