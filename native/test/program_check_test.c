/*
 * The rules that a program's bytes must meet: each broken alone is refused with its place, the
 * limits are exact, and no bytes whatever make the check read outside of them.
 */
#include "program_sample.h"

static void accepts_a_good_one(void)
{
	struct sample program = good_program();
	struct cw_program_parts parts;
	char why[WHY];

	CHECK(cw_program_check(&program, SAMPLE_BYTES, 6, &parts, why, WHY) == 0);
	CHECK(parts.head.generation == 7);
	CHECK((const void *)parts.mac1_keys == program.mac1_keys);
	CHECK(parts.ports == program.ports && parts.segments == program.segments);
	CHECK(parts.peers == program.peers && parts.routes == program.routes);
	CHECK(parts.acl == program.acl);
	CHECK(parts.policies == program.policies && parts.matches == program.matches);

	/* One with nothing but the default policy takes a box out of service. */
	struct {
		struct cw_program_head head;
		struct cw_policy_program policy;
	} empty = { { .generation = 7, .policy_count = 1 }, program.policies[0] };
	CHECK(check_bytes(&empty, sizeof(empty), 6, why) == 0);
}

static void refuses_a_wrong_length_or_generation(void)
{
	struct sample program = good_program();
	uint8_t longer[SAMPLE_BYTES + 2] = { 0 };
	char why[WHY];

	for (size_t length = 0; length < SAMPLE_BYTES; length++)
		CHECK(check_bytes(&program, length, 6, why) == -EINVAL && why[0] == '/');
	memcpy(longer, &program, SAMPLE_BYTES);
	CHECK(check_bytes(longer, SAMPLE_BYTES + 1, 6, why) == -EINVAL);
	CHECK(check_bytes(&program, SAMPLE_BYTES, 7, why) == -ESTALE);
	CHECK(strncmp(why, "/generation:", 12) == 0);
	CHECK(check_bytes(&program, SAMPLE_BYTES, UINT64_MAX, why) == -ESTALE);
	/* Counts whose product wraps 32 bits are no way in. */
	REFUSES("/", p.head.mac1_key_count = CW_MAC1_KEYS_MAX + 1);
	REFUSES("/", p.head.port_count = CW_PORTS_MAX + 1);
	REFUSES("/", p.head.segment_count = CW_SEGMENTS_MAX + 1);
	REFUSES("/", p.head.peer_count = CW_PEERS_MAX + 1);
	REFUSES("/", p.head.route_count = CW_ROUTES_MAX + 1);
	REFUSES("/", p.head.policy_count = CW_POLICIES_MAX + 1);
	REFUSES("/", p.head.match_count = CW_MATCHES_MAX + 1);
	REFUSES("/", p.head.route_count = 0xffffffff);
	REFUSES("/", p.head.peer_count = 0x08000002);
	REFUSES("/", p.head.route_count = 4);
}

