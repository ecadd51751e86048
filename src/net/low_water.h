/*
 * How much of a download must have arrived before the thread that waits for it is woken: the
 * socket's SO_RCVLOWAT. Private to net/.
 */
#pragma once

struct handle;

/*
 * To be called in front of each step of a handle. While most of a long body is still to come, a
 * sleep ends when LOW_WATER bytes are there; early enough before its end with any byte again.
 */
void low_water_update(struct handle *handle);
