/* See port.h. */
#include "port/port.h"

#include <errno.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <rte_mbuf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define TAG_BYTES 4
#define MACS_BYTES 12

bool cw_nic_is(const struct cw_nic *nic, const struct cw_port_program *p)
{
	return nic->kind == p->kind && nic->queues == p->queues && memcmp(nic->name, p->nic, sizeof(p->nic)) == 0 &&
	       memcmp(nic->netns, p->nic_netns, sizeof(p->nic_netns)) == 0 &&
	       !atomic_load(&nic->is_gone);
}

bool cw_port_is(const struct cw_port *port, const struct cw_port_program *p)
{
	return memcmp(port->twin_name, p->twin, sizeof(p->twin)) == 0 && port->vlan == p->vlan &&
	       cw_nic_is(port->nic, p) && !atomic_load(&port->twin.is_gone);
}

/* Where the program does not say it, a device has the MTU that its twin was given. */
static uint16_t twin_mtu(const char *twin)
{
	struct ifreq ifr = { 0 };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	snprintf(ifr.ifr_name, IFNAMSIZ, "%s", twin);
	bool is_known = fd >= 0 && ioctl(fd, SIOCGIFMTU, &ifr) == 0;
	if (fd >= 0)
		close(fd);
	return is_known && ifr.ifr_mtu <= UINT16_MAX ? (uint16_t)ifr.ifr_mtu : ETHERMTU;
}

/* And only here is its MAC known, which its twin must have. */
static int set_twin_mac(const char *twin, const uint8_t mac[6])
{
	struct ifreq ifr = { .ifr_hwaddr = { .sa_family = ARPHRD_ETHER } };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	snprintf(ifr.ifr_name, IFNAMSIZ, "%s", twin);
	memcpy(ifr.ifr_hwaddr.sa_data, mac, 6);
	int rc = fd < 0 || ioctl(fd, SIOCSIFHWADDR, &ifr) != 0 ? -errno : 0;
	if (fd >= 0)
		close(fd);
	return rc;
}

uint16_t cw_port_mtu_wanted(const struct cw_port_program *p)
{
	return p->mtu != 0 ? p->mtu : twin_mtu(p->twin);
}

static int open_link(struct cw_link *link, const struct cw_port_program *p, uint16_t mtu,
		     const struct cw_pools *pools, struct cw_link_look *look, struct cw_why *why)
{
	if (p->kind == CW_KIND_NETDEV)
		return cw_link_open_nic(link, p->nic, p->nic_netns, look);
	struct cw_pmd_want want = { p->nic, p->queues, mtu };
	return cw_pmd_open(link, &want, pools, look, why);
}

static int open_nic(const struct cw_port_program *p, const struct cw_pools *pools, uint16_t mtu,
		    struct cw_nic **out, struct cw_why *why)
{
	struct cw_nic *nic = calloc(1, sizeof(*nic));
	struct cw_link_look look;

	if (nic == NULL)
		return -ENOMEM;
	memcpy(nic->name, p->nic, sizeof(p->nic));
	memcpy(nic->netns, p->nic_netns, sizeof(p->nic_netns));
	nic->kind = p->kind;
	nic->queues = p->queues;
	nic->link.fd = nic->link.tx_fd = nic->link.watch_fd = -1;
	int rc = open_link(&nic->link, p, mtu, pools, &look, why);
	if (rc != 0) {
		free(nic);
		return rc;
	}
	memcpy(nic->mac, look.mac, sizeof(nic->mac));
	nic->found_ifindex = look.ifindex;
	*out = nic;
	return 0;
}

static void release_nic(struct cw_nic *nic)
{
	if (nic == NULL || --nic->port_count > 0)
		return;
	cw_link_close(&nic->link);
	free(nic);
}

