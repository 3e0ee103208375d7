/* See incident.h. */
#include "table/incident.h"


static uint32_t set_of(uint16_t reason, const struct cw_flow_key *key, uint16_t peer)
{
	return cw_flow_key_mix(key, (uint64_t)reason << 16 | peer) % CW_INCIDENT_SETS;
}

void cw_incident_note(struct cw_incidents *incidents, uint16_t reason, const struct cw_flow_key *key, uint16_t peer,
		      uint64_t now_us)
{
	static const struct cw_flow_key none;
	const struct cw_flow_key *of = key == NULL ? &none : key;
	struct cw_incident *set = &incidents->list[set_of(reason, of, peer) * CW_INCIDENT_WAYS], *oldest = set;

	for (struct cw_incident *at = set; at < set + CW_INCIDENT_WAYS; at++) {
		bool is_same = at->last_us != 0 && at->reason == reason && at->peer == peer &&
			       cw_flow_key_equal(&at->key, of);
		/* After a pause it is another one. */
		if (is_same && now_us - at->last_us < CW_INCIDENT_KEPT_US) {
			at->last_us = now_us;
			at->count++;
			return;
		}
		if (at->last_us < oldest->last_us)
			oldest = at;
	}
	*oldest = (struct cw_incident){ .key = *of,
					.first_us = now_us,
					.last_us = now_us,
					.count = 1,
					.reason = reason,
					.peer = peer };
}
