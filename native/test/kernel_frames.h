/* What the kernel sends by the uplink's twin: after seal_packets.h. */
#ifndef CW_KERNEL_FRAMES_H
#define CW_KERNEL_FRAMES_H

#include "seal_packets.h"

static uint32_t kernel_source = CW_BENCH_WAN;

/* To the Internet. @return its bytes */
static inline uint32_t give_kernel(uint16_t type, uint16_t from_port, uint8_t dscp, uint32_t length, const struct cw_vnet_hdr *vnet)
{
	static const struct cw_vnet_hdr none;

	make_packet(vnet == NULL ? PACKET_UDP : PACKET_TCP, 20, length, 0x08080808);
	packet_put32(sent + 12, kernel_source);
	memcpy(frame + 6, bench.ports[1]->mac, 6);
	packet_put16(frame + 12, type);
	if (type == 0x0800) {
		sent[1] = (uint8_t)(dscp << 2);
		packet_put16(sent + 20, from_port);
		packet_put16(sent + 22, 443);
		packet_finish_ip(sent);
		packet_finish(sent, length);
	}
	cw_bench_give(&bench, CW_BENCH_UPLINK_TWIN, vnet == NULL ? &none : vnet, frame, 14 + length);
	return 14 + length;
}

#endif
