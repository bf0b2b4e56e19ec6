// One training step of Keras' MobileNet (random crop, forward, backward, update) for one core of an x86 processor with
// AVX-512 and its bfloat16 products. Owns the arithmetic alone: what is trained on, how long and how fast is train.py's.
//
// Why it exists: on a processor, PyTorch spends most of a step of so small a network moving data. Here every tensor
// is channels-last bfloat16, batch normalisation and ReLU6 are applied while their input is read, the two sums that
// the backward pass of batch normalisation needs are gathered while a gradient is written, and all products run
// from registers (float32 sums). Measured beside PyTorch's eager step in README.md.
//
// Parameters and gradients are one flat float32 array in the order and layout of Keras' own weights:
// conv1 (3,3,3,c), gamma, beta; then for each of 13 blocks depthwise (3,3,c), gamma, beta, pointwise (in,out),
// gamma, beta; then the classifier (512,classes) and its bias. Gradient, loss and batch statistics are for one micro-batch.
#include <immintrin.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <vector>

namespace {

typedef uint16_t bf16;
typedef __m512 vec;

constexpr int kBlocks = 13;
constexpr int kOut[kBlocks] = {64, 128, 128, 256, 256, 512, 512, 512, 512, 512, 512, 1024, 1024};  // at alpha 1
constexpr int kStride[kBlocks] = {1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1};
constexpr float kEps = 1e-3f;
constexpr int kTile = 8;  // rows of a register tile

inline vec load(const bf16* p) {
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i*)p)), 16));
}
inline __m256i narrow(vec v) { return (__m256i)_mm512_cvtneps_pbh(v); }
inline void store(bf16* p, vec v) { _mm256_storeu_si256((__m256i*)p, narrow(v)); }
inline vec relu6(vec v) { return _mm512_min_ps(_mm512_max_ps(v, _mm512_setzero_ps()), _mm512_set1_ps(6.f)); }
inline __mmask16 open_gate(vec v) {  // where ReLU6 lets a gradient through
    return _mm512_cmp_ps_mask(v, _mm512_setzero_ps(), _CMP_GT_OQ) & _mm512_cmp_ps_mask(v, _mm512_set1_ps(6.f), _CMP_LT_OQ);
}
inline void add_to(float* p, vec v) { _mm512_storeu_ps(p, _mm512_add_ps(_mm512_loadu_ps(p), v)); }
inline bf16 to_bf16(float f) {
    uint32_t u;
    memcpy(&u, &f, 4);
    return (bf16)((u + 0x7fff + ((u >> 16) & 1)) >> 16);
}

template <class T>
struct Buffer {  // aligned memory that only grows
    T* p = nullptr;
    size_t room = 0;
    T* get(size_t n) {
        if (n > room) {
            free(p);
            p = (T*)aligned_alloc(64, (n * sizeof(T) + 127) / 64 * 64);
            room = n;
        }
        return p;
    }
    ~Buffer() { free(p); }
};

