/*
 * Evenly paced UDP flows and their other end, to measure gaps: each datagram says its flow, its number there and when
 * it was sent; each arrival is noted with the kernel's time of it. All times are CLOCK_MONOTONIC's ns, as everywhere
 * on one machine.
 *   pace send ADDRESS PORT PPS FLOWS BYTES COUNT [DSCP [SOURCE]]
 *     PPS and COUNT (0: no end) are of each flow, which is a socket of its own. Ends after COUNT or with its stdin; says
 *     {"event":"sending","ports":[…]}, and at last {"event":"sent","sent","refused","beganNs","endedNs"}: `sent` of each.
 *   pace receive PORT RECORDS FILE
 *     Says {"event":"listening"}, at the first datagram of a flow {"event":"heard","flow","atNs"}, and for each line on
 *     stdin, a number, once FILE has the records of up to then, {"event":"received","id","records","foreign","full",
 *     "missed"}. A record is flow, number, sent and arrived, of 64 bits each, as the machine has them.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netdb.h>
#include <poll.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MARK 0x70616365u
#define FLOWS_MAX 64u
#define BYTES_MAX 1472u
#define RECORDS_MAX 100000000ull
#define BATCH 64u
#define NS_PER_S 1000000000ull
#define BUFFER_BYTES (16 << 20)

struct payload {
	uint32_t mark;
	uint32_t flow;
	uint64_t number;
	uint64_t sent_ns;
};

struct record {
	uint64_t flow, number, sent_ns, arrived_ns;
};

static uint64_t ns_of(struct timespec t)
{
	return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return ns_of(t);
}

static int fail(const char *what)
{
	perror(what);
	return 1;
}

static void set(int fd, int level, int option, int value)
{
	if (setsockopt(fd, level, option, &value, sizeof(value)) != 0)
		exit(fail("setsockopt"));
}

/* What is measured is the way, not who was scheduled first. */
static void hurry(void)
{
	sched_setscheduler(0, SCHED_RR, &(struct sched_param){ .sched_priority = 1 });
	prctl(PR_SET_TIMERSLACK, 1);
}

static bool resolve(const char *address, const char *port, struct sockaddr_storage *to, socklen_t *length)
{
	struct addrinfo hints = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
				  .ai_socktype = SOCK_DGRAM }, *found;

	if (getaddrinfo(address, port, &hints, &found) != 0)
		return false;
	memcpy(to, found->ai_addr, found->ai_addrlen);
	*length = found->ai_addrlen;
	freeaddrinfo(found);
	return true;
}

/* @returns its socket, not connected: so what the way says of earlier datagrams keeps none from leaving */
static int open_flow(const struct sockaddr_storage *to, const char *source, int dscp, uint16_t *port)
{
	struct sockaddr_storage own = { .ss_family = to->ss_family };
	socklen_t length = to->ss_family == AF_INET ? sizeof(struct sockaddr_in) :
						      sizeof(struct sockaddr_in6);
	int fd = socket(to->ss_family, SOCK_DGRAM, 0);

	if (source != NULL && !resolve(source, "0", &own, &length))
		exit(fail(source));
	if (fd < 0 || bind(fd, (struct sockaddr *)&own, length) != 0 ||
	    getsockname(fd, (struct sockaddr *)&own, &length) != 0)
		exit(fail("socket"));
	if (to->ss_family == AF_INET)
		set(fd, IPPROTO_IP, IP_TOS, dscp << 2);
	else
		set(fd, IPPROTO_IPV6, IPV6_TCLASS, dscp << 2);
	*port = ntohs(((struct sockaddr_in *)&own)->sin_port);
	return fd;
}

/* Waits until then, or for the end of stdin. @returns false at its end */
static bool wait_until(uint64_t at_ns)
{
	struct pollfd end = { STDIN_FILENO, POLLIN, 0 };

	for (uint64_t now_ns; (now_ns = clock_ns(CLOCK_MONOTONIC)) < at_ns;) {
		struct timespec wait = { (time_t)((at_ns - now_ns) / NS_PER_S),
					 (long)((at_ns - now_ns) % NS_PER_S) };
		if (ppoll(&end, 1, &wait, NULL) > 0)
			return false;
	}
	return true;
}

