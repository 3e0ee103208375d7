/* See quic-initial.h. */
/* SHA-256 without EVP, which allocates a state for each message until OpenSSL 3.1: so it is nothing to warn of. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "crypto/quic-initial.h"

#include <errno.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 *  long header, RFC 9000 §17.2:  1 T T . . . . .  | version 32 | length 8, destination id | length 8, source id |
 *  of an Initial: length i, token | length i | packet number 8..32, protected | frames, sealed | tag 128
 */
#define VERSION_1 0x00000001u
#define VERSION_2 0x6b3343cfu
#define TAG 16
#define SAMPLE 16
#define NUMBER_MAX 4
#define ID_MIN 8 /* of the first id, which the client chooses: RFC 9000 §7.2 */
#define HASH 32
#define HASH_BLOCK 64
#define LABEL_PREFIX "tls13 "

enum type { TYPE_INITIAL, TYPE_0RTT, TYPE_HANDSHAKE, TYPE_RETRY };

static const struct version {
	uint8_t salt[20];
	const char *key, *iv, *hp;
} versions[2] = {
	{ { 0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d, 0x17,
	    0x9a, 0xe6, 0xa4, 0xc8, 0x0c, 0xad, 0xcc, 0xbb, 0x7f, 0x0a },
	  "quic key", "quic iv", "quic hp" },
	{ { 0x0d, 0xed, 0xe3, 0xde, 0xf7, 0x00, 0xa6, 0xdb, 0x81, 0x93,
	    0x81, 0xbe, 0x6e, 0x26, 0x9d, 0xcb, 0xf9, 0xbd, 0x2e, 0xd9 },
	  "quicv2 key", "quicv2 iv", "quicv2 hp" },
};

struct cw_quic_initials {
	EVP_CIPHER_CTX *aead;
	EVP_CIPHER_CTX *header;
	/* Whose keys the contexts have. */
	bool is_keyed;
	bool is_v2;
	uint8_t id_len;
	uint8_t id[CW_QUIC_ID_MAX];
	uint8_t iv[12];
	uint8_t frames[CW_QUIC_INITIAL_MAX];
};

int cw_quic_initials_open(struct cw_quic_initials **out)
{
	struct cw_quic_initials *initials = calloc(1, sizeof(*initials));

	if (initials == NULL)
		return -ENOMEM;
	initials->aead = EVP_CIPHER_CTX_new();
	initials->header = EVP_CIPHER_CTX_new();
	if (initials->aead == NULL || initials->header == NULL) {
		cw_quic_initials_close(initials);
		return -ENOMEM;
	}
	if (EVP_DecryptInit_ex(initials->aead, EVP_aes_128_gcm(), NULL, NULL, NULL) != 1 ||
	    EVP_EncryptInit_ex(initials->header, EVP_aes_128_ecb(), NULL, NULL, NULL) != 1) {
		cw_quic_initials_close(initials);
		return -ENOTSUP;
	}
	*out = initials;
	return 0;
}

void cw_quic_initials_close(struct cw_quic_initials *initials)
{
	if (initials == NULL)
		return;
	EVP_CIPHER_CTX_free(initials->aead);
	EVP_CIPHER_CTX_free(initials->header);
	free(initials);
}

bool cw_quic_integer(const uint8_t **at, const uint8_t *end, uint64_t *value)
{
	if (*at >= end)
		return false;
	uint32_t bytes = 1u << (**at >> 6);
	if (bytes > (size_t)(end - *at))
		return false;
	*value = *(*at)++ & 0x3f;
	while (--bytes > 0)
		*value = *value << 8 | *(*at)++;
	return true;
}

/* A length of a byte, and so many bytes. */
static bool read_id(const uint8_t **at, const uint8_t *end, const uint8_t **id, uint8_t *id_len)
{
	if (*at >= end || **at > CW_QUIC_ID_MAX || **at >= end - *at)
		return false;
	*id_len = *(*at)++;
	*id = *at;
	*at += *id_len;
	return true;
}

bool cw_quic_packet_read(struct cw_quic_packet *packet, const uint8_t *bytes, uint32_t length)
{
	const uint8_t *at = bytes + 5, *end = bytes + length, *source_id;
	uint64_t token = 0, rest;
	uint8_t source_id_len;

	if (length < 7 || !(bytes[0] & 0x80))
		return false;
	uint32_t version = (uint32_t)bytes[1] << 24 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 8 | bytes[4];
	if ((version != VERSION_1 && version != VERSION_2) || !read_id(&at, end, &packet->id, &packet->id_len) ||
	    !read_id(&at, end, &source_id, &source_id_len))
		return false;
	packet->bytes = bytes;
	packet->is_v2 = version == VERSION_2;
	/* Version 2 counts them from Retry. */
	enum type type = ((bytes[0] >> 4 & 3) + (packet->is_v2 ? 3 : 0)) & 3;
	packet->is_initial = type == TYPE_INITIAL;
	if (type == TYPE_RETRY)
		return false;
	if (packet->is_initial) {
		if (!cw_quic_integer(&at, end, &token) || token > (uint64_t)(end - at))
			return false;
		at += token;
	}
	if (!cw_quic_integer(&at, end, &rest) || rest > (uint64_t)(end - at))
		return false;
	packet->number_at = (uint32_t)(at - bytes);
	packet->length = packet->number_at + (uint32_t)rest;
	return true;
}

static void hash(const uint8_t block[HASH_BLOCK], const uint8_t *message, uint32_t length, uint8_t out[HASH])
{
	SHA256_CTX state;

	SHA256_Init(&state);
	SHA256_Update(&state, block, HASH_BLOCK);
	SHA256_Update(&state, message, length);
	SHA256_Final(out, &state);
}

