#include "init.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define CURRENT_BUNDLE DATA_DIR "/bundles/current"
#define LOG_FILE RUN_DIR "/engine.log"

enum {
	BACK_OFF_FIRST_MS = 200,
	BACK_OFF_MOST_MS = 10000,
	/* A life this long was a good one: the next failure begins at the first back-off again. */
	GOOD_LIFE_MS = 60000,
	/* How long an engine may take to end after SIGTERM. */
	PATIENCE_MS = 10000,
	/* The log lies in memory, so that a full data disk cannot silence it; two files of this size at most. */
	LOG_MOST_BYTES = 8 << 20,
};

static struct {
	pid_t pid;
	bool wanted;
	/* SIGTERM was sent at ending_since. */
	bool ending;
	long long ending_since, started_at, start_at;
	int back_off_ms;
	int output, log;
	off_t log_size;
} engine = {.start_at = -1, .output = -1, .log = -1};

static void open_log(void)
{
	if (engine.log >= 0)
		close(engine.log);
	engine.log = open(LOG_FILE, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	struct stat status;
	engine.log_size = engine.log >= 0 && fstat(engine.log, &status) == 0 ? status.st_size : 0;
}

static bool spawn_engine(void)
{
	/* The directory behind the symlink: a flip of `current` must not mix two bundles in one engine. */
	char directory[PATH_MAX];
	if (!realpath(CURRENT_BUNDLE, directory))
		return false;
	int ends[2];
	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
		return false;
	/* Only this end may be non-blocking: the engine's writes should wait, not fail. */
	fcntl(ends[1], F_SETFL, 0);
	const char *const argv[] = {"/usr/bin/node", "engine.mjs", "--instance", "default", "--config",
		DATA_DIR "/daemon.json", "--bind-source", "desktop", NULL};
	const char *const env[] = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root",
		"LANG=C.UTF-8", "NODE_COMPILE_CACHE=" DATA_DIR "/cache/node", "SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt",
		"NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt", NULL};
	engine.pid = spawn(argv, env, directory, ends[1]);
	close(ends[1]);
	if (engine.pid < 0) {
		engine.pid = 0;
		close(ends[0]);
		return false;
	}
	engine.output = ends[0];
	engine.started_at = monotonic_ms();
	return true;
}

static void start_later(void)
{
	engine.back_off_ms = engine.back_off_ms ? engine.back_off_ms * 2 : BACK_OFF_FIRST_MS;
	if (engine.back_off_ms > BACK_OFF_MOST_MS)
		engine.back_off_ms = BACK_OFF_MOST_MS;
	engine.start_at = monotonic_ms() + engine.back_off_ms;
}

void engine_start(void)
{
	engine.wanted = true;
	engine.start_at = -1;
	if (access(CURRENT_BUNDLE, F_OK) < 0)
		return;
	open_log();
	if (spawn_engine())
		say_stage("engine");
	else
		start_later();
}

static void end_engine(void)
{
	if (engine.pid == 0 || engine.ending)
		return;
	engine.ending = true;
	engine.ending_since = monotonic_ms();
	kill(engine.pid, SIGTERM);
}

void engine_restart(void)
{
	engine.back_off_ms = 0;
	if (engine.pid == 0)
		engine_start();
	else
		end_engine();
}

void engine_stop(void)
{
	engine.wanted = false;
	engine.start_at = -1;
	end_engine();
}

bool engine_reaped(pid_t pid, int status)
{
	if (pid != engine.pid)
		return false;
	/* Its last words are still in the pipe. */
	engine_output();
	if (engine.output >= 0)
		close(engine.output);
	engine.output = -1;
	engine.pid = 0;
	bool asked = engine.ending;
	engine.ending = false;
	if (!asked && WIFSIGNALED(status))
		say("@engine killed %d", WTERMSIG(status));
	else if (!asked)
		say("@engine exited %d", WEXITSTATUS(status));
	if (!engine.wanted)
		return true;
	if (asked) {
		engine_start();
	} else {
		if (monotonic_ms() - engine.started_at >= GOOD_LIFE_MS)
			engine.back_off_ms = 0;
		start_later();
	}
	return true;
}

long long engine_deadline(void)
{
	return engine.ending ? engine.ending_since + PATIENCE_MS : engine.start_at;
}

void engine_tick(void)
{
	long long now = monotonic_ms();
	if (engine.ending && now >= engine.ending_since + PATIENCE_MS) {
		kill(engine.pid, SIGKILL);
		engine.ending_since = now;
	} else if (!engine.ending && engine.start_at >= 0 && now >= engine.start_at) {
		engine_start();
	}
}

bool engine_alive(void)
{
	return engine.pid != 0;
}

int engine_output_fd(void)
{
	return engine.output;
}

void engine_output(void)
{
	char bytes[65536];
	ssize_t count = -1;
	while (engine.output >= 0 && (count = read(engine.output, bytes, sizeof(bytes))) > 0) {
		if (engine.log_size + count > LOG_MOST_BYTES && rename(LOG_FILE, LOG_FILE ".1") == 0)
			open_log();
		/* A log that cannot be written must not stop the engine, so what does not fit is lost. */
		if (engine.log >= 0 && write(engine.log, bytes, (size_t)count) > 0)
			engine.log_size += count;
	}
	/* End of file while the engine lives: it closed its outputs; poll would report that for ever. */
	if (engine.output >= 0 && count == 0) {
		close(engine.output);
		engine.output = -1;
	}
}
