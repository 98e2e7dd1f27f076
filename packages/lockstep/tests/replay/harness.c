/* Replays calls of the kernel that record.py has written: harness LIBRARY CALL AFTER [CALL AFTER]...
   Each AFTER gets the bytes of the call's regions of memory, as the library leaves them. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef _WIN32
#include <windows.h>
#define LOAD(path) (void *)LoadLibraryA(path)
#define FIND(library, name) (void *)GetProcAddress((HMODULE)(library), name)
#else
#include <dlfcn.h>
#define LOAD(path) dlopen(path, RTLD_NOW)
#define FIND(library, name) dlsym(library, name)
#endif

enum { LANES = 16, ALIGNMENT = 64, ADDRESSES = 2 * LANES }; /* a table has the addresses of rows and of an index */
typedef struct { int64_t function, count, steps, program_bytes, n_tables, n_regions; } Head;
typedef struct { uint64_t address; int64_t size; char *here; } Region;
typedef void (*Run)(void *, void *, const void *, int64_t, int64_t, const void *);
typedef void (*Noise)(void *, void *, int64_t, int64_t);
static const char *const NAMES[] = {"lockstep_run_float", "lockstep_run_double", "lockstep_noise_float", "lockstep_noise_double"};

static void *known(void *pointer, const char *what) {
    if (!pointer) { fprintf(stderr, "can't open or find %s\n", what); exit(1); }
    return pointer;
}
static void *room(int64_t size) {
    char *start = known(calloc(size + ALIGNMENT, 1), "memory");
    return start + (ALIGNMENT - (uintptr_t)start % ALIGNMENT) % ALIGNMENT;
}
static void *read_from(FILE *file, int64_t size) {
    void *content = room(size);
    if (fread(content, 1, size, file) != (size_t)size) known(NULL, "the end of a file");
    return content;
}
/* Where the number at an address of the process that was recorded is in this one. */
static uint64_t moved(uint64_t address, const Region *regions, int64_t n) {
    for (const Region *r = regions; r < regions + n; r++)
        if (address >= r->address && address < r->address + r->size) return (uintptr_t)r->here + (address - r->address);
    known(NULL, "a region with an address");
    return 0;
}
static void replay(void *library, const char *call, const char *after) {
    FILE *file = known(fopen(call, "rb"), call);
    const Head *head = read_from(file, sizeof *head);
    const void *program = read_from(file, head->program_bytes);
    uint64_t *tables = read_from(file, head->n_tables * ADDRESSES * 8);
    Region *regions = room(head->n_regions * sizeof *regions);
    for (Region *r = regions; r < regions + head->n_regions; r++) {
        memcpy(r, read_from(file, 16), 16);
        r->here = read_from(file, r->size);
    }
    fclose(file);
    for (uint64_t *at = tables; at < tables + head->n_tables * ADDRESSES; at++)
        if (*at) *at = moved(*at, regions, head->n_regions);
    void *function = known(FIND(library, NAMES[head->function]), NAMES[head->function]);
    if (head->function < 2)
        ((Run)function)(regions[0].here, regions[1].here, program, head->count, head->steps, tables);
    else
        ((Noise)function)(regions[0].here, regions[1].here, head->count, head->steps);
    file = known(fopen(after, "wb"), after);
    for (const Region *r = regions; r < regions + head->n_regions; r++) fwrite(r->here, 1, r->size, file);
    fclose(file);
}
int main(int n, char **arguments) {
    void *library = known(LOAD(arguments[1]), arguments[1]);
    for (int i = 2; i + 1 < n; i += 2) replay(library, arguments[i], arguments[i + 1]);
    return 0;
}
