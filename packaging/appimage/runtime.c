/* The first part of the AppImage (type 2): a program with no dependencies, followed by a squashfs image that holds the
 * real one. Mounts the image with FUSE for as long as anybody uses it and becomes its AppRun; where FUSE is missing, unpacks it once into the
 * user's cache and says so.
 *
 * Compiled by ../build_parts/appimage.py. Links libsquashfuse (BSD), libfuse3 (LGPL-2.1), libzstd (BSD) and the C library
 * (LGPL-2.1), all statically; this file and the command that links it travel in the AppImage, so that anyone can link it
 * anew with other versions of them.
 */
#define _GNU_SOURCE
#define FUSE_USE_VERSION 32
#include <squashfuse/ll.h>
#include <squashfuse/squashfuse.h>

#include <dirent.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define FAILED 127
#define RETRY_MS 250 /* between two tries to unmount what is still in use */

/* The build writes the image's SHA-256 over it (32 digits): what was unpacked once is known again by it. */
static const volatile char image_id[] = "@@@@IMAGE-ID-GOES-HERE-32-CHARS@";

/* The image is compressed with zstd. What Debian's libsquashfuse could read besides is left out, LZO (GPL) before all. */
int uncompress(void) { return -1; }
int lzma_stream_buffer_decode(void) { return -1; }
int lzo1x_decompress_safe(void) { return -1; }
int LZ4_decompress_safe(void) { return -1; }

static int fail(const char *format, ...) {
    va_list words;
    va_start(words, format);
    fputs("MobileNet GUI: ", stderr);
    vfprintf(stderr, format, words);
    fputc('\n', stderr);
    va_end(words);
    return -1;
}

/* Return where the image begins, which is where this program's own file ends. */
static long long image_offset(int fd) {
    Elf64_Ehdr header;
    if (pread(fd, &header, sizeof header, 0) != (ssize_t)sizeof header) return -1;
    return (long long)(header.e_shoff + (unsigned long long)header.e_shentsize * header.e_shnum);
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *at) {
    (void)info, (void)kind, (void)at;
    return remove(path);
}

static void remove_tree(const char *path) { nftw(path, remove_one, 32, FTW_DEPTH | FTW_PHYS); }

/* ---- unpacking ---------------------------------------------------------------------------------------------------- */

/* Write all of it, or fail: a full disk takes a part, or nothing. */
static int write_all(int fd, const char *bytes, size_t size) {
    while (size > 0) {
        ssize_t now = write(fd, bytes, size);
        if (now < 0 && errno == EINTR) continue;
        if (now == 0) errno = ENOSPC;
        if (now <= 0) return -1;
        bytes += now;
        size -= (size_t)now;
    }
    return 0;
}

static int write_file(sqfs *fs, sqfs_inode *inode, const char *path) {
    static char buffer[1 << 20];
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, inode->base.mode & 0777);
    if (fd < 0) return -1;
    for (sqfs_off_t at = 0; (uint64_t)at < inode->xtra.reg.file_size;) {
        sqfs_off_t size = sizeof buffer;
        int read = sqfs_read_range(fs, inode, at, &size, buffer) == SQFS_OK && size > 0;
        if (!read) errno = EIO;
        if (!read || write_all(fd, buffer, (size_t)size)) {
            int reason = errno;
            close(fd);
            errno = reason;
            return -1;
        }
        at += size;
    }
    return close(fd);
}

/* Unpack all of the image into a folder that is there; on failure errno says why. */
static int fill(int image, long long offset, const char *folder) {
    sqfs fs;
    sqfs_traverse walk;
    sqfs_err error = SQFS_OK;
    errno = EIO;
    if (sqfs_init(&fs, image, (size_t)offset) != SQFS_OK) return -1;
    if (sqfs_traverse_open(&walk, &fs, sqfs_inode_root(&fs)) != SQFS_OK) return -1;
    while (sqfs_traverse_next(&walk, &error)) {
        char path[PATH_MAX], target[PATH_MAX];
        size_t size = sizeof target;
        sqfs_inode inode;
        if (walk.dir_end) continue;
        errno = ENAMETOOLONG;
        if (snprintf(path, sizeof path, "%s/%s", folder, walk.path) >= (int)sizeof path) return -1;
        errno = EIO;
        if (sqfs_inode_get(&fs, &inode, sqfs_dentry_inode(&walk.entry)) != SQFS_OK) return -1;
        if (S_ISDIR(inode.base.mode)) {
            if (mkdir(path, 0755)) return -1;
        } else if (S_ISLNK(inode.base.mode)) {
            if (sqfs_readlink(&fs, &inode, target, &size) != SQFS_OK || symlink(target, path)) return -1;
        } else if (S_ISREG(inode.base.mode) && write_file(&fs, &inode, path)) {
            return -1;
        }
    }
    errno = EIO;
    sqfs_traverse_close(&walk);
    return error == SQFS_OK ? 0 : -1;
}

