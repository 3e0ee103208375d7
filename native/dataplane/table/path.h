/*
 * The paths of a peer: every pair of an uplink here and an address there that is worth trying. Each has a number on the wire
 * (the path of a lane, wire.md), where its datagrams leave, whether it lives (liveness.h) and what it counts. Pure but for
 * the departure, which graph/outer.c fills in: time is an argument, and what is to be sent is said, not sent.
 *
 * A peer that has data is awake: the paths that carry it are active, the others are asked now and then. At rest one path is
 * kept alive and the others sleep, so that an idle peer costs next to nothing.
 */
#ifndef CW_PATH_H
#define CW_PATH_H

#include "causeway_dp.h"
#include "graph/departure.h"
#include "table/address.h"
#include "table/liveness.h"
#include "table/pmtu.h"
#include "table/quality.h"

#define CW_PATHS_MAX 16
static_assert(CW_PATHS_MAX >= CW_PEER_PATHS_MAX, "all that a program names of a peer has a slot");
#define CW_PATH_NONE 0xffu /* no slot, and no number: what is sent by a way that may carry no data goes under it */

#define CW_DUMB_PROBES 4 /* unanswered in an alarm: something is wrong with it */

#define CW_PATH_METERED 1u
#define CW_PATH_BACKUP 2u
#define CW_PATH_NAMED 4u /* of the far end: it has this end's address from its configuration */

#define CW_UPLINK_NONE 0xffu

static_assert(CW_UPLINK_NONE != CW_UPLINK_RELAY, "a relayed way leads somewhere");

/* What either end says of a path that both go by. */
static inline uint8_t cw_path_flags(uint8_t own, uint8_t remote)
{
	return (uint8_t)((own | remote) & (CW_PATH_METERED | CW_PATH_BACKUP));
}

/* Where a path leads. */
struct cw_way {
	uint8_t uplink;
	uint16_t local_port;
	uint16_t remote_port;
	struct cw_address remote;
};

struct cw_path {
	/* What every packet touches. */
	uint64_t tx_us; /* data left by it last */
	uint64_t tx_packets, tx_bytes;
	uint32_t limit; /* the largest inner packet that it takes whole; 0: not looked up in this view */
	uint8_t slot;
	uint8_t number; /* CW_PATH_NONE: it has none yet */
	struct cw_way way;
	uint32_t flow_label; /* 20 bits, IPv6 only */
	struct cw_departure departure;

