/*
 * Cutting trains against a slow oracle that makes each packet on its own: any size, odd lengths,
 * options, flags, sequence numbers and ids that wrap. Buffers, and the places that pieces are
 * written to, are of just their size.
 */
#include <rte_mbuf.h>

#include "check.h"
#include "graph/train.h"
#include "packet.h"

#define TRAIN_MAX 65407 /* what the largest buffer holds */
#define PIECES_MAX 3000
#define FIN_PSH 0x09
#define CWR 0x80

/* A train or a packet as it lies in a buffer, with `l2` bytes before it and `pad` behind. */
struct train {
	uint8_t bytes[TRAIN_MAX];
	uint32_t l2, l3, l4, payload, pad;
	bool is6;
	uint32_t segment; /* 0: no train */
	uint64_t flags;
};

static uint32_t headers_of(const struct train *t)
{
	return t->l3 + t->l4;
}

static uint8_t *ip_of(struct train *t)
{
	return t->bytes + t->l2;
}

/* Random addresses, class, flow label and hop limit; extension headers with nothing in them. */
static void make_header6(uint8_t *ip, uint32_t header, uint8_t protocol)
{
	packet_ip6(ip, header, protocol, 0, 0);
	check_fill(ip + 1, 3);
	check_fill(ip + 7, 33);
	ip[0] = (uint8_t)(0x60 | check_below(16));
}

/* Random bytes in random headers; lengths and data offset say the truth, the checksums nothing. */
static void make_train(struct train *t, bool is_tcp, uint32_t payload)
{
	t->l2 = check_below(3) == 0 ? 0 : check_below(4) == 0 ? 18 : 14;
	t->is6 = check_below(2) != 0;
	t->l3 = t->is6 ? 40 + 8 * (check_below(3) == 0 ? check_below(8) : 0) :
			 20 + 4 * (check_below(3) == 0 ? check_below(11) : 0);
	t->l4 = is_tcp ? 20 + 4 * check_below(11) : 8;
	uint32_t room = TRAIN_MAX - t->l2 - headers_of(t);
	t->payload = payload < room ? payload : room;
	t->pad = 0;
	t->flags = 0;
	check_fill(t->bytes, t->l2 + headers_of(t));
	for (uint32_t i = 0; i < t->payload; i++)
		t->bytes[t->l2 + headers_of(t) + i] = (uint8_t)(i * 7 + i / 251);
	uint8_t *ip = ip_of(t);
	if (t->is6) {
		make_header6(ip, t->l3, is_tcp ? PACKET_TCP : PACKET_UDP);
		packet_put16(ip + 4, headers_of(t) - 40 + t->payload);
	} else {
		ip[0] = (uint8_t)(0x40 | t->l3 / 4);
		ip[9] = is_tcp ? PACKET_TCP : PACKET_UDP;
		packet_put16(ip + 2, headers_of(t) + t->payload);
		if (check_below(8) == 0)
			packet_put16(ip + 4, 0xfffe);
		packet_finish_ip(ip);
	}
	if (is_tcp)
		ip[t->l3 + 12] = (uint8_t)(t->l4 / 4 << 4);
	else
		packet_put16(ip + t->l3 + 4, t->l4 + t->payload);
	if (is_tcp && check_below(8) == 0)
		packet_put32(ip + t->l3 + 4, 0xffffff00);
}

/* The mbuf of a train, its bytes in a block of just their size: the caller frees `buf_addr`. */
static struct rte_mbuf mbuf_of(const struct train *t)
{
	uint32_t length = t->l2 + headers_of(t) + t->payload + t->pad;
	struct rte_mbuf m = { .ol_flags = t->flags };

	m.buf_addr = malloc(length);
	m.data_len = (uint16_t)length;
	m.pkt_len = length;
	m.l2_len = t->l2;
	m.l3_len = (uint16_t)(t->l3 & 0x1ff);
	m.l4_len = t->segment > 0 ? t->l4 : 0;
	m.tso_segsz = (uint16_t)t->segment;
	memcpy(m.buf_addr, t->bytes, length);
	return m;
}

