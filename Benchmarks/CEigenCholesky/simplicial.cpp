// Eigen's SimplicialLLT and SimplicialLDLT behind one face. Rows are eliminated in an order that is given.

#define EIGEN_MPL2_ONLY
#include <algorithm>
#include <memory>

#if __has_include(<Eigen/SparseCholesky>)
#include <Eigen/SparseCholesky>
#else
#include <eigen3/Eigen/SparseCholesky>
#endif

#include "CEigenCholesky.h"

namespace {

using Matrix = Eigen::SparseMatrix<double, Eigen::ColMajor, int32_t>;

// Eigen makes the object that orders by itself, so the order reaches it by this. The inverse is wanted there.
thread_local const int32_t *order_at_hand = nullptr;

struct GivenOrdering {
  typedef Eigen::PermutationMatrix<Eigen::Dynamic, Eigen::Dynamic, int32_t> PermutationType;
  template <typename View> void operator()(const View &view, PermutationType &permutation) {
    permutation.resize(view.cols());
    std::copy(order_at_hand, order_at_hand + view.cols(), permutation.indices().data());
  }
};

} // namespace

struct EigenCholesky {
  Matrix matrix;
  virtual ~EigenCholesky() {}
  virtual bool factorise() = 0;
  virtual int64_t entryCount() const = 0;
  virtual double logDeterminant() const = 0;
  virtual void solve(double *sides, int32_t count) const = 0;
};

namespace {

// The lower triangle by rows is the upper one by columns.
using LLT = Eigen::SimplicialLLT<Matrix, Eigen::Upper, GivenOrdering>;
using LDLT = Eigen::SimplicialLDLT<Matrix, Eigen::Upper, GivenOrdering>;

double log_determinant(const LLT &solver) {
  Eigen::VectorXd diagonal = solver.matrixL().nestedExpression().diagonal();
  return 2 * diagonal.array().log().sum();
}

double log_determinant(const LDLT &solver) { return solver.vectorD().array().log().sum(); }

template <typename Solver> struct Factor : EigenCholesky {
  Solver solver;
  bool factorise() override {
    solver.factorize(matrix);
    return solver.info() == Eigen::Success;
  }
  int64_t entryCount() const override { return solver.matrixL().nestedExpression().nonZeros(); }
  double logDeterminant() const override { return log_determinant(solver); }
  void solve(double *sides, int32_t count) const override {
    Eigen::Map<Eigen::MatrixXd> view(sides, matrix.rows(), count);
    Eigen::MatrixXd result = solver.solve(view);
    view = result;
  }
};

} // namespace

EigenCholesky *eigen_cholesky_analyse(
    int32_t usesSquareRoots, int32_t n, const int32_t *starts, const int32_t *columns, const int32_t *order) {
  Matrix matrix(n, n);
  matrix.resizeNonZeros(starts[n]);
  std::copy(starts, starts + n + 1, matrix.outerIndexPtr());
  std::copy(columns, columns + starts[n], matrix.innerIndexPtr());
  std::fill(matrix.valuePtr(), matrix.valuePtr() + starts[n], 1.0);
  order_at_hand = order;
  EigenCholesky *result;
  if (usesSquareRoots) {
    auto factor = std::make_unique<Factor<LLT>>();
    factor->solver.analyzePattern(matrix);
    result = factor.release();
  } else {
    auto factor = std::make_unique<Factor<LDLT>>();
    factor->solver.analyzePattern(matrix);
    result = factor.release();
  }
  order_at_hand = nullptr;
  result->matrix = std::move(matrix);
  return result;
}

int32_t eigen_cholesky_factorise(EigenCholesky *factor, const double *values) {
  std::copy(values, values + factor->matrix.nonZeros(), factor->matrix.valuePtr());
  return factor->factorise() ? 0 : 1;
}

int64_t eigen_cholesky_entry_count(const EigenCholesky *factor) { return factor->entryCount(); }

double eigen_cholesky_log_determinant(const EigenCholesky *factor) { return factor->logDeterminant(); }

void eigen_cholesky_solve(const EigenCholesky *factor, double *sides, int32_t count) { factor->solve(sides, count); }

void eigen_cholesky_free(EigenCholesky *factor) { delete factor; }
