/* See qos-segment.h. */
#include "graph/qos-segment.h"

#include <stdlib.h>
#include <string.h>

#include "graph/graph.h"
#include "graph/l3.h"
#include "graph/next-peer.h"
#include "graph/qos-parts.h"
#include "graph/seal.h"
#include "port/vnet.h"
#include "table/session.h"
#include "table/view.h"

#define TRAINS (RTE_MBUF_F_RX_LRO | RTE_MBUF_F_TX_TCP_SEG | RTE_MBUF_F_TX_UDP_SEG)

/* Where what waits goes. */
enum way { WAY_SEAL, WAY_BREAKOUT, WAY_LAN, WAY_FRAME };

/* One direction; `qos` NULL: it has no limit. */
struct shaper {
	struct cw_qos *qos;
	struct cw_qos_stream streams[CW_QOS_CLASSES];
};

struct cw_limit {
	uint32_t vni;
	struct shaper up, down;
};

/* As of an uplink, whose profile says nothing else. */
static const struct cw_qos_class_shape limit_classes[CW_QOS_CLASSES] = {
	{ .weight = 50, .cap_percent = 50 }, { .weight = 50 }, { .weight = 30 }, { .weight = 20 }
};

/* `queued` has where it goes. */
static bool keep_limited(struct cw_worker *worker, struct cw_limit *limit, struct shaper *shaper, struct cw_queued *queued,
			 struct rte_mbuf *m, bool can_cut)
{
	const uint8_t *l3 = rte_pktmbuf_mtod_offset(m, const uint8_t *, m->l2_len);
	uint32_t length = m->pkt_len - m->l2_len;
	uint8_t class = cw_l3_class(l3);
	struct cw_qos_stream *stream = &shaper->streams[cw_qos_class_of_dscp(class >> 2)];

	queued->item = (struct cw_qos_item){
		.piece = length, .last = length, .pieces = 1, .is_ect = (class & CW_ECN_MASK) != 0
	};
	queued->m = m;
	queued->vni = limit->vni;
	queued->is_train = can_cut && (m->ol_flags & TRAINS) != 0;
	if (queued->is_train) {
		cw_cut_begin(&queued->cut, m);
		cw_qos_measure(&queued->item, &queued->cut, 0);
	}
	cw_qos_keep(worker, shaper->qos, stream, cw_qos_hash(worker, l3, length), queued, CW_DROP_LIMIT_FULL);
	return true;
}

/* NULL: it does not wait. */
static struct cw_queued *limited_place_of(const struct shaper *shaper, struct rte_mbuf *m, enum way way)
{
	struct cw_queued *queued = shaper->qos == NULL ? NULL : cw_queue_place_of(m);

	if (queued == NULL)
		return NULL;
	queued->limited.way = (uint8_t)way;
	queued->peer = CW_QOS_BREAKOUT;
	queued->path = 0;
	return queued;
}

bool cw_limit_wait_seal(struct cw_worker *worker, struct cw_limit *limit, struct cw_peer *peer, struct rte_mbuf *m)
{
	struct cw_queued *queued = limited_place_of(&limit->up, m, WAY_SEAL);

	if (queued == NULL)
		return false;
	queued->peer = (uint16_t)peer->place;
	return keep_limited(worker, limit, &limit->up, queued, m, true);
}

bool cw_limit_wait_breakout(struct cw_worker *worker, struct cw_port *lan, struct rte_mbuf *m, bool can_cut)
{
	struct cw_queued *queued = limited_place_of(&lan->limit->up, m, WAY_BREAKOUT);

	if (queued == NULL)
		return false;
	queued->limited.port_id = lan->id;
	return keep_limited(worker, lan->limit, &lan->limit->up, queued, m, can_cut);
}

bool cw_limit_wait_lan(struct cw_worker *worker, struct cw_limit *limit, struct rte_mbuf *m)
{
	struct cw_queued *queued = limited_place_of(&limit->down, m, WAY_LAN);

	return queued != NULL && keep_limited(worker, limit, &limit->down, queued, m, true);
}

/* Whether a packet that the kernel forwards came from another site or from the Internet: not from this box, nor from a LAN of its. */
static bool is_from_elsewhere(const struct cw_view *view, const uint8_t *l3)
{
	uint32_t value = cw_all_find(view, cw_packet_source(l3));

	if (value == 0)
		return true;
	return !CW_ALL_IS_LOCAL(value) && cw_hop_back(view, CW_ALL_SEGMENT(value), l3)->kind == CW_HOP_OVERLAY;
}

