/* Runs a program, a list of operations on tensors, for 16 nets at once: each number of a net has a lane of its own in
   every vector. No operation mixes lanes, and none is contracted, so every compiler and vector width gives the same
   bits. Compiled once for each type of REAL. program.py writes the programs. */
#include <math.h>
#include <stdint.h>
#include <string.h>

#define VERSION 4
#define LANES 16

typedef struct { int64_t place, advance, strides[4]; } Operand; /* in LANES numbers; places below 0 are scratch memory */
typedef struct { int64_t operation, n[4], table; Operand out, a, b, c; } Instruction;
typedef struct { REAL *rows[LANES]; const int32_t *index[LANES]; } Table; /* without an index, rows come in order */

enum { DO_COPY, DO_ADD, DO_SUB, DO_MUL, DO_DIV, DO_MAXIMUM, DO_MINIMUM, DO_WHERE, DO_GT, DO_GE, DO_LT, DO_LE, DO_EQ,
       DO_NE, DO_THRESHOLD_BACKWARD, DO_SIGMOID_BACKWARD, DO_TANH_BACKWARD, DO_ADDCMUL, DO_ADDCDIV, DO_LERP, DO_NEG,
       DO_ABS, DO_SIGN, DO_SQRT, DO_FLOOR, DO_TRUNC, DO_EXP, DO_EXPM1, DO_LOG, DO_LOG1P, DO_TANH, DO_SIGMOID, DO_ERF,
       DO_POW, DO_SIN, DO_COS, DO_PRODUCT, DO_ROWS, DO_STORE, DO_PICK, DO_PUT, DO_ADD_AT, DO_REPEAT, DO_FLUSH };

/* Vectors: V of REALs and D of doubles, both as wide as the processor's; M is V's mask. Nothing mixes lanes. */
enum { VB = VECTOR_BYTES };
#if defined(__AVX512F__) || defined(__aarch64__)
enum { ROWS = 4, COLUMNS = 6 }; /* of a product's tile: its sums stay in 32 registers, or in 16 by either compiler */
#elif defined(__clang__)
enum { ROWS = 2, COLUMNS = 5 };
#else
enum { ROWS = 3, COLUMNS = 4 };
#endif
enum { SINGLE = sizeof(REAL) == 4, PARTS = 16 * sizeof(REAL) / VB };
typedef REAL V __attribute__((vector_size(VB)));
typedef double D __attribute__((vector_size(VB)));
typedef uint64_t U __attribute__((vector_size(VB)));
typedef float H __attribute__((vector_size(VB / 2)));
typedef __typeof__((V){} < (V){}) M;
#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("GCC unroll 32")
#define SEL(mask, x, y) ((__typeof__(y))(((__typeof__(mask))(x) & (mask)) | ((__typeof__(mask))(y) & ~(mask))))
#define ALL(x) ((D){} + (x))
#define SIGN ((U){} + 0x8000000000000000)
#define INTEGER 0x1.8p52 /* a small number plus this one is rounded to a whole number, which its low bits hold */

/* Functions of doubles, for both precisions: within 1 ulp of a float, 2 of a double (pow: see there). Branches are
   selections, and the order of every sum is written out, so that all compilers give the same bits. Where torch's floats
   end earlier than exact ones would, at 0, 1 or -1, these do so as well. */
INLINE D horner(D x, const double *c, int n) {
    D y = ALL(c[n - 1]);
    UNROLL for (int i = n - 2; i >= 0; i--) y = y * x + c[i];
    return y;
}
INLINE D magnitude(D x) { return (D)((U)x & ~SIGN); }
INLINE D signed_as(D x, D y) { return (D)(((U)x & ~SIGN) | ((U)y & SIGN)); }
INLINE D at_most(D x, double high) { return SEL(x > high, ALL(high), x); }
INLINE D within(D x, double low, double high) { return SEL(x < low, ALL(low), at_most(x, high)); }
INLINE D power_of_2(D n) { return (D)((U)(n + (INTEGER + 1023)) << 52); }
/* exp(x) = 2^n (1 + r + tail), |r| <= ln(2) / 2: Cody and Waite's reduction, then the series. */
static const double FACTORIALS[] = {1. / 2, 1. / 6, 1. / 24, 1. / 120, 1. / 720, 1. / 5040, 1. / 40320, 1. / 362880,
    1. / 3628800, 1. / 39916800, 1. / 479001600, 1. / 6227020800};
