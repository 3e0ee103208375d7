/* See pmtu.h. */
#include "table/pmtu.h"

#define LOST_LEAST 3u /* MAX_PROBES of RFC 8899 §5.1.2 */
#define LOST_MOST 12u
#define CHANCE_PPM 20u /* so seldom may chance alone lose as many */
#define CHECK_US 2000000u
#define CHECK_METERED_US 60000000u
#define RAISE_US 5000000u
#define RAISE_METERED_US 600000000u /* PMTU_RAISE_TIMER of RFC 8899 §5.1.1 */
#define UNANSWERED_US 1000000u
#define GAP_LEAST_US 40000u /* a far end that is busy for a moment is no smaller path */
#define HEADERS_IP4 28u
#define HEADERS_RELAY 32u /* what a relay adds to either */
#define LEAST_IP4 576u  /* RFC 791 §3.2 */
#define LEAST_IP6 1280u /* RFC 8200 §5 */

enum stage {
	STAGE_REST,
	STAGE_CHECK,  /* whether the size still gets through */
	STAGE_BASE,   /* it does not: does anything? */
	STAGE_SEARCH, /* between `good` and `bad` */
	STAGE_CLOSE,  /* whether `bad` was lost for its size, or with all else */
	STAGE_RAISE,  /* whether more gets through than did */
};

/* MTUs that there are: plain and jumbo Ethernet, less what tunnels and access lines take. Most paths have one of these. */
static const uint16_t common[] = {
	576,  1006, 1200, 1280, 1300, 1340, 1358, 1372, 1380, 1400, 1412, 1420, 1428, 1436, 1442, 1450,
	1454, 1460, 1472, 1476, 1480, 1488, 1492, 1500, 1580, 1600, 2000, 2304, 3000, 4000, 4352, 4470, 6000,
	7000, 7981, 8000, 8500, 8872, 8900, 8950, 8958, 8972, 8986, 9000, 9100, 9180, 9192, 9200, 9216,
};
#define COMMON_COUNT (sizeof(common) / sizeof(common[0]))

