/* What every uplink of a program has. */
#ifndef CW_PORT_SAMPLE_H
#define CW_PORT_SAMPLE_H

#include "causeway_program.h"

/* As the profile that is there without a word of configuration. */
#define CW_SAMPLE_QOS                                                                                              \
	.marks = CW_MARKS_CLASS, .internet_percent = 95, .weights = { 50, 50, 30, 20 }, .cap_percents = { 50 }

#endif
