/*
 * VLANs: several ports on one NIC. The tag chooses the port and is seen by nobody behind it; what leaves by the port
 * is tagged, offloads and all; what has no port is counted. Tags come in the frame here, as a device hands them over,
 * or beside it, as the kernel does.
 */
#include <sys/socket.h>
#include <unistd.h>

#include "check.h"
#include "graph/graph.h"
#include "graph_bench.h"
#include "packet.h"

#define CAMERAS 2 /* index of the port with VLAN 20 on the LAN's NIC */
#define ETHER 14
#define TAG 4

static struct cw_bench bench;
static struct cw_port cameras;
static int cameras_end;
static uint8_t frame[CW_BENCH_FRAME_MAX], seen[CW_BENCH_FRAME_MAX];

static void add_port(void)
{
	struct cw_program *program = bench.worker->view->program;
	int pair[2];

	cameras = *bench.ports[CW_BENCH_LAN_PORT];
	cameras.vlan = 20;
	CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, pair) == 0);
	cameras.twin = (struct cw_link){ .kind = CW_LINK_TAP,
					 .watch_fd = -1,
					 .fd = pair[0],
					 .tx_fd = pair[0],
					 .can_send_udp_trains = true,
					 .drops = bench.worker->drops };
	cameras_end = pair[1];
	program->ports[CAMERAS] = &cameras;
	program->port_programs[CAMERAS].role = CW_ROLE_LAN;
	program->port_count = CAMERAS + 1;
}

/* The next frame that the twin of `cameras` was handed. */
static uint32_t take_at_cameras(struct cw_vnet_hdr *vnet)
{
	static uint8_t whole[sizeof(*vnet) + CW_BENCH_FRAME_MAX];
	ssize_t n = read(cameras_end, whole, sizeof(whole));

	if (n < (ssize_t)sizeof(*vnet))
		return 0;
	memcpy(vnet, whole, sizeof(*vnet));
	memcpy(seen, whole + sizeof(*vnet), (size_t)n - sizeof(*vnet));
	return (uint32_t)n - sizeof(*vnet);
}

/* An ARP-like frame to everybody with these tags in it, outermost first; its bytes. */
static uint32_t put_broadcast(const uint32_t *tags, const uint32_t *types, uint32_t count)
{
	uint8_t *at = frame + 12;

	memset(frame, 0xff, 6);
	memcpy(frame + 6, (const uint8_t[]){ 6, 0, 0, 0, 0, 9 }, 6);
	for (uint32_t i = 0; i < count; i++, at += TAG) {
		packet_put16(at, types[i]);
		packet_put16(at + 2, tags[i]);
	}
	packet_put16(at, 0x0806);
	check_fill(at + 2, 46);
	return (uint32_t)(at + 48 - frame);
}

static void give(uint32_t length)
{
	cw_bench_give(&bench, CW_BENCH_LAN, &(struct cw_vnet_hdr){ 0 }, frame, length);
}

/* Without the tag, else unchanged. */
static bool is_untagged(uint32_t length, uint32_t had_length)
{
	return length == had_length - TAG && memcmp(seen, frame, 12) == 0 &&
	       memcmp(seen + 12, frame + 12 + TAG, length - 12) == 0;
}

static void the_tag_chooses_the_port(void)
{
	const uint32_t q = 0x8100, ad = 0x88a8;
	struct cw_vnet_hdr vnet;
	uint64_t before = cameras.rx_packets;

	/* Priority and DEI are not part of the number. */
	uint32_t length = put_broadcast((const uint32_t[]){ 0xf000 | 20 }, &q, 1);
	give(length);
	CHECK(is_untagged(take_at_cameras(&vnet), length));
	CHECK(cameras.rx_packets == before + 1 && cameras.rx_bytes == length - TAG);
	CHECK(cw_bench_drain(&bench, CW_BENCH_LAN_TWIN) == 0);

	/* A mere priority is untagged. */
	length = put_broadcast((const uint32_t[]){ 0xa000 }, &q, 1);
	give(length);
	CHECK(is_untagged(cw_bench_take(&bench, CW_BENCH_LAN_TWIN, &vnet, seen), length));
	length = put_broadcast(NULL, NULL, 0);
	give(length);
	CHECK(cw_bench_take(&bench, CW_BENCH_LAN_TWIN, &vnet, seen) == length);
	CHECK(memcmp(seen, frame, length) == 0 && take_at_cameras(&vnet) == 0);
	CHECK(bench.ports[CW_BENCH_LAN_PORT]->rx_packets == 2 && cameras.rx_packets == before + 1);

	/* A tag inside of the tag is the LAN's own. */
	length = put_broadcast((const uint32_t[]){ 20, 7 }, (const uint32_t[]){ q, q }, 2);
	give(length);
	CHECK(is_untagged(take_at_cameras(&vnet), length) && packet_u16(seen + 14) == 7);
	CHECK(cw_bench_drops(&bench)[0] == 0);

	give(put_broadcast((const uint32_t[]){ 30 }, &q, 1));
	give(put_broadcast((const uint32_t[]){ 20 }, &ad, 1));
	give(put_broadcast((const uint32_t[]){ 0, 20 }, (const uint32_t[]){ ad, q }, 2));
	CHECK(strcmp(cw_bench_drops(&bench), "vlan 3") == 0);
	bench.ports[CW_BENCH_LAN_PORT]->vlan = 10;
	give(put_broadcast(NULL, NULL, 0));
	bench.ports[CW_BENCH_LAN_PORT]->vlan = 0;
	CHECK(strcmp(cw_bench_drops(&bench), "vlan 1") == 0);
	CHECK(take_at_cameras(&vnet) == 0 && cw_bench_drain(&bench, CW_BENCH_LAN_TWIN) == 0);
}