/* Unpack all of the image into a new folder, or leave nothing of it; on failure errno says why. */
static int unpack(int image, long long offset, const char *folder) {
    if (mkdir(folder, 0755)) return -1;
    if (fill(image, offset, folder) == 0) return 0;
    int reason = errno;
    remove_tree(folder);
    errno = reason;
    return -1;
}

/* Make a folder that only this user can write to; nobody else may have made it before. */
static int own_folder(const char *path) {
    struct stat info;
    if (mkdir(path, 0700) && errno != EEXIST) return -1;
    if (lstat(path, &info)) return -1;
    errno = EPERM;
    return S_ISDIR(info.st_mode) && info.st_uid == geteuid() && !(info.st_mode & 022) ? 0 : -1;
}

/* Find a place for what is unpacked, such as ~/.cache/mobilenet-gui-appimage. */
static int cache_folder(char *found, size_t size) {
    const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME"), *temporary = getenv("TMPDIR");
    char below_home[PATH_MAX] = "";
    if (home && home[0] == '/' && snprintf(below_home, sizeof below_home, "%s/.cache", home) < (int)sizeof below_home)
        mkdir(below_home, 0700);
    if (cache && cache[0] == '/') mkdir(cache, 0700); /* as the Base Directory Specification wants it */
    const char *parents[] = {cache && cache[0] == '/' ? cache : "", below_home, temporary ? temporary : "", "/var/tmp", "/tmp"};
    for (size_t number = 0; number < sizeof parents / sizeof *parents; number++) {
        const char *name = number < 2 ? "mobilenet-gui-appimage" : "mobilenet-gui-appimage-";
        char user[24] = "";
        if (!parents[number][0]) continue;
        if (number >= 2) snprintf(user, sizeof user, "%u", (unsigned)geteuid());
        if (snprintf(found, size, "%s/%s%s", parents[number], name, user) >= (int)size) continue;
        if (own_folder(found) == 0 && access(found, W_OK | X_OK) == 0) return 0;
    }
    return fail("no folder was found to unpack into; set XDG_CACHE_HOME to one with 2 GB of room.");
}

/* Remove what other versions have unpacked, unless they run: each holds a lock on the file beside its folder. */
static void remove_others(const char *base, const char *own) {
    char path[PATH_MAX];
    DIR *folder = opendir(base);
    if (!folder) return;
    for (struct dirent *entry; (entry = readdir(folder));) {
        size_t length = strlen(entry->d_name);
        if (length <= 5 || strcmp(entry->d_name + length - 5, ".lock") || !strncmp(entry->d_name, own, strlen(own))) continue;
        if (snprintf(path, sizeof path, "%s/%s", base, entry->d_name) >= (int)sizeof path) continue;
        int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
        if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0) {
            path[strlen(path) - 5] = 0;
            remove_tree(path);
            strcat(path, ".lock");
            unlink(path);
        }
        if (fd >= 0) close(fd);
    }
    closedir(folder);
}

