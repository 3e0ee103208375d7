/*
 * A segment that is limited, in the whole graph: what leaves the site for it, sealed or to the Internet, is no more than that, and so is
 * what its LANs are given; what stays at the site, and other segments, do not wait; trains leave in pieces; another program loses nothing.
 */
#include "segment_traffic.h"

/* To another site and to the Internet together. */
static void up_is_a_sum(void)
{
	uint32_t count, all = 0, bytes = 0, sealed = 0, out = 0;

	limit(UP_BPS, 0);
	for (uint32_t i = 0; i < 60; i++)
		from_lan(i % 2 == 0 ? CW_BENCH_FAR : INTERNET, 1000, (uint16_t)(100 + i), CW_ECN_ECT0);
	CHECK(hear_all(&count) == 0 && take_all(CW_BENCH_LAN_TWIN, &count) == 0);
	for (uint32_t ms = 0; ms < 80; ms++) {
		CHECK(cw_qos_due_us(bench.worker) <= bench.worker->now_us + 2000);
		pass_us(1000);
		sealed += hear_all(&count);
		all += count;
		out += take_all(CW_BENCH_LAN_TWIN, &count);
		all += count;
		bytes = sealed + out;
		CHECK(bytes <= UP_MS * (ms + 1) + 1000);
	}
	CHECK(bytes + 1000 >= UP_MS * 80 && sealed > 20000 && out > 20000);
	for (uint32_t ms = 0; ms < 30; ms++)
		pass_us(1000);
	hear_all(&count);
	all += count;
	take_all(CW_BENCH_LAN_TWIN, &count);
	all += count;
	CHECK(all == 60 && cw_qos_due_us(bench.worker) == UINT64_MAX && nothing_lost());
	/* Inwards nothing waits. */
	from_far(1000, 7, 0);
	from_kernel(INTERNET, 1000, 7, 0);
	CHECK(take_all(CW_BENCH_LAN, &count) == 2000);
	limit(0, 0);
}

static void down_is_a_sum(void)
{
	uint32_t count, all = 0, bytes = 0;

	limit(0, DOWN_BPS);
	for (uint32_t i = 0; i < 60; i++) {
		if (i % 2 == 0)
			from_far(1000, (uint16_t)(100 + i), CW_ECN_ECT0);
		else
			from_kernel(i % 4 == 1 ? INTERNET : CW_BENCH_FAR, 1000, (uint16_t)(100 + i), CW_ECN_ECT0);
	}
	CHECK(take_all(CW_BENCH_LAN, &count) == 0);
	for (uint32_t ms = 0; ms < 50; ms++) {
		pass_us(1000);
		bytes += take_all(CW_BENCH_LAN, &count);
		all += count;
		CHECK(bytes <= DOWN_MS * (ms + 1) + 1000);
	}
	CHECK(bytes + 1000 >= DOWN_MS * 50);
	for (uint32_t ms = 0; ms < 30; ms++)
		pass_us(1000);
	take_all(CW_BENCH_LAN, &count);
	CHECK(all + count == 60 && cw_qos_due_us(bench.worker) == UINT64_MAX && nothing_lost());
	from_lan(CW_BENCH_FAR, 1000, 7, 0);
	from_lan(INTERNET, 1000, 7, 0);
	CHECK(hear_all(&count) == 1000 && take_all(CW_BENCH_LAN_TWIN, &count) == 1000);
	limit(0, 0);
}

