/*
 * The rules of semver.h hold for few tags only, and an order must hold for all of them. So tags are
 * compared piece by piece. What follows a '-' is less than the end, and the end less than the rest:
 * 1.28-rc.1, 1.28-rc.2, 1.28, 1.28.1, 1.110.
 */
#include "report/tag_order.h"

#include <string.h>

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Takes the number at the beginning of *text, without zeros in front. */
static struct str take_number(struct str *text)
{
	size_t zeros = 0;
	while (zeros < text->len && text->at[zeros] == '0')
		zeros++;
	size_t end = zeros;
	while (end < text->len && is_digit(text->at[end]))
		end++;
	struct str number = str_head(str_from(*text, zeros), end - zeros);
	*text = str_from(*text, end);
	return number;
}

/* Numbers of any length. */
static int compare_numbers(struct str a, struct str b)
{
	if (a.len != b.len)
		return a.len < b.len ? -1 : 1;
	return a.len ? memcmp(a.at, b.at, a.len) : 0;
}

/* The rank of what comes next. */
static int rank(struct str text)
{
	if (!text.len)
		return 1;
	return text.at[0] == '-' ? 0 : 2 + (unsigned char)text.at[0];
}

static struct str without_v(struct str tag)
{
	bool version = tag.len > 1 && tag.at[0] == 'v' && is_digit(tag.at[1]);
	return str_from(tag, version);
}

static int compare_bytes(struct str a, struct str b)
{
	size_t len = a.len < b.len ? a.len : b.len;
	int order = len ? memcmp(a.at, b.at, len) : 0;
	return order ? order : (a.len > b.len) - (a.len < b.len);
}

int tag_order(struct str a, struct str b)
{
	struct str left = without_v(a), right = without_v(b);
	while (left.len || right.len) {
		if (left.len && right.len && is_digit(left.at[0]) && is_digit(right.at[0])) {
			int order = compare_numbers(take_number(&left), take_number(&right));
			if (order)
				return order;
		} else if (rank(left) != rank(right)) {
			return rank(left) < rank(right) ? -1 : 1;
		} else {
			left = str_from(left, 1);
			right = str_from(right, 1);
		}
	}
	return compare_bytes(a, b);
}
