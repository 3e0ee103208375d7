/*
 * What a program says of steering as a whole, and what of the one before goes on: a policy is its name, whatever its number. That
 * its preferences, its price or its uplinks' numbers are others makes it no other policy; what it says is asked of each packet.
 */
#ifndef CW_PROGRAM_STEERING_H
#define CW_PROGRAM_STEERING_H

struct cw_program;

/* Policies, matches and segments of `program` are filled in. `before`: that which runs; NULL: none does. */
void cw_program_steer(struct cw_program *program, const struct cw_program *before);

#endif
