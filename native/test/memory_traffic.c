/*
 * The traffic of the in-memory bench, and its ports: every frame that the graph sends comes here instead of to the kernel
 * (the linker's --wrap). See memory_bench.h.
 */
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "graph/graph.h"
#include "graph/qos-parts.h"
#include "graph/seal.h"
#include "memory_bench.h"
#include "packet.h"

#define OUTER (14 + CW_OUTER_IP4_UDP)
/* Ten times what packets of a full size come to here: with less they wait on, and are sealed when nobody looks at the clock any more. */
#define SHAPED_BPS 1000000000000ull
#define LOOP_AT (OUTER + CW_SEALED_HEADER)
#define GENEVE_LAN_VNI(is_v6) \
	{ 0, 0, (is_v6) ? 0x86 : 0x08, (is_v6) ? 0xdd : 0x00, 0, 0, CW_BENCH_VNI, 0 }

static struct memory *the_memory;
static bool is_comparing;

/* In the place of port/link.c's cw_link_tx(): a port in memory. */
void cw_memory_tx(struct cw_link *link, struct rte_mbuf **frames, uint16_t n)
	__asm__("__wrap_cw_link_tx");

static double cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static uint32_t header_len(bool is_v6)
{
	return is_v6 ? 40 : 20;
}

static void put_inner(uint8_t *ip, uint32_t size, uint32_t flow, bool is_v6, bool is_out)
{
	uint32_t here = CW_BENCH_HOST + flow % MEMORY_HOSTS;
	uint32_t there = MEMORY_ROUTE(flow * 389 % MEMORY_ROUTES) + 1 + flow % 200;
	uint8_t *l4 = ip + header_len(is_v6);

	(is_v6 ? packet_ip6 : packet_ip)(ip, header_len(is_v6), PACKET_UDP, is_out ? here : there,
					 is_out ? there : here);
	packet_put16(l4, 1024 + flow);
	packet_put16(l4 + 2, 5201);
	for (uint8_t *at = l4 + 8; at < ip + size; at++)
		*at = (uint8_t)(flow + (at - l4) * 7);
	packet_finish(ip, size);
}

/* What the far end or a LAN host gets must be what was sent, but for one hop. */
static bool is_what_was_sent(const uint8_t *ip, uint32_t size, bool is_v6, bool is_out)
{
	uint32_t flow = packet_u16(ip + header_len(is_v6)) - 1024;
	uint8_t sent[MEMORY_PLAIN_MAX];

	if (flow >= MEMORY_FLOWS || size > sizeof(sent))
		return false;
	put_inner(sent, size, flow, is_v6, is_out);
	sent[is_v6 ? 7 : 8]--;
	if (!is_v6)
		packet_finish_ip(sent);
	return memcmp(sent, ip, size) == 0;
}

static void compare_sealed(struct memory *memory, struct rte_mbuf *m)
{
	const uint8_t geneve[] = GENEVE_LAN_VNI(memory->is_v6);
	uint32_t step = m->tso_segsz != 0 ? m->tso_segsz : m->pkt_len - OUTER;
	uint8_t plain[MEMORY_PLAIN_MAX], type;

	for (uint32_t at = OUTER; at < m->pkt_len; at += step) {
		uint32_t left = m->pkt_len - at, length = left < step ? left : step;
		uint8_t *datagram = rte_pktmbuf_mtod_offset(m, uint8_t *, at);
		uint32_t n = cw_bench_unseal(&memory->bench, datagram, length, &type, plain);
		memory->looked_at++;
		if (type != CW_TYPE_DATA || n < sizeof(geneve) || memcmp(plain, geneve, sizeof(geneve)) != 0 ||
		    !is_what_was_sent(plain + sizeof(geneve), n - sizeof(geneve), memory->is_v6, true))
			memory->wrong++;
	}
}

