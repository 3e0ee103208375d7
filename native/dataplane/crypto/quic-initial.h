/*
 * Opens the Initial packets of QUIC clients, whose keys follow from a connection id in the packet itself: everyone on the
 * way may read them. Versions 1 and 2: RFC 9001 §5, RFC 9369 §3. Knows nothing of frames; allocates nothing once open.
 */
#ifndef CW_QUIC_INITIAL_H
#define CW_QUIC_INITIAL_H

#include <stdbool.h>
#include <stdint.h>

#define CW_QUIC_DATAGRAM_MIN 1200 /* in which a client sends Initials: RFC 9000 §14.1 */
#define CW_QUIC_INITIAL_MAX 2048  /* larger ones are not opened: a client does not know yet what the path takes */
#define CW_QUIC_ID_MAX 20

/* A packet with a long header, as far as it lies open. */
struct cw_quic_packet {
	const uint8_t *bytes;
	uint32_t length;    /* of the packet; others may follow in its datagram */
	uint32_t number_at; /* of an Initial: where the protected part begins */
	bool is_initial;
	bool is_v2;
	uint8_t id_len;
	const uint8_t *id; /* the destination's */
};

/*
 * Reads the packet at the beginning of `length` bytes, that are a datagram or the rest of one. False: it is of another
 * version, has a short header, or is cut off.
 */
bool cw_quic_packet_read(struct cw_quic_packet *packet, const uint8_t *bytes, uint32_t length);

struct cw_quic_initials;

/* One per thread. 0, -ENOTSUP without the ciphers in the library, -ENOMEM. */
int cw_quic_initials_open(struct cw_quic_initials **initials);
void cw_quic_initials_close(struct cw_quic_initials *initials);

/*
 * The frames of a client's Initial; they lie in `initials` until the next call. NULL: it is none, or was tampered with.
 * The keys of the id that was asked for last are kept.
 */
const uint8_t *cw_quic_initial_open(struct cw_quic_initials *initials, const struct cw_quic_packet *packet,
				    uint32_t *length);

/* A QUIC variable-length integer at `*at`, which is moved behind it: RFC 9000 §16. False: it is cut off at `end`. */
bool cw_quic_integer(const uint8_t **at, const uint8_t *end, uint64_t *value);

#endif
