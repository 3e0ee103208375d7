/* Opening NICs and twins: sockets, namespaces, ioctls. See link.h. */
#include "port/link.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <rte_mbuf.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "port/netns.h"
#include "port/pmd.h"
#include "port/vnet.h"
#include "table/rtnetlink.h"

#define SOCKET_BUFFER_BYTES (32 << 20)

/* In headers since kernel 6.2 only. */
#ifndef TUN_F_USO4
#define TUN_F_USO4 0x20
#define TUN_F_USO6 0x40
#endif

static int set_option(int fd, int level, int name, int value)
{
	return setsockopt(fd, level, name, &value, sizeof(value)) == 0 ? 0 : -errno;
}

/* Protocol 0 takes no frames: a socket to send on. */
static int open_packet_socket(const char *nic, uint16_t protocol)
{
	struct sockaddr_ll address = { .sll_family = AF_PACKET,
				       .sll_protocol = htons(protocol),
				       .sll_ifindex = (int)if_nametoindex(nic) };
	if (address.sll_ifindex == 0)
		return -ENODEV;
	/* Protocol 0 until bind(): frames of other NICs must not reach the queue in between. */
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	int rc = set_option(fd, SOL_PACKET, PACKET_VNET_HDR, 1);
	if (rc == 0)
		rc = set_option(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, 1);
	if (rc == 0)
		rc = set_option(fd, SOL_PACKET, PACKET_AUXDATA, 1);
	if (rc == 0)
		rc = set_option(fd, SOL_SOCKET, SO_RCVBUFFORCE, SOCKET_BUFFER_BYTES);
	if (rc == 0)
		rc = set_option(fd, SOL_SOCKET, SO_SNDBUFFORCE, SOCKET_BUFFER_BYTES);
	if (rc == 0 && bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0)
		rc = -errno;
	if (rc != 0)
		close(fd);
	return rc != 0 ? rc : fd;
}

static int open_both(struct cw_link *link, const char *nic)
{
	link->ifindex = (int)if_nametoindex(nic);
	link->tx_fd = open_packet_socket(nic, 0);
	if (link->tx_fd < 0)
		return link->tx_fd;
	link->fd = open_packet_socket(nic, ETH_P_ALL);
	link->watch_fd = link->fd < 0 ? -1 : cw_rtnetlink_open(RTMGRP_LINK);
	if (link->watch_fd >= 0)
		return 0;
	int rc = link->fd < 0 ? link->fd : link->watch_fd;
	close(link->tx_fd);
	if (link->fd >= 0)
		close(link->fd);
	return rc;
}

int cw_link_open_nic(struct cw_link *link, const char *nic, const char *netns,
		     struct cw_link_look *look)
{
	int home = -1;
	int rc = netns[0] == 0 ? 0 : cw_netns_enter(netns, &home);

	if (rc != 0)
		return rc;
	rc = open_both(link, nic);
	if (home >= 0)
		cw_netns_leave(home);
	if (rc != 0) {
		link->fd = link->tx_fd = link->watch_fd = -1;
		return rc;
	}
	link->kind = CW_LINK_NIC;
	link->can_send_udp_trains = true;
	cw_link_look(link, nic, look);
	return look->is_there ? 0 : -ENODEV;
}

int cw_link_open_twin(struct cw_link *link, const char *name, enum cw_link_kind kind)
{
	unsigned int offloads = TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN;
	struct ifreq ifr = { .ifr_flags = IFF_NO_PI | IFF_VNET_HDR | IFF_MULTI_QUEUE };
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	ifr.ifr_flags |= kind == CW_LINK_TUN ? IFF_TUN : IFF_TAP;
	snprintf(ifr.ifr_name, IFNAMSIZ, "%s", name);
	int vnet_size = sizeof(struct cw_vnet_hdr);
	bool has_uso = false;
	int rc = ioctl(fd, TUNSETIFF, &ifr) != 0 || ioctl(fd, TUNSETPERSIST, 1) != 0 ||
				 ioctl(fd, TUNSETVNETHDRSZ, &vnet_size) != 0 ?
			 -errno :
			 0;
	if (rc == 0) {
		has_uso = ioctl(fd, TUNSETOFFLOAD, offloads | TUN_F_USO4 | TUN_F_USO6) == 0;
		if (!has_uso && ioctl(fd, TUNSETOFFLOAD, offloads) != 0)
			rc = -errno;
	}
	if (rc != 0) {
		close(fd);
		return rc;
	}
	link->fd = link->tx_fd = fd;
	link->watch_fd = -1;
	link->kind = kind;
	link->can_send_udp_trains = has_uso;
	return 0;
}

void cw_link_close(struct cw_link *link)
{
	if (link->kind == CW_LINK_PMD)
		cw_pmd_close(link);
	if (link->tx_fd != link->fd)
		close(link->tx_fd);
	if (link->fd >= 0)
		close(link->fd);
	if (link->watch_fd >= 0)
		close(link->watch_fd);
	rte_pktmbuf_free(link->spare_small);
	rte_pktmbuf_free(link->spare_large);
	*link = (struct cw_link){ .fd = -1, .tx_fd = -1, .watch_fd = -1 };
}

/*
 * The carrier itself: IFF_RUNNING follows it by up to a second, and a twin that is told so late loses its neighbours
 * while packets flow. Where a driver does not say, IFF_RUNNING must do.
 */
static bool has_carrier(int fd, const char *name)
{
	struct ethtool_value link = { .cmd = ETHTOOL_GLINK };
	struct ifreq ifr = { .ifr_data = (char *)&link };

	snprintf(ifr.ifr_name, IFNAMSIZ, "%s", name);
	if (ioctl(fd, SIOCETHTOOL, &ifr) == 0)
		return link.data != 0;
	return ioctl(fd, SIOCGIFFLAGS, &ifr) == 0 && (ifr.ifr_flags & IFF_RUNNING) != 0;
}

void cw_link_look(const struct cw_link *nic, const char *name, struct cw_link_look *look)
{
	/* The socket remembers its namespace: there the name means the NIC. */
	struct ifreq ifr = { 0 };
	int fd = nic->tx_fd;

	if (nic->kind == CW_LINK_PMD) {
		cw_pmd_look(nic, look);
		return;
	}
	*look = (struct cw_link_look){ 0 };
	snprintf(ifr.ifr_name, IFNAMSIZ, "%s", name);
	if (ioctl(fd, SIOCGIFINDEX, &ifr) != 0)
		return;
	look->ifindex = ifr.ifr_ifindex;
	if (look->ifindex != nic->ifindex)
		return;
	look->has_carrier = has_carrier(fd, name);
	if (ioctl(fd, SIOCGIFHWADDR, &ifr) != 0)
		return;
	memcpy(look->mac, ifr.ifr_hwaddr.sa_data, sizeof(look->mac));
	if (ioctl(fd, SIOCGIFMTU, &ifr) != 0)
		return;
	look->mtu = ifr.ifr_mtu > UINT16_MAX ? UINT16_MAX : (uint16_t)ifr.ifr_mtu;
	look->is_there = true;
}

void cw_link_set_carrier(const struct cw_link *twin, bool has_carrier)
{
	int value = has_carrier;

	/* Refused only by a twin that was deleted: then nobody is there to be shown anything. */
	(void)!ioctl(twin->fd, TUNSETCARRIER, &value);
}
