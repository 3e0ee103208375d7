/*
 * For tests of what goes from one peer to another: the bench's `far` sends, `other` has 10.3.0.0/16, for which `third` may carry
 * too, and whom what left was for is a text. A test program includes this once.
 */
#ifndef CW_TRANSIT_WORLD_H
#define CW_TRANSIT_WORLD_H

#include "check.h"
#include "graph/graph.h"
#include "packet.h"
#include "policy_traffic.h"
#include "table/session.h"
#include "table/view.h"

#define THIRD_WAN 0xcb007104
#define HOP_OTHER 3 /* of the bench's hops */
#define GENEVE 8
#define FAR 0
#define OTHER 1
#define THIRD 2
#define SECOND 1000000u

static struct cw_peer *peers[3];
static uint8_t plain[2048];
static uint8_t got[CW_BENCH_FRAME_MAX];
static uint32_t next_counter = 1000;

/* A session with the same keys as that of `far`, so that the bench opens what is sealed for it. */
static inline void install(const char *name, uint32_t local_index, uint32_t wan)
{
	struct cw_keypair_install install = { .local_index = local_index,
					      .remote_index = 0x22222222,
					      .suite = CW_SUITE_AES_256_GCM,
					      .is_initiator = 1,
					      .local_port = CW_BENCH_PORT,
					      .remote_port = CW_BENCH_PORT + 1,
					      .remote_address = { [10] = 0xff, 0xff },
					      .h = { local_index & 0xff, 9 },
					      .lifetime_ms = 180000 };

	snprintf(install.peer, sizeof(install.peer), "%s", name);
	packet_put32(install.remote_address + 12, wan);
	memset(&install.seal, 0x5e, sizeof(install.seal));
	memset(&install.open, 0x1b, sizeof(install.open));
	struct cw_keypair *keypair = cw_bench_install(&bench, &install);
	atomic_store(&keypair->is_confirmed, true);
	keypair->expires_us = UINT64_MAX;
}

/* And nobody waits for what it has to tell. */
static inline void look(uint64_t us)
{
	uint8_t event[CW_EVENT_BYTES_MAX];

	bench.worker->now_us += us;
	for (uint32_t i = 0; i < 3; i++)
		cw_path_due(bench.worker, peers[i]);
	cw_path_look(bench.worker);
	cw_bench_flush(&bench);
	cw_bench_drain(&bench, CW_BENCH_UPLINK);
	while (cw_next_event(bench.engine, event, sizeof(event)) > 0)
		;
}

static inline struct cw_hop *hop_other(void)
{
	return &bench.worker->view->hops[HOP_OTHER];
}

static inline void set_hubs(bool far, bool other, bool third)
{
	const bool is_hub[3] = { far, other, third };

	for (uint32_t i = 0; i < 3; i++)
		peers[i]->is_hub = bench.worker->view->program->is_hub[i] = is_hub[i];
}

static inline void open_world(void)
{
	struct cw_program *program;
	struct cw_peer *third = calloc(1, sizeof(*third));
	const struct cw_peer_program record = { .name = "third", .identity = { [16] = 0x33 } };

	cw_bench_open(&bench);
	program = bench.worker->view->program;
	bench.keypair->expires_us = UINT64_MAX;
	third->place = bench.worker->peer_count;
	cw_peer_begin(third, &record);
	third->segments = 1;
	bench.worker->peers[bench.worker->peer_count++] = third;
	program->peers[2] = third;
	program->peer_count = 3;
	program->is_transit = true;
	peers[FAR] = bench.far;
	peers[OTHER] = bench.other;
	peers[THIRD] = third;
	install("other", 0x33333333, CW_BENCH_OTHER_WAN);
	install("third", 0x44444444, THIRD_WAN);
	look(0);
}

/* Whom the frames that left were for, what went up the twin, and what was dropped. The last inner packet is in `got`. */
static inline const char *became(void)
{
	static const struct {
		uint32_t wan;
		const char *name;
	} ends[] = { { CW_BENCH_FAR_WAN, "far " }, { CW_BENCH_OTHER_WAN, "other " }, { THIRD_WAN, "third " } };
	static uint8_t bytes[CW_BENCH_FRAME_MAX];
	static char text[128];
	struct cw_vnet_hdr vnet;
	uint32_t length, to = 0;
	uint8_t type;

	cw_bench_flush(&bench);
	while ((length = cw_bench_take(&bench, CW_BENCH_UPLINK, &vnet, bytes)) > 0) {
		to = packet_u32(bytes + 14 + 16);
		if (vnet.gso_type == 0)
			cw_bench_unseal(&bench, bytes + 42, length - 42, &type, got);
	}
	snprintf(text, sizeof(text), "%s%s", cw_bench_drain(&bench, CW_BENCH_SEGMENT) > 0 ? "twin " : "",
		 cw_bench_drain(&bench, CW_BENCH_LAN) > 0 ? "lan " : "");
	for (uint32_t i = 0; i < 3; i++)
		strcat(text, to == ends[i].wan ? ends[i].name : "");
	strcat(text, cw_bench_drops(&bench));
	return text;
}

static inline void open_from_far(uint32_t length)
{
	uint8_t datagram[2048];

	memset(plain, 0, GENEVE);
	packet_put16(plain + 2, is_v6 ? 0x86dd : 0x0800);
	packet_put32(plain + 4, CW_BENCH_VNI << 8);
	uint32_t bytes = cw_bench_seal(&bench, 0xD1, next_counter++, plain, GENEVE + length, datagram);
	cw_open(bench.worker, datagram, bytes, 0);
}

static inline const char *from_far(uint32_t source, uint32_t destination)
{
	cw_test_make(plain + GENEVE, source, destination);
	open_from_far(100);
	return became();
}

static inline void lose(uint32_t who)
{
	cw_liveness_fail(&peers[who]->paths.list[0]->live, CW_PATH_SILENT, bench.worker->now_us);
	look(0);
}

static inline void bring_back(uint32_t who)
{
	cw_liveness_prove(&peers[who]->paths.list[0]->live, bench.worker->now_us);
	look(0);
}

/* The probes of the others stay unanswered here: time passes without silence. */
static inline void pass(uint64_t us)
{
	for (; us > 0; us -= us < 100000 ? us : 100000) {
		bench.worker->now_us += us < 100000 ? us : 100000;
		for (uint32_t i = 0; i < 3; i++) {
			struct cw_liveness *live = &peers[i]->paths.list[0]->live;
			if (live->state == CW_PATH_UP)
				cw_liveness_prove(live, bench.worker->now_us);
		}
		look(0);
	}
}

#endif
