/* What befell packets of late: written down where they are dropped, read by who explains. See explain.h. */
#include <string.h>

#include "graph/explain.h"
#include "graph/l3.h"
#include "graph/l4.h"
#include "table/flow.h"
#include "table/incident.h"
#include "table/session.h"
#include "worker.h"

void cw_note(struct cw_worker *worker, enum cw_drop reason, uint16_t segment, const struct cw_peer *peer,
	     const uint8_t *l3, uint32_t length)
{
	uint16_t place = peer == NULL ? CW_INCIDENT_NO_PEER : (uint16_t)peer->place;
	struct cw_flow flow;

	if (l3 == NULL || !cw_l3_is_sound(l3, length)) {
		cw_incident_note(&worker->incidents, (uint16_t)reason, NULL, place, worker->now_us);
		return;
	}
	cw_l4_read(l3, length, &flow);
	struct cw_flow_key key = cw_flow_key_of(&flow, segment);
	cw_incident_note(&worker->incidents, (uint16_t)reason, &key, place, worker->now_us);
}

void cw_lose(struct cw_worker *worker, enum cw_drop reason, int segment, const struct cw_peer *peer, struct rte_mbuf *m)
{
	const uint8_t *l3 = rte_pktmbuf_mtod_offset(m, const uint8_t *, m->l2_len);

	cw_note(worker, reason, (uint16_t)segment, peer, l3, (uint32_t)m->data_len - m->l2_len);
	cw_drop(worker, m, reason);
}

/* What is not told fits all, and what a packet did not show may be that. */
static bool fits_port(uint16_t asked, uint16_t is)
{
	return asked == 0 || is == 0 || asked == is;
}

/*
 * Whether `key` is of the flow that is asked about, as far as that is told. Its segment is not asked for: a packet may have
 * been dropped for the one it came under, and two segments never have an address in common.
 */
static bool is_of(const struct cw_explain *ask, const struct cw_flow *flow, const struct cw_flow_key *key)
{
	return cw_address_equal(key->source, flow->source) && cw_address_equal(key->destination, flow->destination) &&
	       (ask->is_any_protocol || key->protocol == flow->protocol) && fits_port(flow->source_port, key->source_port) &&
	       fits_port(flow->destination_port, key->destination_port);
}

static struct cw_flow turned(const struct cw_flow *flow)
{
	struct cw_flow back = *flow;

	back.source = flow->destination;
	back.destination = flow->source;
	back.source_port = flow->destination_port;
	back.destination_port = flow->source_port;
	return back;
}

/* One of a kind is enough: of a scan of ports each is an incident of its own. */
static struct cw_incident_record *record_of(struct cw_explained *out, uint16_t reason, bool is_of_flow, bool is_of_answers)
{
	uint32_t count = out->head.incident_count;

	for (uint32_t i = 0; i < count; i++) {
		struct cw_incident_record *at = &out->incidents[i];
		if (at->reason == reason && at->is_of_flow == is_of_flow && at->is_of_answers == is_of_answers)
			return at;
	}
	if (count == CW_EXPLAINED_INCIDENTS_MAX)
		return NULL;
	out->head.incident_count++;
	out->incidents[count] = (struct cw_incident_record){
		.reason = reason, .is_of_flow = is_of_flow, .is_of_answers = is_of_answers, .last_ms = UINT32_MAX
	};
	return &out->incidents[count];
}

static void add_incident(const struct cw_worker *worker, const struct cw_incident *incident, struct cw_incident_record *record)
{
	uint32_t first_ms = (uint32_t)((worker->now_us - incident->first_us) / 1000);
	uint32_t last_ms = (uint32_t)((worker->now_us - incident->last_us) / 1000);

	record->count += incident->count;
	record->first_ms = RTE_MAX(record->first_ms, first_ms);
	record->last_ms = RTE_MIN(record->last_ms, last_ms);
}

void cw_explain_incidents(const struct cw_worker *worker, const struct cw_explain *ask, const struct cw_flow *flow,
			  const struct cw_peer *peer, struct cw_explained *out)
{
	static const struct cw_flow_key none;
	struct cw_flow back = turned(flow);

	for (uint32_t i = 0; i < CW_INCIDENT_SETS * CW_INCIDENT_WAYS; i++) {
		const struct cw_incident *at = &worker->incidents.list[i];
		if (at->last_us == 0 || worker->now_us - at->last_us > CW_INCIDENT_KEPT_US)
			continue;
		bool is_of_flow = is_of(ask, flow, &at->key);
		bool is_of_answers = !is_of_flow && is_of(ask, &back, &at->key);
		bool is_of_none = cw_flow_key_equal(&at->key, &none) &&
				  (at->peer == CW_INCIDENT_NO_PEER || (peer != NULL && at->peer == peer->place));
		if (!is_of_flow && !is_of_answers && !is_of_none)
			continue;
		struct cw_incident_record *record =
			record_of(out, at->reason, is_of_flow || is_of_answers, is_of_answers);
		if (record != NULL)
			add_incident(worker, at, record);
	}
}
