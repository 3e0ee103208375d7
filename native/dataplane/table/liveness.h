/*
 * Whether a path carries packets, of one path by itself: what was heard, what was asked and answered, and when silence means
 * that the path is down. Pure: time is an argument. What the paths of a peer mean to each other, and when probes leave, is
 * path.h's. RFC 6298 (round trips), RFC 5880 (what a fixed interval would do at 5 % loss, and why this has none).
 *
 * An active path, one that carries data, brings something every CW_KEEP_US, and CW_FILL_US after data. Where that fails to come
 * there is suspicion: CW_BURST_PROBES probes, of which chance loses all as good as never. A path is down when their answers
 * should have come, nothing was heard for as long as a way may grow at once, and another path was answered meanwhile, which
 * proves that the far end itself is not away. A path at rest is judged by its probes alone, and without haste.
 */
#ifndef CW_LIVENESS_H
#define CW_LIVENESS_H

#include <stdbool.h>
#include <stdint.h>

#define CW_KEEP_US 85000u
#define CW_FILL_US 25000u
#define CW_FILLED_US 40000u /* after data, and nothing more than CW_KEEP_US is kept */
#define CW_BURST_GAP_US 4000u
#define CW_BURST_PROBES 8u /* at 5 % loss each way all of them are lost once in 10^8 times */
#define CW_PROBES_KEPT 64u /* whose time of sending is remembered */

enum cw_path_state {
	CW_PATH_NEW, /* nobody has answered by it yet */
	CW_PATH_UP,
	CW_PATH_DOWN,
};

enum cw_path_why {
	CW_PATH_WELL,
	CW_PATH_UNTRIED,    /* nobody has answered yet */
	CW_PATH_SILENT,     /* nothing is heard by it */
	CW_PATH_UNANSWERED, /* probes are not answered, though other things are heard */
	CW_PATH_DEAF,       /* the far end says that it hears nothing by it */
	CW_PATH_NO_UPLINK,  /* its uplink has no carrier or no address, or is not in the program */
	CW_PATH_NO_RELAY,   /* there is no session with its relay, or no path to that, or the channel was another session's */
};

struct cw_liveness {
	uint8_t state; /* enum cw_path_state */
	uint8_t why;   /* enum cw_path_why */
	uint8_t answers; /* in a row, since it is down */
	uint8_t burst;   /* probes sent since suspicion began */
	bool is_excused; /* since then: the far end was away */
	bool was_up;     /* ever: somebody has answered by it */
	uint32_t probes; /* sent, ever */
	uint64_t secret; /* from which ids are made, so that nobody answers what he did not get */
	uint32_t answered; /* probes, ever */
	uint32_t rtt_us;   /* smoothed; UINT32_MAX before the first answer */
	uint32_t rtt_var_us;
	uint32_t rtt_last_us, rtt_before_us; /* the last two */
	uint32_t failures; /* once it was trusted, of late */
	uint32_t within_us; /* after what was heard last so much later two more packets have left the far end */
	uint64_t heard_us;    /* something authentic came by it */
	uint64_t answered_us; /* a probe of ours was */
	uint64_t lived_us;    /* and had left then: the far end has lived since */
	uint64_t away_us;     /* an answer came last that took longer than usual: the far end may have been away */
	uint64_t asked_us;    /* the first probe since it was answered; 0: none */
	uint64_t expect_us;   /* since when it is active; 0: it is not */
	uint64_t suspect_us;  /* since when; 0: not */
	uint64_t burst_us;    /* the last probe of the burst left */
	uint64_t proof_us;    /* from when on it is proven that the far end itself is there; 0: it is not */
	uint64_t probe_us;    /* the last probe left */
	uint64_t changed_us;  /* `state` did */
	uint64_t hold_us;     /* until then it is better left alone, since it was down */
	uint32_t sent_id[CW_PROBES_KEPT]; /* by the last bits of the id */
	uint64_t sent_us[CW_PROBES_KEPT]; /* 0: answered or never sent */
};

/* Nothing can leave by it. */
static inline bool cw_liveness_is_cut(const struct cw_liveness *live)
{
	return live->state == CW_PATH_DOWN && (live->why == CW_PATH_NO_UPLINK || live->why == CW_PATH_NO_RELAY);
}

void cw_liveness_begin(struct cw_liveness *live, uint64_t now_us);

/* Something authentic came. */
static inline void cw_liveness_hear(struct cw_liveness *live, uint64_t at_us)
{
	if (at_us > live->heard_us)
		live->heard_us = at_us;
}

/* The id of a probe that leaves now. */
uint32_t cw_liveness_ask(struct cw_liveness *live, uint64_t now_us);

/* The probe `id`, asked now, could not leave: it is no probe, and the next one is due. */
void cw_liveness_unsent(struct cw_liveness *live, uint32_t id, uint64_t now_us);

/* The answer to probe `id`, which the far end held for `held_us`. False: to none of ours, or a second time. */
bool cw_liveness_answer(struct cw_liveness *live, uint32_t id, uint32_t held_us, uint64_t now_us);

/* A round trip was shown by other means: a handshake. */
void cw_liveness_prove(struct cw_liveness *live, uint64_t now_us);

/* It was never tried, for it could not be: it begins anew. */
void cw_liveness_renew(struct cw_liveness *live, uint64_t now_us);

void cw_liveness_fail(struct cw_liveness *live, enum cw_path_why why, uint64_t now_us);

/* Within so long after what was heard last two more packets leave the far end; 0: nothing is expected. */
void cw_liveness_expect(struct cw_liveness *live, uint32_t within_us, uint64_t now_us);

/* Nobody listened for so long: that does not count as silence, and what is suspected is so much less certain. */
void cw_liveness_excuse(struct cw_liveness *live, uint64_t late_us, uint64_t now_us);

/* After how much silence an active path is suspected. */
uint32_t cw_liveness_suspicion_us(const struct cw_liveness *live);

/* Begins and ends suspicion. */
void cw_liveness_suspect(struct cw_liveness *live, uint64_t now_us);

/* Another path was answered. What it says of this one depends on when that was asked, and whether it took long. */
void cw_liveness_note_other(struct cw_liveness *live, const struct cw_liveness *other);

/* When its silence is more than chance, whoever is to blame, if nothing is heard until then; UINT64_MAX: nobody can say yet. */
uint64_t cw_liveness_silent_us(const struct cw_liveness *live);

/* When what is suspected is certain, if nothing is heard until then; UINT64_MAX: nobody can say yet. */
uint64_t cw_liveness_verdict_us(const struct cw_liveness *live);

/* Probes whose answer has come, or should have. */
uint32_t cw_liveness_settled(const struct cw_liveness *live, uint64_t now_us);

/* How long an answer may take. */
uint32_t cw_liveness_patience_us(const struct cw_liveness *live);

#endif