	uint8_t leaves_by;      /* uplink; of a relayed one that of its relay's path */
	uint8_t relay_slot;     /* that path among the relay's; CW_PATH_NONE: none yet */
	uint32_t relay_session; /* of which its channel is, by its index; 0: of none */
	struct cw_peer *counted_by; /* the relay, which counts those that it has; NULL: none does */
	bool is_configured;    /* named by the program; others were learned from what came by them, or are tried */
	bool is_tried;         /* named by TRY, of late */
	uint64_t try_until_us; /* it does not live, and is asked as a try is until then; 0: it is not */
	uint32_t try_probes;   /* sent before that began */
	bool was_up;           /* at the last look */
	bool is_told_up;       /* as the gateway was told last */
	bool is_private;       /* its uplink leads to no Internet */
	uint8_t risk;          /* uplinks of one number fail together; 0: with none */
	uint8_t flags;         /* CW_PATH_METERED, CW_PATH_BACKUP: at either end */
	uint8_t own_flags;
	uint8_t remote_flags;  /* as the far end says, and CW_PATH_NAMED */
	uint8_t remote_number; /* the far end's of it */
	uint8_t remote_uplink; /* CW_UPLINK_NONE: it has not said */
	uint64_t session_us;   /* since when the far end is asked what it calls it, and what it costs there */
	uint8_t alarm;         /* probes sent in it since it began, or since one was answered */
	uint64_t up_bps;       /* of its uplink; 0: unknown */
	uint64_t down_bps;     /* what that takes inwards, as the far end is told; 0: unknown */
	uint64_t remote_down_bps; /* what the far end's uplink takes, as it has said; 0: it has not */
	uint64_t rx_us;        /* data came by it last */
	uint64_t rx_packets, rx_bytes;
	uint32_t flows;   /* that are on it, about */
	uint32_t flows_counted; /* in the pass through the flows that goes on */
	bool is_breaching;  /* a limit of some policy, now */
	uint64_t trial_us;  /* until then it is watched closely, for it broke a limit */
	uint64_t breach_us[CW_POLICIES_MAX]; /* by policy: when it broke a limit last; 0: never */
	uint32_t kin_breach; /* bit per policy: that was another path, with which it has an end in common */
	uint64_t kin_hold_us; /* `live.hold_us`, where it is of such a path that went down */
	uint64_t told_us; /* the far end was told last that nothing is heard by it */
	uint32_t downs;   /* how often it went down */
	struct cw_liveness live;
	uint64_t left_us;      /* a control frame left by it last */
	uint16_t kept_s;       /* so long may it be silent at rest; 0: nothing is proven of that. graph/keep.h */
	struct cw_address source; /* of its uplink, as of the last look */
	uint64_t unwatched_us; /* the far end was asked last to answer another port, and did not; 0: never */
	struct cw_pmtu pmtu;
	uint64_t delivered_bps;  /* inner bits a second that the far end got of late, smoothed */
	uint64_t delivered_us, delivered_tx_packets, delivered_tx_bytes; /* as of the report before */
	struct cw_quality out;   /* as the far end reports */
	struct cw_quality_lanes out_lanes; /* of which that is the sum */
	struct cw_quality in;    /* as counted here */
	struct cw_quality asked; /* probes and their answers: both directions */
	struct cw_rtt_histogram rtts;
};

/* The worker's. All zeros but for `best` and `told_best`: none. */
struct cw_paths {
	struct cw_path *list[CW_PATHS_MAX]; /* by slot; NULL: free */
	uint8_t count;
	uint8_t slots;            /* from here on all are free */
	uint8_t best;             /* slot by which a packet goes that nothing else is said of; CW_PATH_NONE: there is none */
	uint8_t told_best;        /* the path that the gateway was told of as the best, by number; CW_PATH_NONE: of none */
	uint8_t slot_of[256];     /* by the far end's number of a path; CW_PATH_NONE: not known */
	uint8_t next_number;
	uint32_t limit; /* the least of those that live, to which segments are held, so that they fit whichever they go by; 0: none lives */
	uint32_t version; /* grows with every look, by which choices know that they are old */
	bool is_awake;
	uint64_t data_us;         /* there was data last */
	bool is_alarm;            /* a path is suspected: others are asked whether they live */
	bool is_silent;           /* nothing is heard by any path that lived, and none has answered in its time: who else can go on */
	uint64_t alarm_us;        /* since when, or when one was last */
	uint64_t asked_us;        /* a probe left, and nothing was answered since by any path; 0: answered */
	uint64_t due_us;          /* when to look again */
};

/* Data goes where the configuration says, or where somebody has answered: not where something only came from. */
static inline bool cw_path_may_carry(const struct cw_path *path)
{
	return path->number != CW_PATH_NONE && (path->is_configured || path->live.was_up);
}

static inline bool cw_path_is_relayed(const struct cw_path *path)
{
	return path->way.uplink == CW_UPLINK_RELAY;
}

/* It is there until the gateway says otherwise, whether somebody answers or not. */
static inline bool cw_path_is_named(const struct cw_path *path)
{
	return path->is_configured || (path->is_tried && cw_path_is_relayed(path));
}

/* NULL: there is none in `slot`, which may be CW_PATH_NONE. */
static inline struct cw_path *cw_paths_at(const struct cw_paths *paths, uint8_t slot)
{
	return slot >= CW_PATHS_MAX ? NULL : paths->list[slot];
}

/* What a look at the paths finds to be done. */
struct cw_path_tasks {
	uint16_t probe;   /* bit per slot: send a probe by it */
	uint16_t silence; /* tell the far end by it of the paths in `silent` */
	uint16_t silent;  /* which were found down, or still are */
	uint16_t failed;  /* were found down */
};

