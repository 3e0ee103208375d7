/* What is kept of first fragments: for a while, of so many, the latest, and only as long as nothing is decided anew. */
#include <stdlib.h>

#include "check.h"
#include "table/fragments.h"

#define MANY 4096

static struct cw_fragments fragments;
static uint64_t now_us = 1000000;

static struct cw_flow_key key_of(uint32_t id)
{
	struct cw_flow flow = { .source = cw_address_of_v4(1), .destination = cw_address_of_v4(2), .protocol = 17 };

	return cw_fragments_key(&flow, 3, id);
}

static void note(uint32_t id, uint16_t policy, uint32_t epoch)
{
	struct cw_flow_key key = key_of(id);

	cw_fragments_note(&fragments, &key, policy, 0, epoch, now_us);
}

/* -1: nobody knows. */
static int policy_of(uint32_t id, uint32_t epoch)
{
	struct cw_flow_key key = key_of(id);
	const struct cw_fragments_entry *found = cw_fragments_find(&fragments, &key, epoch, now_us);

	return found == NULL ? -1 : found->policy;
}

static void keeps_the_latest_word_for_a_while(void)
{
	CHECK(policy_of(0, 0) == -1);
	note(0x10007, 4, 1);
	CHECK(policy_of(0x10007, 1) == 4 && policy_of(7, 1) == -1 && policy_of(0x10007, 2) == -1);
	note(0x10007, 5, 2);
	CHECK(policy_of(0x10007, 2) == 5 && policy_of(0x10007, 1) == -1);
	now_us += CW_FRAGMENTS_US - 1;
	CHECK(policy_of(0x10007, 2) == 5);
	now_us += 1;
	CHECK(policy_of(0x10007, 2) == -1);
}

/* The first to go are the oldest, as far as they lie in one set. */
static void keeps_so_many(void)
{
	uint32_t kept = 0;

	for (uint32_t id = 0; id < MANY; id++) {
		now_us++;
		note(id, 1, 1);
		CHECK(policy_of(id, 1) == 1);
	}
	for (uint32_t id = 0; id < MANY; id++)
		kept += policy_of(id, 1) == 1;
	CHECK(kept == CW_FRAGMENTS_SETS * CW_FRAGMENTS_WAYS);
	for (uint32_t id = MANY - 64; id < MANY; id++)
		CHECK(policy_of(id, 1) == 1);
	CHECK(policy_of(0, 1) == -1 && policy_of(MANY / 2, 1) == -1);
}

int main(int argc, char **argv)
{
	check_begin(argc, argv);
	keeps_the_latest_word_for_a_while();
	keeps_so_many();
	return check_result();
}
