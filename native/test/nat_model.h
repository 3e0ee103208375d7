/*
 * A NAT as RFC 4787 describes it: whether its mappings depend on the destination (§4.1), whom it lets in (§5), when it forgets
 * (§4.3). Pure: time is an argument, ports are drawn from a key. A table of a few thousand sessions, searched one by one.
 */
#ifndef CW_NAT_MODEL_H
#define CW_NAT_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#define NAT_SESSIONS_MAX 8192

enum nat_behaviour {
	NAT_INDEPENDENT,      /* of the endpoint */
	NAT_BY_ADDRESS,
	NAT_BY_ADDRESS_PORT,
};

struct nat_session {
	uint16_t inner_port, outer_port;
	uint16_t remote_port;
	uint32_t remote;
	uint64_t began_us;
	uint64_t used_us; /* something left by it last, or came where that counts too */
	bool is_answered; /* something came by it */
	bool is_stream;   /* and when it was used last it was older than two seconds, as netfilter has it */
};

/* All zeros but for `address`, `timeout_us` and `key`: the most open one. */
struct nat {
	enum nat_behaviour mapping, filtering;
	bool is_renewed_inwards;
	uint32_t address;
	uint64_t timeout_us;
	uint64_t brief_us; /* the same before it is a stream; 0: no other */
	uint64_t key;
	uint32_t count;
	struct nat_session sessions[NAT_SESSIONS_MAX];
};

/* The port from which a packet goes on that leaves from `inner_port`. */
uint16_t cw_nat_out(struct nat *nat, uint16_t inner_port, uint32_t remote, uint16_t remote_port, uint64_t now_us);

/* The port inside to which a packet goes on that came to `outer_port`; 0: it is not let in. */
uint16_t cw_nat_in(struct nat *nat, uint16_t outer_port, uint32_t remote, uint16_t remote_port, uint64_t now_us);

/* It is switched off and on. */
void cw_nat_forget(struct nat *nat);

#endif
