/*
 * Opening: from a sealed datagram to an inner packet that its sender may send. The order of checks is wire.md's; about
 * the sender nothing is learned before the tag holds. RFC 8926 (Geneve), RFC 6040 (ECN), RFC 6479 (replay).
 */
#include <netinet/in.h>
#include <string.h>

#include "graph/authentic.h"
#include "graph/control.h"
#include "graph/explain.h"
#include "graph/graph.h"
#include "graph/keep.h"
#include "graph/l3.h"
#include "graph/mss.h"
#include "graph/next-peer.h"
#include "graph/overlay.h"
#include "graph/path.h"
#include "graph/policy.h"
#include "graph/seal.h"
#include "table/view.h"
#include "worker.h"

#define GENEVE_OPTIONS_MAX 16
#define GENEVE_OAM 0x80
#define GENEVE_OPTION_CRITICAL 0x80

struct geneve {
	uint32_t vni;
	uint32_t length; /* of the header with its options */
	bool is_ip6;
	const uint8_t *piece; /* value of the option that says so; NULL: the packet is whole */
};

/*
 * |          option class         |      type     |R|R|R| length  |, then `length` words. Each must end inside the header;
 * of the critical ones, whose type has its first bit set, we know one. False: not ours.
 */
static bool read_options(const uint8_t *g, struct geneve *geneve)
{
	for (uint32_t at = CW_GENEVE_HEADER; at < geneve->length;) {
		uint32_t size = 4 + (g[at + 3] & 0x1f) * 4u;
		if (at + size > geneve->length)
			return false;
		if (g[at + 2] & GENEVE_OPTION_CRITICAL) {
			if (g[at] << 8 != (CW_OPTION_CLASS & 0xff00) ||
			    g[at + 1] != (CW_OPTION_CLASS & 0xff) ||
			    g[at + 2] != CW_OPTION_PIECE || size != CW_PIECE_OPTION ||
			    geneve->piece != NULL)
				return false;
			geneve->piece = g + at + 4;
		}
		at += size;
	}
	return true;
}

/*
 * Geneve, RFC 8926 §3.4: |ver| opt len |O|C| rsvd |     protocol type     |        VNI         | rsvd |
 * False for what is not ours. C must say truly whether there are critical options.
 */
static bool read_geneve(const uint8_t *g, uint32_t length, struct geneve *geneve)
{
	if (length < CW_GENEVE_HEADER)
		return false;
	uint32_t options = (g[0] & 0x3f) * 4u;
	uint16_t protocol = (uint16_t)(g[2] << 8 | g[3]);
	*geneve = (struct geneve){ .vni = (uint32_t)g[4] << 16 | g[5] << 8 | g[6],
				   .length = CW_GENEVE_HEADER + options,
				   .is_ip6 = protocol == CW_ETHER_IP6 };
	if (g[0] >> 6 != 0 || g[1] & GENEVE_OAM || options > GENEVE_OPTIONS_MAX ||
	    geneve->length > length || (protocol != CW_ETHER_IP4 && protocol != CW_ETHER_IP6))
		return false;
	return read_options(g, geneve) && ((g[1] & CW_GENEVE_CRITICAL) != 0) == (geneve->piece != NULL);
}

/* RFC 6040 §4.2: CE and ECT(1) outside are passed on to what can carry them. False: drop. */
static bool copy_ecn(uint8_t *l3, uint8_t outer)
{
	uint8_t inner = cw_l3_class(l3) & CW_ECN_MASK;

	if (outer == CW_ECN_CE && inner == 0)
		return false;
	if ((outer == CW_ECN_CE && inner != CW_ECN_CE) ||
	    (outer == CW_ECN_ECT1 && inner == CW_ECN_ECT0))
		cw_l3_set_ecn(l3, outer);
	return true;
}

