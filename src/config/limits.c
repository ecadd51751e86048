/* The suffixes of a rate are those of curl's --limit-rate: powers of 1024, either case. */
#include "config/limits.h"

#include <string.h>

static bool read_rate(struct str text, int64_t *out)
{
	static const char suffixes[] = "kKmMgG";
	const char *found = text.len ? strchr(suffixes, text.at[text.len - 1]) : NULL;
	int shift = found && *found ? 10 * (int)((found - suffixes) / 2 + 1) : 0;
	if (shift)
		text.len--;
	if (!str_to_int64(text, out) || *out <= 0 || *out > INT64_MAX >> 13 >> shift)
		return false;
	*out *= (int64_t)1 << shift;
	return true;
}

bool limits_size(struct str text, int64_t *out)
{
	bool unit = text.len > 3 && str_ends(text, "iB");
	return read_rate(unit ? str_head(text, text.len - 2) : text, out) &&
	       (!unit || strchr("KMG", text.at[text.len - 3]));
}

static bool read_shard(struct str text, struct limits *out)
{
	struct str part;
	int64_t index = 0, count = 0;
	if (!str_cut(&text, '/', &part) || !str_to_int64(part, &index) ||
	    !str_to_int64(text, &count) || index >= count || count > LIMITS_SHARDS_MAX)
		return false;
	out->shard = (unsigned)index;
	out->shard_of = (unsigned)count;
	return true;
}

void limits_read(const struct options *options, struct limits *out, struct problems *problems)
{
	*out = (struct limits){.shard_of = 1};
	if (options->limit_rate && !read_rate(str_of(options->limit_rate), &out->bytes_per_second))
		problem_add(problems, NULL,
			    "--limit-rate %s: expected a number of bytes per second, as in 500k, "
			    "20M or 1G",
			    options->limit_rate);
	if (options->split && !limits_size(str_of(options->split), &out->volume_bytes))
		problem_add(problems, NULL,
			    "--split %s: expected a number of bytes, as in 4000M or 25G",
			    options->split);
	if (options->shard && !read_shard(str_of(options->shard), out))
		problem_add(problems, NULL,
			    "--shard %s: expected I/N with I from 0 to N-1 and N at most %d, as "
			    "in 0/4",
			    options->shard, LIMITS_SHARDS_MAX);
}