/* HMAC-SHA256 under a key of at most a block: RFC 2104. */
static void hmac(const uint8_t *key, uint32_t key_len, const uint8_t *message, uint32_t length, uint8_t out[HASH])
{
	uint8_t inner[HASH_BLOCK], outer[HASH_BLOCK], hashed[HASH];

	for (uint32_t i = 0; i < HASH_BLOCK; i++) {
		uint8_t byte = i < key_len ? key[i] : 0;
		inner[i] = byte ^ 0x36;
		outer[i] = byte ^ 0x5c;
	}
	hash(inner, message, length, hashed);
	hash(outer, hashed, HASH, out);
}

/* HKDF-Expand-Label without a context, RFC 8446 §7.1; one block of the hash is enough, its first `length` bytes count. */
static void expand(const uint8_t secret[HASH], const char *label, uint8_t length, uint8_t out[HASH])
{
	uint8_t info[32] = { 0, length };
	uint32_t label_len = (uint32_t)snprintf((char *)info + 3, sizeof(info) - 3, LABEL_PREFIX "%s", label);

	/* Behind the label the context, which is empty, and the number of the block. */
	info[2] = (uint8_t)label_len;
	info[3 + label_len + 1] = 1;
	hmac(secret, HASH, info, 3 + label_len + 2, out);
}

/* Gives the contexts the client's keys of the packet's id. */
static bool set_keys(struct cw_quic_initials *initials, const struct cw_quic_packet *packet)
{
	const struct version *version = &versions[packet->is_v2];
	uint8_t secret[HASH], client[HASH], key[HASH], iv[HASH], hp[HASH];

	if (initials->is_keyed && initials->is_v2 == packet->is_v2 && initials->id_len == packet->id_len &&
	    memcmp(initials->id, packet->id, packet->id_len) == 0)
		return true;
	initials->is_keyed = false;
	hmac(version->salt, sizeof(version->salt), packet->id, packet->id_len, secret);
	expand(secret, "client in", HASH, client);
	expand(client, version->key, 16, key);
	expand(client, version->iv, 12, iv);
	expand(client, version->hp, 16, hp);
	if (EVP_DecryptInit_ex(initials->aead, NULL, NULL, key, NULL) != 1 ||
	    EVP_EncryptInit_ex(initials->header, NULL, NULL, hp, NULL) != 1)
		return false;
	memcpy(initials->iv, iv, sizeof(initials->iv));
	memcpy(initials->id, packet->id, packet->id_len);
	initials->id_len = packet->id_len;
	initials->is_v2 = packet->is_v2;
	initials->is_keyed = true;
	return true;
}

/*
 * Takes the protection off the first byte and the packet number, in copies of theirs, and makes the nonce: RFC 9001 §5.3,
 * §5.4. The first packets' numbers are small, so what is sent of them is all of them. Length of the number; 0: refused.
 */
static uint32_t unprotect(struct cw_quic_initials *initials, const struct cw_quic_packet *packet, uint8_t *first,
			  uint8_t number[NUMBER_MAX], uint8_t nonce[12])
{
	const uint8_t *at = packet->bytes + packet->number_at;
	uint8_t mask[SAMPLE];
	int n = 0;

	if (EVP_EncryptUpdate(initials->header, mask, &n, at + NUMBER_MAX, SAMPLE) != 1 || n != SAMPLE)
		return 0;
	*first = packet->bytes[0] ^ (mask[0] & 0x0f);
	uint32_t length = (*first & 3) + 1u;
	memcpy(nonce, initials->iv, 12);
	for (uint32_t i = 0; i < length; i++) {
		number[i] = at[i] ^ mask[1 + i];
		nonce[12 - length + i] ^= number[i];
	}
	return length;
}

const uint8_t *cw_quic_initial_open(struct cw_quic_initials *initials, const struct cw_quic_packet *packet,
				    uint32_t *length)
{
	uint32_t sealed = packet->length - packet->number_at, number_len;
	uint8_t first, number[NUMBER_MAX], nonce[12], tag[TAG];
	EVP_CIPHER_CTX *aead = initials->aead;
	int n = 0;

	if (!packet->is_initial || packet->id_len < ID_MIN || sealed < NUMBER_MAX + SAMPLE ||
	    packet->length > CW_QUIC_INITIAL_MAX || !set_keys(initials, packet))
		return NULL;
	number_len = unprotect(initials, packet, &first, number, nonce);
	if (number_len == 0)
		return NULL;
	const uint8_t *text = packet->bytes + packet->number_at + number_len;
	*length = sealed - number_len - TAG;
	memcpy(tag, text + *length, TAG);
	if (EVP_DecryptInit_ex(aead, NULL, NULL, NULL, nonce) != 1 ||
	    EVP_DecryptUpdate(aead, NULL, &n, &first, 1) != 1 ||
	    EVP_DecryptUpdate(aead, NULL, &n, packet->bytes + 1, (int)packet->number_at - 1) != 1 ||
	    EVP_DecryptUpdate(aead, NULL, &n, number, (int)number_len) != 1 ||
	    EVP_DecryptUpdate(aead, initials->frames, &n, text, (int)*length) != 1 ||
	    EVP_CIPHER_CTX_ctrl(aead, EVP_CTRL_AEAD_SET_TAG, TAG, tag) != 1 ||
	    EVP_DecryptFinal_ex(aead, initials->frames + n, &n) != 1)
		return NULL;
	return initials->frames;
}
