/* The kept corpus of what the gateway and the kernel say: programs, calls, rtnetlink. See seeds.h. */
#include <linux/if_addr.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

#include "causeway_dp.h"
#include "packet.h"
#include "seeds.h"

static const struct cw_policy_program policies[2] = {
	{ .name = "default",
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
	  .kinds = 1,
	  .is_strict = 1,
	  .is_breakout_denied = 1,
	  .class = 1,
	  .prefer_count = 2,
	  .prefer = { 2 } },
};

static const struct cw_match_program match = { .application = "teams",
						.server = "*.teams.example",
						.destination = { [10] = 0xff, 0xff, 10, 2 },
						.destination_len = 112,
						.policy = 1,
						.segment = CW_SEGMENT_ANY,
						.source_port_last = 65535,
						.destination_port_first = 443,
						.destination_port_last = 444,
						.protocol = 6,
						.dscp = CW_DSCP_ANY };

/* The other half of the border writes the same (test/unit/wire/datapath-program.test.ts). */
void cw_seeds_program(void)
{
	struct seed seed = { 0 }, empty = { 0 };
	struct cw_program_head head = { .generation = 7, .policy_count = 1 };

	cw_seed_add(&empty, &head, sizeof(head));
	cw_seed_add(&empty, policies, sizeof(policies[0]));
	cw_seed_write("program_check", "empty", &empty);
	head = (struct cw_program_head){ .generation = 7,
					 .mac1_key_count = 1,
					 .port_count = 2,
					 .segment_count = 1,
					 .peer_count = 2,
					 .route_count = 1,
					 .acl_count = 1,
					 .policy_count = 2,
					 .match_count = 1,
					 .path_count = 1,
					 .is_transit = 1 };
	const struct cw_port_program ports[2] = {
		{ .twin = "wan0",
		  .nic = "eth1",
		  .role = CW_ROLE_UPLINK,
		  .overlay_port = 9,
		  .network = CW_NETWORK_PRIVATE,
		  .up_bps = 40000000,
		  .down_bps = 250000000,
		  .is_metered = 1,
		  .risk = 3,
		  .overlay_ports = { 443, 4500 },
		  .spray_port = 49152,
		  .marks = CW_MARKS_COPY,
		  .internet_percent = 80,
		  .weights = { 60, 50, 39, 1 },
		  .cap_percents = { 30 } },
		{ .twin = "lan0", .nic = "eth0", .role = CW_ROLE_LAN },
	};
	const struct cw_segment_program segment = { .name = "office",
						    .twin = "office",
						    .vni = VNI,
						    .up_bps = 5000000,
						    .down_bps = 20000000 };
	const struct cw_peer_program peers[2] = { { .name = "lisbon", .identity = { [16] = 1 } },
						  { .name = "oslo", .identity = { [16] = 1, [19] = 1 }, .is_hub = 1, .limit_bps = 1000000 } };
	const struct cw_route_program route = { .address = { [10] = 0xff, 0xff, 10, 2 },
						.prefix_len = 112,
						.rank = 2 };
	const struct cw_acl_program rule = { .name = "print", .action = CW_ACL_ALLOW };
	const struct cw_path_program path = { .remote_address = { [10] = 0xff, 0xff, 203, 0, 113, 7 },
					      .remote_port = 51820 };
	const uint8_t key[32] = { 1 };
	cw_seed_add(&seed, &head, sizeof(head));
	cw_seed_add(&seed, key, sizeof(key));
	cw_seed_add(&seed, ports, sizeof(ports));
	cw_seed_add(&seed, &segment, sizeof(segment));
	cw_seed_add(&seed, peers, sizeof(peers));
	cw_seed_add(&seed, &route, sizeof(route));
	cw_seed_add(&seed, &rule, sizeof(rule));
	cw_seed_add(&seed, policies, sizeof(policies));
	cw_seed_add(&seed, &match, sizeof(match));
	cw_seed_add(&seed, &path, sizeof(path));
	cw_seed_write("program_check", "whole", &seed);
}

static void add_call(struct seed *seed, enum cw_verb verb, uint16_t room, const void *record,
		     uint16_t length, const struct seed *items)
{
	uint8_t head[5] = { (uint8_t)verb };

	packet_put16(head + 1, room);
	packet_put16(head + 3, length + (items == NULL ? 0 : items->length));
	cw_seed_add(seed, head, sizeof(head));
	cw_seed_add(seed, record, length);
	if (items != NULL)
		cw_seed_add(seed, items->bytes, items->length);
}

