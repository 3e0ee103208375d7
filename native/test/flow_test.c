/*
 * The table of flows against slow oracles: a list that knows which flow has to go, for a table of one pair of buckets, and
 * one that knows what may be missing, for a large table. And at its limit, and with keys chosen by somebody else.
 */
#include <netinet/in.h>
#include <string.h>

#include "check.h"
#include "table/flow.h"
#include "table/siphash.h"

#define PLACES 16 /* the smallest table: every flow may lie in each place */
#define KEYS 40
#define LARGE 4096
#define LARGE_KEYS 6000

static uint64_t now_us = 77;

static struct cw_flow_key key_of(uint32_t n)
{
	struct cw_flow_key key = { .source = cw_address_of_v4(htonl(0x0a010000u + n / 7)),
				   .destination = cw_address_of_v4(htonl(0x0a020000u + n % 7)),
				   .source_port = (uint16_t)(n * 31),
				   .destination_port = 443,
				   .segment = (uint16_t)(n & 1),
				   .protocol = n % 3 == 0 ? IPPROTO_UDP : IPPROTO_TCP };

	if (n % 5 == 0)
		key.source.words[0] = n;
	return key;
}

static void hashes_as_others_do(void)
{
	/* Of the first 0, 8, … bytes of 0, 1, 2, …, under such a key: those of the Rust library's own tests. */
	static const uint8_t answers[][8] = {
		{ 0xdc, 0xc4, 0x0f, 0x05, 0x58, 0x01, 0xac, 0xab }, { 0x8e, 0x9a, 0x29, 0x8d, 0x11, 0x95, 0x90, 0x36 },
		{ 0x66, 0x8b, 0x90, 0x7d, 0x1a, 0xdd, 0x4f, 0xcc }, { 0x8c, 0x9c, 0x34, 0x67, 0xb2, 0xae, 0x64, 0xf4 },
		{ 0x0d, 0xb6, 0xa7, 0x16, 0x6c, 0x7b, 0x15, 0x81 }, { 0x31, 0x15, 0xe4, 0x99, 0x32, 0x36, 0xd2, 0xc1 },
		{ 0x46, 0x4c, 0x07, 0xdf, 0xf8, 0x43, 0x31, 0x9f }, { 0x75, 0x6d, 0x3c, 0x24, 0xdb, 0xc0, 0xbc, 0xb4 },
	};
	uint8_t bytes[64];
	struct cw_siphash_key key;

	for (uint8_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = i;
	memcpy(&key, bytes, sizeof(key));
	for (uint32_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		uint64_t hash = cw_siphash13(&key, bytes, 8 * i), answer;
		memcpy(&answer, answers[i], sizeof(answer));
		CHECK(hash == answer);
	}
}

/* A flow as the oracles see it. */
struct known {
	bool is_there;
	bool is_closed;
	uint32_t packets;
	uint64_t used_us;
	uint16_t policy;
};

static uint64_t idle_us(const struct known *k)
{
	/* In units of 1,024 µs, as the table counts. */
	return ((now_us >> 10) - (k->used_us >> 10)) * 1024;
}

static bool is_short(const struct known *k)
{
	return k->is_closed || k->packets <= 2;
}

static bool may_go(const struct known *k)
{
	return idle_us(k) / 1024 >= (is_short(k) ? 5000000 / 1024 : 60000000 / 1024);
}

static bool goes_before(const struct known *k, const struct known *other)
{
	return is_short(k) != is_short(other) ? is_short(k) : k->used_us < other->used_us;
}

static bool has_to_go(const struct known *k, uint32_t n)
{
	uint64_t long_ms = key_of(n).protocol == IPPROTO_TCP ? 7440000 : 300000;

	return idle_us(k) / 1024 >= (is_short(k) ? 60000 : long_ms) * 1000 / 1024;
}

static void known_packet(struct known *k)
{
	k->used_us = now_us;
	k->packets++;
}

/* Whether there is room in the oracle, of which there are PLACES. */
static bool make_room(struct known *known, uint32_t keys)
{
	struct known *first = NULL;
	uint32_t count = 0;

	for (uint32_t i = 0; i < keys; i++) {
		struct known *k = &known[i];
		count += k->is_there;
		if (k->is_there && may_go(k) && (first == NULL || goes_before(k, first)))
			first = k;
	}
	if (count < PLACES)
		return true;
	if (first != NULL)
		first->is_there = false;
	return first != NULL;
}

static void sweep_both(struct cw_flows *flows, struct known *known, uint32_t keys)
{
	CHECK(cw_flows_sweep(flows, cw_flows_count(flows), now_us, NULL, NULL));
	for (uint32_t i = 0; i < keys; i++)
		known[i].is_there &= !has_to_go(&known[i], i);
}

static uint32_t count_of(const struct known *known, uint32_t keys)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < keys; i++)
		count += known[i].is_there;
	return count;
}

