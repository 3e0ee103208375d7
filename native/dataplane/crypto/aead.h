/*
 * The two AEADs of the wire format behind one interface; the library behind it is chosen at run time. AES-256-GCM (NIST
 * SP 800-38D) and ChaCha20-Poly1305 (RFC 8439), 12-byte nonces, 16-byte tags, in place. Nothing here allocates,
 * locks or logs per packet. A context belongs to one thread; a key to one direction and one user at a time.
 */
#ifndef CW_AEAD_H
#define CW_AEAD_H

#include <stdbool.h>
#include <stdint.h>

#define CW_AEAD_TAG 16
#define CW_AEAD_KEY_BYTES 1088 /* room for the expanded key of any backend */

struct cw_aead; /* context of one thread */

struct cw_aead_key {
	uint8_t suite; /* CW_SUITE_* */
	void *cipher;  /* OpenSSL's context, where that is the backend */
	uint8_t expanded[CW_AEAD_KEY_BYTES] __attribute__((aligned(64)));
};

/*
 * `backend`: "auto", "ipsec-mb" or "openssl". A backend must pass known answers first. 0, -ENOTSUP (not built in, or not
 * for this CPU), -EILSEQ (wrong answers) or -ENOMEM.
 */
int cw_aead_open_context(struct cw_aead **aead, const char *backend);
void cw_aead_close_context(struct cw_aead *aead);
const char *cw_aead_backend_name(const struct cw_aead *aead);

/* Whether this CPU has instructions for AES and GCM. */
bool cw_aead_has_aes(void);

/* 0, -EINVAL for an unknown suite, -ENOMEM. */
int cw_aead_key_init(struct cw_aead_key *key, struct cw_aead *aead, uint8_t suite,
		     const uint8_t secret[32]);
void cw_aead_key_wipe(struct cw_aead_key *key);

/* Encrypts `length` bytes in place and writes the tag behind them. 0 or -EIO. */
int cw_aead_seal(struct cw_aead *aead, const struct cw_aead_key *key, const uint8_t nonce[12],
		 const uint8_t *aad, uint32_t aad_len, uint8_t *text, uint32_t length);

/*
 * Decrypts `length` bytes, the last 16 of which are the tag, in place. 0, or -EBADMSG: then nothing in `text` may
 * be used.
 */
int cw_aead_open(struct cw_aead *aead, const struct cw_aead_key *key, const uint8_t nonce[12],
		 const uint8_t *aad, uint32_t aad_len, uint8_t *text, uint32_t length);

#endif
