/*
 * A WAN link of the lab: carries frames between two NICs of its namespace as a wire would, and does to them what
 * wan_model.h says, each direction by itself. `up` is from the first NIC to the second.
 *   wan SEED NIC NIC
 * Lines of wan_control.h come on stdin. It says {"event":"ready"} once it carries, for each order that sets
 * {"event":"set","id","atNs"}: what the kernel got before that moment (CLOCK_MONOTONIC) has met the former settings,
 * whatever comes later meets these; for each that reads {"event":"counters","id","atNs","up":{…},"down":{…}}; and
 * {"event":"refused","id","why"} for what it does not understand. Ends with its stdin.
 *
 * entered + doubled = left + inFlight + cut + tooLarge + burst + random + queue + full + train + refused
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "wan_control.h"
#include "wan_frame.h"
#include "wan_line.h"
#include "wan_model.h"
#include "wan_port.h"

/* A full line leaves room for a batch and for a frame of our own. */
#define SLOTS (CW_WAN_LINE_MAX + CW_WAN_BATCH + 1)
#define NS_PER_S 1000000000u
/* Batches before it looks at the clock and at what is due. */
#define ROUNDS 4
/*
 * Where frames are delayed, neither they nor the time at which they came are in a hurry: while much is carried, what
 * came and what is due is looked at so often. No frame leaves later for it than by that.
 */
#define NAP_NS 150000u
#define PATIENT_NS 1000000u

struct counters {
	uint64_t entered, entered_bytes, left, left_bytes, doubled, answered, missed;
	uint64_t full, train, refused;
	uint64_t late_ns; /* the longest that one was kept beyond its time, since that was read */
	uint64_t fates[CW_WAN_FATES];
};

/* One direction. */
struct way {
	struct cw_wan_direction model;
	struct cw_wan_line line;
	struct cw_wan_port *from, *to;
	struct way *back;
	struct cw_wan_frame *frames; /* SLOTS */
	uint32_t free[SLOTS];        /* slots, last in first out: what is touched stays little */
	uint32_t free_count;
	uint64_t last_ns;             /* when the last frame came */
	struct cw_wan_settings next; /* settings from `next_ns` on, if that is not 0 */
	uint64_t next_ns;
	struct counters counters;
};

static struct way ways[2];
static struct cw_wan_port ports[2];

static void take_over(struct way *way)
{
	if (way->next_ns == 0)
		return;
	cw_wan_set(&way->model, &way->next, way->next_ns);
	way->next_ns = 0;
}

static uint32_t slot_of(const struct way *way, const struct cw_wan_frame *frame)
{
	return (uint32_t)(frame - way->frames);
}

static void enter(struct way *way, struct cw_wan_frame *frame);

static void answer(struct way *way, const struct cw_wan_frame *frame)
{
	struct way *back = way->back;
	uint32_t mtu_bytes = (uint32_t)way->model.settings.mtu_bytes;

	if (back->free_count == 0)
		return;
	struct cw_wan_frame *said = &back->frames[back->free[--back->free_count]];
	said->length = cw_wan_too_big(frame->bytes + frame->start, frame->length, mtu_bytes,
				      said->bytes);
	if (said->length == 0) {
		back->free[back->free_count++] = slot_of(back, said);
		return;
	}
	said->start = 0;
	said->is_train = false;
	said->vnet = (struct virtio_net_hdr){ 0 };
	said->arrived_ns = frame->arrived_ns;
	way->counters.answered++;
	enter(back, said);
}

static void put(struct way *way, struct cw_wan_frame *frame, uint64_t leave_ns)
{
	if (cw_wan_line_put(&way->line, leave_ns, slot_of(way, frame)))
		return;
	way->counters.full++;
	way->free[way->free_count++] = slot_of(way, frame);
}

static void put_copy(struct way *way, const struct cw_wan_frame *frame, uint64_t leave_ns)
{
	way->counters.doubled++;
	if (way->free_count == 0) {
		way->counters.full++;
		return;
	}
	struct cw_wan_frame *copy = &way->frames[way->free[--way->free_count]];
	memcpy(copy, frame, offsetof(struct cw_wan_frame, bytes) + frame->start + frame->length);
	put(way, copy, leave_ns);
}

/* Takes over the frame and its slot. */
static void enter(struct way *way, struct cw_wan_frame *frame)
{
	const uint8_t *bytes = frame->bytes + frame->start;

	if (frame->arrived_ns < way->last_ns)
		frame->arrived_ns = way->last_ns;
	way->last_ns = frame->arrived_ns;
	if (way->next_ns != 0 && frame->arrived_ns >= way->next_ns)
		take_over(way);
	way->counters.entered++;
	way->counters.entered_bytes += frame->length;
	if (frame->is_train) {
		way->counters.train++;
		way->free[way->free_count++] = slot_of(way, frame);
		return;
	}
	struct cw_wan_verdict verdict = cw_wan_enter(&way->model, frame->arrived_ns, frame->length,
						     cw_wan_ip_bytes(bytes, frame->length));
	way->counters.fates[verdict.fate]++;
	if (verdict.fate == CW_WAN_LEAVES) {
		if (verdict.copies > 1)
			put_copy(way, frame, verdict.leave_ns);
		put(way, frame, verdict.leave_ns);
		return;
	}
	if (verdict.fate == CW_WAN_TOO_LARGE && way->model.settings.is_answering)
		answer(way, frame);
	way->free[way->free_count++] = slot_of(way, frame);
}

