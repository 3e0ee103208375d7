/* See seal.h. */
#include "graph/seal.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "graph/explain.h"
#include "graph/graph.h"
#include "graph/l3.h"
#include "graph/marks.h"
#include "graph/mss.h"
#include "graph/path.h"
#include "graph/qos.h"
#include "graph/relay-path.h"
#include "graph/steer.h"
#include "graph/train.h"
#include "table/view.h"
#include "worker.h"

/* In a buffer, before an inner packet that stays where it is; IPv6 outside needs most. */
#define ROOM_BEFORE (14 + CW_OUTER_IP6_UDP + CW_SEALED_HEADER + CW_GENEVE_HEADER)

void cw_seal_nonce(uint8_t nonce[12], const uint8_t iv[12], uint8_t type, uint16_t lane,
		   uint32_t counter)
{
	memcpy(nonce, iv, 12);
	nonce[0] ^= type;
	nonce[2] ^= lane >> 8;
	nonce[3] ^= lane & 0xff;
	nonce[8] ^= counter >> 24;
	nonce[9] ^= counter >> 16 & 0xff;
	nonce[10] ^= counter >> 8 & 0xff;
	nonce[11] ^= counter & 0xff;
}

uint32_t cw_seal_limit(const struct cw_worker *worker, struct cw_path *path)
{
	const struct cw_departure *departure = cw_outer_departure(worker, path);
	const struct cw_port *port = departure->uplink;

	if (port == NULL && departure->relay != NULL)
		return cw_relay_path_limit(worker, path);
	uint32_t mtu = port == NULL ? 1500 : atomic_load_explicit(&port->mtu, memory_order_relaxed);
	uint32_t overhead = departure->length - sizeof(struct cw_ether) + CW_SEALED_OVERHEAD;

	uint32_t most = RTE_MAX(mtu, (uint32_t)CW_OUTER_LEAST) - overhead;
	uint32_t found = path->pmtu.size == 0 ? UINT16_MAX : path->pmtu.size - CW_SEALED_OVERHEAD;

	path->limit = RTE_MIN(most, found);
	return path->limit;
}

/* That of a path of the peer, or less, if another one takes less. */
static uint32_t least_limit(const struct cw_peer *peer, uint32_t limit)
{
	return peer->paths.limit == 0 ? limit : RTE_MIN(limit, peer->paths.limit);
}

uint32_t cw_seal_peer_limit(const struct cw_worker *worker, const struct cw_peer *peer)
{
	struct cw_path *path = peer->paths.best == CW_PATH_NONE ? NULL : peer->paths.list[peer->paths.best];

	return least_limit(peer, path == NULL ? UINT16_MAX : cw_seal_limit(worker, path));
}

void cw_seal_flush(struct cw_worker *worker)
{
	struct cw_out *out = &worker->out;
	struct rte_mbuf *m = out->m;

	if (m == NULL)
		return;
	out->m = NULL;
	cw_outer_send(worker, out->path, &out->load, m);
}

/*
 *  0                   1                   2                   3
 * |     type      |   flags (0)   |             lane              |
 * |                        receiver index                         |
 * |                           send time                           |
 * |                            counter                            |
 */
static int seal_slot(struct cw_worker *worker, struct cw_keypair *keypair, const struct cw_path *path,
		     uint8_t type, uint8_t class, uint8_t *slot, uint32_t plain_len)
{
	uint32_t counter = ++*cw_tx_counter(&keypair->tx, path->number, &class, keypair->peer->numbers_given);
	uint16_t lane = (uint16_t)(path->number << 8 | class << CW_CLASS_SHIFT);
	uint32_t words[3] = { rte_cpu_to_be_32(keypair->remote_index),
			      rte_cpu_to_be_32((uint32_t)worker->now_us + keypair->seal_time),
			      rte_cpu_to_be_32(counter) };
	uint8_t nonce[12];

	keypair->sealed++;
	slot[0] = type;
	slot[1] = 0;
	slot[2] = lane >> 8;
	slot[3] = lane & 0xff;
	memcpy(slot + 4, words, sizeof(words));
	cw_seal_nonce(nonce, keypair->seal_iv, type, lane, counter);
	int rc = cw_aead_seal(worker->aead, &keypair->seal_key, nonce, slot, CW_SEALED_HEADER,
			      slot + CW_SEALED_HEADER, plain_len);
	/* The slot is part of what will be sent: it must not leave with clear text in it. */
	if (rc != 0)
		memset(slot, 0, CW_SEALED_HEADER + plain_len + CW_TAG);
	return rc;
}

