/*
 * Writes the kept corpus: for each target a few small inputs that get past its first checks, from
 * which the fuzzer goes on. Their forms are told in the targets. Usage: seeds CORPUS-FOLDER
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "packet.h"
#include "port/vnet.h"
#include "seeds.h"

#define HOST 0x0a01000a
#define FAR 0x0a020005

static const char *root;

void cw_seed_write(const char *target, const char *name, const struct seed *seed)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", root, target);
	if (mkdir(path, 0755) != 0 && errno != EEXIST) {
		perror(path);
		exit(1);
	}
	snprintf(path, sizeof(path), "%s/%s/%s", root, target, name);
	FILE *file = fopen(path, "wb");
	if (file == NULL || fwrite(seed->bytes, 1, seed->length, file) != seed->length ||
	    fclose(file) != 0) {
		perror(path);
		exit(1);
	}
}

void cw_seed_add(struct seed *seed, const void *data, uint32_t length)
{
	if (length > 0)
		memcpy(seed->bytes + seed->length, data, length);
	seed->length += length;
}

static void add_ip(struct seed *seed, uint8_t protocol, uint32_t from, uint32_t to,
		   uint32_t payload)
{
	uint32_t l4 = protocol == PACKET_TCP ? 24 : 8, length = 20 + l4 + payload;
	uint8_t *ip = seed->bytes + seed->length;

	memset(ip, 0x5a, length);
	packet_ip(ip, 20, protocol, from, to);
	if (protocol == PACKET_TCP) {
		ip[32] = 0x60;
		ip[33] = 0x02;
		memcpy(ip + 40, (const uint8_t[]){ 2, 4, 5, 180 }, 4);
	}
	packet_finish(ip, length);
	seed->length += length;
}

/* Of IPv6, with the last 32 bits of the addresses; a SYN or a UDP packet behind an empty extension header. */
static void add_ip6(struct seed *seed, uint8_t protocol, uint32_t from, uint32_t to,
		    uint32_t header, uint32_t payload)
{
	uint32_t l4 = protocol == PACKET_TCP ? 24 : 8, length = header + l4 + payload;
	uint8_t *ip = seed->bytes + seed->length;

	memset(ip, 0x5a, length);
	packet_ip6(ip, header, protocol, from, to);
	if (protocol == PACKET_TCP) {
		ip[header + 12] = 0x60;
		ip[header + 13] = 0x02;
		memcpy(ip + header + 20, (const uint8_t[]){ 2, 4, 5, 180 }, 4);
	}
	packet_finish(ip, length);
	seed->length += length;
}

void cw_seed_item(struct seed *seed, uint8_t type, uint16_t length)
{
	seed->bytes[seed->length] = type;
	packet_put16(seed->bytes + seed->length + 2, length);
	seed->length += 4;
	memset(seed->bytes + seed->length, 1, length);
	seed->length += length;
}

static void control_seeds(void)
{
	static const uint16_t lengths[] = { 8, 4, 12, 28, 8, 4, 8, 8, 8, 8, 40, 4, 32, 40, 4, 4, 28, 8 };
	/* To the first MTU probe that the bench sends. */
	const struct seed mtu_ack = { 12, { 0x09, 0, 0, 8, 0, 0, 0, 1, 1472 >> 8, 1472 & 0xff, 0, 0 } };
	/* Of an uplink that a site can have, and of a hub's relay. */
	const struct seed direct = { 12, { 0x04, 0, 0, 8, 1, 2, 3, 0 } };
	const struct seed relayed = { 12, { 0x04, 0, 0, 8, 1, 0xfe, 0xfe, 1 } };
	struct seed all = { 0 };

	for (uint8_t type = 0; type < sizeof(lengths) / sizeof(lengths[0]); type++) {
		struct seed one = { 0 };
		char name[16];
		if (type == 0x04)
			one = direct;
		else
			cw_seed_item(&one, type, lengths[type]);
		/* As many items as a frame may have: without the first two. */
		if (type >= 2)
			cw_seed_add(&all, one.bytes, one.length);
		snprintf(name, sizeof(name), "item-%02x", type);
		cw_seed_write("control", name, &one);
	}
	cw_seed_write("control", "all", &all);
	cw_seed_write("control", "mtu-ack", &mtu_ack);
	cw_seed_write("control", "relayed", &relayed);
}

