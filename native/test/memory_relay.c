/* Relaying in the in-memory bench: what comes from one peer goes to another, opened and sealed as a relay does. See memory_bench.h. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "graph/graph.h"
#include "graph/relay.h"
#include "graph/seal.h"
#include "memory_bench.h"
#include "packet.h"
#include "table/session.h"

#define OUTER (14 + CW_OUTER_IP4_UDP)

static void must_be(bool is_so)
{
	if (!is_so)
		abort();
}

void cw_memory_join(struct memory *memory)
{
	cw_bench_join(&memory->bench, 1ull << 34);
}

/* What an end sealed of `size` bytes for the other, sealed for the relay. */
static struct rte_mbuf *relayed_frame(struct memory *memory, uint32_t size)
{
	uint8_t frame[OUTER + CW_RELAY_OVERHEAD + CW_SEALED_OVERHEAD + MEMORY_PLAIN_MAX], nonce[12];
	uint8_t *ip = frame + 14, *d = frame + OUTER;
	uint32_t covered = CW_RELAY_HEADER + CW_SEALED_OVERHEAD + size;

	memset(d, 0x5a, covered);
	memset(d, 0, CW_RELAY_HEADER);
	d[0] = CW_TYPE_RELAYED;
	packet_put32(d + 4, 0x11111111);
	packet_put32(d + 8, CW_BENCH_CHANNEL);
	packet_put32(d + 12, ++memory->relayed);
	d[CW_RELAY_HEADER] = CW_TYPE_DATA;
	memset(nonce, 0x0b, sizeof(nonce));
	nonce[0] ^= d[0];
	for (uint32_t i = 0; i < 4; i++)
		nonce[8 + i] ^= d[12 + i];
	must_be(cw_aead_seal(memory->bench.worker->aead, &memory->bench.far_seal, nonce, d, covered, d + covered, 0) == 0);
	cw_bench_ether(&memory->bench, CW_BENCH_UPLINK, frame);
	packet_ip(ip, 20, PACKET_UDP, CW_BENCH_FAR_WAN, CW_BENCH_WAN);
	packet_put16(ip + 2, 28 + covered + CW_TAG);
	packet_put16(ip + 20, CW_BENCH_PORT + 1);
	packet_put16(ip + 22, CW_BENCH_PORT);
	packet_put16(ip + 24, 8 + covered + CW_TAG);
	packet_put16(ip + 26, 0);
	packet_finish_ip(ip);
	return cw_bench_mbuf(&memory->bench, frame, OUTER + covered + CW_TAG, 14);
}

static double cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

double cw_memory_relay_graph(struct memory *memory, uint32_t size)
{
	const struct cw_nic *nic = memory->bench.ports[CW_BENCH_UPLINK_PORT]->nic;
	struct cw_worker *worker = memory->bench.worker;

	/* A packet that fills a path has no room for what a relay adds. */
	if (size > CW_BENCH_INNER_MTU - CW_RELAY_OVERHEAD)
		size = CW_BENCH_INNER_MTU - CW_RELAY_OVERHEAD;
	for (uint32_t i = 0; i < MEMORY_BATCH; i++)
		memory->frames[i] = relayed_frame(memory, size);
	double start = cpu_ns();
	for (uint32_t burst = 0; burst < MEMORY_BATCH; burst += CW_BURST) {
		worker->now_us = cw_now_us();
		cw_receive_burst(worker, nic, memory->frames + burst, CW_BURST);
		cw_bench_flush(&memory->bench);
	}
	return cpu_ns() - start;
}
