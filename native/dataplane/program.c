/* See program.h. */
#include "program.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine.h"
#include "program-check.h"
#include "program-peers.h"
#include "program-steering.h"
#include "table/mirror.h"
#include "table/session.h"
#include "table/view.h"
#include "worker.h"

static int fail(char *why, size_t why_len, int rc, const char *field, uint32_t i, const char *reason)
{
	snprintf(why, why_len, "/%s/%u: %s", field, i, reason);
	return rc;
}

static struct cw_port *running_port(const struct cw_engine *engine, const struct cw_port_program *p)
{
	for (uint32_t i = 0; engine->program != NULL && i < engine->program->port_count; i++) {
		if (cw_port_is(engine->program->ports[i], p))
			return engine->program->ports[i];
	}
	return NULL;
}

/* Ports of one NIC share it: with those of the program that is being made, and of the one that runs. */
static struct cw_nic *open_nic(const struct cw_program *program, const struct cw_port_program *p)
{
	for (uint32_t i = 0; program != NULL && i < program->port_count; i++) {
		if (program->ports[i] != NULL && program->ports[i]->nic != NULL &&
		    cw_nic_is(program->ports[i]->nic, p))
			return program->ports[i]->nic;
	}
	return NULL;
}

static struct cw_segment *running_segment(const struct cw_engine *engine,
					  const struct cw_segment_program *p)
{
	for (uint32_t i = 0; engine->program != NULL && i < engine->program->segment_count; i++) {
		struct cw_segment *segment = engine->program->segments[i];
		if (memcmp(segment->twin_name, p->twin, sizeof(p->twin)) == 0 &&
		    !atomic_load(&segment->twin.is_gone))
			return segment;
	}
	return NULL;
}

static void close_port(struct cw_worker *worker, struct cw_port *port)
{
	if (port->twin.fd >= 0)
		cw_worker_forget(worker, &port->twin);
	if (port->nic != NULL && port->nic->port_count == 1 && port->nic->is_watched)
		cw_worker_forget(worker, &port->nic->link);
	cw_port_close(port);
}

static void close_segment(struct cw_worker *worker, struct cw_segment *segment)
{
	if (segment->twin.fd >= 0) {
		cw_worker_forget(worker, &segment->twin);
		cw_link_close(&segment->twin);
	}
	free(segment);
}

static bool has_port(const struct cw_program *program, const struct cw_port *port)
{
	for (uint32_t i = 0; program != NULL && i < program->port_count; i++) {
		if (program->ports[i] == port)
			return true;
	}
	return false;
}

static bool has_segment(const struct cw_program *program, const struct cw_segment *segment)
{
	for (uint32_t i = 0; program != NULL && i < program->segment_count; i++) {
		if (program->segments[i] == segment)
			return true;
	}
	return false;
}

/* Closes what `program` has and `other` has not, and frees `program`. */
static void take_down(struct cw_engine *engine, struct cw_program *program,
		      const struct cw_program *other)
{
	if (program == NULL)
		return;
	for (uint32_t i = 0; i < program->port_count; i++) {
		if (program->ports[i] != NULL && !has_port(other, program->ports[i]))
			close_port(engine->worker, program->ports[i]);
	}
	for (uint32_t i = 0; i < program->segment_count; i++) {
		if (program->segments[i] != NULL && !has_segment(other, program->segments[i]))
			close_segment(engine->worker, program->segments[i]);
	}
	free(program);
}

static int open_segment(const struct cw_segment_program *p, struct cw_segment **out)
{
	struct cw_segment *segment = calloc(1, sizeof(*segment));

	if (segment == NULL)
		return -ENOMEM;
	*out = segment;
	memcpy(segment->twin_name, p->twin, sizeof(p->twin));
	segment->twin.fd = segment->twin.tx_fd = segment->twin.watch_fd = -1;
	return cw_link_open_twin(&segment->twin, p->twin, CW_LINK_TUN);
}

