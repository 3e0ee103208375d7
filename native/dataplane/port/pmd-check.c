/*
 * Which devices can be trusted to carry whole packets. A driver that sees a kernel's frames without the word that goes
 * with them (virtio_net_hdr) takes unfinished checksums and trains for packets: everything runs and nothing arrives.
 * See pmd.h.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <rte_pci.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "port/netns.h"
#include "port/pmd.h"

#define NETNS_FOLDER "/run/netns"
#define NETNS_MAX 1024

/* What virtual devices may be named; with the reason for those that may not. */
static const struct {
	const char *driver;
	const char *refusal; /* NULL: may be used */
} drivers[] = {
	{ "net_ring", NULL },
	{ "net_null", NULL },
	{ "net_memif", NULL },
	{ "net_pcap", NULL },
	{ "net_af_xdp", NULL },
	{ "net_af_packet", "loses the kernel's checksum and segmentation offloads; use netdev:INTERFACE" },
	{ "net_tap", "has no offloads, and a twin is there already; use netdev:INTERFACE" },
	{ "net_tun", "has no offloads, and a twin is there already; use netdev:INTERFACE" },
};

static int refuse(struct cw_why *why, const char *device, const char *reason)
{
	snprintf(why->text, sizeof(why->text), "%.*s: %s", (int)strcspn(device, ","), device, reason);
	return -EOPNOTSUPP;
}

/* The value of `key=` among the arguments; false: it is not there. */
static bool argument_of(const char *device, const char *key, char *value, size_t size)
{
	size_t key_len = strlen(key);

	for (const char *at = strchr(device, ','); at != NULL; at = strchr(at, ',')) {
		at++;
		if (strncmp(at, key, key_len) != 0 || at[key_len] != '=')
			continue;
		snprintf(value, size, "%.*s", (int)strcspn(at + key_len + 1, ","), at + key_len + 1);
		return true;
	}
	return false;
}

static uint32_t ethtool_value(int fd, const char *name, uint32_t command)
{
	struct ethtool_value value = { .cmd = command };
	struct ifreq ifr = { .ifr_data = (char *)&value };

	snprintf(ifr.ifr_name, IFNAMSIZ, "%s", name);
	return ioctl(fd, SIOCETHTOOL, &ifr) == 0 ? value.data : 0;
}

static bool driver_of(int fd, const char *name, char *driver, size_t size)
{
	struct ethtool_drvinfo info = { .cmd = ETHTOOL_GDRVINFO };
	struct ifreq ifr = { .ifr_data = (char *)&info };

	snprintf(ifr.ifr_name, IFNAMSIZ, "%s", name);
	if (ioctl(fd, SIOCETHTOOL, &ifr) != 0)
		return false;
	snprintf(driver, size, "%.31s", info.driver);
	return true;
}

static bool leaves_work_undone(int fd, const char *name)
{
	return ethtool_value(fd, name, ETHTOOL_GTXCSUM) != 0 ||
	       ethtool_value(fd, name, ETHTOOL_GTSO) != 0 || ethtool_value(fd, name, ETHTOOL_GGSO) != 0;
}

/* In the namespace of the other end, whose number there is `ifindex`. */
static int look_at_end(int ifindex, bool *is_undone)
{
	char name[IFNAMSIZ];
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	int rc = if_indextoname((unsigned int)ifindex, name) == NULL ? -ENODEV : 0;
	if (rc == 0)
		*is_undone = leaves_work_undone(fd, name);
	close(fd);
	return rc;
}

/* A named namespace, if it is the one with this number. */
static int look_in_netns(const char *netns, int nsid, int ifindex, bool *is_undone)
{
	char path[300];
	int home;

	snprintf(path, sizeof(path), NETNS_FOLDER "/%s", netns);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	int rc = cw_netns_number(fd) == nsid ? 0 : -ENOENT;
	close(fd);
	if (rc == 0)
		rc = cw_netns_enter(netns, &home);
	if (rc != 0)
		return rc;
	rc = look_at_end(ifindex, is_undone);
	cw_netns_leave(home);
	return rc;
}

