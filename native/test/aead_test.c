/*
 * Both AEADs through every backend that this machine has: published answers, backends against each
 * other, forgeries, limits, and no allocation for a packet.
 */
#include <errno.h>
#include <openssl/crypto.h>
#include <string.h>

#include "aead_vectors.h"
#include "check.h"
#include "crypto/aead.h"

#define BACKENDS 2
#define TEXT_MAX 60000
#define ROOM (TEXT_MAX + CW_AEAD_TAG + 64)

static const char *const backend_names[BACKENDS] = { "ipsec-mb", "openssl" };
static const uint8_t suites[] = { CW_SUITE_CHACHA20_POLY1305, CW_SUITE_AES_256_GCM };
static struct cw_aead *backends[BACKENDS]; /* NULL: not on this machine */
static uint64_t allocations;

static void *count_malloc(size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	allocations++;
	return malloc(size);
}

static void *count_realloc(void *old, size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	allocations++;
	return realloc(old, size);
}

static void plain_free(void *old, const char *file, int line)
{
	(void)file;
	(void)line;
	free(old);
}

static uint32_t from_hex(uint8_t *to, const char *hex)
{
	uint32_t length = (uint32_t)strlen(hex) / 2;

	for (uint32_t i = 0; i < length; i++) {
		const char pair[3] = { hex[2 * i], hex[2 * i + 1], 0 };
		to[i] = (uint8_t)strtoul(pair, NULL, 16);
	}
	return length;
}

static void seals_and_opens_what_was_published(struct cw_aead *aead)
{
	for (size_t i = 0; i < sizeof(aead_vectors) / sizeof(aead_vectors[0]); i++) {
		const struct aead_vector *v = &aead_vectors[i];
		uint8_t secret[32], nonce[12], aad[64], text[512], clear[512], sealed[512];
		struct cw_aead_key key;
		uint32_t aad_len = from_hex(aad, v->aad);
		uint32_t length = from_hex(clear, v->text);

		from_hex(secret, v->key);
		from_hex(nonce, v->nonce);
		from_hex(sealed, v->sealed);
		from_hex(sealed + length, v->tag);
		memcpy(text, clear, length);
		CHECK(cw_aead_key_init(&key, aead, v->suite, secret) == 0);
		bool is_same = cw_aead_seal(aead, &key, nonce, aad, aad_len, text, length) == 0 &&
			       memcmp(text, sealed, length + CW_AEAD_TAG) == 0;
		bool is_back = cw_aead_open(aead, &key, nonce, aad, aad_len, text,
					    length + CW_AEAD_TAG) == 0 &&
			       memcmp(text, clear, length) == 0;
		if (!CHECK(is_same) || !CHECK(is_back))
			fprintf(stderr, "  %s, %s\n", v->source, cw_aead_backend_name(aead));
		cw_aead_key_wipe(&key);
	}
}

/*
 * One case: every backend yields the same bytes, opens those of the other, and writes no byte more.
 */
static void agree_on(struct cw_aead_key keys[BACKENDS], uint32_t length, uint32_t aad_len)
{
	static uint8_t clear[ROOM], aad[CW_AEAD_TEXT_MAX], sealed[BACKENDS][ROOM];
	uint32_t offset = check_below(32);
	uint8_t nonce[12];

	check_fill(clear, offset + length + CW_AEAD_TAG + 8);
	check_fill(aad, aad_len);
	check_fill(nonce, sizeof(nonce));
	uint8_t *after = clear + offset + length + CW_AEAD_TAG;
	for (int b = 0; b < BACKENDS; b++) {
		memcpy(sealed[b], clear, offset + length + CW_AEAD_TAG + 8);
		CHECK(cw_aead_seal(backends[b], &keys[b], nonce, aad, aad_len, sealed[b] + offset,
				   length) == 0);
		CHECK(memcmp(sealed[b], clear, offset) == 0);
		CHECK(memcmp(sealed[b] + offset + length + CW_AEAD_TAG, after, 8) == 0);
	}
	if (!CHECK(memcmp(sealed[0], sealed[1], offset + length + CW_AEAD_TAG) == 0))
		fprintf(stderr, "  %u bytes, %u additional\n", length, aad_len);
	for (int b = 0; b < BACKENDS; b++) {
		CHECK(cw_aead_open(backends[b], &keys[b], nonce, aad, aad_len,
				   sealed[1 - b] + offset, length + CW_AEAD_TAG) == 0);
		CHECK(memcmp(sealed[1 - b], clear, offset + length) == 0);
	}
}

