/* See policy.h. */
#include "graph/policy.h"

#include <netinet/in.h>
#include <string.h>

#include "graph/explain.h"
#include "graph/graph.h"
#include "graph/l3.h"
#include "graph/l4.h"
#include "table/acl.h"
#include "table/view.h"
#include "worker.h"

#define TOLD_PER_SECOND 10
#define TOLD_BURST 20
#define ICMP_ERROR_HEADER 8

struct question {
	const struct cw_peer *peer; /* that it was opened from; NULL: a LAN or the box */
	int from;
	int to; /* -1: not known, or not told */
	const uint8_t *l3;
	uint32_t length; /* that lie here */
};

static bool is_icmp_error(uint8_t protocol, uint8_t type)
{
	if (protocol == IPPROTO_ICMPV6)
		return type >= 1 && type <= 4;
	return protocol == IPPROTO_ICMP && (type == 3 || type == 11 || type == 12);
}

/*
 * The packet that an ICMP error speaks of went the other way, sent by whom the error goes to: RFC 792, RFC 4443 §3.
 * False: it is no such error.
 */
static bool read_quote(const struct question *q, struct question *quote)
{
	uint8_t protocol = 0;
	uint32_t at = 0;
	bool is_later = false;

	if (!cw_l4_find(q->l3, q->length, &at, &protocol, &is_later) || is_later ||
	    at + ICMP_ERROR_HEADER + sizeof(struct cw_ip4) > q->length ||
	    !is_icmp_error(protocol, q->l3[at]))
		return false;
	quote->from = q->to;
	quote->to = q->from;
	quote->l3 = q->l3 + at + ICMP_ERROR_HEADER;
	quote->length = q->length - at - ICMP_ERROR_HEADER;
	bool is_ip6 = cw_l3_is_ip6(quote->l3);
	return is_ip6 == cw_l3_is_ip6(q->l3) &&
	       quote->length >= (is_ip6 ? sizeof(struct cw_ip6) : cw_ip4_header_len(cw_ip4(quote->l3))) &&
	       cw_address_equal(cw_packet_source(quote->l3), cw_packet_destination(q->l3));
}

/* Whether a rule says so of the packet that came before, for what answers it is let through with it. */
static bool is_error_of_allowed(const struct cw_acl *acl, const struct question *q)
{
	struct question quote = { 0 };
	struct cw_flow flow;
	bool is_allowed = false;

	return read_quote(q, &quote) && cw_l4_read(quote.l3, quote.length, &flow) &&
	       cw_acl_find(acl, (uint32_t)quote.from, (uint32_t)quote.to, &flow, &is_allowed) !=
		       CW_ACL_NO_RULE &&
	       is_allowed;
}

void cw_policy_name_segment(const struct cw_worker *worker, int segment, char to[CW_NAME])
{
	if (segment >= 0)
		memcpy(to, worker->view->program->segment_programs[segment].name, CW_NAME);
}

/* A few a second are told, so that whoever is denied cannot flood the log; the rest is a number in the next one. */
static void tell(struct cw_worker *worker, const struct question *q, enum cw_drop reason, uint32_t rule)
{
	static const char nobody[CW_NAME];
	struct cw_denial denial = { .reason = (uint16_t)reason };
	struct cw_flow flow;

	cw_note(worker, reason, q->from < 0 ? 0 : (uint16_t)q->from, q->peer, q->l3, q->length);
	if (!cw_bucket_take(&worker->denial_bucket, worker->now_us, TOLD_PER_SECOND, TOLD_BURST)) {
		worker->denials_suppressed++;
		return;
	}
	if (cw_l3_is_sound(q->l3, q->length)) {
		cw_l4_read(q->l3, q->length, &flow);
		memcpy(denial.source, &flow.source, sizeof(denial.source));
		memcpy(denial.destination, &flow.destination, sizeof(denial.destination));
		denial.source_port = flow.source_port;
		denial.destination_port = flow.destination_port;
		denial.protocol = flow.protocol;
	}
	denial.suppressed = worker->denials_suppressed;
	worker->denials_suppressed = 0;
	cw_policy_name_segment(worker, q->from, denial.segment);
	cw_policy_name_segment(worker, q->to, denial.to_segment);
	if (rule != CW_ACL_NO_RULE)
		memcpy(denial.rule, worker->view->program->acl[rule].name, CW_NAME);
	cw_event_push(worker, CW_EVENT_DENIED, q->peer != NULL ? q->peer->name : nobody, 0, &denial,
		      sizeof(denial));
}

/* The first rule that fits decides, which is in `rule`; without one it is what the segments are to each other. */
static bool judge(const struct cw_worker *worker, const struct question *q, uint32_t *rule, enum cw_drop *reason)
{
	const struct cw_acl *acl = worker->view->acl;
	bool is_allowed = q->from == q->to;
	struct cw_flow flow;

	*rule = CW_ACL_NO_RULE;

	/* A pair without a rule has none that lets answers through, nor errors of them. */
	if (acl != NULL && cw_acl_has_rules(acl, (uint32_t)q->from, (uint32_t)q->to)) {
		/* Headers that no rule can look behind must not be a way around the rules. */
		if (!cw_l4_read(q->l3, q->length, &flow))
			is_allowed = false;
		else
			*rule = cw_acl_find(acl, (uint32_t)q->from, (uint32_t)q->to, &flow, &is_allowed);
		if (*rule == CW_ACL_NO_RULE && !is_allowed)
			is_allowed = is_error_of_allowed(acl, q);
	}
	if (!is_allowed)
		*reason = *rule != CW_ACL_NO_RULE || q->from == q->to ? CW_DROP_ACL : CW_DROP_SEGMENT;
	return is_allowed;
}