static void agrees_with_a_list(void)
{
	struct cw_flows *flows = cw_flows_new(1);
	struct known known[KEYS] = { 0 };
	uint32_t refused = 0, taken = 0, swept = 0;

	CHECK(cw_flows_count(flows) == PLACES);
	for (uint32_t step = 0; step < 400000; step++) {
		uint32_t n = check_below(step / 5000 % 2 ? KEYS : 20), before = count_of(known, KEYS);
		struct cw_flow_key key = key_of(n);
		struct known *k = &known[n];
		/* Two at least: no two flows are idle for the same number of units. */
		now_us += 2048 + check_below(check_below(50) == 0 ? 12000000 : 500000);
		now_us += check_below(500) == 0 ? check_below(3) * 4000000000ull : 0;
		struct cw_flow_entry *entry = cw_flow_find(flows, &key, now_us);
		if (!CHECK((entry != NULL) == k->is_there && (entry == NULL || entry->policy == k->policy)))
			break;
		if (entry == NULL && make_room(known, KEYS)) {
			taken += count_of(known, KEYS) < before;
			*k = (struct known){ .is_there = true, .policy = (uint16_t)step };
		} else if (entry == NULL) {
			refused++;
		}
		if (entry == NULL)
			entry = cw_flow_add(flows, &key, now_us);
		CHECK((entry != NULL) == k->is_there);
		if (entry != NULL) {
			known_packet(k);
			k->is_closed |= check_below(20) == 0;
			entry->policy = k->policy;
			entry->is_closed = k->is_closed;
		}
		if (check_below(20) == 0) {
			before = count_of(known, KEYS);
			sweep_both(flows, known, KEYS);
			swept += before - count_of(known, KEYS);
		}
		CHECK(cw_flows_in_use(flows) == count_of(known, KEYS) && cw_flows_refused(flows) == refused);
	}
	CHECK(refused > 1000 && taken > 1000 && swept > 1000);
	cw_flows_free(flows);
}

/* Whatever is missing may be, and nothing is there that was not added; the bytes of the callers come back. */
static void loses_only_what_is_idle(void)
{
	static struct known known[LARGE_KEYS];
	struct cw_flows *flows = cw_flows_new(LARGE);
	uint32_t lost = 0;

	CHECK(cw_flows_count(flows) == LARGE);
	for (uint32_t step = 0; step < 1500000; step++) {
		uint32_t n = check_below(step / 100000 % 2 ? LARGE_KEYS : LARGE_KEYS / 2);
		struct cw_flow_key key = key_of(n);
		struct known *k = &known[n];
		now_us += check_below(10000);
		const struct cw_flow_entry *seen = cw_flow_peek(flows, &key);
		struct cw_flow_entry *entry = cw_flow_find(flows, &key, now_us);
		bool is_right = seen == entry && (entry != NULL ? k->is_there : !k->is_there || may_go(k));
		is_right &= entry == NULL || (entry->policy == k->policy && cw_flow_key_equal(&entry->key, &key));
		if (!CHECK(is_right))
			break;
		lost += entry == NULL && k->is_there;
		if (entry == NULL) {
			*k = (struct known){ .policy = (uint16_t)step };
			entry = cw_flow_add(flows, &key, now_us);
			CHECK(entry == NULL || (entry->path == CW_FLOW_NO_PATH && entry->policy == 0));
		}
		k->is_there = entry != NULL;
		if (entry == NULL)
			continue;
		known_packet(k);
		entry->policy = k->policy;
		CHECK(entry->packets == (k->packets < 255 ? k->packets : 255));
	}
	CHECK(lost > 10000 && cw_flows_refused(flows) > 1000);
	CHECK(cw_flows_in_use(flows) > LARGE * 9 / 10);
	cw_flows_free(flows);
}

