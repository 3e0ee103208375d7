/*
 * Which path a packet takes to its peer: whose flow it is, which policy that has, and where flows of that policy go now. A flow
 * keeps its path, so that nobody sees its packets overtake each other, until that path is worse than another.
 */
#ifndef CW_STEER_H
#define CW_STEER_H

#include <stdbool.h>
#include <stdint.h>

#include "table/acl.h"
#include "table/choice.h"
#include "table/match.h"

struct cw_flow_entry;
struct cw_peer;
struct cw_program;
struct cw_worker;
struct rte_mbuf;

/* Whether there is anything to decide: more than one path, or a policy that could say no. */
bool cw_steer_is_due(const struct cw_worker *worker, const struct cw_peer *peer);

/*
 * The path of the packet or train in `m`, from segment `segment`; if its policy says a class, it is of that from now on
 * (graph/marks.h). NULL: its policy lets it take none.
 */
struct cw_path *cw_steer(struct cw_worker *worker, struct cw_peer *peer, uint16_t segment, struct rte_mbuf *m);

/*
 * Whether the packet or train in `m`, from a LAN of `segment` and routed to nobody here, may go to the kernel, which could let
 * it out to the Internet: a policy can forbid it.
 * @param class what its policy says that it is, its number and 1; 0: nothing
 */
bool cw_steer_may_break_out(struct cw_worker *worker, uint16_t segment, const struct rte_mbuf *m, uint8_t *class);

/* What flows of policy `number` do now; made anew where the paths changed. */
const struct cw_choice *cw_steer_choice(struct cw_worker *worker, struct cw_peer *peer, uint16_t number);

/* The slot by which the next packet of a flow goes; nothing changes. `entry` may be NULL: it has no place, or is new. */
uint8_t cw_steer_peek(const struct cw_worker *worker, const struct cw_peer *peer, const struct cw_choice *choice,
		      const struct cw_flow_entry *entry, bool is_spread);

/*
 * What was decided about the flow, by its match and policy now: as long as the same fits the same policies, and, where the name of
 * its server decided, which it says once, if there is still a match with that server for that policy. False: it is decided anew.
 */
bool cw_steer_recall(const struct cw_program *program, const struct cw_flow_entry *entry, uint16_t *match, uint16_t *policy);

/*
 * Whose class the packets of a flow have, which fits `match`: that of the first policy that it, or what it answers, is for. `flags`: of
 * TCP, as far as they are known. What said its server's name has that of its own policy.
 */
uint16_t cw_steer_classing(const struct cw_program *program, const struct cw_flow *flow, const struct cw_marks *marks, uint8_t flags,
			   uint16_t match);

/* Forgets flows that are over, a part of the table at a time; every tick. */
void cw_steer_tick(struct cw_worker *worker);

#endif