/* A whole inner packet in `length` bytes at `l3`: sound, from where its peer may send, and marked as its way was. */
static void open_inner(struct cw_worker *worker, struct cw_keypair *keypair, uint32_t segment,
		       bool is_ip6, const struct cw_whole *inner)
{
	const struct cw_view *view = worker->view;
	struct cw_peer *peer = keypair->peer;
	uint8_t *l3 = inner->data;

	if (!cw_l3_is_sound(l3, inner->length) || cw_l3_is_ip6(l3) != is_ip6 || !cw_l3_is_honest(l3)) {
		cw_count_drop(worker, CW_DROP_INNER_MALFORMED);
		return;
	}
	if (!cw_l3_may_cross(l3)) {
		cw_count_drop(worker, CW_DROP_LINK_SCOPE);
		return;
	}
	/* A peer may send from the prefixes that we could send to it, and from no other. */
	const struct cw_hop *back = cw_hop_back(view, segment, l3);
	if (back->kind != CW_HOP_OVERLAY || !cw_hop_has_peer(view, back, peer)) {
		uint64_t segments = atomic_load_explicit(&peer->segments, memory_order_relaxed);
		bool is_foreign = !(segments & 1ull << segment);
		cw_policy_deny_peer(worker, peer, (int)segment,
				    is_foreign ? CW_DROP_INNER_SEGMENT : CW_DROP_INNER_SOURCE, l3,
				    inner->length);
		return;
	}
	if (!copy_ecn(l3, inner->ecn)) {
		cw_count_drop(worker, CW_DROP_ECN);
		return;
	}
	uint32_t total = cw_l3_total(l3);
	peer->rx_packets++;
	peer->rx_bytes += total;
	if (cw_mss_is_due(l3))
		cw_mss_clamp(l3, total, cw_seal_peer_limit(worker, peer), false);
	cw_route_in(worker, segment, peer, l3, total);
}

static void open_data(struct cw_worker *worker, struct cw_keypair *keypair, uint8_t *plain,
		      uint32_t length, uint8_t outer_tos)
{
	struct geneve geneve;

	if (!read_geneve(plain, length, &geneve)) {
		cw_count_drop(worker, CW_DROP_GENEVE);
		return;
	}
	int segment = cw_segment_by_vni(worker->view->program, geneve.vni);
	if (segment < 0) {
		cw_policy_deny_peer(worker, keypair->peer, -1, CW_DROP_INNER_SEGMENT,
				    plain + geneve.length, length - geneve.length);
		return;
	}
	struct cw_whole inner = { .data = plain + geneve.length,
				  .length = length - geneve.length,
				  .ecn = outer_tos & CW_ECN_MASK };
	if (geneve.piece != NULL) {
		const uint8_t *value = geneve.piece;
		struct cw_piece piece = { .session = keypair->session->index,
					  .vni = geneve.vni,
					  .id = (uint16_t)(value[0] << 8 | value[1]),
					  .offset = (uint16_t)(value[2] << 8 | (value[3] & 0xf8)),
					  .length = inner.length,
					  .has_more = (value[3] & CW_PIECE_MORE) != 0,
					  .is_ip6 = geneve.is_ip6,
					  .ecn = inner.ecn,
					  .data = inner.data };
		if (!cw_reassembly_add(&worker->reassembly, &piece, worker->now_us, &inner))
			return;
	}
	open_inner(worker, keypair, (uint32_t)segment, geneve.is_ip6, &inner);
}

/* NULL: dropped and counted. */
static struct cw_keypair *authenticate(struct cw_worker *worker, uint8_t *d, uint32_t length)
{
	struct cw_sealed sealed = { .bytes = d, .length = length, .covered = CW_SEALED_HEADER };
	struct cw_keypair *keypair = cw_authenticate(worker, d[0], &sealed);

	if (keypair != NULL && d[0] == CW_TYPE_DATA)
		cw_lane_measure(sealed.heard, (uint32_t)worker->now_us - rte_be_to_cpu_32(sealed.words[1]),
				length - CW_SEALED_OVERHEAD);
	return keypair;
}