static void at_the_limit_the_live_stay(void)
{
	struct cw_flows *flows = cw_flows_new(PLACES);

	for (uint32_t n = 0; n < PLACES; n++) {
		struct cw_flow_key key = key_of(n);
		now_us += 2000;
		CHECK(cw_flow_add(flows, &key, now_us) != NULL);
		/* All but two are more than a question and its answer. */
		for (uint32_t i = 0; i < 2 && n != 3 && n != 9; i++)
			CHECK(cw_flow_find(flows, &key, now_us) != NULL);
	}
	for (uint32_t n = 100; n < 200; n++) {
		struct cw_flow_key key = key_of(n);
		CHECK(cw_flow_add(flows, &key, now_us) == NULL && cw_flow_find(flows, &key, now_us) == NULL);
	}
	CHECK(cw_flows_refused(flows) == 100 && cw_flows_in_use(flows) == PLACES);
	now_us += 5100000;
	for (uint32_t n = 100; n < 103; n++) {
		struct cw_flow_key key = key_of(n);
		CHECK((cw_flow_add(flows, &key, now_us) != NULL) == (n < 102));
		for (uint32_t i = 0; i < 2; i++)
			CHECK((cw_flow_find(flows, &key, now_us) != NULL) == (n < 102));
	}
	for (uint32_t n = 0; n < PLACES; n++) {
		struct cw_flow_key key = key_of(n);
		CHECK((cw_flow_peek(flows, &key) != NULL) == (n != 3 && n != 9));
	}
	/* One that is closed goes before those that are not. */
	struct cw_flow_key closing = key_of(7), next = key_of(103);
	cw_flow_find(flows, &closing, now_us)->is_closed = true;
	now_us += 5100000;
	CHECK(cw_flow_add(flows, &next, now_us) != NULL && cw_flow_peek(flows, &closing) == NULL);
	/* Added twice it is one. */
	uint32_t in_use = cw_flows_in_use(flows);
	CHECK(cw_flow_add(flows, &next, now_us) == cw_flow_peek(flows, &next));
	CHECK(cw_flows_in_use(flows) == in_use);
	cw_flows_free(flows);
}

static void each_bit_of_a_key_counts(void)
{
	struct cw_flows *flows = cw_flows_new(LARGE);
	struct cw_flow_key key = key_of(1);

	cw_flow_add(flows, &key, now_us);
	for (uint32_t bit = 0; bit < 8 * sizeof(key); bit++) {
		uint8_t *byte = (uint8_t *)&key + bit / 8;
		*byte ^= (uint8_t)(1 << bit % 8);
		CHECK(cw_flow_peek(flows, &key) == NULL);
		CHECK(cw_flow_add(flows, &key, now_us) != NULL && cw_flow_peek(flows, &key) != NULL);
		*byte ^= (uint8_t)(1 << bit % 8);
	}
	CHECK(cw_flows_in_use(flows) == 1 + 8 * sizeof(key));
	cw_flows_free(flows);
}

/* How many flows that all live find room before the first that does not; where that one is, in `first`. */
static uint32_t fill(struct cw_flows *flows, uint32_t field, uint32_t step)
{
	for (uint32_t n = 0;; n++) {
		struct cw_flow_key key = key_of(1);
		uint32_t value = n * step;
		memcpy((uint8_t *)&key + field, &value, sizeof(value));
		if (cw_flow_add(flows, &key, now_us) == NULL)
			return n;
	}
}

