/*
 * A topic is a page of at most two screens for somebody in front of a terminal. What can change
 * comes from the tables that the parsers use; what is written here says how it fits together.
 */
#include "cmd/help.h"

#include "cmd/about.h"
#include "config/convert/convert_options.h"
#include "config/formats.h"
#include "config/imgsync/flags.h"
#include "config/nearest.h"
#include "config/options/merge_options.h"
#include "config/options/options_help.h"
#include "config/options/plan_options.h"
#include "config/options/probe_options.h"
#include "config/options/request_options.h"
#include "config/serve/check_options.h"
#include "config/serve/serve_options.h"

#include <stdio.h>
#include <string.h>

enum { EXIT_USAGE = 2 };

static void rules(struct buf *out)
{
	buf_add_string(
		out,
		"The file of --images says what is copied where, in YAML or JSON. A rule is a\n"
		"source and where it goes:\n"
		"\n"
		"  nginx:1.27,1.28: registry.example.com/mirror/nginx\n"
		"  quay.io/coreos/etcd:/^v3\\.5/: [a.example.com/etcd, b.example.com/etcd]\n"
		"  quay.io/coreos/*: registry.example.com/coreos\n"
		"\n"
		"A source without a tag means all its tags, and one that ends with /* all\n"
		"repositories of a namespace. A tag between slashes is a regular expression.\n"
		"Or a rule says more, in fields:\n"
		"\n"
		"  quay.io/prometheus/prometheus:\n"
		"    to: registry.example.com/mirror/prometheus\n"
		"    semver: \"^3\"\n"
		"    latest: 5\n"
		"    platforms: [linux/amd64, linux/arm64]\n");
	formats_fields(FORMATS_IMAGES, out);
}

static void auth(struct buf *out)
{
	buf_add_string(
		out,
		"The file of --auth has a login, and other settings, for each registry. Write\n"
		"${NAME} for a secret, and its value comes from the environment:\n"
		"\n"
		"  registry.example.com:5000:\n"
		"    username: robot\n"
		"    password: ${MIRROR_PASSWORD}\n"
		"\n"
		"A key may be a registry with a path (quay.io/team); the longest one that\n"
		"matches is used. Where the file has no login, those of docker and podman are\n"
		"used (--docker-config). On the command line there are --creds, --insecure and\n"
		"--ca.\n");
	formats_fields(FORMATS_AUTH, out);
}

static void imgsync(struct buf *out)
{
	flags_help(FLAGS_NONE, out);
}

static void exit_status(struct buf *out)
{
	buf_add_string(out,
		       "0    every image is in sync; in a dry run: every image could be compared\n"
		       "1    at least one image failed, or --timeout came first, or a result or a\n"
		       "     message that is required could not be delivered\n"
		       "2    usage or configuration: nothing was started, and no request was sent\n"
		       "130  stopped by SIGINT (Ctrl-C)\n"
		       "143  stopped by SIGTERM\n"
		       "\n"
		       "After a signal, transfers under way have five seconds to finish; summary,\n"
		       "report and lists are written. A server that is stopped by a signal exits\n"
		       "with 0.\n");
}

static const struct topic {
	const char *name, *what;
	void (*text)(struct buf *out);
} topics[] = {
	{"rules", "the file of --images: what is copied where, and every field", rules},
	{"auth", "the file of --auth: logins, certificates, mirrors, and every field", auth},
	{"serve", "a server that runs by the clock and when it is asked to", serve_options_help},
	{"check", "mistakes in the files, found without any network", check_options_help},
	{"plan", "a dry run that writes down what is to be done", plan_options_help},
	{"apply", "what a plan says is done", plan_options_help_apply},
	{"report", "one report of those of several jobs", merge_options_help},
	{"probe", "what a registry answers, and why it does not work", probe_options_help},
	{"request", "images that a free text asks for, and a policy", request_options_help},
	{"convert", "files of other programs in the form of this one", convert_options_help},
	{"imgsync", "the commands gcr, flannel and sync, which are those of imgsync", imgsync},
	{"exit", "exit statuses", exit_status},
	{"environment", "variables that are read", options_help_environment},
};

bool help_named(const char *word)
{
	return strcmp(word, "help") == 0;
}

static void list_topics(struct buf *out)
{
	for (size_t i = 0; i < array_count(topics); i++) {
		scoped(buf_finish) struct buf left = {0};
		buf_printf(&left, "  %s", topics[i].name);
		options_help_row(out, &left, str_of(topics[i].what));
	}
}

void help_options(struct buf *out)
{
	options_help(out);
	options_help_end(out);
	buf_add_string(
		out, "\n"
		     "Examples:\n"
		     "  image-syncer --dry-run nginx:1.28 registry.example.com/mirror/nginx\n"
		     "                        say what copying one image would do\n"
		     "  image-syncer --images images.yaml --auth auth.yaml --report report.json\n"
		     "                        copy what the rules say, with a report in JSON\n"
		     "  image-syncer --list images.txt --to localhost:5000/mirror\n"
		     "                        copy a list of images to a registry on this machine\n"
		     "  image-syncer 'quay.io/coreos/*' oci-archive:mirror.tar\n"
		     "                        put all repositories below a name into one file\n"
		     "\n"
		     "More: image-syncer help TOPIC, with one of\n");
	list_topics(out);
	buf_printf(out, "and the manual, man image-syncer, and %s.\n", about_homepage);
}

static int unknown_topic(const char *word)
{
	const char *names[array_count(topics)];
	for (size_t i = 0; i < array_count(topics); i++)
		names[i] = topics[i].name;
	const char *near = nearest_word(str_of(word), names, array_count(topics));
	scoped(buf_finish) struct buf text = {0};
	list_topics(&text);
	fprintf(stderr,
		"help: there is no topic \"%s\"%s%s%s\n"
		"There are:\n%s"
		"For an image called help write docker.io/library/help.\n",
		word, near ? ": did you mean " : "", near ? near : "", near ? "?" : "",
		buf_string(&text));
	return EXIT_USAGE;
}

int help_run(int argc, char **argv)
{
	const char *word = argc > 1 ? argv[1] : NULL;
	scoped(buf_finish) struct buf out = {0};
	if (!word)
		return about_print(help_options);
	enum flags_command command = flags_named(word);
	if (command != FLAGS_NONE) {
		flags_help(command, &out);
		return about_write(&out);
	}
	for (size_t i = 0; argc == 2 && i < array_count(topics); i++)
		if (strcmp(word, topics[i].name) == 0)
			return about_print(topics[i].text);
	return unknown_topic(word);
}
