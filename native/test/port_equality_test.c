/*
 * The same packets through a NIC that the kernel drives and through a device of DPDK's: what reaches the wire, and what
 * is received from it, agree byte for byte. For what is sent the kernel is the oracle: it cuts and finishes checksums
 * itself, since the NIC (a veth in a namespace of the test's own) offloads nothing. The device is a pair of rings.
 */
#include <rte_eth_ring.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <sched.h>
#include <time.h>

#include "check.h"
#include "device.h"
#include "drop.h"
#include "graph/train.h"
#include "packet.h"
#include "port/port.h"
#include "port/vnet.h"

#define ETHER 14
#define FRAME_MAX 65000
#define RING 4096
#define JUMBO 9000
#define PATIENCE_MS 500
static struct cw_pools pools;
static struct rte_ring *to_device, *from_device;
static struct cw_nic netdev, pmd;
static struct cw_link wire; /* the other end of the veth */
static uint64_t drops[CW_DROP_COUNT];
static uint8_t frame[FRAME_MAX];

static void open_ports(uint16_t mtu)
{
	const struct cw_pmd_want want = { "net_ring_wire", 0, mtu };
	struct cw_link_look look;
	struct cw_why why = { "" };
	char command[64];

	for (int end = 0; end < 2; end++) {
		snprintf(command, sizeof(command), "ip link set %s mtu %u", end == 0 ? "nic" : "wire", mtu);
		device_run(command);
	}
	NEEDS(cw_link_open_nic(&netdev.link, "nic", "", &look) == 0 && look.mtu == mtu);
	NEEDS(cw_link_open_nic(&wire, "wire", "", &look) == 0);
	if (cw_pmd_open(&pmd.link, &want, &pools, &look, &why) != 0) {
		fprintf(stderr, "%s\n", why.text);
		exit(1);
	}
	NEEDS(look.is_there && look.has_carrier && look.mtu == mtu);
	netdev.link.drops = wire.drops = pmd.link.drops = drops;
}

static void close_ports(void)
{
	cw_link_close(&netdev.link);
	cw_link_close(&pmd.link);
	cw_link_close(&wire);
}

/* --- What goes out. */

struct packet {
	const char *name;
	uint8_t version;
	uint8_t protocol; /* PACKET_TCP, PACKET_UDP, or another, without a checksum of ours */
	uint32_t payload;
	uint16_t segment; /* 0: no train */
	bool is_partial;  /* the checksum is left to whoever sends */
	uint8_t tcp_flags;
	uint16_t fragment; /* IPv4 */
	uint8_t more_header; /* options, or an extension header of IPv6; bytes */
};

static const struct packet packets[] = {
	{ "TCP", 4, PACKET_TCP, 500, 0, true, 0x18, 0x4000, 0 },
	{ "TCP, odd, finished", 4, PACKET_TCP, 501, 0, false, 0x18, 0x4000, 0 },
	{ "TCP with options", 4, PACKET_TCP, 33, 0, true, 0x18, 0x4000, 8 },
	{ "TCP over IPv6", 6, PACKET_TCP, 500, 0, true, 0x18, 0, 0 },
	{ "TCP behind an extension header", 6, PACKET_TCP, 77, 0, true, 0x18, 0, 8 },
	{ "UDP", 4, PACKET_UDP, 1, 0, true, 0, 0x4000, 0 },
	{ "UDP over IPv6", 6, PACKET_UDP, 1452, 0, true, 0, 0, 0 },
	{ "empty UDP", 4, PACKET_UDP, 0, 0, true, 0, 0, 0 },
	{ "first fragment", 4, PACKET_UDP, 1400, 0, false, 0, 0x2000, 0 },
	{ "later fragment", 4, PACKET_UDP, 1000, 0, false, 0, 0x00b0, 0 },
	{ "ICMP", 4, IPPROTO_ICMP, 1472, 0, false, 0, 0, 0 },
	{ "ICMPv6", 6, IPPROTO_ICMPV6, 64, 0, false, 0, 0, 0 },
	{ "TCP train", 4, PACKET_TCP, 64000, 1448, true, 0x10, 0x4000, 0 },
	{ "TCP train with PSH, FIN and CWR", 4, PACKET_TCP, 5001, 1000, true, 0x99, 0x4000, 0 },
	{ "TCP train over IPv6", 6, PACKET_TCP, 60000, 1428, true, 0x18, 0, 0 },
	{ "TCP train of many", 4, PACKET_TCP, 20000, 100, true, 0x18, 0, 0 },
	{ "UDP train", 4, PACKET_UDP, 30000, 1200, true, 0, 0x4000, 0 },
	{ "UDP train over IPv6", 6, PACKET_UDP, 10001, 333, true, 0, 0, 0 },
	{ "jumbo UDP", 4, PACKET_UDP, 8900, 0, true, 0, 0x4000, 0 },
	{ "jumbo TCP train", 6, PACKET_TCP, 60000, 8928, true, 0x18, 0, 0 },
};

