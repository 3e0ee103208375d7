/*
 * Devices of DPDK's as links: what a program calls `pmd`. A PCI address (vfio-pci holds the NIC) or a virtual device
 * with its arguments is probed when it is opened and removed when it is closed. Frames are single packets in both
 * directions: no LRO, no TSO (a train of ours is larger than the descriptors of most NICs), so trains are cut here by
 * graph/train; checksums are the device's where it can, else finished here.
 */
#ifndef CW_PMD_H
#define CW_PMD_H

#include "port/link.h"

/* A place for the reason of a refusal. */
struct cw_why {
	char text[160];
};

struct cw_pmd_want {
	const char *device; /* as the program names it */
	uint8_t queues;     /* 0: one */
	uint16_t mtu;
};

/* Control side. 0 or a negative errno with a reason. */
int cw_pmd_open(struct cw_link *link, const struct cw_pmd_want *want, const struct cw_pools *pools,
		struct cw_link_look *look, struct cw_why *why);
void cw_pmd_close(struct cw_link *link);

/* A running device is to carry `mtu` as well. 0, or a negative errno with a reason: then it goes on as it was. */
int cw_pmd_grow(struct cw_link *link, uint16_t mtu, struct cw_why *why);
void cw_pmd_look(const struct cw_link *link, struct cw_link_look *look);

/*
 * Drivers of virtual devices that lose what the other side's offloads leave undone (checksums, segmentation) are
 * refused, by name or by a look at the interface's other end: they would run, and carry nothing.
 */
int cw_pmd_check(const char *device, struct cw_why *why);

/* Whether devices of this driver may tell of frames; whether this one, which was started for it, can. */
bool cw_pmd_may_tell(const char *driver);
bool cw_pmd_has_interrupts(const struct cw_link *link);
/* What the device tells wakes who waits there; nothing of a device that cannot. 0 or a negative errno. */
int cw_pmd_watch(struct cw_link *link, int epoll_fd);
void cw_pmd_forget(const struct cw_link *link, int epoll_fd);
/* The worker's. Whether the next frame is told of, once; what came before that has to be looked for. */
bool cw_pmd_arm(struct cw_link *link);
void cw_pmd_disarm(const struct cw_link *link);

/* The worker's. See cw_link_rx(), cw_link_tx(), cw_link_count_overflow(). */
uint16_t cw_pmd_rx(struct cw_link *link, struct rte_mbuf **frames, uint16_t n);
void cw_pmd_tx(struct cw_link *link, struct rte_mbuf *m);
void cw_pmd_count_overflow(struct cw_link *link);

#endif