/* What the datagrams of one inner packet or train have in common. */
struct load {
	struct cw_keypair *keypair;
	struct cw_path *path;
	uint32_t vni;
	uint32_t limit;
	bool is_ip6;
	bool is_train;
	uint8_t tos;
	uint8_t class; /* of their lane */
};

static void count(const struct load *load, uint32_t length)
{
	struct cw_peer *peer = load->keypair->peer;

	peer->tx_packets++;
	peer->tx_bytes += length;
	load->path->tx_packets++;
	load->path->tx_bytes += length;
}

static void put_geneve(uint8_t *to, const struct load *load, uint8_t option_words, uint8_t flags)
{
	uint32_t vni = load->vni;
	const uint8_t header[CW_GENEVE_HEADER] = { option_words,
						   flags,
						   load->is_ip6 ? 0x86 : 0x08,
						   load->is_ip6 ? 0xdd : 0x00,
						   vni >> 16 & 0xff,
						   vni >> 8 & 0xff,
						   vni & 0xff,
						   0 };
	memcpy(to, header, sizeof(header));
}

/* The slot of a datagram that will hold `bytes` behind the Geneve header; NULL: there is none, and that is counted. */
static uint8_t *begin(struct cw_worker *worker, const struct load *load, uint32_t bytes)
{
	if (load->keypair->sealed >= CW_KEYPAIR_PACKETS_MAX) {
		cw_count_drop(worker, CW_DROP_KEY_EXHAUSTED);
		return NULL;
	}
	uint8_t *slot = cw_out_slot(worker, load->path, load->tos, CW_SEALED_OVERHEAD + bytes,
				    load->is_train);
	if (slot == NULL)
		cw_count_drop(worker, CW_DROP_NO_BUFFER);
	return slot;
}

/* False: not sealed, and counted. */
static bool finish(struct cw_worker *worker, const struct load *load, uint8_t *slot, uint32_t bytes)
{
	if (seal_slot(worker, load->keypair, load->path, CW_TYPE_DATA, load->class, slot, CW_GENEVE_HEADER + bytes) == 0)
		return true;
	cw_count_drop(worker, CW_DROP_SEAL);
	return false;
}

/* One inner packet of `length` bytes, the next of `cut` or `packet`; false: not sealed, and counted. */
static bool seal_one(struct cw_worker *worker, const struct load *load, struct cw_cut *cut,
		     const uint8_t *packet, uint32_t length)
{
	uint8_t *slot = begin(worker, load, length);

	if (slot == NULL)
		return false;
	uint8_t *inner = slot + CW_SEALED_HEADER + CW_GENEVE_HEADER;
	put_geneve(slot + CW_SEALED_HEADER, load, 0, 0);
	if (cut != NULL)
		cw_cut_next(cut, inner);
	else
		memcpy(inner, packet, length);
	if (!finish(worker, load, slot, length))
		return false;
	count(load, length);
	return true;
}

/* wire.md: a packet that may not shrink crosses in pieces, which the far end puts together (reassembly.h). */
static void seal_pieces(struct cw_worker *worker, const struct load *load, const uint8_t *packet,
			uint32_t length)
{
	uint32_t step = (load->limit - CW_PIECE_OPTION) & ~7u;
	uint16_t id = ++load->keypair->session->piece_id;

	for (uint32_t at = 0; at < length; at += step) {
		uint32_t bytes = length - at < step ? length - at : step;
		uint32_t offset_more = at | (at + bytes < length ? CW_PIECE_MORE : 0);
		const uint8_t option[CW_PIECE_OPTION] = {
			CW_OPTION_CLASS >> 8, CW_OPTION_CLASS & 0xff, CW_OPTION_PIECE, 1,
			id >> 8, id & 0xff, offset_more >> 8 & 0xff, offset_more & 0xff
		};
		uint8_t *slot = begin(worker, load, CW_PIECE_OPTION + bytes);
		if (slot == NULL)
			return;
		uint8_t *geneve = slot + CW_SEALED_HEADER;
		put_geneve(geneve, load, CW_PIECE_OPTION / 4, CW_GENEVE_CRITICAL);
		memcpy(geneve + CW_GENEVE_HEADER, option, sizeof(option));
		memcpy(geneve + CW_GENEVE_HEADER + sizeof(option), packet + at, bytes);
		if (!finish(worker, load, slot, CW_PIECE_OPTION + bytes))
			return;
	}
	count(load, length);
}

