/* Classic BPF as seccomp has it, carried out in the test: what a filter answers, without loading it. */
#ifndef BERTH_TEST_BPF_H
#define BERTH_TEST_BPF_H

#include <linux/filter.h>
#include <linux/seccomp.h>

/* The filter's answer (SECCOMP_RET_…); the test fails where the kernel would have refused the program. */
uint32_t bpf_run(const struct sock_fprog *program, const struct seccomp_data *data);

#endif
