/* See mac1.h. */
#include "crypto/mac1.h"

#include <errno.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdlib.h>

struct cw_mac1 {
	EVP_MAC_CTX *context;
};

int cw_mac1_open(struct cw_mac1 **out)
{
	EVP_MAC *algorithm = EVP_MAC_fetch(NULL, "BLAKE2SMAC", NULL);
	struct cw_mac1 *mac1 = calloc(1, sizeof(*mac1));
	size_t size = 16;
	const OSSL_PARAM parameters[] = { OSSL_PARAM_construct_size_t(OSSL_MAC_PARAM_SIZE, &size),
					  OSSL_PARAM_construct_end() };

	if (mac1 != NULL && algorithm != NULL)
		mac1->context = EVP_MAC_CTX_new(algorithm);
	EVP_MAC_free(algorithm);
	if (mac1 == NULL || mac1->context == NULL ||
	    EVP_MAC_CTX_set_params(mac1->context, parameters) != 1) {
		cw_mac1_close(mac1);
		return algorithm == NULL ? -ENOTSUP : -ENOMEM;
	}
	*out = mac1;
	return 0;
}

void cw_mac1_close(struct cw_mac1 *mac1)
{
	if (mac1 != NULL)
		EVP_MAC_CTX_free(mac1->context);
	free(mac1);
}

bool cw_mac1_make(struct cw_mac1 *mac1, const uint8_t *key, uint32_t key_len, const uint8_t *message,
		  uint32_t length, uint8_t mac[16])
{
	size_t size = 0;

	return EVP_MAC_init(mac1->context, key, key_len, NULL) == 1 &&
	       EVP_MAC_update(mac1->context, message, length) == 1 &&
	       EVP_MAC_final(mac1->context, mac, &size, 16) == 1 && size == 16;
}

bool cw_mac1_ok(struct cw_mac1 *mac1, const uint8_t key[32], const uint8_t *message,
		uint32_t length, const uint8_t mac[16])
{
	uint8_t computed[16];

	return cw_mac1_make(mac1, key, 32, message, length, computed) &&
	       CRYPTO_memcmp(computed, mac, 16) == 0;
}
