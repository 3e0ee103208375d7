/*
 * Traffic for tests of policy, on a bench with two segments: `office` as ever, and `cameras` (VNI 200) with 10.4.0.0/24
 * here and 10.5.0.0/24 at `far`. What becomes of a packet is a text: the links it left by, the drops it was counted as.
 */
#ifndef CW_POLICY_TRAFFIC_H
#define CW_POLICY_TRAFFIC_H

#include <stdio.h>

#include "graph_bench.h"

#define CAMERAS 1
#define CAMERAS_VNI 200
#define CAMERA 0x0a040007     /* 10.4.0.7 */
#define FAR_CAMERA 0x0a050007 /* 10.5.0.7 */
#define CAMERAS_BOX 0x0a040001
#define INTERNET 0x08080808

extern struct cw_bench bench;
extern uint8_t frame[CW_BENCH_FRAME_MAX];
extern bool is_v6; /* of the packets */

void cw_test_add_cameras(void);

/* A packet of 100 bytes into `at`, of UDP from port 1000 to 2000. */
void cw_test_make(uint8_t *at, uint32_t source, uint32_t destination);

/* A fragment of packet `id` of a protocol to `port`, from the LAN: IPv4 by its header, IPv6 by a header of its own. */
const char *cw_test_fragment(uint32_t source, uint32_t destination, uint8_t protocol, uint16_t id, bool is_first,
			     uint16_t port);

const char *cw_test_what_became(void);
const char *cw_test_from_lan(uint32_t source, uint32_t destination);
const char *cw_test_from_box(uint32_t segment, uint32_t source, uint32_t destination);

/* `plain` has eight bytes of room before the packet of 100 bytes. */
const char *cw_test_from_far_packet(uint32_t vni, uint8_t *plain);
const char *cw_test_from_far(uint32_t vni, uint32_t source, uint32_t destination);

/* One that fits every packet from a segment to the other. */
struct cw_acl_program cw_test_rule(const char *name, uint8_t action, uint16_t from, uint16_t to);
void cw_test_use_rules(const struct cw_acl_program *rules, uint32_t count);

#define IS(call, result)                                                            \
	do {                                                                        \
		const char *got = (call);                                           \
		if (!CHECK(strcmp(got, (result)) == 0))                             \
			fprintf(stderr, "  v%u %s: '%s'\n", is_v6 ? 6 : 4, #call, got); \
	} while (0)

#endif
