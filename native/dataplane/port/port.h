/*
 * Ports, and the NICs they stand on. A NIC carries one port, or several by VLAN tag (IEEE 802.1Q); a port joins its
 * share of the NIC's frames with a twin of its own. Twins and the graph see frames without the tag.
 */
#ifndef CW_PORT_H
#define CW_PORT_H

#include "causeway_dp.h"
#include "port/link.h"
#include "port/pmd.h"
#include "table/qos-count.h"

#define CW_VLAN_ID 0x0fff /* of a tag; the rest is priority */

/* An open NIC, held by the ports that stand on it; outlives programs as they do. */
struct cw_nic {
	char name[CW_DEVICE];
	char netns[CW_NAME * 2];
	uint8_t kind;
	uint8_t queues;
	struct cw_link link;
	uint32_t port_count;
	bool is_watched;
	uint8_t mac[6];
	int found_ifindex;   /* of what had the name at the last look; the control side's */
	atomic_bool is_gone; /* vanished, or came back as another: the next program opens it anew */
};

/*
 * A port, open. Outlives programs that name the same (twin, NIC, namespace, VLAN); what a program says of it beside
 * that is the program's.
 */
struct cw_port {
	uint64_t id; /* of this port and no later one: the worker remembers it where the port may be closed meanwhile */
	char twin_name[CW_IFNAME];
	uint16_t vlan; /* 0: the NIC's untagged frames */
	struct cw_nic *nic;
	struct cw_link twin;
	uint8_t mac[6];
	uint16_t nic_mtu, own_mtu; /* the control side's; own 0: the NIC's */
	/* As the mirror saw them last: the smaller MTU of the NIC's and the program's. */
	_Atomic uint16_t mtu;
	atomic_bool is_up;
	_Atomic uint32_t downs; /* of the carrier; control threads' */
	struct cw_uplink_qos *qos; /* the worker's: what leaves waits for its turn; NULL: it does not (graph/qos.h) */
	struct cw_qos_class_count queued[CW_CLASSES]; /* while it does not: what schedulers before have counted */
	bool is_bleached; /* the worker's: what the kernel sends shows no marks (graph/marks.h) */
	struct cw_ingress *ingress; /* and what comes from the Internet (graph/qos-ingress.h) */
	struct cw_limit *limit;     /* of a LAN's segment; NULL: it has none (graph/qos-segment.h) */
	/* Through the NIC; the worker's. */
	uint64_t rx_packets, rx_bytes, rx_buffers;
	uint64_t tx_packets, tx_bytes, tx_buffers;
};

/* Whether `nic` is what `p` names, and still there. */
bool cw_nic_is(const struct cw_nic *nic, const struct cw_port_program *p);

/* Whether `port` is what `p` names, and both its ends are still there. */
bool cw_port_is(const struct cw_port *port, const struct cw_port_program *p);

/*
 * Opens a port on `nic`, or on one that it opens for ports of up to `nic_mtu` if that is NULL. 0 or a negative errno; `*port` must be closed in both
 * cases, if it is not NULL. `why` may stay empty: then the errno says it.
 */
int cw_port_open(const struct cw_port_program *p, const struct cw_pools *pools, struct cw_nic *nic,
		 uint16_t nic_mtu, struct cw_port **port, struct cw_why *why);

/* What `p` wants its NIC to carry: what it says, else what its twin was given. */
uint16_t cw_port_mtu_wanted(const struct cw_port_program *p);

/* From now on the port's own MTU is this one, 0 for the NIC's. Control side. */
void cw_port_limit(struct cw_port *port, uint16_t own_mtu);

/* Its last port closes a NIC. The worker has forgotten the links that go. */
void cw_port_close(struct cw_port *port);

/*
 * Looks at the NIC: the twin shows its carrier, its MTU counts from now on, and one that is gone is said to be. Control
 * side. True: something changed, also that a NIC of this name is back.
 */
bool cw_port_look(struct cw_port *port);

/* The slow half of cw_port_untag(): for a frame that may have a tag. */
int cw_port_untag_tagged(struct rte_mbuf *m);

/*
 * Which VLAN a frame came in, 0 for untagged and for a mere priority; the tag is taken off. A tag inside of it stays.
 * -1: a service tag (802.1ad), which no port has, or a frame too short to have what it claims.
 */
static inline int cw_port_untag(struct rte_mbuf *m)
{
	const uint8_t *type = rte_pktmbuf_mtod_offset(m, const uint8_t *, 12);

	return m->ol_flags & RTE_MBUF_F_RX_VLAN_STRIPPED || m->data_len < 14 || type[0] == 0x81 || type[0] == 0x88 ?
		       cw_port_untag_tagged(m) :
		       0;
}

/* Sends and frees one frame on the port's NIC, with the port's tag. */
void cw_port_tx(struct cw_port *port, struct rte_mbuf *m);

#endif
