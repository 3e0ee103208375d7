/* Clamps the MSS that a TCP SYN announces to what the path carries. RFC 879, RFC 6691. */
#ifndef CW_MSS_H
#define CW_MSS_H

#include <stdbool.h>
#include <stdint.h>

/*
 * `packet` is a sound IPv4 packet of `length` bytes, of which the first fragment or the whole is looked at; anything
 * but a SYN with a larger MSS stays as it is. `is_partial`: the checksum is still to be done, and covers only
 * the pseudo header so far.
 */
void cw_mss_clamp(uint8_t *packet, uint32_t length, uint32_t mtu, bool is_partial);

#endif