bool cw_limit_wait_frame(struct cw_worker *worker, struct cw_port *lan, struct rte_mbuf *m)
{
	struct cw_queued *queued = limited_place_of(&lan->limit->down, m, WAY_FRAME);
	uint32_t length;
	uint8_t *l3 = queued == NULL ? NULL : cw_qos_packet_of(m, &length);

	if (l3 == NULL || !cw_l3_may_cross(l3) || !is_from_elsewhere(worker->view, l3))
		return false;
	queued->limited.port_id = lan->id;
	bool can_cut = (m->ol_flags & RTE_MBUF_F_RX_LRO) != 0 && cw_adopt_header(m, l3);
	return keep_limited(worker, lan->limit, &lan->limit->down, queued, m, can_cut);
}

/* Whom its segment's routes name now, where that is not the peer that they named when it came. */
static void seal_limited(struct cw_worker *worker, struct cw_peer *peer, uint32_t vni, struct rte_mbuf *m)
{
	int segment = cw_segment_by_vni(worker->view->program, vni);
	const struct cw_hop *hop =
		segment < 0 ? NULL : cw_hop_to(worker->view, (uint32_t)segment, rte_pktmbuf_mtod_offset(m, const uint8_t *, m->l2_len));

	/* Then its place may be another's as well. */
	if (hop == NULL || hop->kind != CW_HOP_OVERLAY) {
		cw_drop(worker, m, CW_DROP_NO_ROUTE);
		return;
	}
	cw_seal(worker, cw_hop_has_peer(worker->view, hop, peer) ? peer : cw_next_peer(worker, hop), vni, m);
}

static void send_to_lan(struct cw_worker *worker, uint32_t vni, struct rte_mbuf *m)
{
	int segment = cw_segment_by_vni(worker->view->program, vni);
	const uint8_t *l3 = rte_pktmbuf_mtod_offset(m, const uint8_t *, m->l2_len);
	const struct cw_hop *hop = segment < 0 ? NULL : cw_hop_to(worker->view, (uint32_t)segment, l3);

	if (hop == NULL || hop->kind != CW_HOP_LINK)
		cw_drop(worker, m, CW_DROP_NO_ROUTE);
	else
		cw_tx_link(worker, hop->port, cw_next_hop(hop, cw_packet_destination(l3)), m);
}

/* NULL: it is gone. */
static struct cw_port *port_by_id(const struct cw_program *program, uint64_t id)
{
	for (uint32_t i = 0; i < program->port_count; i++) {
		if (program->ports[i]->id == id)
			return program->ports[i];
	}
	return NULL;
}

static void send_limited(struct cw_worker *worker, const struct cw_queued *queued, struct rte_mbuf *m, void *to)
{
	enum way way = queued->limited.way;
	struct cw_port *port = way == WAY_BREAKOUT || way == WAY_FRAME ? port_by_id(worker->view->program, queued->limited.port_id) : NULL;

	(void)to;
	if (way == WAY_SEAL) {
		seal_limited(worker, worker->peers[queued->peer], queued->vni, m);
	} else if (way == WAY_LAN) {
		send_to_lan(worker, queued->vni, m);
	} else if (port == NULL) {
		cw_drop(worker, m, CW_DROP_TX_DOWN);
	} else if (way == WAY_BREAKOUT) {
		cw_pass(worker, &port->twin, m);
	} else {
		cw_vnet_forward(m);
		cw_port_tx(port, m);
	}
}

static bool give_limited(struct cw_worker *worker, struct cw_queued *queued, const struct cw_qos_grant *grant, void *to)
{
	return cw_qos_hand_out(worker, queued, grant, send_limited, to);
}

static void serve_shaper(struct cw_worker *worker, struct shaper *shaper)
{
	if (shaper->qos != NULL)
		cw_qos_let_go(worker, shaper->qos, CW_DROP_LIMIT_DELAY, give_limited, NULL);
}

void cw_limits_serve(struct cw_worker *worker)
{
	for (uint32_t i = 0, left = worker->limit_count; left > 0; i++) {
		struct cw_limit *limit = worker->limits[i];
		if (limit == NULL)
			continue;
		left--;
		serve_shaper(worker, &limit->up);
		serve_shaper(worker, &limit->down);
	}
}

const struct cw_qos *cw_limit_qos(const struct cw_limit *limit, bool is_up)
{
	return is_up ? limit->up.qos : limit->down.qos;
}

