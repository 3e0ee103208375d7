/* See hostile_kinds.h. Tags that hold are the far end's: an authenticated peer that misbehaves. */
#include "hostile_kinds.h"

#include "drop.h"
#include "packet.h"

#define TAPE 512
#define GENEVE 8
#define PLAIN 16
#define LAN_NET 0x0a010000
#define LAN_HOSTS 0x0a01000a

static uint64_t state = 1;
static uint32_t next_counter = 1;
static struct hostile tape[TAPE];

void cw_hostile_seed(uint64_t seed)
{
	state = seed * 2 + 1;
}

uint32_t cw_hostile_below(uint32_t limit)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)(((state >> 32) * limit) >> 32);
}

static void fill(uint8_t *to, uint32_t length)
{
	for (uint32_t i = 0; i < length; i++)
		to[i] = (uint8_t)cw_hostile_below(256);
}

static void expect(struct hostile *h, enum cw_drop reason)
{
	h->reasons[h->reason_count++] = reason;
}

/* Geneve and a UDP or TCP packet of the far site's, unsealed, `at` h->bytes + 16; its inner packet. */
static uint8_t *write_inner(struct hostile *h, uint32_t options, uint8_t protocol)
{
	uint32_t payload = cw_hostile_below(200), header = protocol == PACKET_TCP ? 40 : 8;
	uint8_t *geneve = h->bytes + PLAIN, *ip = geneve + GENEVE + options;

	memset(geneve, 0, GENEVE + options);
	geneve[0] = (uint8_t)(options / 4);
	packet_put16(geneve + 2, 0x0800);
	packet_put32(geneve + 4, CW_BENCH_VNI << 8);
	memset(ip, 0, 20 + header);
	packet_ip(ip, 20, protocol, CW_BENCH_FAR, LAN_HOSTS + cw_hostile_below(10));
	packet_put16(ip + 20, 1024 + cw_hostile_below(60000));
	packet_put16(ip + 22, 1024 + cw_hostile_below(60000));
	if (protocol == PACKET_TCP) {
		ip[32] = 0xa0;
		ip[33] = 2;
	}
	fill(ip + 20 + header, payload);
	packet_finish(ip, 20 + header + payload);
	h->length = PLAIN + GENEVE + options + 20 + header + payload;
	return ip;
}

/* Seals what write_inner() left, whatever became of it since. */
static void seal(struct cw_bench *bench, struct hostile *h, uint8_t type)
{
	uint8_t plain[HOSTILE_MAX];
	uint32_t length = h->length - PLAIN;

	memcpy(plain, h->bytes + PLAIN, length);
	h->is_from_far = true;
	h->length = cw_bench_seal(bench, type, next_counter++, plain, length, h->bytes);
}

void cw_hostile_genuine(struct cw_bench *bench, struct hostile *h)
{
	write_inner(h, 0, PACKET_UDP);
	seal(bench, h, 0xD1);
}

void cw_hostile_record(struct cw_bench *bench, void (*take)(struct cw_bench *, const struct hostile *))
{
	for (uint32_t i = 0; i < TAPE; i++) {
		tape[i] = (struct hostile){ 0 };
		cw_hostile_genuine(bench, &tape[i]);
		take(bench, &tape[i]);
	}
}

static void make_flip(struct cw_bench *bench, struct hostile *h)
{
	cw_hostile_genuine(bench, h);
	uint32_t bit = cw_hostile_below(8 * h->length), at = bit / 8;
	h->bytes[at] ^= 1u << bit % 8;
	if (h->bytes[0] == 0xD5) /* perhaps of the size of a response */
		h->bytes[0] = 0xD9;
	if (at == 0)
		expect(h, CW_DROP_OVERLAY_UNKNOWN);
	else if (at == 1)
		expect(h, CW_DROP_SEALED_LENGTH);
	else if (at >= 4 && at < 8)
		expect(h, CW_DROP_SEALED_INDEX);
	else
		expect(h, CW_DROP_SEALED_TAG);
	/* Another counter may be one that was there already. */
	if (at >= 12 && at < 16)
		expect(h, CW_DROP_SEALED_REPLAY);
}

