/*
 * Fuzzes what the mirror reads of the kernel's answers. Input: how many more the tables have room for u8 | datagrams, each
 * with its length before it u16; they answer request 1.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz_bench.h"
#include "packet.h"
#include "table/mirror.h"
#include "table/rtnetlink.h"

static struct cw_mirror_state state;

static void begin(uint32_t room)
{
	memset(&state, 0, offsetof(struct cw_mirror_state, links));
	/* The one of the seeds, and others. */
	state.link_count = 3;
	state.links[0] = (struct cw_mirror_link){ 1, "lo" };
	state.links[1] = (struct cw_mirror_link){ 7, "lan0" };
	state.links[2] = (struct cw_mirror_link){ -1, "wan0" };
	state.address_count = CW_MIRROR_ADDRESSES_MAX - room;
	state.route_count = CW_MIRROR_ROUTES_MAX - room;
	state.neighbour_count = CW_NEIGHBOURS_MAX - room;
}

/* Each new entry is what the tables behind it may rely on. */
static void check_state(uint32_t room)
{
	FUZZ_NEEDS(state.link_count == 3);
	FUZZ_NEEDS(state.address_count <= CW_MIRROR_ADDRESSES_MAX);
	FUZZ_NEEDS(state.route_count <= CW_MIRROR_ROUTES_MAX);
	FUZZ_NEEDS(state.neighbour_count <= CW_NEIGHBOURS_MAX);
	for (uint32_t i = CW_MIRROR_ROUTES_MAX - room; i < state.route_count; i++)
		FUZZ_NEEDS(state.routes[i].prefix_len <= 128);
	for (uint32_t i = CW_NEIGHBOURS_MAX - room; i < state.neighbour_count; i++)
		FUZZ_NEEDS((state.neighbours[i].mac[0] & 1) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int rc = 1;

	if (size < 1)
		return 0;
	begin(data[0]);
	for (size_t at = 1; rc > 0 && at + 2 <= size;) {
		size_t said = packet_u16(data + at), left = size - at - 2;
		size_t length = said < left ? said : left;
		uint8_t *exact = malloc(length == 0 ? 1 : length);
		memcpy(exact, data + at + 2, length);
		rc = cw_rtnetlink_read(&state, exact, length, 1);
		free(exact);
		at += 2 + length;
	}
	FUZZ_NEEDS(rc == 1 || rc == 0 || rc == -EPROTO);
	check_state(data[0]);
	return 0;
}