static void mss_seeds(void)
{
	struct seed plain = { 3, { 1432 >> 8, 1432 & 0xff, 0 } }, partial = { 3, { 2, 0, 1 } };
	struct seed six = plain, deep = plain;

	add_ip(&plain, PACKET_TCP, HOST, FAR, 0);
	cw_seed_write("mss", "syn", &plain);
	add_ip(&partial, PACKET_TCP, HOST, FAR, 10);
	cw_seed_write("mss", "partial", &partial);
	add_ip6(&six, PACKET_TCP, HOST, FAR, 40, 0);
	cw_seed_write("mss", "syn6", &six);
	add_ip6(&deep, PACKET_TCP, HOST, FAR, 56, 0);
	cw_seed_write("mss", "syn6-extensions", &deep);
}

static void overlay_seeds(void)
{
	static const struct {
		const char *name;
		uint8_t type;
		uint16_t size;
	} kinds[] = {
		{ "data", 0xD1, 60 },    { "control", 0xD2, 44 },   { "initiation", 0xD4, 160 },
		{ "cookie", 0xD6, 64 },  { "response", 0xD5, 100 }, { "challenge", 0xD7, 40 },
		{ "relay", 0xD8, 60 },
	};
	struct seed train = { 4, { 0, 60, 3 } }, stun = { 4, { 0 } }, flood = { 4, { 0, 160, 0, 1 } };

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct seed one = { 4u + kinds[i].size, { 0, 0, 3, 3, kinds[i].type } };
		memset(one.bytes + 8, 0x11, 4); /* the bench's receiver index */
		one.bytes[4 + 15] = 1;
		cw_seed_write("overlay", kinds[i].name, &one);
		cw_seed_add(&train, one.bytes + 4, 60 < kinds[i].size ? 60 : kinds[i].size);
	}
	/* More than a source may send: cookies are asked for. */
	for (uint8_t i = 0; i < 7; i++)
		cw_seed_add(&flood, (const uint8_t[160]){ 0xD4, [4] = i }, 160);
	cw_seed_write("overlay", "flood", &flood);
	cw_seed_add(&stun, (const uint8_t[20]){ 0, 1, 0, 0, 0x21, 0x12, 0xA4, 0x42 }, 20);
	cw_seed_write("overlay", "stun", &stun);
	cw_seed_write("overlay", "train", &train);
}

/* By the channel, and by one that leads here: of each kind one, a relayed one in it too. */
static void relay_seeds(void)
{
	for (uint8_t channel = 0; channel < 2; channel++) {
		struct seed seed = { 0 };
		for (uint8_t type = 0xD1; type <= 0xD8; type++) {
			uint8_t inside[160] = { type, [4] = 0x33, 0x33, 0x33, 0x33, [15] = 1 };
			uint32_t size = type == 0xD4 ? 160 : type == 0xD5 ? 100 : type == 0xD7 ? 40 : 64;
			const uint8_t head[4] = { channel, type == 0xD1 ? 0 : 0xe0, 0, (uint8_t)size };
			cw_seed_add(&seed, head, sizeof(head));
			cw_seed_add(&seed, inside, size);
		}
		cw_seed_write("relay", channel == 0 ? "forward" : "here", &seed);
	}
}

static void add_geneve(struct seed *seed, uint8_t options)
{
	const uint8_t header[8] = { options, 0, 8, 0, 0, 0, VNI, 0 };
	const uint8_t option[4] = { 0xff, 0xca, 1, 0 };

	cw_seed_add(seed, header, sizeof(header));
	for (uint8_t i = 0; i < options; i++)
		cw_seed_add(seed, option, sizeof(option));
}

/* A piece of `bytes` bytes of `packet`, its length before it. */
static void add_piece(struct seed *seed, const struct seed *packet, uint32_t at, uint32_t bytes)
{
	uint8_t head[18] = { 0,	   0,	 2,    0x40, 0x86, 0xdd, 0, 0,
			     VNI, 0,	 0xff, 0xca, 0x82, 1,	 0, 9 };

	packet_put16(head, 16 + bytes);
	packet_put16(head + 16, at | (at + bytes < packet->length ? 4 : 0));
	cw_seed_add(seed, head, sizeof(head));
	cw_seed_add(seed, packet->bytes + at, bytes);
}

