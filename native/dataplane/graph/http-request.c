/* See http-request.h. */
#include "graph/http-request.h"

#include <string.h>
#include <strings.h>

#define METHOD_MAX 16
#define VERSION " HTTP/1."
#define HOST "host:"
#define LENGTH(text) (sizeof(text) - 1)

/* Cuts the next line off, without its end. False: it is not here as a whole. */
static bool next_line(const uint8_t **at, const uint8_t *end, const uint8_t **line, uint32_t *length)
{
	const uint8_t *lf = memchr(*at, '\n', (size_t)(end - *at));

	if (lf == NULL)
		return false;
	*line = *at;
	*length = (uint32_t)(lf - *at);
	*length -= *length > 0 && lf[-1] == '\r';
	*at = lf + 1;
	return true;
}

/* Whether it begins with a method; what is shorter may become one. */
static bool may_be_request(const uint8_t *stream, uint32_t length)
{
	for (uint32_t i = 0; i < length && i <= METHOD_MAX; i++) {
		if (stream[i] == ' ')
			return i > 0;
		if (stream[i] < 'A' || stream[i] > 'Z')
			return false;
	}
	return length <= METHOD_MAX;
}

static bool is_request_line(const uint8_t *line, uint32_t length)
{
	/* A digit follows it. */
	return length > LENGTH(VERSION) &&
	       memcmp(line + length - LENGTH(VERSION) - 1, VERSION, LENGTH(VERSION)) == 0;
}

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t';
}

static enum cw_recognition read_host(const uint8_t *value, uint32_t length, char name[CW_HOST_NAME_BYTES])
{
	while (length > 0 && is_blank(*value))
		value++, length--;
	while (length > 0 && is_blank(value[length - 1]))
		length--;
	const uint8_t *port = length > 0 ? memchr(value, ':', length) : NULL;
	if (port != NULL)
		length = (uint32_t)(port - value);
	return cw_host_name_read(value, length, name) ? CW_RECOGNITION_NAMED : CW_RECOGNITION_NONE;
}

enum cw_recognition cw_http_name(const uint8_t *stream, uint32_t length, char name[CW_HOST_NAME_BYTES])
{
	const uint8_t *at = stream, *end = stream + length, *line;
	uint32_t line_len;

	if (!may_be_request(stream, length))
		return CW_RECOGNITION_NONE;
	if (!next_line(&at, end, &line, &line_len))
		return CW_RECOGNITION_NOT_YET;
	if (!is_request_line(line, line_len))
		return CW_RECOGNITION_NONE;
	while (next_line(&at, end, &line, &line_len)) {
		if (line_len == 0)
			return CW_RECOGNITION_NONE;
		if (line_len >= LENGTH(HOST) && strncasecmp((const char *)line, HOST, LENGTH(HOST)) == 0)
			return read_host(line + LENGTH(HOST), line_len - LENGTH(HOST), name);
	}
	return CW_RECOGNITION_NOT_YET;
}
