/* What the files of program-check.h share: what several arrays are made of. */
#ifndef CW_PROGRAM_CHECK_PARTS_H
#define CW_PROGRAM_CHECK_PARTS_H

#include <stdbool.h>

#include "program-check.h"
#include "refusal.h"

/* ASCII that is visible, ended by a zero, with zeros behind it. */
bool cw_check_is_text(const char *text, size_t size);
bool cw_check_is_name(const char *name, size_t size, bool may_be_empty);

/* Bits of the 128 behind the first `prefix_len`. */
bool cw_check_has_host_bits(const uint8_t address[16], uint8_t prefix_len);

int cw_check_policies(const struct cw_check *check, const struct cw_program_parts *parts);
int cw_check_matches(const struct cw_check *check, const struct cw_program_parts *parts);

#endif
