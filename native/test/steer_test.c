/*
 * What is remembered of a flow, by the packets of it: that it is closed, what its server is called, and what was decided by that,
 * for as long as the same would be decided. Which path a policy takes is choice_test.c's.
 */
#include "graph/path.h"
#include "graph/server-name.h"
#include "graph/steer.h"
#include "seal_packets.h"
#include "table/flow.h"
#include "table/session.h"

#define FIN 0x01
#define SYN 0x02
#define RST 0x04
#define PSH 0x08
#define ACK 0x10
#define NAMED 1 /* the policy of what has a name */

static uint16_t next_port = 4000;
static uint32_t sequence = 7000; /* of the next packet */

/* A second path, and a policy for one server by its name. */
static void begin(void)
{
	struct cw_program *program = bench.worker->view->program;
	struct cw_way way = cw_bench_path(&bench)->way;

	way.remote_port = 7777;
	cw_path_enter(bench.worker, bench.far, &way, true);
	program->policies[NAMED] = program->policies[0];
	program->policy_count = 2;
	program->match_count = 1;
	program->matches[0] = (struct cw_match_program){ .segment = CW_SEGMENT_ANY,
							 .dscp = CW_DSCP_ANY,
							 .source_port_last = UINT16_MAX,
							 .destination_port_last = UINT16_MAX,
							 .policy = NAMED };
	snprintf(program->matches[0].server, sizeof(program->matches[0].server), "www.example.com");
}

/* What is known of the flow after a packet of it; `padding`: bytes of the frame behind the packet. */
static const struct cw_flow_entry *after(uint8_t flags, const char *text, uint32_t padding)
{
	uint32_t size = (uint32_t)strlen(text);
	struct cw_flow flow = { .source = cw_bench_v4(CW_BENCH_HOST),
				.destination = cw_bench_v4(CW_BENCH_FAR),
				.source_port = next_port,
				.destination_port = 80,
				.protocol = PACKET_TCP };
	struct cw_flow_key key = cw_flow_key_of(&flow, 0);

	make_packet(PACKET_TCP, 20, 40 + size, CW_BENCH_FAR);
	packet_put16(sent + 20, next_port);
	packet_put16(sent + 22, 80);
	packet_put32(sent + 24, sequence);
	sent[20 + 13] = flags;
	memcpy(sent + 40, text, size);
	packet_finish(sent, 40 + size);
	memset(sent + 40 + size, 0, padding);
	give(NULL, 40 + size + padding);
	CHECK(cw_bench_drain(&bench, CW_BENCH_UPLINK) == 1 && cw_bench_drops(&bench)[0] == 0);
	const struct cw_flow_entry *entry = cw_flow_peek(bench.worker->flows, &key);
	CHECK(entry != NULL);
	return entry;
}

/* The last packet of a flow is an acknowledgement of the other end's FIN, and opens nothing. */
static void a_flow_that_is_closed_stays_so_until_it_begins_again(void)
{
	next_port++;
	CHECK(!after(SYN, "", 0)->is_closed && !after(ACK, "", 0)->is_closed && !after(PSH | ACK, "text", 0)->is_closed);
	CHECK(after(FIN | ACK, "", 0)->is_closed);
	CHECK(after(ACK, "", 0)->is_closed && after(ACK, "", 0)->is_closed);
	CHECK(!after(SYN, "", 0)->is_closed && !after(ACK, "", 0)->is_closed);
	CHECK(after(RST, "", 0)->is_closed && after(ACK, "", 0)->is_closed);
}

/* Ethernet has no shorter frames than 60 bytes: what is behind an acknowledgement is not what the client says first. */
static void padding_is_not_read(void)
{
	for (uint32_t padding = 0; padding <= 6; padding += 6) {
		next_port++;
		const struct cw_flow_entry *entry = after(ACK, "", padding);
		CHECK(entry->recognition == CW_RECOGNITION_NOT_YET && entry->looked == 0);
		entry = after(PSH | ACK, "GET / HTTP/1.1\r\nHost: www.example.com\r\n\r\n", 0);
		CHECK(entry->recognition == CW_RECOGNITION_NAMED && entry->policy == NAMED);
	}
}

/* Of a flow whose SYN was seen it is known where it begins. */
static void its_first_segments_may_overtake_each_other(void)
{
	const char *one = "GET / HTTP/1.1\r\nHo", *two = "st: www.example.com\r\n\r\n";

	next_port++;
	sequence = UINT32_MAX - 10;
	after(SYN, "", 0);
	sequence += 1 + (uint32_t)strlen(one);
	CHECK(after(PSH | ACK, two, 0)->recognition == CW_RECOGNITION_NOT_YET);
	sequence -= (uint32_t)strlen(one);
	CHECK(after(ACK, one, 0)->recognition == CW_RECOGNITION_NAMED);
	/* Where it was not seen, what comes first is the first. */
	next_port++;
	sequence += (uint32_t)strlen(one);
	CHECK(after(PSH | ACK, two, 0)->recognition == CW_RECOGNITION_NONE);
	sequence = 7000;
}

/* A name is said once: where nothing of steering changes, whatever else is loaded, it counts on. */
static void what_a_name_decided_outlasts_other_loads(void)
{
	struct cw_program *program = bench.worker->view->program;

	next_port++;
	CHECK(after(PSH | ACK, "GET / HTTP/1.1\r\nHost: www.example.com\r\n\r\n", 0)->policy == NAMED);
	program->generation++;
	CHECK(after(PSH | ACK, "more of the same, which names nobody", 0)->policy == NAMED);
	/* Of other policies too, if there is still a match with that server for that policy, which may have another number. */
	program->matches[3] = program->matches[0];
	program->matches_now[0] = 3;
	program->steering_epoch++;
	const struct cw_flow_entry *entry = after(PSH | ACK, "more of the same, which names nobody", 0);
	CHECK(entry->policy == NAMED && entry->match == 3 && entry->epoch == program->steering_epoch);
	program->matches_now[3] = CW_NO_MATCH;
	program->steering_epoch++;
	CHECK(after(PSH | ACK, "more of the same, which names nobody", 0)->policy == 0);
	/* A connection that begins is another, whose client has yet to speak. */
	next_port++;
	CHECK(after(PSH | ACK, "GET / HTTP/1.1\r\nHost: www.example.com\r\n\r\n", 0)->policy == NAMED);
	CHECK(after(SYN, "", 0)->policy == 0);
}

/* A table smaller than the steps in which it is swept is swept all the same. */
static void a_small_table_is_swept_too(void)
{
	struct cw_flows *flows = bench.worker->flows;

	bench.worker->flows = cw_flows_new(16);
	next_port++;
	after(RST, "", 0);
	CHECK(cw_flows_in_use(bench.worker->flows) == 1);
	bench.worker->now_us += (CW_FLOW_FORGOTTEN_SHORT_MS + 2000) * 1000ull;
	for (uint32_t i = 0; i < 20; i++)
		cw_steer_tick(bench.worker);
	CHECK(cw_flows_in_use(bench.worker->flows) == 0);
	cw_flows_free(bench.worker->flows);
	bench.worker->flows = flows;
}

int main(int argc, char **argv)
{
	check_begin(argc, argv);
	cw_bench_open(&bench);
	begin();
	a_flow_that_is_closed_stays_so_until_it_begins_again();
	padding_is_not_read();
	its_first_segments_may_overtake_each_other();
	what_a_name_decided_outlasts_other_loads();
	a_small_table_is_swept_too();
	cw_bench_close(&bench);
	return check_result();
}
