// SPDX-License-Identifier: BSD-3-Clause
//
// Configurations given as text, and what loading them said.
#pragma once

#include <stddef.h>

#include "config/load.h"

// Two ports and their wire, in one line: what every configuration must have.
#define PORTS                                                                                      \
	"ports = ( { name = \"lan\"; device = \"net_null0\"; },"                                   \
	" { name = \"wan\"; device = \"net_null1\"; } ); wires = ( { a = \"lan\"; b = \"wan\"; } " \
	");\n"

// In line 2, a chain after connection tracking with one rule that has an action and these keys.
#define RULE(keys)                                                                                 \
	PORTS "chains = ( { name = \"f\"; rules = ( { action = \"drop\"; " keys " } ); } );"

// The same for a chain before connection tracking.
#define RAW_RULE(keys)                                                                             \
	PORTS "chains = ( { name = \"r\"; priority = -300; rules = ( { action = \"drop\"; " keys   \
	      " } ); } );"

// A configuration that was loaded, or why it was not.
struct loaded {
	struct config config;
	char *messages; // as printed, without the folder of the files; NULL: it was loaded
};

// A folder for files of this test, removed with all of them by folder_fini. Setup and teardown of
// cmocka.
int folder_init(void **state);
int folder_fini(void **state);

// Writes a file of that name into the folder.
void folder_write(const char *name, const char *text);
void folder_write_bytes(const char *name, const char *bytes, size_t size);

// Loads a file of that name in the folder.
struct loaded load_file(const char *name);

// Writes text into the file "main" and loads that.
struct loaded load_text(const char *text);
void loaded_fini(struct loaded *loaded);

// Loads a text that must be good.
struct loaded load_good(const char *text);