int cw_port_open(const struct cw_port_program *p, const struct cw_pools *pools, struct cw_nic *nic,
		 uint16_t nic_mtu, struct cw_port **out, struct cw_why *why)
{
	static uint64_t opened;
	struct cw_port *port = calloc(1, sizeof(*port));
	int rc = 0;

	if (port == NULL)
		return -ENOMEM;
	*out = port;
	port->id = ++opened;
	memcpy(port->twin_name, p->twin, sizeof(p->twin));
	port->vlan = p->vlan;
	port->own_mtu = p->mtu;
	port->twin.fd = port->twin.tx_fd = port->twin.watch_fd = -1;
	if (nic == NULL)
		rc = open_nic(p, pools, nic_mtu, &nic, why);
	if (rc != 0)
		return rc;
	nic->port_count++;
	port->nic = nic;
	memcpy(port->mac, nic->mac, sizeof(port->mac));
	rc = cw_link_open_twin(&port->twin, p->twin, CW_LINK_TAP);
	if (rc == 0 && p->kind == CW_KIND_PMD)
		rc = set_twin_mac(p->twin, nic->mac);
	if (rc != 0)
		return rc;
	/* A new queue of a twin knows nothing of what was shown on it before. */
	cw_port_look(port);
	cw_link_set_carrier(&port->twin, atomic_load(&port->is_up));
	return 0;
}

void cw_port_close(struct cw_port *port)
{
	if (port == NULL)
		return;
	if (port->twin.fd >= 0)
		cw_link_close(&port->twin);
	release_nic(port->nic);
	free(port);
}

static void set_mtu(struct cw_port *port)
{
	uint16_t own = port->own_mtu, nic = port->nic_mtu;

	atomic_store(&port->mtu, own != 0 && own < nic ? own : nic);
}

void cw_port_limit(struct cw_port *port, uint16_t own_mtu)
{
	port->own_mtu = own_mtu;
	set_mtu(port);
}

bool cw_port_look(struct cw_port *port)
{
	struct cw_nic *nic = port->nic;
	struct cw_link_look look;

	cw_link_look(&nic->link, nic->name, &look);
	bool is_changed = look.ifindex != nic->found_ifindex;
	nic->found_ifindex = look.ifindex;
	if (!look.is_there || memcmp(look.mac, nic->mac, sizeof(look.mac)) != 0) {
		is_changed |= !atomic_exchange(&nic->is_gone, true);
	} else {
		/* Also where the port's own is what counts: the gateway made that one by the NIC's. */
		is_changed |= port->nic_mtu != look.mtu;
		port->nic_mtu = look.mtu;
		set_mtu(port);
	}
	atomic_store(&nic->link.is_down, !look.has_carrier);
	bool is_up = look.has_carrier && !atomic_load(&nic->is_gone);
	if (is_up != atomic_exchange(&port->is_up, is_up)) {
		cw_link_set_carrier(&port->twin, is_up);
		atomic_fetch_add(&port->downs, !is_up);
		is_changed = true;
	}
	return is_changed;
}

/* A tag in the frame itself, of a NIC that leaves them there. */
static int take_tag(struct rte_mbuf *m)
{
	uint8_t *frame = rte_pktmbuf_mtod(m, uint8_t *);

	if (m->data_len < MACS_BYTES + 2)
		return -1;
	if (frame[12] == 0x88 && frame[13] == 0xa8)
		return -1;
	if (frame[12] != 0x81 || frame[13] != 0x00)
		return 0;
	if (m->l2_len < MACS_BYTES + TAG_BYTES + 2 || m->data_len < m->l2_len)
		return -1;
	int id = (frame[14] << 8 | frame[15]) & CW_VLAN_ID;
	memmove(frame + TAG_BYTES, frame, MACS_BYTES);
	rte_pktmbuf_adj(m, TAG_BYTES);
	m->l2_len -= TAG_BYTES;
	return id;
}

int cw_port_untag_tagged(struct rte_mbuf *m)
{
	uint64_t stripped = RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED;

	if (!(m->ol_flags & RTE_MBUF_F_RX_VLAN_STRIPPED))
		return take_tag(m);
	m->ol_flags &= ~stripped;
	return m->ol_flags & RTE_MBUF_F_RX_QINQ ? -1 : m->vlan_tci & CW_VLAN_ID;
}

void cw_port_tx(struct cw_port *port, struct rte_mbuf *m)
{
	struct cw_link *link = &port->nic->link;
	uint64_t packets = link->tx_packets, bytes = link->tx_bytes, buffers = link->tx_buffers;

	if (port->vlan != 0) {
		m->ol_flags |= RTE_MBUF_F_TX_VLAN;
		m->vlan_tci = port->vlan;
	}
	cw_link_tx(link, &m, 1);
	port->tx_packets += link->tx_packets - packets;
	port->tx_bytes += link->tx_bytes - bytes;
	port->tx_buffers += link->tx_buffers - buffers;
}
