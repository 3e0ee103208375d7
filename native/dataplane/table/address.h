/* Addresses of both families as 16 bytes in network order, IPv4 in its v4-mapped form. RFC 4291 §2.5.5.2. */
#ifndef CW_ADDRESS_H
#define CW_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static inline bool cw_is_v4_mapped(const uint8_t address[16])
{
	static const uint8_t prefix[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

	return memcmp(address, prefix, sizeof(prefix)) == 0;
}

#endif