static bool may_pass(struct cw_worker *worker, const struct question *q, enum cw_drop *reason)
{
	uint32_t rule;

	if (judge(worker, q, &rule, reason))
		return true;
	tell(worker, q, *reason, rule);
	return false;
}

static int segment_of(uint32_t value)
{
	return value == 0 ? -1 : (int)CW_ALL_SEGMENT(value);
}

/* Where the destination belongs, which the segment's own FIB says best, but for what only its default route covers. */
static int whither(const struct cw_view *view, uint32_t segment, const struct cw_hop *hop,
		   const uint8_t *l3)
{
	bool is_known = hop->kind == CW_HOP_LINK || hop->kind == CW_HOP_OVERLAY;

	if (hop->kind == CW_HOP_LOCAL || (is_known && !view->has_default[segment]))
		return (int)segment;
	int to = segment_of(cw_all_find(view, cw_packet_destination(l3)));
	return to < 0 && is_known ? (int)segment : to;
}

/* What pads a frame is no packet; a train's own length may be that of its first segment or wrapped. */
static uint32_t length_of(const struct rte_mbuf *m, const uint8_t *l3)
{
	return m->ol_flags & RTE_MBUF_F_RX_LRO ? (uint32_t)m->data_len - m->l2_len : cw_l3_total(l3);
}

bool cw_policy_from_lan(struct cw_worker *worker, uint32_t segment, const struct cw_hop *hop,
			const struct rte_mbuf *m, enum cw_drop *reason)
{
	const uint8_t *l3 = rte_pktmbuf_mtod_offset(m, const uint8_t *, m->l2_len);
	int to = whither(worker->view, segment, hop, l3);

	if (to < 0 || hop->kind == CW_HOP_LOCAL || (to == (int)segment && worker->view->acl == NULL))
		return true;
	struct question q = { .from = (int)segment, .to = to, .l3 = l3, .length = length_of(m, l3) };
	return may_pass(worker, &q, reason);
}

bool cw_policy_from_box(struct cw_worker *worker, uint32_t *segment, const struct rte_mbuf *m,
			enum cw_drop *reason)
{
	const uint8_t *l3 = rte_pktmbuf_mtod_offset(m, const uint8_t *, m->l2_len);
	uint32_t value = cw_all_find(worker->view, cw_packet_source(l3));
	struct question q = { .from = segment_of(value),
			      .to = (int)*segment,
			      .l3 = l3,
			      .length = length_of(m, l3) };

	if (q.from == q.to && (CW_ALL_IS_LOCAL(value) || worker->view->acl == NULL))
		return true;
	/* Of no segment at all: the far end would have to refuse it. */
	if (q.from < 0) {
		*reason = CW_DROP_SEGMENT;
		tell(worker, &q, *reason, CW_ACL_NO_RULE);
		return false;
	}
	if (!may_pass(worker, &q, reason))
		return false;
	*segment = (uint32_t)q.from;
	return true;
}

bool cw_policy_from_peer(struct cw_worker *worker, uint32_t segment, const struct cw_hop *hop,
			 const struct cw_peer *peer, const uint8_t *l3, uint32_t length,
			 bool *is_for_kernel, enum cw_drop *reason)
{
	int to = whither(worker->view, segment, hop, l3);

	*is_for_kernel = false;
	if (to < 0 || hop->kind == CW_HOP_LOCAL || (to == (int)segment && worker->view->acl == NULL))
		return true;
	struct question q = { .peer = peer, .from = (int)segment, .to = to, .l3 = l3, .length = length };
	*is_for_kernel = to != (int)segment;
	return may_pass(worker, &q, reason);
}

bool cw_policy_explain(const struct cw_worker *worker, uint32_t segment, bool is_from_box, const struct cw_hop *hop,
		       const uint8_t *l3, uint32_t length, struct cw_policy_verdict *verdict)
{
	int to = whither(worker->view, segment, hop, l3);

	*verdict = (struct cw_policy_verdict){ .to = to, .rule = CW_ACL_NO_RULE };
	bool is_open = to == (int)segment && (is_from_box || worker->view->acl == NULL);
	if (to < 0 || hop->kind == CW_HOP_LOCAL || is_open)
		return true;
	struct question q = { .from = (int)segment, .to = to, .l3 = l3, .length = length };
	return judge(worker, &q, &verdict->rule, &verdict->reason);
}

void cw_policy_deny_peer(struct cw_worker *worker, const struct cw_peer *peer, int segment,
			 enum cw_drop reason, const uint8_t *l3, uint32_t length)
{
	struct question q = { .peer = peer, .from = segment, .to = -1, .l3 = l3, .length = length };

	cw_count_drop(worker, reason);
	tell(worker, &q, reason, CW_ACL_NO_RULE);
}
