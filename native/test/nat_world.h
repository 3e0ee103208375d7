/*
 * Two ends that have a session, each behind a NAT: two whole graphs, whose uplinks are joined here. They always reach each other by
 * the address that they had their handshake with, as by a relay; all else has to find its way through the NATs. Time goes by steps of
 * a millisecond at least, and everything is under way for as long as the world says.
 */
#ifndef CW_NAT_WORLD_H
#define CW_NAT_WORLD_H

#include "graph_bench.h"
#include "nat_model.h"

#define ENDS 2
#define MS UINT64_C(1000)
#define SECOND (1000 * MS)
#define WORLD_RELAY CW_BENCH_FAR_WAN
#define WORLD_PACKETS_MAX 4096
#define WORLD_BYTES_MAX 1500

struct world_packet {
	uint64_t at_us; /* 0: none */
	uint64_t order;
	uint8_t to;
	uint16_t length;
	uint8_t bytes[WORLD_BYTES_MAX]; /* from the IP header on */
};

struct nat_world {
	uint64_t now_us;
	uint64_t order;
	uint64_t delay_us, relay_delay_us;
	bool is_relay_cut;
	bool has_nat[ENDS]; /* the end's address is the NAT's then too */
	struct nat nat[ENDS];
	uint32_t own[ENDS]; /* addresses of the uplinks, behind the NATs */
	struct cw_bench bench[ENDS];
	uint64_t data_us[ENDS];   /* each end sends a packet every so often; 0: none */
	uint64_t data_next_us[ENDS];
	uint64_t heard_us[ENDS];  /* data came last */
	uint64_t gap_us[ENDS];    /* the longest between two, since it was set to 0 */
	uint64_t sent[ENDS];      /* datagrams; of which to the other's NAT */
	uint64_t sent_bytes[ENDS]; /* with IPv4's headers */
	uint64_t direct[ENDS];
	uint32_t under_way;
	struct world_packet packets[WORLD_PACKETS_MAX];
};

void cw_nat_world_open(struct nat_world *world);
void cw_nat_world_close(struct nat_world *world);

void cw_nat_world_pass(struct nat_world *world, uint64_t us);

/* Until the end has a path that lives and is not by the relay; how long that took, UINT64_MAX: longer than `most_us`. */
uint64_t cw_nat_world_until_direct(struct nat_world *world, uint32_t end, uint64_t most_us);

/* That path; NULL: there is none. */
struct cw_path *cw_nat_world_direct(const struct nat_world *world, uint32_t end);

/* The port of the NAT of `end` by which its overlay port is seen from `remote`. */
uint16_t cw_nat_world_mapped(struct nat_world *world, uint32_t end, uint32_t remote, uint16_t remote_port);

#endif
