/* What a library must offer to stand behind aead.h. */
#ifndef CW_AEAD_BACKEND_H
#define CW_AEAD_BACKEND_H

#include "crypto/aead.h"

struct cw_aead_backend {
	const char *name;
	int (*open)(void **state);
	void (*close)(void *state);
	int (*key_init)(void *state, struct cw_aead_key *key, const uint8_t secret[32]);
	void (*key_wipe)(struct cw_aead_key *key);
	int (*seal)(void *state, const struct cw_aead_key *key, const uint8_t nonce[12],
		    const uint8_t *aad, uint32_t aad_len, uint8_t *text, uint32_t length);
	/* `length` without the tag, which lies behind the text. */
	int (*unseal)(void *state, const struct cw_aead_key *key, const uint8_t nonce[12],
		      const uint8_t *aad, uint32_t aad_len, uint8_t *text, uint32_t length);
};

extern const struct cw_aead_backend cw_aead_openssl;
#ifdef HAVE_IPSEC_MB
extern const struct cw_aead_backend cw_aead_ipsec_mb;
#endif

#endif
