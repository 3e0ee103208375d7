/*
 * Cookies of the handshake, for the dataplane's half of wire.md, "Denial of service": asks strangers for one, and
 * knows one that is shown. Secrets are the gateway's, which renews them. draft-irtf-cfrg-xchacha-03, RFC 8439.
 */
#ifndef CW_COOKIE_H
#define CW_COOKIE_H

#include <stdbool.h>
#include <stdint.h>

#define CW_COOKIE_MESSAGE_BYTES 64

struct cw_cookies;
struct cw_mac1;

/* One per thread. 0, -ENOTSUP without the cipher in the library, -ENOMEM, -EIO without random bytes. */
int cw_cookies_open(struct cw_cookies **cookies);
void cw_cookies_close(struct cw_cookies *cookies);

/* The key that seals cookies to us, and the secrets: the present one, then the one before. */
void cw_cookies_renew(struct cw_cookies *cookies, const uint8_t key[32],
		      const uint8_t secrets[2][32]);

/*
 * Whether mac2, the last 16 of `length` bytes, shows a cookie that was given to this address and port (host order)
 * under either secret.
 */
bool cw_cookie_is_shown(struct cw_cookies *cookies, struct cw_mac1 *mac1, const uint8_t address[16],
			uint16_t port, const uint8_t *message, uint32_t length);

/* Writes the 0xD6 that answers an initiation or response of `length` bytes. False: the library refused. */
bool cw_cookie_answer(struct cw_cookies *cookies, struct cw_mac1 *mac1, const uint8_t address[16],
		      uint16_t port, const uint8_t *message, uint32_t length,
		      uint8_t out[CW_COOKIE_MESSAGE_BYTES]);

#endif
