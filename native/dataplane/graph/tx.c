/* The last steps of every packet that goes out of a NIC: next hop, neighbour, Ethernet. See graph.h. */
#include <netinet/in.h>
#include <string.h>

#include "graph/explain.h"
#include "graph/graph.h"
#include "graph/ip4.h"
#include "graph/qos.h"
#include "table/mirror.h"
#include "table/neighbour.h"
#include "table/view.h"
#include "worker.h"

#define IP6_HEADER 40
#define PENDING_US 3000000
#define ASK_AGAIN_US 1000000
/* On each port, for those that find no slot: more would fill the kernel's own table, which holds them for seconds. */
#define ASKS_PER_SECOND 100
#define ASKS_BURST 32

static void send_frame(struct cw_worker *worker, struct cw_port *port, const uint8_t to[6], struct rte_mbuf *m)
{
	struct cw_ether *ether = rte_pktmbuf_mtod(m, struct cw_ether *);

	memcpy(ether->to, to, 6);
	memcpy(ether->from, port->mac, 6);
	bool is_ip6 = *(const uint8_t *)(ether + 1) >> 4 == 6;
	ether->type = is_ip6 ? rte_cpu_to_be_16(CW_ETHER_IP6) : rte_cpu_to_be_16(CW_ETHER_IP4);
	cw_qos_note(worker, port, m);
	cw_port_tx(port, m);
}

/* Written once for many packets: the entries lie close together, and others are read all the time. */
static void mark_used(struct cw_neighbour *neighbour)
{
	if (atomic_load_explicit(&neighbour->is_used, memory_order_relaxed) == 0)
		atomic_store_explicit(&neighbour->is_used, 1, memory_order_relaxed);
}

static_assert(CW_PORTS_MAX < CW_PENDING_MAX &&
		      CW_PORTS_MAX * CW_PENDING_OWN_PACKETS < CW_WORKER_PENDING_MAX,
	      "beside what is each port's own, something is left for those that need more");

/* What waits: of one port, and of all beyond what is their own. */
struct usage {
	uint32_t slots, packets;
	uint32_t shared_slots, shared_packets;
	bool has_own;
};

/* One more packet in the slot is within its port's share, and its own or one of those that are for all. */
static bool has_room(const struct cw_pending *slot, const struct usage *usage)
{
	bool is_own = slot->is_own && slot->count < CW_PENDING_OWN_PACKETS;

	return slot->count < CW_PENDING_PACKETS && usage->packets < CW_PENDING_PORT_PACKETS &&
	       (is_own || usage->shared_packets < CW_WORKER_PENDING_MAX - CW_PORTS_MAX * CW_PENDING_OWN_PACKETS);
}

/* The slot of a next hop of `port`, a new one if need be. NULL: there is none, for the port has its share. */
static struct cw_pending *find_pending(struct cw_worker *worker, const struct cw_port *port,
				       struct cw_address address, struct usage *usage)
{
	struct cw_pending *found = NULL, *free_slot = NULL;

	for (uint32_t i = 0; i < CW_PENDING_MAX; i++) {
		struct cw_pending *slot = &worker->pending[i];
		if (slot->port_id == 0) {
			free_slot = slot;
			continue;
		}
		uint32_t own = !slot->is_own ? 0 : RTE_MIN(slot->count, CW_PENDING_OWN_PACKETS);
		usage->shared_slots += !slot->is_own;
		usage->shared_packets += slot->count - own;
		if (slot->port_id != port->id)
			continue;
		usage->slots++;
		usage->packets += slot->count;
		usage->has_own |= slot->is_own;
		if (cw_address_equal(slot->address, address))
			found = slot;
	}
	bool may_have = usage->slots < CW_PENDING_PORT_MAX &&
			(!usage->has_own ||
			 usage->shared_slots < CW_PENDING_MAX - CW_PORTS_MAX);
	if (found != NULL || free_slot == NULL || !may_have)
		return found;
	*free_slot = (struct cw_pending){ .port_id = port->id,
					  .address = address,
					  .is_own = !usage->has_own,
					  .since_us = worker->now_us };
	worker->pending_count++;
	return free_slot;
}