/* What a device must carry: the most that one of its ports wants. */
static uint16_t nic_mtu(const struct cw_program_parts *parts, const struct cw_port_program *p)
{
	uint16_t most = 0;

	for (uint32_t i = 0; i < parts->head.port_count; i++) {
		const struct cw_port_program *other = &parts->ports[i];
		if (memcmp(other->nic, p->nic, sizeof(p->nic)) != 0 || other->kind != p->kind)
			continue;
		uint16_t mtu = cw_port_mtu_wanted(other);
		most = mtu > most ? mtu : most;
	}
	return most;
}

static int open_port(struct cw_engine *engine, const struct cw_program_parts *parts,
		     struct cw_program *program, uint32_t i, struct cw_why *reason)
{
	const struct cw_port_program *p = &parts->ports[i];
	struct cw_nic *nic = open_nic(program, p);

	program->ports[i] = running_port(engine, p);
	if (program->ports[i] != NULL)
		nic = program->ports[i]->nic;
	if (nic == NULL)
		nic = open_nic(engine->program, p);
	uint16_t mtu = p->kind == CW_KIND_PMD ? nic_mtu(parts, p) : 0;
	int rc = nic != NULL && nic->link.kind == CW_LINK_PMD ? cw_pmd_grow(&nic->link, mtu, reason) : 0;
	if (rc != 0 || program->ports[i] != NULL)
		return rc;
	return cw_port_open(p, &engine->pools, nic, mtu, &program->ports[i], reason);
}

/* Ports and segments: those that run already are taken over, the others opened. */
static int open_links(struct cw_engine *engine, const struct cw_program_parts *parts,
		      struct cw_program *program, char *why, size_t why_len)
{
	for (uint32_t i = 0; i < program->port_count; i++) {
		struct cw_why reason = { "" };
		int rc = open_port(engine, parts, program, i, &reason);
		if (rc != 0 && reason.text[0] != 0) {
			snprintf(why, why_len, "/ports/%u/nic: %s", i, reason.text);
			return rc;
		}
		if (rc != 0)
			return fail(why, why_len, rc, "ports", i, strerror(-rc));
	}
	for (uint32_t i = 0; i < program->segment_count; i++) {
		program->segments[i] = running_segment(engine, &parts->segments[i]);
		if (program->segments[i] != NULL)
			continue;
		int rc = open_segment(&parts->segments[i], &program->segments[i]);
		if (rc != 0)
			return fail(why, why_len, rc, "segments", i, strerror(-rc));
	}
	return 0;
}

static int watch_nic(struct cw_engine *engine, struct cw_nic *nic)
{
	if (nic->is_watched)
		return 0;
	int rc = cw_worker_watch(engine->worker, &nic->link);
	if (rc != 0)
		return rc;
	nic->is_watched = true;
	return cw_mirror_watch(engine->mirror, nic->link.watch_fd);
}

static int watch(struct cw_engine *engine, const struct cw_program *program,
		 const struct cw_program *before)
{
	int rc = 0;

	for (uint32_t i = 0; rc == 0 && i < program->port_count; i++) {
		if (has_port(before, program->ports[i]))
			continue;
		rc = watch_nic(engine, program->ports[i]->nic);
		if (rc == 0)
			rc = cw_worker_watch(engine->worker, &program->ports[i]->twin);
	}
	for (uint32_t i = 0; rc == 0 && i < program->segment_count; i++) {
		if (!has_segment(before, program->segments[i]))
			rc = cw_worker_watch(engine->worker, &program->segments[i]->twin);
	}
	return rc;
}

static int swap(struct cw_engine *engine, struct cw_program *program, char *why, size_t why_len)
{
	struct cw_program *before = engine->program;
	int rc = watch(engine, program, before);

	if (rc == 0)
		rc = cw_mirror_refresh(engine->mirror, program);
	if (rc == 0) {
		engine->program = program;
		rc = cw_view_publish(engine);
	}
	if (rc != 0) {
		engine->program = before;
		snprintf(why, why_len, "/: %s", strerror(-rc));
		return rc;
	}
	for (uint32_t i = 0; i < program->port_count; i++)
		cw_port_limit(program->ports[i], program->port_programs[i].mtu);
	cw_mirror_wake(engine->mirror);
	take_down(engine, before, program);
	return 0;
}

