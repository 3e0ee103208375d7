/*
 * One end of an emulated WAN link: a NIC whose frames come and leave as they are, unfinished checksums (virtio_net_hdr)
 * and VLAN tags included, by AF_PACKET. Frames come with the time at which the kernel got them. Trains, which the NICs
 * at the far ends cut if their offloads are off, are no frames; they are shown as such.
 */
#ifndef CW_WAN_PORT_H
#define CW_WAN_PORT_H

#include <linux/virtio_net.h>
#include <stdbool.h>
#include <stdint.h>

#define CW_WAN_BATCH 64u
#define CW_WAN_TAG 4u
#define CW_WAN_FRAME_MAX 9234u /* jumbo: 9216 and Ethernet's header with a tag */

struct cw_wan_frame {
	uint64_t arrived_ns; /* CLOCK_MONOTONIC */
	uint32_t start;      /* of the frame in `bytes`: a tag is put before what came */
	uint32_t length;
	bool is_train;
	struct virtio_net_hdr vnet;
	uint8_t bytes[CW_WAN_TAG + CW_WAN_FRAME_MAX];
};

struct cw_wan_port {
	int fd;
	int tx_fd; /* what is sent wakes nobody who polls `fd` */
};

/* @returns 0 or a negative errno */
int cw_wan_port_open(struct cw_wan_port *port, const char *nic);

/* Fills up to CW_WAN_BATCH frames. @returns how many; 0 if there are none, or while the NIC is down */
uint32_t cw_wan_port_receive(const struct cw_wan_port *port, struct cw_wan_frame *frames[CW_WAN_BATCH]);

/* @returns how many the kernel refused: the NIC is down, or their MTU greater than its own */
uint32_t cw_wan_port_send(const struct cw_wan_port *port, struct cw_wan_frame *frames[], uint32_t count);

/* Frames that the kernel had no room for, since it was asked last. */
uint32_t cw_wan_port_missed(const struct cw_wan_port *port);

uint64_t cw_wan_now(void);

#endif