/* What the site has among itself, and another segment, with both directions full. */
static void others_do_not_wait(void)
{
	uint32_t count;

	limit(UP_BPS, DOWN_BPS);
	for (uint32_t i = 0; i < 30; i++) {
		from_lan(CW_BENCH_FAR, 1000, (uint16_t)i, CW_ECN_ECT0);
		from_far(1000, (uint16_t)i, CW_ECN_ECT0);
	}
	CHECK(hear_all(&count) == 0 && take_all(CW_BENCH_LAN, &count) == 0);
	from_lan(CW_BENCH_BOX, 500, 7, 0);
	from_lan(HOST2, 500, 7, 0);
	CHECK(take_all(CW_BENCH_LAN_TWIN, &count) == 1000);
	/* A LAN of its own, the box, and another segment's LAN. */
	from_kernel(HOST2, 500, 7, 0);
	from_kernel(CW_BENCH_BOX, 500, 7, 0);
	from_kernel(CAMERA, 500, 7, 0);
	CHECK(take_all(CW_BENCH_LAN, &count) == 1500);
	make(PACKET_UDP, INTERNET, CW_BENCH_HOST, 100, 7, 0);
	packet_put16(frame + 12, 0x0806);
	cw_bench_give(&bench, CW_BENCH_LAN_TWIN, &none, frame, 114);
	CHECK(cw_bench_drain(&bench, CW_BENCH_LAN) == 1);
	IS(cw_test_from_box(CAMERAS, CAMERAS_BOX, FAR_CAMERA), "sealed ");
	IS(cw_test_from_far(CAMERAS_VNI, FAR_CAMERA, CAMERAS_BOX), "twin ");
	limit(0, 0);
	CHECK(hear_all(&count) == 30000 && take_all(CW_BENCH_LAN, &count) == 30000 && nothing_lost());
}

/* The slower of the two counts. */
static void what_is_let_go_waits_for_its_uplink(void)
{
	struct cw_port_program *uplink = &bench.worker->view->program->port_programs[CW_BENCH_UPLINK_PORT];
	uint32_t count, bytes = 0;

	uplink->up_bps = 2000000;
	limit(UP_BPS, 0);
	for (uint32_t i = 0; i < 40; i++)
		from_lan(CW_BENCH_FAR, 1000, (uint16_t)i, CW_ECN_ECT0);
	for (uint32_t ms = 0; ms < 100; ms++) {
		pass_us(1000);
		bytes += hear_all(&count);
		CHECK(bytes <= 250 * (ms + 1) + 1000);
	}
	CHECK(bytes >= 20000);
	uplink->up_bps = 0;
	limit(0, 0);
	bytes += hear_all(&count);
	CHECK(bytes == 40000 && nothing_lost());
}

static void a_call_overtakes(void)
{
	uint32_t count;

	limit(UP_BPS, DOWN_BPS);
	for (uint32_t i = 0; i < 40; i++) {
		from_lan(CW_BENCH_FAR, 1000, 7, CW_ECN_ECT0);
		from_kernel(INTERNET, 1000, 7, CW_ECN_ECT0);
	}
	pass_us(1);
	hear_all(&count);
	take_all(CW_BENCH_LAN, &count);
	from_lan(CW_BENCH_FAR, 200, 9, EF << 2);
	from_kernel(INTERNET, 200, 9, EF << 2);
	pass_us(1700);
	CHECK(hear_all(&count) == 200 && packet_u16(got + 28) == 9);
	CHECK(take_all(CW_BENCH_LAN, &count) >= 200);
	limit(0, 0);
	hear_all(&count);
	take_all(CW_BENCH_LAN, &count);
	CHECK(nothing_lost());
}

/* What leaves by `link` is what came, one piece after the other. */
static void expect_pieces(enum cw_bench_link link, uint32_t payload)
{
	uint32_t at = 40, pieces = 0;

	for (uint32_t ms = 0; ms < 60; ms++) {
		uint32_t size, skip = 14;
		uint8_t type;
		pass_us(1000);
		for (;;) {
			if (link == CW_BENCH_UPLINK) {
				size = cw_bench_hear(&bench, &type, got);
				skip = 8;
			} else {
				size = cw_bench_take(&bench, link, &got_vnet, got);
			}
			if (size == 0)
				break;
			CHECK(size - skip <= 1040 && packet_is_right(got + skip, size - skip));
			CHECK(memcmp(got + skip + 40, packet + at, size - skip - 40) == 0);
			at += size - skip - 40;
			pieces++;
		}
	}
	if (!CHECK(at == 40 + payload && pieces == (payload + 999) / 1000 && nothing_lost()))
		fprintf(stderr, "  link %d: %u of %u in %u pieces\n", link, at - 40, payload, pieces);
}