static int send_flows(char **argv, int count)
{
	static uint8_t bytes[BYTES_MAX];
	struct payload *payload = (struct payload *)bytes;
	uint64_t sent[FLOWS_MAX] = { 0 }, refused = 0, ended_ns = 0;
	struct sockaddr_storage to = { 0 };
	int fds[FLOWS_MAX];
	socklen_t to_length;
	uint16_t port;

	uint64_t pps = strtoull(argv[2], NULL, 10), flows = strtoull(argv[3], NULL, 10);
	uint64_t length = strtoull(argv[4], NULL, 10), most = strtoull(argv[5], NULL, 10);
	if (!resolve(argv[0], argv[1], &to, &to_length) || flows == 0 || flows > FLOWS_MAX ||
	    pps == 0 || length < sizeof(*payload) || length > BYTES_MAX)
		return 2;
	printf("{\"event\":\"sending\",\"ports\":[");
	for (uint64_t i = 0; i < flows; i++) {
		fds[i] = open_flow(&to, count > 7 ? argv[7] : NULL, count > 6 ? atoi(argv[6]) : 0, &port);
		printf("%s%u", i > 0 ? "," : "", port);
	}
	printf("]}\n");
	fflush(stdout);
	hurry();
	payload->mark = MARK;
	uint64_t began_ns = clock_ns(CLOCK_MONOTONIC);
	for (uint64_t i = 0; most == 0 || i < most * flows; i++) {
		if (!wait_until(began_ns + i * NS_PER_S / (pps * flows)))
			break;
		payload->flow = (uint32_t)(i % flows);
		payload->number = i / flows;
		payload->sent_ns = ended_ns = clock_ns(CLOCK_MONOTONIC);
		if (sendto(fds[payload->flow], bytes, length, MSG_DONTWAIT, (struct sockaddr *)&to,
			   to_length) < 0)
			refused++;
		sent[payload->flow]++;
	}
	printf("{\"event\":\"sent\",\"refused\":%" PRIu64 ",\"beganNs\":%" PRIu64 ",\"endedNs\":%" PRIu64
	       ",\"sent\":[", refused, began_ns, ended_ns);
	for (uint64_t i = 0; i < flows; i++)
		printf("%s%" PRIu64, i > 0 ? "," : "", sent[i]);
	printf("]}\n");
	return 0;
}

struct receiver {
	int fd;
	struct record *records;
	uint64_t most, count, written;
	uint64_t foreign, full, missed;
	bool is_heard[FLOWS_MAX];
	FILE *file;
};

static void note(struct receiver *r, const uint8_t *bytes, uint32_t length, uint64_t arrived_ns)
{
	struct payload payload;

	memcpy(&payload, bytes, sizeof(payload));
	if (length < sizeof(payload) || payload.mark != MARK || payload.flow >= FLOWS_MAX) {
		r->foreign++;
		return;
	}
	if (!r->is_heard[payload.flow]) {
		r->is_heard[payload.flow] = true;
		printf("{\"event\":\"heard\",\"flow\":%u,\"atNs\":%" PRIu64 "}\n", payload.flow, arrived_ns);
		fflush(stdout);
	}
	if (r->count == r->most) {
		r->full++;
		return;
	}
	r->records[r->count++] =
		(struct record){ payload.flow, payload.number, payload.sent_ns, arrived_ns };
}

/* The kernel's stamp, in our clock; the socket's losses beside. */
static uint64_t arrival(struct receiver *r, struct msghdr *head, uint64_t now_ns, uint64_t offset_ns)
{
	uint64_t at_ns = now_ns;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(head); c != NULL; c = CMSG_NXTHDR(head, c)) {
		struct timespec stamp;
		uint32_t missed;
		if (c->cmsg_level != SOL_SOCKET)
			continue;
		if (c->cmsg_type == SCM_TIMESTAMPNS) {
			memcpy(&stamp, CMSG_DATA(c), sizeof(stamp));
			uint64_t then_ns = ns_of(stamp) - offset_ns;
			if (then_ns <= now_ns && now_ns - then_ns < NS_PER_S)
				at_ns = then_ns;
		} else if (c->cmsg_type == SO_RXQ_OVFL) {
			memcpy(&missed, CMSG_DATA(c), sizeof(missed));
			r->missed = missed;
		}
	}
	return at_ns;
}

