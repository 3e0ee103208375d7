/* See wan_model.h. */
#include "wan_model.h"

#include "mix.h"

#define NS_BITS 8000000000ull /* bits of a byte times ns of a second */

enum draw { DRAW_STATE, DRAW_BURST, DRAW_LOSS, DRAW_JITTER, DRAW_REORDER, DRAW_DUPLICATE };

static uint64_t draw(const struct cw_wan_direction *d, enum draw what)
{
	return cw_mix64(d->keys[what] + d->number * CW_MIX_STEP);
}

/* 0 to `below` - 1, evenly. */
static uint64_t draw_below(const struct cw_wan_direction *d, enum draw what, uint64_t below)
{
	return (uint64_t)((unsigned __int128)draw(d, what) * below >> 64);
}

static bool happens(const struct cw_wan_direction *d, enum draw what, uint64_t ppm)
{
	return draw_below(d, what, CW_WAN_PPM) < ppm;
}

void cw_wan_begin(struct cw_wan_direction *d, uint64_t seed, uint32_t index)
{
	*d = (struct cw_wan_direction){ 0 };
	for (uint32_t i = 0; i < sizeof(d->keys) / sizeof(d->keys[0]); i++)
		d->keys[i] = cw_mix64(cw_mix64(seed + 1) + index * 64ull + i);
}

void cw_wan_set(struct cw_wan_direction *d, const struct cw_wan_settings *settings, uint64_t now_ns)
{
	if (settings->flap_ns != d->settings.flap_ns || settings->flap_up_ns != d->settings.flap_up_ns)
		d->since_ns = now_ns;
	d->settings = *settings;
}

static bool is_cut(const struct cw_wan_direction *d, uint64_t now_ns)
{
	const struct cw_wan_settings *s = &d->settings;

	if (s->is_cut)
		return true;
	return s->flap_ns > 0 && (now_ns - d->since_ns) % s->flap_ns >= s->flap_up_ns;
}

/* The state moves with each frame, then says with which chance this one is lost. */
static bool is_lost_in_burst(struct cw_wan_direction *d)
{
	const struct cw_wan_settings *s = &d->settings;

	if (s->burst_enter_ppm == 0) {
		d->is_bad = false;
		return false;
	}
	if (happens(d, DRAW_STATE, d->is_bad ? s->burst_leave_ppm : s->burst_enter_ppm))
		d->is_bad = !d->is_bad;
	return d->is_bad && happens(d, DRAW_BURST, s->burst_loss_ppm);
}

/* Whether the queue takes the frame; then `free_ns` is when its last bit is through. An empty queue takes any. */
static bool is_queued(struct cw_wan_direction *d, uint64_t now_ns, uint32_t bytes)
{
	const struct cw_wan_settings *s = &d->settings;

	if (s->rate_bps == 0) {
		d->free_ns = now_ns;
		return true;
	}
	uint64_t begin_ns = d->free_ns > now_ns ? d->free_ns : now_ns;
	uint64_t end_ns = begin_ns + bytes * NS_BITS / s->rate_bps;
	uint64_t most_ns = s->queue_bytes > 0 ? s->queue_bytes * NS_BITS / s->rate_bps :
			   s->queue_ns > 0    ? s->queue_ns :
						CW_WAN_QUEUE_NS;
	if (begin_ns > now_ns && end_ns - now_ns > most_ns)
		return false;
	d->free_ns = end_ns;
	return true;
}

static uint64_t leave_time(struct cw_wan_direction *d)
{
	const struct cw_wan_settings *s = &d->settings;
	uint64_t leave_ns = d->free_ns + s->delay_ns + draw_below(d, DRAW_JITTER, s->jitter_ns + 1);

	if (happens(d, DRAW_REORDER, s->reorder_ppm))
		return leave_ns + s->reorder_ns;
	if (!s->is_unordered && leave_ns < d->last_ns)
		leave_ns = d->last_ns;
	if (leave_ns > d->last_ns)
		d->last_ns = leave_ns;
	return leave_ns;
}

struct cw_wan_verdict cw_wan_enter(struct cw_wan_direction *d, uint64_t now_ns,
				   uint32_t frame_bytes, uint32_t ip_bytes)
{
	const struct cw_wan_settings *s = &d->settings;
	struct cw_wan_verdict verdict = { .fate = CW_WAN_LEAVES };

	d->number++;
	if (is_cut(d, now_ns))
		verdict.fate = CW_WAN_CUT;
	else if (s->mtu_bytes > 0 && ip_bytes > s->mtu_bytes)
		verdict.fate = CW_WAN_TOO_LARGE;
	else if (is_lost_in_burst(d))
		verdict.fate = CW_WAN_BURST;
	else if (happens(d, DRAW_LOSS, s->loss_ppm))
		verdict.fate = CW_WAN_RANDOM;
	else if (!is_queued(d, now_ns, frame_bytes))
		verdict.fate = CW_WAN_QUEUE;
	if (verdict.fate != CW_WAN_LEAVES)
		return verdict;
	verdict.copies = happens(d, DRAW_DUPLICATE, s->duplicate_ppm) ? 2 : 1;
	verdict.leave_ns = leave_time(d);
	return verdict;
}
