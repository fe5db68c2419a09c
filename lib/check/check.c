// SPDX-License-Identifier: BSD-3-Clause
#include "check/check.h"

#include <inttypes.h>
#include <limits.h>

#include <rte_eal.h>

#include "base/bytes.h"
#include "base/escape.h"
#include "pipeline/snapshot.h"
#include "runtime/footprint.h"
#include "sizing/bare_eal.h"
#include "sizing/machine.h"

// EAL is initialised.
static enum check_result
compile(const struct config *config, struct footprint *footprint, struct errors *errors)
{
	const uint64_t before = bytes_taken();
	struct snapshot *snapshot = snapshot_create(config, 1, errors);

	if (snapshot == NULL)
		return CHECK_BAD;
	footprint_set_rules(footprint, bytes_taken() - before);
	snapshot_destroy(snapshot);
	return footprint_fits(footprint, config, machine_memory_bytes(""), errors) ? CHECK_GOOD
										   : CHECK_BAD;
}

static void
tell(const struct config *config, const struct ruleset_size *size,
     const struct footprint *footprint, FILE *out)
{
	char text[FOOTPRINT_TEXT_SIZE], file[PATH_MAX * ESCAPE_MAX];

	footprint_format(footprint, text);
	fprintf(out,
		"%s: good: %u chains, %u rules, %" PRIu64 " combinations; workers: %u; takes %s\n",
		escape_text(config->file, file, sizeof(file)), config->n_chains, size->n_rules,
		size->n_entries, config->workers, text);
}

enum check_result
check_config(const struct config *config, FILE *out, struct errors *errors)
{
	enum check_result result;
	struct footprint footprint;
	struct ruleset_size size;

	if (!runtime_footprint(config, &footprint, &size, errors))
		return CHECK_BAD;
	if (bare_eal_start(footprint_reserve(&footprint, 1), errors) != 0)
		return CHECK_NO_ANSWER;
	result = compile(config, &footprint, errors);
	rte_eal_cleanup();
	if (result == CHECK_GOOD)
		tell(config, &size, &footprint, out);
	return result;
}
