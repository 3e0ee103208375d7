/*
 * Which paths there are follows the configuration: what it named and names no longer goes at once, what was learned stays while
 * it lives, and an uplink that has another number takes its paths along as they are.
 */
#include "check.h"
#include "graph/path.h"
#include "graph_bench.h"

#define OTHER_PORT 4444
#define LEARNED_PORT 5555

static struct cw_bench bench;

static struct cw_way first; /* of the bench's own path */

static struct cw_way way_to(uint16_t port)
{
	struct cw_way way = first;

	way.remote_port = port;
	return way;
}

static struct cw_path *find(const struct cw_way *way)
{
	return cw_paths_find(&bench.far->paths, way);
}

static void what_is_named_no_longer_goes(void)
{
	struct cw_way ways[2] = { first, way_to(OTHER_PORT) };
	struct cw_way learned = way_to(LEARNED_PORT);
	uint32_t free_count = bench.worker->paths.free_count;

	cw_path_name(bench.worker, bench.far, ways, 2);
	cw_liveness_prove(&find(&ways[1])->live, bench.worker->now_us);
	cw_path_enter(bench.worker, bench.far, &learned, true);
	CHECK(bench.far->paths.count == 3 && !find(&learned)->is_configured);
	cw_path_name(bench.worker, bench.far, ways, 1);
	CHECK(find(&ways[1]) == NULL && find(&learned) != NULL && find(&ways[0])->is_configured);
	CHECK(bench.worker->paths.free_count == free_count - 1);
	/* Whoever calls from there again is learned: it is a path as any that nobody named. */
	cw_path_enter(bench.worker, bench.far, &ways[1], true);
	CHECK(find(&ways[1]) != NULL && !find(&ways[1])->is_configured);
	/* All of 16 may be exchanged at once. */
	struct cw_way many[CW_PATHS_MAX];
	for (uint16_t turn = 0; turn < 3; turn++) {
		for (uint16_t i = 0; i < CW_PATHS_MAX; i++)
			many[i] = way_to(6000 + 100 * turn + i);
		cw_path_clear(bench.worker, bench.far);
		bench.far->numbers_given = 0;
		cw_path_enter(bench.worker, bench.far, &ways[0], true);
		cw_path_name(bench.worker, bench.far, many, CW_PATHS_MAX - 1);
		cw_path_name(bench.worker, bench.far, many + 1, CW_PATHS_MAX - 1);
		CHECK(bench.far->paths.count == CW_PATHS_MAX && find(&many[0]) == NULL && find(&ways[0]) != NULL);
	}
	cw_path_name(bench.worker, bench.far, ways, 1);
	CHECK(bench.far->paths.count == 1 && bench.worker->paths.free_count == free_count);
}

/* All slots are taken, or the paths of all peers together: what is named waits until that is over. */
static void what_finds_no_room_comes_when_there_is_some(void)
{
	struct cw_way ways[3] = { first, way_to(OTHER_PORT), way_to(LEARNED_PORT) };

	for (uint16_t i = 1; i < CW_PATHS_MAX; i++) {
		struct cw_way learned = way_to(7000 + i);
		cw_path_enter(bench.worker, bench.far, &learned, true);
	}
	cw_bench_drops(&bench);
	cw_path_name(bench.worker, bench.far, ways, 2);
	cw_bench_look(&bench, 1100000);
	CHECK(find(&ways[1]) == NULL && strcmp(cw_bench_drops(&bench), "path_full 1") == 0);
	struct cw_way last = way_to(7001);
	cw_liveness_fail(&find(&last)->live, CW_PATH_SILENT, bench.worker->now_us);
	cw_bench_look(&bench, 1100000);
	CHECK(find(&ways[1]) != NULL && find(&ways[1])->is_configured && find(&last) == NULL);
	cw_path_clear(bench.worker, bench.far);
	cw_path_name(bench.worker, bench.far, ways, 2);
	cw_bench_hold_paths(&bench);
	cw_path_name(bench.worker, bench.far, ways, 3);
	CHECK(bench.far->paths.count == 2);
	cw_bench_release_paths(&bench);
	cw_bench_look(&bench, 1100000);
	CHECK(bench.far->paths.count == 3 && find(&ways[2])->is_configured);
	/* What is named no longer does not come. */
	cw_path_name(bench.worker, bench.far, ways, 1);
	cw_bench_hold_paths(&bench);
	cw_path_name(bench.worker, bench.far, ways, 3);
	cw_path_name(bench.worker, bench.far, ways, 1);
	cw_bench_release_paths(&bench);
	cw_bench_look(&bench, 1100000);
	CHECK(bench.far->paths.count == 1);
	cw_liveness_prove(&find(&first)->live, bench.worker->now_us);
}

static void paths_are_of_the_uplink_not_of_its_number(void)
{
	struct cw_path *path = cw_bench_path(&bench);
	struct cw_way way = path->way;
	uint8_t uplinks[CW_UPLINKS_MAX] = { 2, 0, CW_UPLINK_NONE, CW_UPLINK_NONE,
					    CW_UPLINK_NONE, CW_UPLINK_NONE, CW_UPLINK_NONE, CW_UPLINK_NONE };
	uint8_t number = path->number;

	path->downs = 7;
	CHECK(way.uplink == 0 && path->live.state == CW_PATH_UP && cw_way_equal(&bench.keypair->way, &way));
	cw_path_renew(bench.worker, bench.far, uplinks, NULL);
	CHECK(find(&way) == NULL);
	way.uplink = 2;
	CHECK(find(&way) == path && path->downs == 7 && path->live.state == CW_PATH_UP && path->number == number);
	CHECK(bench.far->paths.best == path->slot && cw_way_equal(&bench.keypair->way, &way));
	/* The same program again, whose kernel's routes differ. */
	cw_path_renew(bench.worker, bench.far, NULL, NULL);
	CHECK(find(&way) == path);
	/* An uplink that is gone takes its paths along, whoever lives there. */
	cw_path_renew(bench.worker, bench.far, uplinks, NULL);
	CHECK(bench.far->paths.count == 0 && bench.far->paths.best == CW_PATH_NONE);
	CHECK(bench.keypair->way.uplink == CW_UPLINK_NONE);
}

int main(int argc, char **argv)
{
	check_begin(argc, argv);
	cw_bench_open(&bench);
	first = cw_bench_path(&bench)->way;
	what_is_named_no_longer_goes();
	what_finds_no_room_comes_when_there_is_some();
	paths_are_of_the_uplink_not_of_its_number();
	cw_bench_close(&bench);
	return check_result();
}
