/* The smallest extension that does something: it greets, registers a tool and a hook, and answers every question at
   once. Its name is its first argument, which is also the name of its tool. */
#include <stdio.h>
#include <string.h>

/* The value of "id" with its quotes; every question has one, right behind its type. */
static const char *id(const char *line, int *length) {
    const char *value = strstr(line, "\"id\":\"");
    if (!value) return NULL;
    value += 5;
    const char *end = strchr(value + 1, '"');
    if (!end) return NULL;
    *length = (int)(end - value) + 1;
    return value;
}

int main(int argc, char **argv) {
    const char *name = argc > 1 ? argv[1] : "echo";
    static char line[1 << 16];
    setvbuf(stdout, NULL, _IOFBF, sizeof line);
    printf("{\"type\":\"hello\",\"name\":\"%s\",\"version\":\"1\"}\n", name);
    printf("{\"type\":\"register_tool\",\"name\":\"%s\",\"schema\":{\"type\":\"object\"}}\n", name);
    printf("{\"type\":\"subscribe\",\"intercept\":[\"tool_call\"]}\n{\"type\":\"ready\"}\n");
    fflush(stdout);
    while (fgets(line, sizeof line, stdin)) {
        int length;
        const char *value = id(line, &length);
        if (strstr(line, "\"type\":\"shutdown\"")) break;
        if (!value) continue;
        if (strstr(line, "\"type\":\"event_intercept\"")) {
            printf("{\"type\":\"event_intercept_response\",\"id\":%.*s}\n", length, value);
        } else {
            printf("{\"type\":\"tool_result\",\"id\":%.*s,\"content\":[{\"type\":\"text\",\"text\":\"ok\"}]}\n",
                   length, value);
        }
        fflush(stdout);
    }
    return 0;
}
