/*
 * Offloads between the kernel's header and an mbuf, by table: what comes in, what goes out again
 * unchanged, and what is refused because it contradicts the frame or was never asked for. VIRTIO
 * 1.2 §5.1.6.
 */
#include <rte_mbuf.h>

#include "check.h"
#include "packet.h"
#include "port/vnet.h"

#define FRAME_MAX 2000
#define ECN CW_VNET_GSO_ECN
#define NEEDS CW_VNET_NEEDS_CSUM
#define LRO RTE_MBUF_F_RX_LRO
#define PARTIAL RTE_MBUF_F_RX_L4_CKSUM_NONE
#define GOOD RTE_MBUF_F_RX_L4_CKSUM_GOOD

/*
 * An Ethernet frame of `length` bytes with IPv4 or IPv6 behind it, and TCP with `tcp_len` bytes of
 * header or UDP.
 */
struct frame {
	uint16_t l2, l3, length;
	uint8_t version;
	uint8_t tcp_len; /* 0: UDP */
	uint8_t tcp_flags;
};

static const struct frame tcp4 = { 14, 20, 1500, 4, 32, 0x10 };
static const struct frame tcp4_cwr = { 14, 20, 1500, 4, 20, 0x90 };
static const struct frame tcp6 = { 14, 40, 1500, 6, 20, 0x10 };
static const struct frame tun4 = { 0, 20, 1486, 4, 20, 0x10 };
static const struct frame tagged = { 18, 60, 1500, 4, 60, 0x10 };
static const struct frame udp4 = { 14, 20, 1500, 4, 0, 0 };
static const struct frame udp6 = { 14, 40, 1500, 6, 0, 0 };
static const struct frame tiny = { 14, 20, 42, 4, 0, 0 };
static const struct frame no_header = { 14, 20, 1500, 4, 4, 0x10 };
static const struct frame short_header = { 14, 20, 1500, 4, 16, 0x10 };
static const struct frame header_only = { 14, 20, 94, 4, 60, 0x10 };
static const struct frame long_header = { 14, 20, 60, 4, 60, 0x10 };

/* The frame in a block of its size; the caller frees `buf_addr`. */
static struct rte_mbuf mbuf_of(const struct frame *f)
{
	struct rte_mbuf m = { .data_len = f->length, .pkt_len = f->length };
	uint8_t *at = malloc(f->length);

	m.buf_addr = at;
	memset(at, 0x55, f->length);
	at[f->l2] = (uint8_t)(f->version << 4 | 5);
	if (f->tcp_len > 0) {
		at[f->l2 + f->l3 + 12] = (uint8_t)(f->tcp_len / 4 << 4);
		at[f->l2 + f->l3 + 13] = f->tcp_flags;
	}
	return m;
}

static const struct good {
	const char *name;
	const struct frame *frame;
	struct cw_vnet_hdr vnet; /* flags, gso_type, hdr_len, gso_size, csum_start, csum_offset */
	uint64_t flags;
	uint16_t l4_len;
} good[] = {
	{ "nothing", &tcp4, { 0 }, 0, 0 },
	{ "checksum seen", &tcp4, { .flags = CW_VNET_DATA_VALID }, GOOD, 0 },
	{ "partial TCP", &tcp4, { NEEDS, 0, 0, 0, 34, 16 }, PARTIAL, 0 },
	{ "partial UDP", &udp4, { NEEDS, 0, 0, 0, 34, 6 }, PARTIAL, 0 },
	{ "partial TCP over IPv6", &tcp6, { NEEDS, 0, 0, 0, 54, 16 }, PARTIAL, 0 },
	{ "partial, at the end", &tiny, { NEEDS, 0, 0, 0, 34, 6 }, PARTIAL, 0 },
	{ "TCP train", &tcp4, { NEEDS, 1, 66, 700, 34, 16 }, PARTIAL | LRO, 32 },
	{ "TCP train with CWR", &tcp4_cwr, { NEEDS, 1 | ECN, 54, 700, 34, 16 }, PARTIAL | LRO, 20 },
	{ "TCP train over IPv6", &tcp6, { NEEDS, 4, 74, 700, 54, 16 }, PARTIAL | LRO, 20 },
	{ "TCP train of a TUN", &tun4, { NEEDS, 1, 40, 1, 20, 16 }, PARTIAL | LRO, 20 },
	{ "longest headers", &tagged, { NEEDS, 1, 138, 65535, 78, 16 }, PARTIAL | LRO, 60 },
	{ "UDP train", &udp4, { NEEDS, 5, 42, 100, 34, 6 }, PARTIAL | LRO, 8 },
	{ "UDP train over IPv6", &udp6, { NEEDS, 5, 62, 100, 54, 6 }, PARTIAL | LRO, 8 },
};

static void takes_and_gives_back(void)
{
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		const struct good *g = &good[i];
		struct rte_mbuf m = mbuf_of(g->frame);
		struct cw_vnet_hdr back;
		bool is_fine = CHECK(cw_vnet_to_mbuf(&g->vnet, &m, g->frame->l2));

		is_fine &= CHECK(m.ol_flags == g->flags);
		is_fine &= CHECK(m.l2_len == g->frame->l2);
		is_fine &= CHECK(m.l4_len == g->l4_len);
		if ((g->flags & RTE_MBUF_F_RX_L4_CKSUM_MASK) == PARTIAL) {
			uint32_t type = g->frame->tcp_len > 0 ? RTE_PTYPE_L4_TCP : RTE_PTYPE_L4_UDP;
			is_fine &= CHECK(m.l3_len == g->frame->l3);
			is_fine &= CHECK(m.packet_type == type);
		}
		if (g->flags & LRO)
			is_fine &= CHECK(m.tso_segsz == g->vnet.gso_size);
		cw_vnet_forward(&m);
		is_fine &= CHECK(!(m.ol_flags & LRO));
		cw_vnet_from_mbuf(&m, &back);
		is_fine &= CHECK(memcmp(&back, &g->vnet, sizeof(back)) == 0);
		if (!is_fine)
			fprintf(stderr, "  in '%s'\n", g->name);
		free(m.buf_addr);
	}
}

