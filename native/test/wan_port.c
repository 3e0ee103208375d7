/* See wan_port.h. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "wan_port.h"

#define BUFFER_BYTES (16 << 20)

static uint64_t ns_of(struct timespec t)
{
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

uint64_t cw_wan_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return ns_of(t);
}

static bool set(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof(value)) == 0;
}

static int open_socket(const char *nic, uint16_t protocol)
{
	struct sockaddr_ll address = { .sll_family = AF_PACKET, .sll_protocol = htons(protocol),
				       .sll_ifindex = (int)if_nametoindex(nic) };
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0 || address.sll_ifindex == 0)
		return -errno;
	bool is_set = set(fd, SOL_PACKET, PACKET_VNET_HDR, 1) &&
		      (protocol == 0 ? set(fd, SOL_PACKET, PACKET_QDISC_BYPASS, 1) &&
					       set(fd, SOL_SOCKET, SO_SNDBUFFORCE, BUFFER_BYTES) :
				       set(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, 1) &&
					       set(fd, SOL_PACKET, PACKET_AUXDATA, 1) &&
					       set(fd, SOL_SOCKET, SO_TIMESTAMPNS, 1) &&
					       set(fd, SOL_SOCKET, SO_RCVBUFFORCE, BUFFER_BYTES));
	if (!is_set || bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0)
		return -errno;
	return fd;
}

int cw_wan_port_open(struct cw_wan_port *port, const char *nic)
{
	port->tx_fd = open_socket(nic, 0);
	port->fd = port->tx_fd < 0 ? port->tx_fd : open_socket(nic, ETH_P_ALL);
	return port->fd < 0 ? port->fd : 0;
}

/* The kernel takes a tag off and says it beside: back where it was. */
static void restore_tag(struct cw_wan_frame *frame, const struct tpacket_auxdata *aux)
{
	uint16_t tag[2] = { htons(ETH_P_8021Q), htons(aux->tp_vlan_tci) };

	if ((aux->tp_status & TP_STATUS_VLAN_TPID_VALID) != 0)
		tag[0] = htons(aux->tp_vlan_tpid);
	frame->start = 0;
	frame->length += CW_WAN_TAG;
	memmove(frame->bytes, frame->bytes + CW_WAN_TAG, 12);
	memcpy(frame->bytes + 12, tag, CW_WAN_TAG);
	if (frame->vnet.flags != 0)
		frame->vnet.csum_start = (uint16_t)(frame->vnet.csum_start + CW_WAN_TAG);
}

/* `offset_ns` is from the clock of the kernel's stamps to ours. */
static void finish(struct cw_wan_frame *frame, const struct mmsghdr *message, uint64_t now_ns,
		   uint64_t offset_ns)
{
	struct msghdr head = message->msg_hdr;
	uint32_t got = message->msg_len;

	frame->start = CW_WAN_TAG;
	frame->length = got < sizeof(frame->vnet) ? 0 : got - (uint32_t)sizeof(frame->vnet);
	frame->is_train = frame->vnet.gso_type != VIRTIO_NET_HDR_GSO_NONE ||
			  (head.msg_flags & MSG_TRUNC) != 0 || frame->length < ETH_HLEN;
	frame->vnet.flags &= VIRTIO_NET_HDR_F_NEEDS_CSUM;
	frame->arrived_ns = now_ns;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&head); c != NULL; c = CMSG_NXTHDR(&head, c)) {
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS) {
			struct timespec stamp;
			memcpy(&stamp, CMSG_DATA(c), sizeof(stamp));
			uint64_t then_ns = ns_of(stamp) - offset_ns;
			/* A clock that was set in between says nonsense. */
			if (then_ns <= now_ns && now_ns - then_ns < 1000000000u)
				frame->arrived_ns = then_ns;
		} else if (c->cmsg_level == SOL_PACKET && c->cmsg_type == PACKET_AUXDATA) {
			struct tpacket_auxdata aux;
			memcpy(&aux, CMSG_DATA(c), sizeof(aux));
			if ((aux.tp_status & TP_STATUS_VLAN_VALID) != 0 && !frame->is_train)
				restore_tag(frame, &aux);
		}
	}
}

uint32_t cw_wan_port_receive(const struct cw_wan_port *port, struct cw_wan_frame *frames[CW_WAN_BATCH])
{
	static _Alignas(struct cmsghdr) uint8_t controls[CW_WAN_BATCH][128];
	static struct mmsghdr messages[CW_WAN_BATCH];
	static struct iovec vectors[CW_WAN_BATCH][2];

	for (uint32_t i = 0; i < CW_WAN_BATCH; i++) {
		vectors[i][0] = (struct iovec){ &frames[i]->vnet, sizeof(frames[i]->vnet) };
		vectors[i][1] = (struct iovec){ frames[i]->bytes + CW_WAN_TAG,
						CW_WAN_FRAME_MAX - CW_WAN_TAG };
		messages[i].msg_hdr = (struct msghdr){ .msg_iov = vectors[i], .msg_iovlen = 2,
						       .msg_control = controls[i],
						       .msg_controllen = sizeof(controls[i]) };
	}
	int count = recvmmsg(port->fd, messages, CW_WAN_BATCH, MSG_DONTWAIT, NULL);
	if (count <= 0)
		return 0;
	/* Who is kept waiting between the two takes an arrival for later, never for earlier than it was. */
	struct timespec real;
	clock_gettime(CLOCK_REALTIME, &real);
	uint64_t now_ns = cw_wan_now();
	for (int i = 0; i < count; i++)
		finish(frames[i], &messages[i], now_ns, ns_of(real) - now_ns);
	return (uint32_t)count;
}

uint32_t cw_wan_port_send(const struct cw_wan_port *port, struct cw_wan_frame *frames[], uint32_t count)
{
	static struct mmsghdr messages[CW_WAN_BATCH];
	static struct iovec vectors[CW_WAN_BATCH][2];
	uint32_t refused = 0;

	for (uint32_t i = 0; i < count; i++) {
		vectors[i][0] = (struct iovec){ &frames[i]->vnet, sizeof(frames[i]->vnet) };
		vectors[i][1] = (struct iovec){ frames[i]->bytes + frames[i]->start, frames[i]->length };
		messages[i].msg_hdr = (struct msghdr){ .msg_iov = vectors[i], .msg_iovlen = 2 };
	}
	for (uint32_t done = 0; done < count;) {
		int sent = sendmmsg(port->tx_fd, messages + done, count - done, MSG_DONTWAIT);
		/* The first of the rest is refused, for a reason of its own or of them all. */
		if (sent <= 0)
			refused++;
		done += sent <= 0 ? 1 : (uint32_t)sent;
	}
	return refused;
}

uint32_t cw_wan_port_missed(const struct cw_wan_port *port)
{
	struct tpacket_stats stats = { 0 };
	socklen_t length = sizeof(stats);

	return getsockopt(port->fd, SOL_PACKET, PACKET_STATISTICS, &stats, &length) == 0 ?
		       stats.tp_drops : 0;
}
