/*
 * The outer headers in both families: what leaves the uplink is read field by field, alone and as a
 * train, whole and cut by the port; what has no address or no route to leave by is counted.
 */
#include <stdlib.h>

#include "check.h"
#include "graph/graph.h"
#include "graph/seal.h"
#include "graph_bench.h"
#include "packet.h"
#include "table/neighbour.h"

static struct cw_bench bench;
static uint8_t frame[CW_BENCH_FRAME_MAX];
static uint8_t out[CW_BENCH_FRAME_MAX];
static uint8_t *const sent = frame + 14;
static uint8_t *const l3 = out + 14;
static bool is_v6;

static uint32_t headers(void)
{
	return is_v6 ? 48 : 28;
}

/* `pieces` TCP segments of `bytes` each from the host to `far`, as one buffer. */
static void give_part(uint32_t pieces, uint32_t bytes, uint8_t tos)
{
	uint32_t length = 40 + pieces * bytes;
	struct cw_vnet_hdr vnet = { CW_VNET_NEEDS_CSUM, pieces > 1 ? CW_VNET_GSO_TCPV4 : 0, 54,
				    (uint16_t)(pieces > 1 ? bytes : 0), 34, 16 };

	cw_bench_ether(&bench, CW_BENCH_LAN, frame);
	packet_ip(sent, 20, PACKET_TCP, CW_BENCH_HOST, CW_BENCH_FAR);
	memset(sent + 20, 0, 20);
	check_fill(sent + 40, length - 40);
	sent[1] = tos;
	sent[32] = 0x50;
	sent[33] = 0x10;
	packet_finish(sent, length);
	cw_bench_give(&bench, CW_BENCH_LAN, &vnet, frame, 14 + length);
}

static void give_train(uint32_t pieces, uint32_t bytes, uint8_t tos)
{
	give_part(pieces, bytes, tos);
	cw_bench_flush(&bench);
}

static void check_ethernet(void)
{
	static const uint8_t to[6] = { 6, 0, 0, 0, 0, 20 };

	CHECK(memcmp(out, to, 6) == 0 && memcmp(out + 6, bench.ports[1]->mac, 6) == 0);
	CHECK(packet_u16(out + 12) == (is_v6 ? 0x86dd : 0x0800));
}

static void check_ip6(uint8_t tos, uint32_t udp_len)
{
	static uint32_t label;
	struct cw_address from = cw_bench_v6(CW_BENCH_WAN), to = cw_bench_v6(CW_BENCH_FAR_WAN);

	CHECK(packet_u32(l3) >> 20 == (0x600u | tos));
	/* One label for a session, and never none: RFC 6437. */
	label = label == 0 ? packet_u32(l3) & 0xfffff : label;
	CHECK(label != 0 && (packet_u32(l3) & 0xfffff) == label);
	CHECK(packet_u16(l3 + 4) == udp_len && l3[6] == PACKET_UDP && l3[7] == 64);
	CHECK(memcmp(l3 + 8, &from, 16) == 0 && memcmp(l3 + 24, &to, 16) == 0);
}

static void check_ip4(uint8_t tos, uint32_t udp_len)
{
	CHECK(l3[0] == 0x45 && l3[1] == tos && packet_u16(l3 + 2) == 20 + udp_len);
	CHECK(packet_u16(l3 + 6) == 0x4000 && l3[8] == 64 && l3[9] == PACKET_UDP);
	CHECK(packet_sum(0, l3, 20) == 0xffff);
	CHECK(packet_u32(l3 + 12) == CW_BENCH_WAN && packet_u32(l3 + 16) == CW_BENCH_FAR_WAN);
}

/* The kernel's convention for a checksum to be done: the pseudo header's sum, not complemented. */
static uint32_t pseudo_sum(uint32_t udp_len)
{
	const uint8_t rest[4] = { 0, PACKET_UDP, (uint8_t)(udp_len >> 8), (uint8_t)udp_len };

	return packet_sum(is_v6 ? packet_sum(0, l3 + 8, 32) : packet_sum(0, l3 + 12, 8), rest, 4);
}

