/* See outer.h. */
#include "graph/outer.h"

#include <netinet/in.h>
#include <string.h>

#include "graph/graph.h"
#include "graph/ip4.h"
#include "graph/ip6.h"
#include "graph/marks.h"
#include "graph/relay-path.h"
#include "graph/relay.h"
#include "table/neighbour.h"
#include "table/view.h"
#include "worker.h"

#define HOPS 64 /* TTL or hop limit */

static_assert(CW_DEPARTURE_HEADERS == sizeof(struct cw_ether) + CW_OUTER_IP6_UDP, "headers");

static void find_uplink(const struct cw_program *program, uint8_t uplink, struct cw_departure *departure)
{
	const struct cw_port_program *port = cw_uplink_program(program, uplink);

	if (port == NULL)
		return;
	departure->uplink_index = (uint8_t)(port - program->port_programs);
	departure->uplink = program->ports[departure->uplink_index];
	departure->marking = cw_marking_of(port->marks);
	departure->is_bleached = port->marks == CW_MARKS_NONE;
}

static void put_ip4(struct cw_ip4 *ip, const struct cw_path *path, struct cw_address source)
{
	*ip = (struct cw_ip4){ .version_ihl = 0x45,
			       .fragment = rte_cpu_to_be_16(CW_IP4_DF),
			       .ttl = HOPS,
			       .protocol = IPPROTO_UDP,
			       .source = cw_address_v4(source),
			       .destination = cw_address_v4(path->way.remote) };
}

/* The flow label is the path's, so that routers keep it on one path (RFC 6437, RFC 6438). */
static void put_ip6(struct cw_ip6 *ip, const struct cw_path *path, struct cw_address source)
{
	uint32_t first = rte_cpu_to_be_32(6u << 28 | path->flow_label);

	*ip = (struct cw_ip6){ .next_header = IPPROTO_UDP, .hop_limit = HOPS };
	memcpy(ip->class_flow, &first, sizeof(first));
	memcpy(ip->source, &source, sizeof(ip->source));
	memcpy(ip->destination, &path->way.remote, sizeof(ip->destination));
}

/* All headers but for lengths, checksums and class, which are the datagram's own. */
static void put_headers(const struct cw_path *path, struct cw_address source, struct cw_departure *departure)
{
	bool is_v4 = cw_address_is_v4(path->way.remote);
	struct cw_ether *ether = (struct cw_ether *)departure->headers;
	uint8_t *l3 = (uint8_t *)(ether + 1);
	struct cw_udp *udp = (struct cw_udp *)(l3 + (is_v4 ? sizeof(struct cw_ip4) : sizeof(struct cw_ip6)));

	ether->type = rte_cpu_to_be_16(is_v4 ? CW_ETHER_IP4 : CW_ETHER_IP6);
	*udp = (struct cw_udp){ .source = rte_cpu_to_be_16(path->way.local_port),
				.destination = rte_cpu_to_be_16(path->way.remote_port) };
	if (is_v4)
		put_ip4(cw_ip4(l3), path, source);
	else
		put_ip6(cw_ip6(l3), path, source);
}

/* The next hop of the uplink's routes to the far end, if its MAC is known: what has to be asked for is cw_tx_route()'s. */
static void find_neighbour(const struct cw_view *view, const struct cw_path *path,
			   struct cw_departure *departure)
{
	struct cw_ether *ether = (struct cw_ether *)departure->headers;
	const struct cw_hop *hop = cw_hop_out(view, departure->uplink_index, path->way.remote);

	if (hop->kind != CW_HOP_LINK)
		return;
	departure->neighbour = cw_neighbour_find(view->neighbours, hop->port, cw_next_hop(hop, path->way.remote));
	if (departure->neighbour == NULL)
		return;
	departure->port = view->program->ports[hop->port];
	memcpy(ether->to, departure->neighbour->mac, sizeof(ether->to));
	memcpy(ether->from, departure->port->mac, sizeof(ether->from));
}

static void look_up(const struct cw_view *view, struct cw_path *path)
{
	struct cw_departure *departure = &path->departure;
	enum cw_family family = cw_address_family(path->way.remote);

	*departure = (struct cw_departure){
		.serial = view->serial,
		.length = sizeof(struct cw_ether) + (family == CW_V4 ? CW_OUTER_IP4_UDP : CW_OUTER_IP6_UDP),
	};
	if (cw_path_is_relayed(path))
		departure->relay = cw_relay_of(view->program, path->way.remote);
	find_uplink(view->program, path->way.uplink, departure);
	if (departure->uplink == NULL)
		return;
	struct cw_address source = view->port_address[departure->uplink_index][family];
	/* An uplink without an address of this family reaches nobody, and a link-local one no further than its link. */
	departure->has_source = !cw_address_is_none(source) && !cw_address_is_link_local(source);
	put_headers(path, source, departure);
	if (family == CW_V4)
		departure->ip4_sum = cw_ip4_header_sum(departure->headers + sizeof(struct cw_ether), sizeof(struct cw_ip4));
	find_neighbour(view, path, departure);
}