// Batch normalisation of one tensor: y -> scale * y + shift, and the way back.
struct Norm {
    int channels = 0;
    std::vector<float> sum, sum2, mean, inverse, scale, shift, c_grad, c_value, c_one;
    void begin(int c) {
        channels = c;
        for (auto* v : {&sum, &sum2, &mean, &inverse, &scale, &shift, &c_grad, &c_value, &c_one}) v->resize(c);
        clear();
    }
    void clear() {
        std::fill(sum.begin(), sum.end(), 0.f);
        std::fill(sum2.begin(), sum2.end(), 0.f);
    }
    void forward(const float* gamma, const float* beta, double rows) {
        for (int c = 0; c < channels; c++) {
            double m = sum[c] / rows, v = std::max(0.0, sum2[c] / rows - m * m);
            mean[c] = (float)m;
            inverse[c] = (float)(1 / std::sqrt(v + kEps));
            scale[c] = gamma[c] * inverse[c];
            shift[c] = beta[c] - mean[c] * scale[c];
        }
        clear();
    }
    // sum: of the gradient after the gate; sum2: of that gradient times the value before normalisation.
    void backward(float* d_gamma, float* d_beta, double rows) {
        for (int c = 0; c < channels; c++) {
            float dg = (sum2[c] - mean[c] * sum[c]) * inverse[c];
            d_gamma[c] += dg;
            d_beta[c] += sum[c];
            float per = (float)(dg / rows), flat = (float)(sum[c] / rows);
            c_grad[c] = scale[c];
            c_value[c] = -scale[c] * inverse[c] * per;
            c_one[c] = scale[c] * (inverse[c] * mean[c] * per - flat);
        }
    }
    vec gradient(vec g, vec y, int c) const {
        vec v = _mm512_fmadd_ps(y, _mm512_loadu_ps(&c_value[c]), _mm512_loadu_ps(&c_one[c]));
        return _mm512_fmadd_ps(g, _mm512_loadu_ps(&c_grad[c]), v);
    }
    vec before_gate(vec y, int c) const { return _mm512_fmadd_ps(y, _mm512_loadu_ps(&scale[c]), _mm512_loadu_ps(&shift[c])); }
};

struct Scratch {
    Buffer<bf16> values, grad_a, grad_b, rows, rows_packed, grads, grads_packed, weights, weights_back, patches;
    Buffer<float> plane, plane_grad;
    Norm norm[2 * kBlocks + 1];
};
Scratch& scratch() {
    static thread_local Scratch s;
    return s;
}

// Panels of `width` columns, pairs of rows side by side, as the bfloat16 products read them. w(k, j) gives an entry.
template <class W>
void pack(bf16* out, int k_size, int columns, int width, W w) {
    for (int j0 = 0; j0 < columns; j0 += width)
        for (int k = 0; k < k_size; k += 2)
            for (int j = j0; j < j0 + width; j++)
                for (int d = 0; d < 2; d++) *out++ = to_bf16(w(k + d, j));
}

template <int NV, class End>
void product(const bf16* a, const bf16* w, int rows, int k_size, int columns, End end) {
    for (int j = 0; j < columns; j += 16 * NV) {
        const bf16* panel = w + (size_t)j * k_size;
        for (int i = 0; i < rows; i += kTile) {
            vec acc[kTile][NV];
#pragma GCC unroll 8
            for (int r = 0; r < kTile; r++)
#pragma GCC unroll 2
                for (int v = 0; v < NV; v++) acc[r][v] = _mm512_setzero_ps();
            const bf16* row = a + (size_t)i * k_size;
            for (int k = 0; k < k_size; k += 2) {
                __m512bh b[NV];
#pragma GCC unroll 2
                for (int v = 0; v < NV; v++) b[v] = (__m512bh)_mm512_loadu_si512(panel + (size_t)k * 16 * NV + 32 * v);
#pragma GCC unroll 8
                for (int r = 0; r < kTile; r++) {
                    int32_t two;
                    memcpy(&two, row + (size_t)r * k_size + k, 4);
                    __m512bh x = (__m512bh)_mm512_set1_epi32(two);
#pragma GCC unroll 2
                    for (int v = 0; v < NV; v++) acc[r][v] = _mm512_dpbf16_ps(acc[r][v], x, b[v]);
                }
            }
            end(i, j, acc);
        }
    }
}