/* As the kernel has it: the tag beside the frame. */
static void a_tag_beside_the_frame(void)
{
	struct cw_vnet_hdr vnet;
	uint32_t length = put_broadcast(NULL, NULL, 0);
	struct rte_mbuf *m = cw_bench_mbuf(&bench, frame, length, ETHER);

	m->ol_flags |= RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED;
	m->vlan_tci = 0x6000 | 20;
	cw_receive(bench.worker, cameras.nic, m);
	CHECK(take_at_cameras(&vnet) == length && memcmp(seen, frame, length) == 0);
	m = cw_bench_mbuf(&bench, frame, length, ETHER);
	m->ol_flags |= RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED | RTE_MBUF_F_RX_QINQ;
	m->vlan_tci = 20;
	cw_receive(bench.worker, cameras.nic, m);
	CHECK(take_at_cameras(&vnet) == 0 && strcmp(cw_bench_drops(&bench), "vlan 1") == 0);
}

/* A TCP packet or train from a LAN host to `destination`, with `tag` in front unless 0; its bytes. */
static uint32_t put_tcp(uint32_t tag, uint32_t destination, uint32_t payload)
{
	uint32_t l2 = tag != 0 ? ETHER + TAG : ETHER;
	uint8_t *ip = frame + l2, *tcp = ip + 20;

	cw_bench_ether(&bench, CW_BENCH_LAN, frame);
	if (tag != 0) {
		packet_put16(frame + 12, 0x8100);
		packet_put16(frame + 14, tag);
		packet_put16(frame + 16, 0x0800);
	}
	packet_ip(ip, 20, PACKET_TCP, CW_BENCH_HOST, destination);
	memset(tcp, 0, 20);
	packet_put16(tcp, 1000);
	packet_put16(tcp + 2, 80);
	tcp[12] = 0x50;
	tcp[13] = 0x10;
	check_fill(tcp + 20, payload);
	packet_finish(ip, 40 + payload);
	return l2 + 40 + payload;
}

/* What the kernel sends down the twin leaves tagged, and the offload speaks of the place where things are now. */
static void what_leaves_is_tagged(void)
{
	struct cw_vnet_hdr vnet = { CW_VNET_NEEDS_CSUM, CW_VNET_GSO_TCPV4, 54, 1000, 34, 16 };
	uint32_t length = put_tcp(0, CW_BENCH_HOST + 1, 5000);
	struct rte_mbuf *m = cw_bench_mbuf(&bench, frame, length, ETHER);

	CHECK(cw_vnet_to_mbuf(&vnet, m, ETHER));
	cw_pass_out(bench.worker, &cameras, m);
	memset(&vnet, 0, sizeof(vnet));
	CHECK(cw_bench_take(&bench, CW_BENCH_LAN, &vnet, seen) == length + TAG);
	CHECK(packet_u32(seen + 12) == (0x81000000 | 20));
	CHECK(memcmp(seen, frame, 12) == 0 && memcmp(seen + 16, frame + 12, length - 12) == 0);
	CHECK(vnet.flags == CW_VNET_NEEDS_CSUM && vnet.gso_type == CW_VNET_GSO_TCPV4);
	CHECK(vnet.csum_start == 38 && vnet.hdr_len == 58 && vnet.gso_size == 1000);
	CHECK(cameras.tx_packets == 5 && cameras.tx_buffers == 1);
	CHECK(bench.ports[CW_BENCH_LAN_PORT]->tx_packets == 0);
}

