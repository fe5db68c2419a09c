// SPDX-License-Identifier: BSD-3-Clause
//
// libpcap refuses a pcapng file whose interfaces were captured with different snapshot lengths,
// although nothing in the packets depends on them.
#pragma once

// A copy of the file, in memory, whose interfaces all have the same snapshot length.
// => Returns a new file descriptor that the caller closes, or -1 when the file is not pcapng, needs
//    no copy, or there is no memory for one: then the file itself is what there is to read.
int pcapng_level(int fd);
