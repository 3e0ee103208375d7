/*
 * How large a datagram a path carries, one direction, found out by sealed probes of that size and their answers:
 * packetization-layer path MTU discovery, RFC 8899. What routers say of it (ICMP) is not believed, and not needed. Pure:
 * time is an argument, and what is to be sent is said, not sent.
 *
 * A path is taken to carry what its uplink does until it is shown not to: that size is used at once, and checked at once. A
 * size is given up only after three probes of it were lost, more where loss is usual, and smaller ones are answered; until the
 * search that then begins has ended, it stays in use. So chance, and a path that answers nothing at all, shrink
 * nothing.
 *
 *   REST ──due──► CHECK ──lost──► BASE ──answered──► SEARCH ──ended──► CLOSE ──answered──► REST, with another size
 *                   └─answered─► REST └─lost─► REST     ▲                └─lost─► BASE
 *   REST ──due──► RAISE ──answered──────────────────────┘
 *                   └─lost─► REST
 */
#ifndef CW_PMTU_H
#define CW_PMTU_H

#include <stdbool.h>
#include <stdint.h>

#define CW_PMTU_STEP 8u /* a search ends this near below the right size */

/* Sizes are bytes of UDP payload. All zeros: fit to no uplink yet. */
struct cw_pmtu {
	uint16_t size;    /* what goes by the path whole; 0: not known */
	uint16_t base;    /* what every path carries */
	uint16_t most;    /* what its uplink does */
	uint16_t headers; /* outer ones, in front of it */
	uint16_t good;    /* of a search: the largest that was answered, */
	uint16_t bad;     /* the smallest that is not known to be, */
	uint16_t ceiling; /* and where it ends */
	uint16_t probed;  /* size of the last probe */
	uint8_t stage;
	uint8_t lost;     /* probes of the size in question, in a row */
	uint8_t tries;    /* probes of the last one's size, any of which may still be answered */
	bool is_searched; /* once, to an end */
	bool was_active;  /* at the last look */
	uint32_t id;      /* of the last probe */
	uint64_t sent_us; /* when that left; 0: none is on its way */
	uint64_t check_us; /* when the size is to be checked again, */
	uint64_t raise_us; /* and when more is to be tried, if the path is active */
	uint64_t due_us;  /* when to look again; UINT64_MAX: when something has changed */
};

/* What else is known of the path. */
struct cw_pmtu_path {
	uint32_t rtt_us;      /* UINT32_MAX: not known */
	uint32_t patience_us; /* how long an answer may take */
	uint32_t loss_ppm;    /* of small probes or their answers; 0 where that is not known */
	uint64_t late_us;     /* nobody listened for so long */
	bool is_active;       /* it carries data */
	bool is_metered;
};

/* The path's uplink carries IP packets of `mtu` bytes, of which `headers` are not payload. Where that is new, all begins anew. */
void cw_pmtu_fit(struct cw_pmtu *pmtu, uint32_t mtu, uint32_t headers);

/* The size of the probe that leaves now, under the id `pmtu->id`; 0: none does. One is on its way at a time. */
uint16_t cw_pmtu_look(struct cw_pmtu *pmtu, const struct cw_pmtu_path *path, uint64_t now_us);

/* The probe that cw_pmtu_look() asked for could not leave: it is not lost, and asked for again. */
void cw_pmtu_unsent(struct cw_pmtu *pmtu, uint64_t now_us);

/* The far end got probe `id` of `size`. False: none such is on its way. The caller looks again. */
bool cw_pmtu_answer(struct cw_pmtu *pmtu, uint32_t id, uint16_t size, const struct cw_pmtu_path *path, uint64_t now_us);

/* The path carries nothing now, so that lost probes say nothing. What is known stays, to be checked when it carries again. */
void cw_pmtu_pause(struct cw_pmtu *pmtu);

#endif