static uint32_t pseudo_sum(const uint8_t *l3, uint8_t protocol, uint32_t l4_len)
{
	const uint8_t rest[4] = { (uint8_t)(l4_len >> 8), (uint8_t)l4_len, 0, protocol };
	uint32_t sum = l3[0] >> 4 == 6 ? packet_sum(0, l3 + 8, 32) : packet_sum(0, l3 + 12, 8);

	return packet_sum(sum, rest, 4);
}

static void put_l3(const struct packet *p, uint8_t *l3, uint32_t l3_len, uint32_t total)
{
	if (p->version == 4) {
		packet_ip(l3, l3_len, p->protocol, 0x0a010002, 0x0a020003);
		packet_put16(l3 + 2, total);
		packet_put16(l3 + 4, 0xfffd); /* the id wraps within a train */
		packet_put16(l3 + 6, p->fragment);
		packet_finish_ip(l3);
		return;
	}
	check_fill(l3, l3_len);
	packet_put32(l3, 0x60012345);
	packet_put16(l3 + 4, total - 40);
	l3[6] = p->more_header > 0 ? 60 : p->protocol;
	l3[7] = 64;
	l3[8] = l3[24] = 0xfd;
	if (p->more_header > 0)
		memcpy(l3 + 40, (const uint8_t[]){ p->protocol, 0, 1, 4, 0, 0, 0, 0 }, 8);
}

/* The frame as the kernel hands it over; its bytes. */
static uint32_t put_packet(const struct packet *p, struct cw_vnet_hdr *vnet)
{
	uint32_t l3_len = (p->version == 4 ? 20u : 40u) + p->more_header;
	uint32_t l4_len = p->protocol == PACKET_TCP ? 32 : p->protocol == PACKET_UDP ? 8 : 0;
	uint8_t *l3 = frame + ETHER, *l4 = l3 + l3_len;
	uint32_t rest = l4_len + p->payload;

	memcpy(frame, (const uint8_t[]){ 2, 0, 0, 0, 0, 9, 2, 0, 0, 0, 0, 1 }, 12);
	packet_put16(frame + 12, p->version == 4 ? 0x0800 : 0x86dd);
	put_l3(p, l3, l3_len, l3_len + rest);
	check_fill(l4, rest);
	if (p->protocol == PACKET_TCP) {
		packet_put32(l4 + 4, 0xfffffc00); /* so does the sequence */
		l4[12] = 0x80;
		l4[13] = p->tcp_flags;
		packet_put16(l4 + 18, 0);
		memcpy(l4 + 20, (const uint8_t[]){ 1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2 }, 12);
	} else if (p->protocol == PACKET_UDP) {
		packet_put16(l4 + 4, rest);
	}
	*vnet = (struct cw_vnet_hdr){ 0 };
	if (!p->is_partial)
		return ETHER + l3_len + rest;
	vnet->flags = CW_VNET_NEEDS_CSUM;
	vnet->csum_start = (uint16_t)(ETHER + l3_len);
	vnet->csum_offset = p->protocol == PACKET_TCP ? 16 : 6;
	packet_put16(l4 + vnet->csum_offset, pseudo_sum(l3, p->protocol, rest));
	if (p->segment > 0) {
		vnet->gso_type = p->protocol == PACKET_UDP ? CW_VNET_GSO_UDP_L4 :
				 p->version == 4	   ? CW_VNET_GSO_TCPV4 :
							     CW_VNET_GSO_TCPV6;
		if (p->tcp_flags & 0x80)
			vnet->gso_type |= CW_VNET_GSO_ECN;
		vnet->gso_size = p->segment;
		vnet->hdr_len = (uint16_t)(ETHER + l3_len + l4_len);
	}
	return ETHER + l3_len + rest;
}

