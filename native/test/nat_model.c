/* See nat_model.h. */
#include "nat_model.h"

#include <assert.h>
#include <stddef.h>

#include "mix.h"

#define STREAM_US 2000000u
#define PORTS_FROM 1024u
#define PORTS (65536u - PORTS_FROM)

static bool is_alike(enum nat_behaviour behaviour, const struct nat_session *one, uint32_t remote, uint16_t remote_port)
{
	if (behaviour == NAT_INDEPENDENT)
		return true;
	return one->remote == remote && (behaviour == NAT_BY_ADDRESS || one->remote_port == remote_port);
}

static void use(struct nat_session *one, uint64_t now_us)
{
	one->used_us = now_us;
	one->is_stream = one->is_stream || (one->is_answered && now_us - one->began_us > STREAM_US);
}

static void expire(struct nat *nat, uint64_t now_us)
{
	for (uint32_t i = 0; i < nat->count;) {
		const struct nat_session *one = &nat->sessions[i];
		uint64_t timeout_us = nat->brief_us == 0 || one->is_stream ? nat->timeout_us : nat->brief_us;
		if (now_us - one->used_us >= timeout_us)
			nat->sessions[i] = nat->sessions[--nat->count];
		else
			i++;
	}
}

static bool is_taken(const struct nat *nat, uint16_t port)
{
	for (uint32_t i = 0; i < nat->count; i++) {
		if (nat->sessions[i].outer_port == port)
			return true;
	}
	return false;
}

static uint16_t next_port(struct nat *nat)
{
	for (;;) {
		nat->key += CW_MIX_STEP;
		uint16_t port = (uint16_t)(PORTS_FROM + cw_mix64(nat->key) % PORTS);
		if (!is_taken(nat, port))
			return port;
	}
}

uint16_t cw_nat_out(struct nat *nat, uint16_t inner_port, uint32_t remote, uint16_t remote_port, uint64_t now_us)
{
	uint16_t outer_port = 0;

	expire(nat, now_us);
	for (uint32_t i = 0; i < nat->count; i++) {
		struct nat_session *one = &nat->sessions[i];
		if (one->inner_port != inner_port || !is_alike(nat->mapping, one, remote, remote_port))
			continue;
		outer_port = one->outer_port;
		if (one->remote != remote || one->remote_port != remote_port)
			continue;
		use(one, now_us);
		return outer_port;
	}
	if (outer_port == 0)
		outer_port = next_port(nat);
	assert(nat->count < NAT_SESSIONS_MAX);
	nat->sessions[nat->count++] = (struct nat_session){ .inner_port = inner_port,
							    .outer_port = outer_port,
							    .remote_port = remote_port,
							    .remote = remote,
							    .began_us = now_us,
							    .used_us = now_us };
	return outer_port;
}

uint16_t cw_nat_in(struct nat *nat, uint16_t outer_port, uint32_t remote, uint16_t remote_port, uint64_t now_us)
{
	expire(nat, now_us);
	for (uint32_t i = 0; i < nat->count; i++) {
		struct nat_session *one = &nat->sessions[i];
		/* A mapping that depends on the destination lets in only that, whatever the filter says. */
		enum nat_behaviour strict = nat->mapping > nat->filtering ? nat->mapping : nat->filtering;
		if (one->outer_port != outer_port || !is_alike(strict, one, remote, remote_port))
			continue;
		one->is_answered = true;
		if (nat->is_renewed_inwards)
			use(one, now_us);
		return one->inner_port;
	}
	return 0;
}

void cw_nat_forget(struct nat *nat)
{
	nat->count = 0;
}