/* The next buffer that left by the uplink; bytes of datagrams in it, 0: none. */
static uint32_t take(uint8_t tos, struct cw_vnet_hdr *vnet)
{
	uint32_t length = cw_bench_take(&bench, CW_BENCH_UPLINK, vnet, out);
	uint32_t udp_len = length - 14 - headers() + 8;
	const uint8_t *udp = l3 + headers() - 8;

	if (length == 0)
		return 0;
	check_ethernet();
	if (is_v6)
		check_ip6(tos, udp_len);
	else
		check_ip4(tos, udp_len);
	CHECK(packet_u16(udp) == CW_BENCH_PORT && packet_u16(udp + 2) == CW_BENCH_PORT + 1);
	CHECK(packet_u16(udp + 4) == udp_len);
	if (vnet->flags & CW_VNET_NEEDS_CSUM) {
		CHECK(vnet->csum_start == 14 + headers() - 8 && vnet->csum_offset == 6);
		CHECK(packet_u16(udp + 6) == pseudo_sum(udp_len));
	} else {
		/* Over IPv6 none may go without (RFC 8200 §8.1). */
		CHECK(!is_v6 && packet_u16(udp + 6) == 0);
	}
	return udp_len - 8;
}

static void puts_headers_before_datagrams(void)
{
	for (uint32_t i = 0; i < 500; i++) {
		uint32_t pieces = check_below(3) == 0 ? 1 : 2 + check_below(60);
		uint32_t bytes = 1 + check_below(pieces > 40 ? 1000 : 1300), count = 0, got;
		uint8_t tos = (uint8_t)check_below(4);
		struct cw_vnet_hdr vnet;
		give_train(pieces, bytes, 0xb8 | tos);
		while ((got = take(0xb8 | tos, &vnet)) > 0) {
			uint32_t datagram = 40 + bytes + CW_SEALED_OVERHEAD;
			bool is_train = got > datagram;
			CHECK(got % datagram == 0 && got / datagram <= 64);
			CHECK((vnet.gso_type != 0) == is_train);
			CHECK(!is_train || (vnet.gso_type == CW_VNET_GSO_UDP_L4 &&
					    vnet.gso_size == datagram &&
					    vnet.hdr_len == 14 + headers()));
			count += got / datagram;
		}
		CHECK(count == pieces && cw_bench_drops(&bench)[0] == 0);
	}
}

/* A port found out only now to be unable to cut sends whole datagrams, checksums done; then it gets them singly. */
static void cuts_where_the_port_cannot(void)
{
	struct cw_vnet_hdr vnet;
	uint32_t count = 0, length;

	/* The port cuts into a buffer that it keeps to receive into. */
	cw_bench_give(&bench, CW_BENCH_UPLINK, &(struct cw_vnet_hdr){ 0 }, frame, 60);
	CHECK(cw_bench_drain(&bench, CW_BENCH_UPLINK_TWIN) == 1);
	give_part(20, 1000, 0);
	bench.links[CW_BENCH_UPLINK]->can_send_udp_trains = false;
	cw_bench_flush(&bench);
	while ((length = cw_bench_take(&bench, CW_BENCH_UPLINK, &vnet, out)) > 0) {
		check_ethernet();
		CHECK(length == 14 + headers() + 1040 + CW_SEALED_OVERHEAD && vnet.gso_type == 0);
		CHECK(packet_is_right(l3, length - 14));
		count++;
	}
	CHECK(count == 20 && cw_bench_drops(&bench)[0] == 0);
	give_train(20, 1000, 0);
	for (; take(0, &vnet) == 1040 + CW_SEALED_OVERHEAD; count--)
		CHECK(vnet.gso_type == 0);
	CHECK(count == 0 && cw_bench_drops(&bench)[0] == 0);
	bench.links[CW_BENCH_UPLINK]->can_send_udp_trains = true;
}

static void marks_control_frames(void)
{
	struct cw_vnet_hdr vnet;

	CHECK(cw_seal_control(bench.worker, bench.keypair, cw_bench_path(&bench), "\0\0\0\0", 4) == 0);
	cw_bench_flush(&bench);
	CHECK(take(0xc0, &vnet) == 36); /* CS6 */
}

/* wire.md: 68 bytes over IPv4, 88 over IPv6. */
static void leaves_room_for_its_headers(void)
{
	uint32_t overhead = is_v6 ? 88 : 68;

	CHECK(cw_seal_limit(bench.worker, cw_bench_path(&bench)) == CW_BENCH_MTU - overhead);
	bench.ports[1]->mtu = 1280;
	CHECK(cw_seal_limit(bench.worker, cw_bench_path(&bench)) == 1280 - overhead);
	bench.ports[1]->mtu = 576;
	CHECK(cw_seal_limit(bench.worker, cw_bench_path(&bench)) == 576 - overhead);
	/* Less than that is no path, whatever the port says. */
	bench.ports[1]->mtu = 68;
	CHECK(cw_seal_limit(bench.worker, cw_bench_path(&bench)) == 576 - overhead);
	bench.ports[1]->mtu = CW_BENCH_MTU;
}

