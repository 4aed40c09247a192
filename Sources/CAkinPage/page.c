// The page of the server and the description of its paths, carried inside the program. #embed is C23; clang has it from
// version 19 and takes it in older modes of C with a warning. A compiler without it makes a server without a page.
//
// A new file of files/ needs a block and a row here; a test compares the rows with the folder.
#include "akin_page.h"

#if defined(__has_embed)

#pragma clang diagnostic ignored "-Wc23-extensions"

static const uint8_t about_js[] = {
#embed "files/about.js"
};
static const uint8_t api_js[] = {
#embed "files/api.js"
};
static const uint8_t app_js[] = {
#embed "files/app.js"
};
static const uint8_t base_css[] = {
#embed "files/base.css"
};
static const uint8_t element_js[] = {
#embed "files/element.js"
};
static const uint8_t empty_js[] = {
#embed "files/empty.js"
};
static const uint8_t filters_js[] = {
#embed "files/filters.js"
};
static const uint8_t grid_css[] = {
#embed "files/grid.css"
};
static const uint8_t grid_js[] = {
#embed "files/grid.js"
};
static const uint8_t icon_svg[] = {
#embed "files/icon.svg"
};
static const uint8_t index_html[] = {
#embed "files/index.html"
};
static const uint8_t key_js[] = {
#embed "files/key.js"
};
static const uint8_t layout_css[] = {
#embed "files/layout.css"
};
static const uint8_t openapi_json[] = {
#embed "files/openapi.json"
};
static const uint8_t picker_js[] = {
#embed "files/picker.js"
};
static const uint8_t pictures_js[] = {
#embed "files/pictures.js"
};
static const uint8_t route_js[] = {
#embed "files/route.js"
};
static const uint8_t words_js[] = {
#embed "files/words.js"
};

#define FILE(name, bytes)                                                                                              \
    { name, bytes, sizeof bytes }
static const akin_page_file files[] = {
    FILE("about.js", about_js),     FILE("api.js", api_js),
    FILE("app.js", app_js),         FILE("base.css", base_css),
    FILE("element.js", element_js), FILE("empty.js", empty_js),
    FILE("filters.js", filters_js), FILE("grid.css", grid_css),
    FILE("grid.js", grid_js),       FILE("icon.svg", icon_svg),
    FILE("index.html", index_html), FILE("key.js", key_js),
    FILE("layout.css", layout_css), FILE("openapi.json", openapi_json),
    FILE("picker.js", picker_js),   FILE("pictures.js", pictures_js),
    FILE("route.js", route_js),     FILE("words.js", words_js),
};

const akin_page_file *akin_page_files(size_t *count) {
    *count = sizeof files / sizeof files[0];
    return files;
}

#else

const akin_page_file *akin_page_files(size_t *count) {
    *count = 0;
    return 0;
}

#endif