static void make_several_flips(struct cw_bench *bench, struct hostile *h)
{
	cw_hostile_genuine(bench, h);
	for (uint32_t i = 0; i < 8; i++)
		h->bytes[PLAIN + i * 3 + cw_hostile_below(3)] ^= 1 + cw_hostile_below(255);
	expect(h, CW_DROP_SEALED_TAG);
}

static void make_truncated(struct cw_bench *bench, struct hostile *h)
{
	cw_hostile_genuine(bench, h);
	h->length = cw_hostile_below(h->length);
	expect(h, h->length == 0 ? CW_DROP_OVERLAY_UNKNOWN :
		  h->length < 40 ? CW_DROP_SEALED_LENGTH :
				   CW_DROP_SEALED_TAG);
}

static void make_extended(struct cw_bench *bench, struct hostile *h)
{
	uint32_t more = 1 + cw_hostile_below(40);

	cw_hostile_genuine(bench, h);
	fill(h->bytes + h->length, more);
	h->length += more;
	expect(h, CW_DROP_SEALED_TAG);
}

static void make_replay(struct cw_bench *bench, struct hostile *h)
{
	(void)bench;
	*h = tape[cw_hostile_below(TAPE)];
	h->is_from_far = cw_hostile_below(2) == 0;
	expect(h, CW_DROP_SEALED_REPLAY);
}

/* Neither another lane nor data as control: each has nonces of its own. */
static void make_wrong_lane(struct cw_bench *bench, struct hostile *h)
{
	cw_hostile_genuine(bench, h);
	if (cw_hostile_below(2) == 0)
		h->bytes[0] = 0xD2;
	else
		packet_put16(h->bytes + 2, 1 + cw_hostile_below(65535));
	expect(h, CW_DROP_SEALED_TAG);
}

static void make_forged(struct cw_bench *bench, struct hostile *h)
{
	(void)bench;
	h->length = 40 + cw_hostile_below(200);
	fill(h->bytes, h->length);
	h->bytes[0] = 0xD1 + (uint8_t)cw_hostile_below(2);
	h->bytes[1] = 0;
	packet_put32(h->bytes + 4, 0x11111111);
	packet_put32(h->bytes + 12, next_counter + 100 + cw_hostile_below(1 << 30));
	expect(h, CW_DROP_SEALED_TAG);
}

static void make_wrong_index(struct cw_bench *bench, struct hostile *h)
{
	uint32_t index = cw_hostile_below(UINT32_MAX);

	cw_hostile_genuine(bench, h);
	packet_put32(h->bytes + 4, index == 0x11111111 ? 0 : index);
	expect(h, CW_DROP_SEALED_INDEX);
}

static void make_reserved(struct cw_bench *bench, struct hostile *h)
{
	(void)bench;
	h->length = 1 + cw_hostile_below(300);
	fill(h->bytes, h->length);
	do {
		h->bytes[0] = (uint8_t)cw_hostile_below(256);
	} while (h->bytes[0] == 0xD1 || h->bytes[0] == 0xD2 || (h->bytes[0] >= 0xD4 && h->bytes[0] <= 0xD8));
	packet_put32(h->bytes + 4, 0);
	expect(h, CW_DROP_OVERLAY_UNKNOWN);
}

static void make_handshake(struct cw_bench *bench, struct hostile *h)
{
	static const uint32_t sizes[4] = { 160, 100, 64, 40 };
	uint32_t kind = cw_hostile_below(4);

	(void)bench;
	h->length = kind < 2 && cw_hostile_below(2) == 0 ? sizes[kind] : 1 + cw_hostile_below(300);
	fill(h->bytes, h->length);
	h->bytes[0] = (uint8_t)(0xD4 + kind);
	if (kind >= 2 && cw_hostile_below(2) == 0)
		h->length = sizes[kind];
	if (h->length != sizes[kind]) {
		expect(h, CW_DROP_HANDSHAKE_SIZE);
		return;
	}
	expect(h, kind < 2 ? CW_DROP_HANDSHAKE_MAC1 : CW_DROP_HANDSHAKE_UNASKED);
	expect(h, kind < 2 ? CW_DROP_HANDSHAKE_RATE : CW_DROP_HANDSHAKE_UNASKED);
}

