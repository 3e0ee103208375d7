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

/* While one packet is worked on, the next ones come closer: first what says where they lie, then their headers. */
void cw_receive_burst(struct cw_worker *worker, const struct cw_nic *nic, struct rte_mbuf **frames,
		      uint16_t n)
{
	for (uint16_t i = 0; i < n && i < FRAMES_AHEAD; i++)
		rte_prefetch0(frames[i]);
	for (uint16_t i = 0; i < n; i++) {
		if (i + FRAMES_AHEAD < n)
			rte_prefetch0(frames[i + FRAMES_AHEAD]);
		if (i + HEADERS_AHEAD < n) {
			uint8_t *next = rte_pktmbuf_mtod(frames[i + HEADERS_AHEAD], uint8_t *);
			rte_prefetch0(next);
			rte_prefetch0(next + RTE_CACHE_LINE_SIZE);
		}
		cw_receive(worker, nic, frames[i]);
	}
}
