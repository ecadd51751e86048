/* What the environment holds that this process does not need any more. */
#pragma once

/*
 * Overwrites, in place, the values of environment variables that hold a secret or a part of one,
 * whose name says that they do, and all inputs of an Action: the environment a process was started
 * with can be read from outside. No other thread may read the environment at the same time.
 */
void secret_environment_leave(void);
