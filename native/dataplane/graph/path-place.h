/*
 * Which paths a peer has: places and numbers are few, what is named goes before what is only heard from, and of that it is what was
 * heard longest ago that makes room. For who adds paths; when they are looked at is path.h's.
 */
#ifndef CW_GRAPH_PATH_PLACE_H
#define CW_GRAPH_PATH_PLACE_H

struct cw_path;
struct cw_peer;
struct cw_way;
struct cw_worker;

/* What its uplink costs, as the running program says. */
void cw_path_note_uplink(struct cw_worker *worker, struct cw_path *path);

/* The path of a way, which may be new; NULL: there is no room. */
struct cw_path *cw_path_place(struct cw_worker *worker, struct cw_peer *peer, const struct cw_way *way);

/* The same for a way that is tried, which makes no room at the cost of one that is tried too. */
struct cw_path *cw_path_place_try(struct cw_worker *worker, struct cw_peer *peer, const struct cw_way *way);

/*
 * The same for a way that something came by and that nobody named: of one relay two are learned, and of one uplink to one address four,
 * so that whoever is on the way, or forwards, does not fill the table.
 */
struct cw_path *cw_path_learn(struct cw_worker *worker, struct cw_peer *peer, const struct cw_way *way);

/* It is no path any more. */
void cw_path_give_back(struct cw_worker *worker, struct cw_peer *peer, struct cw_path *path);

#endif
