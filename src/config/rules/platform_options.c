/*
 * A pattern that matches no image would make a run copy nothing, so an obvious slip is reported
 * here: a whole platform in one option, or the kernel's name of a processor instead of Go's.
 */
#include "config/rules/platform_options.h"

/* Names that uname or a compiler uses, and those that images use. */
static const char *const aliases[][2] = {
	{"x86_64", "amd64"},    {"x86-64", "amd64"},
	{"x64", "amd64"},       {"i386", "386"},
	{"i686", "386"},        {"aarch64", "arm64"},
	{"armv7", "arm:v7"},    {"armv7l", "arm:v7"},
	{"armhf", "arm:v7"},    {"armv6", "arm:v6"},
	{"armv6l", "arm:v6"},   {"armv8", "arm64"},
	{"ppc64el", "ppc64le"}, {"loongarch64", "loong64"},
	{"macos", "darwin"},
};

struct platform_reading {
	struct arena *arena;
	struct problems *problems;
	const char *option; /* "os" or "arch" */
};

static const char *meant(struct str value)
{
	for (size_t i = 0; i < array_count(aliases); i++)
		if (str_equal_nocase(value, str_of(aliases[i][0])))
			return aliases[i][1];
	return NULL;
}

static void read_pattern(const struct platform_reading *reading, struct str text,
			 struct platform_pattern *patterns, size_t *count)
{
	struct platform_pattern pattern;
	const char *name = reading->option;
	if (!platform_pattern_parse(text, &pattern)) {
		problem_add(reading->problems, NULL,
			    "--%s %.*s: a value is missing before the colon", name, STR_ARGS(text));
		return;
	}
	if (str_find(text, '/') < text.len) {
		problem_add(reading->problems, NULL,
			    "--%s %.*s: a whole platform is written as --platform %.*s", name,
			    STR_ARGS(text), STR_ARGS(text));
		return;
	}
	const char *other = meant(pattern.value);
	if (other)
		problem_warn(reading->problems, NULL,
			     "--%s %.*s: images call this %s, so nothing may match", name,
			     STR_ARGS(text), other);
	patterns[(*count)++] = pattern;
}

/* An upper bound of the number of patterns. */
static size_t count_patterns(const struct option_list *list)
{
	size_t count = list->count;
	for (size_t i = 0; i < list->count; i++)
		for (const char *at = list->items[i]; *at; at++)
			count += *at == ',';
	return count;
}

/* NULL without memory. */
static const struct platform_pattern *read_list(const struct platform_reading *reading,
						const struct option_list *list, size_t *count)
{
	struct platform_pattern *patterns =
		arena_array(reading->arena, count_patterns(list), sizeof(*patterns));
	*count = 0;
	for (size_t i = 0; patterns && i < list->count; i++) {
		struct str part, rest = str_of(list->items[i]);
		while (str_cut(&rest, ',', &part)) {
			part = str_trim(part);
			if (part.len)
				read_pattern(reading, part, patterns, count);
		}
	}
	return patterns;
}

static void read_names(const char *text, const char *option, struct platform *platforms,
		       size_t *count, struct problems *problems)
{
	struct str value, rest = str_of(text);
	while (str_cut(&rest, ',', &value)) {
		value = str_trim(value);
		if (value.len && platform_parse(value, &platforms[*count]))
			++*count;
		else if (value.len)
			problem_add(problems, NULL,
				    "--%s %.*s: write linux/amd64 or linux/arm64/v8", option,
				    STR_ARGS(value));
	}
}

bool platform_options_names(struct arena *arena, const struct option_list *list, const char *option,
			    struct platform_filter *out, struct problems *problems)
{
	struct platform *platforms = arena_array(arena, count_patterns(list), sizeof(*platforms));
	out->platforms = platforms;
	out->platform_count = 0;
	for (size_t i = 0; platforms && i < list->count; i++)
		read_names(list->items[i], option, platforms, &out->platform_count, problems);
	return platforms;
}

const struct platform_filter *
platform_options_read(struct arena *arena, const struct options *options, struct problems *problems)
{
	struct platform_filter *filter = arena_new_of(arena, struct platform_filter);
	struct platform_reading os = {arena, problems, "os"}, arch = {arena, problems, "arch"};
	if (filter) {
		filter->os = read_list(&os, &options->os, &filter->os_count);
		filter->arch = read_list(&arch, &options->arch, &filter->arch_count);
	}
	if (!filter || !filter->os || !filter->arch ||
	    !platform_options_names(arena, &options->platform, "platform", filter, problems)) {
		problem_add(problems, NULL, "out of memory");
		return NULL;
	}
	return platform_filter_empty(filter) ? NULL : filter;
}
