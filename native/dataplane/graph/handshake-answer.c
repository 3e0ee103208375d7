/* See handshake-answer.h. */
#include "graph/handshake-answer.h"

#include <netinet/in.h>
#include <string.h>

#include "graph/l3.h"
#include "graph/qos.h"
#include "worker.h"

static void write_ip(uint8_t *to, const uint8_t *from, uint32_t l4_len)
{
	if (from[0] >> 4 == 4) {
		struct cw_ip4 *ip = cw_ip4(to);
		*ip = (struct cw_ip4){
			.version_ihl = 0x45,
			.total_length = rte_cpu_to_be_16((uint16_t)(sizeof(*ip) + l4_len)),
			.ttl = 64,
			.protocol = IPPROTO_UDP,
			.source = cw_ip4(from)->destination,
			.destination = cw_ip4(from)->source,
		};
		cw_ip4_set_checksum(ip);
		return;
	}
	memset(to, 0, 40);
	to[0] = 0x60;
	to[4] = (uint8_t)(l4_len >> 8);
	to[5] = (uint8_t)l4_len;
	to[6] = IPPROTO_UDP;
	to[7] = 64;
	memcpy(to + 8, from + 24, 16);
	memcpy(to + 24, from + 8, 16);
}

void cw_handshake_send_back(struct cw_worker *worker, uint32_t index, const struct rte_mbuf *m,
			    const uint8_t payload[CW_COOKIE_MESSAGE_BYTES])
{
	const uint8_t *frame = rte_pktmbuf_mtod(m, const uint8_t *), *l3 = frame + m->l2_len;
	struct rte_mbuf *answer = rte_pktmbuf_alloc(worker->engine->pools.small);
	uint32_t l3_len = l3[0] >> 4 == 4 ? 20 : 40;
	uint32_t l4_len = sizeof(struct cw_udp) + CW_COOKIE_MESSAGE_BYTES;

	if (answer == NULL) {
		cw_count_drop(worker, CW_DROP_NO_BUFFER);
		return;
	}
	uint8_t *to = rte_pktmbuf_mtod(answer, uint8_t *);
	memcpy(to, frame + 6, 6);
	memcpy(to + 6, frame, 6);
	memcpy(to + 12, frame + m->l2_len - 2, 2);
	write_ip(to + 14, l3, l4_len);
	struct cw_udp *udp = (struct cw_udp *)(to + 14 + l3_len);
	memcpy(&udp->source, l3 + m->l3_len + 2, 2);
	memcpy(&udp->destination, l3 + m->l3_len, 2);
	udp->length = rte_cpu_to_be_16((uint16_t)l4_len);
	memcpy(udp + 1, payload, CW_COOKIE_MESSAGE_BYTES);
	cw_l3_finish_l4(to + 14, l3_len, IPPROTO_UDP, l4_len);
	answer->data_len = answer->pkt_len = (uint16_t)(14 + l3_len + l4_len);
	answer->l2_len = 14;
	answer->l3_len = (uint16_t)l3_len;
	struct cw_port *port = worker->view->program->ports[index];
	cw_qos_note(worker, port, answer);
	cw_port_tx(port, answer);
}