static void receive(struct receiver *r)
{
	static _Alignas(struct cmsghdr) uint8_t controls[BATCH][128];
	static uint8_t bytes[BATCH][BYTES_MAX];
	static struct mmsghdr messages[BATCH];
	static struct iovec vectors[BATCH];
	int count = BATCH;

	while (count == BATCH) {
		for (uint32_t i = 0; i < BATCH; i++) {
			vectors[i] = (struct iovec){ bytes[i], BYTES_MAX };
			messages[i].msg_hdr = (struct msghdr){ .msg_iov = &vectors[i], .msg_iovlen = 1,
							       .msg_control = controls[i],
							       .msg_controllen = sizeof(controls[i]) };
		}
		count = recvmmsg(r->fd, messages, BATCH, MSG_DONTWAIT, NULL);
		/* Who is kept waiting between the two takes an arrival for later, never for earlier than it was. */
		uint64_t real_ns = clock_ns(CLOCK_REALTIME), now_ns = clock_ns(CLOCK_MONOTONIC);
		for (int i = 0; i < count; i++)
			note(r, bytes[i], messages[i].msg_len,
			     arrival(r, &messages[i].msg_hdr, now_ns, real_ns - now_ns));
	}
}

static bool report(struct receiver *r, uint64_t id)
{
	uint64_t left = r->count - r->written;

	if (fwrite(r->records + r->written, sizeof(struct record), left, r->file) != left ||
	    fflush(r->file) != 0)
		return false;
	r->written = r->count;
	printf("{\"event\":\"received\",\"id\":%" PRIu64 ",\"records\":%" PRIu64 ",\"foreign\":%" PRIu64
	       ",\"full\":%" PRIu64 ",\"missed\":%" PRIu64 "}\n",
	       id, r->count, r->foreign, r->full, r->missed);
	return fflush(stdout) == 0;
}

static int receive_flows(char **argv)
{
	struct sockaddr_in6 own = { .sin6_family = AF_INET6,
				    .sin6_port = htons((uint16_t)atoi(argv[0])) };
	struct receiver r = { .fd = socket(AF_INET6, SOCK_DGRAM, 0),
			      .most = strtoull(argv[1], NULL, 10), .file = fopen(argv[2], "wb") };
	char word[64];

	if (r.most == 0 || r.most > RECORDS_MAX)
		return 2;
	if (r.file == NULL || r.fd < 0)
		return fail(argv[2]);
	r.records = mmap(NULL, r.most * sizeof(struct record), PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	set(r.fd, IPPROTO_IPV6, IPV6_V6ONLY, 0);
	set(r.fd, SOL_SOCKET, SO_TIMESTAMPNS, 1);
	set(r.fd, SOL_SOCKET, SO_RXQ_OVFL, 1);
	set(r.fd, SOL_SOCKET, SO_RCVBUFFORCE, BUFFER_BYTES);
	if (r.records == MAP_FAILED || bind(r.fd, (struct sockaddr *)&own, sizeof(own)) != 0)
		return fail("bind");
	hurry();
	printf("{\"event\":\"listening\"}\n");
	fflush(stdout);
	for (;;) {
		struct pollfd fds[2] = { { r.fd, POLLIN, 0 }, { STDIN_FILENO, POLLIN, 0 } };
		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			return fail("poll");
		receive(&r);
		if (fds[1].revents == 0)
			continue;
		ssize_t got = read(STDIN_FILENO, word, sizeof(word) - 1);
		if (got <= 0)
			return 0;
		word[got] = 0;
		if (!report(&r, strtoull(word, NULL, 10)))
			return fail("report");
	}
}

int main(int argc, char **argv)
{
	if (argc >= 8 && argc <= 10 && strcmp(argv[1], "send") == 0)
		return send_flows(argv + 2, argc - 2);
	if (argc == 5 && strcmp(argv[1], "receive") == 0)
		return receive_flows(argv + 2);
	fprintf(stderr, "pace send ADDRESS PORT PPS FLOWS BYTES COUNT [DSCP [SOURCE]]\n"
			"pace receive PORT RECORDS FILE\n");
	return 2;
}
