/*
 * The server name in the ClientHello of TLS 1.0 to 1.3, of which the first bytes are here: in records, as TCP brings it, or
 * bare, as QUIC does. RFC 8446 §4.1.2 and §5.1, RFC 6066 §3. Of an encrypted ClientHello (RFC 9849) it is the outer name.
 */
#ifndef CW_CLIENT_HELLO_H
#define CW_CLIENT_HELLO_H

#include "graph/host-name.h"

/* What is looked at of a ClientHello, or of a request: with keys against quantum computers they are of 2 KB. */
#define CW_HELLO_MAX 4096

/* The handshake message from its beginning; NOT_YET: the name may stand in what comes after `length` bytes. */
enum cw_recognition cw_client_hello_name(const uint8_t *message, uint32_t length, char name[CW_HOST_NAME_BYTES]);

/* The same of a stream of records, of which `length` bytes of at most CW_HELLO_MAX are here. */
enum cw_recognition cw_tls_name(const uint8_t *stream, uint32_t length, char name[CW_HOST_NAME_BYTES]);

#endif
