/*
 * Fuzzes the kernel's offload header: what is taken of any over any frame lies inside of it, and leaves as it came.
 * Input: bytes before the L3 header u8 | struct cw_vnet_hdr, little-endian | frame.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz_bench.h"
#include "port/vnet.h"

#define HEAD 11
#define L2_MAX 18

static void check_offsets(const struct cw_vnet_hdr *vnet, const struct rte_mbuf *m)
{
	uint32_t l4 = m->l2_len + m->l3_len;

	if (vnet->flags & CW_VNET_NEEDS_CSUM)
		FUZZ_NEEDS(l4 == vnet->csum_start && l4 + vnet->csum_offset + 2 <= m->pkt_len);
	if (m->ol_flags & RTE_MBUF_F_RX_LRO)
		FUZZ_NEEDS(l4 + m->l4_len < m->pkt_len && m->tso_segsz > 0 &&
			   vnet->flags & CW_VNET_NEEDS_CSUM);
	FUZZ_NEEDS((vnet->gso_type != 0) == ((m->ol_flags & RTE_MBUF_F_RX_LRO) != 0));
}

/* What leaves; its family and CWR are the packet's, the rest is what came. */
static struct cw_vnet_hdr forward(const struct cw_vnet_hdr *vnet, struct rte_mbuf *m)
{
	struct cw_vnet_hdr back;
	bool is_partial = vnet->flags & CW_VNET_NEEDS_CSUM;

	cw_vnet_forward(m);
	cw_vnet_from_mbuf(m, &back);
	FUZZ_NEEDS(back.flags == (is_partial ? CW_VNET_NEEDS_CSUM : vnet->flags & CW_VNET_DATA_VALID));
	FUZZ_NEEDS(!is_partial || (back.csum_start == vnet->csum_start &&
				   back.csum_offset == vnet->csum_offset));
	FUZZ_NEEDS(back.gso_size == (vnet->gso_type == 0 ? 0 : vnet->gso_size));
	FUZZ_NEEDS((back.gso_type == CW_VNET_GSO_UDP_L4) ==
		   ((vnet->gso_type & ~CW_VNET_GSO_ECN) == CW_VNET_GSO_UDP_L4));
	FUZZ_NEEDS(back.hdr_len <= m->pkt_len);
	return back;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cw_vnet_hdr vnet, again;

	if (size < HEAD || size > HEAD + UINT16_MAX || data[0] > L2_MAX)
		return 0;
	uint16_t length = (uint16_t)(size - HEAD);
	uint8_t *exact = malloc(length == 0 ? 1 : length);
	struct rte_mbuf m = { .buf_addr = exact, .data_len = length, .pkt_len = length };
	memcpy(&vnet, data + 1, sizeof(vnet));
	memcpy(exact, data + HEAD, length);
	if (cw_vnet_to_mbuf(&vnet, &m, data[0])) {
		check_offsets(&vnet, &m);
		vnet = forward(&vnet, &m);
		/* What we send we would take ourselves, and send again. */
		m.ol_flags = 0;
		FUZZ_NEEDS(cw_vnet_to_mbuf(&vnet, &m, data[0]));
		again = forward(&vnet, &m);
		FUZZ_NEEDS(memcmp(&again, &vnet, sizeof(again)) == 0);
	}
	free(exact);
	return 0;
}
