/*
 * Paths of a peer, for tests of when they are asked and what becomes of them. The far end is a table of round trips; time passes
 * by tenths of a millisecond. A test program includes this once.
 */
#ifndef CW_PATH_BENCH_H
#define CW_PATH_BENCH_H

#include <string.h>

#include "check.h"
#include "table/path.h"

#define MS 1000u
#define SECOND (1000 * MS)
#define STEP_US 100u
#define PATHS 6
#define ANSWERS_MAX 256

struct answer {
	uint64_t at_us; /* 0: none */
	uint32_t id;
	uint8_t slot;
};

static uint64_t now_us = 1000000000;
static struct cw_paths paths;
static struct cw_path list[CW_PATHS_MAX + 1];
static uint64_t rtt_us[PATHS]; /* by slot; 0: no answer */
static bool has_tx[PATHS], has_rx[PATHS]; /* data, all the time */
static struct answer answers[ANSWERS_MAX];
static uint32_t probes[PATHS], tells[PATHS], looks, told; /* since they were counted */
static uint64_t probe_us[PATHS];
static bool is_confirmed = true;

static inline void count_anew(void)
{
	memset(probes, 0, sizeof(probes));
	memset(tells, 0, sizeof(tells));
	looks = told = 0;
}

static inline void begin(uint32_t count)
{
	now_us += 3600ull * SECOND;
	cw_paths_begin(&paths);
	count_anew();
	memset(answers, 0, sizeof(answers));
	memset(has_tx, 0, sizeof(has_tx));
	memset(has_rx, 0, sizeof(has_rx));
	for (uint32_t i = 0; i < count; i++) {
		struct cw_way way = { .uplink = (uint8_t)i };
		CHECK(cw_paths_add(&paths, &list[i], &way, now_us));
		cw_paths_number(&paths, &list[i]);
		list[i].is_configured = true;
		rtt_us[i] = 20 * MS;
	}
}

static inline void ask(uint8_t slot)
{
	uint32_t id = cw_liveness_ask(&list[slot].live, now_us);

	probes[slot]++;
	probe_us[slot] = now_us;
	for (uint32_t i = 0; rtt_us[slot] != 0 && i < ANSWERS_MAX; i++) {
		if (answers[i].at_us != 0)
			continue;
		answers[i] = (struct answer){ now_us + rtt_us[slot], id, slot };
		return;
	}
	CHECK(rtt_us[slot] == 0);
}

static inline void look(uint64_t late_us)
{
	struct cw_path_tasks tasks = cw_paths_look(&paths, is_confirmed, late_us, now_us);

	looks++;
	for (uint8_t slot = 0; slot < PATHS; slot++) {
		if ((tasks.probe & 1u << slot) != 0)
			ask(slot);
		tells[slot] += (tasks.silence & 1u << slot) != 0;
	}
	told += tasks.silent != 0;
	CHECK(paths.due_us > now_us);
}

static inline void pass(uint64_t us)
{
	for (uint64_t until_us = now_us + us; now_us < until_us; now_us += STEP_US) {
		for (uint32_t i = 0; i < PATHS; i++) {
			list[i].tx_us = has_tx[i] ? now_us : list[i].tx_us;
			list[i].rx_us = has_rx[i] ? now_us : list[i].rx_us;
			if (has_rx[i])
				cw_liveness_hear(&list[i].live, now_us);
		}
		for (uint32_t i = 0; i < ANSWERS_MAX; i++) {
			struct answer *answer = &answers[i];
			if (answer->at_us == 0 || answer->at_us > now_us)
				continue;
			answer->at_us = 0;
			CHECK(cw_paths_answer(&paths, &list[answer->slot], answer->id, 0, now_us));
		}
		if (now_us >= paths.due_us)
			look(0);
	}
}

/* All paths are up, there is no data. */
static inline void rest(uint32_t count)
{
	begin(count);
	pass(5 * SECOND);
	for (uint32_t i = 0; i < count; i++)
		CHECK(list[i].live.state == CW_PATH_UP);
	count_anew();
}

/* Data goes and comes by path 0. */
static inline void flow(uint32_t count)
{
	rest(count);
	has_tx[0] = has_rx[0] = true;
	pass(5 * SECOND);
	CHECK(paths.best == 0 && paths.is_awake);
	count_anew();
}

/* Nothing goes through any more, though it is sent. */
static inline void cut(uint8_t slot)
{
	rtt_us[slot] = 0;
	has_rx[slot] = false;
	for (uint32_t i = 0; i < ANSWERS_MAX; i++)
		answers[i].at_us = answers[i].slot == slot ? 0 : answers[i].at_us;
}

/* How long until path `slot` is in `state`. */
static inline uint64_t until_state(uint8_t slot, enum cw_path_state state, uint64_t most_us)
{
	uint64_t since_us = now_us;

	while (list[slot].live.state != state && now_us - since_us < most_us)
		pass(STEP_US);
	return now_us - since_us;
}

#endif
