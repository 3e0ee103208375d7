/*
 * OpenSSL behind aead.h: everywhere. A cipher context lives in the key, for giving one a new key
 * costs more than a packet; it makes the key hold running state.
 */
#include <errno.h>
#include <openssl/evp.h>
#include <string.h>

#include "causeway_dp.h"
#include "crypto/aead-backend.h"

static int open_state(void **state)
{
	*state = NULL;
	return 0;
}

static void close_state(void *state)
{
	(void)state;
}

/*
 * Set up for sealing; opening turns the direction with each nonce, which leaves the key schedule
 * alone.
 */
static int key_init(void *state, struct cw_aead_key *key, const uint8_t secret[32])
{
	bool is_aes = key->suite == CW_SUITE_AES_256_GCM;
	const EVP_CIPHER *cipher = is_aes ? EVP_aes_256_gcm() : EVP_chacha20_poly1305();
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();

	(void)state;
	if (context == NULL || EVP_CipherInit_ex(context, cipher, NULL, secret, NULL, 1) != 1) {
		EVP_CIPHER_CTX_free(context);
		return -ENOMEM;
	}
	key->cipher = context;
	return 0;
}

void cw_aead_openssl_release(struct cw_aead_key *key)
{
	EVP_CIPHER_CTX_free(key->cipher);
	key->cipher = NULL;
}

static int seal(void *state, const struct cw_aead_key *key, const uint8_t nonce[12],
		const uint8_t *aad, uint32_t aad_len, uint8_t *text, uint32_t length)
{
	EVP_CIPHER_CTX *context = key->cipher;
	int n = 0;

	(void)state;
	if (EVP_CipherInit_ex(context, NULL, NULL, NULL, nonce, 1) != 1 ||
	    EVP_CipherUpdate(context, NULL, &n, aad, (int)aad_len) != 1 ||
	    EVP_CipherUpdate(context, text, &n, text, (int)length) != 1 ||
	    EVP_CipherFinal_ex(context, text + n, &n) != 1 ||
	    EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, CW_AEAD_TAG, text + length) != 1)
		return -EIO;
	return 0;
}

static int unseal(void *state, const struct cw_aead_key *key, const uint8_t nonce[12],
		  const uint8_t *aad, uint32_t aad_len, uint8_t *text, uint32_t length)
{
	EVP_CIPHER_CTX *context = key->cipher;
	int n = 0;

	(void)state;
	if (EVP_CipherInit_ex(context, NULL, NULL, NULL, nonce, 0) != 1 ||
	    EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, CW_AEAD_TAG, text + length) != 1 ||
	    EVP_CipherUpdate(context, NULL, &n, aad, (int)aad_len) != 1 ||
	    EVP_CipherUpdate(context, text, &n, text, (int)length) != 1 ||
	    EVP_CipherFinal_ex(context, text + n, &n) != 1)
		return -EBADMSG;
	return 0;
}

const struct cw_aead_backend cw_aead_openssl = {
	.name = "openssl",
	.open = open_state,
	.close = close_state,
	.key_init = key_init,
	.seal = seal,
	.unseal = unseal,
};
