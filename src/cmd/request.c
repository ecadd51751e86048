/*
 * The text is data all the way: names that are found in it become rules as those of a file do, and
 * what is said of it is made harmless (request/answer.h). The run is one of sync, of these rules.
 *
 * Whoever asks gets an answer in each case, also when the policy cannot be read.
 */
#include "cmd/request.h"

#include "base/cancel.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "cmd/about.h"
#include "cmd/begin.h"
#include "cmd/load.h"
#include "cmd/step.h"
#include "config/environment.h"
#include "config/options/request_options.h"
#include "report/tally.h"
#include "request/answer.h"
#include "request/judge.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern char **environ;

enum { EXIT_USAGE = 2, TEXT_MAX = 1024 * 1024 };

/* A command under way. */
struct requesting {
	struct arena *arena;
	struct options options;
	struct inputs inputs;
	struct request_options given;
	struct problems problems;
	struct policy policy;
	struct judge judge;
	struct buf text;
	struct mentions mentions;
	struct mirror_request request;
	struct rules rules;
	struct action action;   /* of a step */
	struct session session; /* once there is something to copy */
	struct run run;
};

static void finish(struct requesting *asking)
{
	run_close(&asking->run);
	session_close(&asking->session);
	buf_finish(&asking->text);
	problem_finish(&asking->problems);
	arena_free(&asking->arena);
}

static int out_of_memory(void)
{
	log_error("out of memory");
	return EXIT_FAILURE;
}

/* --- reading ---------------------------------------------------------------------------------- */

/* The inputs of a step, where the command line says nothing. */
static void take_inputs(struct requesting *asking)
{
	const struct inputs *inputs = asking->options.inputs;
	struct request_options *given = &asking->given;
	if (!inputs)
		return;
	if (!given->policy)
		given->policy = inputs->policy.path;
	if (!given->actor)
		given->actor = inputs->request_actor;
	if (!given->association)
		given->association = inputs->association;
	if (!given->teams.count && inputs->teams)
		given->teams.items[given->teams.count++] = inputs->teams;
}

/* The text is what says what to copy. */
static void refuse_rules(struct requesting *asking)
{
	const struct options *options = &asking->options;
	if (options->images || options->list || options->config || options->to)
		problem_add(&asking->problems, NULL,
			    "images, list, to and config are not for a request: its text says what "
			    "is copied, and its policy where to");
	if (options->mirror_config)
		problem_add(&asking->problems, NULL,
			    "mirror-config is not for a request, which has few of the mirror's "
			    "images: write it with a sync");
	if (options->report && file_is_stdout(options->report))
		problem_add(&asking->problems, NULL,
			    "--report %s: standard output gets the answer, name a file",
			    options->report);
}

static void read_policy(struct requesting *asking)
{
	const struct inputs *inputs = asking->options.inputs;
	const struct expand_lookup lookup = environment_lookup(&asking->options);
	const char *path = asking->given.policy;
	struct problems *problems = &asking->problems;
	struct document document;
	bool inlined = inputs && path == inputs->policy.path && inputs->policy.text;
	if (!path) {
		problem_add(problems, NULL,
			    "%s is missing: name the file that says which images may be asked for",
			    inputs ? "input policy" : "--policy");
		return;
	}
	if (strcmp(path, "-") == 0) {
		problem_add(problems, NULL,
			    "--policy -: the request comes from standard input, name a file");
		return;
	}
	bool read = inlined ? document_parse(asking->arena, path, inputs->policy.text, &document,
					     problems)
			    : document_read(asking->arena, path, &document, problems);
	if (!read)
		return;
	/* After other mistakes the patterns are looked at all the same. */
	policy_file_read(asking->arena, &document, &lookup, &asking->policy, problems);
	if (!judge_prepare(asking->arena, &asking->policy, &asking->judge, problems))
		problem_add(problems, NULL, "out of memory");
}

/* Teams are joined with commas. */
static bool read_teams(struct requesting *asking)
{
	const struct option_list *list = &asking->given.teams;
	struct requester *requester = &asking->judge.requester;
	size_t most = 0;
	for (size_t i = 0; i < list->count; i++)
		for (const char *at = list->items[i]; at; at = strchr(at + 1, ','))
			most++;
	const char **teams = arena_array(asking->arena, most, sizeof(*teams));
	requester->teams = teams;
	for (size_t i = 0; teams && i < list->count; i++) {
		struct str rest = str_of(list->items[i]), team;
		while (str_cut(&rest, ',', &team)) {
			team = str_trim(team);
			if (!team.len)
				continue;
			const char *name = arena_copy(asking->arena, team.at, team.len);
			if (!name)
				return false;
			teams[requester->team_count++] = name;
		}
	}
	requester->user = asking->given.actor;
	requester->association = asking->given.association;
	return teams;
}