void cw_open(struct cw_worker *worker, uint8_t *d, uint32_t length, uint8_t outer_tos)
{
	uint32_t least = d[0] == CW_TYPE_DATA ? CW_SEALED_OVERHEAD : CW_CONTROL_LEAST;

	if (length < least || d[1] != 0) {
		cw_count_drop(worker, CW_DROP_SEALED_LENGTH);
		return;
	}
	struct cw_keypair *keypair = authenticate(worker, d, length);
	if (keypair == NULL)
		return;
	struct cw_peer *peer = keypair->peer;
	peer->heard_us = worker->now_us;
	bool is_confirmed = atomic_load_explicit(&keypair->is_confirmed, memory_order_relaxed);
	if (!is_confirmed || d[0] != CW_TYPE_DATA)
		cw_overlay_note_arrival(worker);
	if (!is_confirmed)
		cw_keypair_confirm(worker, keypair);
	uint8_t *plain = d + CW_SEALED_HEADER;
	uint32_t plain_len = length - CW_SEALED_HEADER - CW_TAG;
	if (d[0] == CW_TYPE_DATA) {
		if (!peer->paths.is_awake) {
			cw_paths_wake(&peer->paths, worker->now_us);
			cw_path_due(worker, peer);
		}
		open_data(worker, keypair, plain, plain_len, outer_tos);
	} else {
		bool is_aside = cw_keep_is_aside(worker, peer, plain, plain_len);
		struct cw_path *path = is_aside ? cw_path_stray(worker, &worker->arrival) : cw_path_hear(worker, keypair, d[2]);
		cw_control(worker, keypair, path, plain, plain_len);
	}
}

/* Whether the packet fits the LAN, whose MTU may be smaller than the overlay's. */
static bool fits(struct cw_worker *worker, uint8_t port, uint32_t length)
{
	return length <= atomic_load_explicit(&worker->view->program->ports[port]->mtu,
					      memory_order_relaxed);
}

/* What came from one peer and is for another: a train of it is cut and sealed anew as one unit. */
static void pass_on(struct cw_worker *worker, uint32_t segment, const struct cw_hop *hop, const struct cw_peer *from,
		    uint8_t *packet, uint32_t length)
{
	enum cw_drop reason;
	struct cw_peer *to = cw_next_peer_of(worker, hop, from, &reason);

	if (to == NULL) {
		cw_count_drop(worker, reason);
		cw_note(worker, reason, (uint16_t)segment, from, packet, length);
		return;
	}
	/* The kernel answers an expired TTL: its own route to the prefix is the segment's twin. */
	if (cw_l3_hops_left(packet) <= 1) {
		cw_deliver_local(worker, segment, packet, length);
		return;
	}
	cw_l3_decrement_hops(packet);
	struct cw_onward onward = { .peer = to, .vni = worker->view->program->segment_programs[segment].vni };
	cw_merge_add(worker, &onward, packet, length);
}

void cw_route_in(struct cw_worker *worker, uint32_t segment, const struct cw_peer *peer, uint8_t *packet,
		 uint32_t length)
{
	const struct cw_hop *hop = cw_hop_to(worker->view, segment, packet);
	enum cw_drop reason;
	bool is_for_kernel;

	if (!cw_policy_from_peer(worker, segment, hop, peer, packet, length, &is_for_kernel, &reason)) {
		cw_count_drop(worker, reason);
		return;
	}
	if (is_for_kernel) {
		cw_deliver_local(worker, segment, packet, length);
		return;
	}
	switch (hop->kind) {
	case CW_HOP_LOCAL:
		cw_deliver_local(worker, segment, packet, length);
		return;
	case CW_HOP_LINK:
		break;
	case CW_HOP_OVERLAY:
		pass_on(worker, segment, hop, peer, packet, length);
		return;
	default:
		cw_count_drop(worker, CW_DROP_NO_ROUTE);
		cw_note(worker, CW_DROP_NO_ROUTE, (uint16_t)segment, peer, packet, length);
		return;
	}
	/*
	 * The kernel forwards to the same LAN, and does what is rare: tells the sender of a TTL that ends here or a packet too
	 * big that may not be cut, and cuts the others.
	 */
	if (cw_l3_hops_left(packet) <= 1 || !fits(worker, hop->port, length)) {
		cw_deliver_local(worker, segment, packet, length);
		return;
	}
	cw_l3_decrement_hops(packet);
	struct cw_onward onward = { .port = hop->port, .next_hop = cw_next_hop(hop, cw_packet_destination(packet)) };
	cw_merge_add(worker, &onward, packet, length);
}
