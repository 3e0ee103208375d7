/* Other network namespaces: a visit of the calling thread, to open something there; and which one a link leads to. */
#ifndef CW_NETNS_H
#define CW_NETNS_H

/* `name` as in /run/netns. 0, with `*home` to go back to, or a negative errno. */
int cw_netns_enter(const char *name, int *home);
void cw_netns_leave(int home);

/* The number that the caller's namespace has for the one of `fd`; negative: none. */
int cw_netns_number(int fd);

/*
 * The other end of a veth of the caller's namespace: its ifindex, and the number of its namespace; -1 for the caller's.
 * 0 or a negative errno.
 */
int cw_netns_end_of(const char *veth, int *ifindex, int *number);

#endif