/* @returns whether there may be more */
static bool receive(struct way *way)
{
	struct cw_wan_frame *frames[CW_WAN_BATCH];

	for (uint32_t i = 0; i < CW_WAN_BATCH; i++)
		frames[i] = &way->frames[way->free[--way->free_count]];
	uint32_t count = cw_wan_port_receive(way->from, frames);
	for (uint32_t i = CW_WAN_BATCH; i-- > count;)
		way->free[way->free_count++] = slot_of(way, frames[i]);
	for (uint32_t i = 0; i < count; i++)
		enter(way, frames[i]);
	return count == CW_WAN_BATCH;
}

/* @returns whether there may be more */
static bool send_due(struct way *way, uint64_t now_ns)
{
	struct cw_wan_frame *frames[CW_WAN_BATCH];
	uint32_t count = 0, slot;
	uint64_t bytes = 0, next_ns = cw_wan_line_next(&way->line);

	if (next_ns < now_ns && now_ns - next_ns > way->counters.late_ns)
		way->counters.late_ns = now_ns - next_ns;
	while (count < CW_WAN_BATCH && cw_wan_line_take(&way->line, now_ns, &slot)) {
		frames[count++] = &way->frames[slot];
		bytes += way->frames[slot].length;
	}
	if (count == 0)
		return false;
	uint32_t refused = cw_wan_port_send(way->to, frames, count);
	way->counters.refused += refused;
	way->counters.left += count - refused;
	way->counters.left_bytes += bytes;
	for (uint32_t i = 0; i < count; i++)
		way->free[way->free_count++] = slot_of(way, frames[i]);
	return count == CW_WAN_BATCH;
}

static void print_counters(const char *name, struct way *way)
{
	struct counters *c = &way->counters;

	c->missed += cw_wan_port_missed(way->from);
	printf(",\"%s\":{\"entered\":%" PRIu64 ",\"enteredBytes\":%" PRIu64 ",\"left\":%" PRIu64
	       ",\"leftBytes\":%" PRIu64 ",\"inFlight\":%u,\"doubled\":%" PRIu64
	       ",\"reordered\":%" PRIu64 ",\"answered\":%" PRIu64 ",\"cut\":%" PRIu64
	       ",\"tooLarge\":%" PRIu64 ",\"burst\":%" PRIu64 ",\"random\":%" PRIu64
	       ",\"queue\":%" PRIu64 ",\"full\":%" PRIu64 ",\"train\":%" PRIu64
	       ",\"refused\":%" PRIu64 ",\"missed\":%" PRIu64 ",\"lateNs\":%" PRIu64 "}",
	       name, c->entered, c->entered_bytes, c->left, c->left_bytes, way->line.count,
	       c->doubled, way->line.reordered, c->answered, c->fates[CW_WAN_CUT],
	       c->fates[CW_WAN_TOO_LARGE], c->fates[CW_WAN_BURST], c->fates[CW_WAN_RANDOM],
	       c->fates[CW_WAN_QUEUE], c->full, c->train, c->refused, c->missed, c->late_ns);
	c->late_ns = 0;
}

/* All that came before the moment meets the settings of then, however late it is read. */
static uint64_t change(const struct cw_wan_order *order, const struct cw_wan_settings next[2])
{
	uint64_t at_ns = cw_wan_now();

	for (uint32_t i = 0; i < 2; i++) {
		if (!order->is_way[i])
			continue;
		ways[i].next = next[i];
		ways[i].next_ns = at_ns;
		while (receive(&ways[i]) && ways[i].next_ns != 0)
			;
		take_over(&ways[i]);
	}
	return at_ns;
}

static void obey(char *line)
{
	struct cw_wan_settings next[2] = { ways[0].model.settings, ways[1].model.settings };
	struct cw_wan_order order;
	const char *why = cw_wan_order(line, &order);

	for (uint32_t i = 0; why == NULL && i < 2; i++)
		if (order.is_way[i])
			why = cw_wan_apply(&order, &next[i]);
	if (why != NULL) {
		printf("{\"event\":\"refused\",\"id\":%" PRIu64 ",\"why\":\"%s\"}\n", order.id, why);
	} else if (order.is_read) {
		printf("{\"event\":\"counters\",\"id\":%" PRIu64 ",\"atNs\":%" PRIu64, order.id,
		       cw_wan_now());
		print_counters("up", &ways[0]);
		print_counters("down", &ways[1]);
		printf("}\n");
	} else {
		uint64_t at_ns = change(&order, next);
		printf("{\"event\":\"set\",\"id\":%" PRIu64 ",\"atNs\":%" PRIu64 "}\n", order.id, at_ns);
	}
	fflush(stdout);
}

