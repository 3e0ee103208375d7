/* See flow.h. */
#include "table/flow.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>

#include "table/siphash.h"

#define BUCKET 8
#define UNIT_SHIFT 10 /* 1,024 µs: 2^32 of them are 50 days */
#define UNITS(ms) ((uint32_t)((uint64_t)(ms) * 1000 >> UNIT_SHIFT))

/* 16 bits of each entry's hash, so that a packet touches only the line of its own entry. 0: a free place. */
struct tags {
	uint16_t of[BUCKET];
};

/*
 * A flow may lie in either of two buckets, and is put where there is more room: so chance alone leaves a
 * new one without room only where seven tenths of the table are live. Entries do not move, since who owns them points at them.
 */
struct cw_flows {
	struct cw_siphash_key secret;
	uint32_t bucket_mask;
	uint32_t in_use;
	uint32_t swept; /* the bucket that is next */
	uint64_t refused;
	size_t bytes;
	struct cw_flow_entry *entries;
	struct tags *tags;
};

struct place {
	uint32_t buckets[2];
	uint16_t tag;
};

struct cw_flows *cw_flows_new(uint32_t count)
{
	struct cw_flows *flows = calloc(1, sizeof(*flows));
	uint32_t buckets = 2;

	while (buckets < CW_FLOWS_MAX / BUCKET && buckets * BUCKET < count)
		buckets *= 2;
	if (flows == NULL ||
	    getrandom(&flows->secret, sizeof(flows->secret), 0) != sizeof(flows->secret)) {
		free(flows);
		return NULL;
	}
	flows->bytes = buckets * (BUCKET * sizeof(flows->entries[0]) + sizeof(flows->tags[0]));
	void *memory = mmap(NULL, flows->bytes, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (memory == MAP_FAILED) {
		free(flows);
		return NULL;
	}
	/* Packets touch it all over: of small pages each would miss the TLB too, which costs as much again. */
	madvise(memory, flows->bytes, MADV_HUGEPAGE);
	flows->bucket_mask = buckets - 1;
	flows->entries = memory;
	flows->tags = (struct tags *)(flows->entries + (size_t)buckets * BUCKET);
	return flows;
}

void cw_flows_free(struct cw_flows *flows)
{
	if (flows != NULL)
		munmap(flows->entries, flows->bytes);
	free(flows);
}

static struct place place_of(const struct cw_flows *flows, const struct cw_flow_key *key)
{
	uint64_t hash = cw_siphash13(&flows->secret, key, sizeof(*key));
	struct place place = { .buckets = { hash & flows->bucket_mask, hash >> 24 & flows->bucket_mask },
			       .tag = (uint16_t)(hash >> 48) };

	if (place.buckets[0] == place.buckets[1])
		place.buckets[1] ^= 1;
	place.tag += place.tag == 0;
	return place;
}

static struct cw_flow_entry *entry_at(const struct cw_flows *flows, uint32_t bucket, uint32_t i)
{
	return &flows->entries[(size_t)bucket * BUCKET + i];
}

static struct cw_flow_entry *look_up(const struct cw_flows *flows, const struct place *place,
				     const struct cw_flow_key *key)
{
	for (int b = 0; b < 2; b++) {
		const struct tags *tags = &flows->tags[place->buckets[b]];
		for (uint32_t i = 0; i < BUCKET; i++) {
			struct cw_flow_entry *entry = entry_at(flows, place->buckets[b], i);
			if (tags->of[i] == place->tag && cw_flow_key_equal(&entry->key, key))
				return entry;
		}
	}
	return NULL;
}

static struct cw_flow_entry *touch(struct cw_flow_entry *entry, uint64_t now_us)
{
	entry->used_at = (uint32_t)(now_us >> UNIT_SHIFT);
	entry->packets += entry->packets < UINT8_MAX;
	return entry;
}

struct cw_flow_entry *cw_flow_find(struct cw_flows *flows, const struct cw_flow_key *key, uint64_t now_us)
{
	struct place place = place_of(flows, key);
	struct cw_flow_entry *entry = look_up(flows, &place, key);

