/*
 * The whole graph on a bench: a real worker, real keys and tables, filled in by hand; each link is
 * a pair of sockets, whose other end shows frames exactly as the kernel would get them. There are no
 * threads, time stands still until it is moved, and the mirror only notes what it was asked.
 *
 *   lan0  10.1.0.1/24, hosts .10 to .29 known   wan0  198.51.100.2/30 by .1, port 51820
 *   segment `office`, VNI 100: 10.1.0.0/24 here, 10.2.0.0/16 at `far` (203.0.113.2),
 *   10.3.0.0/16 at `other`, which has no keypair at the start; 10.9.0.0/16 by 10.1.0.29
 *
 * The same of IPv6, where 10.1.0.1/24 is fd00::10.1.0.1/120, but for the next hops: wan0 by fe80::1, fd00::10.9.0.0/112
 * by fe80::1d.
 */
#ifndef CW_GRAPH_BENCH_H
#define CW_GRAPH_BENCH_H

#include <rte_byteorder.h>
#include <rte_mbuf.h>

#include "engine.h"
#include "port/vnet.h"
#include "worker.h"

#define CW_BENCH_FRAME_MAX 65535
#define CW_BENCH_MTU 1500
#define CW_BENCH_INNER_MTU 1432
#define CW_BENCH_VNI 100
#define CW_BENCH_HOST 0x0a01000a /* 10.1.0.10 */
#define CW_BENCH_BOX 0x0a010001
#define CW_BENCH_FAR 0x0a020005
#define CW_BENCH_OTHER 0x0a030005
#define CW_BENCH_WAN 0xc6336402
#define CW_BENCH_FAR_WAN 0xcb007102
#define CW_BENCH_OTHER_WAN 0xcb007103
#define CW_BENCH_PORT 51820
#define CW_BENCH_CHANNEL 0x01020304u
#define CW_BENCH_OTHER_CHANNEL 0x05060708u

enum cw_bench_link {
	CW_BENCH_LAN,
	CW_BENCH_LAN_TWIN,
	CW_BENCH_UPLINK,
	CW_BENCH_UPLINK_TWIN,
	CW_BENCH_SEGMENT,
	CW_BENCH_LINKS,
};

/* Indices of the two ports in the view. */
#define CW_BENCH_LAN_PORT 0
#define CW_BENCH_UPLINK_PORT 1

struct cw_mirror_state;

struct cw_bench {
	struct cw_engine *engine;
	struct cw_worker *worker;
	struct cw_peer *far;
	struct cw_peer *other;
	struct cw_keypair *keypair; /* `current` of `far` */
	struct cw_port *ports[2];
	struct cw_segment *segment;
	struct cw_link *links[CW_BENCH_LINKS];
	struct cw_aead_key far_seal; /* the far end's own copies */
	struct cw_aead_key far_open;
	int ends[CW_BENCH_LINKS];
	uint32_t asked; /* how often the mirror was asked for a neighbour */
	const struct cw_mirror_state *kernel; /* what cw_view_publish() sees of it */

	/* The train from which cw_bench_hear() takes datagrams. */
	uint8_t frame[CW_BENCH_FRAME_MAX];
	uint32_t at, length, step;
};

/* An IPv4 address in host order as the tables have it. */
static inline struct cw_address cw_bench_v4(uint32_t address)
{
	return cw_address_of_v4(rte_cpu_to_be_32(address));
}

/* The bench's IPv6 address for it: fd00:: with the same last bytes. */
static inline struct cw_address cw_bench_v6(uint32_t address)
{
	uint32_t last = rte_cpu_to_be_32(address);
	uint8_t bytes[16] = { 0xfd };

	memcpy(bytes + 12, &last, sizeof(last));
	return cw_address_of(bytes);
}

/* Puts in one more, as the control side does. It is freed with the bench. */
struct cw_keypair *cw_bench_install(struct cw_bench *bench, const struct cw_keypair_install *install);

