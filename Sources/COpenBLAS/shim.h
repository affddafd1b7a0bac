// OpenBLAS as Debian ships it: CBLAS from its own header, LAPACK by its Fortran symbols.
// The openblas pkg-config file puts the header on the include path.
#include <cblas.h>

void dpotrf_(const char *uplo, const int *n, double *a, const int *lda, int *info);
void spotrf_(const char *uplo, const int *n, float *a, const int *lda, int *info);
void dsytrd_(const char *uplo, const int *n, double *a, const int *lda, double *d, double *e, double *tau, double *work,
             const int *lwork, int *info);
void dstedc_(const char *compz, const int *n, double *d, double *e, double *z, const int *ldz, double *work,
             const int *lwork, int *iwork, const int *liwork, int *info);
void dstemr_(const char *jobz, const char *range, const int *n, double *d, double *e, const double *vl, const double *vu,
             const int *il, const int *iu, int *m, double *w, double *z, const int *ldz, const int *nzc, int *isuppz,
             int *tryrac, double *work, const int *lwork, int *iwork, const int *liwork, int *info);
void dormtr_(const char *side, const char *uplo, const char *trans, const int *m, const int *n, const double *a,
             const int *lda, const double *tau, double *c, const int *ldc, double *work, const int *lwork, int *info);
void ssytrd_(const char *uplo, const int *n, float *a, const int *lda, float *d, float *e, float *tau, float *work,
             const int *lwork, int *info);
void sstedc_(const char *compz, const int *n, float *d, float *e, float *z, const int *ldz, float *work,
             const int *lwork, int *iwork, const int *liwork, int *info);
void sstemr_(const char *jobz, const char *range, const int *n, float *d, float *e, const float *vl, const float *vu,
             const int *il, const int *iu, int *m, float *w, float *z, const int *ldz, const int *nzc, int *isuppz,
             int *tryrac, float *work, const int *lwork, int *iwork, const int *liwork, int *info);
void sormtr_(const char *side, const char *uplo, const char *trans, const int *m, const int *n, const float *a,
             const int *lda, const float *tau, float *c, const int *ldc, float *work, const int *lwork, int *info);
void dgeqrf_(const int *m, const int *n, double *a, const int *lda, double *tau, double *work,
             const int *lwork, int *info);
void dorgqr_(const int *m, const int *n, const int *k, double *a, const int *lda,
             const double *tau, double *work, const int *lwork, int *info);
void sgeqrf_(const int *m, const int *n, float *a, const int *lda, float *tau, float *work,
             const int *lwork, int *info);
void sorgqr_(const int *m, const int *n, const int *k, float *a, const int *lda,
             const float *tau, float *work, const int *lwork, int *info);
