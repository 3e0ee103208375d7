/* Probing, configuring and removing devices of DPDK's. See pmd.h. */
#include <errno.h>
#include <rte_dev.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_mempool.h>
#include <rte_pci.h>
#include <stdio.h>
#include <string.h>

#include "port/pmd.h"

#define DESCRIPTORS 512
#define XDP_BUFFERS 5119 /* a queue: it fills 2,048 at once, and as many may wait to be read */
#define SPARE_BUFFERS 2048 /* of the small ones, for everything but the queues of devices */
#define ETHER_BYTES (14 + 2 * 4) /* a port's tag and one of the LAN's own */

static int say(struct cw_why *why, int rc, const char *text)
{
	snprintf(why->text, sizeof(why->text), "%s", text);
	return rc;
}

/* What DPDK calls the device: without arguments, and a PCI address in full. */
static int name_of(const char *device, char *name, size_t size)
{
	struct rte_pci_addr address;
	size_t length = strcspn(device, ",");

	if (length >= size)
		return -ENAMETOOLONG;
	memcpy(name, device, length);
	name[length] = 0;
	if (rte_pci_addr_parse(name, &address) == 0)
		rte_pci_device_name(&address, name, size);
	return 0;
}

static int find(const char *name, uint16_t *device)
{
	struct rte_eth_dev_info info;

	if (rte_eth_dev_get_port_by_name(name, device) == 0)
		return 0;
	RTE_ETH_FOREACH_DEV(*device) {
		if (rte_eth_dev_info_get(*device, &info) == 0 && info.device != NULL &&
		    strcmp(rte_dev_name(info.device), name) == 0)
			return 0;
	}
	return -ENODEV;
}

/* A device belongs to one link: the same one with other arguments, or one that was removed, is not opened over it. */
static int own(struct cw_link *link, struct cw_why *why)
{
	struct rte_eth_dev_owner owner = { .name = "causeway" };

	if (rte_eth_dev_owner_new(&owner.id) != 0 ||
	    rte_eth_dev_owner_set(link->device, &owner) != 0)
		return say(why, -EBUSY, "the device is in use as it was opened: restart the datapath to change it");
	link->owner = owner.id;
	return 0;
}

static int probe(struct cw_link *link, const char *device, struct cw_why *why)
{
	char name[CW_PMD_NAME];

	if (name_of(device, name, sizeof(name)) != 0)
		return say(why, -ENAMETOOLONG, "name of the device");
	if (find(name, &link->device) == 0)
		return 0;
	int rc = rte_dev_probe(device);
	if (rc == 0)
		rc = find(name, &link->device);
	if (rc == 0) {
		link->is_probed = true;
		return 0;
	}
	snprintf(why->text, sizeof(why->text), "no driver took %s (%s): a NIC must be bound to vfio-pci",
		 name, strerror(rc < 0 ? -rc : ENODEV));
	return -ENODEV;
}

static bool does_chain(const struct rte_eth_dev_info *info)
{
	/* These chain by themselves, whatever they say. */
	static const char *const chains[] = { "net_ring", "net_memif", "net_pcap", "net_null" };

	for (size_t i = 0; i < sizeof(chains) / sizeof(chains[0]); i++) {
		if (strcmp(info->driver_name, chains[i]) == 0)
			return true;
	}
	return false;
}

/* Frames that are larger than a small buffer come in several, where the device can do that. */
static int choose_rx(const struct rte_eth_dev_info *info, uint16_t mtu, struct rte_eth_conf *conf,
		     struct cw_why *why)
{
	if (mtu > info->max_mtu) {
		snprintf(why->text, sizeof(why->text), "MTU %u: the device carries %u", mtu, info->max_mtu);
		return -EMSGSIZE;
	}
	conf->rxmode.mtu = mtu;
	if (mtu + ETHER_BYTES <= CW_SMALL_DATA)
		return 0;
	if (info->rx_offload_capa & RTE_ETH_RX_OFFLOAD_SCATTER)
		conf->rxmode.offloads |= RTE_ETH_RX_OFFLOAD_SCATTER;
	else if (!does_chain(info))
		return say(why, -EMSGSIZE, "MTU: the device cannot put a frame into several buffers");
	return 0;
}

