/* An uplink with a rate, and time that passes by it: after the header of a test that has a `bench`. */
#ifndef CW_QOS_BENCH_H
#define CW_QOS_BENCH_H

#include "graph/qos.h"

/* @param bps 0: nobody knows it */
static inline void shape(uint64_t bps)
{
	bench.worker->view->program->port_programs[CW_BENCH_UPLINK_PORT].up_bps = bps;
	cw_bench_changed(&bench);
	cw_qos_renew(bench.worker);
}

static inline void pass_us(uint32_t us)
{
	bench.worker->now_us += us;
	cw_qos_serve(bench.worker);
}

#endif
