/*
 * One direction of an emulated WAN link: decides of each frame whether it leaves, when, and how often. Pure: the time
 * comes in and never goes back, and chance is drawn from a seed, the direction's number and the frame's, for each
 * impairment by itself. The same seed and times have the same fate; what one impairment is set to changes no draw of
 * another. In the order in which a frame meets them:
 *
 *   cut, flap ─► MTU ─► bursts (Gilbert–Elliott) ─► random loss ─► queue and rate ─► delay, jitter ─► held back, doubled
 *
 * Frames keep their order, also when the delay shrinks, except where reordering is asked for.
 */
#ifndef CW_WAN_MODEL_H
#define CW_WAN_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#define CW_WAN_PPM 1000000u
/* What a rate's queue holds where nothing is said. */
#define CW_WAN_QUEUE_NS 100000000u

enum cw_wan_fate {
	CW_WAN_LEAVES,
	CW_WAN_CUT,
	CW_WAN_TOO_LARGE, /* over the MTU */
	CW_WAN_BURST,
	CW_WAN_RANDOM,
	CW_WAN_QUEUE,
	CW_WAN_FATES,
};

/* All zero: a wire. wan_control.h has the names and limits of the values. */
struct cw_wan_settings {
	uint64_t delay_ns;
	uint64_t jitter_ns;   /* up to so much more, evenly spread */
	uint64_t is_unordered; /* jitter lets frames overtake */
	uint64_t loss_ppm;
	uint64_t burst_enter_ppm; /* from good to bad, for each frame */
	uint64_t burst_leave_ppm; /* and back */
	uint64_t burst_loss_ppm;  /* in the bad state */
	uint64_t reorder_ppm;     /* so many are held back, so that later ones overtake them */
	uint64_t reorder_ns;      /* by so much */
	uint64_t duplicate_ppm;
	uint64_t rate_bps;    /* of frames, from Ethernet's header on; 0: unlimited */
	uint64_t queue_bytes; /* of what waits for the rate; 0: see queue_ns */
	uint64_t queue_ns;    /* 0: CW_WAN_QUEUE_NS */
	uint64_t mtu_bytes;   /* of IP packets; 0: any */
	uint64_t is_answering; /* says packet-too-big; the port does it */
	uint64_t is_cut;
	uint64_t flap_ns;    /* period, from when it was set: up first, then cut */
	uint64_t flap_up_ns; /* of it */
};

struct cw_wan_direction {
	struct cw_wan_settings settings;
	uint64_t since_ns; /* of the flap's period */
	uint64_t keys[6];  /* one for each draw */
	uint64_t number;   /* of the frame; counts all that came */
	uint64_t free_ns;  /* when the rate has done with what came before */
	uint64_t last_ns;  /* when the last one leaves that keeps its order */
	bool is_bad;       /* Gilbert–Elliott's state */
};

struct cw_wan_verdict {
	enum cw_wan_fate fate;
	uint32_t copies; /* 1 or 2; 0 if it does not leave */
	uint64_t leave_ns;
};

void cw_wan_begin(struct cw_wan_direction *direction, uint64_t seed, uint32_t index);

/* From `now_ns` on; what came before keeps its fate. A flap begins anew when it is changed. */
void cw_wan_set(struct cw_wan_direction *direction, const struct cw_wan_settings *settings, uint64_t now_ns);

/* `ip_bytes` is 0 for what is no IP packet. */
struct cw_wan_verdict cw_wan_enter(struct cw_wan_direction *direction, uint64_t now_ns,
				   uint32_t frame_bytes, uint32_t ip_bytes);

#endif