/* A veth's frames are as its other end left them, which may lie in any namespace that has a name. */
static int look_at_veth(const char *name, bool *is_undone)
{
	int ifindex, nsid;
	int rc = cw_netns_end_of(name, &ifindex, &nsid);

	if (rc != 0)
		return rc;
	if (nsid < 0)
		return look_at_end(ifindex, is_undone);
	DIR *folder = opendir(NETNS_FOLDER);
	if (folder == NULL)
		return -errno;
	rc = -ENOENT;
	const struct dirent *entry;
	for (int i = 0; rc != 0 && i < NETNS_MAX && (entry = readdir(folder)) != NULL; i++) {
		if (entry->d_name[0] != '.')
			rc = look_in_netns(entry->d_name, nsid, ifindex, is_undone);
	}
	closedir(folder);
	return rc;
}

/* Frames from a wire are whole, unless the NIC joins them; those of a virtual link are as their sender left them. */
static int check_af_xdp(const char *device, struct cw_why *why)
{
	char name[IFNAMSIZ], driver[32], path[64];
	bool is_undone = true;

	if (!argument_of(device, "iface", name, sizeof(name)) || if_nametoindex(name) == 0)
		return refuse(why, device, "iface= names no interface of the datapath's namespace");
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	bool is_known = driver_of(fd, name, driver, sizeof(driver));
	bool has_lro = (ethtool_value(fd, name, ETHTOOL_GFLAGS) & ETH_FLAG_LRO) != 0;
	close(fd);
	if (has_lro)
		return refuse(why, device, "LRO is on: ethtool -K INTERFACE lro off");
	if (is_known && strcmp(driver, "veth") == 0) {
		if (look_at_veth(name, &is_undone) != 0)
			return refuse(why, device, "the other end of the veth cannot be looked at");
		return is_undone ?
			       refuse(why, device, "the veth's other end offloads: ethtool -K END tx off tso off gso off") :
			       0;
	}
	snprintf(path, sizeof(path), "/sys/class/net/%s/device", name);
	if (!is_known || access(path, F_OK) != 0 || strcmp(driver, "virtio_net") == 0)
		return refuse(why, device, "offloads of a virtual interface cannot be seen; use netdev:INTERFACE");
	return 0;
}

static int check_pcap(const char *device, struct cw_why *why)
{
	static const char *const live[] = { "iface", "rx_iface", "rx_iface_in", "tx_iface" };
	char value[CW_PMD_NAME];

	for (size_t i = 0; i < sizeof(live) / sizeof(live[0]); i++) {
		if (argument_of(device, live[i], value, sizeof(value)))
			return refuse(why, device, "captures lose the kernel's offloads; use netdev:INTERFACE");
	}
	return 0;
}

int cw_pmd_check(const char *device, struct cw_why *why)
{
	struct rte_pci_addr address;
	char name[CW_PMD_NAME];

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(device, ","), device);
	if (rte_pci_addr_parse(name, &address) == 0)
		return 0;
	for (size_t i = 0; i < sizeof(drivers) / sizeof(drivers[0]); i++) {
		size_t length = strlen(drivers[i].driver);
		/* What follows is the device's own name: it begins with a number or `_`. */
		if (strncmp(device, drivers[i].driver, length) != 0 ||
		    (device[length] >= 'a' && device[length] <= 'z'))
			continue;
		if (drivers[i].refusal != NULL)
			return refuse(why, device, drivers[i].refusal);
		if (strcmp(drivers[i].driver, "net_af_xdp") == 0)
			return check_af_xdp(device, why);
		return strcmp(drivers[i].driver, "net_pcap") == 0 ? check_pcap(device, why) : 0;
	}
	return refuse(why, device, "neither a PCI address nor a virtual device that can be used");
}
