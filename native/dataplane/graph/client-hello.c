/* See client-hello.h. */
#include "graph/client-hello.h"

#include <string.h>

#define RECORD_HEAD 5
#define RECORD_HANDSHAKE 22
#define RECORD_MAX 16384
#define MESSAGE_HEAD 4
#define MESSAGE_CLIENT_HELLO 1
#define VERSION_AND_RANDOM 34
#define EXTENSION_SERVER_NAME 0
#define NAME_TYPE_HOST 0

/* `left` bytes are still to be read by what the message says of itself, `here` of them are here. */
struct cursor {
	const uint8_t *at;
	uint32_t here;
	uint32_t left;
	enum cw_recognition end; /* why nothing more can be read */
};

static uint32_t u16(const uint8_t *at)
{
	return (uint32_t)at[0] << 8 | at[1];
}

/* The next `length` bytes. NULL: there are fewer, or they are not here yet. */
static const uint8_t *take(struct cursor *c, uint32_t length)
{
	const uint8_t *at = c->at;

	if (length > c->here) {
		c->end = length > c->left ? CW_RECOGNITION_NONE : CW_RECOGNITION_NOT_YET;
		return NULL;
	}
	c->at += length;
	c->here -= length;
	c->left -= length;
	return at;
}

/* A vector with its length before it, in one byte or two, which is passed over. */
static bool pass(struct cursor *c, uint32_t length_bytes)
{
	const uint8_t *at = take(c, length_bytes);

	return at != NULL && take(c, length_bytes == 1 ? at[0] : u16(at)) != NULL;
}

/* The first host name of the list that the extension is. */
static enum cw_recognition read_list(const uint8_t *list, uint32_t length, char name[CW_HOST_NAME_BYTES])
{
	if (length < 2 || u16(list) != length - 2)
		return CW_RECOGNITION_NONE;
	for (uint32_t at = 2; length - at >= 3;) {
		uint32_t bytes = u16(list + at + 1);
		if (bytes > length - at - 3)
			return CW_RECOGNITION_NONE;
		if (list[at] == NAME_TYPE_HOST)
			return cw_host_name_read(list + at + 3, bytes, name) ? CW_RECOGNITION_NAMED :
									       CW_RECOGNITION_NONE;
		at += 3 + bytes;
	}
	return CW_RECOGNITION_NONE;
}

enum cw_recognition cw_client_hello_name(const uint8_t *message, uint32_t length, char name[CW_HOST_NAME_BYTES])
{
	if (length > 0 && message[0] != MESSAGE_CLIENT_HELLO)
		return CW_RECOGNITION_NONE;
	if (length < MESSAGE_HEAD)
		return CW_RECOGNITION_NOT_YET;
	struct cursor c = { .at = message + MESSAGE_HEAD,
			    .here = length - MESSAGE_HEAD,
			    .left = (uint32_t)message[1] << 16 | u16(message + 2) };
	if (c.here > c.left)
		c.here = c.left;
	/* Session id, cipher suites, compression; what is older than extensions ends here. */
	if (take(&c, VERSION_AND_RANDOM) == NULL || !pass(&c, 1) || !pass(&c, 2) || !pass(&c, 1))
		return c.end;
	const uint8_t *at = take(&c, 2);
	if (at == NULL)
		return c.end;
	if (u16(at) != c.left)
		return CW_RECOGNITION_NONE;
	while (c.left > 0) {
		const uint8_t *head = take(&c, 4);
		const uint8_t *body = head == NULL ? NULL : take(&c, u16(head + 2));
		if (body == NULL)
			return c.end;
		if (u16(head) == EXTENSION_SERVER_NAME)
			return read_list(body, u16(head + 2), name);
	}
	return CW_RECOGNITION_NONE;
}

enum cw_recognition cw_tls_name(const uint8_t *stream, uint32_t length, char name[CW_HOST_NAME_BYTES])
{
	uint8_t message[CW_HELLO_MAX];
	uint32_t gathered = 0;

	for (uint32_t at = 0; at < length;) {
		uint32_t here = length - at, bytes = here < RECORD_HEAD ? 1 : u16(stream + at + 3);
		if (stream[at] != RECORD_HANDSHAKE || (here > 1 && stream[at + 1] != 3) || bytes == 0 ||
		    bytes > RECORD_MAX)
			return CW_RECOGNITION_NONE;
		if (here <= RECORD_HEAD)
			break;
		here -= RECORD_HEAD;
		bytes = bytes < here ? bytes : here;
		memcpy(message + gathered, stream + at + RECORD_HEAD, bytes);
		gathered += bytes;
		at += RECORD_HEAD + bytes;
	}
	return cw_client_hello_name(message, gathered, name);
}
