/*
 * Which of a peer's paths the flows of a policy take, and why not the others: one judgement, by which packets are steered and
 * which `explain` shows. Pure: time is an argument.
 *
 * A path that breaks a limit is left at once, and is trusted again after CW_CLEAN_US without a breach; so is one that was
 * down (liveness.h). Until then any other that fits is better, and where none does the least bad of them is taken, unless the
 * policy is strict.
 */
#ifndef CW_CHOICE_H
#define CW_CHOICE_H

#include "causeway_dp.h"
#include "table/path.h"

#define CW_CLEAN_US 30000000u

enum cw_verdict {
	CW_VERDICT_CHOSEN,    /* flows take it */
	CW_VERDICT_LESS,      /* fits; another is preferred */
	CW_VERDICT_LAST,      /* fits, but is metered, a backup or relayed: for when the others fail */
	CW_VERDICT_RETURNING, /* fits again, and is not trusted yet */
	CW_VERDICT_DOUBTFUL,  /* its answer is late: it may be down */
	CW_VERDICT_LOSS,      /* breaks the limit of the policy */
	CW_VERDICT_LATENCY,
	CW_VERDICT_JITTER,
	CW_VERDICT_DOWN,      /* its liveness says why */
	CW_VERDICT_METERED,   /* the policy never takes what costs */
	CW_VERDICT_KIND,      /* nor this kind of network */
	CW_VERDICTS,
};

/* What is measured of a path now, in the direction that is chosen for. */
struct cw_measure {
	uint32_t loss_ppm; /* CW_NONE: unknown */
	uint32_t latency_us;
	uint32_t jitter_us;
};

/* The paths that flows of one policy take to one peer. */
struct cw_choice {
	uint32_t version; /* of the paths, of which it was made */
	uint8_t best;     /* slot; CW_PATH_NONE: the policy lets none be taken */
	uint8_t tier;
	uint16_t equals; /* bit per slot: as good as the best, and taken too where flows are spread */
	uint16_t usable; /* bit per slot: flows that are on it may stay for the moment */
	uint64_t since_us; /* when `best` became so */
	uint64_t made_us;
};

struct cw_measure cw_choice_measure(const struct cw_path *path, uint64_t now_us);

/* Notes which limits of which policies the paths break now; at every look at the paths. */
void cw_choice_watch(struct cw_paths *paths, const struct cw_policy_program *policies, uint32_t count, uint64_t now_us);

/*
 * Policies have other numbers: what is known of each goes with it, also of its choices, by its number now the one then. Of what
 * is CW_PATH_NONE nothing is known.
 */
void cw_choice_renumber(struct cw_choice choices[CW_POLICIES_MAX], struct cw_paths *paths,
			const uint8_t then[CW_POLICIES_MAX]);

/* Makes `choice` anew for policy number `number`. */
void cw_choice_make(struct cw_choice *choice, const struct cw_paths *paths, const struct cw_policy_program *policy,
		    uint32_t number, uint64_t now_us);

/* What the policy never takes, whatever else there is: its kind, or what it costs. CW_VERDICT_CHOSEN: it is not that. */
static inline enum cw_verdict cw_choice_forbids(const struct cw_path *path, const struct cw_policy_program *policy)
{
	uint8_t kind = path->is_private ? 1u << (CW_NETWORK_PRIVATE - 1) : 1u << (CW_NETWORK_INTERNET - 1);

	if ((policy->kinds & kind) == 0)
		return CW_VERDICT_KIND;
	bool is_metered = (path->flags & CW_PATH_METERED) != 0;
	return is_metered && policy->metered == CW_METERED_NEVER ? CW_VERDICT_METERED : CW_VERDICT_CHOSEN;
}

/* From when on a path counts as one that keeps the limits of policy number `number`; 0: it always did. */
uint64_t cw_choice_clean_us(const struct cw_path *path, uint32_t number);

/* Of each slot; those that have no path are CW_VERDICTS. */
void cw_choice_explain(const struct cw_choice *choice, const struct cw_paths *paths,
		       const struct cw_policy_program *policy, uint32_t number, uint64_t now_us,
		       uint8_t verdicts[CW_PATHS_MAX]);

/*
 * The slot for a new flow: the best, or of the equals the one with the least flows for what it carries. CW_PATH_NONE: none.
 */
uint8_t cw_choice_place(const struct cw_choice *choice, const struct cw_paths *paths, bool is_spread);

/*
 * Whether a flow on `slot` should be placed anew: its path cannot be used, or is worse than others; back to what is only
 * more preferred flows go in four steps of CW_STEP_US, by two bits of their hash.
 */
#define CW_STEP_US 1000000u
bool cw_choice_moves(const struct cw_choice *choice, uint8_t slot, bool is_spread, uint32_t hash, uint64_t now_us);

#endif
