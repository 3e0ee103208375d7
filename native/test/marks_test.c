/*
 * What the outside shows of classes, in both families: outer marks of sealed packets and trains by what the uplink wants, ECN as ever; and
 * frames of the kernel's, which an uplink without marks shows none of.
 */
#include "graph/ip4.h"
#include "graph/qos.h"
#include "seal_packets.h"

#define EF 46
#define AF41 34
#define AF11 10
#define LE 1
#define INTERNET 0x08080808

static uint8_t out[CW_BENCH_FRAME_MAX];
static bool is_outer6;

static void set_marks(uint8_t marks, uint64_t bps)
{
	struct cw_port_program *port = &bench.worker->view->program->port_programs[CW_BENCH_UPLINK_PORT];

	port->marks = marks;
	port->up_bps = bps;
	cw_bench_changed(&bench);
	cw_qos_renew(bench.worker);
}

static uint8_t tos_of(const uint8_t *l3)
{
	return (uint8_t)(l3[0] >> 4 == 6 ? packet_u32(l3) >> 20 : l3[1]);
}

static void set_tos(uint8_t *l3, uint8_t tos)
{
	if (l3[0] >> 4 == 6)
		packet_put32(l3, (packet_u32(l3) & 0xf00fffff) | (uint32_t)tos << 20);
	else
		l3[1] = tos;
}

/* The next frame of the uplink's: its mark, -1 where there is none. Its header is right. */
static int take_tos(uint32_t *gso_size)
{
	struct cw_vnet_hdr vnet;
	uint32_t length = cw_bench_take(&bench, CW_BENCH_UPLINK, &vnet, out);

	if (length == 0)
		return -1;
	*gso_size = vnet.gso_size;
	CHECK((out[14] >> 4 == 6) == is_outer6);
	CHECK(is_outer6 || packet_sum(0, out + 14, 20) == 0xffff);
	return tos_of(out + 14);
}

/* `pieces` TCP segments of the host's in one buffer, or one packet. */
static void give_marked(uint32_t pieces, uint8_t tos)
{
	uint32_t header = is6 ? 40 : 20, length = header + 20 + pieces * 500;
	struct cw_vnet_hdr vnet = { CW_VNET_NEEDS_CSUM, is6 ? CW_VNET_GSO_TCPV6 : CW_VNET_GSO_TCPV4, (uint16_t)(14 + header + 20), 500,
				    (uint16_t)(14 + header), 16 };

	make_packet(PACKET_TCP, header, length, CW_BENCH_FAR);
	set_tos(sent, tos);
	if (!is6)
		packet_finish_ip(sent);
	give(pieces > 1 ? &vnet : NULL, length);
}

static void all_leave_with(uint32_t count, int tos)
{
	uint32_t gso_size, frames = 0;
	int got;

	while ((got = take_tos(&gso_size)) >= 0) {
		if (!CHECK(got == tos))
			fprintf(stderr, "  marked %#x instead of %#x\n", got, tos);
		frames++;
	}
	CHECK(frames == count && cw_bench_drops(&bench)[0] == 0);
}

/* By the class, as inside, or not at all; of a train each piece, also where the link cannot cut it. */
static void each_mode_has_its_marks(void)
{
	static const struct {
		uint8_t inside, by_class;
	} cases[] = { { EF, 46 }, { 40, 46 }, { AF41, 18 }, { 18, 18 }, { 0, 0 }, { 3, 0 }, { 63, 0 }, { AF11, 1 }, { LE, 1 } };

	for (uint32_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		for (uint8_t ecn = 0; ecn < 4; ecn++) {
			uint8_t inside = (uint8_t)(cases[i].inside << 2 | ecn);
			for (uint32_t pieces = 1; pieces <= 7; pieces += 6) {
				set_marks(CW_MARKS_CLASS, 0);
				give_marked(pieces, inside);
				all_leave_with(1, cases[i].by_class << 2 | ecn);
				set_marks(CW_MARKS_COPY, 0);
				give_marked(pieces, inside);
				all_leave_with(1, inside);
				set_marks(CW_MARKS_NONE, 0);
				give_marked(pieces, inside);
				all_leave_with(1, ecn);
				bench.links[CW_BENCH_UPLINK]->can_send_udp_trains = false;
				set_marks(CW_MARKS_CLASS, 0);
				give_marked(pieces, inside);
				all_leave_with(pieces, cases[i].by_class << 2 | ecn);
				bench.links[CW_BENCH_UPLINK]->can_send_udp_trains = true;
			}
		}
	}
}