static struct rte_mbuf *mbuf_of(uint32_t length, const struct cw_vnet_hdr *vnet)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(length <= CW_SMALL_DATA ? pools.small : pools.large);

	NEEDS(m != NULL && length <= rte_pktmbuf_tailroom(m));
	memcpy(rte_pktmbuf_mtod(m, void *), frame, length);
	m->data_len = (uint16_t)length;
	m->pkt_len = length;
	NEEDS(cw_vnet_to_mbuf(vnet, m, cw_link_l2_length(m)));
	return m;
}

/* The next frame; NULL: none came in time. */
static struct rte_mbuf *receive(struct cw_link *link)
{
	struct rte_mbuf *m;

	for (int ms = 0; ms < PATIENCE_MS; ms++) {
		if (cw_link_rx(link, &pools, &m, 1) == 1)
			return m;
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	}
	return NULL;
}

/* The next frame at the far end of the veth, which nothing is left to do for; its tag is put back. */
static struct rte_mbuf *from_wire(void)
{
	struct rte_mbuf *m = receive(&wire);

	if (m == NULL)
		return NULL;
	CHECK(!(m->ol_flags & RTE_MBUF_F_RX_LRO));
	CHECK((m->ol_flags & RTE_MBUF_F_RX_L4_CKSUM_MASK) != RTE_MBUF_F_RX_L4_CKSUM_NONE);
	if (m->ol_flags & RTE_MBUF_F_RX_VLAN_STRIPPED) {
		uint8_t *to = (uint8_t *)rte_pktmbuf_prepend(m, 4);
		NEEDS(to != NULL);
		memmove(to, to + 4, 12);
		packet_put32(to + 12, 0x81000000 | m->vlan_tci);
	}
	return m;
}

static bool is_equal(const struct rte_mbuf *a, const struct rte_mbuf *b)
{
	return a->nb_segs == 1 && b->nb_segs == 1 && a->pkt_len == b->pkt_len &&
	       memcmp(rte_pktmbuf_mtod(a, void *), rte_pktmbuf_mtod(b, void *), a->pkt_len) == 0;
}

static void send_both_ways(const struct packet *p, uint16_t vlan)
{
	struct cw_port by_kernel = { .vlan = vlan, .nic = &netdev };
	struct cw_port by_device = { .vlan = vlan, .nic = &pmd };
	struct cw_vnet_hdr vnet;
	uint32_t length = put_packet(p, &vnet), count = 0;
	struct rte_mbuf *first = mbuf_of(length, &vnet), *second = mbuf_of(length, &vnet);
	uint32_t segments = cw_link_segments(first);
	void *taken;

	cw_vnet_forward(first);
	cw_vnet_forward(second);
	cw_port_tx(&by_device, first);
	cw_port_tx(&by_kernel, second);
	while (rte_ring_dequeue(from_device, &taken) == 0) {
		struct rte_mbuf *here = taken, *there = from_wire();
		bool is_fine = CHECK(there != NULL && is_equal(here, there));
		if (!is_fine)
			fprintf(stderr, "  %s, VLAN %u, piece %u: %u and %u bytes\n", p->name, vlan, count,
				here->pkt_len, there == NULL ? 0 : there->pkt_len);
		rte_pktmbuf_free(here);
		rte_pktmbuf_free(there);
		count++;
	}
	if (!CHECK(count == segments && by_device.tx_packets == count && by_kernel.tx_packets == count))
		fprintf(stderr, "  %s, VLAN %u: %u pieces of %u\n", p->name, vlan, count, segments);
}