/* Nobody answered for the next hop. On a LAN the packet is somebody's, on an uplink it is sealed and says nothing. */
static void lose_unanswered(struct cw_worker *worker, uint32_t index, struct rte_mbuf *m)
{
	const struct cw_program *program = worker->view->program;

	if (index >= program->port_count || program->port_programs[index].role != CW_ROLE_LAN) {
		cw_drop(worker, m, CW_DROP_NEIGHBOUR);
		return;
	}
	m->l2_len = sizeof(struct cw_ether);
	cw_lose(worker, CW_DROP_NEIGHBOUR, program->port_programs[index].segment, NULL, m);
}

/* The latest are those that somebody still waits for (RFC 1122, 2.3.2.2). */
static void lose_oldest(struct cw_worker *worker, uint32_t index, struct cw_pending *slot)
{
	struct rte_mbuf *oldest = slot->packets[0];

	slot->count--;
	memmove(&slot->packets[0], &slot->packets[1], slot->count * sizeof(slot->packets[0]));
	lose_unanswered(worker, index, oldest);
}

static void wait_for_neighbour(struct cw_worker *worker, uint8_t index, struct cw_address next_hop,
			       struct rte_mbuf *m)
{
	struct usage usage = { 0 };
	struct cw_pending *slot =
		find_pending(worker, worker->view->program->ports[index], next_hop, &usage);

	/* Without a place to wait the packet is lost, but its sender's next one may find the answer. */
	bool may_ask = slot == NULL ? cw_bucket_take(&worker->ask_buckets[index], worker->now_us,
						     ASKS_PER_SECOND, ASKS_BURST) :
				      worker->now_us - slot->asked_us > ASK_AGAIN_US;
	if (may_ask) {
		cw_mirror_resolve(worker->engine->mirror, index, next_hop);
		if (slot != NULL)
			slot->asked_us = worker->now_us;
	}
	if (slot == NULL || (!has_room(slot, &usage) && slot->count == 0)) {
		lose_unanswered(worker, index, m);
		return;
	}
	if (!has_room(slot, &usage))
		lose_oldest(worker, index, slot);
	slot->packets[slot->count++] = m;
}

void cw_tx_link(struct cw_worker *worker, uint8_t index, struct cw_address next_hop, struct rte_mbuf *m)
{
	struct cw_neighbour *neighbour = cw_neighbour_find(worker->view->neighbours, index, next_hop);

	/* 0.0.0.0 and :: are nobody's: asking for them would be no more than a wait. */
	if (cw_address_is_none(next_hop) || cw_address_equal(next_hop, cw_address_of_v4(0))) {
		lose_unanswered(worker, index, m);
		return;
	}
	if (neighbour == NULL) {
		wait_for_neighbour(worker, index, next_hop, m);
		return;
	}
	mark_used(neighbour);
	send_frame(worker, worker->view->program->ports[index], neighbour->mac, m);
}

void cw_tx_known(struct cw_worker *worker, struct cw_neighbour *neighbour, struct cw_port *port, struct rte_mbuf *m)
{
	mark_used(neighbour);
	cw_qos_note(worker, port, m);
	cw_port_tx(port, m);
}

void cw_tx_route(struct cw_worker *worker, uint32_t uplink, struct cw_address destination,
		 struct rte_mbuf *m)
{
	const struct cw_hop *hop = cw_hop_out(worker->view, uplink, destination);

	if (hop->kind != CW_HOP_LINK) {
		cw_drop(worker, m, CW_DROP_NO_UPLINK_ROUTE);
		return;
	}
	cw_tx_link(worker, hop->port, cw_next_hop(hop, destination), m);
}