const struct cw_departure *cw_outer_departure(const struct cw_worker *worker, struct cw_path *path)
{
	if (path->departure.serial != worker->view->serial)
		look_up(worker->view, path);
	return &path->departure;
}

/* RFC 1071: the words that the template lacks are added to the sum of the others. */
static void finish_ip4(struct cw_ip4 *ip, uint64_t sum, uint8_t tos, uint32_t udp_len)
{
	uint16_t total = rte_cpu_to_be_16((uint16_t)(sizeof(*ip) + udp_len));

	ip->tos = tos;
	ip->total_length = total;
	ip->checksum = cw_csum_fold(sum + rte_cpu_to_be_16(tos) + total);
}

static void finish_ip6(struct cw_ip6 *ip, uint8_t class, uint32_t udp_len)
{
	cw_ip6_set_class(ip, class);
	ip->payload_length = rte_cpu_to_be_16((uint16_t)udp_len);
}

/* The sum of the pseudo header, which whoever finishes the checksum wants in its field. */
static uint16_t start_checksum(const struct cw_departure *departure, bool is_v4, uint32_t udp_len)
{
	const uint8_t *l3 = departure->headers + sizeof(struct cw_ether);

	return (uint16_t)~cw_csum_fold(is_v4 ? cw_ip4_pseudo(cw_ip4(l3), udp_len) :
					       cw_ip6_pseudo(cw_ip6(l3), IPPROTO_UDP, udp_len));
}

static void put_outer(const struct cw_departure *departure, const struct cw_outer_load *load, struct rte_mbuf *m)
{
	bool is_v4 = departure->length == CW_OUTER_ROOM;
	uint32_t udp_len = sizeof(struct cw_udp) + load->bytes;
	uint32_t l3_len = is_v4 ? sizeof(struct cw_ip4) : sizeof(struct cw_ip6);
	/* Control frames have a mark of their own. */
	uint8_t tos = departure->is_bleached ? load->tos & CW_ECN_MASK : load->tos;

	m->data_off += CW_OUTER_ROOM - departure->length;
	m->data_len = m->pkt_len = departure->length + load->bytes;
	m->tx_offload = rte_mbuf_tx_offload(sizeof(struct cw_ether), l3_len, sizeof(struct cw_udp),
					    load->count > 1 ? load->datagram : 0, 0, 0, 0);
	uint8_t *start = rte_pktmbuf_mtod(m, uint8_t *);
	uint8_t *l3 = start + sizeof(struct cw_ether);
	struct cw_udp *udp = (struct cw_udp *)(l3 + l3_len);
	memcpy(start, departure->headers, departure->length);
	if (is_v4)
		finish_ip4(cw_ip4(l3), departure->ip4_sum, tos, udp_len);
	else
		finish_ip6(cw_ip6(l3), tos, udp_len);
	udp->length = rte_cpu_to_be_16((uint16_t)udp_len);
	/* A single datagram over IPv4 goes without a checksum (RFC 768): the tag covers more than it would. */
	if (load->count == 1 && is_v4)
		return;
	/* The link finishes it, and those of a train's pieces. */
	m->ol_flags |= RTE_MBUF_F_TX_UDP_CKSUM | (load->count > 1 ? RTE_MBUF_F_TX_UDP_SEG : 0);
	udp->checksum = start_checksum(departure, is_v4, udp_len);
}

/* Its uplink has nothing to send from, or it has none. */
static void send_otherwise(struct cw_worker *worker, struct cw_path *path, const struct cw_outer_load *load,
			   struct rte_mbuf *m)
{
	if (cw_path_is_relayed(path)) {
		cw_relay_send(worker, path, load, m);
		return;
	}
	worker->drops[CW_DROP_NO_UPLINK_ROUTE] += load->count;
	rte_pktmbuf_free(m);
}

void cw_outer_send(struct cw_worker *worker, struct cw_path *path, const struct cw_outer_load *load,
		   struct rte_mbuf *m)
{
	const struct cw_departure *departure = cw_outer_departure(worker, path);

	if (!departure->has_source) {
		send_otherwise(worker, path, load, m);
		return;
	}
	put_outer(departure, load, m);
	if (departure->neighbour == NULL)
		cw_tx_route(worker, departure->uplink_index, path->way.remote, m);
	else
		cw_tx_known(worker, departure->neighbour, departure->port, m);
}