static const struct {
	const char *name;
	const struct frame *frame;
	struct cw_vnet_hdr vnet;
} refused[] = {
	{ "checksum of neither TCP nor UDP", &tcp4, { NEEDS, 0, 0, 0, 34, 8 } },
	{ "checksum inside of Ethernet", &tcp4, { NEEDS, 0, 0, 0, 13, 16 } },
	{ "checksum behind the frame", &tcp4, { NEEDS, 0, 0, 0, 1490, 16 } },
	{ "checksum half behind the frame", &tiny, { NEEDS, 0, 0, 0, 35, 6 } },
	{ "checksum far behind", &tcp4, { NEEDS, 0, 0, 0, 65535, 65535 } },
	{ "L3 longer than its field", &tcp4, { NEEDS, 0, 0, 0, 14 + 512, 16 } },
	{ "train without a checksum", &tcp4, { 0, 1, 66, 700, 34, 16 } },
	{ "train whose checksum was seen", &tcp4, { CW_VNET_DATA_VALID, 1, 66, 700, 34, 16 } },
	{ "train of segments of nothing", &tcp4, { NEEDS, 1, 66, 0, 34, 16 } },
	{ "UDP train of nothing", &udp4, { NEEDS, 5, 42, 0, 34, 6 } },
	{ "UDP fragments", &udp4, { NEEDS, 3, 42, 700, 34, 6 } },
	{ "unknown train", &tcp4, { NEEDS, 2, 66, 700, 34, 16 } },
	{ "unknown train, high bits", &tcp4, { NEEDS, 0x41, 66, 700, 34, 16 } },
	{ "TCP train that is UDP", &udp4, { NEEDS, 1, 42, 700, 34, 6 } },
	{ "UDP train that is TCP", &tcp4, { NEEDS, 5, 66, 700, 34, 16 } },
	{ "TCP train without a header", &tiny, { NEEDS, 1, 42, 700, 24, 16 } },
	{ "TCP train, no data offset", &no_header, { NEEDS, 1, 38, 700, 34, 16 } },
	{ "TCP train, data offset below 20", &short_header, { NEEDS, 1, 50, 700, 34, 16 } },
	{ "TCP train, data offset behind the frame", &long_header, { NEEDS, 1, 94, 700, 34, 16 } },
	{ "TCP train without a payload", &header_only, { NEEDS, 1, 94, 700, 34, 16 } },
	{ "UDP train without a payload", &tiny, { NEEDS, 5, 42, 700, 34, 6 } },
	{ "ECN of no train", &tcp4, { NEEDS, ECN, 66, 700, 34, 16 } },
};

static void refuses_nonsense(void)
{
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		struct rte_mbuf m = mbuf_of(refused[i].frame);

		if (!CHECK(!cw_vnet_to_mbuf(&refused[i].vnet, &m, refused[i].frame->l2)))
			fprintf(stderr, "  '%s'\n", refused[i].name);
		free(m.buf_addr);
	}
}

/* Any header over any frame: what is accepted lies inside of the frame. */
static void accepts_only_what_lies_inside(void)
{
	uint32_t accepted = 0;

	for (uint32_t i = 0; i < 300000; i++) {
		struct frame f = { check_below(2) ? 14 : 0, 20, 0, 4, 20, 0x10 };
		f.length = (uint16_t)(60 + check_below(100));
		struct rte_mbuf m = mbuf_of(&f);
		check_fill(m.buf_addr, f.length);
		struct cw_vnet_hdr vnet = { .flags = check_below(4),
					    .gso_type = check_below(7) | (check_below(4) ? 0 : ECN),
					    .gso_size = check_below(3) ? check_below(100) : 0,
					    .csum_start = check_below(180),
					    .csum_offset = check_below(2) ? 16 : 6 };
		if (cw_vnet_to_mbuf(&vnet, &m, f.l2)) {
			accepted++;
			if ((m.ol_flags & RTE_MBUF_F_RX_L4_CKSUM_MASK) == PARTIAL)
				CHECK(m.l2_len + m.l3_len + vnet.csum_offset + 2u <= f.length);
			if (m.ol_flags & LRO)
				CHECK(m.l2_len + m.l3_len + m.l4_len <= f.length &&
				      m.tso_segsz > 0);
		}
		free(m.buf_addr);
	}
	CHECK(accepted > 10000);
}

/* A tag that the kernel took off is put back on. */
static void keeps_a_stripped_tag(void)
{
	struct rte_mbuf m = mbuf_of(&tcp4);

	m.ol_flags = RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED;
	CHECK(cw_vnet_to_mbuf(&(struct cw_vnet_hdr){ 0 }, &m, 14));
	cw_vnet_forward(&m);
	CHECK(m.ol_flags == RTE_MBUF_F_TX_VLAN);
	free(m.buf_addr);
}

int main(int argc, char **argv)
{
	check_begin(argc, argv);
	takes_and_gives_back();
	refuses_nonsense();
	accepts_only_what_lies_inside();
	keeps_a_stripped_tag();
	return check_result();
}