static void compare(struct memory *memory, bool is_sealed, struct rte_mbuf *m)
{
	if (is_sealed) {
		compare_sealed(memory, m);
		return;
	}
	memory->looked_at++;
	if (!is_what_was_sent(rte_pktmbuf_mtod_offset(m, const uint8_t *, 14), m->pkt_len - 14,
			      memory->is_v6, false))
		memory->wrong++;
}

void cw_memory_tx(struct cw_link *link, struct rte_mbuf **frames, uint16_t n)
{
	struct memory *memory = the_memory;
	bool is_uplink = link == memory->bench.links[CW_BENCH_UPLINK];
	bool is_lan = link == memory->bench.links[CW_BENCH_LAN];

	for (uint16_t i = 0; i < n; i++) {
		uint32_t segments = cw_link_segments(frames[i]);
		link->tx_packets += segments;
		link->tx_bytes += frames[i]->pkt_len;
		link->tx_buffers++;
		if (is_uplink || is_lan)
			memory->out += segments;
		else
			memory->astray += segments;
		if (is_comparing)
			compare(memory, is_uplink, frames[i]);
		rte_pktmbuf_free(frames[i]);
	}
}

void cw_memory_open(struct memory *memory, enum memory_plant plant)
{
	memset(memory, 0, sizeof(*memory));
	memory->plant = plant;
	the_memory = memory;
	cw_bench_open(&memory->bench);
	cw_memory_fill(memory->bench.worker->view);
	/* As with nearly every NIC: datagrams leave one by one. */
	memory->bench.ports[CW_BENCH_UPLINK_PORT]->nic->link.can_send_udp_trains = false;
}

void cw_memory_close(struct memory *memory)
{
	cw_bench_close(&memory->bench);
	the_memory = NULL;
}

static struct rte_mbuf *lan_frame(struct memory *memory, uint32_t size, uint32_t flow)
{
	uint8_t frame[14 + MEMORY_PLAIN_MAX];

	cw_bench_ether(&memory->bench, CW_BENCH_LAN, frame);
	packet_put16(frame + 12, memory->is_v6 ? 0x86dd : 0x0800);
	put_inner(frame + 14, size, flow, memory->is_v6, true);
	return cw_bench_mbuf(&memory->bench, frame, 14 + size, 14);
}

static struct rte_mbuf *uplink_frame(struct memory *memory, uint32_t size, uint32_t flow)
{
	uint8_t plain[CW_GENEVE_HEADER + MEMORY_PLAIN_MAX] = GENEVE_LAN_VNI(memory->is_v6);
	uint8_t frame[OUTER + CW_SEALED_OVERHEAD + MEMORY_PLAIN_MAX];
	uint8_t *ip = frame + 14;

	put_inner(plain + CW_GENEVE_HEADER, size, flow, memory->is_v6, false);
	uint32_t length = cw_bench_seal(&memory->bench, CW_TYPE_DATA, ++memory->counter, plain,
					CW_GENEVE_HEADER + size, frame + OUTER);
	cw_bench_ether(&memory->bench, CW_BENCH_UPLINK, frame);
	packet_ip(ip, 20, PACKET_UDP, CW_BENCH_FAR_WAN, CW_BENCH_WAN);
	packet_put16(ip + 2, 28 + length);
	packet_put16(ip + 20, CW_BENCH_PORT + 1);
	packet_put16(ip + 22, CW_BENCH_PORT);
	packet_put16(ip + 24, 8 + length);
	packet_put16(ip + 26, 0);
	packet_finish_ip(ip);
	return cw_bench_mbuf(&memory->bench, frame, OUTER + length, 14);
}

static void make_frames(struct memory *memory, uint32_t size, bool is_out)
{
	for (uint32_t i = 0; i < MEMORY_BATCH; i++) {
		uint32_t flow = (uint32_t)random() % MEMORY_FLOWS;
		memory->frames[i] = is_out ? lan_frame(memory, size, flow) :
					     uplink_frame(memory, size, flow);
	}
	if (memory->plant == PLANT_LOST_PACKET)
		*rte_pktmbuf_mtod_offset(memory->frames[0], uint8_t *, 14 + 10) ^= 1;
}