static void backends_agree(uint8_t suite)
{
	struct cw_aead_key keys[BACKENDS];

	for (uint32_t i = 0; i < 1600; i++) {
		/* One key for many nonces, as on the wire; now and then a new one. */
		if (i % 100 == 0) {
			uint8_t secret[32];
			check_fill(secret, sizeof(secret));
			for (int b = 0; b < BACKENDS; b++) {
				if (i > 0)
					cw_aead_key_wipe(&keys[b]);
				CHECK(cw_aead_key_init(&keys[b], backends[b], suite, secret) == 0);
			}
		}
		/*
		 * Every short length, as the last blocks are where an implementation errs; then
		 * any.
		 */
		if (i < 600)
			agree_on(keys, i, i % 3 == 0 ? 16 : check_below(70));
		else
			agree_on(keys, check_below(TEXT_MAX + 1), 16);
	}
	agree_on(keys, TEXT_MAX, 16);
	agree_on(keys, 0, 0);
	agree_on(keys, 0, 1500); /* a relayed datagram: nothing but additional data */
	agree_on(keys, 0, CW_AEAD_TEXT_MAX);
	for (int b = 0; b < BACKENDS; b++)
		cw_aead_key_wipe(&keys[b]);
}

#define FRAME_AAD 16
#define FRAME_TEXT 48
#define FRAME (FRAME_AAD + FRAME_TEXT + CW_AEAD_TAG)

static void refuses_every_forgery(struct cw_aead *aead, uint8_t suite)
{
	static const uint8_t zeros[FRAME_TEXT];
	uint8_t secret[32], nonce[12], clear[FRAME_TEXT], sealed[FRAME], frame[FRAME];
	struct cw_aead_key key;

	check_fill(secret, sizeof(secret));
	check_fill(nonce, sizeof(nonce));
	check_fill(sealed, sizeof(sealed));
	memcpy(clear, sealed + FRAME_AAD, FRAME_TEXT);
	CHECK(cw_aead_key_init(&key, aead, suite, secret) == 0);
	CHECK(cw_aead_seal(aead, &key, nonce, sealed, FRAME_AAD, sealed + FRAME_AAD,
			   FRAME_TEXT) == 0);
	for (uint32_t bit = 0; bit < (FRAME + sizeof(nonce)) * 8; bit++) {
		uint8_t *place = bit / 8 < FRAME ? &frame[bit / 8] : &nonce[bit / 8 - FRAME];
		memcpy(frame, sealed, FRAME);
		*place ^= (uint8_t)(1 << bit % 8);
		int rc = cw_aead_open(aead, &key, nonce, frame, FRAME_AAD, frame + FRAME_AAD,
				      FRAME_TEXT + CW_AEAD_TAG);
		if (!CHECK(rc == -EBADMSG))
			fprintf(stderr, "  byte %u, bit %u\n", bit / 8, bit % 8);
		CHECK(memcmp(frame + FRAME_AAD, zeros, FRAME_TEXT) == 0);
		if (bit / 8 >= FRAME)
			*place ^= (uint8_t)(1 << bit % 8);
	}
	/* Cut short by some bytes, or with additional data left out. */
	for (uint32_t cut = 1; cut <= FRAME_TEXT; cut++) {
		memcpy(frame, sealed, FRAME);
		CHECK(cw_aead_open(aead, &key, nonce, frame, FRAME_AAD, frame + FRAME_AAD,
				   FRAME_TEXT + CW_AEAD_TAG - cut) == -EBADMSG);
	}
	memcpy(frame, sealed, FRAME);
	CHECK(cw_aead_open(aead, &key, nonce, frame, FRAME_AAD - 1, frame + FRAME_AAD,
			   FRAME_TEXT + CW_AEAD_TAG) == -EBADMSG);
	/* None of it has hurt the key: the true frame still opens. */
	CHECK(cw_aead_open(aead, &key, nonce, sealed, FRAME_AAD, sealed + FRAME_AAD,
			   FRAME_TEXT + CW_AEAD_TAG) == 0);
	CHECK(memcmp(sealed + FRAME_AAD, clear, FRAME_TEXT) == 0);
	cw_aead_key_wipe(&key);
}

static void keeps_its_limits(struct cw_aead *aead, uint8_t suite)
{
	static uint8_t text[CW_AEAD_TEXT_MAX + 1 + CW_AEAD_TAG], aad[CW_AEAD_TEXT_MAX + 1];
	const uint8_t secret[32] = { 7 }, nonce[12] = { 9 };
	const struct cw_aead_key zeros = { 0 };
	struct cw_aead_key key;

	CHECK(cw_aead_key_init(&key, aead, 0, secret) == -EINVAL);
	CHECK(cw_aead_key_init(&key, aead, 3, secret) == -EINVAL);
	cw_aead_key_wipe(&key);
	CHECK(cw_aead_key_init(&key, aead, suite, secret) == 0);
	CHECK((uintptr_t)key.expanded % 64 == 0);
	for (uint32_t length = 0; length < CW_AEAD_TAG; length++)
		CHECK(cw_aead_open(aead, &key, nonce, aad, 16, text, length) == -EBADMSG);
	CHECK(cw_aead_seal(aead, &key, nonce, aad, 16, text, CW_AEAD_TEXT_MAX + 1) == -EINVAL);
	CHECK(cw_aead_seal(aead, &key, nonce, aad, CW_AEAD_TEXT_MAX + 1, text, 1) == -EINVAL);
	CHECK(cw_aead_open(aead, &key, nonce, aad, 16, text, sizeof(text)) == -EBADMSG);
	CHECK(cw_aead_open(aead, &key, nonce, aad, sizeof(aad), text, 20) == -EBADMSG);
	CHECK(cw_aead_seal(aead, &key, nonce, aad, 16, text, CW_AEAD_TEXT_MAX) == 0);
	CHECK(cw_aead_open(aead, &key, nonce, aad, 16, text, CW_AEAD_TEXT_MAX + CW_AEAD_TAG) == 0);
	CHECK(cw_aead_seal(aead, &key, nonce, NULL, 0, text, 0) == 0);
	CHECK(cw_aead_open(aead, &key, nonce, NULL, 0, text, CW_AEAD_TAG) == 0);
	for (int round = 0; round < 2; round++) {
		cw_aead_key_wipe(&key);
		CHECK(key.cipher == NULL && key.suite == 0);
		CHECK(memcmp(key.expanded, zeros.expanded, sizeof(key.expanded)) == 0);
	}
}

