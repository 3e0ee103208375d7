/*
 * Opening: from a sealed datagram to an inner packet that its sender may send. The order of checks is wire.md's; about
 * the sender nothing is learned before the tag holds. RFC 8926 (Geneve), RFC 6040 (ECN), RFC 6479 (replay).
 */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "graph/graph.h"
#include "graph/ip4.h"
#include "graph/mss.h"
#include "graph/seal.h"
#include "table/view.h"
#include "worker.h"

#define GENEVE_OPTIONS_MAX 16
#define GENEVE_CRITICAL 0x40
#define GENEVE_OAM 0x80

static void drop(struct cw_worker *worker, enum cw_drop reason)
{
	worker->drops[reason]++;
}

/*
 * Geneve, RFC 8926 §3.4: |ver| opt len |O|C| rsvd |     protocol type     |        VNI         | rsvd |
 * Returns the offset of the inner IPv4 packet, 0 for what is not ours.
 */
static uint32_t read_geneve(const uint8_t *g, uint32_t length, uint32_t *vni)
{
	if (length < CW_GENEVE_HEADER)
		return 0;
	uint32_t options = (g[0] & 0x3f) * 4u;
	if (g[0] >> 6 != 0 || g[1] & (GENEVE_OAM | GENEVE_CRITICAL) ||
	    options > GENEVE_OPTIONS_MAX || CW_GENEVE_HEADER + options > length)
		return 0;
	if (g[2] != 0x08 || g[3] != 0x00)
		return 0;
	/* Options: all must end inside the header; we know none, so a critical one is refused above and here. */
	for (uint32_t at = CW_GENEVE_HEADER; at < CW_GENEVE_HEADER + options;) {
		uint32_t size = 4 + (g[at + 3] & 0x1f) * 4u;
		if (g[at + 2] & 0x80 || at + size > CW_GENEVE_HEADER + options)
			return 0;
		at += size;
	}
	*vni = (uint32_t)g[4] << 16 | g[5] << 8 | g[6];
	return CW_GENEVE_HEADER + options;
}

static int segment_by_vni(const struct cw_program *program, uint32_t vni)
{
	for (uint32_t s = 0; s < program->segment_count; s++) {
		if (program->segment_programs[s].vni == vni)
			return (int)s;
	}
	return -1;
}

/* RFC 6040 §4.2: CE and ECT(1) outside are passed on to what can carry them. False: drop. */
static bool copy_ecn(struct cw_ip4 *ip, uint8_t outer_tos)
{
	uint8_t outer = outer_tos & CW_ECN_MASK;
	uint8_t inner = ip->tos & CW_ECN_MASK;

	if (outer == CW_ECN_CE && inner == 0)
		return false;
	if ((outer == CW_ECN_CE && inner != CW_ECN_CE) ||
	    (outer == CW_ECN_ECT1 && inner == CW_ECN_ECT0)) {
		ip->tos = (ip->tos & ~CW_ECN_MASK) | outer;
		cw_ip4_set_checksum(ip);
	}
	return true;
}

static void open_data(struct cw_worker *worker, struct cw_keypair *keypair, uint8_t *plain,
		      uint32_t length, uint8_t outer_tos)
{
	const struct cw_view *view = worker->view;
	struct cw_peer *peer = keypair->peer;
	uint32_t vni = 0;
	uint32_t at = read_geneve(plain, length, &vni);

	if (at == 0) {
		drop(worker, CW_DROP_GENEVE);
		return;
	}
	int segment = segment_by_vni(view->program, vni);
	if (segment < 0) {
		drop(worker, CW_DROP_INNER_SEGMENT);
		return;
	}
	struct cw_ip4 *ip = cw_ip4(plain + at);
	if (!cw_ip4_is_sound(plain + at, length - at)) {
		drop(worker, CW_DROP_INNER_MALFORMED);
		return;
	}
	/* A peer may send from the prefixes that we would send to it, and from no other. */
	const struct cw_hop *back = cw_hop_back(view, (uint32_t)segment, plain + at);
	if (back->kind != CW_HOP_OVERLAY || view->program->peers[back->peer] != peer) {
		drop(worker, CW_DROP_INNER_SOURCE);
		return;
	}
	if (!copy_ecn(ip, outer_tos)) {
		drop(worker, CW_DROP_ECN);
		return;
	}
	uint32_t total = rte_be_to_cpu_16(ip->total_length);
	peer->rx_packets++;
	peer->rx_bytes += total;
	cw_mss_clamp(plain + at, total, cw_seal_limit(worker, keypair), false);
	cw_route_in(worker, (uint32_t)segment, plain + at, total);
}

