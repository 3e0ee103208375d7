/*
 * Fuzzes cw_program_check(): the bytes of a program, of which a good one is then read to its ends.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz_bench.h"
#include "program-check.h"

#define WHY 128

static uint64_t sum_of(const void *data, size_t length)
{
	const uint8_t *at = data;
	uint64_t sum = 0;

	for (size_t i = 0; i < length; i++)
		sum = sum * 31 + at[i];
	return sum;
}

/* Every array of a program that was accepted lies inside of it: read, the sanitizer sees that. */
static uint64_t read_parts(const struct cw_program_parts *parts)
{
	const struct cw_program_head *head = &parts->head;
	uint64_t sum = sum_of(parts->mac1_keys, head->mac1_key_count * 32u);

	sum += sum_of(parts->ports, head->port_count * sizeof(parts->ports[0]));
	sum += sum_of(parts->segments, head->segment_count * sizeof(parts->segments[0]));
	sum += sum_of(parts->peers, head->peer_count * sizeof(parts->peers[0]));
	for (uint32_t i = 0; i < head->port_count; i++)
		FUZZ_NEEDS(strnlen(parts->ports[i].twin, CW_IFNAME) < CW_IFNAME);
	for (uint32_t i = 0; i < head->route_count; i++)
		FUZZ_NEEDS(parts->routes[i].peer < head->peer_count &&
			   parts->routes[i].segment < head->segment_count);
	FUZZ_NEEDS(head->policy_count > 0);
	for (uint32_t i = 0; i < head->policy_count; i++)
		FUZZ_NEEDS(parts->policies[i].prefer_count <= CW_UPLINKS_MAX);
	for (uint32_t i = 0; i < head->match_count; i++)
		FUZZ_NEEDS(parts->matches[i].policy < head->policy_count &&
			   strnlen(parts->matches[i].server, CW_SERVER) < CW_SERVER);
	for (uint32_t i = 0; i < head->path_count; i++)
		FUZZ_NEEDS(parts->paths[i].peer < head->peer_count && parts->paths[i].remote_port != 0);
	for (uint32_t i = 0; i < head->acl_count; i++)
		FUZZ_NEEDS(parts->acl[i].from_segment < head->segment_count &&
			   parts->acl[i].to_segment < head->segment_count);
	return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cw_program_parts parts;
	char why[WHY];
	void *exact = malloc(size == 0 ? 1 : size);
	static volatile uint64_t keep;

	memcpy(exact, data, size);
	int rc = cw_program_check(exact, size, 6, &parts, why, sizeof(why));
	FUZZ_NEEDS(rc == 0 || rc == -EINVAL || rc == -ESTALE);
	if (rc == 0)
		keep = read_parts(&parts);
	else
		FUZZ_NEEDS(why[0] == '/' && strnlen(why, sizeof(why)) < sizeof(why));
	(void)keep;
	free(exact);
	return 0;
}