/* Piece `index` as a host would have sent it by itself; its length. */
static uint32_t oracle(struct train *t, uint32_t index, uint8_t *to)
{
	uint32_t offset = index * t->segment, left = t->payload - offset;
	uint32_t bytes = left < t->segment ? left : t->segment;
	uint32_t length = headers_of(t) + bytes;
	bool is_last = bytes == left;
	uint8_t *ip = ip_of(t), *l4 = to + t->l3;

	memcpy(to, ip, headers_of(t));
	memcpy(to + headers_of(t), ip + headers_of(t) + offset, bytes);
	if (!t->is6)
		packet_put16(to + 4, packet_u16(ip + 4) + index);
	if (t->l4 != 8) {
		packet_put32(l4 + 4, packet_u32(l4 + 4) + offset);
		l4[13] &= (uint8_t)~((is_last ? 0 : FIN_PSH) | (index == 0 ? 0 : CWR));
	}
	packet_finish(to, length);
	return length;
}

/*
 * The next piece, written to a block of the size that was announced; its bytes. The caller frees.
 */
static uint8_t *next_piece(struct cw_cut *cut, uint32_t *length)
{
	uint32_t announced = cw_cut_peek(cut);
	uint8_t *piece = malloc(announced + 1);
	uint8_t *tight = realloc(piece, announced == 0 ? 1 : announced);

	*length = cw_cut_next(cut, tight);
	CHECK(*length == announced);
	return tight;
}

/*
 * A checksum of zero may be written as zero or as ones: it is proved right by summing, and left out
 * of the comparison.
 */
static bool is_same_packet(uint8_t *piece, uint8_t *wanted, uint32_t length)
{
	if (!packet_is_right(piece, length))
		return false;
	memcpy(packet_l4_checksum(wanted), packet_l4_checksum(piece), 2);
	return memcmp(piece, wanted, length) == 0;
}

static void check_train(struct train *t)
{
	static uint8_t wanted[TRAIN_MAX];
	uint32_t pieces = (t->payload + t->segment - 1) / t->segment, largest = 0;
	struct rte_mbuf m = mbuf_of(t);
	struct cw_cut cut;

	cw_cut_begin(&cut, &m);
	uint32_t size = cw_cut_size(&cut);
	for (uint32_t i = 0; i < pieces; i++) {
		uint32_t length, wanted_len = oracle(t, i, wanted);
		uint8_t *piece = next_piece(&cut, &length);
		bool is_same = length == wanted_len && is_same_packet(piece, wanted, length);
		free(piece);
		largest = length > largest ? length : largest;
		if (!CHECK(is_same)) {
			fprintf(stderr, "  piece %u of %u, segment %u, payload %u, headers %u\n", i,
				pieces, t->segment, t->payload, headers_of(t));
			break;
		}
	}
	CHECK(cw_cut_peek(&cut) == 0 && cw_cut_next(&cut, NULL) == 0);
	CHECK(size == largest);
	/* What is cut stays as it was: others may still read it. */
	CHECK(memcmp(m.buf_addr, t->bytes, m.pkt_len) == 0);
	free(m.buf_addr);
}

static const uint64_t train_flags[2][2] = {
	{ RTE_MBUF_F_RX_LRO | RTE_MBUF_F_RX_L4_CKSUM_NONE,
	  RTE_MBUF_F_TX_UDP_SEG | RTE_MBUF_F_TX_UDP_CKSUM },
	{ RTE_MBUF_F_RX_LRO | RTE_MBUF_F_RX_L4_CKSUM_NONE,
	  RTE_MBUF_F_TX_TCP_SEG | RTE_MBUF_F_TX_TCP_CKSUM },
};

static void cuts_as_the_oracle_does(void)
{
	static struct train t;

	for (uint32_t i = 0; i < 4000; i++) {
		bool is_tcp = check_below(2) != 0;
		bool is_large = i % 20 == 0;
		make_train(&t, is_tcp, 1 + check_below(is_large ? 65535 : 5000));
		uint32_t least = t.payload / PIECES_MAX + 1;
		t.segment = least + check_below(i % 3 == 0 ? 40 : is_large ? 65535 - least : 1500);
		t.flags = train_flags[is_tcp][check_below(2)];
		check_train(&t);
	}
}