/* An uplink is its name: another number is no other uplink. */
static void number_uplinks(struct cw_program *program, const struct cw_program *before)
{
	memset(program->uplinks, CW_UPLINK_NONE, sizeof(program->uplinks));
	for (uint32_t i = 0; before != NULL && i < before->port_count; i++) {
		const struct cw_port_program *was = &before->port_programs[i];
		for (uint32_t j = 0; was->role == CW_ROLE_UPLINK && j < program->port_count; j++) {
			const struct cw_port_program *is = &program->port_programs[j];
			if (is->role == CW_ROLE_UPLINK && memcmp(is->twin, was->twin, sizeof(is->twin)) == 0)
				program->uplinks[was->uplink] = is->uplink;
		}
	}
}

int cw_program_load(struct cw_engine *engine, const void *in, size_t in_len, char *why,
		    size_t why_len)
{
	struct cw_program_parts parts;
	uint64_t running = engine->program == NULL ? 0 : engine->program->generation;
	int rc = cw_program_check(in, in_len, running, &parts, why, why_len);

	if (rc != 0)
		return rc;
	const struct cw_program_head *head = &parts.head;
	size_t routes = head->route_count * sizeof(struct cw_route_program);
	struct cw_program *program = calloc(1, sizeof(*program) + routes);
	if (program == NULL)
		return fail(why, why_len, -ENOMEM, "routes", head->route_count, strerror(ENOMEM));
	program->generation = head->generation;
	program->mac1_key_count = head->mac1_key_count;
	program->port_count = head->port_count;
	program->segment_count = head->segment_count;
	program->peer_count = head->peer_count;
	program->route_count = head->route_count;
	program->acl_count = head->acl_count;
	program->policy_count = head->policy_count;
	program->match_count = head->match_count;
	program->is_transit = head->is_transit != 0;
	memcpy(program->mac1_keys, parts.mac1_keys, head->mac1_key_count * 32u);
	memcpy(program->port_programs, parts.ports, head->port_count * sizeof(parts.ports[0]));
	memcpy(program->segment_programs, parts.segments,
	       head->segment_count * sizeof(parts.segments[0]));
	memcpy(program->routes, parts.routes, routes);
	memcpy(program->acl, parts.acl, head->acl_count * sizeof(parts.acl[0]));
	memcpy(program->policies, parts.policies, head->policy_count * sizeof(parts.policies[0]));
	memcpy(program->matches, parts.matches, head->match_count * sizeof(parts.matches[0]));
	number_uplinks(program, engine->program);
	cw_program_steer(program, engine->program);
	for (uint32_t i = 0; rc == 0 && i < head->peer_count; i++) {
		program->peers[i] = cw_program_take_peer(engine->worker, &parts.peers[i]);
		program->is_hub[i] = parts.peers[i].is_hub != 0;
		program->peer_limits_bps[i] = parts.peers[i].limit_bps;
		if (program->peers[i] == NULL)
			rc = fail(why, why_len, -ENOSPC, "peers", i, "too many names");
	}
	if (rc == 0)
		cw_peer_keys_sort(program);
	if (rc == 0)
		rc = open_links(engine, &parts, program, why, why_len);
	if (rc == 0)
		rc = swap(engine, program, why, why_len);
	if (rc != 0)
		take_down(engine, program, engine->program);
	cw_program_list_peers(engine->worker, engine->program);
	if (rc == 0)
		cw_program_name_paths(engine->worker, &parts, engine->program->peers);
	return rc;
}

void cw_program_close(struct cw_engine *engine)
{
	cw_view_free(atomic_exchange(&engine->view, NULL));
	take_down(engine, engine->program, NULL);
	engine->program = NULL;
}
