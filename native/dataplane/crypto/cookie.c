/* See cookie.h. */
#include "crypto/cookie.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "crypto/mac1.h"

/*
 *  0xD6:  0 type, zero 3 | 4 receiver index | 8 nonce 24 | 32 cookie 16+16
 */
#define NONCE 8
#define SEALED 32
#define COOKIE_BYTES 16

/*
 * A nonce is 16 random bytes, drawn once, and a number: no two are equal under one key, and as HChaCha20 takes the first
 * 16 only, its subkey is the same for all of them.
 */
struct cw_cookies {
	EVP_CIPHER_CTX *context;
	uint8_t secrets[2][32];
	uint8_t subkey[32];
	uint8_t nonce[16];
	uint64_t answers;
};

int cw_cookies_open(struct cw_cookies **out)
{
	struct cw_cookies *cookies = calloc(1, sizeof(*cookies));

	if (cookies == NULL)
		return -ENOMEM;
	*out = cookies;
	if (getrandom(cookies->nonce, sizeof(cookies->nonce), 0) != sizeof(cookies->nonce))
		return -EIO;
	cookies->context = EVP_CIPHER_CTX_new();
	if (cookies->context == NULL)
		return -ENOMEM;
	return EVP_EncryptInit_ex(cookies->context, EVP_chacha20_poly1305(), NULL, NULL, NULL) == 1 ?
		       0 :
		       -ENOTSUP;
}

void cw_cookies_close(struct cw_cookies *cookies)
{
	if (cookies == NULL)
		return;
	EVP_CIPHER_CTX_free(cookies->context);
	OPENSSL_cleanse(cookies, sizeof(*cookies));
	free(cookies);
}

static uint32_t load32(const uint8_t *p)
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static uint32_t rotate(uint32_t x, int bits)
{
	return x << bits | x >> (32 - bits);
}

static void quarter_round(uint32_t *a, uint32_t *b, uint32_t *c, uint32_t *d)
{
	*a += *b, *d = rotate(*d ^ *a, 16);
	*c += *d, *b = rotate(*b ^ *c, 12);
	*a += *b, *d = rotate(*d ^ *a, 8);
	*c += *d, *b = rotate(*b ^ *c, 7);
}

static void hchacha20(const uint8_t key[32], const uint8_t nonce[16], uint8_t out[32])
{
	uint32_t x[16] = { 0x61707865, 0x3320646e, 0x79622d32, 0x6b206574 };

	for (int i = 0; i < 8; i++)
		x[4 + i] = load32(key + 4 * i);
	for (int i = 0; i < 4; i++)
		x[12 + i] = load32(nonce + 4 * i);
	for (int round = 0; round < 10; round++) {
		for (int i = 0; i < 4; i++)
			quarter_round(&x[i], &x[4 + i], &x[8 + i], &x[12 + i]);
		for (int i = 0; i < 4; i++)
			quarter_round(&x[i], &x[4 + (i + 1) % 4], &x[8 + (i + 2) % 4],
				      &x[12 + (i + 3) % 4]);
	}
	for (int i = 0; i < 32; i++)
		out[i] = (uint8_t)(x[(i < 16 ? 0 : 8) + i / 4] >> 8 * (i % 4));
}

void cw_cookies_renew(struct cw_cookies *cookies, const uint8_t key[32],
		      const uint8_t secrets[2][32])
{
	hchacha20(key, cookies->nonce, cookies->subkey);
	memcpy(cookies->secrets, secrets, sizeof(cookies->secrets));
}

/* MAC(secret, address 16 ‖ port u32). */
static bool make(struct cw_mac1 *mac1, const uint8_t secret[32], const uint8_t address[16],
		 uint16_t port, uint8_t cookie[COOKIE_BYTES])
{
	uint8_t bound[20] = { 0 };

	memcpy(bound, address, 16);
	bound[18] = (uint8_t)(port >> 8);
	bound[19] = (uint8_t)port;
	return cw_mac1_make(mac1, secret, 32, bound, sizeof(bound), cookie);
}

bool cw_cookie_is_shown(struct cw_cookies *cookies, struct cw_mac1 *mac1, const uint8_t address[16],
			uint16_t port, const uint8_t *message, uint32_t length)
{
	uint8_t cookie[COOKIE_BYTES], mac2[16];
	uint32_t covered = length - sizeof(mac2);

	for (int i = 0; i < 2; i++) {
		if (make(mac1, cookies->secrets[i], address, port, cookie) &&
		    cw_mac1_make(mac1, cookie, sizeof(cookie), message, covered, mac2) &&
		    CRYPTO_memcmp(mac2, message + covered, sizeof(mac2)) == 0)
			return true;
	}
	return false;
}

bool cw_cookie_answer(struct cw_cookies *cookies, struct cw_mac1 *mac1, const uint8_t address[16],
		      uint16_t port, const uint8_t *message, uint32_t length,
		      uint8_t out[CW_COOKIE_MESSAGE_BYTES])
{
	EVP_CIPHER_CTX *context = cookies->context;
	uint8_t cookie[COOKIE_BYTES], iv[12] = { 0 };
	int done = 0;

	if (!make(mac1, cookies->secrets[0], address, port, cookie))
		return false;
	cookies->answers++;
	memset(out, 0, NONCE);
	out[0] = 0xD6;
	memcpy(out + 4, message + 4, 4);
	memcpy(out + NONCE, cookies->nonce, 16);
	memcpy(out + NONCE + 16, &cookies->answers, 8);
	memcpy(iv + 4, &cookies->answers, 8);
	/* mac1 of what it answers is bound in: nobody can give a cookie without having seen that. */
	return EVP_EncryptInit_ex(context, NULL, NULL, cookies->subkey, iv) == 1 &&
	       EVP_EncryptUpdate(context, NULL, &done, message + length - 32, 16) == 1 &&
	       EVP_EncryptUpdate(context, out + SEALED, &done, cookie, sizeof(cookie)) == 1 &&
	       EVP_EncryptFinal_ex(context, out + SEALED + done, &done) == 1 &&
	       EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, 16, out + SEALED + 16) == 1;
}
