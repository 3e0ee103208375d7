/*
 * Floods an overlay port as fast as the machine can, for acceptance: initiations whose mac1 holds from forged addresses
 * or from one, junk of every first byte, and recorded datagrams again. IPv4, by a raw socket.
 *   flood ADDRESS PORT MAC1_KEY_HEX KINDS COUNT SECONDS PPS [RECORDING]
 * KINDS is a string of s (spread), o (one source), j (junk) and r (replay), sent in turn; whatever of COUNT and SECONDS
 * is over first ends it (COUNT 0: no end); PPS 0 is as fast as it goes. A recording is {address 4, port u16, length u16, bytes}, again and again, in
 * network order. Prints {"event":"flooded","sent","refused","ms"}.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define POOL 4096
#define BATCH 64
#define HEADERS 28
#define INITIATION 160
#define RECORDING_MAX (8u << 20)
#define FRAME_MAX 1500

struct datagram {
	const uint8_t *bytes;
	uint32_t length;
	uint32_t source; /* network order */
	uint16_t port;   /* network order */
};

static uint8_t initiations[POOL][INITIATION], junk[FRAME_MAX];
static struct datagram recorded[POOL];
static uint32_t recorded_count;
static uint64_t state;
static volatile sig_atomic_t is_stopped;

static void stop(int signal)
{
	(void)signal;
	is_stopped = 1;
}

static uint32_t random32(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)(state >> 16);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void fail(const char *why)
{
	perror(why);
	exit(1);
}

/* 0xD4 of random bytes, but for its type and mac1. */
static void make_initiations(const uint8_t key[32])
{
	size_t size = 16, done;
	OSSL_PARAM params[2] = { OSSL_PARAM_construct_size_t(OSSL_MAC_PARAM_SIZE, &size),
				 OSSL_PARAM_construct_end() };
	EVP_MAC_CTX *context = EVP_MAC_CTX_new(EVP_MAC_fetch(NULL, "BLAKE2SMAC", NULL));

	for (uint32_t i = 0; i < POOL; i++) {
		uint8_t *d = initiations[i];
		for (uint32_t at = 4; at < 128; at += 4)
			memcpy(d + at, &(uint32_t){ random32() }, 4);
		d[0] = 0xD4;
		if (EVP_MAC_init(context, key, 32, params) != 1 ||
		    EVP_MAC_update(context, d, 128) != 1 ||
		    EVP_MAC_final(context, d + 128, &done, 16) != 1)
			fail("mac1");
	}
}

static void read_recording(const char *path)
{
	static uint8_t bytes[RECORDING_MAX];
	FILE *file = fopen(path, "rb");

	if (file == NULL)
		fail(path);
	size_t length = fread(bytes, 1, sizeof(bytes), file);
	fclose(file);
	for (size_t at = 0; at + 8 <= length && recorded_count < POOL; recorded_count++) {
		struct datagram *d = &recorded[recorded_count];
		memcpy(&d->source, bytes + at, 4);
		memcpy(&d->port, bytes + at + 4, 2);
		d->length = (uint32_t)bytes[at + 6] << 8 | bytes[at + 7];
		d->bytes = bytes + at + 8;
		at += 8 + d->length;
		if (at > length || d->length > FRAME_MAX - HEADERS)
			fail("recording");
	}
}

static struct datagram next_of(char kind)
{
	uint32_t any = random32();
	struct datagram d = { initiations[any % POOL], INITIATION, 0, htons((uint16_t)(1024 + any % 60000)) };

	switch (kind) {
	case 's': /* 11.0.0.0/8 */
		d.source = htonl(0x0b000000 | random32() >> 8);
		return d;
	case 'o':
		d.source = htonl(0x0b010203);
		return d;
	case 'r':
		if (recorded_count > 0)
			return recorded[any % recorded_count];
		return d;
	default:
		d.source = htonl(0x0b000000 | random32() >> 8);
		d.length = 1 + random32() % 300;
		d.bytes = junk + random32() % 1000;
		return d;
	}
}

