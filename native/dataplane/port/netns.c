/* See netns.h. */
#include "port/netns.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <rte_debug.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

int cw_netns_enter(const char *name, int *home)
{
	char path[300];

	*home = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	if (*home < 0)
		return -errno;
	snprintf(path, sizeof(path), "/run/netns/%s", name);
	int ns = open(path, O_RDONLY | O_CLOEXEC);
	int rc = ns < 0 || setns(ns, CLONE_NEWNET) != 0 ? -errno : 0;
	if (ns >= 0)
		close(ns);
	if (rc != 0)
		close(*home);
	return rc;
}

void cw_netns_leave(int home)
{
	/* A thread that cannot go home would open later sockets in the wrong place: that must not go on. */
	if (setns(home, CLONE_NEWNET) != 0)
		rte_panic("cannot return to the own network namespace: %s\n", strerror(errno));
	close(home);
}

/* Sends a request and takes its answer; its length, or a negative errno. */
static ssize_t ask(const void *request, size_t request_len, void *answer, size_t answer_len)
{
	struct timeval limit = { .tv_sec = 2 };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	ssize_t n = send(fd, request, request_len, 0) < 0 ? -1 : recv(fd, answer, answer_len, 0);
	if (n < 0)
		n = -errno;
	close(fd);
	const struct nlmsghdr *head = answer;
	return n >= 0 && (!NLMSG_OK(head, n) || head->nlmsg_type == NLMSG_ERROR) ? -ENODEV : n;
}

static int read_int(const struct rtattr *a, int length, unsigned short type, int otherwise)
{
	int value = otherwise;

	for (; RTA_OK(a, length); a = RTA_NEXT(a, length)) {
		if ((a->rta_type & NLA_TYPE_MASK) == type && RTA_PAYLOAD(a) >= sizeof(value))
			memcpy(&value, RTA_DATA(a), sizeof(value));
	}
	return value;
}

int cw_netns_number(int fd)
{
	struct {
		struct nlmsghdr head;
		struct rtgenmsg body;
		struct rtattr attribute __attribute__((aligned(NLMSG_ALIGNTO)));
		int fd;
	} request = { .head = { .nlmsg_len = sizeof(request),
				.nlmsg_type = RTM_GETNSID,
				.nlmsg_flags = NLM_F_REQUEST },
		      .attribute = { .rta_len = RTA_LENGTH(sizeof(int)), .rta_type = NETNSA_FD },
		      .fd = fd };
	char answer[1024] __attribute__((aligned(NLMSG_ALIGNTO)));
	const struct nlmsghdr *head = (const struct nlmsghdr *)answer;

	if (ask(&request, sizeof(request), answer, sizeof(answer)) < 0)
		return -1;
	const char *body = NLMSG_DATA(head);
	size_t skip = NLMSG_ALIGN(sizeof(struct rtgenmsg));
	return read_int((const struct rtattr *)(body + skip), (int)NLMSG_PAYLOAD(head, skip),
			NETNSA_NSID, -1);
}

int cw_netns_end_of(const char *veth, int *ifindex, int *number)
{
	struct {
		struct nlmsghdr head;
		struct ifinfomsg body;
	} request = { .head = { .nlmsg_len = sizeof(request),
				.nlmsg_type = RTM_GETLINK,
				.nlmsg_flags = NLM_F_REQUEST },
		      .body = { .ifi_index = (int)if_nametoindex(veth) } };
	char answer[16384] __attribute__((aligned(NLMSG_ALIGNTO)));
	const struct nlmsghdr *head = (const struct nlmsghdr *)answer;
	ssize_t n = ask(&request, sizeof(request), answer, sizeof(answer));

	if (n < 0)
		return (int)n;
	const struct ifinfomsg *info = NLMSG_DATA(head);
	int length = (int)IFLA_PAYLOAD(head);
	*ifindex = read_int(IFLA_RTA(info), length, IFLA_LINK, 0);
	*number = read_int(IFLA_RTA(info), length, IFLA_LINK_NETNSID, -1);
	return *ifindex == 0 ? -ENODEV : 0;
}
