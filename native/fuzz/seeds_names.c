/* The kept corpus of what clients say first: the test's vectors, and requests. See seeds.h and fuzz_server_name.c. */
#include <stdlib.h>
#include <string.h>

#include "packet.h"
#include "seeds.h"
#include "server_name_vectors.h"

#define UDP 1
#define FRAMES 2

static void add_packet(struct seed *seed, uint8_t flags, const void *payload, uint32_t length, uint32_t sequence)
{
	uint8_t head[3] = { flags }, l4[20] = { [12] = 0x50, [13] = 0x18 };
	uint32_t l4_len = flags & FRAMES ? 0 : flags & UDP ? 8 : 20;

	packet_put16(head + 1, l4_len + length);
	if (!(flags & UDP))
		packet_put32(l4 + 4, sequence);
	cw_seed_add(seed, head, sizeof(head));
	cw_seed_add(seed, l4, l4_len);
	cw_seed_add(seed, payload, length);
}

static uint32_t from_hex(uint8_t *to, const char *hex)
{
	uint32_t length = 0;

	for (; *hex != '\0'; hex += 2) {
		const char pair[3] = { hex[0], hex[1], 0 };
		to[length++] = (uint8_t)strtoul(pair, NULL, 16);
	}
	return length;
}

static void request_seeds(void)
{
	static const char request[] = "GET /status HTTP/1.1\r\nHost: portal.crm.example:80\r\n\r\n";
	struct seed whole = { 0 }, cut = { 0 };

	add_packet(&whole, 0, request, sizeof(request) - 1, 7);
	cw_seed_write("server_name", "http", &whole);
	add_packet(&cut, 0, request, 30, 7);
	add_packet(&cut, 0, request + 30, sizeof(request) - 31, 37);
	cw_seed_write("server_name", "http-cut", &cut);
}

/* Of RFC 9001 A.2, its frame as it is and in three, the last before the others, with an ACK and a PING between them. */
static void frame_seeds(void)
{
	static const char frame[] = "060040f1010000ed0303ebf8fa56f12939b9584a3896472ec40bb863cfd3e86804fe3a47f06a2b69484c"
				    "00000413011302010000c000000010000e00000b6578616d706c652e636f6dff01000100";
	uint8_t bytes[128], parts[160];
	struct seed whole = { 0 }, mixed = { 0 };
	uint32_t length = from_hex(bytes, frame), hello = length - 4, at = 0;

	add_packet(&whole, UDP | FRAMES, bytes, length, 0);
	cw_seed_write("server_name", "frames", &whole);
	memcpy(parts, (const uint8_t[]){ 6, 40, (uint8_t)(hello - 40) }, 3);
	memcpy(parts + 3, bytes + 4 + 40, hello - 40);
	at = 3 + hello - 40;
	memcpy(parts + at, (const uint8_t[]){ 2, 5, 3, 1, 1, 0, 2, 1, 6, 0, 20 }, 11);
	memcpy(parts + at + 11, bytes + 4, 20);
	add_packet(&mixed, UDP | FRAMES, parts, at + 31, 0);
	memcpy(parts, (const uint8_t[]){ 0, 6, 20, 20 }, 4);
	memcpy(parts + 4, bytes + 4 + 20, 20);
	add_packet(&mixed, UDP | FRAMES, parts, 24, 0);
	cw_seed_write("server_name", "frames-mixed", &mixed);
}

void cw_seeds_names(void)
{
	static const char *const seed_names[] = { "quic-1", "quic-2", "quic-chromium", "quic-firefox",
						  "tls-chromium", "tls-firefox", "tls-node", "tls-openssl",
						  "tls-1.2", "tls-no-name" };

	for (uint32_t i = 0; i < sizeof(first_vectors) / sizeof(first_vectors[0]); i++) {
		const struct first_vector *vector = &first_vectors[i];
		struct seed seed = { 0 };
		for (uint32_t p = 0; p < VECTOR_PARTS && vector->parts[p] != NULL; p++) {
			uint8_t part[SEED_MAX];
			uint32_t length = from_hex(part, vector->parts[p]), cut = vector->is_quic ? 0 : length / 2;
			if (cut > 0)
				add_packet(&seed, 0, part, cut, 1);
			add_packet(&seed, vector->is_quic ? UDP : 0, part + cut, length - cut, 1 + cut);
		}
		cw_seed_write("server_name", seed_names[i], &seed);
	}
	request_seeds();
	frame_seeds();
}
