/*
 * A run may take hours; that its result has no place to go must not turn out at its end. Standard
 * output is one place as well: two results on it would be neither.
 */
#include "config/outputs.h"

#include "base/file.h"

#include <string.h>

struct output {
	const char *option, *path;
};

static void check_pairs(const struct output *outputs, size_t count, struct problems *problems)
{
	for (size_t i = 1; i < count; i++)
		for (size_t j = 0; j < i; j++)
			if (outputs[i].path && outputs[j].path &&
			    strcmp(outputs[i].path, outputs[j].path) == 0)
				problem_add(problems, NULL,
					    "--%s and --%s are the same file, %s: name two",
					    outputs[j].option, outputs[i].option, outputs[i].path);
}

static bool format_is_json(const struct options *options, struct problems *problems)
{
	const char *format = options->output_images_format;
	if (!format || strcmp(format, "yaml") == 0)
		return false;
	if (strcmp(format, "json") == 0)
		return true;
	problem_add(problems, NULL, "--output-images-format %s: expected yaml or json", format);
	return false;
}

void outputs_check(const struct options *options, bool *json, struct problems *problems)
{
	const struct output outputs[] = {
		{"log", options->log},
		{"report", options->report},
		{"output-success-images", options->output_success_images},
		{"output-failed-images", options->output_failed_images},
	};
	struct error err;
	*json = format_is_json(options, problems);
	check_pairs(outputs, array_count(outputs), problems);
	for (size_t i = 1; i < array_count(outputs); i++)
		if (outputs[i].path && !file_writable(outputs[i].path, &err))
			problem_add(problems, NULL, "--%s: %s", outputs[i].option, err.text);
}
