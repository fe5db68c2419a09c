// SPDX-License-Identifier: BSD-3-Clause
//
// A made-up machine: a folder with files such as those of /proc and /sys. Code that asks about the
// machine takes the folder as its root.
//
// Life cycle: machine_make is the setup of a cmocka test or group, machine_remove its teardown. One
// machine at a time.
#pragma once

// An empty folder. => A setup function of cmocka.
int machine_make(void **state);

// Removes it with all its contents. => A teardown of cmocka.
int machine_remove(void **state);

const char *machine_root(void);

// The path on this machine of a file of the made-up one, "/proc/mounts". Its folders are made.
// => Holds until the next call.
const char *machine_path(const char *name);

// Writes or replaces a file. => Fails the test if that does not work.
void machine_write(const char *name, const char *text);
