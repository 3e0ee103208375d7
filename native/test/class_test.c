/*
 * The class that a policy says: what waits for an uplink goes by it, and shows it, whatever its own mark is; both ways of a flow; what
 * leaves to the Internet is marked so for the kernel. Where no policy says one, nothing is looked up for it.
 */
#include "graph/ip4.h"
#include "graph/qos.h"
#include "program-steering.h"
#include "seal_packets.h"
#include "table/flow.h"

/* Needs the bench of the header above. */
#include "qos_bench.h"

#define RATE_BPS 10000000u
#define EF 46
#define LE 1
#define CALLS 9100  /* the port, whose packets are calls */
#define BACKUPS 873 /* those of this one can wait */
#define INTERNET 0x08080808

enum { UNSAID, VOICE, BUSINESS, NORMAL, BULK };

static uint8_t out[CW_BENCH_FRAME_MAX];

static struct cw_match_program match_of(uint16_t policy, uint16_t port)
{
	return (struct cw_match_program){ .policy = policy,
					  .segment = CW_SEGMENT_ANY,
					  .source_port_last = UINT16_MAX,
					  .destination_port_first = port,
					  .destination_port_last = port,
					  .dscp = CW_DSCP_ANY };
}

static void say_classes(uint8_t of_calls, uint8_t of_backups)
{
	struct cw_program *program = bench.worker->view->program;

	for (uint32_t i = 1; i <= 2; i++) {
		program->policies[i] = program->policies[0];
		snprintf(program->policies[i].name, CW_NAME, "p%u", i);
	}
	program->policies[1].class = of_calls;
	program->policies[2].class = of_backups;
	program->policy_count = 3;
	program->matches[0] = match_of(1, CALLS);
	program->matches[1] = match_of(2, BACKUPS);
	program->match_count = 2;
	cw_program_steer(program, NULL);
}

static uint8_t tos_of(const uint8_t *l3)
{
	return (uint8_t)(l3[0] >> 4 == 6 ? packet_u32(l3) >> 20 : l3[1]);
}

struct sample {
	uint32_t destination;
	uint16_t from, to; /* ports */
	uint8_t protocol;
	uint8_t flags; /* of TCP */
	uint8_t tos;
	uint32_t length;
};

static void put_sample(const struct sample *s)
{
	uint32_t header = is6 ? 40 : 20;

	make_packet(s->protocol, header, s->length, s->destination);
	packet_put16(sent + header, s->from);
	packet_put16(sent + header + 2, s->to);
	if (s->protocol == PACKET_TCP)
		sent[header + 13] = s->flags;
	if (is6)
		packet_put32(sent, 0x60000000u | (uint32_t)s->tos << 20);
	else
		sent[1] = s->tos;
	packet_finish(sent, s->length);
}

static void give_udp(uint16_t from, uint16_t to, uint8_t dscp, uint32_t length)
{
	put_sample(&(struct sample){ CW_BENCH_FAR, from, to, PACKET_UDP, 0, (uint8_t)(dscp << 2), length });
	give(NULL, length);
}

/* To which port the next one is that is heard, of which `tos` was outside; 0: there is none. */
static uint32_t hear_port(uint8_t *tos)
{
	uint8_t *got;
	uint32_t length = hear(&got);

	if (length == 0)
		return 0;
	CHECK(packet_is_right(got, length));
	*tos = tos_of(bench.frame + 14);
	return packet_u16(got + (is6 ? 42 : 22));
}

/* The outer mark of one packet, which shows its class. */
static int mark_of(const struct sample *s)
{
	uint8_t tos = 0xff;

	put_sample(s);
	give(NULL, s->length);
	return hear_port(&tos) == s->to ? tos >> 2 : -1;
}

static int mark_of_udp(uint16_t from, uint16_t to, uint8_t dscp)
{
	return mark_of(&(struct sample){ CW_BENCH_FAR, from, to, PACKET_UDP, 0, (uint8_t)(dscp << 2), 200 });
}

static int mark_of_tcp(uint16_t from, uint16_t to, uint8_t flags)
{
	return mark_of(&(struct sample){ CW_BENCH_FAR, from, to, PACKET_TCP, flags, 0, 200 });
}

