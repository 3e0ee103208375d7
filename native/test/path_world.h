/*
 * Two ends with paths between them, in simulated time. Both run table/liveness.c, path-watch.c, path.c and choice.c as the worker
 * does (graph/path.c, graph/control.c): control frames are events, looks happen when they are due. Data is reckoned instead of carried
 * (path_data.c): at each look what left and what came is worked out from its pattern and the links, so that hours cost little.
 * All of it follows from a seed.
 */
#ifndef CW_PATH_WORLD_H
#define CW_PATH_WORLD_H

#include "path_link.h"
#include "table/choice.h"

#define ENDS 2
#define LINKS_MAX 4
#define EVENTS_MAX 4096
#define QUEUE_MAX 2048
#define MOVES_MAX 512

#define MS UINT64_C(1000)
#define SECOND (1000 * MS)

/* Data of one end: a packet each `gap_us` from `from_us` on, in the first `on_us` of each `period_us`. */
struct data {
	uint64_t from_us; /* LINK_NEVER: none */
	uint64_t until_us;
	uint64_t gap_us;
	uint64_t on_us, period_us; /* 0: always */
	bool is_spread;            /* by all paths at once, instead of by the best */
};

/* A time during which the data of an end left by a path; 0, 0: never. */
struct stream {
	uint64_t from_us, until_us;
};

/* What an end receives. */
struct frame {
	uint64_t at_us;
	uint64_t order; /* of those that arrive at the same moment */
	uint32_t probe, reply; /* ids */
	uint16_t silent;       /* bit per link */
	uint8_t to, link;
	bool has_probe;
	bool is_data; /* no frame: data begins; by a link it is heard, by CW_PATH_NONE the end's own */
};

struct move {
	uint64_t at_us;
	uint8_t link; /* CW_PATH_NONE: none */
};

struct end {
	struct cw_paths paths;
	struct cw_path path[LINKS_MAX]; /* by link */
	uint8_t link_of[CW_PATHS_MAX];  /* by slot */
	struct cw_choice choice;        /* by which its data goes */
	struct data data;
	struct stream stream[LINKS_MAX][2]; /* the last, and the one before */
	uint64_t unplug_us[LINKS_MAX], plugged_us[LINKS_MAX]; /* from and until when there is no carrier */
	uint64_t stall_us, stalled_us; /* from and until when the worker is away; data that is to leave waits */
	struct frame queue[QUEUE_MAX]; /* what came meanwhile */
	uint32_t queued;
	struct move moves[MOVES_MAX]; /* of its data, the first at 0 by none */
	uint32_t move_count;
	uint32_t failed;     /* paths that went down, times */
	uint32_t suspicions;
	uint64_t bytes;      /* of control frames sent, with IPv4's header */
};

enum plant {
	PLANT_NONE,
	PLANT_NO_PROOF, /* suspicion is its own proof */
	PLANT_BURST,    /* three unanswered probes are enough */
	PLANTS,
};

struct world {
	uint64_t seed;
	uint64_t now_us;
	uint64_t sent;    /* frames, ever: their numbers */
	uint64_t skipped; /* data packets, ever */
	uint32_t links;
	enum plant plant;
	struct link link[LINKS_MAX][ENDS]; /* by the end that sends */
	struct end end[ENDS];
	struct frame events[EVENTS_MAX]; /* a heap */
	uint32_t event_count;
};

/*
 * With `links` paths that nobody has tried yet, of two uplinks each, which they share with no other; what happens to the links is
 * declared before it runs.
 */
void cw_world_begin(struct world *world, uint64_t seed, uint32_t links, enum plant plant);

/* Before it runs: its four paths are those between two uplinks here and two there. */
void cw_world_mesh(struct world *world);

void cw_world_run(struct world *world, uint64_t until_us);

void cw_world_send_data(struct world *world, uint32_t from, const struct data *data);

/* The end's worker is away for `for_us` from `at_us` on, then serves its queue first. One at a time, in order. */
void cw_world_stall(struct world *world, uint32_t end, uint64_t at_us, uint64_t for_us);

/* The link by which the end's data leaves; CW_PATH_NONE: none. */
uint8_t cw_world_best(const struct world *world, uint32_t end);

/*
 * The longest hole in the data of end `from` among what is due between the two moments: from the arrival of one packet to that
 * of the next, less what was off. LINK_NEVER: it did not end.
 */
uint64_t cw_world_hole(const struct world *world, uint32_t from, uint64_t since_us, uint64_t until_us);

/*
 * Leaves out a time in which nothing can come of lost data, which both ends send always, by all paths, at one pace: until
 * `run` packets in a row are about to be lost somewhere. How long it was.
 */
uint64_t cw_world_skip(struct world *world, uint32_t run);

/* path_data.c's part of a look: what left and came of data, as lanes would tell. */
void cw_world_reckon(struct world *world, uint32_t end);

/* When data begins: when the first of it arrives. */
void cw_world_announce(struct world *world, uint32_t from, void (*arrives)(struct world *, struct frame));

#endif