static void allocates_nothing_for_a_packet(struct cw_aead *aead, uint8_t suite)
{
	uint8_t text[1420 + CW_AEAD_TAG] = { 0 };
	const uint8_t secret[32] = { 7 }, aad[16] = { 1 };
	uint8_t nonce[12] = { 0 };
	struct cw_aead_key key;

	CHECK(cw_aead_key_init(&key, aead, suite, secret) == 0);
	uint64_t before = allocations;
	for (uint32_t i = 0; i < 100; i++) {
		nonce[0] = (uint8_t)i;
		CHECK(cw_aead_seal(aead, &key, nonce, aad, 16, text, 1420) == 0);
		text[0] ^= i == 50;
		CHECK(cw_aead_open(aead, &key, nonce, aad, 16, text, sizeof(text)) ==
		      (i == 50 ? -EBADMSG : 0));
	}
	CHECK(allocations == before);
	cw_aead_key_wipe(&key);
}

static void keys_outlive_their_context(const char *backend, uint8_t suite)
{
	uint8_t text[100 + CW_AEAD_TAG] = { 5 };
	const uint8_t secret[32] = { 7 }, nonce[12] = { 0 };
	struct cw_aead *maker, *user;
	struct cw_aead_key key;

	CHECK(cw_aead_open_context(&maker, backend) == 0);
	CHECK(cw_aead_open_context(&user, backend) == 0);
	CHECK(cw_aead_key_init(&key, maker, suite, secret) == 0);
	cw_aead_close_context(maker);
	CHECK(cw_aead_seal(user, &key, nonce, NULL, 0, text, 100) == 0);
	CHECK(cw_aead_open(user, &key, nonce, NULL, 0, text, sizeof(text)) == 0 && text[0] == 5);
	cw_aead_key_wipe(&key);
	cw_aead_close_context(user);
}

static void open_backends(void)
{
	struct cw_aead *aead = NULL;

	for (int b = 0; b < BACKENDS; b++) {
		int rc = cw_aead_open_context(&backends[b], backend_names[b]);
		if (rc == 0)
			CHECK(strcmp(cw_aead_backend_name(backends[b]), backend_names[b]) == 0);
		else
			printf("%s: not on this machine\n", backend_names[b]);
#ifdef HAVE_IPSEC_MB
		CHECK(rc == 0 || (b == 0 && rc == -ENOTSUP && !cw_aead_has_aes()));
#else
		CHECK(rc == (b == 0 ? -ENOTSUP : 0));
#endif
	}
	CHECK(cw_aead_open_context(&aead, "none") == -ENOTSUP && aead == NULL);
	CHECK(cw_aead_open_context(&aead, "auto") == 0);
	CHECK(strcmp(cw_aead_backend_name(aead), backend_names[backends[0] == NULL]) == 0);
	cw_aead_close_context(aead);
	cw_aead_close_context(NULL);
}

int main(int argc, char **argv)
{
	check_begin(argc, argv);
	CHECK(CRYPTO_set_mem_functions(count_malloc, count_realloc, plain_free) == 1);
	open_backends();
	CHECK(allocations > 0); /* the counter counts */
	for (int b = 0; b < BACKENDS; b++) {
		if (backends[b] == NULL)
			continue;
		seals_and_opens_what_was_published(backends[b]);
		for (int s = 0; s < 2; s++) {
			refuses_every_forgery(backends[b], suites[s]);
			keeps_its_limits(backends[b], suites[s]);
			allocates_nothing_for_a_packet(backends[b], suites[s]);
			keys_outlive_their_context(backend_names[b], suites[s]);
		}
	}
	for (int s = 0; s < 2 && backends[0] != NULL; s++)
		backends_agree(suites[s]);
	for (int b = 0; b < BACKENDS; b++)
		cw_aead_close_context(backends[b]);
	return check_result();
}
