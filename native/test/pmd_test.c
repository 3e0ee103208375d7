/*
 * Devices as ports: which are refused, and why; opened, looked at, closed and opened again without a buffer lost; several
 * queues, each with its turn; full and broken devices are counted. Interfaces lie in a namespace of the test's own.
 */
#include <rte_eth_ring.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "check.h"
#include "device.h"
#include "drop.h"
#include "packet.h"
#include "port/port.h"

#define RING 256
#define QUEUES 4

static struct cw_pools pools;
static uint64_t drops[CW_DROP_COUNT];

static int open_device(struct cw_link *link, const char *device, uint8_t queues, uint16_t mtu,
		       struct cw_why *why)
{
	const struct cw_pmd_want want = { device, queues, mtu };
	struct cw_link_look look = { 0 };

	why->text[0] = 0;
	int rc = cw_pmd_open(link, &want, &pools, &look, why);
	link->drops = drops;
	CHECK(rc != 0 || (look.is_there && look.mtu == mtu));
	return rc;
}

static void expect_refused(const char *device, const char *reason)
{
	struct cw_why why;
	struct cw_link link;

	bool is_refused = open_device(&link, device, 0, 1500, &why) < 0;
	if (!CHECK(is_refused && strstr(why.text, reason) != NULL))
		fprintf(stderr, "  %s: %s\n", device, why.text);
}

static void what_loses_packets_is_refused(void)
{
	expect_refused("net_af_packet0,iface=one", "use netdev:");
	expect_refused("net_tap0,iface=one", "use netdev:");
	expect_refused("net_tun3", "use netdev:");
	expect_refused("net_pcap0,iface=one", "use netdev:");
	expect_refused("net_pcap0,rx_pcap=/dev/null,tx_iface=one", "use netdev:");
	expect_refused("net_af_xdp0", "names no interface");
	expect_refused("net_af_xdp0,iface=absent", "names no interface");
	expect_refused("net_af_xdp0,iface=bridge", "cannot be seen");
	expect_refused("net_nullify", "neither");
	expect_refused("net_", "neither");
	expect_refused("eth0", "neither");
	expect_refused("0000:00:1f.6", "vfio-pci");
	expect_refused("0000:00:1f.6,arg=1", "vfio-pci");
	expect_refused("net_memif0,role=neither", "net_memif0");

	/* The other end here, and in another namespace: what it leaves undone shows. */
	expect_refused("net_af_xdp0,iface=one", "ethtool -K END");
	device_run("ethtool -K two tx off tso off gso off >/dev/null");
	CHECK(cw_pmd_check("net_af_xdp0,iface=one", &(struct cw_why){ "" }) == 0);
	expect_refused("net_af_xdp0,iface=three", "ethtool -K END");
	device_run("ip netns exec $CW_OTHER ethtool -K four tx off tso off gso off >/dev/null");
	CHECK(cw_pmd_check("net_af_xdp0,iface=three", &(struct cw_why){ "" }) == 0);
	/* Back where it was. */
	NEEDS(access("/sys/class/net/lo", F_OK) == 0);
}

