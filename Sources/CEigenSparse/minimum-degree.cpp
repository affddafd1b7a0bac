// The one place that includes Eigen (MPL-2.0): its approximate minimum degree ordering (Amestoy, Davis and Duff, 1996).

#define EIGEN_MPL2_ONLY
#include <algorithm>
#include <new>

// Debian keeps the headers in a folder of their own, which pkg-config names; most other systems have them on the path.
#if __has_include(<Eigen/SparseCore>)
#include <Eigen/OrderingMethods>
#include <Eigen/SparseCore>
#else
#include <eigen3/Eigen/OrderingMethods>
#include <eigen3/Eigen/SparseCore>
#endif

#include "CEigenSparse.h"

int32_t sextant_minimum_degree(
    int32_t n, const int32_t *starts, const int32_t *rows, int32_t *order) {
  try {
    // The ordering overwrites its matrix, of which it reads the pattern alone.
    Eigen::SparseMatrix<signed char, Eigen::ColMajor, int32_t> pattern(n, n);
    pattern.resizeNonZeros(starts[n]);
    std::copy(starts, starts + n + 1, pattern.outerIndexPtr());
    std::copy(rows, rows + starts[n], pattern.innerIndexPtr());
    Eigen::PermutationMatrix<Eigen::Dynamic, Eigen::Dynamic, int32_t> permutation;
    Eigen::internal::minimum_degree_ordering(pattern, permutation);
    std::copy(permutation.indices().data(), permutation.indices().data() + n, order);
    return 0;
  } catch (const std::bad_alloc &) {
    return 1;
  }
}

void sextant_eigen_version(int32_t version[3]) {
  version[0] = EIGEN_WORLD_VERSION;
  version[1] = EIGEN_MAJOR_VERSION;
  version[2] = EIGEN_MINOR_VERSION;
}