/* An initiator's keypair sends, a rekey of it comes in, both are shown and one is retired; counters and cookies. */
void cw_seeds_call(void)
{
	struct seed life = { 0 }, rest = { 0 }, items = { 0 };
	struct cw_keypair_install install = { .peer = "far",
					      .local_index = 3,
					      .remote_index = 4,
					      .suite = CW_SUITE_AES_256_GCM,
					      .is_initiator = 1,
					      .local_port = 9,
					      .remote_port = 9,
					      .remote_address = { [10] = 0xff, 0xff, 203, 0, 113, 2 },
					      .h = { 1 },
					      .lifetime_ms = 180000 };
	struct cw_control_send send = { .peer = "far", .local_index = 3 };
	const uint8_t secrets[96] = { 1 };
	struct cw_explain flow = { .source = { [10] = 0xff, 0xff, 10, 1, 0, 10 },
				   .destination = { [10] = 0xff, 0xff, 10, 2, 0, 5 },
				   .source_port = 1000,
				   .destination_port = 443,
				   .protocol = 6,
				   .dscp = 46,
				   .server = "eu.crm.example" };

	cw_seed_item(&items, 10, 100);
	send.length = items.length;
	add_call(&life, CW_VERB_INSTALL, 64, &install, sizeof(install), NULL);
	add_call(&life, CW_VERB_SEND, 64, &send, sizeof(send), &items);
	install.local_index = install.remote_index = 5;
	install.suite = CW_SUITE_CHACHA20_POLY1305;
	install.is_rekey = install.h[0] = 2;
	install.is_initiator = 0;
	add_call(&life, CW_VERB_INSTALL, 64, &install, sizeof(install), NULL);
	add_call(&life, CW_VERB_KEYPAIRS, 400, NULL, 0, NULL);
	add_call(&life, CW_VERB_RETIRE, 64, &send.local_index, 4, NULL);
	cw_seed_write("call", "life", &life);
	add_call(&rest, CW_VERB_DESCRIBE, 4000, NULL, 0, NULL);
	add_call(&rest, CW_VERB_COUNTERS, 4000, NULL, 0, NULL);
	add_call(&rest, CW_VERB_COOKIES, 64, secrets, sizeof(secrets), NULL);
	add_call(&rest, CW_VERB_EXPLAIN, 1000, &flow, sizeof(flow), NULL);
	strcpy(flow.segment, "office");
	add_call(&rest, CW_VERB_EXPLAIN, 1000, &flow, sizeof(flow), NULL);
	cw_seed_write("call", "rest", &rest);
}

/* What waits for uplinks is told from the first place on, and from one behind the first uplink's. */
void cw_seeds_queues(void)
{
	struct seed seed = { 0 };
	const uint32_t places[2] = { 0, 5000 };

	for (uint32_t i = 0; i < 2; i++)
		add_call(&seed, CW_VERB_QUEUES, 2000, &places[i], sizeof(places[i]), NULL);
	cw_seed_write("call", "queues", &seed);
	seed = (struct seed){ 0 };
	struct cw_flows_ask ask = { .first = 0, .idle_ms = 60000 };
	add_call(&seed, CW_VERB_FLOWS, 2000, &ask, sizeof(ask), NULL);
	cw_seed_write("call", "flows", &seed);
}

