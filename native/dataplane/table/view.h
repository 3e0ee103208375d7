/* Builds the immutable view that packets are looked up in, from the program and the mirrored kernel state. */
#ifndef CW_VIEW_H
#define CW_VIEW_H

struct cw_engine;
struct cw_view;

/* Control lock held: builds, publishes, waits for quiescence, frees the one before. 0, -ENOMEM or -EINVAL. */
int cw_view_publish(struct cw_engine *engine);

void cw_view_free(struct cw_view *view);

#endif
