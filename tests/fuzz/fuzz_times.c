/* Times in headers, documents and rules: Retry-After, RFC 3339, ages. */
#include "fuzz.h"

#include "base/clock.h"
#include "config/rules/since.h"
#include "net/retry_after.h"
#include "oci/image_config.h"
#include "oci/timestamp.h"

enum { NOW = 1790000000 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = input_text(data, size);
	int64_t number = 0, at = 0;
	int wait = retry_after_parse(text, NOW);
	require(wait >= -1);
	if (wait >= 0 && str_to_int64(text, &number))
		require(number == wait);
	if (timestamp_parse(text, &at)) {
		/* Four digits of year, give or take a day of zone. */
		require(at > -62168000000 && at < 253403000000);
		require(image_config_time(text) == (at > 0 ? at : 0));
		char again[CLOCK_TEXT_SIZE];
		clock_rfc3339(at, again);
		if (at >= 0)
			require(timestamp_parse(str_of(again), &number) && number == at);
	} else {
		require(!image_config_time(text));
	}
	if (since_parse(text, NOW, &at) && timestamp_parse(text, &number))
		require(at == number);
	return 0;
}
