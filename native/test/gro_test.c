/*
 * Joining of what a device received: cut again, the frames are those that came, each flow's in order; what belongs
 * together comes as one train, which says what the kernel's GRO would; nothing with a bad checksum is joined.
 */
#include <rte_mbuf.h>

#include "check.h"
#include "device.h"
#include "graph/train.h"
#include "packet.h"
#include "port/gro.h"

#define ETHER 14
#define BURST 32
#define FLOWS 11 /* more than are joined at a time */
#define FRAME 1600

/* In the place of graph/csum.c's: counts the sums that go over payload. */
uint64_t cw_test_csum_add(uint64_t sum, const void *data, size_t length) __asm__("__wrap_cw_csum_add");
uint64_t cw_test_real_csum_add(uint64_t sum, const void *data, size_t length) __asm__("__real_cw_csum_add");

static struct cw_pools pools;
static uint32_t sums;
static uint32_t sequences[FLOWS];
static bool is_calm; /* nothing but what can be joined */

struct frames {
	uint32_t count;
	uint32_t length[BURST];
	uint8_t bytes[BURST][FRAME];
};

static struct frames sent[FLOWS], came[FLOWS];

uint64_t cw_test_csum_add(uint64_t sum, const void *data, size_t length)
{
	sums += length > 500;
	return cw_test_real_csum_add(sum, data, length);
}

static uint32_t l3_of(const uint8_t *frame)
{
	return packet_u16(frame + 12) == 0x8100 ? ETHER + 4 : ETHER;
}

static uint32_t pseudo(const uint8_t *l3, uint32_t l4_len)
{
	const uint8_t rest[4] = { (uint8_t)(l4_len >> 8), (uint8_t)l4_len, 0, PACKET_TCP };
	uint32_t sum = l3[0] >> 4 == 6 ? packet_sum(0, l3 + 8, 32) : packet_sum(0, l3 + 12, 8);

	return packet_sum(sum, rest, 4);
}

/* The next frame of a flow: odd ones are IPv6, the last has a VLAN of the LAN's own. Mostly what can be joined. */
static void put_frame(struct frames *to, uint32_t flow)
{
	uint8_t *frame = to->bytes[to->count], *l3 = frame + ETHER;
	uint32_t payload = is_calm || check_below(8) ? 1000 : 1 + check_below(1300);
	uint32_t odds = is_calm ? 39 : check_below(40);

	memset(frame, 2, 12);
	frame[11] = (uint8_t)flow;
	if (flow == FLOWS - 1) {
		packet_put32(frame + 12, 0x81000007);
		l3 += 4;
	}
	uint32_t l3_len = flow % 2 == 0 ? 20 : 40;
	packet_put16(l3 - 2, l3_len == 20 ? 0x0800 : 0x86dd);
	if (l3_len == 20) {
		packet_ip(l3, 20, PACKET_TCP, 0x0a000001, 0x0a000002 + flow);
		l3[8] = odds == 0 ? 63 : 64;
	} else {
		memset(l3, (int)flow, 40);
		packet_put32(l3, 0x60000000 | (odds == 0));
		l3[6] = PACKET_TCP;
		l3[7] = 64;
	}
	uint8_t *tcp = l3 + l3_len;
	memset(tcp, 0, 32);
	packet_put16(tcp, flow);
	packet_put32(tcp + 4, sequences[flow] + (odds == 1));
	packet_put32(tcp + 8, odds == 2);
	tcp[12] = 0x80;
	tcp[13] = odds == 3 ? 0x11 : is_calm || check_below(10) ? 0x10 : 0x18;
	memcpy(tcp + 20, (const uint8_t[]){ 1, 1, 8, 10, 0, 0, 0, odds == 4, 0, 0, 0, 2 }, 12);
	payload = odds == 5 ? 0 : payload;
	check_fill(tcp + 32, payload);
	sequences[flow] += payload;
	if (l3_len == 20) {
		packet_put16(l3 + 2, 52 + payload);
		packet_finish_ip(l3);
	} else {
		packet_put16(l3 + 4, 32 + payload);
	}
	packet_put16(tcp + 16, ~packet_sum(pseudo(l3, 32 + payload), tcp, 32 + payload) ^ (odds == 6));
	to->length[to->count++] = (uint32_t)(tcp - frame) + 32 + payload;
}

static struct rte_mbuf *mbuf_of(const uint8_t *frame, uint32_t length)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(pools.small);
	/* Ethernet's least size: what follows the packet is not part of it. */
	uint32_t padded = length < 100 ? 100 : length;

	NEEDS(m != NULL);
	memcpy(rte_pktmbuf_append(m, (uint16_t)padded), frame, length);
	m->l2_len = l3_of(frame) & 0x7f;
	return m;
}