void cw_paths_begin(struct cw_paths *paths);

bool cw_way_equal(const struct cw_way *a, const struct cw_way *b);

/* Whether the path goes by one of these. */
bool cw_path_is_among(const struct cw_path *path, const struct cw_way *ways, uint32_t count);

/* The path of a way; NULL: there is none. */
struct cw_path *cw_paths_find(const struct cw_paths *paths, const struct cw_way *way);

/* One of nobody's, and in no slot. */
void cw_path_begin(struct cw_path *path, const struct cw_way *way, uint64_t now_us);

/* A new path in `path`, which is free; it has no number yet. False: no slot is left. */
bool cw_paths_add(struct cw_paths *paths, struct cw_path *path, const struct cw_way *way, uint64_t now_us);

/*
 * It has a number from now on, and its next probe is due, by which the far end learns which path that is. A number is none of
 * another path's, nor was it a short while ago.
 */
void cw_paths_number(struct cw_paths *paths, struct cw_path *path);

/* Its uplink can send again: it is asked at the pace of a try, whatever it costs, since flows may wait for it. */
void cw_path_return(struct cw_path *path, uint64_t now_us);

/* Takes a path out; it is the caller's again. */
void cw_paths_remove(struct cw_paths *paths, struct cw_path *path);

/* What the far end said of its paths is of a session: in a new one it may be another, and each end says it anew. */
void cw_paths_begin_session(struct cw_paths *paths, uint64_t now_us);

/* Whether the far end may not know which path this is, nor what it costs here: no probe of this session was answered. */
static inline bool cw_path_is_stranger(const struct cw_path *path)
{
	return path->live.lived_us < path->session_us;
}

/*
 * The far end's path `number` is this one. Where it had another number, the far end has it anew, and is to be told again which this
 * is here.
 */
void cw_paths_pair(struct cw_paths *paths, struct cw_path *path, uint8_t number, uint64_t now_us);

/* Uplinks have other numbers: by the former one, the one now. What led by one that is gone, CW_UPLINK_NONE, leads nowhere. */
void cw_way_move(struct cw_way *way, const uint8_t uplinks[CW_UPLINKS_MAX]);
void cw_paths_move(struct cw_paths *paths, const uint8_t uplinks[CW_UPLINKS_MAX]);

/* Data is sent, or was heard: the paths are looked at more often from now on. */
void cw_paths_wake(struct cw_paths *paths, uint64_t now_us);

/*
 * Looks at all paths: what is due at `now_us`. `late_us`: how much later this is than it should be, since the worker was
 * away; silence of that time is its own. `is_confirmed`: the far end is known to have the key.
 */
struct cw_path_tasks cw_paths_look(struct cw_paths *paths, bool is_confirmed, uint64_t late_us, uint64_t now_us);

/* The answer to a probe by `path`, as in liveness.h; where a look waits for it, that is due. */
bool cw_paths_answer(struct cw_paths *paths, struct cw_path *path, uint32_t id, uint32_t held_us, uint64_t now_us);

/* The far end says of this path that it hears nothing by it. */
void cw_paths_deaf(struct cw_paths *paths, struct cw_path *path, uint64_t now_us);

/* Whether a path was answered of late, and after the last alarm began. */
bool cw_path_has_answered(const struct cw_paths *paths, const struct cw_path *path, uint64_t now_us);

/*
 * How doubtful it is that a path lives, 0 to 2: it is suspected, or was asked in an alarm, and has not answered. That something
 * came by it meanwhile says less. A path that carries data is left when it is certain, not before.
 */
uint8_t cw_path_doubt(const struct cw_paths *paths, const struct cw_path *path, uint64_t now_us);

/*
 * Smaller is better. Of those that live: not doubtful, not just back, cheap, as the configuration lists them. Of the dead: heard
 * last.
 */
uint64_t cw_path_rank(const struct cw_paths *paths, const struct cw_path *path, uint64_t now_us);

/* Chooses `best` anew. */
void cw_paths_choose(struct cw_paths *paths, uint64_t now_us);

#endif
