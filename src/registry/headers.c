/*
 * A download that resumes an earlier one names the entity that it began with, so that it cannot end
 * with the bytes of another (RFC 9110, 13.1.5). An upload that resumes uses the Content-Range of
 * the distribution specification, which has no "bytes" in front.
 */
#include "registry/headers.h"

static const char *upload_range(const struct request *request, struct arena *arena)
{
	long long first = request->upload_from;
	return arena_printf(arena, "Content-Range: %lld-%lld", first,
			    first + (long long)request->stream_size - 1);
}

static const char *download_range(const struct request *request, struct arena *arena)
{
	long long first = request->range_from, end = request->range_end;
	if (!end)
		return arena_printf(arena, "Range: bytes=%lld-", first);
	return arena_printf(arena, "Range: bytes=%lld-%lld", first, end - 1);
}

bool headers_of(const struct request *request, struct arena *arena, const char *list[HEADERS_MAX],
		size_t *count)
{
	*count = 0;
	if (request->accept)
		list[(*count)++] = arena_printf(arena, "Accept: %s", request->accept);
	if (request->content_type)
		list[(*count)++] = arena_printf(arena, "Content-Type: %s", request->content_type);
	if (request->range_from)
		list[(*count)++] = download_range(request, arena);
	if (request->range_from && request->if_range)
		list[(*count)++] = arena_printf(arena, "If-Range: %s", request->if_range);
	if (request->ranged || request->upload_from)
		list[(*count)++] = upload_range(request, arena);
	if (request->fresh)
		list[(*count)++] = "Cache-Control: no-cache";
	for (size_t i = 0; i < *count; i++)
		if (!list[i])
			return false;
	return true;
}
