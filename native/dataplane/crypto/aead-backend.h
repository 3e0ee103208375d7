/* What a library must offer to stand behind aead.h. Lengths were checked before. */
#ifndef CW_AEAD_BACKEND_H
#define CW_AEAD_BACKEND_H

#include "crypto/aead.h"

struct cw_aead_backend {
	const char *name;
	/* -ENOTSUP: not on this CPU. */
	int (*open)(void **state);
	void (*close)(void *state);
	/* Reads `state` only; `key` is zeros but for its suite. */
	int (*key_init)(void *state, struct cw_aead_key *key, const uint8_t secret[32]);
	int (*seal)(void *state, const struct cw_aead_key *key, const uint8_t nonce[12],
		    const uint8_t *aad, uint32_t aad_len, uint8_t *text, uint32_t length);
	/* `length` without the tag, which lies behind the text. May leave anything in `text`. */
	int (*unseal)(void *state, const struct cw_aead_key *key, const uint8_t nonce[12],
		      const uint8_t *aad, uint32_t aad_len, uint8_t *text, uint32_t length);
};

extern const struct cw_aead_backend cw_aead_openssl;
#ifdef HAVE_IPSEC_MB
extern const struct cw_aead_backend cw_aead_ipsec_mb;
#endif

/* Frees what OpenSSL holds for a key; nothing for the keys of others. */
void cw_aead_openssl_release(struct cw_aead_key *key);

#endif