/* Somebody who does not know the table's secret varies one field, by steps that a weak hash would not like. */
static void chosen_keys_do_not_crowd_it(void)
{
	static const uint32_t fields[] = { 0, 4, 12, 16, 28, 32, 34 };
	static const uint32_t steps[] = { 1, 256, 65536, 0x9e3779b9, 0x1000193 };
	uint32_t least = LARGE, most = 0;

	for (uint32_t f = 0; f < sizeof(fields) / sizeof(fields[0]); f++) {
		for (uint32_t s = 0; s < sizeof(steps) / sizeof(steps[0]); s++) {
			struct cw_flows *flows = cw_flows_new(LARGE), *other = cw_flows_new(LARGE);
			uint32_t count = fill(flows, fields[f], steps[s]);
			least = count < least ? count : least;
			count = fill(other, fields[f], steps[s]);
			most = count > most ? count : most;
			cw_flows_free(flows);
			cw_flows_free(other);
		}
	}
	printf("room for %u to %u of %u live flows before one is refused\n", least, most, LARGE);
	CHECK(least > LARGE * 6 / 10 && most > least);
}

struct visits {
	uint8_t of[KEYS];
	uint32_t free_every;
};

static bool visit(struct cw_flow_entry *entry, void *context)
{
	struct visits *visits = context;

	visits->of[entry->policy]++;
	return visits->free_every == 0 || entry->policy % visits->free_every != 0;
}

static void a_sweep_meets_each_once(void)
{
	struct cw_flows *flows = cw_flows_new(LARGE);
	struct visits visits = { 0 };
	uint32_t calls = 1;

	for (uint32_t n = 0; n < KEYS; n++) {
		struct cw_flow_key key = key_of(n);
		cw_flow_add(flows, &key, now_us)->policy = (uint16_t)n;
	}
	while (!cw_flows_sweep(flows, 64, now_us, visit, &visits))
		calls++;
	CHECK(calls == LARGE / 64);
	for (uint32_t n = 0; n < KEYS; n++)
		CHECK(visits.of[n] == 1);
	visits.free_every = 2;
	while (!cw_flows_sweep(flows, 1, now_us, visit, &visits))
		;
	CHECK(cw_flows_in_use(flows) == KEYS / 2);
	for (uint32_t n = 0; n < KEYS; n++) {
		struct cw_flow_key key = key_of(n);
		CHECK(visits.of[n] == 2 && (cw_flow_peek(flows, &key) != NULL) == (n % 2 == 1));
	}
	/* Of those that were only asked for once, nothing is left after a minute, and nobody has to see them. */
	now_us += 60100000;
	CHECK(cw_flows_sweep(flows, LARGE, now_us, visit, &visits) && cw_flows_in_use(flows) == 0);
	CHECK(visits.of[1] == 2);
	cw_flows_free(flows);
	cw_flows_free(NULL);
}

struct looked {
	uint32_t seen[LARGE_KEYS];
	uint32_t room;
};

static bool look_at(const struct cw_flow_entry *entry, void *context)
{
	struct looked *looked = context;

	if (looked->room == 0)
		return false;
	looked->room--;
	looked->seen[entry->first_byte]++;
	return true;
}

/* Parts of any size, cut by places or by room, meet each flow once and change nothing. */
static void a_look_meets_each_once(void)
{
	static struct looked looked;
	struct cw_flows *flows = cw_flows_new(LARGE);

	for (uint32_t n = 0; n < 1000; n++) {
		struct cw_flow_key key = key_of(n);
		cw_flow_add(flows, &key, now_us)->first_byte = n;
	}
	for (uint32_t room = 1; room < 200; room += 66) {
		uint32_t place = 0;
		looked = (struct looked){ .room = room };
		while ((place = cw_flows_look(flows, place, 100, look_at, &looked)) != 0)
			looked.room = room;
		for (uint32_t n = 0; n < 1000; n++)
			CHECK(looked.seen[n] == 1);
	}
	looked.room = UINT32_MAX;
	CHECK(cw_flows_look(flows, UINT32_MAX, 100, look_at, &looked) == 0);
	CHECK(cw_flows_look(flows, 1, UINT32_MAX, look_at, &looked) == 0 && cw_flows_in_use(flows) == 1000);
	cw_flows_free(flows);
}

int main(int argc, char **argv)
{
	check_begin(argc, argv);
	hashes_as_others_do();
	agrees_with_a_list();
	loses_only_what_is_idle();
	at_the_limit_the_live_stay();
	each_bit_of_a_key_counts();
	chosen_keys_do_not_crowd_it();
	a_sweep_meets_each_once();
	a_look_meets_each_once();
	return check_result();
}
