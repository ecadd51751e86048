/* The one thing that is the same for all readers. */
#include "base/reader.h"

void reader_close(struct reader **reader)
{
	if (*reader)
		(*reader)->close(*reader);
	*reader = NULL;
}
