/*
 * Nanoseconds a flow that is found, that is not, that is new, and a place that is swept, in tables of the default size that
 * hold few and many. Not a test: it judges nothing. The median of the rounds is printed, for the machine may be shared.
 */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "table/flow.h"

#define ROUNDS 15
#define LOOKS 200000
#define MOST 100000

static struct cw_flow_key keys[2 * MOST];
static struct cw_flow_key packets[2][LOOKS]; /* of flows that are there, and of others, as they come */

static double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int by_value(const void *left, const void *right)
{
	double a = *(const double *)left, b = *(const double *)right;

	return a < b ? -1 : a > b;
}

static double median(double values[ROUNDS])
{
	qsort(values, ROUNDS, sizeof(values[0]), by_value);
	return values[ROUNDS / 2];
}

static uint32_t look(struct cw_flows *flows, const struct cw_flow_key *came, double *ns)
{
	uint32_t found = 0;
	double start = now_ns();

	for (uint32_t i = 0; i < LOOKS; i++)
		found += cw_flow_find(flows, &came[i], i) != NULL;
	*ns = (now_ns() - start) / LOOKS;
	return found;
}

static int measure(uint32_t count)
{
	double hit[ROUNDS], miss[ROUNDS], add[ROUNDS], sweep[ROUNDS];
	uint32_t wrong = 0, refused = 0;

	for (uint32_t i = 0; i < LOOKS; i++) {
		uint32_t which = (uint32_t)random() % count;
		packets[0][i] = keys[which];
		packets[1][i] = keys[MOST + which];
	}
	for (int round = 0; round < ROUNDS; round++) {
		struct cw_flows *flows = cw_flows_new(CW_FLOWS_DEFAULT);
		double start = now_ns();
		for (uint32_t i = 0; i < count; i++)
			cw_flow_add(flows, &keys[i], 0);
		add[round] = (now_ns() - start) / count;
		refused = (uint32_t)cw_flows_refused(flows);
		look(flows, packets[0], &hit[round]);
		wrong += cw_flows_in_use(flows) + refused != count;
		wrong += look(flows, packets[0], &hit[round]) < LOOKS - 2 * refused;
		wrong += look(flows, packets[1], &miss[round]) != 0;
		start = now_ns();
		cw_flows_sweep(flows, CW_FLOWS_DEFAULT, 0, NULL, NULL);
		sweep[round] = (now_ns() - start) / CW_FLOWS_DEFAULT;
		cw_flows_free(flows);
	}
	printf("%8u %10.1f %10.1f %10.1f %10.1f %10u\n", count, median(hit), median(miss), median(add),
	       median(sweep), refused);
	return wrong != 0;
}

int main(void)
{
	static const uint32_t counts[] = { 1000, 10000, MOST };
	int rc = 0;

	for (uint32_t i = 0; i < 2 * MOST; i++)
		keys[i] = (struct cw_flow_key){ .source = cw_address_of_v4(htonl(0x0a010000 + i % 5000)),
						.destination = cw_address_of_v4(htonl(0x0a020000 + i / 5000)),
						.source_port = (uint16_t)(i * 7),
						.destination_port = 443,
						.protocol = IPPROTO_TCP };
	printf("%8s %10s %10s %10s %10s %10s\n", "flows", "found ns", "not ns", "new ns", "sweep ns", "refused");
	for (uint32_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		rc |= measure(counts[i]);
	return rc;
}