static void what_a_policy_calls_a_call_overtakes(void)
{
	uint8_t tos = 0;

	say_classes(VOICE, BULK);
	shape(RATE_BPS);
	for (uint32_t i = 0; i < 40; i++)
		give_udp(30000, 7, 0, 1300);
	pass_us(1);
	give_udp(30000, BACKUPS, EF, 200);
	give_udp(30001, CALLS, 0, 200);
	while (hear_port(&tos) != 0)
		;
	pass_us(1300);
	CHECK(hear_port(&tos) == CALLS && tos == EF << 2);
	/* What it calls bulk waits for its turn, however it is marked: a call would be the next. */
	CHECK(hear_port(&tos) != BACKUPS);
	pass_us(1200);
	CHECK(hear_port(&tos) == 7 && tos == 0);
	uint32_t port, last = 0;
	for (uint32_t ms = 0; ms < 100; ms++) {
		pass_us(1000);
		while ((port = hear_port(&tos)) != 0) {
			CHECK(port != BACKUPS || tos == LE << 2);
			last += port == BACKUPS;
		}
	}
	CHECK(last == 1);
	shape(0);
	CHECK(cw_bench_drops(&bench)[0] == 0);
}

/* Its place in the table says which policy, and that says the class, now. */
static void another_class_counts_at_once(void)
{
	say_classes(VOICE, BULK);
	CHECK(mark_of_udp(31000, CALLS, 0) == EF && mark_of_udp(31000, CALLS, 18) == EF);
	bench.worker->view->program->policies[1].class = BUSINESS;
	CHECK(mark_of_udp(31000, CALLS, 0) == 18);
	bench.worker->view->program->policies[1].class = UNSAID;
	CHECK(mark_of_udp(31000, CALLS, 0) == 0 && mark_of_udp(31000, CALLS, LE) == LE);
	/* What no policy is for is the default's. */
	bench.worker->view->program->policies[0].class = BULK;
	CHECK(mark_of_udp(31000, 7, EF) == LE);
	bench.worker->view->program->policies[0].class = UNSAID;
}

static void answers_are_of_the_class_too(void)
{
	enum { SYN = 0x02, ACK = 0x10 };

	say_classes(VOICE, BULK);
	/* Ours answers: what it sends comes from the port that it was asked at. */
	CHECK(mark_of_udp(CALLS, 32000, 0) == EF && mark_of_udp(BACKUPS, 32000, EF) == LE);
	/* It asks from such a port, by chance: of two ports the lesser one is the server's. */
	CHECK(mark_of_udp(CALLS, 443, 0) == 0);
	CHECK(mark_of_udp(BACKUPS, BACKUPS, 0) == LE);
	/* Of TCP it is known. */
	CHECK(mark_of_tcp(CALLS, 33000, SYN) == 0 && mark_of_tcp(CALLS, 33000, ACK) == 0);
	CHECK(mark_of_tcp(CALLS, 443, SYN | ACK) == EF && mark_of_tcp(CALLS, 443, ACK) == EF);
	CHECK(mark_of_tcp(CALLS, 34000, ACK) == EF);
	/* Of two that it could be the first policy decides. */
	CHECK(mark_of_udp(BACKUPS, CALLS, 0) == EF && mark_of_tcp(BACKUPS, CALLS, SYN) == EF);
	bench.worker->view->program->matches[0] = match_of(2, BACKUPS);
	bench.worker->view->program->matches[1] = match_of(1, CALLS);
	CHECK(mark_of_udp(BACKUPS, CALLS + 1, 0) == LE);
	bench.worker->view->program->steering_epoch++;
	CHECK(mark_of_udp(BACKUPS, CALLS, 0) == LE && mark_of_tcp(BACKUPS, CALLS, SYN) == EF);
}

/* Where the table is full each packet is asked about. */
static void a_flow_without_a_place_has_its_class(void)
{
	struct cw_flows *flows = bench.worker->flows;

	say_classes(VOICE, BULK);
	bench.worker->flows = cw_flows_new(16);
	for (uint16_t i = 0; i < 200; i++)
		CHECK(mark_of_udp((uint16_t)(35000 + i), CALLS, 0) == EF && mark_of_udp(CALLS, (uint16_t)(35000 + i), 0) == EF);
	CHECK(cw_flows_refused(bench.worker->flows) > 0);
	cw_flows_free(bench.worker->flows);
	bench.worker->flows = flows;
}

