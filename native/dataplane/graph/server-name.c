/* See server-name.h. */
#include "graph/server-name.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/quic-initial.h"
#include "graph/client-hello.h"
#include "graph/http-request.h"

#define UDP_HEADER 8
#define TCP_HEADER 20
#define TCP_SYN 2
#define QUIC_LONG_AND_FIXED 0xc0
#define INITIALS_MAX 4 /* of a datagram */

enum frame { FRAME_PADDING, FRAME_PING, FRAME_ACK, FRAME_ACK_ECN, FRAME_CRYPTO = 6 };

/* A flow whose first bytes are not all here. */
struct waiting {
	struct cw_flow_key key;
	uint64_t since_us;
	uint32_t sequence; /* TCP's, of the first byte */
	bool is_used;
};

/* `is_here` says of each byte whether it came. */
struct first_bytes {
	uint8_t bytes[CW_HELLO_MAX];
	uint8_t is_here[CW_HELLO_MAX];
};

struct cw_server_names {
	struct cw_quic_initials *initials;
	uint64_t evicted;
	uint64_t limited;
	uint64_t second; /* of which `opened` counts */
	uint32_t opened;
	uint32_t used;
	struct waiting waiting[CW_SERVER_NAME_WAITING];
	struct first_bytes first_bytes[CW_SERVER_NAME_WAITING];
};

int cw_server_names_open(struct cw_server_names **out)
{
	struct cw_server_names *names = calloc(1, sizeof(*names));

	if (names == NULL)
		return -ENOMEM;
	int rc = cw_quic_initials_open(&names->initials);
	if (rc != 0) {
		free(names);
		return rc;
	}
	*out = names;
	return 0;
}

void cw_server_names_close(struct cw_server_names *names)
{
	if (names != NULL)
		cw_quic_initials_close(names->initials);
	free(names);
}

static void release(struct cw_server_names *names, struct waiting *waiting)
{
	if (waiting == NULL)
		return;
	waiting->is_used = false;
	names->used--;
}

/* What is here of the flow. NULL: nothing, or it is of a flow before that had the same key, or too old to go on with. */
static struct waiting *find(struct cw_server_names *names, const struct cw_flow_key *key, bool is_first,
			    uint64_t now_us)
{
	for (uint32_t i = 0; i < CW_SERVER_NAME_WAITING && names->used > 0; i++) {
		struct waiting *waiting = &names->waiting[i];
		if (!waiting->is_used || !cw_flow_key_equal(&waiting->key, key))
			continue;
		if (!is_first && now_us - waiting->since_us < CW_SERVER_NAME_US)
			return waiting;
		release(names, waiting);
	}
	return NULL;
}

/* A place for a flow that has none, if need be that of the oldest. */
static struct waiting *begin(struct cw_server_names *names, const struct cw_flow_key *key, uint32_t sequence,
			     uint64_t now_us)
{
	struct waiting *chosen = &names->waiting[0];

	for (uint32_t i = 0; i < CW_SERVER_NAME_WAITING && chosen->is_used; i++) {
		struct waiting *waiting = &names->waiting[i];
		if (!waiting->is_used || waiting->since_us < chosen->since_us)
			chosen = waiting;
	}
	if (chosen->is_used) {
		names->evicted += now_us - chosen->since_us < CW_SERVER_NAME_US;
		release(names, chosen);
	}
	*chosen = (struct waiting){ .key = *key, .since_us = now_us, .sequence = sequence, .is_used = true };
	names->used++;
	memset(names->first_bytes[chosen - names->waiting].is_here, 0, CW_HELLO_MAX);
	return chosen;
}

/* Puts down what came; nothing of it behind CW_HELLO_MAX. */
static void put(struct cw_server_names *names, const struct waiting *waiting, uint64_t offset,
		const uint8_t *bytes, uint64_t length)
{
	struct first_bytes *to = &names->first_bytes[waiting - names->waiting];

	if (offset >= CW_HELLO_MAX)
		return;
	if (length > CW_HELLO_MAX - offset)
		length = CW_HELLO_MAX - offset;
	memcpy(to->bytes + offset, bytes, length);
	memset(to->is_here + offset, 1, length);
}