/* With the LAN in a VLAN the overlay works as without: sealed without the tag, back with it. */
static void a_tagged_lan_reaches_the_overlay(void)
{
	struct cw_port *lan = bench.ports[CW_BENCH_LAN_PORT];
	uint8_t type, datagram[2000], plain[2000];
	struct cw_vnet_hdr vnet;

	lan->vlan = 10;
	uint32_t length = put_tcp(10, CW_BENCH_FAR, 700);
	give(length);
	cw_bench_flush(&bench);
	CHECK(cw_bench_hear(&bench, &type, plain) == 8 + 740);
	plain[8 + 8]++; /* the TTL */
	packet_finish_ip(plain + 8);
	CHECK(memcmp(plain + 8, frame + ETHER + TAG, 740) == 0);
	memcpy(plain, (const uint8_t[]){ 0, 0, 8, 0, 0, 0, CW_BENCH_VNI, 0 }, 8);
	packet_ip(plain + 8, 20, PACKET_TCP, CW_BENCH_FAR, CW_BENCH_HOST);
	packet_finish(plain + 8, 740);
	length = cw_bench_seal(&bench, 0xD1, 1, plain, 748, datagram);
	cw_open(bench.worker, datagram, length, 0);
	cw_bench_flush(&bench);
	CHECK(cw_bench_take(&bench, CW_BENCH_LAN, &vnet, seen) == ETHER + TAG + 740);
	CHECK(packet_u32(seen + 12) == (0x81000000 | 10) && packet_u16(seen + 16) == 0x0800);
	CHECK(memcmp(seen, (const uint8_t[]){ 6, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 1 }, 12) == 0);
	lan->vlan = 0;
	CHECK(cw_bench_drops(&bench)[0] == 0);
}

/* An uplink in a VLAN (a provider's PPP or TV tag): UDP trains leave tagged, and datagrams are taken out of tagged frames. */
static void an_uplink_in_a_vlan(void)
{
	struct cw_port *wan = bench.ports[CW_BENCH_UPLINK_PORT];
	struct cw_vnet_hdr vnet = { CW_VNET_NEEDS_CSUM, CW_VNET_GSO_TCPV4, 54, 1000, 34, 16 };
	uint64_t heard = bench.far->rx_packets, before = wan->tx_packets;
	uint8_t plain[1000] = { 0, 0, 8, 0, 0, 0, CW_BENCH_VNI, 0 };

	wan->vlan = 832;
	cw_bench_give(&bench, CW_BENCH_LAN, &vnet, frame, put_tcp(0, CW_BENCH_FAR, 5000));
	cw_bench_flush(&bench);
	uint32_t length = cw_bench_take(&bench, CW_BENCH_UPLINK, &vnet, seen);
	CHECK(length == ETHER + TAG + 28 + 5 * (1040 + 40));
	CHECK(packet_u32(seen + 12) == (0x81000000 | 832));
	CHECK(vnet.gso_type == CW_VNET_GSO_UDP_L4 && vnet.csum_start == 38 && vnet.gso_size == 1080);
	CHECK(wan->tx_packets == before + 5);

	memcpy(frame, wan->mac, 6);
	packet_put32(frame + 12, 0x81000000 | 832);
	packet_put16(frame + 16, 0x0800);
	packet_ip(plain + 8, 20, PACKET_UDP, CW_BENCH_FAR, CW_BENCH_HOST);
	packet_finish(plain + 8, 500);
	uint32_t sealed = cw_bench_seal(&bench, 0xD1, 2, plain, 508, frame + 18 + 28);
	packet_ip(frame + 18, 20, PACKET_UDP, CW_BENCH_FAR_WAN, CW_BENCH_WAN);
	packet_put16(frame + 38, CW_BENCH_PORT + 1);
	packet_put16(frame + 40, CW_BENCH_PORT);
	packet_finish(frame + 18, 28 + sealed);
	cw_bench_give(&bench, CW_BENCH_UPLINK, &(struct cw_vnet_hdr){ 0 }, frame, 18 + 28 + sealed);
	cw_bench_flush(&bench);
	CHECK(bench.far->rx_packets == heard + 1 && wan->rx_packets == 1);
	CHECK(cw_bench_drain(&bench, CW_BENCH_LAN) == 1);
	CHECK(cw_bench_drops(&bench)[0] == 0);
	wan->vlan = 0;
}

/* Whatever tags, however short: no frame is read behind its end, and each goes somewhere or is counted. */
static void any_frame_is_taken(void)
{
	static const uint32_t types[] = { 0x8100, 0x88a8, 0x0806, 0x86dd };

	cw_bench_drops(&bench);
	for (uint32_t i = 0; i < 20000; i++) {
		uint32_t length = ETHER + check_below(20);
		struct cw_vnet_hdr vnet;
		check_fill(frame, length);
		for (uint32_t at = 12; at + 2 <= length; at += TAG)
			packet_put16(frame + at, types[check_below(4)]);
		if (length > 15)
			frame[14] = 0;
		give(length);
		uint32_t went = take_at_cameras(&vnet) > 0;
		went += cw_bench_drain(&bench, CW_BENCH_LAN_TWIN);
		went += strcmp(cw_bench_drops(&bench), "vlan 1") == 0;
		if (!CHECK(went == 1))
			break;
	}
}

int main(int argc, char **argv)
{
	check_begin(argc, argv);
	cw_bench_open(&bench);
	add_port();
	the_tag_chooses_the_port();
	a_tag_beside_the_frame();
	what_leaves_is_tagged();
	a_tagged_lan_reaches_the_overlay();
	an_uplink_in_a_vlan();
	any_frame_is_taken();
	bench.worker->view->program->port_count = CAMERAS;
	cw_link_close(&cameras.twin);
	close(cameras_end);
	cw_bench_close(&bench);
	return check_result();
}