static void make_foreign_vni(struct cw_bench *bench, struct hostile *h)
{
	write_inner(h, 0, PACKET_UDP);
	uint32_t vni = cw_hostile_below(1 << 24);
	packet_put32(h->bytes + PLAIN + 4, (vni == CW_BENCH_VNI ? 0 : vni) << 8);
	seal(bench, h, 0xD1);
	expect(h, CW_DROP_INNER_SEGMENT);
}

/* The LAN here, another peer's prefix, one behind a LAN router, none at all. */
static uint32_t foreign_source(void)
{
	switch (cw_hostile_below(4)) {
	case 0:
		return LAN_NET + cw_hostile_below(256);
	case 1:
		return 0x0a030000 + cw_hostile_below(1 << 16);
	case 2:
		return 0x0a090000 + cw_hostile_below(1 << 16);
	default:
		return 0x0b000000 + cw_hostile_below(0x70000000);
	}
}

static void make_spoofed(struct cw_bench *bench, struct hostile *h)
{
	uint8_t *ip = write_inner(h, 0, PACKET_UDP);

	packet_put32(ip + 12, foreign_source());
	packet_finish(ip, h->length - PLAIN - GENEVE);
	seal(bench, h, 0xD1);
	expect(h, CW_DROP_INNER_SOURCE);
}

static void make_spoofed6(struct cw_bench *bench, struct hostile *h)
{
	uint32_t payload = cw_hostile_below(100);
	uint8_t *geneve = h->bytes + PLAIN, *ip = geneve + GENEVE;

	memset(geneve, 0, GENEVE + 48);
	packet_put16(geneve + 2, 0x86dd);
	packet_put32(geneve + 4, CW_BENCH_VNI << 8);
	ip[0] = 0x60;
	packet_put16(ip + 4, 8 + payload);
	ip[6] = PACKET_UDP;
	ip[7] = 64, fill(ip + 8, 40 + payload);
	bool is_link_local = cw_hostile_below(2) == 0;
	packet_put16(ip + 8, is_link_local ? 0xfe80 : 0xfd00);
	packet_put16(ip + 24, 0xfd00);
	packet_put16(ip + 44, 8 + payload);
	packet_finish_l4(ip, 48 + payload);
	h->length = PLAIN + GENEVE + 48 + payload;
	seal(bench, h, 0xD1);
	expect(h, is_link_local ? CW_DROP_LINK_SCOPE : CW_DROP_INNER_SOURCE);
}

/* Headers of another version, control bits, options of every wrong length. */
static void make_geneve(struct cw_bench *bench, struct hostile *h)
{
	uint32_t options = 4 * cw_hostile_below(5);

	write_inner(h, options, PACKET_UDP);
	uint8_t *g = h->bytes + PLAIN;
	switch (cw_hostile_below(options > 0 ? 6 : 4)) {
	case 0:
		g[0] |= (uint8_t)(0x40 << cw_hostile_below(2));
		break;
	case 1:
		g[1] |= 0x80;
		break;
	case 2:
		g[0] = (uint8_t)(5 + cw_hostile_below(0x3b)); /* more than 16 bytes of options */
		break;
	case 3:
		packet_put16(g + 2, 0x6558);
		break;
	case 4: /* one behind the header's end */
		g[GENEVE + 3] = (uint8_t)(options / 4 + cw_hostile_below(32 - options / 4));
		break;
	default:
		g[1] |= 0x40;
		g[GENEVE + 2] = (uint8_t)(0x80 | (cw_hostile_below(128)));
		packet_put16(g + GENEVE, 0x1234);
		g[GENEVE + 3] = (uint8_t)(options / 4 - 1);
	}
	seal(bench, h, 0xD1);
	expect(h, CW_DROP_GENEVE);
}