/* They leave in one buffer only if it says the same of both. */
static void what_differs_in_its_mark_leaves_apart(void)
{
	uint32_t gso_size;
	int both[2];

	for (uint8_t marks = CW_MARKS_CLASS; marks <= CW_MARKS_NONE; marks++) {
		set_marks(marks, 0);
		for (uint32_t i = 0; i < 2; i++) {
			make_packet(PACKET_UDP, is6 ? 40 : 20, 400, CW_BENCH_FAR);
			set_tos(sent, i == 0 ? EF << 2 : 0);
			if (!is6)
				packet_finish_ip(sent);
			cw_bench_give(&bench, CW_BENCH_LAN, &(struct cw_vnet_hdr){ 0 }, frame, 14 + 400);
		}
		cw_bench_flush(&bench);
		both[0] = take_tos(&gso_size);
		CHECK((gso_size != 0) == (marks == CW_MARKS_NONE));
		both[1] = take_tos(&gso_size);
		CHECK(marks == CW_MARKS_NONE ? both[0] == 0 && both[1] == -1 : both[0] == EF << 2 && both[1] == 0);
	}
}

static void a_mark_of_congestion_keeps_the_class(void)
{
	uint32_t marked = 0, gso_size;
	int got;

	set_marks(CW_MARKS_CLASS, 1000000);
	for (uint32_t ms = 0; ms < 600; ms++) {
		if (ms % 5 == 0) {
			make_packet(PACKET_UDP, is6 ? 40 : 20, 900, CW_BENCH_FAR);
			set_tos(sent, AF11 << 2 | CW_ECN_ECT0);
			packet_put32(sent + (is6 ? 40 : 20), 7000);
			packet_finish(sent, 900);
			give(NULL, 900);
		}
		bench.worker->now_us += 1000;
		cw_qos_serve(bench.worker);
		while ((got = take_tos(&gso_size)) >= 0) {
			CHECK(got >> 2 == LE);
			marked += (got & CW_ECN_MASK) == CW_ECN_CE;
		}
	}
	CHECK(marked > 0);
	set_marks(CW_MARKS_CLASS, 0);
	cw_bench_drain(&bench, CW_BENCH_UPLINK);
	CHECK(cw_bench_drops(&bench)[0] == 0);
}

static void control_frames_are_marked_alike(void)
{
	for (uint8_t marks = CW_MARKS_CLASS; marks <= CW_MARKS_NONE; marks++) {
		set_marks(marks, 0);
		CHECK(cw_seal_control(bench.worker, bench.keypair, cw_bench_path(&bench), "\0\0\0\0", 4) == 0);
		cw_bench_flush(&bench);
		all_leave_with(1, marks == CW_MARKS_NONE ? 0 : CW_TOS_CONTROL);
	}
}

/* What the kernel sends by the uplink. @return bytes of the frame */
static uint32_t give_kernel(uint8_t tos, uint32_t length, const struct cw_vnet_hdr *vnet)
{
	static const struct cw_vnet_hdr none;

	make_packet(vnet == NULL ? PACKET_UDP : PACKET_TCP, is6 ? 40 : 20, length, INTERNET);
	memcpy(frame + 6, bench.ports[1]->mac, 6);
	set_tos(sent, tos);
	if (!is6)
		packet_finish_ip(sent);
	cw_bench_give(&bench, CW_BENCH_UPLINK_TWIN, vnet == NULL ? &none : vnet, frame, 14 + length);
	return 14 + length;
}

