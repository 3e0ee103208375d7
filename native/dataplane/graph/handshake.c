/* See handshake.h. */
#include "graph/handshake.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "crypto/cookie.h"
#include "crypto/mac1.h"
#include "graph/handshake-answer.h"
#include "graph/l3.h"
#include "graph/relay-path.h"
#include "graph/relay.h"
#include "graph/stun.h"
#include "overlay-port.h"
#include "worker.h"

/*
 * What hashing may cost. Known addresses have a share that only who forges them can fill; of the others, those that show
 * a cookie, or anything in its place, and those that do not are apart.
 */
#define HASHES_PER_SECOND 50000
#define HASHES_BURST 5000
/* A source's own, as wire.md says: sources that share a slot of the table share its rate. */
#define SOURCE_PER_SECOND 20
#define SOURCE_BURST 5
#define SOURCE_SLOTS 4096
/* Of all sources together, to the gateway: about twice what it works on, so that it can choose. */
#define PASSED_PER_SECOND 400
#define PASSED_BURST 200
#define COOKIES_PER_SECOND 20000
#define COOKIES_BURST 2000
/* An address from which a peer had a session is worth more than others for so long. */
#define KNOWN_US 600000000u
#define KNOWN_WAYS 2
/* Handshakes of the gateway's own that may still be answered: far more than it begins in that time. */
#define ASKED_US 10000000u
#define ASKED_SLOTS 4096
#define ASKED_WAYS 2
/* The gateway renews them every 120 s; without one nobody takes what they let through. */
#define SECRETS_US 250000000u

/* Size of 0xD4–0xD7, and how much of it mac1 covers (it stands right behind); 0: no mac1. */
static const struct {
	uint16_t size;
	uint16_t covered;
} kinds[] = {
	{ 160, 128 }, /* 0xD4 initiation */
	{ 100, 68 },  /* 0xD5 response */
	{ 64, 0 },    /* 0xD6 cookie */
	{ 40, 0 },    /* 0xD7 challenge */
};

/* How much is believed of a sender: each standing has rates of its own. */
enum standing { PROVEN, KNOWN, STRANGER, NO_MAC, STANDINGS };

struct known {
	uint8_t address[16];
	uint64_t until_us;
};

struct asked {
	uint32_t index; /* as on the wire */
	uint8_t uplink;
	uint64_t until_us;
};

struct cw_handshakes {
	struct cw_cookies *cookies;
	uint64_t renewed_us; /* 0: never */
	uint64_t seed;
	struct cw_bucket hashes[3]; /* with mac2, from known addresses, of others */
	struct cw_bucket cookie_bucket;
	struct cw_bucket passed[STANDINGS];
	struct cw_bucket sources[STANDINGS][SOURCE_SLOTS];
	struct known known[SOURCE_SLOTS][KNOWN_WAYS];
	struct asked asked[ASKED_SLOTS][ASKED_WAYS];
};

struct source {
	uint8_t address[16];
	uint16_t port; /* host order */
};

/* How a handshake came: within `m`, a packet to the overlay port `index`; or by a channel of `relay`. */
struct arrival {
	struct source source;
	uint8_t uplink;
	uint32_t index;
	const struct rte_mbuf *m;
	struct cw_peer *relay;
	uint32_t channel;
};

uint32_t cw_handshake_size(uint8_t type)
{
	return kinds[type - 0xD4u].size;
}

int cw_handshakes_open(struct cw_handshakes **out)
{
	struct cw_handshakes *handshakes = calloc(1, sizeof(*handshakes));

	if (handshakes == NULL)
		return -ENOMEM;
	*out = handshakes;
	if (getrandom(&handshakes->seed, sizeof(handshakes->seed), 0) != sizeof(handshakes->seed))
		return -EIO;
	return cw_cookies_open(&handshakes->cookies);
}

void cw_handshakes_close(struct cw_handshakes *handshakes)
{
	if (handshakes != NULL)
		cw_cookies_close(handshakes->cookies);
	free(handshakes);
}

void cw_handshakes_renew(struct cw_worker *worker, const uint8_t *secrets)
{
	cw_cookies_renew(worker->handshakes->cookies, secrets,
			 (const uint8_t(*)[32])(const void *)(secrets + 32));
	worker->handshakes->renewed_us = worker->now_us;
}

static bool drop(struct cw_worker *worker, enum cw_drop reason)
{
	cw_count_drop(worker, reason);
	return false;
}

static bool has_mac1(struct cw_worker *worker, const uint8_t *d, uint16_t covered)
{
	const struct cw_program *program = worker->view->program;

	for (uint32_t key = 0; key < program->mac1_key_count; key++) {
		if (cw_mac1_ok(worker->mac1, program->mac1_keys[key], d, covered, d + covered))
			return true;
	}
	return false;
}

static struct source source_of(const struct rte_mbuf *m)
{
	const uint8_t *l3 = rte_pktmbuf_mtod_offset(m, const uint8_t *, m->l2_len);
	struct source source = { .address = { [10] = 0xff, [11] = 0xff } };

