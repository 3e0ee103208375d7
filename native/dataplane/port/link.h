/*
 * One end from which frames come and to which they go: the AF_PACKET socket of a NIC, a queue of a TUN or TAP twin, or
 * a device of DPDK's (pmd.h). Frames are mbufs with the offload flags of vnet.h; a train crosses whole, but for a device,
 * for which it is cut. Owned by one worker.
 */
#ifndef CW_LINK_H
#define CW_LINK_H

#include <rte_mbuf.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Packets up to this size, headers included, lie in small buffers; trains in large ones. */
#define CW_SMALL_DATA 2048
#define CW_BUFFER_PRIVATE 128 /* of each buffer: what is noted of one that waits (graph/qos.c) */
#define CW_TRAIN_BYTES_MAX 65200 /* with outer headers below the 65,280 of the NICs and twins */

struct cw_pools {
	struct rte_mempool *small; /* data room CW_SMALL_DATA plus headroom */
	struct rte_mempool *large; /* data room 65,535 less headroom */
};

enum cw_link_kind { CW_LINK_NIC, CW_LINK_TAP, CW_LINK_TUN, CW_LINK_PMD };

#define CW_PMD_NAME 64

struct cw_link {
	int fd;    /* to receive, and to send on a twin */
	int tx_fd; /* to send on a NIC: a socket that nobody waits on, so that a sent frame wakes nobody */
	enum cw_link_kind kind;
	bool can_send_udp_trains; /* USO: kernel 6.2 and later; found out by the first refusal */
	int ifindex;   /* of a NIC, in its namespace */
	int watch_fd;  /* of a NIC: rtnetlink, tells of the links of its namespace; else -1 */
	atomic_bool is_gone; /* a twin that was deleted */
	bool is_stuck; /* the last frame found its queue full: the next does not wait for it again */
	/* Of a device of DPDK's. */
	uint16_t device, queues, next_queue;
	_Atomic uint16_t mtu; /* it may grow while the worker sends */
	uint64_t owner; /* its mark on the device */
	bool is_probed; /* by us: it goes when the link is closed */
	atomic_bool is_down; /* as the last look found it: to ask the device may take long */
	bool can_finish_checksums;
	bool can_tell; /* of frames, to who sleeps */
	bool is_scattering; /* configured for frames in several buffers */
	const struct cw_pools *pools;
	struct rte_mempool *own_pool; /* NULL: it receives into `pools` */
	uint64_t missed, no_buffer; /* as counted last */
	struct rte_mbuf *spare_small;
	struct rte_mbuf *spare_large;
	uint64_t rx_packets, rx_bytes, rx_buffers;
	uint64_t tx_packets, tx_bytes, tx_buffers;
	uint64_t *drops; /* the worker's counters, by enum cw_drop */
};

/* What a NIC is like now. */
struct cw_link_look {
	bool is_there; /* the same NIC that was opened, not a later one of its name */
	int ifindex;   /* of whatever has the name now; 0: nothing has it */
	bool has_carrier;
	uint16_t mtu;
	uint8_t mac[6];
};

/*
 * Opens an AF_PACKET socket on `nic`, for a zeroed `link`, in the network namespace `netns` ("": the caller's), and looks.
 * Changes the calling thread's namespace for the time of the call. Returns 0 or a negative errno.
 */
int cw_link_open_nic(struct cw_link *link, const char *nic, const char *netns,
		     struct cw_link_look *look);

/* Attaches a queue to the persistent TUN or TAP `name` (multi-queue, vnet_hdr), made if it is not there. */
int cw_link_open_twin(struct cw_link *link, const char *name, enum cw_link_kind kind);

void cw_link_close(struct cw_link *link);

/* Receives up to `n` frames without waiting. 0: nothing waits. */
uint16_t cw_link_rx(struct cw_link *link, const struct cw_pools *pools, struct rte_mbuf **frames,
		    uint16_t n);

/* Sends and frees; what cannot be sent is a counted drop. Waits at most a few ms for a full queue. */
void cw_link_tx(struct cw_link *link, struct rte_mbuf **frames, uint16_t n);

/* A look at an open NIC. Any thread. */
void cw_link_look(const struct cw_link *nic, const char *name, struct cw_link_look *look);

/* Shows a NIC's carrier on its twin. Takes the kernel's RTNL lock: not for the worker. */
void cw_link_set_carrier(const struct cw_link *twin, bool has_carrier);

/* Adds the kernel's own count of frames that found the socket's queue full; call once a second. */
void cw_link_count_overflow(struct cw_link *link);

/* Whether frames that came are to be looked for: some devices tell of them to who sleeps (pmd.h), none to who is awake. */
static inline bool cw_link_needs_polling(const struct cw_link *link)
{
	return link->kind == CW_LINK_PMD;
}

/* Bytes of Ethernet and the tags in the frame. */
uint16_t cw_link_l2_length(const struct rte_mbuf *m);

/* Number of segments that a buffer stands for on the wire. */
static inline uint32_t cw_link_segments(const struct rte_mbuf *m)
{
	uint32_t headers = m->l2_len + m->l3_len + m->l4_len;
	uint64_t trains = RTE_MBUF_F_RX_LRO | RTE_MBUF_F_TX_TCP_SEG | RTE_MBUF_F_TX_UDP_SEG;

	if (!(m->ol_flags & trains) || m->pkt_len <= headers)
		return 1;
	return (m->pkt_len - headers + m->tso_segsz - 1) / m->tso_segsz;
}

#endif