static int configure(struct cw_link *link, const struct cw_pmd_want *want,
		     const struct rte_eth_dev_info *info, bool is_to_tell, struct cw_why *why)
{
	const uint64_t checksums = RTE_ETH_TX_OFFLOAD_TCP_CKSUM | RTE_ETH_TX_OFFLOAD_UDP_CKSUM;
	const uint64_t flows = RTE_ETH_RSS_IP | RTE_ETH_RSS_TCP | RTE_ETH_RSS_UDP;
	struct rte_eth_conf conf = { .intr_conf = { .rxq = is_to_tell } };

	link->queues = want->queues == 0 ? 1 : want->queues;
	link->mtu = want->mtu;
	if (link->queues > info->max_rx_queues) {
		snprintf(why->text, sizeof(why->text), "%u queues: the device has %u", link->queues,
			 info->max_rx_queues);
		return -ERANGE;
	}
	int rc = choose_rx(info, want->mtu, &conf, why);
	if (rc != 0)
		return rc;
	link->is_scattering = conf.rxmode.offloads != 0;
	if (link->queues > 1 && info->flow_type_rss_offloads & flows) {
		conf.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
		conf.rx_adv_conf.rss_conf.rss_hf = flows & info->flow_type_rss_offloads;
	}
	link->can_finish_checksums = (info->tx_offload_capa & checksums) == checksums;
	if (link->can_finish_checksums)
		conf.txmode.offloads |= checksums;
	rc = rte_eth_dev_configure(link->device, link->queues, 1, &conf);
	return rc == 0 ? 0 : say(why, rc, "the device refuses its configuration");
}

/*
 * What AF_XDP's receive queues hold when they are closed never comes back: a pool of its own goes with it. Frames are
 * copied out of it, so that none is in flight then.
 */
static int choose_pool(struct cw_link *link, const struct rte_eth_dev_info *info, uint16_t descriptors,
		       struct cw_why *why)
{
	unsigned int wanted = (unsigned int)link->queues * descriptors;
	char name[RTE_MEMPOOL_NAMESIZE];

	if (strcmp(info->driver_name, "net_af_xdp") != 0) {
		/* What a device's queues hold is not there for packets: better to say so than to starve. */
		return rte_mempool_avail_count(link->pools->small) < wanted + DESCRIPTORS + SPARE_BUFFERS ?
			       say(why, -ENOMEM, "too few packet buffers for its queues: give the datapath more memory") :
			       0;
	}
	snprintf(name, sizeof(name), "cw_xdp%u", link->device);
	link->own_pool = rte_pktmbuf_pool_create(name, link->queues * XDP_BUFFERS, 0, CW_BUFFER_PRIVATE,
						 CW_SMALL_DATA + RTE_PKTMBUF_HEADROOM, SOCKET_ID_ANY);
	return link->own_pool != NULL ? 0 : say(why, -ENOMEM, "too little packet memory for its queues");
}

static int set_up_queues(struct cw_link *link, const struct rte_eth_dev_info *info, struct cw_why *why)
{
	uint16_t rx = DESCRIPTORS, tx = DESCRIPTORS;
	int socket = rte_eth_dev_socket_id(link->device);
	struct rte_eth_txconf txconf = info->default_txconf;

	if (rte_eth_dev_adjust_nb_rx_tx_desc(link->device, &rx, &tx) != 0)
		return say(why, -EINVAL, "number of descriptors");
	if (choose_pool(link, info, rx, why) != 0)
		return -ENOMEM;
	txconf.offloads = link->can_finish_checksums ?
				  RTE_ETH_TX_OFFLOAD_TCP_CKSUM | RTE_ETH_TX_OFFLOAD_UDP_CKSUM :
				  0;
	for (uint16_t queue = 0; queue < link->queues; queue++) {
		if (rte_eth_rx_queue_setup(link->device, queue, rx, (unsigned int)socket, NULL,
					   link->own_pool != NULL ? link->own_pool : link->pools->small) != 0)
			return say(why, -EIO, "a receive queue of the device cannot be set up");
	}
	if (rte_eth_tx_queue_setup(link->device, 0, tx, (unsigned int)socket, &txconf) != 0)
		return say(why, -EIO, "the send queue of the device cannot be set up");
	return 0;
}

