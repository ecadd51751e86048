/*
 * This happens before anything is read: these limits last for the whole run, so they cost nothing
 * more when they start early.
 */
#include "base/harden.h"

#include <sys/prctl.h>
#include <sys/resource.h>

void harden_start(void)
{
#ifndef HARDEN_NOTHING
	const struct rlimit none = {0, 0};
	setrlimit(RLIMIT_CORE, &none);
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
#endif
}
