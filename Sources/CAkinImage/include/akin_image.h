#ifndef AKIN_IMAGE_H
#define AKIN_IMAGE_H
#endif
