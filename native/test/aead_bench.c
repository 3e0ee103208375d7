/*
 * Nanoseconds a packet for each backend, suite and size, sealing and opening. Not a test: it judges
 * nothing. The combinations take turns and the median of the rounds is printed, for the machine may
 * be a shared one.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "causeway_dp.h"
#include "crypto/aead.h"

#define ROUNDS 15
#define PASSES 8
#define PACKETS 256
#define STRIDE 2048
#define AAD 16

struct track {
	const char *backend;
	const char *suite_name;
	uint8_t suite;
	uint32_t size;
	struct cw_aead *aead;
	struct cw_aead_key key;
	double seal_ns[ROUNDS];
	double open_ns[ROUNDS];
};

static const char *const backends[] = { "ipsec-mb", "openssl" };
static const struct {
	const char *name;
	uint8_t suite;
} suites[] = { { "aes-256-gcm", CW_SUITE_AES_256_GCM },
	       { "chacha20-poly1305", CW_SUITE_CHACHA20_POLY1305 } };
static const uint32_t sizes[] = { 64, 512, 1420 };

static uint8_t buffers[PACKETS][STRIDE] __attribute__((aligned(64)));

static double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* Seals the buffers and opens them again, which leaves them as they were. */
static int pass(struct track *track, double *seal_ns, double *open_ns)
{
	static const uint8_t aad[AAD];
	uint8_t nonce[12] = { 0 };
	int rc = 0;
	double start = now_ns();

	for (uint32_t i = 0; i < PACKETS; i++) {
		memcpy(nonce, &i, sizeof(i));
		rc |= cw_aead_seal(track->aead, &track->key, nonce, aad, AAD, buffers[i],
				   track->size);
	}
	double middle = now_ns();
	for (uint32_t i = 0; i < PACKETS; i++) {
		memcpy(nonce, &i, sizeof(i));
		rc |= cw_aead_open(track->aead, &track->key, nonce, aad, AAD, buffers[i],
				   track->size + CW_AEAD_TAG);
	}
	*open_ns += (now_ns() - middle) / PACKETS / PASSES;
	*seal_ns += (middle - start) / PACKETS / PASSES;
	return rc;
}

static int by_value(const void *left, const void *right)
{
	double a = *(const double *)left, b = *(const double *)right;

	return a < b ? -1 : a > b;
}

static double median(double values[ROUNDS])
{
	qsort(values, ROUNDS, sizeof(values[0]), by_value);
	return values[ROUNDS / 2];
}

/* The tracks whose backend this machine has. */
static uint32_t open_tracks(struct track *tracks)
{
	static const uint8_t secret[32] = { 1 };
	uint32_t count = 0;

	for (uint32_t b = 0; b < 2; b++) {
		for (uint32_t i = 0; i < 6; i++) {
			struct track *track = &tracks[count];
			track->backend = backends[b];
			track->suite_name = suites[i / 3].name;
			track->suite = suites[i / 3].suite;
			track->size = sizes[i % 3];
			if (cw_aead_open_context(&track->aead, track->backend) == 0 &&
			    cw_aead_key_init(&track->key, track->aead, track->suite, secret) == 0)
				count++;
		}
	}
	return count;
}

int main(void)
{
	static struct track tracks[12];
	uint32_t count = open_tracks(tracks);
	int rc = 0;

	for (int round = 0; round < ROUNDS; round++) {
		for (uint32_t i = 0; i < count; i++) {
			for (int p = 0; p < PASSES; p++)
				rc |= pass(&tracks[i], &tracks[i].seal_ns[round],
					   &tracks[i].open_ns[round]);
		}
	}
	printf("%-10s %-18s %6s %10s %10s\n", "backend", "suite", "bytes", "seal ns", "open ns");
	for (uint32_t i = 0; i < count; i++) {
		printf("%-10s %-18s %6u %10.1f %10.1f\n", tracks[i].backend, tracks[i].suite_name,
		       tracks[i].size, median(tracks[i].seal_ns), median(tracks[i].open_ns));
		cw_aead_key_wipe(&tracks[i].key);
		cw_aead_close_context(tracks[i].aead);
	}
	return rc != 0;
}