	if (l3[0] >> 4 == 4)
		memcpy(source.address + 12, l3 + 12, 4);
	else
		memcpy(source.address, l3 + 8, 16);
	source.port = (uint16_t)(l3[m->l3_len] << 8 | l3[m->l3_len + 1]);
	return source;
}

/* One slot for an IPv4 address, an IPv6 /64 or a relay's channel; nobody outside can tell which. */
static uint32_t slot_of(const struct cw_handshakes *handshakes, const struct source *source)
{
	bool is_last = cw_is_v4_mapped(source->address) || cw_address_is_relayed(cw_address_of(source->address));
	uint64_t x;

	memcpy(&x, source->address + (is_last ? 8 : 0), sizeof(x));
	x ^= handshakes->seed;
	x = (x ^ x >> 33) * 0xff51afd7ed558ccdu;
	x = (x ^ x >> 33) * 0xc4ceb9fe1a85ec53u;
	return (x ^ x >> 33) % SOURCE_SLOTS;
}

void cw_handshakes_know(struct cw_worker *worker, const uint8_t address[16])
{
	struct cw_handshakes *h = worker->handshakes;
	struct source source = { .port = 0 };

	memcpy(source.address, address, sizeof(source.address));
	struct known *ways = h->known[slot_of(h, &source)], *known = &ways[0];
	/* Its own place, else that of whoever was not heard of for longest. */
	for (uint32_t i = 0; i < KNOWN_WAYS; i++) {
		if (memcmp(ways[i].address, address, sizeof(ways[i].address)) == 0) {
			known = &ways[i];
			break;
		}
		if (ways[i].until_us < known->until_us)
			known = &ways[i];
	}
	memcpy(known->address, address, sizeof(known->address));
	known->until_us = worker->now_us + KNOWN_US;
}

/* Such an address can be forged as well, but only by who has seen the peer. */
static bool is_known(const struct cw_worker *worker, const struct source *source)
{
	const struct cw_handshakes *h = worker->handshakes;
	const struct known *ways = h->known[slot_of(h, source)];

	for (uint32_t i = 0; i < KNOWN_WAYS; i++) {
		if (ways[i].until_us > worker->now_us &&
		    memcmp(ways[i].address, source->address, sizeof(ways[i].address)) == 0)
			return true;
	}
	return false;
}

/* Where UDP begins in a frame of `length` bytes that is whole in its family; 0: it is no such frame. */
static uint32_t udp_at(const uint8_t *frame, uint32_t length)
{
	const uint8_t *l3 = frame + sizeof(struct cw_ether);

	if (length < sizeof(struct cw_ether) + sizeof(struct cw_ip4) ||
	    !cw_l3_is_sound(l3, length - sizeof(struct cw_ether)))
		return 0;
	if (cw_l3_is_ip6(l3))
		return cw_ip6(l3)->next_header == IPPROTO_UDP ? 14 + sizeof(struct cw_ip6) : 0;
	bool is_udp = cw_ip4(l3)->protocol == IPPROTO_UDP && !cw_ip4_is_fragment(cw_ip4(l3));
	return is_udp ? 14 + cw_ip4_header_len(cw_ip4(l3)) : 0;
}

static void note_asked(struct cw_worker *worker, uint8_t uplink, const uint8_t *d)
{
	uint32_t index;

	memcpy(&index, d + 4, sizeof(index));
	struct asked *ways = worker->handshakes->asked[index % ASKED_SLOTS];
	struct asked *asked = ways[0].until_us <= ways[1].until_us ? &ways[0] : &ways[1];
	*asked = (struct asked){ index, uplink, worker->now_us + ASKED_US };
}

void cw_handshake_note(struct cw_worker *worker, const struct cw_port *port, const struct rte_mbuf *m)
{
	const struct cw_program *program = worker->view->program;
	const uint8_t *frame = rte_pktmbuf_mtod(m, const uint8_t *);
	uint32_t i = 0, at = udp_at(frame, m->data_len);

	if (at == 0 || m->data_len < at + sizeof(struct cw_udp) + 8)
		return;
	while (i < program->port_count && program->ports[i] != port)
		i++;
	const struct cw_udp *udp = (const struct cw_udp *)(frame + at);
	const uint8_t *d = (const uint8_t *)(udp + 1);
	uint32_t kind = d[0] - 0xD4u, length = m->data_len - at - sizeof(*udp);
	if (i == program->port_count || program->port_programs[i].role != CW_ROLE_UPLINK ||
	    !cw_is_overlay_port(&program->port_programs[i], rte_be_to_cpu_16(udp->source)))
		return;
	if (kind > 1)
		cw_stun_note(worker, d, length);
	else if (length == kinds[kind].size)
		note_asked(worker, program->port_programs[i].uplink, d);
}

void cw_handshake_note_relayed(struct cw_worker *worker, const uint8_t *d, uint32_t length)
{
	uint32_t kind = d[0] - 0xD4u;

	if (kind <= 1 && length == kinds[kind].size)
		note_asked(worker, CW_UPLINK_RELAY, d);
}