/* Sizes at which a last piece is empty, one byte, full, or all there is. */
static void cuts_at_the_edges(void)
{
	static const uint32_t segments[] = { 1, 2, 3, 536, 1391, 1392, 1460, 65000 };
	static struct train t;

	for (uint32_t s = 0; s < sizeof(segments) / sizeof(segments[0]); s++) {
		for (uint32_t whole = 0; whole < 4; whole++) {
			for (int more = -1; more <= 1; more++) {
				int64_t payload = (int64_t)whole * segments[s] + more;
				if (payload <= 0 || payload > 65000)
					continue;
				for (uint32_t is_tcp = 0; is_tcp < 2; is_tcp++) {
					make_train(&t, is_tcp != 0, (uint32_t)payload);
					t.segment = segments[s];
					t.flags = train_flags[is_tcp][0];
					check_train(&t);
				}
			}
		}
	}
}

/*
 * RFC 768: a UDP checksum that comes out as zero goes as ones, for zero would say that there is
 * none.
 */
static void sends_a_zero_checksum_as_ones(void)
{
	static struct train t;
	uint32_t seen = 0;

	for (uint32_t i = 0; i < 50; i++) {
		make_train(&t, false, 100);
		t.segment = 50;
		t.flags = train_flags[0][0];
		/* The word that makes the sum of the first piece all ones. */
		uint8_t *word = ip_of(&t) + headers_of(&t);
		uint8_t first[TRAIN_MAX / 8];
		packet_put16(word, 0);
		oracle(&t, 0, first);
		memcpy(word, packet_l4_checksum(first), 2);
		oracle(&t, 0, first);
		seen += packet_u16(packet_l4_checksum(first)) == 0xffff;
		check_train(&t);
	}
	CHECK(seen == 50);
}

/*
 * Neither a train nor its payload: only a partial checksum is finished, and padding stays behind.
 */
static void hands_on_single_packets(void)
{
	static const uint64_t partial[2][2] = {
		{ RTE_MBUF_F_RX_L4_CKSUM_NONE, RTE_MBUF_F_TX_UDP_CKSUM },
		{ RTE_MBUF_F_RX_L4_CKSUM_NONE, RTE_MBUF_F_TX_TCP_CKSUM },
	};
	static struct train t;
	static uint8_t wanted[TRAIN_MAX];

	for (uint32_t i = 0; i < 3000; i++) {
		bool is_tcp = check_below(2) != 0, is_partial = check_below(2) != 0;
		make_train(&t, is_tcp, check_below(1500));
		t.segment = 0;
		t.pad = check_below(3) == 0 ? check_below(30) : 0;
		t.flags = is_partial ? partial[is_tcp][check_below(2)] :
				       check_below(2) ? RTE_MBUF_F_RX_L4_CKSUM_GOOD : 0;
		uint32_t length, wanted_len = headers_of(&t) + t.payload;
		memcpy(wanted, ip_of(&t), wanted_len);
		if (is_partial)
			packet_finish(wanted, wanted_len);
		struct rte_mbuf m = mbuf_of(&t);
		struct cw_cut cut;
		cw_cut_begin(&cut, &m);
		CHECK(cw_cut_size(&cut) == wanted_len);
		uint8_t *piece = next_piece(&cut, &length);
		CHECK(length == wanted_len);
		CHECK(is_partial ? is_same_packet(piece, wanted, length) :
				   memcmp(piece, wanted, length) == 0);
		CHECK(cw_cut_next(&cut, NULL) == 0);
		free(piece);
		free(m.buf_addr);
	}
}

int main(int argc, char **argv)
{
	check_begin(argc, argv);
	cuts_as_the_oracle_does();
	cuts_at_the_edges();
	sends_a_zero_checksum_as_ones();
	hands_on_single_packets();
	return check_result();
}
