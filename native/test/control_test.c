/*
 * Control frames: what C answers itself, what goes up whole, and that a frame with one wrong item
 * does nothing at all. Answers are opened as the far end would. Probes of our own are for
 * probe_test.c.
 */
#include "check.h"
#include "graph/control.h"
#include "graph/seal.h"
#include "graph_bench.h"
#include "packet.h"

#define ITEMS_MAX 16
#define FRAME_MAX 4096

struct frame {
	uint32_t length;
	uint8_t bytes[FRAME_MAX];
};

static struct cw_bench bench;

#define PATH_REPORT 0x03
#define CANDIDATES 0x10
#define CALL_BACK 0x11
#define PATH_ADD 0x04

static void put_item(struct frame *f, uint8_t type, const void *value, uint32_t length)
{
	uint8_t *at = f->bytes + f->length;

	at[0] = type;
	at[1] = 0;
	packet_put16(at + 2, length);
	if (value != NULL)
		memcpy(at + 4, value, length);
	else
		check_fill(at + 4, length);
	/* Some uplink that a site can have, or a relay. */
	if (value == NULL && type == PATH_ADD && length > 3) {
		at[5] = at[5] & 8 ? CW_UPLINK_RELAY : at[5] & 7;
		at[7] = at[5] == CW_UPLINK_RELAY;
	}
	/* Now, or later. */
	if (value == NULL && type == CALL_BACK && length > 1 && (at[4] & 1) != 0)
		at[4] = at[5] = 0;
	f->length += 4 + length;
}

/* In a block of just that size. */
static void take_bytes(const uint8_t *bytes, uint32_t length)
{
	uint8_t *exact = malloc(length == 0 ? 1 : length);

	memcpy(exact, bytes, length);
	cw_control(bench.worker, bench.keypair, cw_bench_path(&bench), exact, length);
	free(exact);
	cw_bench_flush(&bench);
}

/* The items that were answered; 0 bytes: no frame. */
static struct frame answer(void)
{
	struct frame f = { 0 };
	uint8_t type = 0;

	f.length = cw_bench_hear(&bench, &type, f.bytes);
	CHECK(f.length == 0 || type == CW_TYPE_CONTROL);
	return f;
}

static bool is_equal(const struct frame *a, const struct frame *b)
{
	return a->length == b->length && memcmp(a->bytes, b->bytes, a->length) == 0;
}

/* The next event; its kind, 0 for none. `items` gets what it carries. */
static uint16_t event(struct frame *items)
{
	uint8_t bytes[CW_EVENT_BYTES_MAX];
	struct cw_event head;
	int length = cw_next_event(bench.engine, bytes, sizeof(bytes));

	if (length == 0)
		return 0;
	memcpy(&head, bytes, sizeof(head));
	CHECK(length == (int)(sizeof(head) + head.length));
	CHECK(strcmp(head.peer, "far") == 0 && head.local_index == 0x11111111);
	items->length = head.length;
	memcpy(items->bytes, bytes + sizeof(head), head.length);
	return head.kind;
}

/* Nothing is answered, told or changed, and the frame is counted. */
static void refuses(const uint8_t *bytes, uint32_t length, const char *why)
{
	struct frame none;

	take_bytes(bytes, length);
	bool is_counted = strcmp(cw_bench_drops(&bench), "control_malformed 1") == 0;
	bool is_silent = answer().length == 0 && event(&none) == 0;
	if (!CHECK(is_counted && is_silent))
		fprintf(stderr, "  %s, %u bytes\n", why, length);
}

static void answers_with(const struct frame *asked, const struct frame *wanted)
{
	struct frame none;

	take_bytes(asked->bytes, asked->length);
	struct frame got = answer();
	CHECK(is_equal(&got, wanted) && answer().length == 0);
	CHECK(event(&none) == 0 && cw_bench_drops(&bench)[0] == 0);
}