/* Its static key is made of that byte; 0xfa for `far` and 0x07 for `other` at the start. */
void cw_bench_name_key(struct cw_bench *bench, struct cw_peer *peer, uint8_t byte);

/*
 * `other` has a session too, from CW_BENCH_OTHER_WAN, and the channels CW_BENCH_CHANNEL of `far` and CW_BENCH_OTHER_CHANNEL of
 * `other` are one.
 */
struct cw_keypair *cw_bench_join(struct cw_bench *bench, uint64_t rate_bps);

/* The path to `far`, its only one. */
struct cw_path *cw_bench_path(struct cw_bench *bench);

/* Whether what is sealed for `far` goes over IPv6 from now on; over IPv4 at the start. */
void cw_bench_outer6(struct cw_bench *bench, bool is_v6);

/* Takes all free paths away, so that none is left but what is given back; and what was taken is free again. */
void cw_bench_hold_paths(struct cw_bench *bench);
void cw_bench_release_paths(struct cw_bench *bench);

/* What the test changed in the view counts from now on. */
void cw_bench_changed(struct cw_bench *bench);

/* A new view of the bench's program, for cw_bench_open(). */
struct cw_view *cw_bench_view(struct cw_bench *bench);

/* The first starts EAL, without hugepages, in this process. */
void cw_bench_open(struct cw_bench *bench);

/* The same, but that its keypair is that of `far`: what either seals the other opens. */
void cw_bench_open_far(struct cw_bench *bench);

/* Frees everything and checks that no buffer was lost. */
void cw_bench_close(struct cw_bench *bench);

/* A buffer that holds a frame, as if just received; l2_len as the link has it. */
struct rte_mbuf *cw_bench_mbuf(struct cw_bench *bench, const void *frame, uint32_t length,
			       uint16_t l2_len);

/* Hands a frame to `link` from the kernel's side, and has the worker serve it. */
void cw_bench_give(struct cw_bench *bench, enum cw_bench_link link, const struct cw_vnet_hdr *vnet,
		   const void *frame, uint32_t length);

/* The end of a burst: what is being filled or merged goes out. */
void cw_bench_flush(struct cw_bench *bench);

/*
 * The next frame that left by `link`; its bytes, 0 when there is none. `frame` has
 * CW_BENCH_FRAME_MAX bytes.
 */
uint32_t cw_bench_take(struct cw_bench *bench, enum cw_bench_link link, struct cw_vnet_hdr *vnet,
		       uint8_t *frame);

/* How many frames are left to take; takes them. */
uint32_t cw_bench_drain(struct cw_bench *bench, enum cw_bench_link link);

/* The paths to `far` are looked at, `us` later; what that sends is taken. */
void cw_bench_look(struct cw_bench *bench, uint32_t us);

/* Ethernet for the box on the LAN or the uplink; 14 bytes. */
void cw_bench_ether(struct cw_bench *bench, enum cw_bench_link link, uint8_t *frame);

/* A datagram as `far` seals it: header, text and tag, `plain_len` + 32 bytes. */
uint32_t cw_bench_seal(struct cw_bench *bench, uint8_t type, uint32_t counter, const void *plain,
		       uint32_t plain_len, uint8_t *datagram);

/* Opens as `far` would one datagram, in place; bytes of the plaintext. */
uint32_t cw_bench_unseal(struct cw_bench *bench, uint8_t *datagram, uint32_t length, uint8_t *type,
			 uint8_t *plain);

/*
 * Opens as `far` would the next datagram that left by the uplink; bytes of the plaintext, 0: no
 * more.
 */
uint32_t cw_bench_hear(struct cw_bench *bench, uint8_t *type, uint8_t *plain);

/*
 * How often each drop was counted since the last call, as text: `sealed_tag 2, geneve 1`; "" for
 * none.
 */
const char *cw_bench_drops(struct cw_bench *bench);

#endif