/* The mark with which it goes up to the kernel; -1: it does not. */
static int mark_at_twin(const struct sample *s)
{
	struct cw_vnet_hdr vnet;

	put_sample(s);
	give(NULL, s->length);
	uint32_t length = cw_bench_take(&bench, CW_BENCH_LAN_TWIN, &vnet, out);
	if (!CHECK(length == 14 + s->length && packet_is_right(out + 14, s->length)))
		return -1;
	CHECK((tos_of(out + 14) & CW_ECN_MASK) == (s->tos & CW_ECN_MASK));
	return tos_of(out + 14) >> 2;
}

static void what_breaks_out_is_marked_for_the_kernel(void)
{
	struct sample s = { INTERNET, 36000, CALLS, PACKET_UDP, 0, 0, 200 };

	say_classes(VOICE, BULK);
	for (uint8_t ecn = 0; ecn < 4; ecn++) {
		s.tos = ecn;
		s.to = CALLS;
		CHECK(mark_at_twin(&s) == EF);
		s.to = BACKUPS;
		CHECK(mark_at_twin(&s) == LE);
		s.tos = (uint8_t)(EF << 2 | ecn);
		CHECK(mark_at_twin(&s) == LE);
		s.to = 7;
		CHECK(mark_at_twin(&s) == EF);
	}
	CHECK(cw_bench_drops(&bench)[0] == 0 && nothing_left_by(CW_BENCH_UPLINK));
}

/* They say nothing of ports, and leave as the first did. */
static void later_fragments_are_marked_as_the_first(void)
{
	struct cw_vnet_hdr vnet;

	for (uint32_t i = 0; i < 4; i++) {
		put_sample(&(struct sample){ INTERNET, 37000, i < 2 ? CALLS : 7, PACKET_UDP, 0, 0, 220 });
		packet_put16(sent + 4, 77 + i / 2);
		packet_put16(sent + 6, i % 2 == 0 ? 0x2000 : 25);
		packet_finish_ip(sent);
		give(NULL, 220);
		CHECK(cw_bench_take(&bench, CW_BENCH_LAN_TWIN, &vnet, out) == 14 + 220 && packet_sum(0, out + 14, 20) == 0xffff);
		CHECK(out[15] == (i < 2 ? EF << 2 : 0));
	}
}

/* To a peer likewise; without the first nobody knows more than their own mark says. */
static void later_fragments_are_of_the_class_of_the_first(void)
{
	static const struct {
		uint16_t id, port, fragment;
		uint8_t dscp;
	} pieces[] = { { 91, CALLS, 0x2000, EF }, { 92, 7, 0x2000, 0 }, { 91, 0, 25, EF }, { 92, 0, 25, 0 }, { 93, 0, 25, 0 } };
	uint8_t *got;

	say_classes(VOICE, BULK);
	for (uint32_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		put_sample(&(struct sample){ CW_BENCH_FAR, 37500, pieces[i].port, PACKET_UDP, 0, 0, 220 });
		packet_put16(sent + 4, pieces[i].id);
		packet_put16(sent + 6, pieces[i].fragment);
		packet_finish_ip(sent);
		give(NULL, 220);
		CHECK(hear(&got) == 220 && tos_of(bench.frame + 14) >> 2 == pieces[i].dscp);
	}
}

static void nothing_is_looked_up_where_no_policy_says_one(void)
{
	say_classes(UNSAID, UNSAID);
	uint32_t before = cw_flows_in_use(bench.worker->flows);
	CHECK(mark_of_udp(38000, CALLS, 0) == 0 && mark_of_udp(38000, CALLS, EF) == EF);
	CHECK(mark_at_twin(&(struct sample){ INTERNET, 38000, CALLS, PACKET_UDP, 0, 0, 200 }) == 0);
	CHECK(cw_flows_in_use(bench.worker->flows) == before);
	say_classes(UNSAID, BULK);
	CHECK(mark_of_udp(38000, CALLS, 0) == 0 && cw_flows_in_use(bench.worker->flows) == before + 1);
}

int main(int argc, char **argv)
{
	check_begin(argc, argv);
	cw_bench_open(&bench);
	for (uint32_t family = 0; family < 2; family++) {
		is6 = family == 1;
		what_a_policy_calls_a_call_overtakes();
		another_class_counts_at_once();
		answers_are_of_the_class_too();
		a_flow_without_a_place_has_its_class();
		what_breaks_out_is_marked_for_the_kernel();
		if (!is6) {
			later_fragments_are_marked_as_the_first();
			later_fragments_are_of_the_class_of_the_first();
		}
		nothing_is_looked_up_where_no_policy_says_one();
	}
	cw_bench_close(&bench);
	return check_result();
}