// dw (k_size, columns) += a^T d, both given as panels of row pairs (a: panels of 8 columns; d: of 16 * NV).
template <int NV>
void product_of_rows(const bf16* a, const bf16* d, int rows, int k_size, int columns, float* dw) {
    for (int j = 0; j < columns; j += 16 * NV)
        for (int i = 0; i < k_size; i += kTile) {
            const bf16 *pa = a + (size_t)i * rows, *pd = d + (size_t)j * rows;
            vec acc[kTile][NV];
#pragma GCC unroll 8
            for (int r = 0; r < kTile; r++)
#pragma GCC unroll 2
                for (int v = 0; v < NV; v++) acc[r][v] = _mm512_setzero_ps();
            for (int m = 0; m < rows; m += 2, pa += 2 * kTile, pd += 32 * NV) {
                __m512bh b[NV];
#pragma GCC unroll 2
                for (int v = 0; v < NV; v++) b[v] = (__m512bh)_mm512_loadu_si512(pd + 32 * v);
#pragma GCC unroll 8
                for (int r = 0; r < kTile; r++) {
                    int32_t two;
                    memcpy(&two, pa + 2 * r, 4);
                    __m512bh x = (__m512bh)_mm512_set1_epi32(two);
#pragma GCC unroll 2
                    for (int v = 0; v < NV; v++) acc[r][v] = _mm512_dpbf16_ps(acc[r][v], x, b[v]);
                }
            }
#pragma GCC unroll 8
            for (int r = 0; r < kTile; r++)
#pragma GCC unroll 2
                for (int v = 0; v < NV; v++) add_to(dw + (size_t)(i + r) * columns + j + 16 * v, acc[r][v]);
        }
}

inline __m512i side_by_side(__m256i first, __m256i second) {
    return _mm512_or_si512(_mm512_cvtepu16_epi32(first), _mm512_slli_epi32(_mm512_cvtepu16_epi32(second), 16));
}

// A pair of rows' sixteen channels at c into panels of `width` columns over `rows` rows.
inline void put_pair(bf16* out, int width, int rows, int m, int c, __m512i pairs) {
    if (width == 8) {
        _mm256_storeu_si256((__m256i*)(out + (size_t)c * rows + (size_t)m * 8), _mm512_castsi512_si256(pairs));
        _mm256_storeu_si256((__m256i*)(out + (size_t)(c + 8) * rows + (size_t)m * 8), _mm512_extracti64x4_epi64(pairs, 1));
    } else {
        int panel = c / width * width;
        _mm512_storeu_si512(out + (size_t)panel * rows + (size_t)m * width + (c - panel) * 2, pairs);
    }
}

template <int NV>
struct WriteValues {  // a product's end, forward: keep the values, gather what their normalisation needs
    bf16* out;
    int columns;
    Norm& norm;
    void operator()(int i, int j, vec (&acc)[kTile][NV]) const {
#pragma GCC unroll 2
        for (int v = 0; v < NV; v++) {
            vec s = _mm512_setzero_ps(), q = s;
#pragma GCC unroll 8
            for (int r = 0; r < kTile; r++) {
                store(out + (size_t)(i + r) * columns + j + 16 * v, acc[r][v]);
                s = _mm512_add_ps(s, acc[r][v]);
                q = _mm512_fmadd_ps(acc[r][v], acc[r][v], q);
            }
            add_to(&norm.sum[j + 16 * v], s);
            add_to(&norm.sum2[j + 16 * v], q);
        }
    }
};

template <int NV>
struct WriteGradients {  // a product's end, backward: keep what passes the gate, gather what the way back needs
    bf16* out;
    const bf16* values;
    int columns;
    Norm& norm;
    void operator()(int i, int j, vec (&acc)[kTile][NV]) const {
#pragma GCC unroll 2
        for (int v = 0; v < NV; v++) {
            int c = j + 16 * v;
            vec s = _mm512_setzero_ps(), q = s;
#pragma GCC unroll 8
            for (int r = 0; r < kTile; r++) {
                size_t at = (size_t)(i + r) * columns + c;
                vec y = load(values + at), g = _mm512_maskz_mov_ps(open_gate(norm.before_gate(y, c)), acc[r][v]);
                store(out + at, g);
                s = _mm512_add_ps(s, g);
                q = _mm512_fmadd_ps(g, y, q);
            }
            add_to(&norm.sum[c], s);
            add_to(&norm.sum2[c], q);
        }
    }
};

int rows_at_once(int k_size, int columns) { return (long)k_size * columns >= 100000 ? 128 : 256; }

