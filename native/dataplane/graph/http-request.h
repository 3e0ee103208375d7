/* The host that an HTTP/1 request is for, of which the first bytes are here. RFC 9112 §3, RFC 9110 §7.2. */
#ifndef CW_HTTP_REQUEST_H
#define CW_HTTP_REQUEST_H

#include "graph/host-name.h"

/* NOT_YET: the header may stand in what comes after `length` bytes. Without a port. */
enum cw_recognition cw_http_name(const uint8_t *stream, uint32_t length, char name[CW_HOST_NAME_BYTES]);

#endif