static void refuses_bad_ports(void)
{
	REFUSES("/ports/0/twin", p.ports[0].twin[0] = 0);
	REFUSES("/ports/0/twin", memset(p.ports[0].twin, 'a', CW_IFNAME));
	REFUSES("/ports/0/twin", p.ports[0].twin[2] = '/');
	REFUSES("/ports/0/twin", p.ports[0].twin[2] = ' ');
	REFUSES("/ports/0/twin", p.ports[0].twin[2] = 127);
	REFUSES("/ports/0/twin", p.ports[0].twin[2] = (char)0xc3);
	REFUSES("/ports/0/twin", p.ports[0].twin[9] = 'x'); /* behind the end */
	REFUSES("/ports/2/twin", strcpy(p.ports[2].twin, "wan0"));
	REFUSES("/ports/1/nic", p.ports[1].nic[0] = 0);
	REFUSES("/ports/1/nic", memset(p.ports[1].nic, 'a', CW_IFNAME));
	REFUSES("/ports/2/nic", strcpy(p.ports[2].nic, "eth1"),
		strcpy(p.ports[2].nic_netns, "nics"));
	REFUSES("/ports/1/kind", p.ports[1].kind = 2);
	ACCEPTS(p.ports[1].kind = CW_KIND_PMD, strcpy(p.ports[1].nic, "net_memif0,socket=/run/m"));
	REFUSES("/ports/1/nic", strcpy(p.ports[1].nic, "eth/1"));
	REFUSES("/ports/1/mtu", p.ports[1].mtu = 67);
	ACCEPTS(p.ports[1].mtu = 68);
	REFUSES("/ports/1/queues", p.ports[1].queues = CW_QUEUES_MAX + 1);
	REFUSES("/ports/1/queues", strcpy(p.ports[1].nic, "eth1"), strcpy(p.ports[1].nic_netns, "nics"),
		p.ports[1].vlan = 20, p.ports[1].queues = 2);
	REFUSES("/ports/1/kind", strcpy(p.ports[1].nic, "eth1"), strcpy(p.ports[1].nic_netns, "nics"),
		p.ports[1].vlan = 20, p.ports[1].kind = CW_KIND_PMD);
	ACCEPTS(p.ports[1].kind = CW_KIND_PMD, memset(p.ports[1].nic, 'a', CW_IFNAME + 1));
	REFUSES("/ports/1/vlan", p.ports[1].vlan = 4095);
	ACCEPTS(strcpy(p.ports[1].nic, "eth1"), strcpy(p.ports[1].nic_netns, "nics"), p.ports[1].vlan = 20);
	REFUSES("/acl/0/name", p.acl[0].name[0] = 0);
	REFUSES("/acl/0/fromSegment", p.acl[0].from_segment = 2);
	REFUSES("/acl/0/toSegment", p.acl[0].to_segment = 2);
	REFUSES("/acl/0/action", p.acl[0].action = 0);
	REFUSES("/acl/0/source", p.acl[0].source[0] = 1);
	REFUSES("/acl/0/source", p.acl[0].source_len = 129);
	REFUSES("/acl/0/destination", p.acl[0].destination[15] = 1, p.acl[0].destination_len = 127);
	REFUSES("/acl/0/sourcePort", p.acl[0].source_port_first = 2, p.acl[0].source_port_last = 1);
	REFUSES("/acl/0/destinationPort", p.acl[0].destination_port_first = 9101);
	ACCEPTS(strcpy(p.ports[2].nic, "eth1")); /* of another namespace */
	REFUSES("/ports/0/nicNetns", p.ports[0].nic_netns[0] = '/');
	REFUSES("/ports/0/nicNetns", memset(p.ports[0].nic_netns, 'a', 2 * CW_NAME));
	REFUSES("/ports/0/role", p.ports[0].role = 0);
	REFUSES("/ports/2/role", p.ports[2].role = 3);
	REFUSES("/ports/2/segment", p.ports[2].segment = 2);
	REFUSES("/ports/0/overlayPort", p.ports[0].overlay_port = 0);
	REFUSES("/ports/1/uplink", p.ports[1].uplink = 0);
	REFUSES("/ports/0/network", p.ports[0].network = 0);
	REFUSES("/ports/1/network", p.ports[1].network = 3);
	REFUSES("/ports/1/isMetered", p.ports[1].is_metered = 2);
	REFUSES("/ports/1/uplink", p.ports[1].uplink = 8);
	REFUSES("/ports/1/isBackup", p.ports[1].is_backup = 2);
	ACCEPTS(p.ports[0].overlay_ports[0] = 443, p.ports[0].overlay_ports[1] = 4500, p.ports[0].spray_port = 49152);
	REFUSES("/ports/0/overlayPorts", p.ports[0].overlay_ports[0] = 51820);
	REFUSES("/ports/0/overlayPorts", p.ports[0].overlay_ports[0] = p.ports[0].overlay_ports[3] = 443);
	REFUSES("/ports/0/overlayPorts", p.ports[0].overlay_ports[1] = 443);
	REFUSES("/ports/0/sprayPort", p.ports[0].spray_port = 51820 - 255);
	REFUSES("/ports/0/sprayPort", p.ports[0].overlay_ports[0] = 443, p.ports[0].spray_port = 443);
	ACCEPTS(p.ports[0].spray_port = 51820 - 256);
	ACCEPTS(p.ports[0].spray_port = 65280);
	REFUSES("/ports/0/sprayPort", p.ports[0].spray_port = 65281);
	ACCEPTS(p.ports[1].risk = 255, p.ports[1].up_bps = UINT64_MAX);
	REFUSES("/ports/0/marks", p.ports[0].marks = 0);
	REFUSES("/ports/1/marks", p.ports[1].marks = 4);
	REFUSES("/ports/0/internetPercent", p.ports[0].internet_percent = 0);
	REFUSES("/ports/0/internetPercent", p.ports[0].internet_percent = 101);
	REFUSES("/ports/0/classes", p.ports[0].weights[3] = 0);
	REFUSES("/ports/0/classes", p.ports[0].weights[2] = 101);
	REFUSES("/ports/1/classes", p.ports[1].cap_percents[0] = 101);
	ACCEPTS(p.ports[0].cap_percents[0] = 0, p.ports[0].cap_percents[3] = 100, p.ports[0].weights[1] = 1);
	ACCEPTS(p.ports[0].segment = 9); /* an uplink has none */
	ACCEPTS(p.ports[2].overlay_port = 1); /* nor has a LAN a port */
	ACCEPTS(p.ports[2].overlay_ports[3] = 1, p.ports[2].spray_port = 65535);
	ACCEPTS(p.ports[2].network = 9, p.ports[2].is_metered = 9);
	ACCEPTS(memset(p.ports[0].twin, 'a', CW_IFNAME - 1));
}