template <int NV>
void pointwise(const bf16* in, Norm& from, bf16* out, Norm& to, const float* w, long rows, int ci, int co) {
    Scratch& s = scratch();
    bf16* packed = s.weights.get((size_t)ci * co);
    pack(packed, ci, co, 16 * NV, [&](int k, int j) { return w[(size_t)k * co + j]; });
    int most = rows_at_once(ci, co);
    bf16* a = s.rows.get((size_t)most * ci);
    for (long r0 = 0; r0 < rows; r0 += most) {
        int n = (int)std::min<long>(most, rows - r0);
        for (int r = 0; r < n; r++)
            for (int c = 0; c < ci; c += 16) store(a + (size_t)r * ci + c, relu6(from.before_gate(load(in + (r0 + r) * ci + c), c)));
        product<NV>(a, packed, n, ci, co, WriteValues<NV>{out + r0 * co, co, to});
    }
}

// grad: gated gradient of `to`'s output; writes that of `from`'s into grad_in and adds the weights' into dw.
template <int NV>
void pointwise_back(const bf16* in, Norm& from, const bf16* out, Norm& to, const float* w, const bf16* grad, bf16* grad_in,
                    float* dw, long rows, int ci, int co) {
    Scratch& s = scratch();
    constexpr int kBack = 16;  // ci may be 16
    bf16* packed = s.weights_back.get((size_t)ci * co);
    int width = ci % 32 ? kBack : 32;
    pack(packed, co, ci, width, [&](int k, int j) { return w[(size_t)j * co + k]; });
    int most = rows_at_once(ci, co);
    bf16 *d = s.grads.get((size_t)most * co), *dp = s.grads_packed.get((size_t)most * co), *ap = s.rows_packed.get((size_t)most * ci);
    from.clear();
    for (long r0 = 0; r0 < rows; r0 += most) {
        int n = (int)std::min<long>(most, rows - r0);
        for (int r = 0; r < n; r += 2) {
            for (int c = 0; c < co; c += 16) {
                __m256i pair[2];
                for (int e = 0; e < 2; e++) {
                    size_t at = (size_t)(r0 + r + e) * co + c;
                    pair[e] = narrow(to.gradient(load(grad + at), load(out + at), c));
                    _mm256_storeu_si256((__m256i*)(d + (size_t)(r + e) * co + c), pair[e]);
                }
                put_pair(dp, 16 * NV, n, r, c, side_by_side(pair[0], pair[1]));
            }
            for (int c = 0; c < ci; c += 16) {
                __m256i pair[2];
                for (int e = 0; e < 2; e++) pair[e] = narrow(relu6(from.before_gate(load(in + (size_t)(r0 + r + e) * ci + c), c)));
                put_pair(ap, 8, n, r, c, side_by_side(pair[0], pair[1]));
            }
        }
        product_of_rows<NV>(ap, dp, n, ci, co, dw);
        if (width == 32)
            product<2>(d, packed, n, co, ci, WriteGradients<2>{grad_in + r0 * ci, in + r0 * ci, ci, from});
        else
            product<1>(d, packed, n, co, ci, WriteGradients<1>{grad_in + r0 * ci, in + r0 * ci, ci, from});
    }
}

// Sixteen channels of one photo's gated, normalised input inside a border of noughts, which stays as it is: (h + 2)^2 rows
// of 16 float32. Sixteen at a time, because whole planes lie so far apart in memory that they push each other out of the cache.
void fill_plane(float* plane, const bf16* in, const Norm& from, int h, int c, int k, int first) {
    vec scale = _mm512_loadu_ps(&from.scale[k]), shift = _mm512_loadu_ps(&from.shift[k]);
    for (int y = 0; y < h; y++) {
        float* row = plane + ((size_t)(y + first) * (h + 2) + first) * 16;
        const bf16* values = in + (size_t)y * h * c + k;
        for (int x = 0; x < h; x++, row += 16, values += c) _mm512_storeu_ps(row, relu6(_mm512_fmadd_ps(load(values), scale, shift)));
    }
}

