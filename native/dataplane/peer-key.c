/* See peer-key.h. */
#include "peer-key.h"

#include <stdlib.h>
#include <string.h>

#include "engine.h"
#include "table/session.h"

static uint32_t read_prefix(const uint8_t *prefix)
{
	uint32_t begins;

	memcpy(&begins, prefix, sizeof(begins));
	return begins;
}

static int compare(const void *a, const void *b)
{
	const struct cw_key_place *one = a, *other = b;

	return (one->begins > other->begins) - (one->begins < other->begins);
}

void cw_peer_keys_sort(struct cw_program *program)
{
	for (uint32_t i = 0; i < program->peer_count; i++)
		program->by_key[i] = (struct cw_key_place){ read_prefix(program->peers[i]->identity + CW_KEY_AT), (uint16_t)i };
	qsort(program->by_key, program->peer_count, sizeof(program->by_key[0]), compare);
}

struct cw_peer *cw_peer_by_key(const struct cw_program *program, const uint8_t *prefix)
{
	struct cw_key_place wanted = { .begins = read_prefix(prefix) };
	const struct cw_key_place *found =
		bsearch(&wanted, program->by_key, program->peer_count, sizeof(wanted), compare);

	return found == NULL ? NULL : program->peers[found->peer];
}
