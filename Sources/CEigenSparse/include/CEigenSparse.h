// Eigen's approximate minimum degree ordering with a C interface.
#ifndef SEXTANT_EIGEN_SPARSE_H
#define SEXTANT_EIGEN_SPARSE_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Arranges the rows of a symmetric n×n pattern by approximate minimum degree.
///
/// The pattern is given by columns: column j has the rows rows[starts[j]..<starts[j + 1]], ascending, both triangles and the
/// diagonal. `order` (n) receives the rows in the order of their elimination. Returns 0, or 1 where memory ran out.
int32_t sextant_minimum_degree(
    int32_t n, const int32_t *starts, const int32_t *rows, int32_t *order);

/// Eigen's version, such as 3.4.0: three numbers.
void sextant_eigen_version(int32_t version[3]);

#ifdef __cplusplus
}
#endif

#endif