/* RFC 791 §3.2: cuts a packet that may be cut into pieces that fit. */
static void seal_fragments(struct cw_worker *worker, const struct load *load, uint8_t *packet,
			   uint32_t length)
{
	struct cw_ip4 *ip = cw_ip4(packet);
	uint32_t header = cw_ip4_header_len(ip);
	uint16_t first = rte_be_to_cpu_16(ip->fragment);
	uint8_t piece[CW_SMALL_DATA];
	uint32_t step = (RTE_MIN(load->limit, sizeof(piece)) - header) & ~7u;

	for (uint32_t at = header; at < length; at += step) {
		uint32_t bytes = length - at < step ? length - at : step;
		bool is_last = at + bytes == length;
		struct cw_ip4 *out = cw_ip4(piece);
		memcpy(piece, packet, header);
		memcpy(piece + header, packet + at, bytes);
		out->total_length = rte_cpu_to_be_16(header + bytes);
		uint16_t more = is_last ? first & CW_IP4_MF : CW_IP4_MF;
		out->fragment = rte_cpu_to_be_16(((first & CW_IP4_OFFSET) + (at - header) / 8) | more);
		cw_ip4_set_checksum(out);
		seal_one(worker, load, NULL, piece, header + bytes);
	}
}

/* The next `most` of the cut. */
static void seal_cut(struct cw_worker *worker, const struct load *load, struct cw_cut *cut, uint32_t most)
{
	for (uint32_t length; most > 0 && (length = cw_cut_peek(cut)) != 0; most--) {
		uint32_t before = cut->offset;
		if (length > load->limit) {
			cw_cut_next(cut, worker->scratch);
			if (load->is_ip6)
				seal_pieces(worker, load, worker->scratch, length);
			else
				seal_fragments(worker, load, worker->scratch, length);
		} else if (!seal_one(worker, load, cut, NULL, length)) {
			/* Each segment that is lost is counted, so each is tried: the cut must move on. */
			if (cut->offset == before)
				cw_cut_next(cut, worker->scratch);
		}
	}
}

/* Whether the packet can be sealed where it lies: whole, with room around it, and no train to join. */
static bool fits_in_place(const struct cw_worker *worker, const struct load *load,
			  const struct cw_cut *cut, const struct rte_mbuf *m)
{
	uint32_t before = m->data_off + m->l2_len;

	return !cut->is_train && !cut->is_partial && cut->end <= load->limit &&
	       rte_mbuf_refcnt_read(m) == 1 && before >= ROOM_BEFORE &&
	       before + cut->end + CW_TAG <= m->buf_len &&
	       !cw_out_can_join(&worker->out, load->path, load->tos,
				CW_SEALED_OVERHEAD + cut->end);
}

/* Its own buffer becomes the one that leaves: nothing is copied. */
static void seal_in_place(struct cw_worker *worker, const struct load *load, uint32_t length,
			  struct rte_mbuf *m)
{
	struct cw_keypair *keypair = load->keypair;

	if (keypair->sealed >= CW_KEYPAIR_PACKETS_MAX) {
		cw_drop(worker, m, CW_DROP_KEY_EXHAUSTED);
		return;
	}
	cw_seal_flush(worker);
	m->data_off += m->l2_len - (CW_OUTER_ROOM + CW_SEALED_HEADER + CW_GENEVE_HEADER);
	m->ol_flags = 0;
	m->packet_type = 0;
	m->tx_offload = 0;
	uint8_t *slot = cw_out_begin(worker, load->path, load->tos, CW_SEALED_OVERHEAD + length, m);
	put_geneve(slot + CW_SEALED_HEADER, load, 0, 0);
	if (!finish(worker, load, slot, length))
		return;
	count(load, length);
}

/* Where the packet goes, and of which class it is; NULL: nowhere, by its policy. */
static struct cw_path *choose_path(struct cw_worker *worker, struct cw_peer *peer, uint32_t vni, struct rte_mbuf *m)
{
	cw_class_set(m, cw_qos_class_of_dscp(cw_l3_class(rte_pktmbuf_mtod_offset(m, const uint8_t *, m->l2_len)) >> 2));
	if (!cw_steer_is_due(worker, peer))
		return peer->paths.list[peer->paths.best];
	return cw_steer(worker, peer, (uint16_t)cw_segment_by_vni(worker->view->program, vni), m);
}

void cw_seal_note_data(struct cw_worker *worker, struct cw_peer *peer, struct cw_path *path)
{
	path->tx_us = worker->now_us;
	if (peer->paths.is_awake)
		return;
	cw_paths_wake(&peer->paths, worker->now_us);
	cw_path_due(worker, peer);
}