/* Whether a cookie or a challenge that came in by `uplink` is for a handshake of ours that left by it. */
static bool is_asked(const struct cw_worker *worker, uint8_t uplink, const uint8_t *d)
{
	uint32_t index;

	memcpy(&index, d + 4, sizeof(index));
	const struct asked *ways = worker->handshakes->asked[index % ASKED_SLOTS];
	for (uint32_t i = 0; i < ASKED_WAYS; i++) {
		if (ways[i].until_us > worker->now_us && ways[i].index == index && ways[i].uplink == uplink)
			return true;
	}
	return false;
}

static bool has_mac2(const uint8_t *d, uint32_t length)
{
	static const uint8_t none[16];

	return memcmp(d + length - 16, none, 16) != 0;
}

/* Above its rate: who has no cookie is asked for one, who shows one has to wait. */
static bool refuse(struct cw_worker *worker, const struct arrival *by, const uint8_t *d, uint32_t length,
		   enum cw_drop reason)
{
	const struct source *source = &by->source;
	struct cw_handshakes *h = worker->handshakes;
	bool is_fresh = h->renewed_us != 0 && worker->now_us - h->renewed_us < SECRETS_US;
	uint8_t cookie[CW_COOKIE_MESSAGE_BYTES];

	if (!is_fresh ||
	    !cw_bucket_take(&h->cookie_bucket, worker->now_us, COOKIES_PER_SECOND, COOKIES_BURST) ||
	    !cw_cookie_answer(h->cookies, worker->mac1, source->address, source->port, d, length,
			      cookie))
		return drop(worker, reason);
	if (by->relay != NULL && cw_relay_tell(worker, by->relay, by->channel, cookie, sizeof(cookie)) != 0)
		return drop(worker, reason);
	if (by->relay == NULL)
		cw_handshake_send_back(worker, by->index, by->m, cookie);
	return drop(worker, CW_DROP_HANDSHAKE_COOKIE);
}

static bool is_due(struct cw_worker *worker, const struct arrival *by, const uint8_t *d, uint32_t length)
{
	struct cw_handshakes *h = worker->handshakes;
	const struct source *source = &by->source;
	uint32_t kind = d[0] - 0xD4u;
	enum standing standing = NO_MAC;

	if (kinds[kind].covered == 0 && !is_asked(worker, by->uplink, d))
		return drop(worker, CW_DROP_HANDSHAKE_UNASKED);
	if (kinds[kind].covered != 0) {
		bool shows = has_mac2(d, length);
		bool knows = is_known(worker, source);
		struct cw_bucket *hashes = &h->hashes[knows ? 1 : shows ? 0 : 2];
		if (!cw_bucket_take(hashes, worker->now_us, HASHES_PER_SECOND, HASHES_BURST))
			return drop(worker, CW_DROP_HANDSHAKE_RATE);
		if (!has_mac1(worker, d, kinds[kind].covered))
			return drop(worker, CW_DROP_HANDSHAKE_MAC1);
		bool is_proven = shows && h->renewed_us != 0 &&
				 cw_cookie_is_shown(h->cookies, worker->mac1, source->address,
						    source->port, d, length);
		standing = is_proven ? PROVEN : knows ? KNOWN : STRANGER;
	}
	struct cw_bucket *own = &h->sources[standing][slot_of(h, source)];
	enum cw_drop reason = CW_DROP_COUNT;
	if (!cw_bucket_take(own, worker->now_us, SOURCE_PER_SECOND, SOURCE_BURST))
		reason = CW_DROP_HANDSHAKE_SOURCE;
	else if (!cw_bucket_take(&h->passed[standing], worker->now_us, PASSED_PER_SECOND,
				 PASSED_BURST))
		reason = CW_DROP_HANDSHAKE_RATE;
	if (reason == CW_DROP_COUNT)
		return true;
	if (standing == STRANGER || standing == KNOWN)
		return refuse(worker, by, d, length, reason);
	return drop(worker, reason);
}

bool cw_handshake_is_due(struct cw_worker *worker, uint32_t index, const struct rte_mbuf *m,
			 const uint8_t *d, uint32_t length)
{
	if (length != kinds[d[0] - 0xD4u].size)
		return drop(worker, CW_DROP_HANDSHAKE_SIZE);
	const struct arrival by = { .source = source_of(m),
				    .uplink = worker->view->program->port_programs[index].uplink,
				    .index = index,
				    .m = m };
	return is_due(worker, &by, d, length);
}

bool cw_handshake_is_due_relayed(struct cw_worker *worker, struct cw_peer *relay, uint32_t channel, const uint8_t *d,
				 uint32_t length)
{
	struct cw_way way = cw_relay_way(relay, channel);
	struct arrival by = { .uplink = CW_UPLINK_RELAY, .relay = relay, .channel = channel };

	if (length != kinds[d[0] - 0xD4u].size)
		return drop(worker, CW_DROP_HANDSHAKE_SIZE);
	memcpy(by.source.address, &way.remote, sizeof(by.source.address));
	return is_due(worker, &by, d, length);
}
