/*
 * A simulated path, as one end of it meets it: any MTU, a round trip, loss each way, and death; time goes on from one thing that is
 * due to the next.
 */
#ifndef PMTU_WORLD_H
#define PMTU_WORLD_H

#include "check.h"
#include "table/pmtu.h"

#define IP4 28
#define IP6 48
#define MS 1000u
#define SECOND 1000000u
#define ANSWERS_MAX 64
#define LOSS_KNOWN_US (3 * SECOND) /* twenty probes of an active path, and some */

struct answer {
	uint64_t at_us;
	uint32_t id;
	uint16_t size;
};

/* A path and the end that sends by it. */
struct world {
	struct cw_pmtu pmtu;
	struct cw_pmtu_path path;
	uint64_t began_us, now_us;
	uint32_t mtu; /* of the path */
	uint32_t rtt_us;
	uint32_t loss_percent; /* each way */
	bool is_dead;
	uint32_t probes, large; /* sent; of those such as do not fit */
	uint64_t bytes;
	uint32_t answer_count;
	struct answer answers[ANSWERS_MAX];
};

static inline void begin(struct world *world, uint32_t uplink, uint32_t headers, uint32_t mtu, uint32_t rtt_us)
{
	*world = (struct world){ .now_us = 100 * SECOND, .mtu = mtu, .rtt_us = rtt_us };
	/* After the first round trip: RFC 6298, and what liveness.c adds. */
	world->path.rtt_us = rtt_us;
	world->path.patience_us = 3 * rtt_us + 10 * MS;
	world->began_us = world->now_us;
	cw_pmtu_fit(&world->pmtu, uplink, headers);
}

static inline bool is_lost(const struct world *world)
{
	return world->is_dead || check_below(100) < world->loss_percent;
}

static inline void send(struct world *world, uint16_t size)
{
	bool fits = (uint32_t)size + world->pmtu.headers <= world->mtu;

	world->probes++;
	world->bytes += size;
	world->large += !fits;
	if (!fits || is_lost(world) || is_lost(world))
		return;
	CHECK(world->answer_count < ANSWERS_MAX);
	world->answers[world->answer_count++] =
		(struct answer){ world->now_us + world->rtt_us, world->pmtu.id, size };
}

static inline void hear(struct world *world)
{
	for (uint32_t i = 0; i < world->answer_count;) {
		struct answer answer = world->answers[i];
		if (answer.at_us > world->now_us) {
			i++;
			continue;
		}
		world->answers[i] = world->answers[--world->answer_count];
		cw_pmtu_answer(&world->pmtu, answer.id, answer.size, &world->path, world->now_us);
	}
}

static inline uint64_t sooner(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* All that is to be done now; then time goes on to whatever is next, but not beyond `end_us`, and that is heard. */
static inline void step(struct world *world, uint64_t end_us)
{
	uint32_t got = 100 - world->loss_percent;
	bool is_known = world->path.is_active && world->now_us - world->began_us > LOSS_KNOWN_US;

	world->path.loss_ppm = is_known ? 1000000 - got * got * 100 : 0;
	uint16_t size = cw_pmtu_look(&world->pmtu, &world->path, world->now_us);
	if (size > 0)
		send(world, size);
	/* One at a time, and no two in a moment. */
	CHECK(cw_pmtu_look(&world->pmtu, &world->path, world->now_us) == 0);
	CHECK(world->pmtu.due_us > world->now_us);
	CHECK(world->pmtu.size >= world->pmtu.base && world->pmtu.size <= world->pmtu.most);
	uint64_t next_us = sooner(sooner(end_us, world->pmtu.due_us), world->now_us + SECOND);
	for (uint32_t i = 0; i < world->answer_count; i++)
		next_us = sooner(next_us, world->answers[i].at_us);
	world->now_us = next_us > world->now_us ? next_us : world->now_us;
	hear(world);
}

static inline void run(struct world *world, double seconds)
{
	for (uint64_t end = world->now_us + (uint64_t)(seconds * SECOND); world->now_us < end;)
		step(world, end);
}

/* What the path carries whole, as far as the uplink can use it. */
static inline uint32_t right_size(const struct world *world)
{
	uint32_t most = world->mtu - world->pmtu.headers;

	return most < world->pmtu.most ? most : world->pmtu.most;
}

static inline bool is_right(const struct world *world)
{
	uint32_t right = right_size(world);

	return world->pmtu.size <= right && right - world->pmtu.size < CW_PMTU_STEP;
}

/* Seconds until the size is right; `most` and more if it is not by then. */
static inline double until_right(struct world *world, double most)
{
	uint64_t began = world->now_us, end = began + (uint64_t)(most * SECOND);

	while (!is_right(world) && world->now_us < end)
		step(world, end);
	return (double)(world->now_us - began) / SECOND;
}

#endif