bool cw_seal_some(struct cw_worker *worker, struct cw_peer *peer, uint32_t vni, struct cw_path *path, struct rte_mbuf *m,
		  struct cw_cut *cut, uint32_t most, bool is_marked)
{
	uint8_t *l3 = rte_pktmbuf_mtod_offset(m, uint8_t *, m->l2_len);
	struct load load = { .keypair = atomic_load_explicit(&peer->current, memory_order_relaxed),
			     .path = path,
			     .vni = vni,
			     .limit = cw_seal_limit(worker, path),
			     .is_ip6 = cw_l3_is_ip6(l3),
			     .is_train = cut->is_train,
			     .tos = cw_marks_outer(worker, path, cw_l3_class(l3), cw_class_of(m)),
			     .class = cw_lane_class_of(cw_class_of(m)) };

	cw_seal_note_data(worker, peer, path);
	if (is_marked) {
		/* The next one alone: a train is of many. */
		uint8_t tos = load.tos;
		cw_l3_set_ecn(l3, CW_ECN_CE);
		load.tos |= CW_ECN_CE;
		seal_cut(worker, &load, cut, 1);
		cw_l3_set_ecn(l3, tos & CW_ECN_MASK);
		load.tos = tos;
		most--;
	} else if (fits_in_place(worker, &load, cut, m)) {
		seal_in_place(worker, &load, cut->end, m);
		return false;
	}
	seal_cut(worker, &load, cut, most);
	return true;
}

/* The packet or train as it is to cross, cut from its beginning; false: it is too big for the path, which its sender is told. */
static bool prepare(struct cw_worker *worker, struct cw_peer *peer, uint32_t vni, struct cw_path *path, struct rte_mbuf *m,
		    struct cw_cut *cut)
{
	uint8_t *l3 = rte_pktmbuf_mtod_offset(m, uint8_t *, m->l2_len);
	uint32_t limit = cw_seal_limit(worker, path);
	bool is_partial = (m->ol_flags & RTE_MBUF_F_RX_L4_CKSUM_MASK) == RTE_MBUF_F_RX_L4_CKSUM_NONE;

	if (cw_mss_is_due(l3))
		cw_mss_clamp(l3, m->pkt_len - m->l2_len, least_limit(peer, limit), is_partial);
	cw_cut_begin(cut, m);
	/* IPv6 need not be told of less than its least MTU, for up to that a packet may cross in pieces. */
	uint32_t most = cw_l3_is_ip6(l3) ? RTE_MAX(limit, (uint32_t)CW_IP6_LEAST_MTU) : limit;
	if (cw_cut_size(cut) <= most || !cw_l3_is_whole(l3))
		return true;
	cw_icmp_too_big(worker, vni, m, most);
	cw_lose(worker, CW_DROP_TOO_BIG, cw_segment_by_vni(worker->view->program, vni), peer, m);
	return false;
}

void cw_seal(struct cw_worker *worker, struct cw_peer *peer, uint32_t vni, struct rte_mbuf *m)
{
	struct cw_keypair *keypair = atomic_load_explicit(&peer->current, memory_order_relaxed);
	struct cw_cut cut;

	if (keypair == NULL || peer->paths.best == CW_PATH_NONE) {
		cw_seal_later(worker, peer, vni, m);
		return;
	}
	struct cw_path *path = choose_path(worker, peer, vni, m);
	if (path == NULL) {
		cw_lose(worker, CW_DROP_POLICY, cw_segment_by_vni(worker->view->program, vni), peer, m);
		return;
	}
	if (!prepare(worker, peer, vni, path, m, &cut) || cw_qos_wait_data(worker, peer, vni, path, m, &cut))
		return;
	if (cw_seal_some(worker, peer, vni, path, m, &cut, UINT32_MAX, false))
		rte_pktmbuf_free(m);
}

int cw_seal_control(struct cw_worker *worker, struct cw_keypair *keypair, struct cw_path *path,
		    const void *items, uint32_t length)
{
	if (keypair->sealed >= CW_KEYPAIR_PACKETS_MAX)
		return -EKEYEXPIRED;
	uint8_t *slot = cw_out_slot(worker, path, CW_TOS_CONTROL,
				    CW_SEALED_HEADER + length + CW_TAG, false);
	if (slot == NULL)
		return -ENOBUFS;
	memcpy(slot + CW_SEALED_HEADER, items, length);
	path->left_us = worker->now_us;
	return seal_slot(worker, keypair, path, CW_TYPE_CONTROL, CW_LANE_CONTROL, slot, length);
}
