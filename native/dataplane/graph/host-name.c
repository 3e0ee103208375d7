/* See host-name.h. */
#include "graph/host-name.h"

#include <string.h>

#define NAME_MAX_BYTES 253 /* RFC 1035 §2.3.4, written with dots */
#define LABEL_MAX 63

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Underscores are no host's by the letter, but are in use. */
static bool is_of_label(char c)
{
	return (c >= 'a' && c <= 'z') || is_digit(c) || c == '-' || c == '_';
}

bool cw_host_name_read(const uint8_t *bytes, uint32_t length, char name[CW_HOST_NAME_BYTES])
{
	uint32_t label = 0, digits = 0;

	if (length > 0 && bytes[length - 1] == '.')
		length--;
	if (length == 0 || length > NAME_MAX_BYTES)
		return false;
	for (uint32_t i = 0; i < length; i++) {
		char c = lower((char)bytes[i]);
		if (c == '.' ? label == 0 : !is_of_label(c) || label == LABEL_MAX)
			return false;
		label = c == '.' ? 0 : label + 1;
		digits = c == '.' ? 0 : digits + is_digit(c);
		name[i] = c;
	}
	name[length] = '\0';
	/* No top-level domain is a number: this is an IPv4 address. */
	return label > 0 && digits < label;
}

static bool is_equal(const char *a, const char *b)
{
	while (*a != '\0' && lower(*a) == lower(*b))
		a++, b++;
	return *a == *b;
}

bool cw_server_name_fits(const char *pattern, const char *name)
{
	size_t length = strlen(name), suffix = strlen(pattern) - 1;

	if (pattern[0] != '*' || pattern[1] != '.')
		return is_equal(pattern, name);
	return length > suffix && is_equal(pattern + 1, name + length - suffix);
}
