/*
 * Handshake messages (0xD4–0xD7) on their way to the gateway: junk is dropped here, and what is left has a rate, each
 * source and all of them together. wire.md, "Denial of service".
 */
#ifndef CW_HANDSHAKE_H
#define CW_HANDSHAKE_H

#include <stdbool.h>
#include <stdint.h>

struct cw_handshakes;
struct cw_peer;
struct cw_port;
struct cw_worker;
struct rte_mbuf;

/* Of 0xD4 to 0xD7, which have one size each. */
uint32_t cw_handshake_size(uint8_t type);

/* What a box gives handshakes of: rates, and cookies for what is above them. 0 or a negative errno. */
int cw_handshakes_open(struct cw_handshakes **handshakes);
void cw_handshakes_close(struct cw_handshakes *handshakes);

/* The gateway's secrets, which are good for as long as it renews them: key 32, present secret 32, the one before 32. */
void cw_handshakes_renew(struct cw_worker *worker, const uint8_t *secrets);
#define CW_COOKIE_SECRETS_BYTES 96

/* A peer is there: after a restart of its, its initiations shall not have to win against a flood of strangers'. */
void cw_handshakes_know(struct cw_worker *worker, const uint8_t address[16]);

/*
 * A frame of the kernel's on its way out of `port`. If it is a handshake of the gateway's, then its answers may come:
 * cookies and challenges have no mac1, and whoever does not see ours cannot make one that names its index. The same of
 * its STUN: stun.h.
 */
void cw_handshake_note(struct cw_worker *worker, const struct cw_port *port, const struct rte_mbuf *m);

/*
 * Whether the gateway is to see this datagram of `length` bytes within `m`, an IP packet to the overlay port `index`.
 * If not, it is counted, and its sender asked for a cookie where that helps.
 */
bool cw_handshake_is_due(struct cw_worker *worker, uint32_t index, const struct rte_mbuf *m,
			 const uint8_t *datagram, uint32_t length);

/* The same by relays: what the gateway sends by a channel, and what comes by one. */
void cw_handshake_note_relayed(struct cw_worker *worker, const uint8_t *datagram, uint32_t length);
bool cw_handshake_is_due_relayed(struct cw_worker *worker, struct cw_peer *relay, uint32_t channel,
				 const uint8_t *datagram, uint32_t length);

#endif