static void answers_probes_and_challenges(void)
{
	struct frame asked = { 0 }, wanted = { 0 };
	uint8_t reply[12] = { 0xde, 0xad, 0xbe, 0xef };

	put_item(&asked, 0x01, reply, 4);
	/* Receive time on the sender's clock, hidden by `time` of its key; held for no time. */
	packet_put32(reply + 4, (uint32_t)bench.worker->now_us + 0x5e5e5e5e);
	put_item(&wanted, 0x02, reply, 12);
	put_item(&asked, 0x06, "12345678", 8);
	put_item(&wanted, 0x07, "12345678", 8);
	put_item(&asked, 0x00, NULL, 700);
	put_item(&asked, 0x08, "ID42\5\164\0\0", 8);
	put_item(&wanted, 0x09, "ID42\5\164\0\0", 8);
	answers_with(&asked, &wanted);
	/*
	 * A frame may be empty, or hold what asks for nothing: unknown types are for later
	 * versions.
	 */
	answers_with(&(struct frame){ 0 }, &(struct frame){ 0 });
	asked.length = 0;
	for (uint32_t type = 0x0f; type < 0x0f + ITEMS_MAX; type++)
		put_item(&asked, (uint8_t)(type | 0x80), NULL, type);
	answers_with(&asked, &(struct frame){ 0 });
	/* Zero fields are sent as zero and not read. */
	asked.length = wanted.length = 0;
	put_item(&asked, 0x06, "12345678", 8);
	put_item(&wanted, 0x07, "12345678", 8);
	asked.bytes[1] = 0xff;
	answers_with(&asked, &wanted);
	asked.length = wanted.length = 0;
	for (uint32_t i = 0; i < ITEMS_MAX; i++) {
		put_item(&asked, 0x06, NULL, 8);
		put_item(&wanted, 0x07, asked.bytes + asked.length - 8, 8);
	}
	answers_with(&asked, &wanted);
}

/* wire.md, table of items: the length of each value; CW_NONE where it varies. */
static const uint32_t lengths[] = { CW_NONE, 4, 12, CW_NONE, 8, 4,  8, 8,
				    8,	     8, CW_NONE, 4, 32, 40, 4, 4, CW_NONE, 8,
				    28,	     24, 4 };
#define TYPES (sizeof(lengths) / sizeof(lengths[0]))

static bool is_right_length(uint8_t type, uint32_t length)
{
	if (type == PATH_REPORT) /* an index and at least one lane */
		return length == 28 || length == 52 || (length > 52 && (length - 4) % 24 == 0);
	if (type == CANDIDATES) /* a head, and any number of them */
		return length >= 4 && (length - 4) % 24 == 0;
	return type >= TYPES || lengths[type] == CW_NONE || lengths[type] == length;
}

static bool goes_up(uint8_t type)
{
	return (type >= 0x0a && type <= 0x0e) || type == CANDIDATES || (type >= 0x12 && type <= 0x14);
}

static void refuses_wrong_lengths(void)
{
	for (uint32_t type = 0; type < TYPES; type++) {
		for (uint32_t length = 0; length < 64; length++) {
			struct frame f = { 0 }, none;
			put_item(&f, 0x06, NULL, 8);
			put_item(&f, 0x0b, NULL, 4);
			put_item(&f, (uint8_t)type, NULL, length);
			if (!is_right_length((uint8_t)type, length)) {
				refuses(f.bytes, f.length, "length of an item");
				continue;
			}
			take_bytes(f.bytes, f.length);
			CHECK(answer().length > 0 && event(&none) == CW_EVENT_CONTROL);
			CHECK(cw_bench_drops(&bench)[0] == 0);
		}
	}
}

static void refuses_broken_frames(void)
{
	struct frame f = { 0 };

	for (uint32_t i = 0; i < ITEMS_MAX + 1; i++)
		put_item(&f, 0x06, NULL, 8);
	refuses(f.bytes, f.length, "17 items");
	/* Cut anywhere but between two items. */
	for (uint32_t length = 1; length < 4 * 12; length++) {
		if (length % 12 != 0)
			refuses(f.bytes, length, "cut off");
	}
	f.length = 0;
	put_item(&f, 0x00, NULL, 8);
	packet_put16(f.bytes + 2, 0xffff);
	refuses(f.bytes, f.length, "a length far behind the end");
	f.length = 0;
	put_item(&f, PATH_ADD, "\0\10\377\0\0\0\0\0", 8);
	refuses(f.bytes, f.length, "an uplink that no site can have");
	f.length = 0;
	put_item(&f, PATH_ADD, "\0\376\377\0\0\0\0\0", 8);
	refuses(f.bytes, f.length, "relayed by its uplink, and not by its mark");
	f.length = 0;
	put_item(&f, PATH_ADD, "\0\1\377\1\0\0\0\0", 8);
	refuses(f.bytes, f.length, "relayed by its mark, and not by its uplink");
	/*
	 * More than an event holds is more than a peer may send: nothing of it goes up, rather than
	 * a part.
	 */
	f.length = 0;
	put_item(&f, 0x0a, NULL, 1000);
	put_item(&f, 0x0a, NULL, CW_CONTROL_BYTES_MAX - 1004 - 4 + 1);
	refuses(f.bytes, f.length, "too much for the gateway");
}