static int start_with(struct cw_link *link, const struct cw_pmd_want *want, const struct rte_eth_dev_info *info,
		      bool is_to_tell, struct cw_why *why)
{
	int rc = configure(link, want, info, is_to_tell, why);

	if (rc == 0)
		rc = set_up_queues(link, info, why);
	if (rc != 0)
		return rc;
	/* Some want it before, some after the start; none minds a second time, and not all can be asked at all. */
	rte_eth_dev_set_mtu(link->device, want->mtu);
	rc = rte_eth_dev_start(link->device);
	if (rc != 0)
		return say(why, rc, "the device does not start");
	link->can_tell = is_to_tell && cw_pmd_has_interrupts(link);
	return 0;
}

static int start(struct cw_link *link, const struct cw_pmd_want *want, struct cw_why *why)
{
	struct rte_eth_dev_info info;
	int rc = rte_eth_dev_info_get(link->device, &info);

	if (rc != 0)
		return say(why, rc, "the device says nothing of itself");
	bool may_tell = cw_pmd_may_tell(info.driver_name);
	rc = start_with(link, want, &info, may_tell, why);
	/* With too few interrupts for its queues it does without any. */
	if (rc != 0 && may_tell)
		rc = start_with(link, want, &info, false, why);
	/* A device that cannot leave out foreign multicast hands over all of it anyway. */
	if (rc == 0)
		rte_eth_allmulticast_enable(link->device);
	return rc;
}

int cw_pmd_open(struct cw_link *link, const struct cw_pmd_want *want, const struct cw_pools *pools,
		struct cw_link_look *look, struct cw_why *why)
{
	int rc = cw_pmd_check(want->device, why);

	*link = (struct cw_link){
		.fd = -1, .tx_fd = -1, .watch_fd = -1, .kind = CW_LINK_PMD, .pools = pools
	};
	if (rc == 0)
		rc = probe(link, want->device, why);
	if (rc == 0)
		rc = own(link, why);
	if (rc != 0)
		return rc;
	rc = start(link, want, why);
	if (rc != 0)
		cw_pmd_close(link);
	else
		cw_pmd_look(link, look);
	return rc;
}

int cw_pmd_grow(struct cw_link *link, uint16_t mtu, struct cw_why *why)
{
	struct rte_eth_dev_info info;
	struct rte_eth_conf then = { 0 };

	if (mtu <= link->mtu)
		return 0;
	int rc = rte_eth_dev_info_get(link->device, &info);
	if (rc != 0)
		return say(why, rc, "the device says nothing of itself");
	rc = choose_rx(&info, mtu, &then, why);
	if (rc != 0)
		return rc;
	/* Several buffers a frame, and with many devices any other MTU, are for a device that stands still. */
	if (then.rxmode.offloads == 0 || link->is_scattering)
		rc = rte_eth_dev_set_mtu(link->device, mtu);
	else
		rc = -EBUSY;
	if (rc != 0 && rc != -ENOTSUP) {
		snprintf(why->text, sizeof(why->text), "MTU %u: the device cannot change it while it runs (%s): "
			 "restart the datapath", mtu, strerror(-rc));
		return rc;
	}
	link->mtu = mtu;
	return 0;
}

void cw_pmd_close(struct cw_link *link)
{
	struct rte_eth_dev_info info = { 0 };

	/* Of what is told of no device, nothing is removed. */
	if (rte_eth_dev_info_get(link->device, &info) != 0)
		info.device = NULL;
	rte_eth_dev_stop(link->device);
	rte_eth_dev_owner_unset(link->device, link->owner);
	/* One that was there before stays: whoever made it closes it. */
	if (!link->is_probed)
		return;
	rte_eth_dev_close(link->device);
	if (info.device != NULL)
		rte_dev_remove(info.device);
	rte_mempool_free(link->own_pool);
}

void cw_pmd_look(const struct cw_link *link, struct cw_link_look *look)
{
	struct rte_eth_link state = { 0 };
	struct rte_ether_addr mac;

	*look = (struct cw_link_look){ 0 };
	if (rte_eth_dev_is_removed(link->device) == 1 ||
	    rte_eth_macaddr_get(link->device, &mac) != 0)
		return;
	memcpy(look->mac, &mac, sizeof(look->mac));
	look->ifindex = 1;
	look->mtu = link->mtu;
	look->has_carrier = rte_eth_link_get_nowait(link->device, &state) == 0 &&
			    state.link_status == RTE_ETH_LINK_UP;
	look->is_there = true;
}
