/* How far away the other end of a connection is. */
#pragma once

#include <stdint.h>

/* The shortest time to the peer of a TCP socket and back, in microseconds; -1: not known. */
int64_t distance_us(int connection);
