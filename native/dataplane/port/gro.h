/*
 * Joins the TCP segments of one burst of a device to trains, as the kernel's GRO does for its own NICs: what is sealed or
 * passed up a twin is then classified and written once for many. Only segments with good checksums (graph/join.h).
 */
#ifndef CW_GRO_H
#define CW_GRO_H

#include <stdint.h>

#include "port/link.h"

/* `frames` as received, l2_len set. Returns how many are left, in order; those that were joined are freed. */
uint16_t cw_gro(const struct cw_pools *pools, struct rte_mbuf **frames, uint16_t n);

#endif
