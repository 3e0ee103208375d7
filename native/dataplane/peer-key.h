/*
 * Peers of a program by how their static keys begin. No two begin alike (program-check.c): an address of a relayed way has no room
 * for more of its relay's.
 */
#ifndef CW_PEER_KEY_H
#define CW_PEER_KEY_H

#include <stdint.h>

#include "causeway_program.h"

#define CW_KEY_AT 16 /* of the identity: behind the tenant */
#define CW_KEY_PREFIX 4

struct cw_peer;
struct cw_program;

/* A place in the order of keys. */
struct cw_key_place {
	uint32_t begins;
	uint16_t peer; /* index into the program's */
};

/* Once the program's peers are what they will be. */
void cw_peer_keys_sort(struct cw_program *program);

/* Whose key begins with the CW_KEY_PREFIX bytes at `prefix`; NULL: nobody's. */
struct cw_peer *cw_peer_by_key(const struct cw_program *program, const uint8_t *prefix);

#endif