void depthwise(const bf16* in, Norm& from, bf16* out, Norm& to, const float* w, int n, int h, int c, int stride) {
    int b = h + 2, ho = h / stride, first = stride == 1;
    float* plane = scratch().plane.get((size_t)b * b * 16);
    memset(plane, 0, sizeof(float) * b * b * 16);
    for (int image = 0; image < n; image++) {
        bf16* o = out + (size_t)image * ho * ho * c;
        for (int k = 0; k < c; k += 16) {
            fill_plane(plane, in + (size_t)image * h * h * c, from, h, c, k, first);
            vec t[9], s = _mm512_setzero_ps(), q = s;
#pragma GCC unroll 9
            for (int i = 0; i < 9; i++) t[i] = _mm512_loadu_ps(w + i * c + k);
            for (int y = 0; y < ho; y++)
                for (int x = 0; x < ho; x++) {
                    const float* at = plane + ((size_t)y * stride * b + x * stride) * 16;
                    vec acc = _mm512_setzero_ps();
#pragma GCC unroll 9
                    for (int i = 0; i < 9; i++) acc = _mm512_fmadd_ps(t[i], _mm512_loadu_ps(at + (i / 3 * b + i % 3) * 16), acc);
                    store(o + ((size_t)y * ho + x) * c + k, acc);
                    s = _mm512_add_ps(s, acc);
                    q = _mm512_fmadd_ps(acc, acc, q);
                }
            add_to(&to.sum[k], s);
            add_to(&to.sum2[k], q);
        }
    }
}

void depthwise_back(const bf16* in, Norm& from, const bf16* out, Norm& to, const float* w, const bf16* grad, bf16* grad_in, float* dw,
                    int n, int h, int c, int stride) {
    int b = h + 2, ho = h / stride, first = stride == 1;
    size_t size = (size_t)b * b * 16;
    float *plane = scratch().plane.get(size), *pg = scratch().plane_grad.get(size);
    memset(plane, 0, sizeof(float) * size);
    from.clear();
    for (int image = 0; image < n; image++) {
        const bf16* photo = in + (size_t)image * h * h * c;
        const bf16 *o = out + (size_t)image * ho * ho * c, *g = grad + (size_t)image * ho * ho * c;
        bf16* gi = grad_in + (size_t)image * h * h * c;
        for (int k = 0; k < c; k += 16) {
            fill_plane(plane, photo, from, h, c, k, first);
            memset(pg, 0, sizeof(float) * size);
            vec t[9], d[9];
#pragma GCC unroll 9
            for (int i = 0; i < 9; i++) t[i] = _mm512_loadu_ps(w + i * c + k), d[i] = _mm512_setzero_ps();
            for (int y = 0; y < ho; y++)
                for (int x = 0; x < ho; x++) {
                    size_t at = ((size_t)y * ho + x) * c + k, corner = ((size_t)y * stride * b + x * stride) * 16;
                    vec e = to.gradient(load(g + at), load(o + at), k);
#pragma GCC unroll 9
                    for (int i = 0; i < 9; i++) {
                        size_t p = corner + (i / 3 * b + i % 3) * 16;
                        d[i] = _mm512_fmadd_ps(e, _mm512_loadu_ps(plane + p), d[i]);
                        _mm512_storeu_ps(pg + p, _mm512_fmadd_ps(e, t[i], _mm512_loadu_ps(pg + p)));
                    }
                }
#pragma GCC unroll 9
            for (int i = 0; i < 9; i++) add_to(dw + i * c + k, d[i]);
            vec s = _mm512_setzero_ps(), q = s;
            for (int y = 0; y < h; y++)
                for (int x = 0; x < h; x++) {
                    size_t at = ((size_t)y * h + x) * c + k;
                    vec v = load(photo + at), e = _mm512_loadu_ps(pg + ((size_t)(y + first) * b + x + first) * 16);
                    e = _mm512_maskz_mov_ps(open_gate(from.before_gate(v, k)), e);
                    store(gi + at, e);
                    s = _mm512_add_ps(s, e);
                    q = _mm512_fmadd_ps(e, v, q);
                }
            add_to(&from.sum[k], s);
            add_to(&from.sum2[k], q);
        }
    }
}