static void what_is_sent_agrees(uint16_t mtu)
{
	for (size_t i = 0; i < sizeof(packets) / sizeof(packets[0]); i++) {
		uint32_t piece = packets[i].segment > 0 ? packets[i].segment : packets[i].payload;
		if (piece > 1472u && mtu < JUMBO)
			continue;
		send_both_ways(&packets[i], 0);
		send_both_ways(&packets[i], 20);
	}
}

/* As if just received. */
static struct rte_mbuf *adopted(struct rte_mbuf *m)
{
	m->ol_flags = 0;
	m->l2_len = cw_link_l2_length(m);
	return m;
}

/* With a NIC that offloads trains cross it whole, tag and all, and cut to the same. */
static void cross_whole(const struct packet *p, uint16_t vlan)
{
	struct cw_port by_kernel = { .vlan = vlan, .nic = &netdev };
	struct cw_port by_device = { .vlan = vlan, .nic = &pmd };
	struct cw_vnet_hdr vnet;
	uint32_t length = put_packet(p, &vnet), count = 0;
	struct rte_mbuf *first = mbuf_of(length, &vnet), *second = mbuf_of(length, &vnet);
	struct cw_cut cut = { 0 };
	static uint8_t piece[FRAME_MAX];
	void *taken;

	cw_vnet_forward(first);
	cw_vnet_forward(second);
	cw_port_tx(&by_device, first);
	cw_port_tx(&by_kernel, second);
	struct rte_mbuf *whole = receive(&wire);
	bool is_fine = CHECK(whole != NULL && whole->ol_flags & RTE_MBUF_F_RX_LRO &&
			     whole->pkt_len == length && cw_port_untag(whole) == vlan);
	if (is_fine)
		cw_cut_begin(&cut, whole);
	while (rte_ring_dequeue(from_device, &taken) == 0) {
		struct rte_mbuf *here = taken;
		CHECK(cw_port_untag(adopted(here)) == vlan);
		uint32_t bytes = is_fine ? cw_cut_next(&cut, piece) : 0;
		is_fine = CHECK(bytes > 0 && here->pkt_len == ETHER + bytes &&
				memcmp(rte_pktmbuf_mtod_offset(here, void *, ETHER), piece, bytes) == 0);
		rte_pktmbuf_free(here);
		count++;
	}
	if (!CHECK(is_fine && count > 1 && cw_cut_peek(&cut) == 0))
		fprintf(stderr, "  %s, VLAN %u, piece %u\n", p->name, vlan, count);
	rte_pktmbuf_free(whole);
}

static void trains_cross_whole(uint16_t mtu)
{
	device_run("ethtool -K nic tx on tso on gso on tx-udp-segmentation on >/dev/null");
	device_run("ethtool -K wire gro off >/dev/null");
	for (size_t i = 0; i < sizeof(packets) / sizeof(packets[0]); i++) {
		if (packets[i].segment == 0 || packets[i].segment > mtu)
			continue;
		cross_whole(&packets[i], 0);
		cross_whole(&packets[i], 20);
	}
	device_run("ethtool -K nic tx off tso off gso off gro off >/dev/null");
}

/* --- What comes in. */

/* A frame in buffers of random sizes, as devices hand over large ones. */
static struct rte_mbuf *chain_of(uint32_t length)
{
	struct rte_mbuf *head = NULL;

