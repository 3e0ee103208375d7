/*
 * Relayed datagrams (0xD8): sealed for the relay, in clear inside, and forwarded by it to the other end of the channel. A box may be
 * a relay, and an end of others. wire.md, "Relay".
 *
 *  0                   1                   2                   3
 * +---------------+---------------+-------------------------------+
 * | type 0xD8     | flags (0)     | lane                          |
 * +---------------+---------------+-------------------------------+
 * | receiver index                                                |
 * +---------------------------------------------------------------+
 * | channel: the number that the end has it by                    |
 * +---------------------------------------------------------------+
 * | counter, per lane                                             |
 * +---------------------------------------------------------------+
 * | a datagram of another session, 0xD1–0xD7 …                    |
 * +---------------------------------------------------------------+
 * | tag (16) of no text; all before it is additional data         |
 * +---------------------------------------------------------------+
 */
#ifndef CW_GRAPH_RELAY_H
#define CW_GRAPH_RELAY_H

#include <stdbool.h>
#include <stdint.h>

#include "causeway_dp.h"
#include "drop.h"
#include "table/tx-lanes.h"

#define CW_CHANNELS_AT_ONCE 256 /* told: the worker does nothing else meanwhile */
#define CW_RELAY_HEADER 16
#define CW_RELAY_OVERHEAD 32

struct cw_channel_side;
struct cw_keypair;
struct cw_outer_load;
struct cw_path;
struct cw_peer;
struct cw_worker;
struct rte_mbuf;

/* One of `length` bytes, in place: forwarded, or what is in it opened here. */
void cw_relay(struct cw_worker *worker, uint8_t *datagram, uint32_t length, uint8_t outer_tos);

/*
 * Seals for a relay, or an end, the `length` bytes that lie CW_RELAY_HEADER behind `slot`, where there is room for the tag behind
 * them. `class`: that of its lane, table/tx-lanes.h. False: not sealed, and counted.
 */
bool cw_relay_seal(struct cw_worker *worker, struct cw_keypair *keypair, const struct cw_path *by, uint8_t class,
		   uint32_t channel, uint8_t *slot, uint32_t length);

/* What goes on from one end of a channel to the other. */
struct cw_relay_onward {
	uint8_t *slot; /* the datagram lies CW_RELAY_HEADER behind */
	uint32_t length;
	uint8_t class; /* of its lane: control, or one of data */
	uint8_t ecn;
};

static inline bool cw_relay_is_data(const struct cw_relay_onward *onward)
{
	return onward->class != CW_LANE_CONTROL;
}

/* The path by which it gets to the end `to` now; NULL: it does not, and is counted. */
struct cw_path *cw_relay_way_on(struct cw_worker *worker, struct cw_channel_side *to, const struct cw_relay_onward *onward);

/*
 * Sends it there by that path. `m`: the buffer that holds nothing else and has room around it, which may be the one that leaves;
 * NULL: there is none. @return whether `m` is still the caller's
 */
bool cw_relay_send_on(struct cw_worker *worker, struct cw_channel_side *to, struct cw_path *by, const struct cw_relay_onward *onward,
		      struct rte_mbuf *m);

/* Whether what lies at `slot` in `m` can be sealed there once more, whatever the headers. */
bool cw_relay_has_room(const struct rte_mbuf *m, const uint8_t *slot);

/* One that is on its way to the end `to` is lost: counted, and noted as of who sent it. */
void cw_relay_lose(struct cw_worker *worker, struct cw_channel_side *to, enum cw_drop reason);

/* What was sealed for the peer of a relayed path leaves by its relay. Takes `m`. */
void cw_relay_send(struct cw_worker *worker, struct cw_path *path, const struct cw_outer_load *load, struct rte_mbuf *m);

/* One datagram of the box's own by a channel of `relay`. 0, -ENOTCONN, -ENOBUFS or -EIO. */
int cw_relay_tell(struct cw_worker *worker, struct cw_peer *relay, uint32_t channel, const uint8_t *datagram, uint32_t length);

/* The verbs of a relay; `peers` of the two ends. 0, -EEXIST, -ENOSPC, -ENOTCONN; -ENOENT. */
int cw_relay_open(struct cw_worker *worker, struct cw_peer *const peers[2], const struct cw_channel *channel);
int cw_relay_close(struct cw_worker *worker, struct cw_peer *peer, uint32_t channel);

/* Those that are open, from the pair `first` on. */
struct cw_channel_page {
	uint32_t first;
	struct cw_channels_head head;
	struct cw_channel_counters list[CW_CHANNELS_AT_ONCE];
};

void cw_relay_list(const struct cw_worker *worker, struct cw_channel_page *page);

/* The session with `peer` is over: its channels are, and both ends are told of. `is_silent`: nobody is. */
void cw_relay_end_all(struct cw_worker *worker, struct cw_peer *peer, bool is_silent);

/* Ends what was unused for too long, and tells of what has ended; now and then. */
void cw_relay_tick(struct cw_worker *worker);

#endif
