/*
 * How much of a download must have arrived before the thread that waits for it is woken: the
 * socket's SO_RCVLOWAT. Private to net/.
 */
#pragma once

struct handle;

/*
 * Call it before each step of a handle. While most of a long body is still to come, a sleep ends
 * when LOW_WATER bytes have arrived; well before the end of the body, any byte ends it again.
 */
void low_water_update(struct handle *handle);