static void plaintext_seeds(void)
{
	struct seed udp = { 2, { 2, 0 } }, tcp = { 2, { 2, 3 } }, local = { 2, { 2, 1 } };
	struct seed control = { 2, { 1, 0 } }, six = { 2, { 0, 2 } }, pieces = { 2, { 4, 3 } };
	struct seed transit = { 2, { 10, 0 } }, packet = { 0 };

	add_geneve(&transit, 0);
	add_ip(&transit, PACKET_TCP, FAR, 0x0a030005, 20);
	cw_seed_write("plaintext", "transit", &transit);
	add_geneve(&udp, 0);
	add_ip(&udp, PACKET_UDP, FAR, HOST, 20);
	cw_seed_write("plaintext", "udp", &udp);
	add_geneve(&tcp, 4);
	add_ip(&tcp, PACKET_TCP, FAR, HOST, 0);
	cw_seed_write("plaintext", "syn-options", &tcp);
	add_geneve(&local, 0);
	add_ip(&local, 1, FAR, 0x0a010001, 10);
	cw_seed_write("plaintext", "to-the-box", &local);
	cw_seed_item(&control, 1, 4);
	cw_seed_item(&control, 10, 100);
	cw_seed_write("plaintext", "control", &control);
	add_geneve(&six, 0);
	packet_put16(six.bytes + 4, 0x86dd);
	add_ip6(&six, PACKET_TCP, FAR, HOST, 48, 30);
	cw_seed_write("plaintext", "tcp6", &six);
	add_ip6(&packet, PACKET_UDP, FAR, HOST, 40, 60);
	add_piece(&pieces, &packet, 80, packet.length - 80);
	add_piece(&pieces, &packet, 0, 40);
	add_piece(&pieces, &packet, 40, 40);
	cw_seed_write("plaintext", "pieces", &pieces);
}

/* Pieces of one packet in three orders, of another session, and one that overlaps. */
static void reassembly_seeds(void)
{
	static const uint8_t orders[3][3] = { { 0, 1, 2 }, { 2, 1, 0 }, { 1, 1, 0 } };
	struct seed seed = { 0 };

	for (uint8_t o = 0; o < 3; o++) {
		for (uint32_t i = 0; i < 3; i++) {
			uint8_t n = orders[o][i];
			const uint8_t piece[6 + 16] = { (uint8_t)((n < 2) | 2 | o << 3), 7, 0,
							(uint8_t)(2 * n), 0, 16, n };
			cw_seed_add(&seed, piece, sizeof(piece));
		}
	}
	cw_seed_write("reassembly", "orders", &seed);
	seed.bytes[3] = 1;
	seed.bytes[0] |= 128;
	cw_seed_write("reassembly", "overlap", &seed);
}

/* Link, offload header in little-endian, Ethernet, packet. */
static struct seed frame_head(uint8_t link, const struct cw_vnet_hdr *v)
{
	const uint8_t head[11] = { link | 8,
				   v->flags,
				   v->gso_type,
				   (uint8_t)v->hdr_len,
				   0,
				   (uint8_t)v->gso_size,
				   0,
				   (uint8_t)v->csum_start,
				   0,
				   (uint8_t)v->csum_offset,
				   0 };
	const uint8_t ether[14] = { [12] = 8 };
	struct seed seed = { 0 };

	cw_seed_add(&seed, head, sizeof(head));
	if ((link & 7) != 4)
		cw_seed_add(&seed, ether, sizeof(ether));
	return seed;
}

static void frame_seed(const char *name, uint8_t link, const struct cw_vnet_hdr *v,
		       uint8_t protocol, uint32_t to, uint32_t payload)
{
	struct seed seed = frame_head(link, v);

	add_ip(&seed, protocol, HOST, to, payload);
	cw_seed_write("frame", name, &seed);
}

static void frame_seed6(const char *name, uint8_t link, const struct cw_vnet_hdr *v,
			uint8_t protocol, uint32_t header, uint32_t payload)
{
	struct seed seed = frame_head(link, v);

	add_ip6(&seed, protocol, HOST, FAR, header, payload);
	cw_seed_write("frame", name, &seed);
}