	for (uint32_t at = 0; at < length;) {
		struct rte_mbuf *m = rte_pktmbuf_alloc(pools.small);
		uint32_t size = 1 + check_below(CW_SMALL_DATA);
		NEEDS(m != NULL);
		size = size > length - at ? length - at : size;
		memcpy(rte_pktmbuf_append(m, (uint16_t)size), frame + at, size);
		at += size;
		if (head == NULL)
			head = m;
		else
			NEEDS(rte_pktmbuf_chain(head, m) == 0);
	}
	return head;
}

static void receive_both_ways(uint32_t length)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(pools.large);
	memcpy(rte_pktmbuf_append(m, (uint16_t)length), frame, length);
	cw_link_tx(&wire, &m, 1);
	NEEDS(rte_ring_enqueue(to_device, chain_of(length)) == 0);
	struct rte_mbuf *here = receive(&pmd.link), *there = receive(&netdev.link);
	if (CHECK(here != NULL && there != NULL)) {
		int tag = cw_port_untag(here);
		CHECK(tag == cw_port_untag(there));
		CHECK(tag < 0 || here->l2_len == there->l2_len);
		/* Of a service tag, which no port has, the kernel's frame lacks it and the device's has it. */
		CHECK(tag < 0 || is_equal(here, there));
	}
	rte_pktmbuf_free(here);
	rte_pktmbuf_free(there);
}

static void what_is_received_agrees(uint16_t mtu)
{
	static const uint32_t tags[] = { 0x8100, 0x88a8 };
	struct cw_vnet_hdr vnet;

	for (size_t i = 0; i < sizeof(packets) / sizeof(packets[0]); i++) {
		if (packets[i].payload > 1400u && (packets[i].payload > JUMBO - 100 || mtu < JUMBO))
			continue;
		receive_both_ways(put_packet(&packets[i], &vnet));
	}
	for (uint32_t i = 0; i < 300; i++) {
		uint32_t length = 60 + check_below(mtu - 60);
		check_fill(frame, length);
		frame[0] = (uint8_t)(check_below(2) ? 0xff : 2);
		packet_put16(frame + 12, 0x88b5);
		for (uint32_t k = 0; k < check_below(3); k++) {
			packet_put16(frame + 12 + 4 * k, tags[check_below(8) == 0]);
			packet_put16(frame + 16 + 4 * k, 0x88b5);
		}
		receive_both_ways(length);
	}
}

int main(int argc, char **argv)
{
	check_begin(argc, argv);
	NEEDS(unshare(CLONE_NEWNET) == 0);
	device_run("echo 1 > /proc/sys/net/ipv6/conf/default/disable_ipv6");
	device_run("ip link add nic type veth peer name wire && ip link set nic up && ip link set wire up");
	device_run("ethtool -K nic tx off tso off gso off gro off >/dev/null && ethtool -K wire gro off >/dev/null");
	device_start_eal(&pools);
	to_device = rte_ring_create("to", RING, SOCKET_ID_ANY, 0);
	from_device = rte_ring_create("from", RING, SOCKET_ID_ANY, 0);
	NEEDS(rte_eth_from_rings("wire", &to_device, 1, &from_device, 1, SOCKET_ID_ANY) >= 0);
	for (uint16_t mtu = 1500; mtu <= JUMBO; mtu += JUMBO - 1500) {
		open_ports(mtu);
		what_is_sent_agrees(mtu);
		trains_cross_whole(mtu);
		what_is_received_agrees(mtu);
		for (uint32_t i = 0; i < CW_DROP_COUNT; i++) {
			if (!CHECK(drops[i] == 0))
				fprintf(stderr, "  %s: %llu\n", cw_drop_names[i], (unsigned long long)drops[i]);
		}
		close_ports();
		CHECK(rte_mempool_in_use_count(pools.small) == 0);
		CHECK(rte_mempool_in_use_count(pools.large) == 0);
	}
	rte_eal_cleanup();
	return check_result();
}