/* The text of an input, else of the variable, else standard input. */
static void read_text(struct requesting *asking)
{
	const struct options *options = &asking->options;
	const char *given = options->inputs ? options->inputs->request : getenv("INPUT_REQUEST");
	struct error err;
	asking->text = buf_limit(TEXT_MAX);
	if (given || options->inputs) {
		buf_add_string(&asking->text, given ? given : "");
		return;
	}
	if (options->auth && strcmp(options->auth, "-") == 0) {
		problem_add(&asking->problems, NULL,
			    "--auth -: the request comes from standard input, name a file");
		return;
	}
	if (isatty(STDIN_FILENO))
		fputs("reading the request from the terminal, up to Ctrl-D in a line of its own\n",
		      stderr);
	if (file_read("-", &asking->text, &err))
		return;
	if (asking->text.failed)
		problem_add(&asking->problems, NULL, "the request has more than %d KiB",
			    TEXT_MAX / 1024);
	else
		problem_add(&asking->problems, NULL, "%s", err.text);
}

static bool read_command(int argc, char **argv, struct requesting *asking)
{
	step_read(asking->arena, &asking->inputs, &asking->options, &asking->problems);
	return request_options_parse(argc, argv, &asking->given, &asking->options,
				     &asking->problems);
}

/* --- answering -------------------------------------------------------------------------------- */

/* The log says as well what was refused: outputs are seen by later steps alone. */
static void log_refused(const struct mirror_request *request)
{
	for (size_t i = 0; i < request->count; i++) {
		const struct request_image *image = &request->items[i];
		if (image->state == REQUEST_REFUSED)
			log_warn("refused: %s, line %d: %s%s%s", image->mention->shown,
				 image->mention->line, image->why ? image->why : "",
				 image->why && image->detail ? " " : "",
				 image->detail ? image->detail : "");
	}
}

static bool write_step(struct requesting *asking, const struct buf *comment)
{
	scoped(buf_finish) struct buf labels = {0};
	answer_labels(&asking->request, &labels);
	const struct action_output outputs[] = {
		{"comment", buf_string(comment)},
		{"labels", buf_string(&labels)},
		{"result", answer_result(&asking->request)},
	};
	action_write(&asking->action, outputs, array_count(outputs));
	action_tell(&asking->action, comment);
	return buf_ok(&labels);
}

