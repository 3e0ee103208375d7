/*
 * What the gateway hears of paths: each that went up or down, once, with the reason; which one is the best; and however many
 * change at once, no more than the ring of events has room for. Time is moved by hand.
 */
#include "check.h"
#include "graph/path.h"
#include "graph_bench.h"

#define SECOND 1000000u
#define OTHER_PORT 4444

static struct cw_bench bench;

struct told {
	char peer[CW_NAME];
	struct cw_path_event path;
};

/* The next event of a path; false: there is none. */
static bool hear(struct told *told)
{
	uint8_t bytes[CW_EVENT_BYTES_MAX];
	struct cw_event head;

	while (cw_next_event(bench.engine, bytes, sizeof(bytes)) != 0) {
		memcpy(&head, bytes, sizeof(head));
		if (head.kind != CW_EVENT_PATH)
			continue;
		CHECK(head.length == sizeof(told->path));
		memcpy(told->peer, head.peer, CW_NAME);
		memcpy(&told->path, bytes + sizeof(head), sizeof(told->path));
		return true;
	}
	return false;
}

static bool is_silent(void)
{
	struct told told;

	return !hear(&told);
}

/* The second path to `far`: to the same address, another port. */
static struct cw_path *add_other(void)
{
	struct cw_way ways[2] = { cw_bench_path(&bench)->way, cw_bench_path(&bench)->way };

	ways[1].remote_port = OTHER_PORT;
	cw_path_name(bench.worker, bench.far, ways, 2);
	return cw_paths_find(&bench.far->paths, &ways[1]);
}

static void tells_what_happens(struct cw_path *first, struct cw_path *other)
{
	struct told told;

	/* The bench's own is up; what nobody has answered by yet is no news. */
	cw_bench_look(&bench, 1000);
	CHECK(hear(&told) && strcmp(told.peer, "far") == 0 && !told.path.is_best);
	CHECK(told.path.state == CW_PATH_UP && told.path.number == first->number && told.path.remote_uplink == 255);
	CHECK(told.path.remote_port == first->way.remote_port);
	CHECK(memcmp(told.path.remote_address, &first->way.remote, sizeof(told.path.remote_address)) == 0);
	CHECK(hear(&told) && told.path.is_best && told.path.number == first->number && is_silent());
	cw_liveness_prove(&other->live, bench.worker->now_us);
	cw_bench_look(&bench, 1000);
	CHECK(hear(&told) && !told.path.is_best && told.path.remote_port == OTHER_PORT && is_silent());
	cw_paths_deaf(&bench.far->paths, first, bench.worker->now_us);
	cw_bench_look(&bench, 1000);
	CHECK(hear(&told) && told.path.state == CW_PATH_DOWN && told.path.why == CW_PATH_DEAF && !told.path.is_best);
	CHECK(hear(&told) && told.path.is_best && told.path.number == other->number && is_silent());
	CHECK(first->downs == 1 && other->downs == 0);
	/* With the last one nothing is the best. */
	cw_liveness_fail(&other->live, CW_PATH_SILENT, bench.worker->now_us);
	cw_bench_look(&bench, 1000);
	CHECK(hear(&told) && told.path.why == CW_PATH_SILENT && told.path.number == other->number && is_silent());
	cw_liveness_prove(&other->live, bench.worker->now_us);
	cw_bench_look(&bench, 1000);
	CHECK(hear(&told) && told.path.state == CW_PATH_UP && is_silent());
}

/* What comes and goes all the time is counted whole and told now and then; how it is in the end is told. */
static void bounds_what_it_tells(struct cw_path *other)
{
	uint32_t count = 0, downs = other->downs;
	struct told told;

	for (uint32_t round = 0; round < 1000; round++) {
		cw_liveness_fail(&other->live, CW_PATH_SILENT, bench.worker->now_us);
		cw_bench_look(&bench, 100);
		if (round == 999)
			break;
		cw_liveness_prove(&other->live, bench.worker->now_us);
		cw_bench_look(&bench, 100);
	}
	CHECK(other->downs == downs + 1000);
	while (hear(&told))
		count++;
	CHECK(count > 15 && count < 40);
	cw_bench_look(&bench, SECOND);
	while (hear(&told))
		count++;
	CHECK(told.path.state == CW_PATH_DOWN && told.path.number == other->number);
	cw_bench_look(&bench, SECOND);
	CHECK(is_silent() && bench.worker->drops[CW_DROP_EVENT_FULL] == 0);
}

/* What the ring had no room for is told once it has, and one peer's changes leave others theirs. */
static void tells_once_there_is_room(struct cw_path *other)
{
	struct told told;

	cw_bench_look(&bench, 60 * SECOND);
	while (cw_event_push(bench.worker, CW_EVENT_USED, bench.far->name, 1, NULL, 0))
		;
	cw_liveness_prove(&other->live, bench.worker->now_us);
	cw_bench_look(&bench, SECOND);
	CHECK(bench.worker->drops[CW_DROP_EVENT_FULL] > 1 && !other->is_told_up && is_silent());
	cw_bench_look(&bench, SECOND);
	CHECK(hear(&told) && told.path.state == CW_PATH_UP && told.path.number == other->number);
	CHECK(other->is_told_up);
}

/* What was refused spent nothing of the peer's own. */
static void what_is_not_told_costs_nothing(struct cw_path *other)
{
	struct told told;
	uint32_t count = 0;

	cw_bench_look(&bench, 60 * SECOND);
	while (hear(&told))
		;
	cw_liveness_fail(&other->live, CW_PATH_SILENT, bench.worker->now_us);
	cw_bench_look(&bench, SECOND);
	while (hear(&told))
		;
	cw_bench_look(&bench, 60 * SECOND);
	/* Another peer's changes have used up what is all peers'. */
	for (uint32_t i = 0; i < 100; i++) {
		bench.worker->path_bucket = (struct cw_bucket){ .filled_us = bench.worker->now_us };
		cw_liveness_prove(&other->live, bench.worker->now_us);
		cw_bench_look(&bench, 0);
		CHECK(is_silent());
	}
	CHECK(bench.far->path_bucket.tokens == 32);
	/* Nor where the ring is full. */
	cw_bench_look(&bench, 60 * SECOND);
	while (hear(&told))
		count++;
	CHECK(count > 0);
	cw_bench_look(&bench, 60 * SECOND);
	while (cw_event_push(bench.worker, CW_EVENT_USED, bench.far->name, 1, NULL, 0))
		;
	cw_liveness_fail(&other->live, CW_PATH_SILENT, bench.worker->now_us);
	for (uint32_t i = 0; i < 100; i++)
		cw_bench_look(&bench, 0);
	CHECK(bench.far->path_bucket.tokens == 32 && bench.worker->path_bucket.tokens == 64);
}

int main(int argc, char **argv)
{
	check_begin(argc, argv);
	cw_bench_open(&bench);
	struct cw_path *first = cw_bench_path(&bench), *other = add_other();
	if (CHECK(other != NULL)) {
		tells_what_happens(first, other);
		bounds_what_it_tells(other);
		tells_once_there_is_room(other);
		what_is_not_told_costs_nothing(other);
	}
	cw_bench_close(&bench);
	return check_result();
}