static void devices_open_and_close(void)
{
	static const char *const devices[] = { "net_null0", "net_ring7", "net_memif0,role=server,socket=@cw-test",
					       "net_pcap0,rx_pcap=/dev/null,tx_pcap=/dev/null", "net_null0" };
	struct cw_why why;

	for (size_t i = 0; i < sizeof(devices) / sizeof(devices[0]); i++) {
		struct cw_link link;
		int rc = open_device(&link, devices[i], 0, 1500, &why);
		if (rc != 0) {
			/* An empty file is no capture: refused, but not for good. */
			if (!CHECK(strncmp(devices[i], "net_pcap", 8) == 0))
				fprintf(stderr, "  %s: %s\n", devices[i], why.text);
			continue;
		}
		cw_link_close(&link);
		CHECK(rte_eth_dev_count_avail() == 0);
		CHECK(rte_mempool_in_use_count(pools.small) == 0);
	}
	struct cw_link link;
	CHECK(open_device(&link, "net_null0", 17, 1500, &why) == 0 || strstr(why.text, "queues") != NULL);
	if (link.kind == CW_LINK_PMD && why.text[0] == 0)
		cw_link_close(&link);
	CHECK(rte_eth_dev_count_avail() == 0);

	/* One that is open is not opened a second time, whatever is said of it, and goes on as it was. */
	struct cw_link first, second;
	CHECK(open_device(&first, "net_null0", 0, 1500, &why) == 0);
	CHECK(open_device(&second, "net_null0,size=100", 0, 1500, &why) == -EBUSY);
	CHECK(strstr(why.text, "in use") != NULL);
	struct rte_mbuf *m;
	CHECK(cw_link_rx(&first, &pools, &m, 1) == 1);
	rte_pktmbuf_free(m);
	cw_link_close(&first);
	CHECK(open_device(&second, "net_null0,size=100", 0, 1500, &why) == 0);
	cw_link_close(&second);
}

static struct rte_mbuf *frame_of(uint32_t length)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(pools.small);

	NEEDS(m != NULL);
	memset(rte_pktmbuf_append(m, (uint16_t)length), 0xff, length);
	m->l2_len = 14;
	return m;
}

/* One queue that is always full does not keep the others waiting, and a full device does not stall the worker. */
static void queues_take_turns(void)
{
	struct rte_ring *in[QUEUES], *out;
	struct rte_mbuf *burst[32];
	uint32_t seen[QUEUES] = { 0 };
	struct cw_link link;
	struct cw_why why;
	char name[16];

	for (uint32_t i = 0; i < QUEUES; i++) {
		snprintf(name, sizeof(name), "in%u", i);
		in[i] = rte_ring_create(name, RING, SOCKET_ID_ANY, 0);
	}
	out = rte_ring_create("out", RING, SOCKET_ID_ANY, 0);
	NEEDS(rte_eth_from_rings("many", in, QUEUES, &out, 1, SOCKET_ID_ANY) >= 0);
	CHECK(open_device(&link, "net_ring_many", QUEUES + 1, 1500, &why) == -ERANGE);
	NEEDS(open_device(&link, "net_ring_many", QUEUES, 1500, &why) == 0);
	for (uint32_t round = 0; round < 8; round++) {
		for (uint32_t i = 0; i < QUEUES; i++) {
			while (rte_ring_count(in[i]) < 64)
				rte_ring_enqueue(in[i], frame_of(60 + i));
		}
		uint16_t n = cw_link_rx(&link, &pools, burst, 32);
		CHECK(n == 32);
		for (uint16_t k = 0; k < n; k++) {
			seen[burst[k]->pkt_len - 60]++;
			rte_pktmbuf_free(burst[k]);
		}
	}
	for (uint32_t i = 0; i < QUEUES; i++)
		CHECK(seen[i] == 8 * 32 / QUEUES);
	CHECK(link.rx_packets == 8 * 32);

	for (uint32_t i = 0; i < RING + 10; i++) {
		struct rte_mbuf *m = frame_of(100);
		cw_link_tx(&link, &m, 1);
	}
	CHECK(link.tx_packets == RING - 1 && drops[CW_DROP_TX_FULL] == 11 && link.is_stuck);
	struct rte_mbuf *m = frame_of(1515);
	cw_link_tx(&link, &m, 1);
	CHECK(drops[CW_DROP_TX_REFUSED] == 1 && link.tx_bytes == (RING - 1) * 100);
	m = frame_of(13);
	NEEDS(rte_ring_enqueue(in[0], m) == 0);
	for (uint32_t round = 0; round < 64; round++) {
		uint16_t n = cw_link_rx(&link, &pools, burst, 32);
		rte_pktmbuf_free_bulk(burst, n);
	}
	CHECK(drops[CW_DROP_RX_MALFORMED] == 1);
	void *taken = NULL;
	while (rte_ring_dequeue(out, &taken) == 0)
		rte_pktmbuf_free(taken);
	cw_link_close(&link);
	CHECK(rte_mempool_in_use_count(pools.small) == 0);
}

