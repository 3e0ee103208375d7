/* How channels begin and end at a relay. See relay.h; table/channel.h has them. */
#include <errno.h>
#include <string.h>

#include "graph/relay.h"
#include "table/session.h"
#include "worker.h"

int cw_relay_open(struct cw_worker *worker, struct cw_peer *const peers[2], const struct cw_channel *channel)
{
	const struct cw_channel_side sides[2] = {
		{ .peer = peers[0], .list = &peers[0]->channels, .number = channel->channel },
		{ .peer = peers[1], .list = &peers[1]->channels, .number = channel->to_channel },
	};

	for (uint32_t i = 0; i < 2; i++) {
		if (atomic_load(&peers[i]->current) == NULL)
			return -ENOTCONN;
	}
	return cw_channel_join(&worker->channels, sides, channel->rate_bps, worker->now_us);
}

int cw_relay_close(struct cw_worker *worker, struct cw_peer *peer, uint32_t channel)
{
	const struct cw_channel_side *side = cw_channel_find(&worker->channels, &peer->channels, channel);

	if (side == NULL)
		return -ENOENT;
	cw_channel_end(&worker->channels, cw_channel_pair_of(&worker->channels, side), 0);
	return 0;
}

static void put_channel(const struct cw_worker *worker, const struct cw_channel_pair *pair, struct cw_channel_counters *out)
{
	const struct cw_channel_side *one = &pair->sides[0], *other = &pair->sides[1];

	*out = (struct cw_channel_counters){
		.channel = { .channel = one->number, .to_channel = other->number, .rate_bps = pair->rate_bps },
		.age_ms = cw_age_ms(pair->opened_us, worker->now_us),
		.unused_ms = cw_age_ms(pair->used_us, worker->now_us),
		.from_peer = one->came,
		.from_to = other->came,
	};
	memcpy(out->channel.peer, one->peer->name, CW_NAME);
	memcpy(out->channel.to, other->peer->name, CW_NAME);
}

void cw_relay_list(const struct cw_worker *worker, struct cw_channel_page *page)
{
	const struct cw_channels *channels = &worker->channels;
	uint32_t at = page->first;

	page->head = (struct cw_channels_head){ 0 };
	for (; at < channels->count && page->head.count < CW_CHANNELS_AT_ONCE; at++) {
		if (channels->pairs[at].state == CW_CHANNEL_OPEN)
			put_channel(worker, &channels->pairs[at], &page->list[page->head.count++]);
	}
	page->head.next = at < channels->count ? at : 0;
}

/*
 * As many as leave most of the ring to others: handshakes shall not stand behind all channels of a peer that goes. The others are
 * told at the next tick.
 */
static void tell_ended(struct cw_worker *worker, struct cw_channel_pair *pair)
{
	for (uint8_t i = 0; i < 2; i++) {
		const struct cw_channel_side *side = &pair->sides[i];
		struct cw_relayed end = { .channel = side->number };
		if ((pair->untold & 1u << i) == 0)
			continue;
		if (!cw_event_has_room(worker->engine))
			return;
		if (cw_event_push(worker, CW_EVENT_CHANNEL_ENDED, side->peer->name, 0, &end, sizeof(end)))
			cw_channel_told(&worker->channels, pair, (uint8_t)(1u << i));
	}
}

static void end_channel(struct cw_worker *worker, struct cw_channel_pair *pair)
{
	cw_channel_end(&worker->channels, pair, 3);
	tell_ended(worker, pair);
}

/* Whose place is another's from now on is told of nothing. */
static void forget_ended(struct cw_worker *worker, const struct cw_peer *peer)
{
	for (uint32_t i = 0; i < worker->channels.count; i++) {
		struct cw_channel_pair *pair = &worker->channels.pairs[i];
		uint8_t sides = (uint8_t)((pair->sides[0].peer == peer ? 1 : 0) | (pair->sides[1].peer == peer ? 2 : 0));
		if (pair->state == CW_CHANNEL_ENDED && sides != 0)
			cw_channel_told(&worker->channels, pair, sides);
	}
}

void cw_relay_end_all(struct cw_worker *worker, struct cw_peer *peer, bool is_silent)
{
	while (peer->channels.count > 0) {
		const struct cw_channel_side *side =
			cw_channel_find(&worker->channels, &peer->channels, peer->channels.number[0]);
		end_channel(worker, cw_channel_pair_of(&worker->channels, side));
	}
	if (is_silent)
		forget_ended(worker, peer);
}

void cw_relay_tick(struct cw_worker *worker)
{
	struct cw_channels *channels = &worker->channels;

	for (uint32_t i = 0; channels->in_use > 0 && i < channels->count; i++) {
		struct cw_channel_pair *pair = &channels->pairs[i];
		if (pair->state == CW_CHANNEL_ENDED)
			tell_ended(worker, pair);
		else if (pair->state == CW_CHANNEL_OPEN && worker->now_us - pair->used_us >= CW_CHANNEL_UNUSED_US)
			end_channel(worker, pair);
	}
}
