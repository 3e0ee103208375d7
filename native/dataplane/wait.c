/* See wait.h. */
#include "wait.h"

#include <fcntl.h>
#include <rte_mbuf.h>
#include <sched.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "graph/qos.h"
#include "port/pmd.h"
#include "worker.h"

#define AWAKE_US 100
#define AWAKE_PERCENT 3
#define CREDIT_MAX (10 * AWAKE_US * 100)
#define LIGHT_BYTES 4096 /* more in a round is load, of which sleep makes larger and cheaper trains */
#define NAP_LEAST_US 50
#define NAP_MOST_US 500 /* 2,000 looks a second cost some 2 % of a core */
#define YIELDED_US 20    /* longer gone than a yield takes: somebody else ran */

void cw_wait_open(struct cw_wait *wait, bool has_own_cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	sched_getaffinity(0, sizeof(set), &set);
	wait->has_own_cpu = has_own_cpu && CPU_COUNT(&set) == 1;
	wait->cpu_count = (uint32_t)CPU_COUNT(&set);
	wait->load_fd = open("/proc/loadavg", O_RDONLY | O_CLOEXEC);
}

void cw_wait_close(struct cw_wait *wait)
{
	if (wait->load_fd >= 0)
		close(wait->load_fd);
}

/* proc_loadavg(5): the fourth field begins with the number of threads that run or want to; this one is among them. */
void cw_wait_look(struct cw_wait *wait)
{
	char text[64] = "";
	unsigned int running;
	ssize_t n = pread(wait->load_fd, text, sizeof(text) - 1, 0);

	/* On a CPU of its own it is in nobody's way. */
	wait->is_quiet = wait->has_own_cpu ||
			 (n > 0 && sscanf(text, "%*s %*s %*s %u/", &running) == 1 &&
			  running < wait->cpu_count);
}

void cw_wait_heard(struct cw_wait *wait, struct rte_mbuf *const *frames, uint16_t n)
{
	wait->frames += n;
	for (uint16_t i = 0; i < n; i++)
		wait->bytes += frames[i]->pkt_len;
}

static void earn(struct cw_wait *wait, uint64_t now)
{
	wait->credit += (now - wait->earned_us) * AWAKE_PERCENT;
	wait->earned_us = now;
	if (wait->credit > CREDIT_MAX)
		wait->credit = CREDIT_MAX;
}

static bool may_stay_awake(const struct cw_wait *wait)
{
	return wait->is_quiet && wait->bytes <= LIGHT_BYTES && wait->credit > 0;
}

/* Gives the CPU to whoever waits for it, and stays awake no longer if somebody did: asleep it is woken sooner. */
static void pay(struct cw_wait *wait, uint64_t since)
{
	uint64_t before = cw_now_us();

	sched_yield();
	uint64_t now = cw_now_us();
	uint64_t cost = (now - since) * 100;
	bool was_away = now - before > YIELDED_US;
	bool is_over = now - wait->heard_us >= AWAKE_US || cost >= wait->credit;
	wait->credit -= cost < wait->credit ? cost : wait->credit;
	if (was_away || is_over)
		wait->heard_us = 0;
}

/* Whether it was silent for so long that only news are worth a look, and every polled NIC can tell them. */
static bool may_arm(const struct cw_worker *worker)
{
	bool may = worker->polled_count > 0 && !worker->wait.is_armed &&
		   (worker->now_us - worker->wait.frame_us) / 8 >= NAP_MOST_US;

	for (uint32_t i = 0; i < worker->polled_count; i++)
		may = may && worker->polled[i]->link.can_tell;
	return may;
}

static void arm(struct cw_worker *worker)
{
	worker->wait.is_told = worker->wait.is_armed = true;
	for (uint32_t i = 0; i < worker->polled_count; i++)
		worker->wait.is_armed = cw_pmd_arm(&worker->polled[i]->link) && worker->wait.is_armed;
}

/* Under load each frame would interrupt. */
static void disarm(struct cw_worker *worker)
{
	worker->wait.is_told = worker->wait.is_armed = false;
	for (uint32_t i = 0; i < worker->polled_count; i++)
		cw_pmd_disarm(&worker->polled[i]->link);
}

/*
 * Until the next tick, or until a path wants to be looked at; until the next look where NICs are polled, which is sooner the
 * shorter the silence has been.
 */
static uint64_t sleep_us(const struct cw_worker *worker)
{
	uint64_t now = cw_now_us();
	uint64_t next = worker->ticked_us + CW_TICK_US;
	if (worker->paths.next_us < next)
		next = worker->paths.next_us;
	if (worker->spraying.due_us < next)
		next = worker->spraying.due_us;
	uint64_t qos_us = cw_qos_due_us(worker);
	if (qos_us < next)
		next = qos_us;
	uint64_t left = next > now ? next - now : 0;
	uint64_t nap = (now - worker->wait.frame_us) / 8;

	if (worker->polled_count == 0 || worker->wait.is_armed)
		return left;
	nap = nap < NAP_LEAST_US ? NAP_LEAST_US : nap > NAP_MOST_US ? NAP_MOST_US : nap;
	return nap < left ? nap : left;
}

static int sleep_in_epoll(struct cw_worker *worker, struct epoll_event *ready, int most)
{
	struct rte_rcu_qsbr *qsbr = worker->engine->qsbr;
	struct timespec limit = { .tv_nsec = (long)sleep_us(worker) * 1000 };

	/* Asleep the worker holds nothing: whoever publishes need not wait for it. */
	rte_rcu_qsbr_thread_offline(qsbr, 0);
	int n = epoll_pwait2(worker->epoll_fd, ready, most, &limit, NULL);
	rte_rcu_qsbr_thread_online(qsbr, 0);
	return n;
}

int cw_wait_for_work(struct cw_worker *worker, struct epoll_event *ready, int most)
{
	struct cw_wait *wait = &worker->wait;
	bool had_work = wait->frames > 0;
	int n = 0;

	earn(wait, worker->now_us);
	if (had_work) {
		wait->frame_us = worker->now_us;
		wait->heard_us = may_stay_awake(wait) ? worker->now_us : 0;
	}
	wait->frames = wait->bytes = 0;
	if (had_work && wait->is_told)
		disarm(worker);
	/* Where there was work there may be more by now: asked without going offline. */
	if (had_work || wait->heard_us != 0)
		n = epoll_wait(worker->epoll_fd, ready, most, 0);
	if (n == 0 && wait->heard_us != 0) {
		pay(wait, worker->now_us);
	} else if (n == 0 && may_arm(worker)) {
		/* One more look before it sleeps: what came until now was told to nobody. */
		arm(worker);
	} else if (n == 0 && !(had_work && worker->polled_count > 0)) {
		n = sleep_in_epoll(worker, ready, most);
		/* A device tells once. */
		wait->is_armed = wait->is_armed && n == 0;
	}
	rte_rcu_qsbr_quiescent(worker->engine->qsbr, 0);
	return n;
}
