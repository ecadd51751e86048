/*
 * The names are those of skopeo, regsync, crane and oras, and those that people try before they
 * read the manual. Slips of our own names are found by their letters and are not here.
 */
#include "config/options/elsewhere.h"

#include "base/scoped.h"

/* clang-format off */
static const struct {
	const char *name, *advice;
} options[] = {
	{"all", "all platforms are copied unless --platform chooses some"},
	{"all-tags", "a source without a tag means all tags"},
	{"authfile", "use --docker-config FILE for logins of docker and podman, or --auth FILE"},
	{"bandwidth", "use --limit-rate RATE"},
	{"concurrency", "use --proc N"},
	{"config-file", "use --images FILE"},
	{"cooldown", "use --min-age TIME"},
	{"cron", "it is an option of image-syncer serve"},
	{"dest-cert-dir", "use --ca [HOST=]FILE"},
	{"dest-creds", "use --creds HOST=USER:@FILE"},
	{"dest-tls-verify", "use --insecure HOST"},
	{"dest-username", "use --creds HOST=USER:@FILE"},
	{"digest-tags", "use --referrers all"},
	{"every", "it is an option of image-syncer serve"},
	{"file", "use --images FILE"},
	{"immutable", "use --on-change fail"},
	{"interval", "use image-syncer serve --every TIME"},
	{"jobs", "use --proc N"},
	{"json", "use --log-format json, or --report FILE"},
	{"keep-going", "an image that fails does not stop the others unless --fail-fast is given"},
	{"multi-arch", "all platforms are copied unless --platform chooses some"},
	{"no-clobber", "use --on-change fail, skip or retag"},
	{"output", "use --report FILE"},
	{"parallel", "use --proc N"},
	{"password", "use --creds HOST=USER:@FILE"},
	{"password-stdin", "use --creds HOST=USER:@FILE, or --auth - for a file on standard input"},
	{"plain-http", "use --insecure HOST"},
	{"preserve-digests", "digests never change unless --platform leaves some images out"},
	{"recursive", "use --referrers all for what is attached to images"},
	{"scoped", "use --names full"},
	{"sign-by-sigstore", "nothing is signed here; --referrers signatures copies signatures"},
	{"signatures", "use --referrers signatures"},
	{"slack", "use --notify 'slack=${SLACK_WEBHOOK}'"},
	{"src-cert-dir", "use --ca [HOST=]FILE"},
	{"src-creds", "use --creds HOST=USER:@FILE"},
	{"src-tls-verify", "use --insecure HOST"},
	{"time-zone", "it is an option of image-syncer serve"},
	{"tls-verify", "use --insecure HOST"},
	{"token", "use --creds HOST=USER:@FILE"},
	{"user", "use --creds HOST=USER:@FILE"},
	{"username", "use --creds HOST=USER:@FILE"},
	{"verbose", "use --debug, or --progress all for a line for each image"},
	{"webhook", "use --notify 'webhook=${URL}'"},
};
/* clang-format on */

const char *elsewhere_advice(struct str name)
{
	for (size_t i = 0; i < array_count(options); i++)
		if (str_is(name, options[i].name))
			return options[i].advice;
	return NULL;
}
