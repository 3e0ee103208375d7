/*
 * What becomes of what is known of a peer's paths when its keys change: a rekey keeps it, a new session begins anew and says at once
 * what its paths are; what still comes under a key before spoils no figures. And the report of what came, where it has no room
 * for all lanes. Time is moved by hand.
 */
#include "check.h"
#include "graph/control.h"
#include "graph/path.h"
#include "graph/seal.h"
#include "graph_bench.h"
#include "packet.h"

#define MS 1000u
#define FAR_UPLINK 3
#define LANES 100
#define LANES_A_REPORT 40

static struct cw_bench bench;

static struct cw_keypair *make_keypair(bool is_rekey)
{
	static uint32_t made;
	const char *why = "";
	struct cw_keypair *keypair = NULL;

	made++;
	struct cw_keypair_install install = { .peer = "far",
					      .local_index = 0x33333333 + made,
					      .remote_index = 0x22222222,
					      .suite = CW_SUITE_AES_256_GCM,
					      .is_initiator = 1,
					      .is_rekey = is_rekey,
					      .local_port = is_rekey ? 0 : CW_BENCH_PORT,
					      .remote_port = is_rekey ? 0 : CW_BENCH_PORT + 1,
					      .h = { 2, (uint8_t)made },
					      .lifetime_ms = 180000 };

	/* A rekey has no way of its own. */
	if (!is_rekey) {
		memset(install.remote_address + 10, 0xff, 2);
		packet_put32(install.remote_address + 12, CW_BENCH_FAR_WAN);
	}
	memset(&install.seal, 0x5e, sizeof(install.seal));
	memset(&install.open, 0x0b, sizeof(install.open));
	if (cw_keypair_new(bench.engine, &install, &keypair, &why) != 0 ||
	    cw_keypair_reindex(bench.engine, keypair, NULL) != 0)
		abort();
	bench.worker->index = atomic_load(&bench.engine->index);
	return keypair;
}

/* The one before is `previous` from now on. */
static struct cw_keypair *take_up(bool is_rekey)
{
	struct cw_keypair *before = bench.keypair;

	bench.keypair = make_keypair(is_rekey);
	cw_keypair_enter(bench.worker, bench.keypair);
	atomic_store(&bench.keypair->is_confirmed, true);
	return before;
}

static void collect(void)
{
	cw_keypair_collect(bench.engine);
	bench.worker->index = atomic_load(&bench.engine->index);
}

/* Path add: the far end's path 7, its uplink 3, which is metered. */
static void hear_introduction(struct cw_keypair *keypair)
{
	static const uint8_t item[12] = { 0x04, 0, 0, 8, 7, FAR_UPLINK, 0, 0, 0, 0, 0, CW_PATH_METERED };

	cw_control(bench.worker, keypair, cw_path_hear(bench.worker, keypair, 7), item, sizeof(item));
}

static bool is_known(void)
{
	const struct cw_path *path = cw_bench_path(&bench);

	return path->remote_uplink == FAR_UPLINK && path->remote_number == 7 && path->flags == CW_PATH_METERED;
}

static bool is_unknown(void)
{
	const struct cw_path *path = cw_bench_path(&bench);

	return path->remote_uplink == CW_UPLINK_NONE && path->remote_number == CW_PATH_NONE && path->flags == 0;
}

/* Whether something that left now holds an introduction; probes are answered. */
static bool is_introduced(uint32_t us)
{
	uint8_t items[CW_BENCH_MTU], type = 0, reply[16] = { 0x02, 0, 0, 12 };
	bool is_found = false;
	uint32_t length;

	bench.worker->now_us += us;
	cw_path_due(bench.worker, bench.far);
	cw_path_look(bench.worker);
	cw_bench_flush(&bench);
	while ((length = cw_bench_hear(&bench, &type, items)) > 0) {
		is_found = is_found || (length == 20 && packet_u32(items + 8) == 0x04000008);
		if (packet_u32(items) != 0x01000004)
			continue;
		memcpy(reply + 4, items + 4, 4);
		cw_control(bench.worker, bench.keypair, cw_bench_path(&bench), reply, sizeof(reply));
	}
	return is_found;
}

