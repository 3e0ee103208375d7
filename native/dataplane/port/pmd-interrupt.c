/* Devices that tell of frames while their worker sleeps: an eventfd for each receive queue, by vfio's MSI-X. See pmd.h. */
#include "port/pmd.h"

#include <errno.h>
#include <rte_ethdev.h>
#include <string.h>
#include <sys/epoll.h>

/* Those of which DPDK has this, and that are used here. What cannot after all is found out at the start. */
bool cw_pmd_may_tell(const char *driver)
{
	static const char *const drivers[] = { "net_virtio", "net_e1000_igb", "net_igc", "net_ixgbe", "net_i40e",
					       "net_ice", "net_iavf", "net_vmxnet3", "mlx5_pci" };

	for (size_t i = 0; i < sizeof(drivers) / sizeof(drivers[0]); i++) {
		if (strcmp(driver, drivers[i]) == 0)
			return true;
	}
	return false;
}

bool cw_pmd_has_interrupts(const struct cw_link *link)
{
	for (uint16_t queue = 0; queue < link->queues; queue++) {
		if (rte_eth_dev_rx_intr_ctl_q_get_fd(link->device, queue) < 0)
			return false;
	}
	return true;
}

int cw_pmd_watch(struct cw_link *link, int epoll_fd)
{
	/* By edge: an eventfd that nobody reads says each time that it was written. */
	struct epoll_event event = { .events = EPOLLIN | EPOLLET, .data = { .ptr = link } };

	for (uint16_t queue = 0; link->can_tell && queue < link->queues; queue++) {
		int fd = rte_eth_dev_rx_intr_ctl_q_get_fd(link->device, queue);
		if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0 && errno != EEXIST)
			return -errno;
	}
	return 0;
}

void cw_pmd_forget(const struct cw_link *link, int epoll_fd)
{
	for (uint16_t queue = 0; link->can_tell && queue < link->queues; queue++)
		epoll_ctl(epoll_fd, EPOLL_CTL_DEL, rte_eth_dev_rx_intr_ctl_q_get_fd(link->device, queue), NULL);
}

bool cw_pmd_arm(struct cw_link *link)
{
	for (uint16_t queue = 0; link->can_tell && queue < link->queues; queue++)
		link->can_tell = rte_eth_dev_rx_intr_enable(link->device, queue) == 0;
	return link->can_tell;
}

void cw_pmd_disarm(const struct cw_link *link)
{
	for (uint16_t queue = 0; link->can_tell && queue < link->queues; queue++)
		rte_eth_dev_rx_intr_disable(link->device, queue);
}