// The patches that the first convolution sees in one photo: (h / 2)^2 rows of 27 values and five noughts.
void fill_patches(bf16* out, const bf16* photo, int h) {
    int ho = h / 2;
    memset(out, 0, sizeof(bf16) * ho * ho * 32);
    for (int y = 0; y < ho; y++)
        for (int x = 0; x < ho; x++, out += 32)
            for (int a = 0; a < 3; a++) {
                if (2 * y + a >= h) continue;
                int columns = std::min(3, h - 2 * x);
                memcpy(out + a * 9, photo + ((size_t)(2 * y + a) * h + 2 * x) * 3, sizeof(bf16) * 3 * columns);
            }
}

struct Layout {  // where each parameter lies in the flat array
    size_t first[2 * kBlocks + 1], norm[2 * kBlocks + 1], top, bias;
    int channels[2 * kBlocks + 1];
};
Layout layout(int width64, int classes) {  // width64: channels where alpha 1 has 64
    Layout l;
    size_t at = 0;
    int c = width64 / 2;
    auto add = [&](int t, size_t weights, int out) {
        l.first[t] = at, l.norm[t] = at + weights, l.channels[t] = out;
        at += weights + 2 * out;
    };
    add(0, 27 * c, c);
    for (int b = 0; b < kBlocks; b++) {
        int o = kOut[b] * width64 / 64;
        add(2 * b + 1, 9 * c, c);
        add(2 * b + 2, (size_t)c * o, o);
        c = o;
    }
    l.top = at;
    l.bias = at + (size_t)c * classes;
    return l;
}

}  // namespace

