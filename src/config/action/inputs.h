/*
 * The inputs of a GitHub Action: INPUT_* variables as options.
 *
 * Plain records; texts live in the arena. The environment is an argument: an array that ends with
 * NULL, as environ does.
 */
#pragma once

#include "base/arena.h"
#include "config/options/options.h"

enum { INPUTS_DOCUMENTS = 4 };

/* What a step does. */
enum inputs_mode { INPUTS_SYNC, INPUTS_PLAN, INPUTS_APPLY, INPUTS_REQUEST };

struct inputs {
	/* auth, images and config: the value in struct options, and the text if it is inline. */
	struct input_document {
		const char *path; /* NULL: not given; for an inline text its name, "input auth" */
		const char *text; /* NULL: path is a file */
	} documents[INPUTS_DOCUMENTS];
	const char *token; /* github-token; NULL: none */
	const char *actor; /* GITHUB_ACTOR, or a fixed name if that is not set */
	enum inputs_mode mode;
	const char *plan;     /* the file of the plan; NULL: not given */
	const char *shards;   /* with INPUTS_PLAN: plan --shards; NULL: not given */
	const char *markdown; /* the same: plan --markdown */
	const char *request;  /* the text that asks for images, with its blanks; NULL: none */
	struct input_document policy;
	const char *request_actor, *association; /* who asks; NULL: unknown */
	const char *teams;                       /* names with commas between; NULL: none */
	bool github;            /* the server is github.com, whose tokens ghcr.io accepts */
	bool summary;           /* a summary of the job is wanted */
	bool debug;             /* RUNNER_DEBUG=1 */
	bool colour;            /* NO_COLOR is not set; GitHub's log pages show colours */
	const char *output;     /* GITHUB_OUTPUT: where outputs go; NULL: nowhere */
	const char *summary_to; /* GITHUB_STEP_SUMMARY; NULL: nowhere */
	const char *workspace;  /* GITHUB_WORKSPACE; NULL: unknown */
	const char *temp;       /* RUNNER_TEMP; NULL: unknown */
};

/* The command that a step is by its input mode; NULL: a sync, or no step of an Action. */
const char *inputs_command(char *const *environment);
/* True in Action mode: GITHUB_ACTIONS is true and there is at least one known input. */
bool inputs_present(char *const *environment);
/*
 * Reads all inputs into *out, and those that are options into *options, which then refers to *out.
 * Mistakes and unknown inputs go to problems. Comes before options_parse().
 */
void inputs_read(struct arena *arena, char *const *environment, struct inputs *out,
		 struct options *options, struct problems *problems);
/*
 * Comes after options_parse(): drops the inputs that contradict the command line and adds the
 * defaults of an Action, the rules in images.yaml, a report and with INPUTS_PLAN a plan in the
 * runner's temporary folder. What makes no sense in the mode of the step goes to problems.
 */
void inputs_settle(struct arena *arena, const struct inputs *inputs, struct options *options,
		   struct problems *problems);
/* The inline text that path, from struct options, stands for; NULL: a file. inputs may be NULL. */
const char *inputs_text(const struct inputs *inputs, const char *path);
