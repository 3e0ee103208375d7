/*
 * What goes into a bench and what is heard of it: frames as the kernel hands them over, sealed
 * datagrams as the far end makes and reads them, counted drops. See graph_bench.h.
 */
#include <string.h>
#include <unistd.h>

#include "graph/graph.h"
#include "graph/ip4.h"
#include "graph/path.h"
#include "graph_bench.h"
#include "packet.h"

#define DROPS_TEXT 1024
#define ETHER 14
#define OUTER_IP4_UDP 28
#define OUTER_IP6_UDP 48

struct rte_mbuf *cw_bench_mbuf(struct cw_bench *bench, const void *frame, uint32_t length,
			       uint16_t l2_len)
{
	const struct cw_pools *pools = &bench->engine->pools;
	struct rte_mbuf *m =
		rte_pktmbuf_alloc(length <= CW_SMALL_DATA ? pools->small : pools->large);

	if (m == NULL || length > rte_pktmbuf_tailroom(m))
		abort();
	memcpy(rte_pktmbuf_mtod(m, void *), frame, length);
	m->data_len = (uint16_t)length;
	m->pkt_len = length;
	m->l2_len = l2_len;
	return m;
}

static void serve(struct cw_bench *bench, enum cw_bench_link which, struct rte_mbuf *m)
{
	switch (which) {
	case CW_BENCH_LAN:
		cw_receive(bench->worker, bench->ports[CW_BENCH_LAN_PORT]->nic, m);
		break;
	case CW_BENCH_UPLINK:
		cw_receive(bench->worker, bench->ports[CW_BENCH_UPLINK_PORT]->nic, m);
		break;
	case CW_BENCH_SEGMENT:
		cw_classify_segment(bench->worker, 0, m);
		break;
	case CW_BENCH_LAN_TWIN:
		cw_pass_out(bench->worker, bench->ports[CW_BENCH_LAN_PORT], m);
		break;
	default:
		cw_pass_out(bench->worker, bench->ports[CW_BENCH_UPLINK_PORT], m);
		break;
	}
}

void cw_bench_give(struct cw_bench *bench, enum cw_bench_link link, const struct cw_vnet_hdr *vnet,
		   const void *frame, uint32_t length)
{
	uint8_t whole[sizeof(*vnet) + CW_BENCH_FRAME_MAX];
	struct rte_mbuf *m;

	memcpy(whole, vnet, sizeof(*vnet));
	memcpy(whole + sizeof(*vnet), frame, length);
	ssize_t n = write(bench->ends[link], whole, sizeof(*vnet) + length);
	if (n != (ssize_t)(sizeof(*vnet) + length))
		abort();
	if (cw_link_rx(bench->links[link], &bench->engine->pools, &m, 1) == 1)
		serve(bench, link, m);
}

void cw_bench_flush(struct cw_bench *bench)
{
	cw_merge_flush(bench->worker);
	cw_seal_flush(bench->worker);
}

uint32_t cw_bench_take(struct cw_bench *bench, enum cw_bench_link link, struct cw_vnet_hdr *vnet,
		       uint8_t *frame)
{
	uint8_t whole[sizeof(*vnet) + CW_BENCH_FRAME_MAX];
	ssize_t n = read(bench->ends[link], whole, sizeof(whole));

	if (n <= (ssize_t)sizeof(*vnet))
		return 0;
	memcpy(vnet, whole, sizeof(*vnet));
	memcpy(frame, whole + sizeof(*vnet), (size_t)n - sizeof(*vnet));
	return (uint32_t)n - sizeof(*vnet);
}

uint32_t cw_bench_drain(struct cw_bench *bench, enum cw_bench_link link)
{
	static uint8_t frame[CW_BENCH_FRAME_MAX];
	struct cw_vnet_hdr vnet;
	uint32_t count = 0;

	while (cw_bench_take(bench, link, &vnet, frame) > 0)
		count++;
	return count;
}

void cw_bench_look(struct cw_bench *bench, uint32_t us)
{
	bench->worker->now_us += us;
	cw_path_due(bench->worker, bench->far);
	cw_path_look(bench->worker);
	cw_bench_flush(bench);
	cw_bench_drain(bench, CW_BENCH_UPLINK);
}

