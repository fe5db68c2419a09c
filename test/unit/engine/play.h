// SPDX-License-Identifier: BSD-3-Clause
//
// Plays a scene on an engine, as a driver does, and records everything that can be told of it.
#pragma once

#include "record.h"
#include "scene.h"

// => EAL runs, and no engine. The record is empty; the caller frees it. lane: whether packets may
//    take it where the scene's configurations let them.
void scene_play(const struct scene *scene, bool lane, struct record *record);