static const double LN2_HIGH = 0x1.62e42feep-1, LN2_LOW = 0x1.a39ef35793c76p-33; /* n * LN2_HIGH is exact */
INLINE D reduce(D x, D *n, D *tail) {
    *n = (x * 0x1.71547652b82fep0 + INTEGER) - INTEGER;
    D high = x - *n * (SINGLE ? LN2_HIGH + LN2_LOW : LN2_HIGH), low = *n * LN2_LOW, r = SINGLE ? high : high - low;
    *tail = r * r * horner(r, FACTORIALS, SINGLE ? 7 : 12);
    if (!SINGLE) *tail = *tail + ((high - r) - low);
    return r;
}
INLINE D sum(D whole, D r, D tail) { /* |whole| >= |r|, or whole is 0: what the first sum loses is added to the tail */
    D high = whole + r;
    return SINGLE ? high + tail : high + (tail + (r - (high - whole)));
}
INLINE D d_exp(D x) {
    D n, tail, r = reduce(within(x, SINGLE ? -110 : -746, SINGLE ? 90 : 710), &n, &tail), y = sum(ALL(1), r, tail);
    if (SINGLE) return y * power_of_2(n);
    D half = (n * 0.5 + INTEGER) - INTEGER;
    return y * power_of_2(half) * power_of_2(n - half); /* neither leaves the range where the result is in it */
}
INLINE D expm1_near(D x) { /* |x| <= 709 */
    D n, tail, r = reduce(x, &n, &tail), scale = power_of_2(n);
    return sum(scale - 1.0, scale * r, scale * tail);
}
INLINE D d_expm1(D x) {
    D y = expm1_near(within(x, -60, SINGLE ? 90 : 700));
    y = SINGLE ? SEL(x < -0x1.0a2b24p4, ALL(-1), y) : SEL(x > 700, d_exp(x), y); /* as torch's: from exp(x) < 2^-24 */
    return SEL(x == 0, x, y); /* keeps -0 */
}
INLINE D d_tanh(D x) { D t = expm1_near(2.0 * at_most(magnitude(x), 30)); return signed_as(t / (t + 2.0), x); }
/* erf(x) = 1 - exp(-x q(x)): q is the polynomial with the least relative error of erf, by Remez' algorithm. */
static const double ERF_FLOAT[] = {
    1.12837916663, 0.636619834575, 0.102771277155, -0.0191176948057, -0.000253061306273, 0.0017993542773,
    -0.000740686280615, 0.000167481144456, -2.13546432925e-05, 1.19330406707e-06};
static const double ERF[] = {
    1.1283791670955126, 0.6366197723675828, 0.10277260330182053, -0.01912844700565688, -0.000209194688689891,
    0.001696206344619953, -0.0005901253646129245, 2.58779842061044e-05, 6.44933819830104e-05, -2.97268976419547e-05,
    3.4114282301053e-06, 2.83034108991834e-06, -1.73713385522667e-06, 3.33104630476462e-07, 1.39123493222585e-07,
    -1.426950190211543e-07, 6.60947263612919e-08, -2.10747116564422e-08, 5.02529579108823e-09, -9.13534570531216e-10,
    1.25622251906917e-10, -1.2695654255671e-11, 8.90918603291e-13, -3.88009873983e-14, 7.8981907591e-16};