/* Frames in both directions over a veth whose other end leaves nothing undone. */
static void af_xdp_carries(void)
{
	struct rte_mbuf *m, *burst[4];
	struct cw_link device, end = { 0 };
	struct cw_link_look look;
	struct cw_why why;

	device_run("ip link set one up && ip link set two up");
	if (!CHECK(open_device(&device, "net_af_xdp0,iface=one", 0, 1500, &why) == 0)) {
		fprintf(stderr, "  %s\n", why.text);
		return;
	}
	NEEDS(cw_link_open_nic(&end, "two", "", &look) == 0);
	end.drops = drops;
	for (uint32_t way = 0; way < 2; way++) {
		uint32_t came = 0;
		for (uint32_t i = 0; i < 10; i++) {
			m = frame_of(600 + i);
			packet_put16(rte_pktmbuf_mtod_offset(m, uint8_t *, 12), 0x88b5);
			cw_link_tx(way == 0 ? &device : &end, &m, 1);
		}
		for (uint32_t ms = 0; ms < 500 && came < 10; ms++) {
			uint16_t n = cw_link_rx(way == 0 ? &end : &device, &pools, burst, 4);
			for (uint16_t k = 0; k < n; k++) {
				/* Chatter of the kernel's, if there is any, is of other types. */
				const uint8_t *frame = rte_pktmbuf_mtod(burst[k], const uint8_t *);
				came += packet_u16(frame + 12) == 0x88b5 && burst[k]->pkt_len == 600 + came;
				rte_pktmbuf_free(burst[k]);
			}
			if (n == 0)
				usleep(1000);
		}
		CHECK(came == 10);
	}
	/* An MTU that it cannot have is refused, and it goes on as it was. */
	uint16_t mtu = device.mtu;
	CHECK(cw_pmd_grow(&device, 9000, &why) < 0 && strstr(why.text, "MTU") != NULL);
	CHECK(device.mtu == mtu);
	cw_link_close(&end);
	cw_link_close(&device);
	CHECK(rte_eth_dev_count_avail() == 0);
	CHECK(rte_mempool_in_use_count(pools.small) == 0);
}

/* A frame that a full device does not take was lost by the link where the last look found that down. */
static void says_why_a_frame_was_lost(void)
{
	struct cw_nic nic = { .kind = CW_KIND_PMD, .found_ifindex = 1 };
	struct cw_port port = { .nic = &nic, .twin = { .fd = -1 } };
	struct cw_link_look look;
	struct cw_why why;

	CHECK(open_device(&nic.link, "net_ring7", 0, 1500, &why) == 0);
	cw_link_look(&nic.link, "", &look);
	memcpy(nic.mac, look.mac, 6);
	CHECK(cw_port_look(&port) && port.is_up);
	uint64_t full = drops[CW_DROP_TX_FULL], down = drops[CW_DROP_TX_DOWN];
	struct rte_mbuf *m;
	while (drops[CW_DROP_TX_FULL] == full) {
		m = frame_of(100);
		cw_link_tx(&nic.link, &m, 1);
	}
	/* To look is the control side's: the worker asks no device. */
	NEEDS(rte_eth_dev_set_link_down(nic.link.device) == 0);
	m = frame_of(100);
	cw_link_tx(&nic.link, &m, 1);
	CHECK(drops[CW_DROP_TX_FULL] == full + 2 && drops[CW_DROP_TX_DOWN] == down);
	CHECK(cw_port_look(&port) && !port.is_up);
	m = frame_of(100);
	cw_link_tx(&nic.link, &m, 1);
	CHECK(drops[CW_DROP_TX_FULL] == full + 2 && drops[CW_DROP_TX_DOWN] == down + 1);
	uint16_t n = 1;
	while (n > 0) {
		n = cw_link_rx(&nic.link, &pools, &m, 1);
		rte_pktmbuf_free_bulk(&m, n);
	}
	cw_link_close(&nic.link);
	CHECK(rte_mempool_in_use_count(pools.small) == 0);
}

