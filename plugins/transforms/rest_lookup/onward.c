/* SPDX-License-Identifier: Apache-2.0 */
#include "onward.h"
#include "../../shared/http/link.h"
#include "../../shared/rest/pointer.h"

#include <stddef.h>

/* Something, as a URL, a cursor or "yes". */
static bool is_something(const json_t *value)
{
    if (json_is_string(value))
        return json_string_length(value) > 0;
    return json_is_true(value) || json_number_value(value) != 0 || json_object_size(value) > 0;
}

const char *onward_sign(const json_t *answer, const char *link)
{
    static const char *const signs[] = {"/next",
                                        "/next_page",
                                        "/nextPage",
                                        "/next_url",
                                        "/next_cursor",
                                        "/nextCursor",
                                        "/next_page_token",
                                        "/nextPageToken",
                                        "/@odata.nextLink",
                                        "/has_more",
                                        "/hasMore",
                                        "/has_next",
                                        "/hasNext",
                                        "/links/next",
                                        "/_links/next",
                                        "/meta/next",
                                        "/meta/next_page",
                                        "/meta/next_cursor",
                                        "/paging/next",
                                        "/pagination/next",
                                        "/pagination/next_page",
                                        "/pagination/next_cursor",
                                        "/pagination/has_more",
                                        "/page_info/has_next_page",
                                        "/pageInfo/hasNextPage"};
    const char *target;
    size_t size;
    if (link && http_link_find(link, "next", &target, &size))
        return "the header Link";
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
        if (is_something(rest_value_at(answer, signs[i])))
            return signs[i];
    return NULL;
}