static void frame_seeds(void)
{
	static const struct cw_vnet_hdr none, partial = { 1, 0, 0, 0, 34, 16 };
	static const struct cw_vnet_hdr tcp = { 1, CW_VNET_GSO_TCPV4, 58, 50, 34, 16 };
	static const struct cw_vnet_hdr udp = { 1, CW_VNET_GSO_UDP_L4, 42, 50, 34, 6 };
	static const struct cw_vnet_hdr tun = { 1, CW_VNET_GSO_TCPV4, 44, 50, 20, 16 };
	static const struct cw_vnet_hdr tunnel = { 1, 0, 0, 0, 54, 16 };

	static const struct cw_vnet_hdr tcp6 = { 1, CW_VNET_GSO_TCPV6, 78, 50, 54, 16 };
	static const struct cw_vnet_hdr udp6 = { 1, CW_VNET_GSO_UDP_L4, 70, 50, 62, 6 };

	frame_seed6("lan-udp6", 0, &none, PACKET_UDP, 40, 60);
	frame_seed6("lan-tcp6-train", 0, &tcp6, PACKET_TCP, 40, 220);
	frame_seed6("lan-udp6-train", 0, &udp6, PACKET_UDP, 48, 220);
	frame_seed6("lan-udp6-pieces", 16, &none, PACKET_UDP, 40, 1200);
	frame_seed("lan-udp-fragments", 16, &none, PACKET_UDP, FAR, 1300);
	/* 32: the uplink has a rate; 3 is its twin. */
	frame_seed("shaped-udp", 32, &none, PACKET_UDP, FAR, 60);
	frame_seed("shaped-tcp-train", 32, &tcp, PACKET_TCP, FAR, 220);
	frame_seed6("shaped-udp6-train", 32, &udp6, PACKET_UDP, 48, 220);
	frame_seed("shaped-twin-tcp-train", 32 + 3, &tcp, PACKET_TCP, FAR, 220);
	frame_seed("ingress-tcp-train", 32 + 2, &tcp, PACKET_TCP, FAR, 220);
	frame_seed("limited-tcp-train", 64, &tcp, PACKET_TCP, FAR, 220);
	frame_seed("limited-twin-tcp-train", 64 + 1, &tcp, PACKET_TCP, FAR, 220);
	frame_seed("limited-shaped-udp", 96, &none, PACKET_UDP, FAR, 60);
	frame_seed("lan-udp", 0, &none, PACKET_UDP, FAR, 60);
	frame_seed("lan-partial", 0, &partial, PACKET_TCP, FAR, 60);
	frame_seed("lan-tcp-train", 0, &tcp, PACKET_TCP, FAR, 220);
	frame_seed("lan-udp-train", 0, &udp, PACKET_UDP, FAR, 220);
	frame_seed("lan-tunnel", 0, &tunnel, 4, FAR, 100);
	frame_seed("lan-no-session", 0, &none, PACKET_UDP, 0x0a030005, 60);
	frame_seed("lan-twin", 1, &tcp, PACKET_TCP, HOST, 220);
	frame_seed("uplink", 2, &udp, PACKET_UDP, 0xc6336402, 220);
	frame_seed("segment-tcp-train", 4, &tun, PACKET_TCP, FAR, 220);
}

/* As those of frames, but for the first byte. */
static void vnet_seed(const char *name, uint8_t l2, const struct cw_vnet_hdr *v, uint8_t protocol)
{
	struct seed seed = frame_head(l2 == 0 ? 4 : 0, v);

	seed.bytes[0] = l2;
	add_ip(&seed, protocol, HOST, FAR, 220);
	cw_seed_write("vnet", name, &seed);
}

static void vnet_seeds(void)
{
	static const struct cw_vnet_hdr valid = { 2, 0, 0, 0, 0, 0 };
	static const struct cw_vnet_hdr partial = { 1, 0, 0, 0, 34, 16 };
	static const struct cw_vnet_hdr tcp = { 1, CW_VNET_GSO_TCPV4 | CW_VNET_GSO_ECN, 58, 50, 34, 16 };
	static const struct cw_vnet_hdr udp = { 1, CW_VNET_GSO_UDP_L4, 28, 50, 20, 6 };

	vnet_seed("valid", 14, &valid, PACKET_TCP);
	vnet_seed("partial", 14, &partial, PACKET_TCP);
	vnet_seed("tcp-train", 14, &tcp, PACKET_TCP);
	vnet_seed("udp-train", 0, &udp, PACKET_UDP);
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: seeds CORPUS-FOLDER\n");
		return 2;
	}
	root = argv[1];
	if (mkdir(root, 0755) != 0 && errno != EEXIST) {
		perror(root);
		return 1;
	}
	control_seeds();
	frame_seeds();
	mss_seeds();
	overlay_seeds();
	plaintext_seeds();
	relay_seeds();
	reassembly_seeds();
	vnet_seeds();
	cw_seeds_program();
	cw_seeds_call();
	cw_seeds_queues();
	cw_seeds_traversal();
	cw_seeds_rtnetlink();
	cw_seeds_names();
	return 0;
}