/* Writes the answer. code: why the run ended, 0: it went well, or there was none. */
static int answer(struct requesting *asking, int code)
{
	scoped(buf_finish) struct buf comment = buf_limit(ANSWER_MAX);
	answer_comment(&asking->request, &comment);
	if (!buf_ok(&comment))
		return out_of_memory();
	log_refused(&asking->request);
	if (!asking->options.inputs && about_write(&comment) != EXIT_SUCCESS)
		return EXIT_FAILURE;
	if (asking->options.inputs && !write_step(asking, &comment))
		return out_of_memory();
	if (code)
		return code;
	return answer_good(&asking->request) ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* What is wrong is for those who run the mirror, and not for whoever asks. */
static int answer_mistakes(struct requesting *asking)
{
	if (asking->options.inputs) {
		asking->action = step_alone(&asking->options, &asking->problems);
		action_begin(&asking->action);
		step_problems(&asking->action, &asking->problems);
	} else {
		problem_print(&asking->problems, stderr);
		fputs("Run image-syncer request --help for the options.\n", stderr);
	}
	asking->request.broken = "the policy or the configuration of this mirror has mistakes, "
				 "which its maintainers find in the log";
	if (asking->options.inputs)
		return answer(asking, EXIT_USAGE);
	return EXIT_USAGE;
}

/* --- the run ---------------------------------------------------------------------------------- */

static struct request_image *find_image(struct requesting *asking, const struct rule *rule)
{
	for (size_t i = 0; i < asking->request.count; i++)
		if (asking->request.items[i].source == rule->source && rule->source)
			return &asking->request.items[i];
	return NULL;
}

/* True for what an image lacks, so that it is refused rather than failed. */
static bool is_refusal(enum error_kind kind)
{
	return kind == ERROR_REFUSED || kind == ERROR_PLATFORM || kind == ERROR_UNSIGNED ||
	       kind == ERROR_REFERRER;
}

static const char *why_skipped(struct arena *arena, const struct outcome *outcome)
{
	const char *reason = outcome->reason;
	char when[CLOCK_TEXT_SIZE];
	if (strcmp(reason, "too-new") == 0) {
		clock_rfc3339(outcome->ready, when);
		return arena_printf(arena, "it is too new: ask again after %s", when);
	}
	if (strcmp(reason, "held") == 0)
		return "the policy holds it back";
	if (strcmp(reason, "no-platform") == 0)
		return "it has none of the platforms that the policy asks for";
	if (strcmp(reason, "differs") == 0)
		return "the tag of the copy holds another image, which is kept";
	return NULL;
}

/* False without memory. */
static bool note_outcome(struct requesting *asking, const struct tally_image *done,
			 struct request_image *image)
{
	const struct outcome *outcome = &done->outcome;
	bool in_sync = outcome->reason && strcmp(outcome->reason, "in-sync") == 0;
	image->detail = NULL;
	switch (outcome->status) {
	case OUTCOME_COPIED:
		image->state = REQUEST_COPIED;
		break;
	case OUTCOME_WOULD_COPY:
		image->state = REQUEST_WOULD_COPY;
		break;
	case OUTCOME_SKIPPED:
		image->state = in_sync ? REQUEST_PRESENT : REQUEST_REFUSED;
		image->why = in_sync ? NULL : why_skipped(asking->arena, outcome);
		if (!in_sync && !image->why)
			image->detail = outcome->reason;
		return true;
	case OUTCOME_FAILED:
		image->state = is_refusal(outcome->error_kind) ? REQUEST_REFUSED : REQUEST_FAILED;
		image->detail = arena_string(asking->arena, tally_failure(done));
		return image->detail;
	}
	if (!outcome->tag)
		return true;
	image->copy.tag = arena_string(asking->arena, outcome->tag);
	return image->copy.tag;
}

/* What has no outcome was not reached. */
static void expect(struct requesting *asking)
{
	for (size_t i = 0; i < asking->request.count; i++) {
		struct request_image *image = &asking->request.items[i];
		if (image->state != REQUEST_ACCEPTED)
			continue;
		image->state = REQUEST_FAILED;
		image->detail = "the run ended before";
	}
}

static bool note_outcomes(struct requesting *asking)
{
	struct tally_walk walk = {.next = NULL};
	expect(asking);
	if (asking->run.report)
		walk = tally_list_walk(&report_tally(asking->run.report)->list);
	while (tally_list_next(&walk)) {
		const struct tally_image *done = &walk.image;
		const struct rule *rule = done->task ? done->task->rule : done->rule;
		struct request_image *image = find_image(asking, rule);
		if (image && !note_outcome(asking, done, image))
			return false;
	}
	return true;
}

/* The policy must not be what the run writes. */
static bool keep_policy(struct requesting *asking)
{
	const struct inputs *inputs = asking->options.inputs;
	struct placed *file = arena_new_of(asking->arena, struct placed);
	if (!file)
		return false;
	*file = (struct placed){asking->given.policy, NULL};
	asking->rules.files = file;
	asking->rules.file_count = !inputs || !inputs->policy.text;
	return true;
}

/* Returns the exit status of the run; begun: its outcomes are those of the images. */
static int run(struct requesting *asking, bool *begun)
{
	int status;
	struct options *options = &asking->options;
	asking->session.arena = arena_new();
	if (!asking->session.arena ||
	    !judge_rules(asking->arena, &asking->judge, &asking->request, &asking->rules) ||
	    !keep_policy(asking) || !run_open(&asking->run, &asking->session, options))
		return out_of_memory();
	options->rules = &asking->rules;
	*begun = begin_session(&asking->run, &asking->problems, &status);
	asking->action = asking->run.action;
	if (*begun)
		return run_sync(&asking->run);
	asking->request.broken =
		"the configuration of this mirror has mistakes, which its maintainers find in the "
		"log";
	return status;
}

static bool any_accepted(const struct mirror_request *request)
{
	for (size_t i = 0; i < request->count; i++)
		if (request->items[i].state == REQUEST_ACCEPTED)
			return true;
	return false;
}

static int answer_alone(struct requesting *asking)
{
	log_open(stderr, load_level(&asking->options, &asking->problems));
	if (asking->options.inputs) {
		asking->action = step_alone(&asking->options, &asking->problems);
		action_begin(&asking->action);
	}
	problem_log(&asking->problems);
	return answer(asking, EXIT_SUCCESS);
}

static int mirror(struct requesting *asking)
{
	bool begun = false;
	if (!mentions_find(asking->arena, buf_str(&asking->text), &asking->mentions) ||
	    !judge_request(asking->arena, &asking->judge, &asking->mentions, &asking->request))
		return out_of_memory();
	asking->request.tentative = asking->given.plan || asking->options.dry_run;
	if (asking->given.plan || !any_accepted(&asking->request))
		return answer_alone(asking);
	int code = run(asking, &begun);
	if (begun && !note_outcomes(asking))
		return out_of_memory();
	/* That an image failed is in the answer. */
	return answer(asking, code == EXIT_FAILURE && !answer_good(&asking->request) ? 0 : code);
}

int request_run(int argc, char **argv)
{
	scoped(cancel_close) struct cancel cancel = {0};
	scoped(finish) struct requesting asking = {.arena = arena_new()};
	if (!asking.arena)
		return out_of_memory();
	bool ok = read_command(argc, argv, &asking);
	if (asking.options.help)
		return about_print(request_options_help);
	if (asking.options.version)
		return about_print(about_version);
	take_inputs(&asking);
	cancel_open(&cancel, config_timeout(&asking.options));
	cancel_enter(&cancel);
	if (ok) {
		refuse_rules(&asking);
		read_policy(&asking);
		read_text(&asking);
	}
	if (!asking.problems.error_count && !read_teams(&asking))
		return out_of_memory();
	if (!asking.problems.error_count && asking.options.inputs)
		inputs_settle(asking.arena, &asking.inputs, &asking.options, &asking.problems);
	if (asking.problems.error_count)
		return answer_mistakes(&asking);
	return mirror(&asking);
}