static void make_malformed(struct cw_bench *bench, struct hostile *h)
{
	uint8_t *ip = write_inner(h, 0, PACKET_UDP);
	uint32_t length = h->length - PLAIN - GENEVE;

	switch (cw_hostile_below(5)) {
	case 0:
		ip[0] = (uint8_t)(0x40 | cw_hostile_below(5));
		break;
	case 1:
		packet_put16(ip + 2, length + 1 + cw_hostile_below(1000));
		packet_finish_ip(ip);
		break;
	case 2:
		ip[0] = (uint8_t)(cw_hostile_below(4) << 4 | 5);
		break;
	case 3:
		ip[10] ^= 1 + cw_hostile_below(255);
		break;
	default:
		h->length = PLAIN + GENEVE + cw_hostile_below(20);
	}
	seal(bench, h, 0xD1);
	expect(h, CW_DROP_INNER_MALFORMED);
}

/* A SYN whose TCP options lead nowhere, and which nobody may send; nothing may read them for ever. */
static void make_option_loop(struct cw_bench *bench, struct hostile *h)
{
	uint8_t *ip = write_inner(h, 0, PACKET_TCP);

	fill(ip + 40, 20);
	ip[40] = 2;
	ip[41] = (uint8_t)cw_hostile_below(3);
	packet_put32(ip + 12, foreign_source());
	packet_finish(ip, h->length - PLAIN - GENEVE);
	seal(bench, h, 0xD1);
	expect(h, CW_DROP_INNER_SOURCE);
}

static void make_transit(struct cw_bench *bench, struct hostile *h)
{
	uint8_t *ip = write_inner(h, 0, PACKET_UDP);
	bool is_peer = cw_hostile_below(2) == 0;
	packet_put32(ip + 16, (is_peer ? 0x0a030000 : 0x20000000) + cw_hostile_below(1 << 16));
	packet_finish(ip, h->length - PLAIN - GENEVE);
	seal(bench, h, 0xD1);
	expect(h, is_peer ? CW_DROP_TRANSIT : CW_DROP_NO_ROUTE);
}

static void make_ecn(struct cw_bench *bench, struct hostile *h)
{
	cw_hostile_genuine(bench, h);
	h->outer_tos = 3;
	expect(h, CW_DROP_ECN);
}

/* A first item that contradicts its type or the frame; nothing behind it may act. */
static void make_control(struct cw_bench *bench, struct hostile *h)
{
	static const uint16_t right[15] = { 0, 4, 12, 28, 8, 4, 8, 8, 8, 8, 0, 4, 32, 40, 4 };
	uint8_t *item = h->bytes + PLAIN;
	uint32_t type = 1 + cw_hostile_below(14), room = 4 + cw_hostile_below(60), length;

	memset(item, 0, room + 8);
	/* Those of any length are another matter. */
	if (type == 3 || type == 10)
		type++;
	length = cw_hostile_below(room + 1);
	if (length == right[type])
		length = length > 0 ? length - 1 : 1;
	/* Beyond the end, or of a wrong length. */
	bool is_beyond = cw_hostile_below(3) == 0;
	item[0] = (uint8_t)(is_beyond ? cw_hostile_below(256) : type);
	packet_put16(item + 2, is_beyond ? room + 1 + cw_hostile_below(60000) : length);
	h->length = PLAIN + 4 + room;
	seal(bench, h, 0xD2);
	expect(h, CW_DROP_CONTROL_MALFORMED);
}

const struct hostile_kind hostile_kinds[] = {
	{ "one bit changed", make_flip },
	{ "bytes changed", make_several_flips },
	{ "truncated", make_truncated },
	{ "extended", make_extended },
	{ "replayed", make_replay },
	{ "wrong lane or type", make_wrong_lane },
	{ "forged tag", make_forged },
	{ "wrong index", make_wrong_index },
	{ "reserved type", make_reserved },
	{ "handshake junk", make_handshake },
	{ "foreign VNI", make_foreign_vni },
	{ "spoofed source", make_spoofed },
	{ "spoofed IPv6 source", make_spoofed6 },
	{ "Geneve games", make_geneve },
	{ "inner header", make_malformed },
	{ "option loop", make_option_loop },
	{ "transit", make_transit },
	{ "false congestion mark", make_ecn },
	{ "control items", make_control },
	{ "relayed", cw_hostile_relayed },
};
const uint32_t hostile_kind_count = sizeof(hostile_kinds) / sizeof(hostile_kinds[0]);
