/*
 * Fuzzes cw_mss_clamp(). Input: MTU u16 | 1: partial checksum u8 | packet of either family, whose
 * IPv4 checksum is made right, since the clamp only ever sees sound headers.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz_bench.h"
#include "graph/l3.h"
#include "graph/mss.h"
#include "packet.h"

#define HEAD 3

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < HEAD + 20 || size > HEAD + UINT16_MAX)
		return 0;
	uint32_t length = (uint32_t)(size - HEAD);
	bool is6 = packet_is6(data + HEAD);
	uint32_t header = is6 ? 40 : packet_header_len(data + HEAD);
	if (header < 20 || header > length)
		return 0;
	uint8_t *before = malloc(length), *packet = malloc(length);
	memcpy(packet, data + HEAD, length);
	if (!is6)
		packet_finish_ip(packet);
	memcpy(before, packet, length);
	if (cw_l3_is_sound(packet, length)) {
		cw_mss_clamp(packet, length, packet_u16(data), data[2] & 1);
		/* Never more than the MSS and the checksum. */
		uint32_t changed = 0;
		for (uint32_t i = 0; i < length; i++)
			changed += packet[i] != before[i];
		FUZZ_NEEDS(changed <= 4 && memcmp(packet, before, header) == 0);
	}
	free(packet);
	free(before);
	return 0;
}
