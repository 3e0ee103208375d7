/*
 * The two AEADs of the wire format behind one interface; the library behind it is chosen at run
 * time. AES-256-GCM (NIST SP 800-38D) and ChaCha20-Poly1305 (RFC 8439): 12-byte nonces, 16-byte
 * tags, in place. Nothing here allocates, locks or logs per packet. Nonces, counters and replay are
 * the caller's.
 *
 * A context belongs to one thread. A key belongs to one direction and has one user at a time, as
 * some libraries keep running state in it; several workers make a key each of the same secret. A
 * key may outlive the context it was made with; any context of the same backend may use it.
 */
#ifndef CW_AEAD_H
#define CW_AEAD_H

#include <stdbool.h>
#include <stdint.h>

#define CW_AEAD_TAG 16
#define CW_AEAD_TEXT_MAX 65535 /* bytes of text, and of additional data */
#define CW_AEAD_KEY_BYTES 1344 /* room for the expanded key of any backend: 1,264 in ipsec-mb 2.0 */

struct cw_aead; /* context of one thread */

struct cw_aead_key {
	uint8_t suite; /* CW_SUITE_* */
	void *cipher;  /* OpenSSL's context, where that is the backend */
	uint8_t expanded[CW_AEAD_KEY_BYTES] __attribute__((aligned(64)));
};

/*
 * `backend`: "auto", "ipsec-mb" or "openssl". A backend must give known answers first; "auto" goes
 * on to the next one if it cannot. 0, -ENOTSUP (unknown, not built in, or not for this CPU),
 * -EILSEQ (wrong answers), -EIO or -ENOMEM.
 */
int cw_aead_open_context(struct cw_aead **aead, const char *backend);
void cw_aead_close_context(struct cw_aead *aead);
const char *cw_aead_backend_name(const struct cw_aead *aead);

/* Whether this CPU has instructions for AES and GCM. */
bool cw_aead_has_aes(void);

/*
 * 0, -EINVAL for an unknown suite, -ENOMEM; after a failure the key is zeros. Only reads the
 * context: any thread may make keys for a worker.
 */
int cw_aead_key_init(struct cw_aead_key *key, struct cw_aead *aead, uint8_t suite,
		     const uint8_t secret[32]);

/* Erases the key; zeros are a key that is wiped already. */
void cw_aead_key_wipe(struct cw_aead_key *key);

/*
 * Encrypts `length` bytes in place and writes the tag behind them. 0, -EINVAL (too long) or -EIO;
 * then the text may still be clear.
 */
int cw_aead_seal(struct cw_aead *aead, const struct cw_aead_key *key, const uint8_t nonce[12],
		 const uint8_t *aad, uint32_t aad_len, uint8_t *text, uint32_t length);

/*
 * Decrypts `length` bytes, the last 16 of which are the tag, in place. 0, or -EBADMSG (also: too
 * short, too long): then no text was given out, its place holds zeros or what was received.
 */
int cw_aead_open(struct cw_aead *aead, const struct cw_aead_key *key, const uint8_t nonce[12],
		 const uint8_t *aad, uint32_t aad_len, uint8_t *text, uint32_t length);

#endif