extern "C" {

// Random crops of stored photos: photos (any, side, side, 3) uint8, index (n,), draw (n, 8) = left, top, width,
// height (fractions of the photo; a negative width mirrors), contrast, brightness, saturation, unused.
// out: (n, size, size, 3) bfloat16 in -1..1.
void crops(const uint8_t* photos, int side, const int64_t* index, const float* draw, int n, int size, bf16* out) {
    std::vector<int> x0(size), x1(size);
    std::vector<float> fx(size), line((size_t)size * size * 3);
    for (int i = 0; i < n; i++) {
        const uint8_t* photo = photos + (size_t)index[i] * side * side * 3;
        const float* d = draw + i * 8;
        auto place = [&](float start, float extent, int k, int& low, int& high) {
            float f = (start + extent * (k + .5f) / size) * side - .5f;
            f = std::min(std::max(f, 0.f), side - 1.f);
            low = (int)f, high = std::min(low + 1, side - 1);
            return f - low;
        };
        for (int x = 0; x < size; x++) fx[x] = place(d[0], std::fabs(d[2]), d[2] < 0 ? size - 1 - x : x, x0[x], x1[x]);
        double total = 0;
        float* o = line.data();
        for (int y = 0; y < size; y++) {
            int y0, y1;
            float fy = place(d[1], d[3], y, y0, y1);
            const uint8_t *a = photo + (size_t)y0 * side * 3, *b = photo + (size_t)y1 * side * 3;
            float sum = 0;
            for (int x = 0; x < size; x++)
                for (int c = 0; c < 3; c++) {
                    int p = x0[x] * 3 + c, q = x1[x] * 3 + c;
                    float top = a[p] + (a[q] - a[p]) * fx[x], low = b[p] + (b[q] - b[p]) * fx[x];
                    float v = (top + (low - top) * fy) * (1 / 127.5f) - 1;
                    *o++ = v;
                    sum += v;
                }
            total += sum;
        }
        float mean = (float)(total / line.size()), contrast = d[4], base = mean + d[5], saturation = d[6];
        bf16* to = out + (size_t)i * size * size * 3;
        for (size_t p = 0; p < line.size(); p += 3) {
            float v[3], grey = 0;
            for (int c = 0; c < 3; c++) v[c] = (line[p + c] - mean) * contrast + base, grey += v[c] * (1 / 3.f);
            for (int c = 0; c < 3; c++) to[p + c] = to_bf16(std::min(std::max((v[c] - grey) * saturation + grey, -1.f), 1.f));
        }
    }
}

// Loss (mean cross-entropy with the targets (n, classes)) and its gradient. x: (n, size, size, 3) bfloat16; n a multiple
// of 8, size of 2, at least 32. gradient is overwritten. Returns the loss.
float step(const float* p, int width64, int classes, const bf16* x, const float* targets, int n, int size, float* gradient) {
    Layout l = layout(width64, classes);
    Scratch& s = scratch();
    memset(gradient, 0, sizeof(float) * (l.bias + classes));
    int side[2 * kBlocks + 1];
    size_t at[2 * kBlocks + 2];
    at[0] = 0;
    size_t most = 0;
    for (int t = 0, h = size / 2; t <= 2 * kBlocks; t++) {
        if (t % 2) h /= kStride[t / 2];
        side[t] = h;
        size_t amount = (size_t)n * h * h * l.channels[t];
        at[t + 1] = at[t] + amount;
        most = std::max(most, amount);
        s.norm[t].begin(l.channels[t]);
    }
    bf16 *values = s.values.get(at[2 * kBlocks + 1]), *ga = s.grad_a.get(most), *gb = s.grad_b.get(most);
    auto finish = [&](int t) {
        const float* g = p + l.norm[t];
        s.norm[t].forward(g, g + l.channels[t], (double)n * side[t] * side[t]);
    };
    int c0 = l.channels[0], h0 = side[0], rows0 = (h0 * h0 + kTile - 1) / kTile * kTile;
    std::vector<bf16> w0((size_t)32 * c0);
    pack(w0.data(), 32, c0, 16, [&](int k, int j) { return k < 27 ? p[(size_t)k * c0 + j] : 0.f; });
    bf16* patches = s.patches.get((size_t)rows0 * 32);
    for (int i = 0; i < n; i++) {
        fill_patches(patches, x + (size_t)i * size * size * 3, size);
        product<1>(patches, w0.data(), h0 * h0, 32, c0, WriteValues<1>{values + (size_t)i * h0 * h0 * c0, c0, s.norm[0]});
    }
    finish(0);
    for (int b = 0; b < kBlocks; b++) {
        int t = 2 * b + 1, c = l.channels[t];
        depthwise(values + at[t - 1], s.norm[t - 1], values + at[t], s.norm[t], p + l.first[t], n, side[t - 1], c, kStride[b]);
        finish(t);
        pointwise<2>(values + at[t], s.norm[t], values + at[t + 1], s.norm[t + 1], p + l.first[t + 1], (long)n * side[t] * side[t], c, l.channels[t + 1]);
        finish(t + 1);
    }
    // the head: mean over the plane, classifier, softmax
    int last = 2 * kBlocks, c = l.channels[last], area = side[last] * side[last];
    std::vector<float> mean(c), d_mean(c), logits(classes);
    Norm& end = s.norm[last];
    end.clear();
    const float *top = p + l.top, *bias = p + l.bias;
    float *d_top = gradient + l.top, *d_bias = gradient + l.bias;
    double loss = 0;
    for (int i = 0; i < n; i++) {
        const bf16* v = values + at[last] + (size_t)i * area * c;
        for (int k = 0; k < c; k += 16) {
            vec m = _mm512_setzero_ps();
            for (int a = 0; a < area; a++) m = _mm512_add_ps(m, relu6(end.before_gate(load(v + (size_t)a * c + k), k)));
            _mm512_storeu_ps(&mean[k], _mm512_mul_ps(m, _mm512_set1_ps(1.f / area)));
        }
        for (int j = 0; j < classes; j++) logits[j] = bias[j];
        for (int k = 0; k < c; k++)
            for (int j = 0; j < classes; j++) logits[j] += mean[k] * top[(size_t)k * classes + j];
        float high = *std::max_element(logits.begin(), logits.end());
        double sum = 0;
        for (int j = 0; j < classes; j++) sum += std::exp(logits[j] - high);
        float log_sum = high + (float)std::log(sum);
        const float* want = targets + (size_t)i * classes;
        for (int j = 0; j < classes; j++) {
            float log_p = logits[j] - log_sum;
            loss -= want[j] * log_p;
            logits[j] = (std::exp(log_p) - want[j]) / n;
            d_bias[j] += logits[j];
        }
        for (int k = 0; k < c; k++) {
            float d = 0, m = mean[k];
            const float* t = top + (size_t)k * classes;
            float* dt = d_top + (size_t)k * classes;
#pragma GCC ivdep
            for (int j = 0; j < classes; j++) dt[j] += m * logits[j];
            for (int j = 0; j < classes; j++) d += t[j] * logits[j];
            d_mean[k] = d / area;
        }
        for (int k = 0; k < c; k += 16) {
            vec g0 = _mm512_loadu_ps(&d_mean[k]), su = _mm512_setzero_ps(), q = su;
            for (int a = 0; a < area; a++) {
                vec y = load(v + (size_t)a * c + k), g = _mm512_maskz_mov_ps(open_gate(end.before_gate(y, k)), g0);
                store(ga + ((size_t)i * area + a) * c + k, g);
                su = _mm512_add_ps(su, g);
                q = _mm512_fmadd_ps(g, y, q);
            }
            add_to(&end.sum[k], su);
            add_to(&end.sum2[k], q);
        }
    }
    auto turn = [&](int t) {
        float* g = gradient + l.norm[t];
        s.norm[t].backward(g, g + l.channels[t], (double)n * side[t] * side[t]);
    };
    for (int b = kBlocks - 1; b >= 0; b--) {
        int t = 2 * b + 1, ch = l.channels[t];
        turn(t + 1);
        pointwise_back<2>(values + at[t], s.norm[t], values + at[t + 1], s.norm[t + 1], p + l.first[t + 1], ga, gb, gradient + l.first[t + 1],
                          (long)n * side[t] * side[t], ch, l.channels[t + 1]);
        turn(t);
        depthwise_back(values + at[t - 1], s.norm[t - 1], values + at[t], s.norm[t], p + l.first[t], gb, ga, gradient + l.first[t], n,
                       side[t - 1], ch, kStride[b]);
    }
    turn(0);
    bf16 *ap = s.rows_packed.get((size_t)rows0 * 32), *dp = s.grads_packed.get((size_t)rows0 * c0);
    std::vector<float> dw0((size_t)32 * c0, 0.f);
    for (int i = 0; i < n; i++) {
        fill_patches(patches, x + (size_t)i * size * size * 3, size);
        size_t from = (size_t)i * h0 * h0 * c0;
        for (int r = 0; r < h0 * h0; r += 2) {
            for (int k = 0; k < 32; k += 16)
                put_pair(ap, 8, h0 * h0, r, k, side_by_side(_mm256_loadu_si256((const __m256i*)(patches + (size_t)r * 32 + k)),
                                                            _mm256_loadu_si256((const __m256i*)(patches + (size_t)(r + 1) * 32 + k))));
            for (int k = 0; k < c0; k += 16) {
                __m256i pair[2];
                for (int e = 0; e < 2; e++) {
                    size_t q = from + (size_t)(r + e) * c0 + k;
                    pair[e] = narrow(s.norm[0].gradient(load(ga + q), load(values + q), k));
                }
                put_pair(dp, 16, h0 * h0, r, k, side_by_side(pair[0], pair[1]));
            }
        }
        product_of_rows<1>(ap, dp, h0 * h0, 32, c0, dw0.data());
    }
    memcpy(gradient + l.first[0], dw0.data(), sizeof(float) * 27 * c0);
    return (float)(loss / n);
}

// Nesterov's momentum with weight decay where `decay` says so, and the running average of the weights.
void update(float* p, float* momentum, float* average, const float* g, const float* decay, long n, float rate, float mu, float keep) {
    for (long i = 0; i < n; i++) {
        float d = g[i] + decay[i] * p[i], m = mu * momentum[i] + d;
        momentum[i] = m;
        p[i] -= rate * (d + mu * m);
        average[i] += (1 - keep) * (p[i] - average[i]);
    }
}
}
