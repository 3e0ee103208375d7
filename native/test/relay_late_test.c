/* What still comes by a relay under a session that is over. */
#include <string.h>

#include "check.h"
#include "relay_world.h"
#include "table/session.h"

static struct relay_world world;

/* A has a new session with the relay, of which that knows nothing yet: what still comes under the old one was sent before. */
static void what_comes_late_proves_nothing(void)
{
	struct cw_way way = cw_relay_world_line(&world, A, 0)->way;
	struct cw_keypair_install record = { .local_index = 0x7711,
					     .remote_index = 0x7712,
					     .suite = CW_SUITE_AES_256_GCM,
					     .is_initiator = true,
					     .local_port = way.local_port,
					     .remote_port = way.remote_port,
					     .h = { 0x77, 0x11, 1 },
					     .lifetime_ms = 180000 };

	memcpy(record.peer, world.at[A].far->name, CW_NAME);
	memcpy(record.remote_address, &way.remote, sizeof(record.remote_address));
	memset(&record.seal, 0x77, sizeof(record.seal));
	memset(&record.open, 0x78, sizeof(record.open));
	cw_bench_install(&world.at[A], &record);
	uint64_t relayed = world.at[HUB].other->relayed_packets;
	cw_relay_world_pass(&world, SECOND / 2);
	struct cw_path *path = cw_relay_world_relayed(&world, A);
	CHECK(world.at[HUB].other->relayed_packets > relayed);
	CHECK(path->live.state == CW_PATH_DOWN && path->live.why == CW_PATH_NO_RELAY);
}

int main(int argc, char **argv)
{
	check_begin(argc, argv);
	cw_relay_world_open(&world);
	cw_relay_world_join(&world);
	world.packets_a_step = 4;
	cw_relay_world_pass(&world, 2 * SECOND);
	what_comes_late_proves_nothing();
	cw_relay_world_close(&world);
	return check_result();
}
