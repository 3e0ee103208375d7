/*
 * mac1 of handshake messages: keyed BLAKE2s, 16 bytes (RFC 7693). Checked before anything is done
 * for a stranger; it allocates nothing.
 */
#ifndef CW_MAC1_H
#define CW_MAC1_H

#include <stdbool.h>
#include <stdint.h>

struct cw_mac1;

/* One per thread. 0, -ENOTSUP without BLAKE2s in the library, -ENOMEM. */
int cw_mac1_open(struct cw_mac1 **mac1);
void cw_mac1_close(struct cw_mac1 *mac1);

/* The 16 bytes under a key of at most 32. False: the library refused. */
bool cw_mac1_make(struct cw_mac1 *mac1, const uint8_t *key, uint32_t key_len, const uint8_t *message,
		  uint32_t length, uint8_t mac[16]);

/* Whether `mac` is that of `length` bytes under `key`; compares in constant time. */
bool cw_mac1_ok(struct cw_mac1 *mac1, const uint8_t key[32], const uint8_t *message,
		uint32_t length, const uint8_t mac[16]);

#endif
