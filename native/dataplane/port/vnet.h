/*
 * Between the kernel's virtio_net_hdr (AF_PACKET with PACKET_VNET_HDR, TUN/TAP with IFF_VNET_HDR) and the offload
 * flags of an mbuf. A train keeps its segment size in `tso_segsz`: RX_LRO on receipt, TX_TCP_SEG or TX_UDP_SEG to
 * send. Checksums follow the kernel's convention: a partial one holds the pseudo header's sum, length included.
 * Virtual I/O Device 1.2 §5.1.6.
 */
#ifndef CW_VNET_H
#define CW_VNET_H

#include <stdbool.h>
#include <stdint.h>

struct rte_mbuf;

struct cw_vnet_hdr {
	uint8_t flags;
	uint8_t gso_type;
	uint16_t hdr_len;
	uint16_t gso_size;
	uint16_t csum_start;
	uint16_t csum_offset;
};

#define CW_VNET_NEEDS_CSUM 1
#define CW_VNET_DATA_VALID 2
#define CW_VNET_GSO_TCPV4 1
#define CW_VNET_GSO_TCPV6 4
#define CW_VNET_GSO_UDP_L4 5
#define CW_VNET_GSO_ECN 0x80

/* Sets flags, l2/l3/l4 lengths and L4 type of a received frame; false for an offload we never asked for. */
bool cw_vnet_to_mbuf(const struct cw_vnet_hdr *vnet, struct rte_mbuf *m, uint16_t l2_len);

/* Turns what was received into what is to be sent, unchanged: the exception path. */
void cw_vnet_forward(struct rte_mbuf *m);

void cw_vnet_from_mbuf(const struct rte_mbuf *m, struct cw_vnet_hdr *vnet);

#endif
