/*
 * A second uplink, and a second path to a peer by it, after the header of a test that has a `bench`: as the first one, whose NIC and
 * routes it has too, so that what leaves by either is heard at one end.
 */
#ifndef CW_SECOND_UPLINK_H
#define CW_SECOND_UPLINK_H

#include "graph/path.h"
#include "qos_bench.h"
#include "table/session.h"

#define SECOND_PORT 2

static struct cw_port second_port;

static inline void shape_second(uint64_t bps)
{
	bench.worker->view->program->port_programs[SECOND_PORT].up_bps = bps;
	cw_bench_changed(&bench);
	cw_qos_renew(bench.worker);
}

static inline struct cw_path *path_at(struct cw_peer *peer, uint32_t slot)
{
	return peer->paths.list[slot];
}

static inline void be_up(struct cw_peer *peer, uint32_t slot, bool is_up)
{
	struct cw_liveness *live = &path_at(peer, slot)->live;

	live->state = is_up ? CW_PATH_UP : CW_PATH_DOWN;
	live->was_up = true;
	live->heard_us = live->changed_us = bench.worker->now_us;
	live->hold_us = 0;
	cw_paths_choose(&peer->paths, bench.worker->now_us);
}

static inline void name_second_path(struct cw_peer *peer)
{
	struct cw_way ways[2] = { path_at(peer, 0)->way, path_at(peer, 0)->way };

	ways[1].uplink = 1;
	cw_path_name(bench.worker, peer, ways, 2);
	be_up(peer, 0, true);
	be_up(peer, 1, true);
}

static inline void open_second(void)
{
	struct cw_view *view = bench.worker->view;
	struct cw_program *program = view->program;

	second_port = *bench.ports[1];
	second_port.id += 100;
	second_port.qos = NULL;
	program->ports[SECOND_PORT] = &second_port;
	program->port_programs[SECOND_PORT] = program->port_programs[CW_BENCH_UPLINK_PORT];
	program->port_programs[SECOND_PORT].uplink = 1;
	program->port_programs[SECOND_PORT].up_bps = 0;
	program->port_count = SECOND_PORT + 1;
	memcpy(view->port_address[SECOND_PORT], view->port_address[CW_BENCH_UPLINK_PORT], sizeof(view->port_address[0]));
	view->own[SECOND_PORT] = view->own[CW_BENCH_UPLINK_PORT];
	view->uplink_fib[SECOND_PORT] = view->uplink_fib[CW_BENCH_UPLINK_PORT];
	view->uplink_fib6[SECOND_PORT] = view->uplink_fib6[CW_BENCH_UPLINK_PORT];
	cw_bench_changed(&bench);
}

/* Before the bench is closed. */
static inline void close_second(void)
{
	struct cw_view *view = bench.worker->view;

	shape_second(0);
	view->program->port_count = SECOND_PORT;
	view->uplink_fib[SECOND_PORT] = NULL;
	view->uplink_fib6[SECOND_PORT] = NULL;
	cw_bench_changed(&bench);
}

#endif
