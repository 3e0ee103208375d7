/*
 * Programs and the devices of their ports, by an engine with a kernel of its own in a namespace: ports that name one
 * device share it, it carries the most that one of them wants, grows while it runs and goes with the last of them; a
 * program that is refused opens and closes nothing.
 */
#include <errno.h>
#include <rte_ethdev.h>
#include <string.h>

#include "check.h"
#include "device.h"
#include "engine.h"
#include "port_sample.h"

#define PORTS_MAX 3
#define FIRST "net_null1,no-rx=1"

static struct cw_engine *engine;
static char why[160];
static struct cw_policy_program policy = { .name = "default", .metered = CW_METERED_LAST, .kinds = 3 };

/* An uplink on a device; MTU 0: its twin's. */
static struct cw_port_program uplink(const char *twin, const char *device, uint16_t vlan, uint16_t mtu)
{
	static uint8_t number;
	struct cw_port_program p = { .role = CW_ROLE_UPLINK,
				     .uplink = number++ % CW_UPLINKS_MAX,
				     .overlay_port = 51820,
				     .vlan = vlan,
				     .kind = CW_KIND_PMD,
				     .mtu = mtu,
				     .network = CW_NETWORK_INTERNET,
				     CW_SAMPLE_QOS };

	snprintf(p.twin, sizeof(p.twin), "%s", twin);
	snprintf(p.nic, sizeof(p.nic), "%s", device);
	return p;
}

static int load(const struct cw_port_program *ports, uint32_t count)
{
	static struct {
		struct cw_program_head head;
		uint8_t rest[PORTS_MAX * sizeof(ports[0]) + sizeof(struct cw_policy_program)];
	} message;
	size_t port_bytes = count * sizeof(ports[0]);

	message.head.generation++;
	message.head.port_count = count;
	message.head.policy_count = 1;
	memcpy(message.rest, ports, port_bytes);
	memcpy(message.rest + port_bytes, &policy, sizeof(policy));
	return cw_call(engine, CW_VERB_LOAD, &message, sizeof(message.head) + port_bytes + sizeof(policy), why,
		       sizeof(why));
}

#define LOAD(...)                                                                  \
	load((const struct cw_port_program[]){ __VA_ARGS__ },                      \
	     sizeof((const struct cw_port_program[]){ __VA_ARGS__ }) / sizeof(struct cw_port_program))

static struct cw_port *port(uint32_t i)
{
	return engine->program->ports[i];
}

/* As the mirror does every second. */
static uint16_t mtu_of(uint32_t i)
{
	pthread_mutex_lock(&engine->control);
	cw_port_look(port(i));
	pthread_mutex_unlock(&engine->control);
	return atomic_load(&port(i)->mtu);
}

static void ports_share_a_device(void)
{
	NEEDS(LOAD(uplink("wan", FIRST, 0, 1500), uplink("tv", FIRST, 7, 2000),
		   uplink("own", "net_null2,no-rx=1", 0, 9000)) == 0);
	CHECK(port(0)->nic == port(1)->nic && port(0)->nic->port_count == 2);
	CHECK(port(2)->nic != port(0)->nic && port(2)->nic->port_count == 1);
	CHECK(rte_eth_dev_count_total() == 2);
	CHECK(port(0)->nic->link.mtu == 2000 && port(2)->nic->link.mtu == 9000);
	CHECK(mtu_of(0) == 1500 && mtu_of(1) == 2000 && mtu_of(2) == 9000);
}

static void devices_grow_and_do_not_shrink(void)
{
	struct cw_port *wan = port(0), *tv = port(1);

	CHECK(LOAD(uplink("wan", FIRST, 0, 1500), uplink("tv", FIRST, 7, 3000)) == 0);
	CHECK(port(0) == wan && port(1) == tv && wan->nic->link.mtu == 3000);
	CHECK(mtu_of(0) == 1500 && mtu_of(1) == 3000);
	CHECK(LOAD(uplink("wan", FIRST, 0, 1500), uplink("tv", FIRST, 7, 1400)) == 0);
	CHECK(port(1) == tv && wan->nic->link.mtu == 3000 && mtu_of(0) == 1500 && mtu_of(1) == 1400);
	/* That of `own` went with its port. */
	CHECK(rte_eth_dev_count_total() == 1);
}

