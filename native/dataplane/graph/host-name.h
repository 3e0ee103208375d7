/* Names of servers, as clients say them first and as rules have them: RFC 1123 §2.1, RFC 6066 §3. */
#ifndef CW_HOST_NAME_H
#define CW_HOST_NAME_H

#include <stdbool.h>
#include <stdint.h>

#define CW_HOST_NAME_BYTES 256 /* and its end */

/* What is known of a flow's server name. */
enum cw_recognition {
	CW_RECOGNITION_NOT_YET,
	CW_RECOGNITION_NONE,
	CW_RECOGNITION_NAMED,
};

/*
 * Writes the name in lower case, without a dot at its end. False: it is none that a rule could mean: an address, or with
 * bytes that no name has.
 */
bool cw_host_name_read(const uint8_t *bytes, uint32_t length, char name[CW_HOST_NAME_BYTES]);

/*
 * Whether a rule's `pattern` means `name`: the name itself, or with `*.` before a name any host below that one, which it is
 * not itself. Case does not count.
 */
bool cw_server_name_fits(const char *pattern, const char *name);

#endif