INLINE D d_erf(D x) {
    D a = at_most(magnitude(x), SINGLE ? 4 : 6), q = SINGLE ? horner(a, ERF_FLOAT, 10) : horner(a, ERF, 25);
    return signed_as(expm1_near(-(a * q)), x);
}
/* log(u) + correction: fdlibm's series in s = f / (2 + f), u = 2^k (1 + f) with 1 + f next to 1. */
static const double LOG[] = {6.666666666666735130e-01, 3.999999999940941908e-01, 2.857142874366239149e-01,
    2.222219843214978396e-01, 1.818357216161805012e-01, 1.531383769920937332e-01, 1.479819860511658591e-01};
INLINE D log_near(D u, D k, D correction, int terms) {
    U bits = (U)u + (0x3ff0000000000000 - 0x3fe6a09e00000000); /* 1 + f is from sqrt(1 / 2) to sqrt(2) */
    k = k + ((D)((bits >> 52) | 0x4330000000000000) - (0x1p52 + 1023));
    D f = (D)((bits & 0xfffffffffffff) + 0x3fe6a09e00000000) - 1.0;
    D s = f / (2.0 + f), z = s * s, half = 0.5 * f * f;
    D y = s * (half + z * horner(z, LOG, terms)) + (k * LN2_LOW + correction) - half + f + k * LN2_HIGH;
    return SEL((u > 0) & (u < INFINITY), y, SEL(u == 0, ALL(-INFINITY), SEL(u > 0, u, ALL(NAN))));
}
INLINE D log_of(D x, int terms) {
    if (SINGLE) return log_near(x, ALL(0), ALL(0), terms); /* a subnormal float is a normal double */
    return log_near(SEL(x < 0x1p-1022, x * 0x1p54, x), SEL(x < 0x1p-1022, ALL(-54), ALL(0)), ALL(0), terms);
}
INLINE D d_log(D x) { return log_of(x, SINGLE ? 5 : 7); }
INLINE D d_log1p(D x) {
    D u = 1.0 + x, lost = SEL(x > 1, 1.0 - (u - x), x - (u - 1.0));
    const double least = SINGLE ? 0x1p-149 : 0; /* of which torch's is 0 */
    return SEL(magnitude(x) <= least, x * 0.0, log_near(u, ALL(0), lost / u, SINGLE ? 5 : 7));
}
/* x = turn pi / 2 + r, |r| <= pi / 4, for a number beyond 1e6, by Payne and Hanek's reduction: x = m 2^e. Of 2 / pi,
   the bits that make multiples of 4 are left out, and the next 192 are enough for each double. */
static const uint64_t TWO_OVER_PI[] = {0, 0xa2f9836e4e441529, 0xfc2757d1f534ddc0, 0xdb6295993c439041,
    0xfe5163abdebbc561, 0xb7246e3a424dd2e0, 0x06492eea09d1921c, 0xfe1deb1cb129a73e, 0xe88235f52ebb4484,
    0xe99c7026b45f7e41, 0x3991d639835339f4, 0x9c845f8bbdf9283b, 0x1ff897ffde05980f, 0xef2f118b5a0a6d1f,
    0x6d367ecf27cb09b7, 0x4f463f669e5fea2d, 0x7527bac7ebe5f17b, 0x3d0739f78a5292ea, 0x6bfb5fb11f8d5d08,
    0x56033046fc7b6bab};
