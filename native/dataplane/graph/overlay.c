/* See overlay.h. */
#include "graph/overlay.h"

#include <netinet/in.h>
#include <string.h>

#include "graph/graph.h"
#include "graph/handshake.h"
#include "graph/l3.h"
#include "graph/relay.h"
#include "graph/seal.h"
#include "graph/stun.h"
#include "worker.h"

enum kind { KIND_SEALED, KIND_RELAYED, KIND_TWIN, KIND_DROPPED };

static enum kind dropped(struct cw_worker *worker, enum cw_drop reason)
{
	cw_count_drop(worker, reason);
	return KIND_DROPPED;
}

static enum kind classify(struct cw_worker *worker, uint32_t index, const struct rte_mbuf *m,
			  const uint8_t *d, uint32_t length)
{
	if (length == 0)
		return dropped(worker, CW_DROP_OVERLAY_UNKNOWN);
	if (d[0] == CW_TYPE_DATA || d[0] == CW_TYPE_CONTROL)
		return KIND_SEALED;
	if (d[0] == CW_TYPE_RELAYED)
		return KIND_RELAYED;
	/* An answer would get nowhere; and what a channel is told by, nobody may send from (RFC 6666). */
	if (!cw_address_is_endpoint(cw_packet_source(rte_pktmbuf_mtod_offset(m, const uint8_t *, m->l2_len))))
		return dropped(worker, CW_DROP_OVERLAY_SOURCE);
	if (d[0] >= 0xD4 && d[0] <= 0xD7)
		return cw_handshake_is_due(worker, index, m, d, length) ? KIND_TWIN : KIND_DROPPED;
	if (!cw_is_stun(d, length))
		return dropped(worker, CW_DROP_OVERLAY_UNKNOWN);
	return cw_stun_is_due(worker, d) ? KIND_TWIN : KIND_DROPPED;
}

void cw_overlay_note_arrival(struct cw_worker *worker)
{
	const struct rte_mbuf *m = worker->arrived;

	if (m == NULL)
		return;
	const uint8_t *l3 = rte_pktmbuf_mtod_offset(m, const uint8_t *, m->l2_len);
	const struct cw_udp *udp = (const struct cw_udp *)(l3 + m->l3_len);

	worker->arrival = (struct cw_way){ .uplink = worker->view->program->port_programs[worker->arrived_by].uplink,
					   .local_port = rte_be_to_cpu_16(udp->destination),
					   .remote_port = rte_be_to_cpu_16(udp->source),
					   .remote = cw_packet_source(l3) };
}

/* One datagram of a train goes up as a packet of its own, with a checksum: over IPv6 the kernel takes none without. */
static void pass_piece(struct cw_worker *worker, struct cw_link *twin, const struct rte_mbuf *m,
		       const uint8_t *datagram, uint32_t length)
{
	uint32_t headers = m->l2_len + m->l3_len + sizeof(struct cw_udp);
	struct rte_mbuf *piece = rte_pktmbuf_alloc(worker->engine->pools.small);

	if (piece == NULL || headers + length > CW_SMALL_DATA) {
		cw_count_drop(worker, CW_DROP_NO_BUFFER);
		rte_pktmbuf_free(piece);
		return;
	}
	uint8_t *to = rte_pktmbuf_mtod(piece, uint8_t *);
	uint8_t *l3 = to + m->l2_len;
	struct cw_udp *udp = (struct cw_udp *)(l3 + m->l3_len);
	uint32_t udp_len = sizeof(*udp) + length;
	memcpy(to, rte_pktmbuf_mtod(m, void *), headers);
	memcpy(to + headers, datagram, length);
	cw_l3_set_total(l3, m->l3_len + udp_len);
	udp->length = rte_cpu_to_be_16(udp_len);
	cw_l3_finish_l4(l3, m->l3_len, IPPROTO_UDP, udp_len);
	piece->data_len = piece->pkt_len = headers + length;
	cw_link_tx(twin, &piece, 1);
}

static void serve_single(struct cw_worker *worker, uint32_t index, struct rte_mbuf *m, uint8_t *datagram,
			 uint32_t length, uint8_t tos)
{
	enum kind kind = classify(worker, index, m, datagram, length);

	if (kind == KIND_TWIN) {
		cw_pass(worker, &worker->view->program->ports[index]->twin, m);
		return;
	}
	if (kind == KIND_SEALED || kind == KIND_RELAYED) {
		worker->whole = m;
		if (kind == KIND_SEALED)
			cw_open(worker, datagram, length, tos);
		else
			cw_relay(worker, datagram, length, tos);
		if (worker->whole == NULL)
			return; /* it goes on in its own buffer */
		worker->whole = NULL;
	}
	rte_pktmbuf_free(m);
}

static void serve_train(struct cw_worker *worker, uint32_t index, struct rte_mbuf *m, uint8_t *datagrams,
			uint32_t bytes, uint8_t tos)
{
	struct cw_link *twin = &worker->view->program->ports[index]->twin;
	uint32_t step = m->tso_segsz, at = 0;

	do {
		uint32_t length = bytes - at < step ? bytes - at : step;
		enum kind kind = classify(worker, index, m, datagrams + at, length);
		if (kind == KIND_SEALED)
			cw_open(worker, datagrams + at, length, tos);
		else if (kind == KIND_RELAYED)
			cw_relay(worker, datagrams + at, length, tos);
		else if (kind == KIND_TWIN)
			pass_piece(worker, twin, m, datagrams + at, length);
		at += step;
	} while (at < bytes && step != 0);
	rte_pktmbuf_free(m);
}

void cw_overlay(struct cw_worker *worker, uint32_t index, struct rte_mbuf *m)
{
	uint8_t *l3 = rte_pktmbuf_mtod_offset(m, uint8_t *, m->l2_len);
	uint32_t headers = m->l3_len + sizeof(struct cw_udp);
	uint32_t end = cw_l3_total(l3);
	uint8_t tos = cw_l3_class(l3);

	if (end < headers) {
		cw_drop(worker, m, CW_DROP_RX_MALFORMED);
		return;
	}
	worker->arrived = m;
	worker->arrived_by = index;
	if (m->ol_flags & RTE_MBUF_F_RX_LRO)
		serve_train(worker, index, m, l3 + headers, end - headers, tos);
	else
		serve_single(worker, index, m, l3 + headers, end - headers, tos);
	worker->arrived = NULL;
}