/* How many bytes there are from the first on without a gap. */
static const uint8_t *without_gap(const struct cw_server_names *names, const struct waiting *waiting,
				  uint32_t *length)
{
	const struct first_bytes *first = &names->first_bytes[waiting - names->waiting];
	const uint8_t *gap = memchr(first->is_here, 0, CW_HELLO_MAX);

	*length = gap == NULL ? CW_HELLO_MAX : (uint32_t)(gap - first->is_here);
	return first->bytes;
}

/* The protocols that a TCP flow may begin with are told apart by their first byte. */
static enum cw_recognition read_stream(const uint8_t *bytes, uint32_t length, char *name)
{
	enum cw_recognition is = length > 0 && bytes[0] < 'A' ? cw_tls_name(bytes, length, name) :
							       cw_http_name(bytes, length, name);

	return is == CW_RECOGNITION_NOT_YET && length == CW_HELLO_MAX ? CW_RECOGNITION_NONE : is;
}

static enum cw_recognition read_tcp(struct cw_server_names *names, const struct cw_first_packet *packet,
				    uint8_t *looked, uint64_t now_us, char *name)
{
	const uint8_t *l4 = packet->l4;
	uint32_t header = packet->length < TCP_HEADER ? 0 : (l4[12] >> 4) * 4u, length;

	if (header < TCP_HEADER || header >= packet->length)
		return CW_RECOGNITION_NOT_YET;
	uint32_t sequence = (uint32_t)l4[4] << 24 | (uint32_t)l4[5] << 16 | (uint32_t)l4[6] << 8 | l4[7];
	sequence += (l4[13] & TCP_SYN) != 0;
	struct waiting *waiting = find(names, packet->key, *looked == 0, now_us);
	(*looked)++;
	const uint8_t *bytes = l4 + header;
	length = packet->length - header;
	uint32_t ahead = packet->first_byte == NULL ? 0 : sequence - *packet->first_byte;
	if (ahead >= CW_HELLO_MAX)
		return CW_RECOGNITION_NOT_YET;
	/* It overtook what comes before it. */
	if (waiting == NULL && ahead > 0)
		waiting = begin(names, packet->key, *packet->first_byte, now_us);
	if (waiting != NULL) {
		put(names, waiting, sequence - waiting->sequence, bytes, length);
		bytes = without_gap(names, waiting, &length);
	} else if (length > CW_HELLO_MAX) {
		length = CW_HELLO_MAX;
	}
	enum cw_recognition is = read_stream(bytes, length, name);
	if (is == CW_RECOGNITION_NOT_YET && waiting == NULL)
		put(names, begin(names, packet->key, sequence, now_us), 0, bytes, length);
	return is;
}

/* Passes over what an ACK frame says: RFC 9000 §19.3. */
static bool pass_ack(const uint8_t **at, const uint8_t *end, bool has_ecn)
{
	uint64_t ranges, value;

	if (!cw_quic_integer(at, end, &value) || !cw_quic_integer(at, end, &value) ||
	    !cw_quic_integer(at, end, &ranges) || ranges > (uint64_t)(end - *at))
		return false;
	for (uint64_t i = 0; i < 1 + 2 * ranges + (has_ecn ? 3 : 0); i++) {
		if (!cw_quic_integer(at, end, &value))
			return false;
	}
	return true;
}

/* Puts down the crypto frames of an Initial; their order is any: RFC 9000 §17.2.2 says what else there may be. */
static void take_frames(struct cw_server_names *names, const struct cw_first_packet *packet,
			struct waiting **waiting, uint64_t now_us, const uint8_t *at, const uint8_t *end)
{
	while (at < end) {
		uint64_t offset, length;
		uint8_t type = *at++;
		if (type == FRAME_PADDING || type == FRAME_PING)
			continue;
		if (type == FRAME_ACK || type == FRAME_ACK_ECN) {
			if (!pass_ack(&at, end, type == FRAME_ACK_ECN))
				return;
			continue;
		}
		if (type != FRAME_CRYPTO || !cw_quic_integer(&at, end, &offset) ||
		    !cw_quic_integer(&at, end, &length) || length > (uint64_t)(end - at))
			return;
		if (*waiting == NULL)
			*waiting = begin(names, packet->key, 0, now_us);
		put(names, *waiting, offset, at, length);
		at += length;
	}
}

