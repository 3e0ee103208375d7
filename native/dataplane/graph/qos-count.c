/* See qos-count.h. */
#include "graph/qos-count.h"

#include <string.h>

#include "graph/qos-ingress.h"
#include "graph/qos-parts.h"
#include "graph/qos-segment.h"
#include "table/session.h"
#include "table/view.h"

#define PLACES (CW_PEER_NAMES_MAX + 1u) /* of an uplink, the breakout's among them */

static struct cw_queue_counters counters_of(const struct cw_qos_count *count, uint32_t packets, uint32_t bytes)
{
	return (struct cw_queue_counters){
		.packets = count->packets,
		.bytes = count->bytes,
		.wait_us = count->wait_us,
		.lost_delay = count->lost_delay,
		.lost_full = count->lost_full,
		.lost_bytes = count->lost_bytes,
		.marked = count->marked,
		.waiting_packets = packets,
		.waiting_bytes = bytes,
	};
}

/* @param qos in which it waits; NULL: it does not now */
static void put_class(const struct cw_qos *qos, uint32_t class, const struct cw_qos_class_count *count, struct cw_queue_class *out)
{
	out->sum = counters_of(&count->sum, qos == NULL ? 0 : cw_qos_class_packets(qos, class),
			       qos == NULL ? 0 : cw_qos_class_bytes(qos, class));
	memcpy(out->waits, count->waits, sizeof(out->waits));
}

static void put_uplink(const struct cw_port *port, const struct cw_port_program *p, struct cw_queue_uplink *out)
{
	const struct cw_qos *qos = port->qos == NULL ? NULL : port->qos->qos;
	const struct cw_qos *inwards = port->ingress == NULL ? NULL : cw_ingress_qos(port->ingress);

	*out = (struct cw_queue_uplink){ .bps = qos == NULL ? 0 : p->up_bps, .ingress_bps = inwards == NULL ? 0 : cw_qos_bps(inwards) };
	memcpy(out->twin, port->twin_name, sizeof(out->twin));
	for (uint32_t i = 0; i < CW_CLASSES; i++)
		put_class(qos, i, qos == NULL ? &port->queued[i] : cw_qos_counted(qos, i), &out->classes[i]);
	if (inwards != NULL)
		put_class(inwards, 0, cw_qos_counted(inwards, 0), &out->ingress);
}

static void put_limit(const struct cw_qos *qos, struct cw_queue_limit *out)
{
	if (qos == NULL)
		return;
	out->bps = cw_qos_bps(qos);
	for (uint32_t i = 0; i < CW_CLASSES; i++)
		put_class(qos, i, cw_qos_counted(qos, i), &out->classes[i]);
}

static bool put_segment(const struct cw_worker *worker, uint32_t segment, struct cw_queue_segment *out)
{
	const struct cw_limit *limit = worker->limits[segment];

	if (limit == NULL)
		return false;
	*out = (struct cw_queue_segment){ 0 };
	memcpy(out->name, worker->view->program->segment_programs[segment].name, sizeof(out->name));
	put_limit(cw_limit_qos(limit, true), &out->up);
	put_limit(cw_limit_qos(limit, false), &out->down);
	return true;
}

static bool has_counted(const struct cw_qos_peer *peers)
{
	for (const struct cw_qos_peer *peer = peers; peer != NULL; peer = peer->next) {
		for (uint32_t i = 0; i < CW_QOS_CLASSES; i++) {
			const struct cw_qos_stream *stream = &peer->streams[i];
			if (stream->packets > 0 || stream->count.packets > 0 || stream->count.lost_bytes > 0)
				return true;
		}
	}
	return false;
}

/* Who is told of in that place; NULL: nobody. */
static const char *name_at(const struct cw_worker *worker, uint32_t place)
{
	if (place == CW_QOS_BREAKOUT)
		return "";
	/* Who asks has the control side, and waits: it does not change meanwhile. */
	return worker->peers[place]->is_listed ? worker->peers[place]->name : NULL;
}

/* By whichever of the peer's uplinks. */
static void add_stream(struct cw_queue_counters *out, const struct cw_qos_stream *stream)
{
	const struct cw_qos_count *count = &stream->count;

	out->packets += count->packets;
	out->bytes += count->bytes;
	out->wait_us += count->wait_us;
	out->lost_delay += count->lost_delay;
	out->lost_full += count->lost_full;
	out->lost_bytes += count->lost_bytes;
	out->marked += count->marked;
	out->waiting_packets += stream->packets;
	out->waiting_bytes += stream->bytes;
}

static bool put_peer(const struct cw_worker *worker, const struct cw_port *port, uint32_t place, struct cw_queue_peer *out)
{
	const struct cw_qos_peer *peers = port->qos == NULL ? NULL : port->qos->peers[place];
	const char *name = has_counted(peers) ? name_at(worker, place) : NULL;

	if (name == NULL)
		return false;
	*out = (struct cw_queue_peer){ 0 };
	memcpy(out->twin, port->twin_name, sizeof(out->twin));
	memcpy(out->name, name, strnlen(name, sizeof(out->name) - 1));
	for (const struct cw_qos_peer *peer = peers; peer != NULL; peer = peer->next) {
		for (uint32_t i = 0; i < CW_CLASSES; i++)
			add_stream(&out->classes[i], &peer->streams[i]);
	}
	return true;
}

void cw_qos_tell(const struct cw_worker *worker, struct cw_queues_page *page)
{
	const struct cw_program *program = worker->view == NULL ? NULL : worker->view->program;
	uint32_t at = page->first;
	/* Segments have the places behind those of peers. */
	uint32_t peers_end = program == NULL ? 0 : program->port_count * PLACES;
	uint32_t end = program == NULL ? 0 : peers_end + program->segment_count;

	page->head = (struct cw_queues_head){ 0 };
	for (uint32_t i = 0; at == 0 && program != NULL && i < program->port_count; i++) {
		if (program->port_programs[i].role == CW_ROLE_UPLINK)
			put_uplink(program->ports[i], &program->port_programs[i], &page->uplinks[page->head.uplink_count++]);
	}
	for (; at < peers_end && page->head.peer_count < CW_QUEUES_AT_ONCE; at++) {
		struct cw_queue_peer *out = &page->peers[page->head.peer_count];
		page->head.peer_count += put_peer(worker, program->ports[at / PLACES], at % PLACES, out);
	}
	for (; at >= peers_end && at < end && page->head.segment_count < CW_QUEUE_SEGMENTS_AT_ONCE; at++)
		page->head.segment_count += put_segment(worker, at - peers_end, &page->segments[page->head.segment_count]);
	page->head.next = at < end ? at : 0;
}

bool cw_qos_leave_place(struct cw_worker *worker, uint32_t place)
{
	struct cw_qos_peer *all[CW_UPLINKS_MAX];

	for (uint32_t i = 0; i < CW_UPLINKS_MAX; i++) {
		all[i] = worker->qos[i] == NULL ? NULL : worker->qos[i]->peers[place];
		for (const struct cw_qos_peer *peer = all[i]; peer != NULL; peer = peer->next) {
			for (uint32_t class = 0; class < CW_QOS_CLASSES; class++) {
				if (peer->streams[class].packets > 0)
					return false;
			}
		}
	}
	for (uint32_t i = 0; i < CW_UPLINKS_MAX; i++) {
		for (struct cw_qos_peer *peer = all[i]; peer != NULL; peer = peer->next) {
			for (uint32_t class = 0; class < CW_QOS_CLASSES; class++)
				peer->streams[class].count = (struct cw_qos_count){ 0 };
		}
	}
	return true;
}
