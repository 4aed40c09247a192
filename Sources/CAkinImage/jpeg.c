#include "akin_image.h"