/* @returns false at its end */
static bool read_orders(void)
{
	static char line[CW_WAN_LINE_BYTES];
	static size_t filled;
	ssize_t got = read(STDIN_FILENO, line + filled, sizeof(line) - 1 - filled);

	if (got <= 0)
		return got < 0 && errno == EINTR;
	filled += (size_t)got;
	line[filled] = 0;
	for (char *end; (end = strchr(line, '\n')) != NULL;) {
		size_t length = (size_t)(end - line) + 1;
		*end = 0;
		obey(line);
		memmove(line, line + length, filled + 1 - length);
		filled -= length;
	}
	/* A line that does not fit is none. */
	return filled < sizeof(line) - 1;
}

static bool begin(struct way *way, uint64_t seed, uint32_t index)
{
	size_t bytes = SLOTS * sizeof(struct cw_wan_frame);

	cw_wan_begin(&way->model, seed, index);
	way->from = &ports[index];
	way->to = &ports[1 - index];
	way->back = &ways[1 - index];
	way->frames = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	/* Else each slot that is touched would bring two megabytes. */
	madvise(way->frames, bytes, MADV_NOHUGEPAGE);
	for (uint32_t slot = SLOTS; slot-- > 0;)
		way->free[way->free_count++] = slot;
	return way->frames != MAP_FAILED;
}

/* What a frame waits for on its way anyway may as well be had in one go. */
static bool is_patient(void)
{
	return ways[0].model.settings.delay_ns >= PATIENT_NS &&
	       ways[1].model.settings.delay_ns >= PATIENT_NS;
}

/* @returns whether something came or left; `is_more` if there may be more */
static bool carry(bool *is_more)
{
	uint64_t before = 0, after = 0;

	*is_more = false;
	for (uint32_t i = 0; i < 2; i++) {
		struct way *way = &ways[i];
		bool is_full = true;
		before += way->counters.entered + way->counters.left;
		for (uint32_t round = 0; is_full && round < ROUNDS; round++)
			is_full = receive(way);
		*is_more |= is_full;
		/* One round more than came: what is due does not grow. */
		is_full = true;
		for (uint32_t round = 0; is_full && round <= ROUNDS; round++)
			is_full = send_due(way, cw_wan_now());
		*is_more |= is_full;
		after += way->counters.entered + way->counters.left;
	}
	return after != before;
}

static void run(void)
{
	struct pollfd fds[3] = { { STDIN_FILENO, POLLIN, 0 }, { ports[0].fd, POLLIN, 0 },
				 { ports[1].fd, POLLIN, 0 } };
	uint64_t busy_ns = 0; /* when something was carried last */

	for (;;) {
		bool is_more, is_napping = false;
		bool is_busy = carry(&is_more);
		uint64_t up_ns = cw_wan_line_next(&ways[0].line);
		uint64_t down_ns = cw_wan_line_next(&ways[1].line);
		uint64_t next_ns = up_ns < down_ns ? up_ns : down_ns, now_ns = cw_wan_now();
		if (is_busy && !is_more) {
			is_napping = is_patient() && now_ns - busy_ns < 2 * NAP_NS;
			busy_ns = now_ns;
		}
		if (is_napping)
			next_ns = now_ns + NAP_NS;
		uint64_t wait_ns = is_more || next_ns <= now_ns ? 0 : next_ns - now_ns;
		struct timespec wait = { (time_t)(wait_ns / NS_PER_S), (long)(wait_ns % NS_PER_S) };
		bool is_waiting = next_ns == UINT64_MAX && !is_more;
		if (ppoll(fds, is_napping ? 1 : 3, is_waiting ? NULL : &wait, NULL) < 0) {
			if (errno != EINTR)
				return;
			continue;
		}
		if (fds[0].revents != 0 && !read_orders())
			return;
	}
}

int main(int argc, char **argv)
{
	/* The wire is not to wait for what is tested over it. */
	struct sched_param first = { .sched_priority = 1 };

	if (argc != 4)
		return 2;
	for (int i = 0; i < 2; i++) {
		int rc = cw_wan_port_open(&ports[i], argv[2 + i]);
		if (rc != 0) {
			fprintf(stderr, "%s: %s\n", argv[2 + i], strerror(-rc));
			return 1;
		}
	}
	for (uint32_t i = 0; i < 2; i++)
		if (!begin(&ways[i], strtoull(argv[1], NULL, 0), i))
			return 1;
	bool is_first = sched_setscheduler(0, SCHED_RR, &first) == 0;
	prctl(PR_SET_TIMERSLACK, 1);
	printf("{\"event\":\"ready\",\"isRealTime\":%s}\n", is_first ? "true" : "false");
	fflush(stdout);
	run();
	return 0;
}
