/*
 * SipHash-1-3: a keyed hash for tables whose keys are chosen by others. Without the key nobody can make keys that meet
 * in one place; hashes that are only mixed well do not say so. Aumasson and Bernstein, "SipHash", 2012; the rounds are
 * those of the tables of Rust and Python. Words are read as they lie in memory: on little-endian machines it is SipHash's.
 */
#ifndef CW_SIPHASH_H
#define CW_SIPHASH_H

#include <stdint.h>
#include <string.h>

struct cw_siphash_key {
	uint64_t words[2];
};

struct cw_siphash {
	uint64_t v[4];
};

static inline uint64_t cw_siphash_rotate(uint64_t x, int bits)
{
	return x << bits | x >> (64 - bits);
}

static inline void cw_siphash_round(struct cw_siphash *s)
{
	s->v[0] += s->v[1];
	s->v[2] += s->v[3];
	s->v[1] = cw_siphash_rotate(s->v[1], 13) ^ s->v[0];
	s->v[3] = cw_siphash_rotate(s->v[3], 16) ^ s->v[2];
	s->v[0] = cw_siphash_rotate(s->v[0], 32);
	s->v[2] += s->v[1];
	s->v[0] += s->v[3];
	s->v[1] = cw_siphash_rotate(s->v[1], 17) ^ s->v[2];
	s->v[3] = cw_siphash_rotate(s->v[3], 21) ^ s->v[0];
	s->v[2] = cw_siphash_rotate(s->v[2], 32);
}

static inline void cw_siphash_word(struct cw_siphash *s, uint64_t word)
{
	s->v[3] ^= word;
	cw_siphash_round(s);
	s->v[0] ^= word;
}

/* Of `length` bytes, a multiple of 8. */
static inline uint64_t cw_siphash13(const struct cw_siphash_key *key, const void *bytes, uint32_t length)
{
	struct cw_siphash s = { { key->words[0] ^ 0x736f6d6570736575u, key->words[1] ^ 0x646f72616e646f6du,
				  key->words[0] ^ 0x6c7967656e657261u, key->words[1] ^ 0x7465646279746573u } };

	for (uint32_t at = 0; at < length; at += 8) {
		uint64_t word;
		memcpy(&word, (const uint8_t *)bytes + at, sizeof(word));
		cw_siphash_word(&s, word);
	}
	cw_siphash_word(&s, (uint64_t)length << 56);
	s.v[2] ^= 0xff;
	for (int i = 0; i < 3; i++)
		cw_siphash_round(&s);
	return s.v[0] ^ s.v[1] ^ s.v[2] ^ s.v[3];
}

#endif
