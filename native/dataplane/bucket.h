/* How often something may happen. */
#ifndef CW_BUCKET_H
#define CW_BUCKET_H

#include <stdbool.h>
#include <stdint.h>

/* A token bucket: `rate` a second, at most `burst` at once. */
struct cw_bucket {
	uint64_t filled_us;
	uint32_t tokens;
};

static inline bool cw_bucket_has(struct cw_bucket *bucket, uint64_t now_us, uint32_t rate,
				 uint32_t burst)
{
	uint64_t earned = (now_us - bucket->filled_us) * rate / 1000000;

	if (earned > 0) {
		bucket->tokens = earned + bucket->tokens > burst ? burst : bucket->tokens + earned;
		bucket->filled_us = now_us;
	}
	return bucket->tokens > 0;
}

/* So many at once, as a packet has bytes; more than the burst never are. */
static inline bool cw_bucket_take_some(struct cw_bucket *bucket, uint64_t now_us, uint32_t rate, uint32_t burst, uint32_t count)
{
	if (!cw_bucket_has(bucket, now_us, rate, burst) || bucket->tokens < count)
		return false;
	bucket->tokens -= count;
	return true;
}

static inline bool cw_bucket_take(struct cw_bucket *bucket, uint64_t now_us, uint32_t rate,
				  uint32_t burst)
{
	if (!cw_bucket_has(bucket, now_us, rate, burst))
		return false;
	bucket->tokens--;
	return true;
}

#endif
