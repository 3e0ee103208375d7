/*
 * A sender of UDP datagrams that no router may cut (RFC 1191, RFC 8201), as programs are that look after their size
 * themselves: begins with datagrams of BYTES, and once its kernel says that they are too big, sends as large ones as that
 * says; each waits for its echo.
 *   uncut ADDRESS PORT BYTES COUNT
 *     Says {"event":"ended","sent","answered","told","bytes"}: datagrams that left, those that came back whole, the MTU that
 *     it was told last, 0 for none, and the size that it sends now.
 */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define BYTES_MAX 9000
#define TOLD_MAX 16 /* times */
#define ANSWER_US 500000

static int fail(const char *what)
{
	perror(what);
	return 1;
}

static int open_socket(const char *address, const char *port, bool *is_v6)
{
	struct addrinfo hints = { .ai_socktype = SOCK_DGRAM, .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV }, *to;
	struct timeval patience = { .tv_usec = ANSWER_US };

	if (getaddrinfo(address, port, &hints, &to) != 0)
		return -1;
	*is_v6 = to->ai_family == AF_INET6;
	int fd = socket(to->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int never_cut = *is_v6 ? IPV6_PMTUDISC_DO : IP_PMTUDISC_DO;
	bool is_set = setsockopt(fd, *is_v6 ? IPPROTO_IPV6 : IPPROTO_IP, *is_v6 ? IPV6_MTU_DISCOVER : IP_MTU_DISCOVER,
				 &never_cut, sizeof(never_cut)) == 0 &&
		      setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) == 0 &&
		      connect(fd, to->ai_addr, to->ai_addrlen) == 0;
	freeaddrinfo(to);
	return is_set ? fd : -1;
}

static int mtu_of(int fd, bool is_v6)
{
	int mtu = 0;
	socklen_t length = sizeof(mtu);

	getsockopt(fd, is_v6 ? IPPROTO_IPV6 : IPPROTO_IP, is_v6 ? IPV6_MTU : IP_MTU, &mtu, &length);
	return mtu;
}

int main(int argc, char **argv)
{
	static unsigned char datagram[BYTES_MAX], back[BYTES_MAX];
	int bytes = argc == 5 ? atoi(argv[3]) : 0, count = argc == 5 ? atoi(argv[4]) : 0;
	int sent = 0, answered = 0, mtu = 0, times = 0;
	bool is_v6;

	if (bytes < 1 || bytes > BYTES_MAX || count < 1) {
		fprintf(stderr, "usage: uncut ADDRESS PORT BYTES COUNT\n");
		return 2;
	}
	int fd = open_socket(argv[1], argv[2], &is_v6);
	if (fd < 0)
		return fail(argv[1]);
	while (sent < count && times < TOLD_MAX) {
		memset(datagram, sent + 1, (size_t)bytes);
		ssize_t n = send(fd, datagram, (size_t)bytes, 0);
		sent += n == bytes;
		if (n == bytes)
			n = recv(fd, back, sizeof(back), 0);
		answered += n == bytes && memcmp(datagram, back, (size_t)bytes) == 0;
		if (n >= 0 || errno != EMSGSIZE)
			continue;
		times++;
		mtu = mtu_of(fd, is_v6);
		if (mtu > (is_v6 ? 48 : 28) && mtu - (is_v6 ? 48 : 28) < bytes)
			bytes = mtu - (is_v6 ? 48 : 28);
	}
	printf("{\"event\":\"ended\",\"sent\":%d,\"answered\":%d,\"told\":%d,\"bytes\":%d}\n", sent, answered, mtu, bytes);
	close(fd);
	return 0;
}
