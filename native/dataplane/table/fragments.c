/* See fragments.h. */
#include "table/fragments.h"

/* Not secret: who would fill a set can as well fill them all. */
static uint32_t set_of(const struct cw_flow_key *key)
{
	return cw_flow_key_mix(key, 0) % CW_FRAGMENTS_SETS;
}

void cw_fragments_note(struct cw_fragments *fragments, const struct cw_flow_key *key, uint16_t policy, uint8_t class,
		       uint32_t epoch, uint64_t now_us)
{
	struct cw_fragments_entry *set = &fragments->list[set_of(key) * CW_FRAGMENTS_WAYS], *chosen = set;

	for (struct cw_fragments_entry *at = set; at < set + CW_FRAGMENTS_WAYS; at++) {
		if (at->since_us != 0 && cw_flow_key_equal(&at->key, key)) {
			chosen = at;
			break;
		}
		if (at->since_us < chosen->since_us)
			chosen = at;
	}
	*chosen = (struct cw_fragments_entry){ .key = *key, .since_us = now_us, .epoch = epoch, .policy = policy, .class = class };
}

const struct cw_fragments_entry *cw_fragments_find(const struct cw_fragments *fragments, const struct cw_flow_key *key,
						   uint32_t epoch, uint64_t now_us)
{
	const struct cw_fragments_entry *set = &fragments->list[set_of(key) * CW_FRAGMENTS_WAYS];

	for (const struct cw_fragments_entry *at = set; at < set + CW_FRAGMENTS_WAYS; at++) {
		if (at->since_us != 0 && now_us - at->since_us < CW_FRAGMENTS_US && at->epoch == epoch &&
		    cw_flow_key_equal(&at->key, key))
			return at;
	}
	return NULL;
}
