/* Choosing a backend, and making it prove itself. See aead.h. */
#include "crypto/aead.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#if defined(__aarch64__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

#include "causeway_dp.h"
#include "crypto/aead-backend.h"

struct cw_aead {
	const struct cw_aead_backend *backend;
	void *state;
};

/* Best first. */
static const struct cw_aead_backend *const backends[] = {
#ifdef HAVE_IPSEC_MB
	&cw_aead_ipsec_mb,
#endif
	&cw_aead_openssl,
};

bool cw_aead_has_aes(void)
{
#if defined(__x86_64__)
	return __builtin_cpu_supports("aes") && __builtin_cpu_supports("pclmul");
#elif defined(__aarch64__)
	unsigned long have = getauxval(AT_HWCAP);
	return (have & HWCAP_AES) && (have & HWCAP_PMULL);
#else
	return false;
#endif
}

/* One answer for each suite, over text that no backend treats as a whole number of blocks. */
struct known_answer {
	uint8_t suite;
	uint8_t tag[CW_AEAD_TAG];
};

static const struct known_answer known_answers[] = {
	{ CW_SUITE_AES_256_GCM,
	  { 0x60, 0x1a, 0x54, 0xba, 0x45, 0x17, 0xf4, 0xe2,
	    0xee, 0x58, 0x75, 0x35, 0x04, 0x8a, 0xce, 0x55 } },
	{ CW_SUITE_CHACHA20_POLY1305,
	  { 0xc8, 0xfb, 0xfa, 0x60, 0x20, 0xdc, 0x04, 0x2e,
	    0x29, 0x23, 0x78, 0x01, 0x9f, 0xd3, 0x9c, 0x89 } },
};

static int check_answer(struct cw_aead *aead, const struct known_answer *known)
{
	const uint8_t nonce[12] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 };
	uint8_t secret[32], text[100 + CW_AEAD_TAG];
	struct cw_aead_key key;

	for (uint8_t i = 0; i < sizeof(secret); i++)
		secret[i] = i;
	for (uint8_t i = 0; i < 100; i++)
		text[i] = i;
	int rc = cw_aead_key_init(&key, aead, known->suite, secret);
	if (rc != 0)
		return rc;
	rc = cw_aead_seal(aead, &key, nonce, secret, 16, text, 100);
	if (rc == 0 && memcmp(text + 100, known->tag, CW_AEAD_TAG) != 0)
		rc = -EILSEQ;
	if (rc == 0 && cw_aead_open(aead, &key, nonce, secret, 16, text, sizeof(text)) != 0)
		rc = -EILSEQ;
	for (uint8_t i = 0; rc == 0 && i < 100; i++)
		rc = text[i] == i ? 0 : -EILSEQ;
	if (rc == 0) {
		/* The text is clear again, and the tag is not one of clear text: must fail. */
		rc = cw_aead_open(aead, &key, nonce, secret, 16, text, sizeof(text)) == -EBADMSG ?
			     0 :
			     -EILSEQ;
	}
	cw_aead_key_wipe(&key);
	return rc;
}

static int open_backend(struct cw_aead *aead, const struct cw_aead_backend *backend)
{
	aead->backend = backend;
	int rc = backend->open(&aead->state);
	if (rc != 0)
		return rc;
	for (size_t i = 0; rc == 0 && i < sizeof(known_answers) / sizeof(known_answers[0]); i++)
		rc = check_answer(aead, &known_answers[i]);
	if (rc != 0)
		backend->close(aead->state);
	return rc;
}

int cw_aead_open_context(struct cw_aead **out, const char *name)
{
	struct cw_aead *aead = calloc(1, sizeof(*aead));
	bool is_auto = strcmp(name, "auto") == 0;
	int rc = -ENOTSUP;

	if (aead == NULL)
		return -ENOMEM;
	for (size_t i = 0; rc != 0 && i < sizeof(backends) / sizeof(backends[0]); i++) {
		if (is_auto || strcmp(name, backends[i]->name) == 0)
			rc = open_backend(aead, backends[i]);
	}
	if (rc != 0) {
		free(aead);
		return rc;
	}
	*out = aead;
	return 0;
}

void cw_aead_close_context(struct cw_aead *aead)
{
	if (aead != NULL)
		aead->backend->close(aead->state);
	free(aead);
}

const char *cw_aead_backend_name(const struct cw_aead *aead)
{
	return aead->backend->name;
}

int cw_aead_key_init(struct cw_aead_key *key, struct cw_aead *aead, uint8_t suite,
		     const uint8_t secret[32])
{
	memset(key, 0, sizeof(*key));
	if (suite != CW_SUITE_AES_256_GCM && suite != CW_SUITE_CHACHA20_POLY1305)
		return -EINVAL;
	key->suite = suite;
	int rc = aead->backend->key_init(aead->state, key, secret);
	if (rc != 0)
		cw_aead_key_wipe(key);
	return rc;
}

void cw_aead_key_wipe(struct cw_aead_key *key)
{
	cw_aead_openssl_release(key);
	explicit_bzero(key, sizeof(*key));
}

int cw_aead_seal(struct cw_aead *aead, const struct cw_aead_key *key, const uint8_t nonce[12],
		 const uint8_t *aad, uint32_t aad_len, uint8_t *text, uint32_t length)
{
	if (length > CW_AEAD_TEXT_MAX || aad_len > CW_AEAD_TEXT_MAX)
		return -EINVAL;
	return aead->backend->seal(aead->state, key, nonce, aad, aad_len, text, length);
}

int cw_aead_open(struct cw_aead *aead, const struct cw_aead_key *key, const uint8_t nonce[12],
		 const uint8_t *aad, uint32_t aad_len, uint8_t *text, uint32_t length)
{
	if (length < CW_AEAD_TAG || length - CW_AEAD_TAG > CW_AEAD_TEXT_MAX ||
	    aad_len > CW_AEAD_TEXT_MAX)
		return -EBADMSG;
	length -= CW_AEAD_TAG;
	int rc = aead->backend->unseal(aead->state, key, nonce, aad, aad_len, text, length);
	/* Decrypting and checking are one pass: by now a text lies there, and it is a forger's. */
	if (rc != 0)
		memset(text, 0, length);
	return rc;
}
