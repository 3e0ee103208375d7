/*
 * Tells the supervisor of this process how it is (sd_notify(3), systemd.service(5)): Node has no datagram sockets of the kind
 * `unix`. Node-API glue, one function; the meaning is in firmware/host/system/supervisor.ts.
 *
 *   send(path, text) -> boolean     false: nobody listens there. A path that begins with '@' is an abstract name (unix(7))
 */
#include <node_api.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define TEXT_MAX 256

static bool read_text(napi_env env, napi_value value, char *text, size_t size, size_t *length)
{
	return napi_get_value_string_utf8(env, value, text, size, length) == napi_ok && *length > 0 &&
	       *length < size - 1;
}

static bool tell(const char *path, size_t path_length, const char *text, size_t text_length)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + path_length);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return false;
	memcpy(to.sun_path, path, path_length);
	if (path[0] == '@')
		to.sun_path[0] = 0;
	/* A supervisor that reads nothing must not hold up the loop of events. */
	ssize_t n = sendto(fd, text, text_length, MSG_NOSIGNAL, (struct sockaddr *)&to, size);
	close(fd);
	return n == (ssize_t)text_length;
}

static napi_value send_text(napi_env env, napi_callback_info info)
{
	napi_value argv[2], result;
	size_t argc = 2, path_length = 0, text_length = 0;
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)], text[TEXT_MAX];

	napi_get_cb_info(env, info, &argc, argv, NULL, NULL);
	bool is_told = argc == 2 && read_text(env, argv[0], path, sizeof(path), &path_length) &&
		       read_text(env, argv[1], text, sizeof(text), &text_length) &&
		       tell(path, path_length, text, text_length);
	napi_get_boolean(env, is_told, &result);
	return result;
}

NAPI_MODULE_INIT()
{
	const napi_property_descriptor functions[] = {
		{ "send", NULL, send_text, NULL, NULL, NULL, napi_enumerable, NULL },
	};

	if (napi_define_properties(env, exports, 1, functions) != napi_ok)
		napi_throw_error(env, NULL, "cannot set up the module");
	return exports;
}