static void trains_leave_in_pieces(void)
{
	const struct cw_vnet_hdr train = { CW_VNET_NEEDS_CSUM, CW_VNET_GSO_TCPV4, 54, 1000, 34, 16 };
	const uint32_t payload = 20500;
	static uint8_t plain[8 + 1040], datagram[1200];

	limit(UP_BPS, DOWN_BPS);
	make(PACKET_TCP, CW_BENCH_HOST, CW_BENCH_FAR, 40 + payload, 7, CW_ECN_ECT0);
	cw_bench_give(&bench, CW_BENCH_LAN, &train, frame, 54 + payload);
	expect_pieces(CW_BENCH_UPLINK, payload);
	make(PACKET_TCP, CW_BENCH_HOST, INTERNET, 40 + payload, 7, CW_ECN_ECT0);
	cw_bench_give(&bench, CW_BENCH_LAN, &train, frame, 54 + payload);
	expect_pieces(CW_BENCH_LAN_TWIN, payload);
	make(PACKET_TCP, INTERNET, CW_BENCH_HOST, 40 + payload, 7, CW_ECN_ECT0);
	cw_bench_give(&bench, CW_BENCH_LAN_TWIN, &train, frame, 54 + payload);
	expect_pieces(CW_BENCH_LAN, payload);
	/* Opened one by one in a burst, they are a train again, and are cut. */
	make(PACKET_TCP, CW_BENCH_FAR, CW_BENCH_HOST, 40 + 20000, 7, CW_ECN_ECT0);
	uint32_t sequence = packet_u32(packet + 24), before = rte_mempool_in_use_count(bench.engine->pools.large);
	for (uint32_t i = 0; i < 20; i++) {
		uint8_t *piece = plain + 8;
		packet_put16(plain + 2, 0x0800);
		packet_put32(plain + 4, CW_BENCH_VNI << 8);
		memcpy(piece, packet, 40);
		packet_put16(piece + 4, i);
		packet_put32(piece + 24, sequence + i * 1000);
		memcpy(piece + 40, packet + 40 + i * 1000, 1000);
		packet_finish(piece, 1040);
		uint32_t size = cw_bench_seal(&bench, CW_TYPE_DATA, counter++, plain, sizeof(plain), datagram);
		cw_open(bench.worker, datagram, size, 0);
	}
	cw_bench_flush(&bench);
	CHECK(rte_mempool_in_use_count(bench.engine->pools.large) == before + 1);
	expect_pieces(CW_BENCH_LAN, 20000);
	limit(0, 0);
}

static void who_sends_too_much_hears_of_it(void)
{
	for (uint32_t is_ect = 0; is_ect < 2; is_ect++) {
		uint32_t marked = 0, size;
		limit(0, 1000000);
		for (uint32_t ms = 0; ms < 600; ms++) {
			if (ms % 5 == 0)
				from_kernel(INTERNET, 900, 7, is_ect ? CW_ECN_ECT0 : 0);
			pass_us(1000);
			while ((size = cw_bench_take(&bench, CW_BENCH_LAN, &got_vnet, got)) > 0) {
				CHECK(packet_is_right(got + 14, size - 14));
				marked += (got[15] & CW_ECN_MASK) == CW_ECN_CE;
			}
		}
		CHECK(is_ect ? marked > 0 : marked == 0);
		const char *drops = cw_bench_drops(&bench);
		CHECK(is_ect ? drops[0] == 0 : strncmp(drops, "limit_delay ", 12) == 0);
		limit(0, 0);
		cw_bench_drain(&bench, CW_BENCH_LAN);
		cw_bench_drops(&bench);
	}
	limit(UP_BPS, 0);
	for (uint32_t i = 0; i < 400; i++)
		from_lan(INTERNET, 1400, 7, 0);
	CHECK(strncmp(cw_bench_drops(&bench), "limit_full ", 11) == 0);
	limit(0, 0);
	cw_bench_drain(&bench, CW_BENCH_LAN_TWIN);
	cw_bench_drops(&bench);
}