/* Whether the frame that was given left, but for its mark, which is `tos`. */
static bool is_given_with(uint32_t size, uint8_t tos)
{
	struct cw_vnet_hdr vnet;
	uint32_t length = cw_bench_take(&bench, CW_BENCH_UPLINK, &vnet, out);

	set_tos(sent, tos);
	if (!is6)
		packet_finish_ip(sent);
	return length == size && memcmp(out, frame, size) == 0 && packet_is_sound(out + 14, size - 14);
}

/* Its ECN stays, and its checksums are right; trains too; with a rate and without. */
static void the_kernels_marks_are_cleared(void)
{
	uint32_t header = is6 ? 40 : 20;
	struct cw_vnet_hdr train = { CW_VNET_NEEDS_CSUM, is6 ? CW_VNET_GSO_TCPV6 : CW_VNET_GSO_TCPV4, (uint16_t)(14 + header + 20), 1000,
				     (uint16_t)(14 + header), 16 };

	for (uint32_t is_shaped = 0; is_shaped < 2; is_shaped++) {
		for (uint8_t marks = CW_MARKS_CLASS; marks <= CW_MARKS_NONE; marks++) {
			set_marks(marks, is_shaped ? 1000000000 : 0);
			for (uint8_t ecn = 0; ecn < 4; ecn++) {
				uint8_t tos = (uint8_t)(EF << 2 | ecn);
				for (uint32_t is_train = 0; is_train < 2; is_train++) {
					uint32_t size = give_kernel(tos, is_train ? header + 20 + 5000 : 300, is_train ? &train : NULL);
					bench.worker->now_us += 1000;
					cw_qos_serve(bench.worker);
					CHECK(is_given_with(size, marks == CW_MARKS_NONE ? ecn : tos));
				}
			}
		}
	}
	/* What is no IP, or no whole header, leaves as it is. */
	set_marks(CW_MARKS_NONE, 0);
	uint32_t size = give_kernel(EF << 2, 100, NULL);
	CHECK(is_given_with(size, 0));
	packet_put16(frame + 12, 0x0806);
	memset(sent, 0x45, 40);
	cw_bench_give(&bench, CW_BENCH_UPLINK_TWIN, &(struct cw_vnet_hdr){ 0 }, frame, 60);
	struct cw_vnet_hdr vnet;
	CHECK(cw_bench_take(&bench, CW_BENCH_UPLINK, &vnet, out) == 60 && memcmp(out, frame, 60) == 0);
	set_marks(CW_MARKS_CLASS, 0);
}

/* The mark is cleared, but was read before. */
static void a_call_without_a_mark_goes_first_all_the_same(void)
{
	struct cw_vnet_hdr vnet;

	set_marks(CW_MARKS_NONE, 10000000);
	for (uint32_t i = 0; i < 20; i++)
		give_kernel(0, 1000, NULL);
	cw_qos_serve(bench.worker);
	cw_bench_drain(&bench, CW_BENCH_UPLINK);
	give_kernel(EF << 2, 200, NULL);
	bench.worker->now_us += 1000;
	cw_qos_serve(bench.worker);
	CHECK(cw_bench_take(&bench, CW_BENCH_UPLINK, &vnet, out) == 214 && tos_of(out + 14) == 0);
	set_marks(CW_MARKS_CLASS, 0);
	cw_bench_drain(&bench, CW_BENCH_UPLINK);
	CHECK(cw_bench_drops(&bench)[0] == 0);
}

int main(int argc, char **argv)
{
	check_begin(argc, argv);
	cw_bench_open(&bench);
	for (uint32_t family = 0; family < 4; family++) {
		is6 = (family & 1) != 0;
		is_outer6 = (family & 2) != 0;
		cw_bench_outer6(&bench, is_outer6);
		each_mode_has_its_marks();
		what_differs_in_its_mark_leaves_apart();
		a_mark_of_congestion_keeps_the_class();
		control_frames_are_marked_alike();
		the_kernels_marks_are_cleared();
		a_call_without_a_mark_goes_first_all_the_same();
	}
	cw_bench_close(&bench);
	return check_result();
}