/* One batch through the graph, in bursts as the worker takes them from a port. */
static double run_graph(struct memory *memory, uint32_t size, bool is_v6, bool is_out, bool is_shaped)
{
	struct cw_worker *worker = memory->bench.worker;
	const struct cw_nic *nic =
		memory->bench.ports[is_out ? CW_BENCH_LAN_PORT : CW_BENCH_UPLINK_PORT]->nic;

	memory->is_v6 = is_v6;
	make_frames(memory, size, is_out);
	double start = cpu_ns();
	for (uint32_t burst = 0; burst < MEMORY_BATCH; burst += CW_BURST) {
		worker->now_us = cw_now_us();
		cw_receive_burst(worker, nic, memory->frames + burst, CW_BURST);
		if (memory->plant == PLANT_SLOW_GRAPH || (is_shaped && memory->plant == PLANT_SLOW_SHAPED))
			for (double until = cpu_ns() + 4000 * CW_BURST; cpu_ns() < until;)
				;
		cw_bench_flush(&memory->bench);
		if (is_shaped)
			cw_qos_serve(worker);
	}
	if (is_shaped) {
		/* What the last burst left waiting, for its microsecond: it is part of the batch. */
		worker->now_us++;
		cw_qos_serve(worker);
	}
	return cpu_ns() - start;
}

/* The scheduler stays, as an uplink's does, while the other tracks run without it. */
double cw_memory_seal_shaped(struct memory *memory, uint32_t size)
{
	struct cw_worker *worker = memory->bench.worker;
	struct cw_port *uplink = memory->bench.ports[CW_BENCH_UPLINK_PORT];

	if (worker->qos[0] == NULL) {
		worker->view->program->port_programs[CW_BENCH_UPLINK_PORT].up_bps = SHAPED_BPS;
		cw_qos_renew(worker);
	}
	uplink->qos = worker->qos[0];
	double ns = run_graph(memory, size, false, true, true);
	/* The rate would be what is measured. */
	if (cw_qos_waiting_items(uplink->qos->qos) > 0)
		memory->wrong++;
	uplink->qos = NULL;
	return ns;
}

uint64_t cw_memory_qos_bytes(void)
{
	const struct cw_qos_shape shape = { .bps = SHAPED_BPS, .items = 1 };
	size_t before = mallinfo2().uordblks + mallinfo2().hblkhd;
	struct cw_qos *qos = cw_qos_new(&shape);
	size_t own = mallinfo2().uordblks + mallinfo2().hblkhd - before;

	cw_qos_free(qos);
	return own + sizeof(struct cw_uplink_qos) + MEMORY_QOS_PEERS * sizeof(struct cw_qos_peer);
}

double cw_memory_seal_graph(struct memory *memory, uint32_t size)
{
	return run_graph(memory, size, false, true, false);
}

double cw_memory_open_graph(struct memory *memory, uint32_t size)
{
	return run_graph(memory, size, false, false, false);
}

double cw_memory_seal_graph6(struct memory *memory, uint32_t size)
{
	return run_graph(memory, size, true, true, false);
}

double cw_memory_open_graph6(struct memory *memory, uint32_t size)
{
	return run_graph(memory, size, true, false, false);
}

void cw_memory_compare(struct memory *memory, uint32_t size, bool is_v6)
{
	bool *has_trains = &memory->bench.ports[CW_BENCH_UPLINK_PORT]->nic->link.can_send_udp_trains;

	is_comparing = true;
	run_graph(memory, size, is_v6, true, false);
	run_graph(memory, size, is_v6, false, false);
	*has_trains = true;
	run_graph(memory, size, is_v6, true, false);
	*has_trains = false;
	is_comparing = false;
}

static int seal_text(struct memory *memory, uint8_t *header, uint32_t length)
{
	uint8_t nonce[12] = { 0 };

	memcpy(nonce + 8, header + 12, 4);
	return cw_aead_seal(memory->bench.worker->aead, &memory->bench.far_seal, nonce, header,
			    CW_SEALED_HEADER, header + CW_SEALED_HEADER, length);
}

