/* What comes to wait for its uplink. See qos.h. */
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "graph/explain.h"
#include "graph/graph.h"
#include "graph/l3.h"
#include "graph/l4.h"
#include "graph/marks.h"
#include "graph/outer.h"
#include "graph/qos-parts.h"
#include "graph/relay-path.h"
#include "graph/relay.h"
#include "overlay-port.h"
#include "table/view.h"

#define DHCP4_SERVER 67
#define DHCP4_CLIENT 68
#define DHCP6_CLIENT 546
/* Of what the far end takes: the rest is for what it is sent beside, so that its provider has no queue. */
#define REMOTE_PERCENT 95

void cw_qos_lose_queued(struct cw_worker *worker, const struct cw_queued *queued, uint16_t pieces, enum cw_drop reason)
{
	/* A limit does not know when a place becomes another peer's. */
	bool is_limit = reason == CW_DROP_LIMIT_FULL || reason == CW_DROP_LIMIT_DELAY;
	const struct cw_peer *peer = queued->peer == CW_QOS_BREAKOUT || is_limit ? NULL : worker->peers[queued->peer];

	worker->drops[reason] += pieces;
	if (cw_is_relayed(queued))
		cw_qos_note_relayed(worker, queued, reason);
	else if (queued->vni != 0)
		cw_note(worker, reason, (uint16_t)cw_segment_by_vni(worker->view->program, queued->vni), peer,
			rte_pktmbuf_mtod_offset(queued->m, const uint8_t *, queued->m->l2_len), queued->m->data_len - queued->m->l2_len);
}

/* Paths to one uplink of the peer share what that takes; those by relays are told apart. */
static uint16_t far_end_of(const struct cw_path *path)
{
	if (path == NULL)
		return 0;
	return cw_path_is_relayed(path) ? CW_QOS_RELAYED_ENDS | path->slot : path->remote_uplink;
}

/* Of the class of a peer at that end of the path, which is NULL for the breakout; NULL: no memory. */
static struct cw_qos_stream *qos_stream_of(struct cw_uplink_qos *uplink, uint32_t place, const struct cw_path *path, uint8_t class)
{
	struct cw_qos_peer **at = &uplink->peers[place];
	uint16_t end = far_end_of(path);

	while (*at != NULL && (*at)->end != end)
		at = &(*at)->next;
	if (*at == NULL) {
		*at = cw_qos_lines_new(sizeof(**at));
		if (*at == NULL)
			return NULL;
		(*at)->end = end;
		for (uint8_t i = 0; i < CW_QOS_CLASSES; i++)
			(*at)->streams[i] = (struct cw_qos_stream){ .class = i, .gate = &(*at)->gate };
	}
	return &(*at)->streams[class];
}

