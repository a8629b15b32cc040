#include "seccomp_agent.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "error.h"
#include "text.h"

static int connect_to(const char *path, struct runtime_error *err) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (path[0] != '/' || strlen(path) >= sizeof address.sun_path) {
        return fail(err, "seccomp", EINVAL, path, "linux.seccomp.listenerPath: an absolute path of less than %zu bytes",
                    sizeof address.sun_path);
    }
    strcpy(address.sun_path, path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0) return fd;
    fail(err, "seccomp", errno, NULL, "failed to connect with seccomp agent specified in the seccomp profile: %s: %s",
         path, strerror(errno));
    close_fd(&fd);
    return -1;
}

/* The runtime-spec's ContainerProcessState. */
static void describe(struct text *text, const struct oci_config *config, const struct hook_subject *subject, pid_t pid) {
    const struct json_value *metadata = json_member(config->seccomp, "listenerMetadata");
    text_add(text, "{\"ociVersion\":\"%s\",\"fds\":[\"seccompFd\"],\"pid\":%d,\"metadata\":", OCI_VERSION, pid);
    if (metadata) text_json_value(text, metadata);
    else text_add(text, "\"\"");
    text_add(text, ",\"state\":");
    hooks_write_state(text, config, subject, subject->pid == pid ? "creating" : "running");
    text_add(text, "}");
}

int seccomp_agent_send(const struct oci_config *config, const struct hook_subject *subject, pid_t pid, int listener,
                       struct runtime_error *err) {
    const struct json_value *path = json_member(config->seccomp, "listenerPath");
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {0};
    struct text state = {0};
    AUTO_FD agent = connect_to(path && path->type == JSON_STRING ? path->text : "", err);
    if (agent < 0) return -1;
    describe(&state, config, subject, pid);
    struct iovec part = {.iov_base = state.bytes, .iov_len = state.length};
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(head), &listener, sizeof listener);
    int result = 0;
    if (state.failed || sendmsg(agent, &message, MSG_NOSIGNAL) != (ssize_t)state.length) {
        result = fail(err, "seccomp", errno, NULL, "telling the seccomp agent: %s", strerror(errno));
    }
    text_free(&state);
    return result;
}
