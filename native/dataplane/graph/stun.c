/* See stun.h. */
#include "graph/stun.h"

#include <string.h>

#include "graph/graph.h"
#include "worker.h"

#define STUN_PER_SECOND 1000
#define STUN_BURST 100
#define STUN_COOKIE 0x2112A442u
#define STUN_HEADER 20
#define STUN_TRANSACTION 8

enum stun_type { STUN_QUESTION = 0x0001, STUN_SUCCESS = 0x0101, STUN_FAILURE = 0x0111 };

static uint16_t stun_type_of(const uint8_t *d)
{
	return (uint16_t)(d[0] << 8 | d[1]);
}

bool cw_is_stun(const uint8_t *d, uint32_t length)
{
	uint32_t cookie;
	uint16_t body;

	if (length < STUN_HEADER || d[0] > 1)
		return false;
	memcpy(&body, d + 2, sizeof(body));
	memcpy(&cookie, d + 4, sizeof(cookie));
	return cookie == rte_cpu_to_be_32(STUN_COOKIE) && rte_be_to_cpu_16(body) == length - STUN_HEADER;
}

/* Transactions are as good as random, so their first bytes say where they are kept. */
static struct cw_stun_asked *stun_ways_of(struct cw_stun *stun, const uint8_t *d)
{
	uint32_t first;

	memcpy(&first, d + STUN_TRANSACTION, sizeof(first));
	return stun->asked[first % CW_STUN_ASKED_SLOTS];
}

static struct cw_stun_asked *stun_find(struct cw_stun *stun, const uint8_t *d)
{
	struct cw_stun_asked *ways = stun_ways_of(stun, d);

	for (uint32_t i = 0; i < CW_STUN_ASKED_WAYS; i++) {
		if (ways[i].until_us != 0 &&
		    memcmp(ways[i].transaction, d + STUN_TRANSACTION, sizeof(ways[i].transaction)) == 0)
			return &ways[i];
	}
	return NULL;
}

void cw_stun_note(struct cw_worker *worker, const uint8_t *d, uint32_t length)
{
	struct cw_stun *stun = &worker->stun;

	if (!cw_is_stun(d, length) || stun_type_of(d) != STUN_QUESTION)
		return;
	struct cw_stun_asked *ways = stun_ways_of(stun, d), *asked = stun_find(stun, d);
	if (asked == NULL) {
		asked = &ways[0];
		for (uint32_t i = 1; i < CW_STUN_ASKED_WAYS; i++)
			asked = ways[i].until_us < asked->until_us ? &ways[i] : asked;
	}
	memcpy(asked->transaction, d + STUN_TRANSACTION, sizeof(asked->transaction));
	asked->until_us = worker->now_us + CW_STUN_ASKED_US;
	asked->left = CW_STUN_ANSWERS;
}

static bool stun_is_asked(struct cw_worker *worker, const uint8_t *d)
{
	struct cw_stun_asked *asked = stun_find(&worker->stun, d);

	if (asked == NULL || asked->until_us <= worker->now_us || asked->left == 0)
		return false;
	asked->left--;
	return true;
}

bool cw_stun_is_due(struct cw_worker *worker, const uint8_t *d)
{
	uint16_t type = stun_type_of(d);
	enum cw_drop reason = CW_DROP_STUN_TYPE;

	if (type == STUN_QUESTION) {
		if (cw_bucket_take(&worker->stun.questions, worker->now_us, STUN_PER_SECOND, STUN_BURST))
			return true;
		reason = CW_DROP_STUN_RATE;
	} else if (type == STUN_SUCCESS || type == STUN_FAILURE) {
		if (stun_is_asked(worker, d))
			return true;
		reason = CW_DROP_STUN_UNASKED;
	}
	cw_count_drop(worker, reason);
	return false;
}