static int open_text(struct memory *memory, uint8_t *header, uint32_t length)
{
	uint8_t nonce[12] = { 0 };

	memcpy(nonce + 8, header + 12, 4);
	return cw_aead_open(memory->bench.worker->aead, &memory->bench.far_seal, nonce, header,
			    CW_SEALED_HEADER, header + CW_SEALED_HEADER, length + CW_TAG);
}

static void fill_buffers(struct memory *memory, uint32_t at, uint32_t length)
{
	for (uint32_t i = 0; i < MEMORY_BATCH; i++) {
		uint8_t *header = memory->buffers[i] + at;
		memset(header, (uint8_t)i, CW_SEALED_HEADER + length);
		packet_put32(header + 12, i);
	}
}

static void must(struct memory *memory, int rc)
{
	if (rc != 0)
		memory->wrong++;
}

/* The bare AEAD: plaintext of `size` bytes, in place, one packet a call. */
double cw_memory_seal_bare(struct memory *memory, uint32_t size)
{
	int rc = 0;

	fill_buffers(memory, 0, size);
	double start = cpu_ns();
	for (uint32_t i = 0; i < MEMORY_BATCH; i++)
		rc |= seal_text(memory, memory->buffers[i], size);
	double spent = cpu_ns() - start;
	must(memory, rc);
	return spent;
}

double cw_memory_open_bare(struct memory *memory, uint32_t size)
{
	int rc = 0;

	cw_memory_seal_bare(memory, size);
	double start = cpu_ns();
	for (uint32_t i = 0; i < MEMORY_BATCH; i++)
		rc |= open_text(memory, memory->buffers[i], size);
	double spent = cpu_ns() - start;
	must(memory, rc);
	return spent;
}

/* Copy, headers, seal: a tunnel without anything around it. */
double cw_memory_seal_loop(struct memory *memory, uint32_t size)
{
	static const uint8_t geneve[] = GENEVE_LAN_VNI(false);
	uint8_t to[OUTER + CW_SEALED_OVERHEAD + MEMORY_PLAIN_MAX] = { 0 };
	int rc = 0;

	memory->is_v6 = false;
	make_frames(memory, size, true);
	double start = cpu_ns();
	for (uint32_t i = 0; i < MEMORY_BATCH; i++) {
		struct rte_mbuf *m = memory->frames[i];
		packet_put32(to + OUTER, 0xD1000000);
		packet_put32(to + OUTER + 12, i);
		memcpy(to + LOOP_AT, geneve, sizeof(geneve));
		memcpy(to + LOOP_AT + sizeof(geneve), rte_pktmbuf_mtod_offset(m, void *, 14), size);
		rc |= seal_text(memory, to + OUTER, sizeof(geneve) + size);
		rte_pktmbuf_free(m);
	}
	double spent = cpu_ns() - start;
	must(memory, rc);
	return spent;
}

double cw_memory_open_loop(struct memory *memory, uint32_t size)
{
	uint8_t to[MEMORY_PLAIN_MAX];
	int rc = 0;

	fill_buffers(memory, OUTER, CW_GENEVE_HEADER + size);
	for (uint32_t i = 0; i < MEMORY_BATCH; i++)
		rc |= seal_text(memory, memory->buffers[i] + OUTER, CW_GENEVE_HEADER + size);
	double start = cpu_ns();
	for (uint32_t i = 0; i < MEMORY_BATCH; i++) {
		uint8_t *header = memory->buffers[i] + OUTER;
		rc |= open_text(memory, header, CW_GENEVE_HEADER + size);
		memcpy(to, header + CW_SEALED_HEADER + CW_GENEVE_HEADER, size);
		__asm__ volatile("" : : "r"(to) : "memory");
	}
	double spent = cpu_ns() - start;
	must(memory, rc);
	return spent;
}
