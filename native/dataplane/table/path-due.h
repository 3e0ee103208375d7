/*
 * When something is to leave by a path of its own accord: the next probe, and word of its silence. What the answers mean is
 * liveness.h's; which paths are asked besides, since another is suspected, path-watch.c's.
 */
#ifndef CW_PATH_DUE_H
#define CW_PATH_DUE_H

#include "table/path.h"

#define CW_RELAYED_KEPT_S 240u /* an unused channel ends after 300 s; what one end loses, the other asks */

static inline uint64_t cw_later(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static inline uint64_t cw_sooner(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* When data went or came by it last; 0: never. */
static inline uint64_t cw_path_data_us(const struct cw_path *path)
{
	return cw_later(path->tx_us, path->rx_us);
}

static inline bool cw_path_is_dear(const struct cw_path *path)
{
	return (path->flags & (CW_PATH_METERED | CW_PATH_BACKUP)) != 0;
}

/* So long after the last data something is expected by it: where it costs money, not for as long as the next one may take. */
static inline uint64_t cw_path_active_us(const struct cw_path *path)
{
	return cw_path_is_dear(path) ? 500000 : 2000000;
}

/* Whether its uplink, or its relay, cannot send at all. */
static inline bool cw_path_is_cut(const struct cw_path *path)
{
	return cw_liveness_is_cut(&path->live);
}

/* When the next probe is due after the one at `probe_us`; UINT64_MAX: none is. `is_kept`: at rest this path is kept alive. */
uint64_t cw_path_probe_due_us(const struct cw_paths *paths, const struct cw_path *path, bool is_kept, uint64_t probe_us,
			      uint64_t now_us);

/* It has just gone down: the far end is told by every path, a few times, for they may lose it. */
bool cw_path_is_fresh(const struct cw_path *path, uint64_t now_us);

/*
 * When the far end is to be told that nothing is heard by a path; UINT64_MAX: never. At once, and ever less often as long as
 * there is data. What has no uplink is told of too: nothing will be heard by it.
 */
uint64_t cw_path_tell_due_us(const struct cw_paths *paths, const struct cw_path *path, uint64_t now_us);

#endif
