/*
 * Functions that write without a bound, keep hidden state or hide errors. Every source file of the
 * program gets this header from the compiler's command line; using a banned name does not compile.
 */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#pragma GCC poison strcpy strcat strncpy strncat sprintf vsprintf strtok atoi atol atoll gets