static uint32_t build(uint8_t *packet, struct datagram d, char kind, const struct sockaddr_in *to)
{
	struct iphdr ip = { .version = 4, .ihl = 5, .ttl = 64, .protocol = IPPROTO_UDP,
			    .saddr = d.source, .daddr = to->sin_addr.s_addr };
	uint16_t udp[4] = { d.port, to->sin_port, htons((uint16_t)(8 + d.length)), 0 };

	ip.tot_len = htons((uint16_t)(HEADERS + d.length));
	memcpy(packet, &ip, sizeof(ip));
	memcpy(packet + sizeof(ip), udp, sizeof(udp));
	memcpy(packet + HEADERS, d.bytes, d.length);
	/* Every first byte; a quarter in the sizes of handshakes. */
	if (kind == 'j') {
		static const uint32_t sizes[4] = { 160, 100, 64, 40 };
		packet[HEADERS] = (uint8_t)random32();
		if (packet[HEADERS] >= 0xD4 && packet[HEADERS] <= 0xD7 && d.length >= 160)
			return build(packet, (struct datagram){ d.bytes, sizes[packet[HEADERS] - 0xD4],
								d.source, d.port }, 'x', to);
	}
	return HEADERS + d.length;
}

int main(int argc, char **argv)
{
	static uint8_t packets[BATCH][FRAME_MAX];
	static struct mmsghdr messages[BATCH];
	static struct iovec vectors[BATCH];
	struct sockaddr_in to = { .sin_family = AF_INET };
	uint64_t sent = 0, refused = 0, turn = 0;
	uint8_t key[32];

	if (argc < 8 || strlen(argv[3]) != 64 || inet_pton(AF_INET, argv[1], &to.sin_addr) != 1)
		return 2;
	to.sin_port = htons((uint16_t)atoi(argv[2]));
	for (uint32_t i = 0; i < 32; i++) {
		unsigned int byte;
		if (sscanf(argv[3] + 2 * i, "%2x", &byte) != 1)
			return 2;
		key[i] = (uint8_t)byte;
	}
	const char *kinds = argv[4];
	uint64_t count = strtoull(argv[5], NULL, 10);
	double seconds = atof(argv[6]), pps = atof(argv[7]), start;
	if (getrandom(&state, sizeof(state), 0) != sizeof(state) ||
	    getrandom(junk, sizeof(junk), 0) != sizeof(junk))
		fail("getrandom");
	state |= 1;
	make_initiations(key);
	if (argc > 8)
		read_recording(argv[8]);
	int fd = socket(AF_INET, SOCK_RAW, IPPROTO_RAW);
	if (fd < 0)
		fail("socket");
	printf("{\"event\":\"flooding\"}\n");
	fflush(stdout);
	start = now();
	signal(SIGTERM, stop);
	while (!is_stopped && (count == 0 || sent < count) && now() - start < seconds) {
		for (uint32_t i = 0; i < BATCH; i++) {
			char kind = kinds[turn++ % strlen(kinds)];
			vectors[i] = (struct iovec){ packets[i], build(packets[i], next_of(kind), kind, &to) };
			messages[i].msg_hdr = (struct msghdr){ .msg_name = &to, .msg_namelen = sizeof(to),
							       .msg_iov = &vectors[i], .msg_iovlen = 1 };
		}
		int n = sendmmsg(fd, messages, BATCH, 0);
		sent += n > 0 ? (uint64_t)n : 0;
		refused += (uint64_t)(BATCH - (n > 0 ? n : 0));
		while (pps > 0 && (double)sent > (now() - start) * pps)
			usleep(500);
	}
	printf("{\"event\":\"flooded\",\"sent\":%llu,\"refused\":%llu,\"ms\":%.0f}\n",
	       (unsigned long long)sent, (unsigned long long)refused, (now() - start) * 1000);
	return 0;
}
