/* See overlay_traffic.h. */
#include "overlay_traffic.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>

#include "check.h"
#include "graph/graph.h"
#include "graph/handshake.h"
#include "packet.h"

struct cw_bench bench;
static uint32_t next_counter = 1;
uint32_t sender = CW_BENCH_FAR_WAN;
bool is_over_v6;
uint8_t cw_test_frame[CW_BENCH_FRAME_MAX];

void cw_test_make_frame(const uint8_t *payload, uint32_t length)
{
	uint8_t *frame = cw_test_frame;

	cw_bench_ether(&bench, CW_BENCH_UPLINK, frame);
	if (is_over_v6) {
		packet_put16(frame + 12, 0x86dd);
		packet_ip6(OUTER, 40, PACKET_UDP, sender, CW_BENCH_WAN);
	} else {
		packet_ip(OUTER, 20, PACKET_UDP, sender, CW_BENCH_WAN);
	}
	packet_put16(frame + HEADERS - 8, CW_BENCH_PORT + 1);
	packet_put16(frame + HEADERS - 6, CW_BENCH_PORT);
	memcpy(frame + HEADERS, payload, length);
	packet_finish(OUTER, HEADERS - 14 + length);
}

void cw_test_give_frame(const struct cw_vnet_hdr *vnet, uint32_t length)
{
	cw_bench_give(&bench, CW_BENCH_UPLINK, vnet, cw_test_frame, length);
	cw_bench_flush(&bench);
}

void cw_test_receive_to(const uint8_t *payload, uint32_t length, uint32_t step, uint16_t port)
{
	struct cw_vnet_hdr vnet = { 0 };

	cw_test_make_frame(payload, length);
	packet_put16(cw_test_frame + HEADERS - 6, port);
	packet_finish(OUTER, HEADERS - 14 + length);
	if (step > 0)
		vnet = (struct cw_vnet_hdr){ CW_VNET_NEEDS_CSUM, CW_VNET_GSO_UDP_L4,
					     (uint16_t)HEADERS, (uint16_t)step,
					     (uint16_t)(HEADERS - 8), 6 };
	cw_test_give_frame(&vnet, HEADERS + length);
}

void cw_test_leave(const struct datagram *d)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(bench.worker->engine->pools.small);

	cw_test_make_frame(d->bytes, d->length);
	packet_put16(cw_test_frame + HEADERS - 8, CW_BENCH_PORT);
	packet_put16(cw_test_frame + HEADERS - 6, CW_BENCH_PORT + 1);
	packet_finish(OUTER, HEADERS - 14 + d->length);
	m->data_len = m->pkt_len = (uint16_t)(HEADERS + d->length);
	memcpy(rte_pktmbuf_mtod(m, void *), cw_test_frame, m->data_len);
	cw_handshake_note(bench.worker, bench.ports[CW_BENCH_UPLINK_PORT], m);
	rte_pktmbuf_free(m);
}

void cw_test_ask(const struct datagram *answer, uint8_t type, uint32_t length)
{
	struct datagram d = cw_test_random_datagram(type, length);

	memcpy(d.bytes + 4, answer->bytes + 4, 4);
	cw_test_leave(&d);
}

void cw_test_receive(const struct datagram *d)
{
	cw_test_receive_to(d->bytes, d->length, 0, CW_BENCH_PORT);
}

bool cw_test_went_up(const struct datagram *d)
{
	static uint8_t frame[CW_BENCH_FRAME_MAX];
	struct cw_vnet_hdr vnet;
	uint32_t length = cw_bench_take(&bench, CW_BENCH_UPLINK_TWIN, &vnet, frame);

	return length == HEADERS + d->length && vnet.gso_type == 0 &&
	       packet_is_right(frame + 14, length - 14) &&
	       packet_u16(frame + HEADERS - 6) == CW_BENCH_PORT &&
	       memcmp(frame + HEADERS, d->bytes, d->length) == 0;
}

struct datagram cw_test_sealed(uint32_t bytes)
{
	uint8_t plain[DATAGRAM_MAX] = { 0, 0, 8, 0, 0, 0, CW_BENCH_VNI, 0 };
	struct datagram d;

	packet_ip(plain + 8, 20, PACKET_UDP, CW_BENCH_FAR, CW_BENCH_HOST);
	packet_finish(plain + 8, 28 + bytes);
	d.length = cw_bench_seal(&bench, 0xD1, next_counter++, plain, 36 + bytes, d.bytes);
	return d;
}

struct datagram cw_test_random_datagram(uint8_t type, uint32_t length)
{
	struct datagram d = { .length = length };

	check_fill(d.bytes, length);
	memset(d.bytes, 0, length < 4 ? length : 4);
	if (length > 0)
		d.bytes[0] = type;
	return d;
}

void cw_test_mac(const uint8_t *key, size_t key_len, const uint8_t *data, size_t length, uint8_t *out)
{
	size_t size = 16, done = 0;
	OSSL_PARAM params[2] = { OSSL_PARAM_construct_size_t(OSSL_MAC_PARAM_SIZE, &size),
				 OSSL_PARAM_construct_end() };
	EVP_MAC *algorithm = EVP_MAC_fetch(NULL, "BLAKE2SMAC", NULL);
	EVP_MAC_CTX *context = EVP_MAC_CTX_new(algorithm);

	CHECK(EVP_MAC_init(context, key, key_len, params) == 1);
	CHECK(EVP_MAC_update(context, data, length) == 1);
	CHECK(EVP_MAC_final(context, out, &done, 16) == 1 && done == 16);
	EVP_MAC_CTX_free(context);
	EVP_MAC_free(algorithm);
}

struct datagram cw_test_handshake(uint8_t type, uint32_t length, uint32_t covered, uint8_t key)
{
	struct datagram d = cw_test_random_datagram(type, length);
	uint8_t secret[32];

	memset(secret, key, sizeof(secret));
	cw_test_mac(secret, sizeof(secret), d.bytes, covered, d.bytes + covered);
	return d;
}

struct datagram cw_test_stun(uint32_t length)
{
	struct datagram d = cw_test_random_datagram(0, length);

	d.bytes[1] = 1;
	packet_put16(d.bytes + 2, length - 20);
	packet_put32(d.bytes + 4, 0x2112A442);
	return d;
}