typedef unsigned __int128 Wide;
static uint64_t further_bits(int first) { /* 64 bits of 2 / pi, from the one that stands for 2^(63 - first) */
    const uint64_t *words = TWO_OVER_PI + first / 64;
    return words[0] << first % 64 | words[1] >> 1 >> (63 - first % 64);
}
static __attribute__((noinline)) double far_reduced(double x, uint64_t *turn) {
    uint64_t bits, scale;
    memcpy(&bits, &x, sizeof bits);
    const int exponent = (int)(bits >> 52 & 0x7ff), first = exponent - 1013;
    if (exponent == 0x7ff) return NAN;
    const uint64_t m = (bits & 0xfffffffffffff) | 0x10000000000000;
    const Wide lower = (Wide)m * further_bits(first + 64) + ((Wide)m * further_bits(first + 128) >> 64);
    const Wide quarters = ((Wide)(m * further_bits(first)) << 64) + lower; /* x 2 / pi modulo 4, as a part of 2^128 */
    const int is_up = (int)(quarters >> 125) & 1, is_minus = x < 0;
    const Wide rest = is_up ? -(quarters << 2) : quarters << 2; /* to the nearest quarter, at least 2^66 */
    const int zeros = __builtin_clzll((uint64_t)(rest >> 64));
    const uint64_t r = (Wide)(uint64_t)(rest << zeros >> 64) * 0xc90fdaa22168c235 >> 64; /* pi / 2 times */
    scale = (uint64_t)(1023 - 62 - zeros) << 52, bits = (uint64_t)(quarters >> 126) + is_up;
    memcpy(&x, &scale, sizeof x);
    *turn = is_minus ? -bits : bits;
    return (double)(int64_t)(r >> 1) * (is_up != is_minus ? -x : x);
}
/* sin(x + quarters pi / 2): reduced as exp is, which is exact enough up to 1e6. */
static const double SIN[] = {-1. / 6, 1. / 120, -1. / 5040, 1. / 362880, -1. / 39916800, 1. / 6227020800,
    -1. / 1307674368000, 1. / 355687428096000};
static const double COS[] = {-1. / 2, 1. / 24, -1. / 720, 1. / 40320, -1. / 3628800, 1. / 479001600,
    -1. / 87178291200, 1. / 20922789888000};
INLINE D wave(D x, int quarters) {
    D n = (x * 0x1.45f306dc9c883p-1 + INTEGER) - INTEGER, z, s, c;
    D r = ((x - n * 0x1.921fb544p0) - n * 0x1.0b4611a6p-34) - n * 0x1.3198a2e037073p-69;
    U turn = (U)(n + INTEGER), is_far = (U)(magnitude(x) > 1e6);
    uint64_t any = 0;
    for (int i = 0; i < VB / 8; i++) any |= is_far[i];
    if (any) for (int i = 0; i < VB / 8; i++) if (is_far[i]) {
        uint64_t own = 0;
        r[i] = far_reduced(x[i], &own), turn[i] = own;
    }
    turn = turn + quarters, z = r * r;
    s = r + r * z * horner(z, SIN, SINGLE ? 5 : 8), c = 1.0 + z * horner(z, COS, SINGLE ? 5 : 8);
    return (D)((U)SEL((turn & 1) != 0, c, s) ^ ((turn & 2) << 62));
}
INLINE D d_sin(D x) { return SEL(x == 0, x, wave(x, 0)); }
INLINE D d_cos(D x) { return wave(x, 1); }
#define BY_LANE(T, name, F) INLINE T name(T x) { \
    for (int i = 0; i < (int)(sizeof x / sizeof x[0]); i++) x[i] = sizeof x[0] == 4 ? F##f(x[i]) : F(x[i]); \
    return x; }