/* Unpack into the user's cache unless an earlier start did; write where to. The lock is kept until the program ends. */
static int unpacked(int image, long long offset, char *folder, size_t size) {
    char base[PATH_MAX], part[PATH_MAX], lock[PATH_MAX], id[33] = "";
    struct stat info;
    for (int number = 0; number < 32; number++) id[number] = image_id[number];
    if (cache_folder(base, sizeof base)) return -1;
    if (snprintf(folder, size, "%s/%s", base, id) >= (int)size) return fail("%s: the name is too long.", base);
    if (snprintf(part, sizeof part, "%s.part", folder) >= (int)sizeof part) return fail("%s: the name is too long.", base);
    if (snprintf(lock, sizeof lock, "%s.lock", folder) >= (int)sizeof lock) return fail("%s: the name is too long.", base);
    int fd = open(lock, O_RDWR | O_CREAT | O_NOFOLLOW, 0600);
    if (fd < 0) return fail("%s: %s", lock, strerror(errno));
    flock(fd, LOCK_SH);
    if (stat(folder, &info) == 0) return 0;
    flock(fd, LOCK_EX);
    if (stat(folder, &info) == 0) return flock(fd, LOCK_SH);
    remove_others(base, id);
    remove_tree(part);
    fprintf(stderr, "MobileNet GUI: unpacking once into %s\n", folder);
    if (unpack(image, offset, part) || rename(part, folder)) {
        int reason = errno;
        remove_tree(part);
        return fail("could not be unpacked into %s: %s. It takes 2 GB; XDG_CACHE_HOME names another place.", base, strerror(reason));
    }
    return flock(fd, LOCK_SH);
}

/* ---- mounting ----------------------------------------------------------------------------------------------------- */

static void unmount(const char *folder) {
    if (fork()) return;
    if (geteuid() == 0 && umount2(folder, 0) == 0) _exit(0);
    execlp("fusermount3", "fusermount3", "-u", "-q", folder, (char *)NULL);
    execlp("fusermount", "fusermount", "-u", "-q", folder, (char *)NULL);
    _exit(FAILED);
}

/* Answer the kernel until `user` has ended and nothing below `folder` is in use any more. */
static void serve(struct fuse_session *session, int user, const char *folder) {
    struct fuse_buf request = {.mem = NULL};
    struct pollfd fds[2] = {{.fd = fuse_session_fd(session), .events = POLLIN}, {.fd = user, .events = POLLIN}};
    int ended = 0;
    signal(SIGCHLD, SIG_IGN);
    while (!fuse_session_exited(session)) {
        int ready = poll(fds, ended ? 1 : 2, ended ? RETRY_MS : -1);
        if (ready < 0 && errno != EINTR) break;
        if (ready > 0 && fds[0].revents) {
            int got = fuse_session_receive_buf(session, &request);
            if (got == -EINTR || got == -EAGAIN) continue;
            if (got <= 0) break;
            fuse_session_process_buf(session, &request);
        } else if (ready == 0 || (ready > 0 && fds[1].revents)) {
            ended = 1;
            unmount(folder);
        }
    }
}

/* The mounting process: mounts, says over `ready` whether that went well, and serves. */
static void mount_and_serve(int image, long long offset, const char *folder, int user, int ready) {
    struct fuse_lowlevel_ops operations = {
        .getattr = sqfs_ll_op_getattr, .opendir = sqfs_ll_op_opendir, .releasedir = sqfs_ll_op_releasedir,
        .readdir = sqfs_ll_op_readdir, .lookup = sqfs_ll_op_lookup, .open = sqfs_ll_op_open, .create = sqfs_ll_op_create,
        .release = sqfs_ll_op_release, .read = sqfs_ll_op_read, .readlink = sqfs_ll_op_readlink,
        .forget = sqfs_ll_op_forget, .statfs = stfs_ll_op_statfs,
    };
    char *words[] = {"mobilenet-gui", "-o", "ro,nodev,nosuid,fsname=MobileNetGUI,subtype=squashfuse", NULL};
    struct fuse_args arguments = FUSE_ARGS_INIT(3, words);
    static sqfs_ll file_system;
    setsid();
    /* What reads our output must not wait for this process. */
    int nothing = open("/dev/null", O_RDWR);
    for (int fd = 0; fd < 3; fd++) dup2(nothing, fd);
    if (chdir("/")) _exit(1);
    if (sqfs_init(&file_system.fs, image, (size_t)offset) != SQFS_OK || sqfs_ll_init(&file_system) != SQFS_OK) _exit(1);
    struct fuse_session *session = fuse_session_new(&arguments, &operations, sizeof operations, &file_system);
    if (!session || fuse_session_mount(session, folder)) _exit(1);
    if (write(ready, "y", 1) != 1) _exit(1);
    close(ready);
    serve(session, user, folder);
    fuse_session_unmount(session);
    rmdir(folder);
    _exit(0);
}