static void what_is_not_said_is_the_twins(void)
{
	struct cw_port *tv = port(1);

	device_run("ip link set tv mtu 4000");
	CHECK(LOAD(uplink("wan", FIRST, 0, 1500), uplink("tv", FIRST, 7, 0),
		   uplink("new", "net_null3,no-rx=1", 0, 0)) == 0);
	CHECK(port(1) == tv && tv->nic->link.mtu == 4000 && mtu_of(1) == 4000 && mtu_of(0) == 1500);
	CHECK(port(2)->nic->link.mtu == 1500 && mtu_of(2) == 1500);
}

static void a_new_port_joins_the_device_that_runs(void)
{
	struct cw_nic *nic = port(0)->nic;
	struct cw_port *tv = port(1);

	CHECK(LOAD(uplink("phone", FIRST, 9, 5000), uplink("tv", FIRST, 7, 2000)) == 0);
	CHECK(port(0)->nic == nic && nic->port_count == 2 && nic->link.mtu == 5000 && port(1) == tv);
	CHECK(mtu_of(0) == 5000 && mtu_of(1) == 2000 && rte_eth_dev_count_total() == 1);
}

static void what_is_refused_changes_nothing(void)
{
	struct cw_program *before = engine->program;
	struct cw_nic *nic = port(0)->nic;

	CHECK(LOAD(uplink("wan", FIRST, 0, 1500), uplink("other", "net_null4,no-rx=1", 0, 1500),
		   uplink("bad", "eth7", 0, 1500)) < 0);
	CHECK(strncmp(why, "/ports/2/nic: ", 14) == 0);
	CHECK(LOAD(uplink("wan", FIRST, 0, 1500), uplink("other", "net_null4,no-rx=1", 0, 1500),
		   uplink("a-name-too-lon/", FIRST, 5, 1500)) == -EINVAL);
	CHECK(strncmp(why, "/ports/2/twin: ", 15) == 0);
	CHECK(engine->program == before && port(0)->nic == nic && nic->port_count == 2);
	CHECK(rte_eth_dev_count_total() == 1);
	CHECK(load(&(struct cw_port_program){ 0 }, 0) == 0 && rte_eth_dev_count_total() == 0);
}

/* Which number an uplink has is nothing that a policy says. */
static void uplinks_move_and_nothing_is_decided_anew(void)
{
	struct cw_port_program wan = uplink("wan", FIRST, 0, 1500), tv = uplink("tv", FIRST, 7, 1500);

	wan.uplink = 0;
	tv.uplink = 1;
	policy.prefer_count = 1;
	policy.prefer[0] = 1;
	CHECK(LOAD(wan, tv) == 0);
	uint32_t epoch = engine->program->steering_epoch;
	tv.uplink = policy.prefer[0] = 0;
	wan.uplink = 1;
	CHECK(LOAD(tv, wan) == 0 && engine->program->steering_epoch == epoch);
	CHECK(LOAD(tv) == 0 && engine->program->steering_epoch == epoch);
}

static void ignore(void *arg)
{
	(void)arg;
}

int main(int argc, char **argv)
{
	const struct cw_options options = { .memory_mb = 128, .no_hugepages = 1, .aead = "auto", .wake = ignore };
	char folder[] = "/tmp/cw-program-XXXXXX", command[64];

	check_begin(argc, argv);
	NEEDS(unshare(CLONE_NEWNET) == 0);
	NEEDS(mkdtemp(folder) != NULL && setenv("RUNTIME_DIRECTORY", folder, 1) == 0);
	int rc = cw_engine_open(&options, &engine, why, sizeof(why));
	snprintf(command, sizeof(command), "rm -r %s", folder);
	device_run(command);
	NEEDS(rc == 0);
	ports_share_a_device();
	devices_grow_and_do_not_shrink();
	what_is_not_said_is_the_twins();
	a_new_port_joins_the_device_that_runs();
	what_is_refused_changes_nothing();
	uplinks_move_and_nothing_is_decided_anew();
	cw_engine_close(engine);
	return check_result();
}