static void refuses_bad_segments_and_peers(void)
{
	REFUSES("/segments/0/name", p.segments[0].name[0] = 0);
	REFUSES("/segments/0/name", memset(p.segments[0].name, 'a', CW_NAME));
	REFUSES("/segments/1/twin", p.segments[1].twin[0] = 0);
	REFUSES("/segments/1/twin", memcpy(p.segments[1].twin, p.segments[0].twin, CW_IFNAME));
	REFUSES("/segments/0/vni", p.segments[0].vni = 0);
	REFUSES("/segments/0/vni", p.segments[0].vni = 0x1000000);
	REFUSES("/segments/1/vni", p.segments[1].vni = 1);
	REFUSES("/peers/0/name", p.peers[0].name[0] = 0);
	REFUSES("/peers/1/name", memset(p.peers[1].name, 'a', CW_NAME));
	REFUSES("/peers/1/name", p.peers[1] = p.peers[0]);
	/* Of a relay's key a relayed way says four bytes. */
	REFUSES("/isTransit", p.head.is_transit = 2);
	ACCEPTS(p.head.is_transit = 1);
	REFUSES("/peers/1/isHub", p.peers[1].is_hub = 2);
	ACCEPTS(p.peers[1].is_hub = 1);
	REFUSES("/routes/1/rank", p.routes[1].rank = CW_RANKS);
	ACCEPTS(p.routes[1].rank = CW_RANKS - 1);
	REFUSES("/peers/1/identity", memcpy(p.peers[1].identity, p.peers[0].identity, CW_IDENTITY));
	REFUSES("/peers/1/identity", memcpy(p.peers[1].identity + 16, p.peers[0].identity + 16, 4), p.peers[1].identity[20] = 9,
		p.peers[1].identity[0] = 9);
	ACCEPTS(memcpy(p.peers[1].identity + 16, p.peers[0].identity + 16, 4), p.peers[1].identity[19] = 1);
}

static void refuses_bad_routes(void)
{
	REFUSES("/routes/0/segment", p.routes[0].segment = 2);
	REFUSES("/routes/2/peer", p.routes[2].peer = 2);
	ACCEPTS(memset(p.routes[0].address, 0, 16), p.routes[0].address[0] = 0xfd, p.routes[0].prefix_len = 8);
	REFUSES("/routes/0/prefix", memset(p.routes[0].address, 0, 16), p.routes[0].address[0] = 0xfd,
		p.routes[0].prefix_len = 7);
	REFUSES("/routes/0/prefix", p.routes[0].prefix_len = 95);
	REFUSES("/routes/0/prefix", p.routes[0].prefix_len = 129);
	REFUSES("/routes/0/prefix", p.routes[0].prefix_len = 255);
	REFUSES("/routes/0/prefix", p.routes[0].address[15] = 1);
	REFUSES("/routes/1/prefix", p.routes[1].address[12] = 0x80);
}

