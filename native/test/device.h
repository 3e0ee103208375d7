/* What tests with devices and interfaces share: EAL without hugepages, pools, commands that must succeed. */
#ifndef CW_DEVICE_H
#define CW_DEVICE_H

#include <rte_eal.h>
#include <rte_mbuf.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "port/link.h"

#define NEEDS(claim) device_needs((claim), #claim, __FILE__, __LINE__)

/* Without it the test makes no sense. */
static inline void device_needs(bool is_true, const char *claim, const char *file, int line)
{
	if (is_true)
		return;
	fprintf(stderr, "%s:%d: not so: %s\n", file, line, claim);
	exit(1);
}

static inline void device_run(const char *command)
{
	if (system(command) != 0) {
		fprintf(stderr, "failed: %s\n", command);
		exit(1);
	}
}

static inline void device_start_eal(struct cw_pools *pools)
{
	char cpu[16], folder[] = "/tmp/cw-device-XXXXXX", path[64];
	const char *argv[] = { "test", "--no-huge", "--no-telemetry", "--no-shconf", "-a", "ffff:ff:1f.7",
			       "--log-level=critical", "-m", "96", "--lcores", cpu };

	snprintf(cpu, sizeof(cpu), "0@%d", sched_getcpu());
	NEEDS(mkdtemp(folder) != NULL && setenv("RUNTIME_DIRECTORY", folder, 1) == 0);
	NEEDS(rte_eal_init(sizeof(argv) / sizeof(argv[0]), (char **)(uintptr_t)argv) >= 0);
	snprintf(path, sizeof(path), "rm -r %s", folder);
	device_run(path);
	pools->small = rte_pktmbuf_pool_create("small", 8191, 0, CW_BUFFER_PRIVATE,
					       CW_SMALL_DATA + RTE_PKTMBUF_HEADROOM, SOCKET_ID_ANY);
	pools->large = rte_pktmbuf_pool_create("large", 511, 0, CW_BUFFER_PRIVATE, UINT16_MAX, SOCKET_ID_ANY);
	NEEDS(pools->small != NULL && pools->large != NULL);
}

#endif