static bool may_open(struct cw_server_names *names, uint64_t now_us)
{
	if (now_us / 1000000 != names->second) {
		names->second = now_us / 1000000;
		names->opened = 0;
	}
	if (names->opened == CW_SERVER_NAME_QUIC_PER_SECOND) {
		names->limited++;
		return false;
	}
	names->opened++;
	return true;
}

/*
 * Takes the Initials of a datagram, which may hold more than one, of one id all, and other packets between them: RFC 9000
 * §12.2. False: it is not QUIC, nor another version of it, of which the next may be one that is known.
 */
static bool take_datagram(struct cw_server_names *names, const struct cw_first_packet *packet,
			  struct waiting **waiting, uint64_t now_us, const uint8_t *bytes, uint32_t length)
{
	struct cw_quic_packet first = { 0 }, quic;
	uint32_t at = 0, opened = 0;

	while (at < length && opened < INITIALS_MAX && cw_quic_packet_read(&quic, bytes + at, length - at)) {
		const uint8_t *frames = NULL;
		uint32_t frames_len = 0;
		if (at == 0)
			first = quic;
		if (quic.is_v2 != first.is_v2 || quic.id_len != first.id_len ||
		    memcmp(quic.id, first.id, first.id_len) != 0)
			break;
		if (quic.is_initial && length >= CW_QUIC_DATAGRAM_MIN && may_open(names, now_us)) {
			opened++;
			frames = cw_quic_initial_open(names->initials, &quic, &frames_len);
		}
		if (frames != NULL)
			take_frames(names, packet, waiting, now_us, frames, frames + frames_len);
		at += quic.length;
	}
	return at > 0 || (length >= CW_QUIC_DATAGRAM_MIN && (bytes[0] & QUIC_LONG_AND_FIXED) == QUIC_LONG_AND_FIXED);
}

static enum cw_recognition read_udp(struct cw_server_names *names, const struct cw_first_packet *packet,
				    uint8_t *looked, uint64_t now_us, char *name)
{
	struct waiting *waiting = find(names, packet->key, *looked == 0, now_us);
	uint32_t step = packet->segment_bytes == 0 ? packet->length : packet->segment_bytes, length = 0;

	for (uint32_t at = UDP_HEADER; at < packet->length && *looked < CW_SERVER_NAME_PACKETS; at += step) {
		uint32_t left = packet->length - at;
		(*looked)++;
		if (!take_datagram(names, packet, &waiting, now_us, packet->l4 + at, left < step ? left : step) &&
		    waiting == NULL)
			return CW_RECOGNITION_NONE;
	}
	if (waiting == NULL)
		return CW_RECOGNITION_NOT_YET;
	const uint8_t *bytes = without_gap(names, waiting, &length);
	enum cw_recognition is = cw_client_hello_name(bytes, length, name);
	return is == CW_RECOGNITION_NOT_YET && length == CW_HELLO_MAX ? CW_RECOGNITION_NONE : is;
}

enum cw_recognition cw_server_name_read(struct cw_server_names *names, const struct cw_first_packet *packet,
					uint8_t *looked, uint64_t now_us, char name[CW_HOST_NAME_BYTES])
{
	enum cw_recognition is = CW_RECOGNITION_NONE;

	if (*looked < CW_SERVER_NAME_PACKETS && packet->key->protocol == IPPROTO_TCP)
		is = read_tcp(names, packet, looked, now_us, name);
	else if (*looked < CW_SERVER_NAME_PACKETS && packet->key->protocol == IPPROTO_UDP)
		is = read_udp(names, packet, looked, now_us, name);
	if (is == CW_RECOGNITION_NOT_YET && *looked >= CW_SERVER_NAME_PACKETS)
		is = CW_RECOGNITION_NONE;
	if (is != CW_RECOGNITION_NOT_YET)
		release(names, find(names, packet->key, false, now_us));
	return is;
}

uint64_t cw_server_names_evicted(const struct cw_server_names *names)
{
	return names->evicted;
}

uint64_t cw_server_names_limited(const struct cw_server_names *names)
{
	return names->limited;
}
