/*
 * argv -> command -> exit code. There is one command so far; what it does stands in cmd/sync.c,
 * and the tour of the whole program in README.md beside this file.
 */
#include "base/cancel.h"
#include "base/harden.h"
#include "base/secret.h"
#include "cmd/about.h"
#include "cmd/sync.h"
#include "config/options.h"
#include "config/options_help.h"

#include <sys/resource.h>

enum { DESCRIPTORS_MAX = 65536 };

static int print(void (*text)(struct buf *out))
{
	scoped(buf_finish) struct buf out = {0};
	text(&out);
	bool written = buf_ok(&out) && fputs(buf_string(&out), stdout) >= 0 && fflush(stdout) == 0;
	return written ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int run(int argc, char **argv)
{
	scoped(problem_finish) struct problems problems = {0};
	struct options options;
	bool ok = options_parse(argc, argv, &options, &problems);
	if (options.help)
		return print(options_help);
	if (options.version)
		return print(about_version);
	if (ok)
		return sync_run(&options);
	fprintf(stderr, "%sRun image-syncer --help for the options.\n",
		buf_string(&problems.errors));
	return 2;
}

/* Many registries at once need many connections: take what the system allows. */
static void allow_descriptors(void)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	limit.rlim_cur = limit.rlim_max < DESCRIPTORS_MAX ? limit.rlim_max : DESCRIPTORS_MAX;
	setrlimit(RLIMIT_NOFILE, &limit);
}

int main(int argc, char **argv)
{
	harden_start();
	allow_descriptors();
	if (!cancel_install())
		fputs("signals cannot be handled, stopping will be abrupt\n", stderr);
	int code = run(argc, argv);
	secret_forget();
	return code;
}
