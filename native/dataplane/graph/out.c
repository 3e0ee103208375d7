/* See out.h. */
#include "graph/out.h"

#include <string.h>

#include "graph/seal.h"
#include "worker.h"

#define OUT_COUNT_MAX 64 /* UDP_MAX_SEGMENTS of Linux before 6.9 */

bool cw_out_can_join(const struct cw_out *out, const struct cw_path *path, uint8_t tos,
		     uint32_t size)
{
	return out->m != NULL && out->path == path &&
	       out->load.tos == tos && !out->is_closed && size <= out->load.datagram &&
	       out->load.bytes + size <= CW_TRAIN_BYTES_MAX && out->load.count < OUT_COUNT_MAX;
}

uint8_t *cw_out_begin(struct cw_worker *worker, struct cw_path *path, uint8_t tos,
		      uint32_t size, struct rte_mbuf *m)
{
	const struct cw_departure *departure = cw_outer_departure(worker, path);
	const struct cw_port *uplink = departure->uplink;

	worker->out = (struct cw_out){
		.m = m,
		.path = path,
		.load = { .datagram = size, .bytes = size, .count = 1, .tos = tos },
		/* What is relayed is taken out again, datagram by datagram. */
		.is_closed = uplink == NULL ? departure->relay == NULL : !uplink->nic->link.can_send_udp_trains,
	};
	return rte_pktmbuf_mtod_offset(m, uint8_t *, CW_OUTER_ROOM);
}

/* A datagram that came alone lies in a small buffer: the second one moves it into a large one. */
static bool grow(struct cw_worker *worker, uint32_t size)
{
	struct cw_out *out = &worker->out;

	if (out->m->data_off + CW_OUTER_ROOM + out->load.bytes + size <= out->m->buf_len)
		return true;
	struct rte_mbuf *m = rte_pktmbuf_alloc(worker->engine->pools.large);
	if (m == NULL)
		return false;
	memcpy(rte_pktmbuf_mtod_offset(m, void *, CW_OUTER_ROOM),
	       rte_pktmbuf_mtod_offset(out->m, void *, CW_OUTER_ROOM), out->load.bytes);
	rte_pktmbuf_free(out->m);
	out->m = m;
	return true;
}

uint8_t *cw_out_slot(struct cw_worker *worker, struct cw_path *path, uint8_t tos,
		     uint32_t size, bool is_train)
{
	const struct cw_pools *pools = &worker->engine->pools;
	struct cw_out *out = &worker->out;

	if (cw_out_can_join(out, path, tos, size) && grow(worker, size)) {
		uint8_t *slot = rte_pktmbuf_mtod_offset(out->m, uint8_t *,
							CW_OUTER_ROOM + out->load.bytes);
		out->load.bytes += size;
		out->load.count++;
		out->is_closed = size < out->load.datagram;
		return slot;
	}
	cw_seal_flush(worker);
	bool is_small = CW_OUTER_ROOM + size <= CW_SMALL_DATA && !is_train;
	struct rte_mbuf *m = rte_pktmbuf_alloc(is_small ? pools->small : pools->large);
	return m == NULL ? NULL : cw_out_begin(worker, path, tos, size, m);
}