	return entry == NULL ? NULL : touch(entry, now_us);
}

const struct cw_flow_entry *cw_flow_peek(const struct cw_flows *flows, const struct cw_flow_key *key)
{
	struct place place = place_of(flows, key);

	return look_up(flows, &place, key);
}

static bool is_short(const struct cw_flow_entry *entry)
{
	return entry->is_closed || entry->packets <= CW_FLOW_SHORT_PACKETS;
}

static uint32_t idle_of(const struct cw_flow_entry *entry, uint64_t now_us)
{
	return (uint32_t)(now_us >> UNIT_SHIFT) - entry->used_at;
}

uint32_t cw_flow_idle_ms(const struct cw_flow_entry *entry, uint64_t now_us)
{
	return (uint32_t)(((uint64_t)idle_of(entry, now_us) << UNIT_SHIFT) / 1000);
}

static bool is_idle(const struct cw_flow_entry *entry, uint64_t now_us)
{
	return idle_of(entry, now_us) >= UNITS(is_short(entry) ? CW_FLOW_IDLE_SHORT_MS : CW_FLOW_IDLE_MS);
}

static bool is_forgotten(const struct cw_flow_entry *entry, uint64_t now_us)
{
	uint32_t after_ms = entry->key.protocol == IPPROTO_TCP ? CW_FLOW_FORGOTTEN_TCP_MS : CW_FLOW_FORGOTTEN_MS;

	return idle_of(entry, now_us) >= UNITS(is_short(entry) ? CW_FLOW_FORGOTTEN_SHORT_MS : after_ms);
}

static uint32_t count_of(const struct tags *tags)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < BUCKET; i++)
		count += tags->of[i] != 0;
	return count;
}

/* The more, the less is lost with it: one that is short before others, then what has been idle for longer. 0: it is live. */
static uint64_t worthlessness(const struct cw_flow_entry *entry, uint64_t now_us)
{
	return is_idle(entry, now_us) ? (uint64_t)is_short(entry) << 32 | idle_of(entry, now_us) : 0;
}

/* The tag of the entry that is worth least of those that may go. NULL: none may. */
static uint16_t *reclaim(struct cw_flows *flows, const struct place *place, uint64_t now_us)
{
	uint16_t *found = NULL;
	uint64_t most = 0;

	for (uint32_t n = 0; n < 2 * BUCKET; n++) {
		uint32_t bucket = place->buckets[n / BUCKET], i = n % BUCKET;
		uint64_t value = worthlessness(entry_at(flows, bucket, i), now_us);
		if (value > most) {
			most = value;
			found = &flows->tags[bucket].of[i];
		}
	}
	return found;
}

/* A free place in the emptier bucket. NULL: there is none in both. */
static uint16_t *find_free(struct cw_flows *flows, const struct place *place)
{
	struct tags *one = &flows->tags[place->buckets[0]], *other = &flows->tags[place->buckets[1]];
	struct tags *tags = count_of(one) <= count_of(other) ? one : other;

	for (uint32_t i = 0; i < BUCKET; i++) {
		if (tags->of[i] == 0)
			return &tags->of[i];
	}
	return NULL;
}

struct cw_flow_entry *cw_flow_add(struct cw_flows *flows, const struct cw_flow_key *key, uint64_t now_us)
{
	struct place place = place_of(flows, key);
	struct cw_flow_entry *entry = look_up(flows, &place, key);

	if (entry != NULL)
		return touch(entry, now_us);
	uint16_t *tag = find_free(flows, &place);
	if (tag != NULL)
		flows->in_use++;
	else
		tag = reclaim(flows, &place, now_us);
	if (tag == NULL) {
		flows->refused++;
		return NULL;
	}
	*tag = place.tag;
	entry = &flows->entries[tag - flows->tags[0].of];
	*entry = (struct cw_flow_entry){ .key = *key, .path = CW_FLOW_NO_PATH };
	return touch(entry, now_us);
}

bool cw_flows_sweep(struct cw_flows *flows, uint32_t budget, uint64_t now_us, cw_flow_visit *visit,
		    void *context)
{
	for (uint32_t places = 0; places < budget; places += BUCKET) {
		struct tags *tags = &flows->tags[flows->swept];
		for (uint32_t i = 0; i < BUCKET; i++) {
			struct cw_flow_entry *entry = entry_at(flows, flows->swept, i);
			if (tags->of[i] == 0 || (!is_forgotten(entry, now_us) &&
						 (visit == NULL || visit(entry, context))))
				continue;
			tags->of[i] = 0;
			flows->in_use--;
		}
		flows->swept = (flows->swept + 1) & flows->bucket_mask;
		if (flows->swept == 0)
			return true;
	}
	return false;
}

uint32_t cw_flows_look(const struct cw_flows *flows, uint32_t first, uint32_t budget, cw_flow_look *visit, void *context)
{
	uint32_t places = cw_flows_count(flows);
	uint32_t end = first < places && budget < places - first ? first + budget : places;

	for (uint32_t place = first; place < end; place++) {
		if (flows->tags[place / BUCKET].of[place % BUCKET] != 0 && !visit(&flows->entries[place], context))
			return place;
	}
	return end < places ? end : 0;
}

uint32_t cw_flows_in_use(const struct cw_flows *flows)
{
	return flows->in_use;
}

uint32_t cw_flows_count(const struct cw_flows *flows)
{
	return (flows->bucket_mask + 1) * BUCKET;
}

uint64_t cw_flows_refused(const struct cw_flows *flows)
{
	return flows->refused;
}