static uint64_t sooner(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

void cw_pmtu_fit(struct cw_pmtu *pmtu, uint32_t mtu, uint32_t headers)
{
	bool is_ip4 = headers == HEADERS_IP4 || headers == HEADERS_IP4 + HEADERS_RELAY;
	uint32_t least = (is_ip4 ? LEAST_IP4 : LEAST_IP6) - headers;
	uint32_t payload = mtu > headers + least ? mtu - headers : least;
	uint16_t most = payload > UINT16_MAX ? UINT16_MAX : (uint16_t)payload;

	if (pmtu->most == most && pmtu->headers == headers)
		return;
	*pmtu = (struct cw_pmtu){
		.size = most, .base = (uint16_t)least, .most = most, .headers = (uint16_t)headers, .id = pmtu->id
	};
}

static void enter(struct cw_pmtu *pmtu, enum stage stage)
{
	pmtu->stage = stage;
	pmtu->lost = pmtu->tries = 0;
	pmtu->sent_us = 0;
}

/* Nothing is in question until `check_us` after now. */
static void rest(struct cw_pmtu *pmtu, uint64_t check_us, uint64_t now_us)
{
	enter(pmtu, STAGE_REST);
	pmtu->is_searched = true;
	pmtu->check_us = now_us + check_us;
}

static void settle(struct cw_pmtu *pmtu, const struct cw_pmtu_path *path, uint64_t now_us)
{
	rest(pmtu, path->is_metered ? CHECK_METERED_US : CHECK_US, now_us);
}

static void put_off_raise(struct cw_pmtu *pmtu, const struct cw_pmtu_path *path, uint64_t now_us)
{
	pmtu->raise_us = now_us + (path->is_metered ? RAISE_METERED_US : RAISE_US);
}

/* `good` gets through; `ceiling` is tried first. */
static void search(struct cw_pmtu *pmtu, uint16_t good, uint16_t ceiling)
{
	enter(pmtu, STAGE_SEARCH);
	pmtu->good = good;
	pmtu->bad = pmtu->ceiling = ceiling;
}

void cw_pmtu_pause(struct cw_pmtu *pmtu)
{
	enter(pmtu, STAGE_REST);
	pmtu->check_us = 0;
	pmtu->due_us = UINT64_MAX;
}

static void wake(struct cw_pmtu *pmtu, const struct cw_pmtu_path *path, uint64_t now_us)
{
	bool may_raise = pmtu->size < pmtu->most;

	/* What was found before a rest may be past, and who begins to send should not have to wait for what is due. */
	if (path->is_active && !pmtu->was_active && !path->is_metered)
		pmtu->check_us = now_us;
	pmtu->was_active = path->is_active;
	if (!pmtu->is_searched || (path->is_active && now_us >= pmtu->check_us))
		enter(pmtu, STAGE_CHECK);
	else if (path->is_active && may_raise && now_us >= pmtu->raise_us)
		enter(pmtu, STAGE_RAISE);
	else if (path->is_active)
		pmtu->due_us = may_raise ? sooner(pmtu->check_us, pmtu->raise_us) : pmtu->check_us;
}

/*
 * The size to try next, between two that are more than a step apart: of the common ones the middle one. What is just above
 * a common one that was answered is tried first, since that is most likely where the path ends.
 */
static uint16_t between(const struct cw_pmtu *pmtu)
{
	uint32_t good = pmtu->good + pmtu->headers, bad = pmtu->bad + pmtu->headers;
	uint32_t first = 0, count = 0;
	bool is_common = false;

	for (uint32_t i = 0; i < COMMON_COUNT; i++) {
		is_common = is_common || common[i] == good;
		if (common[i] <= good)
			first = i + 1;
		else if (common[i] < bad)
			count++;
	}
	uint32_t mtu = count > 0 ? common[first + count / 2] : is_common ? good + CW_PMTU_STEP : (good + bad) / 2;
	return (uint16_t)(mtu - pmtu->headers);
}

static bool is_found(const struct cw_pmtu *pmtu)
{
	return pmtu->bad - pmtu->good <= (int)CW_PMTU_STEP;
}

static uint16_t next_size(const struct cw_pmtu *pmtu)
{
	uint32_t more = pmtu->size + CW_PMTU_STEP;

	switch (pmtu->stage) {
	case STAGE_BASE:
		return pmtu->base;
	case STAGE_SEARCH:
		return pmtu->lost == 0 || is_found(pmtu) ? pmtu->bad : between(pmtu);
	case STAGE_CLOSE:
		return pmtu->good;
	case STAGE_RAISE:
		return more < pmtu->most ? (uint16_t)more : pmtu->most;
	default:
		return pmtu->size;
	}
}

/* How many probes in a row are lost for their size. */
static uint32_t lost_enough(const struct cw_pmtu_path *path)
{
	uint64_t chance = 1000000;
	uint32_t count = 0;

	while (count < LOST_LEAST || (count < LOST_MOST && chance > CHANCE_PPM)) {
		chance = chance * path->loss_ppm / 1000000;
		count++;
	}
	return count;
}

/*
 * How long the last probe is waited for before the next one leaves: little more than a round trip, since an answer to any of
 * those of one size will do.
 */
static uint64_t gap_us(const struct cw_pmtu_path *path)
{
	uint64_t gap = sooner(path->rtt_us + (uint64_t)path->rtt_us / 4 + 10000, path->patience_us);

	return gap < GAP_LEAST_US ? GAP_LEAST_US : gap;
}

/* In a search one loss is enough to try less, for where it ends is tried again. */
static void lose_in_search(struct cw_pmtu *pmtu, const struct cw_pmtu_path *path)
{
	if (pmtu->probed != pmtu->bad) {
		pmtu->bad = pmtu->probed;
		pmtu->lost = 0;
	}
	pmtu->lost++;
	if (is_found(pmtu) && pmtu->lost >= lost_enough(path))
		enter(pmtu, STAGE_CLOSE);
}

static void lose(struct cw_pmtu *pmtu, const struct cw_pmtu_path *path, uint64_t now_us)
{
	pmtu->sent_us = 0;
	if (pmtu->stage == STAGE_SEARCH) {
		lose_in_search(pmtu, path);
		return;
	}
	pmtu->lost++;
	if (pmtu->stage == STAGE_RAISE && pmtu->lost + 1u >= lost_enough(path)) {
		/* There is a next time. */
		put_off_raise(pmtu, path, now_us);
		enter(pmtu, STAGE_REST);
	}
	/* Of a size that has never got through one loss is enough to ask for less: a search tries it again. */
	bool is_new = pmtu->stage == STAGE_CHECK && !pmtu->is_searched;
	if (pmtu->lost < lost_enough(path) && !is_new)
		return;
	/* Where there is nothing smaller, or nothing is answered, nothing is known. */
	if (pmtu->stage == STAGE_BASE || pmtu->size == pmtu->base)
		rest(pmtu, UNANSWERED_US, now_us);
	else
		enter(pmtu, STAGE_BASE);
}

static void look(struct cw_pmtu *pmtu, const struct cw_pmtu_path *path, uint64_t now_us)
{
	pmtu->due_us = UINT64_MAX;
	if (pmtu->sent_us != 0) {
		pmtu->sent_us = sooner(pmtu->sent_us + path->late_us, now_us);
		if (now_us >= pmtu->sent_us + gap_us(path))
			lose(pmtu, path, now_us);
	}
	if (pmtu->stage == STAGE_REST)
		wake(pmtu, path, now_us);
	if (pmtu->sent_us != 0)
		pmtu->due_us = pmtu->sent_us + gap_us(path);
}

uint16_t cw_pmtu_look(struct cw_pmtu *pmtu, const struct cw_pmtu_path *path, uint64_t now_us)
{
	if (pmtu->most == 0)
		return 0;
	look(pmtu, path, now_us);
	if (pmtu->stage == STAGE_REST || pmtu->sent_us != 0)
		return 0;
	uint16_t size = next_size(pmtu);
	pmtu->tries = size == pmtu->probed && pmtu->tries < UINT8_MAX ? pmtu->tries + 1 : 1;
	pmtu->probed = size;
	pmtu->id++;
	pmtu->sent_us = now_us;
	pmtu->due_us = now_us + gap_us(path);
	return size;
}

void cw_pmtu_unsent(struct cw_pmtu *pmtu, uint64_t now_us)
{
	pmtu->sent_us = 0;
	pmtu->due_us = now_us + GAP_LEAST_US;
}

/* A probe of a search got through, `good` now: more may. */
static void rise(struct cw_pmtu *pmtu, const struct cw_pmtu_path *path, uint64_t now_us)
{
	if (pmtu->good > pmtu->size)
		pmtu->size = pmtu->good;
	if (pmtu->good == pmtu->ceiling) {
		settle(pmtu, path, now_us);
	} else if (pmtu->good == pmtu->bad) {
		pmtu->bad = pmtu->ceiling;
		pmtu->lost = 1;
	}
}

bool cw_pmtu_answer(struct cw_pmtu *pmtu, uint32_t id, uint16_t size, const struct cw_pmtu_path *path, uint64_t now_us)
{
	if (pmtu->stage == STAGE_REST || pmtu->id - id >= pmtu->tries || size != pmtu->probed)
		return false;
	pmtu->sent_us = 0;
	pmtu->tries = 0;
	switch (pmtu->stage) {
	case STAGE_BASE:
		search(pmtu, pmtu->base, pmtu->size);
		break;
	case STAGE_RAISE:
		search(pmtu, size, pmtu->most);
		rise(pmtu, path, now_us);
		break;
	case STAGE_SEARCH:
		pmtu->good = size;
		rise(pmtu, path, now_us);
		break;
	case STAGE_CLOSE:
		pmtu->size = pmtu->good;
		put_off_raise(pmtu, path, now_us);
		settle(pmtu, path, now_us);
		break;
	default:
		settle(pmtu, path, now_us);
	}
	pmtu->due_us = now_us;
	return true;
}
