#include "init.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <net/route.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* The user network of QEMU always gives these; asking DHCP would only cost time. */
#define ADDRESS "10.0.2.15"
#define NETMASK "255.255.255.0"
#define GATEWAY "10.0.2.2"

static struct sockaddr ip_address(const char *text)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	inet_pton(AF_INET, text, &address.sin_addr);
	struct sockaddr result;
	memcpy(&result, &address, sizeof(result));
	return result;
}

static struct ifreq request_for(const char *interface)
{
	struct ifreq request = {0};
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", interface);
	return request;
}

static int bring_up(int fd, const char *interface)
{
	struct ifreq request = request_for(interface);
	if (ioctl(fd, SIOCGIFFLAGS, &request) < 0)
		return -1;
	request.ifr_flags |= IFF_UP;
	return ioctl(fd, SIOCSIFFLAGS, &request);
}

static int configure(int fd)
{
	struct ifreq request = request_for("eth0");
	request.ifr_addr = ip_address(ADDRESS);
	if (ioctl(fd, SIOCSIFADDR, &request) < 0)
		return -1;
	request.ifr_netmask = ip_address(NETMASK);
	if (ioctl(fd, SIOCSIFNETMASK, &request) < 0 || bring_up(fd, "eth0") < 0)
		return -1;
	struct rtentry route = {
		.rt_dst = ip_address("0.0.0.0"),
		.rt_genmask = ip_address("0.0.0.0"),
		.rt_gateway = ip_address(GATEWAY),
		.rt_flags = RTF_UP | RTF_GATEWAY,
	};
	return ioctl(fd, SIOCADDRT, &route);
}

int start_network(const char *hostname)
{
	sethostname(hostname, strlen(hostname));
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	int result = bring_up(fd, "lo");
	if (configure(fd) < 0)
		result = -1;
	int error = errno;
	close(fd);
	errno = error;
	return result;
}