static void settle_pending(struct cw_worker *worker, struct cw_pending *slot)
{
	const struct cw_program *program = worker->view->program;
	uint32_t index = 0;

	while (index < program->port_count && program->ports[index]->id != slot->port_id)
		index++;
	bool is_gone = index == program->port_count;
	struct cw_neighbour *neighbour =
		is_gone ? NULL :
			  cw_neighbour_find(worker->view->neighbours, (uint8_t)index, slot->address);

	if (neighbour == NULL && !is_gone && worker->now_us - slot->since_us < PENDING_US)
		return;
	for (uint16_t i = 0; i < slot->count; i++) {
		if (neighbour == NULL)
			lose_unanswered(worker, index, slot->packets[i]);
		else
			send_frame(worker, program->ports[index], neighbour->mac, slot->packets[i]);
	}
	slot->port_id = 0;
	worker->pending_count--;
}

uint64_t cw_tx_waiting_since(const struct cw_worker *worker, uint8_t port, struct cw_address next_hop)
{
	uint64_t id = worker->view->program->ports[port]->id;

	for (uint32_t i = 0; i < CW_PENDING_MAX; i++) {
		const struct cw_pending *slot = &worker->pending[i];
		if (slot->port_id == id && cw_address_equal(slot->address, next_hop))
			return slot->since_us;
	}
	return 0;
}

void cw_tx_pending(struct cw_worker *worker)
{
	for (uint32_t i = 0; i < CW_PENDING_MAX && worker->pending_count > 0; i++) {
		if (worker->pending[i].port_id != 0)
			settle_pending(worker, &worker->pending[i]);
	}
}

/* The buffer in which the packet lies already, if that holds nothing else. */
static struct rte_mbuf *take_whole(struct cw_worker *worker, const uint8_t *l3, uint32_t length)
{
	struct rte_mbuf *m = worker->whole;
	const uint8_t *start = m == NULL ? NULL : m->buf_addr;

	if (m == NULL || rte_mbuf_refcnt_read(m) != 1 || l3 < start + sizeof(struct cw_ether) ||
	    l3 + length > start + m->buf_len)
		return NULL;
	worker->whole = NULL;
	m->data_off = (uint16_t)(l3 - start - sizeof(struct cw_ether));
	m->ol_flags = 0;
	m->packet_type = 0;
	return m;
}

struct rte_mbuf *cw_new_packet(struct cw_worker *worker, const uint8_t *l3, uint32_t length)
{
	uint32_t size = sizeof(struct cw_ether) + length;
	struct rte_mbuf *m = take_whole(worker, l3, length);

	if (m == NULL) {
		m = rte_pktmbuf_alloc(size <= CW_SMALL_DATA ? worker->engine->pools.small :
							      worker->engine->pools.large);
		if (m == NULL || size > rte_pktmbuf_tailroom(m)) {
			cw_count_drop(worker, CW_DROP_NO_BUFFER);
			rte_pktmbuf_free(m);
			return NULL;
		}
		memcpy(rte_pktmbuf_mtod_offset(m, void *, sizeof(struct cw_ether)), l3, length);
	}
	uint32_t l3_len = l3[0] >> 4 == 6 ? IP6_HEADER : cw_ip4_header_len(cw_ip4(l3));
	m->tx_offload = rte_mbuf_tx_offload(sizeof(struct cw_ether), l3_len, 0, 0, 0, 0, 0);
	m->data_len = m->pkt_len = size;
	return m;
}

void cw_deliver_local(struct cw_worker *worker, uint32_t segment, const uint8_t *packet,
		      uint32_t length)
{
	struct rte_mbuf *m = cw_new_packet(worker, packet, length);

	if (m == NULL)
		return;
	rte_pktmbuf_adj(m, sizeof(struct cw_ether));
	m->l2_len = 0;
	cw_link_tx(&worker->view->program->segments[segment]->twin, &m, 1);
}
