/*
 * What the fuzz targets share: a bench (../test/graph_bench.h) that is opened once, buffers behind
 * whose last byte nothing may be read, and a clean start for every input. A broken promise ends the
 * program, as a sanitizer would.
 */
#ifndef CW_FUZZ_BENCH_H
#define CW_FUZZ_BENCH_H

#include <stddef.h>
#include <stdint.h>

#include "graph_bench.h"

#define FUZZ_NEEDS(claim) cw_fuzz_needs((claim), #claim, __FILE__, __LINE__)

/* libFuzzer's entry: 0, always. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A claim that does not hold is reported and ends the program. */
void cw_fuzz_needs(bool is_true, const char *claim, const char *file, int line);

struct cw_bench *cw_fuzz_bench(void);

/*
 * A received frame in a buffer that is poisoned behind it; the graph may free it, and memory stays
 * poisoned until cw_fuzz_settle(). One at a time.
 */
struct rte_mbuf *cw_fuzz_mbuf(const uint8_t *frame, uint32_t length, uint16_t l2_len);

/*
 * The end of an input: everything that is being filled, merged or waits goes out or is dropped,
 * events are taken, and no buffer may be missing.
 */
void cw_fuzz_settle(void);

#endif