/* Index, window, tag, window: what passes is of the peer and new. NULL: dropped and counted. */
static struct cw_keypair *authenticate(struct cw_worker *worker, uint8_t *d, uint32_t length)
{
	uint32_t words[3];
	uint8_t nonce[12];

	memcpy(words, d + 4, sizeof(words));
	uint16_t lane = (uint16_t)(d[2] << 8 | d[3]);
	uint32_t counter = rte_be_to_cpu_32(words[2]);
	struct cw_keypair *keypair = cw_keypair_find(worker->index, rte_be_to_cpu_32(words[0]));
	if (keypair == NULL || atomic_load_explicit(&keypair->state, memory_order_relaxed) == 0) {
		drop(worker, CW_DROP_SEALED_INDEX);
		return NULL;
	}
	struct cw_replay_lanes *lanes =
		d[0] == CW_TYPE_DATA ? &keypair->data_lanes : &keypair->control_lanes;
	if (!cw_replay_check(lanes, lane, counter)) {
		drop(worker, CW_DROP_SEALED_REPLAY);
		return NULL;
	}
	cw_seal_nonce(nonce, keypair->open_iv, d[0], lane, counter);
	if (cw_aead_open(worker->aead, &keypair->open_key, nonce, d, CW_SEALED_HEADER,
			 d + CW_SEALED_HEADER, length - CW_SEALED_HEADER) != 0) {
		drop(worker, CW_DROP_SEALED_TAG);
		return NULL;
	}
	int rc = cw_replay_accept(lanes, worker->engine->replay_pool, lane, counter, worker->now_us);
	if (rc != 0) {
		drop(worker, rc == -ENOSPC ? CW_DROP_SEALED_LANES : CW_DROP_SEALED_REPLAY);
		return NULL;
	}
	return keypair;
}

void cw_open(struct cw_worker *worker, uint8_t *d, uint32_t length, uint8_t outer_tos)
{
	uint32_t least = d[0] == CW_TYPE_DATA ? CW_SEALED_OVERHEAD : CW_SEALED_HEADER + 4 + CW_TAG;

	if (length < least || d[1] != 0) {
		drop(worker, CW_DROP_SEALED_LENGTH);
		return;
	}
	struct cw_keypair *keypair = authenticate(worker, d, length);
	if (keypair == NULL)
		return;
	keypair->peer->heard_us = worker->now_us;
	if (!atomic_load_explicit(&keypair->is_confirmed, memory_order_relaxed))
		cw_keypair_confirm(worker, keypair);
	uint8_t *plain = d + CW_SEALED_HEADER;
	uint32_t plain_len = length - CW_SEALED_HEADER - CW_TAG;
	if (d[0] == CW_TYPE_DATA)
		open_data(worker, keypair, plain, plain_len, outer_tos);
	else
		cw_control(worker, keypair, plain, plain_len);
}

/*
 * Whether the packet fits the LAN, whose MTU may be smaller than the overlay's. The kernel, which would forward it to the
 * same LAN, answers for one that may not be cut; nobody cuts the others.
 */
static bool fits(struct cw_worker *worker, uint32_t segment, uint8_t port, const uint8_t *packet,
		 uint32_t length)
{
	uint32_t mtu = atomic_load_explicit(&worker->view->program->ports[port]->mtu,
					    memory_order_relaxed);

	if (length <= mtu)
		return true;
	drop(worker, CW_DROP_TOO_BIG);
	if (cw_ip4(packet)->fragment & rte_cpu_to_be_16(CW_IP4_DF))
		cw_deliver_local(worker, segment, packet, length);
	return false;
}

void cw_route_in(struct cw_worker *worker, uint32_t segment, uint8_t *packet, uint32_t length)
{
	struct cw_ip4 *ip = cw_ip4(packet);
	const struct cw_hop *hop = cw_hop_to(worker->view, segment, packet);

	switch (hop->kind) {
	case CW_HOP_LOCAL:
		cw_deliver_local(worker, segment, packet, length);
		return;
	case CW_HOP_LINK:
		break;
	case CW_HOP_OVERLAY:
		drop(worker, CW_DROP_TRANSIT);
		return;
	default:
		drop(worker, CW_DROP_NO_ROUTE);
		return;
	}
	if (ip->ttl <= 1) {
		/* The kernel tells the sender, who would otherwise see a silent hop in a traceroute. */
		cw_deliver_local(worker, segment, packet, length);
		return;
	}
	if (!fits(worker, segment, hop->port, packet, length))
		return;
	cw_ip4_decrement_ttl(ip);
	cw_merge_add(worker, hop->port, cw_next_hop(hop, cw_packet_destination(packet)), packet, length);
}