static void refuses_bad_policies(void)
{
	const struct cw_program_head none = { .generation = 7 };
	char why[WHY];

	CHECK(check_bytes(&none, sizeof(none), 6, why) == -EINVAL && strncmp(why, "/policies: ", 11) == 0);
	REFUSES("/policies/0/name", p.policies[0].name[0] = 0);
	REFUSES("/policies/1/name", memset(p.policies[1].name, 'a', CW_NAME));
	REFUSES("/policies/1/name", memcpy(p.policies[1].name, p.policies[0].name, CW_NAME));
	REFUSES("/policies/1/lossPpm", p.policies[1].loss_ppm = 1000001);
	REFUSES("/policies/1/lossPpm", p.policies[1].loss_ppm = CW_NONE - 1);
	REFUSES("/policies/1/latencyUs", p.policies[1].latency_us = 60000001);
	REFUSES("/policies/1/jitterUs", p.policies[1].jitter_us = 60000001);
	ACCEPTS(p.policies[1].loss_ppm = 1000000, p.policies[1].jitter_us = 60000000,
		p.policies[1].latency_us = 60000000);
	ACCEPTS(p.policies[1].loss_ppm = p.policies[1].jitter_us = p.policies[1].latency_us = 0);
	REFUSES("/policies/0/metered", p.policies[0].metered = 0);
	REFUSES("/policies/1/metered", p.policies[1].metered = 4);
	REFUSES("/policies/0/kinds", p.policies[0].kinds = 0);
	REFUSES("/policies/1/kinds", p.policies[1].kinds = 4);
	REFUSES("/policies/1/isStrict", p.policies[1].is_strict = 2);
	REFUSES("/policies/1/isSpread", p.policies[1].is_spread = 2);
	REFUSES("/policies/1/class", p.policies[1].class = 5);
	ACCEPTS(p.policies[1].class = 4, p.policies[0].class = 1);
	REFUSES("/policies/1/isBreakoutDenied", p.policies[1].is_breakout_denied = 2);
	REFUSES("/policies/1/prefer", p.policies[1].prefer_count = 9);
	REFUSES("/policies/1/prefer", p.policies[1].prefer[1] = 1);
	REFUSES("/policies/1/prefer", p.policies[1].prefer_count = 8); /* zeros are uplinks too */
	ACCEPTS(p.policies[1].prefer[1] = 7); /* the port of it is absent */
	ACCEPTS(p.policies[1].prefer_count = 8,
		memcpy(p.policies[1].prefer, (uint8_t[]){ 7, 6, 5, 4, 3, 2, 1, 0 }, 8));
}

static void refuses_bad_matches(void)
{
	REFUSES("/matches/0/application", p.matches[0].application[1] = ' ');
	REFUSES("/matches/0/application", memset(p.matches[0].application, 'a', CW_NAME));
	REFUSES("/matches/0/server", memset(p.matches[0].server, 'a', CW_SERVER));
	REFUSES("/matches/0/server", p.matches[0].server[3] = 'A');
	REFUSES("/matches/0/server", p.matches[0].server[2] = '*');
	REFUSES("/matches/0/server", p.matches[0].server[2] = '.');
	REFUSES("/matches/0/server", p.matches[0].server[2] = 0);
	REFUSES("/matches/0/server", memset(p.matches[0].server + 2, 0, CW_SERVER - 2));
	REFUSES("/matches/0/server", strcpy(p.matches[0].server, "*teams.example"));
	REFUSES("/matches/0/server", strcpy(p.matches[0].server, "teams.example."));
	REFUSES("/matches/0/server", strcpy(p.matches[0].server, ".teams.example"));
	ACCEPTS(memset(p.matches[0].server, 'a', CW_SERVER - 1));
	ACCEPTS(memset(p.matches[0].server, 0, CW_SERVER));
	REFUSES("/matches/0/source", p.matches[0].source[0] = 1);
	REFUSES("/matches/0/source", p.matches[0].source_len = 129);
	REFUSES("/matches/1/destination", p.matches[1].destination[15] = 1, p.matches[1].destination_len = 127);
	REFUSES("/matches/1/destination", p.matches[1].destination_len = 129);
	ACCEPTS(p.matches[1].destination[15] = 1, p.matches[1].destination_len = 128);
	REFUSES("/matches/0/policy", p.matches[0].policy = 2);
	REFUSES("/matches/0/segment", p.matches[0].segment = 2);
	REFUSES("/matches/0/sourcePort", p.matches[0].source_port_first = 2, p.matches[0].source_port_last = 1);
	REFUSES("/matches/0/destinationPort", p.matches[0].destination_port_first = 444);
	REFUSES("/matches/1/dscp", p.matches[1].dscp = 64);
	ACCEPTS(p.matches[1].dscp = 0);
}