static void a_rekey_keeps_what_the_far_end_said(void)
{
	CHECK(is_unknown() && is_introduced(MS) && !is_introduced(MS));
	hear_introduction(bench.keypair);
	CHECK(is_known());
	struct cw_keypair *before = take_up(true);
	CHECK(is_known() && !is_introduced(MS));
	CHECK(cw_way_equal(&bench.keypair->way, &before->way) && bench.keypair->way.local_port == CW_BENCH_PORT);
}

static void a_new_session_asks_anew(void)
{
	struct cw_keypair *before = take_up(false);

	CHECK(is_unknown() && is_introduced(MS) && !is_introduced(MS));
	/* What was under way is of the session before. */
	hear_introduction(before);
	CHECK(is_unknown());
	hear_introduction(bench.keypair);
	CHECK(is_known());
	collect();
}

/* As many packets of data as that, of which the last has the counter `highest`. */
static void hear_data(struct cw_keypair *keypair, uint32_t count, uint32_t highest)
{
	struct cw_lane *lane;

	for (uint32_t i = count; i-- > 0;) {
		CHECK(cw_replay_accept(&keypair->data_lanes, bench.engine->replay_pool, 7 << 8, highest - i,
				       bench.worker->now_us, &lane) == 0);
		cw_lane_measure(lane, 1000, 100);
	}
}

/* A stray of the old key must not count as all that the new one has lost, nor the other way round. */
static void both_keys_of_a_rekey_are_of_one_direction(void)
{
	const struct cw_quality *in = &cw_bench_path(&bench)->in;
	uint64_t packets = cw_bench_path(&bench)->rx_packets;
	uint32_t sent = 0;

	for (uint32_t i = 1; i <= 20; i++, sent += 50) {
		hear_data(bench.keypair, 50, 50 * i);
		is_introduced(100 * MS);
	}
	struct cw_keypair *before = take_up(true);
	/* The far end goes on under the old one until it has heard of the new one. */
	hear_data(before, 50, sent += 50);
	is_introduced(100 * MS);
	CHECK(in->key == before->local_index && in->received == sent);
	for (uint32_t i = 1; i <= 20; i++) {
		hear_data(bench.keypair, 50, 50 * i);
		hear_data(before, 1, sent + i);
		is_introduced(100 * MS);
		CHECK(in->key == bench.keypair->local_index && in->received == 50 * i);
	}
	CHECK(in->loss_ppm == 0 && in->packets <= 550 && cw_quality_is_fresh(in, bench.worker->now_us));
	/* What came counts, whatever it came under. */
	CHECK(cw_bench_path(&bench)->rx_packets - packets == sent + 20 + 50 * 20);
}

/* Lanes that the next report tells of; each has brought something since. */
static uint32_t report(uint32_t told[LANES])
{
	uint8_t items[CW_BENCH_MTU], type = 0;
	uint32_t length, lanes = 0;

	for (uint32_t i = 0; i < LANES; i++) {
		struct cw_lane *lane;
		CHECK(cw_replay_accept(&bench.keypair->data_lanes, bench.engine->replay_pool, (uint16_t)(i << 8),
				       bench.worker->ticks + 10000, bench.worker->now_us, &lane) == 0);
	}
	bench.worker->ticks++;
	CHECK(cw_control_report(bench.worker, bench.keypair));
	cw_bench_flush(&bench);
	while ((length = cw_bench_hear(&bench, &type, items)) > 0) {
		CHECK(items[0] == 0x03 && length == 4u + packet_u16(items + 2));
		for (uint32_t at = 8; at < length; at += 24, lanes++)
			told[items[at]]++;
	}
	return lanes;
}

static void no_lane_is_left_out_of_reports(void)
{
	uint32_t told[LANES] = { 0 };

	for (uint32_t i = 0; i < 10; i++)
		CHECK(report(told) == LANES_A_REPORT);
	for (uint32_t i = 0; i < LANES; i++)
		CHECK(told[i] == 10 * LANES_A_REPORT / LANES);
}

int main(int argc, char **argv)
{
	check_begin(argc, argv);
	cw_bench_open(&bench);
	a_rekey_keeps_what_the_far_end_said();
	a_new_session_asks_anew();
	both_keys_of_a_rekey_are_of_one_direction();
	no_lane_is_left_out_of_reports();
	cw_keypair_leave(bench.worker, atomic_load(&bench.far->previous));
	collect();
	cw_bench_close(&bench);
	return check_result();
}
