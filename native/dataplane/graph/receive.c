/* A frame of a NIC meets its port: the VLAN tag says which, and goes off. See graph.h. */
#include <rte_mbuf.h>
#include <rte_prefetch.h>

#include "graph/graph.h"
#include "worker.h"

#define FRAMES_AHEAD 6
#define HEADERS_AHEAD 3

void cw_receive(struct cw_worker *worker, const struct cw_nic *nic, struct rte_mbuf *m)
{
	const struct cw_program *program = worker->view->program;
	uint32_t index = 0;
	int vlan = cw_port_untag(m);

	while (index < program->port_count &&
	       (program->ports[index]->nic != nic || program->ports[index]->vlan != vlan))
		index++;
	if (index == program->port_count) {
		cw_drop(worker, m, CW_DROP_VLAN);
		return;
	}
	struct cw_port *port = program->ports[index];
	port->rx_buffers++;
	port->rx_packets += cw_link_segments(m);
	port->rx_bytes += m->pkt_len;
	if (program->port_programs[index].role == CW_ROLE_LAN)
		cw_classify_lan(worker, index, m);
	else
		cw_classify_uplink(worker, index, m);
}

/* Both halves of what says where a frame lies: the second is written when it is sent on. */
static void prefetch_frame(struct rte_mbuf *m)
{
	rte_mbuf_prefetch_part1(m);
	rte_mbuf_prefetch_part2(m);
}

/* The headers, and the room before them, which those of the overlay fill. */
static void prefetch_headers(const struct rte_mbuf *m)
{
	const uint8_t *data = rte_pktmbuf_mtod(m, const uint8_t *);

	__builtin_prefetch(data - RTE_CACHE_LINE_SIZE, 1);
	__builtin_prefetch(data, 1);
	__builtin_prefetch(data + RTE_CACHE_LINE_SIZE, 1);
	__builtin_prefetch(data + 2 * RTE_CACHE_LINE_SIZE, 1);
}

/* While one packet is worked on, the next ones come closer: first what says where they lie, then their headers. */
void cw_receive_burst(struct cw_worker *worker, const struct cw_nic *nic, struct rte_mbuf **frames,
		      uint16_t n)
{
	for (uint16_t i = 0; i < n && i < FRAMES_AHEAD; i++)
		prefetch_frame(frames[i]);
	for (uint16_t i = 0; i < n; i++) {
		if (i + FRAMES_AHEAD < n)
			prefetch_frame(frames[i + FRAMES_AHEAD]);
		if (i + HEADERS_AHEAD < n)
			prefetch_headers(frames[i + HEADERS_AHEAD]);
		cw_receive(worker, nic, frames[i]);
	}
}
