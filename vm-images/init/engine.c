#include "init.h"

#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define CURRENT_BUNDLE DATA_DIR "/bundles/current"

enum {
	BACK_OFF_FIRST_MS = 200,
	BACK_OFF_MOST_MS = 10000,
	/* A life this long was a good one: the next failure begins at the first back-off again. */
	GOOD_LIFE_MS = 60000,
	/* How long an engine may take to end after SIGTERM. */
	PATIENCE_MS = 10000,
};

static struct {
	pid_t pid;
	bool wanted;
	/* SIGTERM was sent at ending_since. */
	bool ending;
	long long ending_since, started_at, start_at;
	int back_off_ms;
} engine = {.start_at = -1};

struct output engine_output = OUTPUT_INITIAL(RUN_DIR "/engine.log", NULL);

static bool spawn_engine(void)
{
	/* The directory behind the symlink: a flip of `current` must not mix two bundles in one engine. */
	char directory[PATH_MAX];
	if (!realpath(CURRENT_BUNDLE, directory))
		return false;
	int output = output_open(&engine_output);
	if (output < 0)
		return false;
	const char *const argv[] = {"/usr/bin/node", "engine.mjs", "--instance", "default", "--config",
		DATA_DIR "/daemon.json", "--bind-source", "desktop", NULL};
	const char *const env[] = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root",
		"LANG=C.UTF-8", "NODE_COMPILE_CACHE=" DATA_DIR "/cache/node", NULL};
	pid_t pid = spawn(argv, env, directory, output);
	close(output);
	if (pid < 0)
		return false;
	engine.pid = pid;
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
	output_take(&engine_output);
	output_close(&engine_output);
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
