/*
 * Intel's multi-buffer library behind aead.h: x86-64. One manager per thread, and its direct calls,
 * one packet each: its queues of jobs gain little at the sizes that matter and hold packets back.
 */
#include <assert.h>
#include <errno.h>
#include <intel-ipsec-mb.h>
#include <stdlib.h>
#include <string.h>

#include "causeway_dp.h"
#include "crypto/aead-backend.h"

struct state {
	IMB_MGR *manager;
	struct gcm_context_data gcm;
	struct chacha20_poly1305_context_data chacha;
};

static_assert(CW_AEAD_TAG == 2 * sizeof(uint64_t), "a tag is two words");
static_assert(sizeof(struct gcm_key_data) <= CW_AEAD_KEY_BYTES, "expanded key");

/* Without AES instructions the library would emulate them, slowly: OpenSSL does better then. */
static bool is_usable(IMB_MGR *manager)
{
	if (imb_get_errno(manager) != 0)
		return false;
#ifdef IMB_FEATURE_SELF_TEST
	if (manager->features & IMB_FEATURE_SELF_TEST &&
	    !(manager->features & IMB_FEATURE_SELF_TEST_PASS))
		return false;
#endif
	return cw_aead_has_aes();
}

static int open_state(void **out)
{
	struct state *state = NULL;
	IMB_ARCH arch;

	if (posix_memalign((void **)&state, 64, sizeof(*state)) != 0)
		return -ENOMEM;
	memset(state, 0, sizeof(*state));
	state->manager = alloc_mb_mgr(0);
	if (state->manager == NULL) {
		free(state);
		return -ENOMEM;
	}
	init_mb_mgr_auto(state->manager, &arch);
	if (!is_usable(state->manager)) {
		free_mb_mgr(state->manager);
		free(state);
		return -ENOTSUP;
	}
	*out = state;
	return 0;
}

static void close_state(void *opaque)
{
	struct state *state = opaque;

	free_mb_mgr(state->manager);
	explicit_bzero(state, sizeof(*state));
	free(state);
}

static const struct gcm_key_data *gcm_key(const struct cw_aead_key *key)
{
	return (const struct gcm_key_data *)key->expanded;
}

static int key_init(void *opaque, struct cw_aead_key *key, const uint8_t secret[32])
{
	struct state *state = opaque;

	if (key->suite == CW_SUITE_AES_256_GCM)
		IMB_AES256_GCM_PRE(state->manager, secret, (struct gcm_key_data *)key->expanded);
	else
		memcpy(key->expanded, secret, 32);
	return 0;
}

static int seal(void *opaque, const struct cw_aead_key *key, const uint8_t nonce[12],
		const uint8_t *aad, uint32_t aad_len, uint8_t *text, uint32_t length)
{
	struct state *state = opaque;
	IMB_MGR *manager = state->manager;
	uint8_t *tag = text + length;

	if (key->suite == CW_SUITE_AES_256_GCM) {
		IMB_AES256_GCM_ENC(manager, gcm_key(key), &state->gcm, text, text, length, nonce,
				   aad, aad_len, tag, CW_AEAD_TAG);
		return 0;
	}
	IMB_CHACHA20_POLY1305_INIT(manager, key->expanded, &state->chacha, nonce, aad, aad_len);
	IMB_CHACHA20_POLY1305_ENC_UPDATE(manager, key->expanded, &state->chacha, text, text,
					 length);
	IMB_CHACHA20_POLY1305_ENC_FINALIZE(manager, &state->chacha, tag, CW_AEAD_TAG);
	return 0;
}

/* In the same time whatever differs. */
static bool is_same_tag(const uint8_t one[CW_AEAD_TAG], const uint8_t other[CW_AEAD_TAG])
{
	uint64_t a[2], b[2];

	memcpy(a, one, sizeof(a));
	memcpy(b, other, sizeof(b));
	return ((a[0] ^ b[0]) | (a[1] ^ b[1])) == 0;
}

static int unseal(void *opaque, const struct cw_aead_key *key, const uint8_t nonce[12],
		  const uint8_t *aad, uint32_t aad_len, uint8_t *text, uint32_t length)
{
	struct state *state = opaque;
	IMB_MGR *manager = state->manager;
	uint8_t tag[CW_AEAD_TAG];

	if (key->suite == CW_SUITE_AES_256_GCM) {
		IMB_AES256_GCM_DEC(manager, gcm_key(key), &state->gcm, text, text, length, nonce,
				   aad, aad_len, tag, CW_AEAD_TAG);
	} else {
		IMB_CHACHA20_POLY1305_INIT(manager, key->expanded, &state->chacha, nonce, aad,
					   aad_len);
		IMB_CHACHA20_POLY1305_DEC_UPDATE(manager, key->expanded, &state->chacha, text,
						 text, length);
		IMB_CHACHA20_POLY1305_DEC_FINALIZE(manager, &state->chacha, tag, CW_AEAD_TAG);
	}
	return is_same_tag(tag, text + length) ? 0 : -EBADMSG;
}

const struct cw_aead_backend cw_aead_ipsec_mb = {
	.name = "ipsec-mb",
	.open = open_state,
	.close = close_state,
	.key_init = key_init,
	.seal = seal,
	.unseal = unseal,
};
