/*
 * The kernel measures packets, so neither a wait for a processor nor the time for an answer is a
 * part of it. The C libraries' headers do not all have the member.
 */
#include "net/distance.h"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

int64_t distance_us(int connection)
{
	struct tcp_info info = {.tcpi_min_rtt = UINT32_MAX};
	socklen_t len = sizeof(info);
	if (getsockopt(connection, IPPROTO_TCP, TCP_INFO, &info, &len) != 0 ||
	    info.tcpi_min_rtt == UINT32_MAX)
		return -1;
	return info.tcpi_min_rtt;
}
