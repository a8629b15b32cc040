/* Visits of a worker thread to a container's network namespace. */
#ifndef BERTH_NAMESPACES_H
#define BERTH_NAMESPACES_H

/* The engine's own namespace; the descriptor stays open. */
int network_own(void);
/* Descriptor of the network namespace of a process, to be closed; -1 with errno. */
int network_of(int pid);
/* Back to the engine's own. There is no way to go on where this fails. */
void network_leave(int own);

#endif