/* A device that several ports share carries the most of what they want; each sends at most its own. */
static void ports_have_their_share_of_the_mtu(void)
{
	struct cw_nic nic = { .kind = CW_KIND_PMD, .found_ifindex = 1 };
	struct cw_port wide = { .nic = &nic }, narrow = { .nic = &nic, .own_mtu = 1492 };
	struct cw_link_look look;
	struct cw_why why;

	wide.twin.fd = narrow.twin.fd = -1;
	CHECK(open_device(&nic.link, "net_null0", 0, 1500, &why) == 0);
	cw_link_look(&nic.link, "", &look);
	memcpy(nic.mac, look.mac, 6);
	cw_port_look(&wide);
	CHECK(cw_port_look(&narrow) && wide.mtu == 1500 && narrow.mtu == 1492);
	CHECK(!cw_port_look(&narrow));
	cw_port_limit(&narrow, 9000);
	CHECK(narrow.mtu == 1500);
	CHECK(cw_pmd_grow(&nic.link, 9000, &why) == 0 && cw_pmd_grow(&nic.link, 1400, &why) == 0);
	cw_port_limit(&wide, 1500);
	/* Told also by the port that may send no more than before. */
	CHECK(cw_port_look(&wide) && wide.mtu == 1500);
	CHECK(cw_port_look(&narrow) && narrow.mtu == 9000);
	cw_port_limit(&narrow, 0);
	CHECK(narrow.mtu == 9000 && !atomic_load(&nic.is_gone));
	cw_link_close(&nic.link);
}

/* A device that is said to tell and cannot is found out when it is asked to: nobody sleeps on it for ever, or asks it again. */
static void what_cannot_tell_is_looked_at(void)
{
	struct cw_link link;
	struct cw_why why;
	int epoll_fd = epoll_create1(0);

	CHECK(cw_pmd_may_tell("net_virtio") && !cw_pmd_may_tell("net_null"));
	CHECK(open_device(&link, "net_null0", 0, 1500, &why) == 0);
	CHECK(!link.can_tell && !cw_pmd_has_interrupts(&link));
	CHECK(cw_pmd_watch(&link, epoll_fd) == 0);
	link.can_tell = true;
	CHECK(!cw_pmd_arm(&link) && !link.can_tell);
	cw_pmd_disarm(&link);
	cw_pmd_forget(&link, epoll_fd);
	cw_pmd_close(&link);
	close(epoll_fd);
}

int main(int argc, char **argv)
{
	char other[32], command[160];

	check_begin(argc, argv);
	/* Named before the test leaves: the kernel finds a named namespace's number, whoever asks. */
	snprintf(other, sizeof(other), "cwpmd-%d", getpid());
	setenv("CW_OTHER", other, 1);
	snprintf(command, sizeof(command), "ip netns add %s", other);
	device_run(command);
	NEEDS(unshare(CLONE_NEWNET) == 0);
	device_run("ip link add one type veth peer name two && ip link add bridge type bridge");
	snprintf(command, sizeof(command), "ip link add three type veth peer name four netns %s", other);
	device_run(command);
	device_start_eal(&pools);
	what_loses_packets_is_refused();
	devices_open_and_close();
	what_cannot_tell_is_looked_at();
	af_xdp_carries();
	queues_take_turns();
	says_why_a_frame_was_lost();
	ports_have_their_share_of_the_mtu();
	snprintf(command, sizeof(command), "ip netns del %s", other);
	device_run(command);
	rte_eal_cleanup();
	return check_result();
}
