/*
 * The in-memory bench: what one packet costs on one core, without the kernel. Single packets of many flows come from a
 * port in memory and go to a port in memory; a frame that has "left" is freed at once, as a NIC's driver does. Both
 * families inside; of 16 rules four are of the packets' segment, which all of them are asked about.
 */
#ifndef CW_MEMORY_BENCH_H
#define CW_MEMORY_BENCH_H

#include "graph_bench.h"

#define MEMORY_BATCH 256 /* packets between two looks at the clock */
#define MEMORY_FLOWS 512
#define MEMORY_HOSTS 200
#define MEMORY_ROUTES 1000
#define MEMORY_RULES 16
#define MEMORY_RULES_WITHIN 4
#define MEMORY_ROUTE(i) (0x0a400000u + ((uint32_t)(i) << 8)) /* a /24 of `far` */
#define MEMORY_PLAIN_MAX 1600

/* What to plant, to show that a bench can be bad. */
enum memory_plant { PLANT_NOTHING, PLANT_SLOW_GRAPH, PLANT_SLOW_SHAPED, PLANT_LOST_PACKET };

struct memory {
	struct cw_bench bench;
	enum memory_plant plant;
	bool is_v6;         /* the inner packets */
	struct rte_mbuf *frames[MEMORY_BATCH];
	uint32_t counter;   /* of the datagram that the far end sealed last */
	uint32_t relayed;   /* and of the one for another peer */
	uint64_t out;       /* segments that have left by the port they should */
	uint64_t astray;    /* and by any other */
	uint64_t wrong;     /* did not hold what was put in */
	uint64_t looked_at; /* have been compared */
	uint8_t buffers[MEMORY_BATCH][2048] __attribute__((aligned(64)));
};

void cw_memory_open(struct memory *memory, enum memory_plant plant);
void cw_memory_close(struct memory *memory);

/* A session with a second peer, and a channel between the two. */
void cw_memory_join(struct memory *memory);

/* Routes, neighbours and rules in place of the bench's few. */
void cw_memory_fill(struct cw_view *view);

/* MEMORY_COMPARED batches of the family whose content is compared with what was put in: `wrong`. */
#define MEMORY_COMPARED 3
void cw_memory_compare(struct memory *memory, uint32_t size, bool is_v6);

/* Nanoseconds of this thread's CPU time that the batch took, whatever else the machine does. */
double cw_memory_seal_graph(struct memory *memory, uint32_t size);
double cw_memory_open_graph(struct memory *memory, uint32_t size);
double cw_memory_seal_graph6(struct memory *memory, uint32_t size);
double cw_memory_open_graph6(struct memory *memory, uint32_t size);
double cw_memory_relay_graph(struct memory *memory, uint32_t size);
/* The same as cw_memory_seal_graph(), by an uplink that shapes to a rate which nothing here reaches. */
double cw_memory_seal_shaped(struct memory *memory, uint32_t size);
/* What an uplink's scheduler takes with so many peers that have something waiting. */
#define MEMORY_QOS_PEERS 1000
uint64_t cw_memory_qos_bytes(void);
double cw_memory_seal_bare(struct memory *memory, uint32_t size);
double cw_memory_open_bare(struct memory *memory, uint32_t size);
double cw_memory_seal_loop(struct memory *memory, uint32_t size);
double cw_memory_open_loop(struct memory *memory, uint32_t size);

#endif
