/*
 * Fuzzes the items of an opened control frame, and what is then told and answered. Input: the
 * items.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz_bench.h"
#include "graph/control.h"
#include "graph/path.h"
#include "packet.h"

#define ITEMS_MAX 16

/* What goes up is whole items, of types that are the gateway's. */
static void check_event(const uint8_t *items, uint32_t length)
{
	uint32_t at = 0;

	while (at + 4 <= length) {
		uint8_t type = items[at];
		FUZZ_NEEDS((type >= 0x0a && type <= 0x0e) || type == 0x10 || (type >= 0x12 && type <= 0x14));
		at += 4 + packet_u16(items + at + 2);
	}
	FUZZ_NEEDS(length > 0 && at == length);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t plain[CW_BENCH_FRAME_MAX];
	struct cw_bench *bench = cw_fuzz_bench();
	uint8_t event[CW_EVENT_BYTES_MAX], type = 0;
	struct cw_event head;

	if (size > UINT16_MAX)
		return 0;
	uint8_t *exact = malloc(size == 0 ? 1 : size);
	memcpy(exact, data, size);
	cw_control(bench->worker, bench->keypair, cw_bench_path(bench), exact, (uint32_t)size);
	free(exact);
	cw_path_look(bench->worker);
	while (cw_next_event(bench->engine, event, sizeof(event)) > 0) {
		memcpy(&head, event, sizeof(head));
		if (head.kind == CW_EVENT_CONTROL)
			check_event(event + sizeof(head), head.length);
	}
	cw_bench_flush(bench);
	/* Never more comes back than was asked for: sixteen answers, and a probe of each kind. */
	uint32_t length, total = 0;
	while ((length = cw_bench_hear(bench, &type, plain)) > 0) {
		FUZZ_NEEDS(type == 0xD2);
		total += length;
	}
	FUZZ_NEEDS(total <= ITEMS_MAX * 16 + 8 + CW_BENCH_MTU);
	cw_fuzz_settle();
	return 0;
}