/* As many paths as a peer has room for, and not one more. */
static void checks_the_number_of_paths(void)
{
	struct {
		struct cw_program_head head;
		struct cw_port_program port;
		struct cw_peer_program peer;
		struct cw_policy_program policy;
		struct cw_path_program paths[CW_PEER_PATHS_MAX + 1];
	} p = { .head = { .generation = 7, .port_count = 1, .peer_count = 1, .policy_count = 1 } };
	struct sample good = good_program();
	char why[WHY];

	p.port = good.ports[0];
	p.peer = good.peers[0];
	p.policy = good.policies[0];
	for (uint32_t i = 0; i <= CW_PEER_PATHS_MAX; i++)
		p.paths[i] = good.paths[0];
	p.head.path_count = CW_PEER_PATHS_MAX;
	CHECK(check_bytes(&p, sizeof(p) - sizeof(p.paths[0]), 6, why) == 0);
	p.head.path_count++;
	CHECK(check_bytes(&p, sizeof(p), 6, why) == -EINVAL && strcmp(why, "/paths/16/peer: has too many") == 0);
}

static void checks_paths(void)
{
	REFUSES("/", p.head.path_count = CW_PROGRAM_PATHS_MAX + 1);
	REFUSES("/paths/0/peer", p.paths[0].peer = 2);
	REFUSES("/paths/0/remoteAddress", memset(p.paths[0].remote_address, 0, 16));
	REFUSES("/paths/0/remoteAddress", p.paths[0].remote_address[12] = 224);
	REFUSES("/paths/1/remoteAddress", p.paths[1].remote_address[0] = 0xff);
	REFUSES("/paths/1/remoteAddress", memcpy(p.paths[1].remote_address, (uint8_t[16]){ 1 }, 16)); /* of a relay */
	REFUSES("/paths/1/remotePort", p.paths[1].remote_port = 0);
	REFUSES("/paths/0/uplink", p.paths[0].uplink = 2);
}

/* Bytes, counts and lengths changed at random: refused or accepted, never read beyond. */
static void survives_any_bytes(void)
{
	uint32_t accepted = 0, refused = 0;

	for (uint32_t i = 0; i < 200000; i++) {
		struct sample program = good_program();
		uint8_t *bytes = (uint8_t *)&program;
		char why[WHY];
		for (uint32_t n = check_below(4); n > 0; n--) {
			bool is_anywhere = check_below(3) != 0;
			uint32_t at = check_below(is_anywhere ? SAMPLE_BYTES : sizeof(program.head));
			bytes[at] = check_below(2) ? (uint8_t)check_random() :
						     (uint8_t)(bytes[at] ^ 1 << check_below(8));
		}
		size_t length = check_below(8) ? SAMPLE_BYTES : check_below(SAMPLE_BYTES + 1);
		int rc = check_bytes(bytes, length, 6, why);
		accepted += rc == 0;
		refused += rc != 0;
		if (!CHECK(rc == 0 || ((rc == -EINVAL || rc == -ESTALE) && why[0] == '/')))
			break;
	}
	CHECK(accepted > 10000 && refused > 10000);
}

int main(int argc, char **argv)
{
	check_begin(argc, argv);
	checks_paths();
	checks_the_number_of_paths();
	accepts_a_good_one();
	refuses_a_wrong_length_or_generation();
	refuses_bad_ports();
	refuses_bad_segments_and_peers();
	refuses_bad_routes();
	refuses_bad_policies();
	refuses_bad_matches();
	survives_any_bytes();
	return check_result();
}