/* Mount the image below a temporary folder; write where. Nothing is said on failure: unpacking comes next. */
static int mounted(int image, long long offset, char *folder, size_t size) {
    const char *parents[] = {getenv("TMPDIR"), "/tmp", getenv("XDG_RUNTIME_DIR"), "/var/tmp"};
    int ready[2], user = (int)syscall(SYS_pidfd_open, getpid(), 0);
    size_t number = 0;
    if (user < 0) return -1; /* older than Linux 5.3 */
    for (; number < sizeof parents / sizeof *parents; number++) {
        if (!parents[number] || parents[number][0] != '/') continue;
        if (snprintf(folder, size, "%s/.mount_mobilenet-gui-XXXXXX", parents[number]) >= (int)size) continue;
        if (mkdtemp(folder)) break;
    }
    if (number == sizeof parents / sizeof *parents || pipe2(ready, O_CLOEXEC)) {
        close(user);
        return -1;
    }
    pid_t child = fork();
    if (child == 0) {
        close(ready[0]);
        if (fork() == 0) mount_and_serve(image, offset, folder, user, ready[1]);
        _exit(0);
    }
    close(ready[1]);
    close(user);
    if (child > 0) waitpid(child, NULL, 0);
    char answer = 0;
    while (read(ready[0], &answer, 1) < 0 && errno == EINTR) continue;
    close(ready[0]);
    if (answer == 'y') return 0;
    rmdir(folder);
    return -1;
}

/* ---- starting ----------------------------------------------------------------------------------------------------- */

static void help(const char *name) {
    printf("%s --appimage-extract            unpack into the folder squashfs-root\n"
           "%s --appimage-extract-and-run    unpack into the cache and start, without FUSE\n"
           "%s --appimage-mount              mount, say where, and wait for Ctrl+C\n"
           "%s --appimage-offset             tell where the squashfs image begins, in bytes\n"
           "APPIMAGE_EXTRACT_AND_RUN=1 does as --appimage-extract-and-run. Other options go to the program: --help.\n",
           name, name, name, name);
}

static int start(const char *folder, char **words) {
    char program[PATH_MAX];
    if (snprintf(program, sizeof program, "%s/AppRun", folder) >= (int)sizeof program) return fail("%s: too long.", folder);
    setenv("APPDIR", folder, 1);
    execv(program, words);
    fail("%s: %s", program, strerror(errno));
    return FAILED;
}

int main(int count, char **words) {
    char self[PATH_MAX], folder[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    if (length < 0) return fail("/proc is not there: %s", strerror(errno)), FAILED;
    self[length] = 0;
    int image = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    long long offset = image < 0 ? -1 : image_offset(image);
    if (offset < 0) return fail("%s cannot be read: %s", self, strerror(errno)), FAILED;
    const char *option = count > 1 ? words[1] : "";
    if (!strcmp(option, "--appimage-help")) return help(words[0]), 0;
    if (!strcmp(option, "--appimage-offset")) return printf("%lld\n", offset) < 0;
    if (!strcmp(option, "--appimage-extract")) {
        if (unpack(image, offset, "squashfs-root") == 0) return 0;
        return fail("could not be unpacked into squashfs-root: %s", strerror(errno)), FAILED;
    }
    if (!strcmp(option, "--appimage-mount")) {
        if (mounted(image, offset, folder, sizeof folder)) return fail("FUSE does not work here; is fuse3 installed?"), FAILED;
        puts(folder);
        fflush(stdout);
        for (;;) pause();
    }
    setenv("APPIMAGE", self, 1);
    setenv("ARGV0", words[0], 1);
    const char *wish = getenv("APPIMAGE_EXTRACT_AND_RUN");
    int forced = wish && *wish && strcmp(wish, "0");
    if (!strcmp(option, "--appimage-extract-and-run")) {
        forced = 1;
        words[1] = words[0];
        words++;
    }
    if (!forced && mounted(image, offset, folder, sizeof folder) == 0) return start(folder, words);
    if (!forced) fprintf(stderr, "MobileNet GUI: FUSE does not work here (is fuse3 installed?), so it is not mounted.\n");
    if (unpacked(image, offset, folder, sizeof folder)) return FAILED;
    return start(folder, words);
}
