/*
 * Fuzzes how server names are read off a flow's first packets. Input: any number of packets: 1: UDP, 2: what follows are the
 * frames of an Initial, which is sealed here, 4: a second passes, flow in the next two bits, 32: a train u8 | length u16 |
 * bytes from the TCP or UDP header on, of which there may be less.
 */
#include <stdlib.h>
#include <string.h>

#include "first_bytes.h"
#include "fuzz_bench.h"
#include "graph/server-name.h"

#define HEAD 3
#define FLOWS 4
#define FRAMES_MAX 1500

static struct cw_server_names *names;
static uint64_t now_us;

static void give(struct cw_flow_key *key, uint8_t *looked, const uint8_t *l4, uint32_t length, bool is_train)
{
	char name[CW_HOST_NAME_BYTES], again[CW_HOST_NAME_BYTES];
	uint8_t *exact = malloc(length == 0 ? 1 : length), before = *looked;
	struct cw_first_packet packet = { .key = key, .l4 = exact, .length = length, .segment_bytes = is_train ? 1200 : 0 };

	memcpy(exact, l4, length);
	memset(name, 'X', sizeof(name));
	enum cw_recognition is = cw_server_name_read(names, &packet, looked, now_us, name);
	FUZZ_NEEDS(*looked >= before && *looked <= CW_SERVER_NAME_PACKETS);
	FUZZ_NEEDS(is != CW_RECOGNITION_NOT_YET || *looked < CW_SERVER_NAME_PACKETS);
	if (is == CW_RECOGNITION_NAMED) {
		FUZZ_NEEDS(memchr(name, '\0', sizeof(name)) != NULL);
		FUZZ_NEEDS(cw_host_name_read((uint8_t *)name, (uint32_t)strlen(name), again));
		FUZZ_NEEDS(strcmp(name, again) == 0 && cw_server_name_fits(name, name));
	}
	/* The next packet is of a new flow then. */
	if (is != CW_RECOGNITION_NOT_YET)
		*looked = 0;
	free(exact);
}

static void seal(struct bytes *l4, const uint8_t *frames, uint32_t length)
{
	static const struct initial initial = { .id_len = 8, .id = { 1 }, .number_len = 1 };
	struct bytes plain = { 0 };

	l4->length = 8;
	add_bytes(&plain, frames, length < FRAMES_MAX ? length : FRAMES_MAX);
	add_initial(l4, &initial, &plain, 8 + 1200);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cw_flow_key keys[FLOWS] = { 0 };
	uint8_t looked[2][FLOWS] = { 0 };
	const uint8_t *at = data, *end = data + size;
	static struct bytes sealed;

	if (names == NULL)
		FUZZ_NEEDS(cw_server_names_open(&names) == 0);
	check_state = 0;
	/* No input finds what one before it left. */
	now_us += CW_SERVER_NAME_US;
	while (at + HEAD <= end) {
		uint8_t flags = at[0], flow = flags >> 3 & 3, is_udp = flags & 1;
		uint32_t length = packet_u16(at + 1);
		at += HEAD;
		if (length > (size_t)(end - at))
			length = (uint32_t)(end - at);
		now_us += flags & 4 ? 1000000 : 1;
		keys[flow] = (struct cw_flow_key){ .source_port = flow,
						   .protocol = is_udp ? PACKET_UDP : PACKET_TCP };
		if (is_udp && flags & 2) {
			seal(&sealed, at, length);
			give(&keys[flow], &looked[1][flow], sealed.at, sealed.length, false);
		} else {
			give(&keys[flow], &looked[is_udp][flow], at, length, flags & 32);
		}
		at += length;
	}
	return 0;
}
