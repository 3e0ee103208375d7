/*
 * What a client says first, made slowly for tests: ClientHellos with anything in them that may be, cut into records, and
 * sealed in Initials of QUIC. Shares no code with the dataplane. RFC 8446 §4.1.2, RFC 9000 §17.2.2, RFC 9001 §5, RFC 9369.
 */
#ifndef CW_FIRST_BYTES_H
#define CW_FIRST_BYTES_H

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

#include "check.h"
#include "packet.h"

#define FIRST_BYTES_MAX 20480

struct bytes {
	uint32_t length;
	uint8_t at[FIRST_BYTES_MAX];
};

static inline void add_bytes(struct bytes *to, const void *from, uint32_t length)
{
	memcpy(to->at + to->length, from, length);
	to->length += length;
}

static inline void add_random(struct bytes *to, uint32_t length)
{
	check_fill(to->at + to->length, length);
	to->length += length;
}

static inline void add16(struct bytes *to, uint32_t value)
{
	packet_put16(to->at + to->length, value);
	to->length += 2;
}

static inline void add8(struct bytes *to, uint32_t value)
{
	to->at[to->length++] = (uint8_t)value;
}

static inline void add_hex(struct bytes *to, const char *hex)
{
	for (; *hex != '\0'; hex += 2) {
		const char pair[3] = { hex[0], hex[1], 0 };
		add8(to, (uint32_t)strtoul(pair, NULL, 16));
	}
}

static inline void add_server_name(struct bytes *to, const char *name)
{
	uint32_t length = (uint32_t)strlen(name);

	add16(to, 0);
	add16(to, length + 5);
	add16(to, length + 3);
	add8(to, 0);
	add16(to, length);
	add_bytes(to, name, length);
}

/* A ClientHello with `before` and `after` random extensions around the name (NULL: none), of up to `most` bytes each. */
static inline void make_hello(struct bytes *to, const char *name, uint32_t before, uint32_t after, uint32_t most)
{
	to->length = 0;
	add8(to, 1);
	add8(to, 0);
	add16(to, 0);
	add16(to, 0x0303);
	add_random(to, 32);
	add8(to, check_below(2) * 32);
	add_random(to, to->at[to->length - 1]);
	add16(to, 2 + 2 * check_below(20));
	add_random(to, packet_u16(to->at + to->length - 2));
	add16(to, 0x0100);
	uint32_t extensions = to->length;
	add16(to, 0);
	for (uint32_t i = 0; i < before + after + 1; i++) {
		if (i == before && name != NULL)
			add_server_name(to, name);
		if (i == before)
			continue;
		uint32_t length = check_below(most + 1);
		add16(to, 1 + check_below(0xffff));
		add16(to, length);
		add_random(to, length);
	}
	packet_put16(to->at + extensions, to->length - extensions - 2);
	packet_put16(to->at + 2, to->length - 4);
}

/* The message in records of up to `most` bytes. */
static inline void make_records(struct bytes *to, const struct bytes *message, uint32_t most)
{
	to->length = 0;
	for (uint32_t at = 0; at < message->length;) {
		uint32_t bytes = 1 + check_below(most);
		if (bytes > message->length - at)
			bytes = message->length - at;
		add8(to, 22);
		add16(to, 0x0301);
		add16(to, bytes);
		add_bytes(to, message->at + at, bytes);
		at += bytes;
	}
}

static inline void add_integer(struct bytes *to, uint64_t value, uint32_t bytes)
{
	static const uint8_t marks[9] = { [2] = 0x40, [4] = 0x80, [8] = 0xc0 };

	for (uint32_t i = 0; i < bytes; i++)
		add8(to, (uint32_t)(value >> 8 * (bytes - 1 - i)) | (i == 0 ? marks[bytes] : 0u));
}

static inline void add_crypto(struct bytes *to, const struct bytes *message, uint32_t at, uint32_t length)
{
	add8(to, 6);
	add_integer(to, at, at < 64 ? 1u << check_below(4) : 2u << check_below(3));
	add_integer(to, length, length < 64 ? 1u << check_below(4) : 2u << check_below(3));
	add_bytes(to, message->at + at, length);
}