/* What the gateway acts on arrives in order and byte by byte, without what C has dealt with. */
static void passes_items_up_whole(void)
{
	struct frame f = { 0 }, up = { 0 }, got = { 0 };

	put_item(&up, 0x0a, NULL, 900);
	put_item(&up, 0x0c, NULL, 32);
	put_item(&up, 0x0d, NULL, 40);
	put_item(&up, 0x0e, NULL, 4);
	put_item(&up, 0x0b, NULL, 4);
	put_item(&up, CANDIDATES, NULL, 52);
	put_item(&up, 0x12, NULL, 28);
	put_item(&up, 0x13, NULL, 24);
	for (uint32_t at = 0; at < up.length; at += 4 + packet_u16(up.bytes + at + 2)) {
		put_item(&f, up.bytes[at], up.bytes + at + 4, packet_u16(up.bytes + at + 2));
		put_item(&f, 0x06, NULL, 8);
	}
	take_bytes(f.bytes, f.length);
	CHECK(event(&got) == CW_EVENT_CONTROL && is_equal(&got, &up));
	CHECK(event(&got) == 0 && answer().length == 8 * 12);

	/* Exactly as much as an event holds. */
	f.length = 0;
	put_item(&f, 0x0a, NULL, CW_CONTROL_BYTES_MAX - 4);
	put_item(&f, 0x00, NULL, 300);
	take_bytes(f.bytes, f.length);
	f.length = CW_CONTROL_BYTES_MAX;
	CHECK(event(&got) == CW_EVENT_CONTROL && is_equal(&got, &f));
	CHECK(cw_bench_drops(&bench)[0] == 0);
}

static void counts_events_that_nobody_takes(void)
{
	struct frame f = { 0 }, got;
	uint32_t told = 0;

	put_item(&f, 0x0b, NULL, 4);
	for (uint32_t i = 0; i < 100; i++)
		take_bytes(f.bytes, f.length);
	while (event(&got) != 0)
		told += is_equal(&got, &f);
	CHECK(told == 63 && strcmp(cw_bench_drops(&bench), "event_full 37") == 0);
}

/* Any bytes: as one who reads item by item says. */
static void agrees_with_a_slow_reader(void)
{
	uint32_t good = 0, bad = 0;

	for (uint32_t i = 0; i < 20000; i++) {
		struct frame f = { 0 }, up = { 0 }, got = { 0 };
		uint32_t count = check_below(18), length = 0, answers = 0, items = 0;
		for (uint32_t n = 0; n < count; n++) {
			uint8_t type = (uint8_t)check_below(TYPES + 2);
			bool is_exact = type < TYPES && lengths[type] != CW_NONE;
			uint32_t size = type == PATH_REPORT || type == CANDIDATES ? 28 : check_below(50);
			put_item(&f, type, NULL, is_exact ? lengths[type] : size);
		}
		if (f.length > 0 && check_below(2))
			f.bytes[check_below(f.length)] ^= (uint8_t)(1 << check_below(8));
		for (; length + 4 <= f.length; items++) {
			const uint8_t *at = f.bytes + length;
			uint32_t size = packet_u16(at + 2);
			if (!is_right_length(at[0], size) || length + 4 + size > f.length ||
			    (at[0] == PATH_ADD && (at[7] == 0 ? at[5] > 7 : at[5] != CW_UPLINK_RELAY)))
				break;
			if (goes_up(at[0]))
				put_item(&up, at[0], at + 4, size);
			bool is_called = at[0] == CALL_BACK && packet_u16(at + 4) == 0;
			answers += at[0] == 0x01 || is_called ? 16 : at[0] == 0x06 || at[0] == 0x08 ? 12 : 0;
			length += 4 + size;
		}
		if (length != f.length || items > ITEMS_MAX) {
			refuses(f.bytes, f.length, "the slow reader says");
			bad++;
			continue;
		}
		good++;
		take_bytes(f.bytes, f.length);
		CHECK(event(&got) == (up.length > 0 ? CW_EVENT_CONTROL : 0));
		CHECK(is_equal(&got, &up) && answer().length == answers);
	}
	CHECK(good > 5000 && bad > 2000 && cw_bench_drops(&bench)[0] == 0);
}

/* Under a keypair that has left its place there is nothing to answer with. */
static void needs_a_current_keypair_to_answer(void)
{
	struct frame f = { 0 }, got;

	put_item(&f, 0x06, NULL, 8);
	put_item(&f, 0x0b, NULL, 4);
	atomic_store(&bench.far->current, NULL);
	take_bytes(f.bytes, f.length);
	CHECK(answer().length == 0 && event(&got) == CW_EVENT_CONTROL);
	atomic_store(&bench.far->current, bench.keypair);
}

int main(int argc, char **argv)
{
	struct frame none;

	check_begin(argc, argv);
	cw_bench_open(&bench);
	while (event(&none) != 0)
		;
	answers_probes_and_challenges();
	refuses_wrong_lengths();
	refuses_broken_frames();
	passes_items_up_whole();
	counts_events_that_nobody_takes();
	agrees_with_a_slow_reader();
	needs_a_current_keypair_to_answer();
	cw_bench_close(&bench);
	return check_result();
}
