/*
 * Holds the kernel's twins for the gateway process, so that they keep carrier and addresses while no datapath runs: a
 * queue that is attached and then detached counts as somebody there and gets no packets (tun.c of the kernel).
 * Node-API glue, three functions; the meaning is in firmware/host/net/twin-holder.ts.
 *
 *   hold(name, isTap) -> fd     throws with errno's name; for a TAP or TUN that exists, with vnet_hdr and many queues
 *   release(fd)
 *   indexOf(name) -> ifindex    0: there is none
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <node_api.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static napi_value throw_errno(napi_env env, int error)
{
	napi_throw_error(env, strerrorname_np(error), strerror(error));
	return NULL;
}

static bool read_name(napi_env env, napi_value value, char *name)
{
	size_t length = 0;

	/* One byte more than a name has, so that a longer one is seen. */
	char text[IFNAMSIZ + 1];
	if (napi_get_value_string_utf8(env, value, text, sizeof(text), &length) != napi_ok ||
	    length == 0 || length >= IFNAMSIZ)
		return false;
	memcpy(name, text, length + 1);
	return true;
}

/* TUNSETIFF makes what is missing, and then it would not persist: it is there, or this fails. */
static int attach(const char *name, bool is_tap)
{
	struct ifreq ifr = { .ifr_flags = IFF_NO_PI | IFF_VNET_HDR | IFF_MULTI_QUEUE };
	int fd;

	if (if_nametoindex(name) == 0)
		return -ENODEV;
	fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	ifr.ifr_flags |= is_tap ? IFF_TAP : IFF_TUN;
	snprintf(ifr.ifr_name, IFNAMSIZ, "%s", name);
	int rc = ioctl(fd, TUNSETIFF, &ifr) != 0 ? -errno : 0;
	if (rc == 0) {
		ifr.ifr_flags = IFF_DETACH_QUEUE;
		rc = ioctl(fd, TUNSETQUEUE, &ifr) != 0 ? -errno : 0;
	}
	if (rc != 0)
		close(fd);
	return rc != 0 ? rc : fd;
}

static napi_value hold(napi_env env, napi_callback_info info)
{
	napi_value argv[2], result;
	size_t argc = 2;
	char name[IFNAMSIZ];
	bool is_tap = false;

	napi_get_cb_info(env, info, &argc, argv, NULL, NULL);
	if (argc != 2 || !read_name(env, argv[0], name) ||
	    napi_get_value_bool(env, argv[1], &is_tap) != napi_ok)
		return throw_errno(env, EINVAL);
	int fd = attach(name, is_tap);
	if (fd < 0)
		return throw_errno(env, -fd);
	napi_create_int32(env, fd, &result);
	return result;
}

static napi_value release(napi_env env, napi_callback_info info)
{
	napi_value argv[1];
	size_t argc = 1;
	int fd = -1;

	napi_get_cb_info(env, info, &argc, argv, NULL, NULL);
	if (argc != 1 || napi_get_value_int32(env, argv[0], &fd) != napi_ok || fd < 0)
		return throw_errno(env, EINVAL);
	close(fd);
	return NULL;
}

static napi_value index_of(napi_env env, napi_callback_info info)
{
	napi_value argv[1], result;
	size_t argc = 1;
	char name[IFNAMSIZ];

	napi_get_cb_info(env, info, &argc, argv, NULL, NULL);
	if (argc != 1 || !read_name(env, argv[0], name))
		return throw_errno(env, EINVAL);
	napi_create_uint32(env, if_nametoindex(name), &result);
	return result;
}

NAPI_MODULE_INIT()
{
	const napi_property_descriptor functions[] = {
		{ "hold", NULL, hold, NULL, NULL, NULL, napi_enumerable, NULL },
		{ "release", NULL, release, NULL, NULL, NULL, napi_enumerable, NULL },
		{ "indexOf", NULL, index_of, NULL, NULL, NULL, napi_enumerable, NULL },
	};

	if (napi_define_properties(env, exports, 3, functions) != napi_ok)
		napi_throw_error(env, NULL, "cannot set up the module");
	return exports;
}