struct initial {
	bool is_v2;
	uint8_t id_len, token_len, number_len;
	uint8_t id[20];
	uint32_t number;
};

static inline void hkdf(const uint8_t *secret, uint32_t secret_len, const char *label, uint8_t length, uint8_t *out)
{
	struct bytes info = { 0 };
	uint8_t block[32];
	unsigned int size = sizeof(block);

	add16(&info, length);
	add8(&info, 6 + (uint32_t)strlen(label));
	add_bytes(&info, "tls13 ", 6);
	add_bytes(&info, label, (uint32_t)strlen(label));
	add16(&info, 1);
	HMAC(EVP_sha256(), secret, (int)secret_len, info.at, info.length, block, &size);
	memcpy(out, block, length);
}

/* Seals `frames` and adds the packet, which is padded until `to` has `datagram` bytes. */
static inline void add_initial(struct bytes *to, const struct initial *initial, const struct bytes *frames,
			       uint32_t datagram)
{
	static const char *const salts[] = { "38762cf7f55934b34d179ae6a4c80cadccbb7f0a",
					     "0dede3def700a6db819381be6e269dcbf9bd2ed9" };
	const char *const labels[] = { initial->is_v2 ? "quicv2 key" : "quic key",
				       initial->is_v2 ? "quicv2 iv" : "quic iv",
				       initial->is_v2 ? "quicv2 hp" : "quic hp" };
	uint8_t secret[32], client[32], key[16], nonce[12], hp[16], mask[32];
	struct bytes salt = { 0 }, text = { 0 };
	uint32_t begin = to->length;
	unsigned int size = 32;
	int n = 0;

	add_hex(&salt, salts[initial->is_v2]);
	HMAC(EVP_sha256(), salt.at, (int)salt.length, initial->id, initial->id_len, secret, &size);
	hkdf(secret, 32, "client in", 32, client);
	hkdf(client, 32, labels[0], 16, key);
	hkdf(client, 32, labels[1], 12, nonce);
	hkdf(client, 32, labels[2], 16, hp);
	add8(to, (initial->is_v2 ? 0xd0u : 0xc0u) | (initial->number_len - 1u));
	add_hex(to, initial->is_v2 ? "6b3343cf" : "00000001");
	add8(to, initial->id_len);
	add_bytes(to, initial->id, initial->id_len);
	add8(to, 5);
	add_random(to, 5);
	add_integer(to, initial->token_len, 2);
	add_random(to, initial->token_len);
	text = *frames;
	uint32_t head = to->length + 2 + initial->number_len + 16;
	uint32_t least = datagram > head + text.length ? datagram - head : text.length;
	least = least < 4 ? 4 : least;
	memset(text.at + text.length, 0, least - text.length);
	text.length = least;
	add_integer(to, initial->number_len + text.length + 16, 2);
	uint32_t number_at = to->length;
	for (uint32_t i = initial->number_len; i > 0; i--)
		add8(to, initial->number >> 8 * (i - 1));
	for (uint32_t i = 0; i < 4; i++)
		nonce[8 + i] ^= (uint8_t)(initial->number >> 8 * (3 - i));
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	EVP_EncryptInit_ex(context, EVP_aes_128_gcm(), NULL, key, nonce);
	EVP_EncryptUpdate(context, NULL, &n, to->at + begin, (int)(to->length - begin));
	EVP_EncryptUpdate(context, to->at + to->length, &n, text.at, (int)text.length);
	to->length += text.length;
	EVP_EncryptFinal_ex(context, to->at + to->length, &n);
	EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, 16, to->at + to->length);
	to->length += 16;
	EVP_EncryptInit_ex(context, EVP_aes_128_ecb(), NULL, hp, NULL);
	EVP_EncryptUpdate(context, mask, &n, to->at + number_at + 4, 16);
	EVP_CIPHER_CTX_free(context);
	to->at[begin] ^= mask[0] & 15;
	for (uint32_t i = 0; i < initial->number_len; i++)
		to->at[number_at + i] ^= mask[1 + i];
}

#endif