/* Both halves of a product, in which who does not know the secret cannot make two flows alike. */
static uint64_t fold(uint64_t one, uint64_t other)
{
	unsigned __int128 product = (unsigned __int128)one * other;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* Addresses and ports, where they can be read. */
static uint32_t slow_hash(const struct cw_worker *worker, const uint8_t *l3, uint32_t length)
{
	const uint64_t *secret = worker->flow_secret;
	struct cw_flow flow;

	cw_l4_read(l3, length, &flow);
	uint64_t ports = (uint64_t)flow.protocol << 32 | (uint32_t)flow.source_port << 16 | flow.destination_port;
	uint64_t source = fold(flow.source.words[0] ^ secret[0], flow.source.words[1] ^ secret[1]);
	uint64_t destination = fold(flow.destination.words[0] ^ secret[1], flow.destination.words[1] ^ secret[0]);
	return (uint32_t)fold(source ^ ports, destination ^ secret[0]);
}

/* The same for almost all packets, whose ports follow an IPv4 header without options. */
uint32_t cw_qos_hash(const struct cw_worker *worker, const uint8_t *l3, uint32_t length)
{
	const struct cw_ip4 *ip = cw_ip4(l3);
	uint64_t addresses;
	uint32_t ports;

	if (l3[0] != 0x45 || length < sizeof(*ip) + sizeof(ports) || cw_ip4_is_fragment(ip) ||
	    (ip->protocol != IPPROTO_TCP && ip->protocol != IPPROTO_UDP))
		return slow_hash(worker, l3, length);
	memcpy(&addresses, &ip->source, sizeof(addresses));
	memcpy(&ports, ip + 1, sizeof(ports));
	return (uint32_t)fold(addresses ^ worker->flow_secret[0], ((uint64_t)ip->protocol << 32 | ports) ^ worker->flow_secret[1]);
}

static void shed_queued(struct cw_worker *worker, struct cw_qos *qos, enum cw_drop full)
{
	struct cw_qos_grant grant;

	while (cw_qos_shed(qos, &grant)) {
		struct cw_queued *queued = (struct cw_queued *)grant.item;
		cw_qos_lose_queued(worker, queued, grant.lost, full);
		rte_pktmbuf_free(queued->m);
	}
}

void cw_qos_keep(struct cw_worker *worker, struct cw_qos *qos, struct cw_qos_stream *stream, uint32_t hash, struct cw_queued *queued,
		 enum cw_drop full)
{
	queued->item.at_ns = cw_qos_now_ns(worker);
	queued->item.is_large = queued->m->pool == worker->engine->pools.large;
	cw_qos_add(qos, stream, hash, &queued->item);
	shed_queued(worker, qos, full);
}

bool cw_qos_queue(struct cw_worker *worker, struct cw_uplink_qos *uplink, const struct cw_path *path, uint64_t gate_bps, uint8_t class,
		  uint32_t hash, struct cw_queued *queued)
{
	struct cw_qos_stream *stream = qos_stream_of(uplink, queued->peer, path, class);

	if (stream == NULL)
		return false;
	uint64_t bps = gate_bps == 0 ? 0 : RTE_MAX(gate_bps, CW_QOS_LEAST_BPS);
	if (stream->gate->bps != bps)
		cw_qos_set_gate(uplink->qos, stream->gate, bps);
	cw_qos_keep(worker, uplink->qos, stream, hash, queued, CW_DROP_QUEUE_FULL);
	return true;
}

/* @param path NULL: to the Internet @param gate_bps 0: none @param queued all but its item's time @return false: it cannot wait */
static bool add_queued(struct cw_worker *worker, struct cw_uplink_qos *uplink, const struct cw_path *path, uint64_t gate_bps,
		       struct cw_queued *queued, const uint8_t *l3, uint32_t length)
{
	queued->item.is_ect = (cw_l3_class(l3) & CW_ECN_MASK) != 0;
	return cw_qos_queue(worker, uplink, path, gate_bps, cw_class_of(queued->m), cw_qos_hash(worker, l3, length), queued);
}

struct cw_path *cw_qos_leaves_by(struct cw_worker *worker, struct cw_path *path)
{
	return cw_path_is_relayed(path) ? cw_relay_path_by(worker, path) : path;
}

struct cw_uplink_qos *cw_qos_uplink_of(const struct cw_worker *worker, struct cw_path *by)
{
	const struct cw_departure *departure = cw_outer_departure(worker, by);

	return departure->uplink == NULL ? NULL : departure->uplink->qos;
}

/* 0: none. */
static uint64_t least_bps(uint64_t one, uint64_t other)
{
	return one == 0 || (other != 0 && other < one) ? other : one;
}

uint64_t cw_qos_gate_bps(const struct cw_peer *peer, const struct cw_path *path, const struct cw_path *by)
{
	uint64_t limit_bps = atomic_load_explicit(&peer->limit_bps, memory_order_relaxed);
	uint64_t taken_bps = least_bps(path->remote_down_bps, by->remote_down_bps);

	return least_bps(limit_bps, taken_bps / 100 * REMOTE_PERCENT);
}

void cw_qos_measure(struct cw_qos_item *item, const struct cw_cut *cut, uint32_t more)
{
	uint32_t left = cut->end - cut->offset;

	item->piece = cw_cut_size(cut) + more;
	item->last = item->piece;
	item->pieces = 1;
	if (!cut->is_train || cut->segment == 0)
		return;
	item->pieces = (uint16_t)((left + cut->segment - 1) / cut->segment);
	item->last = cut->headers_len + left - (item->pieces - 1u) * cut->segment + more;
}

bool cw_qos_wait_data(struct cw_worker *worker, struct cw_peer *peer, uint32_t vni, struct cw_path *path,
		      struct rte_mbuf *m, const struct cw_cut *cut)
{
	struct cw_path *by = cw_qos_leaves_by(worker, path);
	struct cw_uplink_qos *uplink = by == NULL ? NULL : cw_qos_uplink_of(worker, by);
	struct cw_queued *queued = uplink == NULL ? NULL : cw_queue_place_of(m);

	if (queued == NULL)
		return false;
	if (!cw_qos_is_for(uplink, peer))
		return false;
	queued->is_train = cut->is_train;
	if (cut->is_train)
		queued->cut = *cut;
	queued->m = m;
	queued->vni = vni;
	queued->peer = (uint16_t)peer->place;
	queued->path = path->slot;
	queued->length = cut->is_train || cut->is_partial ? 0 : cut->end;
	uint32_t outer = cw_outer_departure(worker, by)->length + CW_SEALED_OVERHEAD + (by == path ? 0 : CW_RELAY_OVERHEAD);
	cw_qos_measure(&queued->item, cut, outer);
	return add_queued(worker, uplink, path, cw_qos_gate_bps(peer, path, by), queued, cut->l3, cut->end);
}

/* Not forwarded for a host of a LAN, as far as the uplink's addresses are known. */
static bool is_from_here(const struct cw_own *own, const uint8_t *l3)
{
	struct cw_address source = cw_packet_source(l3);
	bool is_none = cw_address_is_v4(source) ? cw_address_v4(source) == 0 : cw_address_is_none(source);

	return is_none || cw_address_is_link_local(source) || own->count == 0 || own->count == CW_PORT_ADDRESSES_MAX || cw_is_own(own, source);
}

/* What an uplink needs to work at all: a frame of IP that is one of the overlay's own, DHCP or ND; and all that is not IP. */
static bool is_of_the_link(const struct cw_worker *worker, uint32_t index, const uint8_t *l3, uint32_t length)
{
	const struct cw_port_program *port = &worker->view->program->port_programs[index];
	struct cw_flow flow;
	bool is_read = cw_l4_read(l3, length, &flow);

	if (!is_read || flow.protocol != IPPROTO_UDP || !flow.has_ports)
		return cw_qos_is_nd(l3, length);
	bool has_port = cw_is_overlay_port(port, flow.source_port) || flow.source_port == DHCP4_CLIENT ||
			flow.source_port == DHCP4_SERVER || flow.source_port == DHCP6_CLIENT;
	return has_port && is_from_here(&worker->view->own[index], l3);
}

/* Among those of the program; their count: it is none. */
static uint32_t index_of(const struct cw_program *program, const struct cw_port *port)
{
	uint32_t i = 0;

	while (i < program->port_count && program->ports[i] != port)
		i++;
	return i;
}

bool cw_qos_wait_frame(struct cw_worker *worker, struct cw_port *port, struct rte_mbuf *m)
{
	const struct cw_ether *ether = rte_pktmbuf_mtod(m, const struct cw_ether *);
	uint8_t *l3 = rte_pktmbuf_mtod_offset(m, uint8_t *, sizeof(*ether));
	bool is_shaped = port->qos != NULL && !port->qos->is_endless;
	struct cw_queued *queued = is_shaped ? cw_queue_place_of(m) : NULL;
	uint32_t index = is_shaped ? index_of(worker->view->program, port) : 0;

	if (queued == NULL || index == worker->view->program->port_count || m->data_len < sizeof(*ether))
		return false;
	uint32_t length = m->data_len - sizeof(*ether);
	bool is_ip = (ether->type == rte_cpu_to_be_16(CW_ETHER_IP4) || ether->type == rte_cpu_to_be_16(CW_ETHER_IP6)) &&
		     cw_l3_is_sound(l3, length);
	if (!is_ip)
		return false;
	cw_class_set(m, cw_qos_class_of_dscp(cw_l3_class(l3) >> 2));
	bool is_train = (m->ol_flags & RTE_MBUF_F_RX_LRO) != 0;
	if (!is_train && is_of_the_link(worker, index, l3, length) &&
	    cw_bucket_take_some(&port->qos->own, worker->now_us, CW_QOS_PASSING_RATE, CW_QOS_PASSING_BURST, m->pkt_len))
		return false;
	if (port->is_bleached)
		cw_l3_set_dscp(l3, 0);
	queued->item = (struct cw_qos_item){ .piece = m->pkt_len, .last = m->pkt_len, .pieces = 1 };
	queued->m = m;
	queued->peer = CW_QOS_BREAKOUT;
	queued->vni = 0;
	queued->is_train = is_train;
	if (is_train) {
		cw_cut_begin(&queued->cut, m);
		cw_qos_measure(&queued->item, &queued->cut, m->l2_len);
	}
	return add_queued(worker, port->qos, NULL, 0, queued, l3, length);
}

void cw_qos_note(struct cw_worker *worker, const struct cw_port *port, const struct rte_mbuf *m)
{
	if (port->qos == NULL || port->qos->is_endless || worker->is_serving_qos)
		return;
	uint32_t headers = m->l2_len + m->l3_len + m->l4_len;
	cw_qos_charge(port->qos->qos, cw_qos_now_ns(worker), m->pkt_len + (cw_link_segments(m) - 1) * headers);
}
