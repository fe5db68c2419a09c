// SPDX-License-Identifier: BSD-3-Clause
//
// Of a scene that shows a difference, as little as still shows one.
#pragma once

#include "scene.h"

// Leaves out acts, packets and rules as long as shows(scene) holds without them.
// => It holds now.
void scene_shrink(struct scene *scene, bool (*shows)(const struct scene *scene));