/* Frames of one buffer that came, to their flow's. */
static void take(struct rte_mbuf *m)
{
	const uint8_t *frame = rte_pktmbuf_mtod(m, const uint8_t *);
	struct frames *to = &came[frame[11]];
	bool is_train = (m->ol_flags & RTE_MBUF_F_RX_LRO) != 0;
	struct cw_cut cut;

	CHECK(is_train == ((m->ol_flags & RTE_MBUF_F_RX_L4_CKSUM_MASK) == RTE_MBUF_F_RX_L4_CKSUM_NONE));
	if (!is_train)
		m->l3_len = frame[m->l2_len] >> 4 == 4 ? 20 : 40;
	CHECK(!is_train || (m->l4_len == 32 && m->packet_type == RTE_PTYPE_L4_TCP));
	cw_cut_begin(&cut, m);
	while (cw_cut_peek(&cut) > 0 && CHECK(to->count < BURST)) {
		uint8_t *at = to->bytes[to->count];
		memcpy(at, frame, m->l2_len);
		to->length[to->count++] = m->l2_len + cw_cut_next(&cut, at + m->l2_len);
	}
}

/* Equal but for the id, which says nothing where DF is set (RFC 6864 §4.1), and which the header's checksum covers. */
static bool is_equal(uint8_t *a, uint8_t *b, uint32_t length)
{
	uint32_t l3 = l3_of(a);

	if (a[l3] >> 4 == 4) {
		CHECK(packet_sum(0, b + l3, 20) == 0xffff);
		memset(a + l3 + 4, 0, 2);
		memset(b + l3 + 4, 0, 2);
		memset(a + l3 + 10, 0, 2);
		memset(b + l3 + 10, 0, 2);
	}
	return memcmp(a, b, length) == 0;
}

static uint32_t burst(uint32_t flow_count)
{
	struct rte_mbuf *frames[BURST];
	uint16_t n = 0;

	memset(sent, 0, sizeof(sent));
	memset(came, 0, sizeof(came));
	while (n < BURST) {
		uint32_t flow = check_below(flow_count) * (FLOWS - 1) / (flow_count > 1 ? flow_count - 1 : 1);
		struct frames *to = &sent[flow];
		put_frame(to, flow);
		frames[n++] = mbuf_of(to->bytes[to->count - 1], to->length[to->count - 1]);
	}
	uint16_t kept = cw_gro(&pools, frames, n);
	for (uint16_t i = 0; i < kept; i++) {
		take(frames[i]);
		rte_pktmbuf_free(frames[i]);
	}
	for (uint32_t flow = 0; flow < FLOWS; flow++) {
		bool is_fine = CHECK(sent[flow].count == came[flow].count);
		for (uint32_t i = 0; is_fine && i < sent[flow].count; i++)
			is_fine = CHECK(sent[flow].length[i] == came[flow].length[i] &&
					is_equal(sent[flow].bytes[i], came[flow].bytes[i],
						 sent[flow].length[i]));
		if (!is_fine)
			fprintf(stderr, "  flow %u of %u\n", flow, flow_count);
	}
	return kept;
}

/* Any bytes: nothing is read behind the frame, and nothing that is no TCP is touched. */
static void takes_any_frame(void)
{
	for (uint32_t round = 0; round < 2000; round++) {
		struct rte_mbuf *frames[2];
		for (uint32_t i = 0; i < 2; i++) {
			uint8_t frame[80];
			uint32_t length = ETHER + check_below(60);
			check_fill(frame, sizeof(frame));
			packet_put16(frame + 12, check_below(2) ? 0x0800 : 0x86dd);
			frame[14] = (uint8_t)(check_below(2) ? 0x45 : 0x60);
			frame[20] = frame[23] = PACKET_TCP;
			frames[i] = rte_pktmbuf_alloc(pools.small);
			memcpy(rte_pktmbuf_append(frames[i], (uint16_t)length), frame, length);
			frames[i]->l2_len = ETHER;
		}
		uint16_t kept = cw_gro(&pools, frames, 2);
		CHECK(kept == 2);
		rte_pktmbuf_free_bulk(frames, kept);
	}
}

/* `count` segments of so many flows: how often payload was summed up. */
static uint32_t sums_of(uint32_t count, uint32_t flow_count)
{
	struct rte_mbuf *frames[BURST];

	memset(sent, 0, sizeof(sent));
	for (uint32_t i = 0; i < count; i++) {
		struct frames *to = &sent[i % flow_count];
		put_frame(to, i % flow_count);
		frames[i] = mbuf_of(to->bytes[to->count - 1], to->length[to->count - 1]);
	}
	sums = 0;
	uint16_t kept = cw_gro(&pools, frames, (uint16_t)count);
	CHECK(kept == flow_count);
	rte_pktmbuf_free_bulk(frames, kept);
	return sums;
}

int main(int argc, char **argv)
{
	check_begin(argc, argv);
	device_start_eal(&pools);
	for (uint32_t round = 0; round < 500; round++) {
		burst(1);
		burst(3);
		burst(FLOWS);
	}
	is_calm = true;
	CHECK(burst(1) == 1 && burst(2) == 2);
	/* What is alone is summed up by nobody, what is joined once. */
	CHECK(sums_of(8, 8) == 0 && sums_of(3, 1) == 3 && sums_of(BURST, 4) == BURST);
	takes_any_frame();
	CHECK(rte_mempool_in_use_count(pools.small) == 0);
	CHECK(rte_mempool_in_use_count(pools.large) == 0);
	rte_eal_cleanup();
	return check_result();
}
