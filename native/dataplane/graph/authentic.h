/*
 * What is sealed for a keypair of ours and new: index, window, tag, window, in that order (wire.md), of data, control and what is
 * relayed. About the sender nothing is learned before the tag holds.
 */
#ifndef CW_GRAPH_AUTHENTIC_H
#define CW_GRAPH_AUTHENTIC_H

#include <errno.h>
#include <string.h>

#include "graph/explain.h"
#include "graph/relay.h"
#include "graph/seal.h"
#include "table/session.h"
#include "worker.h"

/* One of `length` bytes, CW_SEALED_HEADER + CW_TAG at least, of which the first `covered` are in clear. */
struct cw_sealed {
	uint8_t *bytes;
	uint32_t length;
	uint32_t covered;
	uint32_t words[3]; /* out: behind type and lane, in network order */
	struct cw_lane *heard; /* out */
};

static inline void cw_refuse_sealed(struct cw_worker *worker, enum cw_drop reason, const struct cw_peer *peer)
{
	cw_count_drop(worker, reason);
	cw_note(worker, reason, 0, peer, NULL, 0);
}

static inline struct cw_replay_lanes *cw_lanes_of(struct cw_keypair *keypair, uint8_t type, uint8_t class)
{
	if (type == CW_TYPE_DATA)
		return &keypair->data_lanes;
	return type == CW_TYPE_CONTROL ? &keypair->control_lanes : &keypair->relay_lanes[class == CW_CLASS_CONTROL];
}

/* Inline, for what it does with `type` and `covered`. NULL: dropped and counted. */
static inline struct cw_keypair *cw_authenticate(struct cw_worker *worker, uint8_t type, struct cw_sealed *sealed)
{
	uint8_t *d = sealed->bytes, nonce[12];
	uint16_t lane = (uint16_t)(d[2] << 8 | d[3]);

	memcpy(sealed->words, d + 4, sizeof(sealed->words));
	uint32_t counter = rte_be_to_cpu_32(sealed->words[2]);
	struct cw_keypair *keypair = cw_keypair_find(worker->index, rte_be_to_cpu_32(sealed->words[0]));
	if (keypair == NULL || atomic_load_explicit(&keypair->state, memory_order_relaxed) == 0) {
		cw_refuse_sealed(worker, CW_DROP_SEALED_INDEX, NULL);
		return NULL;
	}
	struct cw_replay_lanes *lanes = cw_lanes_of(keypair, type, d[3] & CW_CLASS);
	if (!cw_replay_check(lanes, lane, counter)) {
		cw_refuse_sealed(worker, CW_DROP_SEALED_REPLAY, keypair->peer);
		return NULL;
	}
	cw_seal_nonce(nonce, keypair->open_iv, type, lane, counter);
	if (cw_aead_open(worker->aead, &keypair->open_key, nonce, d, sealed->covered, d + sealed->covered,
			 sealed->length - sealed->covered) != 0) {
		cw_refuse_sealed(worker, CW_DROP_SEALED_TAG, keypair->peer);
		return NULL;
	}
	int rc = cw_replay_accept(lanes, worker->engine->replay_pool, lane, counter, worker->now_us, &sealed->heard);
	if (rc != 0) {
		cw_refuse_sealed(worker, rc == -ENOSPC ? CW_DROP_SEALED_LANES : CW_DROP_SEALED_REPLAY, keypair->peer);
		return NULL;
	}
	return keypair;
}

#endif