static uint64_t shaper_due_ns(const struct shaper *shaper)
{
	return shaper->qos == NULL ? UINT64_MAX : cw_qos_due_ns(shaper->qos);
}

uint64_t cw_limits_due_ns(const struct cw_worker *worker)
{
	uint64_t due_ns = UINT64_MAX;

	for (uint32_t i = 0, left = worker->limit_count; left > 0; i++) {
		const struct cw_limit *limit = worker->limits[i];
		if (limit == NULL)
			continue;
		left--;
		due_ns = RTE_MIN(due_ns, RTE_MIN(shaper_due_ns(&limit->up), shaper_due_ns(&limit->down)));
	}
	return due_ns;
}

static void end_shaper(struct cw_worker *worker, struct shaper *shaper)
{
	if (shaper->qos == NULL)
		return;
	cw_qos_lose_all(worker, shaper->qos);
	cw_qos_free(shaper->qos);
	shaper->qos = NULL;
}

static void end_limit(struct cw_worker *worker, struct cw_limit *limit)
{
	end_shaper(worker, &limit->up);
	end_shaper(worker, &limit->down);
	free(limit);
}

/* Without a limit what waits leaves at once; without memory for it there is none. */
static void renew_shaper(struct cw_worker *worker, struct shaper *shaper, uint64_t bps)
{
	struct cw_qos_shape shape = { .bps = bps == 0 ? CW_QOS_UNSHAPED_BPS : RTE_MAX(bps, CW_QOS_LEAST_BPS) };

	cw_qos_give_room(worker, &shape, true);
	memcpy(shape.classes, limit_classes, sizeof(shape.classes));
	if (shaper->qos == NULL) {
		for (uint8_t i = 0; i < CW_QOS_CLASSES; i++)
			shaper->streams[i] = (struct cw_qos_stream){ .class = i };
		shaper->qos = bps == 0 ? NULL : cw_qos_new(&shape);
		return;
	}
	cw_qos_set(shaper->qos, &shape, cw_qos_now_ns(worker));
	if (bps == 0) {
		serve_shaper(worker, shaper);
		end_shaper(worker, shaper);
	}
}

/* That of the segment, of those that were there; NULL: it has none. */
static struct cw_limit *take_limit(struct cw_limit *before[CW_SEGMENTS_MAX], uint32_t vni)
{
	for (uint32_t i = 0; i < CW_SEGMENTS_MAX; i++) {
		struct cw_limit *limit = before[i];
		if (limit == NULL || limit->vni != vni)
			continue;
		before[i] = NULL;
		return limit;
	}
	return NULL;
}

/* @return what the segment has from now on */
static struct cw_limit *renew_limit(struct cw_worker *worker, struct cw_limit *limit, const struct cw_segment_program *p)
{
	bool is_limited = p->up_bps != 0 || p->down_bps != 0;

	if (limit == NULL && is_limited)
		limit = cw_qos_lines_new(sizeof(*limit));
	if (limit == NULL)
		return NULL;
	limit->vni = p->vni;
	renew_shaper(worker, &limit->up, p->up_bps);
	renew_shaper(worker, &limit->down, p->down_bps);
	if (is_limited)
		return limit;
	free(limit);
	return NULL;
}

void cw_limits_renew(struct cw_worker *worker)
{
	const struct cw_program *program = worker->view->program;
	struct cw_limit *before[CW_SEGMENTS_MAX];

	memcpy(before, worker->limits, sizeof(before));
	memset(worker->limits, 0, sizeof(worker->limits));
	worker->limit_count = 0;
	for (uint32_t i = 0; i < program->segment_count; i++) {
		const struct cw_segment_program *p = &program->segment_programs[i];
		worker->limits[i] = renew_limit(worker, take_limit(before, p->vni), p);
		worker->limit_count += worker->limits[i] != NULL;
	}
	for (uint32_t i = 0; i < CW_SEGMENTS_MAX; i++) {
		if (before[i] != NULL)
			end_limit(worker, before[i]);
	}
	for (uint32_t i = 0; i < program->port_count; i++) {
		const struct cw_port_program *p = &program->port_programs[i];
		program->ports[i]->limit = p->role == CW_ROLE_LAN ? worker->limits[p->segment] : NULL;
	}
}

void cw_limits_close(struct cw_worker *worker)
{
	for (uint32_t i = 0; i < CW_SEGMENTS_MAX; i++) {
		if (worker->limits[i] != NULL)
			end_limit(worker, worker->limits[i]);
	}
}
