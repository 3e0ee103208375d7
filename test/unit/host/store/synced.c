/*
 * Notes for each file how much of it was synced last: preloaded into a process that is killed, it tells what a power cut would have
 * left. The size stands as text in $CAUSEWAY_SYNCED/NAME. Stands between the process and libc (ld.so(8), LD_PRELOAD).
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void note_size(int fd, long long bytes)
{
	const char *folder = getenv("CAUSEWAY_SYNCED");
	char link[64], path[4096], note[8192], text[32];

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	ssize_t length = readlink(link, path, sizeof(path) - 1);
	if (folder == NULL || length < 0)
		return;
	path[length] = '\0';
	snprintf(note, sizeof(note), "%s/%s", folder, strrchr(path, '/') + 1);
	int out = open(note, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (out < 0)
		abort();
	/* Of one width: a later one covers it. */
	int count = snprintf(text, sizeof(text), "%020lld", bytes);
	if (pwrite(out, text, (size_t)count, 0) != count)
		abort();
	close(out);
}

int fdatasync(int fd)
{
	static int (*real)(int);
	struct stat before;

	if (real == NULL)
		real = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
	if (fstat(fd, &before) != 0 || real(fd) != 0)
		return -1;
	note_size(fd, before.st_size);
	return 0;
}