/* A channel opens, is told of, carries a handshake and ends; ways are tried, one of them relayed; a spray begins and ends. */
void cw_seeds_traversal(void)
{
	struct seed seed = { 0 }, datagram = { 0 }, way = { 0 };
	const struct cw_channel channel = { "far", "other", 1, 2, 50000000 };
	const struct cw_channel_end end = { .peer = "far", .channel = 1 };
	const uint8_t initiation[CW_RELAY_BYTES_MAX] = { 0xd4 };
	const uint32_t first = 0;
	const struct cw_relay_send send = { "far", 7, sizeof(initiation) };
	const struct cw_try try = { .peer = "other", .count = 2, .for_ms = 10000 };
	const struct cw_way_try ways[2] = {
		{ .remote_address = { [10] = 0xff, 0xff, 203, 0, 113, 7 }, .remote_port = 51820, .local_port = 443 },
		{ .remote_address = { 1, [8] = 9, 9, 9, 9, [15] = 7 }, .uplink = CW_UPLINK_RELAY },
	};
	struct cw_spray spray = { .peer = "far",
				  .remote_address = { [10] = 0xff, 0xff, 203, 0, 113, 7 },
				  .remote_port = 40000,
				  .near = 16,
				  .probes = 512,
				  .gap_ms10 = 20,
				  .many_local = 1 };

	cw_seed_add(&datagram, initiation, sizeof(initiation));
	cw_seed_add(&way, ways, sizeof(ways));
	add_call(&seed, CW_VERB_CHANNEL, 64, &channel, sizeof(channel), NULL);
	add_call(&seed, CW_VERB_CHANNELS, 400, &first, sizeof(first), NULL);
	add_call(&seed, CW_VERB_RELAY, 64, &send, sizeof(send), &datagram);
	add_call(&seed, CW_VERB_CHANNEL_CLOSE, 64, &end, sizeof(end), NULL);
	add_call(&seed, CW_VERB_TRY, 64, &try, sizeof(try), &way);
	add_call(&seed, CW_VERB_SPRAY, 64, &spray, sizeof(spray), NULL);
	spray.probes = 0;
	add_call(&seed, CW_VERB_SPRAY, 64, &spray, sizeof(spray), NULL);
	cw_seed_write("call", "traversal", &seed);
}

struct attribute {
	uint16_t type;
	uint16_t length;
	const void *value;
};

/* One datagram with one message, which answers request 1. */
static void add_message(struct seed *seed, uint16_t type, const void *head, uint32_t head_len,
			const struct attribute *attributes, uint32_t count)
{
	uint32_t at = seed->length;
	struct nlmsghdr message = { .nlmsg_type = type, .nlmsg_seq = 1 };
	const uint8_t padding[4] = { 0 };

	seed->length += 2;
	cw_seed_add(seed, &message, sizeof(message));
	cw_seed_add(seed, head, head_len);
	for (uint32_t i = 0; i < count; i++) {
		const struct attribute *a = &attributes[i];
		const struct rtattr rta = { .rta_len = RTA_LENGTH(a->length), .rta_type = a->type };
		cw_seed_add(seed, &rta, sizeof(rta));
		cw_seed_add(seed, a->value, a->length);
		cw_seed_add(seed, padding, -a->length & 3u);
	}
	message.nlmsg_len = seed->length - at - 2;
	packet_put16(seed->bytes + at, message.nlmsg_len);
	memcpy(seed->bytes + at + 2, &message, sizeof(message));
}

void cw_seeds_rtnetlink(void)
{
	const uint8_t v4[4] = { 10, 1, 0, 1 }, v6[18] = { 10, 0, 0xfe, 0x80, [17] = 1 }, mac[6] = { 2 };
	const uint32_t number = 7;
	const struct ifinfomsg link = { .ifi_index = 7, .ifi_flags = IFF_UP };
	const struct ifaddrmsg address = { .ifa_family = AF_INET, .ifa_index = 7 };
	const struct rtmsg route = { .rtm_family = AF_INET, .rtm_dst_len = 24, .rtm_type = RTN_UNICAST };
	const struct ndmsg near = { .ndm_family = AF_INET6, .ndm_ifindex = 7, .ndm_state = NUD_REACHABLE };
	struct seed seed = { 1, { 9 } };

	add_message(&seed, RTM_NEWLINK, &link, sizeof(link),
		    (struct attribute[]){ { IFLA_IFNAME, 5, "wan0" } }, 1);
	add_message(&seed, RTM_NEWADDR, &address, sizeof(address),
		    (struct attribute[]){ { IFA_LOCAL, 4, v4 }, { IFA_FLAGS, 4, &number } }, 2);
	add_message(&seed, RTM_NEWROUTE, &route, sizeof(route),
		    (struct attribute[]){ { RTA_DST, 4, v4 }, { RTA_OIF, 4, &number }, { RTA_VIA, 18, v6 } }, 3);
	add_message(&seed, RTM_NEWNEIGH, &near, sizeof(near),
		    (struct attribute[]){ { NDA_DST, 16, v6 + 2 }, { NDA_LLADDR, 6, mac } }, 2);
	cw_seed_write("rtnetlink", "all", &seed);
	seed.bytes[0] = 1;
	add_message(&seed, NLMSG_DONE, &number, 4, NULL, 0);
	cw_seed_write("rtnetlink", "nearly-full", &seed);
}
