// Eigen's simplicial Cholesky factorisations with a C interface, for the benchmark of factorisations.
#ifndef SEXTANT_EIGEN_CHOLESKY_H
#define SEXTANT_EIGEN_CHOLESKY_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct EigenCholesky EigenCholesky;

/// Analyses a symmetric n×n pattern whose lower triangle is given by rows, with the rows eliminated in the given order.
/// `usesSquareRoots` chooses L·Lᵀ, otherwise L·D·Lᵀ.
EigenCholesky *eigen_cholesky_analyse(
    int32_t usesSquareRoots, int32_t n, const int32_t *starts, const int32_t *columns, const int32_t *order);

/// Factorises. Returns 0, or 1 where the matrix is not positive definite.
int32_t eigen_cholesky_factorise(EigenCholesky *factor, const double *values);

/// The number of entries of the factor.
int64_t eigen_cholesky_entry_count(const EigenCholesky *factor);

/// The logarithm of the determinant.
double eigen_cholesky_log_determinant(const EigenCholesky *factor);

/// Solves for `count` right-hand sides, one after the other in memory, in place.
void eigen_cholesky_solve(const EigenCholesky *factor, double *sides, int32_t count);

void eigen_cholesky_free(EigenCholesky *factor);

#ifdef __cplusplus
}
#endif

#endif
