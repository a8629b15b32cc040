/*
 * The shim has no environment, so its sanitizers are told here. Leaks are looked for by ptrace at the end, which the
 * container's process, not dumpable, does not allow; the library's own tests look for them.
 */
const char *__asan_default_options(void);
const char *__asan_default_options(void) {
    return "detect_leaks=0:abort_on_error=0";
}