void cw_bench_ether(struct cw_bench *bench, enum cw_bench_link link, uint8_t *frame)
{
	const struct cw_port *port = bench->ports[link == CW_BENCH_LAN ? 0 : 1];

	memcpy(frame, port->mac, 6);
	memcpy(frame + 6, (const uint8_t[]){ 6, 0, 0, 0, 0, 0, 0x08, 0x00 }, 8);
}

/*
 * wire.md: nonce = iv XOR (type u8 ‖ 0 u8 ‖ lane u16 ‖ 0 u32 ‖ counter u32); here the lane is 0 or
 * the frame's own.
 */
static void nonce_of(uint8_t nonce[12], uint8_t iv, const uint8_t *datagram)
{
	memset(nonce, iv, 12);
	nonce[0] ^= datagram[0];
	nonce[2] ^= datagram[2];
	nonce[3] ^= datagram[3];
	for (uint32_t i = 0; i < 4; i++)
		nonce[8 + i] ^= datagram[12 + i];
}

uint32_t cw_bench_seal(struct cw_bench *bench, uint8_t type, uint32_t counter, const void *plain,
		       uint32_t plain_len, uint8_t *datagram)
{
	uint8_t nonce[12];

	memset(datagram, 0, 16);
	datagram[0] = type;
	packet_put32(datagram + 4, 0x11111111);
	packet_put32(datagram + 12, counter);
	memcpy(datagram + 16, plain, plain_len);
	nonce_of(nonce, 0x0b, datagram);
	if (cw_aead_seal(bench->worker->aead, &bench->far_seal, nonce, datagram, 16, datagram + 16,
			 plain_len) != 0)
		abort();
	return plain_len + 32;
}

/* The next datagram of the train at hand, or of the next frame that leaves by the uplink. */
static uint8_t *next_datagram(struct cw_bench *bench, uint32_t *length)
{
	struct cw_vnet_hdr vnet;

	if (bench->at == bench->length) {
		bench->length = cw_bench_take(bench, CW_BENCH_UPLINK, &vnet, bench->frame);
		uint32_t headers = ETHER + (bench->frame[ETHER] >> 4 == 6 ? OUTER_IP6_UDP : OUTER_IP4_UDP);
		if (bench->length <= headers) {
			bench->at = bench->length = 0;
			return NULL;
		}
		bench->at = headers;
		bench->step = vnet.gso_type != 0 ? vnet.gso_size : bench->length - headers;
	}
	uint8_t *datagram = bench->frame + bench->at;
	uint32_t left = bench->length - bench->at;
	*length = left < bench->step ? left : bench->step;
	bench->at += *length;
	return datagram;
}

uint32_t cw_bench_unseal(struct cw_bench *bench, uint8_t *datagram, uint32_t length, uint8_t *type,
			 uint8_t *plain)
{
	uint8_t nonce[12];

	if (length < 33 || packet_u32(datagram + 4) != 0x22222222)
		abort();
	nonce_of(nonce, 0x5e, datagram);
	if (cw_aead_open(bench->worker->aead, &bench->far_open, nonce, datagram, 16, datagram + 16,
			 length - 16) != 0)
		abort();
	*type = datagram[0];
	memcpy(plain, datagram + 16, length - 32);
	return length - 32;
}

uint32_t cw_bench_hear(struct cw_bench *bench, uint8_t *type, uint8_t *plain)
{
	uint32_t length = 0;
	uint8_t *datagram = next_datagram(bench, &length);

	return datagram == NULL ? 0 : cw_bench_unseal(bench, datagram, length, type, plain);
}

const char *cw_bench_drops(struct cw_bench *bench)
{
	static char text[DROPS_TEXT];
	size_t used = 0;

	text[0] = 0;
	for (uint32_t i = 0; i < CW_DROP_COUNT; i++) {
		uint64_t count = bench->worker->drops[i];
		if (count > 0 && used < sizeof(text))
			used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s %llu",
						 used > 0 ? ", " : "", cw_drop_names[i],
						 (unsigned long long)count);
		bench->worker->drops[i] = 0;
	}
	return text;
}