static void another_program_loses_nothing(void)
{
	struct cw_program *program = bench.worker->view->program;
	struct cw_segment_program office = program->segment_programs[0];
	uint32_t count, all = 0;

	limit(UP_BPS, DOWN_BPS);
	for (uint32_t i = 0; i < 60; i++) {
		from_lan(CW_BENCH_FAR, 900, (uint16_t)i, CW_ECN_ECT0);
		from_kernel(INTERNET, 900, (uint16_t)i, CW_ECN_ECT0);
		if (i % 10 == 9)
			limit(UP_BPS / (i % 3 + 1), DOWN_BPS / (i % 4 + 1));
		pass_us(500);
		hear_all(&count);
		all += count;
		take_all(CW_BENCH_LAN, &count);
		all += count;
	}
	CHECK(all < 120);
	limit(0, 0);
	hear_all(&count);
	all += count;
	take_all(CW_BENCH_LAN, &count);
	CHECK(all + count == 120 && nothing_lost());
	CHECK(bench.worker->limits[0] == NULL && bench.worker->limit_count == 0 && bench.ports[0]->limit == NULL);
	/* The segment is another one: what waits for the former is lost, and counted. */
	limit(UP_BPS, DOWN_BPS);
	from_lan(CW_BENCH_FAR, 900, 7, 0);
	from_far(900, 7, 0);
	program->segment_programs[0].vni = 300;
	cw_qos_renew(bench.worker);
	CHECK(strcmp(cw_bench_drops(&bench), "tx_down 2") == 0);
	program->segment_programs[0] = office;
	cw_qos_renew(bench.worker);
	CHECK(bench.worker->limit_count == 0);
}

/* The session ends, or the LAN: what waits for it is counted, and nobody is hurt. */
static void what_it_waits_for_may_go(void)
{
	uint32_t count;

	limit(UP_BPS, DOWN_BPS);
	from_lan(INTERNET, 900, 7, 0);
	bench.ports[0]->id += 10;
	pass_us(1000);
	CHECK(strcmp(cw_bench_drops(&bench), "tx_down 1") == 0);
	bench.ports[0]->id -= 10;
	from_lan(CW_BENCH_FAR, 900, 7, 0);
	atomic_store(&bench.far->current, NULL);
	pass_us(2000);
	CHECK(hear_all(&count) == 0 && bench.far->waiting_count == 1);
	atomic_store(&bench.far->current, bench.keypair);
	cw_seal_waiting(bench.worker, bench.far);
	cw_bench_flush(&bench);
	CHECK(hear_all(&count) == 900 && nothing_lost());
	for (uint32_t i = 0; i < 20; i++) {
		from_lan(CW_BENCH_FAR, 900, 7, 0);
		from_far(900, 7, 0);
	}
	/* With some still waiting the bench is closed: no buffer may be lost. */
}

int main(int argc, char **argv)
{
	check_begin(argc, argv);
	cw_bench_open(&bench);
	cw_test_add_cameras();
	up_is_a_sum();
	down_is_a_sum();
	others_do_not_wait();
	what_is_let_go_waits_for_its_uplink();
	a_call_overtakes();
	trains_leave_in_pieces();
	who_sends_too_much_hears_of_it();
	another_program_loses_nothing();
	what_it_waits_for_may_go();
	cw_bench_close(&bench);
	return check_result();
}
