/* A program that is good, as it lies in memory, and what to expect when one field of it is broken. */
#ifndef CW_PROGRAM_SAMPLE_H
#define CW_PROGRAM_SAMPLE_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "port_sample.h"
#include "program-check.h"

#define WHY 128

/* A program as it lies in memory: every array at its limit for what the tests need. */
struct sample {
	struct cw_program_head head;
	uint8_t mac1_keys[2][32];
	struct cw_port_program ports[3];
	struct cw_segment_program segments[2];
	struct cw_peer_program peers[2];
	struct cw_route_program routes[3];
	struct cw_acl_program acl[1];
	struct cw_policy_program policies[2];
	struct cw_match_program matches[2];
	struct cw_path_program paths[2];
};

/* The arrays follow each other; what rounds the struct up is no part of the message. */
#define SAMPLE_BYTES (offsetof(struct sample, paths) + sizeof(((struct sample *)0)->paths))

static inline struct cw_route_program route(uint32_t address, uint8_t len, uint16_t segment, uint16_t peer)
{
	struct cw_route_program r = { .segment = segment,
				      .peer = peer,
				      .prefix_len = (uint8_t)(96 + len) };

	memset(r.address + 10, 0xff, 2);
	for (uint32_t i = 0; i < 4; i++)
		r.address[12 + i] = (uint8_t)(address >> (24 - 8 * i));
	return r;
}

static inline struct sample good_program(void)
{
	return (struct sample){
		.head = { .generation = 7,
			  .mac1_key_count = 2,
			  .port_count = 3,
			  .segment_count = 2,
			  .peer_count = 2,
			  .route_count = 3,
			  .acl_count = 1,
			  .policy_count = 2,
			  .match_count = 2,
			  .path_count = 2 },
		.mac1_keys = { { 1 }, { 2 } },
		.ports = { { .twin = "wan0",
			     .nic = "eth1",
			     .nic_netns = "nics",
			     .role = CW_ROLE_UPLINK,
			     .overlay_port = 51820,
			     .table = 254,
			     .network = CW_NETWORK_INTERNET,
			     CW_SAMPLE_QOS },
			   { .twin = "lte0",
			     .nic = "wwan0",
			     .role = CW_ROLE_UPLINK,
			     .uplink = 1,
			     .overlay_port = 51820,
			     .table = 100,
			     .network = CW_NETWORK_PRIVATE,
			     .is_metered = 1,
			     .is_backup = 1,
			     .risk = 1,
			     CW_SAMPLE_QOS },
			   { .twin = "lan0", .nic = "eth0", .role = CW_ROLE_LAN, .segment = 1 } },
		.segments = { { .name = "office", .twin = "office", .vni = 1 },
			      { .name = "cameras", .twin = "cameras", .vni = 0xffffff } },
		.peers = { { .name = "lisbon", .identity = { [16] = 1 } }, { .name = "oslo", .identity = { [16] = 2 } } },
		.routes = { route(0x0a020000, 24, 0, 0), route(0, 0, 1, 1),
			    route(0x0a020001, 32, 1, 0) },
		.acl = { { .name = "print",
			   .action = CW_ACL_ALLOW,
			   .to_segment = 1,
			   .protocol = 6,
			   .source_port_last = 65535,
			   .destination_port_first = 9100,
			   .destination_port_last = 9100 } },
		.policies = { { .name = "default",
				.loss_ppm = CW_NONE,
				.latency_us = CW_NONE,
				.jitter_us = CW_NONE,
				.metered = CW_METERED_LAST,
				.kinds = 3 },
			      { .name = "calls",
				.loss_ppm = 10000,
				.latency_us = 150000,
				.jitter_us = 30000,
				.metered = CW_METERED_NEVER,
				.kinds = 2,
				.is_strict = 1,
				.is_spread = 1,
				.is_breakout_denied = 1,
				.prefer_count = 2,
				.prefer = { 1, 0 } } },
		.matches = { { .application = "teams",
			       .server = "*.teams.example",
			       .policy = 1,
			       .segment = 1,
			       .source_port_last = 65535,
			       .destination_port_first = 443,
			       .destination_port_last = 443,
			       .protocol = 6,
			       .dscp = CW_DSCP_ANY },
			     { .policy = 1,
			       .segment = CW_SEGMENT_ANY,
			       .source_port_last = 65535,
			       .destination_port_last = 65535,
			       .dscp = 46 } },
		.paths = { { .remote_address = { [10] = 0xff, 0xff, 203, 0, 113, 7 }, .remote_port = 51820 },
			   { .remote_address = { 0x20, 1, 0xd, 0xb8, [15] = 7 },
			     .remote_port = 1,
			     .peer = 1,
			     .uplink = 1 } },
	};
}

/* Checks `length` bytes of `bytes` in a block of just that size. */
static inline int check_bytes(const void *bytes, size_t length, uint64_t running, char why[WHY])
{
	struct cw_program_parts parts;
	void *exact = malloc(length == 0 ? 1 : length);

	memcpy(exact, bytes, length);
	int rc = cw_program_check(exact, length, running, &parts, why, WHY);
	free(exact);
	return rc;
}

static inline void expect(const struct sample *program, int rc, const char *pointer)
{
	char why[WHY];
	int got = check_bytes(program, SAMPLE_BYTES, 6, why);
	size_t length = strlen(pointer);
	bool is_place = strncmp(why, pointer, length) == 0 && why[length] == ':';

	if (!CHECK(got == rc && (rc == 0 || is_place)))
		fprintf(stderr, "  wanted %d '%s', got %d '%s'\n", rc, pointer, got, why);
}

/* Breaks one field of a good program and expects to be told which. */
#define REFUSES(pointer, ...)                                  \
	do {                                                   \
		struct sample p = good_program();              \
		__VA_ARGS__;                                   \
		expect(&p, -EINVAL, pointer);                  \
	} while (0)

#define ACCEPTS(...)                                           \
	do {                                                   \
		struct sample p = good_program();              \
		__VA_ARGS__;                                   \
		expect(&p, 0, "");                             \
	} while (0)

#endif
