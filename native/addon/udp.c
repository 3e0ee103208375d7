/*
 * UDP sockets that belong to one interface, for the gateway process: two uplinks may have one address, and a datagram that
 * came by one is answered by it. node:dgram can take such a socket, and cannot make it.
 * Node-API glue, two functions; the meaning is in firmware/host/udp/device.ts.
 *
 *   bind(ifindex, address, port) -> fd     throws with errno's name, ENODEV for 0; IPv6 sockets take IPv6 only
 *   indexOf(name) -> ifindex               0: there is none
 */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <node_api.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct place {
	uint32_t ifindex;
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} at;
	socklen_t length;
};

static napi_value throw_errno(napi_env env, int error)
{
	napi_throw_error(env, strerrorname_np(error), strerror(error));
	return NULL;
}

/* Text of any length is read into `size` bytes; what does not fit is none. */
static bool read_text(napi_env env, napi_value value, char *text, size_t size)
{
	size_t length = 0;

	return napi_get_value_string_utf8(env, value, NULL, 0, &length) == napi_ok && length < size &&
	       napi_get_value_string_utf8(env, value, text, size, &length) == napi_ok;
}

/* A link-local address is one of the interface (RFC 4007). */
static bool read_address(const char *text, uint16_t port, struct place *place)
{
	if (inet_pton(AF_INET, text, &place->at.v4.sin_addr) == 1) {
		place->at.v4.sin_family = AF_INET;
		place->at.v4.sin_port = htons(port);
		place->length = sizeof(place->at.v4);
		return true;
	}
	memset(&place->at, 0, sizeof(place->at));
	if (inet_pton(AF_INET6, text, &place->at.v6.sin6_addr) != 1)
		return false;
	place->at.v6.sin6_family = AF_INET6;
	place->at.v6.sin6_port = htons(port);
	if (IN6_IS_ADDR_LINKLOCAL(&place->at.v6.sin6_addr))
		place->at.v6.sin6_scope_id = place->ifindex;
	place->length = sizeof(place->at.v6);
	return true;
}

/* A file descriptor, or a negative errno. */
static int open_socket(const struct place *place)
{
	const int on = 1, ifindex = (int)place->ifindex;
	int fd = socket(place->at.any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int rc;

	if (fd < 0)
		return -errno;
	/* Before it is bound: a place that another interface's socket has is then none that is taken. */
	rc = setsockopt(fd, SOL_SOCKET, SO_BINDTOIFINDEX, &ifindex, sizeof(ifindex));
	if (rc == 0 && place->at.any.sa_family == AF_INET6)
		rc = setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	if (rc == 0)
		rc = bind(fd, &place->at.any, place->length);
	if (rc == 0)
		return fd;
	rc = -errno;
	close(fd);
	return rc;
}

static napi_value bind_place(napi_env env, napi_callback_info info)
{
	napi_value argv[3], result;
	size_t argc = 3;
	char text[INET6_ADDRSTRLEN];
	struct place place = { 0 };
	uint32_t port = 0;

	napi_get_cb_info(env, info, &argc, argv, NULL, NULL);
	if (argc != 3 || napi_get_value_uint32(env, argv[0], &place.ifindex) != napi_ok ||
	    !read_text(env, argv[1], text, sizeof(text)) ||
	    napi_get_value_uint32(env, argv[2], &port) != napi_ok || port > 65535 ||
	    !read_address(text, (uint16_t)port, &place))
		return throw_errno(env, EINVAL);
	if (place.ifindex == 0)
		return throw_errno(env, ENODEV);
	int fd = open_socket(&place);
	if (fd < 0)
		return throw_errno(env, -fd);
	napi_create_int32(env, fd, &result);
	return result;
}

static napi_value index_of(napi_env env, napi_callback_info info)
{
	napi_value argv[1], result;
	size_t argc = 1;
	char name[IFNAMSIZ];

	napi_get_cb_info(env, info, &argc, argv, NULL, NULL);
	if (argc != 1 || !read_text(env, argv[0], name, sizeof(name)))
		return throw_errno(env, EINVAL);
	napi_create_uint32(env, if_nametoindex(name), &result);
	return result;
}

NAPI_MODULE_INIT()
{
	const napi_property_descriptor functions[] = {
		{ "bind", NULL, bind_place, NULL, NULL, NULL, napi_enumerable, NULL },
		{ "indexOf", NULL, index_of, NULL, NULL, NULL, napi_enumerable, NULL },
	};

	if (napi_define_properties(env, exports, 2, functions) != napi_ok)
		napi_throw_error(env, NULL, "cannot set up the module");
	return exports;
}