static void leave_by(uint8_t uplink)
{
	struct cw_path *path = cw_bench_path(&bench);

	path->way.uplink = uplink;
	path->departure.serial = 0;
}

/* Not from nowhere, and not from an address that no router takes. */
static void needs_an_address_and_a_route(void)
{
	static const uint8_t link_local[16] = { 0xfe, 0x80, [15] = 2 };
	struct cw_address *own = &bench.worker->view->port_address[1][is_v6 ? CW_V6 : CW_V4];
	struct cw_address kept = *own;
	struct cw_vnet_hdr vnet;

	*own = (struct cw_address){ { 0, 0 } };
	cw_bench_changed(&bench);
	give_train(3, 100, 0);
	CHECK(strcmp(cw_bench_drops(&bench), "no_uplink_route 3") == 0);
	if (is_v6) {
		*own = cw_address_of(link_local);
		cw_bench_changed(&bench);
		give_train(1, 100, 0);
		CHECK(strcmp(cw_bench_drops(&bench), "no_uplink_route 1") == 0);
	}
	*own = kept;
	cw_bench_changed(&bench);
	give_train(1, 100, 0);
	CHECK(cw_bench_drain(&bench, CW_BENCH_UPLINK) == 1);
	leave_by(7);
	give_train(2, 100, 0);
	CHECK(strcmp(cw_bench_drops(&bench), "no_uplink_route 2") == 0);
	leave_by(0);
	CHECK(take(0, &vnet) == 0);
}

/* The bench's is the first. */
static struct cw_address gateway(uint8_t number)
{
	const uint8_t link_local[16] = { 0xfe, 0x80, [15] = number };

	return is_v6 ? cw_address_of(link_local) : cw_bench_v4(CW_BENCH_WAN - number);
}

/* By this view a datagram leaves to this MAC; NULL: it does not. */
static bool leaves_to(struct cw_view *view, const uint8_t *mac)
{
	static uint64_t serial = 1000;
	struct cw_vnet_hdr vnet;

	view->serial = serial++;
	bench.worker->view = view;
	give_train(1, 100, 0);
	uint32_t length = cw_bench_take(&bench, CW_BENCH_UPLINK, &vnet, out);
	return mac == NULL ? length == 0 : length > 0 && memcmp(out, mac, 6) == 0;
}

/* What a session knows of its way is of one view: the next may have other MACs, other ways, or none. */
static void follows_the_view(void)
{
	static const uint8_t to[6] = { 6, 0, 0, 0, 0, 20 };
	const struct cw_neighbour known[2] = {
		{ .port = CW_BENCH_UPLINK_PORT, .address = gateway(1), .mac = { 6, 1 } },
		{ .port = CW_BENCH_UPLINK_PORT, .address = gateway(2), .mac = { 6, 2 } },
	};
	struct cw_view *first = bench.worker->view, second = *first;
	struct cw_hop hops[32];

	if (!CHECK(first->hop_count <= sizeof(hops) / sizeof(hops[0])))
		return;
	memcpy(hops, first->hops, first->hop_count * sizeof(hops[0]));
	CHECK(leaves_to(first, to));
	second.hops = hops;
	second.neighbours = cw_neighbours_new(known, 2);
	CHECK(leaves_to(&second, known[0].mac));
	for (uint32_t i = 0; i < first->hop_count; i++) {
		if (cw_address_equal(hops[i].gateway, gateway(1)))
			hops[i].gateway = gateway(2);
	}
	CHECK(leaves_to(&second, known[1].mac));
	free(second.neighbours);
	second.neighbours = cw_neighbours_new(known, 1);
	uint32_t asked = bench.asked;
	CHECK(leaves_to(&second, NULL) && bench.asked == asked + 1);
	free(second.neighbours);
	CHECK(leaves_to(first, to));
	/* What waited for the one that went waits in vain. */
	bench.worker->now_us += 3000000;
	cw_tx_pending(bench.worker);
	CHECK(strcmp(cw_bench_drops(&bench), "neighbour 1") == 0);
}

int main(int argc, char **argv)
{
	check_begin(argc, argv);
	cw_bench_open(&bench);
	for (uint32_t family = 0; family < 2; family++) {
		is_v6 = family == 1;
		cw_bench_outer6(&bench, is_v6);
		puts_headers_before_datagrams();
		cuts_where_the_port_cannot();
		marks_control_frames();
		leaves_room_for_its_headers();
		needs_an_address_and_a_route();
		follows_the_view();
	}
	cw_bench_close(&bench);
	return check_result();
}
