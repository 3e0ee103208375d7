/*
 * A backend that gives a wrong answer is never chosen. Two toys stand in the places of the real
 * libraries: they know what the self-test of aead.c asks and answer it rightly, but for one planted
 * fault.
 */
#include <errno.h>
#include <string.h>

#include "causeway_dp.h"
#include "check.h"
#include "crypto/aead-backend.h"

enum fault {
	SOUND,
	NOT_HERE,
	NO_KEY,
	WRONG_TAG,
	REFUSES_TO_SEAL,
	WRONG_TEXT,
	REFUSES_THE_TRUE,
	ACCEPTS_THE_FORGED,
	FAULTS,
};

static enum fault fault_of_first, fault_of_second;
static int opened, keys;

/* Computed by another implementation: keys, nonce and text as in aead.c. */
static const uint8_t tags[][CW_AEAD_TAG] = {
	[CW_SUITE_CHACHA20_POLY1305] = { 0xc8, 0xfb, 0xfa, 0x60, 0x20, 0xdc, 0x04, 0x2e,
					 0x29, 0x23, 0x78, 0x01, 0x9f, 0xd3, 0x9c, 0x89 },
	[CW_SUITE_AES_256_GCM] = { 0x60, 0x1a, 0x54, 0xba, 0x45, 0x17, 0xf4, 0xe2,
				   0xee, 0x58, 0x75, 0x35, 0x04, 0x8a, 0xce, 0x55 },
};

static int toy_open(void **state, enum fault *fault)
{
	*state = fault;
	if (*fault == NOT_HERE)
		return -ENOTSUP;
	opened++;
	return 0;
}

static int open_first(void **state)
{
	return toy_open(state, &fault_of_first);
}

static int open_second(void **state)
{
	return toy_open(state, &fault_of_second);
}

static void toy_close(void *state)
{
	(void)state;
	opened--;
}

static int toy_key_init(void *state, struct cw_aead_key *key, const uint8_t secret[32])
{
	memcpy(key->expanded, secret, 32);
	if (*(enum fault *)state == NO_KEY)
		return -ENOMEM;
	keys++;
	key->cipher = &keys;
	return 0;
}

void cw_aead_openssl_release(struct cw_aead_key *key)
{
	keys -= key->cipher != NULL;
	key->cipher = NULL;
}

static void flip(uint8_t *text, uint32_t length)
{
	for (uint32_t i = 0; i < length; i++)
		text[i] ^= 0xff;
}

static int toy_seal(void *state, const struct cw_aead_key *key, const uint8_t nonce[12],
		    const uint8_t *aad, uint32_t aad_len, uint8_t *text, uint32_t length)
{
	(void)nonce, (void)aad, (void)aad_len;
	flip(text, length);
	memcpy(text + length, tags[key->suite], CW_AEAD_TAG);
	/*
	 * Only the second suite is at fault: a self-test that stops after the first would not see
	 * it.
	 */
	if (key->suite == CW_SUITE_CHACHA20_POLY1305 && *(enum fault *)state == WRONG_TAG)
		text[length + CW_AEAD_TAG - 1] ^= 1;
	return *(enum fault *)state == REFUSES_TO_SEAL ? -EIO : 0;
}

static int toy_unseal(void *state, const struct cw_aead_key *key, const uint8_t nonce[12],
		      const uint8_t *aad, uint32_t aad_len, uint8_t *text, uint32_t length)
{
	enum fault fault = *(enum fault *)state;
	bool is_true = text[0] == 0xff; /* the first byte of the self-test's text is 0 */

	(void)key, (void)nonce, (void)aad, (void)aad_len;
	flip(text, length);
	if (fault == WRONG_TEXT)
		text[length - 1] ^= 1;
	if (is_true)
		return fault == REFUSES_THE_TRUE ? -EBADMSG : 0;
	return fault == ACCEPTS_THE_FORGED ? 0 : -EBADMSG;
}

#ifdef HAVE_IPSEC_MB
const struct cw_aead_backend cw_aead_ipsec_mb = {
	.name = "ipsec-mb",
	.open = open_first,
	.close = toy_close,
	.key_init = toy_key_init,
	.seal = toy_seal,
	.unseal = toy_unseal,
};
#endif

const struct cw_aead_backend cw_aead_openssl = {
	.name = "openssl",
	.open = open_second,
	.close = toy_close,
	.key_init = toy_key_init,
	.seal = toy_seal,
	.unseal = toy_unseal,
};

/* What opening `name` comes to; `chosen` if it goes well. Nothing is left behind either way. */
static void expect(const char *name, int rc, const char *chosen)
{
	struct cw_aead *aead = NULL;

	if (!CHECK(cw_aead_open_context(&aead, name) == rc))
		fprintf(stderr, "  %s, faults %d and %d\n", name, fault_of_first, fault_of_second);
	CHECK((aead != NULL) == (rc == 0));
	if (aead != NULL)
		CHECK(strcmp(cw_aead_backend_name(aead), chosen) == 0);
	cw_aead_close_context(aead);
	CHECK(opened == 0 && keys == 0);
}

int main(int argc, char **argv)
{
	static const int answer[FAULTS] = {
		[SOUND] = 0, [NOT_HERE] = -ENOTSUP, [NO_KEY] = -ENOMEM, [WRONG_TAG] = -EILSEQ,
		[REFUSES_TO_SEAL] = -EIO, [WRONG_TEXT] = -EILSEQ, [REFUSES_THE_TRUE] = -EILSEQ,
		[ACCEPTS_THE_FORGED] = -EILSEQ,
	};

	check_begin(argc, argv);
	for (fault_of_second = SOUND; fault_of_second < FAULTS; fault_of_second++)
		expect("openssl", answer[fault_of_second], "openssl");
#ifdef HAVE_IPSEC_MB
	fault_of_second = SOUND;
	for (fault_of_first = SOUND; fault_of_first < FAULTS; fault_of_first++) {
		expect("ipsec-mb", answer[fault_of_first], "ipsec-mb");
		expect("auto", 0, fault_of_first == SOUND ? "ipsec-mb" : "openssl");
	}
	for (fault_of_first = NOT_HERE; fault_of_first < FAULTS; fault_of_first++) {
		for (fault_of_second = NOT_HERE; fault_of_second < FAULTS; fault_of_second++)
			expect("auto", answer[fault_of_second], NULL);
	}
#else
	(void)open_first;
#endif
	return check_result();
}