BY_LANE(D, d_floor, __builtin_floor) BY_LANE(V, v_floor, __builtin_floor) BY_LANE(V, v_sqrt, __builtin_sqrt) /* all exact */
/* For doubles the error is about |y log(x)| ulp: the product's rounding. */
INLINE D d_pow(D x, D y) {
    D p = d_exp(y * log_of(magnitude(x), 7)), whole = d_floor(y);
    D odd = SEL((whole == y) & (d_floor(0.5 * y) * 2.0 != y), x, ALL(0));
    p = SEL((x < 0) & (x > -INFINITY) & (whole != y), ALL(NAN), signed_as(p, odd));
    return SEL((y == 0) | (x == 1) | ((x == -1) & (magnitude(y) == INFINITY)), ALL(1), p);
}
/* The same functions of V: floats are computed as doubles, half a vector at a time. */
INLINE D part(V x, int i) {
    H half;
    memcpy(&half, (char *)&x + i * sizeof half, sizeof half);
    return SINGLE ? __builtin_convertvector(half, D) : (D)x;
}
INLINE V join(D first, D second) {
    H halves[2] = {__builtin_convertvector(first, H), __builtin_convertvector(second, H)};
    V y = (V)first;
    if (SINGLE) memcpy(&y, halves, sizeof y);
    return y;
}
#define LIFT(name) INLINE V v_##name(V x) { \
    D y = d_##name(part(x, 0)); \
    return join(y, SINGLE ? d_##name(part(x, 1)) : y); }
LIFT(exp) LIFT(expm1) LIFT(log) LIFT(log1p) LIFT(tanh) LIFT(erf) LIFT(sin) LIFT(cos)
INLINE V v_sigmoid(V x) { return 1 / (1 + v_exp(-x)); } /* rounded at each step, as torch does: 1 from 16.64 on */
INLINE V v_pow(V x, V y) {
    D p = d_pow(part(x, 0), part(y, 0));
    return join(p, SINGLE ? d_pow(part(x, 1), part(y, 1)) : p);
}

/* The matrix product of 16 nets: out[i][j] = c[i][j] + sum of a[i][k] b[k][j], from k = 0 upwards. An
   element's sum has one order, whatever the tiles and blocks are: bits do not depend on them. */
enum { BLOCK = 72, DEPTH = 64, LARGE = PARTS == 1 ? 1 << 21 : 1 << 15 }; /* measured: where copies for the cache pay */
typedef struct { V *at; int64_t i, j, k; } View; /* vectors, and the strides of the product's indices */
INLINE View view(REAL *start, const Operand *o) {
    return (View){(V *)start, o->strides[0] * PARTS, o->strides[1] * PARTS, o->strides[2] * PARTS};
}
INLINE V *at(View v, int64_t i, int64_t j, int64_t k) { return v.at + i * v.i + j * v.j + k * v.k; }
INLINE View from(View v, int64_t i, int64_t j) { v.at = at(v, i, j, 0); return v; }
#define EACH_SUM UNROLL for (int i = 0; i < rows; i++) UNROLL for (int j = 0; j < columns; j++)
INLINE void tile(View out, View c, View a, View b, int64_t depth, int parts, int rows, int columns) {
    for (int part = 0; part < parts; part++) {
        V sums[8][COLUMNS], *x = a.at + part, *y = b.at + part;
        EACH_SUM sums[i][j] = at(c, i, j, 0)[part];
        for (int64_t k = 0; k < depth; k++, x += a.k, y += b.k)
            EACH_SUM sums[i][j] += x[i * a.i] * y[j * b.j];
        EACH_SUM at(out, i, j, 0)[part] = sums[i][j];
    }
}
#define TILE(R, C) tile(from(out, i, j), from(c, i, j), from(a, i, 0), from(b, 0, j), n[2], parts, R, C)
static void tiles(View out, View c, View a, View b, const int64_t n[3], int parts) {
    for (int64_t j = 0, columns; j < n[1]; j += columns) {
        columns = n[1] - j < COLUMNS ? 1 : COLUMNS;
        for (int64_t i = 0, left, rows; i < n[0]; i += rows) {
            left = n[0] - i, rows = columns == 1 ? (left < 5 ? 1 : 5) : left >= ROWS ? ROWS : left >= 2 ? 2 : 1;
            if (columns == 1) rows == 1 ? TILE(1, 1) : TILE(5, 1);
            else rows == 1 ? TILE(1, COLUMNS) : rows == 2 ? TILE(2, COLUMNS) : TILE(ROWS, COLUMNS);
        }
    }
}
#define LEAST(x, y) ((x) < (y) ? (x) : (y))
static __attribute__((noinline)) void blocks(View out, View c, View a, View b, const int64_t n[3]) {
    V rows[BLOCK * (DEPTH + 1)], columns[DEPTH * COLUMNS]; /* copies of a block of a, and of columns of b */
    View x = {rows, DEPTH + 1, 0, 1}, y = {columns, 0, 1, COLUMNS};
    for (int64_t i0 = 0; i0 < n[0]; i0 += BLOCK)
        for (int64_t k0 = 0; k0 < n[2]; k0 += DEPTH) { /* a later block of k goes on from out */
            int64_t size[3] = {LEAST(BLOCK, n[0] - i0), 0, LEAST(DEPTH, n[2] - k0)};
            for (int64_t i = 0; i < size[0]; i++)
                for (int64_t k = 0; k < size[2]; k++) *at(x, i, 0, k) = *at(a, i0 + i, 0, k0 + k);
            for (int64_t j0 = 0; j0 < n[1]; j0 += COLUMNS) {
                size[1] = LEAST(COLUMNS, n[1] - j0);
                for (int64_t k = 0; k < size[2]; k++)
                    for (int64_t j = 0; j < size[1]; j++) *at(y, 0, j, k) = *at(b, 0, j0 + j, k0 + k);
                tiles(from(out, i0, j0), from(k0 ? out : c, i0, j0), x, y, size, 1);
            }
        }
}
static void product(REAL *out_, REAL *a_, REAL *b_, REAL *c_, const Instruction *t) {
    View out = view(out_, &t->out), a = view(a_, &t->a), b = view(b_, &t->b), c = view(c_, &t->c);
    if (t->n[0] * t->n[1] * t->n[2] < LARGE) tiles(out, c, a, b, t->n, PARTS);
    else for (int part = 0; part < PARTS; part++, out.at++, c.at++, a.at++, b.at++) blocks(out, c, a, b, t->n);
}

/* The numbers at index[lane] of a further dimension: c has its stride, and how many there are. Out of range is NaN. */
static void indexed(REAL *out, const REAL *a, const REAL *b, const Instruction *t) {
    const int64_t stride = t->c.strides[0], n = t->c.strides[1];
    for (int64_t i = 0; i < t->n[0]; i++) for (int64_t j = 0; j < t->n[1]; j++)
    for (int64_t k = 0; k < t->n[2]; k++) for (int64_t q = 0; q < t->n[3]; q++) {
#define PLACE(p) (i * t->p.strides[0] + j * t->p.strides[1] + k * t->p.strides[2] + q * t->p.strides[3])
        for (int l = 0; l < LANES; l++) {
            const REAL at = b[PLACE(b) * LANES + l];
            const int inside = at >= 0 && at < n;
            const int64_t further = inside ? (int64_t)at * stride : 0;
            REAL *o = out + PLACE(out) * LANES + l; const REAL *x = a + PLACE(a) * LANES + l;
            if (t->operation == DO_PICK) *o = inside ? x[further * LANES] : (REAL)NAN;
            else if (t->operation == DO_PUT) o[further * LANES] = inside ? *x : (REAL)NAN;
            else o[further * LANES] += inside ? *x : (REAL)NAN;
        }
    }
}

/* The next rows of a table, c.strides[0] in a step, shape (n[0], n[1]) for each lane, into memory or from there. */
static void moved(REAL *m, const Instruction *t, const Table *table, int64_t first) {
    for (int64_t i = 0; i < t->n[0]; i++) {
        REAL *rows[LANES];
        for (int l = 0; l < LANES; l++) {
            const int64_t row = first + i;
            rows[l] = table->rows[l] + (table->index[l] ? table->index[l][row] : row) * t->n[1];
        }
        REAL *own = m + i * t->n[1] * LANES;
        if (t->operation == DO_ROWS) for (int64_t j = 0; j < t->n[1]; j++) for (int l = 0; l < LANES; l++) own[j * LANES + l] = rows[l][j];
        else for (int64_t j = 0; j < t->n[1]; j++) for (int l = 0; l < LANES; l++) rows[l][j] = own[j * LANES + l];
    }
}

/* Whether the processor takes numbers below 1e-38 as 0: a bit, or two, of a mode that each thread has for itself. */
#ifdef __aarch64__
typedef uint64_t Mode;
enum { FLUSHING = 1 << 24 };
INLINE Mode mode(void) { Mode now; __asm__ volatile("mrs %0, fpcr" : "=r"(now)); return now; }
INLINE void set_mode(Mode now) { __asm__ volatile("msr fpcr, %0" : : "r"(now) : "memory"); }
#else
typedef uint32_t Mode;
enum { FLUSHING = 0x8040 };
INLINE Mode mode(void) { Mode now; __asm__ volatile("stmxcsr %0" : "=m"(now)); return now; }
INLINE void set_mode(Mode now) { __asm__ volatile("ldmxcsr %0" : : "m"(now) : "memory"); }
#endif

#define TRUTH(x) SEL(x, (V){} + 1, (V){})
#define EACH(E) \
    for (int64_t i = 0; i < t->n[0]; i++) for (int64_t j = 0; j < t->n[1]; j++) for (int64_t k = 0; k < t->n[2]; k++) { \
        V *po = (V *)(out + (PLACES(out)) * LANES); const V *pa = (const V *)(a_ + (PLACES(a)) * LANES); \
        const V *pb = (const V *)(b_ + (PLACES(b)) * LANES), *pc = (const V *)(c_ + (PLACES(c)) * LANES); \
        for (int64_t q = 0; q < t->n[3]; q++) { \
            for (int v = 0; v < PARTS; v++) { const V a = pa[v], b = pb[v], c = pc[v]; (void)a; (void)b; (void)c; po[v] = (E); } \
            po += t->out.strides[3] * PARTS; pa += t->a.strides[3] * PARTS; pb += t->b.strides[3] * PARTS; pc += t->c.strides[3] * PARTS; \
        } } break;
#define PLACES(p) i * t->p.strides[0] + j * t->p.strides[1] + k * t->p.strides[2]

#define AT(p) (((p).place >= 0 ? memory + (p).place * LANES : scratch + ~(p).place * LANES) + strip * (p).advance * LANES)
#define NAMED(name, type) name##_##type
#define NAME(name, type) NAMED(name, type)
void NAME(lockstep_run, REAL)(REAL *memory, REAL *scratch, const Instruction *program, int64_t n_instructions,
                              int64_t n_steps, const Table *tables) {
    const Mode before = mode();
    for (int64_t step = 0, strip = 0; step < n_steps; step++) {
        for (const Instruction *t = program; t < program + n_instructions; t++) {
            REAL *out = AT(t->out), *a_ = AT(t->a), *b_ = AT(t->b), *c_ = AT(t->c);
            switch (t->operation) {
            case DO_COPY: EACH(a) case DO_ADD: EACH(a + b)
            case DO_SUB: EACH(a - b) case DO_MUL: EACH(a * b)
            case DO_DIV: EACH(a / b) case DO_MAXIMUM: EACH(SEL((a > b) | (a != a), a, b))
            case DO_MINIMUM: EACH(SEL((a < b) | (a != a), a, b)) case DO_WHERE: EACH(SEL(a != 0, b, c))
            case DO_GT: EACH(TRUTH(a > b)) case DO_GE: EACH(TRUTH(a >= b))
            case DO_LT: EACH(TRUTH(a < b)) case DO_LE: EACH(TRUTH(a <= b))
            case DO_EQ: EACH(TRUTH(a == b)) case DO_NE: EACH(TRUTH(a != b))
            case DO_THRESHOLD_BACKWARD: EACH(SEL(b <= c, (V){}, a))
            case DO_SIGMOID_BACKWARD: EACH(a * ((1 - b) * b)) case DO_TANH_BACKWARD: EACH(a * (1 - b * b))
            case DO_ADDCMUL: EACH(a + b * c) case DO_ADDCDIV: EACH(a + b / c)
            case DO_LERP: EACH(a + c * (b - a)) case DO_NEG: EACH(-a)
            case DO_ABS: EACH(SEL(a == 0, (V){}, SEL(a > 0, a, -a)))
            case DO_SIGN: EACH(TRUTH(a > 0) - TRUTH(a < 0)) case DO_SQRT: EACH(v_sqrt(a))
            case DO_FLOOR: EACH(v_floor(a)) case DO_TRUNC: EACH(SEL(a < 0, -v_floor(-a), v_floor(a)))
            case DO_EXP: EACH(v_exp(a)) case DO_EXPM1: EACH(v_expm1(a))
            case DO_LOG: EACH(v_log(a)) case DO_LOG1P: EACH(v_log1p(a))
            case DO_TANH: EACH(v_tanh(a)) case DO_SIGMOID: EACH(v_sigmoid(a))
            case DO_ERF: EACH(v_erf(a)) case DO_POW: EACH(v_pow(a, b))
            case DO_SIN: EACH(v_sin(a)) case DO_COS: EACH(v_cos(a))
            case DO_PRODUCT: product(out, a_, b_, c_, t); break;
            case DO_ROWS: case DO_STORE:
                moved(out, t, tables + t->table, step * t->c.strides[0] + t->c.strides[1] + strip * t->c.advance);
                break;
            case DO_PICK: case DO_PUT: case DO_ADD_AT: indexed(out, a_, b_, t); break;
            case DO_REPEAT: /* the instructions before, for the next strip; the loop's t++ follows */
                if (++strip < t->n[0]) t -= t->n[1] + 1;
                else strip = 0;
                break;
            case DO_FLUSH: set_mode(before | FLUSHING); /* until the step ends */
            }
        }
        set_mode(before);
    }
}

/* Numbers of [0, 1), n of each stream: 16 generators xoshiro128+ (Blackman and Vigna 2021), of whose numbers the upper
   bits are used, those of one for a float and of two for a double. */
void NAME(lockstep_noise, REAL)(uint32_t *streams, REAL *out, int64_t n_streams, int64_t n) {
    for (; n_streams > 0; n_streams--, streams += 4 * LANES, out += n) {
        uint32_t s[4][LANES], bits[2][LANES];
        memcpy(s, streams, sizeof s);
        for (int64_t at = 0; at < n; at += LANES) {
            REAL drawn[LANES];
            for (int part = SINGLE; part < 2; part++) for (int l = 0; l < LANES; l++) {
                const uint32_t shifted = s[1][l] << 9;
                bits[part][l] = s[0][l] + s[3][l];
                s[2][l] ^= s[0][l], s[3][l] ^= s[1][l], s[1][l] ^= s[2][l], s[0][l] ^= s[3][l], s[2][l] ^= shifted;
                s[3][l] = s[3][l] << 11 | s[3][l] >> 21;
            }
            for (int l = 0; l < LANES; l++)
                drawn[l] = SINGLE ? (REAL)(int32_t)(bits[1][l] >> 8) * (REAL)0x1p-24
                                  : ((int32_t)(bits[0][l] >> 5) * 0x1p26 + (int32_t)(bits[1][l] >> 6)) * 0x1p-53;
            memcpy(out + at, drawn, (size_t)LEAST(LANES, n - at) * sizeof(REAL));
        }
        memcpy(streams, s, sizeof s);
    }
}
int64_t NAME(lockstep_version, REAL)(void) { return VERSION; }
